"""A chat without a network: what people type goes through the one door, what the desk says is recorded."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from cases.errors import LoketError
from cases.guard import outside_unit
from cases.messages import ChatFile, ChatMessage, RawInbound
from cases.protocols import Accepted, Outgoing, SentProof
from cases.types import ChannelKind, ChannelMode, Custody
from storage.models import ChannelState
from storage.unit import Unit
from tests.support.arrived import Mail
from tests.support.office import Office


@dataclass(slots=True)
class FakeChatSender:
    """Records what was said; `fails` is raised once, for the next message."""

    said: list[Outgoing] = field(default_factory=list)
    fails: LoketError | None = None

    async def send(self, message: Outgoing) -> SentProof:
        outside_unit("tests.chat")
        if self.fails is not None:
            error, self.fails = self.fails, None
            raise error
        self.said.append(message)
        return SentProof("ok")

    async def close(self) -> None:
        """Nothing to let go of."""


@dataclass(slots=True)
class ChatDesk:
    """An office with one chat channel that is switched on."""

    office: Office
    sender: FakeChatSender
    channel: ChannelKind
    account: str
    custody: Custody = Custody.HOST
    mails: list[Mail] = field(default_factory=list)  # that arrived while people talked
    _count: int = 0
    _seen: int = 0

    async def post(self, person: str, text: str, **fields: Any) -> Accepted:
        """Only stores."""
        self._count += 1
        external = fields.pop("external_id", None)
        peer = fields.pop("peer_ip", "")
        files: tuple[ChatFile, ...] = fields.pop("files", ())
        message = ChatMessage(person, text, fields.pop("message_id", str(self._count)), files=files, **fields)
        return await self.office.accept(
            RawInbound(
                organisation=self.office.organisation, channel=self.channel, account=self.account,
                raw=message.to_raw(), received_at=self.office.clock.now(), custody=self.custody,
                external_id=external or f"{person}:{message.message_id}", peer_ip=peer,
            )
        )  # fmt: skip

    async def work(self) -> list[Outgoing]:
        """The desk works; gives what it said in the chat."""
        self.mails.extend(await self.office.work())
        fresh, self._seen = self.sender.said[self._seen :], len(self.sender.said)
        return fresh

    async def say(self, person: str, text: str, **fields: Any) -> list[Outgoing]:
        await self.post(person, text, **fields)
        return await self.work()

    async def line(self, person: str, text: str, **fields: Any) -> Outgoing:
        (said,) = await self.say(person, text, **fields)
        return said

    @property
    def code(self) -> str:
        """Of the newest mail with one."""
        return next(mail.code for mail in reversed(self.mails) if mail.has_code)


def open_chat(
    office: Office, channel: ChannelKind = ChannelKind.WEB, *, account: str = "", mode: ChannelMode = ChannelMode.ON,
    custody: Custody = Custody.HOST,
) -> ChatDesk:  # fmt: skip
    """Switches a chat channel on in this office, with a sender that only records."""
    account, sender = account or f"{channel.value}:{office.organisation}", FakeChatSender()
    office.desk = office.desk.with_sender(account, sender)

    def switch_on(unit: Unit) -> None:
        unit.add(
            ChannelState, id=f"{office.organisation}:{channel}", organisation_id=office.organisation,
            channel=channel.value, mode=mode.value, changed_at=unit.now,
        )  # fmt: skip

    office.store.write_here(switch_on)
    return ChatDesk(office, sender, channel, account, custody)
