"""What a correction comes to, field by field: which records hold the old value, and what becomes of each.

A field is found by the fact it holds (`FieldInfo.corrects`), an opinion by its name or label. Not every field is
rewritten: a document that was sent stays as it was (a new one puts it right), an opinion gets the person's statement
beside it (art. 16, second sentence), and a password is never set by us. The letter is in `correction_letter`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from cases.protocols import FieldInfo, SourceInfo, TableInfo, Value
from cases.reading import Change as Correction
from cases.types import Verb
from handlers.address_parts import PARTS, address_parts, one_line
from handlers.base import Action, CaseFile
from handlers.dry_run import action_id
from handlers.planning import holding
from handlers.value_checks import SENSITIVE, as_stored, checked, same
from handlers.wording import staff_texts

STATEMENT = "statement"
_NAME_PARTS = ("first_name", "last_name", "initials")


class Becomes(Enum):
    CHANGED = auto()
    SAME = auto()  # it stands there already
    ISSUED = auto()  # a document that was sent
    OPINION = auto()
    UNCLEAR = auto()  # the new value does not tell what this field becomes: a person decides


@dataclass(frozen=True, slots=True)
class Wish:
    """One value that is to be put right, after its check."""

    kind: str  # as in FieldInfo.corrects
    new: str
    old: str | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """One field of one record that a wish is about."""

    source: SourceInfo
    table: TableInfo
    key: str  # "" when its system gives it no name
    field: FieldInfo
    kind: str
    current: Value
    new: str
    becomes: Becomes
    conflict: bool = False  # another old value was named than stands there


def wishes(file: CaseFile) -> tuple[tuple[Wish, ...], tuple[str, ...]]:
    """What is asked, an address taken apart; and the kinds whose new value fails its check."""
    good: list[Wish] = []
    flawed: list[str] = []
    for correction in file.corrections:
        for wish in _parts(file, correction):
            value = checked(wish.kind, wish.new)
            if value is None:
                flawed.append(wish.kind)
            else:
                good.append(Wish(wish.kind, value, wish.old))
    return tuple(good), tuple(dict.fromkeys(flawed))


def cells(file: CaseFile, asked: Sequence[Wish]) -> tuple[Cell, ...]:
    """Every field that one of the wishes is about, in every record found."""
    found: list[Cell] = []
    for wish in asked:
        about = list(_cells_of(file, wish, asked))
        agreeing = [cell for cell in about if not cell.conflict]
        found += agreeing or about  # where the old value stands, only there
    return tuple(found)


def changes(file: CaseFile, found: Iterable[Cell]) -> tuple[Action, ...]:
    """One action per record for what changes in it, with what must still stand there when it runs.

    What a person has to decide is an action of its own, and so is what is proven first: neither holds up the rest.
    """
    records: dict[tuple[str, str, str, Becomes, bool], list[Cell]] = {}
    for cell in found:
        if cell.becomes in (Becomes.CHANGED, Becomes.UNCLEAR):
            group = (cell.source.name, cell.table.name, cell.key, cell.becomes, _sensitive(cell))
            records.setdefault(group, []).append(cell)
    return tuple(_change(file, group) for group in records.values())


def statements(file: CaseFile, text: str, opinions: Sequence[Cell]) -> tuple[Action, ...]:
    """The person's own statement beside the data: in the column for it, else by hand.

    In the tables of the opinions; without any, in every table that has such a column.
    """
    named = {(cell.source.name, cell.table.name) for cell in opinions}
    made: list[Action] = []
    for source, info, part in holding(file):
        column = next((field.name for field in info.fields if field.corrects == STATEMENT), None)
        if (source.name, info.name) not in named and (named or column is None):
            continue
        rows = part.rows if part.keys else part.rows[:1]
        for number, row in enumerate(rows):
            key = part.keys[number] if part.keys else ""
            values = dict(zip(part.columns, row, strict=True))
            made.append(_statement(file, source, info, key, column, values.get(column or ""), text))
    return tuple(made)


# --- matching ---------------------------------------------------------------------------------------------------------


def _parts(file: CaseFile, correction: Correction) -> Iterator[Wish]:
    if correction.field != "address":
        yield Wish(correction.field, correction.new, correction.old)
        return
    new = address_parts(correction.new, file.facts)
    old = address_parts(correction.old, file.facts) if correction.old else {}
    yield from (Wish(part, new[part], old.get(part)) for part in PARTS if part in new)
    if not new:
        yield Wish("address", correction.new, correction.old)


def _cells_of(file: CaseFile, wish: Wish, asked: Sequence[Wish]) -> Iterator[Cell]:
    for source, info, part in holding(file):
        fields = {field.name: field for field in info.fields}
        for number, row in enumerate(part.rows):
            key = part.keys[number] if part.keys else ""
            record = dict(zip(part.columns, row, strict=True))
            for name in part.columns:
                field = fields.get(name)
                if field is not None and not field.secret and _about(field, wish, info):
                    yield _cell(source, info, key, field, wish, record, asked)


def _about(field: FieldInfo, wish: Wish, info: TableInfo) -> bool:
    if field.corrects == wish.kind:
        return True
    if field.opinion:  # named by what people call it; a fact without `corrects` tells what was (a payment, a mail)
        return wish.kind.casefold() in (field.name.casefold(), field.label.casefold())
    if wish.kind == "name":
        return field.corrects in _NAME_PARTS
    # A system that writes street and number in one column: the number moves with the street, once.
    return field.corrects == "address" and wish.kind in PARTS and not _has_own_column(info, wish.kind)


def _has_own_column(info: TableInfo, kind: str) -> bool:
    return any(field.corrects == kind for field in info.fields)


def _cell(
    source: SourceInfo,
    info: TableInfo,
    key: str,
    field: FieldInfo,
    wish: Wish,
    record: Mapping[str, Value],
    asked: Sequence[Wish],
) -> Cell:
    current, kind = record.get(field.name), field.corrects or wish.kind
    new = _new_value(info, field, wish, record, asked)
    stands = wish.old is None or same(kind, current, wish.old) or _holds(current, wish.old)
    if field.opinion:
        becomes = Becomes.OPINION
    elif new is None:
        becomes = Becomes.UNCLEAR
    elif same(kind, current, new) and str(current) == new:
        becomes = Becomes.SAME
    else:
        becomes = Becomes.ISSUED if info.issued else Becomes.CHANGED
    value = wish.new if new is None else as_stored(kind, new, current)
    return Cell(source, info, key, field, kind, current, value, becomes, conflict=not stands)


def _new_value(
    info: TableInfo, field: FieldInfo, wish: Wish, record: Mapping[str, Value], asked: Sequence[Wish]
) -> str | None:
    """What this field becomes; None when the wish does not tell."""
    if field.corrects == "address" and wish.kind in PARTS:
        return one_line({one.kind: one.new for one in asked}, whole=not _has_own_column(info, "place"))
    if wish.kind == "name":
        return _name(info, field, wish, record)
    return wish.new


def _name(info: TableInfo, field: FieldInfo, wish: Wish, record: Mapping[str, Value]) -> str | None:
    """A name in one or two columns. "Niet Jansen maar Janssen" changes one word of it and leaves the rest."""
    current = str(record.get(field.name) or "")
    if wish.old and _holds(current, wish.old):
        return re.sub(rf"(?<!\w){re.escape(wish.old)}(?!\w)", lambda _: wish.new, current, flags=re.IGNORECASE)
    first, _, last = wish.new.partition(" ")
    if field.corrects == "initials":
        return current if not last or current[:1].casefold() == first[:1].casefold() else None
    if field.corrects in _NAME_PARTS:
        if wish.old and any(_holds(record.get(item.name), wish.old) for item in info.fields if item is not field):
            return current  # the other column holds the word that changes
        return None if not last else first if field.corrects == "first_name" else last
    return wish.new if last or " " not in current.strip() else None


def _holds(current: Value, old: str) -> bool:
    return bool(re.search(rf"(?<!\w){re.escape(old)}(?!\w)", str(current or ""), re.IGNORECASE))


# --- actions ----------------------------------------------------------------------------------------------------------


def _sensitive(cell: Cell) -> bool:
    return cell.table.login or cell.kind in SENSITIVE


def _change(file: CaseFile, group: list[Cell]) -> Action:
    first = group[0]
    source, table = first.source, first.table
    unclear = first.becomes is Becomes.UNCLEAR
    fields = ", ".join(dict.fromkeys(cell.field.label for cell in group))
    return Action(
        id=action_id(file, source.name, table.name, first.key, *(f"{cell.field.name}={cell.new}" for cell in group)),
        source=source.name,
        verb=Verb.CORRECT,
        table=table.name,
        keys=(first.key,) if first.key else (),
        description=staff_texts().say("action.correct", system=source.label, table=table.label, fields=fields),
        reversible=True,
        values={cell.field.name: cell.new for cell in group},
        expected={cell.field.name: cell.current for cell in group},
        by_hand=source.by_hand or unclear or not first.key or Verb.CORRECT not in table.can,
        sensitive=_sensitive(first),
    )


def _statement(
    file: CaseFile, source: SourceInfo, table: TableInfo, key: str, column: str | None, current: Value, text: str
) -> Action:
    """Added to what stands there; said twice it stands there once."""
    standing = str(current or "").strip()
    value = standing if text in standing else "\n".join(filter(None, (standing, text)))
    able = column is not None and bool(key) and Verb.CORRECT in table.can and not source.by_hand
    return Action(
        id=action_id(file, source.name, table.name, key, STATEMENT, text),
        source=source.name,
        verb=Verb.CORRECT,
        table=table.name,
        keys=(key,) if key else (),
        description=staff_texts().say("action.statement", system=source.label, table=table.label),
        reversible=True,
        values={column or STATEMENT: value},
        expected={column: current} if column else {},
        by_hand=not able,
    )
