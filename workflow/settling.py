"""Writing down what a turn decided. Rows only: everything that takes time was done before."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import Row, select

from cases.audit import PROGRAM, AuditTag, requester_actor
from cases.dialogue import Awaited, Mail, Turn
from cases.identity import CodePurpose, CodeResult
from cases.messages import ParsedMessage, RawInbound, as_kept
from cases.reading import Reading
from cases.types import (
    OPEN_STATES,
    Assurance,
    ChannelKind,
    Custody,
    InboundOutcome,
    Label,
    OutboxKind,
    WorkKind,
)
from storage.models import (
    Conversation,
    IdentityCode,
    Inbound,
    Message,
    Outbox,
    table,
)
from storage.queries.snapshots import Snapshot, Thread
from storage.queries.writing import (
    Post,
    Route,
    close_work,
    open_work,
    queue,
    raise_content_version,
)
from storage.unit import Unit
from workflow import questions, receipts, undo
from workflow.answering import Answer
from workflow.chat_proof import go_on_with, let_claimed_go_on, mail_code, reach_at, vouch
from workflow.chatting import CodeMail
from workflow.desk import Desk
from workflow.opening import index_kind, told_if_request, write_code, write_opening
from workflow.proof import freeze, lock, prove, prove_conversation, wrong_code

# Lines for messages that may be requests: their term runs from receipt, whatever a person makes of them.
_DATED = (WorkKind.TRIAGE, WorkKind.BACKLOG, WorkKind.SPAM_LISTED)


def settle_turn(
    unit: Unit, desk: Desk, row: Row[Any], raw: RawInbound, parsed: ParsedMessage, reading: Reading, turn: Turn,
    snapshot: Snapshot, answer: Answer | None,
) -> None:  # fmt: skip
    """All rows of one message, in the caller's transaction."""
    _Settling(unit, desk, row, raw, parsed, reading, turn, snapshot, answer).run()


