"""What else people say: a human please, how far is it, never mind, two wishes at once, a question that is not clear."""

from __future__ import annotations

from datetime import date
from itertools import permutations

import pytest

from cases.dialogue import likeliest
from cases.reading import Certainty
from cases.types import InboundOutcome, WorkKind
from storage.models import Case, Conversation, Draft, Inbound, table
from tests.acceptance.words import ACCESS, BOTH, CUSTOMER, DROP, ERASURE, FORMER, LETTERS, STATUS, UNKNOWN
from tests.support.arrived import Mail
from tests.support.office import Office

VAGUE = (
    "ik wil iets met mijn gegevens",
    "Kunt u mij helpen met mijn gegevens bij u? Ik wil er iets mee.",
    "Gaat dit over de AVG of niet? Ik weet het zelf ook niet precies hoor.",
    "Ik wil dat jullie iets met mijn persoonsgegevens doen, zeg maar hoe.",
    "Mijn privacy, daar gaat het om. U begrijpt wel wat ik bedoel.",
    "Zie mijn vorige bericht over de gegevens.",
    "Ik wil mijn gegevens terug.",
    "Ik wil van mijn gegevens af, of ze eerst zien, ik weet het nog niet.",
    "Wat moet ik doen met mijn gegevens bij jullie, opvragen of weg laten halen?",
    "Kan ik bij jullie terecht over mijn gegevens, inzien en zo?",
    "Graag iets doen aan mijn gegevens, inzien misschien of weghalen.",
    "Ik hoor graag van jullie over mijn gegevens en of ze weg kunnen.",
    "Mijn gegevens, kan ik die zien of weg laten halen?",
    "Mijn gegevens opvragen of verwijderen, hoe gaat dat?",
    "Ik heb een verzoek over mijn gegevens: bekijken of wissen, wat kan er?",
    "Kan er iets gebeuren met wat u van mij heeft?",
    "Mijn persoonsgegevens: ik wil ze hebben of ik wil ze kwijt.",
    "Iets met mijn gegevens bij u, een kopie of verwijderen, wat is handig?",
    *(
        frame.format(*wishes)
        for frame in ("Kan ik mijn gegevens laten {} of {}?", "Mijn gegevens {} of {}, wat is handig?")
        for wishes in permutations(("bekijken", "wissen", "verbeteren", "meenemen", "niet meer gebruiken"), 2)
    ),
)

QUESTION = "Hallo,\n\nHebben jullie een functionaris voor gegevensbescherming?\n\nGroet,\n"
HARD_QUESTION = (
    "Hallo,\n\nEen vraag over de AVG: hoe lang bewaren jullie mijn telefoonnummer, "
    "en met wie delen jullie het?\n\nGroet,\n"
)


def unclear(office: Office, certainty: Certainty) -> str:
    """A message that the model of today reads with this little certainty: which one it is may change with it.

    One that is to be asked about leaves two rights to choose from.
    """
    reader = office.desk.reader()
    readings = {text: reader.read("vraag", text) for text in VAGUE}
    fitting = [text for text, one in readings.items() if one.certainty is certainty and not one.labels]
    return next(text for text in fitting if certainty is not Certainty.ASK or len(likeliest(readings[text])) == 2)


async def proven(office: Office, address: str = CUSTOMER.email) -> Mail:
    (receipt,) = await office.mail(address, "Inzage", ACCESS)
    await office.reply(receipt, receipt.code)
    return receipt


# --- a human, please --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("moment", ["before the code", "after the code"])
async def test_mens_silences_the_bot_and_the_term_runs(office: Office, moment: str) -> None:
    (receipt,) = await office.mail(CUSTOMER.email, "Inzage", ACCESS)
    if moment == "after the code":
        await office.reply(receipt, receipt.code)
    told = office.request().told_on
    (handover,) = await office.reply(receipt, "mens")
    assert "medewerker" in handover.flat and "5 februari 2026" in handover.flat
    assert WorkKind.HUMAN_WANTED in office.work_list()
    for text in ("mens", STATUS, receipt.code, "bedankt", "stuur mij een nieuwe code", ERASURE):
        assert await office.reply(receipt, text) == [], f"silent after {text!r}"
    assert office.request().told_on == told
    reminders = [mail for mail in await office.advance(days=15) if mail.to == CUSTOMER.email]
    assert reminders == [], "no reminder from a bot that stepped back"


