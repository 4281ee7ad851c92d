"""Blocks that many letters share: the frame, the dates, the routes to the authority and the court.

Sentences come from `wording`, promises and addresses from the policy; this file only puts them in blocks.
Serves art. 12(1), 12(3), 12(4) AVG and UAVG 35 (law: what every answer and every refusal must say).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from cases.letters import Block, BlockKind, Letter, Table
from cases.policy import Policy
from cases.types import Decision, Form
from handlers.base import CaseFile
from handlers.wording import Texts, load_texts, staff_texts


def block(
    kind: BlockKind,
    *text: str,
    key: str = "",
    fixed: bool = True,
    heading: str = "",
    items: Iterable[str] = (),
    table: Table | None = None,
    link: str = "",
    slot: str = "",
    hint: str = "",
) -> Block:
    """A block whose key is its kind unless said otherwise; empty paragraphs fall away."""
    paragraphs = tuple(part for part in text if part)
    return Block(kind, key or kind.value, fixed, paragraphs, heading, tuple(items), table, link, slot, hint)


def texts_of(file: CaseFile) -> Texts:
    return file.texts or load_texts(file.form)


def titled(texts: Texts, kind: BlockKind, *text: str, items: Iterable[str] = (), table: Table | None = None) -> Block:
    """A fixed block under its own heading."""
    return block(kind, *text, heading=texts.say(f"heading.{kind.value}"), items=items, table=table)


def free(texts: Texts, kind: BlockKind, *text: str) -> Block:
    """A block for staff to write in, under its heading and with a hint; empty until somebody has."""
    hint = staff_texts().say(f"hint.{kind.value}")
    return block(kind, *text, fixed=False, heading=texts.say(f"heading.{kind.value}"), hint=hint)


def note_block() -> Block:
    """Room for staff's own words in every letter; may stay empty."""
    return block(BlockKind.TEXT, key="note", fixed=False, hint=staff_texts().say("hint.note"))


# --- the frame --------------------------------------------------------------------------------------------------------


def head(file: CaseFile, decision: Decision, decision_text: str = "") -> tuple[Block, ...]:
    """What every letter opens with: numbers and dates, greeting, the request as understood, the decision."""
    texts = texts_of(file)
    received = texts.day(file.received_at)
    rows = (
        (texts.say("letter.row_case"), file.case_number),
        (texts.say("letter.row_received"), received),
        (texts.say("letter.row_date"), texts.day(file.now)),
    )
    name = file.requester_name.strip()
    greeting = texts.say("frame.greeting_name", name=name) if name else texts.say("frame.greeting")
    understood = texts.say(
        "letter.understood", received=received, understood=without_values(one_line(file.as_understood))
    )
    also = ", ".join(texts.say(f"topic.{label.value}") for label in file.also if label is not file.label)
    return (
        block(BlockKind.REFERENCE, table=Table((), rows)),
        block(BlockKind.GREETING, greeting),
        block(BlockKind.UNDERSTOOD, understood, texts.say("letter.also", topics=also) if also else ""),
        titled(texts, BlockKind.DECISION, decision_text or texts.say(f"decision.{decision.value}")),
    )


def dated(letter: Letter, texts: Texts, day: date) -> Letter:
    """The letter with the day on which it leaves: changes may have been waited for since it was approved."""
    label = texts.say("letter.row_date")

    def now(each: Block) -> Block:
        if each.kind is not BlockKind.REFERENCE or each.table is None:
            return each
        rows = tuple((name, texts.day(day) if name == label else value) for name, value in each.table.rows)
        return replace(each, table=Table(each.table.header, rows))

    return replace(letter, blocks=tuple(now(each) for each in letter.blocks))


def tail(file: CaseFile, *, refusal: bool = False) -> tuple[Block, ...]:
    """What every letter closes with; a refusal names the court too (art. 12(4), UAVG 35)."""
    texts, policy = texts_of(file), file.policy
    blocks = [note_block(), contact(texts, policy, file.case_number)]
    if refusal:
        blocks.append(titled(texts, BlockKind.OBJECT, policy_text(policy.complaint.internal, texts, "refusal.object")))
    blocks.append(complaint(texts, policy))
    if refusal:
        blocks.append(titled(texts, BlockKind.COURT, policy_text(policy.complaint.court, texts, "refusal.court")))
    role = file.checked_by_role or policy.staff_role
    blocks.append(block(BlockKind.CHECKED_BY, texts.say("letter.checked_by", role=role)))
    blocks.append(closing(texts, policy))
    return tuple(blocks)


def contact(texts: Texts, policy: Policy, case_number: str) -> Block:
    """How to ask; the phone stands there only when the policy has one."""
    which, values = phone_variant("letter.contact", policy)
    return titled(texts, BlockKind.CONTACT, texts.say(which, case=case_number, **values))


def complaint(texts: Texts, policy: Policy) -> Block:
    """The way to the supervisory authority, with its addresses."""
    authority = policy.authority
    own = policy.complaint.authority if texts.form is not Form.EN else ""
    items = [texts.say("refusal.authority_online", url=authority.complaint_url)]
    if authority.phone:
        items.append(texts.say("refusal.authority_phone", phone=authority.phone))
    if authority.address:
        items.append(texts.say("refusal.authority_post", address=", ".join((authority.name, *authority.address))))
    text = own or texts.say("refusal.complaint", authority=authority.name)
    return titled(texts, BlockKind.COMPLAINT_AP, text, items=items)


def closing(texts: Texts, policy: Policy) -> Block:
    """The signature as one paragraph of lines; the policy's own is Dutch."""
    if texts.form is Form.EN or not policy.signature:
        return block(BlockKind.CLOSING, f"{texts.say('frame.closing')}\n{policy.name}")
    return block(BlockKind.CLOSING, "\n".join(policy.signature))


def phone_variant(key: str, policy: Policy) -> tuple[str, dict[str, str]]:
    """The sentence without a phone, with one, or with its hours; and the values it needs."""
    if not policy.contact.phone:
        return key, {}
    if not policy.contact.hours:
        return f"{key}_phone", {"phone": policy.contact.phone}
    return f"{key}_phone_hours", {"phone": policy.contact.phone, "hours": policy.contact.hours}


def letter(file: CaseFile, blocks: Iterable[Block]) -> Letter:
    texts = texts_of(file)
    subject = texts.say("letter.subject", case=file.case_number, topic=texts.say(f"topic.{file.label.value}"))
    return Letter(subject, texts.form, tuple(blocks))


def one_line(text: str) -> str:
    """The requester's words as they stand inside a sentence of ours."""
    return " ".join(text.split())


def policy_text(own: str, texts: Texts, key: str) -> str:
    """The organisation's own sentence; ours where it has none or the letter is English."""
    return own if own and texts.form is not Form.EN else texts.say(key)


_VALUES = re.compile(r"[\w.+-]+@[\w.-]+\.\w+|\b[A-Z]{2}\d{2}[ ]?[A-Z]{4}(?:[ ]?\d){10}\b|\+?\d(?:[ ./-]?\d){4,}")


def without_values(words: str) -> str:
    """Somebody's own words as a mail may quote them: addresses and long numbers are named, not repeated."""
    return _VALUES.sub("[…]", words)
