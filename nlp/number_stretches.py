"""Which stretches of a text may be the number of something: what they look like. Whose they are is not told here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from cases.reading import Fact

MOST = 60  # stretches that are looked at; more is a list
_LONGEST = 40
_ANY_CASE = re.IGNORECASE

_UNIT = r"(?:nul|een|één|twee|drie|vier|vijf|zes|zeven|acht|negen)"
_IN_WORDS = (
    rf"(?:dubbel {_UNIT}|(?:{_UNIT}(?:en|ën))?(?:twin|der|veer|vijf|zes|zeven|tach|negen)tig|"
    rf"(?:der|veer|vijf|zes|zeven|ach|negen)tien|tien|elf|twaalf|{_UNIT})(?![a-zà-ÿ])"
)
_IN_WORDS = rf"(?:{_UNIT}?honderd(?:en)?(?:{_IN_WORDS})?(?![a-zà-ÿ])|{_IN_WORDS})"
_PIECE = rf"(?:{_IN_WORDS}|\d{{1,6}}(?![\w.,/-]*\d)|(?-i:[A-Z])(?: van [a-zà-ÿ]+)?(?!\w))"
_SHAPES = tuple(  # overlapping ones too: which is the whole number is told by its score
    re.compile(shape, _ANY_CASE)
    for shape in (
        # 448812, KL-20199, 2024/0817.3, W_12
        r"(?<![\w€])(?<!\d[.,])(?:[A-Z]{1,8}[-./_#]?){0,2}\d(?:[A-Z\d]|[-./_#](?=[A-Z\d]))*(?!\w)",
        # VK 250338, OB 190442-2
        r"(?<![\w€./,@-])(?-i:[A-Z]{1,5}) \d{6,9}(?:[./-]\d+)*(?![\w%])",
        # T24 0991 88, GX7 4410
        r"(?<![\w€./,@-])(?-i:[A-Z]{1,3})\d{1,3}(?: \d{2,5}){1,3}(?![\w%])",
        # 118/44 902, 044 / 20193
        r"(?<![\w€./,@-])\d{2,6}(?: / \d{1,6}|/\d{2,6} \d{2,5})(?![\w%])",
        # RB 0066.41, NL 12 345, zz 40
        r"(?<![\w€./,@-])[A-Z]{1,5} \d{1,5}(?:[./-]\d+)*(?: \d{1,4}){0,4}(?: (?-i:[A-Z]))?(?![\w%])",
        # 12 34 56, 0044 8817/A, 0093 4417 BE, 9 9 0 1 4 4
        r"(?<![\w€./,@-])\d{1,5}(?: \d{1,4}){1,7}(?:/[A-Z]{1,2}| (?-i:[A-Z]{1,2}))?(?![\w%])",
        # W-200 418 77, 18 QR
        r"(?<![\w€./,@-])[A-Z]{1,4}[-./]\d{1,5}(?: \d{1,4}){1,3}(?![\w%])",
        r"(?<![\w€./,@-])\d{1,6} (?-i:[A-Z]{1,3})(?![\w%])",
        # WTR 2025 440871, PF 0044 B
        r"(?<![\w€./,@-])[A-Z]{1,5}(?: \d{2,6}){2,3}(?![\w%])",
        # QK7 R2M
        r"(?<![\w€./,@-])(?-i:(?=[A-Z\d ]{0,6}\d)(?=\d*[A-Z])[A-Z\d]{3} (?=\d*[A-Z])[A-Z\d]{3})(?!\w)",
        # #4411: the sign belongs to it where people wrote it so
        r"(?<!\w)#[A-Z\d][A-Z\d./-]*\d(?!\w)",
        # vier vier acht een twee; 77 dubbel nul 5
        rf"(?<!\w){_PIECE}(?:,? (?:(?:dash|streep(?:je)?|slash|punt|en dan) )?{_PIECE}){{1,9}}(?![\w%€])",
    )
)
_SPOKEN = len(_SHAPES) - 1
_NEVER = re.compile(  # years from and to, a version or an address on the net, a file
    r"(?:tot|van|sinds|vanaf|in|per|uit|na|voor) (?:19|20)\d\d|(?:19|20)\d\d[-/](?:19|20)\d\d|"
    r"\d{1,3}(?:\.\d{1,3}){3}|\d{1,2}(?:\.\d){2,}|.*\.(?:csv|pdf|docx?|jpe?g|png|zip|txt)",
    _ANY_CASE,
)


class Stretch(NamedTuple):
    start: int
    end: int
    shape: int


def stretches_of(text: str, taken: Sequence[Fact]) -> Iterator[Stretch]:
    seen: set[tuple[int, int]] = set()
    first = 0 if any(map(str.isdigit, text)) else _SPOKEN  # the others all want a digit
    for number, shape in enumerate(_SHAPES[first:], first):
        for match in shape.finditer(text):
            start, end = match.span()
            value = match.group()
            digits = sum(map(str.isdigit, value))
            if (start, end) in seen or len(value) > _LONGEST or (number != _SPOKEN and not digits) or len(value) < 2:
                continue
            if _NEVER.fullmatch(value) or (number == _SPOKEN and not digits and len(value.split()) < 3):  # "een twee"
                continue
            if any(start < fact.end and fact.start < end for fact in taken):
                continue
            seen.add((start, end))
            yield Stretch(start, end, number)


def plain(value: str) -> str:
    return "".join(filter(str.isalnum, value)).upper()


def signs(value: str) -> str:
    """How it is written: "A" and "a" for letters, "9" for digits."""
    return "".join("9" if c.isdigit() else "A" if c.isupper() else "a" if c.isalpha() else c for c in value)


def collapsed(value: str) -> str:
    return re.sub(r"(.)\1+", r"\1", signs(value))
