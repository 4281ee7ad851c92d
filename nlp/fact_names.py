"""Names by what announces them ("mijn naam is", a greeting at the end), and what the tagger found made whole.

The tagger looks at words one by one: it may stop before "van der" or take a firm for a person. Here a name grows to its
last word and loses what is no part of it; `same_names` finds a name of the message where it stands again or misspelt.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from difflib import SequenceMatcher

from cases.reading import Fact, FactKind
from nlp.word_features import BUSINESS, FIRST_NAMES, LAST_NAMES, PARTICLES, is_town

Knows = Callable[[str], bool]  # whether a word in lower case is an everyday one

_PART = r"[A-ZÀ-Ý][\w'’-]+"
_BETWEEN = r"van|de|den|der|het|ten|ter|el|al|von|la|le|di|'t|’t|op|in|te|v\.d\.|bin|ben"
_NAME = rf"(?:(?:[A-ZÀ-Ý][a-z]?\.){{1,4}} ?)?{_PART}(?: (?:{_BETWEEN}|{_PART}))" + r"{0,5}"
_SAID_WORDS = ("naam", "ik heet", "ik ben", "t.n.v")
_SAID = re.compile(
    r"(?i:\b(?:mijn (?:volledige )?naam is|ik heet|naam ?:|t\.n\.v\.?|ten name van))\s+(?:(?i:dhr\.?|mevr\.?|"
    r"mw\.?|de heer|mevrouw) )?"
    rf"({_NAME})"
)
_SIGNED = re.compile(
    r"(?i:^[ \t]*(?:(?:met )?(?:vriendelijke?|hartelijke?|beste|mvg|fijne|warme) ?(?:groet(?:en|jes)?)?|"
    r"groet(?:en|jes)?|gr\.?|mvg|hoogachtend|vr\.? ?gr\.?)[ \t]*,?[ \t]*(?:van[ \t]+)?)"
    rf"\n?\s{{0,3}}({_NAME})[ \t]*(?:$|,)",
    re.MULTILINE,
)
_TITLES = (
    r"(?<![\w-])(?i:(?:de |den )?heer|dhr\.?|hr\.|mevrouw|mevr\.?|mw\.?|meneer|mijnheer|juffrouw|drs\.|dr\.|"
    r"mr\.|familie|fam\.|frau|herr)"
)
_TITLED = re.compile(
    rf"{_TITLES} ((?:(?:[A-ZÀ-Ý][a-z]?\.){{1,4}} ?)?(?:(?i:van|de|den|der|ten|ter|el|al|von|'t|’t|in|"
    rf"op) ){{0,3}}{_PART}(?: (?:{_BETWEEN}|{_PART}))"
    r"{0,3})"
)
_SMALL_WORD = r"((?:(?:van|de|den|der|ten|ter|el|al|te|'t) ){0,3})([a-zà-ÿ-]{2,})(?![\w'@-]|\.\w)"
_SMALL = re.compile(  # in mail without capitals
    r"(?<![\w-])(?:(?:de |den )?heer|dhr\.?|mevrouw|mevr\.?|mw\.?|meneer|juffrouw|familie|fam\.|ik heet|"
    rf"(?:mijn|me|m'n|mn) naam is) {_SMALL_WORD}(?: {_SMALL_WORD})?"
)
_NO_NAME = re.compile(r"(?:De|Het|Ik|Wij|Bij|In|Op|Van|U|Uw|Mijn|Dames?|Heren|Herr|Frau|Mevrouw|Directeur|Voorzitter)$")
_TRAILING = re.compile(
    r"(?:[ ,]+(?:van|de|den|der|het|ten|ter|op|in|te|en|la|le|el|al|von|di|'t|&|-)|"
    r",? (?:LL\.?M|MSc|BSc|RA|AA|RO|CISSP|[SJsj]r)\.?|['’\"])$"
)
_TITLE = re.compile(
    r"(?:dhr|de heer|heer|mevrouw|mevr|mw|mej|meneer|mijnheer|drs|dr|ir|mr|ing|prof|em|baron|zr|zuster|wed|familie|fam|"
    r"inspecteur|weduwe|dear|beste|ms|mrs|ds|mts|dokter|oom|tante|groet(?:en|jes)?|gr)\b\.?\s+",
    re.IGNORECASE,
)
_ONLY_TITLE = re.compile(
    r"(?:dhr|heer|mevr|mevrouw|mw|mej|drs?|ir|mr|ing|prof|fam|familie|wed|zr|ms|mrs|ll\.?m|(?:van|de|den|der|ter|ten|in|op|te|het)"
    r"(?: de[nr]?)?)\.?$",
    re.IGNORECASE,
)
_SURE = r"(?:van|v\.d\.|v/d|de|den|der|ten|ter|el|al|von|di|da|dos|la|le|van ['’]t|in ['’]t|op den|op 't)"
_JOINT = re.compile(rf" (?:{_SURE} ){{0,3}}", re.IGNORECASE)
_UNFINISHED = re.compile(rf"(?: (?:{_SURE}|['’]t))+$", re.IGNORECASE)
_INITIALS = r"(?:[A-ZÀ-Ý][A-Za-z]?\.)+"
_INITIAL = re.compile(r"(?:[A-ZÀ-Ý][A-Za-z]?\.?)+$")
_SENTENCE = (  # what begins one, behind "spoor B."
    r"(?:Ik|Wij|We|Het|Dat|Dit|Er|Is|In|U|Uw|Graag|Kan|Kunt|Wilt|Wil|Hoe|Wat|Als|Maar|Heeft|Mijn|Ons|Voor|Zou|Dus)\b"
)
_ON_FROM_INITIAL = re.compile(rf"\.? ?(?:{_INITIALS} ?)?(?:(?i:{_SURE}) ){{0,3}}(?!{_SENTENCE}){_PART}")
_ON = re.compile(
    rf" (?:(?i:{_SURE}) ){{1,3}}({_PART})|-(?:van|de|den|der|ten|ter) (?:de[nr]? )?({_PART})| A ({_PART})|"
    rf"(?: (?i:{_SURE}))*? [A-ZÀ-Ý]\.(?!\w)"
)
_ON_BARE = re.compile(rf" ({_PART})(?![\w@&-]|\.\w)")
_ON_SMALL = re.compile(rf" {_SMALL_WORD}")
_BACK = re.compile(rf"(?<![\w.])({_INITIALS}|{_PART}) $")
_AND = re.compile(r",? (?:en|&|und|and|et|not|niet) ")
_OF_FIRM = re.compile(rf" (?:van|bij|&|en|\|) (?:de |het )?({_PART})")
_WORD = re.compile(r"[^\W\d_][\w'’-]*")
_BEHIND = re.compile(r" (?:& )?([A-Z][\w-]+)")
_WORD_BEFORE = re.compile(r"([^\W\d_][\w'’-]*)\.? $")
_VERB = re.compile(r"(?<![\w-])[A-ZÀ-Ý][\w'’-]+( [a-zà-ÿ]{3,})$")  # "Bo-Anne verdubbelde", but "Jan de boer"
_LAST_INITIAL = re.compile(r" [A-ZÀ-Ý]$")
_GREETED = re.compile(r"(?:Beste|Geachte|Hallo|Hoi|Dag) $")  # "Beste HR"
_DEAR = re.compile(r"Lieve (?=[\w-]+,)")  # "Lieve De Backer" is a name
_TAIL = re.compile(rf"(?:^| )({_SURE} .{{4,}})$", re.IGNORECASE)  # the surname with its "van der"
_CAPITAL = re.compile(r"(?<![\w@./-])([A-ZÀ-Ý][\w’'-]{2,})(?![\w@-]|\.\w)")
_FIRM_NEXT = re.compile(r" (?:[A-ZÀ-Ý&]|bouw)|,? (?:b\.?v|v\.?o\.?f)\b|'s? ?[A-Z]")
_FIRM_ENDS = (
    "bouw", "werken", "techniek", "bedrijf", "beheer", "service", "services", "stichting", "vereniging", "koor",
    "straat",
)  # fmt: skip
_SURNAME_ENDS = (
    "sma", "stra", "inga", "enga", "man", "mans", "sen", "ssens", "ers", "ink", "huis",
    "kamp", "veld", "dijk", "oğlu",
)  # fmt: skip
_MOST = 20  # names that are looked for again
_LONGEST = 60  # characters of a name
_LEGAL = re.compile(r",? (?:b\.?v|v\.?o\.?f|n\.?v|gmbh|bvba|& (?:zn|co))\b", re.IGNORECASE)


def name_facts(text: str, knows: Knows) -> Iterator[Fact]:
    patterns = [_SIGNED, _TITLED]
    if any(words in text.lower() for words in _SAID_WORDS):
        patterns.append(_SAID)
    for pattern in patterns:
        for match in pattern.finditer(text):
            if not _NO_NAME.match(match.group(1)):
                yield from _facts(text, match.start(1), match.end(1))
    for match in _SMALL.finditer(text):
        particles, first, last = match.group(1), match.group(2), match.group(4) or ""
        if first in FIRST_NAMES and _rare(last, knows):
            yield from _facts(text, match.start(1), match.end(4))
        elif _rare(first, knows) and (particles or _like_a_name(first)):
            yield from _facts(text, match.start(1), match.end(2))


def _like_a_name(low: str) -> bool:
    return low in FIRST_NAMES or low in LAST_NAMES or low.endswith(_SURNAME_ENDS)


def _rare(low: str, knows: Knows) -> bool:
    return len(low) > 1 and not knows(low) and not is_town(low)


def tidied(text: str, spans: Sequence[tuple[FactKind, int, int]], knows: Knows) -> list[Fact]:
    """Names to their last word; titles before and loose ends behind do not belong to them."""
    facts: list[Fact] = []
    names: list[tuple[int, int]] = []
    for kind, first, last in spans:
        if kind is not FactKind.NAME:
            facts.append(Fact(kind, " ".join(text[first:last].split()), first, last, False))
            continue
        if last - first > _LONGEST:
            continue
        start, end = _whole(text, first, last, knows)
        if (
            names
            and end - names[-1][0] <= _LONGEST
            and (start <= names[-1][1] or _JOINT.fullmatch(text, names[-1][1], start))
        ):
            names[-1] = (names[-1][0], max(end, names[-1][1]))
        else:
            names.append((start, end))
    return [*facts, *(fact for start, end in names for fact in _facts(text, start, end))]


def _whole(text: str, start: int, end: int, knows: Knows) -> tuple[int, int]:
    """Where the name begins and ends: initials want a surname, and "van der" goes on."""
    if (loose := _UNFINISHED.search(text, start, end)) is not None:
        end = loose.start()
    written = text[start:end]
    if written.islower():
        match = _ON_SMALL.match(text, end) if written in FIRST_NAMES else None
        if match is not None and (_rare(match.group(2), knows) or match.group(1).startswith("van d")):
            end = match.end()
        return start, end
    back = _BACK.search(text, max(start - 20, 0), start)
    if back is not None and (back.group(1).lower() in FIRST_NAMES or back.group(1).endswith(".")):
        start = back.start()
    if _INITIAL.match(written):
        match = _ON_FROM_INITIAL.match(text, end)
    else:
        match = _ON_BARE.match(text, end) if " " not in written else None
        if match is not None and (not _rare(match.group(1).lower(), knows) or _is_firm(match.group(1))):
            match = None
    if match is not None:
        end = match.end()
    grown = end
    while (
        grown - start < _LONGEST
        and (match := _ON.match(text, grown)) is not None
        and not _is_firm(match.group(match.lastindex or 0).split()[-1])
    ):
        grown = match.end()
    match = _ON_BARE.match(text, grown) if grown > end or written.endswith(" A") else None
    if match is not None and (_rare(match.group(1).lower(), knows) or written.endswith(" A")):
        grown = match.end()
    return start, grown


def _is_firm(word: str) -> bool:
    """A word of business, or capitals within: TopRank."""
    low = word.lower()
    inner = any(part[1:] != part[1:].lower() for part in word.split("-"))
    return (
        low in BUSINESS
        or low.endswith(_FIRM_ENDS)
        or (inner and not word.isupper() and not low.startswith(("mac", "mc", "ij")))
    )


def same_names(text: str, found: Sequence[Fact], knows: Knows) -> Iterator[Fact]:
    """A name of this message that stands again, alone, or in another spelling: "Hogeveen, niet Hoogeveen"."""
    found = [fact for fact in found if len(fact.value) <= 2 * _LONGEST][:_MOST]
    parts = {word for fact in found for word in _WORD.findall(fact.value) if word[0].isupper() and len(word) > 2}
    parts = {word for word in parts if word.lower() not in PARTICLES}
    for tail in {match.group(1) for fact in found if (match := _TAIL.search(fact.value)) is not None}:
        for again in re.finditer(re.escape(tail), text):
            if not _FIRM_NEXT.match(text, again.end()):
                yield Fact(FactKind.NAME, tail, again.start(), again.end(), False)
    for match in _CAPITAL.finditer(text) if parts else ():
        word = match.group(1).removesuffix("'s")
        if word in parts or (not knows(word.lower()) and any(_alike(word, part) for part in parts)):
            start, end = _whole(text, match.start(), match.start() + len(word), knows)
            if end > match.end() or not _beside_firm(text, match):
                yield from _facts(text, start, end)


def _beside_firm(text: str, match: re.Match[str]) -> bool:
    """No part of the name of a firm: no capital beside it."""
    before = _WORD_BEFORE.search(text, max(match.start() - 24, 0), match.start())
    if before is not None and (
        before.group(1).lower() in BUSINESS or (before.group(1)[0].isupper() and "." not in before.group())
    ):
        return True
    return _FIRM_NEXT.match(text, match.end()) is not None


def _alike(one: str, other: str) -> bool:
    if one[0] != other[0] or abs(len(one) - len(other)) > 2 or min(len(one), len(other)) < 4:
        return False
    return SequenceMatcher(None, one, other).ratio() >= 0.75


def _facts(text: str, start: int, end: int) -> Iterator[Fact]:
    """One fact for each person named from here to there."""
    for match in _AND.finditer(text, start, end):
        yield from _fact(text, start, match.start())
        start = match.end()
    yield from _fact(text, start, end)


def _fact(text: str, start: int, end: int) -> Iterator[Fact]:
    while (title := _TITLE.match(text, start, end)) is not None and title.end() < end:
        start = title.end()
    if (dear := _DEAR.match(text, start)) is not None:
        start = dear.end()
    firm = next((match for match in _OF_FIRM.finditer(text, start, end) if _is_firm(match.group(1))), None)
    if firm is not None:
        end = firm.start()
    while (loose := _TRAILING.search(text, start, end)) is not None and loose.start() > start:
        end = loose.start()
    if (verb := _VERB.search(text, start, end)) is not None and verb.group(1)[1:] not in LAST_NAMES:
        end = verb.start(1)
    if _LAST_INITIAL.search(text, start, end) and text[end : end + 1] == ".":
        end += 1
    value = " ".join(text[start:end].split())
    if len(value) < 2 or not any(map(str.isalpha, value)) or _ONLY_TITLE.match(value) or _is_listed(text, start):
        return
    behind = _BEHIND.match(text, end)
    if _LEGAL.match(text, end) or (behind is not None and behind.group(1).lower() in BUSINESS):
        return
    words = [word.lower() for word in _WORD.findall(value)]
    if " " not in value and (_is_firm(value) or (value.isupper() and _GREETED.search(text, 0, start))):
        return
    if not any(word in BUSINESS or word.endswith(_FIRM_ENDS) for word in words):
        yield Fact(FactKind.NAME, value, start, end, False)


def _is_listed(text: str, start: int) -> bool:
    """ "A. Scope", and "B. Termijn" on another line: points of a list."""
    if text[start + 1 : start + 3] != ". " or (start and text[start - 1] != "\n"):
        return False
    return any(f"\n{chr(ord(text[start]) + step)}. " in text for step in (-1, 1))


def without_firms(names: Sequence[Fact]) -> list[Fact]:
    """ "Engels Vastgoed" under "Marloes Engels" is a firm: a surname, and no first name behind it."""
    surnames = {fact.value.split()[-1] for fact in names if " " in fact.value}
    return [
        fact
        for fact in names
        if " " not in fact.value
        or fact.value.split()[0] not in surnames
        or fact.value.split()[1].lower().strip(".") in FIRST_NAMES | LAST_NAMES | PARTICLES
    ]
