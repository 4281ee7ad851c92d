"""Started a second time, on addresses that are taken: one sentence, and nothing of the first is touched."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from pathlib import Path

import pytest

from bot import run
from bot.config import Settings, WebSection
from cases.errors import ConfigError
from intake.email.settings import SmtpDoorSettings
from tests.support.stores import ROOT_KEY
from workflow.desk import Limits


@pytest.mark.parametrize("taken", ["web.port", "smtp_door.port"])
async def test_an_address_that_is_taken_is_named(taken: str, tmp_path: Path) -> None:
    first = await asyncio.get_running_loop().create_server(asyncio.Protocol, "127.0.0.1", 0)
    port = first.sockets[0].getsockname()[1]
    settings = Settings(
        folder=tmp_path, database_url=f"sqlite:///{tmp_path / 'never.db'}", root_key_file=tmp_path / "unused",
        root_key=b64encode(ROOT_KEY).decode(), base_url="https://loket.example", instance="test",
        web=WebSection(port=port if taken == "web.port" else 0), limits=Limits(), organisations=(),
        door=SmtpDoorSettings(port=port if taken == "smtp_door.port" else 0),
    )  # fmt: skip
    try:
        with pytest.raises(ConfigError, match=rf"{taken}: .*127\.0\.0\.1:{port}.*draait Privacyloket al"):
            await run.start(settings)
    finally:
        first.close()
        await first.wait_closed()
    assert not (tmp_path / "never.db").exists()
