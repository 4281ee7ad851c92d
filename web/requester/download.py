"""The download page behind `/d/{token}`: ask for a code, enter it, download. Opening the link uses nothing up
(link scanners open every link); only a right code opens the data, for a quarter of an hour, in this browser.
"""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from cases.errors import InputError
from storage.queries.requester import ExportLink
from web import show as shown
from web.face import Face, WebFace, seen
from web.requester.pages import gone, page, typed_code
from workflow import links

router = APIRouter(prefix="/d")
COOKIE = "loket_download"
MINUTES = 15

NOTICES = {
    "gestuurd": ("download.sent", True),
    "fout": ("download.wrong", False),
    "opnieuw": ("download.again", False),
    "te-veel": ("common.code_limit", False),
    "nieuw": ("download.new_done", True),
}


@router.get("/{token}")
async def show(token: str, request: Request, face: Face, melding: str = "") -> Response:
    link = await links.export_page(face.desk, token)
    if link is None:
        return gone(face)
    return _page(face, link, token, melding, ready=bool(request.cookies.get(COOKIE)))


@router.post("/{token}/stuur")
async def send_code(token: str, face: Face) -> Response:
    if await links.export_page(face.desk, token) is None:
        return gone(face)
    try:
        await links.send_download_code(face.desk, token)
    except InputError as error:
        return seen(f"/d/{token}" + ("?melding=te-veel" if error.code == "too_many_codes" else ""))
    return seen(f"/d/{token}?melding=gestuurd")


@router.post("/{token}/code")
async def code(token: str, request: Request, face: Face) -> Response:
    try:
        opened = await links.redeem(face.desk, token, await typed_code(request))
    except InputError:
        return seen(f"/d/{token}?melding=fout")
    response = seen(f"/d/{token}")
    response.set_cookie(
        COOKIE, opened, max_age=MINUTES * 60, path=f"/d/{token}", httponly=True, samesite="lax",
        secure=face.settings.secure,
    )  # fmt: skip
    return response


@router.post("/{token}/bestand")
async def file(token: str, request: Request, face: Face) -> Response:
    opened = request.cookies.get(COOKIE, "")
    try:
        if not opened:
            raise InputError("no_code")
        name, content = await links.package(face.desk, opened)
    except InputError:
        response = seen(f"/d/{token}?melding=opnieuw")
        response.delete_cookie(COOKIE, path=f"/d/{token}")
        return response
    safe = "".join(char if char.isascii() and (char.isalnum() or char in "-.") else "-" for char in name)
    return Response(
        content, media_type="application/zip", headers={"Content-Disposition": f'attachment; filename="{safe}"'}
    )


@router.post("/{token}/nieuwe-link")
async def new_link(token: str, face: Face) -> Response:
    if await links.export_page(face.desk, token) is None:
        return gone(face)
    try:
        await links.new_link(face.desk, token)
    except InputError:
        return seen(f"/d/{token}")
    return seen(f"/d/{token}?melding=nieuw")


def _page(face: WebFace, link: ExportLink, token: str, melding: str, *, ready: bool) -> Response:
    own = face.desk.organisation(link.organisation)
    return page(
        face, "download_page.html", link.form, link=link, token=token, org=own.policy.name,
        notice=NOTICES.get(melding), ready=ready, asked=melding in ("gestuurd", "fout"), size=shown.size(link.size),
    )  # fmt: skip
