"""What every kind of `DataSource` has in common, from a database to a binder that somebody keeps."""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest

import sources.http_calls
from cases.errors import OutsideError, RuleError
from cases.guard import inside_unit
from cases.protocols import Change, FindStatus, Identifier, SourceRole
from cases.types import ActionStatus, Verb
from intake.email.imap_search import ImapSearch
from sources.manual import ManualSource, found_by_hand
from sources.registry import Source, open_source
from sources.settings import load_sources
from tests.support.firm import EMAIL, NOW, key, proven
from tests.support.imap_post import settings as imap_settings
from tests.support.intercom_service import TOKEN, Intercom, contact
from tests.support.json_service import serve
from tests.support.mailbox import PASSWORD, USER, Mailbox
from tests.support.source_setups import SETUPS

NUMBER = proven("customer_number", "K-1001")
MAIL = b"From: sanne@voorbeeld.example\r\nTo: info@x.example\r\nMessage-ID: <1@b.example>\r\n\r\nx\r\n"


@dataclass(frozen=True)
class Kind:
    """A source that knows Sanne, the same one out of reach, and one record of hers to erase."""

    source: Source
    broken: Source | None
    who: Identifier
    table: str
    key: str
    by_hand: bool = False


def _open(toml: str, base: Path | None = None, mail: ImapSearch | None = None) -> Source:
    (settings,) = load_sources(f"[[source]]\n{toml}", file="test.toml", base=base)
    return open_source(settings, lambda: NOW, mail)


@contextmanager
def _tables(folder: Path, kind: str) -> Iterator[Kind]:
    with SETUPS[kind](folder) as setup:
        yield Kind(setup.source, setup.broken, EMAIL, "regel", key(100))


@contextmanager
def _http(_: Path) -> Iterator[Kind]:
    file = Path(__file__).parents[2] / "sources" / "recipes" / "intercom.toml"
    recipe = file.read_text(encoding="utf-8").partition("[[source]]\n")[2]
    fake = Intercom({"c1": contact("c1", "Sanne Voorbeeld", EMAIL.value, "K-1001")})
    with serve(fake.answer) as service, pytest.MonkeyPatch.context() as patch:
        patch.setenv("INTERCOM_TOKEN", TOKEN)
        patch.setattr(sources.http_calls, "_PAUSE", 0.01)
        source = _open(recipe.replace("https://api.intercom.io", service.url))
        broken = _open(recipe.replace("https://api.intercom.io", "http://127.0.0.1:1"))
        yield Kind(source, broken, EMAIL, "contacts", "c1")


@contextmanager
def _folder(folder: Path) -> Iterator[Kind]:
    for name in ("K-1001 Sanne/brief.txt", "2027/offerte k-1001.pdf", "K-10012/brief.txt", "2027/los.txt"):
        (folder / "dossiers" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "dossiers" / name).write_text("x")
    toml = 'kind = "folder"\nname = "map"\nlabel = "Dossiers"\npath = "{}"\ntrash = "weg"\naside = "apart"'
    source, broken = (_open(toml.format(path), folder) for path in ("dossiers", "bestaat-niet"))
    yield Kind(source, broken, NUMBER, "documenten", json.dumps("2027/offerte k-1001.pdf"))


@cache
def _server() -> Mailbox:
    box = Mailbox()
    box.start()
    return box


@pytest.fixture(scope="module", autouse=True)
def _stopped() -> Iterator[None]:
    yield
    if _server.cache_info().currsize:
        _server().kill()
        _server.cache_clear()


@contextmanager
def _mailbox(_: Path) -> Iterator[Kind]:
    """One server for all tests; each gets a mail of its own, the others are hers as well."""
    box, number = _server(), uuid.uuid4().hex
    box.append(MAIL.replace(b"<1@", f"<{number}@".encode()))
    toml = 'kind = "mailbox"\nname = "post"\nlabel = "Postbus"\nerase = "at_once"'
    good, wrong = (ImapSearch(imap_settings(box.host, box.port, USER, word)) for word in (PASSWORD, "onjuist"))
    (where,) = (mail.key for mail in good._search([EMAIL.value]) if number in mail.key)
    yield Kind(_open(toml, mail=good), _open(toml, mail=wrong), EMAIL, "berichten", where)


@contextmanager
def _manual(_: Path) -> Iterator[Kind]:
    toml = """kind = "manual"
name = "map"
label = "Papieren dossiers"
keeper = "anja@whatnext.example"
steps = { find = ["Pak de map van de klant."], erase = ["Haal de papieren door de versnipperaar."] }
[[source.table]]
name = "dossier"
label = "Dossier"
fields = { inhoud = { label = "Inhoud", category = "contact" } }
"""
    yield Kind(_open(toml), None, EMAIL, "dossier", "1", by_hand=True)


KINDS: dict[str, Callable[[Path], AbstractContextManager[Kind]]] = {
    **{name: partial(_tables, kind=name) for name in SETUPS},
    "http": _http,
    "folder": _folder,
    "mailbox": _mailbox,
    "manual": _manual,
}


