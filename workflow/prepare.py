"""From a proven request to a draft: ask the sources, let the handler plan, make the export, write the draft row.

    claim    requests in `preparing` whose time has come
    work     every source of which the organisation is controller, side by side, each with its own time limit;
             handler, letter and export in a worker thread
    settle   findings, export, link, draft and the line for staff, if nothing changed meanwhile

A source that failed is asked again; after the third time staff get a draft that says so. Nothing found and not looked
are never the same.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, select, true

from cases.audit import PROGRAM, AuditTag
from cases.english import in_english, systems_in_english
from cases.errors import LoketError, Stale, place_of
from cases.export import ExportSpec
from cases.letters import Letter, fill, slots
from cases.policy import Policy, level_needed
from cases.protocols import FindStatus, Found, SourceInfo
from cases.types import Assurance, Awaiting, DraftStatus, Form, Label, OutboxKind, RequestState, WorkKind
from handlers.base import CaseFile, Needs, Prepared
from handlers.inzage import DOWNLOAD_SLOT
from handlers.registry import HANDLERS
from render.export import ExportPackage, build_export
from render.overview import ExportMeta
from storage.claims import RELEASED, claim
from storage.models import Conversation, Export, Link, Request, table
from storage.queries import progress
from storage.queries.request_facts import RequestFacts, facts_of, request_facts
from storage.queries.writing import Post, close_work, move_request, open_work
from storage.seal import token_digest
from storage.unit import Unit
from workflow import asking, others, questions, receipts, undo
from workflow.actions import write_actions
from workflow.desk import Desk, OrganisationDesk
from workflow.findings import ASK_AGAIN, ask_later, source_failed, wait_for_people, write_findings
from workflow.notices import to_requester, write_answer
from workflow.opening import new_token, ready
from workflow.package import doing_of, open_draft, write_draft
from workflow.suppression import suppress_for

log = logging.getLogger(__name__)
TOGETHER = 16  # settled in one transaction: who hands in a mail meanwhile waits for it


@dataclass(frozen=True, slots=True)
class Work:
    """One claimed request with everything that was made for it."""

    token: str
    facts: RequestFacts
    assurance: Assurance
    found: tuple[Found, ...]
    prepared: Prepared
    letter: Letter
    package: ExportPackage | None
    link_token: str
    content_version: int
    standing: progress.OfPerson = ()  # the requests that a status or a withdrawal is about
    post: Post | None = None  # an answer that the program may give itself and that needs no change first


async def run_once(desk: Desk) -> int:
    """Prepares what is due; gives the number taken."""
    return await _prepare_due(desk, true(), 8)


async def with_sources(desk: Desk) -> int:
    """Only what has to be looked up."""
    return await _prepare_due(desk, table(Request).c.label.not_in(_NO_SOURCES), 8)


async def without_sources(desk: Desk) -> int:
    """Only what needs no system to be asked: never behind one that is slow to answer."""
    return await _prepare_due(desk, table(Request).c.label.in_(_NO_SOURCES), 32)


async def _prepare_due(desk: Desk, kind: ColumnElement[bool], limit: int) -> int:
    token, taken = await desk.store.write(lambda unit: _claim(unit, kind, limit))
    plain = [row.id for row in taken if row.label in _NO_SOURCES]
    prepared = await _prepare_together(desk, token, plain) if plain else set()
    for row in taken:
        if row.id not in prepared:
            await _prepare_alone(desk, token, row.id)
    return len(taken)


async def _prepare_together(desk: Desk, token: str, ids: Sequence[str]) -> set[str]:
    """Written and settled several at a time; gives those that went well."""
    facts = await desk.store.read(lambda reads: facts_of(reads, ids))
    works = [work for work in await desk.in_thread(_make_all, desk, token, facts.values()) if not work.prepared.asks]
    prepared: set[str] = set()
    for start in range(0, len(works), TOGETHER):
        part = works[start : start + TOGETHER]
        with suppress(Exception):  # one of them must not keep the others: each alone, where it is told what is wrong
            await desk.store.write(lambda unit, part=part: _settle_all(unit, desk, part))  # type: ignore[misc]
            prepared |= {work.facts.id for work in part}
            _wake(desk, part)
    return prepared


async def _prepare_alone(desk: Desk, token: str, request_id: str) -> None:
    try:
        await _prepare(desk, token, request_id)
    except Stale:
        log.info("a request changed while it was prepared", extra={"request": request_id})
    except Exception as error:
        reason = str(error) if isinstance(error, LoketError) else type(error).__name__
        log.error("a request could not be prepared: %s", place_of(error), extra={"request": request_id})
        await desk.store.write(lambda unit: _stuck(unit, token, request_id, reason))


_NO_SOURCES = [label.value for label, handler in HANDLERS.items() if handler.needs is not Needs.CONTROLLER_SOURCES]


def _claim(unit: Unit, kind: ColumnElement[bool], limit: int) -> tuple[str, Sequence[Row[Any]]]:
    rows, conversations = table(Request), table(Conversation)
    frozen = select(conversations.c.id).where(conversations.c.frozen)
    return claim(
        unit, Request, rows.c.state == RequestState.PREPARING.value, rows.c.wake_at <= unit.now,
        rows.c.conversation_id.not_in(frozen), kind, rows.c.same_as.is_(None),  # a repetition waits for the other one
        order=[rows.c.told_on, rows.c.id], limit=limit,
    )  # fmt: skip


async def _prepare(desk: Desk, token: str, request_id: str) -> None:
    facts = await desk.store.read(lambda reads: request_facts(reads, request_id))
    if facts is None or facts.frozen:
        raise LoketError("the conversation is frozen")
    own = desk.organisation(facts.organisation)
    if not ready(own.policy, facts.label, facts.assurance):
        await desk.store.write(lambda unit: _not_proven(unit, token, facts))
        return
    handler = HANDLERS[facts.label]
    found: tuple[Found, ...] = ()
    if handler.needs is Needs.CONTROLLER_SOURCES:
        waiting = await asking.by_hand(desk, own, facts)
        if waiting.open:
            await desk.store.write(lambda unit: wait_for_people(unit, token, facts, waiting.open))
            return
        found = (*await asking.ask(own, facts.identifiers), *waiting.found)
    failed = [one for one in found if one.status is FindStatus.FAILED and one.source not in own.by_hand]
    if failed and facts.attempts <= len(ASK_AGAIN):
        await desk.store.write(lambda unit: ask_later(unit, token, facts, failed))
        return
    standing: progress.OfPerson = ()
    if facts.label in progress.ABOUT_OTHERS:
        standing = await desk.store.read(lambda reads: progress.of_person(reads, request_id))
    work = await desk.in_thread(_make, desk, own, facts, token, found, standing)
    if work.prepared.asks:
        await questions.ask(desk, token, work.facts, work.prepared, work.letter)
        return
    await desk.store.write(lambda unit: _settle(unit, desk, work))
    _wake(desk, [work])


def _wake(desk: Desk, works: Iterable[Work]) -> None:
    if any(work.prepared.by_program for work in works):
        desk.wake.actions.set()
        desk.wake.outbox.set()


# --- work: handler, letter, export (in a thread) -------------------------------------------------------------------


def _make_all(desk: Desk, token: str, requests: Iterable[RequestFacts]) -> list[Work]:
    """Those that can be settled together; what is in the way of another one is found out when it is prepared alone."""
    works = []
    for facts in requests:
        with suppress(Exception):
            own = desk.organisation(facts.organisation)
            proven = ready(own.policy, facts.label, facts.assurance)
            if proven and not facts.frozen and facts.label not in progress.ABOUT_OTHERS:
                works.append(_make(desk, own, facts, token, (), ()))
    return works


def _make(
    desk: Desk, own: OrganisationDesk, facts: RequestFacts, token: str, found: tuple[Found, ...],
    standing: progress.OfPerson,
) -> Work:  # fmt: skip
    assurance = _level(facts, found)
    file = replace(case_file(desk, own, facts, found, assurance), standing=tuple(one for _, one in standing))
    prepared = HANDLERS[facts.label].prepare(others.looked_at(desk, file))
    package = None
    if prepared.export is not None and assurance >= _needed(own.policy, facts):
        package = _package(desk, own, facts, prepared.export)
    if package is None:
        prepared = replace(prepared, others=())  # nothing that could tell of them leaves
    link_token = new_token() if package is not None else ""
    letter = _with_link(prepared.letter, f"{desk.base_url}/d/{link_token}" if link_token else "")
    post = None
    if prepared.by_program and not prepared.actions:
        post = write_answer(desk, facts, letter, OutboxKind.DONE)
    return Work(
        token, facts, assurance, found, prepared, letter, package, link_token, facts.content_version, standing, post
    )


def _with_link(letter: Letter, address: str) -> Letter:
    """The letter with the address of its export; without an export the line falls away."""
    if DOWNLOAD_SLOT not in slots(letter):
        return letter
    if address:
        return fill(letter, {DOWNLOAD_SLOT: address})
    return replace(letter, blocks=tuple(block for block in letter.blocks if block.slot != DOWNLOAD_SLOT))


def _needed(policy: Policy, facts: RequestFacts) -> Assurance:
    return level_needed(policy, facts.label)


def _level(facts: RequestFacts, found: Sequence[Found]) -> Assurance:
    """The proven address stands in the organisation's own system: the person is the one on file."""
    by_address = any(
        one.status is FindStatus.FOUND and any(i.kind == "email" and i.proven for i in one.used) for one in found
    )
    if facts.assurance >= Assurance.MAILBOX_PROVEN and by_address:
        return max(facts.assurance, Assurance.CODE_TO_KNOWN_ADDRESS)
    return facts.assurance


