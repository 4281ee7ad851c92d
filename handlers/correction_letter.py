"""The letter that answers a correction: old → new per field, what is not rewritten and why, and what is asked again.

Old and new values stand there masked where they could be misused. What becomes of a field is decided in `corrections`.
Serves art. 16, 19 and 12(3)-(4) AVG.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cases.letters import Block, BlockKind, Letter, Table
from cases.types import Decision
from handlers.automatic import by_program
from handlers.base import Action, CaseFile
from handlers.corrections import Becomes, Cell
from handlers.outcomes import open_slots, sources_of
from handlers.parts import block, closing, free, texts_of, titled
from handlers.planning import labels_of, recipients, recipients_told
from handlers.value_checks import shown

UNDO_HOURS = 72  # a change of address or bank can be undone that long
_REASONS = {  # why a value was not taken
    "iban": "correction.reason_iban",
    "btw": "correction.reason_btw",
    "kvk": "correction.reason_kvk",
    "postcode": "correction.reason_postcode",
    "phone": "correction.reason_phone",
    "email": "correction.reason_email",
}


def changed(file: CaseFile, cells: Sequence[Cell], statement: str) -> Block:
    """Field, old, new; the same change in several systems is one row."""
    texts = texts_of(file)
    if any(cell.becomes is Becomes.UNCLEAR for cell in cells):
        return free(texts, BlockKind.CHANGES)  # a person decides what it becomes, and writes it
    told = [cell for cell in cells if cell.becomes in (Becomes.CHANGED, Becomes.SAME)]
    rows = tuple(dict.fromkeys(_row(file, cell) for cell in told))
    if not rows:
        words = "correction.statement_added" if statement else "correction.unchanged"
        return titled(texts, BlockKind.CHANGES, texts.say(words))
    header = tuple(texts.say(f"correction.{key}") for key in ("col_field", "col_old", "col_new"))
    return titled(texts, BlockKind.CHANGES, texts.say("correction.changes"), table=Table(header, rows))


def systems(file: CaseFile, actions: Sequence[Action], statements: Sequence[Action]) -> tuple[Block, ...]:
    """One open slot per system that changes."""
    texts, plan = texts_of(file), (*actions, *statements)
    intro = "correction.done" if actions else "correction.statement_added" if statements else "correction.done_already"
    return open_slots(sources_of(plan), labels_of(file), texts.say("heading.done"), texts.say(intro))


def told(file: CaseFile, cells: Iterable[Cell]) -> tuple[Block, tuple[str, ...]]:
    """Who hears of it (art. 19): those who got data of the kinds that change. The block, and their keys."""
    categories = {cell.field.category for cell in cells if cell.becomes is Becomes.CHANGED}
    names = recipients(file, categories)
    return recipients_told(file, names), tuple(item.key for item in names)


def not_rewritten(file: CaseFile, cells: Iterable[Cell]) -> tuple[Block, ...]:
    """Documents that were sent: put right by a credit note and a new invoice, never by rewriting."""
    texts = texts_of(file)
    tables = dict.fromkeys(cell.table.label for cell in cells if cell.becomes is Becomes.ISSUED)
    return (block(BlockKind.TEXT, texts.say("correction.issued"), key="issued", items=tables),) if tables else ()


def safeguard(file: CaseFile, actions: Iterable[Action]) -> tuple[Block, ...]:
    """A new address or account: both sides hear of it, and it can be undone."""
    if not any(action.sensitive for action in actions):
        return ()
    words = texts_of(file).say("correction.sensitive", hours=UNDO_HOURS)
    return (block(BlockKind.TEXT, words, key="sensitive"),)


def refused(file: CaseFile, opinions: Sequence[Cell], *, others: bool) -> tuple[Block, ...]:
    """Opinions, per field: no fact to correct, so the person's own words stand beside them."""
    if not opinions:
        return ()
    texts = texts_of(file)
    fields = dict.fromkeys(f"{cell.table.label}: {cell.field.label}" for cell in opinions)
    granted = texts.say("correction.granted") if others else ""
    return (
        titled(texts, BlockKind.GROUND, texts.say("correction.ground_opinion")),
        titled(texts, BlockKind.FACTS, texts.say("correction.facts_opinion"), items=fields),
        titled(texts, BlockKind.GRANTED, granted, texts.say("correction.granted_statement")),
    )


def own_statement(file: CaseFile) -> Block:
    texts = texts_of(file)
    return titled(texts, BlockKind.OWN_STATEMENT, texts.say("correction.statement_added"))


def ask_again(file: CaseFile, flawed: Sequence[str]) -> tuple[Block, ...]:
    """What did not pass its check, with the reason."""
    texts = texts_of(file)
    if not flawed:
        return ()
    reasons = [texts.say(_REASONS[kind]) if kind in _REASONS else kind for kind in flawed]
    return (
        block(BlockKind.TEXT, texts.say("correction.ask_again"), key="ask_again", items=reasons),
        block(BlockKind.TEXT, texts.say("correction.ask_answer"), key="ask_answer"),
    )


def question(file: CaseFile, flawed: Sequence[str]) -> Letter:
    """None of the values could be taken: the program asks again. No data in it."""
    texts = texts_of(file)
    blocks = (
        block(BlockKind.GREETING, texts.say("frame.greeting")),
        *ask_again(file, flawed),
        block(BlockKind.TEXT, texts.say("erasure_ask.told", told=texts.day(file.told_date)), key="told"),
        closing(texts, file.policy),
    )
    return Letter(texts.say("correction.ask_subject", case=file.case_number), texts.form, by_program(file, blocks))


def decision_of(cells: Sequence[Cell], *, statement: bool) -> Decision:
    opinions = any(cell.becomes is Becomes.OPINION for cell in cells)
    others = any(cell.becomes is not Becomes.OPINION for cell in cells)
    if opinions:
        return Decision.PARTLY if others else Decision.REFUSED
    assert others or statement
    return Decision.GRANTED


def _row(file: CaseFile, cell: Cell) -> tuple[str, str, str]:
    texts = texts_of(file)
    empty = texts.say("correction.empty")
    new = shown(cell.kind, cell.new)
    old = texts.say("correction.already") if cell.becomes is Becomes.SAME else shown(cell.kind, cell.current) or empty
    return cell.field.label, old, new
