"""Under load a batch is read ahead, and what needs no system is answered together; nobody notices either."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cases.types import Label, WorkKind
from handlers.base import CaseFile, Prepared
from handlers.registry import HANDLERS
from storage.models import Case, Inbound, Message
from tests.acceptance.words import ACCESS
from tests.support.office import Office, Shared, open_office, shared
from tests.support.stores import Database
from workflow import prepare
from workflow.process import Stream

__all__ = ["shared"]  # a fixture

STOP = "Stuur mij geen reclame en geen nieuwsbrieven meer. Ik wil mij daarvoor afmelden."


@pytest.fixture
async def office(tmp_path: Path, shared: Shared, database: Database) -> AsyncIterator[Office]:
    async with open_office(tmp_path, shared, database=database) as opened:
        object.__setattr__(opened.desk, "limits", replace(opened.desk.limits, batch=2))
        yield opened


async def _post(office: Office, sender: str, text: str) -> None:
    await office.post(office.write(f"{sender}@post.example", "Inzage", text))
    office.clock.advance(seconds=1)


async def test_messages_of_one_sender_keep_their_order(office: Office) -> None:
    """The second and third of Anna wait for what became of the first, though the next batch was claimed already."""
    words = [f"{ACCESS} {which}" for which in ("eerst", "daarna", "toen", "ten slotte")]
    for text in words:
        await _post(office, "anna", text)
    for number in range(3):
        await _post(office, f"iemand{number}", f"{ACCESS} {number}")
    stream = Stream(office.desk)
    while await stream.step():
        pass
    assert {row.status for row in office.rows(Inbound)} == {"done"}
    assert {row.attempts for row in office.rows(Inbound)} == {1}, "put back is no try"
    assert len(office.rows(Case)) == 4
    told = [text for text in _told(office) if any(text.startswith(one) for one in words)]
    assert [next(one for one in words if text.startswith(one)) for text in told] == words
    assert office.audit().problems == ()


def _told(office: Office) -> list[str]:
    """The words that came in, in the order in which they were settled."""
    rows = office.rows(Message)

    def read(reads: Any) -> list[str]:
        return [
            str(reads.keys.data(reads, row.data_key_id).open_json(row.content, f"message.content:{row.id}")["text"])
            for row in rows
            if row.incoming
        ]

    return office.store.read_here(read)


async def test_what_was_read_ahead_is_settled_before_the_end(office: Office) -> None:
    for number in range(4):
        await _post(office, f"iemand{number}", f"{ACCESS} {number}")
    stream = Stream(office.desk)
    assert await stream.step() == 2
    assert [row.status for row in office.rows(Inbound)].count("done") == 2
    await stream.close()
    assert {row.status for row in office.rows(Inbound)} == {"done"}
    assert {row.claim_token for row in office.rows(Inbound)} == {None}


async def test_a_reader_that_is_away_breaks_one_step_only(office: Office) -> None:
    reader = office.desk.reader

    def away() -> Any:
        raise OSError("away")

    for number in range(2):
        await _post(office, f"iemand{number}", f"{ACCESS} {number}")
    stream = Stream(office.desk)
    object.__setattr__(office.desk, "reader", away)
    with pytest.raises(OSError, match="away"):
        await stream.step()
    object.__setattr__(office.desk, "reader", reader)
    assert await stream.step() == 0, "the claim still holds"
    office.clock.advance(minutes=6)
    assert await stream.step() == 2


async def test_opt_outs_are_answered_together(office: Office) -> None:
    for number in range(5):
        await office.post(office.write(f"iemand{number}@post.example", "Afmelden", f"{STOP} {number}"))
    stream = Stream(office.desk)
    while await stream.step():
        pass
    assert await prepare.without_sources(office.desk) == 5
    await office.work()
    assert [row.state for row in office.requests()] == ["answered"] * 5
    assert office.sent_kinds() == ["done"] * 5, "one mail each"
    assert office.audit().problems == ()


async def test_one_that_can_not_be_written_takes_nobody_with_it(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        await office.post(office.write(f"iemand{number}@post.example", "Afmelden", f"{STOP} {number}"))
    stream = Stream(office.desk)
    while await stream.step():
        pass
    good = HANDLERS[Label.AFMELDEN]

    class Breaks:
        label, needs = good.label, good.needs

        def prepare(self, file: CaseFile) -> Prepared:
            if file.requester_address == "iemand1@post.example":
                raise ValueError("broken")
            return good.prepare(file)

    monkeypatch.setitem(HANDLERS, Label.AFMELDEN, Breaks())
    await office.work()
    assert sorted(row.state for row in office.requests()) == ["answered", "answered", "preparing"]
    assert office.work_list().count(WorkKind.HANDLE) == 1
