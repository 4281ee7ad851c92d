"""First letters to special persons: heirs, a child, somebody who acts for somebody else. A person takes it from there.

Staff approve every one. Serves recital 27 AVG (the deceased), art. 12(1) (a child is answered in its own words), UAVG 5
and art. 12(2) (a representative is helped to show it, without a copy of an identity document).
"""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from cases.letters import Block, BlockKind, Letter
from cases.policy import ComplaintRoute
from cases.types import Form
from handlers.base import CaseFile
from handlers.parts import block, texts_of, titled
from handlers.process_letters import on_the_way
from handlers.wording import load_texts


class MandateKind(StrEnum):
    """On what somebody acts for another; values as in the register of mandates."""

    REPRESENTATIVE = "representative"
    PARENT = "parent"
    GUARDIAN = "guardian"


_MANDATES = {
    MandateKind.REPRESENTATIVE: "mandate.representative",
    MandateKind.PARENT: "mandate.parent",
    MandateKind.GUARDIAN: "mandate.guardian",
}


def mandate_letter(file: CaseFile, kind: MandateKind) -> Letter:
    """Asks for the mandate and nothing more; the answer goes to the person, unless the mandate says otherwise."""
    texts = texts_of(file)
    asked = texts.say(_MANDATES[kind]), texts.say("mandate.no_id"), texts.say("mandate.answer_to")
    return on_the_way(
        file,
        texts.say("mandate.subject", case=file.case_number),
        titled(texts, BlockKind.MANDATE, *asked),
        titled(texts, BlockKind.NEW_DATE, texts.say("mandate.date", told=texts.day(file.told_date))),
    )


def heirs_letter(file: CaseFile) -> Letter:
    """A word of condolence first; no data, and what can be done. The AVG does not cover the dead (recital 27)."""
    texts = texts_of(file)
    items = [texts.say(key) for key in ("heirs.mail", "heirs.contract", "heirs.questions")]
    drafted = on_the_way(
        file,
        texts.say("heirs.subject", case=file.case_number),
        titled(texts, BlockKind.CAN_DO, texts.say("heirs.law"), items=items),
        block(BlockKind.TEXT, texts.say("heirs.ask"), key="ask"),
    )
    condolence = block(BlockKind.TEXT, texts.say("heirs.condolence"), key="condolence")
    return replace(drafted, blocks=_after_greeting(drafted, condolence))


def child_letter(file: CaseFile) -> Letter:
    """Simpler words and always "je": what a child can ask by itself, and for what somebody has to help."""
    form = file.form if file.form is Form.EN else Form.NL_JE
    plain = replace(  # sentences of the house may say "u"
        file,
        form=form,
        texts=load_texts(form),
        policy=replace(file.policy, complaint=ComplaintRoute("", "", "")),
    )
    texts = texts_of(plain)
    items = [texts.say(key) for key in ("child.ads", "child.stop", "child.question", "child.complaint")]
    drafted = on_the_way(
        plain,
        texts.say("child.subject", case=file.case_number),
        titled(texts, BlockKind.CAN_DO, texts.say("child.alone"), items=items),
        block(BlockKind.TEXT, texts.say("child.together"), key="together"),
    )
    hello = block(BlockKind.TEXT, texts.say("child.hello"), key="hello")
    return replace(drafted, blocks=_after_greeting(drafted, hello))


def _after_greeting(drafted: Letter, first: Block) -> tuple[Block, ...]:
    """The letter with a first word before everything that is business."""
    at = next(index for index, each in enumerate(drafted.blocks) if each.kind is BlockKind.GREETING) + 1
    return (*drafted.blocks[:at], first, *drafted.blocks[at:])
