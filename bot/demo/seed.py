"""The seeded cases: real letters through the real steps, on a clock that stands in the past and is moved forward.

At least one request in every state that can last, one near its date, one past it, one with a source that failed, one
letter of which nobody knows whether it arrived. The letters are in `letters.toml`.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from bot.config import Settings
from bot.demo.clock import DemoClock
from bot.demo.colleagues import add_colleagues
from bot.demo.face import compose, read_tray
from bot.demo.letters import Letter, seed_letters
from bot.run import warm_reader
from bot.wiring import build_desk, close, make_accept, open_store, prepare_organisations
from cases.context import Context
from cases.errors import Uncertain
from cases.messages import RawInbound
from cases.protocols import Accept, Outgoing, Sender, SentProof
from cases.types import ChannelKind, Custody, DraftStatus, RefusalGround
from storage.models import Draft, Request, table
from storage.unit import Reads
from workflow import approval, deadlines, drafting, lookup, outbox, prepare, process
from workflow.desk import Desk

_CODE = re.compile(r"^ {4}(\d{6})\s*$", re.MULTILINE)


class _BreakingSender:
    """A server that takes a letter and hangs up before it says so: the outcome is unknown."""

    def __init__(self, real: Sender) -> None:
        self.real, self.broken = real, False

    async def send(self, message: Outgoing) -> SentProof:
        proof = await self.real.send(message)
        if self.broken and not message.automatic:
            raise Uncertain("de verbinding brak nadat het bericht was aangeboden")
        return proof

    async def close(self) -> None:
        await self.real.close()


@dataclass(slots=True)
class _Play:
    """The stage: desk, clock, tray, the two colleagues and their letters."""

    desk: Desk
    accept: Accept
    clock: DemoClock
    tray: Path
    customers: Path
    staff: tuple[str, ...]
    letters: Mapping[str, Letter]
    sender: _BreakingSender

    async def write(self, letter: Letter, *, to: str = "") -> None:
        mailbox = self.desk.organisation(letter.organisation).mailbox
        message = compose(letter, to or mailbox, self.clock.now())
        await self.accept(
            RawInbound(
                organisation=letter.organisation, channel=ChannelKind.EMAIL, account=mailbox, raw=message.as_bytes(),
                received_at=self.clock.now(), custody=Custody.HOST, message_id=str(message["Message-ID"]),
                envelope_from=letter.address, envelope_to=(to or mailbox,),
            )
        )  # fmt: skip
        await self.work()

    async def work(self) -> None:
        """Every step until nothing is left to do now."""
        while True:
            done = await process.run_once(self.desk) + await lookup.run_once(self.desk)
            done += await prepare.run_once(self.desk) + await outbox.run_once(self.desk)
            if not done:
                return

    async def later(self, **time: float) -> None:
        self.clock.set(self.clock.now() + timedelta(**time))
        await self.work()

    async def answer(self, letter: Letter, text: str) -> None:
        """Answers the newest mail of the desk to this person, as a mail program does: to its reply address."""
        mail = next(mail for mail in read_tray(self.tray, 500) if letter.address in mail.to)
        reply = Letter(letter.organisation, letter.name, letter.address, f"Re: {mail.subject}", text)
        await self.write(reply, to=mail.reply_to)

    async def proven(self, key: str) -> Letter:
        """Writes a seed letter and sends its code back."""
        letter = self.letters[key]
        await self.write(letter)
        mail = next(mail for mail in read_tray(self.tray, 500) if letter.address in mail.to and _CODE.search(mail.text))
        found = _CODE.search(mail.text)
        assert found is not None
        await self.answer(letter, found.group(1))
        return letter

    async def request(self, letter: Letter) -> str:
        """The newest request at the organisation this letter went to."""
        return await self.desk.store.read(lambda reads: _newest(reads, letter.organisation))

    async def approve(self, letter: Letter) -> None:
        """Colleagues look at the open draft until it is approved, then it leaves."""
        for staff_id in reversed(self.staff):  # the first one writes refusals, so the other looks first
            drafts = await self.desk.store.read(lambda reads: _open_drafts(reads, letter.organisation))
            if drafts:
                await approval.approve(self.desk, staff_id, *drafts[0], {}, totp_fresh=False)
        await self.later(minutes=2)


def _newest(reads: Reads, organisation: str) -> str:
    rows = table(Request)
    query = select(rows.c.id).where(rows.c.organisation_id == organisation).order_by(rows.c.received_at.desc()).limit(1)
    return str(reads.value(query))


def _open_drafts(reads: Reads, organisation: str) -> Sequence[tuple[str, str]]:
    drafts = table(Draft)
    states = [DraftStatus.OPEN.value, DraftStatus.SECOND_PERSON.value]
    rows = reads.rows(
        select(drafts.c.id, drafts.c.package_digest)
        .where(drafts.c.organisation_id == organisation, drafts.c.status.in_(states))
        .where(drafts.c.request_id == _newest(reads, organisation))
        .order_by(drafts.c.created_at.desc())
    )
    return [(row.id, row.package_digest) for row in rows]


async def seed(settings: Settings, clock: DemoClock, customers: Path) -> None:
    """Plays the last two months, then puts the clock back to now."""
    assert settings.tray is not None
    store = open_store(settings, Context(clock=clock.now))
    store.write_here(lambda unit: prepare_organisations(unit, settings))
    cpu = ThreadPoolExecutor(2)
    reader = warm_reader(settings)
    desk = build_desk(settings, store, reader, cpu=cpu, demo=True)
    letters = seed_letters()
    mailbox = desk.organisation(letters["uncertain"].organisation).mailbox
    sender = _BreakingSender(desk.senders[mailbox])
    desk = desk.with_sender(mailbox, sender)
    staff = await add_colleagues(desk)
    play = _Play(desk, make_accept(desk), clock, settings.tray, customers, staff, letters, sender)
    start = datetime.now(UTC)
    try:
        for days_ago, scene in _SCENES:
            clock.set(start - timedelta(days=days_ago))
            await scene(play)
            await deadlines.sweep(desk)
            await play.work()
        clock.real_time()
        await deadlines.sweep(desk)
        await play.work()
    finally:
        reader.close()
        await close(desk)


async def _expired(play: _Play) -> None:
    """No proof of identity ever came: two colleagues close it by letter, with reasons."""
    letter = play.letters["expired"]
    await play.write(letter)
    await play.later(days=31)
    facts = {
        "asked_on": "de dag van uw verzoek, en nog eens twee weken later",
        "what_asked": "een code die wij naar uw e-mailadres stuurden",
        "how_to_complete": "ons opnieuw te schrijven en de code terug te sturen",
    }
    text = "Schrijft u ons opnieuw, dan pakken wij uw verzoek meteen weer op."
    ground = RefusalGround.IDENTITY_NOT_PROVEN
    await drafting.refuse(play.desk, play.staff[0], await play.request(letter), ground, facts, text)
    await play.approve(letter)


async def _late(play: _Play) -> None:
    """Nobody decided: past its date by now."""
    await play.proven("late")


async def _answered(play: _Play) -> None:
    await play.approve(await play.proven("answered"))


async def _refused(play: _Play) -> None:
    """Two colleagues refuse an erasure: an invoice is open."""
    await _refuse(play, await play.proven("refused"))
    await play.approve(play.letters["refused"])


async def _second_person(play: _Play) -> None:
    """One colleague refused, the second has not looked yet."""
    await _refuse(play, await play.proven("second_person"))


async def _refuse(play: _Play, letter: Letter) -> None:
    facts = {
        "claim": "een factuur die nog niet is betaald",
        "amount": "€ 84,70",
        "what_kept": "je naam, je adres en deze factuur",
        "review_on": "1 maart",
    }
    text = "Je staat niet meer op onze lijsten voor reclame. Is de factuur betaald, schrijf ons dan opnieuw."
    ground = RefusalGround.LEGAL_CLAIM
    await drafting.refuse(play.desk, play.staff[0], await play.request(letter), ground, facts, text)


async def _near(play: _Play) -> None:
    await play.proven("near")


async def _transferred(play: _Play) -> None:
    """The data sit in a customer's shop: not ours to answer."""
    letter = play.letters["transferred"]
    await play.write(letter)
    await drafting.redirect(play.desk, play.staff[0], await play.request(letter))
    await play.approve(letter)


