"""`privacyloket init`: what a new installation needs, tried for real, one line each, with what to do when it fails.

Signs in where a provider asks for it (device code, RFC 8628), logs in to the mailbox, lists what is watched there,
hands one mail to the submission server (to the mailbox's own plus-address) and looks whether it arrives.
"""

from __future__ import annotations

import asyncio
import secrets
import sys

import typer

from bot.config import Organisation, Settings
from bot.tokens import SealedTokens
from bot.wiring import make_sender, make_tokens, open_store, prepare_organisations
from cases.context import Context
from cases.errors import LoketError
from cases.protocols import Outgoing
from intake.email.imap_connect import session
from intake.email.imap_folders import examine, find, keeps_keyword
from intake.email.oauth import sign_in, sign_in_by_browser, way
from intake.email.settings import Marking
from intake.email.threading import make_message_id, make_reply_address
from storage.unit import Store

ARRIVES_IN = 60  # seconds that the probe may take
_LOOKS = 5.0  # seconds between two looks


async def run_init(settings: Settings, only: str, *, probe: bool, again: bool = False) -> int:
    """Prints what was tried; gives the exit code: 1 when something does not work."""
    store = open_store(settings, Context())
    await store.write(lambda unit: prepare_organisations(unit, settings))
    typer.echo(f"Database in orde: {settings.folder}")
    faults = 0
    try:
        for organisation in settings.organisations:
            if only in ("", organisation.key):
                faults += await _one(settings, organisation, store, probe=probe, again=again)
    finally:
        store.close()
    typer.echo("\nKlaar." if not faults else f"\n{faults} punten vragen aandacht; zie hierboven.")
    typer.echo("Volgende stap: privacyloket run (kijkt alleen mee), daarna privacyloket golive.")
    return 1 if faults else 0


async def _one(settings: Settings, organisation: Organisation, store: Store, *, probe: bool, again: bool) -> int:
    typer.echo(f"\n== {organisation.policy.name} ({organisation.mailbox})")
    faults = await _sign_in(organisation, store, again=again)
    if organisation.imap is not None:
        faults += await asyncio.to_thread(_try_mailbox, organisation, store)
    else:
        typer.echo("  post komt binnen door onze eigen deur (smtp_door)")
    if probe:
        faults += await _probe(settings, organisation, store)
    return faults


async def _sign_in(organisation: Organisation, store: Store, *, again: bool) -> int:
    oauth = organisation.oauth
    if oauth is None:
        return 0
    kept = SealedTokens(store, organisation.key, organisation.mailbox)
    tokens = make_tokens(organisation, store)
    assert tokens is not None
    try:
        if not again:
            await asyncio.to_thread(tokens.access_token)
            typer.echo("  aangemeld bij de provider")
            return 0
    except LoketError:
        pass  # nobody signed in yet, or it ended

    typer.echo(
        f"  Meld aan als {organisation.mailbox}; bij een gedeeld postvak als wie er volledige toegang toe heeft."
    )

    def show(url: str, code: str) -> None:
        typer.echo(f"  Open {url} en typ de code {code}")

    def show_address(url: str) -> None:
        typer.echo(f"  Open dit adres in een browser:\n  {url}")
        typer.echo("  Staat de browser op een andere machine? Plak hier het adres waarop die uitkomt.")

    try:
        if way(oauth) == "browser":
            paste = _typed_line if sys.stdin.isatty() else None
            fresh = await sign_in_by_browser(oauth, show_address, store.context.clock, paste=paste)
        else:
            fresh = await sign_in(oauth, show, store.context.clock)
    except LoketError as error:
        return _fault("aanmelden", error)
    await asyncio.to_thread(kept.save, fresh.refresh_token, fresh.refresh_expires_at)
    typer.echo("  aangemeld bij de provider")
    return 0


async def _typed_line() -> str:
    """A line from the keyboard that can be given up: a thread in `input()` would keep the program waiting for Enter."""
    loop, ready = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(sys.stdin, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(sys.stdin)
    return sys.stdin.readline()


def _try_mailbox(organisation: Organisation, store: Store) -> int:
    settings = organisation.imap
    assert settings is not None
    try:
        with session(settings, make_tokens(organisation, store)) as client:
            folders = find(client, settings)
            keyword = keeps_keyword(examine(client, settings.folder), settings.keyword)
    except LoketError as error:
        return _fault("postvak lezen (IMAP)", error)
    typer.echo(f"  postvak: aangemeld, {settings.folder} wordt gelezen")
    for name, folder in (("Verzonden", folders.sent), ("Ongewenst", folders.junk)):
        typer.echo(f"  {name}: {'wordt meegelezen' if folder else 'niet gevonden: geef de naam in de configuratie'}")
    if settings.marking is Marking.KEYWORD:
        typer.echo(f"  trefwoord '{settings.keyword}': {'kan' if keyword else 'kan niet bij deze server; kies folder'}")
    return 0


async def _probe(settings: Settings, organisation: Organisation, store: Store) -> int:
    """One mail to ourselves, to a plus-address: both sending and answering under a sub-address are seen to work."""
    if organisation.smtp is None:
        return 0
    sender = make_sender(settings, organisation, store, make_tokens(organisation, store))
    key, mark = store.keyring.organisation(organisation.key).reply[0], secrets.token_hex(8)
    to = make_reply_address(organisation.mailbox, mark, key)
    message_id = make_message_id(mark, key, organisation.mailbox.rpartition("@")[2])
    message = Outgoing(
        outbox_id=mark, organisation=organisation.key, account=organisation.mailbox, recipient=to,
        subject=f"Proef van het privacyloket {mark}", text="Een proef of post naar een plus-adres aankomt.", html="",
        message_id=message_id, in_reply_to="", references=(), automatic=True,
    )  # fmt: skip
    try:
        await sender.send(message)
    except LoketError as error:
        return _fault("versturen (SMTP)", error)
    finally:
        await sender.close()
    typer.echo("  versturen: de server nam de proef aan")
    if organisation.imap is None or to == organisation.mailbox:
        return 0
    for _ in range(int(ARRIVES_IN / _LOOKS)):
        if await asyncio.to_thread(_arrived, organisation, store, message_id):
            typer.echo("  plus-adres: de proef kwam aan")
            return 0
        await asyncio.sleep(_LOOKS)
    typer.echo(
        "  plus-adres: de proef kwam niet aan. Antwoorden van klanten zouden dan terugkomen als onbestelbaar;\n"
        "  zet plus-adressen aan bij de provider, of schrijf plus_addresses = false in de configuratie."
    )
    return 1


def _arrived(organisation: Organisation, store: Store, message_id: str) -> bool:
    settings = organisation.imap
    assert settings is not None
    try:
        with session(settings, make_tokens(organisation, store)) as client:
            client.select_folder(settings.folder, readonly=True)
            return bool(client.search(["HEADER", "Message-ID", message_id]))
    except LoketError:
        return False


def _fault(what: str, error: LoketError) -> int:
    typer.echo(f"  {what}: LUKT NIET: {error}")
    return 1
