"""Pages around what is carried out, each behind a secret link, without an account.

`/ongedaan`  the requester calls off an erasure that waits, or undoes a change that opens accounts (law.md 2.2)
`/overdracht` the requester confirms to which other party the data go (art. 20(2))
`/ontvanger` who once got the data says that a change was taken over (art. 19 AVG)
`/taak`      whoever keeps a system by hand says what stands there, or that a change was made

A GET shows and does nothing, for link scanners open links; a button posts. The secret in the address is what shows
that a form is ours: there is no cookie another site could borrow.
"""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from cases.errors import InputError, Stale
from cases.types import Form, NoticeStatus, TaskStatus
from storage.queries.requester import recipient_link
from storage.seal import token_digest
from web.face import Face, WebFace, seen
from web.requester.pages import gone, page
from workflow import recipients, tasks, transfer, undo

router = APIRouter()
MAX_VALUE = 2_000  # characters of one answer
RECORDS = 50  # on one page
_TOLD = (NoticeStatus.CONFIRMED.value, NoticeStatus.IMPOSSIBLE.value)


# --- the requester: not after all -------------------------------------------------------------------------------------


@router.get("/ongedaan/{token}")
async def ask_undo(token: str, face: Face, melding: str = "") -> Response:
    found = await face.desk.store.read(lambda reads: undo.page(reads, token))
    if found is None or found.organisation not in face.desk.organisations:
        return gone(face)
    own = face.desk.organisation(found.organisation)
    done = melding == "gedaan" and found.over
    return page(
        face, "undo.html", found.form, link=found, token=token, org=own.policy.name, done=done,
        stops=found.kind == undo.CALL_OFF,
    )  # fmt: skip


@router.post("/ongedaan/{token}")
async def do_undo(token: str, face: Face) -> Response:
    try:
        await undo.use(face.desk, token)
    except InputError:
        return gone(face)
    except Stale:  # too late, or done already: the page says which dates held
        return seen(f"/ongedaan/{token}")
    return seen(f"/ongedaan/{token}?melding=gedaan")


# --- the requester: straight to another party -----------------------------------------------------------------------


@router.get("/overdracht/{token}")
async def ask_transfer(token: str, face: Face, melding: str = "") -> Response:
    found = await face.desk.store.read(lambda reads: transfer.page(reads, token))
    if found is None or found.organisation not in face.desk.organisations:
        return gone(face)
    own = face.desk.organisation(found.organisation)
    done = melding == "gedaan" and found.over
    return page(face, "transfer.html", own.policy.form, link=found, token=token, org=own.policy.name, done=done)


@router.post("/overdracht/{token}")
async def do_transfer(token: str, face: Face) -> Response:
    try:
        await transfer.confirm(face.desk, token)
    except InputError:
        return gone(face)
    except Stale:
        return seen(f"/overdracht/{token}")
    return seen(f"/overdracht/{token}?melding=gedaan")


# --- a recipient of the data ------------------------------------------------------------------------------------------


@router.get("/ontvanger/{token}")
async def recipient(token: str, face: Face) -> Response:
    found = await face.desk.store.read(lambda reads: recipient_link(reads, token_digest(token)))
    if found is None or found.organisation not in face.desk.organisations:
        return gone(face)
    own = face.desk.organisation(found.organisation)
    what = own.texts[Form.NL_U].say(f"art19.{found.verb}")
    return face.page(
        "recipient.html", token=token, org=own.policy.name, number=found.number, what=what, told=found.status in _TOLD
    )


@router.post("/ontvanger/{token}")
async def confirm_recipient(token: str, face: Face) -> Response:
    try:
        await recipients.confirm(face.desk, token)
    except InputError:
        return gone(face)
    return seen(f"/ontvanger/{token}")


# --- a system kept by hand --------------------------------------------------------------------------------------------


@router.get("/taak/{token}")
async def task(token: str, face: Face) -> Response:
    return await _task_page(face, token, ({},))


@router.post("/taak/{token}")
async def answer_task(token: str, request: Request, face: Face) -> Response:
    form = await request.form(max_files=0, max_fields=RECORDS * 100)
    records = _records(form)
    act = form.get("antwoord", "")
    if act == "nog-een":  # one more empty record, nothing is kept yet
        return await _task_page(face, token, (*records, {})[:RECORDS])
    if act not in ("niets", "gevonden", "gedaan"):
        return seen(f"/taak/{token}")
    try:
        await tasks.answer_by_link(face.desk, token, nothing=act == "niets", found=records)
    except InputError as error:
        if error.code != "empty":
            return gone(face)
        return await _task_page(face, token, records or ({},), problem=True)
    except Stale:  # somebody answered it meanwhile
        return seen(f"/taak/{token}")
    return seen(f"/taak/{token}")


def _records(form: FormData) -> tuple[Mapping[str, str], ...]:
    """What was typed: one mapping per record, from fields called `<number>.<column>`."""
    found: dict[int, dict[str, str]] = {}
    for name, value in form.multi_items():
        number, dot, column = name.partition(".")
        if dot and number.isdigit() and int(number) < RECORDS and isinstance(value, str) and value.strip():
            found.setdefault(int(number), {})[column] = value.strip()[:MAX_VALUE]
    return tuple(found[number] for number in sorted(found))


async def _task_page(
    face: WebFace, token: str, records: tuple[Mapping[str, str], ...], *, problem: bool = False
) -> Response:
    found = await face.desk.store.read(lambda reads: tasks.page(reads, face.desk, token))
    if found is None:
        return gone(face)
    return face.page(
        "task.html", status=422 if problem else 200, task=found, token=token, records=records, problem=problem,
        org=face.desk.organisation(found.organisation).policy.name, open=found.status is TaskStatus.OPEN,
        full=len(records) >= RECORDS,
    )  # fmt: skip
