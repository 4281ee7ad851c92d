"""Customer, invoice and order numbers: of every number in a message, is it one of these?

They have no check of their own and look like anything; the words around them tell. Every stretch that may be a number
is scored by a log-linear model over what it looks like, the words beside it and the cues in its sentence; where that
leaves a doubt, the second reader says what it takes its pieces for. The number of a request, a ticket, a contract or a
thing is none of these. Fitting is in `train_references`.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple
from zlib import crc32

import numpy as np

from cases.reading import Fact, FactKind
from nlp.change_cues import closings
from nlp.encoder import SHAPELESS, log_shares
from nlp.fact_numbers import phone_facts
from nlp.features import Floats
from nlp.seen_pieces import Look, SeenPieces

KINDS = (None, FactKind.CUSTOMER_NUMBER, FactKind.INVOICE_NUMBER, FactKind.ORDER_NUMBER)
_OURS = [SHAPELESS.index(kind) for kind in KINDS[1:]]  # columns of what the second reader says
_PLAIN = 0.98  # share of the likeliest kind of a stretch from which the second reader is not asked
_WE_SAY, _IT_SAYS, _LEAST_OF_BOTH = 0.35, 0.40, 0.42  # what the log-odds of both count then (held-out writers)
BITS = 16
_MASK = (1 << BITS) - 1
_FAINT = 1e-4  # a chance that is nothing
_LEAST = 0.35  # share of the three kinds from which it is one of them
_MOST = 60  # stretches that are looked at; more is a list
_LONGEST = 40
_REACH = 90  # characters before a number in which a cue counts
_ANY_CASE = re.IGNORECASE

_UNIT = r"(?:nul|een|één|twee|drie|vier|vijf|zes|zeven|acht|negen)"
_IN_WORDS = (
    rf"(?:dubbel {_UNIT}|(?:{_UNIT}(?:en|ën))?(?:twin|der|veer|vijf|zes|zeven|tach|negen)tig|"
    rf"(?:der|veer|vijf|zes|zeven|ach|negen)tien|tien|elf|twaalf|{_UNIT})(?![a-zà-ÿ])"
)
_PIECE = rf"(?:{_IN_WORDS}|\d{{1,6}}(?![\w.,/-]*\d)|(?-i:[A-Z])(?: van [a-zà-ÿ]+)?(?!\w))"
_SHAPES = tuple(  # overlapping ones too: which is the whole number is told by its score
    re.compile(shape, _ANY_CASE)
    for shape in (
        # 448812, KL-20199, 2024/0817.3, W_12
        r"(?<![\w€])(?<!\d[.,])(?:[A-Z]{1,8}[-./_#]?){0,2}\d(?:[A-Z\d]|[-./_#](?=[A-Z\d]))*(?!\w)",
        # RB 0066.41, NL 12 345, zz 40
        r"(?<![\w€./,@-])[A-Z]{1,5} \d{1,5}(?:[./-]\d+)*(?: \d{1,4}){0,3}(?: (?-i:[A-Z]))?(?![\w%])",
        # 12 34 56, 0044 8817/A, 9 9 0 1 4 4
        r"(?<![\w€./,@-])\d{1,5}(?: \d{1,4}){1,7}(?:/[A-Z]{1,2})?(?![\w%])",
        # W-200 418 77, 18 QR
        r"(?<![\w€./,@-])[A-Z]{1,4}[-./]\d{1,5}(?: \d{1,4}){1,3}(?![\w%])",
        r"(?<![\w€./,@-])\d{1,6} (?-i:[A-Z]{1,3})(?![\w%])",
        # WTR 2025 440871, PF 0044 B
        r"(?<![\w€./,@-])[A-Z]{1,5}(?: \d{2,6}){2,3}(?![\w%])",
        # #4411: the sign belongs to it where people wrote it so
        r"(?<!\w)#[A-Z\d][A-Z\d./-]*\d(?!\w)",
        # vier vier acht een twee; 77 dubbel nul 5
        rf"(?<!\w){_PIECE}(?:,? (?:(?:dash|streepje?|slash|punt) )?{_PIECE}){{1,9}}(?![\w%€])",
    )
)
_SPOKEN = len(_SHAPES) - 1
_NEVER = re.compile(  # years from and to, a version or an address on the net, a file
    r"(?:tot|van|sinds|vanaf|in|per|uit|na|voor) (?:19|20)\d\d|(?:19|20)\d\d[-/](?:19|20)\d\d|"
    r"\d{1,3}(?:\.\d{1,3}){3}|\d{1,2}(?:\.\d){2,}|.*\.(?:csv|pdf|docx?|jpe?g|png|zip|txt)",
    _ANY_CASE,
)
_CUES = re.compile(  # what a number is of, and what tells that it is of something else; for text in small letters
    r"(?P<other>ticket|melding|\bmeld|sleutel|betalingsk|sollicit|\bcase|\bchatn|\bart\b|art\.|gutschein|voucher|coupon|"
    r"klacht|verzoek|bezwaar|zaak|offerte|contract|polis|dossier|licentie|licence|overeenkomst|pakbon|packing|kassabon|"
    r"\bbon\b|seri[ea]|model|artikel|product|meter|kenteken|iban|bankrek|rekeningn|kvk|koophandel|btw|\btel\b|telefoon|"
    r"mobiel|versie|fout|error|personeel|\bpers\b|vacature|project|huisn|postcode|claim|incident|proces|schade|vestig|"
    r"ean\b|imei|chassis|frame|certific|install|consent|toestel|(?<!\w)code\b|"
    r"(?:kortings|actie|toegangs|pin|upload|fout|foto|qr|inlog|meld)code|bedrag|bsn|aangifte|parketn|beschikking|"
    r"vergunning|vordering|server|poort\b|\bt(?:rack|race)|barcode|score|api\b|stand\b|lot(?:nummer|en)|kamer|lijn|bus\b|"
    r"vlucht|stoel|wedstrijd|driver|machine|(?:ons|onze|eigen|uw) (?:ref|kenmerk))"
    r"|(?P<invoice>fa[ck]tu|\bfact\b|nota\b|nota['’]?s|rekening|\brek\b|rechnung|invoice|\binv\b|aanmaning|reminder|"
    r"declaratie|kwitantie|credit(?!eur)|voldaan\b)"
    r"|(?P<order>order|bestel|pakket|pakje|pakske|paket|zending|lever(?!anc)|boek|booking|reserv|\bres\b|\bbst\b|"
    r"opdracht|aankoop|gekocht|retour|\brma\b|commande|buchung|inschrijving|vracht|\bpo\b)"
    r"|(?P<customer>klant|relatie|\brel\b|\breln|debiteur|\bdeb(?:nr)?\b|\blid\b|\blid(?:m|n|k)|leden|cli[eë]nt|abb?onn?|"
    r"\babo\b|account(?!ant)|pas(?:nr|nummer|je)?\b|kaart(?:nr|nummer|je)?\b|deelnem|customer|\bcust\b|member|kunden|"
    r"huurd?e?r?s?n|huurder|leerling|student|scholier|\blln|pati[eë]nt|\bpat(?:nr)?\b|donateur|cursist|kandidaat|"
    r"gebruiker|\buser|\buid\b|profiel|login|lezer|lener|eigenaar|verzekerde|begunstig|afnemer|crediteur|"
    r"kind(?:nr|nummer)|"
    r"(?:school|ver(?:enigings)?|bonds|aansluitings|inschrijf|registratie)\.?(?:nr|nummer)|speldje|wikkel|"
    r"adres(?:band|strook|label|drager)|"
    r"\bkl\b|\bklnr|\bbij (?:u|jullie)\b|\b(?:ge)?ken[dt]\b|\bbekend\b|\bsta(?:an)? (?:ik|wij|we)\b|"
    r"\bvind(?:t|en)? (?:u|jullie|je) (?:mij|me|ons)\b)",
)
_BREAK = re.compile(r"(?<!nr)(?<!no)[.!?](?=\s+[A-ZÀ-Ý])|\n\n")
_NAMED = re.compile(r"(nummers?|nrs?|no|number|id|code|kenmerk|#|n°)\W{0,3}(?:is |: ?|= ?)?$", _ANY_CASE)
_NEAR_BEHIND = re.compile(r"[^\d\n]{0,45}")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?|\d[\w./-]*|\n+|[^\w\s]")
_ROW = re.compile(r"[ \t|-]*[A-Z]{0,4}[-./]?\d")
_LETTERS = re.compile(r"[A-Za-z]*")
_OF_A_YEAR = re.compile(r"(?:[A-Za-z]{0,4}[-./]?)?20[0-3][0-9]")
_ENDING = re.compile(r"(?:s|en|n)?(?:nummers?|nrs?|code|kenmerk|id|number|no)$")
_IDLE = (  # between a number and the word that tells of what it is
    "is was het de mijn m mn me onze ons met onder van nr nrs no num nummer nummers number numero numéro code id the "
    "my our ist luidt lautet dat en of and bij jullie u nog op staat kenmerk ref referentie"
)
_OWNERS = "mijn m mn me ons onze uw jullie zijn haar hun my our je jouw"
_WHOSE = frozenset(_OWNERS.split())
_EMPTY = frozenset([*_IDLE.split(), *":.,#(-=–"])


class Stretch(NamedTuple):
    start: int
    end: int
    shape: int


@dataclass(frozen=True)
class References:
    """Weights by hashed feature: 2 ** BITS x kinds."""

    weights: Floats

    def facts(self, text: str, taken: Sequence[Fact], look: Look | None = None) -> Iterator[Fact]:
        """The likeliest first; `taken`: facts of other kinds with a shape of their own; `look`: the second reader."""
        page = Numbers(text, taken)
        if not page.stretches:
            return
        scores = np.array([self.weights[row].sum(axis=0) for row in page.rows()], dtype=np.float32)
        chances, least = np.exp(log_shares(scores)), _LEAST
        if look is not None and chances.max(axis=1).min() < _PLAIN:
            seen = SeenPieces(text, *look(text))
            said = np.array([_seen(seen, one) for one in page.stretches], dtype=np.float32)
            chances, least = np.exp(log_shares(_WE_SAY * scores + _IT_SAYS * said)), _LEAST_OF_BOTH
        used: list[Stretch] = []
        for at in np.argsort(chances[:, 0], kind="stable"):
            if 1 - chances[at, 0] < least:
                break
            one = page.stretches[at]
            if all(one.end <= other.start or other.end <= one.start for other in used):
                used.append(one)
                kind = KINDS[1 + int(chances[at, 1:].argmax())]
                assert kind is not None
                yield Fact(kind, " ".join(text[one.start : one.end].split()).upper(), one.start, one.end, False)


class Numbers:
    """The numbers of a text that may be somebody's, and what is to be seen of each."""

    def __init__(self, text: str, taken: Sequence[Fact]) -> None:
        self.text = text
        self.stretches = list(_stretches(text, taken))[:_MOST]

    def rows(self) -> list[list[int]]:
        """Feature buckets of each stretch, in the same order every run: sums of floats hang on it."""
        return [
            [crc32(name.encode("utf-8", "surrogatepass")) & _MASK for name in dict.fromkeys(self._names(one))]
            for one in self.stretches
        ]

    @cached_property
    def _words(self) -> tuple[list[str], list[int]]:
        found = [(match.group().lower(), match.start()) for match in _WORD.finditer(self.text)]
        return ["9" if word[0].isdigit() else word for word, _ in found], [start for _, start in found]

    @cached_property
    def _told(self) -> list[tuple[str, int, int]]:
        low = self.text.replace("İ", "i").lower()  # no other letter grows when it is made small
        return [(match.lastgroup or "", match.start(), match.end()) for match in _CUES.finditer(low)]

    @cached_property
    def _same(self) -> dict[str, list[int]]:
        """Where the same number stands, however it is spaced."""
        places: dict[str, list[int]] = {}
        for one in self.stretches:
            places.setdefault(_plain(self.text[one.start : one.end]), []).append(one.start)
        return places

    def _near(self, start: int) -> int:
        """From where a cue counts for a number: its sentence, not too far away."""
        return max(start - _REACH, self._sentence(start))

    def _last_cue(self, before: int, since: int = -1) -> str:
        return next((cue for cue, _, end in reversed(self._told) if since < end <= before), "")

    def _block(self, start: int) -> int:
        """Where the rows begin of which this one is: lines under each other that begin with a number."""
        line = self.text.rfind("\n", 0, start) + 1
        if self.text[line:start].strip():
            return start
        while (above := self.text.rfind("\n", 0, max(line - 1, 0)) + 1) < line and _ROW.match(self.text, above):
            line = above
        return line

    @cached_property
    def _breaks(self) -> list[int]:
        return [match.end() for match in _BREAK.finditer(self.text)]

    @cached_property
    def _closings(self) -> list[int]:
        return closings(self.text)

    @cached_property
    def _phones(self) -> list[Fact]:
        return list(phone_facts(self.text))

    def _names(self, one: Stretch) -> Iterator[str]:
        shape = _collapsed(self.text[one.start : one.end])
        yield ""
        yield from self._looks(one, shape)
        yield from self._beside(one, shape)
        yield from self._cued(one, shape)
        yield from self._placed(one, shape)

    def _looks(self, one: Stretch, shape: str) -> Iterator[str]:
        """What it looks like itself."""
        value = self.text[one.start : one.end]
        digits, letters = sum(map(str.isdigit, value)), _match(_LETTERS, value).lower()
        yield from (f"n{one.shape}", f"s{_signs(value)}", f"S{shape}", f"l{len(value)}", f"p{letters[:5]}")
        yield from (f"d{min(digits, 12)}", f"d{min(digits, 12)}{value.isdigit()}", f"P{bool(letters)}{min(digits, 6)}")
        yield from (f"y{_OF_A_YEAR.match(value) is not None}{len(value) > 4}", f"0{value[0] == '0'}{min(digits, 11)}")

    def _beside(self, one: Stretch, shape: str) -> Iterator[str]:
        """The words before and behind, and parts of those that tell most."""
        before, behind = self._before(one.start), self._behind(one.end)
        yield from (f"b{place}{word}" for place, word in enumerate(before[:4]))
        yield from (f"B{word}" for word in before[:8])
        yield from (f"a{place}{word}" for place, word in enumerate(behind[:3]))
        yield from (f"A{word}" for word in behind[:6])
        yield from (f"b2{before[:2]}", f"b3{before[:3]}", f"bs{before[:1]}{shape}", f"a2{behind[:2]}")
        yield f"ba{before[:1]}{behind[:1]}"
        for place, word in enumerate([word for word in before if len(word) > 2 and word.isalpha()][:3]):
            for size in (3, 4, 5, 6):
                yield from (f"c{place}{word[:size]}", f"C{word[:size]}")
            yield from (f"e{place}{word[-size:]}" for size in (2, 4, 6))
        for place, word in enumerate([word for word in behind if len(word) > 2 and word.isalpha()][:2]):
            yield from (f"f{place}{word[:4]}", f"f{place}{word[:6]}")
        stem, away = _telling(before)
        yield from (f"t{stem}", f"t{stem}{away}", f"ts{stem}{shape}")
        yield from self._named_by(before)
        yield from (f"g{part}" for part in _parts(stem, (3, 4, 5)))
        stem, _ = _telling([word for word in behind if word != "9"])
        yield f"u{stem}"
        yield from (f"v{part}" for part in _parts(stem, (4, 5)))

    def _named_by(self, before: Sequence[str]) -> Iterator[str]:
        """By a word that ends in "-nummer" or the like: of what sort it is, whose it is said to be."""
        for away, word in enumerate(before[:5]):
            ending = _ENDING.search(word)
            if ending is not None:
                stem = word[: ending.start()]
                cue = _CUES.search(word)
                whose = next((other for other in before[away + 1 : away + 4] if other in _WHOSE), "")
                known = cue.lastgroup if cue is not None else f"{bool(stem)}"
                yield from (f"N{known}", f"N{known}{away}", f"N{known}{ending.group()}", f"NW{known}{whose}")
                return

    def _cued(self, one: Stretch, shape: str) -> Iterator[str]:
        """What the words that tell of numbers say, in its sentence, right behind it and in the whole message."""
        begin = self._near(one.start)
        before = [(cue, end) for cue, _, end in self._told if end <= one.start]
        here = [(cue, end) for cue, end in before if end > begin]
        last, other = (here[-1][0] if here else ""), (here[-2][0] if len(here) > 1 else "")
        away = min((one.start - here[-1][1]) // 4, 6) if here else 9
        value = self.text[one.start : one.end]
        letters, digits = _match(_LETTERS, value).lower()[:3], min(sum(map(str.isdigit, value)), 6)
        idle = bool(here) and _EMPTY.issuperset(self._between(here[-1][1], one.start))
        yield from (f"q{last}", f"q{last}{away}", f"qq{last}{other}", f"qs{last}{shape}", f"qp{last}{letters}")
        yield from (f"qd{last}{min(away, 3)}{digits}{value.isdigit()}", f"qi{last}{idle}", f"qi{last}{idle}{digits}")
        yield from (f"qb{last}{self._before(one.start)[:1]}", f"qf{before[-1][0] if before else ''}{last}")
        near = _NEAR_BEHIND.match(self.text, one.end)
        reach = near.end() if near is not None else one.end
        behind = next((cue for cue, start, end in self._told if start >= one.end and end <= reach), "")
        yield from (f"r{behind}", f"r{last}{behind}", f"rd{last}{behind}{digits}{value.isdigit()}")
        kinds = sorted({cue for cue, _, _ in self._told})
        yield from (f"k{kind}" for kind in kinds)
        yield f"k{kinds}"
        others = [place for place in self._same.get(_plain(value), ()) if place != one.start]
        yield from (f"V{self._last_cue(place, self._near(place))}" for place in others)
        block = self._block(one.start)
        if block != one.start:
            above = self._last_cue(block)
            yield from (f"G{above}", f"G{above}{shape}")
        named = _NAMED.search(self.text, max(one.start - 20, 0), one.start)
        yield f"m{named is not None}{last}"
        if named is not None:
            far = before[-1][0] if before else ""
            yield from (f"m{named.group(1).lower()}", f"m{last}{away > 2}", f"mf{far}{last}", f"mf{far}{last}{digits}")

    def _placed(self, one: Stretch, shape: str) -> Iterator[str]:
        """Where it stands: on its line, in the signature, in a row with another, within another."""
        text = self.text
        begin, end = text.rfind("\n", 0, one.start) + 1, text.find("\n", one.end)
        first = not text[begin : one.start].strip()
        final = not text[one.end : end if end >= 0 else len(text)].strip(" .,)")
        yield from (f"L{first}", f"E{final}", f"LE{first}{final}", f"z{any(at <= one.start for at in self._closings)}")
        near = [other for other in self.stretches if other.start < one.end and one.start < other.end]
        longer = any(other.end - other.start > one.end - one.start for other in near)
        shorter = any(other.end - other.start < one.end - one.start for other in near)
        yield f"o{longer}{shorter}{one.shape}"
        before = [other for other in self.stretches if other.end <= one.start]
        if before:
            row = max(before, key=lambda other: other.end)
            gap = text[row.end : one.start].lower()
            if len(gap) < 12:
                like = _collapsed(text[row.start : row.end]) == shape
                yield from (f"w{gap}", f"w{gap.strip()}{like}", f"wt{_telling(self._before(row.start))[0]}")
        yield f"h{any(phone.start <= one.start and one.end <= phone.end for phone in self._phones)}"
        yield from (f"x{text[max(one.start - size, 0) : one.start]}" for size in (1, 2))
        yield from (f"X{text[one.end : one.end + size].lower()}" for size in (1, 3))

    def _before(self, start: int) -> list[str]:
        """The nearest first."""
        words, starts = self._words
        at = bisect_left(starts, start)
        return words[max(at - 9, 0) : at][::-1]

    def _behind(self, end: int) -> list[str]:
        words, starts = self._words
        at = bisect_left(starts, end)
        return words[at : at + 7]

    def _between(self, start: int, end: int) -> list[str]:
        words, starts = self._words
        return words[bisect_left(starts, start) : bisect_left(starts, end)]

    def _sentence(self, start: int) -> int:
        at = bisect_left(self._breaks, start + 1)
        return self._breaks[at - 1] if at else 0


def _seen(seen: SeenPieces, one: Stretch) -> Floats:
    """What the second reader takes a stretch for: logarithms, in the order of `KINDS`; alike where it saw nothing."""
    chances = seen.chances[seen.within(one.start, one.end)]
    none = 1 - chances[:, _OURS].sum(axis=1, keepdims=True)
    said = np.log(np.maximum(np.hstack([none, chances[:, _OURS]]), _FAINT))
    return said.mean(axis=0) if len(said) else np.zeros(len(KINDS), dtype=np.float32)


def _stretches(text: str, taken: Sequence[Fact]) -> Iterator[Stretch]:
    seen: set[tuple[int, int]] = set()
    for number, shape in enumerate(_SHAPES):
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


def _plain(value: str) -> str:
    return "".join(filter(str.isalnum, value)).upper()


def _signs(value: str) -> str:
    """How it is written: "A" and "a" for letters, "9" for digits."""
    return "".join("9" if c.isdigit() else "A" if c.isupper() else "a" if c.isalpha() else c for c in value)


def _collapsed(value: str) -> str:
    return re.sub(r"(.)\1+", r"\1", _signs(value))


def _telling(words: Sequence[str]) -> tuple[str, int]:
    """The nearest word that may tell of what a number is, without its "-nummer", and how far away it stands."""
    for away, word in enumerate(words):
        if word in (".", "!", "?", "\n\n"):
            break
        if word[0].isalpha() and word not in _EMPTY and (stem := _ENDING.sub("", word)):
            return stem, away
    return "", 9


def _parts(stem: str, sizes: Sequence[int]) -> list[str]:
    marked = f"<{stem}>"
    return [marked[at : at + size] for size in sizes for at in range(len(marked) - size + 1)]


def _match(pattern: re.Pattern[str], value: str) -> str:
    found = pattern.match(value)
    return found.group() if found is not None else ""
