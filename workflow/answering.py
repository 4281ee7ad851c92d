"""The written answer to one message, and what has to exist for it: a case, a code, a link. Writes no rows.

Which mail it is was decided by the dialogue; here it gets its words. The code of a reply is judged here against what
was read, and settled later only if nothing changed meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row

from cases.calendar import local_date
from cases.dialogue import Awaited, Known, Mail, Turn, form_for
from cases.identity import CodePurpose, CodeResult, CodeState, judge_code
from cases.letters import Letter
from cases.messages import ChatMessage, ParsedMessage, RawInbound
from cases.policy import level_needed
from cases.progress import Progress
from cases.reading import Flag, Reading
from cases.types import OPEN_STATES, Assurance, Form, InboundOutcome, Label, OutboxKind
from handlers import notices
from handlers.notices import About
from storage.queries import progress
from storage.queries.counters import Counts
from storage.queries.snapshots import OpenRequest, Snapshot, Thread
from storage.queries.writing import Post
from storage.seal import code_digest, same
from workflow import chatting
from workflow.chatting import CodeMail, Said
from workflow.desk import Desk, Limits
from workflow.notices import about, write
from workflow.opening import Opening, earliest_told, fresh_code, fresh_number, new_requests, new_token

_UNASKED = frozenset(
    {
        Mail.ACKNOWLEDGEMENT,
        Mail.ACKNOWLEDGEMENT_WITH_CODE,
        Mail.CLARIFICATION,
        Mail.HUMAN,
        Mail.STATUS,
        Mail.OTHER_ADDRESS,
        Mail.NEW_CODE,
    }
)
_KINDS = {
    Mail.ACKNOWLEDGEMENT: OutboxKind.ACKNOWLEDGEMENT,
    Mail.ACKNOWLEDGEMENT_WITH_CODE: OutboxKind.IDENTITY_CODE,
    Mail.CLARIFICATION: OutboxKind.CLARIFICATION,
    Mail.HUMAN: OutboxKind.HUMAN,
    Mail.STATUS: OutboxKind.STATUS,
    Mail.OTHER_ADDRESS: OutboxKind.CLARIFICATION,
    Mail.CODE_RESULT: OutboxKind.CODE_RESULT,
    Mail.NEW_CODE: OutboxKind.IDENTITY_CODE,
    Mail.WITHDRAWN: OutboxKind.STATUS,
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What settles with a turn."""

    outbox_id: str
    message_id: str  # the stored message, not the mail header
    opening: Opening | None
    conversation_id: str  # the conversation the message belongs to, "" when it gets none
    new_conversation: bool
    form: Form
    post: Post | None = None
    unasked: bool = False
    held: bool = False  # a loop limit kept the mail back
    code_result: CodeResult | None = None
    code: CodeState | None = None
    new_code: str = ""  # sent with this answer
    code_mail: CodeMail | None = None  # chat: the mail that carries it
    instead: Post | None = None  # chat: what is said when that mail may not go
    network: str = ""  # chat: the visitor's network, keyed
    vouched: tuple[tuple[str, str], ...] = ()  # chat: what the organisation's portal signed


def answer(
    desk: Desk, row: Row[Any], raw: RawInbound, parsed: ParsedMessage, reading: Reading, turn: Turn,
    snapshot: Snapshot, counts: Counts, address_index: str, chat: ChatMessage | None = None,
) -> Answer | None:  # fmt: skip
    """The answer to one message; None when the message gets no conversation at all."""
    thread = snapshot.thread if not turn.new_conversation else None
    if turn.outcome is InboundOutcome.WATCHED or (thread is None and not turn.open and turn.mail is Mail.NONE):
        return None
    maker = _Maker(desk, row, raw, parsed, reading, turn, thread, snapshot.known, chat)
    threaded = snapshot.known is not None and snapshot.known.threaded
    made = maker.make(asked=snapshot.thread, threaded=threaded)
    if made.post is None or not made.unasked:
        return made
    if chat is not None:
        return made if counts.recipients[address_index] < desk.limits.chat_lines_day else _held(made)
    here = (thread.case_id or "" if thread is not None else "", made.post.kind.value)
    limited = not turn.open and bool(here[0]) and made.post.kind is not OutboxKind.IDENTITY_CODE
    again = limited and counts.cases[here] >= desk.limits.mails_per_case_kind
    if again or parsed.auto_suppressed or over_limit(desk.limits, row.organisation_id, address_index, counts):
        return _held(made)
    counts.recipients[address_index] += 1
    counts.organisations[row.organisation_id] += 1
    counts.cases[here] += 1
    return made


