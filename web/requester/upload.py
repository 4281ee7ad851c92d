"""Handing over a file that staff asked for, on the case page. It stays in memory until it is sealed.

Whoever holds the link can hand a file over and see none; who it shows is for a person to judge.
"""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.responses import Response

from cases.errors import InputError, Stale
from web.face import Face, seen
from web.requester.pages import gone
from workflow import evidence, links

router = APIRouter(prefix="/z")
_NOTICES = {"file_empty": "bestand-leeg", "file_large": "bestand-groot", "file_type": "bestand-soort"}


@router.post("/{token}/bewijs")
async def upload(token: str, request: Request, face: Face) -> Response:
    link = await links.case_page(face.desk, token)
    if link is None:
        return gone(face)
    try:
        evidence_id, content = await _file(request)
        await evidence.take(face.desk, link, evidence_id, content)
    except InputError as error:
        return seen(f"/z/{token}?melding={_NOTICES[error.code]}")
    except Stale:
        return seen(f"/z/{token}")
    return seen(f"/z/{token}?melding=bestand")


async def _file(request: Request) -> tuple[str, bytes]:
    """Which question it answers, and the bytes; never by way of a file on disk. InputError `file_empty`."""
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise InputError("file_empty")
    parser = MultiPartParser(request.headers, request.stream(), max_files=1, max_fields=5)
    parser.spool_max_size = evidence.MAX_FILE * 2
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError):
        raise InputError("file_empty") from None
    file, question = form.get("bestand"), form.get("vraag")
    if not isinstance(file, UploadFile) or not isinstance(question, str):
        raise InputError("file_empty")
    content = await file.read(evidence.MAX_FILE + 1)
    await form.close()
    return question, content