def case_file(
    desk: Desk, own: OrganisationDesk, facts: RequestFacts, found: tuple[Found, ...], assurance: Assurance
) -> CaseFile:
    """The read-only file that a handler gets."""
    named = {one.source for one in found}
    if HANDLERS[facts.label].needs is Needs.SYSTEMS:
        named = set(asking.searched(own))
    policy = own.policy
    sources: tuple[SourceInfo, ...] = tuple(source.describe() for name, source in own.sources.items() if name in named)
    if facts.form is Form.EN:
        policy, sources = in_english(policy), systems_in_english(sources, policy.english)
    return CaseFile(
        case_number=facts.case_number, policy=policy, form=facts.form, label=facts.label, request_id=facts.id,
        received_at=facts.received_at, told_date=facts.told_on, as_understood=facts.understood,
        requester_address=facts.address, requester_name=facts.name, assurance=assurance,
        identifiers=facts.identifiers, sources=sources, found=found, also=facts.also, now=desk.now(),
        texts=own.texts[facts.form], corrections=facts.corrections, facts=facts.facts, chosen=facts.chosen,
        frozen=facts.restricted,
    )  # fmt: skip


def _package(desk: Desk, own: OrganisationDesk, facts: RequestFacts, spec: ExportSpec) -> ExportPackage:
    meta = ExportMeta(
        organisation=own.policy.name, case_number=facts.case_number, name=facts.name, created_at=desk.now(),
        form=facts.form, demo=desk.demo,
    )  # fmt: skip
    return build_export(spec, meta)