@pytest.fixture(params=KINDS)
async def kind(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Kind]:
    with KINDS[request.param](tmp_path) as ready:
        yield ready
        for source in filter(None, (ready.source, ready.broken)):
            await source.close()


async def test_says_what_it_holds_and_what_can_be_done(kind: Kind) -> None:
    info = kind.source.describe()
    assert info.name == kind.source.name
    table = next(table for table in info.tables if table.name == kind.table)
    assert table.role is SourceRole.CONTROLLER
    assert Verb.ERASE in table.can
    assert table.fields
    assert info.by_hand is kind.by_hand


async def test_every_record_has_a_name_of_its_own(kind: Kind) -> None:
    found = await kind.source.find([kind.who])
    if kind.by_hand:
        assert (found.status, found.error) == (FindStatus.FAILED, "wacht op Papieren dossiers")
        return
    assert (found.status, found.error) == (FindStatus.FOUND, "")
    table = next(table for table in found.tables if table.table == kind.table)
    assert kind.key in table.keys
    assert len(set(table.keys)) == len(table.rows)
    assert len(table.days) in (0, len(table.rows))
    assert all(len(row) == len(table.columns) for row in table.rows)
    assert all(identifier.proven for identifier in found.used)
    assert await kind.source.find([kind.who]) == found


async def test_nothing_is_nothing_and_unproven_opens_nothing(kind: Kind) -> None:
    nobody = proven(kind.who.kind, "niemand@elders.example" if kind.who.kind == "email" else "K-9999")
    unproven = Identifier(kind.who.kind, kind.who.value, proven=False)
    for identifiers in ([nobody], [unproven], []):
        found = await kind.source.find(identifiers)
        assert found.status is (FindStatus.FAILED if kind.by_hand else FindStatus.NOTHING)
        assert found.tables == ()


async def test_erases_once(kind: Kind) -> None:
    change = Change("e1", Verb.ERASE, kind.table, (kind.key,))
    first, again = [await kind.source.change(change) for _ in range(2)]
    if kind.by_hand:
        assert (first.status, again.status) == (ActionStatus.BY_HAND, ActionStatus.BY_HAND)
        return
    assert (first.id, first.status, first.records, first.error) == ("e1", ActionStatus.DONE, 1, "")
    assert (again.status, again.records) == (ActionStatus.NOTHING, 1)
    found = await kind.source.find([kind.who])
    assert kind.key not in {name for table in found.tables if table.table == kind.table for name in table.keys}


@pytest.mark.parametrize("table", ["bestaat_niet", ""])
async def test_what_it_can_not_do_is_failed(kind: Kind, table: str) -> None:
    result = await kind.source.change(Change("x", Verb.ERASE, table, (kind.key,)))
    assert (result.status, result.records) == (ActionStatus.FAILED, 0)
    assert result.error


async def test_out_of_reach_is_failed_and_never_empty(kind: Kind) -> None:
    if kind.broken is None:
        return  # a person is never out of reach, only late
    found = await kind.broken.find([kind.who])
    assert (found.status, found.tables) == (FindStatus.FAILED, ())
    assert found.error
    assert "sanne" not in found.error.lower()
    result = await kind.broken.change(Change("x", Verb.ERASE, kind.table, (kind.key,)))
    assert result.status in {ActionStatus.FAILED, ActionStatus.UNKNOWN}


async def test_is_never_asked_inside_a_write_unit(kind: Kind) -> None:
    with inside_unit():
        with pytest.raises(RuleError):
            await kind.source.find([kind.who])
        with pytest.raises(RuleError):
            await kind.source.change(Change("x", Verb.ERASE, kind.table, (kind.key,)))


async def test_addresses_on_file_are_addresses_or_an_error(kind: Kind) -> None:
    assert all("@" in address for address in await kind.source.addresses_on_file(kind.who))
    if kind.broken is not None:
        try:
            assert await kind.broken.addresses_on_file(kind.who) == ()
        except OutsideError as error:
            assert "sanne" not in str(error)


async def test_only_a_person_answers_a_task(kind: Kind) -> None:
    answer = {"tables": {"dossier": [{"inhoud": "een brief", "_day": "2026-01-31"}, {"inhoud": "nog een"}]}}
    if not kind.by_hand:
        with pytest.raises(RuleError):
            kind.source.answered(answer)
        return
    assert isinstance(kind.source, ManualSource)
    found = kind.source.answered(answer)
    assert (found.status, found.tables[0].rows) == (FindStatus.FOUND, (("een brief",), ("nog een",)))
    assert found.tables[0].keys == ("1", "2")
    assert [str(day) for day in found.tables[0].days] == ["2026-01-31", "None"]
    nothing: list[dict[str, Any]] = [{}, {"tables": {}}, {"tables": {"dossier": []}}]
    for empty in nothing:
        assert found_by_hand(kind.source.describe(), empty).status is FindStatus.NOTHING
    mistakes: list[dict[str, Any]] = [{"tables": {"kast": [{}]}}, {"tables": {"dossier": [{"geheim": 1}]}}]
    for wrong in mistakes:
        with pytest.raises(RuleError):
            kind.source.answered(wrong)
