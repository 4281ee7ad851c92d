"""The page of the channels: who says how far, the checklist, the stop, what waits for a click, the spam list."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Row, select

from cases.types import OutboxStatus
from storage.models import Audit, ChannelState, Inbound, Outbox, OutgoingStop, SenderMark, SQLModel, StaffRole, table
from storage.unit import Unit
from tests.integration.test_web_console import one
from tests.support.web_client import opened, token
from tests.support.web_later import add_sending
from tests.support.web_world import World

STAND = "/bureau/kanalen/whatnext/stand"
POINT = "/bureau/kanalen/whatnext/punt"
STOP = "/bureau/kanalen/whatnext/stop"


def rows(made: World, model: type[SQLModel]) -> Sequence[Row[Any]]:
    return made.store.read_here(lambda reads: reads.rows(select(table(model))))


def make_admin(made: World, login: str) -> None:
    roles = table(StaffRole)

    def write(unit: Unit) -> None:
        unit.execute(roles.update().where(roles.c.staff_id == made.ids[login]).values(role="admin"))

    made.store.write_here(write)


async def test_only_an_admin_says_how_far_it_goes(tmp_path: Path) -> None:
    async with opened(tmp_path, "sanne") as (made, http):
        page = (await http.get("/bureau/kanalen")).text
        assert "Klaar om aan te gaan?" in page and "Zet zo" not in page
        data = {"csrf": await token(http), "mode": "aan", "reason": "zo is het", "point": "junk"}
        assert (await http.post(STAND, data=data)).status_code == 403
        assert (await http.post(POINT, data=data)).status_code == 403
        assert (await http.post("/bureau/kanalen/nexxt/stand", data=data)).status_code == 404
        assert {row.changed_by for row in rows(made, ChannelState)} == {""}


async def test_on_takes_every_point_or_a_name_and_a_reason(tmp_path: Path) -> None:
    async with opened(tmp_path, "sanne") as (made, http):
        make_admin(made, "sanne")
        data = {"csrf": await token(http)}
        bare = await http.post(STAND, data=data | {"mode": "aan"})
        assert bare.status_code == 422 and "Er staan nog punten open." in bare.text
        assert (await http.post(STAND, data=data | {"mode": "ver weg"})).status_code == 404
        empty = await http.post(POINT, data=data | {"point": "sources", "reason": " "})
        assert empty.status_code == 422 and "Schrijf erbij waarom." in empty.text
        await http.post(POINT, data=data | {"point": "watched", "reason": "wij keken een week mee"})
        page = (await http.get("/bureau/kanalen")).text
        assert "Afgevinkt door Sanne Bakker: wij keken een week mee" in page
        done = await http.post(STAND, data=data | {"mode": "aan", "reason": "de rest volgt"})
        assert "De stand van het kanaal is veranderd." in (await http.get(done.headers["location"])).text
        (state,) = [row for row in rows(made, ChannelState) if row.organisation_id == "whatnext"]
        actor = f"staff:{made.ids['sanne']}"
        assert (state.mode, state.reason, state.changed_by) == ("aan", "de rest volgt", actor)
        changed = [row for row in rows(made, Audit) if row.tag == "mode.changed" and "after" in row.facts]
        assert [(row.actor, row.facts["after"]) for row in changed] == [(actor, "aan")]
        assert "policy" in changed[0].facts["passed_by"] and "watched" not in changed[0].facts["passed_by"]


async def test_whoever_decides_may_stop_everything_of_an_organisation(tmp_path: Path) -> None:
    async with opened(tmp_path, "sanne") as (made, http):
        data = {"csrf": await token(http)}
        await http.post(STOP, data=data | {"act": "stoppen", "reason": "er klopt iets niet"})
        assert [(row.id, row.reason) for row in rows(made, OutgoingStop)] == [("whatnext", "er klopt iets niet")]
        page = (await http.get("/bureau/kanalen")).text
        assert "Alles wat naar buiten gaat, is gestopt." in page and "er klopt iets niet" in page
        await http.post(STOP, data=data | {"act": "hervatten"})
        assert rows(made, OutgoingStop) == []
        made.store.write_here(
            lambda unit: unit.add(OutgoingStop, id="*", stopped_at=unit.now, stopped_by="operator:karin", reason="")
        )
        all_of_it = await http.post(STOP, data=data | {"act": "hervatten"})
        assert all_of_it.status_code == 422 and "privacyloket resume" in all_of_it.text


async def test_who_only_prepares_stops_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path, "els") as (made, http):
        data = {"csrf": await token(http), "act": "stoppen", "reason": "x"}
        assert (await http.post("/bureau/kanalen/weservit/stop", data=data)).status_code == 403
        assert (await http.post(STOP, data=data)).status_code == 404
        assert rows(made, OutgoingStop) == []


async def test_a_message_that_waits_is_read_and_let_go_or_not(tmp_path: Path) -> None:
    async with opened(tmp_path, "sanne") as (made, http):
        for mark, of_case in (("goes", False), ("stays", False), ("of-case", True)):
            sending = partial(add_sending, made=made, mark=mark, status=OutboxStatus.HELD, of_case=of_case)
            made.store.write_here(sending)
        data = {"csrf": await token(http)}
        page = (await http.get(f"/bureau/bericht/{made.ids['goes']}")).text
        assert "anna@klant.example" in page and '<div class="words">Een code</div>' in page
        for mark, act, after in (
            ("goes", "versturen", "queued"), ("stays", "niet", "cancelled"), ("of-case", "versturen", "queued"),
        ):  # fmt: skip
            answer = await http.post(f"/bureau/bericht/{made.ids[mark]}/vrijgeven", data=data | {"act": act})
            assert answer.status_code == 303
            assert one(made, Outbox, "status", made.ids[mark]) == after
            again = await http.post(f"/bureau/bericht/{made.ids[mark]}/vrijgeven", data=data | {"act": "versturen"})
            assert again.status_code == 409
            assert one(made, Outbox, "status", made.ids[mark]) == after


async def test_a_message_of_another_organisation_is_not_there(tmp_path: Path) -> None:
    async with opened(tmp_path, "els") as (made, http):
        made.store.write_here(lambda unit: add_sending(unit, made, "held", OutboxStatus.HELD, of_case=False))
        data = {"csrf": await token(http), "act": "versturen"}
        assert (await http.get(f"/bureau/bericht/{made.ids['held']}")).status_code == 404
        assert (await http.post(f"/bureau/bericht/{made.ids['held']}/vrijgeven", data=data)).status_code == 404
        assert one(made, Outbox, "status", made.ids["held"]) == "held"


async def test_a_sender_goes_on_the_spam_list_and_off_again(tmp_path: Path) -> None:
    async with opened(tmp_path, "sanne") as (made, http):
        data, act = {"csrf": await token(http)}, f"/bureau/post/{made.ids['doubt']}/spam"
        assert "Geen post op de spamlijst." in (await http.get("/bureau/spam")).text
        await http.post(act, data=data)
        assert len(rows(made, SenderMark)) == 1
        assert one(made, Inbound, "outcome", made.ids["doubt"]) == "spam"
        assert f"/bureau/post/{made.ids['doubt']}" in (await http.get("/bureau/spam")).text
        await http.post(act, data=data | {"act": "geen-spam"})
        assert rows(made, SenderMark) == []


async def test_what_was_set_aside_is_read_again_once(tmp_path: Path) -> None:
    async with opened(tmp_path, "sanne") as (made, http):
        data, act = {"csrf": await token(http)}, f"/bureau/post/{made.ids['broken']}/opnieuw-lezen"
        assert (await http.post(act, data=data)).headers["location"] == "/bureau?melding=opnieuw-lezen"
        assert one(made, Inbound, "status", made.ids["broken"]) == "stored"
        assert (await http.post(act, data=data)).status_code == 409
