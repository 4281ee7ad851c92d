"""What is kept past the policy's own terms, per system, and what the desk keeps (`privacyloket retention`).

Only looks; shows no persons.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING

import typer

from bot.config import Organisation, Settings
from cases.calendar import long_date
from cases.context import Context
from cases.errors import OutsideError, RuleError
from cases.policy import Policy
from cases.protocols import Reader
from sources.folder import FolderSource
from sources.overdue import Overdue
from sources.registry import open_source
from sources.table_source import TableSource

if TYPE_CHECKING:
    from workflow.own_terms import Kept
    from workflow.returned import Looked


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


async def run_desk(settings: Settings) -> int:
    """Who came back, and what the desk itself holds; the same exit code."""
    from bot.wiring import build_desk, close, open_store, prepare_organisations  # noqa: PLC0415
    from workflow import own_terms, returned  # noqa: PLC0415

    store = open_store(settings, Context())
    await store.write(lambda unit: prepare_organisations(unit, settings))
    desk = build_desk(settings, store, _no_reader)
    failed = False
    try:
        for key, own in desk.organisations.items():
            looked = await returned.look(desk, key)
            counted = await store.read(partial(own_terms.counted, organisation=key))
            failed = failed or bool(looked.failed)
            typer.echo(f"\n== {own.policy.name} ({key}): het loket zelf")
            for line in (*_returned(looked, own.system_names), *_held(counted, own.policy)):
                typer.echo(f"  {line}")
    finally:
        await close(desk)
    return 1 if failed else 0


def _returned(looked: Looked, names: Mapping[str, str]) -> Iterator[str]:
    yield f"niet benaderen: {looked.marked} adressen (als kenmerk, niet leesbaar)"
    for one in looked.found:
        was = "gewist" if one.mark.erased else "afgemeld"
        tables = ", ".join(sorted({record.table for record in one.records}))
        case = one.mark.case_number or "onbekend"
        yield f"weer toegevoegd: {was} in zaak {case}, nu in {names[one.source]} ({tables})"
    if looked.marked and not looked.found:
        yield "niemand van de lijst staat weer in een systeem dat nagekeken kon worden"
    for name in looked.failed:
        yield f"{names[name]}: kon niet nagekeken worden"
    for name in looked.closed:
        yield f"{names[name]}: laat zich niet nakijken, kijk daar zelf"


def _held(counted: Kept, policy: Policy) -> Iterator[str]:
    years = policy.erasure.ledger_years
    yield f"wisregister: {counted.ledger} regels, waarvan {counted.kept_records} nog bewaard; weg na {years} jaar"
    yield f"sleutels: {counted.keys} die iets openen, {counted.emptied} gewist (wat zij sloten is onleesbaar)"


def _no_reader() -> Reader:
    raise RuleError("this command reads no messages")


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