async def test_a_code_still_counts_after_mens(office: Office) -> None:
    (receipt,) = await office.mail(CUSTOMER.email, "Inzage", ACCESS)
    await office.reply(receipt, "mens")
    assert await office.reply(receipt, receipt.code) == []
    assert office.state() in ("preparing", "awaiting_approval")


async def test_a_human_from_the_first_word(office: Office) -> None:
    letter = LETTERS["mens"]
    (handover,) = await office.mail(letter.address, letter.subject, letter.text)
    assert not handover.has_code
    assert set(office.states().values()) == {"received"}
    assert WorkKind.HUMAN_WANTED in office.work_list()


# --- two wishes in one mail -------------------------------------------------------------------------------------------


async def test_a_copy_and_an_erasure_are_one_case_with_two_requests(everywhere: Office) -> None:
    office = everywhere
    (receipt,) = await office.mail(FORMER.email, "kopie en verwijdering", BOTH + FORMER.name)
    assert office.states() == {"inzage": "identifying", "verwijdering": "identifying"}
    assert len(office.rows(Case)) == 1
    await office.reply(receipt, receipt.code)
    assert office.states() == {"inzage": "awaiting_approval", "verwijdering": "awaiting_approval"}
    copy, erasure = sorted(office.requests(), key=lambda row: row.label)
    await office.approved(office.draft(copy.id))
    assert office.states() == {"inzage": "answered", "verwijdering": "awaiting_approval"}
    assert office.rows(Case)[0].closed_at is None
    assert erasure.told_on < copy.told_on, "the house promised to erase within fourteen days"
    assert erasure.due_on == copy.due_on
    assert office.audit().problems == ()


async def test_two_requests_get_one_reminder(office: Office) -> None:
    await office.mail(CUSTOMER.email, "kopie en verwijdering", BOTH)
    assert [mail for mail in await office.advance(days=13) if mail.to == CUSTOMER.email] == []
    later = [mail for mail in await office.advance(days=2) if mail.to == CUSTOMER.email]
    assert len(later) == 1 and not later[0].has_code
    assert [mail for mail in await office.advance(days=10) if mail.to == CUSTOMER.email] == []


# --- status, never mind -----------------------------------------------------------------------------------------------


async def test_asking_how_far_it_is_withdraws_nothing(everywhere: Office) -> None:
    """The model hears a withdrawal in it as well: the words decide, not the guess."""
    office = everywhere
    receipt = await proven(office)
    (state,) = await office.reply(receipt, STATUS)
    assert "5 februari 2026" in state.flat
    assert office.state() == "awaiting_approval"
    office.draft()


async def test_withdrawing_from_the_proven_thread(everywhere: Office) -> None:
    office = everywhere
    receipt = await proven(office)
    await office.reply(receipt, DROP)
    assert office.state() == "withdrawn"
    assert office.moved_by("withdrawn").startswith("requester:")
    assert WorkKind.APPROVE not in office.work_list()
    assert office.rows(Draft, table(Draft).c.status == "open") == []
    assert [mail.to for mail in await office.advance(days=40)] == [], "no warnings for what is over"


@pytest.mark.parametrize("where", ["a thread that is not proven", "a mail of its own"])
async def test_withdrawing_without_proof_is_asked_by_a_person(office: Office, where: str) -> None:
    (receipt,) = await office.mail(CUSTOMER.email, "Inzage", ACCESS)
    if where == "a thread that is not proven":
        await office.reply(receipt, DROP)
        assert office.state() == "identifying"
    else:
        await office.reply(receipt, receipt.code)
        await office.mail(CUSTOMER.email, "toch niet", DROP)
        assert office.state() == "awaiting_approval"
    assert WorkKind.NEW_MESSAGE in office.work_list()


# --- not clear --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", ["1", ACCESS])
async def test_a_vague_wish_is_asked_back_and_dated_at_its_first_word(office: Office, answer: str) -> None:
    (question,) = await office.mail(CUSTOMER.email, "vraag", unclear(office, Certainty.ASK))
    assert "1." in question.text and "2." in question.text and "3." not in question.text
    assert office.requests() == [] and office.work_list() == [WorkKind.TRIAGE]
    office.clock.advance(days=3)
    (receipt,) = await office.reply(question, answer)
    request = office.request()
    assert request.received_at.date() == date(2026, 1, 5), "the term runs from the first message"
    assert request.told_on <= date(2026, 2, 5)
    assert "5 januari 2026" in receipt.flat
    assert WorkKind.TRIAGE not in office.work_list(), "the doubt is over"
    outcomes = {row.outcome for row in office.rows(Inbound)}
    assert outcomes == {InboundOutcome.CASE}


