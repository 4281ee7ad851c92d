"""The request form of an organisation (`/verzoek/<organisation>`): works without JavaScript, asks no third party.

What is filled in becomes a mail from the typed address (`intake/form`); the answer is the same for an address that is
known and one that is not. A form that looks like a machine's is not thrown away, it is asked to be sent once more: a
missed request is the worst error.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import APIRouter, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from cases.types import ChannelKind, ChannelMode, Label
from cases.types import Form as Words
from intake.form import Entry, form_message, typed_address
from storage.queries import standing
from storage.seal import same
from web.face import Face, WebFace, seen
from web.requester.pages import page
from web.staff.session import NotThere
from web.texts import page_texts
from workflow.desk import OrganisationDesk
from workflow.web_chat import network_of

router = APIRouter(prefix="/verzoek")
WISHES = (
    Label.INZAGE, Label.CORRECTIE, Label.VERWIJDERING, Label.AFMELDEN, Label.BEZWAAR, Label.INTREKKEN, Label.BEPERKING,
    Label.OVERDRACHT, Label.BESLUIT, Label.KLACHT, Label.VRAAG,
)  # fmt: skip
LONGEST = {"woorden": 10_000, "naam": 200, "adres": 254, "nummer": 60}
TRAP = "website"  # a field that people do not see
QUICKEST, OLDEST = timedelta(seconds=3), timedelta(hours=24)  # between the page and its form
PER_NETWORK, PER_ADDRESS = 30, 3  # forms in an hour; an office or a library shares one network


@router.get("/{organisation}")
async def show(organisation: str, face: Face, taal: str = "") -> Response:
    own = await _open(face, organisation)
    return _page(face, own, _form(own, taal), {}, set())


@router.get("/{organisation}/verstuurd")
async def sent(organisation: str, face: Face, taal: str = "") -> Response:
    own = _own(face, organisation)
    return page(face, "form_sent.html", _form(own, taal), policy=own.policy, mailbox=own.mailbox)


@router.post("/{organisation}")
async def send(organisation: str, request: Request, face: Face) -> Response:
    own = await _open(face, organisation)
    typed = _typed(await request.form(max_files=0, max_fields=100))
    form = _form(own, typed["taal"])
    wrong = _wrong(typed, own.mailbox)
    if wrong:
        return _page(face, own, form, typed, wrong)
    made = _made_at(face, organisation, typed["blad"])
    if made is None or not QUICKEST <= face.desk.now() - made <= OLDEST or typed[TRAP]:
        return _page(face, own, form, typed, {"again"})
    address, peer = typed_address(typed["adres"]), request.client.host if request.client else ""
    limits = {
        face.desk.index(organisation, "network", network_of(peer)): PER_NETWORK,
        face.desk.index(organisation, "email", address.lower()): PER_ADDRESS,
    }
    if not face.forms.allows(limits, face.desk.now()):
        return _page(face, own, form, typed, {"many"}, status=429)
    await face.accept(_message(face, own, form, typed, made))
    return seen(f"/verzoek/{organisation}/verstuurd" + ("?taal=en" if form is Words.EN else ""))


def _own(face: WebFace, organisation: str) -> OrganisationDesk:
    own = face.desk.organisations.get(organisation)
    if own is None:
        raise NotThere
    return own


async def _open(face: WebFace, organisation: str) -> OrganisationDesk:
    """While the desk only looks on nobody would answer a form: then there is none."""
    own = _own(face, organisation)
    mode = await face.desk.store.read(lambda reads: standing.mode(reads, organisation, ChannelKind.EMAIL))
    if mode is ChannelMode.WATCH:
        raise NotThere
    return own


def _form(own: OrganisationDesk, language: str) -> Words:
    return Words.EN if language == "en" else own.policy.form


def _typed(form: FormData) -> dict[str, Any]:
    """Every field, as text and bounded; what is longer than it may be is told, not cut."""
    found: dict[str, Any] = {
        name: value.strip() if isinstance(value := form.get(name, ""), str) else ""
        for name in (*LONGEST, "taal", "blad", TRAP)
    }
    known = {label.value: label for label in WISHES}
    found["wens"] = tuple(known[value] for value in dict.fromkeys(form.getlist("wens")) if value in known)
    return found


def _wrong(typed: Mapping[str, Any], mailbox: str) -> set[str]:
    wrong = {name for name, longest in LONGEST.items() if len(typed[name]) > longest}
    address = typed_address(typed["adres"])
    if not address or address.lower() == mailbox:
        wrong.add("adres")
    if not typed["wens"] and not typed["woorden"]:
        wrong.add("wens")
    return wrong


def _message(face: WebFace, own: OrganisationDesk, form: Words, typed: Mapping[str, Any], made: datetime) -> Any:
    texts = page_texts(form)
    wishes = tuple(texts.say(f"form.wish_{label.value}") for label in typed["wens"])
    entry = Entry(
        typed["wens"], wishes, typed["woorden"], typed["naam"], typed_address(typed["adres"]), typed["nummer"]
    )
    return form_message(
        entry, organisation=own.key, mailbox=own.mailbox, subject=texts.say("form.subject"),
        number_line=texts.sentences["form.number_line"], key=typed["blad"].replace(".", "-"), made_at=made,
        received_at=face.desk.now(),
    )  # fmt: skip


def _page(
    face: WebFace, own: OrganisationDesk, form: Words, typed: Mapping[str, Any], wrong: set[str], *, status: int = 0
) -> Response:
    empty = dict.fromkeys((*LONGEST, TRAP), "") | {"wens": ()}
    return page(
        face, "form.html", form, status=status or (422 if wrong else 200), policy=own.policy, mailbox=own.mailbox,
        organisation=own.key, typed=empty | dict(typed) | {TRAP: ""}, wrong=wrong, wishes=WISHES, longest=LONGEST,
        sheet=_sheet(face, own.key), languages=form is not Words.EN,
    )  # fmt: skip


# --- which page was filled in, and when it was made -------------------------------------------------------------------


def _sheet(face: WebFace, organisation: str) -> str:
    made = f"{int(face.desk.now().timestamp())}.{secrets.token_hex(8)}"
    return f"{made}.{face.desk.index(organisation, 'form', made)[:32]}"


def _made_at(face: WebFace, organisation: str, sheet: str) -> datetime | None:
    """None for a page that we did not make."""
    made, _, mark = sheet.rpartition(".")
    if not same(mark, face.desk.index(organisation, "form", made)[:32]):
        return None
    return datetime.fromtimestamp(int(made.partition(".")[0]), UTC)
