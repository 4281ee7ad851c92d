"""Rectification, art. 16: the values are checked, matched to the records found, and planned one record at a time.

`CaseFile.chosen` may hold `statement`: the person's own statement, to stand beside the data. What a value has to pass
is in `value_checks`, which field it concerns in `corrections`, the words in `correction_letter`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cases.letters import Block, BlockKind
from cases.types import Decision, Label
from handlers.base import Action, CaseFile, Needs, Prepared
from handlers.choices import picked
from handlers.correction_letter import (
    ask_again,
    changed,
    decision_of,
    not_rewritten,
    own_statement,
    question,
    refused,
    safeguard,
    systems,
    told,
)
from handlers.corrections import Becomes, Cell, Wish, cells, changes, statements, wishes
from handlers.parts import free, head, letter, tail, texts_of
from handlers.planning import recipients_told
from handlers.searching import not_asked, search
from handlers.wording import staff_texts


@dataclass(frozen=True, slots=True)
class Correctie:
    label: Label = Label.CORRECTIE
    needs: Needs = Needs.CONTROLLER_SOURCES

    def prepare(self, file: CaseFile) -> Prepared:
        looked = search(file)
        if looked.nothing is not None:
            return looked.nothing
        result, remarks, failed = looked.result, looked.notes, not_asked(file, looked.result)
        if file.sources and not result.found:
            return _not_searched(file, failed, remarks)
        asked, flawed = wishes(file)
        own_words = picked(file, "statement")
        if flawed and not asked and not own_words:
            return _ask(file, flawed, remarks)
        found = cells(file, asked)
        if not found and not own_words:
            return _by_staff(file, asked, failed, remarks)
        return _correct(file, asked, found, flawed, failed, remarks)


def _correct(
    file: CaseFile,
    asked: Sequence[Wish],
    found: Sequence[Cell],
    flawed: Sequence[str],
    failed: tuple[Block, ...],
    remarks: tuple[str, ...],
) -> Prepared:
    opinions = [cell for cell in found if cell.becomes is Becomes.OPINION]
    statement = picked(file, "statement") or "\n".join(dict.fromkeys(cell.new for cell in opinions))
    beside = statements(file, statement, opinions) if statement else ()
    rewritten = changes(file, found)
    plan = (*rewritten, *beside)
    decision = decision_of(found, statement=bool(statement))
    hearing, tell = told(file, found)
    # An opinion alone is a refusal with the statement beside it; what else was asked is done and told.
    done = () if decision is Decision.REFUSED else (changed(file, found, statement), hearing)
    blocks = (
        *head(file, decision),
        *done,
        *(systems(file, rewritten, beside) if plan or done else ()),
        *safeguard(file, plan),
        *not_rewritten(file, found),
        *ask_again(file, flawed),
        *refused(file, opinions, others=len(opinions) < len(found)),
        *((own_statement(file),) if statement else ()),
        *failed,
        *tail(file, refusal=bool(opinions)),
    )
    said = _remarks(asked, found, flawed, plan)
    return Prepared(decision, plan, letter(file, blocks), None, (*said, *remarks), tell=tell)


def _remarks(
    asked: Sequence[Wish], found: Sequence[Cell], flawed: Sequence[str], plan: Sequence[Action]
) -> tuple[str, ...]:
    """What staff should know before they approve; kinds and places, never a value."""
    say = staff_texts().say
    remarks = [say("note.flawed", field=kind) for kind in flawed]
    places = dict.fromkeys((cell.source.label, cell.field.label) for cell in found if cell.conflict)
    remarks += [say("note.conflict", system=system, field=field) for system, field in places]
    unclear = dict.fromkeys((cell.source.label, cell.field.label) for cell in found if cell.becomes is Becomes.UNCLEAR)
    remarks += [say("note.unclear", system=system, field=field) for system, field in unclear]
    reached = {cell.kind for cell in found} | ({"name"} if any("name" in cell.kind for cell in found) else set())
    whole = {"street", "house_number", "postcode", "place"} if "address" in reached else set()
    missed = dict.fromkeys(wish.kind for wish in asked if wish.kind not in reached | whole)
    remarks += [say("note.no_field", field=kind) for kind in missed]
    if any(action.sensitive for action in plan):
        remarks.append(say("note.sensitive"))
    remarks += [say("note.by_hand", what=action.description) for action in plan if action.by_hand]
    return tuple(dict.fromkeys(remarks))


def _ask(file: CaseFile, flawed: Sequence[str], remarks: tuple[str, ...]) -> Prepared:
    why = [staff_texts().say("note.flawed", field=kind) for kind in flawed]
    return Prepared(Decision.INFORMATION, (), question(file, flawed), None, (*why, *remarks), asks="correction")


def _by_staff(file: CaseFile, asked: Sequence[Wish], failed: tuple[Block, ...], remarks: tuple[str, ...]) -> Prepared:
    """No change was read, or no described field holds what is asked: staff look and write."""
    texts, say = texts_of(file), staff_texts().say
    written = [free(texts, kind) for kind in (BlockKind.CHANGES, BlockKind.DONE)]
    blocks = (*head(file, Decision.GRANTED), *written, recipients_told(file, ()), *failed, *tail(file))
    missed = [say("note.no_field", field=kind) for kind in dict.fromkeys(wish.kind for wish in asked)]
    missed = missed or [say("note.nothing_read")]
    return Prepared(Decision.GRANTED, (), letter(file, blocks), None, (say("note.write"), *missed, *remarks))


def _not_searched(file: CaseFile, failed: tuple[Block, ...], remarks: tuple[str, ...]) -> Prepared:
    """Nothing found so far, and not everywhere looked."""
    opening = texts_of(file).say("decision.inzage_empty")
    blocks = (*head(file, Decision.INFORMATION, opening), *failed, *tail(file))
    return Prepared(Decision.INFORMATION, (), letter(file, blocks), None, remarks)
