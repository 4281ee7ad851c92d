"""The console's buttons of a running request: choose, extend, suspend, call off, tasks, recipients, breaches."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from bot.demo.known import Role, known
from cases.types import WorkKind
from storage.models import Breach, Conversation, LedgerEntry, Outbox, RecipientNotice, SourceTask, Suspension, table
from tests.acceptance.words import ACCESS, ERASURE
from tests.support.office import Office, Shared, open_office, shared
from tests.support.web_client import csrf, sign_in
from workflow import accounts

__all__ = ["shared"]
FORMER = known("whatnext", Role.FORMER)
CURRENT = known("whatnext", Role.CURRENT)
PASSWORD = "zes losse woorden voor dit kantoor"


@pytest.fixture
async def office(tmp_path: Path, shared: Shared) -> AsyncIterator[Office]:
    async with open_office(tmp_path, shared, own_customers=True) as opened:
        yield opened


@asynccontextmanager
async def signed_in(office: Office) -> AsyncIterator[httpx.AsyncClient]:
    await accounts.set_password(office.desk, office.staff[0], PASSWORD)
    async with office.browser() as http:
        answer = await sign_in(http, "saskia", PASSWORD)
        assert answer.status_code == 303
        yield http


async def asks_for(office: Office, who: str, text: str) -> str:
    (receipt,) = await office.mail(who, "verzoek", text)
    await office.reply(receipt, receipt.code)
    return str(office.request().id)


async def press(http: httpx.AsyncClient, office: Office, address: str, **data: str) -> httpx.Response:
    page = await http.get(f"/bureau/zaak/{office.request().case_id}")
    assert page.status_code == 200
    return await http.post(address, data={**data, "csrf": csrf(page)})


async def test_more_time_is_a_letter_and_new_dates(office: Office) -> None:
    request_id = await asks_for(office, CURRENT.email, ACCESS + CURRENT.name)
    longer, told = f"/bureau/verzoek/{request_id}/verlengen", office.request().told_on
    async with signed_in(office) as http:
        lacking = await press(http, office, longer, reason="complexity", explanation="")
        assert lacking.status_code == 422
        done = await press(
            http, office, longer, reason="complexity",
            explanation="Uw gegevens staan in zeven oude systemen die wij een voor een moeten openen",
        )  # fmt: skip
        assert done.status_code == 303
        again = await press(http, office, longer, reason="number", explanation="nog eens")
        assert again.status_code == 422
    (letter,) = await office.advance(minutes=1)
    assert office.request().told_on > told + timedelta(days=50)
    assert "zeven oude systemen" in letter.text


async def test_after_the_first_month_only_apologies(office: Office) -> None:
    request_id = await asks_for(office, CURRENT.email, ACCESS + CURRENT.name)
    office.clock.advance(days=40)
    await office.advance(minutes=1)
    assert WorkKind.LATE in office.work_list()
    longer = f"/bureau/verzoek/{request_id}/verlengen"
    async with signed_in(office) as http:
        late = await press(http, office, longer, reason="complexity", explanation="druk")
        assert "excuses" in late.text and late.status_code == 422
        ready = (await http.get(f"/bureau/zaak/{office.request().case_id}")).text
        assert "de excuses staan klaar" in ready and 'value="2026-03-02"' in ready, "a fortnight, then a working day"
        assert "2 maart 2026" in ready and "excuses" in ready.partition("De brief, met deze datum")[2]
        day = (office.clock.now() + timedelta(days=7)).date().isoformat()
        sorry = await press(http, office, f"/bureau/verzoek/{request_id}/excuses", new_date=day)
        assert sorry.status_code == 303
    (letter, *_) = await office.advance(minutes=1)
    assert "verlengd" not in letter.text.lower()
    assert WorkKind.LATE not in office.work_list()


async def test_the_clock_stands_still_and_both_dates_stay(office: Office) -> None:
    request_id = await asks_for(office, CURRENT.email, ACCESS + CURRENT.name)
    before = office.request()
    asked = office.clock.now().date()
    async with signed_in(office) as http:
        stop = await press(
            http, office, f"/bureau/verzoek/{request_id}/opschorten", reason="specify", asked_on=asked.isoformat()
        )
        assert stop.status_code == 303
    office.clock.advance(days=10)
    async with signed_in(office) as http:  # a session does not last ten days
        answered = (asked + timedelta(days=10)).isoformat()
        go_on = await press(http, office, f"/bureau/verzoek/{request_id}/hervatten", answered_on=answered)
        assert go_on.status_code == 303
    (row,) = office.rows(Suspension)
    assert row.answered_on == asked + timedelta(days=10)
    now = office.request()
    assert now.told_on == before.told_on  # aim at the unsuspended date
    assert now.due_on >= before.due_on + timedelta(days=9)


async def test_an_erasure_is_called_off_and_recipients_are_settled(office: Office) -> None:
    request_id = await asks_for(office, FORMER.email, ERASURE + FORMER.name)
    await office.approve(0)
    await office.approve(1)
    async with signed_in(office) as http:
        page = await http.get(f"/bureau/zaak/{office.request().case_id}")
        assert "Houd het tegen" in page.text
        assert (await press(http, office, f"/bureau/verzoek/{request_id}/tegenhouden")).status_code == 303
        assert office.state() == "awaiting_approval"
    await office.advance(minutes=1)
    await office.approve(0)
    await office.approve(1)
    await office.advance(minutes=1)
    await office.advance(days=3)
    assert office.state() == "answered"
    async with signed_in(office) as http:
        assert office.rows(LedgerEntry)
        notices = office.rows(RecipientNotice)
        first, second = notices[:2]
        assert (await press(http, office, f"/bureau/ontvanger/{first.id}", act="verteld")).status_code == 303
        assert (await press(http, office, f"/bureau/ontvanger/{second.id}", act="kan-niet")).status_code == 422
        assert (
            await press(http, office, f"/bureau/ontvanger/{second.id}", act="kan-niet", impossible="bestaat niet meer")
        ).status_code == 303
    rows = table(RecipientNotice)
    assert {row.status for row in office.rows(RecipientNotice, rows.c.id.in_([first.id, second.id]))} == {
        "confirmed", "impossible"
    }  # fmt: skip
    assert office.rows(SourceTask) == []


async def test_sent_wrong_stops_everything_and_the_hours_run(office: Office) -> None:
    request_id = await asks_for(office, CURRENT.email, ACCESS + CURRENT.name)
    await office.approved()
    assert office.request_row(request_id).state == "answered"
    letter = [row for row in office.rows(Outbox) if row.kind == "letter"][-1]
    async with signed_in(office) as http:
        done = await press(http, office, f"/bureau/bericht/{letter.id}/verkeerd", what="Het adres was van een ander.")
        assert done.status_code == 303
        (row,) = office.rows(Breach)
        assert row.due_at - row.known_at == timedelta(hours=72)
        register = await http.get("/bureau/datalekken")
        assert "verkeerd verzonden" in register.text
        weighed = await http.post(
            f"/bureau/datalekken/{row.id}",
            data={"risk": "none", "reason": "Er was niets te lezen.", "csrf": csrf(register)},
        )
        assert weighed.status_code == 303
    assert WorkKind.BREACH not in office.work_list()
    assert all(conversation.frozen for conversation in office.rows(Conversation))
