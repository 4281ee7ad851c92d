"""The command line. Each command is small; what it does lives where the program does it."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from bot import (
    avg_command,
    erasure_commands,
    letters_command,
    live_commands,
    mail_commands,
    nlp_commands,
    replay,
    retention_command,
    staff_commands,
    suppressed_command,
)
from bot.moments import moment_of
from cases.deadlines import Question, Rule, compute
from cases.errors import LoketError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Privacyloket: privacy requests, answered in time.",
)
app.add_typer(staff_commands.app, name="staff")
live_commands.add_to(app)
app.command("replay")(replay.replay)
app.command()(letters_command.letters)
app.command()(avg_command.avg)
app.command()(retention_command.retention)
app.command("replay-erasures")(erasure_commands.replay_erasures)
app.command("kept-records")(erasure_commands.ended)
app.command()(suppressed_command.suppressed)
for reading in (nlp_commands.read, nlp_commands.train, nlp_commands.evaluate):
    app.command()(reading)
app.add_typer(mail_commands.quarantine_app, name="quarantine")
app.add_typer(mail_commands.mail_app, name="mail")
audit_app = typer.Typer(no_args_is_help=True, help="The audit log.")
app.add_typer(audit_app, name="audit")

Config = Annotated[Path | None, typer.Option("--config", "-c", help="Configuration file (default: config.toml).")]
Json = Annotated[bool, typer.Option("--json", help="For machines.")]


def settings_for(config: Path | None) -> Any:
    """A named or present file; its faults stop the command in plain words. Never falls back to the demo."""
    from bot.config import DEFAULT_FILE, load  # noqa: PLC0415  # imports what the command needs, not more

    return load(config or DEFAULT_FILE)


@app.command()
def run(config: Config = None) -> None:
    """Run the desk. Without a config.toml this is the demo."""
    from bot.config import DEFAULT_FILE  # noqa: PLC0415

    if config is None and not DEFAULT_FILE.exists():
        demo()
        return
    settings = settings_for(config)
    _log()
    from bot.run import serve  # noqa: PLC0415

    asyncio.run(serve(settings))


@app.command()
def demo(
    folder: Annotated[Path, typer.Option(help="Where the demo keeps its data.")] = Path("var/demo"),
    port: Annotated[int, typer.Option(help="Port of the web page.")] = 8420,
    smtp_port: Annotated[int, typer.Option(help="Port of the mail listener.")] = 2525,
) -> None:
    """Run the demo: five organisations, invented customers, mail that never leaves this machine."""
    _log()
    from bot.demo.program import run_demo  # noqa: PLC0415

    asyncio.run(run_demo(folder.resolve(), port=port, smtp_port=smtp_port))


@app.command()
def check(config: Config = None) -> None:
    """Check configuration, policies, sources and database, and print what staff should know.

    Without a config.toml: what the shipped policies lack, and where their statements and the law part ways.
    """
    from bot.check import check_policies, run_check  # noqa: PLC0415
    from bot.config import DEFAULT_FILE  # noqa: PLC0415
    from bot.policy_choice import shipped  # noqa: PLC0415

    if config is None and not DEFAULT_FILE.exists():
        typer.echo(f"Er is geen {DEFAULT_FILE}: alleen het meegeleverde beleid is bekeken.")
        check_policies(shipped())
        return
    raise typer.Exit(asyncio.run(run_check(settings_for(config))))


@app.command()
def migrate(config: Config = None) -> None:
    """Bring the database to the newest revision."""
    from bot.wiring import open_store  # noqa: PLC0415
    from cases.context import Context  # noqa: PLC0415
    from storage import migrate as migrations  # noqa: PLC0415

    store = open_store(settings_for(config), Context())
    typer.echo(f"De database is bij: revisie {migrations.current(store)}.")
    store.close()


@audit_app.command("verify")
def audit_verify(config: Config = None, as_json: Json = False) -> None:
    """Recompute every chain; exit code 1 when something was changed or is missing."""
    from bot.wiring import open_store  # noqa: PLC0415
    from cases.context import Context  # noqa: PLC0415
    from storage import audit  # noqa: PLC0415

    store = open_store(settings_for(config), Context())
    report = store.read_here(audit.verify)
    store.close()
    if as_json:
        typer.echo(json.dumps({"chains": report.chains, "entries": report.entries, "problems": report.problems}))
    else:
        typer.echo(f"{report.chains} ketens, {report.entries} regels, {len(report.problems)} problemen")
        for problem in report.problems:
            typer.echo(f"- {problem}")
    raise typer.Exit(1 if report.problems else 0)


@app.command()
def deadline(
    received: Annotated[str, typer.Option(help="Receipt, ISO 8601 with offset: 2026-01-31T09:00:00+01:00")],
    rule: Annotated[Rule, typer.Option(help="Which term.")] = Rule.MONTH1,
    asked: Annotated[str, typer.Option(help="For suspend: when the question was asked.")] = "",
    answered: Annotated[str, typer.Option(help="For suspend: when it was answered.")] = "",
    as_json: Json = False,
) -> None:
    """The date of a term and why: the same function the cases use."""
    if answered and not asked:
        raise typer.BadParameter("an answer needs its question: --asked")
    questions = [Question(moment_of(asked), _maybe(answered))] if asked else []
    term = compute(rule, received=moment_of(received), questions=questions)
    values = {
        "rule": term.rule.value,
        "due": term.due.isoformat(),
        "target": term.target.isoformat(),
        "unsuspended": term.unsuspended.isoformat(),
        "reasoning": term.reasoning,
    }
    if as_json:
        typer.echo(json.dumps(values, ensure_ascii=False))
    else:
        for name, value in values.items():
            typer.echo(f"{name:12} {value}")


def _maybe(text: str) -> datetime | None:
    return moment_of(text) if text else None


def _log() -> None:
    level = os.environ.get("PRIVACYLOKET_LOG", "INFO").upper()
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s %(message)s", stream=sys.stderr)
    logging.getLogger("apscheduler").setLevel(logging.ERROR)  # a tick that is skipped comes again
    logging.getLogger("mail.log").setLevel(logging.WARNING)  # aiosmtpd names peers at INFO
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    logging.getLogger("alembic").setLevel(logging.WARNING)  # every revision of a first start


def _own_tree() -> None:
    """`storage`, `intake` and others are names that anybody may use: an installed namesake must not win silently."""
    import storage  # noqa: PLC0415

    here = Path(__file__).resolve().parent.parent
    if Path(storage.__file__ or "").resolve().parent.parent != here:
        raise LoketError("the packages of another installation were loaded; run from a clean environment")


def main() -> None:
    """Entry point: faults in words, without a traceback, exit code 2."""
    try:
        _own_tree()
        app(standalone_mode=True)
    except LoketError as error:
        typer.echo(f"Fout: {error}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
