"""How an act of staff ends: on the case, with a word of what happened, or with what was typed and why it can not be."""

from __future__ import annotations

from collections.abc import Awaitable

from starlette.datastructures import FormData
from starlette.responses import Response

from cases.errors import InputError, RuleError
from storage.queries import console
from storage.queries.staff import Session
from web import answers
from web.face import WebFace, seen
from web.staff.case import Entered, case_page
from web.staff.session import NotThere

CHANGED = {
    "draft": "Deze brief is intussen veranderd. Kijk opnieuw. Uw tekst staat hieronder nog, maar is niet bewaard.",
    "outbox": "Met dit bericht is intussen al iets gedaan. Kijk opnieuw.",
}
CHANGED_ELSE = "Deze zaak is intussen veranderd. Kijk opnieuw."


async def attempt(
    face: WebFace, who: Session, table: str, row_id: str, form: FormData, act: Awaitable[str], name: str
) -> Response:
    """Runs `act`, which gives the key of its notice. `name` is the last part of the form's address."""
    try:
        notice = await act
    except InputError as error:
        return await again(face, who, table, row_id, form, answers.problem(error.code), name)
    except RuleError:
        return await again(face, who, table, row_id, form, CHANGED.get(table, CHANGED_ELSE), name, status=409)
    case_id = await face.desk.store.read(lambda reads: console.case_of(reads, table, row_id))
    return seen(f"/bureau/zaak/{case_id}?melding={notice}" if case_id else f"/bureau?melding={notice}")


async def again(
    face: WebFace, who: Session, table: str, row_id: str, form: FormData, problem: str, name: str, *, status: int = 422
) -> Response:
    case_id = await face.desk.store.read(lambda reads: console.case_of(reads, table, row_id))
    if case_id is None:
        raise NotThere
    texts = {field: value for field, value in form.items() if isinstance(value, str) and field != "csrf"}
    return await case_page(face, who, case_id, status=status, entered=Entered(row_id, name, problem, texts))
