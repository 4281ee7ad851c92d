"""The register of breaches with their 72 hours (art. 33(5))."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from starlette.responses import Response

from cases.context import AMSTERDAM
from cases.errors import InputError
from storage.queries import breaches as register_of
from storage.queries.staff import Session
from web import answers, right_words
from web.face import Face, WebFace, seen
from web.staff.session import Form, Refused, Who, may_decide, own_to_decide, text
from workflow import breach

router = APIRouter(prefix="/bureau")


@router.get("/datalekken")
async def breaches(face: Face, who: Who, melding: str = "") -> Response:
    return await _breaches(face, who, notice=answers.NOTICES.get(melding, ""))


async def _breaches(face: WebFace, who: Session, *, notice: str = "", problem: str = "", status: int = 200) -> Response:
    found = await face.desk.store.read(lambda reads: register_of.breaches(reads, sorted(who.roles)))
    return face.page(
        "breaches.html", status=status, who=who, breaches=found, rights=right_words, notice=notice, problem=problem,
        organisations=[key for key in sorted(who.roles) if may_decide(who, key)], here="breaches",
    )  # fmt: skip


@router.post("/datalekken")
async def report(face: Face, who: Who, form: Form) -> Response:
    """A leak heard of by phone or from a supplier."""
    organisation = text(form, "organisation")
    if not may_decide(who, organisation):
        raise Refused
    try:
        known_at = datetime.fromisoformat(text(form, "known_at")).replace(tzinfo=AMSTERDAM)
    except ValueError:
        return await _breaches(face, who, problem=answers.problem("no_date"), status=422)
    try:
        await breach.report(face.desk, who.staff_id, organisation, known_at, text(form, "what"))
    except InputError as error:
        return await _breaches(face, who, problem=answers.problem(error.code), status=422)
    return seen("/bureau/datalekken?melding=datalek")


@router.post("/datalekken/{breach_id}")
async def decide(breach_id: str, face: Face, who: Who, form: Form) -> Response:
    await own_to_decide(face, who, "breach", breach_id)
    told, persons = (_moment(text(form, name)) for name in ("authority_told_at", "persons_told_at"))
    try:
        await breach.decide(
            face.desk, who.staff_id, breach_id, risk=text(form, "risk"), reason=text(form, "reason"),
            authority_told_at=told, persons_told_at=persons,
        )  # fmt: skip
    except InputError as error:
        return await _breaches(face, who, problem=answers.problem(error.code), status=422)
    return seen("/bureau/datalekken?melding=datalek-besluit")


def _moment(typed: str) -> datetime | None:
    try:
        return datetime.fromisoformat(typed).replace(tzinfo=AMSTERDAM)
    except ValueError:
        return None
