"""Data portability, art. 20 AVG: what the person provided on consent or contract, as JSON and CSV; nothing is deleted.

To the person, or straight to another party (`chosen["party"]` = other, `chosen["party_name"]`), once the person has
confirmed its address on the proven channel. More goes along where the policy's promise says so (`portable_all`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from cases.export import ExportSpec, ExportTable
from cases.letters import Block, BlockKind, Table
from cases.policy import Category, Sensitivity, portable
from cases.types import Decision, Label, RefusalGround
from handlers.base import CaseFile, Needs, Prepared
from handlers.choices import picked
from handlers.inzage import DOWNLOAD_SLOT
from handlers.masking import Shown
from handlers.parts import block, free, head, letter, tail, texts_of, titled
from handlers.refusals import ground_blocks
from handlers.searching import not_asked, search
from handlers.wording import staff_texts


@dataclass(frozen=True, slots=True)
class Overdracht:
    label: Label = Label.OVERDRACHT
    needs: Needs = Needs.CONTROLLER_SOURCES

    def prepare(self, file: CaseFile) -> Prepared:
        looked = search(file)
        if looked.nothing is not None:
            return looked.nothing
        seen, result, remarks = looked.seen, looked.result, looked.notes
        tables = in_scope(file, seen)
        if not tables and result.complete:
            return _nothing_to_take(file, remarks)
        texts = texts_of(file)
        to_other = picked(file, "party") == "other"
        if to_other:
            remarks = (staff_texts().say("note.party"), *remarks)
        blocks = (
            *head(file, Decision.GRANTED),
            _scope(file),
            *_delivery(file, to_other=to_other),
            titled(texts, BlockKind.NOTHING_DELETED, texts.say("generic.nothing_deleted")),
            *not_asked(file, result),
            *tail(file),
        )
        if not tables:
            return Prepared(Decision.GRANTED, (), letter(file, blocks), None, remarks)
        goes = {(table.source, table.name, column) for table in tables for column in table.columns}
        redacted = tuple(one for one in seen.redacted if (one.source, one.table, one.column) in goes)
        export = ExportSpec(tables, seen.left_out, result.failed, redacted=redacted)
        others = tuple(
            one for one in file.others.others if any((s.source, s.table, s.column) in goes for s in one.spots)
        )
        return Prepared(Decision.GRANTED, (), letter(file, blocks), export, remarks, others=others)


def in_scope(file: CaseFile, seen: Shown) -> tuple[ExportTable, ...]:
    """The tables with only those columns that a person may take along."""
    free_to_go = {category.key for category in file.policy.categories if _goes_along(file, category)}
    kinds = {
        (source.name, info.name, field.name): field.category
        for source in file.sources
        for info in source.tables
        for field in info.fields
    }
    found = (_columns(table, free_to_go, kinds) for table in seen.tables)
    return tuple(table for table in found if table.columns)


def _goes_along(file: CaseFile, category: Category) -> bool:
    return _why(file, category) == "generic.in_scope"


def _why(file: CaseFile, category: Category) -> str:
    """Whether a kind of data goes along, as a text: passwords and IDs never stand in a file (art. 32)."""
    if category.sensitivity in (Sensitivity.SECRET, Sensitivity.ID_DOCUMENT):
        return "portable.secret"
    if portable(file.policy, category):
        return "generic.in_scope"
    return "generic.other_basis" if category.provided else "generic.not_provided"


def _columns(table: ExportTable, free_to_go: set[str], kinds: dict[tuple[str, str, str], str]) -> ExportTable:
    kept = [
        index for index, name in enumerate(table.columns) if kinds.get((table.source, table.name, name)) in free_to_go
    ]
    return replace(
        table,
        columns=tuple(table.columns[index] for index in kept),
        labels=tuple(table.labels[index] for index in kept),
        rows=tuple(tuple(row[index] for index in kept) for row in table.rows),
    )


def _scope(file: CaseFile) -> Block:
    """Which kinds of data go along, which do not, and why."""
    texts, policy = texts_of(file), file.policy
    rows = tuple(
        (
            category.label,
            texts.say(_why(file, category)),
        )
        for category in policy.categories
    )
    header = (texts.say("inzage.col_category"), texts.say("generic.col_in_scope"))
    rule = texts.say("portable.all" if policy.portable_all else "generic.scope")
    return titled(texts, BlockKind.SCOPE, rule, texts.say("generic.scope_inzage"), table=Table(header, rows))


def _delivery(file: CaseFile, *, to_other: bool) -> tuple[Block, ...]:
    texts, party = texts_of(file), picked(file, "party_name").rstrip(".")  # it ends a sentence of ours
    if to_other and not party:
        return (free(texts, BlockKind.DELIVERY),)
    if to_other:
        return (titled(texts, BlockKind.DELIVERY, texts.say("portable.party", party=party)),)
    way = texts.say("portable.self", link_days=file.policy.links.link_days)
    return (
        titled(texts, BlockKind.DELIVERY, way),
        block(BlockKind.LINK, texts.say("frame.download"), key="download", slot=DOWNLOAD_SLOT),
    )


def _nothing_to_take(file: CaseFile, remarks: tuple[str, ...]) -> Prepared:
    """Data are held, but none that art. 20 is about: refused, with access as what can be done."""
    texts, ground = texts_of(file), RefusalGround.NO_SUCH_RIGHT
    facts = {
        "right": texts.say("portable.right"),
        "why": texts.say("portable.why"),
        "what_instead": texts.say("portable.instead"),
    }
    blocks = (
        *head(file, Decision.REFUSED),
        *ground_blocks(file, ground, facts),
        titled(texts, BlockKind.GRANTED, texts.say("generic.scope_inzage")),
        *tail(file, refusal=True),
    )
    return Prepared(Decision.REFUSED, (), letter(file, blocks), None, remarks, ground=ground)
