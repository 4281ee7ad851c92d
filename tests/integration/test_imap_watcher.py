"""The mailbox watcher against a real IMAP server: nothing lost, nothing touched, nothing twice."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from imaplib import IMAP4

import pytest
from imapclient import IMAPClient

from cases.errors import Temporary
from cases.messages import RawInbound
from cases.types import Custody
from intake.email.faults import Fault
from intake.email.imap import MailboxWatcher
from intake.email.settings import Tls
from intake.normalise import normalise
from tests.support.imap_post import ACCOUNT, Post, settings, watch
from tests.support.mailbox import PASSWORD, USER, Mailbox, running_mailbox
from tests.support.mails import mail


@pytest.fixture(scope="module")
def server() -> Iterator[Mailbox]:
    with running_mailbox() as running:
        yield running


@pytest.fixture
def mailbox(server: Mailbox) -> Mailbox:
    """One server for all: what came in before a watcher's first connect is not its business."""
    if server.dead:
        server.start()
    return server


@pytest.fixture
async def post() -> Post:
    return Post()


def watcher(mailbox: Mailbox, post: Post, **changed: object) -> MailboxWatcher:
    return watch(settings(mailbox.host, mailbox.port, USER, str(changed.pop("password", PASSWORD)), **changed), post)


@pytest.fixture
async def watching(mailbox: Mailbox, post: Post) -> AsyncIterator[MailboxWatcher]:
    running = watcher(mailbox, post)
    await running.start()
    await post.until(lambda: bool(post.health) and post.health[-1][0])
    yield running
    await running.stop()


async def append(mailbox: Mailbox, *texts: str) -> None:
    messages = [mail(text, message_id=f"<{number}-{len(text)}@voorbeeld.example>") for number, text in enumerate(texts)]
    await asyncio.to_thread(mailbox.append, *messages)


async def test_old_mail_is_left_and_new_mail_comes_by_idle(
    mailbox: Mailbox, post: Post, watching: MailboxWatcher
) -> None:
    assert post.rows == []  # the server had mail; nothing older than the first connect
    before = await asyncio.to_thread(mailbox.flags)
    await append(mailbox, "Ik wil inzage een")  # the poll is a minute away: IDLE has to wake it
    await post.until(lambda: len(post.rows) == 1)
    (row,) = post.rows
    assert (row.organisation, row.account, row.folder, row.custody) == ("whatnext", ACCOUNT, "INBOX", Custody.GUEST)
    assert row.received_at.tzinfo is not None
    assert abs((datetime.now(UTC) - row.received_at).total_seconds()) < 120  # no zone was lost
    assert row.message_id is not None
    assert post.place == (row.uidvalidity, row.uid)
    after = await asyncio.to_thread(mailbox.flags)
    assert after[: len(before)] == before
    assert b"\\Seen" not in after[-1]  # read, and as unread as before


async def test_without_idle_the_poll_finds_it(mailbox: Mailbox, post: Post) -> None:
    running = watcher(mailbox, post, idle=False, poll_seconds=0.2)
    await running.start()
    await post.until(lambda: post.place is not None)
    await append(mailbox, "een", "twee", "drie")
    await post.until(lambda: len(post.rows) == 3)
    await running.stop()
    assert post.texts() == ["een", "twee", "drie"]


async def test_batches_are_bounded_and_in_order(mailbox: Mailbox, post: Post, watching: MailboxWatcher) -> None:
    await watching.stop()
    texts = [f"bericht {number:03d}" for number in range(25)]
    await append(mailbox, *texts)
    small = watcher(mailbox, post, batch_messages=4, batch_bytes=1500)
    await small.start()
    await post.until(lambda: len(post.rows) == 25)
    await small.stop()
    assert post.texts() == texts


async def test_a_stopped_watcher_goes_on_where_it_was(mailbox: Mailbox, post: Post, watching: MailboxWatcher) -> None:
    await append(mailbox, "een")
    await post.until(lambda: len(post.rows) == 1)
    await watching.stop()
    await append(mailbox, "twee")
    again = watcher(mailbox, post)
    await again.start()
    await post.until(lambda: len(post.rows) == 2)
    await again.stop()
    assert post.texts() == ["een", "twee"]


