"""The letter to the people whose data were in a breach (art. 34): write it, look at it, send it with a second click."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.responses import HTMLResponse, Response

from cases.errors import InputError, Stale
from handlers.process_letters import BreachFacts
from render.letter import LetterContext, letter_html
from storage.queries import breaches
from storage.queries.staff import Session
from web import answers, right_words
from web.face import Face, WebFace, seen
from web.guard import mail_headers
from web.staff.session import Form, NotThere, Refused, Who, own_to_decide, text
from workflow import breach_letter
from workflow.breach_letter import MAX_LIST, People, decoded, people_in

router = APIRouter(prefix="/bureau/datalekken")
FACTS = tuple(right_words.BREACH_FACTS)


async def _checked_upload(request: Request, who: Who) -> AsyncIterator[FormData]:
    """A form that may hold one list; it is never written to a disk here."""
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        form = await request.form(max_files=0)
    else:
        parser = MultiPartParser(request.headers, request.stream(), max_files=1, max_fields=20)
        parser.spool_max_size = MAX_LIST * 2
        try:
            form = await parser.parse()
        except (MultiPartException, KeyError):
            raise Refused from None
    try:
        if not secrets.compare_digest(text(form, "csrf").encode(), who.csrf.encode()):
            raise Refused
        yield form
    finally:
        await form.close()


UploadForm = Annotated[FormData, Depends(_checked_upload)]


@router.get("/{breach_id}/brief")
async def show(breach_id: str, face: Face, who: Who, melding: str = "") -> Response:
    await own_to_decide(face, who, "breach", breach_id)
    return await _page(face, who, breach_id, notice=answers.NOTICES.get(melding, ""))


async def _page(
    face: WebFace, who: Session, breach_id: str, *, notice: str = "", problem: str = "", status: int = 200,
    typed: FormData | None = None,
) -> HTMLResponse:  # fmt: skip
    desk, roles = face.desk, sorted(who.roles)
    found = await desk.store.read(lambda reads: breaches.breaches(reads, roles))
    view = next((one for one in found if one.id == breach_id), None)
    if view is None:
        raise NotThere
    plan = await desk.store.read(lambda reads: breach_letter.planned(reads, desk, breach_id))
    told = await desk.store.read(lambda reads: breaches.told(reads, [breach_id], addresses=True))
    values = {name: getattr(plan.facts, name) for name in FACTS} if plan else {}
    if plan:
        values |= {"happened_on": plan.facts.happened_on.isoformat(), "addresses": "\n".join(plan.people.addresses)}
    if typed is not None:
        values = {name: text(typed, name) for name in (*FACTS, "happened_on", "addresses")}
    return face.page(
        "breach_letter.html", status=status, who=who, breach=view, plan=plan, values=values, rights=right_words,
        told=told.get(breach_id), notice=notice, problem=problem, here="breaches",
    )  # fmt: skip


@router.post("/{breach_id}/brief")
async def keep(breach_id: str, face: Face, who: Who, form: UploadForm) -> Response:
    """Keeps what was written and whom it is for; the letter is shown, nothing leaves."""
    await own_to_decide(face, who, "breach", breach_id)
    try:
        what, data, consequences, measures, advice = (text(form, name) for name in FACTS)
        facts = BreachFacts(_day(form), what, data, consequences, measures, advice)
        people = await _people(form)
        requester = text(form, "requester") == "yes"
        await breach_letter.keep(face.desk, who.staff_id, breach_id, facts, people, requester=requester)
    except InputError as error:
        return await _page(face, who, breach_id, problem=answers.problem(error.code), status=422, typed=form)
    return seen(f"/bureau/datalekken/{breach_id}/brief?melding=datalek-brief")


def _day(form: FormData) -> date:
    try:
        return date.fromisoformat(text(form, "happened_on"))
    except ValueError:
        raise InputError("no_date") from None


async def _people(form: FormData) -> People:
    """Typed lines and an uploaded list, together."""
    typed, file = people_in(text(form, "addresses")), form.get("list")
    if not isinstance(file, UploadFile):
        return typed
    listed = people_in(decoded(await file.read(MAX_LIST + 1)))
    return People((*typed.addresses, *listed.addresses), (*typed.skipped, *listed.skipped))


@router.get("/{breach_id}/brief/voorbeeld")
async def preview(breach_id: str, face: Face, who: Who) -> Response:
    """The HTML as it would be sent, in a frame of its own where nothing runs and nothing loads."""
    organisation = await own_to_decide(face, who, "breach", breach_id)
    plan = await face.desk.store.read(lambda reads: breach_letter.planned(reads, face.desk, breach_id))
    if plan is None:
        raise NotThere
    name = face.desk.organisation(organisation).policy.name
    html = letter_html(plan.letter, LetterContext(organisation=name, demo=face.desk.demo))
    return HTMLResponse(html, headers=mail_headers(links=False))


@router.post("/{breach_id}/brief/versturen")
async def send(breach_id: str, face: Face, who: Who, form: Form) -> Response:
    await own_to_decide(face, who, "breach", breach_id)
    try:
        await breach_letter.send(face.desk, who.staff_id, breach_id, text(form, "digest"))
    except InputError as error:
        return await _page(face, who, breach_id, problem=answers.problem(error.code), status=422)
    except Stale:
        return await _page(face, who, breach_id, problem=answers.problem("changed"), status=409)
    return seen(f"/bureau/datalekken/{breach_id}/brief?melding=datalek-verstuurd")
