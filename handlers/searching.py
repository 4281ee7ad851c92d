"""What searching came to, per system: found, nothing, or could not be asked. The three are never mixed.

Shared by every request type that needs sources; also the letter "niets gevonden" (art. 12(2), 15(1)).
"""

from __future__ import annotations

from dataclasses import dataclass

from cases.identity import read_by_several
from cases.letters import Block, BlockKind
from cases.protocols import FindStatus, Identifier, SourceRole
from cases.types import Assurance, Decision
from handlers.base import CaseFile, Prepared
from handlers.masking import Shown, shown
from handlers.parts import block, head, letter, tail, texts_of, titled
from handlers.wording import staff_texts


@dataclass(frozen=True, slots=True)
class Outcome:
    """Labels of the systems, by what they answered."""

    found: tuple[str, ...]
    nothing: tuple[str, ...]
    failed: tuple[str, ...]  # failed, or not asked at all

    @property
    def complete(self) -> bool:
        """Every system was asked and answered."""
        return not self.failed and bool(self.found or self.nothing)


@dataclass(frozen=True, slots=True)
class Search:
    """What a handler that looks people up begins with."""

    seen: Shown
    result: Outcome
    notes: tuple[str, ...]  # for staff
    nothing: Prepared | None  # the whole answer, where every system was asked and none holds anything


def search(file: CaseFile) -> Search:
    """What the systems answered, as it may be shown, and the letter "niets gevonden" where that is all."""
    seen = shown(file)
    result = outcome(file, seen)
    remarks = notes(file, seen, result)
    nothing = nothing_found(file, remarks) if result.complete and not result.found else None
    return Search(seen, result, remarks, nothing)


def outcome(file: CaseFile, shown: Shown) -> Outcome:
    """A source with only processor tables counts as nothing: what it holds is not ours.

    One that found rows we may not or can not show (no description of the table) counts as not asked, never as empty.
    """
    labels = {source.name: source.label for source in file.sources}
    status = {found.source: found.status for found in file.found}
    with_rows = {table.source for table in shown.tables}
    names = tuple(dict.fromkeys([*labels, *status]))
    failed = {name for name in names if status.get(name, FindStatus.FAILED) is FindStatus.FAILED}
    failed |= _holding(file) - with_rows

    def pick(*, rows: bool) -> tuple[str, ...]:
        return tuple(labels.get(name, name) for name in names if name not in failed and (name in with_rows) is rows)

    return Outcome(pick(rows=True), pick(rows=False), tuple(labels.get(name, name) for name in names if name in failed))


def _holding(file: CaseFile) -> set[str]:
    """Sources that found rows in a table that is not known to be a customer's (processor)."""
    processor = {
        (source.name, table.name)
        for source in file.sources
        for table in source.tables
        if table.role is SourceRole.PROCESSOR
    }
    return {
        found.source
        for found in file.found
        for table in found.tables
        if found.status is FindStatus.FOUND and table.rows and (found.source, table.table) not in processor
    }


def notes(file: CaseFile, shown: Shown, result: Outcome) -> tuple[str, ...]:
    """For staff, above the draft: who may read along, and what each system answered."""
    say = staff_texts().say
    shared = file.assurance < Assurance.STAFF_CONFIRMED and read_by_several(file.requester_address)
    lines = [say("note.read_by_several")] if shared and result.found else []
    lines += [say("note.failed", system=system) for system in result.failed]
    if result.failed and not result.found:
        lines.append(say("note.partial"))
    if not result.failed and not result.complete:
        lines.append(say("note.no_sources"))
    for system in result.found:
        tables = [table for table in shown.tables if table.source_label == system]
        count = sum(len(table.rows) for table in tables)
        lines.append(say("note.found", system=system, count=count, tables=", ".join(table.label for table in tables)))
    lines += [say("note.nothing", system=system) for system in result.nothing]
    if not any(identifier.proven for identifier in file.identifiers):
        lines.append(say("note.no_identifier"))
    return (*lines, *shown.notes)


def not_asked(file: CaseFile, result: Outcome) -> tuple[Block, ...]:
    """Says plainly that a system could not be searched; a failed source is never an empty one."""
    if not result.failed:
        return ()
    texts = texts_of(file)
    return (titled(texts, BlockKind.NOT_ASKED, texts.say("inzage.not_asked"), items=result.failed),)


def nothing_found(file: CaseFile, remarks: tuple[str, ...]) -> Prepared:
    """Every system answered 'nothing': a complete answer, with what was searched for and an offer to search again."""
    texts = texts_of(file)
    blocks = (
        *head(file, Decision.NOTHING_FOUND),
        titled(texts, BlockKind.SEARCHED, texts.say("nothing.searched"), items=searched_for(file)),
        block(BlockKind.TEXT, texts.say("nothing.only_request"), key="only_request"),
        titled(texts, BlockKind.OFFER_OTHER, texts.say("nothing.offer")),
        *tail(file),
    )
    return Prepared(Decision.NOTHING_FOUND, (), letter(file, blocks), None, remarks)


def searched_for(file: CaseFile) -> tuple[str, ...]:
    """What was searched with, as far as the person gave it: what we found on the way is not told here."""
    used = {(item.kind, item.value) for found in file.found for item in found.used}
    given = [item for item in file.identifiers if item.proven and (item.kind, item.value) in used]
    return tuple(_identifier(file, item) for item in given)


def _identifier(file: CaseFile, identifier: Identifier) -> str:
    texts = texts_of(file)
    key = f"identifier.{identifier.kind}"
    return texts.say(key if texts.has(key) else "identifier.other", value=identifier.value)
