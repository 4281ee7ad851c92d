"""Intercom as its description has it: what it tells us, what we look for ourselves, what we say there."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from bot.intercom import CursorInStore, look
from cases.errors import ConfigError, InputError, Permanent, Temporary, Throttled, Uncertain
from cases.messages import ChatMessage, RawInbound, chat_message
from cases.protocols import Accepted, Outgoing
from intake.accept import Acceptance
from intake.intercom.client import IntercomClient
from intake.intercom.messages import choice_uuid, messages_of
from intake.intercom.receiver import IntercomReceiver, signed
from intake.intercom.sender import IntercomSender
from intake.intercom.settings import IntercomSettings
from storage.models import ChannelHealth, Inbound, table
from storage.queries.inbound import raw_of
from storage.unit import Store
from tests.support import intercom_api
from tests.support.clock import SetClock
from tests.support.intercom_api import ADMIN, SECRET, TOKEN, WORKSPACE, Workspace, intercom
from tests.support.web_client import browser, opened
from tests.support.web_rows import BASE_URL
from tests.support.web_world import World
from web.app import create_app
from web.settings import WebSettings

WISH = "Welke gegevens hebben jullie van mij?"


@pytest.fixture
def workspace(clock: SetClock) -> Iterator[Workspace]:
    with intercom(clock.now) as made:
        yield made


async def started(workspace: Workspace, store: Store, clock: SetClock) -> IntercomReceiver:
    settings = workspace.settings
    accept = Acceptance(store, woken=lambda: None)
    receiver = IntercomReceiver(settings, IntercomClient(settings), accept, CursorInStore(store), clock.now)
    await receiver.start()
    return receiver


def kept(store: Store) -> list[ChatMessage]:
    rows = table(Inbound)
    query = select(rows).where(rows.c.channel == "intercom").order_by(rows.c.received_at, rows.c.id)
    return store.read_here(lambda reads: [chat_message(raw_of(reads, row).raw) for row in reads.rows(query)])


@asynccontextmanager
async def served(folder: Path) -> AsyncIterator[tuple[Workspace, World, httpx.AsyncClient]]:
    """A desk whose address Intercom knows."""
    async with opened(folder) as (made, _):
        with intercom(made.clock.now) as workspace:
            receiver = await started(workspace, made.store, made.clock)
            made.clock.advance(minutes=1)
            settings = WebSettings(BASE_URL, intercom={"whatnext": receiver})
            async with browser(create_app(made.desk, settings)) as http:
                yield workspace, made, http


def saying(text: str, recipient: str, **more: object) -> Outgoing:
    message = Outgoing(
        outbox_id="o1", organisation="whatnext", account=f"intercom:{WORKSPACE}", recipient=recipient, subject="",
        text=text, html="", message_id="<o1@whatnext.example>", in_reply_to="", references=(), automatic=True,
    )  # fmt: skip
    return replace(message, **more)  # type: ignore[arg-type]


# --- in ---------------------------------------------------------------------------------------------------------------


async def test_told_twice_and_in_any_order_is_kept_once(workspace: Workspace, store: Store, clock: SetClock) -> None:
    receiver = await started(workspace, store, clock)
    clock.advance(minutes=1)
    talk = workspace.begin(WISH)
    first = workspace.notification(talk)
    clock.advance(minutes=1)
    second = workspace.notification(talk, workspace.says(talk, "anna@klant.example"))
    for body, headers in (second, first, second, first, workspace.notification(talk)):
        await receiver.notified(body, headers["X-Hub-Signature"])
    assert [(one.sender, one.text) for one in kept(store)] == [(talk, WISH), (talk, "anna@klant.example")]
    assert kept(store)[0].name == "Anna de Vries" and kept(store)[0].vouched == ()


async def test_what_was_dropped_is_found_by_looking(workspace: Workspace, store: Store, clock: SetClock) -> None:
    receiver = await started(workspace, store, clock)
    clock.advance(minutes=1)
    talks = [workspace.begin(f"{WISH} {number}") for number in range(60)]  # more than a page
    body, headers = workspace.notification(talks[0])
    await receiver.notified(body, headers["X-Hub-Signature"])
    assert await receiver.look() == 59
    assert await receiver.look() == 0
    clock.advance(hours=1)
    workspace.says(talks[3], "Nog iets.")
    assert await receiver.look() == 1
    assert len(kept(store)) == 61


async def test_after_a_restart_it_goes_on_where_it_was(workspace: Workspace, store: Store, clock: SetClock) -> None:
    await (await started(workspace, store, clock)).look()
    clock.advance(hours=5)
    workspace.begin(WISH)
    clock.advance(hours=5)
    assert await (await started(workspace, store, clock)).look() == 1


async def test_nothing_from_before_the_desk_was_connected(workspace: Workspace, store: Store, clock: SetClock) -> None:
    talk = workspace.begin("Van vorig jaar: wis mijn gegevens.")
    clock.advance(days=200)
    receiver = await started(workspace, store, clock)
    clock.advance(minutes=1)
    workspace.says(talk, "Hallo, nog een vraag")
    await receiver.look()
    assert [one.text for one in kept(store)] == ["Hallo, nog een vraag"]


async def test_what_colleagues_and_we_write_is_no_message(workspace: Workspace, store: Store, clock: SetClock) -> None:
    receiver = await started(workspace, store, clock)
    clock.advance(minutes=1)
    talk = workspace.begin(WISH)
    own = [workspace.colleague(talk, "Ik kijk even."), workspace.colleague(talk, "wis alles van mij", note=True)]
    await IntercomSender(IntercomClient(workspace.settings)).send(saying("Ik ben de assistent.", talk))
    body, headers = workspace.notification(talk, *own, topic="conversation.admin.replied")
    assert await receiver.notified(body, headers["X-Hub-Signature"]) == 0
    await receiver.look()
    assert [one.text for one in kept(store)] == [WISH]


async def test_a_quick_reply_files_and_markup(workspace: Workspace, store: Store, clock: SetClock) -> None:
    receiver = await started(workspace, store, clock)
    clock.advance(minutes=1)
    talk = workspace.begin("een<br>twee &lt;b&gt;<script>alert(1)</script>")
    workspace.says(talk, "Inzien", metadata={"quick_reply_uuid": choice_uuid("wish:inzage")})
    file = {"type": "upload", "name": "pas.png", "url": "https://files.example/x", "content_type": "image/png"}
    workspace.says(talk, "", attachments=[file | {"filesize": 99}])
    workspace.says(talk, "weg", redacted=True)
    await receiver.look()
    first, second, third = kept(store)
    assert first.text == "een\ntwee <b>"
    assert (second.text, second.choice) == ("Inzien", "wish:inzage")
    assert (third.files[0].name, third.files[0].size, third.files[0].file_id) == ("pas.png", 99, "")
    assert "files.example" not in third.to_raw().decode()


@pytest.mark.parametrize(
    "conversation",
    [
        {}, {"id": "x"}, {"id": "../me"}, {"id": "1", "source": 3}, {"id": "1", "source": {"author": []}},
        {"id": "1", "conversation_parts": {"conversation_parts": [1, {"author": {"type": "user"}, "id": None}]}},
        {"id": "1", "conversation_parts": []},
        {"id": "1", "source": {"id": "2", "author": {"type": "user"}, "body": "x", "created_at": "gisteren"}},
    ],
)  # fmt: skip
def test_odd_shapes_hold_no_message(conversation: dict[str, object], clock: SetClock) -> None:
    settings = IntercomSettings("whatnext", WORKSPACE, ADMIN, TOKEN, SECRET)
    assert messages_of(settings, conversation, clock.now() - timedelta(days=1)) == []


# --- the address that Intercom tells --------------------------------------------------------------------------------


def test_the_published_signature() -> None:
    """The worked example of RFC 2202, 3 (test case 2)."""
    assert signed("Jefe", b"what do ya want for nothing?", "sha1=effcdf6ae5eb2fa2d27416d5f184df9c259a7c79")
    for wrong in ("", "sha1=", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79", "sha256=00", "sha1=" + "é" * 40):
        assert not signed("Jefe", b"what do ya want for nothing?", wrong)


async def test_bad_notifications_are_refused_without_their_content(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with served(tmp_path) as (workspace, made, http):
        before = len(kept(made.store))
        talk = workspace.begin("GEHEIM: wis mijn gegevens")
        body, headers = workspace.notification(talk)
        other, _ = workspace.notification(talk, app="andere")
        attempts = [
            (body, {}), (body, {"X-Hub-Signature": "sha1=0000"}), (body + b" ", headers),
            intercom_api.signed(b"GEHEIM {"), intercom_api.signed(b"[]"), intercom_api.signed(b"{}"),
            intercom_api.signed(b"[" * 100_000),
        ]  # fmt: skip
        ping = json.dumps({"topic": "ping", "data": {"item": {}}}).encode()
        fine = [intercom_api.signed(other), intercom_api.signed(ping)]
        for content, given in attempts:
            answer = await http.post("/intercom/whatnext", content=content, headers=given)
            assert answer.status_code in (400, 401) and answer.text == ""
        for content, given in fine:
            assert (await http.post("/intercom/whatnext", content=content, headers=given)).status_code == 200
        too_large = await http.post("/intercom/whatnext", content=b"x" * 1_000_001)
        assert too_large.status_code == 413
        assert (await http.post("/intercom/weservit", content=body, headers=headers)).status_code == 404
        assert (await http.get("/intercom/whatnext")).status_code == 405
        assert (await http.head("/intercom/whatnext")).status_code == 200
        assert len(kept(made.store)) == before
        assert (await http.post("/intercom/whatnext", content=body, headers=headers)).status_code == 200
        assert len(kept(made.store)) == before + 1
    assert "GEHEIM" not in caplog.text and "signature" in caplog.text


async def test_what_could_not_be_stored_is_told_again(tmp_path: Path) -> None:
    async def full(message: RawInbound) -> Accepted:
        raise Temporary("the disk is full")

    async with opened(tmp_path) as (made, _):
        with intercom(made.clock.now) as workspace:
            client, cursor = IntercomClient(workspace.settings), CursorInStore(made.store)
            receiver = IntercomReceiver(workspace.settings, client, full, cursor, made.clock.now)
            await receiver.start()
            made.clock.advance(minutes=1)
            body, headers = workspace.notification(workspace.begin(WISH))
            settings = WebSettings(BASE_URL, intercom={"whatnext": receiver})
            async with browser(create_app(made.desk, settings)) as http:
                assert (await http.post("/intercom/whatnext", content=body, headers=headers)).status_code == 503
            with pytest.raises(Temporary):
                await receiver.look()


# --- out --------------------------------------------------------------------------------------------------------------


async def test_a_comment_with_its_choices_and_a_note(workspace: Workspace) -> None:
    talk = workspace.begin(WISH)
    sender = IntercomSender(IntercomClient(workspace.settings))
    choices = (("wish:inzage", "Gegevens inzien"), ("human", "Een medewerker"))
    await sender.send(saying("Bedoel je <dit>?\nOf dat?\n\nZeg het maar.", talk, choices=choices))
    (comment,) = workspace.parts(talk, "comment")
    assert comment["body"] == "<p>Bedoel je &lt;dit&gt;?<br>Of dat?</p><p>Zeg het maar.</p>"
    (offer,) = workspace.parts(talk, "quick_reply")
    assert [one["text"] for one in offer["metadata"]["quick_reply_options"]] == ["Gegevens inzien", "Een medewerker"]
    await sender.send(saying("Zaak WN-1", f"note:{talk}", choices=choices))
    (note,) = workspace.parts(talk, "note")
    assert note["body"] == "<p>Zaak WN-1</p>"
    assert len(workspace.parts(talk, "comment")) == len(workspace.parts(talk, "quick_reply")) == 1


async def test_choices_that_do_not_come_through_are_no_failure(workspace: Workspace) -> None:
    talk = workspace.begin(WISH)
    workspace.script.extend(["ok", "500"])
    sender = IntercomSender(IntercomClient(workspace.settings))
    assert (await sender.send(saying("Wat?", talk, choices=(("human", "Een medewerker"),)))).reply == "ok"
    assert len(workspace.parts(talk, "comment")) == 1


@pytest.mark.parametrize(
    ("what", "error"),
    [
        ("429", Throttled), ("401", Temporary), ("403", Temporary), ("404", Permanent), ("422", Permanent),
        ("503", Temporary), ("500", Uncertain), ("502", Uncertain), ("hang up", Uncertain),
    ],
)  # fmt: skip
async def test_what_an_answer_means(workspace: Workspace, what: str, error: type[Exception]) -> None:
    talk = workspace.begin(WISH)
    workspace.script.append(what)
    with pytest.raises(error) as raised:
        await IntercomSender(IntercomClient(workspace.settings)).send(saying("GEHEIM", talk))
    assert raised.type is error
    assert "GEHEIM" not in str(raised.value) and TOKEN not in str(raised.value)
    assert len(workspace.parts(talk, "comment")) == (what == "hang up")


async def test_as_long_as_intercom_asks(workspace: Workspace) -> None:
    talk = workspace.begin(WISH)
    sender = IntercomSender(IntercomClient(workspace.settings))
    for header, wait in (("120", 120), ("999999", 7200), ("morgen", 10)):
        workspace.script.append("429")
        workspace.headers = {"Retry-After": header}
        with pytest.raises(Throttled) as raised:
            await sender.send(saying("x", talk))
        assert raised.value.retry_after == timedelta(seconds=wait)


async def test_a_talk_that_is_none_is_not_asked_for(workspace: Workspace) -> None:
    for recipient in ("last", "../me", "", "note:"):
        with pytest.raises(Permanent):
            await IntercomSender(IntercomClient(workspace.settings)).send(saying("x", recipient))
    assert workspace.calls == []


async def test_where_nobody_listens_nothing_was_said() -> None:
    settings = IntercomSettings("whatnext", WORKSPACE, ADMIN, TOKEN, SECRET, base_url="http://127.0.0.1:1")
    with pytest.raises(Temporary):
        await IntercomSender(IntercomClient(settings)).send(saying("x", "12"))


# --- health and settings ----------------------------------------------------------------------------------------------


async def test_looking_that_fails_is_seen_and_seen_again_when_it_works(tmp_path: Path) -> None:
    async with opened(tmp_path) as (made, _):
        with intercom(made.clock.now) as workspace:
            receiver = await started(workspace, made.store, made.clock)
            rows = table(ChannelHealth)
            state = select(rows.c.ok, rows.c.reason).where(rows.c.name == f"lezen:intercom:{WORKSPACE}")
            for what in ("401", "429", "500", "hang up"):
                workspace.script.append(what)
                await look(made.desk, receiver)
            row = made.store.read_here(lambda reads: reads.one(state))
            assert row is not None and (row.ok, row.reason) == (False, "Intercom weigert het token")
            await look(made.desk, receiver)
            assert made.store.read_here(lambda reads: reads.one(state)).ok  # type: ignore[union-attr]


async def test_a_token_of_another_workspace_reads_nothing(workspace: Workspace, store: Store, clock: SetClock) -> None:
    settings = replace(workspace.settings, workspace="andere")
    receiver = IntercomReceiver(
        settings, IntercomClient(settings), Acceptance(store, woken=lambda: None), CursorInStore(store), clock.now
    )
    await receiver.start()
    with pytest.raises(Permanent):
        await receiver.look()
    assert {call.path for call in workspace.calls} == {"/me"}
    with pytest.raises(InputError):
        await receiver.notified(b"{}", "")


def test_settings_say_what_is_missing_and_hide_secrets() -> None:
    fine = IntercomSettings("nexxt", "w", "1", TOKEN, SECRET)
    assert fine.address == "https://api.eu.intercom.io" and TOKEN not in repr(fine) and SECRET not in repr(fine)
    for changes in ({"workspace": ""}, {"poll_seconds": 5}, {"base_url": "http://api.example"}):
        with pytest.raises(ConfigError):
            replace(fine, **changes)