async def test_a_vague_answer_to_a_vague_wish_stays_with_people(office: Office) -> None:
    (question,) = await office.mail(CUSTOMER.email, "vraag", unclear(office, Certainty.ASK))
    assert await office.reply(question, "Dat weet ik niet.") == []
    assert office.requests() == [] and WorkKind.TRIAGE in office.work_list()


async def test_doubt_goes_to_people_and_nothing_is_lost(office: Office) -> None:
    await office.mail(CUSTOMER.email, "vraag", unclear(office, Certainty.TRIAGE))
    assert office.work_list() == [WorkKind.TRIAGE]
    (row,) = office.rows(Inbound)
    assert row.outcome == InboundOutcome.TRIAGE and row.data_key_id is not None
    assert office.item(WorkKind.TRIAGE).due_on == date(2026, 2, 5), "if it is a request, its term runs already"


# --- threads ----------------------------------------------------------------------------------------------------------


async def test_two_answers_at_once_are_both_heard(everywhere: Office) -> None:
    """Both are taken in one batch and speak about the same conversation: the second sees what the first did."""
    office = everywhere
    (receipt,) = await office.mail(CUSTOMER.email, "Inzage", ACCESS)
    await office.post(office.write(CUSTOMER.email, "Re", receipt.code, under=receipt))
    number = f"Mijn klantnummer is {CUSTOMER.customer_number}"
    await office.post(office.write(CUSTOMER.email, "Re", number, under=receipt))
    await office.work()
    await office.advance(minutes=1)
    assert {row.status for row in office.rows(Inbound)} == {"done"}
    assert office.state() == "awaiting_approval"


async def test_a_new_wish_in_the_thread_joins_the_case(office: Office) -> None:
    """What can be undone goes on at once; an erasure is proven anew, in the same thread."""
    receipt = await proven(office, FORMER.email)
    (again,) = await office.reply(receipt, ERASURE)
    assert office.states() == {"inzage": "awaiting_approval", "verwijdering": "identifying"}
    assert len(office.rows(Case)) == 1
    assert "5 januari 2026" in again.flat and again.code != receipt.code
    await office.reply(again, receipt.code)
    assert office.states()["verwijdering"] == "identifying", "the old code is used up"
    await office.reply(again, again.code)
    assert office.states() == {"inzage": "awaiting_approval", "verwijdering": "awaiting_approval"}


async def test_a_new_wish_in_a_new_mail_proves_itself(office: Office) -> None:
    """The same From without our secret: a matter of its own with a code of its own."""
    await proven(office)
    (receipt,) = await office.mail(CUSTOMER.email, "wissen", ERASURE)
    assert receipt.has_code
    assert office.states() == {"inzage": "awaiting_approval", "verwijdering": "identifying"}
    assert len(office.rows(Case)) == 2 and len(office.rows(Conversation)) == 2


# --- answered at once -------------------------------------------------------------------------------------------------


async def test_an_opt_out_asks_no_code_and_is_one_mail(everywhere: Office) -> None:
    """The answer is there before the acknowledgement would have left."""
    office = everywhere
    letter = LETTERS["afmelden"]
    (answer,) = await office.mail(UNKNOWN, letter.subject, letter.text)
    assert not answer.has_code
    assert office.states() == {"afmelden": "answered"}
    assert await office.advance(hours=1) == [] and office.sent_kinds() == ["done"]
    assert office.audit().problems == ()


async def test_an_approved_answer_is_one_mail(office: Office) -> None:
    (answer,) = await office.mail(CUSTOMER.email, "vraag", QUESTION)
    assert office.states() == {"vraag": "answered"} and office.sent_kinds() == ["done"]
    assert "functionaris" in answer.flat
    assert await office.advance(hours=1) == []


async def test_a_question_for_a_person_is_acknowledged_at_once(office: Office) -> None:
    (receipt,) = await office.mail(CUSTOMER.email, "vraag", HARD_QUESTION)
    assert office.states() == {"vraag": "awaiting_approval"} and office.sent_kinds() == ["acknowledgement"]
    assert "medewerker" in receipt.flat
