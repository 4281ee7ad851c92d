"""The code of a chat: sent by mail to a typed address, typed in the chat, and what it never opens."""

from __future__ import annotations

from cases.types import WorkKind
from storage.models import Conversation, IdentityCode
from tests.acceptance.test_chat import asked, chat, proven
from tests.acceptance.words import (
    ACCESS,
    CUSTOMER,
    NOT_ME,
    OTHER,
    STATUS,
    THIEF,
    UNKNOWN,
    YES,
)
from tests.support.chat import ChatDesk

__all__ = ["chat"]  # a fixture


# --- the code ---------------------------------------------------------------------------------------------------------


async def test_the_mail_is_the_same_for_known_and_unknown_addresses(chat: ChatDesk) -> None:
    await asked(chat, "anna", CUSTOMER.email)
    first = [message.text for message in chat.sender.said]
    await asked(chat, "bert", UNKNOWN)
    second = [message.text for message in chat.sender.said[len(first) :]]
    known, unknown = (mail.text.replace(mail.code, "CODE") for mail in chat.mails)
    assert known == unknown
    assert first[-1] == second[-1]


async def test_a_mistyped_code_is_taken_kindly_three_times_it_is_for_a_person(chat: ChatDesk) -> None:
    office = chat.office
    await asked(chat)
    wrong = "000000" if chat.code != "000000" else "111111"
    for left in (2, 1):
        line = await chat.line("anna", wrong)
        assert "klopt niet" in line.text and f"{left} keer" in line.text
    line = await chat.line("anna", wrong)
    assert "medewerker" in line.text
    assert WorkKind.IDENTITY_STUCK in office.work_list()
    assert await chat.say("anna", chat.code) == [], "the right one does not count any more"
    assert office.states() == {"inzage": "identifying"}


async def test_an_expired_code_is_renewed(chat: ChatDesk) -> None:
    await asked(chat)
    old = chat.code
    chat.office.clock.advance(hours=25)
    line = await chat.line("anna", old)
    assert "nieuwe" in line.text
    assert chat.code != old
    assert "klopt" in (await chat.line("anna", chat.code)).text


async def test_one_code_an_hour_to_an_address(chat: ChatDesk) -> None:
    await asked(chat)
    line = await chat.line("anna", "nieuwe code", choice="new_code")
    assert "één keer per uur" in line.text
    assert len(chat.mails) == 1
    await chat.line("bert", ACCESS)
    line = await chat.line("bert", CUSTOMER.email)
    assert "één keer per uur" in line.text, "from another chat too"
    assert len(chat.mails) == 1
    chat.office.clock.advance(hours=2)
    await chat.line("anna", "nieuwe code", choice="new_code")
    assert len(chat.mails) == 2


async def test_a_mistyped_address_can_be_typed_again(chat: ChatDesk) -> None:
    await asked(chat, address="quirijn@nergesnbekend.example")
    await chat.line("anna", "sorry, het is " + CUSTOMER.email)
    assert chat.mails[-1].to == CUSTOMER.email
    assert "klopt" in (await chat.line("anna", chat.code)).text


async def test_the_code_of_an_own_address_does_not_prove_another_one(chat: ChatDesk) -> None:
    """A thief gets a code at his own address, then types a customer's, to which no mail may go just now."""
    await asked(chat, "anna", CUSTOMER.email)
    await asked(chat, "dief", THIEF)
    own = chat.code
    line = await chat.line("dief", CUSTOMER.email)
    assert "één keer per uur" in line.text
    assert "geen code open" in (await chat.line("dief", own)).text
    assert all(row.assurance < 2 for row in chat.office.rows(Conversation))
    assert {row.state for row in chat.office.requests()} == {"identifying"}


async def test_a_code_of_one_chat_opens_nothing_in_another(chat: ChatDesk) -> None:
    await asked(chat, "anna", CUSTOMER.email)
    first = chat.code
    await asked(chat, "bert", OTHER.email)
    line = await chat.line("bert", first)
    assert "klopt niet" in line.text
    assert [row.used_at for row in chat.office.rows(IdentityCode)] == [None, None]


async def test_an_impostor_gets_nothing_and_the_real_one_stops_it(chat: ChatDesk) -> None:
    """A thief types the address of a customer. The customer reads the code mail and answers "niet ik"."""
    office = chat.office
    await asked(chat, "dief", CUSTOMER.email)
    (mail,) = chat.mails
    assert await office.reply(mail, NOT_ME) == []
    assert WorkKind.IDENTITY_STUCK in office.work_list()
    assert await chat.say("dief", mail.code) == [], "the talk is frozen"
    assert office.states() == {"inzage": "identifying"}
    assert all(row.assurance < 2 for row in office.rows(Conversation))


async def test_a_code_sent_back_by_mail_counts_only_after_a_yes(chat: ChatDesk) -> None:
    office = chat.office
    await asked(chat)
    (mail,) = chat.mails
    (question,) = await office.reply(mail, mail.code)
    assert "ander adres" in question.subject
    assert office.states() == {"inzage": "identifying"}
    await office.reply(question, YES)
    assert office.states() == {"inzage": "awaiting_approval"}


async def test_two_accounts_of_one_person_are_two_talks(chat: ChatDesk) -> None:
    await proven(chat, "anna")
    chat.office.clock.advance(hours=2)
    line = await chat.line("anna2", STATUS)
    assert "e-mailadres" in line.text, "what was proven in one chat does not hold in another"
    await chat.line("anna2", CUSTOMER.email)
    line = await chat.line("anna2", chat.code)
    assert "Je verzoek (je gegevens inzien)" in line.text
