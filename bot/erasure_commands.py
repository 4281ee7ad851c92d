"""Erasures on the command line: do them again after a restored backup, show which kept records have ended."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

import typer

from bot.live_commands import Config, Only, chosen
from bot.staff_commands import with_desk

Since = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], help="Day of the backup: what was erased before it was not in it."),
]


def replay_erasures(organisation: Only = "", since: Since = None, config: Config = None) -> None:
    """After a backup was put back: erase again what had been erased. Twice changes nothing.

    What only a person can do comes on the work list. Exit code 1 when a system failed: run it again then.
    """
    from workflow import replay  # noqa: PLC0415  # imports what the command needs, not more

    day: date | None = since.date() if since is not None else None

    async def act(desk: Any) -> bool:
        complete = True
        for key in chosen(desk, organisation):
            done = await replay.replay(desk, key, day)
            typer.echo(
                f"{key}: {done.records} regels in het wisregister, {done.gone_again} opnieuw gewist, "
                f"{done.failed} mislukt{' in: ' + ', '.join(done.sources) if done.sources else ''}"
            )
            if done.by_hand:
                typer.echo(f"  {done.by_hand} in systemen die iemand met de hand bijhoudt: staan op de werklijst")
            if done.strangers:
                typer.echo(f"  {done.strangers} lijken nu van een ander: niet gewist, staan op de werklijst")
            complete &= not done.failed
        return complete

    raise typer.Exit(0 if with_desk(config, act) else 1)


def ended(
    organisation: Only = "",
    erase: Annotated[
        list[str] | None, typer.Option(help="Case number whose ended records are to be erased now; may be repeated.")
    ] = None,
    over: Annotated[bool, typer.Option("--over", help="The claims and contracts among them are over.")] = False,
    by: Annotated[
        list[str] | None, typer.Option("--by", help="Who decides so: two people, so twice; kept in the audit log.")
    ] = None,
    config: Config = None,
) -> None:
    """Records that were kept for a while and whose term is over; with --erase NUMBER --by NAME --by NAME they go.

    Exit code 1 when some of them stay; each says why.
    """
    from workflow import kept  # noqa: PLC0415

    people = sorted({name.strip() for name in by or () if name.strip()}, key=str.casefold)
    if erase and len({name.casefold() for name in people}) < 2:
        typer.echo("Wissen vraagt twee mensen: zeg met --by NAAM --by NAAM wie dit beslissen.")
        raise typer.Exit(2)

    async def act(desk: Any) -> bool:
        await kept.sweep(desk)
        complete = True
        for key in chosen(desk, organisation):
            found = await kept.ended(desk, key)
            if erase:
                wanted = [number for number in erase if number in found]
                if wanted:
                    done = await kept.erase_ended(desk, f"operator:{', '.join(people)}", key, wanted, over=over)
                    typer.echo(f"{key}: {done.gone} bewaarde regels gewist, {len(done.left)} blijven staan")
                    for one in done.left:
                        typer.echo(
                            f"  {one.entry.case_number}, {one.entry.source}: {_WHY[one.why]} {one.detail}".rstrip()
                        )
                    complete &= not done.left
                continue
            for number, lines in found.items():
                until = max(str(line.ends_on) for line in lines)
                typer.echo(f"{key}: {number}: {len(lines)} regels, bewaard tot en met {until}")
            for number, lines in (await kept.to_review(desk, key)).items():
                typer.echo(f"{key}: {number}: {len(lines)} regels zonder einddatum: bewaren we dit nog?")
        return complete

    raise typer.Exit(0 if with_desk(config, act) else 1)


_WHY = {
    "open_case": "er loopt nog een verzoek of beperking van deze persoon:",
    "may_run": "de vordering of het contract kan nog lopen; is dat voorbij, geef dan --over",
    "by_hand": "dit systeem houdt iemand met de hand bij; wis het daar en meld het op de pagina Bewaard",
    "stranger": "lijkt nu van een ander; kijk in het systeem",
    "failed": "mislukt:",
}
