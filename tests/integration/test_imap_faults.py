"""The mailbox watcher against a server that misbehaves: every message arrives once, and no name leaks."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zlib import crc32

import pytest

from cases.errors import ConfigError, Temporary
from cases.types import Origin
from intake.email.faults import Fault
from intake.email.settings import Auth, ImapSettings, Marking
from tests.support.bad_imap import CAPS, PASSWORD, USER, BadImap, bad_imap
from tests.support.bad_imap_store import Do, Folder
from tests.support.imap_post import Post, settings, watch, watching
from tests.support.mails import mail


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("intake.email.imap._BACKOFF", (0.01, 0.05))
    monkeypatch.setattr("intake.email.imap._SLICE_SECONDS", 0.2)


@pytest.fixture
def server() -> Iterator[BadImap]:
    with bad_imap() as running:
        yield running


@pytest.fixture
async def post() -> Post:
    return Post()


def configured(server: BadImap, **changed: object) -> ImapSettings:
    return settings(server.host, server.port, USER, str(changed.pop("password", PASSWORD)), **changed)


def letter(text: str) -> bytes:
    return mail(text, message_id=f"<{crc32(text.encode())}@voorbeeld.example>").replace(b"\n", b"\r\n")


def arrive(server: BadImap, *texts: str, folder: str = "INBOX") -> None:
    with server.lock:
        server.folders[folder].add(*map(letter, texts))


THREE = ["een", "twee", "drie"]


@pytest.mark.parametrize(
    ("words", "do", "times"),
    [
        ("UID FETCH", Do.DROP, 2), ("UID FETCH", Do.BYE, 1), ("UID FETCH", Do.BAD_LITERAL, 2),
        ("UID FETCH", Do.UNREADABLE, 1), ("UID FETCH", Do.GARBAGE, 1), ("UID FETCH", Do.NO, 2),
        ("UID FETCH", Do.FLAGS_FIRST, 3), ("UID FETCH", Do.HANG, 1), ("UID SEARCH", Do.NO, 1),
        ("UID SEARCH", Do.UNREADABLE, 1), ("UID SEARCH", Do.GARBAGE, 1), ("UID SEARCH", Do.DROP, 1),
        ("UID SEARCH", Do.HANG, 1), ("EXAMINE", Do.NO, 2), ("EXAMINE", Do.BYE, 1), ("EXAMINE", Do.HANG, 1),
        ("LOGIN", Do.NO, 3), ("LOGIN", Do.DROP, 1), ("LIST", Do.NO, 1), ("LIST", Do.GARBAGE, 1),
        ("SELECT", Do.NO, 1), ("IDLE", Do.NO, 3), ("IDLE", Do.EXISTS_FIRST, 1), ("IDLE", Do.HANG, 1),
        ("IN IDLE", Do.DROP, 2), ("IN IDLE", Do.BYE, 1), ("IN IDLE", Do.GARBAGE, 1), ("CAPABILITY", Do.GARBAGE, 1),
    ],
)  # fmt: skip
async def test_everything_arrives_once_and_in_order(
    server: BadImap, post: Post, words: str, do: Do, times: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    arrive(server, "oud")
    async with watching(configured(server, poll_seconds=1, timeout_seconds=0.5), post):
        server.fault(words, do, times)
        arrive(server, *THREE)
        if words in ("LOGIN", "LIST", "SELECT", "CAPABILITY"):
            server.fault("EXAMINE", Do.DROP)  # makes it come back
        await post.until(lambda: len(post.rows) == 3)
        await post.well()
    assert post.texts() == THREE
    assert post.place == (7, 4)
    assert [message.flags for message in server.inbox.messages.values()] == [set()] * 4
    told = " ".join(reason for _, reason in post.health) + caplog.text
    assert USER not in told and "whatnext.example" not in told and "voorbeeld" not in told


async def test_what_a_restart_interrupts_is_not_lost(server: BadImap, post: Post) -> None:
    async with watching(configured(server), post):
        pass
    arrive(server, *THREE)
    post.fail = lambda message: Temporary("the disk is full") if b"drie" in message.raw else None
    watcher = watch(configured(server), post)
    await watcher.start()
    await post.until(lambda: (False, "the disk is full") in post.health)
    await watcher.stop()
    assert post.texts() == THREE[:2]
    assert post.place == (7, 2)
    post.fail = lambda message: None
    async with watching(configured(server), post):
        await post.until(lambda: len(post.rows) == 3)
    assert post.texts() == THREE


async def test_a_message_that_is_never_given_does_not_stop_newer_ones(server: BadImap, post: Post) -> None:
    async with watching(configured(server, poll_seconds=1, timeout_seconds=0.5), post):
        for _ in range(20):
            server.fault("UID FETCH 2 (INTERNALDATE BODY", Do.DROP)
        server.fault("UID FETCH 1,2,3 (INTERNALDATE BODY", Do.DROP)
        arrive(server, *THREE)
        await post.until(lambda: len(post.rows) == 3)
    assert post.rows[1].raw.startswith(b"\x00")  # a person looks
    assert abs((post.rows[1].received_at - datetime.now(UTC)).total_seconds()) < 60  # its term runs from receipt
    assert [b"een" in post.rows[0].raw, b"drie" in post.rows[2].raw] == [True, True]


async def test_a_server_that_gives_nothing_makes_no_placeholders(server: BadImap, post: Post) -> None:
    async with watching(configured(server, poll_seconds=1), post):
        server.fault("UID FETCH", Do.NO, 16)
        arrive(server, *THREE)
        await post.until(lambda: len(post.rows) == 3)
    assert post.texts() == THREE


async def test_a_nonsense_date_hides_no_message(server: BadImap, post: Post) -> None:
    async with watching(configured(server), post):
        server.bad_date = True
        arrive(server, *THREE)
        await post.until(lambda: len(post.rows) == 3)
    assert post.texts() == THREE
    assert all(row.received_at.tzinfo is not None for row in post.rows)


async def test_messages_that_vanish_while_they_are_fetched(server: BadImap, post: Post) -> None:
    async with watching(configured(server, poll_seconds=1), post):
        server.fault("UID FETCH", Do.EXPUNGE, having="BODY")
        arrive(server, *THREE)
        await post.until(lambda: server.inbox.messages == {})
        arrive(server, "vier")
        await post.until(lambda: len(post.rows) == 1)
    assert post.texts() == ["vier"]


@pytest.mark.parametrize("told", [True, False], ids=["uidnext", "no uidnext"])
async def test_gaps_in_the_numbers(server: BadImap, post: Post, told: bool) -> None:
    server.inbox.uidnext_told = told
    arrive(server, "oud")
    async with watching(configured(server, poll_seconds=1), post):
        assert post.place == (7, 1)
        for text, uid in zip(THREE, (5, 90_000, 4_000_000_000), strict=True):
            with server.lock:
                server.inbox.uidnext = uid
            arrive(server, text)
            await post.until(lambda text=text: post.texts()[-1:] == [text])  # type: ignore[misc]
    assert [row.uid for row in post.rows] == [5, 90_000, 4_000_000_000]


@pytest.mark.parametrize(("before", "after"), [(7, 8), (7, 0), (0, 7), (0, 0)])
async def test_new_numbers_read_again_and_answer_nothing_old(
    server: BadImap, post: Post, before: int, after: int
) -> None:
    server.inbox.uidvalidity = before
    with server.lock:
        server.inbox.add(letter("oud"), at=datetime.now(UTC) - timedelta(days=400))
    async with watching(configured(server, poll_seconds=1), post):
        arrive(server, "een", "twee")
        await post.until(lambda: len(post.rows) == 2)
    arrive(server, "drie")
    with server.lock:
        server.inbox.messages.pop(2)
        server.inbox.renumber(after)
    async with watching(configured(server, poll_seconds=1), post):
        await post.until(lambda: len(post.rows) == 3)
        arrive(server, "vier")
        await post.until(lambda: len(post.rows) == 4)
    assert post.texts() == [*THREE, "vier"]


async def test_an_empty_folder_with_new_numbers(server: BadImap, post: Post) -> None:
    async with watching(configured(server), post):
        pass
    server.inbox.renumber(9)
    async with watching(configured(server), post):
        await post.well() if post.place != (9, 0) else None
        arrive(server, "een")
        await post.until(lambda: len(post.rows) == 1)
    assert post.place == (9, 1)


async def test_every_folder_has_its_origin(server: BadImap, post: Post) -> None:
    server.folders |= {
        "Ongewenste e-mail": Folder(), "Onbestelbaar é": Folder(flags="\\Sent"), "Archief": Folder(),
    }  # fmt: skip
    arrive(server, "oude reclame", folder="Ongewenste e-mail")
    async with watching(configured(server, poll_seconds=0.3), post):
        assert "Privacyloket" in server.folders  # made for colleagues to drag into
        for folder in ("INBOX", "Ongewenste e-mail", "Onbestelbaar é", "Privacyloket", "Archief"):
            arrive(server, f"in {folder}", folder=folder)
        await post.until(lambda: len(post.rows) == 4)
        await post.well()
        quiet = server.count("EXAMINE")
        await post.well()
        await post.well()
        assert server.count("EXAMINE") - quiet <= 3  # INBOX only; the others cost one STATUS line
    found = {row.origin: row.folder for row in post.rows}
    assert found == {
        Origin.INBOX: "INBOX", Origin.JUNK: "Ongewenste e-mail", Origin.SENT: "Onbestelbaar é",
        Origin.DRAGGED: "Privacyloket",
    }  # fmt: skip
    assert post.notes == []
    assert set(post.places) == set(found.values())


async def test_what_is_not_watched_is_told_once(server: BadImap, post: Post) -> None:
    server.inbox.permanent = "\\Seen"
    server.fault("CREATE", Do.NO, 100)
    async with watching(configured(server, poll_seconds=0.2, junk_folder="-"), post) as watcher:
        await post.well()
        server.fault("EXAMINE", Do.DROP)  # connected again, and nothing told again
        await post.until(lambda: not all(ok for ok, _ in post.health))
        await post.well()
        assert watcher.notes == {"no_request_folder", "junk_not_watched", "sent_not_watched", "no_keywords"}
    assert sorted(post.notes) == ["junk_not_watched", "no_keywords", "no_request_folder", "sent_not_watched"]


async def test_no_folder_is_made_where_nothing_is_marked(server: BadImap, post: Post) -> None:
    async with watching(configured(server, marking=Marking.NONE), post):
        pass
    assert list(server.folders) == ["INBOX"]
    assert server.count("SELECT") == 0  # nothing is opened for writing


async def test_one_folder_that_is_refused_does_not_keep_the_others(server: BadImap, post: Post) -> None:
    server.folders |= {"Spam": Folder(), "Sent": Folder()}
    server.fault("STATUS", Do.NO, 1000, having="Spam")
    server.fault("EXAMINE", Do.NO, 1000, having="Sent")
    async with watching(configured(server, poll_seconds=0.2), post):
        arrive(server, "een")
        arrive(server, "gesleept", folder="Privacyloket")
        await post.until(lambda: len(post.rows) == 2)
        assert sorted(post.notes) == ["junk_not_watched", "sent_not_watched"]
        server.faults.clear()
        await post.until(lambda: "Spam" in post.places)
        arrive(server, "spam", folder="Spam")
        await post.until(lambda: len(post.rows) == 3)
    assert all(ok for ok, _ in post.health)


async def test_an_inbox_that_is_refused_does_not_keep_the_others(server: BadImap, post: Post) -> None:
    server.folders["Spam"] = Folder()
    async with watching(configured(server, poll_seconds=0.2), post):
        server.fault("EXAMINE", Do.NO, 1000, having="INBOX")
        arrive(server, "spam", folder="Spam")
        await post.until(lambda: len(post.rows) == 1)
        await post.until(lambda: (False, Fault.REFUSED) in post.health)


async def test_old_mail_that_is_moved_in_is_backlog(server: BadImap, post: Post) -> None:
    async with watching(configured(server), post):
        for folder in ("INBOX", "Privacyloket"):
            with server.lock:
                server.folders[folder].add(letter(f"uit {folder}"), at=datetime.now(UTC) - timedelta(days=90))
        arrive(server, "nieuw")
        await post.until(lambda: len(post.rows) == 3)
    assert {text: row.origin for text, row in zip(post.texts(), post.rows, strict=True)} == {
        "uit INBOX": Origin.BACKLOG, "nieuw": Origin.INBOX, "uit Privacyloket": Origin.DRAGGED,
    }  # fmt: skip
    dragged = next(row for row in post.rows if row.origin is Origin.DRAGGED)
    assert (datetime.now(UTC) - dragged.received_at).days >= 89  # its real time of receipt


async def test_a_name_nobody_can_read_hides_no_other_folder(server: BadImap, post: Post) -> None:
    server.folders["Spam"] = Folder()
    server.raw_list = [b'* LIST () "/" "&kapot-"', b'* LIST (\\Noselect) "/" "Junk"']
    async with watching(configured(server), post):
        assert "Spam" in post.places


async def test_a_server_without_idle_is_polled(server: BadImap, post: Post) -> None:
    server.caps = CAPS.replace("IDLE ", "")
    async with watching(configured(server, poll_seconds=0.2), post):
        arrive(server, "een")
        await post.until(lambda: len(post.rows) == 1)
    assert server.count("IDLE") == 0


async def test_mail_that_comes_at_the_moment_of_idle(server: BadImap, post: Post) -> None:
    server.arriving = letter("een")
    server.fault("IDLE", Do.ARRIVE)
    async with watching(configured(server, poll_seconds=500), post):
        await post.until(lambda: post.texts() == ["een"])  # long before the poll


async def test_a_thread_that_hangs_is_seen(server: BadImap, post: Post) -> None:
    async with watching(configured(server, poll_seconds=0.2, timeout_seconds=30), post) as watcher:
        await post.well()
        server.fault("EXAMINE", Do.HANG, 1000)
        await asyncio.to_thread(server.wait_for, "EXAMINE")
        since = watcher.quiet_since
        assert since is not None
        await asyncio.sleep(0.5)  # as long as a few rounds
        assert watcher.quiet_since == since
        server.released.set()
        server.faults.clear()
        await post.well()
        assert watcher.quiet_since > since
    assert watcher.quiet_since is None


class _Tokens:
    def __init__(self, *tokens: str) -> None:
        self.left: list[str] = list(tokens)
        self.asked: list[bool] = []

    def access_token(self, *, fresh: bool = False) -> str:
        self.asked.append(fresh)
        if not self.left:
            raise Temporary(Fault.SIGN_IN_AGAIN)
        return self.left.pop(0)


@pytest.mark.parametrize(
    ("tokens", "asked", "first"),
    [
        (("goed",), [False], (True, "")),
        (("oud", "goed"), [False, True], (True, "")),
        (("oud", "ook-oud"), [False, True], (False, Fault.LOGIN)),
        ((), [False], (False, Fault.SIGN_IN_AGAIN)),
    ],
)
async def test_a_token_is_renewed_once(
    server: BadImap, post: Post, tokens: tuple[str, ...], asked: list[bool], first: tuple[bool, str]
) -> None:
    server.tokens = {"goed"}
    source = _Tokens(*tokens)
    watcher = watch(configured(server, auth=Auth.XOAUTH2, password=""), post, tokens=source)
    await watcher.start()
    await post.until(lambda: bool(post.health))
    assert source.asked[:2] == asked
    await watcher.stop()
    assert post.health[0] == first


def test_xoauth2_without_tokens_stops_the_start(server: BadImap) -> None:
    with pytest.raises(ConfigError):
        watch(configured(server, auth=Auth.XOAUTH2), Post())


async def test_a_batch_in_one_go_keeps_the_order(server: BadImap, post: Post) -> None:
    texts = [f"bericht {number:03d}" for number in range(70)]
    async with watching(configured(server), post, together=True):
        arrive(server, *texts)
        await post.until(lambda: len(post.rows) == 70)
    assert post.texts() == texts
