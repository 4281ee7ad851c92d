"""From a notice or letter to bytes-to-be: the words come from handlers, the looks from render."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from cases.english import in_english
from cases.errors import InputError
from cases.guard import outside_unit
from cases.letters import BlockKind, Letter
from cases.types import ChannelKind, Form, Label, OutboxKind
from handlers.notices import About
from render.letter import LetterContext, chat_text, letter_html, letter_text
from storage.queries.request_facts import RequestFacts
from storage.queries.writing import Post, Route, queue
from storage.unit import Unit
from workflow import receipts
from workflow.desk import Desk


def write(desk: Desk, organisation: str, kind: OutboxKind, letter: Letter) -> Post:
    """Text and HTML of one letter. CPU work, so never while a transaction is open."""
    outside_unit("a letter")
    ctx = LetterContext(organisation=desk.organisation(organisation).policy.name, demo=desk.demo)
    return Post(kind, letter.subject, letter_text(letter, ctx), letter_html(letter, ctx))


def about(
    desk: Desk, organisation: str, *, form: Form, number: str, labels: Sequence[Label], received_at: datetime,
    told: date, token: str = "",
) -> About:  # fmt: skip
    """What a notice says about its case; `token` opens the case page."""
    own = desk.organisation(organisation)
    policy = in_english(own.policy) if form is Form.EN else own.policy
    return About(
        policy=policy, form=form, case_number=number, labels=tuple(labels), received_at=received_at, told=told,
        link=f"{desk.base_url}/z/{token}" if token else "", desk_link=f"{desk.base_url}/privacy/{organisation}",
        texts=own.texts[form],
    )  # fmt: skip


def write_chat(
    desk: Desk, organisation: str, kind: OutboxKind, letter: Letter, choices: Sequence[tuple[str, str]] = ()
) -> Post:
    """The same blocks as a short chat text; `choices` are the quick replies under it, (value, words)."""
    outside_unit("a chat line")
    ctx = LetterContext(organisation=desk.organisation(organisation).policy.name, demo=desk.demo)
    return Post(kind, letter.subject, chat_text(letter, ctx), "", in_chat=True, choices=tuple(choices))


_FRAME = frozenset({BlockKind.REFERENCE, BlockKind.GREETING, BlockKind.UNDERSTOOD, BlockKind.CLOSING})  # of a letter


def write_answer(desk: Desk, facts: RequestFacts, letter: Letter, kind: OutboxKind = OutboxKind.LETTER) -> Post:
    """An approved letter goes by mail; only the answer to a plain question may be said in the chat that asked it."""
    if facts.chat and not facts.address and facts.label is Label.VRAAG:
        said = tuple(block for block in letter.blocks if block.kind not in _FRAME)
        return write_chat(desk, facts.organisation, kind, replace(letter, blocks=said))
    return write(desk, facts.organisation, kind, letter)


def mail_route(desk: Desk, facts: RequestFacts, *, threaded: bool = True) -> Route:
    """By mail to whoever asked. InputError `no_address`: a chat that has told no e-mail address."""
    if not facts.address:
        raise InputError("no_address")
    by_mail = not facts.chat
    account = facts.account if by_mail else desk.organisation(facts.organisation).mailbox
    references = (facts.last_message_id,) if by_mail and threaded and facts.last_message_id else ()
    return Route(
        facts.organisation, ChannelKind.EMAIL, account, facts.address,
        desk.index(facts.organisation, "email", facts.address), facts.conversation_key_id, facts.conversation_id,
        facts.case_id, references,
    )  # fmt: skip


def chat_route(desk: Desk, facts: RequestFacts) -> Route:
    return Route(
        facts.organisation, ChannelKind(facts.channel), facts.account, facts.chat,
        desk.index(facts.organisation, facts.channel, facts.chat), facts.conversation_key_id, facts.conversation_id,
        facts.case_id,
    )  # fmt: skip


def to_requester(
    unit: Unit, desk: Desk, facts: RequestFacts, post: Post, *, wait: timedelta = timedelta(0), threaded: bool = True,
    unasked: bool = False, request_id: str | None = None, draft_id: str | None = None,
) -> str:  # fmt: skip
    """Queues a message to whoever asked; gives the outbox id. `threaded`: under their mail.

    What was written as a chat line goes into the chat, everything else by mail (`mail_route`).
    """
    if post.kind is OutboxKind.DONE and request_id:
        receipts.replaced(unit, request_id)
    mailbox, outbox_id = desk.organisation(facts.organisation).mailbox, unit.new_id()
    route = chat_route(desk, facts) if post.in_chat else mail_route(desk, facts, threaded=threaded)
    queue(
        unit, route, post, outbox_id=outbox_id, not_before=unit.now + wait, unasked=unasked, request_id=request_id,
        draft_id=draft_id, message_id=desk.threads.message_id(facts.organisation, mailbox, outbox_id),
    )  # fmt: skip
    return outbox_id
