"""What staff decide on a letter: approve, change, hand back, refuse, redirect, undo. Every act is a POST with a token;
the steps themselves (rules, audit, four eyes) are in `workflow/`, the other acts on a case in `handling`.
"""

from __future__ import annotations

from fastapi import APIRouter
from starlette.datastructures import FormData
from starlette.responses import Response

from cases.errors import InputError
from cases.letters import GROUND_FACTS, paragraphs
from cases.types import DraftStatus, RefusalGround
from storage.queries import case_file
from storage.queries.staff import Session
from web.face import Face, WebFace
from web.staff.attempt import again, attempt
from web.staff.session import Form, NotThere, Who, own, own_to_decide, text
from workflow import accounts, approval, drafting

router = APIRouter(prefix="/bureau")
BLOCK = "block-"  # form fields of free blocks
FACT = "fact-"


@router.post("/brief/{draft_id}/goedkeuren")
async def approve(draft_id: str, face: Face, who: Who, form: Form) -> Response:
    await own_to_decide(face, who, "draft", draft_id)
    edits = await _edits(face, who, draft_id, form)
    code = text(form, "code").strip()
    fresh = bool(code) and await accounts.fresh_second_factor(face.desk, who, code)
    if code and not fresh:
        return await again(face, who, "draft", draft_id, form, "Deze code klopt niet of is al gebruikt.", "goedkeuren")
    digest = text(form, "package_digest")

    async def act() -> str:
        result = await approval.approve(face.desk, who.staff_id, draft_id, digest, edits, totp_fresh=fresh)
        return "tweede" if result.status == DraftStatus.SECOND_PERSON else "goedgekeurd"

    return await attempt(face, who, "draft", draft_id, form, act(), "goedkeuren")


@router.post("/brief/{draft_id}/bewaren")
async def save(draft_id: str, face: Face, who: Who, form: Form) -> Response:
    await own(face, who, "draft", draft_id)
    edits = await _edits(face, who, draft_id, form)

    async def act() -> str:
        if edits:
            await approval.save_edits(face.desk, who.staff_id, draft_id, edits)
        return "bewaard"

    return await attempt(face, who, "draft", draft_id, form, act(), "bewaren")


@router.post("/brief/{draft_id}/terug")
async def hand_back(draft_id: str, face: Face, who: Who, form: Form) -> Response:
    await own(face, who, "draft", draft_id)

    async def act() -> str:
        await approval.hand_back(face.desk, who.staff_id, draft_id)
        return "teruggegeven"

    return await attempt(face, who, "draft", draft_id, form, act(), "terug")


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
        await drafting.refuse(
            face.desk, who.staff_id, request_id, ground, facts, text(form, "free_text"), text(form, "findings")
        )
        return "afwijzing"

    return await attempt(face, who, "request", request_id, form, act(), "weigeren")


@router.post("/verzoek/{request_id}/doorverwijzen")
async def redirect(request_id: str, face: Face, who: Who, form: Form) -> Response:
    """Makes a draft that says whose data these are; staff pass the request on themselves."""
    await own_to_decide(face, who, "request", request_id)

    async def act() -> str:
        await drafting.redirect(face.desk, who.staff_id, request_id)
        return "doorverwijzing"

    return await attempt(face, who, "request", request_id, form, act(), "doorverwijzen")


@router.post("/bericht/{outbox_id}/terughalen")
async def undo(outbox_id: str, face: Face, who: Who, form: Form) -> Response:
    await own_to_decide(face, who, "outbox", outbox_id)

    async def act() -> str:
        await approval.undo_letter(face.desk, who.staff_id, outbox_id)
        return "teruggehaald"

    return await attempt(face, who, "outbox", outbox_id, form, act(), "terughalen")


async def _edits(face: WebFace, who: Session, draft_id: str, form: FormData) -> dict[str, str]:
    """The free blocks that this form changes; the step itself checks that they may be changed."""
    found_letter = await face.desk.store.read(lambda reads: case_file.letter_of(reads, draft_id, who.roles))
    if found_letter is None:
        raise NotThere
    now = {block.key: block.text for block in found_letter[1].blocks}
    typed = {name.removeprefix(BLOCK): text(form, name) for name in form if name.startswith(BLOCK)}
    return {key: value for key, value in typed.items() if paragraphs(value) != now.get(key)}
