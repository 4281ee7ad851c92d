"""Every request type at every organisation: the short conversations of `scripts`, and the turns that any case may take.

Which conversation shows which right at which house stands in `matrix`; a hole there is a failing test.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.demo.customers import ORGANISATIONS
from bot.demo.known import Role, known
from cases.types import Form, Label, WorkKind
from storage.models import Conversation, SourceTask, table
from tests.acceptance.rights import at, decided, desk_of, office_at, one_letter, proven, request_of, stands
from tests.acceptance.scripts import SCRIPTS, Script
from tests.acceptance.words import ACCESS_U, DROP, STATUS
from tests.support.arrived import Mail
from tests.support.office import Office, Shared, shared
from workflow import people, questions, tasks

__all__ = ["office_at", "shared"]  # fixtures
HOW_LONG = {
    "weservit": "Geachte heer, mevrouw,\n\nHoe lang bewaart u mijn persoonsgegevens?\n\nHoogachtend,\n",
    "webanizr": "Hallo,\n\nHoe lang bewaren jullie mijn persoonsgegevens?\n\nGroet,\n",
}
ASIDE = "Hebben jullie ook een folder over de cursus WordPress?"


@pytest.fixture
async def house(request: pytest.FixtureRequest, tmp_path: Path, shared: Shared) -> AsyncIterator[Office]:
    script: Script = request.getfixturevalue("script")
    async with desk_of(tmp_path, shared, script.organisation) as opened:
        yield opened


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
async def test_a_right_at_a_house(house: Office, script: Script) -> None:
    office, who = house, script.who
    (receipt, *_) = await office.mail(who.email, "verzoek", script.words + who.name)
    assert list(office.states()) == [script.label.value]
    if receipt.has_code:
        await office.reply(receipt, receipt.code)
    if script.chosen:
        request = request_of(office, script.label)
        await questions.choose(office.desk, f"staff:{office.staff[1]}", request.id, script.chosen)
        await office.work()
    mails = [mail for mail in await carried_out(office, script) if mail.subject.startswith("Antwoord op")]
    answer = one_letter(mails, who.email)
    assert request_of(office, script.label).state == script.state
    assert [said for said in script.says if said not in answer.flat] == []
    assert [said for said in script.never if said in answer.flat] == []
    for held in script.holds:
        number = int(who.customer_number) if held.number else who.customer_number
        assert stands(office, held.database, held.sql, number) == [(held.value,)]


async def carried_out(office: Office, script: Script) -> list[Mail]:
    """Approved, done by the systems and by whoever keeps one by hand; gives what left."""
    mails = await decided(office, script.label, script.edits)
    for task in office.rows(SourceTask, table(SourceTask).c.status == "open"):
        await tasks.answer_by_staff(office.desk, f"staff:{office.staff[0]}", task.id, nothing=False)
    return mails + await office.advance(minutes=1)


@at(*HOW_LONG)
async def test_a_question_is_answered_from_the_statement(office_at: Office) -> None:
    office, who = office_at, known(office_at.organisation, Role.CURRENT)
    mails = await office.mail(who.email, "vraag", HOW_LONG[office.organisation] + who.name)
    assert office.states() == {"vraag": "answered"} and office.moved_by("answered") == "program"
    assert "automatische assistent" in mails[-1].flat


@at(*ORGANISATIONS)
async def test_the_turns_of_a_case(office_at: Office) -> None:
    """How far is it, something else in between, and never mind: of a proven requester, in the form of the house."""
    office, who = office_at, known(office_at.organisation, Role.CURRENT)
    formal = office.desk.organisation(office.organisation).policy.form is Form.NL_U
    receipt = await proven(office, who.email, ACCESS_U + who.name)
    (told,) = await office.reply(receipt, STATUS)
    assert "een medewerker bekijkt het antwoord" in told.flat and "automatische assistent" in told.flat
    assert ("uw gegevens inzien" if formal else "je gegevens inzien") in told.flat

    assert await office.reply(receipt, ASIDE) == [], "nobody but a person answers this"
    assert WorkKind.NEW_MESSAGE in office.work_list()
    (talk,) = office.rows(Conversation)
    await people.reply(office.desk, office.staff[0], talk.id, "Die folder hebben we niet meer.")
    assert "folder hebben we niet meer" in one_letter(await office.advance(minutes=1), who.email).flat
    assert request_of(office, Label.INZAGE).state == "awaiting_approval"

    (closed,) = await office.reply(receipt, DROP)
    assert request_of(office, Label.INZAGE).state == "withdrawn"
    assert office.moved_by("withdrawn").startswith("requester:")
    assert "nog niets uitgevoerd" in closed.flat
