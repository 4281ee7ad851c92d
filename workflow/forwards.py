"""What a colleague forwards is the customer's mail: its words and its sender, both unverified."""

from __future__ import annotations

from dataclasses import replace

from cases.messages import ParsedMessage
from workflow.desk import Desk


def opened(desk: Desk, organisation: str, parsed: ParsedMessage) -> ParsedMessage | None:
    """The mail inside, as the message it is; None when nobody of ours passed a stranger's mail on."""
    inside = parsed.forwarded
    if inside is None or not of_ours(desk, organisation, parsed.from_address):
        return None
    if of_ours(desk, organisation, inside.from_address):
        return None
    return replace(
        parsed, from_name=inside.from_name, from_address=inside.from_address, own_words=inside.own_words,
        subject=inside.subject or parsed.subject, reply_to="", machine=None,
    )  # fmt: skip


def of_ours(desk: Desk, organisation: str, address: str) -> bool:
    """A claim like every From: it opens nothing by itself."""
    own = desk.organisation(organisation)
    return address.rpartition("@")[2].lower() in own.colleagues or address.lower() == own.mailbox
