"""Received messages that have no case yet: judging them (triage), unreadable ones (quarantine), other mail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from cases.errors import InputError, RuleError
from cases.types import Label
from storage.queries import console
from storage.queries.console import Post
from storage.queries.staff import Session
from web import answers, words
from web.face import Face, WebFace, seen
from web.staff.session import Form, NotThere, Who, own, text
from workflow import senders, triage
from workflow.triage import Typed

router = APIRouter(prefix="/bureau/post")
RAW_SHOWN = 20_000  # characters of a message that could not be read


@router.get("/{inbound_id}")
async def show(inbound_id: str, face: Face, who: Who) -> Response:
    return await _page(face, who, inbound_id)


@router.post("/{inbound_id}/openen")
async def open_as(inbound_id: str, face: Face, who: Who, form: Form) -> Response:
    await own(face, who, "inbound", inbound_id)
    chosen = [Label(value) for value in form.getlist("label") if value in set(words.CHOICES)]
    typed = None
    if text(form, "address").strip():
        typed = Typed(text(form, "address"), text(form, "name"), text(form, "words"))
    try:
        if not chosen:
            raise InputError("no_label")
        case_id = await triage.open_as(face.desk, who.staff_id, inbound_id, chosen, typed)
    except InputError as error:
        return await _page(face, who, inbound_id, problem=answers.problem(error.code), status=422)
    except RuleError:
        return await _page(face, who, inbound_id, problem="Iemand anders heeft dit al afgehandeld.", status=409)
    return seen(f"/bureau/zaak/{case_id}?melding=geopend")


@router.post("/{inbound_id}/geen-verzoek")
async def no_request(inbound_id: str, face: Face, who: Who, form: Form) -> Response:
    await own(face, who, "inbound", inbound_id)
    try:
        await triage.no_request(face.desk, who.staff_id, inbound_id)
    except RuleError:
        return await _page(face, who, inbound_id, problem="Iemand anders heeft dit al afgehandeld.", status=409)
    return seen(f"/bureau?melding=geen-verzoek{_back(text(form, 'soort'))}")


@router.post("/{inbound_id}/opnieuw-lezen")
async def look_again(inbound_id: str, face: Face, who: Who, _form: Form) -> Response:
    """After what kept it from being read has been mended."""
    await own(face, who, "inbound", inbound_id)
    await triage.look_again(face.desk, who.staff_id, inbound_id)
    return seen("/bureau?melding=opnieuw-lezen")


@router.post("/{inbound_id}/spam")
async def mark_spam(inbound_id: str, face: Face, who: Who, form: Form) -> Response:
    await own(face, who, "inbound", inbound_id)
    spam = text(form, "act") != "geen-spam"
    try:
        await senders.mark_spam(face.desk, who.staff_id, inbound_id, spam=spam)
    except InputError as error:
        return await _page(face, who, inbound_id, problem=answers.problem(error.code), status=422)
    return seen("/bureau?melding=spam" if spam else "/bureau?melding=geen-spam")


@router.post("/{inbound_id}/toevoegen")
async def join(inbound_id: str, face: Face, who: Who, _form: Form) -> Response:
    """The message belongs to the case that its subject names."""
    await own(face, who, "inbound", inbound_id)
    try:
        case_id = await triage.join(face.desk, who.staff_id, inbound_id)
    except RuleError:
        return await _page(face, who, inbound_id, problem="Iemand anders heeft dit al afgehandeld.", status=409)
    return seen(f"/bureau/zaak/{case_id}?melding=toegevoegd")


def _back(kind: str) -> str:
    return f"&soort={kind}" if kind in words.WORK else ""


async def _page(face: WebFace, who: Session, inbound_id: str, *, problem: str = "", status: int = 200) -> Response:
    post = await face.desk.store.read(lambda reads: console.post(reads, inbound_id, who.roles))
    if post is None:
        raise NotThere
    content, raw_text = await _content(face, post)
    return face.page(
        "post.html", status=status, who=who, post=post, content=content, raw_text=raw_text, problem=problem,
        scores=scores(post.scores), choices=words.CHOICES,
    )  # fmt: skip


async def _content(face: WebFace, post: Post) -> tuple[Mapping[str, Any], str]:
    """The words of a message; of one that was never taken apart they are made here, or its bare text is shown."""
    if post.content or post.raw is None:
        return post.content, ""
    try:
        parsed = await face.desk.in_thread(face.desk.normalise, post.raw)
    except InputError:
        return {}, post.raw.raw.decode("utf-8", "replace")[:RAW_SHOWN]
    attached = [{"name": item.name, "type": item.media_type, "size": item.size} for item in parsed.attachments]
    return {
        "subject": parsed.subject, "text": parsed.own_words, "quoted": parsed.quoted, "from_name": parsed.from_name,
        "from_address": parsed.from_address, "attachments": attached,
    }, ""  # fmt: skip


def scores(stored: Mapping[str, Any]) -> list[tuple[str, float]]:
    """Labels with their probability, the likeliest first; what is next to nothing is left out."""
    found = stored.get("labels") or {}
    pairs = [(name, float(value)) for name, value in found.items() if name in words.LABELS and value is not None]
    likely = [pair for pair in sorted(pairs, key=lambda pair: -pair[1]) if pair[1] >= 0.03]
    return likely[:6] or pairs[:1]
