"""A bot in the running program: its settings, start and stop, and that nobody without one pays for it."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot import run
from bot.chat_config import TelegramSection, telegram_settings
from bot.config import Settings, WebSection
from bot.demo.program import demo_organisation
from bot.telegram.settings import TelegramSettings
from cases.errors import ConfigError
from cases.strict_toml import Document
from cases.types import ChannelKind, ChannelMode, Label
from storage.models import ChannelState
from storage.unit import Unit
from tests.support.bot_api import TOKEN, USERNAME, BotApi, bot_api
from tests.support.office import Shared, shared
from tests.support.stores import ROOT_KEY, migrated_url
from tests.support.telegram_desk import ANNA
from workflow.desk import Limits

__all__ = ["shared"]  # a fixture
HOOK_SECRET = "s" * 32


def settings(text: str) -> TelegramSettings | None:
    document = Document(text, file="config.toml")
    return telegram_settings(document, "", "whatnext", document.build(TelegramSection), Path())


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT", TOKEN)
    monkeypatch.setenv("HOOK", HOOK_SECRET)


def test_no_table_is_off() -> None:
    assert telegram_settings(Document("", file="config.toml"), "", "whatnext", None, Path()) is None


def test_the_plain_table_asks_for_updates_and_approves_nothing() -> None:
    made = settings('username = "@whatnext_bot"\ntoken_env = "BOT"')
    assert made is not None
    assert made.account == "telegram:whatnext_bot"
    assert (made.webhook, made.approve, made.api) == (False, frozenset(), "https://api.telegram.org")
    assert TOKEN not in repr(made), "a token stands in no log"


def test_a_server_of_ones_own_and_a_webhook() -> None:
    made = settings(
        'username = "w"\ntoken_env = "BOT"\napi = "http://127.0.0.1:8081/"\nwebhook = true\nsecret_env = "HOOK"\n'
        'approve = ["inzage"]'
    )
    assert made is not None
    assert (made.api, made.secret, made.approve) == ("http://127.0.0.1:8081", HOOK_SECRET, frozenset({Label.INZAGE}))


@pytest.mark.parametrize(
    "text",
    [
        'username = "w"',
        'username = "w"\ntoken_env = "NOWHERE"',
        'username = "w"\ntoken_env = "HOOK"',
        'username = "w"\ntoken_env = "BOT"\napi = "http://bots.example"',
        'username = "w"\ntoken_env = "BOT"\nwebhook = true',
        'username = "w"\ntoken_env = "BOT"\nwebhook = true\nsecret_env = "BOT"',
        'username = "w"\ntoken_env = "BOT"\napprove = ["alles"]',
        'username = "w"\ntoken_env = "BOT"\nmessages_per_minute = 0',
    ],
)
def test_a_mistake_stops_the_start(text: str) -> None:
    with pytest.raises(ConfigError) as raised:
        settings(text)
    assert TOKEN not in str(raised.value) and HOOK_SECRET not in str(raised.value)


def test_without_a_bot_aiogram_is_not_loaded() -> None:
    """Three seconds and 150 MB that an installation without a bot does not pay."""
    code = "import sys, bot.run, bot.wiring, bot.__main__; print(sorted({'aiogram', 'aiohttp'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=100)
    assert done.stdout.strip() == "[]"


# --- the running program ----------------------------------------------------------------------------------------------


def _program(url: str, folder: Path, bot: TelegramSettings) -> Settings:
    own = replace(demo_organisation("whatnext", folder), sources=(), telegram=bot)
    return Settings(
        folder=folder, database_url=url, root_key_file=folder / "unused", root_key=b64encode(ROOT_KEY).decode(),
        base_url="https://loket.example", instance="test", web=WebSection(enabled=False), door=None, limits=Limits(),
        organisations=(own,), tray=folder / "tray",
    )  # fmt: skip


async def _until(done: Callable[[], Any]) -> None:
    while not done():  # noqa: ASYNC110  # loops have no event for "came round"
        await asyncio.sleep(0.05)


def _switch_on(unit: Unit) -> None:
    unit.change(ChannelState, f"whatnext:{ChannelKind.TELEGRAM}", mode=ChannelMode.ON.value)


async def test_the_program_answers_and_stops(tmp_path: Path, shared: Shared, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "warm_reader", lambda *_: lambda: shared.reader)
    with migrated_url("sqlite", tmp_path) as url:
        async with bot_api() as api:
            bot = TelegramSettings("whatnext", USERNAME, TOKEN, api.url)
            program = await run.start(_program(url, tmp_path, bot))
            try:
                await program.desk.store.write(_switch_on)
                await _talk(api)
            finally:
                await run.shut_down(program)
            assert all(task.done() for task in program.tasks)
            assert api.refused == []


async def _talk(api: BotApi) -> None:
    """The line breaks in between, and somebody writes meanwhile."""
    api.write(ANNA, "hallo")
    await _until(lambda: api.said(ANNA))
    assert api.said(ANNA)[0].startswith("Ik ben de automatische assistent")
    api.trouble["getUpdates"].append("hang up")
    api.write(ANNA, "bedankt")
    await _until(lambda: len(api.said(ANNA)) == 2)
