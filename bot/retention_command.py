"""`privacyloket retention`: the records that an organisation keeps past its policy's terms, per system."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

Config = Annotated[Path | None, typer.Option("--config", "-c", help="Configuration file (default: config.toml).")]


def retention(config: Config = None) -> None:
    """List, as numbers per system, what is kept past the policy's terms. Changes nothing."""
    from bot.config import DEFAULT_FILE, load  # noqa: PLC0415  # imports what the command needs, not more
    from bot.retention_report import run_retention  # noqa: PLC0415

    raise typer.Exit(asyncio.run(run_retention(load(config or DEFAULT_FILE))))
