"""The rows of `web_world`: cases in every state, messages without a case, links, channels."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from cases.audit import PROGRAM, AuditTag
from cases.deadlines import derive
from cases.letters import Letter, fill, slots
from cases.messages import RawInbound
from cases.types import (
    Assurance,
    Awaiting,
    ChannelKind,
    Custody,
    Decision,
    Label,
    OutboxKind,
    RefusalGround,
    RequestState,
    WorkKind,
)
from handlers.base import Prepared
from handlers.refusals import refusal_letter
from handlers.registry import HANDLERS
from render.export import build_export
from render.overview import ExportMeta
from storage.models import (
    BlindIndex,
    Case,
    CaseIdentifier,
    ChannelHealth,
    Conversation,
    Deadline,
    Export,
    Finding,
    Inbound,
    Link,
    Message,
    Outbox,
    Request,
)
from storage.queries import inbound as post_room
from storage.queries.request_facts import request_facts
from storage.queries.writing import Post, Route, open_work, queue
from storage.seal import blind, token_digest
from storage.unit import Unit
from tests.support.case_files import CUSTOMER, INVOICES, case_file
from workflow.package import write_draft

if TYPE_CHECKING:
    from tests.support.web_world import World

BASE_URL = "https://loket.example"
NOW = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)  # a Monday
HOSTILE = '<script>alert("x")</script><img src=x onerror=alert(1)>'
CASE_TOKEN, CASE_TOKEN_COR = "zaak-token-anna", "zaak-token-cor"
EXPORT_TOKEN, OLD_TOKEN = "export-token-anna", "export-token-oud"


def add_rows(unit: Unit, made: World) -> None:
    _anna(unit, made)
    _erasure(unit, made)
    _identifying(unit, made)
    _other_organisation(unit, made)
    _post(unit, made)
    unit.add(
        ChannelHealth, id=unit.new_id(), organisation_id="whatnext", name="info@whatnext.example", ok=True,
        changed_at=unit.now - timedelta(days=3),
    )  # fmt: skip
    unit.add(
        ChannelHealth, id=unit.new_id(), organisation_id="weservit", name="info@weservit.example", ok=False,
        reason="de mailserver antwoordt niet", changed_at=unit.now - timedelta(hours=2),
    )  # fmt: skip


def add_case(
    unit: Unit, made: World, mark: str, *, organisation: str = "whatnext", number: str, name: str, address: str,
    received: datetime, assurance: Assurance = Assurance.ADDRESS_CLAIMED, evidence: Mapping[str, str] | None = None,
    awaited: str = "", human: bool = False,
) -> None:  # fmt: skip
    case_id, talk_id = unit.new_id(), unit.new_id()
    key_id = unit.keys.new_data_key(unit, organisation)
    seal = unit.keys.data(unit, key_id)
    made.ids |= {f"{mark}.case": case_id, f"{mark}.talk": talk_id, f"{mark}.key": key_id}
    form = made.desk.organisation(organisation).policy.form
    index = made.desk.index(organisation, "email", address)
    unit.add(
        Case, id=case_id, organisation_id=organisation, number=number, data_key_id=key_id, received_at=received,
        opened_at=received, requester=seal.seal_json(
            {"name": name, "address": address, "form": form.value}, f"case.requester:{case_id}"
        ),
    )  # fmt: skip
    unit.add(
        Conversation, id=talk_id, organisation_id=organisation, case_id=case_id, data_key_id=key_id, channel="email",
        account=f"info@{organisation}.example", address_index=index, assurance=int(assurance), awaited=awaited,
        evidence=dict(evidence or {}), form=form.value, human_since=received if human else None,
        last_message_at=received, created_at=received,
        address=seal.seal_text(address, f"conversation.address:{talk_id}"),
    )  # fmt: skip
    item_id = unit.new_id()
    unit.add(
        CaseIdentifier, id=item_id, organisation_id=organisation, case_id=case_id, conversation_id=talk_id,
        kind="email", value=seal.seal_text(address, f"case_identifier.value:{item_id}"), value_index=index,
        proven=assurance >= Assurance.MAILBOX_PROVEN,
    )  # fmt: skip
    unit.add(
        BlindIndex, id=unit.new_id(), organisation_id=organisation, case_id=case_id, kind="email", token=index,
        key_version=1,
    )  # fmt: skip
    unit.record(AuditTag.CASE_OPENED, organisation=organisation, actor=PROGRAM, case=case_id, number=number)


def _message(unit: Unit, made: World, mark: str, at: datetime, content: Mapping[str, Any], **values: Any) -> None:
    talk, key_id = made.ids[f"{mark}.talk"], made.ids[f"{mark}.key"]
    row_id = unit.new_id()
    defaults: dict[str, Any] = {"incoming": True, "labels": None, "kind": "", "organisation_id": "whatnext"}
    unit.add(
        Message, id=row_id, conversation_id=talk, case_id=made.ids.get(f"{mark}.case"), data_key_id=key_id, at=at,
        content=unit.keys.data(unit, key_id).seal_json(content, f"message.content:{row_id}"), **(defaults | values),
    )  # fmt: skip


def add_request(
    unit: Unit, made: World, mark: str, label: Label, state: RequestState, received: datetime, *,
    organisation: str = "whatnext", awaiting: Awaiting = Awaiting.STAFF, failure: str = "",
) -> str:  # fmt: skip
    request_id = unit.new_id()
    policy = made.desk.organisation(organisation).policy
    rows = derive(label, received, policy)
    told = next(row.target_on for row in rows if row.told)
    unit.add(
        Request, id=request_id, organisation_id=organisation, case_id=made.ids[f"{mark}.case"],
        conversation_id=made.ids[f"{mark}.talk"], label=label.value, state=state.value, awaiting=awaiting.value,
        received_at=received, told_on=told, due_on=max(row.due_on for row in rows), policy_version=policy.version,
        failure=failure,
    )  # fmt: skip
    for row in rows:
        unit.add(
            Deadline, id=unit.new_id(), organisation_id=organisation, request_id=request_id, kind=row.kind.value,
            due_on=row.due_on, due_at=row.due_at, told=row.told, inputs=dict(row.inputs), reasoning=row.reasoning,
            fired_at=row.due_at if row.due_at < unit.now else None,
        )  # fmt: skip
    made.ids[f"{mark}.{label.value}"] = request_id
    return request_id


def _finding(unit: Unit, made: World, mark: str, request_id: str, source: str, status: str, **values: Any) -> str:
    row_id, key_id = unit.new_id(), made.ids[f"{mark}.key"]
    tables = values.pop("tables", [])
    content = unit.keys.data(unit, key_id).seal_json({"tables": tables}, f"finding.content:{row_id}")
    unit.add(
        Finding, id=row_id, organisation_id="whatnext", request_id=request_id, data_key_id=key_id, source=source,
        status=status, content=content, at=unit.now - timedelta(hours=1), **values,
    )  # fmt: skip
    return row_id


def _draft(unit: Unit, made: World, request_id: str, label: Label, *, refusal: bool = False, **changes: Any) -> str:
    """A draft as the handlers write it."""
    unit.flush()
    facts = request_facts(unit, request_id)
    assert facts is not None
    policy = made.desk.organisation(facts.organisation).policy
    file = case_file(
        label, facts.organisation, policy=policy, case_number=facts.case_number, request_id=request_id,
        received_at=facts.received_at, told_date=facts.told_on, requester_name=facts.name,
        requester_address=facts.address, form=facts.form, now=unit.now, **changes,
    )  # fmt: skip
    prepared = HANDLERS[label].prepare(file)
    letter = _filled(prepared.letter)
    export_id = _export(unit, made, facts, prepared.export) if prepared.export is not None else None
    return write_draft(
        unit, facts, prepared=prepared, letter=letter, export_id=export_id, made_by=PROGRAM,
        policy_version=policy.version,
    )  # fmt: skip


def _filled(letter: Letter) -> Letter:
    return fill(letter, dict.fromkeys(slots(letter), f"{BASE_URL}/d/{EXPORT_TOKEN}"))


def _export(unit: Unit, made: World, facts: Any, spec: Any) -> str:
    meta = ExportMeta("WhatNext", facts.case_number, facts.name, unit.now, facts.form)
    package = build_export(spec, meta)
    export_id, key_id = unit.new_id(), unit.keys.new_data_key(unit, facts.organisation, parent=facts.case_key_id)
    unit.add(
        Export, id=export_id, organisation_id=facts.organisation, request_id=facts.id, data_key_id=key_id,
        content=unit.keys.data(unit, key_id).seal(package.data, f"export.content:{export_id}"),
        digest=package.sha256, size=len(package.data), manifest={"files": package.manifest["files"]},
        created_at=unit.now, expires_at=unit.now + timedelta(days=30),
    )  # fmt: skip
    made.ids["anna.export"] = export_id
    return export_id


def _link(unit: Unit, made: World, mark: str, token: str, kind: str, expires: timedelta, **values: Any) -> None:
    organisation = values.pop("organisation", "whatnext")
    unit.add(
        Link, id=unit.new_id(), organisation_id=organisation, kind=kind, token_digest=token_digest(token),
        conversation_id=made.ids[f"{mark}.talk"], created_at=unit.now, expires_at=unit.now + expires, **values,
    )  # fmt: skip


def _anna(unit: Unit, made: World) -> None:
    """Access: proven, searched, draft ready, one system failed. The dates are near."""
    received = NOW - timedelta(days=26)
    address = "anna@klant.example"
    add_case(
        unit, made, "anna", number="WN-2026-0012", name="Anna de Vries", address=address, received=received,
        assurance=Assurance.CODE_TO_KNOWN_ADDRESS, evidence={"mailbox": (received + timedelta(hours=2)).isoformat()},
    )  # fmt: skip
    words = "Hallo,\n\nWillen jullie mij laten weten welke gegevens jullie van mij hebben?\n" + HOSTILE + "\n\nAnna"
    content = {
        "subject": "Inzage in mijn gegevens", "text": words, "from_name": "Anna de Vries", "from_address": address,
        "quoted": "> Bedankt voor uw bestelling F2026-0001.", "flags": ["privacy_word"],
        "attachments": [{"name": "factuur.pdf", "type": "application/pdf", "size": 80_123}],
        "evidence": {"inzage": "Welke gegevens hebben jullie van mij?"}, "facts": [],
    }  # fmt: skip
    _message(unit, made, "anna", received, content, labels=["inzage"])
    _message(
        unit, made, "anna", received + timedelta(minutes=1), incoming=False, kind="acknowledgement",
        content={"subject": "Je verzoek is binnen", "text": "Wij hebben je verzoek ontvangen.", "html": ""},
    )  # fmt: skip
    request = add_request(unit, made, "anna", Label.INZAGE, RequestState.AWAITING_APPROVAL, received)
    tables = [{"table": part.table, "columns": part.columns, "rows": part.rows} for part in (CUSTOMER, INVOICES)]
    made.ids["anna.finding"] = _finding(unit, made, "anna", request, "crm", "found", rows_found=1, tables=tables[:1])
    _finding(unit, made, "anna", request, "books", "found", rows_found=2, tables=tables[1:])
    _finding(unit, made, "anna", request, "mailings", "nothing")
    _finding(unit, made, "anna", request, "archief", "failed", error="het systeem antwoordde niet op tijd")
    draft = _draft(unit, made, request, Label.INZAGE)
    made.ids["anna.draft"] = draft
    open_work(
        unit, WorkKind.APPROVE, "whatnext", same=request, case_id=made.ids["anna.case"], request_id=request,
        draft_id=draft, detail="granted",
    )  # fmt: skip
    open_work(
        unit, WorkKind.SOURCE_FAILED, "whatnext", same=request, case_id=made.ids["anna.case"], request_id=request,
        detail="archief",
    )  # fmt: skip
    _link(unit, made, "anna", CASE_TOKEN, "case", timedelta(days=60))
    _link(
        unit, made, "anna", OLD_TOKEN, "export", timedelta(days=-1), request_id=request,
        export_id=made.ids["anna.export"],
    )  # fmt: skip
    _link(
        unit, made, "anna", EXPORT_TOKEN, "export", timedelta(days=14), request_id=request,
        export_id=made.ids["anna.export"],
    )  # fmt: skip


def _erasure(unit: Unit, made: World) -> None:
    """Erasure: late, wants a person; a draft with blocks still to write; an earlier refusal waits for the second."""
    received = NOW - timedelta(days=40)
    add_case(
        unit, made, "bram", number="WN-2026-0009", name="Bram Jansen", address="bram@klant.example", received=received,
        assurance=Assurance.MAILBOX_PROVEN, evidence={"mailbox": received.isoformat()}, human=True,
    )  # fmt: skip
    _message(
        unit, made, "bram", received, {"subject": "", "text": "Gooi alles maar weg. Ik wil een mens.", "quoted": "",
        "from_name": "", "from_address": "bram@klant.example", "attachments": [], "evidence": {}, "flags":
        ["wants_human"], "facts": []}, labels=["verwijdering"],
    )  # fmt: skip
    request = add_request(unit, made, "bram", Label.VERWIJDERING, RequestState.AWAITING_APPROVAL, received)
    made.ids["bram.draft"] = _draft(unit, made, request, Label.VERWIJDERING, sources=(), found=())  # staff write
    for kind in (WorkKind.HUMAN_WANTED, WorkKind.APPROVE):
        open_work(
            unit, kind, "whatnext", same=request, case_id=made.ids["bram.case"], request_id=request,
            due_on=date(2026, 11, 20), detail="",
        )  # fmt: skip


def _identifying(unit: Unit, made: World) -> None:
    received = NOW - timedelta(days=1)
    add_case(
        unit, made, "cor", number="WN-2026-0014", name="Cor Smit", address="cor@klant.example", received=received,
        awaited="code",
    )  # fmt: skip
    add_request(unit, made, "cor", Label.CORRECTIE, RequestState.IDENTIFYING, received, awaiting=Awaiting.REQUESTER)
    _link(unit, made, "cor", CASE_TOKEN_COR, "case", timedelta(days=60))


def _other_organisation(unit: Unit, made: World) -> None:
    """A refusal that one colleague approved, at the other organisation."""
    received = NOW - timedelta(days=12)
    add_case(
        unit, made, "dirk", organisation="weservit", number="WS-2026-0003", name="Dirk Mulder",
        address="dirk@klant.example", received=received, assurance=Assurance.MAILBOX_PROVEN,
    )  # fmt: skip
    request = add_request(
        unit, made, "dirk", Label.BEZWAAR, RequestState.AWAITING_APPROVAL, received, organisation="weservit"
    )
    unit.flush()
    facts = request_facts(unit, request)
    assert facts is not None
    file = case_file(Label.BEZWAAR, "weservit", case_number=facts.case_number, request_id=request, now=unit.now)
    why = {"right": "bezwaar", "why": "er is geen gebruik", "what_instead": "afmelden"}
    letter = refusal_letter(file, RefusalGround.NO_SUCH_RIGHT, why, "")
    prepared = Prepared(Decision.REFUSED, (), letter, None, ())
    made.ids["dirk.draft"] = write_draft(
        unit, facts, prepared=prepared, letter=letter, export_id=None, made_by=PROGRAM, policy_version="test",
        ground=RefusalGround.NO_SUCH_RIGHT.value,
    )  # fmt: skip
    open_work(
        unit, WorkKind.SECOND_APPROVAL, "weservit", same=request, case_id=made.ids["dirk.case"], request_id=request,
        detail="refused",
    )  # fmt: skip


def _post(unit: Unit, made: World) -> None:
    """Messages without a case: in doubt, unreadable, other mail."""
    for mark, raw, kind, outcome in (
        ("doubt", b"Subject: Vraagje\n\nHoe komen jullie eigenlijk aan mijn adres?", WorkKind.TRIAGE, "triage"),
        ("broken", b"\x00\xff dit is geen bericht", WorkKind.QUARANTINE, "quarantine"),
        ("other", b"Subject: Offerte\n\nGraag een offerte voor een website.", WorkKind.OTHER_MAIL, "no_request"),
    ):
        message = RawInbound(
            "whatnext", ChannelKind.EMAIL, "info@whatnext.example", raw, NOW - timedelta(hours=5), Custody.HOST,
            message_id=f"<{mark}@klant.example>", envelope_from="petra@klant.example",
        )  # fmt: skip
        stored = post_room.store(unit, [message])[0]
        unit.flush()
        scores = {"labels": {"inzage": 0.58, "vraag": 0.31, "overig": 0.2}, "certainty": "triage", "model": "t"}
        unit.change(
            Inbound, stored.inbound_id, status="quarantined" if mark == "broken" else "done", outcome=outcome,
            error="unreadable" if mark == "broken" else "", scores=scores if mark == "doubt" else None,
        )  # fmt: skip
        made.ids[mark] = stored.inbound_id
        open_work(
            unit, kind, "whatnext", same=mark, inbound_id=stored.inbound_id,
            due_on=date(2026, 12, 23) if mark == "doubt" else None, detail="unreadable" if mark == "broken" else "",
        )  # fmt: skip


def send_anna(unit: Unit, made: World) -> None:
    """Anna's letter was approved and has left: her export link works from here on."""
    facts = request_facts(unit, made.ids["anna.inzage"])
    assert facts is not None
    outbox_id = unit.new_id()
    route = Route(
        "whatnext", ChannelKind.EMAIL, "info@whatnext.example", facts.address,
        blind(unit.keys.organisation("whatnext").index, "email", facts.address), facts.conversation_key_id,
        facts.conversation_id, facts.case_id,
    )  # fmt: skip
    post = Post(OutboxKind.LETTER, "Antwoord", "Antwoord", "<p>Antwoord</p>")
    queue(
        unit, route, post, outbox_id=outbox_id, message_id=f"<{outbox_id}@whatnext.example>", request_id=facts.id,
        draft_id=made.ids["anna.draft"],
    )  # fmt: skip
    unit.change(Outbox, outbox_id, status="sent", sent_at=unit.now)
