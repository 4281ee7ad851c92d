"""How far each chat channel may go: looking on, under supervision, on. Like the mail, and never further than the mail.

Codes and letters of a chat leave by mail: a chat that is on while its organisation's mail is not would promise what
does not come.
"""

from __future__ import annotations

from dataclasses import dataclass

from cases.audit import AuditTag
from cases.errors import InputError, RuleError
from cases.types import ChannelKind, ChannelMode
from storage.models import ChannelState, table
from storage.queries import standing
from storage.unit import Reads, Unit
from workflow.desk import Desk
from workflow.golive import hold

CHATS = tuple(kind for kind in ChannelKind if kind is not ChannelKind.EMAIL)
_FURTHER = (ChannelMode.WATCH, ChannelMode.SUPERVISED, ChannelMode.ON)


@dataclass(frozen=True, slots=True)
class ChatStanding:
    """Where one chat channel of one organisation stands."""

    organisation: str
    channel: ChannelKind
    mode: ChannelMode


def chats_of(reads: Reads, organisation: str) -> list[ChatStanding]:
    """The chats that were ever configured for this organisation."""
    found = ((kind, standing.state(reads, organisation, kind)) for kind in CHATS)
    return [ChatStanding(organisation, kind, ChannelMode(row.mode)) for kind, row in found if row is not None]


async def set_chat_mode(
    desk: Desk, actor: str, organisation: str, channel: ChannelKind, mode: ChannelMode, *, reason: str = ""
) -> None:
    """InputError `mail_first` when the organisation's mail does not go so far yet."""

    def write(unit: Unit) -> None:
        row = standing.state(unit, organisation, channel)
        if row is None or channel not in CHATS:
            raise RuleError("this chat is not configured")
        if _FURTHER.index(mode) > _FURTHER.index(standing.mode(unit, organisation, ChannelKind.EMAIL)):
            raise InputError("mail_first")
        rows = table(ChannelState)
        unit.execute(
            rows.update()
            .where(rows.c.id == row.id)
            .values(mode=mode.value, changed_at=unit.now, changed_by=actor, reason=reason.strip()[:500])
        )
        if mode is not ChannelMode.ON:
            hold(unit, organisation, channel)
        unit.record(
            AuditTag.MODE_CHANGED, organisation=organisation, actor=actor, channel=channel.value, before=row.mode,
            after=mode.value,
        )  # fmt: skip

    await desk.store.write(write)
