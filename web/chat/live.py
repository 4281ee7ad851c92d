"""The web chat over a WebSocket (RFC 6455). The token comes in the first frame, never in an address that gets logged.

page → {"token": …}                                   once
page → {"id": …, "text": …, "choice": …, "language": …}   → {"kept": id} when it is stored, or {"error": code, "id": id}
desk → {"lines": [...]}                               those that the page has not been given on this connection
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from fastapi import APIRouter
from starlette.websockets import WebSocket, WebSocketDisconnect

from cases.errors import InputError, OutsideError
from storage.queries.chat import Session
from web.chat import door
from web.chat.routes import TICK, keep, sender_of, shown
from web.chat.sender import WebChatSender
from web.face import WebFace
from workflow import web_chat

router = APIRouter(prefix="/chat")
HELLO_SECONDS = 10.0
MAX_FRAME = 32_000  # characters
REFUSED, NO_SESSION = 4403, 4401  # close codes of our own (RFC 6455, 7.4.2)


@router.websocket("/{organisation}/live")
async def live(socket: WebSocket, organisation: str) -> None:
    face: WebFace = socket.app.state.face
    try:
        chat = door.chat_of(face.settings, organisation)
        door.origin_of(face.settings, chat, socket.headers)
    except InputError:
        await socket.close(REFUSED)  # before it was accepted: the page sees no more than a 403
        return
    await socket.accept()
    with suppress(WebSocketDisconnect, TimeoutError):
        visitor = await _who(socket, face, organisation)
        if visitor is None:
            await socket.close(NO_SESSION)
            return
        sender = sender_of(face, chat)
        with sender.listening(visitor.id) as event:
            await _both(_hear(socket, face, visitor), _show(socket, face, visitor, sender, event))


async def _who(socket: WebSocket, face: WebFace, organisation: str) -> Session | None:
    frame = await asyncio.wait_for(socket.receive_text(), HELLO_SECONDS)
    try:
        token = door.text_of(door.fields_of(frame[:MAX_FRAME]), "token", 100)
        return await web_chat.session(face.desk, organisation, token)
    except InputError:
        return None


async def _both(hear: Any, show: Any) -> None:
    """Until either ends; the other one is stopped."""
    tasks = [asyncio.ensure_future(hear), asyncio.ensure_future(show)]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _hear(socket: WebSocket, face: WebFace, visitor: Session) -> None:
    while True:
        frame = await socket.receive_text()
        fields: dict[str, Any] = {}
        try:
            if len(frame) > MAX_FRAME:
                raise InputError("too_long")
            fields = door.fields_of(frame)
            kept = await keep(face, visitor, fields, door.peer_of(socket))
            await socket.send_json({"kept": kept})
        except InputError as error:
            await socket.send_json({"error": error.code, "id": str(fields.get("id", ""))[:64]})
        except OutsideError:
            await socket.send_json({"error": "later", "id": str(fields.get("id", ""))[:64]})


async def _show(
    socket: WebSocket, face: WebFace, visitor: Session, sender: WebChatSender, event: asyncio.Event
) -> None:
    given: set[str] = set()
    first = True
    while not sender.closed:
        event.clear()
        with suppress(OutsideError):
            found = await web_chat.lines(face.desk, visitor)
            fresh = [line for line in found if line.id not in given]
            if fresh or first:
                await socket.send_json({"lines": shown(fresh)})
            given |= {line.id for line in fresh}
            first = False
        with suppress(TimeoutError):
            await asyncio.wait_for(event.wait(), TICK)
