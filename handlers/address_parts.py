"""An address as one line taken apart: street, number, postcode and place, each only when it is there.

The four move together when somebody moves house; what was not written stays as it is. The shape of the line decides;
the facts that the reader found in the message fill in what the shape does not tell.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from cases.reading import Fact

PARTS = ("street", "house_number", "postcode", "place")
_POSTCODE = re.compile(r"\b([1-9]\d{3})\s?([A-Za-z]{2})\b")
_NUMBER = r"\d{1,5}(?:\s?[A-Za-z]|\s?[-/]\s?\w{1,4}|\s(?:bis|hs))?"  # with its addition
_STREET = re.compile(rf"(?=.*[^\W\d])(?P<street>.+?)\s+(?:(?:nr|nummer)\b\.?\s*)?(?P<number>{_NUMBER})", re.IGNORECASE)
_BEFORE_PLACE = re.compile(r",|\s(?:te|in)\s", re.IGNORECASE)  # where no postcode stands between
_PLACE = re.compile(r"['’]?[^\W\d][\w'’.\- ]{1,60}")


def address_parts(line: str, facts: Iterable[Fact] = ()) -> Mapping[str, str]:
    """`Lindelaan 14, 3512 AB Utrecht` → four parts."""
    parts = _by_shape(" ".join(line.split()))
    for fact in facts:
        if fact.kind.value in PARTS and re.search(rf"(?<!\w){re.escape(fact.value)}(?!\w)", line, re.IGNORECASE):
            parts.setdefault(fact.kind.value, fact.value)
    return parts


def one_line(parts: Mapping[str, str], *, whole: bool) -> str | None:
    """The parts as a system with one address column has them; None when street and number are not both known.

    `whole`: postcode and place stand in the same column.
    """
    if "street" not in parts or "house_number" not in parts:
        return None
    line = f"{parts['street']} {parts['house_number']}"
    rest = " ".join(parts[name] for name in ("postcode", "place") if name in parts)
    return f"{line}, {rest}" if whole and rest else line


def _by_shape(line: str) -> dict[str, str]:
    parts: dict[str, str] = {}
    found = list(_POSTCODE.finditer(line))
    postcode = found[-1] if found else None  # "Plein 1944 nr 3, 6511 JB": the last one
    split = postcode or _BEFORE_PLACE.search(line)
    before, behind = (line[: split.start()], line[split.end() :]) if split else (line, "")
    if street := _STREET.fullmatch(before.strip(" ,")):
        parts["street"], parts["house_number"] = street["street"].strip(" ,"), street["number"]
    if postcode:
        parts["postcode"] = f"{postcode[1]} {postcode[2].upper()}"
    if parts and (place := _PLACE.match(re.sub(r"^(?:te|in)\s", "", behind.strip(" ,")))):
        parts["place"] = place[0].strip(" .")
    return parts
