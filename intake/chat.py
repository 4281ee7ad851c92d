"""A chat message becomes a ParsedMessage: the words as typed. No headers, no quotes, no MIME.

Whoever wrote it is the channel's own name of the chat (`ChatMessage.sender`); a name that the channel shows is a claim.
"""

from __future__ import annotations

import hashlib

from cases.messages import Attachment, ChatMessage, ParsedMessage, RawInbound, chat_message
from intake.email.headers import clean

MAX_WORDS = 20_000  # characters; a longer paste is cut, and said to be
MAX_FILES = 20


def normalise_chat(message: RawInbound) -> ParsedMessage:
    """Raises InputError `unreadable` for bytes that hold no chat message."""
    return plain_message(chat_message(message.raw))


def plain_message(chat: ChatMessage) -> ParsedMessage:
    cleaned = clean(chat.text)
    flags = {"truncated"} if len(cleaned) > MAX_WORDS else set()
    cleaned = cleaned[:MAX_WORDS].strip()
    files = tuple(Attachment(clean(f.name)[:200], f.media_type[:100], f.size) for f in chat.files[:MAX_FILES])
    if not cleaned:
        flags.add("attachment_only" if files else "empty")
    return ParsedMessage(
        subject="", from_name=" ".join(clean(chat.name).split())[:200], from_address=chat.sender, reply_to="", to=(),
        message_id=chat.message_id, references=(), date_header=None, text=cleaned, own_words=cleaned, quoted="",
        attachments=files, machine=None, auto_suppressed=False, content_digest=_digest(chat), flags=frozenset(flags),
    )  # fmt: skip


def _digest(chat: ChatMessage) -> bytes:
    """The same message handed in twice is one; "ja" said twice is two, and so is an edit of it."""
    parts = (chat.sender, chat.message_id, chat.edits, chat.choice, chat.text, *(f.file_id for f in chat.files))
    return hashlib.sha256("\x00".join(parts).encode("utf-8", "replace")).digest()
