"""By what a reply finds its conversation where there are no plus-addresses: the mails of ours that it refers to."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from storage.models import Conversation
from tests.acceptance.words import ACCESS, CUSTOMER, NOT_ME, UNKNOWN
from tests.support.office import Office, Shared, open_office


@pytest.fixture
async def plain(tmp_path: Path, shared: Shared) -> AsyncIterator[Office]:
    """Two organisations whose providers deliver nothing to plus-addresses."""
    async with open_office(tmp_path, shared, organisations=("whatnext", "nexxt")) as office:
        without = {key: replace(own, plus_addresses=False) for key, own in office.desk.organisations.items()}
        office.desk = replace(office.desk, organisations=without)
        yield office


def frozen(office: Office) -> list[str]:
    """Whose conversations stand still. "Niet ik" is heard only where our own mail is answered."""
    people = {office.desk.index("whatnext", "email", person): person for person in (CUSTOMER.email, UNKNOWN)}
    return [people[row.address_index] for row in office.rows(Conversation) if row.frozen]


async def test_a_reply_to_the_mailbox_itself_finds_its_conversation(plain: Office) -> None:
    (receipt,) = await plain.mail(CUSTOMER.email, "Inzage", ACCESS)
    assert receipt.reply_to == plain.mailbox
    await plain.reply(receipt, receipt.code)
    assert plain.state() == "awaiting_approval"


@pytest.mark.parametrize(
    ("answered", "mentioned", "stands_still"),
    [
        (None, (0, 1), [UNKNOWN]),
        (None, (1, 0), [CUSTOMER.email]),
        (0, (1,), [CUSTOMER.email]),
        (None, (), []),
    ],
    ids=["the newest mention", "whichever that is", "what it answers comes first", "no mention, no thread"],
)
async def test_what_it_answers_then_the_newest_that_it_mentions(
    plain: Office, answered: int | None, mentioned: tuple[int, ...], stands_still: list[str]
) -> None:
    ours = [(await plain.mail(person, "Inzage", ACCESS))[0].message_id for person in (CUSTOMER.email, UNKNOWN)]
    headers = {"References": " ".join(ours[place] for place in mentioned)} if mentioned else {}
    if answered is not None:
        headers["In-Reply-To"] = ours[answered]
    await plain.mail(CUSTOMER.email, "Re: Inzage", NOT_ME, **headers)
    assert frozen(plain) == stands_still


async def test_a_mention_in_the_mailbox_of_another_organisation_is_none(plain: Office) -> None:
    (receipt,) = await plain.mail(CUSTOMER.email, "Inzage", ACCESS)
    await plain.mail(CUSTOMER.email, "Re: Inzage", NOT_ME, to="info@nexxt.example", References=receipt.message_id)
    assert frozen(plain) == []
    await plain.mail(CUSTOMER.email, "Re: Inzage", NOT_ME, References=receipt.message_id)
    assert frozen(plain) == [CUSTOMER.email]
