"""Puts the browser face together: guard, routes, and what is answered when something can not be done."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.telemetry import TelemetryConfig
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, Response

from cases.errors import InputError, OutsideError, RuleError
from web import answers, demo_pages, doing, form, health, intercom_hook, telegram_hook
from web.chat import live as chat_live
from web.chat import routes as chat_routes
from web.chat import widget as chat_widget
from web.demo import DemoFace
from web.face import WebFace, make_face, seen
from web.guard import HEADERS, Guard
from web.requester import case as requester_case
from web.requester import download, privacy, upload
from web.settings import WebSettings
from web.staff import (
    acts,
    breach_letter,
    case,
    channels,
    handling,
    kept,
    lists,
    login,
    packages,
    post,
    register,
    rights,
    suppression,
    telegram,
)
from web.staff.session import NotSignedIn, NotThere, Refused
from workflow.desk import Desk

CHAT = (chat_live.router, chat_routes.router, chat_widget.router, intercom_hook.router, telegram_hook.router)
STAFF = (
    login.router, lists.router, case.router, acts.router, handling.router, rights.router, register.router,
    channels.router, post.router, telegram.router, packages.router, kept.router, suppression.router,
    breach_letter.router,
)  # fmt: skip
REQUESTER = (
    requester_case.router, upload.router, download.router, privacy.router, doing.router, form.router,
)  # fmt: skip


def create_app(desk: Desk, settings: WebSettings, demo: DemoFace | None = None) -> FastAPI:
    # No spans, metrics or log records leave by way of the library: addresses of pages hold secret tokens.
    telemetry: TelemetryConfig = {
        "tracing": False,
        "metrics": False,
        "logs": False,
        "operation_spans": False,
        "auto_configure": False,
    }
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, telemetry=telemetry)
    face = make_face(desk, settings, demo)
    app.state.face = face
    for router in (*STAFF, *REQUESTER, *CHAT, health.router):
        app.include_router(router)
    if demo is not None:
        app.include_router(demo_pages.router)
    _static(app, face)
    _answers(app, face)
    app.add_middleware(Guard, settings=settings)
    return app


def _static(app: FastAPI, face: WebFace) -> None:
    @app.get("/static/{digest}/{name}")
    async def static(digest: str, name: str) -> Response:
        file = face.files.get(name)
        if file is None or file.digest != digest:
            return PlainTextResponse("Niet gevonden", status_code=404)
        headers = {"Cache-Control": "public, max-age=31536000, immutable"}
        return Response(file.content, media_type=file.media_type, headers=headers)


def _answers(app: FastAPI, face: WebFace) -> None:
    """Plain pages for what can not be done; they disclose nothing."""

    def say(status: int, title: str, text: str) -> Response:
        return face.page("notice.html", status=status, title=title, text=text)

    @app.exception_handler(NotSignedIn)
    async def not_signed_in(request: Request, _error: Exception) -> Response:
        if request.method == "GET" and request.headers.get("sec-fetch-site") == "cross-site":
            # A strict cookie is not sent with a link in a web mail: the page asks once more, from our own side.
            return face.page("continue.html", address=request.url.path)
        return seen("/bureau/inloggen")

    @app.exception_handler(Refused)
    async def refused(_request: Request, _error: Exception) -> Response:
        return say(
            403, "Dat mag niet", "Uw pagina was te oud, of uw rol laat dit niet toe. Ga terug en probeer opnieuw."
        )

    @app.exception_handler(NotThere)
    async def not_there(_request: Request, _error: Exception) -> Response:
        return say(404, "Niet gevonden", "Deze pagina bestaat niet (meer).")

    @app.exception_handler(HTTPException)
    async def http(_request: Request, error: HTTPException) -> Response:
        if error.status_code == 404:
            return say(404, "Niet gevonden", "Deze pagina bestaat niet (meer).")
        return say(error.status_code, "Dat kan niet", "Dit verzoek kan zo niet worden uitgevoerd.")

    @app.exception_handler(RequestValidationError)
    async def invalid(_request: Request, _error: Exception) -> Response:
        return say(422, "Dat kan niet", "Dit formulier is niet goed ingevuld.")

    @app.exception_handler(InputError)
    async def input_error(_request: Request, error: Exception) -> Response:
        assert isinstance(error, InputError)
        return say(422, "Dat kan zo niet", answers.PROBLEMS.get(error.code, "Ga terug en probeer het opnieuw."))

    @app.exception_handler(RuleError)
    async def rule(_request: Request, _error: Exception) -> Response:
        return say(409, "Intussen veranderd", "Iemand anders heeft dit intussen veranderd. Ga terug en kijk opnieuw.")

    @app.exception_handler(Exception)
    async def bug(_request: Request, _error: Exception) -> Response:
        """A fault of ours. This answer is made outside the guard, so it brings its own headers."""
        answer = say(500, "Er ging iets mis", "Dit had niet mogen gebeuren. Wij zien het in ons logboek.")
        answer.headers.update(HEADERS)
        return answer

    @app.exception_handler(OutsideError)
    async def outside(_request: Request, _error: Exception) -> Response:
        return say(503, "Even niet", "Er is nu een storing. Probeer het over een paar minuten nog eens.")
