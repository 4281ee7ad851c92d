"""`privacyloket check`: what is wrong, what is missing, and where a statement and the law part ways."""

from __future__ import annotations

import typer

from bot.config import Settings
from bot.wiring import open_store
from cases.context import Context
from cases.errors import LoketError
from cases.policy_check import difference_report, problems
from sources.sql import SqlSource
from storage import migrate


async def run_check(settings: Settings) -> int:
    """Prints the report; gives the exit code: 1 when something keeps the desk from working."""
    faults = _database(settings)
    for organisation in settings.organisations:
        typer.echo(f"\n== {organisation.policy.name} ({organisation.key}, {organisation.mailbox})")
        for found in organisation.sources:
            source = SqlSource(found)
            for problem in await source.check():
                typer.echo(f"  bron {found.name}: {problem}")
                faults += 1
            await source.close()
        if not organisation.sources:
            typer.echo("  geen bronnen ingesteld: medewerkers zoeken zelf")
        for line in problems(organisation.policy):
            typer.echo(f"  {line}")
        typer.echo(difference_report(organisation.policy))
    return 1 if faults else 0


def _database(settings: Settings) -> int:
    try:
        store = open_store(settings, Context())
    except LoketError as error:
        typer.echo(f"database: {error}")
        return 1
    typer.echo(f"database: revisie {migrate.current(store)}")
    store.close()
    return 0
