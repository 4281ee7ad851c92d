"""The seeded cases: real letters through the real steps, on a clock that stands in the past and is moved forward.

At least one request in every state, one near its date, one past it, one with a source that failed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from bot.config import Settings
from bot.demo.clock import DemoClock
from bot.demo.colleagues import add_colleagues
from bot.demo.face import compose, read_tray
from bot.demo.known import Role, known
from bot.demo.letters import Letter
from bot.run import warm_reader
from bot.wiring import build_desk, close, make_accept, open_store, prepare_organisations
from cases.context import Context
from cases.messages import RawInbound
from cases.protocols import Accept
from cases.types import ChannelKind, Custody, DraftStatus, Label, RefusalGround
from storage.models import Draft, Request, table
from storage.unit import Reads
from workflow import approval, deadlines, lookup, outbox, prepare, process
from workflow.desk import Desk

_CODE = re.compile(r"^ {4}(\d{6})\s*$", re.MULTILINE)


@dataclass(slots=True)
class _Play:
    """The stage: desk, clock, tray and the two colleagues."""

    desk: Desk
    accept: Accept
    clock: DemoClock
    tray: Path
    staff: tuple[str, ...]

    async def write(self, letter: Letter, *, to: str = "") -> None:
        mailbox = self.desk.organisation(letter.organisation).mailbox
        message = compose(letter, to or mailbox, self.clock.now())
        await self.accept(
            RawInbound(
                organisation=letter.organisation, channel=ChannelKind.EMAIL, account=mailbox,
                raw=message.as_bytes(), received_at=self.clock.now(), custody=Custody.HOST,
                message_id=str(message["Message-ID"]), envelope_from=letter.address, envelope_to=(to or mailbox,),
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

    async def prove(self, letter: Letter) -> None:
        """Answers the code mail with its code, as the customer would."""
        mail = next(m for m in read_tray(self.tray, 200) if letter.address in m.to and _CODE.search(m.text))
        found = _CODE.search(mail.text)
        assert found is not None
        reply = Letter("", "", "", letter.organisation, letter.name, letter.address, "Re: code", found.group(1))
        await self.write(reply)

    async def approve(self, organisation: str, label: Label) -> None:
        """Both colleagues look at the newest open draft of this kind, then it leaves."""
        for staff_id in self.staff:
            drafts = await self.desk.store.read(lambda reads: _open_drafts(reads, organisation, label))
            if not drafts:
                break
            draft_id, digest = drafts[0]
            await approval.approve(self.desk, staff_id, draft_id, digest, {}, totp_fresh=False)
        self.clock.set(self.clock.now() + timedelta(minutes=2))
        await self.work()


def _open_drafts(reads: Reads, organisation: str, label: Label) -> Sequence[tuple[str, str]]:
    drafts, requests = table(Draft), table(Request)
    states = [DraftStatus.OPEN.value, DraftStatus.SECOND_PERSON.value]
    rows = reads.rows(
        select(drafts.c.id, drafts.c.package_digest)
        .join(requests, requests.c.id == drafts.c.request_id)
        .where(drafts.c.organisation_id == organisation, drafts.c.status.in_(states), requests.c.label == label.value)
        .order_by(drafts.c.created_at.desc())
    )
    return [(row.id, row.package_digest) for row in rows]


async def seed(settings: Settings, clock: DemoClock, customers: Path) -> None:
    """Plays the last six weeks, then puts the clock back to now."""
    assert settings.tray is not None
    store = open_store(settings, Context(clock=clock.now))
    store.write_here(lambda unit: prepare_organisations(unit, settings))
    cpu = ThreadPoolExecutor(2)
    desk = build_desk(settings, store, warm_reader(settings, cpu), cpu=cpu, demo=True)
    play = _Play(desk, make_accept(desk), clock, settings.tray, await add_colleagues(desk))
    start = datetime.now(UTC)
    try:
        for days_ago, scene in sorted(_SCENES, key=lambda found: -found[0]):
            clock.set(start - timedelta(days=days_ago))
            await scene(play, customers)
            await deadlines.sweep(desk)
        clock.real_time()
        await deadlines.sweep(desk)
        await play.work()
    finally:
        await close(desk)


def _letter(organisation: str, role: Role, subject: str, text: str) -> Letter:
    person = known(organisation, role)
    return Letter(
        "", "", "", organisation, person.name, person.writes_from, subject, f"{text}\n\nGroet,\n{person.name}"
    )


async def _late(play: _Play, _customers: Path) -> None:
    """Nobody decided: past its date by now."""
    letter = _letter("weservit", Role.CURRENT, "Inzage", "Graag ontvang ik een overzicht van alle persoonsgegevens die u "
                     "van mij heeft. Dat is mijn recht volgens de AVG.")  # fmt: skip
    await play.write(letter)
    await play.prove(letter)


async def _near(play: _Play, _customers: Path) -> None:
    letter = _letter("whatnext", Role.NO_INVOICES, "mijn gegevens", "Ik wil graag inzage in mijn persoonsgegevens. Wat "
                     "hebben jullie allemaal over mij opgeslagen?")  # fmt: skip
    await play.write(letter)
    await play.prove(letter)


async def _answered(play: _Play, _customers: Path) -> None:
    letter = _letter("whatnext", Role.FIRM, "Inzageverzoek", "Kunnen jullie mij een kopie sturen van alle gegevens die "
                     "jullie over mij bewaren?")  # fmt: skip
    await play.write(letter)
    await play.prove(letter)
    await play.approve("whatnext", Label.INZAGE)


async def _refused(play: _Play, _customers: Path) -> None:
    """Two colleagues refuse an erasure: an invoice is open."""
    letter = _letter(
        "winkeltjes", Role.UNPAID, "gegevens wissen", "Ik wil dat jullie al mijn persoonsgegevens verwijderen."
    )
    await play.write(letter)
    await play.prove(letter)
    request = await play.desk.store.read(lambda reads: _request(reads, "winkeltjes", Label.VERWIJDERING))
    facts = {
        "claim": "de factuur van vorige maand die nog niet is betaald",
        "what_kept": "uw naam, adres en deze factuur".replace("uw", "je"),
        "review_on": "1 maart",
    }
    text = "Je staat niet meer op onze lijsten voor reclame. Is de factuur betaald, schrijf ons dan opnieuw."
    await approval.refuse(play.desk, play.staff[0], request, RefusalGround.LEGAL_CLAIM, facts, text)
    drafts = await play.desk.store.read(lambda reads: _open_drafts(reads, "winkeltjes", Label.VERWIJDERING))
    await approval.approve(play.desk, play.staff[1], drafts[0][0], drafts[0][1], {}, totp_fresh=False)
    play.clock.set(play.clock.now() + timedelta(minutes=2))
    await play.work()


async def _second_person(play: _Play, _customers: Path) -> None:
    """One colleague refused, the second has not looked yet."""
    letter = _letter(
        "webanizr", Role.UNPAID, "verwijderen", "Verwijder alle gegevens die jullie van mij hebben alsjeblieft."
    )
    await play.write(letter)
    await play.prove(letter)
    request = await play.desk.store.read(lambda reads: _request(reads, "webanizr", Label.VERWIJDERING))
    facts = {
        "claim": "een factuur die nog open staat",
        "what_kept": "je naam, je adres en de factuur",
        "review_on": "1 april",
    }
    await approval.refuse(
        play.desk, play.staff[0], request, RefusalGround.LEGAL_CLAIM, facts, "Je nieuwsbrief stoppen we meteen."
    )


def _request(reads: Reads, organisation: str, label: Label) -> str:
    rows = table(Request)
    return str(
        reads.value(
            select(rows.c.id)
            .where(rows.c.organisation_id == organisation, rows.c.label == label.value)
            .order_by(rows.c.received_at.desc())
            .limit(1)
        )
    )


async def _withdrawn(play: _Play, _customers: Path) -> None:
    letter = _letter(
        "nexxt", Role.NO_INVOICES, "Inzage", "Graag ontvang ik inzage in de persoonsgegevens die u van mij heeft."
    )
    await play.write(letter)
    mail = next(m for m in read_tray(play.tray, 200) if letter.address in m.to)
    await play.prove(letter)
    drop = Letter("", "", "", "nexxt", letter.name, letter.address, "Re: inzage", "Laat maar, ik trek mijn verzoek in.")
    await play.write(drop, to=mail.reply_to)


async def _identifying(play: _Play, _customers: Path) -> None:
    await play.write(_letter("nexxt", Role.FORMER, "Welke gegevens", "Ik wil graag weten welke persoonsgegevens u van mij "
                             "verwerkt, op grond van artikel 15 van de AVG."))  # fmt: skip


async def _failed_source(play: _Play, customers: Path) -> None:
    """One system does not answer while it is asked three times; it works again afterwards."""
    database, away = customers / "webanizr-mailing.db", customers / "webanizr-mailing.weg"
    letter = _letter(
        "webanizr", Role.FORMER, "inzage", "Welke persoonsgegevens hebben jullie van mij? Ik wil ze graag inzien."
    )
    await play.write(letter)
    database.rename(away)
    try:
        await play.prove(letter)
        for _ in range(3):
            play.clock.set(play.clock.now() + timedelta(minutes=6))
            await play.work()
    finally:
        away.rename(database)


async def _unknown(play: _Play, _customers: Path) -> None:
    letter = Letter("", "", "", "winkeltjes", "Bram Nietbekend", "bram@nietbekend.example", "Inzage",
                    "Hallo, ik wil graag inzage in alle persoonsgegevens die jullie van mij hebben. Groet, Bram")  # fmt: skip
    await play.write(letter)
    await play.prove(letter)


async def _doubtful(play: _Play, _customers: Path) -> None:
    await play.write(Letter("", "", "", "weservit", "Ans Twijfelaarsma", "ans@post.example", "privacy?",
                            "Ik maak me zorgen over mijn privacy bij jullie, wat moet ik nu doen?"))  # fmt: skip


async def _preparing(play: _Play, _customers: Path) -> None:
    """Just proven, so that a visitor sees one being worked on."""
    await play.write(_letter("whatnext", Role.UNPAID, "inzage", "Stuur mij graag een overzicht van alle persoonsgegevens die "
                             "jullie over mij hebben."))  # fmt: skip


_SCENES = (
    (41.0, _late),
    (36.0, _answered),
    (33.0, _refused),
    (27.5, _near),
    (20.0, _withdrawn),
    (15.0, _identifying),
    (9.0, _second_person),
    (6.0, _failed_source),
    (3.0, _unknown),
    (2.0, _doubtful),
    (0.5, _preparing),
)
