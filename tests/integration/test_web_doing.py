"""The pages around what is carried out: calling off, undoing, a recipient, a keeper's task. A GET does nothing."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import select

from cases.protocols import Identifier, Keeper
from cases.types import ActionStatus, RequestState, Verb
from storage.models import Draft, RecipientNotice, Request, SourceAction, SourceTask, table
from storage.queries.request_facts import request_facts
from storage.seal import token_digest
from storage.unit import Reads, Unit
from tests.support.case_files import CRM
from tests.support.fake_source import FakeSource
from tests.support.web_client import opened
from tests.support.web_world import World
from workflow import tasks, undo

BY_HAND = replace(
    CRM, name="kaart", label="Kaartenbak", tables=CRM.tables[:1], by_hand=True,
    keeper=Keeper("", steps={"find": ("Open de la.", "Zoek op naam.")}),
)  # fmt: skip


def title(page: httpx.Response) -> str:
    found = re.search(r"<title>(.*?)</title>", page.text)
    assert found is not None
    return found[1]


def value(made: World, column: Any, *where: Any) -> Any:
    return made.store.read_here(lambda reads: reads.value(select(column).where(*where)))


def executing(made: World, kind: str, **action: Any) -> str:
    """Bram's erasure (or change) as approved; gives the secret of its link."""

    def write(unit: Unit) -> str:
        request = made.ids["bram.verwijdering"]
        unit.change(Request, request, state=RequestState.EXECUTING.value)
        unit.change(Draft, made.ids["bram.draft"], status="approved")
        row_id = unit.new_id()
        sealer = unit.keys.data(unit, made.ids["bram.key"])
        content = {
            "keys": ["7"], "values": {"name": "Bram J"}, "expected": {"name": "Bram Jansen"}, "columns": [],
            "channels": [], "description": "", "identifiers": [], "sensitive": True, "by_hand": False,
        }  # fmt: skip
        previous = action.pop("previous", None)
        unit.add(
            SourceAction, id=row_id, organisation_id="whatnext", request_id=request, draft_id=made.ids["bram.draft"],
            data_key_id=made.ids["bram.key"], source="crm", verb=action.pop("verb", Verb.ERASE.value),
            table_name="customers", position=0, not_before=unit.now + timedelta(days=3),
            content=sealer.seal_json(content, f"source_action.content:{row_id}"),
            previous=sealer.seal_json(previous, f"source_action.previous:{row_id}") if previous else None, **action,
        )  # fmt: skip
        unit.flush()
        facts = request_facts(unit, request)
        assert facts is not None
        undo.keep_link(unit, facts, kind, "ongedaan-geheim", unit.now + timedelta(days=3))
        return "ongedaan-geheim"

    return made.store.write_here(write)


async def test_calling_off_an_erasure_takes_a_button(tmp_path: Path) -> None:
    async with opened(tmp_path) as (made, http):
        token = executing(made, undo.CALL_OFF)
        state = table(Request).c.state
        this = table(Request).c.id == made.ids["bram.verwijdering"]
        for _ in range(2):  # a mail scanner and a browser
            page = await http.get(f"/ongedaan/{token}")
            assert page.status_code == 200 and "WN-2026-0009" in page.text and "26 november 2026" in page.text
            assert "Bram" not in page.text and "WN-" not in title(page)
        assert value(made, state, this) == "executing"
        after = await http.get((await http.post(f"/ongedaan/{token}")).headers["location"])
        assert "Er is niets gewist" in after.text and "<button" not in after.text
        assert value(made, state, this) == "withdrawn"
        assert value(made, table(SourceAction).c.status) == ActionStatus.CANCELLED.value
        again = await http.post(f"/ongedaan/{token}")
        assert "werkt niet meer" in (await http.get(again.headers["location"])).text


async def test_what_has_begun_is_not_called_off(tmp_path: Path) -> None:
    async with opened(tmp_path) as (made, http):
        token = executing(made, undo.CALL_OFF, status=ActionStatus.DONE.value)
        answer = await http.post(f"/ongedaan/{token}")
        page = await http.get(answer.headers["location"])
        assert "tegengehouden" not in page.text
        assert "melding" not in answer.headers["location"]
        assert value(made, table(Request).c.state, table(Request).c.id == made.ids["bram.verwijdering"]) == "executing"


async def test_a_changed_address_is_put_back_within_its_time(tmp_path: Path) -> None:
    async with opened(tmp_path) as (made, http):
        done = {"status": ActionStatus.DONE.value, "verb": Verb.CORRECT.value}
        until = made.clock.now() + timedelta(days=3)
        token = executing(made, undo.UNDO_LINK, previous={"7": {"name": "Bram Jansen"}}, undo_until=until, **done)
        source = made.desk.organisation("whatnext").sources["crm"]
        assert isinstance(source, FakeSource)
        assert "ongedaan maken" in (await http.get(f"/ongedaan/{token}")).text and not source.changes
        page = await http.get((await http.post(f"/ongedaan/{token}")).headers["location"])
        assert "teruggedraaid" in page.text
        (change,) = source.changes
        assert (change.keys, dict(change.values)) == (("7",), {"name": "Bram Jansen"})
        made.clock.advance(days=4)
        assert "werkt niet meer" in (await http.get(f"/ongedaan/{token}")).text


async def test_links_that_were_never_made_all_look_alike(tmp_path: Path) -> None:
    async with opened(tmp_path) as (_, http):
        pages = [await http.get(f"/{room}/niets") for room in ("ongedaan", "ontvanger", "taak")]
        pages += [await http.post(f"/{room}/niets") for room in ("ongedaan", "ontvanger")]
        pages.append(await http.post("/taak/niets", data={"antwoord": "niets"}))
        assert {page.status_code for page in pages} == {404}
        assert len({page.text for page in pages}) == 1


