"""Kept records: whose term is over, which need their yearly look, and what a person erases again after a restore."""

from __future__ import annotations

from datetime import date

from fastapi import APIRouter
from starlette.responses import Response

from cases.audit import staff_actor
from cases.errors import InputError, RuleError
from storage.queries.staff import Session
from web import answers
from web.face import Face, WebFace, seen, source_names, table_names
from web.staff.session import Form, NotThere, Refused, Who, may_decide, own_to_decide, text
from workflow import kept, replay

router = APIRouter(prefix="/bureau/bewaard")


@router.get("")
async def kept_records(face: Face, who: Who, melding: str = "") -> Response:
    """The dry run "termijn verlopen: alsnog wissen", per case, and what else waits for a person."""
    return await _kept(face, who, notice=answers.NOTICES.get(melding, ""))


async def _kept(
    face: WebFace, who: Session, *, notice: str = "", problem: str = "", left: tuple[kept.Left, ...] = (),
    status: int = 200,
) -> Response:  # fmt: skip
    own = [key for key in sorted(who.roles) if key in face.desk.organisations]
    ended = {key: await kept.ended(face.desk, key) for key in own}
    reviews = {key: await kept.to_review(face.desk, key) for key in own}
    again = await face.desk.store.read(lambda reads: [one for key in own for one in replay.waiting(reads, key)])
    return face.page(
        "kept.html", status=status, who=who, found=ended, reviews=reviews, again=again, left=left,
        decides={key for key in own if may_decide(who, key)}, notice=notice, problem=problem, here="kept",
        systems={key: source_names(face.desk, key) for key in own}, stays=answers.STAYS,
        tables={key: table_names(face.desk, key) for key in own},
        may_run={key: {number for number, each in cases.items() if kept.may_run(each)} for key, cases in ended.items()},
    )  # fmt: skip


@router.post("/regel/{entry_id}")
async def erased_by_hand(entry_id: str, face: Face, who: Who, form: Form) -> Response:
    """A line that the program can not erase: somebody did, in the system itself."""
    organisation = await own_to_decide(face, who, "ledger_entry", entry_id)
    try:
        await kept.erased_by_hand(face.desk, staff_actor(who.staff_id), organisation, entry_id)
    except (InputError, RuleError) as error:
        return await _kept(face, who, problem=_code(error), status=422)
    return seen("/bureau/bewaard?melding=alsnog-gewist")


@router.post("/{organisation}/{number}/langer")
async def keep_longer(organisation: str, number: str, face: Face, who: Who, form: Form) -> Response:
    """A dispute came up, say: the end date of the ticked lines moves, with a reason."""
    _decides(who, organisation)
    lines = [value for value in form.getlist("regel") if isinstance(value, str)]
    try:
        until, actor = date.fromisoformat(text(form, "until")), staff_actor(who.staff_id)
        await kept.keep_longer(face.desk, actor, organisation, lines, until, text(form, "reason"))
    except ValueError:
        return await _kept(face, who, problem=answers.problem("no_date"), status=422)
    except (InputError, RuleError) as error:
        problem = "Vink aan wat langer moet blijven." if not lines else _code(error)
        return await _kept(face, who, problem=problem, status=422)
    return seen("/bureau/bewaard?melding=langer")


@router.post("/{organisation}/{number}/wissen")
async def erase_ended(organisation: str, number: str, face: Face, who: Who, form: Form) -> Response:
    """What can go goes; whatever stays is shown with its reason."""
    _decides(who, organisation)
    actor, over = staff_actor(who.staff_id), text(form, "voorbij") == "ja"
    if form.getlist("regel"):
        return await _kept(face, who, problem="U vinkte aan wat langer moet blijven: leg dat eerst vast.", status=422)
    try:
        done = await kept.erase_ended(face.desk, actor, organisation, [number], over=over)
    except (InputError, RuleError) as error:
        return await _kept(face, who, problem=_code(error), status=422)
    if done.left:
        said = f"{done.gone} gewist, {len(done.left)} blijven staan. Waarom staat hieronder."
        return await _kept(face, who, problem=said, left=done.left, status=409)
    return seen("/bureau/bewaard?melding=alsnog-gewist")


@router.post("/{organisation}/{number}/bekeken")
async def review(organisation: str, number: str, face: Face, who: Who, form: Form) -> Response:
    """The yearly look: an end date, or another year with a reason."""
    _decides(who, organisation)
    typed = text(form, "until")
    try:
        ends_on = date.fromisoformat(typed) if typed else None
        await kept.review(face.desk, staff_actor(who.staff_id), organisation, number, ends_on, text(form, "reason"))
    except ValueError:
        return await _kept(face, who, problem=answers.problem("no_date"), status=422)
    except InputError as error:
        return await _kept(face, who, problem=answers.problem(error.code), status=422)
    return seen("/bureau/bewaard?melding=bekeken")


@router.post("/herstel/{work_id}")
async def again(work_id: str, face: Face, who: Who, form: Form) -> Response:
    """After a restored backup: somebody erased these by hand, or saw that they are somebody else's."""
    organisation = await own_to_decide(face, who, "work_item", work_id)
    try:
        await replay.settled(face.desk, staff_actor(who.staff_id), organisation, work_id)
    except RuleError as error:
        return await _kept(face, who, problem=_code(error), status=422)
    return seen("/bureau/bewaard?melding=afgehandeld")


def _decides(who: Session, organisation: str) -> None:
    if organisation not in who.roles:
        raise NotThere
    if not may_decide(who, organisation):
        raise Refused


def _code(error: InputError | RuleError) -> str:
    return answers.problem(error.code if isinstance(error, InputError) else "changed")
