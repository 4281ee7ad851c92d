"""The console's buttons around cases: split, joined, linked and loose again, closed for silence, two standstills."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from bot.demo.known import Role, known
from storage.models import Case, Mandate, RecipientNotice, Suspension, table
from tests.acceptance.words import ACCESS, ERASURE
from tests.integration.test_web_rights import signed_in
from tests.support.office import Office, Shared, open_office, shared
from tests.support.web_client import csrf
from web.staff.rights import ACTS
from workflow import evidence, splitting
from workflow.split_rows import Apart

__all__ = ["shared"]
CUSTOMER = known("whatnext", Role.FORMER)
BOTH = (
    "Hallo,\n\nStuur mij eerst een kopie van alle persoonsgegevens die jullie van mij hebben. Daarna wil ik dat jullie "
    f"mijn gegevens verwijderen.\n\nGroet,\n{CUSTOMER.name}"
)


@pytest.fixture
async def office(tmp_path: Path, shared: Shared) -> AsyncIterator[Office]:
    async with open_office(tmp_path, shared, own_customers=True) as opened:
        yield opened


async def press(http: httpx.AsyncClient, case_id: str, address: str, **data: str | list[str]) -> httpx.Response:
    page = await http.get(f"/bureau/zaak/{case_id}")
    assert page.status_code == 200
    return await http.post(f"/bureau/{address}", data={**data, "csrf": csrf(page)})


def test_no_two_buttons_have_one_address() -> None:
    assert len({act.address for act in ACTS}) == len(ACTS)


async def test_a_case_is_split_and_joined_again(office: Office) -> None:
    (receipt, *_) = await office.mail(CUSTOMER.email, "verzoek", BOTH)
    await office.reply(receipt, receipt.code)
    old_id, erasure = office.requests()[0].case_id, next(r for r in office.requests() if r.label == "verwijdering")
    async with signed_in(office) as http:
        page = await http.get(f"/bureau/zaak/{old_id}")
        assert "Splitsen in twee zaken" in page.text
        nothing = await press(http, old_id, f"zaak/{old_id}/splitsen")
        assert nothing.status_code == 422
        assert "Kruis aan" in nothing.text
        done = await press(http, old_id, f"zaak/{old_id}/splitsen", request=[erasure.id], about="same", name="")
        assert done.status_code == 303
        (new,) = office.rows(Case, table(Case).c.id != old_id)
        (old,) = office.rows(Case, table(Case).c.id == old_id)
        split = await http.get(f"/bureau/zaak/{new.id}")
        assert "Verwijdering" in split.text
        assert "kopie van alle persoonsgegevens" in split.text
        back = await press(http, old_id, f"zaak/{old_id}/samenvoegen", numbers=new.number)
        assert back.status_code == 303
        left = await http.get(f"/bureau/zaak/{new.id}")
        assert f"/bureau/zaak/{old_id}" in left.text
        assert old.number in left.text
        wrong = await press(http, old_id, f"zaak/{old_id}/samenvoegen", numbers=new.number)
        assert wrong.status_code == 422


async def test_a_named_doubt_is_shown_with_the_identity_and_goes_along_with_its_conversation(
    tmp_path: Path, shared: Shared
) -> None:
    customer, why = known("winkeltjes", Role.CURRENT), "twee klanten met deze naam"
    async with open_office(tmp_path, shared, organisations=("winkeltjes",), own_customers=True) as office:
        await office.mail(customer.email, "verzoek", ACCESS + customer.name)
        await office.mail("trijn@werk.example", "verzoek", f"{ERASURE}Trijn de Vries")
        first, other = office.requests()
        await evidence.ask_id_copy(office.desk, office.staff[0], first.conversation_id, why)
        async with signed_in(office) as http:
            page = (await http.get(f"/bureau/zaak/{first.case_id}")).text
            identity = page.partition('class="identity')[2].partition("</div>")[0]
            assert f"Twijfel van een medewerker: {why}" in identity
            assert f"Gevraagd om deze twijfel: {why}" in page
            number = office.rows(Case, table(Case).c.id == first.case_id)[0].number
            joined = await press(http, other.case_id, f"zaak/{other.case_id}/samenvoegen", numbers=number)
            assert joined.status_code == 303
            assert why in (await http.get(f"/bureau/zaak/{other.case_id}")).text
            await splitting.split(office.desk, office.staff[0], other.case_id, Apart((first.id,)))
            apart = next(one for one in office.requests() if one.id == first.id)
            assert apart.case_id not in (first.case_id, other.case_id)
            assert why in (await http.get(f"/bureau/zaak/{apart.case_id}")).text
            assert why not in (await http.get(f"/bureau/zaak/{other.case_id}")).text


async def test_a_repetition_is_linked_and_made_loose(office: Office) -> None:
    (receipt, *_) = await office.mail(CUSTOMER.email, "verzoek", ACCESS + CUSTOMER.name)
    await office.reply(receipt, receipt.code)
    second = f"{ACCESS}{CUSTOMER.name}\n\nIk sta bij jullie bekend met {CUSTOMER.email}."
    (other, *_) = [m for m in await office.mail("trijn@werk.example", "verzoek", second) if "werk" in m.to]
    await office.reply(other, other.code)
    first, again = office.requests()
    number = office.rows(Case, table(Case).c.id == first.case_id)[0].number
    async with signed_in(office) as http:
        linked = await press(http, again.case_id, f"verzoek/{again.id}/zelfde", number=number)
        assert linked.status_code == 303
        page = await http.get(f"/bureau/zaak/{again.case_id}")
        assert "Maak los" in page.text
        assert (await press(http, again.case_id, f"verzoek/{again.id}/los")).status_code == 303
        assert office.request_row(again.id).same_as is None
        assert (await press(http, again.case_id, f"verzoek/{again.id}/los")).status_code == 409


async def test_closing_for_silence_waits_for_the_reminder(office: Office) -> None:
    await office.mail(CUSTOMER.email, "verzoek", ACCESS + CUSTOMER.name)
    request = office.request()
    async with signed_in(office) as http:
        early = await press(http, request.case_id, f"verzoek/{request.id}/stilte")
        assert early.status_code == 422
        assert "geen herinnering" in early.text
    await office.advance(days=14, hours=1)
    await office.advance(days=17)
    async with signed_in(office) as http:
        done = await press(http, request.case_id, f"verzoek/{request.id}/stilte")
        assert done.status_code == 303
        assert "tweede persoon" in (await http.get(f"/bureau/zaak/{request.case_id}")).text


async def test_two_questions_stop_the_clock_side_by_side(office: Office) -> None:
    (receipt, *_) = await office.mail(CUSTOMER.email, "verzoek", ACCESS + CUSTOMER.name)
    await office.reply(receipt, receipt.code)
    request, today = office.request(), office.clock.now().date()
    stop = f"verzoek/{request.id}/opschorten"
    async with signed_in(office) as http:
        for reason, days in (("identity", 0), ("specify", 1)):
            asked = (today + timedelta(days=days)).isoformat()
            assert (await press(http, request.case_id, stop, reason=reason, asked_on=asked)).status_code == 303
        page = await http.get(f"/bureau/zaak/{request.case_id}")
        assert page.text.count("De termijn staat stil sinds") == 2
        again = await press(http, request.case_id, stop, reason="specify", asked_on=today.isoformat())
        assert again.status_code == 422
        for reason, days in (("specify", 11), ("identity", 6)):
            answered = (today + timedelta(days=days)).isoformat()
            go_on = await press(
                http, request.case_id, f"verzoek/{request.id}/hervatten", reason=reason, answered_on=answered
            )
            assert go_on.status_code == 303
    assert len(office.rows(Suspension)) == 2
    assert (office.request().due_on - request.due_on).days in (11, 12, 13), "eleven days, not sixteen; then rolled"
    assert office.request().told_on == request.told_on


async def test_words_of_staff_are_sealed_and_read_on_the_page(office: Office) -> None:
    """What a mandate is for and why a recipient could not be told: nobody reads it in the database."""
    (receipt, *_) = await office.mail(CUSTOMER.email, "verzoek", ERASURE + CUSTOMER.name)
    await office.reply(receipt, receipt.code)
    case_id, talk_id = office.request().case_id, office.request().conversation_id
    async with signed_in(office) as http:
        await press(http, case_id, f"gesprek/{talk_id}/eerste-brief", kind="representative")
        (row,) = office.rows(Mandate)
        judged = await press(
            http, case_id, f"machtiging/{row.id}", act="ja", scope="namens mevrouw Terpstra", answer_to="representative"
        )
        assert judged.status_code == 303
        assert "mevrouw Terpstra" in (await http.get(f"/bureau/zaak/{case_id}")).text
    await office.advance(minutes=1)
    await office.approve(0)
    await office.approve(1)
    await office.advance(minutes=1)
    await office.advance(days=3)
    notice = office.rows(RecipientNotice)[0]
    async with signed_in(office) as http:
        told = await press(
            http, case_id, f"ontvanger/{notice.id}", act="kan-niet", impossible="Terpstra is daar onbekend"
        )
        assert told.status_code == 303
        assert "Terpstra is daar onbekend" in (await http.get(f"/bureau/zaak/{case_id}")).text
    stored = [*office.rows(Mandate)[0], *office.rows(RecipientNotice, table(RecipientNotice).c.id == notice.id)[0]]
    assert not any("Terpstra" in str(value) for value in stored)
