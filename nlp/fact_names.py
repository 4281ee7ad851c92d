"""Names by what announces them ("mijn naam is", a greeting at the end), and tidying of what the tagger found."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from cases.reading import Fact, FactKind

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
_TITLED = re.compile(
    r"(?<![\w-])(?i:(?:de |den )?heer|dhr\.?|hr\.|mevrouw|mevr\.?|mw\.?|meneer|mijnheer|juffrouw|drs\.|dr\.|"
    r"mr\.|familie|fam\.|frau|herr)"
    rf" ((?:(?:[A-ZÀ-Ý][a-z]?\.){{1,4}} ?)?(?:(?i:van|de|den|der|ten|ter|el|al|von|'t|’t|in|"
    rf"op) ){{0,3}}{_PART}(?: (?:{_BETWEEN}|{_PART}))"
    r"{0,3})"
)
_NO_NAME = re.compile(r"(?:De|Het|Ik|Wij|Bij|In|Op|Van|U|Uw|Mijn|Dames?|Heren|Herr|Frau|Mevrouw|Directeur|Voorzitter)$")
_TRAILING = re.compile(r"[ ,]+(?:van|de|den|der|het|ten|ter|op|in|te|en|la|le|el|al|von|di|'t|&|-)$", re.IGNORECASE)
_TITLE = re.compile(
    r"(?:dhr|de heer|heer|mevrouw|mevr|mw|meneer|mijnheer|drs|dr|ir|mr|ing|prof|familie|fam|inspecteur|weduwe|"
    r"groet(?:en|jes)?|gr)\.?\s+",
    re.IGNORECASE,
)


def name_facts(text: str) -> Iterator[Fact]:
    patterns = [_SIGNED, _TITLED]
    if any(words in text.lower() for words in _SAID_WORDS):
        patterns.append(_SAID)
    for pattern in patterns:
        for match in pattern.finditer(text):
            if not _NO_NAME.match(match.group(1)):
                yield from _fact(FactKind.NAME, text, match.start(1), match.end(1))


def tidied(text: str, spans: Sequence[tuple[FactKind, int, int]]) -> list[Fact]:
    """Titles before a name and loose ends behind it do not belong to it."""
    joined: list[tuple[FactKind, int, int]] = []
    for kind, start, end in spans:
        if joined and joined[-1][0] is kind is FactKind.NAME and text[joined[-1][2] : start] == " ":
            joined[-1] = (kind, joined[-1][1], end)
        else:
            joined.append((kind, start, end))
    return [fact for kind, start, end in joined for fact in _fact(kind, text, start, end)]


def _fact(kind: FactKind, text: str, start: int, end: int) -> Iterator[Fact]:
    if kind is FactKind.NAME:
        while (title := _TITLE.match(text, start, end)) is not None and title.end() < end:
            start = title.end()
        while (loose := _TRAILING.search(text, start, end)) is not None and loose.start() > start:
            end = loose.start()
    value = " ".join(text[start:end].split())
    if len(value) > 1 and any(map(str.isalpha, value)):
        yield Fact(kind, value, start, end, False)
