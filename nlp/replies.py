"""A reply to our own question: a code, yes, no, or a wish to stop. Patterns only; the way people type is the test."""

from __future__ import annotations

import re
from datetime import date

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
_RUN = re.compile(r"(?<![\w@+€])(?<![\d][.,])\d(?:[ \t\u00a0.\-–_/]{0,3}\d)*(?![\w@%])")
_CUED = re.compile(r"\bcode\w*\W{0,4}(?:\w+\W{1,3}){0,3}?(\d(?:[ \t\u00a0.\-–_/,]{0,3}\d){5})(?!\d)")
_SPOKEN = re.compile(rf"\b(?:{'|'.join(_DIGIT_WORDS)})(?:[\s,\-.]+(?:{'|'.join(_DIGIT_WORDS)})){{5}}\b")
_DATE = re.compile(r"(\d{1,2})[\-./](\d{1,2})[\-./](\d{2})")
_MONEY_OR_TIME = re.compile(r"\d{1,2}:\d{2}")

_NOT_ME = re.compile(
    r"\b(?:niet ik|ik (?:was|ben) (?:dat|dit|het) niet|(?:dit|dat|het) (?:was|ben|is) ik niet|(?:dit|dat) komt niet van mij|was mij niet|"
    r"(?:dit|dat|hier|daar)?\s?(?:heb ik|ik heb) (?:dit |dat |hier |daar |deze |die |helemaal |zelf )*(?:niet|nooit|niks|niets|geen \w+) "
    r"(?:om |zelf )?(?:aangevraagd|gevraagd|gestuurd|verstuurd|ingediend|gedaan|gemaild|geschreven|verzonden|opgevraagd)|"
    r"ik heb (?:hier|nergens|niets|niks|dit|daar) ?(?:niet|nooit)? ?om (?:gevraagd|verzocht)|(?:not me|wasn'?t me|i did(?:n'?t| not) (?:ask|request|send))|"
    r"ken (?:dit|jullie|u) (?:bedrijf )?niet|niet door mij|niet van mij afkomstig)"
)
_NEVER_MIND = re.compile(
    r"\b(?:laat (?:het |dit )?maar(?: zitten| zo)?|(?:het |dat )?hoeft (?:al )?niet(?: meer)?|(?:is )?niet meer nodig|vergeet (?:het|dit|mijn \w+) maar|"
    r"toch maar niet|ik zie er ?(?:van|vanaf)|zie er van af|annuleer|annuleren|(?:ik )?trek (?:het|dit|mijn \w+) (?:\w+ )?in|"
    r"never ?mind|cancel (?:it|this|my request)|toch niet meer|mag vervallen)\b"
)
_HUMAN = re.compile(
    r"^\W*(?:een )?(?:echt )?(?:mens|medewerker|human|agent)\W*$|\b(?:echte?|levende?) (?:mens|persoon|medewerker)\b|"
    r"\b(?:mens|medewerker|iemand|persoon) (?:\w+ ){0,2}(?:spreken|praten|aan de lijn|aan de telefoon)|"
    r"\b(?:liever|graag|wil) (?:\w+ ){0,2}(?:mens|medewerker)\b|\bmet een (?:mens|medewerker|persoon)\b|\bgeen (?:bot|robot)\b|"
    r"\b(?:speak|talk) (?:to|with) (?:a|some) ?(?:human|person|one)|\bbel (?:mij|me)\b"
)
_UNSURE = re.compile(
    r"\b(?:weet (?:ik |het |'t )*(?:(?:echt|eigenlijk|ook|nog|even) )*niet|geen (?:flauw )?idee|niet zeker|twijfel|misschien|zou kunnen|"
    r"snap (?:ik |het |de vraag )*niet|begrijp (?:ik |het |de vraag |uw vraag )*niet|not sure|don'?t know|kan ik niet vinden|geen code (?:gekregen|ontvangen|binnen))\b|^\W*\?+\W*$"
)
_NO = re.compile(
    r"^\W*(?:nee+|neen|nope|no|nah|njet|niet doen|negatief|zeker niet|absoluut niet|liever niet|klopt niet|dat klopt niet|👎)(?:\b|\W|$)|"
    r"\b(?:dat|dit) (?:klopt|is) niet(?: (?:zo|juist|goed|correct))?\b|\bonjuist\b"
)
_YES = re.compile(
    r"^\W*(?:ja+|jazeker|jawel|jep|jup|yep|yes|yess|ya|joh? ja|zeker|klopt|inderdaad|correct|akkoord|oke?|okay|oké|prima|goed|graag|"
    r"doe maar|dat klopt|dat is goed|is goed|in orde|bevestigd|ik bevestig|hierbij bevestig|sure|y|j|👍|✅)(?:\b|\W|$)|"
    r"\b(?:dat|dit|het) klopt\b(?! niet)|\bik ga akkoord\b|\bdat (?:was|ben) ik(?! niet)\b|\bdat (?:was|heb) ik (?:zelf|gestuurd|gevraagd|aangevraagd)\b"
)


def read_reply(text: str) -> Reply:
    """What the reply does with our question. A denial outweighs a code: somebody else may have asked for it."""
    low = text[:_READ].lower().replace("’", "'").strip()
    if _NOT_ME.search(low):
        return Reply(ReplyKind.NOT_ME)
    if code := _code_in(low):
        return Reply(ReplyKind.CODE, code)
    if _NEVER_MIND.search(low):
        return Reply(ReplyKind.NEVER_MIND)
    if _HUMAN.search(low):
        return Reply(ReplyKind.HUMAN)
    if len(low.split()) > _LONG:
        return Reply(ReplyKind.OTHER)
    for kind, pattern in ((ReplyKind.UNSURE, _UNSURE), (ReplyKind.NO, _NO), (ReplyKind.YES, _YES)):
        if pattern.search(low):
            return Reply(kind)
    return Reply(ReplyKind.OTHER)


def _code_in(low: str) -> str:
    """Six digits, however they are spaced; a word "code" before them decides between several."""
    if cued := _CUED.search(low):
        return _digits(cued.group(1))
    for run in _RUN.finditer(low):
        digits = _digits(run.group())
        if len(digits) == 6 and not _is_date(run.group()) and not _MONEY_OR_TIME.match(low, run.end() - 2):
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
