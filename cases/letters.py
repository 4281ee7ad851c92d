"""A letter as a list of blocks, and the rules about which blocks an answer must have (art. 12-22, UAVG 35).

A block is *fixed* (made from the case and the policy; nobody edits it) or *free* (staff may write in it). What must
stand in an answer is checked here, on the list, never on prose. How a letter looks lives in `render/`, its sentences
in `handlers/texts/`; this file knows neither.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any

from cases.errors import InputError, RuleError
from cases.transitions import ANSWERED_BY_PROGRAM
from cases.types import Decision, Form, Label, RefusalGround

MAX_FREE_TEXT = 20_000  # characters in one block; more is a pasted document, which belongs in the export


class BlockKind(StrEnum):
    # automatic mail and the frame of every letter
    ASSISTANT = "assistant"  # "Ik ben de automatische assistent …" (AI Act art. 50); first line of automatic mail
    GREETING = "greeting"
    TEXT = "text"
    CODE = "code"
    LINK = "link"
    CHOICES = "choices"
    CLOSING = "closing"
    # every answer (law: art. 12(1), 12(3), 12(4))
    REFERENCE = "reference"  # case number, date of receipt, date of the letter
    UNDERSTOOD = "understood"
    DECISION = "decision"
    CONTACT = "contact"
    CHECKED_BY = "checked_by"  # the role of the person who looked, never a name
    COMPLAINT_AP = "complaint_ap"
    # refusal, whole or in part
    GROUND = "ground"
    FACTS = "facts"
    GRANTED = "granted"
    COURT = "court"
    OBJECT = "object"  # how to have the organisation itself look again
    # art. 15
    DATA = "data"
    PURPOSES = "purposes"
    CATEGORIES = "categories"
    RECIPIENTS = "recipients"
    RETENTION = "retention"
    SOURCE = "source"
    RIGHTS = "rights"
    AUTOMATED = "automated"
    TRANSFERS = "transfers"
    LEFT_OUT = "left_out"
    NOT_ASKED = "not_asked"  # a system that could not be searched yet
    FORMAT = "format"  # in which form, and that it is free
    # nothing found
    SEARCHED = "searched"
    OFFER_OTHER = "offer_other"
    # what was done (art. 16-22)
    DONE = "done"
    CHANGES = "changes"
    KEPT = "kept"  # category + law + end date
    RESTRICTED_USE = "restricted_use"
    RECIPIENTS_TOLD = "recipients_told"  # art. 19
    BACKUPS = "backups"
    SUPPRESSION = "suppression"
    ACCOUNT = "account"
    STOPPED = "stopped"
    UNDERWAY = "underway"
    CONTINUES = "continues"
    PROCESSING = "processing"
    WEIGHING = "weighing"
    CONSENT = "consent"
    NOT_BACKWARDS = "not_backwards"
    SCOPE = "scope"
    DELIVERY = "delivery"
    NOTHING_DELETED = "nothing_deleted"
    RESTRICTION = "restriction"
    EXCEPTIONS = "exceptions"
    BEFORE_LIFTING = "before_lifting"
    LOGIC = "logic"
    HUMAN = "human"
    CONTEST = "contest"
    FINDINGS = "findings"
    REMEDY = "remedy"
    ANSWER = "answer"
    STAGE = "stage"
    CLOSED = "closed"
    OWN_STATEMENT = "own_statement"
    REDIRECT = "redirect"
    # letters on the way, and to special persons
    REASON = "reason"
    NEW_DATE = "new_date"
    APOLOGY = "apology"
    HAPPENED = "happened"  # art. 34: in clear and plain language
    CONSEQUENCES = "consequences"
    MEASURES = "measures"
    CAN_DO = "can_do"
    MANDATE = "mandate"


@dataclass(frozen=True, slots=True)
class Table:
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Block:
    kind: BlockKind
    key: str  # unique in its letter
    fixed: bool
    text: tuple[str, ...] = ()  # paragraphs
    heading: str = ""
    items: tuple[str, ...] = ()
    table: Table | None = None
    link: str = ""  # an address of our own pages
    slot: str = ""  # filled later (`fill`): the address of an export, the date an action ran
    hint: str = ""  # what staff should write here; never sent

    @property
    def empty(self) -> bool:
        has_text = any(part.strip() for part in (*self.text, *self.items, self.link, self.slot))
        return not has_text and not (self.table and self.table.rows)


@dataclass(frozen=True, slots=True)
class Letter:
    subject: str
    form: Form
    blocks: tuple[Block, ...]

    def __post_init__(self) -> None:
        keys = [block.key for block in self.blocks]
        if len(set(keys)) != len(keys):
            raise RuleError("two blocks of one letter have the same key")


# --- which blocks an answer must have ------------------------------------------------------------------------------

EVERY = (
    BlockKind.REFERENCE,
    BlockKind.UNDERSTOOD,
    BlockKind.DECISION,
    BlockKind.CONTACT,
    BlockKind.CHECKED_BY,
    BlockKind.COMPLAINT_AP,
)
REFUSAL = (BlockKind.GROUND, BlockKind.FACTS, BlockKind.GRANTED, BlockKind.OBJECT, BlockKind.COURT)
NOTHING = (BlockKind.SEARCHED, BlockKind.OFFER_OTHER)
# Art. 15(1)(a)-(h) and 15(2), as an answer to a request for access needs them.
ARTICLE_15 = (
    BlockKind.PURPOSES,
    BlockKind.CATEGORIES,
    BlockKind.RECIPIENTS,
    BlockKind.RETENTION,
    BlockKind.RIGHTS,
    BlockKind.SOURCE,
    BlockKind.AUTOMATED,
    BlockKind.TRANSFERS,
)
DONE: Mapping[Label, tuple[BlockKind, ...]] = {
    Label.INZAGE: (BlockKind.DATA, *ARTICLE_15, BlockKind.LEFT_OUT, BlockKind.FORMAT),
    Label.CORRECTIE: (BlockKind.CHANGES, BlockKind.DONE, BlockKind.RECIPIENTS_TOLD),
    Label.VERWIJDERING: (
        BlockKind.DONE,
        BlockKind.KEPT,
        BlockKind.RESTRICTED_USE,
        BlockKind.RECIPIENTS_TOLD,
        BlockKind.BACKUPS,
        BlockKind.SUPPRESSION,
        BlockKind.ACCOUNT,
    ),
    Label.AFMELDEN: (BlockKind.STOPPED, BlockKind.UNDERWAY, BlockKind.CONTINUES),
    Label.BEZWAAR: (BlockKind.PROCESSING, BlockKind.RESTRICTED_USE, BlockKind.WEIGHING),
    Label.INTREKKEN: (BlockKind.CONSENT, BlockKind.NOT_BACKWARDS, BlockKind.CONTINUES),
    Label.OVERDRACHT: (BlockKind.SCOPE, BlockKind.DELIVERY, BlockKind.NOTHING_DELETED),
    Label.BEPERKING: (
        BlockKind.RESTRICTION,
        BlockKind.EXCEPTIONS,
        BlockKind.BEFORE_LIFTING,
        BlockKind.RECIPIENTS_TOLD,
    ),
    Label.BESLUIT: (BlockKind.AUTOMATED, BlockKind.LOGIC, BlockKind.HUMAN, BlockKind.CONTEST),
    Label.KLACHT: (BlockKind.FINDINGS, BlockKind.REMEDY),
    Label.VRAAG: (BlockKind.ANSWER,),
    Label.STATUS: (BlockKind.STAGE,),
    Label.ANNULEREN: (BlockKind.CLOSED,),
    Label.OVERIG: (BlockKind.ANSWER,),
}


def _required(label: Label, decision: Decision) -> tuple[BlockKind, ...]:
    if decision is Decision.NOTHING_FOUND:
        return EVERY + NOTHING
    if decision is Decision.TRANSFERRED:
        return (*EVERY, BlockKind.REDIRECT)
    if decision is Decision.REFUSED:
        extra = (BlockKind.OWN_STATEMENT,) if label is Label.CORRECTIE else ()  # art. 16, second sentence
        findings = (BlockKind.FINDINGS,) if label is Label.KLACHT else ()
        return EVERY + REFUSAL + extra + findings
    if decision is Decision.PARTLY:
        extra = (BlockKind.OWN_STATEMENT,) if label is Label.CORRECTIE else ()
        return EVERY + DONE[label] + REFUSAL + extra
    if decision is Decision.INFORMATION and label in (Label.CORRECTIE, Label.VERWIJDERING):
        return (*EVERY, BlockKind.NOT_ASKED)  # nothing found so far, and not everywhere looked
    return EVERY + DONE[label]


REQUIRED: Mapping[tuple[Label, Decision], tuple[BlockKind, ...]] = {
    (label, decision): _required(label, decision) for label in Label for decision in Decision
}


def missing(letter: Letter, label: Label, decision: Decision) -> tuple[BlockKind, ...]:
    """Block kinds that this answer needs and lacks; a block nobody has written in yet counts as lacking.

    Where the program may answer by itself, "I am a program" stands in the place of who checked.
    """
    present = {block.kind for block in letter.blocks if not block.empty}
    if BlockKind.ASSISTANT in present and label in ANSWERED_BY_PROGRAM:
        present.add(BlockKind.CHECKED_BY)
    return tuple(kind for kind in REQUIRED[label, decision] if kind not in present)


# --- letters that are no answer to a request --------------------------------------------------------------------------


class ProcessLetter(StrEnum):
    """A letter on the way of a request, or to somebody whose request goes another way. All are approved by staff."""

    EXTENSION = "extension"  # art. 12(3): two further months, with reasons
    LATE = "late"  # past the date: an apology, never called an extension
    LIFTING = "lifting"  # art. 18(3): before a restriction ends
    JOINED = "joined"
    SPLIT = "split"
    NARROW = "narrow"  # recital 63: before "excessive" is thought of
    BREACH = "breach"  # art. 34
    HEIRS = "heirs"
    CHILD = "child"
    MANDATE = "mandate"


_FRAME = (BlockKind.REFERENCE, BlockKind.CONTACT, BlockKind.CHECKED_BY)
_REQUEST = (*_FRAME, BlockKind.UNDERSTOOD, BlockKind.COMPLAINT_AP)
REQUIRED_PROCESS: Mapping[ProcessLetter, tuple[BlockKind, ...]] = {
    ProcessLetter.EXTENSION: (*_REQUEST, BlockKind.REASON, BlockKind.NEW_DATE),
    ProcessLetter.LATE: (*_REQUEST, BlockKind.APOLOGY, BlockKind.NEW_DATE, BlockKind.COURT),
    ProcessLetter.LIFTING: (*_REQUEST, BlockKind.REASON, BlockKind.NEW_DATE, BlockKind.OBJECT),
    ProcessLetter.JOINED: (*_REQUEST, BlockKind.NEW_DATE),
    ProcessLetter.SPLIT: (*_REQUEST, BlockKind.NEW_DATE),
    ProcessLetter.NARROW: (*_REQUEST, BlockKind.CAN_DO, BlockKind.NEW_DATE),
    ProcessLetter.BREACH: (
        *_FRAME, BlockKind.HAPPENED, BlockKind.CONSEQUENCES, BlockKind.MEASURES, BlockKind.COMPLAINT_AP
    ),
    ProcessLetter.HEIRS: (*_FRAME, BlockKind.CAN_DO),
    ProcessLetter.CHILD: (*_REQUEST, BlockKind.CAN_DO),
    ProcessLetter.MANDATE: (*_REQUEST, BlockKind.MANDATE, BlockKind.NEW_DATE),
}  # fmt: skip


def missing_process(letter: Letter, kind: ProcessLetter) -> tuple[BlockKind, ...]:
    """Block kinds that this letter needs and lacks."""
    present = {block.kind for block in letter.blocks if not block.empty}
    return tuple(each for each in REQUIRED_PROCESS[kind] if each not in present)


# --- refusal grounds ------------------------------------------------------------------------------------------------

# "The exact ground and the facts of this case": without these a refusal is boilerplate and may not leave.
GROUND_FACTS: Mapping[RefusalGround, tuple[str, ...]] = {
    RefusalGround.LEGAL_DUTY: ("category", "law", "why", "until"),  # art. 17(3)(b)
    RefusalGround.LEGAL_CLAIM: (
        "claim",
        "amount",
        "what_kept",
        "review_on",
    ),  # art. 17(3)(e): concrete, looked at again
    RefusalGround.RIGHTS_OF_OTHERS: ("what", "why"),  # art. 15(4): redact, do not refuse the whole
    RefusalGround.NOT_IDENTIFIABLE: ("searched", "what_helps"),  # art. 11(2)
    RefusalGround.IDENTITY_NOT_PROVEN: ("asked_on", "what_asked", "how_to_complete"),  # art. 12(6)
    RefusalGround.UNFOUNDED: ("evidence", "offered"),  # art. 12(5): the controller bears the burden of proof
    RefusalGround.EXCESSIVE: ("evidence", "offered"),
    RefusalGround.NO_SUCH_RIGHT: ("right", "why", "what_instead"),
    RefusalGround.COMPELLING: ("processing", "interest", "weighing"),  # art. 21(1): written down, the burden is ours
}


def require_facts(ground: RefusalGround, facts: Mapping[str, str]) -> None:
    """Stops a refusal whose ground is not supported by the facts it needs."""
    lacking = [name for name in GROUND_FACTS[ground] if not facts.get(name, "").strip()]
    if lacking:
        raise InputError("ground_facts_missing", f"ground_facts_missing: {', '.join(lacking)}")


# --- changing a letter ------------------------------------------------------------------------------------------------


def edit_free(letter: Letter, edits: Mapping[str, str]) -> Letter:
    """The letter with staff's words in its free blocks; paragraphs are parted by an empty line."""
    by_key = {block.key: block for block in letter.blocks}
    for key, text in edits.items():
        if key not in by_key:
            raise RuleError("no such block")
        if by_key[key].fixed:
            raise RuleError("a fixed block can not be edited")
        if len(text) > MAX_FREE_TEXT:
            raise InputError("too_long")
    return replace(
        letter,
        blocks=tuple(
            replace(block, text=paragraphs(edits[block.key])) if block.key in edits else block
            for block in letter.blocks
        ),
    )