def _held(made: Answer) -> Answer:
    """Everything happens but the mail; its code is written, so that staff can send it another way."""
    return replace(made, post=None, unasked=False, held=True)


def over_limit(limits: Limits, organisation: str, address_index: str, counts: Counts) -> bool:
    """The second wall against loops: so many unasked mails to one address in a day, of one house in an hour."""
    return (
        counts.recipients[address_index] >= limits.mails_per_sender_day
        or counts.organisations[organisation] >= limits.mails_per_organisation_hour
    )


class _Maker:
    """Holds what the parts of one answer share."""

    def __init__(
        self, desk: Desk, row: Row[Any], raw: RawInbound, parsed: ParsedMessage, reading: Reading, turn: Turn,
        thread: Thread | None, known: Known | None, chat: ChatMessage | None,
    ) -> None:  # fmt: skip
        self.chat, self.proven_now = chat, False
        self.level = known.assurance if known is not None and thread is not None else self._first_level()
        self.desk, self.row, self.raw, self.parsed = desk, row, raw, parsed
        self.reading, self.turn, self.thread = reading, turn, thread
        self.organisation: str = row.organisation_id
        self.policy = desk.organisation(self.organisation).policy
        self.form = thread.form if thread is not None else form_for(self.policy, reading, chat.language if chat else "")
        new_id = desk.store.context.new_id
        self.outbox_id, self.message_id = new_id(), new_id()
        self.conversation_id = thread.id if thread is not None else new_id()
        self.opening = self._opening() if turn.open else None

    def _first_level(self) -> Assurance:
        if self.chat is None:
            return Assurance.ADDRESS_CLAIMED
        return Assurance.CODE_TO_KNOWN_ADDRESS if self.chat.vouched else Assurance.NONE

    def make(self, *, asked: Thread | None, threaded: bool) -> Answer:
        result, state, new_code = self._judge()
        if self.chat is not None:
            return self._in_chat(self.chat, result, state, new_code)
        letter = self._letter(result, new_code, asked)
        post = None
        if letter is not None:
            post = write(self.desk, self.organisation, _KINDS[self.turn.mail], letter)
        return Answer(
            self.outbox_id, self.message_id, self.opening, self.conversation_id, self.thread is None, self.form, post,
            # a code that is too late costs no try: without the counter it could be answered for ever
            unasked=self.turn.mail in _UNASKED or not threaded or result is CodeResult.EXPIRED, code_result=result,
            code=state, new_code=new_code or (self.opening.code if self.opening else ""),
        )  # fmt: skip

    def _in_chat(self, chat: ChatMessage, result: CodeResult | None, state: CodeState | None, new_code: str) -> Answer:
        """The chat line, and the code mail beside it."""
        self.proven_now = result is CodeResult.ACCEPTED
        turn, current = self.turn, self._current()
        address = turn.address or (self.thread.address if self.thread is not None else "")
        goes_on = self.proven_now and current is not None and self.thread is not None and self.thread.case_id is None
        said = Said(
            self.organisation, turn, self.reading, self._about(), self.thread, first=self.thread is None,
            standing=self._standing() if goes_on or turn.mail in (Mail.STATUS, Mail.WITHDRAWN) else (),
            systems=self._systems(), opened=self.opening is not None, result=result,
            code_goes=bool(new_code and address),
        )  # fmt: skip
        sends = turn.mail in (Mail.CODE_BY_MAIL, Mail.CODE_RESULT) and said.code_goes
        return Answer(
            self.outbox_id, self.message_id, self.opening, self.conversation_id, self.thread is None, self.form,
            chatting.line(self.desk, said), unasked=True, code_result=result, code=state, new_code=new_code,
            code_mail=self._code_mail(address, new_code) if sends else None,
            instead=chatting.limit_line(self.desk, said) if sends else None, vouched=chat.vouched,
            network=self._network(),
        )  # fmt: skip

    def _code_mail(self, address: str, code: str) -> CodeMail:
        """The same mail for every address, known or not; nothing of the chat is in it but its kind and its day."""
        labels, received, told, number = self._facts()
        if self.opening is None and (self.thread is None or self.thread.case_id is None):
            labels = (Label.STATUS,)
        at = about(
            self.desk, self.organisation, form=self.form, number=number, labels=labels, received_at=received, told=told
        )
        letter = notices.code_mail(at, code=code, channel=self.raw.channel, written_at=self.row.received_at)
        post = write(self.desk, self.organisation, OutboxKind.IDENTITY_CODE, letter)
        return CodeMail(address, code, post, self.desk.store.context.new_id())

    def _opening(self) -> Opening:
        thread, turn = self.thread, self.turn
        existing = thread is not None and thread.case_id is not None
        assurance = Assurance.ADDRESS_CLAIMED
        with_code = turn.mail is Mail.ACKNOWLEDGEMENT_WITH_CODE
        if existing and not with_code and not turn.by_staff:
            assurance = Assurance.MAILBOX_PROVEN  # the dialogue asks no code only from a proven conversation
        if self.chat is not None:
            asks = turn.mail in (Mail.ASK_ADDRESS, Mail.CODE_BY_MAIL)  # also anew, of a conversation once proven
            assurance = min(self.level, Assurance.ADDRESS_CLAIMED) if asks else self.level
        labels = turn.open
        return Opening(
            organisation=self.organisation,
            channel=self.raw.channel,
            account=self.row.account,
            address=self.parsed.from_address,
            name=self.parsed.from_name,
            form=self.form,
            language=self.reading.language,
            received_at=self._received_at(),
            conversation_id=self.conversation_id,
            case_id=thread.case_id if existing and thread and thread.case_id else self.desk.store.context.new_id(),
            number=thread.case_number if existing and thread else fresh_number(self.desk, self.organisation),
            token=new_token(),
            requests=new_requests(
                self.desk, self.organisation, labels, self._received_at(), assurance,
                by_staff=turn.by_staff or turn.human,
            ),
            code=fresh_code(self.desk, self.organisation) if with_code else "",
            facts=self.reading.facts,
            message_id=self.message_id,
            outbox_id=self.outbox_id,
            existing_case_key=thread.case_key_id if existing and thread else "",
            mail_address=self._mail_address(), proven=self.level >= Assurance.MAILBOX_PROVEN,
            network=self._network(),
        )  # fmt: skip

    def _mail_address(self) -> str:
        if self.chat is None:
            return self.parsed.from_address
        return self.thread.address if self.thread is not None else ""

    def _network(self) -> str:
        peer = self.raw.peer_ip if self.chat is not None else ""
        return self.desk.index(self.organisation, "network", peer) if peer else ""

    def _received_at(self) -> datetime:
        """The term runs from the first message, also when it took a question to understand it."""
        first = self.thread.first_at if self.thread is not None and self.thread.case_id is None else None
        received: datetime = self.row.received_at
        return min(first, received) if first is not None else received

    def _judge(self) -> tuple[CodeResult | None, CodeState | None, str]:
        """The typed code against the codes that stand open; a fresh one when the old one was only too late."""
        thread = self.thread
        if self.turn.mail in (Mail.NEW_CODE, Mail.CODE_BY_MAIL) and thread is not None:
            return None, None, self._resent(thread)
        if not self.turn.code or thread is None:
            return None, None, ""
        key = self.desk.store.keyring.organisation(self.organisation).index
        typed = code_digest(key, thread.id, self.turn.code)
        states = tuple(
            CodeState(c.id, CodePurpose(c.purpose), same(typed, c.digest), c.expires_at, c.attempts_left)
            for c in thread.codes
        )
        result, state = judge_code(states, self.desk.now())
        again = result is CodeResult.EXPIRED and self.turn.mail is Mail.CODE_RESULT
        return result, state, self._resent(thread) if again else ""

    def _resent(self, thread: Thread) -> str:
        """A fresh code; "" when the day's resends are used up (the first one was no resend)."""
        allowed = thread.codes_today <= self.policy.identity.code_resends
        return fresh_code(self.desk, self.organisation) if allowed else ""

    # --- words ----------------------------------------------------------------------------------------------------

    def _letter(self, result: CodeResult | None, new_code: str, asked: Thread | None) -> Letter | None:
        mail, turn = self.turn.mail, self.turn
        also_other = Flag.ALSO_OTHER in self.reading.flags
        if mail is Mail.ACKNOWLEDGEMENT_WITH_CODE and self.opening:
            return notices.acknowledgement_with_code(
                self._about(), code=self.opening.code, channel=self.raw.channel, written_at=self.row.received_at,
                also_other=also_other,
            )  # fmt: skip
        if mail is Mail.ACKNOWLEDGEMENT:
            return notices.acknowledgement(self._about(), identity_needed=False, also_other=also_other)
        if mail is Mail.CLARIFICATION:
            return notices.clarification(self._about(), turn.choices)
        if mail is Mail.HUMAN:
            return notices.human_handover(self._about())
        if mail is Mail.OTHER_ADDRESS:
            return notices.code_other_conversation(self._about_other(asked))
        if mail is Mail.STATUS:
            return self._status()
        if mail is Mail.WITHDRAWN:
            return notices.withdrawn(self._about(), self._standing(), systems=self._systems())
        if mail is Mail.NEW_CODE:
            if not new_code:
                return None  # the day's resends are used up: a person looks, no mail is sent for each try
            return notices.code_mail(
                self._about(), code=new_code, channel=self.raw.channel, written_at=self.row.received_at
            )
        if mail is Mail.CODE_RESULT and result is not None:
            return self._code_letter(result, new_code)
        return None

    def _code_letter(self, result: CodeResult, new_code: str) -> Letter | None:
        at = self._about()
        if result is CodeResult.ACCEPTED:
            return notices.code_accepted(at)
        if result is CodeResult.WRONG:
            left = min((c.attempts_left for c in self.thread.codes), default=1) - 1 if self.thread else 0
            return notices.code_wrong(at, left=max(left, 1))
        if result is CodeResult.EXPIRED:
            return notices.code_expired(at, code=new_code)
        return notices.code_locked(at) if result is CodeResult.LOCKED else None

    def _status(self) -> Letter:
        standing = self._standing()
        if standing:
            today = local_date(self.desk.now())
            return notices.status(self._about(), standing, today=today, systems=self._systems())
        waits = self.thread is not None and self.thread.awaited is Awaited.CODE
        return notices.status_unproven(self._about()) if waits else notices.status_unknown(self._about())

    def _standing(self) -> tuple[Progress, ...]:
        """How far the requests are that this conversation may hear of: what runs, else what ended last."""
        thread = self.thread
        if thread is None:
            return ()
        elsewhere = thread.elsewhere.requests if thread.elsewhere is not None and self.proven_now else ()
        told = [one for one in thread.requests or elsewhere if self._may_hear(one, thread)]
        told = [one for one in told if one.state in OPEN_STATES] or told[-1:]
        told.sort(key=lambda one: one.told_on)
        known = self.desk.store.read_here(lambda reads: progress.of_requests(reads, [one.id for one in told]))
        return tuple(known.values())

    def _may_hear(self, request: OpenRequest, thread: Thread) -> bool:
        """Assurance belongs to a conversation: of another one's request only a proven mailbox hears."""
        if thread.proven or self.proven_now:
            return True
        needs_none = level_needed(self.policy, request.label) <= Assurance.ADDRESS_CLAIMED
        return request.conversation_id == thread.id and (needs_none or self.chat is not None)

    def _systems(self) -> dict[str, str]:
        return self.desk.organisation(self.organisation).system_names

    def _current(self) -> OpenRequest | None:
        """The request that is due first, or the last one that ended; once proven, of a case begun elsewhere too."""
        thread = self.thread
        if thread is None:
            return None
        elsewhere = thread.elsewhere.requests if thread.elsewhere is not None and self.proven_now else ()
        requests = thread.requests or elsewhere
        running = [request for request in requests if request.state in OPEN_STATES]
        return min(running, key=lambda r: r.told_on) if running else (requests[-1] if requests else None)

    def _about(self) -> About:
        labels, received, told, number = self._facts()
        token = self.opening.token if self.opening and not self.opening.existing_case_key else ""
        return about(
            self.desk, self.organisation, form=self.form, number=number, labels=labels, received_at=received,
            told=told, token=token,
        )  # fmt: skip

    def _facts(self) -> tuple[tuple[Label, ...], Any, date, str]:
        if self.opening is not None:
            told = earliest_told(self.opening.requests).target_on
            return self.turn.open, self.opening.received_at, told, self.opening.number
        current = self._current()
        if current is not None and self.thread is not None:
            elsewhere = self.thread.elsewhere if not self.thread.requests else None
            if elsewhere is not None:
                return (current.label,), current.received_at, current.told_on, elsewhere.number
            running = [r.label for r in self.thread.requests if r.state in OPEN_STATES] or [current.label]
            return tuple(running), current.received_at, current.told_on, self.thread.case_number
        # no case yet: the date that holds if it is what we think it is; a reference to talk about
        choices = self.turn.choices or (Label.INZAGE,)
        imagined = new_requests(
            self.desk, self.organisation, choices, self.row.received_at, Assurance.ADDRESS_CLAIMED, by_staff=True
        )
        reference = fresh_number(self.desk, self.organisation)
        return choices, self.row.received_at, earliest_told(imagined).target_on, reference

    def _about_other(self, asked: Thread | None) -> About:
        """Says nothing about the case that the code belongs to, not even its number."""
        return about(
            self.desk, self.organisation, form=self.form, number=fresh_number(self.desk, self.organisation), labels=(),
            received_at=self.row.received_at, told=local_date(self.row.received_at),
        )  # fmt: skip
