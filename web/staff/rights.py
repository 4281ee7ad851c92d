"""What staff do on the way of a request: settle a choice, more time, call off, tasks, recipients, freezes, mandates.

Every act is a POST with a token by somebody who may decide, and they all have one shape: `ACTS` names each with its
address, the row it is about and the word said afterwards. The steps (rules, audit, letters) are in `workflow/`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
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
from web.face import Face
from web.staff.attempt import attempt
from web.staff.session import Form, NotThere, Who, own_to_decide, text
from workflow import (
    actions,
    breach,
    complaints,
    drafting,
    evidence,
    freezes,
    joining,
    persons,
    questions,
    recipients,
    splitting,
    tasks,
    terms,
    transfer,
    undo,
)
from workflow.desk import Desk
from workflow.split_rows import Apart

router = APIRouter(prefix="/bureau")
CHOICE = "keuze-"  # form fields of what is settled on the way

Step = Callable[[Desk, str, str, FormData], Awaitable[object]]  # desk, who presses, the row, what was typed


@dataclass(frozen=True, slots=True)
class Act:
    """One button."""

    address: str  # "{}" is the id of the row
    table: str
    notice: str  # web/answers.NOTICES
    step: Step

    @property
    def name(self) -> str:
        """How the page finds the form again when something in it is wrong: the last word of its address."""
        return next(part for part in reversed(self.address.split("/")) if part != "{}")


def _day(form: FormData, name: str) -> date:
    try:
        return date.fromisoformat(text(form, name))
    except ValueError:
        raise InputError("no_date") from None


# --- a request ------------------------------------------------------------------------------------------------------


async def _choose(desk: Desk, staff_id: str, request_id: str, form: FormData) -> None:
    """What a handler needs to know from staff (`handlers/choices`); the draft is made anew with it."""
    facts = await desk.store.read(lambda reads: request_facts(reads, request_id))
    if facts is None:
        raise NotThere
    known = {choice.key: choice.options for choice in CHOICES.get(facts.label, ())}
    typed = {name.removeprefix(CHOICE): text(form, name).strip() for name in form if name.startswith(CHOICE)}
    values = {key: value for key, value in typed.items() if key in known and value != facts.chosen.get(key, "")}
    if any(known[key] and value and value not in known[key] for key, value in values.items()):
        raise InputError("unknown_choice")
    if values:
        await questions.choose(desk, staff_actor(staff_id), request_id, values)


async def _complaint(desk: Desk, staff_id: str, request_id: str, form: FormData) -> None:
    """Who handled the matter before answers the complaint about it all the same."""
    await complaints.answer_all_the_same(desk, staff_id, request_id, text(form, "reason"))


async def _extend(desk: Desk, staff_id: str, request_id: str, form: FormData) -> None:
    try:
        reason = ExtensionReason(text(form, "reason"))
    except ValueError:
        raise InputError("unknown_reason") from None
    await terms.extend(desk, staff_id, request_id, reason, text(form, "explanation"))


async def _suspend(desk: Desk, staff_id: str, request_id: str, form: FormData) -> None:
    await terms.suspend(desk, staff_id, request_id, text(form, "reason"), _day(form, "asked_on"))


async def _resume(desk: Desk, staff_id: str, request_id: str, form: FormData) -> None:
    await terms.resume(desk, staff_id, request_id, _day(form, "answered_on"), text(form, "reason"))


async def _apologise(desk: Desk, staff_id: str, request_id: str, form: FormData) -> None:
    await terms.apologise(desk, staff_id, request_id, _day(form, "new_date"))


async def _silence(desk: Desk, staff_id: str, request_id: str, _form: FormData) -> None:
    await drafting.close_for_silence(desk, staff_id, request_id)


async def _call_off(desk: Desk, staff_id: str, request_id: str, _form: FormData) -> None:
    """Takes back an approval whose changes still wait."""
    await desk.store.write(lambda unit: undo.called_off_by_staff(unit, request_id, staff_id))


async def _repeat(desk: Desk, staff_id: str, request_id: str, form: FormData) -> None:
    """The same wish once more: answered with the other one."""
    number = text(form, "number").strip().upper()
    other = await desk.store.read(lambda reads: console.same_wish(reads, request_id, number))
    if other is None:
        raise InputError("no_such_case")
    await joining.link_repeat(desk, staff_id, request_id, other)


async def _unlink(desk: Desk, staff_id: str, request_id: str, _form: FormData) -> None:
    await joining.unlink_repeat(desk, staff_id, request_id)


async def _transfer(desk: Desk, staff_id: str, request_id: str, form: FormData) -> None:
    """Straight to another party: the person confirms it first."""
    await transfer.ask(desk, staff_id, request_id, text(form, "party"), text(form, "address"))


# --- what is carried out --------------------------------------------------------------------------------------------


async def _stuck(desk: Desk, staff_id: str, action_id: str, form: FormData) -> None:
    """A change that did not happen: once more, or somebody did it in the system itself."""
    by_hand = text(form, "act") == "gedaan"
    await (actions.did_it_myself if by_hand else actions.try_again)(desk, staff_id, action_id)


async def _task_done(desk: Desk, staff_id: str, task_id: str, form: FormData) -> None:
    await tasks.answer_by_staff(desk, staff_actor(staff_id), task_id, nothing=text(form, "act") == "niets")


async def _recipient(desk: Desk, staff_id: str, notice_id: str, form: FormData) -> None:
    why = text(form, "impossible").strip() if text(form, "act") == "kan-niet" else ""
    if text(form, "act") == "kan-niet" and not why:
        raise InputError("no_reason")
    await recipients.settle_by_staff(desk, staff_actor(staff_id), notice_id, impossible=why)


async def _freeze_now(desk: Desk, staff_id: str, draft_id: str, _form: FormData) -> None:
    """While an objection is weighed, before there is a letter (art. 18(1)(d))."""
    await freezes.freeze_now(desk, staff_id, draft_id)


async def _announce(desk: Desk, staff_id: str, restriction_id: str, form: FormData) -> None:
    await freezes.announce(desk, staff_id, restriction_id, _day(form, "on"), text(form, "why"))


async def _lift(desk: Desk, staff_id: str, restriction_id: str, _form: FormData) -> None:
    await freezes.lift(desk, staff_id, restriction_id)


async def _judge_evidence(desk: Desk, staff_id: str, evidence_id: str, form: FormData) -> None:
    outcome = text(form, "outcome")
    if outcome not in ("accepted", "bsn_visible", "unclear"):
        raise InputError("unknown_kind")
    await evidence.settle(desk, staff_id, evidence_id, again=outcome == "bsn_visible", accepted=outcome == "accepted")


async def _ask_id_copy(desk: Desk, staff_id: str, conversation_id: str, form: FormData) -> None:
    """A shielded copy, on a named doubt; only where the policy knows it."""
    await evidence.ask_id_copy(desk, staff_id, conversation_id, text(form, "doubt"))


# --- a case ---------------------------------------------------------------------------------------------------------


async def _first_letter(desk: Desk, staff_id: str, conversation_id: str, form: FormData) -> None:
    """Heirs, a child, somebody who acts for another: the first letter; it decides nothing."""
    await persons.first_letter(desk, staff_id, conversation_id, text(form, "kind"))


async def _mandate(desk: Desk, staff_id: str, mandate_id: str, form: FormData) -> None:
    await persons.judge_mandate(
        desk, staff_id, mandate_id, accepted=text(form, "act") == "ja", scope=text(form, "scope"),
        answer_to=text(form, "answer_to") or "person",
    )  # fmt: skip


async def _join(desk: Desk, staff_id: str, case_id: str, form: FormData) -> None:
    """Other cases of the same matter move in here."""
    numbers = [number.strip().upper() for number in text(form, "numbers").replace(",", " ").split()]
    others = await desk.store.read(lambda reads: console.by_numbers(reads, case_id, numbers))
    if not numbers or len(others) != len(set(numbers)):
        raise InputError("no_such_case")
    await joining.join_cases(desk, staff_id, case_id, others)


async def _split(desk: Desk, staff_id: str, case_id: str, form: FormData) -> None:
    """Requests, and the messages that belong to them, go to a case of their own."""
    apart = Apart(
        requests=_all(form, "request"), messages=_all(form, "message"), name=text(form, "name"),
        other_person=text(form, "about") == "other",
    )  # fmt: skip
    await splitting.split(desk, staff_id, case_id, apart)


def _all(form: FormData, name: str) -> tuple[str, ...]:
    return tuple(value for value in form.getlist(name) if isinstance(value, str))


async def _sent_wrong(desk: Desk, staff_id: str, outbox_id: str, form: FormData) -> None:
    """ "Verkeerd verzonden": links close, the conversation freezes, 72 hours begin."""
    await breach.sent_wrong(desk, staff_id, outbox_id, text(form, "what"))


async def _take(desk: Desk, staff_id: str, case_id: str, _form: FormData) -> None:
    """Says who works on a case, so that two do not."""
    await desk.store.write(lambda unit: persons.take(unit, staff_id, case_id))


ACTS = (
    Act("verzoek/{}/kies", "request", "gekozen", _choose),
    Act("verzoek/{}/klacht-zelf", "request", "klacht-zelf", _complaint),
    Act("verzoek/{}/verlengen", "request", "verlengd", _extend),
    Act("verzoek/{}/opschorten", "request", "opgeschort", _suspend),
    Act("verzoek/{}/hervatten", "request", "loopt-weer", _resume),
    Act("verzoek/{}/excuses", "request", "excuses", _apologise),
    Act("verzoek/{}/stilte", "request", "stilte", _silence),
    Act("verzoek/{}/tegenhouden", "request", "tegengehouden", _call_off),
    Act("verzoek/{}/zelfde", "request", "gekoppeld", _repeat),
    Act("verzoek/{}/los", "request", "los", _unlink),
    Act("verzoek/{}/overdracht", "request", "overdracht", _transfer),
    Act("wijziging/{}", "source_action", "wijziging", _stuck),
    Act("taak/{}", "source_task", "taak", _task_done),
    Act("ontvanger/{}", "recipient_notice", "ontvanger", _recipient),
    Act("brief/{}/stilzetten", "draft", "stilgezet", _freeze_now),
    Act("beperking/{}/aankondigen", "restriction", "aangekondigd", _announce),
    Act("beperking/{}/opheffen", "restriction", "opgeheven", _lift),
    Act("bewijs/{}", "evidence", "bewijs", _judge_evidence),
    Act("gesprek/{}/kopie", "conversation", "antwoord", _ask_id_copy),
    Act("gesprek/{}/eerste-brief", "conversation", "antwoord", _first_letter),
    Act("machtiging/{}", "mandate", "machtiging", _mandate),
    Act("zaak/{}/samenvoegen", "case", "samengevoegd", _join),
    Act("zaak/{}/splitsen", "case", "gesplitst", _split),
    Act("zaak/{}/neem", "case", "genomen", _take),
    Act("bericht/{}/verkeerd", "outbox", "datalek", _sent_wrong),
)


@router.post("/bewijs/{evidence_id}/bekijk")
async def look(evidence_id: str, face: Face, who: Who, _form: Form) -> Response:
    """By POST: that somebody looked is written down. Shown as a download; nothing in it runs here."""
    await own_to_decide(face, who, "evidence", evidence_id)
    media_type, content = await evidence.look(face.desk, who.staff_id, evidence_id)
    ending = media_type.rpartition("/")[2]
    headers = {"Content-Disposition": f'attachment; filename="bewijs.{ending}"'}
    return Response(content, media_type=media_type, headers=headers)


def _route(act: Act) -> None:
    """The shape of every act here: may this person, do it, back to the case with a word of what happened."""

    async def press(row_id: str, face: Face, who: Who, form: Form) -> Response:
        await own_to_decide(face, who, act.table, row_id)

        async def step() -> str:
            await act.step(face.desk, who.staff_id, row_id, form)
            return act.notice

        return await attempt(face, who, act.table, row_id, form, step(), act.name)

    router.add_api_route(f"/{act.address.replace('{}', '{row_id}')}", press, methods=["POST"])


for _act in ACTS:
    _route(_act)
