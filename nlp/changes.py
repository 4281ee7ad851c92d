"""Corrections: which value was, which value is to be. Built on the facts of a message and the words around them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from cases.reading import Change, Fact, FactKind
from nlp.change_roles import Option, Page, Role, Roles, Unit
from nlp.change_seen import SeenChanges
from nlp.change_units import FIELDS, page_of
from nlp.features import Floats
from nlp.name_changes import part_alike, titles_alone
from nlp.seen_pieces import Look
from nlp.word_features import is_town

_EAGER, _EAGER_ALONE = 0.6, 0.1  # a pair that is nearly sure is better shown than left out; one without an old less so
_TURNED = 3.0  # then a pair on both sides of a turning word is likelier than anything else
_AT_LEAST = 1.5  # the likeliest is believed so much more where nothing else is found
_ALONE = 2  # of a family are asked
_PAIRS = 7
_SAME_PERSON = 3  # so alike: another spelling
_SEEN = 0.3  # what the second reader's log-odds count beside our scores (on held-out writers)
_SURE_KIND = 0.6  # share of all kinds
_OF_LOOKS = ("contact", "place", "street")  # what a name may be by its looks
_OF_NAMES = re.compile(r"naam|\bik heet|\bik ben|familie|contact|meneer|mevr|dhr|heer\b", re.IGNORECASE)
_CLEAR = 3.0  # a score so far from nothing needs no second reader


def changes_of(text: str, facts: Sequence[Fact], roles: Roles, look: Look | None = None) -> tuple[Change, ...]:
    """What is to be put right; called for messages that ask for a correction.

    With `look` the second reader is asked which value was and which is to be, where it is not clear without.
    """
    page, seen = page_of(text, facts), None
    options, sure = _scored(page, roles)
    if look is not None and not (len(sure) and (np.abs(sure) > _CLEAR).all() and sure.max() > 0):
        seen = SeenChanges(text, *look(text))
        page = page_of(text, facts, seen.values)
        options, sure = _scored(page, roles, seen)
    if not options:
        return ()
    if sure.max() <= 0:  # something is to be changed, or it would not be asked
        sure = sure + np.array([_TURNED if _turned(page, option) else 0.0 for option in options])
        sure = np.where(sure == sure.max(), sure + _AT_LEAST, -1.0)
    return tuple(_of_kind(change, text, seen) for change in _chosen(page, options, sure))


def _of_kind(change: Change, text: str, seen: SeenChanges | None) -> Change:
    """A name by its looks may be a town or a street: the second reader knows by the words around it."""
    if change.field not in ("name", "contact"):
        return change
    at = text.find(change.new)  # -1: "ondergetekende" stands there, and the name below the letter
    kind, share = seen.kind(at, at + len(change.new)) if seen is not None and at >= 0 else ("", 0.0)
    if share > _SURE_KIND and kind in _OF_LOOKS:
        return replace(change, field=kind)
    if (is_town(change.new) or is_town(change.old or "")) and not _OF_NAMES.search(text):
        return replace(change, field="place")
    return change


def _turned(page: Page, option: Option) -> bool:
    """Both stand beside a word that turns one into the other: "van wiersma naar de haan"."""
    return option.old is not None and all("turned" in page.units[at].sources for at in (option.old, option.new))


def _scored(page: Page, roles: Roles, seen: SeenChanges | None = None) -> tuple[list[Option], Floats]:
    """What may replace what; above nothing: it does."""
    nothing = np.zeros(0, dtype=np.float32)
    if not page.units:
        return [], nothing
    scores = roles.of_units(page)
    if seen is not None:
        scores[:, Role.OLD] += [_SEEN * seen.old(unit.start, unit.end) for unit in page.units]
        scores[:, Role.NEW] += [_SEEN * seen.new(unit.start, unit.end) for unit in page.units]
    options = list(options_of(page, scores))
    if not options:
        return [], nothing
    eager = [_EAGER_ALONE if option.old is None else _EAGER for option in options]
    return options, roles.of_options(page, scores, options) + np.array(eager)


def _chosen(page: Page, options: Sequence[Option], scores: Floats) -> Iterator[Change]:
    """The surest first; a value is used once, and no new value is itself replaced."""
    used: list[tuple[int, int]] = []
    done: set[tuple[str, str]] = set()
    found: list[tuple[int, Change]] = []
    for at in np.argsort(-scores, kind="stable"):
        if scores[at] <= 0:
            break
        option = options[at]
        change = change_of(page, option)
        units = [page.units[number] for number in (option.new, option.old) if number is not None]
        kind = page.families[option.new]
        spans = [(unit.start, unit.end) for unit in units]
        values = {(kind, unit.value) for unit in units}
        if change is None or values & done or any(_overlap(one, two) for one in spans for two in used):
            continue
        used += spans
        done |= values
        found.append((page.units[option.new].start, change))
    yield from (change for _, change in sorted(found, key=lambda one: one[0]))


def _overlap(one: tuple[int, int], two: tuple[int, int]) -> bool:
    return one[0] < two[1] and two[0] < one[1]


def options_of(page: Page, scores: Floats | None = None) -> Iterator[Option]:
    """What may replace what. With scores: of the likeliest only."""
    open_to = [at for at in range(len(page.units)) if _may_change(page, at)]
    for kind in sorted({page.families[at] for at in open_to}):
        same = [at for at in open_to if page.families[at] == kind]
        field = "name" if kind == "name" else kind
        alone = [at for at in same if not page.signed[at] and "stays" not in page.said[at]]
        pairs = [(old, new) for old in same for new in same if _differ(page.units[old], page.units[new])]
        if scores is not None:
            alone = sorted(alone, key=lambda at: -scores[at, Role.NEW] - scores[at, Role.ALONE])[:_ALONE]
            pairs = sorted(pairs, key=lambda pair: -scores[pair[0], Role.OLD] - scores[pair[1], Role.NEW])[:_PAIRS]
        yield from (Option(None, new, field) for new in alone)
        yield from (Option(old, new, field) for old, new in pairs)
        if kind == "name" and page.contact:
            yield from (Option(None, new, "contact") for new in alone)
            yield from (Option(old, new, "contact") for old, new in pairs if page.likeness(old, new) < _SAME_PERSON)


def _may_change(page: Page, at: int) -> bool:
    """Neither where the sender can be reached nor how he signs; but he may be the one to be talked to."""
    if page.signed[at]:
        return bool(page.contact) and page.families[at] == "name"
    return "reached" not in page.cued[at]


def _differ(one: Unit, two: Unit) -> bool:
    return one.value != two.value and (one.end <= two.start or two.end <= one.start)


def change_of(page: Page, option: Option) -> Change | None:
    """As it is told: parts of an address that stand together change as one, one part alone where it stands alone."""
    new = page.units[option.new]
    if option.old is None:
        return Change(new.field if option.field == "address" else option.field, None, new.value)
    old = page.units[option.old]
    if option.field == "salutation":
        return Change("salutation", *titles_alone(old.value, new.value))
    if option.field == "name":
        return Change(option.field, part_alike(old.value, new.value), new.value)
    if option.field != "address":
        return Change(option.field, old.value, new.value)
    ours, theirs = _by_kind(old), _by_kind(new)
    kind = next(iter(theirs)) if len(theirs) == 1 else FactKind.HOUSE_NUMBER if len(ours) == 1 else None
    if kind in ours.keys() & theirs.keys():  # "Eikpad 12, niet 21"; "Eikpad 12 moet Elkpad zijn"
        was, now = ours[kind], theirs[kind]
        if _low(page, was) == _low(page, now):
            return None
        return Change(FIELDS[kind], _text(page, was), _text(page, now))
    return Change(new.field if new.field == old.field else "address", old.value, new.value)


def _by_kind(unit: Unit) -> dict[FactKind, Fact]:
    return {part.kind: part for part in unit.parts}


def _text(page: Page, fact: Fact) -> str:
    return page.text[fact.start : fact.end]


def _low(page: Page, fact: Fact) -> str:
    return _text(page, fact).lower()
