"""The ways in for a requester: the case page and the export page, each behind a secret link.

A GET uses nothing up. What is personal asks for a code besides, sent to the address that was proven; the link alone
tells the state of one case. Unknown, ended and revoked links answer alike.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select

from cases.audit import AuditTag, requester_actor
from cases.dialogue import Awaited
from cases.errors import InputError, RuleError
from cases.identity import CodePurpose, CodeResult, CodeState, judge_code, new_code
from cases.types import OPEN_STATES, ChannelKind, OutboxKind, OutboxStatus, RequestState, WorkKind
from handlers import notices
from storage.models import Conversation, Draft, Export, IdentityCode, Link, Outbox, Request, table
from storage.queries import requester as queries
from storage.queries.request_facts import RequestFacts, newest_request, request_facts
from storage.queries.requester import CaseLink, ExportLink
from storage.queries.snapshots import OpenCode
from storage.queries.writing import move_request, open_work
from storage.seal import blind, code_digest, same, token_digest
from storage.unit import Reads, Unit
from workflow.desk import Desk
from workflow.notices import about, to_requester, write
from workflow.opening import write_code
from workflow.proof import lock, prove_conversation, wrong_code

DOWNLOAD_CODE_LIFE = timedelta(hours=1)
DOWNLOAD_LIFE = timedelta(minutes=15)  # between the right code and the download
CODES_A_DAY = 5  # download codes per link


@dataclass(frozen=True, slots=True)
class CodeAnswer:
    """What a typed code came to; the page says no more than this."""

    kind: CodeResult


async def case_page(desk: Desk, token: str) -> CaseLink | None:
    return await desk.store.read(lambda reads: queries.case_link(reads, token_digest(token)))


async def export_page(desk: Desk, token: str) -> ExportLink | None:
    """None until staff have approved: before that the link does not exist for anybody."""

    def look(reads: Reads) -> ExportLink | None:
        link = queries.export_link(reads, token_digest(token))
        return link if link is not None and _has_left(reads, link.export_id) else None

    return await desk.store.read(look)


def _has_left(reads: Reads, export_id: str) -> bool:
    """The letter with this export was approved and its undo window is over."""
    rows, drafts = table(Outbox), table(Draft)
    gone = (OutboxStatus.SENT.value, OutboxStatus.SENDING.value, OutboxStatus.UNCERTAIN.value)
    query = (
        select(rows.c.id)
        .join(drafts, drafts.c.id == rows.c.draft_id)
        .where(drafts.c.export_id == export_id, rows.c.status.in_(gone))
    )
    return reads.one(query) is not None


# --- the export -------------------------------------------------------------------------------------------------------


async def send_download_code(desk: Desk, token: str) -> None:
    """A fresh code to the proven address. InputError: `link_ended`, `too_many_codes`."""
    link = await export_page(desk, token)
    if link is None or link.expired or link.gone:
        raise InputError("link_ended")
    facts = await desk.store.read(lambda reads: _facts(reads, link.link_id))
    code = new_code(desk.organisation(link.organisation).policy.identity.code_digits)
    at = about(
        desk, link.organisation, form=facts.form, number=facts.case_number, labels=(facts.label,),
        received_at=facts.received_at, told=facts.told_on,
    )  # fmt: skip
    letter = notices.download_code(at, code=code, written_at=desk.now())
    post = await desk.in_thread(write, desk, link.organisation, OutboxKind.DOWNLOAD_CODE, letter)

    def settle(unit: Unit) -> None:
        _limit_codes(unit, link.link_id)
        outbox_id = to_requester(unit, desk, facts, post, threaded=False, request_id=facts.id)
        _new_download_code(unit, desk, facts, link.link_id, code, outbox_id)

    await desk.store.write(settle)
    desk.wake.outbox.set()


def _facts(reads: Reads, link_id: str) -> RequestFacts:
    links = table(Link)
    link = reads.one(select(links.c.request_id, links.c.conversation_id).where(links.c.id == link_id))
    # the code goes to whom the link was made for: the requester, or the party that gets the data (art. 20(2))
    facts = request_facts(reads, link.request_id, told_in=link.conversation_id) if link is not None else None
    if facts is None:
        raise RuleError("a link without a request")
    return facts


def _limit_codes(unit: Unit, link_id: str) -> None:
    codes = table(IdentityCode)
    today = unit.value(
        select(func.count()).where(codes.c.link_id == link_id, codes.c.created_at > unit.now - timedelta(days=1))
    )
    if today >= CODES_A_DAY:
        raise InputError("too_many_codes")


def _new_download_code(unit: Unit, desk: Desk, facts: RequestFacts, link_id: str, code: str, outbox_id: str) -> None:
    """Older codes of this link end: only the newest mail counts."""
    codes = table(IdentityCode)
    unit.execute(codes.update().where(codes.c.link_id == link_id, codes.c.used_at.is_(None)).values(void_at=unit.now))
    index = unit.keys.organisation(facts.organisation).index
    code_id = unit.new_id()
    unit.add(
        IdentityCode, id=code_id, organisation_id=facts.organisation, conversation_id=facts.conversation_id,
        purpose=CodePurpose.DOWNLOAD.value, link_id=link_id, digest=code_digest(index, link_id, code),
        sent_to_index=blind(index, "email", facts.address), created_at=unit.now,
        expires_at=unit.now + DOWNLOAD_CODE_LIFE, outbox_id=outbox_id,
        attempts_left=desk.organisation(facts.organisation).policy.identity.code_attempts,
    )  # fmt: skip
    unit.record(
        AuditTag.CODE_SENT, organisation=facts.organisation, actor=requester_actor(facts.conversation_id),
        case=facts.case_id, subject=code_id, purpose=CodePurpose.DOWNLOAD.value,
    )  # fmt: skip


async def redeem(desk: Desk, token: str, code: str) -> str:
    """The right code gives a short-lived download token. InputError: `link_ended`, or a CodeResult's value."""
    link = await export_page(desk, token)
    if link is None or link.expired or link.gone:
        raise InputError("link_ended")
    download = secrets.token_urlsafe(24)

    def settle(unit: Unit) -> CodeResult:
        facts = _facts(unit, link.link_id)
        result, state = _judge(unit, facts.organisation, link.link_id, _open_codes(unit, link_id=link.link_id), code)
        if result is CodeResult.ACCEPTED and state is not None:
            unit.change(IdentityCode, state.id, if_={"used_at": None}, used_at=unit.now)
            _link_row(unit, facts, link.export_id, download)
        _record_code(unit, facts, state, result)
        return result

    result = await desk.store.write(settle)
    if result is not CodeResult.ACCEPTED:
        raise InputError(result.value)
    return download


