"""Telegram's way in: stored once and in order, edits and albums, groups, floods, bad input, restarts."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.telegram.build import TelegramBot
from cases.errors import Temporary
from cases.messages import RawInbound, chat_message
from cases.protocols import Accepted
from cases.types import ChannelMode
from storage.models import ChannelCursor, ChannelHealth, Inbound, table
from storage.queries.inbound import raw_of
from storage.unit import Reads
from tests.support.bot_api import description
from tests.support.office import Office, Shared, open_office, shared
from tests.support.telegram_desk import ANNA, BERT, STRANGER, TEAM, TelegramDesk, open_telegram

__all__ = ["shared"]  # a fixture


@pytest.fixture
async def office(tmp_path: Path, shared: Shared) -> AsyncIterator[Office]:
    async with open_office(tmp_path, shared) as opened:
        yield opened


@pytest.fixture
async def desk(office: Office) -> AsyncIterator[TelegramDesk]:
    async with open_telegram(office) as opened:
        yield opened


def stored(desk: TelegramDesk) -> list[dict[str, Any]]:
    def read(reads: Reads) -> list[dict[str, Any]]:
        rows = table(Inbound)
        found = reads.rows(select(rows).order_by(rows.c.received_at, rows.c.external_id))
        return [json.loads(raw_of(reads, row).raw) for row in found]

    return desk.office.store.read_here(read)


async def until(done: Callable[[], bool]) -> None:
    """Nothing says when a loop has come round; the run as a whole has its time limit."""
    while not done():  # noqa: ASYNC110
        await asyncio.sleep(0.02)


# --- taking -----------------------------------------------------------------------------------------------------------


async def test_a_message_is_stored_and_then_confirmed(desk: TelegramDesk) -> None:
    update = desk.api.write(ANNA, "hallo")
    await desk.receive()
    (message,) = stored(desk)
    assert (message["sender"], message["text"]) == (str(ANNA), "hallo")
    assert desk.api.updates == [], "Telegram was told"
    assert desk.office.rows(ChannelCursor)[0].position == str(update["update_id"] + 1)


async def test_what_an_address_on_a_website_adds_to_the_first_tap_is_nothing(desk: TelegramDesk) -> None:
    desk.api.write(ANNA, "/start van-de-website")
    await desk.receive()
    assert [message["text"] for message in stored(desk)] == ["/start"]


async def test_the_same_update_again_is_the_same_message(desk: TelegramDesk) -> None:
    update = desk.api.write(ANNA, "hallo")
    await desk.receive()
    desk.api.updates.append(update)
    await desk.receive()
    assert len(stored(desk)) == 1


async def test_the_position_survives_a_restart_and_is_told_only_once(desk: TelegramDesk) -> None:
    update = desk.api.write(ANNA, "hallo")
    await desk.receiver.once(desk.stop)
    await desk.begin()
    desk.api.offsets.clear()
    await desk.receiver.once(desk.stop)
    await desk.receiver.once(desk.stop)
    assert desk.api.offsets == [update["update_id"] + 1, None]


async def test_after_a_week_of_silence_an_old_position_is_not_told(desk: TelegramDesk) -> None:
    """Telegram may count from anywhere then; a higher old position would confirm what nobody has read."""
    desk.api.write(ANNA, "hallo")
    await desk.receive()
    desk.office.clock.advance(days=8)
    desk.api.next_id = 7
    await desk.begin()
    desk.api.write(ANNA, "nog iets")
    await desk.receive()
    assert len(stored(desk)) == 2


async def test_what_could_not_be_stored_is_not_confirmed(desk: TelegramDesk) -> None:
    async def full(message: RawInbound) -> Accepted:
        raise Temporary("the disk is full")

    receiver = TelegramBot(desk.settings, desk.office.desk, full).receiver(wait=0)
    desk.api.write(ANNA, "hallo")
    for _ in range(2):
        with pytest.raises(Temporary):
            await receiver.once(desk.stop)
    assert len(desk.api.updates) == 1 and desk.office.rows(ChannelCursor) == []
    await desk.receive()
    assert len(stored(desk)) == 1


async def test_an_update_that_can_not_be_read_goes_aside_and_holds_up_nobody(desk: TelegramDesk) -> None:
    strange = desk.api.write(ANNA, "Ik wil mijn gegevens zien")
    strange["message"]["date"] = "gisteren"
    desk.api.write(BERT, "hallo")
    await desk.work()
    assert {row.status for row in desk.office.rows(Inbound)} == {"quarantined", "done"}
    assert desk.api.said(BERT) != []


async def test_kinds_that_nobody_asked_for_are_passed_over(desk: TelegramDesk) -> None:
    desk.api.update(chat_boost={"chat": {"id": ANNA, "type": "private"}})
    desk.api.update(message=desk.api.message(ANNA) | {"pinned_message": desk.api.message(ANNA, "x")})
    desk.api.update(poll_answer="?")
    desk.api.write(BERT, "hallo")
    await desk.receive()
    assert len(stored(desk)) == 1


async def test_another_bot_is_not_talked_to(desk: TelegramDesk) -> None:
    desk.api.write(ANNA, "hallo", **{"from": {"id": ANNA, "is_bot": True, "first_name": "Lus"}})
    await desk.receive()
    assert stored(desk) == []


# --- edits, albums, files ---------------------------------------------------------------------------------------------


async def test_an_edit_is_kept_beside_what_it_replaces(desk: TelegramDesk) -> None:
    first = desk.api.write(ANNA, "Ik wil inzage")
    desk.api.edit(first, "Laat maar")
    await desk.receive()
    before, after = stored(desk)
    assert (before["text"], after["text"]) == ("Ik wil inzage", "Laat maar")
    assert after["edits"] == before["message_id"] and after["message_id"] != before["message_id"]


async def test_an_album_is_one_message(desk: TelegramDesk) -> None:
    desk.api.album(ANNA, "Mijn paspoort", "", "")
    desk.api.write(ANNA, "en dit")
    await desk.receive()
    album, _ = stored(desk)
    assert album["text"] == "Mijn paspoort"
    assert [file["name"] for file in album["files"]] == ["scan-1.pdf", "scan-2.pdf", "scan-3.pdf"]


async def test_an_album_that_is_still_coming_is_waited_for(desk: TelegramDesk) -> None:
    parts = desk.api.album(ANNA, "", "Mijn paspoort", "")
    desk.api.updates.remove(parts[2])
    taking = asyncio.create_task(desk.receive(), name="receiving")
    await until(lambda: bool(desk.api.offsets))
    desk.api.updates.append(parts[2])
    await taking
    (album,) = stored(desk)
    assert len(album["files"]) == 3


async def test_a_file_is_named_and_never_fetched(desk: TelegramDesk) -> None:
    desk.api.write(ANNA, photo=[{"file_id": "a", "file_unique_id": "b", "width": 1, "height": 1, "file_size": 9}])
    desk.api.write(ANNA, voice={"file_id": "c", "file_unique_id": "d", "duration": 3})
    await desk.receive()
    assert [message["files"][0]["name"] for message in stored(desk)] == ["foto.jpg", "voice"]
    assert {call.method for call in desk.api.calls} <= {"getMe", "deleteWebhook", "sendMessage"}


async def test_a_quick_reply_carries_its_value_and_its_words(desk: TelegramDesk) -> None:
    desk.api.press(ANNA, "wish:inzage", words="Mijn gegevens zien")
    await desk.receive()
    (message,) = stored(desk)
    assert (message["choice"], message["text"]) == ("wish:inzage", "Mijn gegevens zien")
    assert chat_message(json.dumps(message).encode()).sender == str(ANNA)
    assert len(desk.api.called("answerCallbackQuery")) == 1


# --- groups -----------------------------------------------------------------------------------------------------------


async def test_a_group_is_left_politely_and_nothing_of_it_is_kept(desk: TelegramDesk) -> None:
    desk.api.added_to(TEAM, ANNA)
    await desk.receive()
    (said,) = desk.api.said(TEAM)
    assert "privébericht" in said
    assert [call.given for call in desk.api.called("leaveChat")] == [{"chat_id": TEAM}]
    desk.api.update(message=desk.api.message(ANNA, "Ik wil inzage", group=TEAM))
    await desk.receive()
    assert stored(desk) == []


async def test_a_channel_is_left_without_a_word(desk: TelegramDesk) -> None:
    desk.api.added_to(-100_500, ANNA, kind="channel")
    await desk.receive()
    assert desk.api.said(-100_500) == [] and len(desk.api.called("leaveChat")) == 1


# --- floods -----------------------------------------------------------------------------------------------------------


async def test_a_flood_is_slowed_told_once_and_logged_without_content(
    desk: TelegramDesk, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(60):
        desk.api.write(ANNA, f"geheim-{number}")
    desk.api.write(BERT, "hallo")
    with caplog.at_level(logging.DEBUG):
        await desk.receive()
    kept = stored(desk)
    assert len([one for one in kept if one["sender"] == str(ANNA)]) == 20
    assert len([one for one in kept if one["sender"] == str(BERT)]) == 1
    assert [text for text in desk.api.said(ANNA) if "te snel" in text] == desk.api.said(ANNA)[:1]
    assert len(desk.api.said(ANNA)) == 1
    assert "geheim" not in caplog.text and str(ANNA) not in caplog.text


async def test_a_channel_that_only_looks_on_says_nothing(office: Office) -> None:
    async with open_telegram(office, mode=ChannelMode.WATCH, messages_per_minute=1) as desk:
        for _ in range(3):
            desk.api.write(ANNA, "hallo")
        desk.api.added_to(TEAM, STRANGER)
        await desk.work()
        assert desk.api.called("sendMessage") == []
        assert len(desk.api.called("leaveChat")) == 1


# --- trouble ----------------------------------------------------------------------------------------------------------


async def test_trouble_is_reported_once_and_over_when_it_answers_again(desk: TelegramDesk) -> None:
    desk.api.trouble["getUpdates"].extend(["conflict", "500", 1, "garbage", "unauthorized"])
    desk.receiver._rests = (0.01,)
    running = asyncio.create_task(desk.receiver.run(desk.stop), name="receiver")
    desk.api.write(ANNA, "hallo")
    await until(lambda: any(row.ok for row in desk.office.rows(ChannelHealth)) and bool(stored(desk)))
    desk.stop.set()
    await running
    assert desk.office.rows(ChannelHealth)[0].name == f"lezen:{desk.settings.account}"


async def test_a_token_of_another_bot_is_said(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    async with open_telegram(office) as desk:
        desk.api.username = "een_andere_bot"
        running = asyncio.create_task(desk.receiver.run(desk.stop), name="receiver")
        await until(lambda: bool(desk.office.rows(ChannelHealth)))
        desk.stop.set()
        await running
        (health,) = desk.office.rows(ChannelHealth)
        assert not health.ok and "another bot" in health.reason


def test_the_description_is_the_one_of_this_year() -> None:
    assert description()["version"] == "Bot API 10.1"