def paragraphs(text: str) -> tuple[str, ...]:
    """Splits at empty lines; control characters go, single line breaks stay."""
    clean = "".join(char for char in text.replace("\r\n", "\n") if char in "\n\t" or char.isprintable())
    parts: list[list[str]] = [[]]
    for line in clean.split("\n"):
        if line.strip():
            parts[-1].append(line.rstrip())
        elif parts[-1]:
            parts.append([])
    return tuple("\n".join(lines) for lines in parts if lines)


def slots(letter: Letter) -> tuple[str, ...]:
    """Slots that still have to be filled before the letter can leave."""
    return tuple(block.slot for block in letter.blocks if block.slot)


def fill(letter: Letter, values: Mapping[str, str]) -> Letter:
    """Fills slots: in a LINK block the address, elsewhere the text. A value without a slot is a bug."""
    unknown = set(values) - set(slots(letter))
    if unknown:
        raise RuleError("no such slot")

    def filled(block: Block) -> Block:
        if block.slot not in values:
            return block
        value = values[block.slot]
        if block.kind is BlockKind.LINK:
            return replace(block, link=value, slot="")
        return replace(block, text=(*block.text, value), slot="")

    return replace(letter, blocks=tuple(filled(block) for block in letter.blocks))


# --- storing ----------------------------------------------------------------------------------------------------------


