"""Telegram brings the updates itself: the secret, what is refused, and that 200 means stored."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.telegram.build import TelegramBot
from cases.errors import Temporary
from cases.messages import RawInbound, chat_message
from cases.protocols import Accepted
from storage.models import Inbound
from storage.queries.inbound import raw_of
from tests.support.arrived import BASE_URL
from tests.support.office import Office, Shared, open_office, shared
from tests.support.telegram_desk import ANNA, BERT, TelegramDesk, open_telegram
from web.app import create_app
from web.settings import WebSettings
from web.telegram_hook import HEADER, LARGEST

__all__ = ["shared"]  # a fixture
SECRET = "een-geheim-van-meer-dan-32-tekens-lang"
PATH = "/telegram/whatnext"


@dataclass(slots=True)
class Hook:
    desk: TelegramDesk
    http: httpx.AsyncClient

    async def bring(self, update: Any, *, secret: str | None = SECRET, raw: bytes | None = None) -> int:
        headers = {"Content-Type": "application/json"} | ({HEADER: secret} if secret is not None else {})
        content = json.dumps(update).encode() if raw is None else raw
        return (await self.http.post(PATH, content=content, headers=headers)).status_code

    @property
    def stored(self) -> int:
        return len(self.desk.office.rows(Inbound))


@pytest.fixture
async def office(tmp_path: Path, shared: Shared) -> AsyncIterator[Office]:
    async with open_office(tmp_path, shared) as opened:
        yield opened


@pytest.fixture
async def hook(office: Office) -> AsyncIterator[Hook]:
    async with open_telegram(office, webhook=True, secret=SECRET) as desk:
        door = TelegramBot(desk.settings, office.desk, office.accept, album_seconds=0.05)
        app = create_app(office.desk, WebSettings(BASE_URL, telegram={"whatnext": door}))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=BASE_URL) as http:
            yield Hook(desk, http)


async def test_the_address_and_the_secret_are_told_to_telegram(hook: Hook) -> None:
    await hook.desk.receiver.once(hook.desk.stop)
    (call,) = hook.desk.api.called("setWebhook")
    assert call.given["url"] == f"{BASE_URL}{PATH}" and call.given["secret_token"] == SECRET
    assert "drop_pending_updates" not in call.given, "what waits is kept"
    assert hook.desk.api.offsets == [], "a webhook and asking exclude each other"


async def test_an_address_that_telegram_can_not_reach_is_said(hook: Hook) -> None:
    hook.desk.api.write(ANNA, "hallo")
    hook.desk.api.unreached_at = int(hook.desk.office.clock.now().timestamp()) - 60
    with pytest.raises(Temporary, match="our address"):
        await hook.desk.receiver.once(hook.desk.stop)
    hook.desk.office.clock.advance(hours=1)
    await hook.desk.receiver.once(hook.desk.stop)


async def test_an_update_is_stored_before_telegram_hears_200(hook: Hook) -> None:
    update = hook.desk.api.write(ANNA, "hallo")
    assert await hook.bring(update) == 200
    assert hook.stored == 1
    assert await hook.bring(update) == 200, "replayed"
    assert hook.stored == 1
    await hook.desk.office.work()
    assert len(hook.desk.api.said(ANNA)) == 1


@pytest.mark.parametrize("secret", [None, "", "verkeerd", SECRET[:-1], SECRET + "x", SECRET.upper(), "é"])
async def test_a_wrong_secret_is_refused_and_logged_without_content(
    hook: Hook, caplog: pytest.LogCaptureFixture, secret: str | None
) -> None:
    with caplog.at_level(logging.DEBUG):
        update = hook.desk.api.write(ANNA, "zeer persoonlijk")
        if secret == "é":
            answer = await hook.http.post(PATH, json=update, headers=[(HEADER.encode(), "é".encode())])
            assert answer.status_code == 403
        else:
            assert await hook.bring(update, secret=secret) == 403
    assert hook.stored == 0
    assert "a wrong secret" in caplog.text and "persoonlijk" not in caplog.text and SECRET not in caplog.text


async def test_an_organisation_without_a_bot_answers_the_same(hook: Hook) -> None:
    headers = {HEADER: SECRET}
    for path in ("/telegram/weservit", "/telegram/verzonnen"):
        assert (await hook.http.post(path, json={"update_id": 1}, headers=headers)).status_code == 403


async def test_a_bot_that_asks_itself_takes_no_webhook(hook: Hook) -> None:
    own = replace(hook.desk.settings, webhook=False)
    door = TelegramBot(own, hook.desk.office.desk, hook.desk.office.accept)
    assert not door.opens_with(SECRET)
    assert not TelegramBot(replace(own, webhook=True, secret=""), door.face.desk, door.face.accept).opens_with("")


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"{", 400),
        (b"", 400),
        (b"\xff\xfe", 400),
        (b"[1]", 400),
        (b'{"update_id": "7"}', 400),
        (b"[" * 100_000, 400),
        (b'{"update_id": 7, "x": "' + b"y" * LARGEST + b'"}', 413),
        (b'{"update_id": 7, "something_new": {"a": 1}}', 200),
        (b'{"update_id": 7, "message": 5}', 200),
        (b'{"update_id": 7, "message": {"chat": {"id": 1, "type": "group"}}}', 200),
    ],
    ids=range(10),
)
async def test_bad_input_is_refused_or_passed_over_and_nobody_suffers(hook: Hook, raw: bytes, status: int) -> None:
    assert await hook.bring(None, raw=raw) == status
    assert hook.stored == 0
    assert await hook.bring(hook.desk.api.write(BERT, "hallo")) == 200
    assert hook.stored == 1


async def test_a_message_that_can_not_be_read_is_kept_for_a_person(hook: Hook) -> None:
    update = hook.desk.api.write(ANNA, "Ik wil inzage")
    update["message"]["entities"] = "kapot"
    assert await hook.bring(update) == 200
    await hook.desk.office.work()
    assert [row.status for row in hook.desk.office.rows(Inbound)] == ["quarantined"]


async def test_what_is_not_stored_is_brought_again(hook: Hook) -> None:
    office = hook.desk.office

    async def full(message: RawInbound) -> Accepted:
        raise Temporary("the disk is full")

    door = TelegramBot(hook.desk.settings, office.desk, full)
    app = create_app(office.desk, WebSettings(BASE_URL, telegram={"whatnext": door}))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=BASE_URL) as http:
        broken = Hook(hook.desk, http)
        assert await broken.bring(hook.desk.api.write(ANNA, "hallo")) == 503


async def test_the_parts_of_an_album_come_apart_and_become_one_message(hook: Hook) -> None:
    parts = hook.desk.api.album(ANNA, "", "Mijn paspoort", "")
    answers = await asyncio.gather(*(hook.bring(part) for part in (parts[1], parts[0], parts[2])))
    assert answers == [200, 200, 200]
    (row,) = hook.desk.office.rows(Inbound)
    album = chat_message(hook.desk.office.store.read_here(lambda reads: raw_of(reads, row)).raw)
    assert album.text == "Mijn paspoort"
    assert [file.name for file in album.files] == ["scan-1.pdf", "scan-2.pdf", "scan-3.pdf"]
