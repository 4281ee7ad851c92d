"""The web chat over HTTP: open or resume, say, wait for lines, hand over a file; and the page of an organisation.

The same things go over a WebSocket (`live`); these are the way where that is blocked. A message that was kept is kept:
the same `id` again is the same message.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from cases.errors import InputError, OutsideError
from cases.types import Form
from storage.queries.chat import Line, Session
from web.chat import door
from web.chat.portal import vouched
from web.chat.sender import WebChatSender
from web.chat.settings import WebChatSettings
from web.face import Face, WebFace
from web.requester.pages import page
from web.staff.session import NotThere
from workflow import evidence, web_chat

router = APIRouter(prefix="/chat")
HELD = 20.0  # seconds that a question for new lines waits for one
MAX_ID = 64


@router.get("/{organisation}")
async def show(organisation: str, face: Face) -> Response:
    """The page of its own, for an organisation that embeds nothing."""
    if organisation not in face.settings.chats:
        raise NotThere
    policy = face.desk.organisation(organisation).policy
    return page(face, "chat_page.html", policy.form, policy=policy, organisation=organisation)


@router.options("/{organisation}/{act}")
async def preflight(organisation: str, act: str, request: Request, face: Face) -> Response:
    async def nothing(_chat: WebChatSettings) -> Any:
        return {}

    return await _answered(organisation, request, face, nothing)


@router.post("/{organisation}/open")
async def open_chat(organisation: str, request: Request, face: Face) -> Response:
    """A session for this browser: the one of its token, or a new one; with what was said in it."""

    async def act(chat: WebChatSettings) -> Any:
        fields = door.fields_of(await door.body_of(request, door.MAX_JSON))
        signed = door.text_of(fields, "portal", 8_000)
        named = vouched(chat.portal, signed, face.desk.now()) if signed else ()
        opened = await web_chat.open_session(
            face.desk, organisation, door.text_of(fields, "token", 100), peer=door.peer_of(request), vouched=named
        )
        policy = face.desk.organisation(organisation).policy
        lines = await web_chat.lines(face.desk, opened.session) if opened.resumed else []
        return {
            "token": opened.token, "resumed": opened.resumed, "known": bool(opened.session.vouched),
            "name": policy.name, "form": "je" if policy.form is Form.NL_JE else "u", "lines": shown(lines),
        }  # fmt: skip

    return await _answered(organisation, request, face, act)


@router.post("/{organisation}/say")
async def say(organisation: str, request: Request, face: Face) -> Response:
    async def act(_chat: WebChatSettings) -> Any:
        visitor = await web_chat.session(face.desk, organisation, door.bearer(request.headers))
        fields = door.fields_of(await door.body_of(request, door.MAX_JSON))
        return {"kept": await keep(face, visitor, fields, door.peer_of(request))}

    return await _answered(organisation, request, face, act)


async def keep(face: WebFace, visitor: Session, fields: dict[str, Any], peer: str) -> str:
    """Hands one message in; gives its id once it is stored."""
    message_id = door.text_of(fields, "id", MAX_ID)
    text, choice = door.text_of(fields, "text", web_chat.MAX_TEXT), door.text_of(fields, "choice", MAX_ID)
    if not message_id.isascii() or not message_id.isalnum() or not text.strip():
        raise InputError("unreadable")
    await web_chat.say(
        face.desk, face.accept, visitor, message_id=message_id, text=text, choice=choice, peer=peer,
        language=door.text_of(fields, "language", 5),
    )  # fmt: skip
    return message_id


@router.post("/{organisation}/lines")
async def lines(organisation: str, request: Request, face: Face) -> Response:
    """The lines of the conversation, as soon as there are others than the `have` that the page shows."""

    async def act(chat: WebChatSettings) -> Any:
        visitor = await web_chat.session(face.desk, organisation, door.bearer(request.headers))
        fields = door.fields_of(await door.body_of(request, door.MAX_JSON))
        have = fields.get("have", 0)
        sender = sender_of(face, chat)
        until = asyncio.get_running_loop().time() + HELD
        with sender.listening(visitor.id) as event:
            while True:
                event.clear()
                found = await web_chat.lines(face.desk, visitor)
                left = until - asyncio.get_running_loop().time()
                if len(found) != have or left <= 0 or sender.closed:
                    return {"lines": shown(found)}
                with suppress(TimeoutError):
                    await asyncio.wait_for(event.wait(), min(left, TICK))

    return await _answered(organisation, request, face, act)


TICK = 2.0  # another process may have sent it


@router.post("/{organisation}/file")
async def file(organisation: str, request: Request, face: Face, id: str = "") -> Response:
    """Evidence: kept for staff to check, then erased. Only PDF, JPEG and PNG, by their first bytes."""

    async def act(_chat: WebChatSettings) -> Any:
        visitor = await web_chat.session(face.desk, organisation, door.bearer(request.headers))
        if not id.isascii() or not id.isalnum() or len(id) > MAX_ID:
            raise InputError("unreadable")
        content = await door.body_of(request, evidence.MAX_FILE)
        await web_chat.keep_file(face.desk, face.accept, visitor, message_id=id, content=content)
        return {"kept": id}

    return await _answered(organisation, request, face, act)


async def _answered(
    organisation: str, request: Request, face: WebFace, act: Callable[[WebChatSettings], Awaitable[Any]]
) -> Response:
    origin = ""
    try:
        chat = door.chat_of(face.settings, organisation)
        origin = door.origin_of(face.settings, chat, request.headers)
        return door.answer(origin, await act(chat))
    except InputError as error:
        return door.refusal(origin, error)
    except OutsideError:
        return door.answer(origin, {"error": "later"}, 503)


def sender_of(face: WebFace, chat: WebChatSettings) -> WebChatSender:
    sender = face.desk.senders[chat.account]
    assert isinstance(sender, WebChatSender)
    return sender


def shown(found: list[Line]) -> list[dict[str, Any]]:
    return [
        {
            "id": line.id, "ref": line.ref, "by": line.by, "text": line.text, "at": line.at.isoformat(),
            "choices": [{"value": value, "words": words} for value, words in line.choices],
        }
        for line in found
    ]  # fmt: skip
