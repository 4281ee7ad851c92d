"""Postcodes, house numbers, and streets that their last syllable gives away. Other streets: the tagger.

What the tagger found comes in, because a number is a house number only behind a street. Towns are in `fact_places`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from cases.reading import Fact, FactKind
from nlp.fact_places import known_part

_ANY_CASE = re.IGNORECASE
_LITTLE = (
    r"(?-i:en|is|of|de|in|op|te|ik|je|om|er|we|al|nu|zo|na|ze|af|an|at|to|by|cm|mm|kg|km|mb|gb|kb|uu|"
    r"px|nr|st)"
)  # "in 2024 en": no postcode
_POSTCODE = re.compile(rf"(?<![\w.,-])([1-9]\d{{3}}(?! {_LITTLE}\b) ?(?!SA|SD|SS)[A-Z]{{2}})(?!\w|-\d)", _ANY_CASE)
_FOREIGN = re.compile(r"(?<![\w.,/-])(?:(?:B|BE|D|DE|F)-)?([1-9]\d{3,4})(?=\s{1,2}$)")
_CASED_END = (
    r"(?:straat|weg|laan|plein|dijk|kade|gracht|singel|hof|pad|dreef|plantsoen|park|markt|steeg|wal|ring|hoek|"
    r"baan|lei|akker|veld|kamp|erf|oord|burg|brink|boulevard|sluis|haven|donk|wijk|gaarde|weide|straße|strasse|"
    r"str\.|strjitte|steenweg|vest|heuvel|poort|dyk|zijde|kwartier|terras|hage|hoeve|bocht|diep|zoom|rede|eind|"
    r"einde|werf|tuin|tuinen|bos|bosch|horst|drift|dam|laantje|straatje|weggetje|pleintje|hofje|steech|postbus|flat|"
    r"allee|gasse|Kuil|Dries|Dreef|Hoogt)"
    r"(?:[ -](?:(?:[Oo]ost|[Ww]est|[Nn]oord|[Zz]uid)(?:zijde)?|[NOWZ]\.?Z\.?|[nowz]z))?"
)
_NUMBER = re.compile(r"\d+")
_ENDS = re.compile(_CASED_END + r"\s{0,2}(?:nr\.? |nummer |t/o |t\.o\. |bij )?$", _ANY_CASE)
_ENDING = re.compile(_CASED_END.replace("|Kuil|Dries|Dreef|Hoogt", ""))  # alone, and small: a word as others
_LONGEST_END = 22  # characters of "plantsoen nummer 12" before its number
_WORD = (
    r"(?:[A-ZÀ-Ý][\w'’-]*|[A-Z][a-z]?\.|(?:Burg|Weth|Prof|Past|Kard|Gen|Kon|Pres|Jhr|Mgr|Kapt|Adm|Min|Joh|Chr|Jac|"
    r"Wilh)\.)"
)
_STREET = re.compile(
    rf"(?<![\w-])((?:[1-9]\d?[eE] |(?<![^\n])(?:van (?:der?|den)|ter|ten) )?"
    rf"(?:{_WORD}(?: (?:van|de|den|der|het|ten|ter|op|aan|en|in|'t|’t|{_WORD})){{0,4}} )?[A-Za-zÀ-ÿ'’-]*"
    rf"{_CASED_END})(?= {{1,2}}"
    r"(?:nr\.? |nummer |t/o |t\.o\. |bij )?[1-9]\d{0,3}(?!\d))"
)
_STREET_OF = re.compile(
    rf"(?<![\w-])((?:Laan|Weg|Plein|Hof|Park|Baan|Dreef|Singel|Pad|Kade|Steenweg|Rue|Avenue|Place|"
    rf"Chaussée|Quai|Boulevard|Via|rue|avenue|quai) (?:(?:van|op|naar|der|aan|den|de|het|du|des|dei|la|au) ){{1,2}}"
    rf"{_WORD}(?:(?: aux?)? {_WORD})?|"
    rf"(?:[Rr]ue|[Aa]venue|Chaussée|Am|Zum|An der|Auf dem|[Uu]l\.|Buurtschap|"
    rf"(?:Industrie|Bedrijven|Business|Vakantie|Recreatie)(?:park|terrein)) "
    rf"{_WORD}(?: [A-Z]\b)?|(?:Plein|Laan|Park) (?:1[89]|20)\d\d(?:-\d{{2,4}})?)"
    rf"(?= {{1,2}}(?:n[or]\.? )?[1-9]\d{{0,3}}(?!\d))"
)
_BARE_STREET = re.compile(
    rf"(?<![\w-])((?:[Dd]e|[Hh]et|'t) {_CASED_END}|(?:Achter|Aan|Op|In|Bij|Onder|Over|Boven) (?:de[nr]?|het|"
    rf"'t) (?!Heer|Fam){_WORD}(?: {_WORD})?)"
    r"(?= [1-9]\d{0,3}(?![\d:%]))|(?<![\w-])(Plein 1[89]\d\d)(?!\w)|"
    rf"(?<![\w-])((?:De|Het|'t|It) {_WORD})(?= [1-9]\d{{0,3}}(?: ?[A-Z]\b|[a-z]|-\d{{1,3}})?(?:[,\n]| te | in |$))"
)
_POSTBUS = re.compile(r"\b(postbus) (?:nr\.? )?([1-9]\d{0,4})(?![\d-])", _ANY_CASE)
_LOWER_STREET = re.compile(
    rf"(?<![\w-])((?:(?:lange|korte|grote|kleine|hoge|lage|kromme|eerste|tweede|derde|[123]e|sint|st\.?|prins|prinses|"
    rf"koningin|burgemeester|dokter|admiraal(?: de)?|generaal|jan|van der|de la) )?[a-zà-ÿ'’-]{{3,30}}{_CASED_END})"
    r"(?=\s{1,2}(?:nr\.? |nummer )?\d{1,4}(?![\d:%]| (?:jan|feb|maart|apr|mei|juni|juli|aug|sept|okt|nov|dec)))"
)
_TITLED = re.compile(
    r"(?<![\w-])(?:Burgemeester|Burg\.|Wethouder|Weth\.|Koning|Koningin|Prins|Prinses|Ds\.|Dominee|Dr\.|Dokter|Prof\.|"
    r"Professor|Pastoor|Past\.|Kapelaan|Kardinaal|Admiraal|Generaal|President|Minister|Mgr\.|Jonkheer|Jhr\.) "
    r"(?:(?:van|de|der|den) ){0,2}$"
)
_ARTICLE = re.compile(  # where no sentence runs on: "de Hanekamp 6, Heino" under a name
    r"(?:^|\n|: |, |['‘\"])((?:(?:Op|Achter|Onder|Bij|Ten|Aan) )?(?:de|den|het|'t|’t) |(?:De|Het|It) )$"
)
_QUOTES, _LETTERED = ("'", "‘", '"'), ("'s", "'t", "‘s", "‘t")  # "'s-Gravenzandseweg" keeps its sign
_THEN_NUMBER = re.compile(r" {1,2}(?:nr\.? )?[1-9]")
_NO_STREET = re.compile(
    r"(?:(?:[A-ZÀ-Ý][\w-]+ ){1,2}aan (?:de|het)|(?!Bergen|Loon|Heist|Knokke|Steenweg)[A-ZÀ-Ý][\w-]+ op|Die van|"
    r"Adres|Ook|Mijn|Ons|Onze|Nieuwe?|Het|De|Per|Op|In|Wij|Naar|Oude?|Was|"
    r"Is|Straat|Woonadres|Postadres|Van|Aan|En|Huidig|Vorige?|Juiste?|Vroeger|Eerst|Bezorgen|Wij?|Ik|Nummer|"
    r"Voorheen|Aansluiting) ",
    _ANY_CASE,
)
_NOT_ALONE = re.compile(
    r"(?:straat|weg|laan|plein|dijk|kade|park|markt|hof|pad|ring|hoek|baan|veld|haven|wijk|flat|postweg|onderweg|vanweg|"
    r"wegwijs|bladzijde|achterzijde|voorzijde|terugweg)$",
    _ANY_CASE,
)
ADDITION = (
    r"(?: bis [A-Z](?=[\s,.;)]|$)|-(?:rood|zwart|bis)\b|-[A-Za-z]\d{1,2}\b|"
    r"[a-zA-Z]? (?:hs|bis|bv|zw|rd|sous)(?![\w.-])| k ?\d{1,3}\b| a \d\d\b| a(?=[.;)\n]|$)|"
    r"(?:[-/]\d{1,4}| [-/] ?\d{1,3}(?!\d)|[-/] \d{1,3}(?!\d))(?:-[IVX]{1,4}\b|[a-zA-Z]{0,2})| (?:poort|toren|"
    r"blok|etage) \d{1,3}| boot\b|"
    r",? (?:kamer|unit|app\.) \d{1,4} (?:achter|voor|boven|beneden)\b|-(?:boven|beneden|achter|voor)\b|"
    r" ?- ?[a-zA-Z]{1,3}| ?bis(?: ?[A-Z])?\b|"
    r" (?:een|één|twee|drie|vier|[1-4]) ?hoog\b|,? (?:kamer|chalet|stal|kavel|appartement|unit|app\.) \d{1,4}|"
    r" \((?:bus|bte|box) \w{1,4}\)|"
    r" (?:ws|sous)\b| [aA](?= [A-Z][a-z])| (?:bus|bte|boîte|box|appt?\.?|"
    r"unit|kamer) ?\w{1,4}|, ?(?:bus|bte|boîte|box) ?\w{1,4}|-?(?:hs|huis|hoog)| b\d{1,3}\b|"
    r"(?:, ?| )(?:\d ?e|eerste|tweede|derde|vierde) (?:etage|verdieping|verd\.?)|"
    r" (?:achter|boven|beneden|rechts|links|bg|bov\.|parterre|sout\.?|voor)(?![\w-])"
    r"(?= ?[,.;)\n]| \d{4}| in | te | naar |\s*$| is )| (?:hs|rood|zwart|[IVX]{1,4})\b"
    r"|[a-zA-Z]{1,2}(?:[-/]?\d{1,3})?| [A-H](?=[\s,.;)]|$)"
    r"| [b-h](?=[,.;)\n]|$| (?:niet|in|te|en|maar|ipv)\b)| [A-Z](?:-\d{1,3})?(?=[\s,.;)]|$)(?! (?!te |in )[a-z]))?"
)
_HOUSE = re.compile(
    rf" {{0,2}},? ?(?:(?:nr|no|huisnr|num)\.?\s?|nummer |huisnummer |"
    rf"number )?((?:t/o |t\.o\. |bij )?[1-9]\d{{0,4}}{ADDITION})(?![\d%:€]|[.,]\d|\w|"
    r" ?(?:euro|eur|jaar|dagen|weken|maanden|keer|stuks|procent)\b)"
)
_ANNOUNCED = re.compile(
    rf"\b(?:huis ?(?:nummer|nr)\b\.?|Hausnummer|(?:op|bij|van|naar) (?:nummer|nr\.?)|house number|"
    rf"toevoeging)(?!\w)(?:[\s:=,]|ist?|was|"
    rf"moet|zijn|van|naar|nu|u|jullie|je|hebt|heeft|hebben|blijft|wordt|"
    rf"klopt niet|staat|fout|verkeerd|ook|als|het|dat|er|t[oó]ch|nog|hier|"
    rf"onjuist){{0,14}}\s?(?<!\d)(\d{{1,4}}{ADDITION})(?![\d%:€]|[.,]\d|\w)",
    _ANY_CASE,
)
_ALSO = re.compile(
    rf"[^\n.]{{0,40}}?\b(?:moet|naar|niet|nicht|not|geen|maar|nu|wordt|ipv|i\.p\.v\.|in plaats van|zijn|is|nummer|"
    rf"nr\.?|of)\s(?:op |zijn |nummer |nr\.? )?(\d{{1,4}}{ADDITION})(?![\d%:€]|[.,-]\d|\w| (?:jaar|euro|keer|dagen|"
    rf"weken|uur|maanden|januari|februari|maart|april|mei|juni|juli|augustus|september|oktober|november|"
    rf"december))"
)
_RATHER = re.compile(  # "niet Vondelweg 1180 maar 1108"
    rf",? (?:en )?(?:maar|niet|ipv|i\.p\.v\.|in plaats van)(?: op| bij)?(?: nr\.?| nummer)? (\d{{1,4}}{ADDITION})"
    r"(?![\d%:€]|[.,]\d|\w| [a-zà-ÿ]*(?:euro|keer|stuks|dagen|weken|maanden|jaar|uur|personen|flessen|dozen)\b)"
)
_NEXT_DOOR = re.compile(
    rf"\b(?:boven|onder|achter|over|naaste )?bu(?:ren|urman|urvrouw)"
    rf"(?: (?:zijn|zou|zitten|gezet|afgegeven|wonen|woont))? (?:op|bij)(?: nr\.?| nummer)? (\d{{1,4}}{ADDITION})"
    r"(?![\d%:€]|[.,]\d|\w)",
    _ANY_CASE,
)
_AFTER_POSTCODE = re.compile(rf",? (?:nr\.? |huisnummer |nummer |-)?(\d{{1,4}}{ADDITION})(?![\d%:€]|[.,]\d|\w)")


_LIVES_AT = re.compile(
    rf"\b(?:(?:ik|wij|we|ie|hij|zij|ze) (?:woon|wonen|zit|zitten|woont)|(?:woon|wonen|woont|zit|zitten) (?:ik|wij|we|"
    rf"zelf))(?: nu| ook| zelf)?"
    rf" (?:op|bij) (?:nummer |nr\.? )?(\d{{1,4}}{ADDITION})(?![\d%:€]|[.,]\d|\w| (?:km|minuten|meter|hoog|jaar|"
    rf"dagen|uur|euro|keer))",
    _ANY_CASE,
)


def postbus_facts(text: str) -> Iterator[Fact]:
    for match in _POSTBUS.finditer(text):
        yield Fact(FactKind.STREET, match.group(1), match.start(1), match.end(1), False)
        yield Fact(FactKind.HOUSE_NUMBER, match.group(2), match.start(2), match.end(2), False)


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
    for match in _BARE_STREET.finditer(text):
        name = match.group(match.lastindex or 1)
        of_road = name[0] in "AIBO" and _ENDS.search(name) is not None  # "Aan de Kerkstraat 5" is on Kerkstraat
        if not of_road and not _NUMBERED.search(name):
            yield Fact(FactKind.STREET, name, match.start(), match.start() + len(name), False)
    for pattern in (_STREET_OF, _LOWER_STREET, _STREET) if ends else (_STREET_OF,):
        for match in pattern.finditer(text):
            street = bare_street(text, Fact(FactKind.STREET, match.group(1), match.start(1), match.end(1), False))
            if street.value and not _ENDING.fullmatch(street.value):
                yield street


def bare_street(text: str, street: Fact) -> Fact:
    """Without what stands before it ("Rijswijk aan de Kerkweg", a name on the line above), with the title it has."""
    start = max(street.start, text.rfind("\n", 0, street.end) + 1)
    while (found := _NO_STREET.match(text, start, street.end)) and not _belongs(text, start, found.group()):
        start = found.end()
    start += text.startswith(_QUOTES, start, street.end) and not text.startswith(_LETTERED, start)
    name = text[start : street.end]
    if _NOT_ALONE.match(name) or _NUMBERED.search(name):
        return Fact(FactKind.STREET, "", start, street.end, False)
    if title := _TITLED.search(text, max(start - 30, 0), start):
        start = title.start()
    elif _THEN_NUMBER.match(text, street.end) and (article := _ARTICLE.search(text, max(start - 20, 0), start)):
        start = article.start(1)
    return Fact(FactKind.STREET, text[start : street.end], start, street.end, False)


def _belongs(text: str, start: int, word: str) -> bool:
    """Whether "Van" or "Oude" begins the name of a street: a capital where no sentence begins, or a line of its own."""
    if word == "van ":  # "van der Pekstraat 8" under a name
        return text.startswith(("\nvan de ", "\nvan den ", "\nvan der "), start - 1)
    if not word[0].isupper() or word.rstrip() not in ("Van", "Oude", "Oud", "Nieuwe", "De", "Het", "Op", "In"):
        return False
    line = text[text.rfind("\n", 0, start) + 1 : start].rstrip()
    if not line:
        return start > 0 and " naar " not in text[start : start + 80]
    return line[-1] not in ".!?;"


_ADDRESS_BEFORE_POSTCODE = re.compile(
    rf"(?<![\w-])((?:(?:{_WORD}|op|aan|de|den|het|van|der|ten|ter|in|'t|’t) ){{0,4}}{_WORD})"
    r"(?= \d{1,4}[^\n,]{0,9}[,\s]{1,3}\d{4}(?: ?[A-Z]{2}|[a-z]{2})\b)"
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


_ADDRESS_BEFORE_TOWN = re.compile(
    rf"(?<![\w-])((?:(?:{_WORD}|op|aan|de|den|het|van|der|ten|ter|in|'t|’t) ){{0,3}}{_WORD})"
    rf"(?= [1-9]\d{{0,3}}{ADDITION}(?:,? (?:te|in) |, |\n|(?:,|"
    rf" -)? (?:B-)?[1-9]\d{{3}} )([A-ZÀ-Ý'’][\w'’-]+(?: [A-Za-z][\w'’-]+){{0,2}}))"
)
_NUMBERED = re.compile(
    r"(?:^|\s)(?:bestelling|order|factuur|nota|klant\w*|kamer|nummer|lid\w*|blad\w*|pagina|oplage|maat|groep|huis\w*|"
    r"januari|februari|"
    r"maart|april|mei|juni|juli|augustus|september|oktober|november|december|tafel|zaal|waarborg|borg|windows|"
    r"versie|lokaal|afdeling|punt|dag|week|art\w*|\w+nr|\w+nummer|\w*(?:lev|reserv|inn|verzek|annul|vergad|factur|motiv|registr)ering|\w*varing|storing|paspoort)$",
    _ANY_CASE,
)


def streets_by_town(text: str, known: Callable[[str], bool]) -> Iterator[Fact]:
    """Whatever its name: words with capitals before a number before a town that is known."""
    for match in _ADDRESS_BEFORE_TOWN.finditer(text):
        name, start = match.group(1), match.start(1)
        while (found := _NO_STREET.match(name)) and not _belongs(text, start, found.group()):
            name, start = name[found.end() :], start + found.end()
        if len(name) > 2 and known_part(match.group(2), known) and not _NUMBERED.search(name):
            yield Fact(FactKind.STREET, name, start, start + len(name), False)


_LITTLE_WORD = re.compile(r"(?:op|aan|de|den|het|van|der|ten|ter|in) ")


_HOUSE_TALK = re.compile(r"huis ?n(?:umme)?r|\bnr\b|nummer (?:omge|ver)|\bwoon|\bburen|\bbu(?:u|re)r", _ANY_CASE)
_NOT_THAT = re.compile(
    r"(?<![\w,.€/-])(\d{1,4}[a-zA-Z]?)(?: en|,)? (?:niet?|ipv|i\.p\.v\.|in plaats van|nicht|not) "
    r"(?:op |gewoon |nr\.? |van )?"
    r"(\d{1,4}[a-zA-Z]?)(?![\w%€:/-]|[.,]\d| (?:euro|jaar|stuks|dagen|uur|keer|maanden|weken|personen|maat))"
)


def house_facts(text: str, streets: Sequence[Fact], postcodes: Sequence[Fact]) -> Iterator[Fact]:
    """Numbers right behind a street or a postcode, and announced ones."""
    for street in streets:
        match = _HOUSE.match(text, street.end)
        if match is not None:
            yield _house(match)
            if other := _RATHER.match(text, match.end()):
                yield _house(other)
    for postcode in postcodes:
        match = _AFTER_POSTCODE.match(text, postcode.end)
        if match is not None:
            yield _house(match)
    for announced in (*_ANNOUNCED.finditer(text), *_LIVES_AT.finditer(text), *_NEXT_DOOR.finditer(text)):
        match = announced
        while match is not None:
            yield _house(match)
            match = _ALSO.match(text, match.end(1))
    for pair in _NOT_THAT.finditer(text) if _HOUSE_TALK.search(text) else ():
        for group in (1, 2):
            yield Fact(FactKind.HOUSE_NUMBER, pair.group(group), pair.start(group), pair.end(group), False)


def _house(match: re.Match[str]) -> Fact:
    return Fact(FactKind.HOUSE_NUMBER, " ".join(match.group(1).split()), match.start(1), match.end(1), False)