def to_json(letter: Letter) -> str:
    """One stable text per letter (its digest is what staff approve); empty fields are left out."""
    return _encode({"subject": letter.subject, "form": letter.form, "blocks": [_plain(each) for each in letter.blocks]})


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_FIELDS = tuple(each.name for each in fields(Block))


def _plain(block: Block) -> dict[str, Any]:
    """Field by field, in their order: `asdict` copies every word."""
    values = {name: value for name in _FIELDS if (value := getattr(block, name))}
    if block.table is not None:
        values["table"] = {"header": block.table.header, "rows": block.table.rows}
    return values


def from_json(text: str) -> Letter:
    try:
        data = json.loads(text)
        return Letter(subject=str(data["subject"]), form=Form(data["form"]), blocks=tuple(map(_block, data["blocks"])))
    except (KeyError, TypeError, ValueError) as error:
        raise RuleError("a stored letter can not be read") from error


def _block(data: dict[str, Any]) -> Block:
    table = data.get("table")
    return Block(
        kind=BlockKind(data["kind"]),
        key=str(data["key"]),
        fixed=bool(data.get("fixed", False)),
        text=tuple(data.get("text", ())),
        heading=str(data.get("heading", "")),
        items=tuple(data.get("items", ())),
        table=Table(tuple(table["header"]), tuple(tuple(row) for row in table["rows"])) if table else None,
        link=str(data.get("link", "")),
        slot=str(data.get("slot", "")),
        hint=str(data.get("hint", "")),
    )
