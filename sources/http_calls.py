"""Talking to one service: who we are, how fast, how often again, and page after page.

Only reading is tried again after it was sent; a change is tried again when it certainly was not carried out (no line,
429, 503 with Retry-After). Not here: what is asked (`http`) and how bytes travel (`net/api`).
"""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from cases.errors import Permanent, Temporary, Uncertain
from net.api import Line, Reply, open_line
from net.http import post_form_async
from sources.http_settings import AuthKind, Call, Encoding, HttpSettings, HttpTable, Paging, PagingKind
from sources.http_values import at, filled, filled_path, form_pairs, put

_TRIES = 3
_PAUSE = 0.5  # seconds, doubled each time
_MOST_PAGES = 200
_RENEW_BEFORE = 60  # seconds


@dataclass
class Session:
    """What is kept between conversations: the token and when the last call was."""

    settings: HttpSettings
    token: str = ""
    token_until: float = 0.0
    next_call: float = 0.0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def turn(self) -> None:
        """Waits for our place in the line: the service takes so many calls a second."""
        async with self.lock:
            now = time.monotonic()
            wait, self.next_call = self.next_call - now, max(now, self.next_call) + 1 / self.settings.per_second
        if wait > 0:
            await asyncio.sleep(wait)


@dataclass(frozen=True, slots=True)
class Caller:
    session: Session
    line: Line
    deadline: float  # time.monotonic

    async def do(self, call: Call, *, reading: bool, body: Mapping[str, Any] | None = None, **values: str) -> Reply:
        """One call with its holes filled. Raises Temporary (not done), Uncertain (nobody knows) or Permanent."""
        settings = self.session.settings
        url = settings.base_url + filled_path(call.path, **values)
        query = tuple(form_pairs(filled(call.query, **values)))
        wanted = filled(call.body, **values) if body is None else body
        bodiless = not wanted and call.method in ("GET", "DELETE", "HEAD")
        return await self._send(call.method, url, query, None if bodiless else wanted, reading=reading)

    async def rows(self, table: HttpTable, call: Call, **values: str) -> AsyncIterator[Any]:
        """The rows of every page."""
        where, paging, query, body = call.items if call.items is not None else table.items, table.paging, {}, {}
        url = self.session.settings.base_url + filled_path(call.path, **values)
        query, body = dict(filled(call.query, **values)), filled(call.body, **values)
        _first_page(paging, query, body)
        for page in range(1, _MOST_PAGES + 1):
            pairs = tuple(form_pairs(query))
            reply = await self._send(call.method, url, pairs, body or None, reading=True)
            if reply.status in call.gone:
                return
            if not reply.status < 300:
                raise failure(reply)
            found = at(reply.data, where)
            rows = found if isinstance(found, list) else [found] if found else []
            for row in rows:
                yield row
            following = _next_page(paging, reply, rows, page)
            if following is None:
                return
            if paging.kind is PagingKind.LINK:
                url, query = following, {}
            elif paging.in_body:
                put(body, paging.param, following)
            else:
                query[paging.param] = following
        raise Permanent(f"meer dan {_MOST_PAGES} bladzijden gevonden; zoek preciezer")

    async def _send(
        self, method: str, url: str, query: tuple[tuple[str, str], ...], body: Any, *, reading: bool
    ) -> Reply:
        settings, renewed = self.session.settings, False
        pause = _PAUSE
        for tries_left in reversed(range(_TRIES)):
            try:
                await self.session.turn()
                form = tuple(form_pairs(body)) if body is not None and settings.encoding is Encoding.FORM else None
                headers = {**settings.headers, **await self._credentials()}
                reply = await self.line.send(method, url, headers=headers, query=query, body=body, form=form)
            except (Temporary, Uncertain) as error:
                again = tries_left and (reading or isinstance(error, Temporary))
                if not again or not self._time_for(pause):
                    raise
            else:
                if reply.status == 401 and settings.auth.kind is AuthKind.OAUTH2 and not renewed:
                    renewed, self.session.token = True, ""  # it may have been withdrawn
                    continue
                busy = reply.status in (429, 503) or (reading and reply.status in (500, 502, 504))
                pause = max(pause, _retry_after(reply))
                if not busy or not tries_left or not self._time_for(pause):
                    return reply
            await asyncio.sleep(pause)
            pause *= 2
        raise Temporary("de dienst neemt nu geen vragen aan")

    def _time_for(self, pause: float) -> bool:
        return time.monotonic() + pause < self.deadline

    async def _credentials(self) -> Mapping[str, str]:
        auth = self.session.settings.auth
        match auth.kind:
            case AuthKind.NONE:
                return {}
            case AuthKind.BEARER:
                return {"Authorization": f"Bearer {auth.secret}"}
            case AuthKind.BASIC:
                pair = base64.b64encode(f"{auth.user}:{auth.secret}".encode()).decode("ascii")
                return {"Authorization": f"Basic {pair}"}
            case AuthKind.HEADER:
                return {auth.header: auth.secret}
            case AuthKind.OAUTH2:
                return {"Authorization": f"Bearer {await self._token()}"}

    async def _token(self) -> str:
        session, auth = self.session, self.session.settings.auth
        if not session.token or time.monotonic() > session.token_until:
            asked = {
                "grant_type": "client_credentials", "client_id": auth.user, "client_secret": auth.secret,
                **({"scope": auth.scope} if auth.scope else {}),
            }  # fmt: skip
            answer = await post_form_async(auth.token_url, asked, seconds=self.session.settings.timeout_seconds)
            token, seconds = answer.data.get("access_token"), answer.data.get("expires_in")
            if answer.status != 200 or not isinstance(token, str):
                raise Temporary(f"de dienst gaf geen toegang ({answer.status})")
            lasts = seconds if isinstance(seconds, int) else 5 * _RENEW_BEFORE
            session.token, session.token_until = token, time.monotonic() + lasts - _RENEW_BEFORE
        return session.token


