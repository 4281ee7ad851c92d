"""Kept records: whose term is over, which need their yearly look, and what a person erases again after a restore."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from fastapi import APIRouter
from starlette.responses import Response

from cases.audit import staff_actor
from cases.errors import InputError, RuleError
from storage.queries import staff
from storage.queries.staff import Session
from storage.unit import Reads
from web import answers
from web.face import Face, WebFace, seen, source_names, table_names
from web.staff.session import Form, NotThere, Refused, Who, may_decide, own_to_decide, text
from workflow import accounts, kept, replay
from workflow.four_eyes import FirstLook
from workflow.ledger import Entry

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
    looks = await face.desk.store.read(lambda reads: {key: _looks(reads, key, ended[key]) for key in own})
    people = await face.desk.store.read(lambda reads: _people(reads, own, looks))
    return face.page(
        "kept.html", status=status, who=who, found=ended, reviews=reviews, again=again, left=left,
        decides={key for key in own if may_decide(who, key)}, notice=notice, problem=problem, here="kept",
        systems={key: source_names(face.desk, key) for key in own}, stays=answers.STAYS,
        tables={key: table_names(face.desk, key) for key in own},
        looks=looks, names=people[0], alone=people[1],
        may_run={key: {number for number, each in cases.items() if kept.may_run(each)} for key, cases in ended.items()},
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Look:
    """Somebody approved these very records: the next is the second, with what the first ticked."""

    first: FirstLook
    over: bool


def _looks(reads: Reads, key: str, ended: Mapping[str, Sequence[Entry]]) -> dict[str, Look]:
    """Of a dry run that has changed since nobody has approved anything."""
    found = {}
    for number, first in kept.first_looks(reads, key).items():
        for over in (False, True):
            if number in ended and first.what == kept.looked_at(ended[number], over=over):
                found[number] = Look(first, over)
    return found


def _people(
    reads: Reads, own: Sequence[str], looks: Mapping[str, Mapping[str, Look]]
) -> tuple[dict[str, str], set[str]]:
    """Names of who looked, and where one person decides alone."""
    who = {look.first.staff_id for each in looks.values() for look in each.values()}
    return staff.names(reads, who), {key for key in own if staff.approvers(reads, key) < 2}


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
    over, code = text(form, "voorbij") == "ja", text(form, "code").strip()
    if form.getlist("regel"):
        return await _kept(face, who, problem="U vinkte aan wat langer moet blijven: leg dat eerst vast.", status=422)
    fresh = bool(code) and await accounts.fresh_second_factor(face.desk, who, code)
    try:
        done = await kept.approve_ended(face.desk, who.staff_id, organisation, number, over=over, totp_fresh=fresh)
    except (InputError, RuleError) as error:
        return await _kept(face, who, problem=_code(error), status=422)
    if done is None:
        return seen("/bureau/bewaard?melding=tweede-wissen")
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