def _link_row(unit: Unit, facts: RequestFacts, export_id: str, download: str) -> None:
    unit.add(
        Link, id=unit.new_id(), organisation_id=facts.organisation, kind="download",
        token_digest=token_digest(download), conversation_id=facts.conversation_id, request_id=facts.id,
        export_id=export_id, created_at=unit.now, expires_at=unit.now + DOWNLOAD_LIFE,
    )  # fmt: skip


def _open_codes(reads: Reads, *, link_id: str = "", conversation_id: str = "") -> tuple[OpenCode, ...]:
    codes = table(IdentityCode)
    query = select(codes).where(codes.c.used_at.is_(None), codes.c.void_at.is_(None), codes.c.attempts_left > 0)
    if link_id:
        query = query.where(codes.c.link_id == link_id)
    else:
        query = query.where(codes.c.conversation_id == conversation_id, codes.c.link_id.is_(None))
    return tuple(
        OpenCode(row.id, row.purpose, row.digest, row.expires_at, row.attempts_left, row.identifier_id)
        for row in reads.rows(query.order_by(codes.c.created_at.desc()))
    )


def _judge(
    unit: Unit, organisation: str, scope: str, codes: tuple[OpenCode, ...], typed: str
) -> tuple[CodeResult, CodeState | None]:
    """Judges and counts: a wrong code costs an attempt of the newest one."""
    digits = "".join(char for char in typed if char.isdigit())
    digest = code_digest(unit.keys.organisation(organisation).index, scope, digits)
    states = tuple(
        CodeState(c.id, CodePurpose(c.purpose), same(digest, c.digest), c.expires_at, c.attempts_left) for c in codes
    )
    result, state = judge_code(states, unit.now)
    if state is not None and result in (CodeResult.WRONG, CodeResult.LOCKED):
        wrong_code(unit, scope, state)
    return result, state


