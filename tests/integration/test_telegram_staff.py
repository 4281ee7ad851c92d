"""Colleagues in Telegram: linking, what a notice says and never says, and what a button can and can not do."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from bot.demo.known import Known, Role, known
from cases.types import Label, RequestState, WorkKind
from handlers.wording import staff_texts
from storage.models import Approval, Audit, Draft, Inbound, Outbox, Staff, StaffButton, StaffChat, table
from storage.queries.writing import raise_content_version
from storage.unit import Unit
from tests.acceptance.words import ACCESS, CUSTOMER, ERASURE
from tests.support.arrived import BASE_URL
from tests.support.office import Office, Shared, open_office, shared
from tests.support.telegram_desk import ANNA, BRAM, SASKIA, STRANGER, TEAM, TelegramDesk, open_telegram
from web.app import create_app
from web.settings import WebSettings
from workflow import accounts, staff_chat
from workflow.staff_notices import QUIET

__all__ = ["shared"]  # a fixture
FORMER = known("whatnext", Role.FORMER)  # a running customer is asked first what exactly has to go


@pytest.fixture
async def office(tmp_path: Path, shared: Shared) -> AsyncIterator[Office]:
    async with open_office(tmp_path, shared) as opened:
        yield opened


@pytest.fixture
async def desk(office: Office) -> AsyncIterator[TelegramDesk]:
    async with open_telegram(office, approve=frozenset({Label.INZAGE, Label.VERWIJDERING})) as opened:
        yield opened


async def asked(desk: TelegramDesk, words: str = ACCESS, who: Known = CUSTOMER) -> None:
    """A customer asks by mail and proves the address; a draft waits."""
    (mail,) = await desk.office.mail(who.email, "Verzoek", words, name="Petra de Boer")
    await desk.office.reply(mail, mail.code)
    await desk.work()


# --- linking ----------------------------------------------------------------------------------------------------------


async def test_a_chat_is_linked_once_with_a_code_that_ends(desk: TelegramDesk) -> None:
    bot, office = desk.telegram.staff_bot, desk.office
    code = await staff_chat.new_code(office.desk, office.staff[0], bot)
    assert (await desk.say(STRANGER, "/koppel verzonnen"))[0].startswith("Deze koppelcode klopt niet")
    assert (await desk.say(SASKIA, f"/start {code}"))[0].startswith("Gekoppeld.")
    assert (await desk.say(STRANGER, f"/koppel {code}"))[0].startswith("Deze koppelcode klopt niet")
    late = await staff_chat.new_code(office.desk, office.staff[1], bot)
    office.clock.advance(minutes=16)
    assert (await desk.say(BRAM, f"/koppel {late}"))[0].startswith("Deze koppelcode klopt niet")
    assert office.rows(Inbound) == [], "nothing of this is a message to the desk"


async def test_one_account_stands_for_one_colleague(desk: TelegramDesk) -> None:
    """Four eyes: nobody looks twice with two links on one telephone."""
    await desk.link(SASKIA, 0)
    await desk.link(SASKIA, 1)
    (row,) = desk.office.rows(StaffChat)
    assert row.staff_id == desk.office.staff[1]


async def test_who_does_not_work_here_any_more_hears_nothing(desk: TelegramDesk) -> None:
    await desk.link(SASKIA)
    office = desk.office
    office.store.write_here(lambda unit: unit.change(Staff, office.staff[0], active=False))
    before = len(desk.api.said(SASKIA))
    await asked(desk)
    assert len(desk.api.said(SASKIA)) == before


async def test_a_colleague_stops_it(desk: TelegramDesk) -> None:
    await desk.link(SASKIA)
    assert await desk.say(SASKIA, "Ik wil inzage in mijn gegevens") == [staff_texts().say("staff_chat.only_notices")]
    assert (await desk.say(SASKIA, "/ontkoppel"))[0].startswith("Ontkoppeld.")
    assert desk.office.rows(StaffChat) == [] and desk.office.rows(Inbound) == []


async def test_a_blocked_bot_is_unlinked(desk: TelegramDesk) -> None:
    await desk.link(SASKIA)
    update = desk.api.added_to(SASKIA, SASKIA, kind="private")
    update["my_chat_member"]["new_chat_member"] |= {"status": "kicked", "until_date": 0}
    await desk.receive()
    assert desk.office.rows(StaffChat) == []


async def test_a_group_that_becomes_a_supergroup_is_found_again(desk: TelegramDesk) -> None:
    await desk.link(SASKIA, chat=TEAM)
    desk.api.update(message=desk.api.message(SASKIA, group=TEAM) | {"migrate_to_chat_id": -1009})
    await desk.receive()
    await asked(desk)
    assert desk.api.said(-1009) != []


# --- what is told -----------------------------------------------------------------------------------------------------


async def test_a_notice_says_number_kind_date_marks_and_link_and_nothing_else(desk: TelegramDesk) -> None:
    await desk.link(SASKIA)
    await asked(desk)
    office = desk.office
    case_id = office.request().case_id
    notice = desk.api.said(SASKIA)[-1]
    number, *rest = notice.split("\n")
    assert re.fullmatch(r"[A-Z]{3}-\S+ · inzage", number)
    assert rest == [
        "Een concept wacht op goedkeuring.", "Antwoord moet weg zijn op 5 februari 2026.",
        f"{BASE_URL}/bureau/zaak/{case_id}",
    ]  # fmt: skip
    everything = desk.api.everything()
    for personal in (CUSTOMER.email, "Petra", "Boer", "gegevens we van", ACCESS[:20]):
        assert personal not in everything, personal


async def test_a_line_is_told_once_also_in_a_group_of_two(desk: TelegramDesk) -> None:
    await desk.link(SASKIA, 0, chat=TEAM)
    await desk.link(BRAM, 1, chat=TEAM)
    before = len(desk.api.said(TEAM))
    await asked(desk)
    await desk.work()
    assert len([text for text in desk.api.said(TEAM)[before:] if "concept" in text]) == 1


async def test_risks_are_marked(desk: TelegramDesk) -> None:
    await desk.link(SASKIA)
    await asked(desk, ERASURE, FORMER)
    assert "twee mensen beslissen" in desk.api.said(SASKIA)[-1]
    assert "kan niet ongedaan worden gemaakt" in desk.api.said(SASKIA)[-1]


def test_every_kind_of_work_that_is_told_has_words() -> None:
    say = staff_texts()
    assert [kind for kind in WorkKind if kind not in QUIET and not say.has(f"staff_work.{kind.value}")] == []


# --- buttons ----------------------------------------------------------------------------------------------------------


async def test_approving_needs_the_package_opened_in_the_console(desk: TelegramDesk) -> None:
    await desk.link(SASKIA)
    await asked(desk)
    assert "eerst in het loket" in await desk.press(SASKIA, "Goedkeuren")
    await desk.opens(1)
    assert "eerst in het loket" in await desk.press(SASKIA, "Goedkeuren"), "somebody else's look does not count"
    await desk.opens(0)
    assert (await desk.press(SASKIA, "Goedkeuren")).startswith("Goedgekeurd.")
    assert desk.office.state() == RequestState.EXECUTING.value
    (approval,) = desk.office.rows(Approval)
    assert approval.staff_id == desk.office.staff[0]
    assert "intussen" in await desk.press(SASKIA, "Goedkeuren"), "once is once"
    assert len(desk.office.rows(Approval)) == 1


async def test_a_kind_that_the_settings_do_not_name_has_no_button(office: Office) -> None:
    async with open_telegram(office, approve=frozenset({Label.VRAAG})) as desk:
        await desk.link(SASKIA)
        await asked(desk)
        assert list(desk.api.called("sendMessage", SASKIA)[-1].buttons) == ["Ik pak dit op", "Afwijzen (in het loket)"]
        rows = office.rows(StaffButton)
        office.store.write_here(
            lambda unit: unit.change(
                StaffButton, rows[0].id, act="approve", draft_id=office.draft().id,
                package_digest=office.draft().package_digest,
            )
        )  # fmt: skip
        await desk.opens()
        assert "in het loket goedgekeurd" in await desk.press(SASKIA, "Ik pak dit op"), "also with a button of before"


async def test_an_old_button_can_not_approve_a_changed_draft(desk: TelegramDesk) -> None:
    await desk.link(SASKIA)
    await asked(desk)
    await desk.opens()
    office = desk.office
    office.store.write_here(lambda unit: unit.change(Draft, office.draft().id, package_digest="0" * 64))
    told = len(desk.api.said(SASKIA))
    assert "intussen veranderd" in await desk.press(SASKIA, "Goedkeuren")
    assert office.rows(Approval) == []
    assert len(desk.api.said(SASKIA)) == told + 1, "what still waits is told again, with a button of its own"


async def test_a_message_that_came_in_meanwhile_voids_the_button(desk: TelegramDesk) -> None:
    await desk.link(SASKIA)
    await asked(desk)
    await desk.opens()
    office = desk.office

    def new_content(unit: Unit) -> None:
        raise_content_version(unit, office.request().case_id)

    office.store.write_here(new_content)
    assert "intussen veranderd" in await desk.press(SASKIA, "Goedkeuren")
    assert office.rows(Approval) == []


async def test_what_can_not_be_undone_is_asked_twice_and_needs_two(desk: TelegramDesk) -> None:
    await desk.link(SASKIA, 0)
    await desk.link(BRAM, 1)
    await asked(desk, ERASURE, FORMER)
    await desk.opens(0)
    await desk.press(SASKIA, "Goedkeuren")
    assert "Zeker weten?" in desk.api.said(SASKIA)[-1]
    assert desk.office.rows(Approval) == []
    assert "tweede persoon" in await desk.press(SASKIA, "Ja, keur goed")
    assert len(desk.office.rows(Approval)) == 1
    await desk.press(SASKIA, "Goedkeuren")  # her own new notice
    assert "Een ander" in await desk.press(SASKIA, "Ja, keur goed")
    await desk.opens(1)
    await desk.press(BRAM, "Goedkeuren")
    assert "Het wordt nu uitgevoerd" in await desk.press(BRAM, "Ja, keur goed")
    assert desk.office.state() == RequestState.EXECUTING.value


async def test_a_yes_that_nobody_was_asked_for_or_that_is_old_does_nothing(desk: TelegramDesk) -> None:
    await desk.link(SASKIA)
    await asked(desk, ERASURE, FORMER)
    await desk.opens()
    rows = table(StaffButton)
    (button,) = desk.office.rows(StaffButton, rows.c.act == "approve")
    desk.api.press(SASKIA, f"staff:{button.id}:ja")
    await desk.work()
    desk.office.clock.advance(minutes=11)
    await desk.press(SASKIA, "Ja, keur goed")
    assert desk.office.rows(Approval) == []


async def test_in_a_group_only_the_buttons_of_linked_people_count(desk: TelegramDesk) -> None:
    await desk.link(SASKIA, 0, chat=TEAM)
    await asked(desk)
    await desk.opens()
    assert "gekoppelde collega" in await desk.press(STRANGER, "Goedkeuren", chat=TEAM)
    assert desk.office.rows(Approval) == []
    assert (await desk.press(SASKIA, "Goedkeuren", chat=TEAM)).startswith("Goedgekeurd.")


async def test_a_button_copied_to_another_chat_does_nothing(desk: TelegramDesk) -> None:
    await desk.link(SASKIA, 0, chat=TEAM)
    await desk.link(BRAM, 1)
    await asked(desk)
    data = desk.api.called("sendMessage", TEAM)[-1].buttons["Goedkeuren"]
    desk.api.press(BRAM, data)
    desk.api.press(BRAM, "staff:verzonnen")
    await desk.work()
    assert [call.text for call in desk.api.called("answerCallbackQuery")] == [
        staff_texts().say("staff_chat.unknown_button")
    ] * 2


async def test_taking_is_written_down_once(desk: TelegramDesk) -> None:
    await desk.link(SASKIA, 0, chat=TEAM)
    await desk.link(BRAM, 1, chat=TEAM)
    await asked(desk)
    assert "opgepakt" in await desk.press(SASKIA, "Ik pak dit op", chat=TEAM)
    assert "al opgepakt" in await desk.press(BRAM, "Ik pak dit op", chat=TEAM)
    rows = table(Audit)
    (entry,) = desk.office.rows(Audit, rows.c.tag == "case.taken")
    assert entry.actor == f"staff:{desk.office.staff[0]}"


async def test_refusing_only_opens_the_case(desk: TelegramDesk) -> None:
    """A refusal needs a ground: there is nothing in the chat that refuses."""
    await desk.link(SASKIA)
    await asked(desk)
    link = f"{BASE_URL}/bureau/zaak/{desk.office.request().case_id}"
    assert desk.api.called("sendMessage", SASKIA)[-1].buttons["Afwijzen (in het loket)"] == link


async def test_a_notice_that_could_not_be_delivered_is_no_new_notice(desk: TelegramDesk) -> None:
    await desk.link(SASKIA)
    desk.api.trouble["sendMessage"].append("blocked")
    await asked(desk)
    rows = table(Outbox)
    assert "failed" in {row.status for row in desk.office.rows(Outbox, rows.c.kind == "staff_notice")}
    assert WorkKind.NOT_DELIVERED not in desk.office.work_list()


# --- the console's page -----------------------------------------------------------------------------------------------


async def test_the_console_gives_a_code_and_unlinks(desk: TelegramDesk) -> None:
    office = desk.office
    demo = replace(office.desk, demo=True)
    app = create_app(demo, WebSettings(BASE_URL, telegram={office.organisation: desk.telegram}))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=BASE_URL) as http:
        signed = await accounts.demo_login(demo, "saskia")
        http.cookies.set("loket_bureau", signed.token)
        page = (await http.get("/bureau/telegram")).text
        assert "@privacyloket_bot" in page and "nog niets gekoppeld" in page
        csrf = {"csrf": signed.session.csrf}
        given = (await http.post("/bureau/telegram/whatnext/code", data=csrf)).text
        code = re.search(r"/koppel (\S+?)<", given)[1]  # type: ignore[index]
        assert f"?startgroup={code}" in given
        desk.api.write(SASKIA, f"/koppel {code}")
        await desk.receive()
        page = (await http.get("/bureau/telegram")).text
        assert "Uw eigen gesprek" in page
        link = re.search(r'name="link" value="([^"]+)"', page)[1]  # type: ignore[index]
        assert (await http.post("/bureau/telegram/whatnext/ontkoppelen", data=csrf | {"link": link})).status_code == 303
        assert "nog niets gekoppeld" in (await http.get("/bureau/telegram")).text
        assert (await http.post("/bureau/telegram/weservit/code", data=csrf)).status_code == 404
        assert (await http.post("/bureau/telegram/whatnext/code", data={"csrf": "x"})).status_code == 403
    assert desk.api.said(ANNA) == []
