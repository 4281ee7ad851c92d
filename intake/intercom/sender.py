"""The way out to Intercom (`cases.protocols.Sender`): a comment in the conversation, with quick replies below it.

A recipient `note:<conversation>` is the side of that conversation that only colleagues see.
"""

from __future__ import annotations

import logging
from html import escape

from cases.errors import OutsideError
from cases.guard import outside_unit
from cases.protocols import Outgoing, SentProof
from intake.intercom.client import IntercomClient
from intake.intercom.messages import choice_uuid

log = logging.getLogger(__name__)
NOTE = "note:"


class IntercomSender:
    def __init__(self, client: IntercomClient) -> None:
        self._client = client

    async def send(self, message: Outgoing) -> SentProof:
        outside_unit("intake.intercom.sender")
        conversation = message.recipient.removeprefix(NOTE)
        note = conversation != message.recipient
        await self._client.reply(conversation, as_html(message.text), note=note)
        if message.choices and not note:
            await self._offer(conversation, message)
        return SentProof("ok")

    async def _offer(self, conversation: str, message: Outgoing) -> None:
        """The words are there already; without the buttons the customer types."""
        options = [(choice_uuid(value), words) for value, words in message.choices]
        try:
            await self._client.offer(conversation, options)
        except OutsideError as error:
            log.warning("intercom: no quick replies: %s", error, extra={"outbox": message.outbox_id})

    async def close(self) -> None:
        """Every request has a connection of its own."""


def as_html(text: str) -> str:
    """Plain text as the HTML that Intercom takes; nothing in it can become markup."""
    paragraphs = [part for part in text.replace("\r\n", "\n").split("\n\n") if part.strip()]
    return "".join(f"<p>{escape(part.strip(), quote=False).replace(chr(10), '<br>')}</p>" for part in paragraphs)
