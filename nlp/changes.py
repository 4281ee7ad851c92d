"""Corrections: which value was, which value is to be. Built on the facts of a message and the words around them."""

from __future__ import annotations

from collections.abc import Sequence

from cases.reading import Change, Fact
from nlp.change_roles import Role, Roles, Unit, family, units_of
from nlp.name_changes import name_changes, salutation_changes


def changes_of(text: str, facts: Sequence[Fact], roles: Roles) -> tuple[Change, ...]:
    """What is to be put right; called for messages that ask for a correction."""
    units = list(units_of(text, facts))
    found = _paired(text, units, roles.of(text, units))
    both = any(change.field == "name" and change.old for change in found)
    if not both and (spelled := name_changes(text)):  # the words themselves say more
        found = [*(change for change in found if change.field != "name"), *spelled]
    return (*found, *salutation_changes(text))


def _paired(text: str, units: Sequence[Unit], roles: Sequence[Role]) -> list[Change]:
    """Each new value with the nearest old one of its kind that is still free."""
    old = [unit for unit, role in zip(units, roles, strict=True) if role is Role.OLD]
    found: dict[tuple[str, str], Change] = {}
    for unit, role in zip(units, roles, strict=True):
        new = text[unit.start : unit.end]
        if role is not Role.NEW or (family(unit.field), new) in found:
            continue
        near = [one for one in old if family(one.field) == family(unit.field) and text[one.start : one.end] != new]
        was = min(near, key=lambda one: (one.field != unit.field, abs(one.start - unit.start)), default=None)
        field = unit.field
        if was is not None:
            old.remove(was)
            field = unit.field if was.field == unit.field else "address" if family(field) == "address" else was.field
        found[family(unit.field), new] = Change(field, None if was is None else text[was.start : was.end], new)
    return list(found.values())
