"""Corrections of names and salutations: the words themselves say what is wrong and what is right.

Names in a correction are often misspelt, in quotes, or in lower case, so patterns take the values; other kinds of
values are facts first (`changes`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from cases.reading import Change

_WORD = (
    r"(?!(?:en|maar|niet|met|zonder|is|was|het|dat|de heer|moet|zijn|in|op|als|of|naar|ipv|wilt|kan|"
    r"kunt|graag)\b)[A-Za-zÀ-ÿĀ-ž'’.-]+"
)
_CAPITAL = r"(?:[A-ZÀ-ÝĀ-Ž][\w'’-]*\.?|van|de|den|der|ter|ten|el|al|von|te)"
_QUOTED = r"[\"“„‘'](?P<{0}q>[^\"”’'\n]{{2,50}})[\"”’']"
_PROPER = rf"(?P<{{0}}p>(?:{_CAPITAL} ){{{{0,4}}}}[A-ZÀ-ÝĀ-Ž][\w'’-]+)"
_LOWER = rf"(?P<{{0}}l>{_WORD}(?: {_WORD}){{{{0,2}}}}?)"


def _value(name: str, *, lower: bool = False) -> str:
    ways = [_QUOTED.format(name), _PROPER.format(name)]
    if lower:
        ways.append(_LOWER.format(name))
    return rf"(?:(?:dhr|mevr|mw|fam|mr|drs)\.? )?(?:{'|'.join(ways)})"


_ABOUT = re.compile(
    r"\b(?:\w*naam|heet\w*|heten|genoemd|gespeld|geschreven|schrijf\w*|spell\w*|voorletters?|"
    r"initialen|tenaamstelling|t\.n\.v|aanhef|surname|name\b|prénom|nom\b|dhr|mevr|mevrouw|meneer)",
    re.IGNORECASE,
)
_CONTACT = re.compile(r"\bcontact ?persoon|\baanspreekpunt", re.IGNORECASE)
_END = r"(?=$|[\s.,;:!?)])"
_FLAGS = re.MULTILINE
_OLD_NEW = (
    rf"\b(?i:naam|voornaam|achternaam)\b[^\n]{{0,40}}?\b(?i:van) {_value('o', lower=True)} (?i:naar|"
    rf"in) {_value('n', lower=True)}(?=$|[.,;:!?)]| (?:en|kan|wilt|graag|want|omdat|sinds)\b| \()",
    rf"\b(?i:niet) {_value('o')},?(?: (?i:maar)|:| -)(?: (?i:gewoon|wel|met))? {_value('n')}{_END}",
    rf"(?i:staat|stond|sta ik|schrijft|schrijven|noemen|noemt|aangeschreven|prijkt|geadresseerd|"
    rf"gericht|heette|vermeld|genoteerd|opgenomen|binnen op|gespeld als|als)"
    rf"[^\n.!?]{{0,40}}? {_value('o')}[^\n]{{0,60}}?(?i:moet(?: dat| het)?(?: zijn)?|maar het is|het "
    rf"is|dat is|ik heet|heten?(?: \w+){{0,3}}|luidt|is dat(?: officieel| nu)?|wordt|worden|correct is|"
    rf"juist is|moet dus)[:,]?(?: (?i:nu|wel|gewoon|met een \w+|mevrouw|meneer))?[: "
    rf"]+{_value('n')}{_END}",
    rf"{_value('o')}(?: (?i:zonder|met)(?: een)? \w+)?,? (?i:moet|wordt|naar|moet zijn|hoort te "
    rf"zijn)(?: (?i:zijn|worden|gewoon))? {_value('n')}{_END}",
    rf"{_value('o')} ?(?:→|->|=>|>) ?{_value('n')}{_END}",
)
_NEW_OLD = (
    rf"{_value('n')}(?: [^\n.]{{0,20}}?)?,? (?i:ipv|i\.p\.v\.|in plaats van|en niet(?: meer)?|niet|not|"
    rf"et pas|instead of|en geen) {_value('o')}{_END}",
    rf"{_value('n')}[.,] [^\n]{{0,30}}?(?i:staat|stond|geschreven|hebben jullie|heeft u)(?: "
    rf"\w+){{0,3}}? {_value('o')}{_END}",
)
_NEW = (
    rf"\b(?i:naam|voornaam|achternaam)\b[^\n.]{{0,30}}?(?i:is nu|is voortaan|wordt|moet(?: zijn)?|moet "
    rf"worden|is veranderd in|wijzigen in|aanpassen naar|veranderen naar|in) {_value('n')}{_END}",
)
_SALUTATION = (
    r"(?P<{0}>(?:mevrouw|mevr\.?|mw\.?|meneer|mijnheer|de heer|dhr\.?|heer|drs\.?|dr\.?|mr\.?|mrs|ms|zij|hij|hen))"
)
_SIR, _MADAM = r"(?:de heer|meneer|mijnheer|dhr\.?)", r"(?:mevrouw|mevr\.|mw\.)"
_SALUTATIONS = (
    re.compile(
        rf"\b(?:geen|niet) [\"“]?{_SALUTATION.format('o')}[\"”]?,? maar (?:een |gewoon "
        rf")?[\"“]?{_SALUTATION.format('n')}\b",
        re.IGNORECASE,
    ),
    re.compile(
        rf"\b{_SALUTATION.format('n')},? (?:en )?(?:geen|niet) [\"“]?{_SALUTATION.format('o')}\b", re.IGNORECASE
    ),
    re.compile(
        rf"\b(?:aanhef|"
        rf"aanspreekvorm)\b[^\n.]{{0,50}}?[\"“]?{_SALUTATION.format('o')}[\"”]?[^\n.]{{0,30}}?\b(?:moet|"
        rf"wordt|in|naar|→)(?: \w+)?? [\"“]?{_SALUTATION.format('n')}\b",
        re.IGNORECASE,
    ),
    *(
        re.compile(
            rf"\b(?P<o>{old})\b.{{0,90}}?\b(?:ik ben|het is|is (?:een|ze)|moet|mag|maak\w*|graag|worden?t?|zet)\b"
            rf"[^.\n]{{0,40}}?[\"“]?\b(?P<n>{new})",
            re.IGNORECASE | re.DOTALL,
        )
        for old, new in ((_SIR, _MADAM), (_MADAM, _SIR))
    ),
    re.compile(
        rf"\baanhef\b[^\n.]{{0,20}}?\b(?:in|naar|moet|wordt|is)(?: zijn)? [\"“]?{_SALUTATION.format('n')}\b",
        re.IGNORECASE,
    ),
)


def name_changes(text: str) -> list[Change]:
    if not _ABOUT.search(text) or _CONTACT.search(text):  # another person, not another spelling
        return []
    found: list[Change] = []
    for old, new in _names(text):
        if old != new and len(new) > 1:
            found.append(Change("name", old, new))
            break
    return found


def salutation_changes(text: str) -> list[Change]:
    found: list[Change] = []
    for pattern in _SALUTATIONS if _ABOUT.search(text) else ():
        if match := pattern.search(text):
            named = match.groupdict()
            found.append(Change("salutation", named.get("o"), named["n"]))
            break
    return found


def _names(text: str) -> Iterator[tuple[str | None, str]]:
    for patterns in (_OLD_NEW_COMPILED, _NEW_OLD_COMPILED):
        for pattern in patterns:
            if match := pattern.search(text):
                yield _taken(match, "o"), _taken(match, "n")
    for pattern in _NEW_COMPILED:
        if match := pattern.search(text):
            yield None, _taken(match, "n")


def _taken(match: re.Match[str], name: str) -> str:
    value = next(value for way in "qpl" if (value := match.groupdict().get(name + way)))
    return value.rstrip(".") if not re.search(r"\b[A-Z]\.$", value) else value


_OLD_NEW_COMPILED = tuple(re.compile(pattern, _FLAGS) for pattern in _OLD_NEW)
_NEW_OLD_COMPILED = tuple(re.compile(pattern, _FLAGS) for pattern in _NEW_OLD)
_NEW_COMPILED = tuple(re.compile(pattern, _FLAGS) for pattern in _NEW)
