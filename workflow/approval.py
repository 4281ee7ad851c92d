"""Staff decide on a package: approve, edit free blocks, hand back, undo. Drafts they write: `workflow/drafting`.

A person approves one digest: letter, plan, export, recipient and policy version of one content version of the case.
If any of these changed, the approval does not hold and the person looks again. Erasures and refusals need two people;
where there is only one, the second look is the same person after a cooling time with a fresh second factor, and is
recorded as such (design, section 7).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, func, select

from cases.audit import AuditTag, staff_actor
from cases.calendar import local_date
from cases.erasure import wait_before_erasing
from cases.errors import InputError, RuleError, Stale
from cases.letters import Letter, edit_free, missing, to_json
from cases.others import undecided
from cases.policy import LinkTerms, level_needed
from cases.types import (
    Awaiting,
    Decision,
    DraftStatus,
    Label,
    RequestState,
    WorkKind,
)
from handlers.refusals import forbidden
from storage.models import Approval, Draft, Export, Link, Mandate, Outbox, StaffRole, table
from storage.queries.request_facts import RequestFacts
from storage.queries.writing import Post, close_work, move_request, open_work
from storage.unit import Reads, Unit
from workflow import complaints, recipients, undo
from workflow.actions import carried_out, write_actions
from workflow.desk import Desk
from workflow.four_eyes import own_second_look
from workflow.ledger import kept_lines, write_ledger
from workflow.notices import to_requester, write_answer
from workflow.opening import new_token, ready
from workflow.package import Opened, open_draft
from workflow.suppression import suppress_for
from workflow.take_back import take_back

_FOUR_EYES = frozenset({Decision.REFUSED, Decision.PARTLY})
_APPROVERS = ("approver", "admin")


@dataclass(frozen=True, slots=True)
class ApproveResult:
    status: DraftStatus
    outbox_id: str | None  # None while a second person is waited for, or while changes are carried out first


async def approve(
    desk: Desk, staff_id: str, draft_id: str, package: str, edits: Mapping[str, str], *, totp_fresh: bool
) -> ApproveResult:
    """Approves the package with this digest, with staff's words in its free blocks.

    Stale: something changed since the page was shown. InputError: `blocks_missing`, `never_say`, `second_person`
    (the same person, too early or without a fresh code), `not_allowed`, `others_open` (values of others in the export),
    `first_handler` (a complaint that somebody else has to look at).
    """
    opened = await desk.store.read(lambda reads: open_draft(reads, draft_id))
    letter = edit_free(opened.letter, edits)
    label, decision = opened.facts.label, Decision(opened.row.decision)
    if missing(letter, label, decision):
        raise InputError("blocks_missing", ",".join(kind.value for kind in missing(letter, label, decision)))
    if forbidden(letter, desk.organisation(opened.facts.organisation).policy):
        raise InputError("never_say")
    decided = await desk.in_thread(_written, desk, opened, letter)

    def settle(unit: Unit) -> ApproveResult:
        return _settle_approval(unit, desk, staff_id, draft_id, package, decided, totp_fresh=totp_fresh)

    result = await desk.store.write(settle)
    desk.wake.outbox.set()
    desk.wake.actions.set()
    return result


def _written(desk: Desk, opened: Opened, letter: Letter) -> _Decided:
    """With changes the letter comes after them; before those that wait the requester hears the day."""
    if not opened.doing.actions:
        mails = recipients.written(desk, opened.facts, opened.doing.tell)
        return _Decided(letter, write_answer(desk, opened.facts, letter), mails=mails)
    wait = _wait(desk, opened)
    if not wait:
        return _Decided(letter, None)
    token, start = new_token(), desk.now() + desk.limits.undo + wait
    return _Decided(letter, None, undo.planned_notice(desk, opened.facts, start, token), token)


def _wait(desk: Desk, opened: Opened) -> timedelta:
    """The time to call it off, as the package says; shorter when it is approved close to the date told."""
    if not opened.doing.wait:
        return timedelta()
    policy = desk.organisation(opened.facts.organisation).policy
    return min(opened.doing.wait, wait_before_erasing(policy, local_date(desk.now()), opened.facts.told_on))


@dataclass(frozen=True, slots=True)
class _Decided:
    letter: Letter
    post: Post | None  # None: written when the changes have been carried out
    notice: Post | None = None  # "we wissen ze op …"
    token: str = ""  # of the link that calls it off
    mails: Mapping[str, tuple[Post, str]] = field(default_factory=dict)  # to recipients (art. 19), by key


def persons_settled(reads: Reads, case_id: str) -> None:
    """Somebody acts for somebody else: no answer leaves before a person judged the mandate and who gets the answer.

    InputError: `mandate_open`; `mandate_refused`; `mandate_person` (the answer is for the person, whose own
    conversation is to be joined first, or the mandate is judged anew).
    """
    rows = table(Mandate)
    for row in reads.rows(select(rows.c.status, rows.c.answer_to).where(rows.c.case_id == case_id)):
        if row.status != "accepted":
            raise InputError("mandate_open" if row.status == "asked" else "mandate_refused")
        if row.answer_to == "person":
            raise InputError("mandate_person")


def needs_two(label: Label, decision: Decision) -> bool:
    """What takes something away from the requester, or can not be undone, two people look at."""
    return decision in _FOUR_EYES or label is Label.VERWIJDERING


def _settle_approval(
    unit: Unit, desk: Desk, staff_id: str, draft_id: str, package: str, decided: _Decided, *, totp_fresh: bool
) -> ApproveResult:
    opened = open_draft(unit, draft_id)
    row, facts = opened.row, opened.facts
    if row.package_digest != package or row.content_version != facts.content_version:
        raise Stale("the case or the draft has changed")
    if row.status not in (DraftStatus.OPEN.value, DraftStatus.SECOND_PERSON.value):
        raise Stale("this draft is no longer open")
    if facts.frozen:
        raise InputError("frozen")
    may_decide(unit, staff_id, facts.organisation)
    if opened.doing.actions and facts.assurance < level_needed(
        desk.organisation(facts.organisation).policy, facts.label
    ):
        raise InputError("not_proven")
    persons_settled(unit, facts.case_id)
    if undecided(opened.others, facts.chosen):
        raise InputError("others_open")
    changed = to_json(decided.letter) != to_json(opened.letter)
    digest = package
    if changed:
        digest = _store_letter(unit, opened, decided.letter, staff_id)
    second_look = False
    first = _first_approval(unit, draft_id, digest, staff_id)
    complaints.for_another(unit, facts, staff_id, looked=first.staff_id if first is not None else "")
    if needs_two(facts.label, Decision(row.decision)):
        if first is None:
            return first_of_two(unit, opened, staff_id, digest)
        second_look = own_second_look(
            unit, desk, facts.organisation, staff_id, first=first.staff_id, at=first.at, totp_fresh=totp_fresh
        )
    return _send(unit, desk, opened, staff_id, digest, decided, second_look=second_look)


def may_decide(reads: Reads, staff_id: str, organisation: str) -> None:
    roles = table(StaffRole)
    mine = (roles.c.staff_id == staff_id) & (roles.c.organisation_id == organisation)
    role = reads.value(select(roles.c.role).where(mine))
    if role not in _APPROVERS:
        raise InputError("not_allowed")


def _first_approval(unit: Unit, draft_id: str, digest: str, staff_id: str) -> Row[Any] | None:
    """An approval of these very bytes that still stands (nothing was taken back since); somebody else's first."""
    rows = table(Approval)
    undone = unit.value(select(func.max(rows.c.at)).where(rows.c.draft_id == draft_id, rows.c.act == "undo"))
    given = select(rows).where(rows.c.draft_id == draft_id, rows.c.package_digest == digest, rows.c.act == "approve")
    if undone is not None:
        given = given.where(rows.c.at > undone)
    found = unit.rows(given.order_by(rows.c.at))
    return next((row for row in found if row.staff_id != staff_id), found[0] if found else None)


