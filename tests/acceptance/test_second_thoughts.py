"""What comes between an approval and its end: "niet ik", new facts, a change that did not fit, a letter taken back."""

from __future__ import annotations

import pytest

from bot.demo.known import Role, known
from cases.errors import InputError, Stale
from cases.protocols import Changed
from cases.types import ActionStatus, Fate
from storage.models import Draft, LedgerEntry, Link, Outbox, RecipientNotice, SourceAction, Suppression, Transfer, table
from tests.acceptance.test_erasure import FORMER, approved, customers
from tests.acceptance.words import NOT_ME
from tests.support.office import Office
from workflow import approval, breach, execute, transfer

CURRENT = known("whatnext", Role.CURRENT)
MOVE = (
    "Hallo,\n\nIk wil mijn gegevens overdragen, in een bestand, zodat ik kan overstappen naar een andere partij."
    "\n\nGroet,\n"
)


async def test_not_me_stops_what_was_approved(changing: Office) -> None:
    office = changing
    await approved(office)
    planned = next(mail for mail in office.mails if "/ongedaan/" in mail.text)
    await office.reply(planned, NOT_ME)
    await office.advance(days=5)
    assert {row.status for row in office.rows(SourceAction)} == {ActionStatus.CANCELLED}
    assert {row.status for row in office.rows(Draft)} == {"void"}
    assert customers(office, "SELECT email FROM klanten WHERE klantnr = ?", FORMER.customer_number) == [(FORMER.email,)]


async def test_new_facts_stop_what_waits_and_it_is_prepared_again(changing: Office) -> None:
    office = changing
    await approved(office)
    planned = next(mail for mail in office.mails if "/ongedaan/" in mail.text)
    await office.reply(planned, "Let op: mijn telefoonnummer is 06 1234 5678 en mijn klantnummer is WN10003.")
    await office.advance(days=5)
    assert office.state() == "awaiting_approval"
    assert customers(office, "SELECT email FROM klanten WHERE klantnr = ?", FORMER.customer_number) == [(FORMER.email,)]
    await office.advance(minutes=1)
    await office.approve(0)
    await office.approve(1)
    await office.advance(minutes=1)
    assert len([mail for mail in await office.advance(days=4) if "gewist" in mail.text]) == 1
    assert office.state() == "answered"


async def test_a_conflict_in_the_middle_loses_nothing(changing: Office) -> None:
    """One table is not as it was: the rest is done, listed and told, and a person reads the new letter."""
    office = changing
    await approved(office)
    source = office.desk.organisation("whatnext").sources["whatnext"]
    real = type(source).change

    async def conflicting(self, change):  # type: ignore[no-untyped-def]

        if change.table == "inlog":
            return Changed(change.id, ActionStatus.CONFLICT, error="anders dan getoond")
        return await real(self, change)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(source), "change", conflicting)
        await office.advance(days=4)
    assert office.state() == "awaiting_approval"
    rows = table(LedgerEntry)
    assert office.rows(LedgerEntry, rows.c.fate == Fate.KEEP.value)
    assert office.rows(Suppression) and office.rows(RecipientNotice)
    with pytest.raises(InputError, match="carried_out"):
        await approval.hand_back(office.desk, office.staff[0], office.draft().id)


async def test_a_letter_taken_back_after_the_changes_goes_out_once_more_and_changes_nothing(changing: Office) -> None:
    office = changing
    await approved(office)
    office.clock.advance(days=3)

    while await execute.run_once(office.desk):
        pass
    letter = next(row for row in office.rows(Outbox) if row.kind == "letter")
    await office.undo(letter.id)
    before = len(office.rows(SourceAction))
    await office.advance(minutes=1)
    await office.approve(0)
    await office.approve(1)
    mails = await office.advance(minutes=2)
    assert office.state() == "answered"
    assert len(office.rows(SourceAction)) == before
    assert len([mail for mail in mails if "gewist" in mail.text]) == 1


async def test_sent_wrong_touches_nobody_else(changing: Office) -> None:
    office = changing
    await office.mail(CURRENT.email, "inzage", "Welke gegevens hebben jullie van mij? Stuur mij een kopie.\n\nGroet")
    await office.mail("ander@mens.example", "inzage", "Welke gegevens hebben jullie van mij? Stuur een kopie.\n\nGroet")
    first = office.rows(Outbox)[0]
    await breach.sent_wrong(office.desk, office.staff[0], first.id, "naar de verkeerde")
    revoked = {row.conversation_id for row in office.rows(Link) if row.revoked_at is not None}
    assert revoked == {first.conversation_id}


async def test_data_go_only_to_the_party_named_last(changing: Office) -> None:
    office = changing
    (receipt,) = await office.mail(CURRENT.email, "overstappen", MOVE + CURRENT.name)
    await office.reply(receipt, receipt.code)
    request = office.request()
    assert request.label == "overdracht"
    tokens = []
    for party in ("eerste", "tweede"):
        await transfer.ask(office.desk, office.staff[0], request.id, party.title(), f"{party}@partij.example")
        (mail,) = await office.work()
        tokens.append(mail.token("overdracht"))
    page = office.store.read_here(lambda reads: transfer.page(reads, tokens[0]))
    assert page is not None and page.over and page.party == "Eerste"
    with pytest.raises(Stale):
        await transfer.confirm(office.desk, tokens[0])
    await transfer.confirm(office.desk, tokens[1])
    await office.work()
    mails = await office.approved()
    mails += await office.advance(minutes=1)
    assert {mail.to for mail in mails} >= {CURRENT.email, "tweede@partij.example"}
    assert "eerste@partij.example" not in {mail.to for mail in office.mails}
    assert len([row for row in office.rows(Transfer) if row.link_id]) == 1
    party_mail = next(mail for mail in mails if mail.to == "tweede@partij.example")
    async with office.browser() as http:
        await http.post(f"/d/{party_mail.token('d')}/stuur")
    (code,) = await office.work()
    assert code.to == "tweede@partij.example" and code.has_code
