"""Who is asking: the session behind the cookie, the token that every form carries, and what somebody may touch."""

from __future__ import annotations

import secrets
from typing import Annotated

from fastapi import Depends, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from storage.queries import console
from storage.queries.staff import Session
from web.face import Face, WebFace
from workflow import accounts

COOKIE = "loket_bureau"
FORM_COOKIE = "loket_inloggen"  # ties the login form to this browser, before there is a session


class NotSignedIn(Exception):
    """Nobody is signed in: answered with the login page."""


class Refused(Exception):
    """A form without the right token, or an act that this role may not do."""


class NotThere(Exception):
    """No such thing, or not of this person's organisations: the answer is the same."""


async def _signed_in(request: Request, face: Face) -> Session:
    session = await accounts.current(face.desk, request.cookies.get(COOKIE, ""))
    if session is None:
        raise NotSignedIn
    return session


Who = Annotated[Session, Depends(_signed_in)]


async def _checked_form(request: Request, who: Who) -> FormData:
    form = await request.form(max_files=0)
    if not secrets.compare_digest(text(form, "csrf").encode(), who.csrf.encode()):
        raise Refused
    return form


# Every staff POST takes this: no form is read without its token.
Form = Annotated[FormData, Depends(_checked_form)]


def text(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return value if isinstance(value, str) else ""


def may_decide(who: Session, organisation: str) -> bool:
    return who.roles.get(organisation) in ("approver", "admin")


async def own(face: WebFace, who: Session, table: str, row_id: str) -> str:
    """The organisation of a row this person works for; NotThere for all others."""
    organisation = await face.desk.store.read(lambda reads: console.owner(reads, table, row_id))
    if organisation is None or organisation not in who.roles:
        raise NotThere
    return organisation


async def own_to_decide(face: WebFace, who: Session, table: str, row_id: str) -> str:
    organisation = await own(face, who, table, row_id)
    if not may_decide(who, organisation):
        raise Refused
    return organisation


def keep(response: Response, face: WebFace, token: str, *, seconds: int | None) -> None:
    response.set_cookie(
        COOKIE, token, max_age=seconds, path="/bureau", httponly=True, samesite="strict", secure=face.settings.secure
    )