def first_of_two(unit: Unit, opened: Opened, staff_id: str, digest: str) -> ApproveResult:
    _approval(unit, opened, staff_id, digest, act="approve")
    unit.change(Draft, opened.row.id, status=DraftStatus.SECOND_PERSON.value, version=opened.row.version + 1)
    facts = opened.facts
    close_work(unit, WorkKind.APPROVE, WorkKind.SECOND_APPROVAL, actor=staff_actor(staff_id), request_id=facts.id)
    open_work(
        unit, WorkKind.SECOND_APPROVAL, facts.organisation, same=facts.id, case_id=facts.case_id, request_id=facts.id,
        draft_id=opened.row.id, due_on=facts.told_on, detail=opened.row.decision, facts={"first": staff_id},
    )  # fmt: skip
    return ApproveResult(DraftStatus.SECOND_PERSON, None)


def _send(
    unit: Unit, desk: Desk, opened: Opened, staff_id: str, digest: str, decided: _Decided, *, second_look: bool
) -> ApproveResult:
    row, facts = opened.row, opened.facts
    own = desk.organisation(facts.organisation)
    _approval(unit, opened, staff_id, digest, act="approve" if not second_look else "second", second_look=second_look)
    unit.change(Draft, row.id, if_={"status": row.status}, status=DraftStatus.APPROVED.value, version=row.version + 1)
    not_before = unit.now + desk.limits.undo
    if opened.link_id is not None:
        _renew_export(unit, opened, not_before, own.policy.links)
    outbox_id = None
    if decided.post is not None:
        outbox_id = to_requester(
            unit, desk, facts, decided.post, wait=desk.limits.undo, request_id=facts.id, draft_id=row.id
        )
        write_ledger(unit, facts, kept_lines(opened.doing))  # nothing to erase: what stays is known all the same
        suppress_for(unit, facts, opened.doing)
        recipients.tell(unit, desk, facts, opened.doing.tell, decided.mails)
    else:
        _plan(unit, desk, opened, decided, not_before + _wait(desk, opened))
    actor = staff_actor(staff_id)
    close_work(
        unit, WorkKind.APPROVE, WorkKind.SECOND_APPROVAL, WorkKind.HANDLE, WorkKind.NEW_MESSAGE,
        WorkKind.SOURCE_FAILED, actor=actor, request_id=facts.id,
    )  # fmt: skip
    move_request(
        unit, facts.id, RequestState.EXECUTING, actor=actor, awaiting=Awaiting.NOBODY.value, decision=row.decision
    )
    return ApproveResult(DraftStatus.APPROVED, outbox_id)


