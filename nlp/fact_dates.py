"""Dates with at least a day and a month. Without a year the value is `--MM-DD` (ISO 8601): nothing is guessed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from cases.reading import Fact, FactKind

_MONTHS = (
    "jan(?:uari|uary|uar|vier)?", "feb(?:r|ruari|ruary|ruar)?|février", "m(?:aart|rt|ar|aa|arch|ärz|ars)",
    "apr(?:il)?|avril", "mei|may|mai",
    "juni?|june|juin", "juli?|july|juillet", "aug(?:ustus|ust)?|août", "sept?(?:ember)?|septembre",
    "okt(?:ober)?|oct(?:ober|obre)?",
    "nov(?:ember|embre)?", "dec(?:ember)?|dez(?:ember)?|décembre",
)  # fmt: skip
_ANY_MONTH = "|".join(f"(?P<m{number}>{month})" for number, month in enumerate(_MONTHS, start=1))
_WORDS = re.compile(
    rf"(?<![\w.,/-])(?P<day>\d{{1,2}})(?:er|e|ste|de|th|st|nd|rd)?\.?[ -](?:of |"
    rf"van )?(?:{_ANY_MONTH})(?![a-zà-ÿ])(?:(?:\.|,)?[ -]{{1,2}}(?P<year>(?:19|20)\d{{2}}|'\d\d)(?!\d))?",
    re.IGNORECASE,
)
_ENGLISH = re.compile(
    rf"(?<!\w)(?:{_ANY_MONTH}) (?P<day>\d{{1,2}})(?:th|st|nd|rd)?(?!\d|[.:]\d|e?\s?(?:uur|"
    rf"euro))(?:,? (?P<year>(?:19|20)\d{{2}}))?(?!\w)",
    re.IGNORECASE,
)
_ENGLISH_MONTHS = re.compile(r"\b(?:jan|feb|march|apr|may|june|july|aug|sep|oct|nov|dec)", re.IGNORECASE)
_DIGITS = re.compile(r"(?<![\w.,/-])(\d{1,2})( ?[-/.] ?)(\d{1,2})\2((?:19|20|')?\d{2})(?![\w]|[\-/]\d)")
_ISO = re.compile(r"(?<![\w-])((?:19|20)\d{2})[-/](\d{2})[-/](\d{2})(?![\w-])")
_SHORT = re.compile(
    r"(?i:\b(?:op|van|per|sinds|vanaf|tot|tem|t/m|d\.d\.|dd\.?|datum|voor|vóór|na|rond|sedert|geboren|geb\.?|tegen|"
    r"uiterlijk|ik|(?:maan|dins|woens|donder|vrij|zater|zon)dag|on|since|en)[ :]{1,2})"
    r"(\d{1,2})([-/])(\d{1,2})(?![\w]|[-/.,]\d| \d\d \d)"  # "op 06-10 44 92 87" is a telephone
)


def date_facts(text: str) -> Iterator[Fact]:
    for match in _ISO.finditer(text):
        yield from _fact(match, match.group(1), int(match.group(2)), match.group(3), match.start(), match.end())
    for match in _DIGITS.finditer(text):
        yield from _fact(match, match.group(4), int(match.group(3)), match.group(1), match.start(), match.end())
    for match in _WORDS.finditer(text):
        yield from _fact(match, match["year"] or "", _month(match), match["day"], match.start(), match.end())
    for match in _ENGLISH.finditer(text) if _ENGLISH_MONTHS.search(text) else ():
        if _ENGLISH_MONTHS.match(match.group()):
            yield from _fact(match, match["year"] or "", _month(match), match["day"], match.start(), match.end())
    for match in _SHORT.finditer(text):
        if match.group(1) != "24" or match.group(3) != "7":
            yield from _fact(match, "", int(match.group(3)), match.group(1), match.start(1), match.end(3))


def _month(match: re.Match[str]) -> int:
    return next(number for number in range(1, 13) if match[f"m{number}"])


def _fact(match: re.Match[str], year: str, month: int, day: str, start: int, end: int) -> Iterator[Fact]:
    """Two-digit years: up to 40 is this century."""
    number = int(year.lstrip("'")) if year else 2000  # a leap year: 29 February may be meant
    if number < 100:
        number += 2000 if number <= 40 else 1900
    try:
        value = date(number, month, int(day))
    except ValueError:
        return
    shown = value.isoformat() if year else f"--{value:%m-%d}"
    yield Fact(FactKind.DATE, shown, start, end, True)