# --- settle -----------------------------------------------------------------------------------------------------------


def _settle_all(unit: Unit, desk: Desk, works: Iterable[Work]) -> None:
    for work in works:
        _settle(unit, desk, work)


def _settle(unit: Unit, desk: Desk, work: Work) -> None:
    facts, organisation = work.facts, work.facts.organisation
    if facts.label is Label.ANNULEREN:
        undo.drop_as_told(unit, facts, work.standing)
    write_findings(unit, facts, work.found)
    if work.assurance > facts.assurance:
        unit.change(Conversation, facts.conversation_id, assurance=int(work.assurance))
    export_id = _export(unit, desk, work) if work.package is not None else None
    draft_id = write_draft(
        unit, facts, prepared=work.prepared, letter=work.letter, export_id=export_id, made_by=PROGRAM,
        policy_version=desk.organisation(organisation).policy.version,
        ground=work.prepared.ground.value if work.prepared.ground else "",
        export_digest=work.package.sha256 if work.package else "",
        status=DraftStatus.APPROVED if work.prepared.by_program else DraftStatus.OPEN,
    )  # fmt: skip
    mine = {"claim_token": work.token, "version": facts.version}
    if work.prepared.by_program:
        _by_program(unit, desk, work, draft_id, mine)
        return
    receipts.leaves_now(unit, facts.id)
    failed = [one.source for one in work.found if one.status is FindStatus.FAILED]
    move_request(
        unit, facts.id, RequestState.AWAITING_APPROVAL, actor=PROGRAM, if_=mine, awaiting=Awaiting.STAFF.value,
        attempts=0, wake_at=None, failure=f"niet bevraagd: {', '.join(failed)}" if failed else "", **RELEASED,
    )  # fmt: skip
    close_work(unit, WorkKind.SOURCE_FAILED, WorkKind.HANDLE, actor=PROGRAM, request_id=facts.id)
    if failed:
        source_failed(unit, facts, failed)
    open_work(
        unit, WorkKind.APPROVE, organisation, same=facts.id, case_id=facts.case_id, request_id=facts.id,
        draft_id=draft_id, due_on=facts.told_on, detail=work.prepared.decision.value,
    )  # fmt: skip