async def test_a_full_store_loses_nothing(mailbox: Mailbox, post: Post, watching: MailboxWatcher) -> None:
    failures: list[int] = []

    def full(message: RawInbound) -> Exception | None:
        if len(failures) >= 2:
            return None
        failures.append(message.uid or 0)
        return Temporary("the disk is full")

    post.fail = full
    await append(mailbox, "een", "twee")
    await post.until(lambda: len(post.rows) == 2)
    assert post.texts() == ["een", "twee"]
    assert failures[0] == failures[1] == post.rows[0].uid  # the second never overtook the first
    assert (False, "the disk is full") in post.health


async def test_one_bad_message_does_not_stop_the_rest(mailbox: Mailbox, post: Post, watching: MailboxWatcher) -> None:
    post.fail = lambda message: ValueError("kapot") if b"giftig" in message.raw else None
    await append(mailbox, "een", "giftig", "drie")
    await post.until(lambda: len(post.rows) == 3)
    assert b"giftig" not in post.rows[1].raw
    assert post.rows[1].raw.startswith(b"\x00")  # a placeholder: the quarantine shows it to a person
    assert post.rows[1].uid == (post.rows[0].uid or 0) + 1
    assert normalise(post.rows[2]).own_words.strip() == "drie"


async def test_too_large_a_message_is_still_seen(mailbox: Mailbox, post: Post) -> None:
    running = watcher(mailbox, post, max_message_bytes=5_000, poll_seconds=1)
    await running.start()
    await post.until(lambda: post.place is not None)
    await append(mailbox, "groot " * 5000, "klein")
    await post.until(lambda: len(post.rows) == 2)
    await running.stop()
    first = normalise(post.rows[0])
    assert first.subject == "Inzageverzoek"
    assert "te groot" in first.text


async def test_a_dead_server_is_told_and_found_again(mailbox: Mailbox, post: Post, watching: MailboxWatcher) -> None:
    await append(mailbox, "een")
    await post.until(lambda: len(post.rows) == 1)
    numbers = post.place
    mailbox.kill()
    await post.until(lambda: not post.health[-1][0])
    assert ACCOUNT not in post.health[-1][1]
    # It comes back empty but for the demo mail, with other numbers (UIDVALIDITY), and the mail is delivered again.
    await asyncio.to_thread(mailbox.start)
    await append(mailbox, "een", "twee")
    await post.until(lambda: len(post.rows) == 2)
    assert post.texts() == ["een", "twee"]  # the first was known by its bytes; nothing from before the connect
    assert post.place is not None
    assert numbers is not None
    assert post.place[0] != numbers[0]


async def test_refused_login_is_told_without_names(mailbox: Mailbox, post: Post) -> None:
    running = watcher(mailbox, post, password="fout")
    await running.start()
    await post.until(lambda: bool(post.health))
    await running.stop()
    assert post.health[0] == (False, Fault.LOGIN)
    assert post.place is None


async def test_starttls_that_is_not_offered_is_an_error(mailbox: Mailbox, post: Post) -> None:
    running = watcher(mailbox, post, tls=Tls.STARTTLS)
    await running.start()
    await post.until(lambda: bool(post.health))
    await running.stop()
    assert post.health[0][0] is False
    assert post.place is None


async def test_only_its_own_thread_touches_the_client(
    mailbox: Mailbox, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: set[str] = set()

    def noting(method: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object, **named: object) -> object:
            threads.add(threading.current_thread().name)
            return method(*args, **named)

        return call

    for name in ("login", "select_folder", "fetch", "idle", "idle_check", "idle_done", "logout"):
        monkeypatch.setattr(IMAPClient, name, noting(getattr(IMAPClient, name)))
    running = watcher(mailbox, post)
    await running.start()
    await post.until(lambda: post.place is not None)
    await append(mailbox, "een")
    await post.until(lambda: len(post.rows) == 1)
    await running.stop()
    assert threads == {"imap-whatnext"}


async def test_a_line_that_breaks_in_the_middle_of_a_message(
    mailbox: Mailbox, post: Post, watching: MailboxWatcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    true_fetch = IMAPClient.fetch
    broken: list[int] = []

    def fetch(self: IMAPClient, messages: list[int], data: list[str], *more: object) -> object:
        if "BODY.PEEK[]" in data and len(broken) < 2:
            broken.append(len(messages))
            raise IMAP4.abort("bad literal")
        return true_fetch(self, messages, data, *more)

    monkeypatch.setattr(IMAPClient, "fetch", fetch)
    await append(mailbox, "een", "twee")
    await post.until(lambda: len(post.rows) == 2)
    assert post.texts() == ["een", "twee"]
