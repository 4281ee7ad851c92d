"""Chat: how a conversation is found again, how staff are reached there, how far a channel was read."""

from __future__ import annotations

from storage.models.base import (
    SQLModel,
    datetime,
    key,
    maybe_moment,
    maybe_sealed,
    maybe_text,
    moment,
    refers,
    text,
)  # fmt: skip


class ChatSession(SQLModel, table=True):
    """A web chat: the secret in the visitor's browser, and what it may do. Survives a reload and a restart."""

    __tablename__ = "chat_session"
    id: str = key()  # the sender of its messages
    organisation_id: str = refers("organisation.id")
    token_digest: str = text(unique=True)
    vouched: bytes | None = maybe_sealed()  # JSON, with the root key: what the organisation's own portal signed
    vouched_until: datetime | None = maybe_moment()
    network_index: str = text(index=True)  # the visitor's network, keyed; for limits only
    created_at: datetime = moment()
    last_seen_at: datetime = moment()
    expires_at: datetime = moment()


class StaffChat(SQLModel, table=True):
    """A staff member's (or a team's) chat, linked with a one-time code from the console."""

    __tablename__ = "staff_chat"
    id: str = key()
    staff_id: str = refers("staff.id")
    channel: str = text()
    account: str = text()  # the bot
    chat_id: bytes | None = maybe_sealed()  # with the root key; None until linked
    chat_index: str | None = maybe_text(index=True)
    user_index: str | None = maybe_text(index=True)  # whose button counts, in a group too
    code_digest: str = text("")
    code_until: datetime | None = maybe_moment()
    linked_at: datetime | None = maybe_moment()
    created_at: datetime = moment()


class StaffButton(SQLModel, table=True):
    """A button in a staff chat: what it would do and to which bytes. An old one can not approve a changed draft."""

    __tablename__ = "staff_button"
    id: str = key()  # stands in the button
    staff_chat_id: str = refers("staff_chat.id")
    organisation_id: str = refers("organisation.id")
    request_id: str = refers("request.id")
    draft_id: str | None = maybe_text()
    package_digest: str = text("")
    act: str = text()  # take | approve | refuse
    asked_again_at: datetime | None = maybe_moment()  # "weet u het zeker?" for what can not be undone
    created_at: datetime = moment()
    used_at: datetime | None = maybe_moment()


class DraftView(SQLModel, table=True):
    """Somebody opened this package in the console; only then a button elsewhere may approve it."""

    __tablename__ = "draft_view"
    id: str = key()
    draft_id: str = refers("draft.id")
    staff_id: str = refers("staff.id", index=False)
    package_digest: str = text()
    at: datetime = moment()


class ChannelCursor(SQLModel, table=True):
    """How far a channel was read: the next update_id of a bot, the moment up to which a poll looked."""

    __tablename__ = "channel_cursor"
    id: str = key()  # channel and account
    organisation_id: str = refers("organisation.id")
    position: str = text()
    updated_at: datetime = moment()