def _plan(unit: Unit, desk: Desk, opened: Opened, decided: _Decided, start: datetime) -> None:
    """Hand-over to `execute`: the changes as rows, and word to the requester where they wait.

    A letter that was taken back after the changes ran goes out again without doing them again.
    """
    if carried_out(unit, draft_id=opened.row.id):
        return
    write_actions(unit, opened, opened.row.id, start)
    if decided.notice is not None:
        undo.keep_link(unit, opened.facts, undo.CALL_OFF, decided.token, start)
        to_requester(unit, desk, opened.facts, decided.notice, wait=desk.limits.undo)


def _renew_export(unit: Unit, opened: Opened, leaves: datetime, terms: LinkTerms) -> None:
    """Link and export live from the moment the letter leaves. Stale: it waited so long that the export is gone."""
    exports = table(Export)
    assert opened.link_id is not None
    if unit.value(select(exports.c.data_key_id).where(exports.c.id == opened.row.export_id)) is None:
        raise Stale("the export has expired: prepare it again")
    unit.change(Export, opened.row.export_id, expires_at=leaves + timedelta(days=terms.export_days))
    unit.change(Link, opened.link_id, expires_at=leaves + timedelta(days=terms.link_days))


def _approval(unit: Unit, opened: Opened, staff_id: str, digest: str, *, act: str, second_look: bool = False) -> None:
    row, facts = opened.row, opened.facts
    unit.add(
        Approval, id=unit.new_id(), organisation_id=facts.organisation, draft_id=row.id, staff_id=staff_id, act=act,
        package_digest=digest, second_look=second_look, at=unit.now,
    )  # fmt: skip
    tag = AuditTag.DRAFT_HANDED_BACK if act == "hand_back" else AuditTag.DRAFT_APPROVED
    unit.record(
        tag, organisation=facts.organisation, actor=staff_actor(staff_id), case=facts.case_id, subject=row.id,
        digest=digest, second_look=second_look,
    )  # fmt: skip


