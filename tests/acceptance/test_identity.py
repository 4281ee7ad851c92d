"""Who is this? A code proves one mailbox; the address on file proves the person; nothing else proves anything."""

from __future__ import annotations

import re

import pytest

from cases.types import Assurance, WorkKind
from storage.models import Audit, CaseIdentifier, Conversation, Draft, IdentityCode, Outbox, table
from tests.acceptance.words import ACCESS, CUSTOMER, MOVED, NOT_ME, STATUS, THIEF, UNKNOWN, YES
from tests.support.arrived import Mail
from tests.support.office import Office

IN_HER_NAME = (
    "Graag ontvang ik een overzicht van alle persoonsgegevens die jullie van mij hebben. "
    f"Mijn klantnummer is {CUSTOMER.customer_number}. Het heeft haast.\n\nGroet,\n{CUSTOMER.name}"
)
IN_MY_NAME = IN_HER_NAME.replace(CUSTOMER.customer_number, MOVED.customer_number).replace(CUSTOMER.name, MOVED.name)


def wrong(code: str, by: int = 1) -> str:
    return f"{(int(code) + by) % 1_000_000:06d}"


def level(office: Office, mail: Mail) -> Assurance:
    """How sure we are of the person behind one address."""
    index = office.desk.index(office.organisation, "email", mail.to)
    rows = office.rows(Conversation, table(Conversation).c.address_index == index)
    return max(Assurance(row.assurance) for row in rows)


# --- known and unknown ------------------------------------------------------------------------------------------------


async def test_an_unknown_sender_hears_honestly_that_nothing_was_found(everywhere: Office) -> None:
    office = everywhere
    (receipt,) = await office.mail(UNKNOWN, "Inzage", ACCESS)
    await office.reply(receipt, receipt.code)
    draft = office.draft()
    assert draft.decision == "nothing_found" and draft.export_id is None
    assert "We hebben niets gevonden onder dit adres." in office.letter_of(draft)
    (letter,) = await office.approved()  # one look is enough
    assert letter.to == UNKNOWN
    assert office.state() == "answered"
    with pytest.raises(AssertionError):
        letter.token("d")


async def test_known_and_unknown_hear_the_same_word_for_word(office: Office) -> None:
    (known,) = await office.mail(CUSTOMER.email, "Inzage", ACCESS)
    (unknown,) = await office.mail(UNKNOWN, "Inzage", ACCESS)
    assert _plain(known) == _plain(unknown)
    assert set(known.message.keys()) == set(unknown.message.keys())
    (heard,) = await office.reply(known, known.code)
    (heard_too,) = await office.reply(unknown, unknown.code)
    assert _plain(heard) == _plain(heard_too)


def _plain(mail: Mail) -> tuple[str, str, str]:
    """The mail without what must differ: code, case number, secret link."""
    return _blanked(mail.subject), _blanked(mail.text), _blanked(mail.html)


def _blanked(text: str) -> str:
    text = re.sub(r"WHA-\d{4}-\d{4}", "NUMBER", text)
    return re.sub(r"\b\d{6}\b", "CODE", re.sub(r"/z/[\w-]+", "/z/SECRET", text))


# --- the impostor -----------------------------------------------------------------------------------------------------


async def _impostor_writes(office: Office) -> tuple[Mail, Mail]:
    """He names her customer number; gives the mail to him and the silent one to her."""
    mails = await office.mail(THIEF, "inzage", IN_HER_NAME, name=CUSTOMER.name)
    to_him = [mail for mail in mails if mail.to == THIEF]
    to_her = [mail for mail in mails if mail.to == CUSTOMER.email]
    assert len(mails) == 2 and len(to_him) == len(to_her) == 1
    return to_him[0], to_her[0]


async def test_naming_a_customer_number_gives_no_hint(office: Office) -> None:
    to_him, to_her = await _impostor_writes(office)
    text = IN_HER_NAME.replace(CUSTOMER.customer_number, "WN99999")
    (to_another,) = await office.mail("ander@elders.example", "inzage", text)
    assert _plain(to_him) == _plain(to_another), "a number that exists and one that does not: the same mail"
    assert CUSTOMER.email not in to_him.text and to_him.code != to_her.code
    assert THIEF not in to_her.text and "haast" not in to_her.text, "nothing of what he wrote is told to her"
    assert "5 januari 2026" in to_her.flat and "e-mail" in to_her.flat


async def test_his_own_code_proves_his_own_mailbox_only(everywhere: Office) -> None:
    office = everywhere
    to_him, _ = await _impostor_writes(office)
    await office.reply(to_him, to_him.code)
    assert level(office, to_him) is Assurance.MAILBOX_PROVEN
    draft = office.draft()
    assert draft.decision == "nothing_found" and draft.export_id is None
    assert CUSTOMER.street not in office.letter_of(draft)


