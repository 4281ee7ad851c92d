"""Postcodes, house numbers, and streets that their last syllable gives away. Other streets and towns: the tagger.

What the tagger found comes in, because a number is a house number only behind a street.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from cases.reading import Fact, FactKind

_ANY_CASE = re.IGNORECASE
_LITTLE = (
    r"(?-i:en|is|of|de|in|op|te|ik|je|om|er|we|al|nu|zo|na|ze|af|an|at|to|by|cm|mm|kg|km|mb|gb|kb|uu|"
    r"px|nr)"
)  # "in 2024 en": no postcode
_POSTCODE = re.compile(rf"(?<![\w.,-])([1-9]\d{{3}}(?! {_LITTLE}\b) ?(?!SA|SD|SS)[A-Z]{{2}})(?!\w|-\d)", _ANY_CASE)
_FOREIGN = re.compile(r"(?<![\w.,/-])(?:(?:B|BE|D|DE|F)-)?([1-9]\d{3,4})(?=\s{1,2}$)")
_CASED_END = (
    r"(?:straat|weg|laan|plein|dijk|kade|gracht|singel|hof|pad|dreef|plantsoen|park|markt|steeg|wal|ring|hoek|"
    r"baan|lei|akker|veld|kamp|erf|oord|burg|brink|boulevard|sluis|haven|donk|wijk|gaarde|weide|straße|strasse|"
    r"str\.|strjitte|steenweg|vest|heuvel|poort|dyk|zijde|kwartier|terras|hage|hoeve|bocht|diep|zoom|rede|eind|"
    r"einde|werf|tuin|tuinen|bos|bosch|horst|drift|dam|laantje|straatje|weggetje|pleintje|hofje|steech|postbus|"
    r"Kuil|Dries|Dreef|Hoogt)"
)
_NUMBER = re.compile(r"\d+")
_ENDS = re.compile(_CASED_END + r"\s{0,2}(?:nr\.? |nummer )?$", _ANY_CASE)
_ENDING = re.compile(_CASED_END.replace("|Kuil|Dries|Dreef|Hoogt", ""))  # alone, and small: a word as others
_LONGEST_END = 22  # characters of "plantsoen nummer 12" before its number
_WORD = r"(?:[A-ZÀ-Ý][\w'’-]*|[A-Z][a-z]?\.)"
_STREET = re.compile(
    rf"(?<![\w-])((?:{_WORD}(?: (?:van|de|den|der|het|ten|ter|op|aan|en|in|'t|’t|"
    rf"{_WORD})){{0,4}} )?[A-Za-zÀ-ÿ'’-]*{_CASED_END})(?=\s{{1,2}}(?:nr\.? |nummer )?\d{{1,4}}(?!\d))"
)
_STREET_OF = re.compile(
    rf"(?<![\w-])((?:Laan|Weg|Plein|Hof|Park|Baan|Dreef|Singel|Pad|Kade|Rue|Avenue|Place|Chaussée) "
    rf"(?:(?:van|op|naar|der|aan|den|de|het|du|des|la) ){{1,2}}{_WORD}(?: {_WORD})?)(?=\s{{1,2}}\d{{1,4}}(?!\d))"
)
_LOWER_STREET = re.compile(
    rf"(?<![\w-])((?:(?:lange|korte|grote|kleine|hoge|lage|eerste|tweede|derde|[123]e|sint|st\.?|prins|prinses|"
    rf"koningin|burgemeester|dokter|jan) )?[a-zà-ÿ'’-]{{3,30}}{_CASED_END})"
    r"(?=\s{1,2}(?:nr\.? |nummer )?\d{1,4}(?![\d:%]))"
)
_NO_STREET = re.compile(
    r"(?:[A-ZÀ-Ý][\w-]+ aan (?:de|het) |Adres|Ook|Mijn|Ons|Onze|Nieuwe?|Het|De|Per|Op|In|Wij|Naar|Oude?|Was|"
    r"Is|Straat|Woonadres|Postadres|Van|Aan|En|Huidig|Vorige?|Juiste?) ",
    _ANY_CASE,
)
_NOT_ALONE = frozenset(
    [
        "straat",
        "weg",
        "laan",
        "plein",
        "dijk",
        "kade",
        "park",
        "markt",
        "hof",
        "pad",
        "ring",
        "hoek",
        "baan",
        "veld",
        "haven",
        "wijk",
        "postweg",
        "onderweg",
        "vanweg",
        "wegwijs",
        "terugweg",
    ]
)
_ADDITION = (
    r"(?: ?[-/] ?\d{1,4}(?:-[IVX]{1,4}\b|[a-zA-Z]{0,2})| (?:poort|toren|blok|etage) \d{1,3}| boot\b|"
    r" ?- ?[a-zA-Z]{1,3}| ?bis(?: ?[A-Z])?| (?:bus|bte|boîte|box|appt?\.?|"
    r"unit|kamer) ?\w{1,4}|, ?(?:bus|bte|boîte|box) ?\w{1,4}|-?(?:hs|huis|hoog)| b\d{1,3}\b|"
    r"(?:, ?| )(?:\d ?e|eerste|tweede|derde|vierde) (?:etage|verdieping|verd\.?)|"
    r" (?:achter|boven|beneden|rechts|links|bg|bov\.|parterre|sout\.?|voor)(?![\w-])"
    r"(?= ?[,.;)\n]| \d{4}| in | te |\s*$| is )| (?:hs|rood|zwart|[IVX]{1,4})\b"
    r"|[a-zA-Z]{1,2}(?:[-/]?\d{1,3})?| [A-Z](?:-\d{1,3})?(?=[\s,.;)]|$)(?! (?!te |in )[a-z]))?"
)
_HOUSE = re.compile(
    rf"\s{{0,2}},?\s?(?:(?:nr|no|huisnr|num)\.?\s?|nummer |huisnummer |"
    rf"number )?((?:t/o |t\.o\. |bij )?\d{{1,5}}{_ADDITION})(?![\d%:€]|[.,]\d|\w|"
    r" ?(?:euro|eur|jaar|dagen|weken|maanden|keer|stuks|procent)\b)"
)
_ANNOUNCED = re.compile(
    rf"\b(?:huis ?(?:nummer|nr)\b\.?|Hausnummer|op nummer|house number|toevoeging)\b(?:[\s:=,]|is|was|"
    rf"moet|zijn|van|naar|nu|u|jullie|je|hebt|heeft|hebben|blijft|wordt|"
    rf"klopt niet|staat|fout|verkeerd|ook|het|dat){{0,8}}\s?(?<!\d)(\d{{1,4}}{_ADDITION})(?![\d%:€]|[.,]\d|\w)",
    _ANY_CASE,
)
_ALSO = re.compile(
    rf"[^\n.]{{0,40}}?\b(?:moet|naar|niet|geen|maar|nu|wordt|ipv|i\.p\.v\.|in plaats van|zijn|is|nummer|nr\.?|"
    rf"of)\s(?:op |zijn |nummer |nr\.? )?(\d{{1,4}}{_ADDITION})(?![\d%:€]|[.,-]\d|\w| (?:jaar|euro|keer|dagen|"
    rf"weken|uur|maanden|januari|februari|maart|april|mei|juni|juli|augustus|september|oktober|november|"
    rf"december))"
)
_AFTER_POSTCODE = re.compile(rf",? (?:nr\.? |huisnummer |nummer |-)?(\d{{1,4}}{_ADDITION})(?![\d%:€]|[.,]\d|\w)")


def postcode_facts(text: str) -> Iterator[Fact]:
    for match in _POSTCODE.finditer(text):
        bare = match.group(1).replace(" ", "").upper()
        yield Fact(FactKind.POSTCODE, f"{bare[:4]} {bare[4:]}", match.start(1), match.end(1), True)


def foreign_postcodes(text: str, places: Sequence[Fact]) -> Iterator[Fact]:
    """Belgian and German codes have no letters: believed only right before a town."""
    for place in places:
        match = _FOREIGN.search(text, max(place.start - 10, 0), place.start)
        if match is not None:
            yield Fact(FactKind.POSTCODE, match.group(1), match.start(1), match.end(1), True)


def street_facts(text: str) -> Iterator[Fact]:
    numbers = [match.start() for match in _NUMBER.finditer(text)]  # the patterns are dear: look before numbers first
    ends = any(_ENDS.search(text, max(start - _LONGEST_END, 0), start) for start in numbers)
    for pattern in (_STREET_OF, _LOWER_STREET, _STREET) if ends else (_STREET_OF,):
        for match in pattern.finditer(text):
            name, start = match.group(1), match.start(1)
            while (found := _NO_STREET.match(name)) and not _belongs(text, start, found.group()):
                name, start = name[found.end() :], start + found.end()
            if name.lower() not in _NOT_ALONE and not _ENDING.fullmatch(name):
                yield Fact(FactKind.STREET, name, start, start + len(name), False)


def _belongs(text: str, start: int, word: str) -> bool:
    """Whether "Van" or "Oude" begins the name of a street: a capital where no sentence begins, or a line of its own."""
    if not word[0].isupper() or word.rstrip() not in ("Van", "Oude", "Oud", "Nieuwe", "De", "Het", "Op", "In"):
        return False
    line = text[text.rfind("\n", 0, start) + 1 : start].rstrip()
    if not line:
        return start > 0 and " naar " not in text[start : start + 80]
    return line[-1] not in ".!?:;"


_ADDRESS_BEFORE_POSTCODE = re.compile(
    rf"(?<![\w-])((?:(?:{_WORD}|op|aan|de|den|het|van|der|ten|ter|in|'t|’t) ){{0,4}}{_WORD})"
    r"(?= \d{1,4}[^\n,]{0,9}[,\s]{1,3}\d{4} ?[A-Z]{2}\b)"
)


def streets_by_postcode(text: str) -> Iterator[Fact]:
    """Whatever its name: words with capitals before a number before a postcode."""
    for match in _ADDRESS_BEFORE_POSTCODE.finditer(text):
        name, start = match.group(1), match.start(1)
        while (found := _NO_STREET.match(name) or _LITTLE_WORD.match(name)) and not _belongs(
            text, start, found.group()
        ):
            name, start = name[found.end() :], start + found.end()
        if len(name) > 2:
            yield Fact(FactKind.STREET, name, start, start + len(name), False)


_LITTLE_WORD = re.compile(r"(?:op|aan|de|den|het|van|der|ten|ter|in) ")


_TOWN = (
    r"(?:['’]s[- ]|['’]t |[Ss]t\.? |[Ss]int[- ])?[A-ZÀ-Ý][\w'’-]+(?:[ -](?:aan|den|de|het|op|bij|en|ter|"
    r"[A-ZÀ-Ý][\w'’-]+)){0,4}"
)
_BEHIND_POSTCODE = re.compile(rf"\)?,?(?:[ ]{{1,3}}|\n)(?:te |in )?({_TOWN})")
_BEHIND_HOUSE = re.compile(rf",?(?: (?:in|te|,))?[ \n]{{1,2}}({_TOWN})")
_SURELY_BEHIND_HOUSE = re.compile(rf",? (?:(?:in|te|à|TE) ({_TOWN})|(?<=, )({_TOWN})(?=[,;.)]|\s*$))")
_BELGIAN_LINE = re.compile(rf"[,\n ]{{1,3}}(?:B-|BE-)?[1-9]\d{{3}}[ ]{{1,2}}({_TOWN})")
_LIVES = re.compile(
    r"(?:\b(?i:woon\w*|wonen\w*|wohn\w*|habit\w*|live|living|gevestigd|verhuisd?|verhuizen|"
    r"opgegroeid)\b[^\n.]{0,24}? (?:in|te|à|naar|nach|to|uit) |\b(?i:groet\w*|"
    r"groetjes)[^\n.,]{0,24} uit (?:het |een )?(?:[a-zà-ÿ]+ )?)"
    rf"({_TOWN})"
)
_OWN_LINE = re.compile(rf"(?:^[ \t]*|[|,•·-] )({_TOWN})[ \t]*$", re.MULTILINE)
_LOOSE_END = re.compile(r"[ -](?:aan|den|de|het|op|bij|en|ter)$")


def place_facts(
    text: str, postcodes: Sequence[Fact], houses: Sequence[Fact], known: Callable[[str], bool]
) -> Iterator[Fact]:
    """Towns behind a postcode or a house number, and known ones where people say that they live."""
    for postcode in postcodes:
        if match := _BEHIND_POSTCODE.match(text, postcode.end):
            name = _known_part(match.group(1), known)
            yield from _place(match, 1, name or _LOOSE_END.sub("", match.group(1).split(" ")[0]))
    for house in houses:
        if match := _BEHIND_HOUSE.match(text, house.end):
            yield from _place(match, 1, _known_part(match.group(1), known))
        if match := _BELGIAN_LINE.match(text, house.end) or _SURELY_BEHIND_HOUSE.match(text, house.end):
            group = match.lastindex or 1
            yield from _place(match, group, _known_part(match.group(group), known) or match.group(group).split(" ")[0])
    for pattern in (_LIVES, _OWN_LINE):
        for match in pattern.finditer(text):
            yield from _place(match, 1, _known_part(match.group(1), known))


def _known_part(name: str, known: Callable[[str], bool]) -> str:
    """As many words from the left as make a known town; "" when none do."""
    while name and not known(name):
        name = name.rpartition(" ")[0]
    return name


def _place(match: re.Match[str], group: int, name: str) -> Iterator[Fact]:
    if len(name) > 1:
        yield Fact(FactKind.PLACE, name, match.start(group), match.start(group) + len(name), False)


def house_facts(text: str, streets: Sequence[Fact], postcodes: Sequence[Fact]) -> Iterator[Fact]:
    """Numbers right behind a street or a postcode, and announced ones."""
    for street in streets:
        match = _HOUSE.match(text, street.end)
        if match is not None:
            yield _house(match)
    for postcode in postcodes:
        match = _AFTER_POSTCODE.match(text, postcode.end)
        if match is not None:
            yield _house(match)
    for announced in _ANNOUNCED.finditer(text):
        match = announced
        while match is not None:
            yield _house(match)
            match = _ALSO.match(text, match.end(1))


def _house(match: re.Match[str]) -> Fact:
    return Fact(FactKind.HOUSE_NUMBER, " ".join(match.group(1).split()), match.start(1), match.end(1), False)