def _store_letter(unit: Unit, opened: Opened, letter: Letter, staff_id: str) -> str:
    """Keeps staff's words in the draft; the digest changes with them."""
    row, facts = opened.row, opened.facts
    digest = opened.digest_with(letter)
    sealer = unit.keys.data(unit, row.data_key_id)
    unit.change(
        Draft, row.id, if_={"version": row.version}, package_digest=digest,
        letter=sealer.seal_text(to_json(letter), f"draft.letter:{row.id}"),
    )  # fmt: skip
    unit.record(
        AuditTag.DRAFT_EDITED, organisation=facts.organisation, actor=staff_actor(staff_id), case=facts.case_id,
        subject=row.id, digest=digest,
    )  # fmt: skip
    return digest


async def save_edits(desk: Desk, staff_id: str, draft_id: str, edits: Mapping[str, str]) -> str:
    """Keeps words in free blocks without deciding; gives the new digest."""

    def settle(unit: Unit) -> str:
        opened = open_draft(unit, draft_id)
        if opened.row.status != DraftStatus.OPEN.value:
            raise Stale("this draft is no longer open")
        letter = edit_free(opened.letter, edits)
        if to_json(letter) == to_json(opened.letter):
            return str(opened.row.package_digest)
        return _store_letter(unit, opened, letter, staff_id)

    return await desk.store.write(settle)


async def hand_back(desk: Desk, staff_id: str, draft_id: str) -> None:
    """Prepare it again: the sources are asked anew."""

    def settle(unit: Unit) -> None:
        opened = open_draft(unit, draft_id)
        if opened.row.status not in (DraftStatus.OPEN.value, DraftStatus.SECOND_PERSON.value):
            raise Stale("this draft is no longer open")
        if carried_out(unit, request_id=opened.facts.id):  # the sources would say "nothing" of what was done
            raise InputError("carried_out")
        unit.change(Draft, draft_id, if_={"version": opened.row.version}, status=DraftStatus.HANDED_BACK.value)
        _approval(unit, opened, staff_id, opened.row.package_digest, act="hand_back")
        prepare_again(unit, desk, opened.facts, staff_id)

    await desk.store.write(settle)
    desk.wake.requests.set()


def prepare_again(unit: Unit, desk: Desk, facts: RequestFacts, staff_id: str) -> None:
    """Back to the sources; without proof of identity back to the question for it. InputError `frozen`."""
    if facts.frozen:
        raise InputError("frozen")
    actor = staff_actor(staff_id)
    proven = ready(desk.organisation(facts.organisation).policy, facts.label, facts.assurance)
    close_work(
        unit, WorkKind.APPROVE, WorkKind.SECOND_APPROVAL, WorkKind.SOURCE_FAILED, actor=actor, request_id=facts.id
    )
    move_request(
        unit, facts.id, RequestState.PREPARING if proven else RequestState.IDENTIFYING, actor=actor,
        wake_at=unit.now if proven else None, attempts=0, failure="",
        awaiting=(Awaiting.NOBODY if proven else Awaiting.REQUESTER).value,
    )  # fmt: skip


async def undo_letter(desk: Desk, staff_id: str, outbox_id: str) -> None:
    """Takes an approved letter back while it has not left; the draft is open again. Stale: it has left."""

    def settle(unit: Unit) -> None:
        rows = table(Outbox)
        row = unit.one(select(rows).where(rows.c.id == outbox_id))
        if row is None or row.draft_id is None:
            raise RuleError("no such letter")
        letter_back(unit, staff_id, row)

    await desk.store.write(settle)


def letter_back(unit: Unit, staff_id: str, row: Row[Any]) -> None:
    """An approved letter that waits goes nowhere; its draft is open again. Stale: it has left."""
    draft = take_back(unit, row, actor=staff_actor(staff_id))
    if draft is None:
        raise RuleError("this letter has no draft")
    unit.add(
        Approval, id=unit.new_id(), organisation_id=row.organisation_id, draft_id=draft.id, staff_id=staff_id,
        act="undo", package_digest=draft.package_digest, at=unit.now,
    )  # fmt: skip
