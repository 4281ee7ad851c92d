"""`privacyloket retention`: what an organisation keeps past its policy's terms, and what the desk itself keeps."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

Config = Annotated[Path | None, typer.Option("--config", "-c", help="Configuration file (default: config.toml).")]


def retention(config: Config = None) -> None:
    """List, as numbers: records past the policy's terms, people who were erased and came back, what the desk keeps.

    Changes nothing. Exit code 1 when a system could not be looked into.
    """
    from bot.config import DEFAULT_FILE, load  # noqa: PLC0415  # imports what the command needs, not more
    from bot.retention_report import run_desk, run_retention  # noqa: PLC0415

    settings = load(config or DEFAULT_FILE)
    failed = asyncio.run(run_retention(settings))
    raise typer.Exit(max(failed, asyncio.run(run_desk(settings))))