def _record_code(unit: Unit, facts: RequestFacts, state: CodeState | None, result: CodeResult) -> None:
    tag = AuditTag.CODE_ACCEPTED if result is CodeResult.ACCEPTED else AuditTag.CODE_REFUSED
    unit.record(
        tag, organisation=facts.organisation, actor=requester_actor(facts.conversation_id), case=facts.case_id,
        subject=state.id if state else None, result=result.value,
    )  # fmt: skip


async def package(desk: Desk, download_token: str) -> tuple[str, bytes]:
    """File name and bytes of the export. InputError `link_ended` when the download token is too old."""

    def take(unit: Unit) -> tuple[str, bytes]:
        links, exports = table(Link), table(Export)
        link = unit.one(
            select(links).where(links.c.token_digest == token_digest(download_token), links.c.kind == "download")
        )
        if link is None or link.revoked_at is not None or link.expires_at <= unit.now:
            raise InputError("link_ended")
        export = unit.one(select(exports).where(exports.c.id == link.export_id))
        if export is None or export.data_key_id is None:
            raise InputError("link_ended")
        data = unit.keys.data(unit, export.data_key_id).open(export.content, f"export.content:{export.id}")
        facts = _facts(unit, link.id)
        unit.change(Link, link.id, opened=link.opened + 1)
        unit.record(
            AuditTag.EXPORT_OPENED, organisation=facts.organisation, actor=requester_actor(facts.conversation_id),
            case=facts.case_id, subject=export.id, digest=export.digest,
        )  # fmt: skip
        return f"gegevens-{facts.case_number}.zip", data

    return await desk.store.write(take)


async def new_link(desk: Desk, token: str) -> None:
    """Self-service for an ended link while the export exists: the same link lives again, the mail says so.

    InputError `link_ended` when the export itself is gone. The code still goes to the proven address, so a stranger
    who holds an old link gains nothing.
    """
    link = await export_page(desk, token)
    if link is None or link.gone:
        raise InputError("link_ended")
    days = desk.organisation(link.organisation).policy.links.link_days

    def settle(unit: Unit) -> None:
        facts = _facts(unit, link.link_id)
        until = min(unit.now + timedelta(days=days), link.kept_until)
        unit.change(Link, link.link_id, expires_at=until)
        unit.record(
            AuditTag.LINK_MADE, organisation=facts.organisation, actor=requester_actor(facts.conversation_id),
            case=facts.case_id, subject=link.link_id,
        )  # fmt: skip

    await desk.store.write(settle)


# --- the case page --------------------------------------------------------------------------------------------------


async def enter_code(desk: Desk, token: str, code: str) -> CodeAnswer:
    """A code typed on the page of the conversation that asked for it."""
    link = await case_page(desk, token)
    if link is None:
        raise InputError("link_ended")
    if link.frozen:
        return CodeAnswer(CodeResult.LOCKED)

    def settle(unit: Unit) -> CodeResult:
        codes = _open_codes(unit, conversation_id=link.conversation_id)
        result, state = _judge(unit, link.organisation, link.conversation_id, codes, code)
        if result is CodeResult.ACCEPTED and state is not None:
            unit.change(IdentityCode, state.id, if_={"used_at": None}, used_at=unit.now)
            conversations = table(Conversation)
            row = unit.one(select(conversations).where(conversations.c.id == link.conversation_id))
            assert row is not None
            prove_conversation(unit, desk, row, state.purpose, state.id)
            return result
        unit.record(
            AuditTag.CODE_REFUSED, organisation=link.organisation, actor=requester_actor(link.conversation_id),
            case=link.case_id, subject=state.id if state else None, result=result.value,
        )  # fmt: skip
        if result is CodeResult.LOCKED:
            lock(unit, link.organisation, link.conversation_id, link.case_id)
        return result

    result = await desk.store.write(settle)
    desk.wake.requests.set()
    return CodeAnswer(result)


