"""`privacyloket quarantine` and `privacyloket mail`: received messages seen and put right from the command line.

What cannot be read is set aside with its bytes while its term runs: here it is listed, looked at safely, read again
after a fix, or opened as a case by a member of staff, who is named. Nothing of a message reaches the terminal as it
came: characters that steer a terminal or turn the direction of writing are shown by name.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.staff_commands import with_desk
from cases.context import local_date_words
from cases.errors import InputError, LoketError, RuleError, Stale
from cases.messages import ParsedMessage, RawInbound
from cases.types import InboundStatus, Label, WorkKind

if TYPE_CHECKING:
    from storage.unit import Reads
    from workflow.desk import Desk

SHOWN = 20_000  # characters of one part of a message
quarantine_app = typer.Typer(no_args_is_help=True, help="Messages that could not be read.")
mail_app = typer.Typer(no_args_is_help=True, help="Received messages.")
Config = Annotated[Path | None, typer.Option("--config", "-c", help="Configuration file (default: config.toml).")]
Only = Annotated[str, typer.Option("--organisation", "-o", help="Key of one organisation (default: all).")]
By = Annotated[str, typer.Option("--by", help="Login of the colleague who decides so; kept in the audit log.")]


def visible(text: str) -> str:
    """Text that can do nothing but be read: controls, zero widths and changes of direction are shown by name."""
    lines = text.replace("\r\n", "\n").replace("\u00a0", " ").replace("\u202f", " ")
    shown = "".join(char if char in "\n\t" or char.isprintable() else _named(char) for char in lines[:SHOWN])
    return shown if len(lines) <= SHOWN else f"{shown}\n[… nog {len(lines) - SHOWN} tekens]"


def _named(char: str) -> str:
    code = ord(char)
    return chr(0x2400 + code) if code < 0x20 else f"<U+{code:04X}>"


def _line(text: str) -> str:
    return visible(" ".join(text.split()))


# --- quarantine -------------------------------------------------------------------------------------------------------


@quarantine_app.command("list")
def list_set_aside(
    organisation: Only = "",
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
    config: Config = None,
) -> None:
    """What is set aside, the oldest first: id, organisation, received, reason, legal date."""
    rows = with_desk(config, lambda desk: desk.store.read(lambda reads: _set_aside(reads, desk, organisation)))
    for row in rows:
        if as_json:
            typer.echo(json.dumps(row))
            continue
        due = date.fromisoformat(row["due"]).strftime("%d-%m-%Y") if row["due"] else "geen"
        when = local_date_words(datetime.fromisoformat(row["received"]))
        typer.echo(f"{row['id']}  {row['organisation']:12} {when}  {_line(row['reason']):24} uiterlijk {due}")
    if not rows and not as_json:
        typer.echo("Er staat niets apart.")


def _set_aside(reads: Reads, desk: Desk, organisation: str) -> list[dict[str, str]]:
    from sqlalchemy import select  # noqa: PLC0415  # imports what the command needs, not more

    from storage.models import Inbound, WorkItem, table  # noqa: PLC0415

    rows, items = table(Inbound), table(WorkItem)
    line = (items.c.inbound_id == rows.c.id) & (items.c.kind == WorkKind.QUARANTINE.value) & items.c.closed_at.is_(None)
    found = reads.rows(
        select(rows.c.id, rows.c.organisation_id, rows.c.received_at, rows.c.error, items.c.due_on)
        .select_from(rows.outerjoin(items, line))
        .where(rows.c.status == InboundStatus.QUARANTINED.value)
        .where(rows.c.organisation_id.in_([key for key in desk.organisations if organisation in ("", key)]))
        .order_by(rows.c.received_at, rows.c.id)
    )
    return [
        {
            "id": row.id, "organisation": row.organisation_id, "received": row.received_at.isoformat(),
            "reason": row.error, "due": row.due_on.isoformat() if row.due_on is not None else "",
        }
        for row in found
    ]  # fmt: skip


@quarantine_app.command("show")
def show_set_aside(inbound_id: str, config: Config = None) -> None:
    """The bare text of one message, made harmless and cut."""

    async def act(desk: Desk) -> RawInbound:
        await _status(desk, inbound_id, InboundStatus.QUARANTINED)
        return await _raw(desk, inbound_id)

    typer.echo(visible(with_desk(config, act).raw.decode("utf-8", "replace")))


@quarantine_app.command("again")
def again(inbound_id: str, by: By, config: Config = None) -> None:
    """Read a message once more, after whatever was wrong has been mended."""
    from workflow import triage  # noqa: PLC0415  # imports what the command needs, not more

    async def act(desk: Desk) -> None:
        staff_id = await _colleague(desk, by, inbound_id)
        await _status(desk, inbound_id, InboundStatus.QUARANTINED)
        await triage.look_again(desk, staff_id, inbound_id)

    with_desk(config, act)
    typer.echo("Het loket leest dit bericht opnieuw zodra het draait.")


@quarantine_app.command("open")
def open_set_aside(
    inbound_id: str,
    label: Annotated[list[Label], typer.Option(help="What is asked; may be given again.")],
    by: By,
    address: Annotated[str, typer.Option(help="The sender's address, where it can not be read.")] = "",
    name: Annotated[str, typer.Option(help="The sender's name.")] = "",
    words: Annotated[str, typer.Option(help="What is asked, in your words.")] = "",
    config: Config = None,
) -> None:
    """Open a message as a case. The term runs from its receipt."""
    from workflow import triage  # noqa: PLC0415

    typed = triage.Typed(address, name, words) if address else None

    async def act(desk: Desk) -> str:
        staff_id = await _colleague(desk, by, inbound_id)
        await _status(desk, inbound_id, InboundStatus.QUARANTINED)
        case_id = await triage.open_as(_with_reader(desk, config), staff_id, inbound_id, label, typed)
        return await desk.store.read(lambda reads: _number(reads, case_id))

    try:
        number = with_desk(config, act)
    except Stale:
        raise InputError("decided", "iemand anders heeft dit bericht al afgehandeld") from None
    except InputError as error:
        raise InputError(error.code, _PROBLEMS.get(error.code, str(error))) from None
    typer.echo(f"Zaak {number} is geopend.")


_PROBLEMS = {
    "no_sender": "de afzender is niet te lezen: geef --address (en --name, --words)",
    "no_label": "kies met --label wat er wordt gevraagd",
    "copy_erased": "onze kopie van dit bericht is gewist",
}


def _number(reads: Reads, case_id: str) -> str:
    from sqlalchemy import select  # noqa: PLC0415

    from storage.models import Case, table  # noqa: PLC0415

    rows = table(Case)
    return str(reads.value(select(rows.c.number).where(rows.c.id == case_id)))


def _with_reader(desk: Desk, config: Path | None) -> Desk:
    from bot.__main__ import settings_for  # noqa: PLC0415
    from nlp.reader import make_reader  # noqa: PLC0415  # spaCy takes a second

    reader = make_reader(settings_for(config).folder / "model")
    return replace(desk, reader=lambda: reader)


@mail_app.callback()
def _mail() -> None:
    """Keeps `mail show` a command with a name of its own while it is the only one."""


# --- one message ------------------------------------------------------------------------------------------------------


@mail_app.command("show")
def show_mail(
    inbound_id: str,
    raw: Annotated[Path | None, typer.Option(help="Write the bytes as received to this new file instead.")] = None,
    config: Config = None,
) -> None:
    """One received message as staff see it: fields, own words, quoted part, attachments, what was made of it."""
    if raw is not None:
        _write(raw, with_desk(config, lambda desk: _raw(desk, inbound_id)).raw)
        typer.echo(f"Weggeschreven: {raw}")
        return

    async def act(desk: Desk) -> tuple[Any, ParsedMessage | None]:
        row = await desk.store.read(lambda reads: _row(reads, desk, inbound_id))
        try:
            received = await _raw(desk, inbound_id)
            return row, await desk.in_thread(desk.normalise, received)
        except LoketError:  # erased, or not to be read
            return row, None

    row, parsed = with_desk(config, act)
    for line in _about(row):
        typer.echo(line)
    if parsed is None:
        known = row.data_key_id is not None
        typer.echo("\nDit bericht is niet te lezen: zie quarantine show." if known else "\nOnze kopie is gewist.")
        return
    for line in _words(parsed):
        typer.echo(line)


def _about(row: Any) -> list[str]:
    """What the desk knows and made of it; of a message whose copy is erased this is all there is."""
    scores: Mapping[str, Any] = row.scores or {}
    ranked = sorted((scores.get("labels") or {}).items(), key=lambda pair: -pair[1])
    sender: Mapping[str, str] = row.sender or {}
    lines = [
        f"Ontvangen   {row.received_at.isoformat()} op {_line(row.account)} ({row.organisation_id}, {row.origin})",
        f"Uitkomst    {row.outcome or row.status}{f' ({_line(row.error)})' if row.error else ''}",
        f"Gelezen     {', '.join(f'{label} {p:.0%}' for label, p in ranked) or '-'}"
        f"{f' [{certainty}]' if (certainty := scores.get('certainty')) else ''}",
        f"Afzender    {', '.join(f'{key}={_line(value)}' for key, value in sender.items() if value) or '-'}",
    ]
    return lines if row.linked_to is None else [*lines, f"Kopie van   {row.linked_to}"]


def _words(parsed: ParsedMessage) -> list[str]:
    lines = [f"Machine     {parsed.machine.value if parsed.machine is not None else '-'}"]
    lines += [f"Kenmerken   {', '.join(sorted(parsed.flags))}"] if parsed.flags else []
    lines += ["", *(f"{name}: {_line(value)}" for name, value in parsed.headers.items())]
    lines += ["", "--- eigen woorden", visible(parsed.own_words)]
    if parsed.quoted:
        lines += ["", "--- aangehaald", visible(parsed.quoted)]
    if parsed.attachments:
        lines += ["", "--- bijlagen"]
        lines += [f"{_line(one.name)} ({_line(one.media_type)}, {one.size} bytes)" for one in parsed.attachments]
    return lines


def _write(file: Path, raw: bytes) -> None:
    """Only the asker may read it; a file that stands is left alone."""
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise InputError("not_written", f"{file} kan niet worden gemaakt ({type(error).__name__})") from None
    with os.fdopen(handle, "wb") as opened:
        opened.write(raw)


# --- what the commands share ------------------------------------------------------------------------------------------


def _row(reads: Reads, desk: Desk, inbound_id: str) -> Any:
    from sqlalchemy import select  # noqa: PLC0415

    from storage.models import Inbound, table  # noqa: PLC0415

    rows = table(Inbound)
    row = reads.one(select(rows).where(rows.c.id == inbound_id, rows.c.organisation_id.in_(desk.organisations)))
    if row is None:
        raise InputError("no_message", "er is geen bericht met dit nummer")
    return row


async def _raw(desk: Desk, inbound_id: str) -> RawInbound:
    from storage.queries.inbound import reopen_raw  # noqa: PLC0415

    def read(reads: Reads) -> RawInbound | None:
        _row(reads, desk, inbound_id)
        try:
            return reopen_raw(reads, inbound_id)
        except RuleError:
            return None

    found = await desk.store.read(read)
    if found is None:
        raise InputError("copy_erased", _PROBLEMS["copy_erased"])
    return found


async def _status(desk: Desk, inbound_id: str, wanted: InboundStatus) -> None:
    row = await desk.store.read(lambda reads: _row(reads, desk, inbound_id))
    if row.status != wanted.value:
        raise InputError("not_set_aside", "dit bericht staat niet apart")


async def _colleague(desk: Desk, login: str, inbound_id: str) -> str:
    """Somebody who works for the organisation that the message was sent to."""
    from storage.queries import console  # noqa: PLC0415
    from storage.queries import staff as people  # noqa: PLC0415

    def find(reads: Reads) -> str | None:
        account = people.by_login(reads, login.strip().casefold())
        organisation = console.owner(reads, "inbound", inbound_id)
        if account is None or not account.active or organisation not in people.roles(reads, account.id):
            return None
        return account.id

    await desk.store.read(lambda reads: _row(reads, desk, inbound_id))
    staff_id = await desk.store.read(find)
    if staff_id is None:
        raise InputError("no_colleague", f"{login!r} is geen collega die voor deze organisatie werkt")
    return staff_id
