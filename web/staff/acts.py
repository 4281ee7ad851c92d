"""What staff do on a case: approve, change, hand back, refuse, undo, write, search again. Every act is a POST with a
token; the steps themselves (rules, audit, four eyes) are in `workflow/`.
"""

from __future__ import annotations

from collections.abc import Awaitable

from fastapi import APIRouter
from starlette.datastructures import FormData
from starlette.responses import Response

from cases.audit import AuditTag, staff_actor
from cases.errors import InputError, RuleError
from cases.letters import GROUND_FACTS, paragraphs
from cases.types import DraftStatus, RefusalGround
from storage.queries import case_file, console
from storage.queries.staff import Session
from storage.unit import Unit
from web import words
from web.face import Face, WebFace, seen
from web.staff.case import Entered, case_page
from web.staff.session import Form, NotThere, Who, own, own_to_decide, text
from workflow import accounts, approval, drafting, people

router = APIRouter(prefix="/bureau")
BLOCK = "block-"  # form fields of free blocks
FACT = "fact-"
CHANGED = "Deze brief is intussen veranderd. Kijk opnieuw. Uw tekst staat hieronder nog, maar is niet bewaard."


# --- the draft --------------------------------------------------------------------------------------------------------


@router.post("/brief/{draft_id}/goedkeuren")
async def approve(draft_id: str, face: Face, who: Who, form: Form) -> Response:
    await own_to_decide(face, who, "draft", draft_id)
    edits = await _edits(face, who, draft_id, form)
    code = text(form, "code").strip()
    fresh = bool(code) and await accounts.fresh_second_factor(face.desk, who, code)
    if code and not fresh:
        return await _again(face, who, "draft", draft_id, form, "Deze code klopt niet of is al gebruikt.", status=422)
    digest = text(form, "package_digest")

    async def act() -> str:
        result = await approval.approve(face.desk, who.staff_id, draft_id, digest, edits, totp_fresh=fresh)
        return "tweede" if result.status == DraftStatus.SECOND_PERSON else "goedgekeurd"

    return await _try(face, who, "draft", draft_id, form, act())


@router.post("/brief/{draft_id}/bewaren")
async def save(draft_id: str, face: Face, who: Who, form: Form) -> Response:
    await own(face, who, "draft", draft_id)
    edits = await _edits(face, who, draft_id, form)

    async def act() -> str:
        if edits:
            await approval.save_edits(face.desk, who.staff_id, draft_id, edits)
        return "bewaard"

    return await _try(face, who, "draft", draft_id, form, act())


@router.post("/brief/{draft_id}/terug")
async def hand_back(draft_id: str, face: Face, who: Who, form: Form) -> Response:
    await own(face, who, "draft", draft_id)

    async def act() -> str:
        await approval.hand_back(face.desk, who.staff_id, draft_id)
        return "teruggegeven"

    return await _try(face, who, "draft", draft_id, form, act())


@router.post("/verzoek/{request_id}/weigeren")
async def refuse(request_id: str, face: Face, who: Who, form: Form) -> Response:
    """Makes a draft of a refusal; nothing leaves before it is approved like every letter."""
    await own_to_decide(face, who, "request", request_id)

    async def act() -> str:
        try:
            ground = RefusalGround(text(form, "ground"))
        except ValueError:
            raise InputError("ground_facts_missing") from None
        facts = {name: text(form, f"{FACT}{ground}-{name}") for name in GROUND_FACTS[ground]}
        await drafting.refuse(face.desk, who.staff_id, request_id, ground, facts, text(form, "free_text"))
        return "afwijzing"

    return await _try(face, who, "request", request_id, form, act())


@router.post("/bericht/{outbox_id}/terughalen")
async def undo(outbox_id: str, face: Face, who: Who, form: Form) -> Response:
    await own_to_decide(face, who, "outbox", outbox_id)

    async def act() -> str:
        await approval.undo(face.desk, who.staff_id, outbox_id)
        return "teruggehaald"

    return await _try(face, who, "outbox", outbox_id, form, act())


