"""Towns: where somebody lives, moves to or signs from, and what is no home though a town stands there.

A town is known by the gazetteer, or stands where one must (behind a postcode or a house number). What the tagger took
for one passes here too. Streets, postcodes and house numbers are in `fact_addresses`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from cases.reading import Fact, FactKind
from nlp.word_features import is_business

_ANY_CASE = re.IGNORECASE
_TOWN = (  # possessive: a long row of hyphens must not be tried in every way
    r"(?:['’]s[- ]|['’]t |[Ss]t\.? |[Ss]int[- ])?[A-ZÀ-Ý][\w'’-]++(?:[ -](?:aan|den|de|het|op|bij|en|ter|"
    r"[A-ZÀ-Ý][\w'’-]++)){0,4}"
)
_BEHIND_POSTCODE = re.compile(rf"\)?,?(?:[ ]{{1,3}}|\n)(?:te |in )?({_TOWN})")
_BEHIND_HOUSE = re.compile(rf",?(?: (?:in|te|,))?[ \n]{{1,2}}({_TOWN})")
_SMALL_BEHIND_POSTCODE = re.compile(r",? ([a-z'-]{3,}(?: [a-z'-]{2,}){0,2})(?![\w@]|\.\w)")
_SMALL_BEHIND_HOUSE = re.compile(r",? (?:(?:in|te) )?([a-z'-]{3,}(?: [a-z'-]{2,}){0,2})(?![\w@]|\.\w)")
_SURELY_BEHIND_HOUSE = re.compile(rf",? (?:(?:in|te|à|TE) ({_TOWN})|(?<=, )({_TOWN})(?=[,;.)]|\s*$))")
_BELGIAN_LINE = re.compile(rf"[,\n ]{{1,3}}(?:B-|BE-|D-)?[1-9]\d{{3,4}}[ ]{{1,2}}({_TOWN})")
_LIVES = re.compile(
    r"(?:\b(?i:woon\w*|wonen\w*|wohn\w*|habit\w*|installé\w*|lived?|living|zit|zitten|gevestigd|verhuisd?|verhuizen|"
    r"opgegroeid|moved?|moving|fly home|terug)\b[^\n.]{0,24}? (?:in|te|à|naar|nach|to|uit) |\b(?i:groet\w*|"
    r"groetjes)[^\n.,]{0,24} uit (?:het |een )?(?:[a-zà-ÿ]+ )?)"
    rf"({_TOWN})"
)
_BEFORE_STREET = re.compile(rf"(?:^|[\s(])(?<!van )(?<!der )(?<!den )({_TOWN})(?:, | aan de | aan het | op de )$")
_REGION = r"(?: \([A-Z][A-Za-z.]{0,14}\))?"
_OWN_LINE = re.compile(rf"(?:^[ \t]*|[|,•·-] )({_TOWN}){_REGION}[ \t]*(?:$| \|)", re.MULTILINE)
_HEAD = re.compile(  # of a letter: "Zwolle, 3 mei 2025"
    rf"^[ \t\[]*({_TOWN}), (?:(?:de[nr]? )?\d{{1,2}}(?:e|ste|de)?[ -](?:\d{{1,2}}-|[a-z]{{3,9}}\.? )|[a-z]{{3,9}} )"
    r"(?:19|20)\d\d\b",
    re.MULTILINE,
)
_LOOSE_END = re.compile(r"[ -](?:aan|den|de|het|op|bij|en|ter)$")


def place_facts(
    text: str,
    streets: Sequence[Fact],
    postcodes: Sequence[Fact],
    houses: Sequence[Fact],
    known: Callable[[str], bool],
) -> Iterator[Fact]:
    """Towns behind a postcode or a house number, and known ones where people say that they live."""
    for postcode in postcodes:
        if match := _BEHIND_POSTCODE.match(text, postcode.end):
            name = known_part(match.group(1), known)
            yield from _place(match, 1, name or _LOOSE_END.sub("", match.group(1).split(" ")[0]))
        elif match := _SMALL_BEHIND_POSTCODE.match(text, postcode.end):
            yield from _place(match, 1, known_part(match.group(1), known))
    for house in houses:
        if match := _BEHIND_HOUSE.match(text, house.end) or _SMALL_BEHIND_HOUSE.match(text, house.end):
            yield from _place(match, 1, known_part(match.group(1), known))
        if match := _BELGIAN_LINE.match(text, house.end) or _SURELY_BEHIND_HOUSE.match(text, house.end):
            group = match.lastindex or 1
            yield from _place(match, group, known_part(match.group(group), known) or match.group(group).split(" ")[0])
    for street in streets:
        if match := _BEFORE_STREET.search(text, max(street.start - 40, 0), street.start):
            name = known_part(match.group(1), known)
            yield from _place(match, 1, name if name == match.group(1) else "")
    for pattern in (_LIVES, _OWN_LINE, _HEAD):
        for match in pattern.finditer(text):
            yield from filter(partial(is_home, text), _place(match, 1, known_part(match.group(1), known)))


_HOMES = re.compile(
    r"(?:\b(?i:iemand|meneer|mijnheer|mevrouw|dame|heer|vrouw|man|familie|gezin|jongen|meisje|knaap|zoon|"
    r"dochter|moeder|vader|broer|zus|oma|opa|nicht|neef|tante|oom)\b(?: [^\W\d]{2,12}){0,2}?|\bik ben) "
    rf"(?:(?:die )?van|uit|from|aus|in) ({_TOWN})"
)
_BEHIND_NAME = re.compile(
    rf"(?:,?(?: hier)? (?:uit|te|from|aus) ((?:['’][st][ -])?[^\W\d_][\w'’-]+(?: [^\W\d_][\w'’-]+)?)|(?:,[ ]|\n|"
    rf" – | - | \()({_TOWN})(?={_REGION}\)?[.!]?[ \t]*(?:\n|$))|"
    rf"\n({_TOWN})(?=,? (?:[|/–-]|tel|klant|lid|\+?\d))|(?:,|\n| )[ ]?([a-z'-]{{3,}}|[A-Z-]{{3,}})(?=[.!]?\s*$))"
)


_WORDS_TOO = re.compile(r"(?:Echt|Neer|Heel|Hoek|Winkel|Buren|Sluis|Reek|Leer|Boom|Peer|Mill)$")  # and towns


def home_towns(text: str, names: Sequence[Fact], known: Callable[[str], bool]) -> Iterator[Fact]:
    """Known towns behind a name ("Sem uit Joure", "J. Bos, Urk") or where somebody is from."""
    for name in names:
        if match := _BEHIND_NAME.match(text, name.end):
            group = match.lastindex or 1
            town = match.group(group)
            part = town if _WORDS_TOO.match(town) else known_part(town, known)
            yield from (whole_place(text, fact, known) for fact in _place(match, group, part))
    for match in _HOMES.finditer(text):
        yield from filter(partial(is_home, text), _place(match, 1, known_part(match.group(1), known)))


_SENTENCE = re.compile(r"(?:[^.!?\n]|[.!?](?!\s|$))+")
_MOVES = re.compile(  # in it: somebody lives there, or lived
    r"\b(?:verhui|verhuus|verkas|woon|wonen|gewoond|betrekken|verlaten|umgezogen|umziehen|"
    r"(?<!in )(?:woon)?plaats(?:naam)?\b|der Ort\b|Wohnort)",
    _ANY_CASE,
)
_ANY_TOWN = r"(['’]?[^\W\d_][\w'’/-]+(?:[ -][^\W\d_][\w'’/-]+){0,4})"
_TO_TOWN = re.compile(
    r"\b(?:van|uit|vanuit|binnen|naar|naor|noar|nach|in|te|from|to|ipv|niet|is|moet|statt|spelt|:|"
    rf"(?:staat|stond)(?: er| nu| nog){{0,2}})\s(?={_ANY_TOWN})",
    _ANY_CASE,
)
_HOME_IN = re.compile(
    r"\b(?:(?:(?:woon|ouderlijk )?huis|huisje|huuske|woning|appartement|flat|boerderi\w*|(?:huis|woon|mijn )adres|"
    r"straat|kamer|thuis|(?:schoon)?ouders|(?:klein|schoon)?(?:dochter|zoon|moeder|vader)|zus|zuster|broer|oma|opa|"
    r"tante|oom|buren|vriend|vriendin)(?: van mij| nu| hier)? (?:in|te|bij|uit)|ben (?:zelf )?uit|kom(?:en|t)? uit) "
    rf"{_ANY_TOWN}",
    _ANY_CASE,
)


def lived_in(text: str, known: Callable[[str], bool], everyday: Callable[[str], bool]) -> Iterator[Fact]:
    """Known towns in sentences of moving and living, in any case of letters, and where a home or a relative is."""
    found = [*_HOME_IN.finditer(text)]
    for sentence in _SENTENCE.finditer(text):
        if _MOVES.search(text, *sentence.span()):
            found += _TO_TOWN.finditer(text, *sentence.span())
    for match in found:
        name = known_part(match.group(1), known)
        if name and not (name[0].islower() and everyday(name)):
            yield from filter(partial(is_home, text), _place(match, 1, name))


_ELSEWHERE = re.compile(  # where something is or happens, and nobody lives
    r"(?:\b(?:geboorteplaats|geboren|magazijn|winkel|winkeltje|filiaal|garage|justitie|rechtbank|politie|kermis|"
    r"concurrent|beurs|file|project|station|school|hogeschool|universiteit|advocaat|stage|huisje|bijeenkomst|optreden|reis|terras|"
    r"welcome|vakantie\w*|treinkaartje|raadsman|persoonsgegevens|locatie|eenheid|afd|afdeling|afhaalpunt|balie|toernooi|"
    r"chauffeur|monteur|depot|servicepunt|kapper|tandarts|huisarts|ziekenhuis|leverancier|markt|stand|concert|cursus|fc|"
    r"\w*(?:kantoor|vestiging)|\w{3,}(?:bureau|werken|feest|dag))\W{1,2}(?:\d+ \w+ )?"
    r"(?:in |te |bij |naar |à |van |uit |op |to )?|\bmr\. )$",
    _ANY_CASE,
)
_SURNAME = re.compile(r"(?<![.!?:] )\b(?!Adres|Woon)[A-Z][a-zà-ÿ]+ [Vv]an $")  # "Riet van Asten"
_WORD_BEHIND = re.compile(r" ([A-Z][\w-]+)")
_WORD_BEFORE = re.compile(r"\b([A-Z][\w-]+) $")
_OURS = re.compile(  # the sender's own firm
    r"\b(?:mijn|m'n|onze?|(?:wij|we) (?:hebben|zijn)[^.!?\n]{0,25}) (?:\w+ )?(?:winkel|zaak|salon|bedrijf|kantoor|"
    r"praktijk|magazijn|atelier|restaurant|café|studio|werkplaats|garage|bakkerij|slagerij)(?:tje)? (?:in|te) $",
    _ANY_CASE,
)
_SOMEWHERE = re.compile(  # and no house number before it: "Kerkstraat 12 in"
    r"(?<!\d )(?<!\d\w )(?<!\d\w\w )(?<!\bhier )\b(?:in|te|bij|naar|vanaf|over|rond|om|vanuit|at|to|à|nach) $"
)
_AT_HOME = re.compile(  # what a sentence says where somebody lives, or is from
    r"\b(?:ge)?woon|\bwonen|\bwohn|\bhabit|\bli(?:ved?|ving|ves)\b|\bzit(?:ten)?\b|verbl|gevestigd|installé|opgegroeid|"
    r"verhui|verhuu|verkas|betrek|verlat|umge|umz|\bmov(?:ed?|ing)|terug\b|\bkom(?:t|en)?\b|fly home|"
    r"adres|addres|anschrift|huis(?:je)?\b|huuske|huus\b|thuis|woning|flat\b|appartement|kamer\b|boerderi|straat|plaats|"
    r"laan\b|moeder|vader|ouders|dochter|zoon|\bzus|zuster|broer|\bopa\b|\boma\b|tante|\boom\b|nicht\b|neef\b|vriend|"
    r"buren|familie|naamgenoot|mevrouw|meneer|mijnheer|\bheer\b|iemand|\bman\b|klant van|ondernemer|notaris|student|"
    r"bewoner|\bgroet|\b(?:gaat|gaan) (?:nog |altijd |steeds )+naar|\b[Vv]an [A-Z][\w ]+ naar",
    _ANY_CASE,
)


def is_home(text: str, place: Fact) -> bool:
    """Whether this may be where somebody lives or a firm is; a firm's name and where things happen are not."""
    before = text[max(place.start - 40, 0) : place.start]
    theirs = _OURS.search(before) is not None
    if (_ELSEWHERE.search(before) and not theirs) or _SURNAME.search(before):
        return False
    signs = before.endswith(" te ") and text[place.end : place.end + 1] in ("", "\n")  # "predikant te Nunspeet"
    if _SOMEWHERE.search(before) and not (theirs or signs or _AT_HOME.search(_sentence_around(text, place))):
        return False
    beside = (_WORD_BEFORE.search(before), _WORD_BEHIND.match(text, place.end))
    return not any(word is not None and is_business(word.group(1)) for word in beside)


