"""A reply to our own question: a code, yes, no, an address, a choice, a wish to stop. The words are in `replies.toml`.

What was asked decides how the same words are read: "16 05 88" is a code when a code was asked, "de tweede" a choice
when there was one. Without a question only what is plain in itself is read.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

from cases.reading import Asked, Fact, FactKind, Reply, ReplyKind
from nlp.spoken import digit_runs

_READ = 1_500
_LONG = 40  # words; beyond this a leading "ja" is the start of a story, not an answer
_CODE_SIZE = 6
_RUN = re.compile(r"(?<![\w@+€])(?<!€\s)(?<![\d][.,])\d(?:[ \t\u00a0.\-–_/]{0,3}\d)*(?![\w@%])")
_CUED = re.compile(r"\bcode\w*\W{0,4}(?:\w+\W{1,3}){0,3}?(\d(?:[ \t\u00a0.\-–_/,]{0,3}\d){5})(?!\d)")
_DATE = re.compile(r"(\d{1,2})[\-./](\d{1,2})[\-./](\d{2})")
_MONEY_OR_TIME = re.compile(r"\d{1,2}:\d{2}")
# "mijn klantnummer is 448812": a number with a name of its own is no code.
_OTHER_NUMBER = re.compile(
    r"\b(?:klant|factuur|order|bestel|zaak|dossier|polis|relatie|lid|customer|invoice|contract|ticket|"
    r"rekening|debiteur)\w*"
    r"\W{0,3}(?:(?:nr|nummer|number)\W{0,3})?(?:(?:is|was)\W{1,3})?\W{0,3}$"
)
_CHOICES = {
    "1": 1, "een": 1, "één": 1, "one": 1, "a": 1, "eerste": 1, "first": 1, "première": 1, "premier": 1, "erste": 1,
    "2": 2, "twee": 2, "two": 2, "b": 2, "tweede": 2, "second": 2, "deuxième": 2, "zweite": 2, "middelste": 2,
    "3": 3, "drie": 3, "three": 3, "c": 3, "derde": 3, "third": 3,
}  # fmt: skip
_FILLER_BEFORE = re.compile(
    r"^(?:\W+|(?:hoi|hallo|hey|dag|nou|doe|maar|dan|kies|ik|voor|graag|liefst|liever|geef|mij|me|wil|neem|ga|"
    r"het mag|mag|gewoon|ja|het liefst|bij voorkeur|please|i|want|take|would|like)\b[ ,]*)+"
)
_FILLER_AFTER = re.compile(
    r"(?:\W+|[ ,]\b(?:graag|aub|a\.u\.b|svp|please|maar|alstublieft|alsjeblieft|dan|hoor|is prima|is goed|"
    r"lijkt me|bedankt|thanks|dank|dankje|dankjewel))+$"
)

_REASON = re.compile(r"[,.;(!]\s|\s(?:omdat|want|mits|zodat|dus|als)\s|\s(?:is|zijn|lijkt|vind)\s")


def _load() -> dict[str, re.Pattern[str]]:
    rows = tomllib.loads((Path(__file__).parent / "replies.toml").read_text(encoding="utf-8"))
    return {name: re.compile("|".join(patterns)) for name, patterns in rows.items()}


_PATTERNS = _load()


def read_reply(text: str, asked: Asked | None = None, facts: Callable[[], Sequence[Fact]] = tuple) -> Reply:
    """What the reply does with our question. A denial outweighs a code: somebody else may have asked for it.

    `facts` are those of the same text; called only where an address was asked.
    """
    low = text[:_READ].lower().replace("’", "'").strip()
    if _says(ReplyKind.NOT_ME, low):
        return Reply(ReplyKind.NOT_ME)
    if code := _code_in(low, asked):
        return Reply(ReplyKind.CODE, code)
    if asked is Asked.ADDRESS and (found := _address(text, facts())):
        return Reply(ReplyKind.ADDRESS, value=found)
    if _says(ReplyKind.NEVER_MIND, low):
        return Reply(ReplyKind.NEVER_MIND)
    if _says(ReplyKind.HUMAN, low):
        return Reply(ReplyKind.HUMAN)
    if len(low.split()) > _LONG:
        return Reply(ReplyKind.OTHER)
    if asked is Asked.CODE or asked is None:
        if _says(ReplyKind.NEW_CODE, low):
            return Reply(ReplyKind.NEW_CODE)
        if asked is Asked.CODE and _PATTERNS["no_code"].search(low):
            return Reply(ReplyKind.UNSURE)
    if asked is Asked.ADDRESS and _PATTERNS["no_address"].search(low):
        return Reply(ReplyKind.NO)
    if asked in (Asked.CHOICE, None) and (reply := _choice(low, asked)):
        return reply
    return _yes_or_no(low, asked)


def _says(kind: ReplyKind, low: str) -> bool:
    return _PATTERNS[kind].search(low) is not None


def _yes_or_no(low: str, asked: Asked | None) -> Reply:
    """The first word of an answer weighs most: "nee, dat weet ik zeker" is a no."""
    no, yes, unsure = (_PATTERNS[kind].search(low) for kind in (ReplyKind.NO, ReplyKind.YES, ReplyKind.UNSURE))
    if no and no.start() == 0 and not (unsure and unsure.start() == 0):
        return Reply(ReplyKind.NO)
    if yes and yes.start() == 0 and not (unsure and "misschien" in low):
        return Reply(ReplyKind.YES)
    for kind, match in ((ReplyKind.UNSURE, unsure), (ReplyKind.NO, no), (ReplyKind.YES, yes)):
        if match:
            return Reply(kind)
    return Reply(ReplyKind.OTHER)


def _choice(low: str, asked: Asked | None) -> Reply | None:
    """A numbered choice; when one was asked, any short answer names it."""
    match = _PATTERNS[ReplyKind.CHOICE].search(low)
    named = next((group for group in match.groups() if group), "") if match else ""
    number = _CHOICES.get(named, 0)
    if asked is None:
        plain = match is not None and match.start() == 0 and not named.isalpha()
        return (
            Reply(ReplyKind.CHOICE, choice=number)
            if match and (plain or match.group(1)) and number and named not in "abc"
            else None
        )
    if match is None and (_says(ReplyKind.UNSURE, low) or len(low.split()) > 25 or not low):
        return None
    if match and named:
        value = match.group() if named.isalpha() and len(named) > 1 else named
    else:
        value = _REASON.split(low.split("\n", maxsplit=1)[0], maxsplit=1)[0]
    value = _FILLER_AFTER.sub("", _FILLER_BEFORE.sub("", value))
    return Reply(ReplyKind.CHOICE, choice=number, value=re.sub(r"^(?:die|dat) ", "de ", value) or low)


def _address(text: str, facts: Sequence[Fact]) -> str:
    """The e-mail address or the postal address given."""
    for fact in facts:
        if fact.kind is FactKind.EMAIL:
            return text[fact.start : fact.end]
    parts = [
        fact
        for fact in facts
        if fact.kind in (FactKind.STREET, FactKind.HOUSE_NUMBER, FactKind.POSTCODE, FactKind.PLACE)
    ]
    if not any(fact.kind in (FactKind.STREET, FactKind.POSTCODE) for fact in parts):
        return ""
    return " ".join(text[parts[0].start : parts[-1].end].split())


def _code_in(low: str, asked: Asked | None) -> str:
    """Six digits, however they are spaced or spelt; a word "code" before them decides between several."""
    if cued := _CUED.search(low):
        return _digits(cued.group(1))
    if asked in (Asked.ADDRESS, Asked.CHOICE):
        return ""
    for run in _RUN.finditer(low):
        digits = _digits(run.group())
        other = (asked is not Asked.CODE and _is_date(run.group())) or _OTHER_NUMBER.search(
            low, max(run.start() - 40, 0), run.start()
        )
        if len(digits) == _CODE_SIZE and not other and not _MONEY_OR_TIME.match(low, run.end() - 2):
            return digits
    if asked in (Asked.CODE, None) and not _OTHER_NUMBER.search(_RUN.split(low)[0]):
        spelt = [run for run in digit_runs(low) if len(run) == _CODE_SIZE]
        if spelt and (asked is Asked.CODE or not any(map(str.isdigit, low))):
            return spelt[0]
    if asked is Asked.CODE and len(low.split()) <= 8:
        written = re.findall(r"(?<![\w.+-])\d{4,8}(?![\w-])", low)
        return written[0] if len(written) == 1 else ""
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
