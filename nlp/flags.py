"""What a message says beside its labels: for whom, about whom, in what state of mind. Plain patterns, no learning.

The patterns stand in `flags.toml`. Each rule has cheap probes (plain substrings of lower-cased text) before its
pattern, so that everyday mail costs microseconds. `PRIVACY_WORD` is wide on purpose: it only sends a supposed
non-request to a person.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cases.reading import Flag


@dataclass(frozen=True, slots=True)
class _Rule:
    flag: Flag
    probes: tuple[str, ...]
    pattern: re.Pattern[str] | None  # None: a probe is enough


def _rules(rows: Sequence[dict[str, Any]]) -> tuple[_Rule, ...]:
    return tuple(
        _Rule(
            Flag(row["flag"]),
            tuple(row["probes"]),
            re.compile("|".join(row["patterns"])) if "patterns" in row else None,
        )
        for row in rows
    )


_FILE = tomllib.loads((Path(__file__).parent / "flags.toml").read_text(encoding="utf-8"))
_RULES, _WIDE = _rules(_FILE["rule"]), _rules(_FILE["wide"])
# What the model must think of a flag: where a rule found its words, where only a wider sign did, where nothing did.
# On the dev writers; lower where a missed flag is worse than a needless one (distress, a leak, a child).
BOUNDS = {
    Flag.MACHINE: (0.06, 0.10, 0.90),
    Flag.ON_BEHALF: (0.12, 0.35, 0.55),
    Flag.MINOR: (0.015, 0.15, 0.50),
    Flag.DECEASED: (0.06, 0.08, 0.60),
    Flag.PROCESSOR_CASE: (0.08, 0.15, 0.35),
    Flag.ALSO_OTHER: (1.01, 1.01, 0.25),
    Flag.AP_NAMED: (0.00, 1.01, 1.01),
    Flag.ABUSIVE: (0.02, 0.04, 0.80),
    Flag.POSSIBLE_BREACH: (0.10, 0.20, 0.55),
    Flag.AUTHORITY: (0.15, 0.30, 0.80),
    Flag.DISTRESS: (0.02, 0.10, 0.50),
    Flag.WANTS_HUMAN: (0.03, 0.15, 0.70),
}
_OTHER = re.compile(
    r"\b(?:offerte|factuur|facturen|storing|webshop|hosting|domein\w*|wachtwoord|ssl|mailbox|bestelling|"
    r"levering|pakket\w*|"
    r"abonnement|korting|prijs|tarief|website|backup|wordpress|plugin|retour\w*|garantie|openingstijden|"
    r"afspraak|vacature|betaling|borg|incasso)\b"
)
_BESIDE = re.compile(
    r"\b(?:verder|daarnaast|trouwens|overigens|en nog iets|nog iets|nog een vraag(?:je)?|ook nog|tevens|"
    r"los daarvan|oh ja|o ja|ps|p\.s|andere vraag|nog een ander\w*|ander punt|meteen ook|"
    r"ten slotte|tot slot|tweede(?:ns)?)\b"
)


def flags_said(low: str, chances: Iterable[tuple[Flag, float]]) -> set[Flag]:
    """The flags of a lower-cased text, rules and model (`chances`) together."""
    strong, wide = _found(_RULES, low), _found(_WIDE, low)
    said = {
        flag for flag, chance in chances if chance >= BOUNDS[flag][0 if flag in strong else 1 if flag in wide else 2]
    }
    return said | (strong & {Flag.PRIVACY_WORD})


def _found(rules: Sequence[_Rule], low: str) -> set[Flag]:
    found: set[Flag] = set()
    for rule in rules:
        if rule.flag in found:
            continue
        for probe in rule.probes:
            if probe in low:
                if rule.pattern is None or rule.pattern.search(low):
                    found.add(rule.flag)
                break
    return found


def also_other(low: str, sentences: list[tuple[str, bool]]) -> bool:
    """Whether a request also asks something else: an ordinary matter in a sentence that does not carry the request.

    `sentences` are lower-cased, each with whether it carries a label. One such sentence must ask or announce.
    """
    if not _OTHER.search(low):
        return False
    for sentence, carries in sentences:
        asks = "?" in sentence or _BESIDE.search(sentence) is not None
        if not carries and asks and _OTHER.search(sentence):
            return True
    return False
