"""What the case page offers besides the state: a file that staff asked for, the download again, going on elsewhere."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from cases.errors import Stale
from cases.types import RequestState
from storage.models import Conversation, Evidence, Link, Request, WorkItem, table
from storage.unit import Unit
from tests.support.web_client import browser, opened
from tests.support.web_rows import BASE_URL, CASE_TOKEN, CASE_TOKEN_COR, send_anna
from tests.support.web_world import World
from web.app import create_app
from web.chat.settings import WebChatSettings
from web.settings import WebSettings
from workflow import evidence
from workflow.evidence import EvidenceKind

PDF = b"%PDF-1.7\n" + b"een ondertekende machtiging" * 100_000  # more than what is kept in memory by default
PAGE = f"/z/{CASE_TOKEN}"


async def asked(made: World, kind: EvidenceKind = EvidenceKind.MANDATE, mark: str = "anna") -> str:
    return await evidence.ask(made.desk, made.ids["sanne"], made.ids[f"{mark}.talk"], kind, "")


async def sent(http: httpx.AsyncClient, question: str, content: bytes, name: str = "bewijs.pdf") -> str:
    answer = await http.post(f"{PAGE}/bewijs", data={"vraag": question}, files={"bestand": (name, content)})
    assert answer.status_code == 303
    return (await http.get(answer.headers["location"])).text


def row(made: World) -> object:
    found = made.store.read_here(lambda reads: reads.one(select(table(Evidence))))
    assert found is not None
    return found


async def test_a_file_that_was_asked_is_sealed_and_somebody_has_to_look(tmp_path: Path) -> None:
    async with opened(tmp_path) as (made, http):
        assert 'type="file"' not in (await http.get(PAGE)).text
        question = await asked(made)
        page = (await http.get(PAGE)).text
        assert 'type="file"' in page and "machtiging" in page and "BSN" in page and "hoogstens 10 MB" in page
        page = await sent(http, question, PDF, "../../etc/passwd")
        assert "Het bestand is binnen" in page and 'type="file"' not in page
        stored = row(made)
        assert (stored.status, stored.media_type, stored.size) == ("stored", "application/pdf", len(PDF))  # type: ignore[attr-defined]
        assert b"machtiging" not in stored.content  # type: ignore[attr-defined]
        kinds = select(table(WorkItem).c.kind).where(table(WorkItem).c.kind == "evidence")
        assert len(made.store.read_here(lambda reads: reads.rows(kinds))) == 1
        assert await evidence.look(made.desk, made.ids["sanne"], question) == ("application/pdf", PDF)


async def test_each_file_has_its_own_line_until_it_was_looked_at(tmp_path: Path) -> None:
    """A mandate and a copy: judging the one must not take the other from the list."""
    async with opened(tmp_path) as (made, http):
        first, second = await asked(made), await asked(made, EvidenceKind.OTHER)
        for question in (first, second):
            await sent(http, question, PDF)
        await evidence.settle(made.desk, made.ids["sanne"], first, again=False)
        work = table(WorkItem)
        waits = select(work.c.same).where(work.c.kind == "evidence", work.c.closed_at.is_(None))
        assert [one.same for one in made.store.read_here(lambda reads: reads.rows(waits))] == [f"evidence:{second}"]
        assert await evidence.look(made.desk, made.ids["sanne"], second) == ("application/pdf", PDF)


async def test_what_was_looked_at_goes_that_night_whether_or_not_it_was_judged(tmp_path: Path) -> None:
    async with opened(tmp_path) as (made, http):
        first = await asked(made)
        await sent(http, first, PDF)
        made.clock.advance(days=2)
        assert await evidence.forget(made.desk) == 0, "nobody has looked"
        await evidence.look(made.desk, made.ids["sanne"], first)
        made.clock.advance(minutes=5)
        assert await evidence.forget(made.desk) == 0, "the same day it can still be judged"
        await evidence.settle(made.desk, made.ids["sanne"], first, again=True)
        await sent(http, first, PDF)
        made.clock.advance(days=1)
        assert await evidence.forget(made.desk) == 0, "this is a new file, and nobody has looked"
        await evidence.look(made.desk, made.ids["sanne"], first)
        made.clock.advance(days=1)
        assert await evidence.forget(made.desk) == 1
        assert (row(made).status, row(made).content) == ("erased", None)  # type: ignore[attr-defined]
        with pytest.raises(Stale):
            await evidence.look(made.desk, made.ids["sanne"], first)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "Kies eerst een bestand."),
        (b"MZ\x90 een programma", "Dit soort bestand"),
        (b"<svg onload=alert(1)>", "Dit soort bestand"),
        (b"PK\x03\x04 een zip", "Dit soort bestand"),
        (b"%PDF-" + b"x" * evidence.MAX_FILE, "Dit bestand is te groot."),
    ],
)
async def test_files_that_are_not_taken(tmp_path: Path, content: bytes, told: str) -> None:
    async with opened(tmp_path) as (made, http):
        question = await asked(made)
        page = await sent(http, question, content)
        assert told in page and 'role="alert"' in page and 'type="file"' in page
        assert row(made).status == "asked"  # type: ignore[attr-defined]


async def test_odd_forms_and_floods_are_refused(tmp_path: Path) -> None:
    async with opened(tmp_path) as (made, http):
        question = await asked(made)
        address = f"{PAGE}/bewijs"
        assert (await http.post(address, content=b"x" * 12_000_001)).status_code == 413
        assert (await http.post(f"{PAGE}/code", content=b"x" * 1_000_001)).status_code == 413
        multipart = {"Content-Type": "multipart/form-data; boundary=x"}
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        attempts: list[tuple[bytes, dict[str, str]]] = [
            (b"", {}),
            (b"vraag=1", form),
            (b"--x\r\nrommel", multipart),
            (b"", {"Content-Type": "multipart/form-data"}),
        ]
        for content, headers in attempts:
            assert (await http.post(address, content=content, headers=headers)).status_code == 303
        files = [("bestand", ("a.pdf", PDF)), ("bestand", ("b.pdf", PDF))]
        assert (await http.post(address, data={"vraag": question}, files=files)).status_code == 303
        assert row(made).status == "asked"  # type: ignore[attr-defined]
        assert (await http.post("/z/niets/bewijs", files={"bestand": ("a.pdf", PDF)})).status_code == 404


async def test_a_question_of_another_conversation_takes_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path) as (made, http):
        question = await asked(made, mark="cor")
        await sent(http, question, PDF)
        assert row(made).status == "asked"  # type: ignore[attr-defined]
        made.store.write_here(lambda unit: unit.change(Conversation, made.ids["cor.talk"], frozen=True))
        address = f"/z/{CASE_TOKEN_COR}"
        assert 'type="file"' not in (await http.get(address)).text
        await http.post(f"{address}/bewijs", data={"vraag": question}, files={"bestand": ("a.pdf", PDF)})
        assert row(made).status == "asked"  # type: ignore[attr-defined]


async def test_the_download_again_asks_a_code_again(tmp_path: Path) -> None:
    async with opened(tmp_path) as (made, http):
        links = select(table(Link).c.id).where(table(Link).c.kind == "export")
        before = len(made.store.read_here(lambda reads: reads.rows(links)))
        assert "/download" not in (await http.get(PAGE)).text
        assert (await http.post(f"{PAGE}/download")).headers["location"] == PAGE

        def answered(unit: Unit) -> None:
            send_anna(unit, made)
            unit.change(Request, made.ids["anna.inzage"], state=RequestState.ANSWERED.value, closed_at=unit.now)

        made.store.write_here(answered)
        for _ in range(2):
            assert f'action="{PAGE}/download"' in (await http.get(PAGE)).text
        assert len(made.store.read_here(lambda reads: reads.rows(links))) == before, "looking makes no link"
        page = await http.get((await http.post(f"{PAGE}/download")).headers["location"])
        assert page.status_code == 200 and "Stap 1: vraag een code" in page.text and "Download mijn" not in page.text
        made.clock.advance(days=31)
        assert "/download" not in (await http.get(PAGE)).text


async def test_where_it_can_go_on(tmp_path: Path) -> None:
    async with opened(tmp_path) as (made, http):
        page = (await http.get(PAGE)).text
        assert "schrijf naar info@whatnext.example" in page and "/chat/" not in page
        settings = WebSettings(BASE_URL, chats={"whatnext": WebChatSettings("whatnext")})
        async with browser(create_app(made.desk, settings)) as talking:
            assert 'href="/chat/whatnext"' in (await talking.get(PAGE)).text
