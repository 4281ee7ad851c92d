"""What staff do on a case besides letters: write, make sure who somebody is, hand over to the assistant, search again,
settle what happened to a message, tick off, look at what was found.
"""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from cases.audit import AuditTag, staff_actor
from cases.errors import InputError
from cases.identity import ProofMethod
from cases.types import Label
from storage.queries import case_file, console
from storage.queries.staff import Session
from storage.unit import Unit
from web import answers, words
from web.face import Face, WebFace, seen
from web.staff.attempt import attempt
from web.staff.case import Entered, case_page
from web.staff.session import Form, NotThere, Who, own, own_to_decide, text
from workflow import colleague, outbox, people, wishes

router = APIRouter(prefix="/bureau")


@router.post("/verzoek/{request_id}/zoek-opnieuw")
async def search_again(request_id: str, face: Face, who: Who, form: Form) -> Response:
    await own(face, who, "request", request_id)

    async def act() -> str:
        await people.search_again(face.desk, who.staff_id, request_id)
        return "zoeken"

    return await attempt(face, who, "request", request_id, form, act(), "zoek-opnieuw")


@router.post("/gesprek/{conversation_id}/antwoord")
async def reply(conversation_id: str, face: Face, who: Who, form: Form) -> Response:
    await own(face, who, "conversation", conversation_id)

    async def act() -> str:
        if not text(form, "text").strip():
            raise InputError("empty")
        await people.reply(face.desk, who.staff_id, conversation_id, text(form, "text"))
        return "antwoord"

    return await attempt(face, who, "conversation", conversation_id, form, act(), "antwoord")


@router.post("/gesprek/{conversation_id}/verzoek")
async def add_wish(conversation_id: str, face: Face, who: Who, form: Form) -> Response:
    """A wish in this conversation that the program did not hear."""
    await own_to_decide(face, who, "conversation", conversation_id)

    async def act() -> str:
        if text(form, "label") not in set(words.CHOICES):
            raise InputError("no_label")
        await wishes.add(face.desk, who.staff_id, conversation_id, Label(text(form, "label")))
        return "verzoek-erbij"

    return await attempt(face, who, "conversation", conversation_id, form, act(), "verzoek")


@router.post("/gesprek/{conversation_id}/assistent")
async def hand_to_bot(conversation_id: str, face: Face, who: Who, form: Form) -> Response:
    await own(face, who, "conversation", conversation_id)

    async def act() -> str:
        await people.hand_to_bot(face.desk, who.staff_id, conversation_id)
        return "assistent"

    return await attempt(face, who, "conversation", conversation_id, form, act(), "assistent")


@router.post("/gesprek/{conversation_id}/identiteit")
async def confirm_identity(conversation_id: str, face: Face, who: Who, form: Form) -> Response:
    """A person made sure who this is. It opens the file, so it is for those who decide."""
    await own_to_decide(face, who, "conversation", conversation_id)

    async def act() -> str:
        try:
            method = ProofMethod(text(form, "method"))
        except ValueError:
            raise InputError("no_method") from None
        await people.confirm_identity(face.desk, who.staff_id, conversation_id, method)
        return "bevestigd"

    return await attempt(face, who, "conversation", conversation_id, form, act(), "identiteit")


@router.post("/bericht/{outbox_id}/onzeker")
async def decide_uncertain(outbox_id: str, face: Face, who: Who, form: Form) -> Response:
    """Somebody has looked whether a message that broke halfway arrived."""
    await own_to_decide(face, who, "outbox", outbox_id)
    if text(form, "arrived") not in ("ja", "nee"):
        raise NotThere
    arrived = text(form, "arrived") == "ja"

    async def act() -> str:
        await outbox.decide_uncertain(face.desk, who.staff_id, outbox_id, arrived=arrived)
        return "aangekomen" if arrived else "nog-eens"

    return await attempt(face, who, "outbox", outbox_id, form, act(), "onzeker")


@router.post("/bericht/{outbox_id}/opnieuw")
async def send_again(outbox_id: str, face: Face, who: Who, form: Form) -> Response:
    await own_to_decide(face, who, "outbox", outbox_id)

    async def act() -> str:
        await outbox.send_again(face.desk, who.staff_id, outbox_id)
        return "nog-eens"

    return await attempt(face, who, "outbox", outbox_id, form, act(), "opnieuw")


@router.post("/zaak/{case_id}/geen-verzoek")
async def not_a_request(case_id: str, face: Face, who: Who, form: Form) -> Response:
    await own_to_decide(face, who, "case", case_id)

    async def act() -> str:
        await people.not_a_request(face.desk, who.staff_id, case_id)
        return "geen-zaak"

    return await attempt(face, who, "case", case_id, form, act(), "geen-verzoek")


@router.post("/werk/{work_id}/antwoord")
async def colleague_answer(work_id: str, face: Face, who: Who, form: Form) -> Response:
    """Whether what a colleague wrote was the answer."""
    await own(face, who, "work_item", work_id)
    is_answer = text(form, "act") == "ja"

    async def act() -> str:
        await colleague.judge(face.desk, who.staff_id, work_id, is_answer=is_answer)
        return "collega-ja" if is_answer else "collega-nee"

    return await attempt(face, who, "work_item", work_id, form, act(), "antwoord")


@router.post("/werk/{work_id}/sluiten")
async def close_work(work_id: str, face: Face, who: Who, form: Form) -> Response:
    await own(face, who, "work_item", work_id)
    case_id = await face.desk.store.read(lambda reads: console.case_of(reads, "work_item", work_id))
    try:
        await people.close_work(face.desk, who.staff_id, work_id)
    except InputError as error:
        if case_id is None:
            raise
        entered = Entered(work_id, "sluiten", answers.problem(error.code))
        return await case_page(face, who, case_id, status=422, entered=entered)
    return seen(f"/bureau/zaak/{case_id}?melding=gesloten" if case_id else "/bureau?melding=gesloten")


@router.post("/gevonden/{finding_id}")
async def found(finding_id: str, face: Face, who: Who, _form: Form) -> Response:
    """Shows the records of one source. By POST: that somebody looked is written down (art. 5(2), 32)."""
    opened = await face.desk.store.read(lambda reads: case_file.found(reads, finding_id, who.roles))
    if opened is None:
        raise NotThere
    await _note(face, who, AuditTag.CASE_VIEWED, opened.case_id, finding_id)
    return await case_page(face, who, opened.case_id, opened=opened)


@router.post("/export/{export_id}")
async def export(export_id: str, face: Face, who: Who, _form: Form) -> Response:
    """The package as the requester would get it, for staff to check."""
    package = await face.desk.store.read(lambda reads: case_file.export_bytes(reads, export_id, who.roles))
    if package is None:
        raise NotThere
    case_id, number, content = package
    await _note(face, who, AuditTag.EXPORT_OPENED, case_id, export_id)
    name = "".join(char if char.isalnum() or char == "-" else "-" for char in number)
    return Response(
        content, media_type="application/zip", headers={"Content-Disposition": f'attachment; filename="{name}.zip"'}
    )


async def _note(face: WebFace, who: Session, tag: AuditTag, case_id: str, subject: str) -> None:
    def write(unit: Unit) -> None:
        organisation = console.owner(unit, "case", case_id)
        assert organisation is not None
        unit.record(tag, organisation=organisation, actor=staff_actor(who.staff_id), case=case_id, subject=subject)

    await face.desk.store.write(write)