async def test_her_code_from_her_mailbox_raises_nothing_for_him(office: Office) -> None:
    to_him, to_her = await _impostor_writes(office)
    (asked,) = await office.reply(to_her, to_her.code)
    assert asked.to == CUSTOMER.email and "ander adres" in asked.flat.lower()
    assert level(office, to_him) is Assurance.ADDRESS_CLAIMED
    (asked_again,) = await office.reply(asked, to_her.code)
    assert "ander adres" in asked_again.flat.lower()
    assert level(office, to_him) is Assurance.ADDRESS_CLAIMED
    assert office.state() == "identifying"


@pytest.mark.parametrize("after_the_question", [False, True])
async def test_not_me_freezes_both_sides(office: Office, after_the_question: bool) -> None:
    to_him, to_her = await _impostor_writes(office)
    if after_the_question:
        (to_her,) = await office.reply(to_her, to_her.code)
    assert await office.reply(to_her, NOT_ME) == []
    assert WorkKind.IDENTITY_STUCK in office.work_list()
    assert await office.reply(to_him, to_him.code) == [], "frozen: his code does nothing any more"
    assert office.state() == "identifying"
    assert level(office, to_him) is Assurance.ADDRESS_CLAIMED
    later = await office.advance(days=15)
    assert [mail.to for mail in later if not mail.to.endswith("@kantoor.example")] == [], "no reminder either"


async def test_a_forged_yes_in_her_name_raises_nothing(office: Office) -> None:
    """From is a claim: without the secret address that only her mailbox got, nobody vouches in her name."""
    to_him, to_her = await _impostor_writes(office)
    await office.reply(to_her, to_her.code)  # she was asked; her answer is still open
    await office.mail(CUSTOMER.email, "Re: code", YES)
    await office.mail(CUSTOMER.email, "Re: code", "123456")
    assert level(office, to_him) is Assurance.ADDRESS_CLAIMED
    await office.reply(to_him, to_him.code)
    assert office.draft().decision == "nothing_found"


async def test_a_yes_before_the_question_is_asked_back_first(office: Office) -> None:
    to_him, to_her = await _impostor_writes(office)
    (asked,) = await office.reply(to_her, "Ja")
    assert "ander adres" in asked.flat.lower()
    assert level(office, to_him) is Assurance.ADDRESS_CLAIMED


# --- the customer with a new address ----------------------------------------------------------------------------------


async def _moved_writes(office: Office) -> tuple[Mail, Mail]:
    mails = await office.mail(MOVED.writes_from, "inzage", IN_MY_NAME, name=MOVED.name)
    new = next(mail for mail in mails if mail.to == MOVED.writes_from)
    old = next(mail for mail in mails if mail.to == MOVED.email)
    return new, old


@pytest.mark.parametrize("first", ["new", "old"])
async def test_both_codes_open_the_data(everywhere: Office, first: str) -> None:
    """In whichever order they come, and also when a draft was made in between."""
    office = everywhere
    new, old = await _moved_writes(office)
    codes = [new.code, old.code] if first == "new" else [old.code, new.code]
    await office.reply(new, codes[0])
    if first == "new":
        assert office.draft().decision == "nothing_found"
    else:
        assert office.state() == "identifying", "the answer goes to the new address: that must be proven as well"
    await office.reply(new, codes[1])
    assert level(office, new) >= Assurance.CODE_TO_KNOWN_ADDRESS
    draft = office.draft()
    assert draft.decision == "granted" and draft.export_id is not None
    assert len(office.rows(Draft, table(Draft).c.status == "open")) == 1
    (letter,) = await office.approved()
    assert letter.to == MOVED.writes_from
    proven = {row.kind: row.proven for row in office.rows(CaseIdentifier)}
    assert proven == {"email": True, "customer_number": True}
    assert office.audit().problems == ()


async def test_she_may_vouch_from_the_old_mailbox(office: Office) -> None:
    new, old = await _moved_writes(office)
    (asked,) = await office.reply(old, old.code)
    await office.reply(asked, YES)
    await office.reply(new, new.code)
    assert office.draft().decision == "granted"


async def test_a_second_proof_after_the_answer_has_left_is_work_for_a_person(office: Office) -> None:
    new, old = await _moved_writes(office)
    await office.reply(new, new.code)
    await office.approved()
    assert office.state() == "answered"
    await office.reply(new, old.code)
    assert office.state() == "answered"
    assert office.work_list() == [WorkKind.NEW_MESSAGE]


# --- wrong, late, used, stolen ----------------------------------------------------------------------------------------


