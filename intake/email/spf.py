"""May this machine send for this domain? (SPF, RFC 7208). The library evaluates; the questions go through `Answers`."""

from __future__ import annotations

from typing import Any

import spf as pyspf

from cases.errors import Temporary
from intake.email.resolver import Answers

_RESULTS = frozenset({"pass", "fail", "softfail", "neutral", "none", "temperror", "permerror"})


def check_spf(peer: str, helo: str, sender: str, answers: Answers) -> str:
    """The RFC 8601 result for the reverse-path, or for the name in HELO when that is null."""
    try:
        result = str(_Query(answers, peer, sender, helo).check()[0])
    except Exception:  # the library meets any bytes that strangers publish
        return "permerror"
    return result if result in _RESULTS else "permerror"


class _Query(pyspf.query):  # type: ignore[misc]  # the library has no types
    """The library asks the DNS in one method; this one asks ours."""

    def __init__(self, answers: Answers, peer: str, sender: str, helo: str) -> None:
        super().__init__(peer, sender, helo)
        self._answers = answers

    def dns(self, name: str, qtype: str, cnames: dict[str, str] | None = None, ignore_void: bool = False) -> list[Any]:
        try:
            found = self._answers.ask(str(name), qtype)
        except Temporary:
            raise pyspf.TempError("no answer") from None
        if not found and not ignore_void:
            self.void_lookups += 1
            if self.void_lookups > pyspf.MAX_VOID_LOOKUPS:
                raise pyspf.PermError("too many empty answers")
        return [_as_the_library_reads_it(answer, qtype) for answer in found]


def _as_the_library_reads_it(answer: str, kind: str) -> Any:
    if kind == "TXT":
        return (answer.encode("latin-1", "replace"),)
    if kind == "MX":
        preference, _, host = answer.partition(" ")
        return int(preference), host.rstrip(".")
    return answer.rstrip(".")
