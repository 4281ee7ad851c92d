"""What the pages behind a link share: the answer for a link that does not work, and the words of a page."""

from __future__ import annotations

from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse

from cases.types import Form
from web.face import WebFace
from web.texts import page_texts

CODE_LENGTH = 12  # characters that are looked at; codes are shorter


def gone(face: WebFace) -> HTMLResponse:
    """The same page for every link that does not work: unknown, revoked, ended, malformed."""
    return page(face, "link_gone.html", Form.NL_U, status=404)


def page(face: WebFace, name: str, form: Form, *, status: int = 200, **values: Any) -> HTMLResponse:
    texts = page_texts(form)
    lang = "en" if form is Form.EN else "nl"
    return face.page(name, status=status, t=texts, lang=lang, **values)


async def typed_code(request: Request) -> str:
    form: FormData = await request.form(max_files=0)
    value = form.get("code", "")
    return value.strip()[:CODE_LENGTH] if isinstance(value, str) else ""