@asynccontextmanager
async def conversation(session: Session, deadline: float) -> AsyncIterator[Caller]:
    settings = session.settings
    seconds = max(0.1, deadline - time.monotonic())
    async with open_line(settings.base_url, seconds=seconds, internal=settings.internal) as line:
        yield Caller(session, line, deadline)


def failure(reply: Reply) -> Permanent | Temporary:
    """What a refusal means, in words for staff; never those of the service, which may quote a person."""
    if reply.status in (401, 403):
        return Permanent(f"de dienst geeft geen toegang ({reply.status}): kijk de sleutel na")
    if reply.status == 429 or reply.status >= 500:
        return Temporary(f"de dienst neemt nu geen vragen aan ({reply.status})")
    return Permanent(f"de dienst weigert de vraag ({reply.status})")


def _first_page(paging: Paging, query: dict[str, str], body: dict[str, Any]) -> None:
    if paging.size_param:
        if paging.in_body:
            put(body, paging.size_param, paging.size)
        else:
            query[paging.size_param] = str(paging.size)
    if paging.kind is PagingKind.PAGE:
        query[paging.param] = "1"


def _next_page(paging: Paging, reply: Reply, rows: list[Any], page: int) -> str | None:
    """What asks for the page after this one; None when this was the last."""
    match paging.kind:
        case PagingKind.NONE:
            return None
        case PagingKind.LINK:
            return _next_link(reply.headers.get("link", ""))
        case PagingKind.CURSOR:
            if not rows or (paging.more and not at(reply.data, paging.more)):
                return None
            following = (
                at(rows[-1], paging.next[6:]) if paging.next.startswith("@last.") else at(reply.data, paging.next)
            )
            return str(following) if following else None
    if not rows or (paging.size and len(rows) < paging.size):
        return None
    return str(page + 1) if paging.kind is PagingKind.PAGE else str(page * (paging.size or len(rows)))


def _next_link(header: str) -> str | None:
    for part in header.split(","):
        target, *parameters = part.split(";")
        if any(p.replace(" ", "").lower() in ('rel="next"', "rel=next") for p in parameters):
            return target.strip().strip("<>")
    return None


def _retry_after(reply: Reply) -> float:
    with suppress(ValueError):
        return float(reply.headers.get("retry-after", "0"))  # a date is as long as our own pause
    return 0.0
