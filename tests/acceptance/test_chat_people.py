"""Special persons in a chat: a child, an heir, a lawyer, somebody in need. A person takes over from the first word."""

from __future__ import annotations

import pytest

from cases.types import WorkKind
from tests.acceptance.test_chat import chat
from tests.support.chat import ChatDesk

__all__ = ["chat"]  # a fixture

CHILD = "Hoi ik ben 13 jaar. Willen jullie mij vertellen welke gegevens jullie van mij hebben?"
HEIR = "Mijn vader is overleden. Ik wil weten welke persoonsgegevens u van mijn overleden vader bewaart."
LAWYER = "Namens mijn cliënt, mevrouw De Wit, verzoek ik u als advocaat om inzage in haar persoonsgegevens."
NEED = "Mijn ex bedreigt me en vroeg bij jullie mijn adres op. Verwijder alsjeblieft mijn gegevens, ik ben bang."


@pytest.mark.parametrize("words", [CHILD, HEIR, LAWYER, NEED], ids=["child", "heir", "lawyer", "need"])
async def test_a_person_takes_over_and_nothing_is_promised_or_asked(chat: ChatDesk, words: str) -> None:
    office = chat.office
    lines = await chat.say("anna", words)
    assert len(lines) <= 1
    assert all("e-mailadres" not in line.text and not line.choices for line in lines), "no code, no questions"
    assert chat.mails == []
    assert set(office.states().values()) <= {"received"}, "nothing is prepared"
    assert {WorkKind.HANDLE, WorkKind.HUMAN_WANTED, WorkKind.TRIAGE} & set(office.work_list())
    assert await chat.say("anna", "hallo? 123456") == [], "silent until it is handed back"
