"""Going live from the command line: `init` tries and signs in, `golive` shows the checklist and sets how far the mail
may go, `backlog` looks for running requests, `stop` and `resume` hold back everything outgoing, `keys` renews secrets.
"""

from __future__ import annotations

import asyncio
import getpass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.staff_commands import with_desk
from cases.errors import InputError, LoketError, RuleError
from cases.types import ChannelKind, ChannelMode

Config = Annotated[Path | None, typer.Option("--config", "-c", help="Configuration file (default: config.toml).")]
Only = Annotated[str, typer.Option("--organisation", "-o", help="Key of one organisation (default: all).")]
By = Annotated[str, typer.Option("--by", help="Who decides so; kept in the audit log.")]
keys_app = typer.Typer(no_args_is_help=True, help="Secrets of this installation.")

_MODES = {
    ChannelMode.WATCH: "meekijken: er gaat niets uit",
    ChannelMode.SUPERVISED: "onder toezicht: elk bericht wacht op een klik",
    ChannelMode.ON: "aan",
}


def golive(
    organisation: Only = "",
    mode: Annotated[ChannelMode | None, typer.Option(help="Set how far the mail (or --channel) may go.")] = None,
    channel: Annotated[ChannelKind, typer.Option(help="The channel that --mode is for.")] = ChannelKind.EMAIL,
    tick: Annotated[str, typer.Option(help="A point of the checklist that is in order; give --reason too.")] = "",
    reason: Annotated[str, typer.Option(help="Why; needed to tick, and to go on with open points.")] = "",
    by: By = "",
    config: Config = None,
) -> None:
    """Show the checklist; set the mode. `aan` needs every point, or a reason and a name."""
    from workflow import golive as steps  # noqa: PLC0415
    from workflow.chat_modes import chats_of  # noqa: PLC0415

    name = by.strip() or getpass.getuser()

    async def act(desk: Any) -> bool:
        ready = True
        for key in chosen(desk, organisation):
            if tick:
                await steps.tick(desk, f"operator:{name}", name, key, tick, reason)
            if mode is not None and channel is not ChannelKind.EMAIL:
                ready = await _set_chat(desk, f"operator:{name}", key, channel, mode, reason) and ready
            elif mode is not None:
                try:
                    await steps.set_mode(desk, f"operator:{name}", key, mode, override=reason)
                except InputError:
                    typer.echo(f"{key}: nog niet klaar voor 'aan'. Vink de open punten af, of geef --reason.")
                    ready = False
            standing = await desk.store.read(lambda reads, key=key: steps.standing_of(reads, desk, key))
            _show(standing)
            for chat in await desk.store.read(lambda reads, key=key: chats_of(reads, key)):
                typer.echo(f"   chat {chat.channel}: {_MODES[chat.mode]}")
        return ready

    raise typer.Exit(0 if with_desk(config, act) else 1)


async def _set_chat(
    desk: Any, actor: str, organisation: str, channel: ChannelKind, mode: ChannelMode, reason: str
) -> bool:
    from workflow.chat_modes import set_chat_mode  # noqa: PLC0415

    try:
        await set_chat_mode(desk, actor, organisation, channel, mode, reason=reason)
    except InputError:
        typer.echo(f"{organisation}: de mail van deze organisatie gaat nog niet zo ver. Zet eerst de mail aan.")
        return False
    except RuleError:
        typer.echo(f"{organisation}: deze chat staat niet in de configuratie.")
        return False
    return True


def _show(standing: Any) -> None:
    typer.echo(f"\n== {standing.organisation}: {_MODES[standing.mode]}")
    if standing.stopped:
        typer.echo(f"   GESTOPT: er gaat niets uit. {standing.stop_reason}")
    for point in standing.points:
        mark = "x" if point.settled else " "
        by = f" (afgevinkt door {point.ticked_by}: {point.reason})" if point.ticked_by else ""
        typer.echo(f"   [{mark}] {point.key:10} {point.title}: {point.fact}{by}")


