"""Erasures on the command line: do them again after a restored backup, show which kept records have ended."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from bot.live_commands import Config, Only
from bot.staff_commands import with_desk


def replay_erasures(organisation: Only = "", config: Config = None) -> None:
    """After a backup was put back: erase again what had been erased. Twice changes nothing.

    Exit code 1 when a system could not be reached: run it again then.
    """
    from workflow import kept  # noqa: PLC0415  # imports what the command needs, not more

    async def act(desk: Any) -> bool:
        complete = True
        for key in [organisation] if organisation else list(desk.organisations):
            done = await kept.replay(desk, key)
            typer.echo(
                f"{key}: {done.records} regels in het wisregister, {done.gone_again} opnieuw gewist, "
                f"{done.failed} mislukt{' in: ' + ', '.join(done.sources) if done.sources else ''}"
            )
            complete &= not done.failed
        return complete

    raise typer.Exit(0 if with_desk(config, act) else 1)


def ended(
    organisation: Only = "",
    erase: Annotated[str, typer.Option(help="Case number whose ended records are to be erased now.")] = "",
    by: Annotated[str, typer.Option("--by", help="Who decides so; kept in the audit log.")] = "",
    config: Config = None,
) -> None:
    """Records that were kept for a law and whose term is over; with --erase NUMBER --by NAME they go."""
    from workflow import kept  # noqa: PLC0415

    if erase and not by.strip():
        typer.echo("Zeg met --by wie dit beslist.")
        raise typer.Exit(2)

    async def act(desk: Any) -> None:
        await kept.sweep(desk)
        for key in [organisation] if organisation else list(desk.organisations):
            if erase:
                gone = await kept.erase_ended(desk, f"operator:{by.strip()}", key, erase)
                typer.echo(f"{key}: {gone} bewaarde regels gewist")
                continue
            for number, lines in (await kept.ended(desk, key)).items():
                until = max(str(line.ends_on) for line in lines)
                typer.echo(f"{key}: {number}: {len(lines)} regels, bewaard tot en met {until}")

    with_desk(config, act)