def _by_program(unit: Unit, desk: Desk, work: Work, draft_id: str, mine: Mapping[str, Any]) -> None:
    """The one standing approval (design, section 7): the draft is kept, nobody has to look at it before it leaves."""
    facts = work.facts
    move_request(
        unit, facts.id, RequestState.AWAITING_APPROVAL, RequestState.EXECUTING, actor=PROGRAM, if_=mine,
        awaiting=Awaiting.NOBODY.value, decision=work.prepared.decision.value, attempts=0, wake_at=None, failure="",
        **RELEASED,
    )  # fmt: skip
    if work.post is not None:
        suppress_for(unit, facts, doing_of(work.prepared))
    if (
        facts.label is Label.AFMELDEN and not work.prepared.actions
    ):  # no system can do it: a person takes it off the lists
        open_work(
            unit, WorkKind.TASK, facts.organisation, same=f"lists:{facts.id}", case_id=facts.case_id,
            due_on=facts.told_on, detail="no_lists",
        )  # fmt: skip
    if work.post is None:
        write_actions(unit, open_draft(unit, draft_id), draft_id, unit.now)
    else:
        to_requester(unit, desk, facts, work.post, request_id=facts.id, draft_id=draft_id)


def _export(unit: Unit, desk: Desk, work: Work) -> str:
    """The package under a key of its own (purged before the case is), and a link that opens once staff approved."""
    facts, package = work.facts, work.package
    assert package is not None
    terms = desk.organisation(facts.organisation).policy.links
    export_id, link_id = unit.new_id(), unit.new_id()
    key_id = unit.keys.new_data_key(unit, facts.organisation, parent=facts.case_key_id)
    unit.add(
        Export, id=export_id, organisation_id=facts.organisation, request_id=facts.id, data_key_id=key_id,
        content=unit.keys.data(unit, key_id).seal(package.data, f"export.content:{export_id}"),
        digest=package.sha256, size=len(package.data), manifest=_public(package.manifest), created_at=unit.now,
        expires_at=unit.now + timedelta(days=terms.export_days),
    )  # fmt: skip
    unit.add(
        Link, id=link_id, organisation_id=facts.organisation, kind="export",
        token_digest=token_digest(work.link_token), conversation_id=facts.conversation_id, request_id=facts.id,
        export_id=export_id, created_at=unit.now, expires_at=unit.now,
    )  # fmt: skip
    unit.record(
        AuditTag.EXPORT_MADE, organisation=facts.organisation, actor=PROGRAM, case=facts.case_id, subject=export_id,
        digest=package.sha256, size=len(package.data),
    )  # fmt: skip
    return export_id


def _public(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """What staff see of the manifest: files, digests and counts; the row is not sealed, so nothing else."""
    return {"files": manifest.get("files", []), "tables": len(manifest.get("tables", []))}


def _not_proven(unit: Unit, token: str, facts: RequestFacts) -> None:
    """Sources that are asked without proof answer "nothing" to everybody: that would be a false answer."""
    unit.change(Request, facts.id, if_={"claim_token": token}, **RELEASED)
    move_request(
        unit, facts.id, RequestState.IDENTIFYING, actor=PROGRAM, awaiting=Awaiting.REQUESTER.value, wake_at=None
    )


def _stuck(unit: Unit, token: str, request_id: str, reason: str) -> None:
    """Something of ours broke: a person hears of it, and it is tried again in five minutes."""
    rows = table(Request)
    row = unit.one(rows.select().where(rows.c.id == request_id, rows.c.claim_token == token))
    if row is None:
        return
    unit.change(Request, request_id, wake_at=unit.now + timedelta(minutes=5), failure=reason[:200], **RELEASED)
    open_work(
        unit, WorkKind.HANDLE, row.organisation_id, same=request_id, case_id=row.case_id, request_id=request_id,
        due_on=row.told_on, detail="prepare_failed",
    )  # fmt: skip
