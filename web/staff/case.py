"""The case page: everything on one case, and the views of a letter exactly as it will be sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from fastapi import APIRouter
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from cases.calendar import local_date
from cases.identity import ProofMethod
from cases.letters import GROUND_FACTS, missing
from cases.policy import IdCopy
from cases.types import OPEN_STATES, STATUTORY, Decision, DraftStatus, Label, OutboxStatus, RefusalGround
from handlers.choices import CHOICES
from render.letter import LetterContext, letter_html, letter_text
from storage.queries import case_file, doing, staff
from storage.queries.case_values import CaseView, DraftView, FoundRows, Look, RequestView, Sending
from storage.queries.doing import DoingView, EvidenceView, MandateView
from storage.queries.open_cases import InTheWay
from storage.queries.request_facts import RequestFacts, request_facts
from storage.queries.staff import Session
from storage.unit import Reads
from web import answers, letter_words, right_words
from web.face import Face, WebFace, source_names
from web.guard import mail_headers
from web.staff.found import for_staff
from web.staff.session import NotThere, Who, may_decide
from workflow import second_look, staff_chat, terms
from workflow.approval import needs_two
from workflow.complaints import Handled, handled

router = APIRouter(prefix="/bureau")
_LIVE = (DraftStatus.OPEN, DraftStatus.SECOND_PERSON)


@dataclass(frozen=True, slots=True)
class Entered:
    """What somebody typed in a form that could not be taken: nothing of it is lost."""

    about: str = ""  # id of the draft, request, conversation or message the form is about
    act: str = ""  # which form of it: the last part of its address
    problem: str = ""
    texts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RequestPart:
    """One request with what its part of the page needs to know."""

    request: RequestView
    draft: DraftView | None  # the one that waits for staff
    lacking: tuple[str, ...]  # in words
    needs_two: bool  # erasure, refusal: two people decide
    first_look: bool  # this colleague already approved it once
    alone: bool  # there is no second approver: the same person may look again later, with a fresh code
    undoable: Sending | None
    is_open: bool
    older: tuple[DraftView, ...]
    complaint: Handled  # whether this colleague handled what the complaint is about
    apology: tuple[date, str] | None  # once it is late: the date to propose, and the letter that stands ready


@router.get("/zaak/{case_id}")
async def show(case_id: str, face: Face, who: Who, melding: str = "") -> Response:
    return await case_page(face, who, case_id, notice=answers.NOTICES.get(melding, ""))


@router.get("/brief/{draft_id}/voorbeeld")
async def preview(draft_id: str, face: Face, who: Who) -> Response:
    """The HTML as it would be sent, in a frame of its own where nothing runs and nothing loads."""
    found = await face.desk.store.read(lambda reads: case_file.letter_of(reads, draft_id, who.roles))
    if found is None:
        raise NotThere
    html = letter_html(found[1], _context(face, found[0]))
    return HTMLResponse(html, headers=mail_headers(links=False))


@router.get("/brief/{draft_id}/tekst")
async def preview_text(draft_id: str, face: Face, who: Who) -> Response:
    found = await face.desk.store.read(lambda reads: case_file.letter_of(reads, draft_id, who.roles))
    if found is None:
        raise NotThere
    return PlainTextResponse(letter_text(found[1], _context(face, found[0])), headers=mail_headers(links=False))


_Read = tuple[
    CaseView | None, int, dict[str, DoingView], tuple[MandateView, ...], tuple[EvidenceView, ...],
    dict[str, tuple[InTheWay, ...]], dict[str, tuple[RequestFacts, Handled]],
]  # fmt: skip


async def case_page(
    face: WebFace, who: Session, case_id: str, *, status: int = 200, notice: str = "", entered: Entered | None = None,
    opened: FoundRows | None = None,
) -> HTMLResponse:  # fmt: skip

    def read(reads: Reads) -> _Read:
        found = case_file.case_file(reads, case_id, who.roles)
        if found is None or found.erased:
            return found, 0, {}, (), (), {}, {}
        people = staff.approvers(reads, found.organisation)
        return (
            found, people, doing.doing(reads, case_id), doing.mandates(reads, case_id), doing.evidence(reads, case_id),
            second_look.held_back(reads, [item.id for item in found.requests]), _open(reads, found, who),
        )  # fmt: skip

    view, approvers, being_done, mandates, proofs, held, facts = await face.desk.store.read(read)
    if view is None:
        raise NotThere
    policy = face.desk.organisation(view.organisation).policy
    if view.organisation in face.settings.telegram:  # only a package that was opened here may be approved elsewhere
        shown = [draft for item in view.requests for draft in item.drafts if draft.status in _LIVE]
        await staff_chat.note_views(face.desk, who.staff_id, {draft.id: draft.package_digest for draft in shown})
    return face.page(
        "case.html", status=status, who=who, case=view,
        parts=[_part(face, who, view, item, approvers, facts.get(item.id)) for item in view.requests],
        decides=may_decide(who, view.organisation), notice=notice, entered=entered or Entered(), opened=opened,
        found=for_staff(face.desk.organisation(view.organisation), opened, face.desk.now()) if opened else None,
        grounds=[ground for ground in RefusalGround if ground not in policy.blocked_grounds],
        blocked=policy.blocked_grounds, blocked_why=policy.blocked_why, ground_facts=GROUND_FACTS,
        redirects=policy.processor is not None, id_copy=policy.identity.id_copy is IdCopy.NAMED_DOUBT,
        source_names=source_names(face.desk, view.organisation),
        doing=being_done, held=held, mandates=mandates, proofs=proofs, rights=right_words, statutory=STATUTORY,
        choices={label.value: found for label, found in CHOICES.items()},
        recipient_names={recipient.key: recipient.name for recipient in policy.recipients},
        methods=ProofMethod, sent_as={item.id: item.status for item in view.sendings},
    )  # fmt: skip


def _open(reads: Reads, view: CaseView, who: Session) -> dict[str, tuple[RequestFacts, Handled]]:
    asked = (request_facts(reads, item.id) for item in view.requests if item.state in OPEN_STATES)
    return {facts.id: (facts, handled(reads, facts, who.staff_id)) for facts in asked if facts is not None}


def _apology(face: WebFace, facts: RequestFacts) -> tuple[date, str] | None:
    if local_date(face.desk.now()) <= facts.told_on:
        return None
    day, letter = terms.drafted_apology(face.desk, facts)
    return day, letter_text(letter, _context(face, facts.organisation))


def _part(
    face: WebFace, who: Session, view: CaseView, request: RequestView, approvers: int,
    known: tuple[RequestFacts, Handled] | None,
) -> RequestPart:  # fmt: skip
    draft = next((item for item in request.drafts if item.status in _LIVE), None)
    lacking: tuple[str, ...] = ()
    if draft is not None and draft.letter is not None:
        kinds = missing(draft.letter, Label(request.label), Decision(draft.decision))
        lacking = tuple(letter_words.BLOCKS.get(kind, kind) for kind in kinds)
    mine = {item.id for item in request.drafts}
    now = face.desk.now()
    undoable = [
        item
        for item in view.sendings
        if item.draft_id in mine and item.status == OutboxStatus.QUEUED and item.not_before > now
    ]
    return RequestPart(
        request=request, draft=draft, lacking=lacking,
        needs_two=draft is not None and needs_two(Label(request.label), Decision(draft.decision)),
        first_look=draft is not None and any(_mine(look, who) for look in draft.looks), alone=approvers < 2,
        undoable=undoable[-1] if undoable else None, is_open=request.state in OPEN_STATES,
        older=tuple(item for item in request.drafts if item is not draft),
        complaint=known[1] if known else Handled(False), apology=_apology(face, known[0]) if known else None,
    )  # fmt: skip


def _mine(look: Look, who: Session) -> bool:
    return look.current and look.staff_id == who.staff_id and look.act != "hand_back"


def _context(face: WebFace, organisation: str) -> LetterContext:
    return LetterContext(organisation=face.desk.organisation(organisation).policy.name, demo=face.desk.demo)
