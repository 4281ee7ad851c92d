"""The channels: how far each mailbox may go, the checklist before it goes on, what it would have done, the stop."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from cases.audit import staff_actor
from cases.errors import InputError
from cases.types import ChannelKind, ChannelMode
from storage.queries import console
from storage.queries.staff import Session
from storage.unit import Reads
from web import answers
from web.face import Face, WebFace, seen
from web.staff.attempt import attempt
from web.staff.session import Form, NotThere, Refused, Who, may_decide, own_to_decide, text
from workflow import golive, supervision
from workflow.chat_modes import ChatStanding, chats_of, set_chat_mode
from workflow.golive import Standing

router = APIRouter(prefix="/bureau")


@router.get("/kanalen")
async def show(face: Face, who: Who, melding: str = "") -> Response:
    return await _page(face, who, notice=answers.NOTICES.get(melding, ""))


async def _page(face: WebFace, who: Session, *, notice: str = "", problem: str = "", status: int = 200) -> Response:
    def read(
        reads: Reads,
    ) -> tuple[list[Standing], tuple[console.Watched, ...], tuple[console.Channel, ...], dict[str, list[ChatStanding]]]:
        mine = [key for key in face.desk.organisations if key in who.roles]
        standings = [golive.standing_of(reads, face.desk, key) for key in mine]
        chats = {key: chats_of(reads, key) for key in mine}
        return standings, console.watched(reads, who.roles), console.channels(reads, who.roles), chats

    standings, watched, channels, chats = await face.desk.store.read(read)
    return face.page(
        "channels.html", status=status, who=who, standings=standings, watched=watched, channels=channels, chats=chats,
        notice=notice, problem=problem, modes=ChannelMode,
    )  # fmt: skip


@router.post("/kanalen/{organisation}/stand")
async def set_mode(organisation: str, face: Face, who: Who, form: Form) -> Response:
    _admin(who, organisation)
    try:
        mode = ChannelMode(text(form, "mode"))
    except ValueError:
        raise NotThere from None
    try:
        await golive.set_mode(
            face.desk, staff_actor(who.staff_id), organisation, mode, override=text(form, "reason")
        )  # fmt: skip
    except InputError as error:
        return await _page(face, who, problem=answers.problem(error.code), status=422)
    return seen("/bureau/kanalen?melding=stand")


@router.post("/kanalen/{organisation}/chat/{channel}")
async def set_chat(organisation: str, channel: str, face: Face, who: Who, form: Form) -> Response:
    _admin(who, organisation)
    try:
        kind, mode = ChannelKind(channel), ChannelMode(text(form, "mode"))
    except ValueError:
        raise NotThere from None
    try:
        await set_chat_mode(face.desk, staff_actor(who.staff_id), organisation, kind, mode)
    except InputError as error:
        return await _page(face, who, problem=answers.problem(error.code), status=422)
    return seen("/bureau/kanalen?melding=stand")


@router.post("/kanalen/{organisation}/punt")
async def tick(organisation: str, face: Face, who: Who, form: Form) -> Response:
    _admin(who, organisation)
    try:
        await golive.tick(
            face.desk, staff_actor(who.staff_id), who.name, organisation, text(form, "point"), text(form, "reason")
        )
    except InputError as error:
        return await _page(face, who, problem=answers.problem(error.code), status=422)
    return seen("/bureau/kanalen?melding=punt")


@router.post("/kanalen/{organisation}/stop")
async def stop(organisation: str, face: Face, who: Who, form: Form) -> Response:
    """Nothing of this organisation leaves until somebody lets it; intake and terms go on."""
    if organisation not in who.roles:
        raise NotThere
    if not may_decide(who, organisation):
        raise Refused
    actor = staff_actor(who.staff_id)
    if text(form, "act") == "hervatten":
        try:
            await golive.resume_outgoing(face.desk, actor, organisation)
        except InputError as error:
            return await _page(face, who, problem=answers.problem(error.code), status=422)
        return seen("/bureau/kanalen?melding=hervat")
    await golive.stop_outgoing(face.desk, actor, text(form, "reason"), (organisation,))
    return seen("/bureau/kanalen?melding=gestopt")


@router.get("/bericht/{outbox_id}")
async def waiting(outbox_id: str, face: Face, who: Who) -> Response:
    """A message that waits for a click, with its words; also of a conversation that has no case."""
    return await _waiting(face, who, outbox_id)


async def _waiting(face: WebFace, who: Session, outbox_id: str, *, problem: str = "", status: int = 200) -> Response:
    found = await face.desk.store.read(lambda reads: console.leaving(reads, outbox_id, who.roles))
    if found is None:
        raise NotThere
    return face.page(
        "leaving.html", status=status, who=who, message=found, problem=problem,
        decides=may_decide(who, found.organisation),
    )  # fmt: skip


@router.post("/bericht/{outbox_id}/vrijgeven")
async def release(outbox_id: str, face: Face, who: Who, form: Form) -> Response:
    """The click on a message under supervision."""
    await own_to_decide(face, who, "outbox", outbox_id)
    send = text(form, "act") == "versturen"
    case_id = await face.desk.store.read(lambda reads: console.case_of(reads, "outbox", outbox_id))
    if case_id is None:
        try:
            await supervision.release(face.desk, who.staff_id, outbox_id, send=send)
        except InputError as error:
            return await _waiting(face, who, outbox_id, problem=answers.problem(error.code), status=422)
        return seen("/bureau?melding=vrijgegeven" if send else "/bureau?melding=niet-versturen")

    async def act() -> str:
        await supervision.release(face.desk, who.staff_id, outbox_id, send=send)
        return "vrijgegeven" if send else "niet-versturen"

    return await attempt(face, who, "outbox", outbox_id, form, act(), "vrijgeven")


def _admin(who: Session, organisation: str) -> None:
    if organisation not in who.roles:
        raise NotThere
    if who.roles.get(organisation) != "admin":
        raise Refused
