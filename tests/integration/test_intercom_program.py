"""Intercom in the running program: its settings, its address, its ticks, and that it is off without a table."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from bot import run
from bot.chat_config import IntercomSection, intercom_settings
from bot.config import Settings, WebSection
from bot.demo.program import demo_organisation
from cases.context import Context
from cases.errors import ConfigError
from cases.strict_toml import Document
from cases.types import ChannelKind, ChannelMode
from intake.intercom.settings import IntercomSettings, Region
from storage.models import ChannelState, Inbound, table
from storage.unit import Store
from tests.support.clock import SetClock
from tests.support.intercom_api import SECRET, TOKEN, intercom
from tests.support.office import Shared, shared
from tests.support.ports import free_port
from tests.support.stores import ROOT_KEY, migrated_url
from workflow.desk import Limits

__all__ = ["shared"]  # a fixture
EXAMPLE = Path(__file__).parents[2] / "config.example.toml"


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBANIZR_INTERCOM_TOKEN", TOKEN)
    monkeypatch.setenv("WEBANIZR_INTERCOM_SECRET", SECRET)


def settings(text: str) -> IntercomSettings | None:
    document = Document(text, file="config.toml")
    return intercom_settings(document, "", "whatnext", document.build(IntercomSection), Path())


def shown() -> str:
    """The table as the example shows it, without its marks."""
    part = EXAMPLE.read_text(encoding="utf-8").partition("# [organisation.intercom]")[2].partition("\n\n")[0]
    return "\n".join(line.removeprefix("# ") for line in part.splitlines()[1:])


def test_the_table_as_the_example_shows_it() -> None:
    made = settings(shown())
    assert made is not None
    assert (made.account, made.admin_id, made.region) == ("intercom:ab12cd34", "815", Region.EU)
    assert made.address == "https://api.eu.intercom.io" and (made.access_token, made.client_secret) == (TOKEN, SECRET)
    assert TOKEN not in repr(made) and SECRET not in repr(made)


def test_no_table_is_off() -> None:
    assert intercom_settings(Document("", file="config.toml"), "", "whatnext", None, Path()) is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"ab12cd34"', '""'), ("WEBANIZR_INTERCOM_TOKEN", "NOWHERE"), ('region = "eu"', 'region = "nl"'),
        ("poll_seconds = 300.0", "poll_seconds = 1.0"), ('region = "eu"', 'base_url = "http://api.example"'),
        ('admin_id = "815"', "adminid = 815"),
    ],
)  # fmt: skip
def test_a_mistake_stops_the_start(old: str, new: str) -> None:
    text = shown().replace(old, new)
    assert text != shown()
    with pytest.raises(ConfigError) as raised:
        settings(text)
    assert TOKEN not in str(raised.value) and SECRET not in str(raised.value)


def rows(store: Store, channel: ChannelKind) -> tuple[int, list[str]]:
    inbound, states = table(Inbound), table(ChannelState)
    kept = store.read_here(lambda reads: reads.rows(select(inbound.c.id).where(inbound.c.channel == channel.value)))
    modes = store.read_here(lambda reads: reads.rows(select(states.c.mode).where(states.c.channel == channel.value)))
    return len(kept), [row.mode for row in modes]


async def test_the_program_takes_what_it_is_told_and_only_looks_on(
    tmp_path: Path, shared: Shared, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "warm_reader", lambda *_: lambda: shared.reader)
    clock, port = SetClock(), free_port()
    with intercom(clock.now) as workspace, migrated_url("sqlite", tmp_path) as url:
        own = demo_organisation("whatnext", tmp_path)
        own = replace(own, sources=(), intercom=workspace.settings, starts=ChannelMode.WATCH)
        made = Settings(
            folder=tmp_path, database_url=url, root_key_file=tmp_path / "unused",
            root_key=b64encode(ROOT_KEY).decode(), base_url=f"http://127.0.0.1:{port}", instance="test",
            web=WebSection(port=port), door=None, limits=Limits(), organisations=(own,), tray=tmp_path / "tray",
        )  # fmt: skip
        program = await run.start(made, context=Context(clock.now))
        try:
            assert program.web is not None
            while not program.web.started:  # noqa: ASYNC110  # uvicorn has no event for "listening"
                await asyncio.sleep(0.02)
            clock.advance(minutes=1)
            body, headers = workspace.notification(workspace.begin("Welke gegevens hebben jullie van mij?"))
            async with httpx.AsyncClient(base_url=made.base_url) as outside:
                answer = await outside.post("/intercom/whatnext", content=body, headers=headers)
                assert answer.status_code == 200
            assert rows(program.desk.store, ChannelKind.INTERCOM) == (1, ["meekijken"])
        finally:
            await run.shut_down(program)
        assert [call for call in workspace.calls if call.path.endswith("/reply")] == []