async def test_another_site_can_not_press_the_button(tmp_path: Path) -> None:
    async with opened(tmp_path) as (made, http):
        token = executing(made, undo.CALL_OFF)
        for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://elders.example"}):
            assert (await http.post(f"/ongedaan/{token}", headers=headers)).status_code == 403
        assert value(made, table(SourceAction).c.status) == ActionStatus.WAITING.value


async def test_a_recipient_confirms_once_and_sees_nobody(tmp_path: Path) -> None:
    async with opened(tmp_path) as (made, http):

        def write(unit: Unit) -> None:
            unit.add(
                RecipientNotice, id=unit.new_id(), organisation_id="whatnext", recipient="drukker", verb="erase",
                request_id=made.ids["bram.verwijdering"], status="sent", token_digest=token_digest("ontvanger"),
                created_at=unit.now, sent_at=unit.now,
            )  # fmt: skip

        made.store.write_here(write)
        status = table(RecipientNotice).c.status
        page = await http.get("/ontvanger/ontvanger")
        assert "Wis ze ook bij u" in page.text and "Bram" not in page.text and "WN-" not in title(page)
        assert value(made, status) == "sent"
        for _ in range(2):
            answer = await http.post("/ontvanger/ontvanger")
            assert "Dank u wel" in (await http.get(answer.headers["location"])).text
        assert value(made, status) == "confirmed"


def open_task(made: World, *, change: bool = False) -> str:
    """A task about Anna for who keeps the card index; gives the secret of its page."""
    sources = made.desk.organisation("whatnext").sources
    assert isinstance(sources, dict)
    sources["kaart"] = FakeSource("kaart", info=BY_HAND)

    def write(unit: Unit) -> None:
        facts = request_facts(unit, made.ids["anna.inzage"])
        assert facts is not None
        if not change:
            mail = tasks.TaskMail("kaart-geheim", facts.told_on, None)
            who = (Identifier("email", facts.address, proven=True),)
            tasks.open_find(unit, made.desk, facts, "kaart", who, mail)
            return
        row_id = unit.new_id()
        content: dict[str, Any] = {"keys": ["7"], "values": {}, "columns": [], "description": "Haal kaart 7 weg."}
        unit.add(
            SourceAction, id=row_id, organisation_id="whatnext", request_id=facts.id, source="kaart", verb="erase",
            draft_id=made.ids["anna.draft"],
            data_key_id=facts.case_key_id, position=0, not_before=unit.now, status="by_hand",
            content=unit.keys.data(unit, facts.case_key_id).seal_json(content, f"source_action.content:{row_id}"),
        )  # fmt: skip
        unit.flush()
        row = unit.one(select(table(SourceAction)))
        assert row is not None
        tasks.open_change(unit, made.desk, facts, row, content, tasks.TaskMail("kaart-geheim", facts.told_on, None))

    def read(reads: Reads) -> str:
        row = reads.one(select(table(SourceTask)))
        assert row is not None
        token: str = reads.keys.data(reads, row.data_key_id).open_json(row.content, f"source_task.content:{row.id}")[
            "token"
        ]
        return token

    made.store.write_here(write)
    return made.store.read_here(read)


async def test_a_keeper_fills_in_what_stands_there(tmp_path: Path) -> None:
    async with opened(tmp_path) as (made, http):
        address = f"/taak/{open_task(made)}"
        page = await http.get(address)
        for words in ("Kaartenbak", "Anna de Vries", "anna@klant.example", "Open de la.", "Zoek op naam."):
            assert words in page.text
        assert "Anna" not in title(page) and "WN-" not in title(page)
        name = re.search(r'<input id="v0-1" name="([^"]+)"', page.text)
        assert name is not None
        second = name[1].replace("0", "1", 1)
        filled = {name[1]: 'Anna "de" Vries', "antwoord": "nog-een"}
        more = await http.post(address, data=filled)
        assert "Regel 2" in more.text and "Anna &#34;de&#34; Vries" in more.text
        assert value(made, table(SourceTask).c.status) == "open"
        answer = await http.post(address, data=filled | {second: "A. de Vries", "antwoord": "gevonden"})
        page = await http.get(answer.headers["location"])
        assert "Deze taak is klaar" in page.text and "Anna" not in page.text
        assert value(made, table(SourceTask).c.status) == "done"


async def test_an_empty_answer_is_not_the_same_as_nothing_found(tmp_path: Path) -> None:
    async with opened(tmp_path) as (made, http):
        address = f"/taak/{open_task(made)}"
        empty = await http.post(address, data={"antwoord": "gevonden"})
        assert empty.status_code == 422 and "Er is niets ingevuld" in empty.text
        assert (await http.post(address, data={})).status_code == 303
        assert value(made, table(SourceTask).c.status) == "open"
        await http.post(address, data={"antwoord": "niets"})
        assert value(made, table(SourceTask).c.status) == "nothing"
        late = await http.post(address, data={"antwoord": "gevonden", "0.name": "x"})
        assert "Deze taak is klaar" in (await http.get(late.headers["location"])).text
        assert value(made, table(SourceTask).c.status) == "nothing"


async def test_a_change_by_hand_is_done_when_somebody_says_so(tmp_path: Path) -> None:
    async with opened(tmp_path) as (made, http):
        address = f"/taak/{open_task(made, change=True)}"
        page = await http.get(address)
        assert "Haal kaart 7 weg." in page.text and "Het is gedaan" in page.text
        assert value(made, table(SourceAction).c.status) == "by_hand"
        await http.post(address, data={"antwoord": "gedaan"})
        assert value(made, table(SourceAction).c.status) == "done"
