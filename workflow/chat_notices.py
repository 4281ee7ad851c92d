"""What is said in the chats of a case without a message to answer: that the letter has left by mail."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select

from cases.errors import LoketError
from cases.types import Assurance, ChannelKind, OutboxKind
from handlers import chat
from storage.models import Conversation, table
from storage.queries.request_facts import RequestFacts, newest_request, request_facts
from storage.queries.writing import Post, Route, queue
from storage.unit import Reads, Unit
from workflow.desk import Desk
from workflow.notices import about, chat_route, to_requester, write_chat

log = logging.getLogger(__name__)


async def letter_lines(desk: Desk, letters: Sequence[Row[Any]]) -> dict[str, list[tuple[Route, Post]]]:
    """ "Uw antwoord is verstuurd": outbox id of a letter that has just left → what its chats hear of it."""
    by_mail = [row for row in letters if row.channel == ChannelKind.EMAIL.value and row.draft_id and row.case_id]
    if not by_mail:
        return {}
    try:
        chats = await desk.store.read(lambda reads: {row.id: _chats(reads, desk, row) for row in by_mail})
    except LoketError as error:  # the letter has left: writing that down matters more than saying so
        log.warning("the chats of a letter could not be looked up: %s", error)
        return {}
    if not any(chats.values()):
        return {}
    return await desk.in_thread(
        lambda: {letter: [_line(desk, one) for one in found] for letter, found in chats.items()}
    )


def tell(unit: Unit, desk: Desk, lines: Sequence[tuple[Route, Post]]) -> None:
    for route, post in lines:
        outbox_id, mailbox = unit.new_id(), desk.organisation(route.organisation).mailbox
        queue(
            unit, route, post, outbox_id=outbox_id,
            message_id=desk.threads.message_id(route.organisation, mailbox, outbox_id),
        )  # fmt: skip


def _chats(reads: Reads, desk: Desk, letter: Row[Any]) -> list[RequestFacts]:
    """Those of its case that nobody has stopped, on a channel that is still served."""
    talks = table(Conversation)
    found = reads.rows(
        select(talks.c.id, talks.c.account).where(
            talks.c.case_id == letter.case_id, talks.c.channel != ChannelKind.EMAIL.value, talks.c.frozen.is_(False),
        )
    )  # fmt: skip
    facts = [request_facts(reads, letter.request_id, told_in=row.id) for row in found if row.account in desk.senders]
    return [one for one in facts if one is not None]


def _line(desk: Desk, facts: RequestFacts) -> tuple[Route, Post]:
    at = about(
        desk, facts.organisation, form=facts.form, number=facts.case_number, labels=(facts.label,),
        received_at=facts.received_at, told=facts.told_on,
    )  # fmt: skip
    return chat_route(desk, facts), write_chat(desk, facts.organisation, OutboxKind.CHAT, chat.letter_sent(at))


def by_mail_instead(unit: Unit, desk: Desk, row: Row[Any]) -> bool:
    """A chat that takes nothing any more (the bot was blocked): the same words go to the proven mail address.

    False where there is none: then a person looks.
    """
    if row.channel == ChannelKind.EMAIL.value or row.conversation_id is None or row.case_id is None:
        return False
    facts = newest_request(unit, row.conversation_id)
    if not facts.address or facts.frozen or facts.assurance < Assurance.MAILBOX_PROVEN:
        return False
    sealer = unit.keys.data(unit, row.data_key_id)
    content = sealer.open_json(row.content, f"outbox.content:{row.id}")
    post = Post(OutboxKind(row.kind), content["subject"], content["text"], "")
    to_requester(unit, desk, facts, post, request_id=row.request_id, threaded=False)
    return True
