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
from datetime import date

from fastapi import APIRouter, Request
from starlette.datastructures import FormData, UploadFile
from starlette.responses import Response

from cases.calendar import local_date
from cases.errors import InputError, Stale
from cases.types import Form, NoticeStatus, TaskStatus
from storage.queries.requester import recipient_link
from storage.seal import token_digest
from web.face import Face, WebFace, seen
from web.requester.pages import gone, page
from workflow import recipients, tasks, transfer, undo
from workflow.task_lists import read_list

router = APIRouter()
MAX_VALUE = 2_000  # characters of one answer
RECORDS = 50  # on one page
PROBLEMS = {
    "empty": "Er is niets ingevuld. Vul in wat u vond, of kies „Niets gevonden”.",
    "done_on": "Kies een dag die al is geweest, maar niet van voor deze taak.",
    "list_empty": "In deze lijst staan geen regels. Het moet een CSV-bestand zijn met een kopregel.",
    "list_column": "De kolom „{}” in deze lijst is hier niet bekend. Noem de kolommen zoals de velden hieronder.",
    "list_long": "Deze lijst is te lang: hoogstens 500 regels.",
}
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
    async with request.form(max_files=1, max_fields=RECORDS * 100) as form:
        records, act, day, file = _records(form), form.get("antwoord", ""), form.get("op"), form.get("lijst")
        content = await file.read() if isinstance(file, UploadFile) else b""  # within MAX_BODY: never on a disk
    if act == "nog-een":  # one more empty record, nothing is kept yet
        return await _task_page(face, token, (*records, {})[:RECORDS])
    if act not in ("niets", "gevonden", "gedaan"):
        return seen(f"/taak/{token}")
    try:
        listed = await _listed(face, token, content) if act == "gevonden" and content else ()
        await tasks.answer_by_link(
            face.desk, token, nothing=act == "niets", found=(*records, *listed), done_on=_day(day)
        )
    except InputError as error:
        if error.code not in PROBLEMS:
            return gone(face)
        said = PROBLEMS[error.code].format(error)
        return await _task_page(face, token, records or ({},), problem=said)
    except Stale:  # somebody answered it meanwhile
        return seen(f"/taak/{token}")
    return seen(f"/taak/{token}")


async def _listed(face: WebFace, token: str, content: bytes) -> tuple[Mapping[str, str], ...]:
    """A list from the system itself."""
    task = await face.desk.store.read(lambda reads: tasks.page(reads, face.desk, token))
    return read_list(content, task.fields) if task is not None else ()


def _day(typed: object) -> date | None:
    if not isinstance(typed, str) or not typed:
        return None
    try:
        return date.fromisoformat(typed)
    except ValueError:
        raise InputError("done_on") from None


def _records(form: FormData) -> tuple[Mapping[str, str], ...]:
    """What was typed: one mapping per record, from fields called `<number>.<column>`."""
    found: dict[int, dict[str, str]] = {}
    for name, value in form.multi_items():
        number, dot, column = name.partition(".")
        if dot and number.isdigit() and int(number) < RECORDS and isinstance(value, str) and value.strip():
            found.setdefault(int(number), {})[column] = value.strip()[:MAX_VALUE]
    return tuple(found[number] for number in sorted(found))


async def _task_page(
    face: WebFace, token: str, records: tuple[Mapping[str, str], ...], *, problem: str = ""
) -> Response:
    found = await face.desk.store.read(lambda reads: tasks.page(reads, face.desk, token))
    if found is None:
        return gone(face)
    return face.page(
        "task.html", status=422 if problem else 200, task=found, token=token, records=records, problem=problem,
        org=face.desk.organisation(found.organisation).policy.name, open=found.status is TaskStatus.OPEN,
        full=len(records) >= RECORDS, today=local_date(face.desk.now()),
    )  # fmt: skip