class _Settling:
    """Holds what the parts share; each method writes one kind of thing."""

    def __init__(
        self, unit: Unit, desk: Desk, row: Row[Any], raw: RawInbound, parsed: ParsedMessage, reading: Reading,
        turn: Turn, snapshot: Snapshot, answer: Answer | None,
    ) -> None:  # fmt: skip
        self.unit, self.desk, self.row, self.raw, self.parsed = unit, desk, row, raw, parsed
        self.reading, self.turn, self.answer = reading, turn, answer
        self.in_chat = raw.channel is not ChannelKind.EMAIL
        self.asked: Thread | None = snapshot.thread
        self.thread = snapshot.thread if answer is not None and not answer.new_conversation else None
        self.organisation: str = row.organisation_id
        self.case_id: str | None = self.thread.case_id if self.thread else None
        self.too_late: list[str] = []  # requests that could not be called off any more
        self.key_id: str = self.thread.data_key_id if self.thread else row.data_key_id

    def run(self) -> None:
        turn, answer = self.turn, self.answer
        if answer is not None:
            self._open(answer)
            if self.case_id is not None:  # erased with its case, from here on
                self.unit.keys.adopt(self.unit, self.row.data_key_id, self.key_id)
            self._message(answer)
            if self.thread is not None:
                self._conversation(answer, self.thread)
            if answer.code_result is not None and self.thread is not None:
                self._code(answer, self.thread)
            if self.in_chat:
                answer = self._proof_in_chat(answer)
            if self.turn.mail is Mail.NEW_CODE and self.thread is not None:
                self._new_code(answer, self.thread)
            if turn.vouch and self.thread is not None and self.thread.asking_id:
                self._vouched(self.thread.asking_id)
            if turn.freeze:
                self._frozen()
            if self.thread is not None:
                self._settled(self.thread)
            if turn.changes_content and self.case_id and self.thread is not None:
                raise_content_version(self.unit, self.case_id)
            self._post(replace(answer, post=None) if self.too_late else answer)
        self._work()
        if turn.outcome is InboundOutcome.MACHINE:
            self._machine()
        if turn.outcome in (InboundOutcome.NO_REQUEST, InboundOutcome.MACHINE, InboundOutcome.WATCHED):
            self._other_mail()

    # --- rows -----------------------------------------------------------------------------------------------------

    def _open(self, answer: Answer) -> None:
        new = answer.opening
        if new is None:
            if answer.new_conversation:
                self._bare_conversation(answer)
            return
        awaited = self.turn.awaited.value if self.turn.awaited else Awaited.NOTHING.value
        self.key_id = write_opening(
            self.unit,
            self.desk,
            new,
            awaited=awaited,
            human=self.turn.human,
            known_conversation=self.thread is not None,
        )
        self.case_id = new.case_id
        if self.thread is not None and self.thread.case_id is None:
            self.unit.keys.adopt(self.unit, self.thread.data_key_id, self.key_id)
            self._understood(self.thread)

    def _understood(self, thread: Thread) -> None:
        """The doubtful messages before this one are part of the case now; nobody has to judge them any more."""
        rows, messages = table(Inbound), table(Message)
        mine = select(messages.c.inbound_id).where(messages.c.conversation_id == thread.id, messages.c.incoming)
        doubtful = self.unit.rows(
            select(rows.c.id).where(rows.c.id.in_(mine), rows.c.outcome == InboundOutcome.TRIAGE.value)
        )
        for row in doubtful:
            self.unit.change(Inbound, row.id, outcome=InboundOutcome.CASE.value)
            close_work(self.unit, WorkKind.TRIAGE, actor=requester_actor(thread.id), inbound_id=row.id)

    def _bare_conversation(self, answer: Answer) -> None:
        """A conversation without a case: a clarifying question, or a code from another mailbox."""
        sealer = self.unit.keys.data(self.unit, self.key_id)
        index = self.desk.index(self.organisation, index_kind(self.raw.channel), self.parsed.from_address)
        asking = self.asked.id if self.turn.awaited is Awaited.OTHER_ADDRESS and self.asked else None
        self.unit.add(
            Conversation, id=answer.conversation_id, organisation_id=self.organisation, data_key_id=self.key_id,
            channel=self.raw.channel.value, account=self.row.account,
            address=sealer.seal_text(self.parsed.from_address, f"conversation.address:{answer.conversation_id}"),
            address_index=index, awaited=self.turn.awaited.value if self.turn.awaited else "",
            choices=[label.value for label in self.turn.choices] or None, asking_id=asking,
            language=self.reading.language, form=answer.form.value, last_message_at=self.unit.now,
            created_at=self.unit.now, human_since=self.unit.now if self.turn.human else None,
            assurance=int(Assurance.NONE if self.in_chat else Assurance.ADDRESS_CLAIMED),
            network_index=answer.network or None,
        )  # fmt: skip

    def _message(self, answer: Answer) -> None:
        parsed, sealer = self.parsed, self.unit.keys.data(self.unit, self.key_id)
        content = as_kept(parsed) | {
            "evidence": {label.value: sentence for label, sentence in self.reading.evidence.items()},
            "flags": sorted(flag.value for flag in self.reading.flags),
            "facts": [
                {"kind": fact.kind.value, "value": fact.value, "checked": fact.checked} for fact in self.reading.facts
            ],
            "changes": [{"field": one.field, "old": one.old, "new": one.new} for one in self.reading.changes],
        }
        self.unit.add(
            Message, id=answer.message_id, organisation_id=self.organisation, conversation_id=answer.conversation_id,
            case_id=self.case_id, data_key_id=self.key_id, inbound_id=self.row.id, incoming=True,
            content=sealer.seal_json(content, f"message.content:{answer.message_id}"),
            labels=[label.value for label in self.reading.labels], at=self.row.received_at,
        )  # fmt: skip

    def _conversation(self, answer: Answer, thread: Thread) -> None:
        changes: dict[str, Any] = {"last_message_at": self.unit.now, "version": thread.version + 1}
        if self.turn.awaited is not None:
            changes["awaited"] = self.turn.awaited.value
        if self.turn.choices:
            changes["choices"] = [label.value for label in self.turn.choices]
        if self.turn.human:
            changes["human_since"] = self.unit.now
            self._record(AuditTag.HUMAN_ASKED, thread.id)
        if self.case_id and thread.case_id is None:
            changes |= {"case_id": self.case_id}
        self.unit.change(Conversation, thread.id, if_={"version": thread.version}, **changes)

    def _post(self, answer: Answer) -> None:
        if answer.held:
            self._record(AuditTag.MAIL_HELD, answer.conversation_id)
            open_work(
                self.unit, WorkKind.MAIL_HELD, self.organisation, same=answer.conversation_id, case_id=self.case_id,
                inbound_id=self.row.id,
            )  # fmt: skip
        if answer.post is None:
            return
        self._queue(answer, answer.post)

    def _queue(self, answer: Answer, post: Post) -> None:
        mailbox = self.desk.organisation(self.organisation).mailbox
        references = tuple(ref for ref in (self.parsed.message_id, *self.parsed.references) if ref)
        route = Route(
            self.organisation, self.raw.channel, self.row.account, self.parsed.from_address,
            self.desk.index(self.organisation, index_kind(self.raw.channel), self.parsed.from_address), self.key_id,
            answer.conversation_id, self.case_id, references,
        )  # fmt: skip
        waits = not self.in_chat and receipts.waits(self.turn)
        queue(
            self.unit, route, post, outbox_id=answer.outbox_id, unasked=answer.unasked,
            not_before=self.unit.now + receipts.WAIT if waits else None,
            request_id=self._current_request() if waits else None,
            message_id=self.desk.threads.message_id(self.organisation, mailbox, answer.outbox_id),
        )  # fmt: skip

    # --- proof of identity --------------------------------------------------------------------------------------

    def _code(self, answer: Answer, thread: Thread) -> None:
        result, code = answer.code_result, answer.code
        if result is CodeResult.ACCEPTED and code is not None:
            self.unit.change(IdentityCode, code.id, if_={"used_at": None}, used_at=self.unit.now)
            prove(self.unit, self.desk, self.organisation, thread, code.purpose, code.id)
            if self.in_chat and thread.case_id is None and thread.elsewhere is not None:
                go_on_with(self.unit, thread, thread.elsewhere)
            return
        if code is not None and result in (CodeResult.WRONG, CodeResult.LOCKED):
            wrong_code(self.unit, thread.id, code)
        self._record(AuditTag.CODE_REFUSED, thread.id, result=result.value if result else "")
        if result is CodeResult.LOCKED:
            lock(self.unit, self.organisation, thread.id, thread.case_id)
        if result is CodeResult.NONE and self.turn.mail is Mail.CODE_RESULT:
            open_work(self.unit, WorkKind.NEW_MESSAGE, self.organisation, same=thread.id, case_id=thread.case_id)
        if answer.code_mail is not None:
            self._mail_code(answer.code_mail, thread)
        elif answer.new_code:
            self._new_code(answer, thread)

    def _new_code(self, answer: Answer, thread: Thread) -> None:
        """A fresh code in the place of the older ones of this mailbox; none left today: a person looks."""
        if not answer.new_code:
            open_work(
                self.unit, WorkKind.IDENTITY_STUCK, self.organisation, same=thread.id, case_id=thread.case_id,
                detail="too_many_codes",
            )  # fmt: skip
            return
        codes = table(IdentityCode)
        self.unit.execute(
            codes.update()
            .where(codes.c.conversation_id == thread.id, codes.c.purpose == CodePurpose.MAILBOX.value)
            .where(codes.c.used_at.is_(None))
            .values(void_at=self.unit.now)
        )
        write_code(
            self.unit, self.desk, self.organisation, thread.id, answer.new_code, CodePurpose.MAILBOX,
            sent_to=self.desk.index(self.organisation, "email", self.parsed.from_address), case_id=thread.case_id,
            outbox_id=answer.outbox_id,
        )  # fmt: skip

    def _proof_in_chat(self, answer: Answer) -> Answer:
        """The address that was typed takes the code, and later the answer. Gives what is really said."""
        if answer.vouched:
            vouch(self.unit, self.desk, answer.conversation_id, answer.vouched)
        thread = self.thread
        if self.turn.mail is not Mail.CODE_BY_MAIL or thread is None:
            return answer
        if self.turn.address and self.turn.address != thread.address:
            row = reach_at(self.unit, self.desk, thread.id, self.turn.address)
            let_claimed_go_on(self.unit, self.desk, row)
        if answer.code_mail is None:
            self._stuck(thread, "too_many_codes")
            return answer
        if self._mail_code(answer.code_mail, thread):
            return answer
        return replace(answer, post=answer.instead)

    def _mail_code(self, mail: CodeMail, thread: Thread) -> bool:
        sent = mail_code(
            self.unit, self.desk, mail, self.organisation, thread.id, self.case_id, self.key_id,
            form=self.answer.form if self.answer else thread.form,
        )  # fmt: skip
        if not sent:
            self._stuck(thread, "too_many_codes")
        return sent

    def _stuck(self, thread: Thread, detail: str) -> None:
        open_work(
            self.unit, WorkKind.IDENTITY_STUCK, self.organisation, same=thread.id, case_id=self.case_id, detail=detail
        )

    def _vouched(self, asking_id: str) -> None:
        """ "Ja, dat was ik" from the mailbox that the code went to: the code counts where it was asked."""
        codes, conversations = table(IdentityCode), table(Conversation)
        mine = self.desk.index(self.organisation, "email", self.parsed.from_address)
        code = self.unit.one(
            select(codes.c.id, codes.c.purpose)
            .where(codes.c.conversation_id == asking_id, codes.c.sent_to_index == mine)
            .where(codes.c.used_at.is_(None), codes.c.void_at.is_(None), codes.c.expires_at > self.unit.now)
            .order_by(codes.c.created_at.desc())
        )
        asking = self.unit.one(select(conversations).where(conversations.c.id == asking_id))
        if code is None or asking is None:
            open_work(self.unit, WorkKind.NEW_MESSAGE, self.organisation, same=asking_id, case_id=self.case_id)
            return
        self.unit.change(IdentityCode, code.id, if_={"used_at": None}, used_at=self.unit.now)
        prove_conversation(self.unit, self.desk, asking, CodePurpose(code.purpose), code.id)

    def _frozen(self) -> None:
        """ "Niet ik": nothing more happens here until a person has looked; the asking conversation stops as well."""
        assert self.thread is not None
        for conversation_id in filter(None, (self.thread.id, self.thread.asking_id)):
            freeze(self.unit, self.organisation, conversation_id)

    def _settled(self, thread: Thread) -> None:
        """What the requester decided: one of the options of a question, or to drop it all."""
        if self.turn.choose:
            questions.answered(self.unit, thread.id, self.turn.choose)
        if self.turn.withdraw:
            self._withdrawn(thread)

    def _withdrawn(self, thread: Thread) -> None:
        self.too_late = undo.drop(self.unit, thread.id, [(one.id, one.state) for one in thread.requests])
        for request_id in self.too_late:
            open_work(
                self.unit, WorkKind.NEW_MESSAGE, self.organisation, same=f"late:{request_id}", case_id=self.case_id,
                request_id=request_id, detail="too_late",
            )  # fmt: skip

    # --- people and machines ------------------------------------------------------------------------------------

    def _work(self) -> None:
        for kind in self.turn.work:
            told = min((r.told.target_on for r in self._new_requests()), default=None)
            if kind in _DATED:
                choices = self.turn.choices or (Label.INZAGE,)
                told = told_if_request(self.desk, self.organisation, self.row.received_at, choices)
            same = self.answer.conversation_id if self.answer and (self.case_id or self.in_chat) else self.row.id
            open_work(
                self.unit, kind, self.organisation, same=same, case_id=self.case_id, inbound_id=self.row.id,
                due_on=told, detail=",".join(sorted(flag.value for flag in self.reading.flags)),
                request_id=self._current_request(),
                # of just now: no line can stand open yet
                fresh=self.thread is None and self.row.done_at is None and not self.in_chat,
            )  # fmt: skip

    def _current_request(self) -> str | None:
        """The request that a line is about, so that its end closes the line."""
        new = self._new_requests()
        if new:
            return str(new[0].id)
        running = [r for r in self.thread.requests if r.state in OPEN_STATES] if self.thread else []
        return running[0].id if running else None

    def _new_requests(self) -> tuple[Any, ...]:
        return self.answer.opening.requests if self.answer and self.answer.opening else ()

    def _machine(self) -> None:
        """A bounce is tied to the message it is about; what did not arrive is work, as when the server refuses it."""
        rows = table(Outbox)
        if not self.parsed.bounce_permanent:
            return
        by_address = self.desk.threads.bounced(self.organisation, (*self.raw.envelope_to, *self.parsed.to))
        hit = self.unit.one(
            select(rows).where((rows.c.message_id.in_(self.parsed.bounced_ids)) | (rows.c.id == (by_address or "")))
        )
        if hit is None or hit.organisation_id != self.organisation:
            return
        if hit.kind == OutboxKind.STAFF_NOTICE.value:
            return  # a notice about a notice would go on for ever
        open_work(
            self.unit, WorkKind.NOT_DELIVERED, self.organisation, same=hit.id, case_id=hit.case_id,
            request_id=hit.request_id, outbox_id=hit.id, detail="bounced",
        )  # fmt: skip

    def _other_mail(self) -> None:
        """Host custody: the mail stays until somebody has it, forwarded unchanged or on the list of other mail."""
        if self.raw.custody is not Custody.HOST or self.in_chat:
            return
        own = self.desk.organisation(self.organisation)
        if own.forward_to and self.parsed.machine is None:
            outbox_id = self.unit.new_id()
            route = Route(
                self.organisation, self.raw.channel, self.row.account, own.forward_to,
                self.desk.index(self.organisation, "email", own.forward_to), self.row.data_key_id,
            )  # fmt: skip
            queue(
                self.unit, route, Post(OutboxKind.FORWARD, self.parsed.subject, "", ""), outbox_id=outbox_id,
                message_id=self.desk.threads.message_id(self.organisation, own.mailbox, outbox_id), raw=self.raw.raw,
            )  # fmt: skip
            return
        open_work(
            self.unit, WorkKind.OTHER_MAIL, self.organisation, same=self.row.id, inbound_id=self.row.id, fresh=True,
            detail=self.parsed.machine.value if self.parsed.machine else "",
        )  # fmt: skip

    def _record(self, tag: AuditTag, subject: str, **facts: Any) -> None:
        self.unit.record(
            tag, organisation=self.organisation, actor=PROGRAM, case=self.case_id, subject=subject, **facts
        )
