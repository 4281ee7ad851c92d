"""The case page behind `/z/{token}`: where it stands, enter a code, ask for a person, withdraw.

Whoever holds the link learns the state of the case and nothing about the person: no name, no address, no words.
"""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from cases.errors import InputError
from cases.identity import CodeResult
from cases.types import OPEN_STATES
from storage.queries.requester import CaseLink
from web.face import Face, WebFace, seen
from web.requester.pages import gone, page, typed_code
from workflow import case_download, links

router = APIRouter(prefix="/z")

# Notices after an act, by `?melding=`: the key of the sentence and whether it is good news.
NOTICES = {
    "code-goed": ("case.code_accepted", True),
    "code-fout": ("case.code_wrong", False),
    "code-verlopen": ("case.code_expired", False),
    "code-slot": ("case.code_locked", False),
    "mens": ("case.human_done", True),
    "ingetrokken": ("case.withdraw_done", True),
    "bestand": ("case.file_done", True),
    "bestand-leeg": ("case.file_empty", False),
    "bestand-groot": ("case.file_large", False),
    "bestand-soort": ("case.file_type", False),
}
# The same on the page that asks for a code before a request is withdrawn, by `?code=`.
CODE_NOTICES = {
    "verstuurd": ("case.withdraw_sent", True),
    "te-veel": ("common.code_limit", False),
    "fout": ("case.withdraw_not", False),
}
_AFTER_CODE = {
    CodeResult.ACCEPTED: "code-goed",
    CodeResult.WRONG: "code-fout",
    CodeResult.EXPIRED: "code-verlopen",
    CodeResult.NONE: "code-verlopen",
    CodeResult.LOCKED: "code-slot",
}


@router.get("/{token}")
async def show(token: str, face: Face, melding: str = "") -> Response:
    link = await links.case_page(face.desk, token)
    return gone(face) if link is None else _page(face, link, token, melding)


@router.post("/{token}/code")
async def code(token: str, request: Request, face: Face) -> Response:
    """A wrong, late or used code says no more than that."""
    if await links.case_page(face.desk, token) is None:
        return gone(face)
    answer = await links.enter_code(face.desk, token, await typed_code(request))
    return seen(f"/z/{token}?melding={_AFTER_CODE[answer.kind]}")


@router.post("/{token}/mens")
async def human(token: str, face: Face) -> Response:
    if await links.case_page(face.desk, token) is None:
        return gone(face)
    await links.ask_human(face.desk, token)
    return seen(f"/z/{token}?melding=mens")


@router.post("/{token}/download")
async def download(token: str, face: Face) -> Response:
    """To the download page; it asks a code before it gives anything."""
    link = await links.case_page(face.desk, token)
    if link is None:
        return gone(face)
    try:
        return seen(f"/d/{await case_download.fresh_link(face.desk, link)}")
    except InputError:
        return seen(f"/z/{token}")


@router.get("/{token}/intrekken")
async def ask_withdraw(token: str, face: Face, code: str = "") -> Response:
    link = await links.case_page(face.desk, token)
    if link is None:
        return gone(face)
    if link.frozen or not _still_open(link):
        return seen(f"/z/{token}")
    return page(
        face, "withdraw.html", link.form, link=link, token=token, notice=CODE_NOTICES.get(code),
        sent=code in ("verstuurd", "fout"), org=face.desk.organisation(link.organisation).policy.name,
    )  # fmt: skip


@router.post("/{token}/code-sturen")
async def send_code(token: str, face: Face) -> Response:
    """A code to the mailbox, then back to the question: the link alone may be in other hands."""
    if await links.case_page(face.desk, token) is None:
        return gone(face)
    try:
        await links.send_case_code(face.desk, token)
    except InputError as error:
        return seen(f"/z/{token}/intrekken" + ("?code=te-veel" if error.code == "too_many_codes" else ""))
    return seen(f"/z/{token}/intrekken?code=verstuurd")


@router.post("/{token}/intrekken")
async def withdraw(request: Request, token: str, face: Face) -> Response:
    if await links.case_page(face.desk, token) is None:
        return gone(face)
    try:
        await links.withdraw(face.desk, token, await typed_code(request))
    except InputError as error:
        if error.code == CodeResult.LOCKED:
            return seen(f"/z/{token}?melding=code-slot")
        return seen(f"/z/{token}/intrekken?code=fout")
    return seen(f"/z/{token}?melding=ingetrokken")


def _still_open(link: CaseLink) -> bool:
    return any(item.state in OPEN_STATES for item in link.requests)


def _page(face: WebFace, link: CaseLink, token: str, melding: str) -> Response:
    own = face.desk.organisation(link.organisation)
    notice = NOTICES.get(melding)
    return page(
        face, "case_page.html", link.form, link=link, token=token, org=own.policy.name, notice=notice,
        topics=own.texts[link.form], mailbox=own.mailbox, chat=link.organisation in face.settings.chats,
        still_open=_still_open(link), open_states=OPEN_STATES,
    )  # fmt: skip
