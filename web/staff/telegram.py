"""Where a colleague links his own Telegram chat, or a group, with a code that counts once (`workflow/staff_chat`)."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter
from starlette.responses import Response

from storage.queries.staff import Session
from storage.unit import Reads
from web import answers
from web.face import Face, WebFace, seen
from web.settings import TelegramDoor
from web.staff.session import Form, NotThere, Who, text
from workflow import staff_chat
from workflow.staff_chat import Linked

router = APIRouter(prefix="/bureau/telegram")


@dataclass(frozen=True, slots=True)
class BotPart:
    """One bot on the page, with what this colleague has linked to it."""

    organisation: str
    username: str
    links: tuple[Linked, ...]


@router.get("")
async def show(face: Face, who: Who, melding: str = "") -> Response:
    return await _page(face, who, notice=answers.NOTICES.get(melding, ""))


@router.post("/{organisation}/code")
async def new_code(organisation: str, face: Face, who: Who, _form: Form) -> Response:
    """Shown once, on the answer itself: it stands in no address and no log."""
    door = _bot(face, who, organisation)
    code = await staff_chat.new_code(face.desk, who.staff_id, door.staff_bot)
    return await _page(face, who, code=code, code_for=organisation)


@router.post("/{organisation}/ontkoppelen")
async def unlink(organisation: str, face: Face, who: Who, form: Form) -> Response:
    _bot(face, who, organisation)
    await staff_chat.unlink_mine(face.desk, who.staff_id, text(form, "link"), organisation)
    return seen("/bureau/telegram?melding=ontkoppeld")


def _bot(face: WebFace, who: Session, organisation: str) -> TelegramDoor:
    if organisation not in who.roles or organisation not in face.settings.telegram:
        raise NotThere
    return face.settings.telegram[organisation]


async def _page(face: WebFace, who: Session, *, notice: str = "", code: str = "", code_for: str = "") -> Response:
    mine = {key: door for key, door in face.settings.telegram.items() if key in who.roles}
    if not mine:
        raise NotThere

    def read(reads: Reads) -> list[BotPart]:
        return [
            BotPart(key, door.username, staff_chat.links_of(reads, who.staff_id, door.staff_bot))
            for key, door in mine.items()
        ]

    bots = await face.desk.store.read(read)
    return face.page("telegram.html", who=who, bots=bots, notice=notice, code=code, code_for=code_for)
