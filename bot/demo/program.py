"""The demo as one program: settings for five organisations, sample databases, colleagues, seeded cases, one address."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import typer

from bot.config import Organisation, Settings, WebSection, read_texts
from bot.demo.clock import DemoClock
from bot.demo.customers import ORGANISATIONS, build_all, demo_sources_toml, shape
from bot.demo.face import Demo
from bot.demo.seed import seed
from bot.run import Program, serve
from cases.context import Context
from cases.policy import load_policy, with_contact
from cases.protocols import Accept
from cases.types import ChannelMode
from intake.email.settings import SmtpDoorSettings
from nlp.only_one import only_one
from sources.settings import load_sources
from web.chat.settings import WebChatSettings
from workflow import deadlines
from workflow.desk import Desk, Limits

_PHONES = {"weservit": "073 123 4500", "winkeltjes": "020 123 4500"}  # invented, and marked as such
_POLICIES = Path(__file__).parent.parent.parent / "policies"


def demo_settings(folder: Path, *, port: int, smtp_port: int) -> Settings:
    """Settings in code: nothing in them can reach another machine."""
    return Settings(
        folder=folder,
        database_url=f"sqlite:///{folder / 'privacyloket.db'}",
        root_key_file=folder / "keys" / "root.key",
        root_key="",
        base_url=f"http://127.0.0.1:{port}",
        instance="privacyloket-demo",
        web=WebSection(port=port),
        door=SmtpDoorSettings(host="127.0.0.1", port=smtp_port, hostname="demo.privacyloket.example"),
        limits=Limits(mails_per_sender_day=20, mails_per_organisation_hour=500, undo=timedelta(seconds=5)),
        organisations=tuple(
            replace(demo_organisation(key, folder), web_chat=WebChatSettings(key)) for key in ORGANISATIONS
        ),
        tray=folder / "tray",
    )


def demo_organisation(key: str, folder: Path) -> Organisation:
    """The shipped policy with invented contact data in the place of the published ones."""
    file = _POLICIES / f"{key}.toml"
    mailbox = f"info@{key}.example"
    text = file.read_text(encoding="utf-8")
    policy = with_contact(
        load_policy(text, file=str(file)), email=mailbox,
        address=("Voorbeeldstraat 1", "1234 AB Voorbeeldstad"), website=f"www.{key}.example",
        phone=_PHONES.get(key, ""), hours="ma-vr 9-17 uur, demo" if key in _PHONES else "",
    )  # fmt: skip
    sources = load_sources(
        demo_sources_toml(key), file=f"{key}.toml", base=folder / "customers",
        categories=[category.key for category in policy.categories],
    )  # fmt: skip
    return Organisation(
        key=key, mailbox=mailbox, policy=policy, policy_text=text,
        texts=read_texts(_POLICIES / key / "texts"), sources=sources,
        forward_to="", list_other_mail=True, imap=None, smtp=None, starts=ChannelMode.ON,
        colleagues=frozenset({f"{key}.example"}),
    )  # fmt: skip


async def run_demo(folder: Path, *, port: int, smtp_port: int) -> None:
    """Builds what is missing, then serves until stopped. `folder` is absolute."""
    marker = folder / "seeded"
    settings = demo_settings(folder, port=port, smtp_port=smtp_port)
    with only_one(marker):
        if not marker.exists():
            clear_half_made(folder)
        clock = DemoClock(folder / "clock.json")
        _build_customers(folder, clock)
        if not marker.exists():
            typer.echo("Voorbeeldzaken maken …")
            unheard = replace(settings, web=replace(settings.web, enabled=False), door=None)
            await seed(unheard, clock, folder / "customers")
            marker.write_text("")
    face: list[Demo] = []

    def make_face(desk: Desk, _accept: Accept) -> Demo:
        face.append(Demo(desk, clock, folder / "tray", smtp_port, lambda: deadlines.sweep(desk)))
        return face[0]

    async def ready(program: Program) -> None:
        typer.echo(f"\n  Privacyloket, DEMO: open {settings.base_url}/\n  (stoppen met Ctrl+C)\n")

    await serve(settings, context=Context(clock=clock.now), ready=ready, demo=make_face)


def clear_half_made(folder: Path) -> None:
    """A first start that was broken off left some of its cases: they can not be made on top of each other."""
    if not (folder / "privacyloket.db").exists() and not (folder / "customers").exists():
        return  # never begun; nor does anything stand here that is ours to remove
    for name in ("privacyloket.db", "privacyloket.db-wal", "privacyloket.db-shm", "clock.json", "customers.shape"):
        (folder / name).unlink(missing_ok=True)
    for name in ("keys", "tray", "customers"):
        shutil.rmtree(folder / name, ignore_errors=True)


def _build_customers(folder: Path, clock: DemoClock) -> None:
    built = folder / "customers.shape"
    if not built.exists() or built.read_text(encoding="utf-8") != shape():
        typer.echo("Klanten verzinnen …")
        build_all(folder / "customers", clock.now().date())
        built.write_text(shape(), encoding="utf-8")
