"""A request that comes in by the form goes on by mail, at the address that was typed, like any other."""

from __future__ import annotations

import html
import re
from dataclasses import replace

import pytest

from cases.types import Label, OutboxKind
from tests.acceptance.words import CUSTOMER, DAILY, UNKNOWN
from tests.support.arrived import Mail
from tests.support.office import Office
from web.form import WISHES


async def filled_in(office: Office, address: str, *wishes: str, words: str = "", number: str = "") -> list[Mail]:
    """Somebody takes a minute for the form; gives the mails that come of it."""
    office.web = replace(office.web, accept=office.accept)
    address_of_form = f"/verzoek/{office.organisation}"
    async with office.browser() as browser:
        page = await browser.get(address_of_form)
        sheet = re.search(r'name="blad" value="([^"]+)"', page.text)
        assert sheet is not None
        office.clock.advance(minutes=1)
        typed = {"adres": address, "wens": list(wishes), "woorden": words, "nummer": number, "naam": "Noor Visser"}
        answer = await browser.post(address_of_form, data={**typed, "blad": html.unescape(sheet[1])})
        assert answer.status_code == 303
    return await office.work()


async def test_from_the_form_to_the_letter(office: Office) -> None:
    (mail,) = await filled_in(office, CUSTOMER.email, "inzage")
    assert mail.to == CUSTOMER.email and "automatische assistent" in mail.flat
    assert office.states() == {"inzage": "identifying"}
    await office.reply(mail, mail.code)
    assert office.state() == "awaiting_approval"
    await office.approved()
    assert office.state() == "answered"
    assert office.audit().problems == ()


async def test_known_or_not_the_same_mail(office: Office) -> None:
    (known,) = await filled_in(office, CUSTOMER.email, "inzage")
    (unknown,) = await filled_in(office, UNKNOWN, "inzage")

    def alike(mail: Mail) -> str:
        """Without the secrets of each."""
        text = mail.text.replace(mail.code, "").replace(mail.token("z"), "")
        return re.sub(r"WHA-\w+(-\w+)*|\d\d:\d\d", "", text)

    assert alike(known) == alike(unknown)


async def test_several_wishes_are_several_requests(office: Office) -> None:
    await filled_in(office, CUSTOMER.email, "inzage", "verwijdering")
    assert set(office.states()) == {"inzage", "verwijdering"}


@pytest.mark.parametrize("label", WISHES)
@pytest.mark.parametrize("words", ["", "Het gaat over mijn oude abonnement, alvast bedankt."])
async def test_a_ticked_box_is_not_guessed_at(office: Office, label: Label, words: str) -> None:
    await filled_in(office, CUSTOMER.email, label.value, words=words, number="K-1001")
    assert set(office.states()) == {label.value}


async def test_somebody_elses_address_gives_nothing_away(office: Office) -> None:
    """Whoever typed the address sees no mail; whoever has it can stop everything."""
    (mail,) = await filled_in(office, CUSTOMER.email, "verwijdering")
    await office.reply(mail, "Dit was ik niet, ik heb niets aangevraagd.")
    assert office.sent_kinds() == [OutboxKind.IDENTITY_CODE.value]
    assert office.states() == {"verwijdering": "identifying"}


async def test_what_is_no_request_is_kept_for_somebody(office: Office) -> None:
    """We hold the only copy of a form."""
    assert await filled_in(office, UNKNOWN, words=DAILY) == []
    assert len(office.work_list()) == 1
