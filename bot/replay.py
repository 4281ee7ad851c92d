"""`privacyloket replay`: what would the desk do with this mail? Nothing is sent, kept or changed.

Not here: how it is found out (`bot/shadow`), where messages come from (`bot/replay_sources`), how it is shown
(`bot/replay_report`).
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.moments import moment_of
from cases.context import system_clock
from cases.errors import InputError

if TYPE_CHECKING:
    from bot.config import Settings
    from bot.replay_report import Report
    from bot.replay_sources import Found, Source
    from cases.protocols import Reader

_POLICY_ONLY = """\
[smtp_door]
[[organisation]]
key = "{key}"
mailbox = "info@{key}.example"
[organisation.smtp]
host = "127.0.0.1"
"""


def replay(
    path: Annotated[str, typer.Argument(help="mbox, Maildir, folder of .eml, one .eml, or imap://user@host/FOLDER")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    organisation: Annotated[str, typer.Option("--organisation", "-o", help="Key of the organisation.")] = "",
    html: Annotated[Path | None, typer.Option(help="Also write a page for the owner.")] = None,
    received: Annotated[str, typer.Option(help="Take all as received then (ISO 8601 with offset).")] = "",
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="An organisation's own settings; without it a shipped policy.")
    ] = None,
) -> None:
    """Show what would happen to each message of a mailbox. Nothing is sent, kept or changed."""
    from bot.replay_report import Report  # noqa: PLC0415  # imports what the command needs, not more
    from bot.replay_sources import open_source  # noqa: PLC0415

    then = moment_of(received) if received else None
    settings = _settings(config, organisation)
    source = open_source(path, system_clock())
    reader = _reader((settings.folder if config is not None else Path("var")) / "model")
    report = Report(settings.organisations[0].policy.name)
    asyncio.run(_run(settings, reader, source, then, report, as_json=as_json))
    if not as_json:
        typer.echo(report.totals())
    if html is not None:
        html.write_text(report.page(), encoding="utf-8", errors="replace")


async def _run(
    settings: Settings, reader: Reader, source: Source, then: datetime | None, report: Report, *, as_json: bool
) -> None:
    from bot.replay_report import outcome_of  # noqa: PLC0415
    from bot.shadow import shadow_desk  # noqa: PLC0415

    with typer.progressbar(length=source.total, file=sys.stderr, label="Berichten") as bar:
        async with shadow_desk(settings, reader) as shadow:
            async for became in shadow.run(_dated(source.messages, then)):
                outcome = outcome_of(became)
                typer.echo(outcome.as_json() if as_json else outcome.as_line())
                report.add(outcome)
                bar.update(became.found.weight)


def _dated(messages: Iterator[Found], then: datetime | None) -> Iterator[Found]:
    return messages if then is None else (replace(found, received_at=then) for found in messages)


def _settings(config: Path | None, organisation: str) -> Settings:
    """Of one organisation: its own file, or a shipped policy with a mailbox that does not exist."""
    from bot.config import load, parse  # noqa: PLC0415
    from bot.demo.customers import ORGANISATIONS  # noqa: PLC0415

    if config is None:
        key = organisation or ORGANISATIONS[0]
        if not key.isidentifier():
            raise InputError("no_organisation", f"er is geen organisatie {key!r}")
        return parse(_POLICY_ONLY.format(key=key), file="replay", base=Path())
    settings = load(config)
    chosen = tuple(one for one in settings.organisations if organisation in ("", one.key))
    if len(chosen) != 1:
        keys = ", ".join(one.key for one in settings.organisations)
        raise InputError("no_organisation", f"kies met --organisation een van: {keys}")
    return replace(settings, organisations=chosen)


def _reader(model: Path) -> Reader:
    from nlp.reader import make_reader  # noqa: PLC0415  # spaCy takes a second

    model.parent.mkdir(parents=True, exist_ok=True)
    return make_reader(model)
