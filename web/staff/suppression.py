"""The list of who must not be written to: "mag ik dit adres toevoegen?", and who was added again all the same."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import APIRouter
from starlette.responses import Response

from cases.audit import staff_actor
from cases.errors import InputError, RuleError
from storage.queries import staff
from storage.queries.staff import Session
from storage.queries.suppression import Mark
from web import answers, right_words
from web.face import Face, WebFace, seen, table_names
from web.staff.session import Form, Who, may_decide, own_to_decide, text
from workflow import accounts, returned, suppression

router = APIRouter(prefix="/bureau/niet-benaderen")


@router.get("")
async def page(face: Face, who: Who, melding: str = "") -> Response:
    return await _page(face, who, notice=answers.NOTICES.get(melding, ""))


async def _page(
    face: WebFace, who: Session, *, asked: str = "", marks: dict[str, Mark] | None = None, notice: str = "",
    problem: str = "", status: int = 200,
) -> Response:  # fmt: skip
    own = [key for key in sorted(who.roles) if key in face.desk.organisations]
    lines = await face.desk.store.read(lambda reads: returned.lines(reads, own))
    people = await face.desk.store.read(
        lambda reads: (
            staff.names(reads, {line.look.staff_id for line in lines if line.look}),
            {key for key in own if staff.approvers(reads, key) < 2},
        )
    )
    return face.page(
        "suppression.html", status=status, who=who, own=own, asked=asked, marks=marks, lines=lines,
        decides={key for key in own if may_decide(who, key)}, notice=notice, problem=problem, rights=right_words,
        names=people[0], alone=people[1], here="suppression", tables={key: table_names(face.desk, key) for key in own},
    )  # fmt: skip


@router.post("")
async def ask(face: Face, who: Who, form: Form) -> Response:
    """By POST, so that an address never stands in a URL or a log."""
    asked = text(form, "adres").strip()
    own = [key for key in sorted(who.roles) if key in face.desk.organisations]
    try:
        marks = await suppression.asked(face.desk, own, asked)
    except InputError:
        return await _page(face, who, asked=asked, problem="Vul een heel e-mailadres in.", status=422)
    return await _page(face, who, asked=asked, marks=marks)


@router.post("/{work_id}/weghalen")
async def take_away(work_id: str, face: Face, who: Who, form: Form) -> Response:
    """Added again by mistake: erased, or switched off, once more. Erasing takes two people."""
    code = text(form, "code").strip()
    fresh = bool(code) and await accounts.fresh_second_factor(face.desk, who, code)

    async def act() -> str:
        done = await returned.take_away(face.desk, who.staff_id, work_id, totp_fresh=fresh)
        return "tweede-wissen" if done is None else "weer-weg"

    return await _answered(face, who, work_id, act)


@router.post("/{work_id}/terug")
async def came_back(work_id: str, face: Face, who: Who, form: Form) -> Response:
    """The person came back by its own wish: the mark is withdrawn."""

    async def act() -> str:
        await returned.came_back(face.desk, staff_actor(who.staff_id), work_id)
        return "terug"

    return await _answered(face, who, work_id, act)


async def _answered(face: WebFace, who: Session, work_id: str, act: Callable[[], Awaitable[str]]) -> Response:
    await own_to_decide(face, who, "work_item", work_id)
    try:
        notice = await act()
    except (InputError, RuleError) as error:
        return await _page(face, who, problem=_words(error), status=422)
    return seen(f"/bureau/niet-benaderen?melding={notice}")


def _words(error: InputError | RuleError) -> str:
    return answers.problem(error.code if isinstance(error, InputError) else "changed")
