"""What staff do on the way of a request: settle a choice, more time, call off, tasks, recipients, freezes, mandates.

Every act is a POST with a token by somebody who may decide; the steps (rules, audit, letters) are in `workflow/`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date

from fastapi import APIRouter
from starlette.datastructures import FormData
from starlette.responses import Response

from cases.audit import staff_actor
from cases.errors import InputError
from handlers.choices import CHOICES
from handlers.process_letters import ExtensionReason
from storage.queries import console
from storage.queries.request_facts import request_facts
from storage.queries.staff import Session
from storage.unit import Unit
from web.face import Face, WebFace
from web.staff.attempt import attempt
from web.staff.session import Form, NotThere, Who, own_to_decide, text
from workflow import actions, breach, evidence, freezes, persons, questions, recipients, tasks, terms, transfer, undo

router = APIRouter(prefix="/bureau")
CHOICE = "keuze-"  # form fields of what is settled on the way


async def _decide(
    face: WebFace, who: Session, form: FormData, table: str, row_id: str, name: str, notice: str,
    step: Callable[[], Awaitable[object]],
) -> Response:  # fmt: skip
    """The shape of every act here: may this person, do it, back to the case with a word of what happened."""
    await own_to_decide(face, who, table, row_id)

    async def act() -> str:
        await step()
        return notice

    return await attempt(face, who, table, row_id, form, act(), name)


def _day(form: FormData, name: str) -> date:
    try:
        return date.fromisoformat(text(form, name))
    except ValueError:
        raise InputError("no_date") from None


# --- a request ------------------------------------------------------------------------------------------------------


@router.post("/verzoek/{request_id}/kies")
async def choose(request_id: str, face: Face, who: Who, form: Form) -> Response:
    """What a handler needs to know from staff (`handlers/choices`); the draft is made anew with it."""

    async def step() -> None:
        facts = await face.desk.store.read(lambda reads: request_facts(reads, request_id))
        if facts is None:
            raise NotThere
        known = {choice.key: choice.options for choice in CHOICES.get(facts.label, ())}
        typed = {name.removeprefix(CHOICE): text(form, name).strip() for name in form if name.startswith(CHOICE)}
        values = {key: value for key, value in typed.items() if key in known and value != facts.chosen.get(key, "")}
        if any(known[key] and value and value not in known[key] for key, value in values.items()):
            raise InputError("unknown_choice")
        if values:
            await questions.choose(face.desk, staff_actor(who.staff_id), request_id, values)

    return await _decide(face, who, form, "request", request_id, "kies", "gekozen", step)


@router.post("/verzoek/{request_id}/verlengen")
async def extend(request_id: str, face: Face, who: Who, form: Form) -> Response:
    async def step() -> None:
        try:
            reason = ExtensionReason(text(form, "reason"))
        except ValueError:
            raise InputError("unknown_reason") from None
        await terms.extend(face.desk, who.staff_id, request_id, reason, text(form, "explanation"))

    return await _decide(face, who, form, "request", request_id, "verlengen", "verlengd", step)


@router.post("/verzoek/{request_id}/opschorten")
async def suspend(request_id: str, face: Face, who: Who, form: Form) -> Response:
    async def step() -> None:
        await terms.suspend(face.desk, who.staff_id, request_id, text(form, "reason"), _day(form, "asked_on"))

    return await _decide(face, who, form, "request", request_id, "opschorten", "opgeschort", step)


@router.post("/verzoek/{request_id}/hervatten")
async def resume(request_id: str, face: Face, who: Who, form: Form) -> Response:
    async def step() -> None:
        await terms.resume(face.desk, who.staff_id, request_id, _day(form, "answered_on"))

    return await _decide(face, who, form, "request", request_id, "hervatten", "loopt-weer", step)


@router.post("/verzoek/{request_id}/excuses")
async def apologise(request_id: str, face: Face, who: Who, form: Form) -> Response:
    async def step() -> None:
        await terms.apologise(face.desk, who.staff_id, request_id, _day(form, "new_date"))

    return await _decide(face, who, form, "request", request_id, "excuses", "excuses", step)


@router.post("/verzoek/{request_id}/tegenhouden")
async def call_off(request_id: str, face: Face, who: Who, form: Form) -> Response:
    """Takes back an approval whose changes still wait."""

    async def step() -> None:
        await face.desk.store.write(lambda unit: undo.called_off_by_staff(unit, request_id, who.staff_id))

    return await _decide(face, who, form, "request", request_id, "tegenhouden", "tegengehouden", step)


@router.post("/verzoek/{request_id}/zelfde")
async def repeat(request_id: str, face: Face, who: Who, form: Form) -> Response:
    """The same wish once more: answered with the other one."""

    async def step() -> None:
        number = text(form, "number").strip().upper()
        other = await face.desk.store.read(lambda reads: console.same_wish(reads, request_id, number))
        if other is None:
            raise InputError("no_such_case")
        await persons.link_repeat(face.desk, who.staff_id, request_id, other)

    return await _decide(face, who, form, "request", request_id, "zelfde", "gekoppeld", step)


@router.post("/verzoek/{request_id}/overdracht")
async def transfer_to(request_id: str, face: Face, who: Who, form: Form) -> Response:
    """Straight to another party: the person confirms it first."""

    async def step() -> None:
        await transfer.ask(face.desk, who.staff_id, request_id, text(form, "party"), text(form, "address"))

    return await _decide(face, who, form, "request", request_id, "overdracht", "overdracht", step)


# --- what is carried out --------------------------------------------------------------------------------------------


@router.post("/wijziging/{action_id}")
async def stuck(action_id: str, face: Face, who: Who, form: Form) -> Response:
    """A change that did not happen: once more, or somebody did it in the system itself."""

    async def step() -> None:
        by_hand = text(form, "act") == "gedaan"
        await (actions.did_it_myself if by_hand else actions.try_again)(face.desk, who.staff_id, action_id)

    return await _decide(face, who, form, "source_action", action_id, "wijziging", "wijziging", step)


@router.post("/taak/{task_id}")
async def task_done(task_id: str, face: Face, who: Who, form: Form) -> Response:
    async def step() -> None:
        nothing = text(form, "act") == "niets"
        await tasks.answer_by_staff(face.desk, staff_actor(who.staff_id), task_id, nothing=nothing)

    return await _decide(face, who, form, "source_task", task_id, "taak", "taak", step)


@router.post("/ontvanger/{notice_id}")
async def recipient(notice_id: str, face: Face, who: Who, form: Form) -> Response:
    async def step() -> None:
        why = text(form, "impossible").strip() if text(form, "act") == "kan-niet" else ""
        if text(form, "act") == "kan-niet" and not why:
            raise InputError("no_reason")
        await recipients.settle_by_staff(face.desk, staff_actor(who.staff_id), notice_id, impossible=why)

    return await _decide(face, who, form, "recipient_notice", notice_id, "ontvanger", "ontvanger", step)


@router.post("/brief/{draft_id}/stilzetten")
async def freeze_now(draft_id: str, face: Face, who: Who, form: Form) -> Response:
    """While an objection is weighed, before there is a letter (art. 18(1)(d))."""

    async def step() -> None:
        await freezes.freeze_now(face.desk, who.staff_id, draft_id)

    return await _decide(face, who, form, "draft", draft_id, "stilzetten", "stilgezet", step)


@router.post("/beperking/{restriction_id}/aankondigen")
async def announce(restriction_id: str, face: Face, who: Who, form: Form) -> Response:
    async def step() -> None:
        await freezes.announce(face.desk, who.staff_id, restriction_id, _day(form, "on"), text(form, "why"))

    return await _decide(face, who, form, "restriction", restriction_id, "aankondigen", "aangekondigd", step)


@router.post("/beperking/{restriction_id}/opheffen")
async def lift(restriction_id: str, face: Face, who: Who, form: Form) -> Response:
    async def step() -> None:
        await freezes.lift(face.desk, who.staff_id, restriction_id)

    return await _decide(face, who, form, "restriction", restriction_id, "opheffen", "opgeheven", step)


@router.post("/bewijs/{evidence_id}/bekijk")
async def look(evidence_id: str, face: Face, who: Who, _form: Form) -> Response:
    """By POST: that somebody looked is written down. Shown as a download; nothing in it runs here."""
    await own_to_decide(face, who, "evidence", evidence_id)
    media_type, content = await evidence.look(face.desk, who.staff_id, evidence_id)
    ending = media_type.rpartition("/")[2]
    headers = {"Content-Disposition": f'attachment; filename="bewijs.{ending}"'}
    return Response(content, media_type=media_type, headers=headers)


@router.post("/bewijs/{evidence_id}")
async def judge_evidence(evidence_id: str, face: Face, who: Who, form: Form) -> Response:
    async def step() -> None:
        outcome = text(form, "outcome")
        if outcome not in ("accepted", "bsn_visible", "unclear"):
            raise InputError("unknown_kind")
        await evidence.settle(
            face.desk, who.staff_id, evidence_id, again=outcome == "bsn_visible", accepted=outcome == "accepted"
        )

    return await _decide(face, who, form, "evidence", evidence_id, "bewijs", "bewijs", step)


@router.post("/gesprek/{conversation_id}/kopie")
async def ask_id_copy(conversation_id: str, face: Face, who: Who, form: Form) -> Response:
    """A shielded copy, on a named doubt; only where the policy knows it."""

    async def step() -> None:
        await evidence.ask_id_copy(face.desk, who.staff_id, conversation_id, text(form, "doubt"))

    return await _decide(face, who, form, "conversation", conversation_id, "kopie", "antwoord", step)


# --- a case ---------------------------------------------------------------------------------------------------------


@router.post("/gesprek/{conversation_id}/eerste-brief")
async def first_letter(conversation_id: str, face: Face, who: Who, form: Form) -> Response:
    """Heirs, a child, somebody who acts for another: the first letter; it decides nothing."""

    async def step() -> None:
        await persons.first_letter(face.desk, who.staff_id, conversation_id, text(form, "kind"))

    return await _decide(face, who, form, "conversation", conversation_id, "eerste-brief", "antwoord", step)


@router.post("/machtiging/{mandate_id}")
async def mandate(mandate_id: str, face: Face, who: Who, form: Form) -> Response:
    async def step() -> None:
        await persons.judge_mandate(
            face.desk, who.staff_id, mandate_id, accepted=text(form, "act") == "ja", scope=text(form, "scope"),
            answer_to=text(form, "answer_to") or "person",
        )  # fmt: skip

    return await _decide(face, who, form, "mandate", mandate_id, "machtiging", "machtiging", step)


@router.post("/zaak/{case_id}/samenvoegen")
async def join(case_id: str, face: Face, who: Who, form: Form) -> Response:
    """Other cases of the same matter move in here."""

    async def step() -> None:
        numbers = [number.strip().upper() for number in text(form, "numbers").replace(",", " ").split()]
        others = await face.desk.store.read(lambda reads: console.by_numbers(reads, case_id, numbers))
        if not numbers or len(others) != len(set(numbers)):
            raise InputError("no_such_case")
        await persons.join_cases(face.desk, who.staff_id, case_id, others)

    return await _decide(face, who, form, "case", case_id, "samenvoegen", "samengevoegd", step)


@router.post("/bericht/{outbox_id}/verkeerd")
async def sent_wrong(outbox_id: str, face: Face, who: Who, form: Form) -> Response:
    """ "Verkeerd verzonden": links close, the conversation freezes, 72 hours begin."""

    async def step() -> None:
        await breach.sent_wrong(face.desk, who.staff_id, outbox_id, text(form, "what"))

    return await _decide(face, who, form, "outbox", outbox_id, "verkeerd", "datalek", step)


@router.post("/zaak/{case_id}/neem")
async def take(case_id: str, face: Face, who: Who, form: Form) -> Response:
    """Says who works on a case, so that two do not."""

    async def step() -> None:
        def settle(unit: Unit) -> None:
            persons.take(unit, who.staff_id, case_id)

        await face.desk.store.write(settle)

    return await _decide(face, who, form, "case", case_id, "neem", "genomen", step)
