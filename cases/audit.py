"""The acts that the audit log knows, one closed list. Facts beside a tag hold ids, counts and states only."""

from __future__ import annotations

from enum import StrEnum


class AuditTag(StrEnum):
    MESSAGE_RECEIVED = "message.received"
    MESSAGE_JUDGED = "message.judged"
    MESSAGE_QUARANTINED = "message.quarantined"
    MESSAGE_TRIAGED = "message.triaged"
    COPY_ERASED = "copy.erased"
    CASE_OPENED = "case.opened"
    CASE_CLOSED = "case.closed"
    REQUEST_OPENED = "request.opened"
    REQUEST_MOVED = "request.moved"
    DEADLINE_FIRED = "deadline.fired"
    CODE_SENT = "code.sent"
    CODE_ACCEPTED = "code.accepted"
    CODE_REFUSED = "code.refused"
    CODE_LOCKED = "code.locked"
    IDENTITY_CONFIRMED = "identity.confirmed"
    CONVERSATION_FROZEN = "conversation.frozen"
    HUMAN_ASKED = "human.asked"
    HUMAN_HANDED_BACK = "human.handed_back"
    SOURCES_ASKED = "sources.asked"
    DRAFT_MADE = "draft.made"
    DRAFT_EDITED = "draft.edited"
    DRAFT_APPROVED = "draft.approved"
    DRAFT_HANDED_BACK = "draft.handed_back"
    LETTER_QUEUED = "letter.queued"
    MAIL_QUEUED = "mail.queued"
    MAIL_HELD = "mail.held"
    MAIL_SENT = "mail.sent"
    MAIL_FAILED = "mail.failed"
    MAIL_UNCERTAIN = "mail.uncertain"
    MAIL_CANCELLED = "mail.cancelled"
    EXPORT_MADE = "export.made"
    EXPORT_OPENED = "export.opened"
    EXPORT_PURGED = "export.purged"
    LINK_MADE = "link.made"
    WORK_OPENED = "work.opened"
    WORK_CLOSED = "work.closed"
    STAFF_ADDED = "staff.added"
    STAFF_CHANGED = "staff.changed"
    STAFF_LOGIN = "staff.login"
    STAFF_LOGIN_FAILED = "staff.login_failed"
    CASE_VIEWED = "case.viewed"
    CHANNEL_CHANGED = "channel.changed"
    MODE_CHANGED = "mode.changed"
    OUTGOING_STOPPED = "outgoing.stopped"
    OUTGOING_RESUMED = "outgoing.resumed"
    MAIL_RELEASED = "mail.released"
    SENDER_MARKED = "sender.marked"
    KEY_ROTATED = "key.rotated"


PROGRAM = "program"


def staff_actor(staff_id: str) -> str:
    return f"staff:{staff_id}"


def requester_actor(conversation_id: str) -> str:
    return f"requester:{conversation_id}"
