"""What staff decide on a package besides its letter: values of others in an export, and an erasure that waits."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from cases.others import Choice
from web.face import Face
from web.staff.attempt import attempt
from web.staff.session import Form, Who, own_to_decide, text
from workflow import others, second_look

router = APIRouter(prefix="/bureau")
OTHER = "ander-"  # form fields: id of a value → out or in
REST = {"rest-weg": Choice.OUT.value, "rest-mee": Choice.IN.value}  # buttons: what holds for all that is still open


@router.post("/brief/{draft_id}/anderen")
async def values_of_others(draft_id: str, face: Face, who: Who, form: Form) -> Response:
    """Left out or not (art. 15(4)); letting one stand makes the export anew."""
    await own_to_decide(face, who, "draft", draft_id)
    said = {name.removeprefix(OTHER): text(form, name) for name in form if name.startswith(OTHER)}

    async def act() -> str:
        rest = REST.get(text(form, "act"), "")
        await others.decide(face.desk, who.staff_id, draft_id, said, rest=rest)
        return "anderen"

    return await attempt(face, who, "draft", draft_id, form, act(), "anderen")


@router.post("/verzoek/{request_id}/gaat-door")
async def go_on(request_id: str, face: Face, who: Who, form: Form) -> Response:
    """An erasure that waits for another case of the same person goes on all the same, with a reason."""
    await own_to_decide(face, who, "request", request_id)

    async def act() -> str:
        await second_look.go_on(face.desk, who.staff_id, request_id, text(form, "reason"))
        return "gaat-door"

    return await attempt(face, who, "request", request_id, form, act(), "gaat-door")
