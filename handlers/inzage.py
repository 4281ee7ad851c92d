"""Access, art. 15: confirmation, the data, and the information about what is done with them.

The letter holds no data, only counts per system; the data go in the export, behind a link that the letter leaves open
as a slot (`download_url`) for the moment it is sent.
"""

from __future__ import annotations

from dataclasses import dataclass

from cases.export import ExportSpec
from cases.letters import Block, BlockKind, Table
from cases.types import Decision, Label
from handlers.article15 import information, sections
from handlers.base import CaseFile, Needs, Prepared
from handlers.masking import Shown
from handlers.parts import block, free, head, letter, tail, texts_of, titled
from handlers.searching import Outcome, not_asked, search

DOWNLOAD_SLOT = "download_url"


@dataclass(frozen=True, slots=True)
class Inzage:
    label: Label = Label.INZAGE
    needs: Needs = Needs.CONTROLLER_SOURCES

    def prepare(self, file: CaseFile) -> Prepared:
        looked = search(file)
        if looked.nothing is not None:
            return looked.nothing
        seen, result = looked.seen, looked.result
        texts = texts_of(file)
        decision = Decision.GRANTED if result.found else Decision.INFORMATION
        opening = texts.say("decision.inzage" if result.found else "decision.inzage_empty")
        about = information(file, seen, complete=result.complete)
        blocks = (
            *head(file, decision, opening),
            *_download(file, result),
            _data(file, seen, result),
            *not_asked(file, result),
            *_left_out(file, seen),
            *about,
            *tail(file),
        )
        if not result.found:
            return Prepared(decision, (), letter(file, blocks), None, looked.notes)
        export = ExportSpec(seen.tables, seen.left_out, result.failed, sections(about), seen.redacted)
        return Prepared(decision, (), letter(file, blocks), export, looked.notes, others=file.others.others)


def _download(file: CaseFile, result: Outcome) -> tuple[Block, ...]:
    texts, links = texts_of(file), file.policy.links
    if not result.found:
        return (titled(texts, BlockKind.FORMAT, texts.say("inzage.format")),)
    where = texts.say("inzage.download", link_days=links.link_days, export_days=links.export_days)
    return (
        titled(texts, BlockKind.FORMAT, where, texts.say("inzage.format")),
        block(BlockKind.LINK, texts.say("frame.download"), key="download", slot=DOWNLOAD_SLOT),
    )


def _data(file: CaseFile, seen: Shown, result: Outcome) -> Block:
    """Per system: what is there and how much, nothing, or not looked yet."""
    texts = texts_of(file)
    rows = [(table.source_label, table.label, str(len(table.rows))) for table in seen.tables]
    rows += [(system, texts.say("inzage.nothing_here"), "0") for system in result.nothing]
    rows += [(system, texts.say("inzage.not_yet"), "?") for system in result.failed]
    if not rows:
        return free(texts, BlockKind.DATA)  # no system is connected: staff look and write
    header = tuple(texts.say(f"inzage.{key}") for key in ("col_system", "col_what", "col_count"))
    return titled(texts, BlockKind.DATA, texts.say("inzage.data"), table=Table(header, tuple(rows)))


def _left_out(file: CaseFile, seen: Shown) -> tuple[Block, ...]:
    texts = texts_of(file)
    if not seen.left_out:
        return (titled(texts, BlockKind.LEFT_OUT, texts.say("inzage.left_none")),)
    items = [f"{item.what}: {item.why}" for item in seen.left_out]
    return (
        titled(texts, BlockKind.LEFT_OUT, texts.say("inzage.left_out"), items=items),
        block(BlockKind.TEXT, texts.say("inzage.ask_more"), key="left_out_more"),
    )
