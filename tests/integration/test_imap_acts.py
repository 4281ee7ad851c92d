"""Acts in a mailbox whose server can do little, or breaks off in the middle: done once, or said that it can not be."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cases.errors import Temporary
from cases.protocols import Acted, ActKind, ActOutcome, MailboxAct, MailboxActs
from intake.email.faults import Fault
from intake.email.imap_acts import ImapActs
from intake.email.settings import Marking, SentCopy
from tests.support.bad_imap import CAPS, PASSWORD, USER, BadImap, bad_imap
from tests.support.bad_imap_store import Do, Folder
from tests.support.imap_post import settings

RAW = b"From: a@b.example\r\nMessage-ID: <een@b.example>\r\n\r\nverzoek\r\n"
DONE = ActOutcome.DONE


@pytest.fixture
def server() -> Iterator[BadImap]:
    with bad_imap() as running:
        running.inbox.add(b"From: c@d.example\r\nMessage-ID: <ander@b.example>\r\n\r\nander\r\n", RAW)
        running.folders |= {"Privacyloket": Folder(), "Sent": Folder()}
        yield running


def acts(server: BadImap, **changed: object) -> MailboxActs:
    return ImapActs(settings(server.host, server.port, USER, PASSWORD, **changed))


def act(kind: ActKind, *, stays: bool = False, uidvalidity: int = 7, message_id: str = "<een@b.example>") -> MailboxAct:
    return MailboxAct("1", kind, "INBOX", uidvalidity, 2, message_id, RAW, stays)


def flags(server: BadImap, folder: str = "INBOX") -> list[set[str]]:
    return [message.flags for message in server.folders[folder].messages.values()]


MARK, RETURN, KEEP = (act(kind) for kind in (ActKind.MARK, ActKind.RETURN, ActKind.KEEP_SENT))


@pytest.mark.parametrize(
    ("permanent", "kept"),
    [("\\Seen \\*", True), ("\\Seen privacyloket", True), ("\\Seen", False), ("", False)],
)
async def test_a_keyword_only_where_it_is_permitted(server: BadImap, permanent: str, kept: bool) -> None:
    server.inbox.permanent = permanent
    outcome = DONE if kept else ActOutcome.UNSUPPORTED
    assert await acts(server).perform([MARK]) == [Acted(outcome, "INBOX")]
    assert flags(server) == [set(), {"Privacyloket"} if kept else set()]


@pytest.mark.parametrize("do", [None, Do.AFTER])
@pytest.mark.parametrize("words", ["UID MOVE", "UID COPY", "UID STORE", "UID EXPUNGE"])
@pytest.mark.parametrize("caps", [CAPS, CAPS.replace("MOVE ", "")], ids=["move", "uidplus"])
async def test_a_move_leaves_one_message(server: BadImap, caps: str, words: str, do: Do | None) -> None:
    """Also when the line breaks after any of its steps and everything is asked again."""
    server.caps = caps
    moving = acts(server, marking=Marking.FOLDER)
    for asked, place in ((MARK, "Privacyloket"), (RETURN, "INBOX")):
        if do is not None and ("MOVE" in words) == ("MOVE" in caps):
            server.fault(words, do)
            with pytest.raises(Temporary, match=Fault.BROKEN_OFF):
                await moving.perform([asked])
        assert await moving.perform([asked]) == [Acted(DONE, place)]
        everywhere = [m.bytes() for folder in server.folders.values() for m in folder.messages.values()]
        assert everywhere.count(RAW) == 1
        assert RAW in [message.bytes() for message in server.folders[place].messages.values()]
    assert flags(server) == [set(), set()]


async def test_no_move_where_it_would_expunge_what_others_deleted(server: BadImap) -> None:
    server.caps = "IMAP4rev1"
    server.inbox.messages[1].flags = {"\\Deleted"}
    assert await acts(server, marking=Marking.FOLDER).perform([MARK]) == [Acted(ActOutcome.UNSUPPORTED, "INBOX")]
    assert (len(server.inbox.messages), len(server.folders["Privacyloket"].messages)) == (2, 0)
    assert server.count("EXPUNGE") == server.count("CLOSE") == 0


async def test_a_mixed_message_stays(server: BadImap) -> None:
    mixed = act(ActKind.MARK, stays=True)
    assert await acts(server, marking=Marking.FOLDER).perform([mixed]) == [Acted(DONE, "INBOX")]
    assert flags(server) == [set(), {"Privacyloket"}]


async def test_new_numbers_are_not_taken_for_the_old_ones(server: BadImap) -> None:
    server.inbox.renumber(8, first=1)
    server.inbox.add(b"From: e@f.example\r\n\r\nnieuw\r\n")
    assert await acts(server).perform([act(ActKind.MARK, uidvalidity=6)]) == [Acted(DONE, "INBOX")]
    assert flags(server) == [set(), {"Privacyloket"}, set()]
    unknown = act(ActKind.MARK, uidvalidity=6, message_id="<weg@b.example>")
    nameless = act(ActKind.MARK, uidvalidity=6, message_id='" OR ALL')
    assert await acts(server).perform([unknown, nameless]) == [Acted(ActOutcome.GONE)] * 2


async def test_nothing_is_marked_where_the_settings_say_so(server: BadImap) -> None:
    assert await acts(server, marking=Marking.NONE).perform([MARK]) == [Acted(DONE, "INBOX")]
    assert flags(server) == [set(), set()]


@pytest.mark.parametrize(
    ("copy", "there", "kept"),
    [
        (SentCopy.AUTO, False, 1), (SentCopy.AUTO, True, 1), (SentCopy.APPEND, False, 1), (SentCopy.NEVER, False, 0),
    ],
)  # fmt: skip
async def test_a_sent_copy(server: BadImap, copy: SentCopy, there: bool, kept: int) -> None:
    if there:
        server.folders["Sent"].add(RAW, seen=True)  # the provider made one
    outcomes = await acts(server, sent_copy=copy).perform([KEEP, KEEP])
    assert [acted.outcome for acted in outcomes] == [DONE, DONE]
    assert [message.bytes() for message in server.folders["Sent"].messages.values()] == [RAW] * kept
    assert flags(server, "Sent") == [{"\\Seen"}] * kept


async def test_a_sent_copy_without_a_folder(server: BadImap) -> None:
    del server.folders["Sent"]
    assert await acts(server).perform([KEEP]) == [Acted(ActOutcome.UNSUPPORTED)]


async def test_what_is_refused_for_now_is_tried_later(server: BadImap) -> None:
    server.fault("UID STORE", Do.NO)
    with pytest.raises(Temporary) as raised:
        await acts(server).perform([MARK])
    assert "whatnext" not in str(raised.value)  # the server named an address


async def test_an_unreachable_server(server: BadImap) -> None:
    server.fault("LOGIN", Do.NO)
    with pytest.raises(Temporary, match=Fault.NOT_NOW):  # the server says that it is busy (RFC 5530)
        await acts(server).perform([MARK])
    with pytest.raises(Temporary, match=Fault.LOGIN):
        await ImapActs(settings(server.host, server.port, USER, "fout")).perform([MARK])
    assert await acts(server).perform([]) == []