async def ask_human(desk: Desk, token: str) -> None:
    """'Mens' by button: the assistant is silent from here, staff have a line, the term runs."""
    link = await case_page(desk, token)
    if link is None:
        raise InputError("link_ended")

    def settle(unit: Unit) -> None:
        if not link.human:
            unit.change(Conversation, link.conversation_id, human_since=unit.now)
        open_work(
            unit, WorkKind.HUMAN_WANTED, link.organisation, same=link.conversation_id, case_id=link.case_id,
            detail="page",
        )  # fmt: skip
        unit.record(
            AuditTag.HUMAN_ASKED, organisation=link.organisation, actor=requester_actor(link.conversation_id),
            case=link.case_id, subject=link.conversation_id,
        )  # fmt: skip

    await desk.store.write(settle)


async def send_case_code(desk: Desk, token: str) -> None:
    """A fresh code for an act on the case page. InputError: `link_ended`, `too_many_codes`."""
    link = await case_page(desk, token)
    if link is None or link.frozen:
        raise InputError("link_ended")
    facts = await desk.store.read(lambda reads: newest_request(reads, link.conversation_id))
    code = new_code(desk.organisation(link.organisation).policy.identity.code_digits)
    at = about(
        desk, link.organisation, form=facts.form, number=facts.case_number, labels=(facts.label,),
        received_at=facts.received_at, told=facts.told_on,
    )  # fmt: skip
    letter = notices.code_mail(at, code=code, channel=ChannelKind(facts.channel), written_at=desk.now())
    post = await desk.in_thread(write, desk, link.organisation, OutboxKind.IDENTITY_CODE, letter)

    def settle(unit: Unit) -> None:
        codes = table(IdentityCode)
        mine = (codes.c.conversation_id == link.conversation_id) & codes.c.link_id.is_(None)
        today = unit.value(select(func.count()).where(mine, codes.c.created_at > unit.now - timedelta(days=1)))
        if today >= CODES_A_DAY:
            raise InputError("too_many_codes")
        standing = mine & codes.c.used_at.is_(None) & (codes.c.purpose == CodePurpose.MAILBOX.value)
        unit.execute(codes.update().where(standing).values(void_at=unit.now))
        outbox_id = to_requester(unit, desk, facts, post, threaded=False, request_id=facts.id)
        write_code(
            unit, desk, link.organisation, link.conversation_id, code, CodePurpose.MAILBOX, case_id=link.case_id,
            sent_to=desk.index(link.organisation, "email", facts.address), outbox_id=outbox_id,
        )  # fmt: skip

    await desk.store.write(settle)
    desk.wake.outbox.set()


async def withdraw(desk: Desk, token: str, code: str) -> int:
    """Drops what is still open; gives how many. The link may be in other hands, so a code from the mailbox is asked.

    InputError: `link_ended`, or the value of a CodeResult.
    """
    link = await case_page(desk, token)
    if link is None or link.frozen:
        raise InputError("link_ended")

    def settle(unit: Unit) -> tuple[CodeResult, int]:
        codes = _open_codes(unit, conversation_id=link.conversation_id)
        result, state = _judge(unit, link.organisation, link.conversation_id, codes, code)
        if result is CodeResult.LOCKED:
            lock(unit, link.organisation, link.conversation_id, link.case_id)
        if result is not CodeResult.ACCEPTED or state is None or state.purpose is not CodePurpose.MAILBOX:
            return (CodeResult.WRONG if result is CodeResult.ACCEPTED else result), 0
        unit.change(IdentityCode, state.id, if_={"used_at": None}, used_at=unit.now)
        return result, _drop(unit, link)

    result, dropped = await desk.store.write(settle)
    if result is not CodeResult.ACCEPTED:
        raise InputError(result.value)
    return dropped


def _drop(unit: Unit, link: CaseLink) -> int:
    requests = table(Request)
    states = [state.value for state in OPEN_STATES if state is not RequestState.EXECUTING]
    found = unit.rows(select(requests.c.id).where(requests.c.case_id == link.case_id, requests.c.state.in_(states)))
    for request in found:
        move_request(unit, request.id, RequestState.WITHDRAWN, actor=requester_actor(link.conversation_id))
    unit.change(Conversation, link.conversation_id, awaited=Awaited.NOTHING.value)
    return len(found)
