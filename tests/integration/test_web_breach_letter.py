"""Art. 34: the people in a breach are told by letter, from the register: written, looked at, sent, followed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Row, select

from bot.demo.known import Role, known
from cases.errors import InputError
from cases.types import WorkKind
from storage.models import Breach, BreachNotice, Outbox, table
from tests.acceptance.test_machines import bounce
from tests.acceptance.words import ACCESS
from tests.integration.test_web_rights import signed_in
from tests.support.office import Office, Shared, open_office, shared
from tests.support.stores import Database
from tests.support.web_client import csrf
from workflow import breach, breach_letter, retention
from workflow.breach_letter import people_in

__all__ = ["shared"]
CUSTOMER = known("whatnext", Role.CURRENT)
FACTS = {
    "happened_on": "2026-01-04",
    "what": "een lijst met klanten ging naar een verkeerd adres",
    "data": "naam en e-mailadres",
    "consequences": "iemand kan u mail sturen die op die van ons lijkt",
    "measures": "de ontvanger heeft de lijst gewist",
    "advice": "klik niet op links in mail die u niet verwacht",
}
PEOPLE = (
    "Naam;E-mail\nTrijn;trijn@thuis.example\nSjoerd;sjoerd@thuis.example\nzonder adres;\n"
    "Trijn nog eens;TRIJN@thuis.example\n"
)


@pytest.fixture
async def office(tmp_path: Path, shared: Shared) -> AsyncIterator[Office]:
    async with open_office(tmp_path, shared) as opened:
        yield opened


async def reported(office: Office) -> str:
    known_at = office.clock.now() - timedelta(hours=5)
    return await breach.report(office.desk, office.staff[0], "whatnext", known_at, "Lijst naar verkeerd adres.")


async def write(http: httpx.AsyncClient, breach_id: str, people: str = "", **changed: str) -> httpx.Response:
    page = await http.get(f"/bureau/datalekken/{breach_id}/brief")
    assert page.status_code == 200
    data = {**FACTS, "addresses": "", "csrf": csrf(page), **changed}
    return await http.post(
        f"/bureau/datalekken/{breach_id}/brief", data=data, files={"list": ("lijst.csv", people.encode("cp1252"))}
    )


async def send(http: httpx.AsyncClient, breach_id: str) -> httpx.Response:
    page = await http.get(f"/bureau/datalekken/{breach_id}/brief")
    digest = page.text.partition('name="digest" value="')[2].partition('"')[0]
    return await http.post(
        f"/bureau/datalekken/{breach_id}/brief/versturen", data={"digest": digest, "csrf": csrf(page)}
    )


@pytest.mark.parametrize("name", [name for name in FACTS if name != "happened_on"])
async def test_nothing_is_kept_while_a_fact_of_article_34_is_missing(office: Office, name: str) -> None:
    breach_id = await reported(office)
    async with signed_in(office) as http:
        lacking = await write(http, breach_id, PEOPLE, **{name: " "})
        assert lacking.status_code == 422
        assert all(value in lacking.text for key, value in FACTS.items() if key != name), "nothing typed is lost"
        (row,) = office.rows(Breach)
        assert row.letter is None


async def test_a_letter_to_each_by_a_second_click(office: Office) -> None:
    breach_id = await reported(office)
    async with signed_in(office) as http:
        assert (await write(http, breach_id, PEOPLE)).status_code == 303
        assert await office.advance(minutes=5) == [], "nothing leaves before somebody looked"
        page = await http.get(f"/bureau/datalekken/{breach_id}/brief")
        assert "Aan 2 adressen" in page.text
        assert "geen e-mailadres: 4" in page.text
        shown = await http.get(f"/bureau/datalekken/{breach_id}/brief/voorbeeld")
        assert "verkeerd adres" in shown.text
        assert (await send(http, breach_id)).status_code == 303
        mails = await office.advance(minutes=1)
        assert sorted(mail.to for mail in mails) == ["sjoerd@thuis.example", "trijn@thuis.example"]
        assert all(mail.message["To"] == mail.to for mail in mails), "nobody sees anybody else"
        for part in (*FACTS.values(), "4 januari 2026"):
            if part != "2026-01-04":
                assert part in mails[0].flat
        register = await http.get("/bureau/datalekken")
        assert "2 verzonden" in register.text


async def test_nobody_is_told_twice_and_latecomers_are(office: Office) -> None:
    breach_id = await reported(office)
    async with signed_in(office) as http:
        await write(http, breach_id, PEOPLE)
        await send(http, breach_id)
        await office.advance(minutes=1)
        await write(http, breach_id, PEOPLE, addresses="wietske@thuis.example")
        assert (await send(http, breach_id)).status_code == 303
        assert [mail.to for mail in await office.advance(minutes=1)] == ["wietske@thuis.example"]
    assert len(office.rows(BreachNotice)) == 3


async def test_what_was_changed_since_it_was_shown_is_not_sent(office: Office) -> None:
    breach_id = await reported(office)
    async with signed_in(office) as http:
        await write(http, breach_id, PEOPLE)
        page = await http.get(f"/bureau/datalekken/{breach_id}/brief")
        old = page.text.partition('name="digest" value="')[2].partition('"')[0]
        await write(http, breach_id, PEOPLE, what="er gebeurde iets heel anders")
        stale = await http.post(
            f"/bureau/datalekken/{breach_id}/brief/versturen", data={"digest": old, "csrf": csrf(page)}
        )
        assert stale.status_code == 409
    assert await office.advance(minutes=1) == []


async def test_the_requester_of_the_case_is_told_and_the_line_closes(office: Office) -> None:
    (receipt, *_) = await office.mail(CUSTOMER.email, "verzoek", ACCESS + CUSTOMER.name)
    letter = office.rows(Outbox)[0]
    breach_id = await breach.sent_wrong(office.desk, office.staff[0], letter.id, "Dit ging naar een ander.")
    async with signed_in(office) as http:
        assert (await write(http, breach_id, requester="yes")).status_code == 303
        await send(http, breach_id)
        (mail,) = await office.advance(minutes=1)
        assert mail.to == receipt.to
        register = await http.get("/bureau/datalekken")
        weighed = await http.post(
            f"/bureau/datalekken/{breach_id}",
            data={"risk": "high", "reason": "Geheim van Trijn.", "authority_told_at": "2026-01-05T09:00",
                  "csrf": csrf(register)},
        )  # fmt: skip
        assert weighed.status_code == 303, "the letters say when the people were told"
        assert "Geheim van Trijn" in (await http.get("/bureau/datalekken")).text
    (row,) = office.rows(Breach)
    assert (row.persons_told_at is not None, row.closed_at is not None) == (True, True)
    assert "Trijn" not in str(tuple(row))
    assert WorkKind.BREACH not in office.work_list()


async def test_a_letter_that_came_back_keeps_the_line_open(tmp_path: Path, shared: Shared, database: Database) -> None:
    async with open_office(tmp_path, shared, database=database) as office:
        await _came_back(office)


async def _came_back(office: Office) -> None:
    breach_id = await reported(office)
    async with signed_in(office) as http:
        await write(http, breach_id, PEOPLE)
        await send(http, breach_id)
        await office.advance(minutes=1)
        gone = next(row for row in office.rows(Outbox))
        await office.post(bounce(gone.message_id, "trijn@thuis.example"), sender="", to=(office.mailbox,))
        await office.work()
        page = await http.get(f"/bureau/datalekken/{breach_id}/brief")
        assert "1 teruggekomen" in page.text
        assert "Niet bereikt" in page.text
        told_at = office.clock.now()
        await breach.decide(
            office.desk, office.staff[0], breach_id, risk="high", reason="veel mensen", authority_told_at=told_at
        )
    (row,) = office.rows(Breach)
    assert (row.persons_told_at, row.closed_at) == (None, None)


async def test_two_years_after_it_was_closed_no_address_stands_with_a_breach(office: Office) -> None:
    breach_id, other_id = await reported(office), await reported(office)
    async with signed_in(office) as http:
        for each in (breach_id, other_id):
            await write(http, each, PEOPLE)
            await send(http, each)
        await office.advance(minutes=1)
        gone = next(row for row in office.rows(Outbox))
        await office.post(bounce(gone.message_id, "trijn@thuis.example"), sender="", to=(office.mailbox,))
        await office.work()
    await breach.decide(office.desk, office.staff[0], breach_id, risk="none", reason="de lijst was leeg")
    office.clock.advance(days=729)
    await retention.purge(office.desk)
    told, rows = table(BreachNotice), table(Outbox)
    mine = rows.c.id.in_(select(told.c.outbox_id).where(told.c.breach_id == breach_id))
    assert {whom(office, row) for row in office.rows(Outbox, mine)} == {"trijn@thuis.example", "sjoerd@thuis.example"}
    office.clock.advance(days=2)
    assert await retention.purge(office.desk) > 0
    assert [whom(office, row) for row in office.rows(Outbox, mine)] == ["", ""]
    assert {whom(office, row) for row in office.rows(Outbox, ~mine)} > {"trijn@thuis.example"}, "the other is open"
    index = office.desk.index("whatnext", "email", "trijn@thuis.example")
    assert index not in {row.recipient_index for row in office.rows(Outbox, mine)}
    assert len(office.rows(BreachNotice, told.c.recipient_index == index)) == 1
    async with signed_in(office) as http:
        page = (await http.get(f"/bureau/datalekken/{breach_id}/brief")).text
        assert "thuis.example" not in page and "1 verzonden" in page and FACTS["what"] in page
    assert office.audit().problems == ()


def whom(office: Office, row: Row[Any]) -> str:
    context = f"outbox.recipient:{row.id}"
    return office.store.read_here(
        lambda reads: reads.keys.data(reads, row.data_key_id).open_text(row.recipient, context)
    )


def test_addresses_are_found_however_a_list_is_written() -> None:
    plain = people_in("trijn@thuis.example\n\n  <sjoerd@thuis.example>\n")
    assert (plain.addresses, plain.skipped) == (("trijn@thuis.example", "sjoerd@thuis.example"), ())
    table = people_in('Naam,Mail\n"Terpstra, T.",trijn@thuis.example\nJansen,geen\nDe Vries,half@\n')
    assert (table.addresses, table.skipped) == (("trijn@thuis.example",), (3, 4))
    assert people_in("").addresses == ()
    with pytest.raises(InputError):
        people_in("\n".join(f"mens{number}@thuis.example" for number in range(breach_letter.MAX_PEOPLE + 1)))
