"""Signing in and out. In a demo a colleague is signed in with one button, without a password."""

from __future__ import annotations

import secrets

from fastapi import APIRouter, Request
from starlette.responses import Response

from cases.errors import InputError
from web import answers
from web.face import Face, WebFace, seen
from web.staff.session import COOKIE, FORM_COOKIE, Form, NotThere, Refused, keep, text
from workflow import accounts
from workflow.accounts import LoginProblem, SignedIn

router = APIRouter(prefix="/bureau")

PROBLEMS = {
    LoginProblem.WRONG: "Deze gegevens kloppen niet. Controleer uw naam, wachtwoord en code.",
    LoginProblem.CODE_WANTED: "Vul ook de code uit uw app in, en uw wachtwoord nog een keer.",
    LoginProblem.LOCKED: "Te vaak fout. Dit account is een kwartier op slot.",
    LoginProblem.BUSY: "Het is even te druk om in te loggen. Probeer het over een minuut opnieuw.",
}


@router.get("/inloggen")
async def ask(face: Face, melding: str = "") -> Response:
    return _login_page(face, notice=answers.NOTICES.get(melding, ""))


@router.post("/inloggen")
async def enter(request: Request, face: Face) -> Response:
    form = await _login_form(request)
    name = text(form, "naam")
    result = await accounts.login(face.desk, name, text(form, "wachtwoord"), text(form, "code"))
    if isinstance(result, SignedIn):
        return _welcome(face, result)
    return _login_page(face, problem=PROBLEMS[result], code=result is LoginProblem.CODE_WANTED, name=name)


@router.post("/demo-inloggen")
async def enter_demo(request: Request, face: Face) -> Response:
    if face.demo is None:
        raise NotThere
    form = await request.form(max_files=0)
    name = text(form, "naam")
    if name not in {login for login, _ in face.demo.colleagues()}:
        raise NotThere
    try:
        return _welcome(face, await accounts.demo_login(face.desk, name))
    except InputError:
        raise NotThere from None


@router.post("/uitloggen")
async def leave(request: Request, face: Face, _form: Form) -> Response:
    await accounts.logout(face.desk, request.cookies.get(COOKIE, ""))
    response = seen("/bureau/inloggen?melding=uitgelogd")
    response.delete_cookie(COOKIE, path="/bureau")
    return response


async def _login_form(request: Request) -> Form:
    """The double-submit token of the login form: nobody is signed in as somebody else from a foreign page."""
    form = await request.form(max_files=0)
    cookie = request.cookies.get(FORM_COOKIE, "")
    if not cookie or not secrets.compare_digest(text(form, "csrf").encode(), cookie.encode()):
        raise Refused
    return form


def _login_page(face: WebFace, *, problem: str = "", notice: str = "", code: bool = False, name: str = "") -> Response:
    token = secrets.token_urlsafe(32)
    colleagues = face.demo.colleagues() if face.demo is not None else ()
    response = face.page(
        "login.html", status=401 if problem else 200, problem=problem, notice=notice, csrf=token, code=code, name=name,
        colleagues=colleagues,
    )  # fmt: skip
    response.set_cookie(
        FORM_COOKIE, token, max_age=3600, path="/bureau/inloggen", httponly=True, samesite="strict",
        secure=face.settings.secure,
    )  # fmt: skip
    return response


def _welcome(face: WebFace, signed: SignedIn) -> Response:
    response = seen("/bureau")
    seconds = int((signed.session.expires_at - face.desk.now()).total_seconds())
    keep(response, face, signed.token, seconds=seconds)
    return response
