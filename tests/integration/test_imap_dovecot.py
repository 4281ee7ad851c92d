"""Watcher and acts against Dovecot, the server behind most Dutch mailboxes: folders, keywords, tokens, new numbers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from cases.errors import Temporary
from cases.messages import RawInbound
from cases.protocols import Acted, ActKind, ActOutcome, MailboxAct
from cases.types import Origin
from intake.email.faults import Fault
from intake.email.imap_acts import ImapActs
from intake.email.imap_backlog import scan_backlog
from intake.email.imap_connect import session
from intake.email.settings import Auth, ImapSettings, Marking
from tests.support import dovecot
from tests.support.dovecot import ACCENTED, ACCENTS, PASSWORD, USER, Dovecot, running_dovecot
from tests.support.imap_post import Post, settings, watching
from tests.support.mails import mail

pytestmark = pytest.mark.skipif(dovecot.MISSING, reason="needs Dovecot (apt-get install dovecot-imapd) and root")


@pytest.fixture(scope="module")
def started() -> Iterator[Dovecot]:
    with running_dovecot() as running:
        yield running


@pytest.fixture
def server(started: Dovecot) -> Dovecot:
    """Empty folders, as at the start."""
    with started.client() as client:
        for folder in ("INBOX", "Privacyloket", "Verzonden items", "Ongewenste e-mail"):
            status, count = client.select(f'"{folder}"')
            if status == "OK" and count != [b"0"]:
                client.store("1:*", "+FLAGS", "\\Deleted")
                client.expunge()
    started.tokens.clear()
    return started


@pytest.fixture
async def post() -> Post:
    return Post()


def configured(server: Dovecot, **changed: object) -> ImapSettings:
    return settings(server.host, server.port, USER, str(changed.pop("password", PASSWORD)), **changed)


def letter(text: str) -> bytes:
    return mail(text, message_id=f"<{text}@voorbeeld.example>").replace(b"\n", b"\r\n")


async def append(server: Dovecot, *texts: str, folder: str = "INBOX") -> None:
    await asyncio.to_thread(server.append, *map(letter, texts), folder=folder)


async def test_every_folder_is_watched_and_nothing_is_touched(server: Dovecot, post: Post) -> None:
    async with watching(configured(server, poll_seconds=1), post):
        await append(server, "vraag")
        await append(server, "spam", folder="Ongewenste e-mail")
        await append(server, "antwoord", folder="Verzonden items")
        await post.until(lambda: len(post.rows) == 3)
        await append(server, "gesleept")
        await post.until(lambda: len(post.rows) == 4)
        await asyncio.to_thread(server.drag, 2, "Privacyloket")
        await post.until(lambda: post.seen == 5)  # the copy in our folder, known by its bytes
    assert {origin: post.texts(origin) for origin in Origin if post.texts(origin)} == {
        Origin.INBOX: ["vraag", "gesleept"], Origin.JUNK: ["spam"], Origin.SENT: ["antwoord"],
    }  # fmt: skip
    assert set(post.places) == {"INBOX", "Ongewenste e-mail", "Verzonden items", "Privacyloket"}
    assert post.notes == []
    assert server.flags() == [set()]


async def test_new_numbers_after_a_repair(server: Dovecot, post: Post) -> None:
    await append(server, "oud")
    async with watching(configured(server), post):
        await append(server, "een", "twee")
        await post.until(lambda: len(post.rows) == 2)
    before = post.place
    post.connected["INBOX"] = min(row.received_at for row in post.rows)  # the first of them is not older
    await asyncio.to_thread(server.renumber)
    await append(server, "drie")
    async with watching(configured(server), post):
        await post.until(lambda: "drie" in post.texts())
    assert before is not None and post.place is not None
    assert post.place[0] != before[0]
    assert [text for text in post.texts() if text != "oud"] == ["een", "twee", "drie"]


class _Tokens:
    def __init__(self, *tokens: str) -> None:
        self._left: list[str] = list(tokens)

    def access_token(self, *, fresh: bool = False) -> str:
        return self._left.pop(0)


async def test_an_expired_token_is_renewed(server: Dovecot, post: Post) -> None:
    server.tokens.add("nieuw")
    token = configured(server, auth=Auth.XOAUTH2, password="")
    async with watching(token, post, tokens=_Tokens("verlopen", "nieuw")):
        await append(server, "een")
        await post.until(lambda: len(post.rows) == 1)
    with pytest.raises(Temporary, match=Fault.LOGIN):
        await ImapActs(token, _Tokens("verlopen", "ook")).perform([MailboxAct("1", ActKind.KEEP_SENT)])


async def test_a_password_with_accents(server: Dovecot) -> None:
    def look(password: str) -> int:
        with session(settings(server.host, server.port, ACCENTS, password), None) as client:
            return int(client.select_folder("INBOX", readonly=True)[b"EXISTS"])

    assert await asyncio.to_thread(look, ACCENTED) == 0
    with pytest.raises(Temporary, match=Fault.LOGIN):
        await asyncio.to_thread(look, ACCENTED.replace("é", "è"))


async def _received(server: Dovecot, post: Post, text: str, **changed: object) -> RawInbound:
    async with watching(configured(server, **changed), post):
        await append(server, text)
        await post.until(lambda: post.texts()[-1:] == [text])
    return post.rows[-1]


def _act(kind: ActKind, row: RawInbound, *, stays: bool = False) -> MailboxAct:
    assert row.folder is not None and row.uidvalidity is not None and row.uid is not None
    return MailboxAct(
        "1", kind, folder=row.folder, uidvalidity=row.uidvalidity, uid=row.uid, message_id=row.message_id or "",
        stays=stays,
    )  # fmt: skip


async def test_a_keyword_is_kept_and_taken_back(server: Dovecot, post: Post) -> None:
    row = await _received(server, post, "verzoek")
    acts = ImapActs(configured(server))
    mark, back = _act(ActKind.MARK, row), _act(ActKind.RETURN, row)
    assert await acts.perform([mark, mark]) == [Acted(ActOutcome.DONE, "INBOX")] * 2
    assert server.flags() == [{"Privacyloket"}]  # unread, as it was
    with server.client() as client:
        client.select("INBOX")
        client.store("1", "+FLAGS", "\\Seen \\Flagged")
    assert await acts.perform([back, back]) == [Acted(ActOutcome.DONE, "INBOX")] * 2
    assert server.flags() == [{"\\Flagged"}]  # the star is a colleague's own


async def test_a_request_moves_to_the_folder_and_back(server: Dovecot, post: Post) -> None:
    row = await _received(server, post, "verzoek")
    acts = ImapActs(configured(server, marking=Marking.FOLDER))
    mark, back = _act(ActKind.MARK, row), _act(ActKind.RETURN, row)
    assert await acts.perform([_act(ActKind.MARK, row, stays=True)]) == [Acted(ActOutcome.DONE, "INBOX")]
    assert await acts.perform([mark, mark]) == [Acted(ActOutcome.DONE, "Privacyloket")] * 2
    assert (server.flags(), server.flags("Privacyloket")) == ([], [{"Privacyloket"}])
    assert await acts.perform([back, back]) == [Acted(ActOutcome.DONE, "INBOX")] * 2
    assert (server.flags(), server.flags("Privacyloket")) == ([set()], [])
    with server.client() as client:
        client.select("INBOX")
        client.store("1", "+FLAGS", "\\Deleted")
        client.expunge()
    assert await acts.perform([mark, back]) == [Acted(ActOutcome.GONE)] * 2


async def test_our_mail_is_kept_in_sent_once(server: Dovecot) -> None:
    acts = ImapActs(configured(server))
    keep = MailboxAct("1", ActKind.KEEP_SENT, message_id="<antwoord@voorbeeld.example>", raw=letter("antwoord"))
    assert await acts.perform([keep, keep]) == [Acted(ActOutcome.DONE, "Verzonden items")] * 2
    assert server.flags("Verzonden items") == [{"\\Seen"}]


async def test_the_backlog_is_read_and_left(server: Dovecot) -> None:
    now = datetime.now(UTC)
    with server.client() as client:
        for days in (200, 119, 30, 1):
            day = (now - timedelta(days=days)).strftime('"%d-%b-%Y %H:%M:%S +0000"')
            client.append("INBOX", "", day, letter(f"dag{days}"))
        day = (now - timedelta(days=20)).strftime('"%d-%b-%Y %H:%M:%S +0000"')
        client.append('"Ongewenste e-mail"', "", day, letter("in spam"))  # a request there was received as well
    taken: list[RawInbound] = []
    steps: list[tuple[int, int]] = []

    async def take(message: RawInbound) -> None:
        taken.append(message)

    count = await scan_backlog(
        configured(server, max_message_bytes=10_000), None, now - timedelta(days=120), now, take,
        lambda done, total: steps.append((done, total)),
    )  # fmt: skip
    await asyncio.sleep(0)
    assert count == 4 and steps == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert [(now - message.received_at).days for message in taken] == [119, 30, 1, 20]
    assert all((m.origin, m.folder, m.uid, m.uidvalidity) == (Origin.BACKLOG, None, None, None) for m in taken)
    assert all("\\Seen" not in flags for flags in server.flags())


async def test_folders_below_inbox(post: Post) -> None:
    with running_dovecot(prefix="INBOX.", separator=".") as server:
        async with watching(configured(server, poll_seconds=1), post):
            assert "INBOX.Privacyloket" in post.places
            await append(server, "gesleept", folder="INBOX.Privacyloket")
            await post.until(lambda: len(post.rows) == 1)
    assert post.rows[0].origin is Origin.DRAGGED
    assert post.notes == []
