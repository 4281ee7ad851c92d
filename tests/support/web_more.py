"""What staff pages show once a desk is in full use: kept records, breaches, keepers' tasks, values of others."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from cases.erasure import CLAIM_LAW, CONTRACT_LAW
from cases.others import Other, OtherKind, Spot, to_plain
from cases.protocols import FieldInfo, Identifier, Keeper, SourceInfo, SourceRole, TableInfo
from cases.types import Fate, Label, RequestState, WorkKind
from handlers.base import Line
from handlers.process_letters import BreachFacts
from storage.models import Draft, LedgerEntry, Mandate, Suspension, table
from storage.queries.request_facts import request_facts
from storage.queries.suppression import suppressed_digest
from storage.queries.writing import open_work
from storage.unit import Unit
from tests.support.fake_source import FakeSource
from tests.support.web_rows import NOW, add_request
from workflow import breach, breach_letter, kept, tasks
from workflow.breach_letter import People
from workflow.ledger import write_ledger
from workflow.suppression import suppress

if TYPE_CHECKING:
    from tests.support.web_world import World

TASK_TOKEN = "taak-geheim-anna"
FORMER = "oud@klant.example"
BINDERS = SourceInfo(
    "map", "Papieren dossiers",
    (
        TableInfo(
            "dossier", "Dossier", SourceRole.CONTROLLER,
            (FieldInfo("soort", "Wat het is", "correspondence"), FieldInfo("datum", "Datum", "correspondence")),
        ),
    ),
    by_hand=True,
    keeper=Keeper("anja@kantoor.example", steps={"find": ("Pak de map van de klant.", "Schrijf op wat erin zit.")}),
)  # fmt: skip
TAX = "artikel 52 lid 4 AWR"
ERASED = Line("crm", "customers", "[7]", Fate.ERASE, "contact")
ENDED = (
    Line("books", "invoices", "F2019-0007", Fate.KEEP, "invoices", law=TAX, ends_on=date(2026, 10, 31)),
    Line("books", "invoices", "F2019-0011", Fate.KEEP, "invoices", law=TAX, ends_on=date(2026, 10, 31)),
    Line("crm", "customers", "[12]", Fate.KEEP, "contact", law=CLAIM_LAW, ends_on=date(2026, 11, 1)),
)  # fmt: skip
LASTING = Line("crm", "customers", "[31]", Fate.KEEP, "contact", law=CONTRACT_LAW)
NOTE = ("crm", "notes", "note", "Klantenbestand, Notities, Notitie")
OTHERS = (
    Other(
        "a1", OtherKind.EMAIL, "buur@thuis.example", True, 4,
        (Spot(*NOTE, 2, "Buurvrouw wil meelezen: ", ", elke week"), Spot(*NOTE, 5, "zelfde adres, ", "")),
    ),
    Other("a2", OtherKind.NAME, "mevrouw Bakkerman", False, 1, (Spot(*NOTE, 2, "Gesproken met ", " over geld"),)),
    Other("a3", OtherKind.UNREAD, "", False, 1, (Spot(*NOTE, 9, "Verslag van ", ""),)),
)  # fmt: skip
FACTS = BreachFacts(
    date(2026, 11, 20), "Een lijst met klanten ging naar een verkeerd adres.", "Namen en e-mailadressen.",
    "Iemand kan u mail sturen die op die van ons lijkt.", "De ontvanger heeft de lijst gewist.",
    "Klik niet op links in mail die u niet verwacht.",
)  # fmt: skip


async def add_more(made: World) -> None:
    """Anna's case gets everything a case can have, the registers get lines. Colleagues are there already."""
    sources = made.desk.organisation("whatnext").sources
    assert isinstance(sources, dict)
    sources["map"] = FakeSource("map", info=BINDERS)
    made.store.write_here(lambda unit: _case(unit, made))
    made.store.write_here(lambda unit: _kept(unit, made))
    made.clock.advance(seconds=1)
    await kept.sweep(made.desk)
    made.store.write_here(lambda unit: _came_back(unit, made))
    await _breaches(made)


def _case(unit: Unit, made: World) -> None:
    received = NOW - timedelta(days=26)
    add_request(unit, made, "anna", Label.VERWIJDERING, RequestState.AWAITING_APPROVAL, received)
    unit.flush()
    facts = request_facts(unit, made.ids["anna.inzage"])
    assert facts is not None
    who = (Identifier("email", facts.address, proven=True),)
    tasks.open_find(unit, made.desk, facts, "map", who, tasks.TaskMail(TASK_TOKEN, facts.told_on, None))
    sealer = unit.keys.data(unit, made.ids["anna.key"])
    row = unit.one(table(Draft).select().where(table(Draft).c.id == made.ids["anna.draft"]))
    assert row is not None
    context = f"draft.others:{row.id}"
    unit.change(Draft, row.id, others=unit.keys.data(unit, row.data_key_id).seal_json(to_plain(OTHERS), context))
    unit.add(
        Suspension, id=unit.new_id(), organisation_id="whatnext", request_id=facts.id, reason="specify", at=unit.now,
        asked_on=received.date(), by="program",
    )  # fmt: skip
    mandate = unit.new_id()
    unit.add(
        Mandate, id=mandate, organisation_id="whatnext", case_id=facts.case_id, kind="representative", at=unit.now,
        data_key_id=made.ids["anna.key"], scope=sealer.seal_text("", f"mandate.scope:{mandate}"),
    )  # fmt: skip


def _kept(unit: Unit, made: World) -> None:
    facts = request_facts(unit, made.ids["bram.verwijdering"])
    assert facts is not None
    write_ledger(unit, facts, (ERASED, *ENDED, LASTING))
    unit.flush()
    rows = table(LedgerEntry)
    unit.execute(rows.update().where(rows.c.law == CONTRACT_LAW).values(recorded_at=NOW - timedelta(days=400)))
    erased = unit.one(rows.select().where(rows.c.fate == Fate.ERASE.value))
    assert erased is not None
    open_work(
        unit, WorkKind.ERASE_AGAIN, "whatnext", same="whatnext:crm", detail=f"crm,{facts.case_number}",
        due_on=date(2026, 11, 23),
        facts={"source": "crm", "number": facts.case_number, "lines": {erased.id: "stranger"}},
    )  # fmt: skip


def _came_back(unit: Unit, made: World) -> None:
    facts = request_facts(unit, made.ids["bram.verwijdering"])
    assert facts is not None
    suppress(unit, facts, ["email", "post", "phone"], also=[FORMER], erased=True)
    unit.flush()
    open_work(
        unit, WorkKind.RETURNED, "whatnext", same="whatnext:crm:oud", detail=f"crm,{facts.case_number}",
        due_on=date(2026, 11, 23),
        facts={"mark": suppressed_digest(unit, "whatnext", FORMER), "source": "crm", "tables": {"customers": 2}},
    )  # fmt: skip


async def _breaches(made: World) -> None:
    what = "Een lijst met klanten ging naar een verkeerd adres."
    for hours in (5, 80):
        known_at = made.clock.now() - timedelta(hours=hours)
        made.ids["breach"] = await breach.report(made.desk, made.ids["sanne"], "whatnext", known_at, what)
    people = People(("trijn@thuis.example", "sjoerd@thuis.example"), (4,))
    await breach_letter.keep(made.desk, made.ids["sanne"], made.ids["breach"], FACTS, people, requester=False)
