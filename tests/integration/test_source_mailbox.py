"""Correspondence in a shared mailbox on a real IMAP server: found by whole addresses, erased when chosen."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cases.protocols import Change, FindStatus, Identifier, MailSearch
from cases.types import ActionStatus, Verb
from intake.email.imap_search import ImapSearch
from sources.mailbox import TABLE, MailboxSettings, MailboxSource
from sources.settings import load_sources
from tests.support import bad_imap
from tests.support.bad_imap import BadImap
from tests.support.bad_imap_store import Folder
from tests.support.dovecot import MISSING, running_dovecot
from tests.support.dovecot import PASSWORD as DOVECOT_PASSWORD
from tests.support.dovecot import USER as DOVECOT_USER
from tests.support.imap_post import settings
from tests.support.mailbox import PASSWORD, USER, running_mailbox

SANNE = Identifier("email", "Sanne@voorbeeld.example", proven=True)


def mail(number: int, sender: str, to: str = "info@whatnext.example", subject: str = "Vraag") -> bytes:
    head = f"From: {sender}\r\nTo: {to}\r\nSubject: {subject}\r\nMessage-ID: <{number}@b.example>\r\n"
    return f"{head}Date: Mon, 01 Feb 2027 10:00:00 +0100\r\n\r\ntekst\r\n".encode()


MAILS = (
    mail(1, "Sanne <sanne@voorbeeld.example>", subject="=?utf-8?q?Caf=C3=A9?="),
    mail(2, "xsanne@voorbeeld.example"),
    mail(3, "info@whatnext.example", "sanne@voorbeeld.example"),
    mail(4, "joost@anders.example"),
)


def source(search: MailSearch | None, erase: str = "trash") -> MailboxSource:
    toml = f'[[source]]\nkind = "mailbox"\nname = "post"\nlabel = "Postbus"\nerase = "{erase}"\n'
    (read,) = load_sources(toml, file="test.toml")
    assert isinstance(read, MailboxSettings)
    return MailboxSource(read, search)


@pytest.fixture(
    scope="module", params=["pymap", pytest.param("dovecot", marks=pytest.mark.skipif(MISSING, reason="no Dovecot"))]
)
def post(request: pytest.FixtureRequest) -> Iterator[MailboxSource]:
    if request.param == "pymap":
        with running_mailbox() as box:
            box.append(*MAILS)
            yield source(ImapSearch(settings(box.host, box.port, USER, PASSWORD)), "at_once")  # its bin takes nothing
    else:
        with running_dovecot() as server:
            server.append(*MAILS)
            with server.client() as client:
                client.create("Trash")
            yield source(ImapSearch(settings("127.0.0.1", server.port, DOVECOT_USER, DOVECOT_PASSWORD)))


async def test_finds_whole_addresses_and_erases_what_was_chosen(post: MailboxSource) -> None:
    found = await post.find([SANNE, Identifier("email", "joost@anders.example", proven=False)])
    assert (found.status, found.error) == (FindStatus.FOUND, "")
    (table,) = found.tables
    assert sorted(str(row[1]) for row in table.rows) == ["info@whatnext.example", "sanne@voorbeeld.example"]
    assert "Café" in {row[3] for row in table.rows}
    assert (await post.find([SANNE])).tables == found.tables
    (chosen,) = (key for key, row in zip(table.keys, table.rows, strict=True) if row[3] == "Café")
    change = Change("1", Verb.ERASE, TABLE, (chosen,))
    first = await post.change(change)
    assert (first.status, first.records, first.error) == (ActionStatus.DONE, 1, "")
    left = (await post.find([SANNE])).tables[0]
    assert [row[3] for row in left.rows] == ["Vraag"]
    assert (await post.change(change)).status is ActionStatus.NOTHING
    nobody = await post.find([Identifier("email", "niemand@elders.example", proven=True)])
    assert nobody.status is FindStatus.NOTHING


@pytest.fixture
def bad() -> Iterator[BadImap]:
    with bad_imap.bad_imap() as running:
        running.inbox.add(*MAILS)
        running.folders |= {"Prullenbak": Folder()}
        yield running


async def test_a_mailbox_that_can_not_be_searched_has_failed(bad: BadImap) -> None:
    wrong = ImapSearch(settings(bad.host, bad.port, bad_imap.USER, "onjuist"))
    for search in (wrong, None):
        found = await source(search).find([SANNE])
        assert found.status is FindStatus.FAILED
        assert "voorbeeld" not in found.error
    result = await source(wrong).change(Change("1", Verb.ERASE, TABLE, ('["INBOX", 7, 1, "<1@b.example>"]',)))
    assert result.status is ActionStatus.UNKNOWN


@pytest.mark.parametrize(
    ("caps", "status"), [("IMAP4rev1", ActionStatus.FAILED), ("IMAP4rev1 UIDPLUS", ActionStatus.DONE)]
)
async def test_never_expunges_what_colleagues_marked(bad: BadImap, caps: str, status: ActionStatus) -> None:
    bad.caps = caps
    post = source(ImapSearch(settings(bad.host, bad.port, bad_imap.USER, bad_imap.PASSWORD)), "at_once")
    change = Change("1", Verb.ERASE, TABLE, ('["INBOX", 7, 1, "<1@b.example>"]',))
    assert (await post.change(change)).status is status
    assert len(bad.inbox.messages) == (3 if status is ActionStatus.DONE else 4)