async def _withdrawn(play: _Play) -> None:
    letter = await play.proven("withdrawn")
    await play.answer(letter, "Laat maar, ik trek mijn verzoek in.")


async def _identifying(play: _Play) -> None:
    await play.write(play.letters["identifying"])


@contextmanager
def _one_system_down(play: _Play) -> Iterator[None]:
    database = play.customers / "webanizr-mailing.db"
    away = database.with_suffix(".weg")
    database.rename(away)
    try:
        yield
    finally:
        away.rename(database)


async def _failed_source(play: _Play) -> None:
    """One system does not answer while it is asked three times; it works again afterwards."""
    with _one_system_down(play):
        await play.proven("failed_source")
        for _ in range(3):
            await play.later(minutes=6)


async def _preparing(play: _Play) -> None:
    """Asked once in vain a moment ago: in the demo's first minute it waits, then it is asked again."""
    with _one_system_down(play):
        await play.proven("preparing")


async def _uncertain(play: _Play) -> None:
    """Approved and sent, but the line broke: a person finds out whether it arrived."""
    letter = await play.proven("uncertain")
    play.sender.broken = True
    await play.approve(letter)
    play.sender.broken = False


async def _unknown(play: _Play) -> None:
    await play.proven("unknown")


async def _simple(play: _Play, key: str) -> None:
    await play.write(play.letters[key])


async def _human(play: _Play) -> None:
    await _simple(play, "human")


async def _doubtful(play: _Play) -> None:
    await _simple(play, "doubtful")


async def _unpaid(play: _Play) -> None:
    await _simple(play, "unpaid")


Scene = Callable[[_Play], Awaitable[None]]
# Days ago, oldest first.
_SCENES: tuple[tuple[float, Scene], ...] = (
    (76.0, _expired),
    (41.0, _late),
    (36.0, _answered),
    (33.0, _refused),
    (27.5, _near),
    (24.0, _transferred),
    (20.0, _withdrawn),
    (15.0, _identifying),
    (9.0, _second_person),
    (6.0, _failed_source),
    (5.0, _uncertain),
    (4.0, _human),
    (3.0, _unknown),
    (2.0, _doubtful),
    (0.5, _unpaid),
    (0.0, _preparing),
)