def _sentence_around(text: str, place: Fact) -> str:
    first = max((stop.end() for stop in _STOP.finditer(text, max(place.start - 120, 0), place.start)), default=0)
    stop = _STOP.search(text, place.end, place.end + 60)
    return text[max(first, place.start - 120) : stop.start() if stop is not None else place.end + 60]


_STOP = re.compile(r"(?<!\b[A-Z])[.!?](?=\s)|\n")


def whole_place(text: str, place: Fact, known: Callable[[str], bool]) -> Fact:
    """A town of several words that was seen in part: "Almere Buiten", "Broek op Langedijk"."""
    match = _TOWN_OF_MORE.match(text, place.start)
    end = place.start + max(len(known_part(match.group(), known)) if match is not None else 0, place.end - place.start)
    if (province := _PROVINCE.match(text, end)) is not None:
        end = province.end()
    words = _WORD_START.finditer(text, max(place.start - 24, 0), place.start)
    start = next((word.start() for word in words if known(text[word.start() : place.end])), place.start)
    return Fact(FactKind.PLACE, " ".join(text[start:end].split()), start, end, False)


_WORD_START = re.compile(r"(?<![\w'’-])[\w'’]")
_TOWN_OF_MORE = re.compile(r"['’\w][\w'’./-]*(?:[ -][\w'’./-]*\w){1,4}")
_PROVINCE = re.compile(r" (?:Gld|NH|ZH|NB|Ov|Zld|Lb)\b")


def known_part(name: str, known: Callable[[str], bool]) -> str:
    """As many words from the left as make a known town; "" when none do."""
    while name and not known(name):
        name = name.rpartition(" ")[0]
    return name


def _place(match: re.Match[str], group: int, name: str) -> Iterator[Fact]:
    if len(name) > 1:
        yield Fact(FactKind.PLACE, name, match.start(group), match.start(group) + len(name), False)