# --- the conversation and the sources ---------------------------------------------------------------------------------


@router.post("/verzoek/{request_id}/zoek-opnieuw")
async def search_again(request_id: str, face: Face, who: Who, form: Form) -> Response:
    await own(face, who, "request", request_id)

    async def act() -> str:
        await people.search_again(face.desk, who.staff_id, request_id)
        return "zoeken"

    return await _try(face, who, "request", request_id, form, act())


@router.post("/gesprek/{conversation_id}/antwoord")
async def reply(conversation_id: str, face: Face, who: Who, form: Form) -> Response:
    await own(face, who, "conversation", conversation_id)

    async def act() -> str:
        if not text(form, "text").strip():
            raise InputError("empty")
        await people.reply(face.desk, who.staff_id, conversation_id, text(form, "text"))
        return "antwoord"

    return await _try(face, who, "conversation", conversation_id, form, act())


@router.post("/gesprek/{conversation_id}/assistent")
async def hand_to_bot(conversation_id: str, face: Face, who: Who, form: Form) -> Response:
    await own(face, who, "conversation", conversation_id)

    async def act() -> str:
        await people.hand_to_bot(face.desk, who.staff_id, conversation_id)
        return "assistent"

    return await _try(face, who, "conversation", conversation_id, form, act())


@router.post("/werk/{work_id}/sluiten")
async def close_work(work_id: str, face: Face, who: Who, form: Form) -> Response:
    await own(face, who, "work_item", work_id)
    case_id = await face.desk.store.read(lambda reads: console.case_of(reads, "work_item", work_id))
    try:
        await people.close_work(face.desk, who.staff_id, work_id)
    except InputError as error:
        if case_id is None:
            raise
        entered = Entered(work_id, words.problem(error.code))
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


# --- helpers ----------------------------------------------------------------------------------------------------------


async def _try(face: WebFace, who: Session, table: str, row_id: str, form: FormData, act: Awaitable[str]) -> Response:
    """Back to the case after the act; when it is refused, the page with what was typed and why."""
    try:
        notice = await act
    except InputError as error:
        return await _again(face, who, table, row_id, form, words.problem(error.code), status=422)
    except RuleError:
        return await _again(face, who, table, row_id, form, CHANGED, status=409)
    case_id = await face.desk.store.read(lambda reads: console.case_of(reads, table, row_id))
    return seen(f"/bureau/zaak/{case_id}?melding={notice}" if case_id else f"/bureau?melding={notice}")


async def _again(
    face: WebFace, who: Session, table: str, row_id: str, form: FormData, problem: str, *, status: int
) -> Response:
    case_id = await face.desk.store.read(lambda reads: console.case_of(reads, table, row_id))
    if case_id is None:
        raise NotThere
    texts = {name: value for name, value in form.items() if isinstance(value, str) and name != "csrf"}
    return await case_page(face, who, case_id, status=status, entered=Entered(row_id, problem, texts))


async def _edits(face: WebFace, who: Session, draft_id: str, form: FormData) -> dict[str, str]:
    """The free blocks that this form changes; the step itself checks that they may be changed."""
    found_letter = await face.desk.store.read(lambda reads: case_file.letter_of(reads, draft_id, who.roles))
    if found_letter is None:
        raise NotThere
    now = {block.key: block.text for block in found_letter[1].blocks}
    typed = {name.removeprefix(BLOCK): text(form, name) for name in form if name.startswith(BLOCK)}
    return {key: value for key, value in typed.items() if paragraphs(value) != now.get(key)}


async def _note(face: WebFace, who: Session, tag: AuditTag, case_id: str, subject: str) -> None:
    def write(unit: Unit) -> None:
        organisation = console.owner(unit, "case", case_id)
        assert organisation is not None
        unit.record(tag, organisation=organisation, actor=staff_actor(who.staff_id), case=case_id, subject=subject)

    await face.desk.store.write(write)
