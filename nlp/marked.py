"""A message as people write it for the corpus: facts stand marked in the text, `⟦kind:exact text⟧`.

Turns such a line into the row that `examples` loads, and checks all that can be checked. The rules for writing are in
`corpus/README.md`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from cases.reading import FactKind, Flag
from cases.types import Label
from nlp.own_words import blanked

FIELDS = frozenset(
    [
        "name",
        "email",
        "phone",
        "address",
        "street",
        "house_number",
        "postcode",
        "place",
        "iban",
        "salutation",
        "contact",
        "kvk",
        "btw",
        "date_of_birth",
        "other",
    ]
)
ASKED = frozenset({"code", "yes_no", "address", "choice"})
ACTS = frozenset({"code", "yes", "no", "unsure", "address", "choice", "withdraw", "not_me", "human"})
LANGUAGES = frozenset({"nl", "en", "de", "fr"})
FORMS = frozenset({"je", "u", ""})
_MARK = re.compile(r"⟦([a-z_]+):([^⟦⟧]*)⟧")


def row_of(line: Mapping[str, Any], own_words: Callable[[str], str]) -> dict[str, Any]:
    """The row for the corpus; raises ValueError with what is wrong. `own_words` cuts quotes and disclaimers."""
    text, facts = unmarked(str(line["text"]))
    subject, _ = unmarked(str(line["subject"]))
    if not text.strip() and not subject.strip():
        raise ValueError("no text")
    own = own_words(text)
    left = blanked(text, own)
    row: dict[str, Any] = {
        "id": str(line["id"]),
        "writer": str(line["writer"]),
        "channel": _one_of("channel", line["channel"], {"mail", "chat"}),
        "labels": _labels(line),
        "subject": subject,
        "text": text,
        "facts": [fact for fact in facts if left[fact[1] : fact[2]].strip()],  # what is quoted is not read
        "changes": [_change(change, text + subject) for change in line["changes"]],
        "flags": sorted(str(Flag(flag)) for flag in line["flags"]),
        "language": _one_of("language", line["language"], LANGUAGES),
        "form": _one_of("form", line["form"], FORMS),
    }
    if own != text.strip():
        row["own"] = own
    if line.get("asked"):
        row["asked"] = _one_of("asked", line["asked"], ASKED)
    if line.get("act"):
        row["act"] = {"kind": _one_of("act", line["act"]["kind"], ACTS), "value": line["act"].get("value")}
    return row


def unmarked(written: str) -> tuple[str, list[tuple[str, int, int]]]:
    """The text without its marks, and kind, start and end of each."""
    pieces: list[str] = []
    facts: list[tuple[str, int, int]] = []
    length = last = 0
    for match in _MARK.finditer(written):
        before = written[last : match.start()]
        kind = str(FactKind(match.group(1)))
        fact = match.group(2)
        if not fact or fact != fact.strip():
            raise ValueError(f"a mark with outer blanks or nothing in it: {kind}")
        facts.append((kind, length + len(before), length + len(before) + len(fact)))
        pieces += [before, fact]
        length += len(before) + len(fact)
        last = match.end()
    text = "".join([*pieces, written[last:]])
    if "⟦" in text or "⟧" in text:
        raise ValueError("brackets do not balance")
    return text, facts


def _labels(line: Mapping[str, Any]) -> list[str]:
    labels = [Label(label) for label in line["labels"]]
    if Label.OVERIG in labels and len(labels) > 1:
        raise ValueError("overig stands alone")
    if not labels and not line.get("asked"):
        raise ValueError("no label, and nothing was asked")
    if len(set(labels)) != len(labels):
        raise ValueError("a label stands twice")
    return [str(label) for label in Label if label in labels]


def _change(change: Mapping[str, Any], written: str) -> dict[str, str | None]:
    old, new = change["old"], change["new"]
    for value in (old, new):
        if value is not None and value not in written:
            raise ValueError("a change that is not written so in the text")
    if not new:
        raise ValueError("a change without its new value")
    return {"field": _one_of("field", change["field"], FIELDS), "old": old, "new": new}


def _one_of(name: str, value: object, allowed: frozenset[str] | set[str]) -> str:
    if value not in allowed:
        raise ValueError(f"{name}: {value!r} is not known")
    return str(value)
