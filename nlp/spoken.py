"""Digits as people give them: "48 29 13", "vier acht twee", "vijfentwintig negentien nul zeven", an O for a nought."""

from __future__ import annotations

import re
from collections.abc import Iterator

_UNITS = {
    "nul": 0, "noppes": 0, "een": 1, "één": 1, "ein": 1, "ien": 1, "twee": 2, "twie": 2, "drie": 3, "vier": 4,
    "vijf": 5, "zes": 6,
    "zeven": 7, "zeuven": 7, "acht": 8, "negen": 9,
}  # fmt: skip
_TEENS = {
    "tien": 10, "elf": 11, "twaalf": 12, "dertien": 13, "veertien": 14, "vijftien": 15, "zestien": 16, "zeventien": 17,
    "achttien": 18, "negentien": 19,
}  # fmt: skip
_TENS = {
    "twintig": 20, "dertig": 30, "veertig": 40, "vijftig": 50, "zestig": 60, "zeventig": 70, "tachtig": 80,
    "negentig": 90,
}  # fmt: skip
_ABROAD = {
    "zero": 0, "oh": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9,
    "null": 0, "eins": 1, "zwei": 2, "drei": 3, "fünf": 5, "sechs": 6, "sieben": 7, "neun": 9,
    "zéro": 0, "un": 1, "deux": 2, "trois": 3, "quatre": 4, "cinq": 5, "sept": 7, "huit": 8, "neuf": 9,
}  # fmt: skip
_UNIT = "|".join(sorted(_UNITS, key=len, reverse=True))
_NUMBER = re.compile(
    rf"(?:(?P<hundreds>{_UNIT})?honderd(?:en)?)?(?:(?P<teens>{'|'.join(_TEENS)})|(?:(?P<units>{_UNIT})(?:en|"
    rf"ën))?(?P<tens>{'|'.join(_TENS)})|(?P<unit>{_UNIT}))?"
)
_REPEATED = re.compile(rf"\b(twee|drie|vier) ({_UNIT})(?:s|en|'s)\b")
_JOINS = frozenset({"en", "dan", "and", "then", "und", "daarna", "komma", "streepje", "spatie"})


def digit_runs(low: str) -> Iterator[str]:
    """Rows of digits that belong together, in a lower-cased text."""
    low = _REPEATED.sub(lambda match: match.group(2).join(" " * (1 + _UNITS[match.group(1)])).strip(), low)
    run = ""
    for piece in re.findall(r"\d[\do]{3,7}(?![a-z0-9])|[0-9]+|[a-zà-ÿ']+|[^\w\s]+|\n\s*\n", low):
        digits = _digits_of(piece)
        if digits:
            run += digits
        elif piece in _JOINS or piece in (",", "-", ".", "–", "/", "(", ")", ":", ",,"):
            continue
        else:
            if run:
                yield run
            run = ""
    if run:
        yield run


def _digits_of(piece: str) -> str:
    if piece[0].isdigit():
        return piece.replace("o", "0")
    if piece in _ABROAD:
        return str(_ABROAD[piece])
    found = ""
    at = 0
    while at < len(piece):
        match = _NUMBER.match(piece, at)
        if match is None or match.end() == at:
            return ""
        found += str(_value(match))
        at = match.end()
    return found


def _value(match: re.Match[str]) -> int:
    value = 0
    if "honderd" in match.group():
        value = 100 * _UNITS.get(match["hundreds"] or "een", 1)
    if match["teens"]:
        return value + _TEENS[match["teens"]]
    if match["tens"]:
        return value + _TENS[match["tens"]] + _UNITS.get(match["units"] or "nul", 0)
    return value + _UNITS.get(match["unit"] or "nul", 0)
