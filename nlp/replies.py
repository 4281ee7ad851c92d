"""A reply to our own question: a code, yes, no, or a wish to stop. The words stand in `replies.toml`."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from pathlib import Path

from cases.reading import Reply, ReplyKind

_READ = 1_500
_LONG = 40  # words; beyond this a leading "ja" is the start of a story, not an answer
_DIGIT_WORDS = {
    "nul": "0",
    "een": "1",
    "één": "1",
    "twee": "2",
    "drie": "3",
    "vier": "4",
    "vijf": "5",
    "zes": "6",
    "zeven": "7",
    "acht": "8",
    "negen": "9",
}
_RUN = re.compile(r"(?<![\w@+€])(?<!€\s)(?<![\d][.,])\d(?:[ \t\u00a0.\-–_/]{0,3}\d)*(?![\w@%])")
_CUED = re.compile(r"\bcode\w*\W{0,4}(?:\w+\W{1,3}){0,3}?(\d(?:[ \t\u00a0.\-–_/,]{0,3}\d){5})(?!\d)")
_SPOKEN = re.compile(rf"\b(?:{'|'.join(_DIGIT_WORDS)})(?:[\s,\-.]+(?:{'|'.join(_DIGIT_WORDS)})){{5}}\b")
_DATE = re.compile(r"(\d{1,2})[\-./](\d{1,2})[\-./](\d{2})")
_OTHER_NUMBER = re.compile(
    r"(?:klant|relatie|factuur|order|bestel|debiteur|dossier|ticket|zaak|rekening|contract|lid|kenmerk|ref|nr|postcode)\w*"
    r"[ \-]?(?:nummer|nr|no|code)?\.?(?: is| was)?[\s:#.=]{0,4}$"
)
_MONEY_OR_TIME = re.compile(r"\d{1,2}:\d{2}")
# "mijn klantnummer is 448812": a number with a name of its own is no code.
_OTHER_NUMBER = re.compile(
    r"\b(?:klant|factuur|order|bestel|zaak|dossier|polis|relatie|lid|customer|invoice)\w*\W{0,3}(?:(?:nr|nummer|number)\W{0,3})?"
    r"(?:is\W{1,3})?\W{0,3}$"
)
_CHOICES = {"1": 1, "een": 1, "één": 1, "one": 1, "2": 2, "twee": 2, "two": 2, "3": 3, "drie": 3, "three": 3}


def _load() -> dict[str, re.Pattern[str]]:
    rows = tomllib.loads((Path(__file__).parent / "replies.toml").read_text(encoding="utf-8"))
    return {name: re.compile("|".join(patterns)) for name, patterns in rows.items()}


_PATTERNS = _load()


def read_reply(text: str) -> Reply:
    """What the reply does with our question. A denial outweighs a code: somebody else may have asked for it."""
    low = text[:_READ].lower().replace("’", "'").strip()
    if _PATTERNS[ReplyKind.NOT_ME].search(low):
        return Reply(ReplyKind.NOT_ME)
    if code := _code_in(low):
        return Reply(ReplyKind.CODE, code)
    if _PATTERNS[ReplyKind.NEVER_MIND].search(low):
        return Reply(ReplyKind.NEVER_MIND)
    if _PATTERNS[ReplyKind.HUMAN].search(low):
        return Reply(ReplyKind.HUMAN)
    if len(low.split()) > _LONG:
        return Reply(ReplyKind.OTHER)
    if _PATTERNS[ReplyKind.NEW_CODE].search(low):
        return Reply(ReplyKind.NEW_CODE)
    if match := _PATTERNS[ReplyKind.CHOICE].search(low):
        return Reply(ReplyKind.CHOICE, choice=_CHOICES[match.group(1)])
    for kind in (ReplyKind.UNSURE, ReplyKind.NO, ReplyKind.YES):
        if _PATTERNS[kind].search(low):
            return Reply(kind)
    return Reply(ReplyKind.OTHER)


def _code_in(low: str) -> str:
    """Six digits, however they are spaced; a word "code" before them decides between several."""
    if cued := _CUED.search(low):
        return _digits(cued.group(1))
    for run in _RUN.finditer(low):
        digits = _digits(run.group())
        other = _is_date(run.group()) or _OTHER_NUMBER.search(low, max(run.start() - 40, 0), run.start())
        if len(digits) == 6 and not other and not _MONEY_OR_TIME.match(low, run.end() - 2):
            return digits
    if spoken := _SPOKEN.search(low):
        return "".join(_DIGIT_WORDS[word] for word in re.findall(r"[a-zé]+", spoken.group()))
    return ""


def _digits(text: str) -> str:
    return "".join(char for char in text if char in "0123456789")


def _is_date(text: str) -> bool:
    match = _DATE.fullmatch(text.strip())
    if not match:
        return False
    day, month, year = (int(part) for part in match.groups())
    try:
        date(2000 + year, month, day)
    except ValueError:
        return False
    return True
