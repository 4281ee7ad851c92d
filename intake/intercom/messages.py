"""A conversation as Intercom describes it → the customer's messages in it. Pure; anything odd is left out.

What colleagues, bots and we ourselves wrote is no message. The name is what the customer typed: a claim. Of files only
the name passes; evidence is never taken here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

from cases.chat_dialogue import NEW_CODE, PERSON, WISH
from cases.messages import ChatFile, ChatMessage, RawInbound
from cases.types import ChannelKind, Custody, Label
from intake.email.html import html_to_text
from intake.intercom.client import ID
from intake.intercom.settings import IntercomSettings

_PERSONS = frozenset({"user", "lead", "contact"})
_CHOICES = (*(f"{WISH}{label.value}" for label in Label), PERSON, NEW_CODE)
# Intercom knows a quick reply by a UUID; ours is made from its value, so that nothing has to be kept.
_SPACE = UUID("6f0d3c0e-0f5d-4a5e-9a53-0d6b1c1d7a10")


def choice_uuid(value: str) -> str:
    return str(uuid5(_SPACE, value))


_CHOSEN = {choice_uuid(value): value for value in _CHOICES}


def messages_of(settings: IntercomSettings, conversation: Mapping[str, Any], since: datetime) -> list[RawInbound]:
    """The customer's messages after `since` (when the desk was connected), oldest first.

    Their key is conversation and part: the same message by a notification, told again, or found by looking is one.
    """
    talk = str(conversation.get("id", ""))
    if not ID.fullmatch(talk):
        return []
    found = []
    for place, part in enumerate(_parts(conversation)):
        at = _moment(part.get("created_at"), place)
        message = _message(talk, part)
        if message is not None and at is not None and at >= since:
            found.append(
                RawInbound(
                    organisation=settings.organisation, channel=ChannelKind.INTERCOM, account=settings.account,
                    raw=message.to_raw(), received_at=at, custody=Custody.GUEST,
                    external_id=f"{talk}:{message.message_id}",
                )
            )  # fmt: skip
    return sorted(found, key=lambda one: one.received_at)


def _parts(conversation: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The first message (the source) and all that came after it."""
    source = conversation.get("source")
    if isinstance(source, Mapping):
        yield {"created_at": conversation.get("created_at"), **source, "id": f"source-{source.get('id')}"}
    parts = conversation.get("conversation_parts")
    parts = parts.get("conversation_parts") if isinstance(parts, Mapping) else None
    yield from (part for part in parts or () if isinstance(part, Mapping))


def _message(talk: str, part: Mapping[str, Any]) -> ChatMessage | None:
    author = part.get("author")
    number = str(part.get("id", ""))
    if not isinstance(author, Mapping) or author.get("type") not in _PERSONS or part.get("redacted"):
        return None
    if not ID.fullmatch(number.removeprefix("source-")):
        return None
    body = part.get("body")
    text = html_to_text(body)[0].strip() if isinstance(body, str) else ""
    files = tuple(_files(part.get("attachments")))
    if not text and not files:
        return None
    chosen = part.get("metadata")
    uuid = str(chosen.get("quick_reply_uuid", "")) if isinstance(chosen, Mapping) else ""
    return ChatMessage(
        sender=talk, text=text, message_id=number, name=str(author.get("name") or "")[:200],
        choice=_CHOSEN.get(uuid, ""), files=files,
    )  # fmt: skip


def _files(attachments: object) -> Iterator[ChatFile]:
    for one in attachments if isinstance(attachments, list) else ():
        if isinstance(one, Mapping):
            size = one.get("filesize")
            yield ChatFile(
                str(one.get("name") or "")[:200], str(one.get("content_type") or "")[:100],
                size if isinstance(size, int) and size >= 0 else 0,
            )  # fmt: skip


def _moment(seconds: object, place: int) -> datetime | None:
    """Intercom counts in seconds; the place in the conversation keeps what was said within one in order."""
    if not isinstance(seconds, int) or not 0 < seconds < 1 << 33:
        return None
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=min(place, 999_999))