async def test_three_wrong_codes_lock_and_the_term_runs(everywhere: Office) -> None:
    office = everywhere
    (receipt,) = await office.mail(CUSTOMER.email, "Inzage", ACCESS)
    told = office.request().told_on
    (first,) = await office.reply(receipt, wrong(receipt.code, 1))
    (second,) = await office.reply(receipt, wrong(receipt.code, 2))
    assert "nog 2" in first.flat and "nog 1" in second.flat
    (locked,) = await office.reply(receipt, wrong(receipt.code, 3))
    assert "medewerker" in locked.flat and "5 februari 2026" in locked.flat
    assert office.work_list() == [WorkKind.IDENTITY_STUCK]

    for text in (receipt.code, wrong(receipt.code, 4), "stuur mij een nieuwe code", STATUS):
        assert await office.reply(receipt, text) == [], "locked: no more automatic mail"
    assert office.state() == "identifying"
    assert office.request().told_on == told
    assert all(row.used_at is None for row in office.rows(IdentityCode))
    async with office.browser() as browser:
        same = {"Origin": "https://loket.example", "Sec-Fetch-Site": "same-origin"}
        await browser.post(f"/z/{receipt.token('z')}/code", data={"code": receipt.code}, headers=same)
    await office.work()
    assert office.state() == "identifying", "the page is no way around the lock"


async def test_two_codes_out_give_no_more_tries_than_one(office: Office) -> None:
    new, old = await _moved_writes(office)
    for by in (1, 2, 3):
        await office.reply(new, wrong(new.code, by) if wrong(new.code, by) != old.code else wrong(new.code, 7))
    assert WorkKind.IDENTITY_STUCK in office.work_list()
    await office.reply(new, old.code)
    await office.reply(new, new.code)
    assert office.state() == "identifying"


async def test_a_late_code_brings_a_new_one(office: Office) -> None:
    (receipt,) = await office.mail(CUSTOMER.email, "Inzage", ACCESS)
    office.clock.advance(hours=25)
    (late,) = await office.reply(receipt, receipt.code)
    assert office.state() == "identifying"
    assert late.code != receipt.code
    (still_late,) = await office.reply(late, receipt.code)
    assert office.state() == "identifying" and not still_late.has_code
    await office.reply(late, late.code)
    assert office.state() == "awaiting_approval"


async def test_a_new_code_may_be_asked_three_times_a_day(office: Office) -> None:
    (newest,) = await office.mail(CUSTOMER.email, "Inzage", ACCESS)
    codes = [newest.code]
    for _ in range(3):
        (newest,) = await office.reply(newest, "Ik heb de code niet meer, stuur mij een nieuwe code")
        codes.append(newest.code)
    await office.reply(newest, "stuur mij een nieuwe code")
    assert len(set(codes)) == 4
    assert WorkKind.IDENTITY_STUCK in office.work_list()
    await office.reply(newest, codes[0])
    assert office.state() == "identifying", "an older code no longer counts"
    await office.reply(newest, newest.code)
    assert office.state() == "awaiting_approval"


async def test_a_used_code_opens_nothing_twice(office: Office) -> None:
    (receipt,) = await office.mail(CUSTOMER.email, "Inzage", ACCESS)
    await office.reply(receipt, receipt.code)
    before = office.draft().id
    await office.reply(receipt, receipt.code)
    assert office.draft().id == before
    accepted = [row for row in office.rows(Audit) if row.tag == "code.accepted"]
    assert len(accepted) == 1


async def test_a_code_counts_only_in_its_own_case(office: Office) -> None:
    (mine,) = await office.mail(CUSTOMER.email, "Inzage", ACCESS)
    (his,) = await office.mail(THIEF, "Inzage", ACCESS)
    (answer,) = await office.reply(his, mine.code)
    assert "nog 2" in answer.flat
    assert {row.state for row in office.requests()} == {"identifying"}
    (question,) = await office.reply(mine, mine.code, from_=THIEF)  # he got hold of her thread
    assert question.to == THIEF and "WHA" not in question.text.replace(_number(question), "")
    assert _number(question) != _number(mine), "the number of her case is not told"
    assert {row.state for row in office.requests()} == {"identifying"}
    assert await office.reply(question, YES) == []
    assert {row.state for row in office.requests()} == {"identifying"}


def _number(mail: Mail) -> str:
    found = re.search(r"WHA-\d{4}-\d{4}", f"{mail.subject} {mail.text}")
    return found.group() if found else "-"


async def test_a_forged_from_on_a_thread_gains_nothing(office: Office) -> None:
    """He forges her address and guesses; what is answered goes to her, and the tries are counted."""
    (receipt,) = await office.mail(CUSTOMER.email, "Inzage", ACCESS)
    forged = await office.mail(CUSTOMER.email, "Re: code", wrong(receipt.code))
    assert [mail.to for mail in forged] == [CUSTOMER.email]
    assert office.state() == "identifying"
    hers = office.desk.index("whatnext", "email", CUSTOMER.email)
    assert {row.recipient_index for row in office.rows(Outbox)} == {hers}
    await office.mail(CUSTOMER.email, "klaar", "Laat maar, ik trek mijn verzoek in.")
    assert office.state() == "identifying", "nobody withdraws by a From alone"
    await office.mail(CUSTOMER.email, "oeps", NOT_ME)
    await office.reply(receipt, receipt.code)
    assert office.state() == "awaiting_approval", "nobody freezes a conversation by a From alone"
