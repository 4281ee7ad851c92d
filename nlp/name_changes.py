"""Names and salutations as they stand in a correction: misspelt, in quotes, in lower case, with a title.

Other kinds of values are facts first (`changes`). Here every stretch that may be meant is given; which one was and
which one is to be is told by the words around (`change_roles`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import combinations

from cases.reading import Fact, FactKind
from nlp.change_cues import CLASS
from nlp.tokens import Token

ALIKE = 0.7  # share of characters

_BETWEEN = r"van|v/d|v\.d\.|de|den|der|het|ten|ter|te|el|al|von|zu|op|in|'t|’t|la|le|di|da|do|dos|bin|ben|y"
_INITIALS = r"(?:[A-ZÀ-ÝĀ-Ž][a-z]?\.[ ]?){1,5}(?:[A-ZÀ-ÝĀ-Ž]\b)?"
_CAPITAL = r"[A-ZÀ-ÝĀ-Ž](?:[\w]|['’¶¼-](?=\w))*"
_RUN = re.compile(
    rf"(?<![\w@.-])(?:(?:{_INITIALS})|(?:(?:{_BETWEEN}) ){{0,3}}{_CAPITAL})"
    rf"(?:(?: (?:(?:{_BETWEEN}|&|en) ){{0,3}}| ?- ?| ?)(?:{_INITIALS}|{_CAPITAL}(?![@])))*(?: ?[BN]\.V\.)?"
)
_QUOTE = re.compile(
    r"(?:^|(?<=[\s(:=/,]))[\"“„”‘’'«](?P<q>[^\s\"“”„\n](?:[^\"“”„«»\n]{0,48}?[^\s\"“”„\n])?)[.,]?[\"”’'“»](?!\w)", re.M
)
_LEADING = re.compile(
    r"(?:(?:Beste|Geachte|Dag|Hallo|Hoi|Dear|Met|Groet(?:en|jes)?|Mvg|Gr|Het|Ik|Wij|Bij|In|Op|U|Uw|Mijn|Mij|Onze|"
    r"Naam|Nu|"
    r"Graag|Wilt|Kunt|En|Maar|Niet|Als|Dat|Er|Voor|Namens|Zij|Hij|Is|Moet|Per|Sinds|Hi|Hey|Goedemiddag|Goedemorgen|"
    r"Contactpersoon|Nieuw|Nieuwe|Oud|Oude|Achternaam|Voornaam|Klantnummer|Zijn|Haar|Ze|Jullie|Die|Welkom|Facturen|Jij|"
    r"Beste|Bedrijfsnaam|Tenaamstelling|Bedankt|Dank|Alvast|Geen|Dit|Sorry|Hierbij|Volgens|Ook|Verder|Zou|Kan|Kun|Zet|"
    r"Heer|Mevrouw|Meneer|Mijnheer|Mevr\.?|Mw\.?|Mej\.?|Dhr\.?|Hr\.?|Fam\.?|Familie|de heer|heer|mevrouw|Herr|"
    r"Frau|Mr|Mrs|Ms|"
    r"Drs\.?|Ir\.?|Dr\.?|Mr\.?|Juf|Meester|Team|Afdeling|Vriendelijke|Eerst|Daar|Waar|Wat|Hoe|Wie|Since|My|The|"
    r"Please|It|Mein)"
    r"(?![\w'’-])[.,]? ?)+"
)
_TITLE = (
    r"(?:mevrouw|mevr\.?|mvr\.?|mw\.?|mej\.?|mejuffrouw|juffrouw|meneer|mijnheer|de heer|den heer|dhr\.?|hr\.|"
    r"heer|drs\.?|ir\.|"
    r"dr\.|mr\.?|mrs\.?|ms\.?|mx\.?|ing\.|prof\.|fam\.?|familie|(?:de )?erven(?: van)?|weduwe|frau|herr|team|hen|"
    r"hij|zij|die)"
)
_SALUTED = re.compile(
    rf"(?<![\w.-])(?:(?P<greeting>geachte?|beste|lieve|dear|sehr geehrter?|"
    rf"sehr geehrte) )?(?P<title>{_TITLE}(?: (?:en|of|/) {_TITLE})?)"
    rf"(?![\w@-])(?P<name> ?(?:(?:{_INITIALS} ?)?(?:(?:{_BETWEEN}) ){{0,3}}{_CAPITAL}(?: (?:{_BETWEEN}|"
    rf"{_CAPITAL}))*))?",
)
_SALUTED_ANY = re.compile(_SALUTED.pattern, re.IGNORECASE)
_GREETED = re.compile(
    rf"(?<![\w.-])(?:Geachte?|Beste|Lieve|Dear|Hallo|Hoi|Dag) (?:dokter |heer |mevrouw )?(?:{_CAPITAL}|"
    rf"team)(?: (?:en |{_BETWEEN} )*{_CAPITAL})*"
)
ABOUT_SALUTATION = re.compile(
    r"aanhef|aanspre|spreek|aangesproken|aanschrijf|aangeschreven|\bschrijf|gericht aan|mevrouw|mevr\b|meneer|"
    r"\bdhr|de heer|\bheer\b|"
    r"\bfam\b|familie|titel|vrouw|\bman\b|geslacht|voornaamwoord|\bmw\b|dear|salutation|brief|envelop",
    re.IGNORECASE,
)
_ABOUT = re.compile(
    r"naam|heet|heten|genoemd|spel|schrijf|geschreven|voorletter|initialen|t\.n\.v|contact|name\b|nom\b|meneer|"
    r"mevrouw|noem",
    re.IGNORECASE,
)
_SHORT = 40  # words of a message that is about little else
_LETTERS = re.compile(r"^[^\W\d_][\w'’.-]*[\w.]$")
_BEGINS = re.compile(r"(?:^|[.!?\n] ?|^[ >*•-]+)$")
_PARTICLES = frozenset(_BETWEEN.split("|"))
_SMALL_WORDS = (
    "een die dat dit deze daar hier hij zij ze hem haar hun wie wat hoe waar wanneer want omdat als dan toch "
    "meer heel hele alle alles brief brieven post factuur facturen pakket pakje straat nummer mail huis deur "
    "brood man vrouw zoon dochter the with heer mevrouw meneer over bij om tot per voor achter bijna elke "
    "keer jaar dag week maand dus wilt kunt kan kunnen zou zal gaat komt doet mee uit open stad klant bestand "
    "systeem site vast door der ook even nog er af op broer zus moeder vader gegevens dank groet groetjes "
    "alvast bedankt graag hallo hoi goedemiddag goedendag met"
)
_COMMON = (frozenset(CLASS) | frozenset(_SMALL_WORDS.split())) - _PARTICLES
_TURNS = frozenset({"not", "but", "instead", "to", "of", "must", "good", "is", "stands", "called", "old", "new"})
_LOOSE = re.compile(r"(?:het|op|in|te|en|y|da|do|als|dan) (?=\S)")
_FIRST = re.compile(r"(?:De|Van|Den|Nu|Eerst|de|van) ")  # of a name, or of a sentence
_MAYBE = frozenset({FactKind.PLACE, FactKind.STREET})  # a surname may be taken for one
_ABBREVIATED = re.compile(r"\b[A-ZÀ-Ý]\.$|[BN]\.V\.$")
_LETTERS = re.compile(r"^[^\W\d_][\w'’.-]*[\w.]$")


def name_spans(text: str, facts: Sequence[Fact], tokens: Sequence[Token]) -> Iterator[tuple[int, int, str]]:
    """Where a name may stand, and how it shows: as a fact, in quotes, with capitals, in a turn of phrase, alike."""
    taken = [(fact.start, fact.end, fact.kind in _MAYBE) for fact in facts if fact.kind is not FactKind.NAME]
    for first, last, source in _name_spans(text, facts, tokens):
        start, end = _bare(text, first, last)
        if end - start < 2:
            continue
        over = [(at, to, maybe) for at, to, maybe in taken if start < to and at < end]
        if not over or source == "quoted" or all(maybe and (start < at or to < end) for at, to, maybe in over):
            yield start, end, source


def _bare(text: str, start: int, end: int) -> tuple[int, int]:
    """Without the title and the words before a name, and the full stop behind it."""
    for pattern in (_LEADING, _LOOSE):
        if (lead := pattern.match(text, start, end)) is not None:
            start = lead.end()
    end = start + len(text[start:end].rstrip())
    if text[end - 1 : end] == "." and not _ABBREVIATED.search(text, start, end):
        end -= 1
    return start, end


def _name_spans(text: str, facts: Sequence[Fact], tokens: Sequence[Token]) -> Iterator[tuple[int, int, str]]:
    for fact in facts:
        if fact.kind is FactKind.NAME:
            yield fact.start, fact.end, "tagged"
    for match in _QUOTE.finditer(text):
        yield *match.span("q"), "quoted"
    for match in _RUN.finditer(text):
        start, end = match.span()
        if (
            _BEGINS.search(text, max(start - 3, 0), start)
            and " " not in match.group().strip()
            and text[end : end + 1] not in "\n"
        ):
            continue  # any word is large there
        yield start, end, "capitals"
        if (first := _FIRST.match(text, start, end)) and first.end() < end:
            yield first.end(), end, "capitals"
        if (both := text.find(" en ", start, end)) > 0:
            yield start, both, "capitals"
            yield both + 4, end, "capitals"
    if len(tokens) < _SHORT or _ABOUT.search(text):
        yield from _small_words(tokens)
        yield from _alike_words(tokens)


def _small_words(tokens: Sequence[Token]) -> Iterator[tuple[int, int, str]]:
    """Names without capitals: uncommon words beside a word that turns one value into another."""
    before: tuple[int, int] | None = None  # the words before the turn
    at = 0
    while at < len(tokens):
        first = at
        while at < len(tokens) and at - first < 4 and _uncommon(tokens[at]):
            at += 1
        last = at
        while last > first and tokens[last - 1].low in _PARTICLES:
            last -= 1
        if last > first:
            if any(_turns(tokens, number) for number in (first - 1, at)):
                yield tokens[first].start, tokens[last - 1].end, "small"
            if before and first - before[1] <= 3 and all(_turns(tokens, number) for number in range(before[1], first)):
                for one, two in (before, (first, last)):  # "van x naar y": of the name, or before it
                    begin = one + (tokens[one].low == "van" and two - one > 1 and one == before[0])
                    yield tokens[begin].start, tokens[two - 1].end, "turned"
            before = first, last
        at = max(at, first + 1)


def _turns(tokens: Sequence[Token], number: int) -> bool:
    """A word between an old and a new value."""
    return 0 <= number < len(tokens) and (CLASS.get(tokens[number].low) in _TURNS or tokens[number].text in ",\"'“”")


def _uncommon(token: Token) -> bool:
    return token.text[0].islower() and token.low not in _COMMON and (len(token.low) > 2 or token.low in _PARTICLES)


def titles_alone(old: str, new: str) -> tuple[str, str]:
    """ "dhr. Bos" and "mevr. Bos": the name is not what changes."""
    one, two = _SALUTED_ANY.match(old), _SALUTED_ANY.match(new)
    if one and two and one["name"] and one["name"] == two["name"] and one.end() == len(old) and two.end() == len(new):
        return one["title"], two["title"]
    return old, new


def _alike_words(tokens: Sequence[Token]) -> Iterator[tuple[int, int, str]]:
    """Pairs of words that are two spellings of one; in a long message one of them with a capital."""
    words: dict[str, Token] = {}
    for token in tokens:
        if len(token.text) > 3 and token.low not in _COMMON and _LETTERS.match(token.text):
            words.setdefault(token.low, token)
    places = {low: number for number, low in reversed(list(enumerate(token.low for token in tokens)))}
    edges: dict[str, list[str]] = {}
    for low in words:
        for edge in (f"{low[:2]}-", f"-{low[-2:]}"):
            edges.setdefault(edge, []).append(low)
    for same in edges.values():
        for one, two in combinations(same, 2):
            if len(words) > _SHORT and not (words[one].text[0].isupper() or words[two].text[0].isupper()):
                continue
            if _ends_alike(one, two) and SequenceMatcher(None, one, two, autojunk=False).ratio() >= ALIKE:
                yield from _with_same(tokens, places[one], places[two])


def _with_same(tokens: Sequence[Token], one: int, two: int) -> Iterator[tuple[int, int, str]]:
    """The two words, and with the names that stand before or behind both: "marieke vos", "marijke vos"."""
    for before, behind in ((0, 0), (1, 0), (0, 1)):
        spans = [(at - before, at + behind) for at in (one, two)]
        if before or behind:
            other = [tokens[first if before else last] for first, last in spans if first >= 0 and last < len(tokens)]
            if len({token.low for token in other}) != 1 or len(other) < 2 or not _LETTERS.match(other[0].text):
                continue
            if other[0].low in _COMMON or other[0].low in _PARTICLES:
                continue
        for first, last in spans:
            yield tokens[first].start, tokens[last].end, "alike"


def _ends_alike(one: str, two: str) -> bool:
    """Half of the letters, counted from both ends: cheap, and most misspellings have it."""
    if abs(len(one) - len(two)) > 3:
        return False
    least = min(len(one), len(two))
    first = next((at for at in range(least) if one[at] != two[at]), least)
    last = next((at for at in range(least - first) if one[-1 - at] != two[-1 - at]), least - first)
    return 2 * (first + last) >= max(len(one), len(two))


def salutation_spans(text: str) -> Iterator[tuple[int, int, str]]:
    """Titles, with and without what stands around them."""
    if not ABOUT_SALUTATION.search(text):
        return
    for match in _SALUTED_ANY.finditer(text):
        start, end = match.span("title")
        yield start, end, "title"
        if match["name"] and (proper := _SALUTED.match(text, match.start())) and proper["name"]:
            yield start, proper.end(), "titled"
    for match in _GREETED.finditer(text):
        yield *match.span(), "greeted"
    for match in _QUOTE.finditer(text):
        if _SALUTED_ANY.match(match["q"]) or _GREETED.match(match["q"]):
            yield *match.span("q"), "quoted"


_WORDS = re.compile(r"[^\s,]+")
_MOST_WORDS = 6  # of a name
_SORTS = (
    ("both", re.compile(r"heer (?:en|/|of) mevr|dhr\.? (?:en|/) mevr|fam|erven|team", re.IGNORECASE)),
    ("she", re.compile(r"mevr|\bmw|juf|mej|mrs|\bms\b|zij|frau|mvr", re.IGNORECASE)),
    ("he", re.compile(r"heer|dhr|\bhr|\bhij|herr", re.IGNORECASE)),
    ("degree", re.compile(r"\b(?:drs?|ir|mr|ing|prof)\b", re.IGNORECASE)),
)


def title_sort(title: str) -> str:
    """Of a man, a woman, several people, or a degree."""
    return next((name for name, pattern in _SORTS if pattern.search(title)), "other")


def part_alike(old: str, new: str) -> str:
    """Of the old name the words that the new one spells anew: "F.A.M. Cryns" becomes "Crijns", the initials stay."""
    words = [match.span() for match in _WORDS.finditer(old)]
    if (
        not len(_WORDS.findall(new)) < len(words) <= _MOST_WORDS or "-" in old
    ):  # of two names joined by marriage one goes: the whole is old
        return old
    parts = [old[words[first][0] : words[last][1]] for first in range(len(words)) for last in range(first, len(words))]
    best = max(parts, key=lambda part: (_alike(part, new), len(part)))
    return best if max(ALIKE, _alike(old, new)) < _alike(best, new) < 1 else old


def _alike(one: str, two: str) -> float:
    left, right = ("".join(filter(str.isalnum, name)).lower() for name in (one, two))
    return SequenceMatcher(None, left, right, autojunk=False).ratio()
