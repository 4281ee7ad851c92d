"""`privacyloket suppressed`: who on a list must not be mailed or imported. Says lines and numbers, never an address."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.staff_commands import with_desk
from cases.errors import InputError
from cases.policy import AdChannel

Config = Annotated[Path | None, typer.Option("--config", "-c", help="Configuration file (default: config.toml).")]
File = Annotated[Path, typer.Argument(help="CSV or Excel, with addresses in any column.", metavar="LIST")]
Out = Annotated[Path | None, typer.Option("--out", help="Write the list here without those rows.")]
Org = Annotated[
    str, typer.Option("--organisation", "--org", "-o", help="Whose list; may be left out when there is one.")
]
Channel = Annotated[AdChannel, typer.Option(help="What the list is for; who was erased is left out of every channel.")]
SHOWN = 200  # line numbers that are printed


def suppressed(
    file: File, organisation: Org = "", channel: Channel = AdChannel.EMAIL, out: Out = None, config: Config = None
) -> None:
    """Check a list before it is mailed or imported against who was erased or wants no advertising.

    Exit code 1 when there are such rows and no --out took them away.
    """
    from sources.address_list import open_list  # noqa: PLC0415  # imports what the command needs, not more

    if out is not None and out.resolve() == file.resolve():
        raise InputError("same_file", "geef met --out een ander bestand: de lijst zelf blijft staan")
    listed = open_list(file)

    async def act(desk: Any) -> dict[int, str]:
        from storage.queries.suppression import marks  # noqa: PLC0415

        key = _organisation(desk, organisation)
        standing = await desk.store.read(lambda reads: marks(reads, key))
        found = {}
        for row, addresses in listed.rows.items():
            why = {_why(mark, channel) for address in addresses if (mark := standing.of(address)) is not None} - {""}
            if why:
                found[row] = "gewist" if "gewist" in why else "afgemeld"
        return found

    found: dict[int, str] = with_desk(config, act)
    counted, empty = Counter(found.values()), sum(not addresses for addresses in listed.rows.values())
    typer.echo(
        f"{len(listed.rows)} rijen: {counted['gewist']} gewist, {counted['afgemeld']} afgemeld ({channel.value})."
    )
    for why in ("gewist", "afgemeld"):
        lines = [str(listed.line(row)) for row, reason in found.items() if reason == why]
        more = f" en nog {len(lines) - SHOWN}" if len(lines) > SHOWN else ""
        if lines:
            typer.echo(f"{why}: rij {', '.join(lines[:SHOWN])}{more}")
    if empty:
        typer.echo(f"{empty} rijen zonder e-mailadres: daar is niets over te zeggen.")
    if out is not None:
        listed.write(out, found)
        typer.echo(f"{len(listed.rows) - len(found)} rijen geschreven naar {out.name}.")
    raise typer.Exit(1 if found and out is None else 0)


def _why(mark: Any, channel: AdChannel) -> str:
    if mark.erased:
        return "gewist"
    return "afgemeld" if channel.value in mark.channels else ""


def _organisation(desk: Any, wanted: str) -> str:
    known = list(desk.organisations)
    if wanted in known:
        return str(wanted)
    if wanted or len(known) != 1:
        raise InputError("no_organisation", f"noem met --org een organisatie: {', '.join(known)}")
    return str(known[0])
