"""A shared mailbox that only remembers what it was asked to do (`cases.protocols.MailboxActs`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from cases.errors import Temporary
from cases.protocols import Acted, ActKind, ActOutcome, MailboxAct


@dataclass
class KeptMailbox:
    done: list[MailboxAct] = field(default_factory=list)
    away: bool = False  # the server can not be reached

    async def perform(self, acts: Sequence[MailboxAct]) -> list[Acted]:
        if self.away:
            raise Temporary("the server did not answer in time")
        self.done += acts
        return [Acted(ActOutcome.DONE) for _ in acts]

    def touched(self) -> list[MailboxAct]:
        """What was done to mail that others sent; copies of our own aside."""
        return [act for act in self.done if act.kind is not ActKind.KEEP_SENT]

    def kinds(self) -> list[str]:
        return [f"{act.kind}{'+stays' if act.stays else ''}" for act in self.touched()]
