"""`privacyloket staff`: who works here. Passwords are asked, never given on the command line."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(no_args_is_help=True, help="Staff accounts.")
Config = Annotated[Path | None, typer.Option("--config", "-c", help="Configuration file (default: config.toml).")]
Roles = Annotated[list[str], typer.Option("--role", help="organisation=agent|approver|admin; may be given again.")]


def _roles(texts: list[str]) -> dict[str, str]:
    roles = {}
    for text in texts:
        organisation, _, role = text.partition("=")
        roles[organisation] = role or "approver"
    return roles


def with_desk(config: Path | None, act: Any) -> Any:
    """Runs `act(desk)` on a desk without doors or workers."""
    from bot.__main__ import settings_for  # noqa: PLC0415
    from bot.wiring import build_desk, close, open_store, prepare_organisations  # noqa: PLC0415
    from cases.context import Context  # noqa: PLC0415
    from cases.errors import RuleError  # noqa: PLC0415

    def no_reader() -> Any:
        raise RuleError("this command reads no messages")

    async def run() -> Any:
        settings = settings_for(config)
        store = open_store(settings, Context())
        await store.write(lambda unit: prepare_organisations(unit, settings))
        desk = build_desk(settings, store, no_reader)
        try:
            return await act(desk)
        finally:
            await close(desk)

    return asyncio.run(run())


@app.command("add")
def add(
    login: str, name: str, role: Roles, notify: Annotated[str, typer.Option(help="Address for warnings.")] = "",
    second_factor: Annotated[bool, typer.Option(help="Print a TOTP secret to scan.")] = True,
    config: Config = None,
) -> None:  # fmt: skip
    """Add somebody; asks for a password of at least 12 characters."""
    from workflow import accounts  # noqa: PLC0415

    password = typer.prompt("Wachtwoord", hide_input=True, confirmation_prompt=True)

    async def act(desk: Any) -> str:
        staff_id = await accounts.add_staff(
            desk, login, full_name=name, role_name="", password=password, roles=_roles(role), notify=notify
        )
        return await accounts.set_second_factor(desk, staff_id, wanted=True) if second_factor else ""

    secret = with_desk(config, act)
    typer.echo(f"{login} is toegevoegd.")
    if secret:
        typer.echo(f"Tweede factor, scan of typ in een authenticator-app:\n{secret}")


@app.command("list")
def show(config: Config = None) -> None:
    """Who works here, and with which roles."""
    from workflow import accounts  # noqa: PLC0415

    for account in with_desk(config, accounts.accounts):
        state = "" if account.active else " (uit)"
        typer.echo(f"{account.login:20} {account.name}{state}")


@app.command("off")
def off(login: str, config: Config = None) -> None:
    """Take away somebody's access at once."""
    from workflow import accounts  # noqa: PLC0415

    async def act(desk: Any) -> bool:
        for account in await accounts.accounts(desk):
            if account.login == login:
                await accounts.set_active(desk, account.id, active=False)
                return True
        return False

    typer.echo("Toegang is weg." if with_desk(config, act) else "Niemand met deze naam.")
