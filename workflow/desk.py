"""What every workflow step is handed: the store, the rules per organisation, and the ways out.

Built once by `bot/wiring`. A step is a plain async function whose first argument is the desk.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from cases.messages import ParsedMessage, RawInbound
from cases.policy import Policy
from cases.protocols import Authenticate, DataSource, MailboxActs, Normalise, Reader, Sender, Threads
from cases.types import Form
from handlers.wording import Texts
from storage.seal import blind
from storage.unit import Store

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class OrganisationDesk:
    """One organisation, as configured."""

    key: str
    policy: Policy
    mailbox: str  # the address that letters come from, e.g. info@whatnext.example
    texts: Mapping[Form, Texts]
    sources: Mapping[str, DataSource]
    forward_to: str = ""  # host custody: where mail that is no request goes; empty: listed for staff
    list_other_mail: bool = True
    plus_addresses: bool = True  # replies come back to an address with a secret of ours
    colleagues: frozenset[str] = frozenset()  # mail domains whose people work here: what they forward is a customer's

    @property
    def by_hand(self) -> frozenset[str]:
        """Systems that a person looks into (`workflow/tasks`)."""
        return frozenset(name for name, source in self.sources.items() if source.describe().by_hand)

    @property
    def system_names(self) -> dict[str, str]:
        """Source → what people call it."""
        return {name: source.describe().label for name, source in self.sources.items()}


@dataclass(frozen=True, slots=True)
class Limits:
    """Numbers that an operator may change; the defaults are those of docs/decisions."""

    mails_per_sender_day: int = 3
    mails_per_case_kind: int = 1  # a mail that opens requests is not counted; codes have limits of their own
    mails_per_organisation_hour: int = 30
    chat_lines_day: int = 200  # in one chat; then it is silent and a person looks
    undo: timedelta = timedelta(seconds=30)
    cooling: timedelta = timedelta(hours=24)  # before the same person may be the second
    batch: int = 32  # messages understood in one step
    send_batch: int = 16  # mails claimed in one step: a crash leaves at most these in doubt
    send_retries: tuple[timedelta, ...] = (
        timedelta(minutes=1),
        timedelta(minutes=5),
        timedelta(minutes=15),
        timedelta(minutes=60),
    )
    send_hourly_until: timedelta = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Wake:
    """Wakes the next worker of this process; a tick within a second catches what was missed."""

    inbound: asyncio.Event = field(default_factory=asyncio.Event)
    requests: asyncio.Event = field(default_factory=asyncio.Event)
    outbox: asyncio.Event = field(default_factory=asyncio.Event)
    mailbox: asyncio.Event = field(default_factory=asyncio.Event)
    actions: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True, slots=True)
class Desk:
    store: Store
    organisations: Mapping[str, OrganisationDesk]
    reader: Callable[[], Reader]  # waits in the worker's thread until the model is warm
    normalise: Normalise
    senders: Mapping[str, Sender]  # by account; the outbox row names it
    threads: Threads
    base_url: str  # where the web face is reached, without a slash at the end
    instance: str  # name of this installation, in the loop header
    limits: Limits
    wake: Wake
    mailboxes: Mapping[str, MailboxActs]  # by account: the shared mailboxes (guest custody)
    authenticate: Authenticate | None  # None: senders are not checked
    cpu: Executor  # for reading, rendering and export; never the event loop
    demo: bool = False
    # Takes many messages apart in another process; None: `normalise` does, one by one.
    apart: Callable[[Sequence[RawInbound]], list[ParsedMessage | str]] | None = None

    def now(self) -> datetime:
        return self.store.context.clock()

    def index(self, organisation: str, kind: str, value: str) -> str:
        """The blind index of one normalised token."""
        return blind(self.store.keyring.organisation(organisation).index, kind, value)

    def organisation(self, key: str) -> OrganisationDesk:
        return self.organisations[key]

    async def in_thread(self, function: Callable[..., T], *arguments: Any) -> T:
        """CPU work beside the event loop."""
        return await asyncio.get_running_loop().run_in_executor(self.cpu, function, *arguments)

    def with_sender(self, account: str, sender: Sender) -> Desk:
        """The same desk with another way out of one mailbox."""
        return replace(self, senders={**self.senders, account: sender})
