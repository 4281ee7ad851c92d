"""What is kept past the policy's own terms, per system (`privacyloket retention`). Only looks; shows no persons."""

from __future__ import annotations

import typer

from bot.config import Organisation, Settings
from cases.calendar import long_date
from cases.errors import OutsideError
from cases.policy import Policy
from sources.folder import FolderSource
from sources.overdue import Overdue
from sources.registry import open_source
from sources.table_source import TableSource


async def run_retention(settings: Settings) -> int:
    """Prints the list; gives the exit code: 1 when a system could not be looked into."""
    failed = False
    for organisation in settings.organisations:
        typer.echo(f"\n== {organisation.policy.name} ({organisation.key})")
        if not organisation.sources:
            typer.echo("  geen bronnen ingesteld")
        for lines, reached in [await _source(organisation, number) for number in range(len(organisation.sources))]:
            failed = failed or not reached
            for line in lines:
                typer.echo(f"  {line}")
    return 1 if failed else 0


async def _source(organisation: Organisation, number: int) -> tuple[list[str], bool]:
    source = open_source(organisation.sources[number])
    label = source.describe().label
    if not isinstance(source, TableSource | FolderSource):
        return [f"{label}: kan niet op termijnen nagekeken worden, kijk daar zelf"], True
    try:
        found = await source.overdue(organisation.policy)
    except OutsideError as error:
        return [f"{label}: {error}"], False
    finally:
        await source.close()
    labels = {table.name: table.label for table in source.describe().tables}
    lines = [f"{label}: {labels[one.table]}: {_words(organisation.policy, one)}" for one in found]
    return lines or [f"{label}: niets over de termijn"], True


def _words(policy: Policy, one: Overdue) -> str:
    category = next((c.label for c in policy.categories if c.key == one.category), one.category)
    if one.records is None:
        return f"'{category}': van deze records is de dag niet bekend, kijk zelf"
    assert one.since is not None
    return f"'{category}': {one.records} records over de termijn, de oudste sinds {long_date(one.since)}"