def chosen(desk: Any, organisation: str) -> list[str]:
    if organisation and organisation not in desk.organisations:
        raise InputError("no_organisation", f"er is geen organisatie {organisation!r} ingesteld")
    return [organisation] if organisation else list(desk.organisations)


def stop(
    reason: Annotated[str, typer.Option(help="Why.")] = "", organisation: Only = "", by: By = "", config: Config = None
) -> None:
    """Stop everything outgoing, at once. Mail still comes in; the terms run on."""
    from storage.queries.standing import EVERYWHERE  # noqa: PLC0415
    from workflow import golive as steps  # noqa: PLC0415

    actor = f"operator:{by.strip() or getpass.getuser()}"

    async def act(desk: Any) -> None:
        where = chosen(desk, organisation) if organisation else (EVERYWHERE,)
        await steps.stop_outgoing(desk, actor, reason, where)

    with_desk(config, act)
    typer.echo("Er gaat niets meer uit. Weer laten gaan: privacyloket resume")


def resume(organisation: Only = "", by: By = "", config: Config = None) -> None:
    """Let messages leave again."""
    from workflow import golive as steps  # noqa: PLC0415

    actor = f"operator:{by.strip() or getpass.getuser()}"

    async def act(desk: Any) -> None:
        chosen(desk, organisation)
        await steps.resume_outgoing(desk, actor, organisation)

    try:
        with_desk(config, act)
    except InputError as error:
        if error.code != "stopped_everywhere":
            raise
        typer.echo("Alles is gestopt, voor elke organisatie: privacyloket resume, zonder --organisation.")
        raise typer.Exit(1) from None
    typer.echo("Berichten gaan weer uit.")


def backlog(
    organisation: Only = "",
    days: Annotated[int, typer.Option(help="How far back.")] = 120,
    config: Config = None,
) -> None:
    """Look through older mail for running requests; they go on the work list at their real date of receipt."""
    from bot.__main__ import settings_for  # noqa: PLC0415
    from bot.backlog import scan  # noqa: PLC0415

    settings = settings_for(config)
    found = asyncio.run(scan(settings, organisation, timedelta(days=days)))
    for key, (read, probable) in found.items():
        typer.echo(f"{key}: {read} berichten bekeken, {probable} staan op de werklijst als mogelijk verzoek.")
    if not found:
        typer.echo("Er is geen postvak (IMAP) om te doorzoeken.")


@keys_app.command("rotate-reply")
def rotate_reply(organisation: Only = "", config: Config = None) -> None:
    """A new secret for reply addresses. The one before stays valid; older ones no more. Restart the desk afterwards."""

    async def act(desk: Any) -> list[tuple[str, int]]:
        rotate = desk.store.keyring.rotate_reply
        return [
            (key, await desk.store.write(lambda unit, key=key: rotate(unit, key)))
            for key in chosen(desk, organisation)
        ]  # fmt: skip

    for key, version in with_desk(config, act):
        typer.echo(f"{key}: sleutel voor antwoordadressen nr. {version}. Start het loket opnieuw.")


def init(
    organisation: Only = "",
    send_probe: Annotated[
        bool, typer.Option(help="Send one mail to the mailbox's own plus-address, to see that replies arrive.")
    ] = True,
    again: Annotated[bool, typer.Option("--again", help="Sign in anew though the old sign-in works.")] = False,
    config: Config = None,
) -> None:
    """Try every connection of a new installation, sign in where a provider asks for it, and say what to do next."""
    from bot.__main__ import settings_for  # noqa: PLC0415
    from bot.init import run_init  # noqa: PLC0415

    try:
        raise typer.Exit(asyncio.run(run_init(settings_for(config), organisation, probe=send_probe, again=again)))
    except LoketError as error:
        typer.echo(f"Fout: {error}", err=True)
        raise typer.Exit(2) from None


def add_to(app: typer.Typer) -> None:
    for command in (init, golive, backlog, stop, resume):
        app.command()(command)
    app.add_typer(keys_app, name="keys")
