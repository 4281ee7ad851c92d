"""The request form: works without JavaScript, keeps what was typed, stores one mail, tells nobody who is known."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from html import unescape
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from cases.types import ChannelKind, ChannelMode, Custody, Label
from intake.accept import Acceptance
from intake.form import Entry, form_message, typed_address
from intake.normalise import normalise
from storage.models import ChannelState, Inbound, table
from storage.queries.inbound import raw_of
from storage.unit import Unit
from tests.support.web_client import browser, opened
from tests.support.web_rows import BASE_URL
from tests.support.web_world import World
from web.app import create_app
from web.counter import KEYS, Counter
from web.form import OLDEST, PER_ADDRESS, PER_NETWORK, QUICKEST, WISHES
from web.settings import WebSettings

FORM = "/verzoek/whatnext"
FILLED = {"wens": ["inzage", "verwijdering"], "naam": "Anna de Vries", "adres": "anna@klant.example"}
Typed = dict[str, str | list[str]]


@asynccontextmanager
async def desk(folder: Path, mode: ChannelMode = ChannelMode.ON) -> AsyncIterator[tuple[World, httpx.AsyncClient]]:
    async with opened(folder) as (made, _):

        def switch(unit: Unit) -> None:
            rows = table(ChannelState)
            mail = rows.c.channel == ChannelKind.EMAIL.value
            unit.execute(rows.update().where(mail).values(mode=mode.value))

        made.store.write_here(switch)
        settings = WebSettings(BASE_URL, accept=Acceptance(made.store, woken=lambda: None))
        async with browser(create_app(made.desk, settings)) as http:
            yield made, http


async def sheet(http: httpx.AsyncClient, address: str = FORM) -> str:
    """The mark of a fresh page."""
    return mark(await http.get(address))


def mark(page: httpx.Response) -> str:
    found = re.search(r'name="blad" value="([^"]+)"', page.text)
    assert found is not None
    return unescape(found[1])


async def fill(made: World, http: httpx.AsyncClient, **typed: str | list[str]) -> httpx.Response:
    """A person takes a while."""
    blad = await sheet(http)
    made.clock.advance(seconds=20)
    return await http.post(FORM, data={**FILLED, "blad": blad, **typed})


def kept(made: World) -> list[EmailMessage]:
    rows = table(Inbound)
    query = select(rows).where(rows.c.custody == Custody.HOST.value).order_by(rows.c.created_at, rows.c.id)

    def read(reads: object) -> list[bytes]:
        return [raw_of(reads, row).raw for row in reads.rows(query)]  # type: ignore[attr-defined, arg-type]

    mails = [message_from_bytes(raw, policy=policy.default) for raw in made.store.read_here(read)]
    return [mail for mail in mails if "form.invalid" in str(mail["Message-ID"])]


async def test_what_is_filled_in_becomes_a_mail_from_that_address(tmp_path: Path) -> None:
    async with desk(tmp_path) as (made, http):
        page = await http.get(FORM)
        assert "<script" not in page.text and "Ik wil weten welke gegevens jullie van mij hebben." in page.text
        answer = await fill(made, http, woorden="Graag alles sinds 2020.\r\nDank!", nummer="K-1001")
        assert (answer.status_code, answer.headers["location"]) == (303, f"{FORM}/verstuurd")
        sent = (await http.get(answer.headers["location"])).text
        assert "Je verzoek is verstuurd" in sent and "info@whatnext.example" in sent and "anna@" not in sent
        (mail,) = kept(made)
        assert str(mail["From"]) == "Anna de Vries <anna@klant.example>" and str(mail["To"]) == "info@whatnext.example"
        text = mail.get_content()
        for words in ("welke gegevens jullie van mij hebben", "persoonsgegevens verwijderen", "sinds 2020.\nDank!"):
            assert words in text.replace("\r\n", "\n")
        assert "Mijn klantnummer is K-1001." in text
        assert str(mail["X-Privacyloket-Wishes"]) == "inzage, verwijdering"


async def test_known_and_unknown_addresses_are_answered_alike(tmp_path: Path) -> None:
    async with desk(tmp_path) as (made, http):
        known = await fill(made, http, adres="anna@klant.example")
        unknown = await fill(made, http, adres="niemand@nergens.example")
        assert (known.status_code, known.headers["location"]) == (unknown.status_code, unknown.headers["location"])


async def test_pressing_twice_is_one_message(tmp_path: Path) -> None:
    async with desk(tmp_path) as (made, http):
        blad = await sheet(http)
        made.clock.advance(minutes=1)
        for _ in range(2):
            assert (await http.post(FORM, data={**FILLED, "blad": blad})).status_code == 303
            made.clock.advance(seconds=5)
        assert len(kept(made)) == 1
        await http.post(FORM, data={**FILLED, "blad": blad, "woorden": "En nog iets."})
        assert len(kept(made)) == 2, "other words are another message"


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"adres": ""}, "Vul je eigen e-mailadres in"),
        ({"adres": "anna"}, "Vul je eigen e-mailadres in"),
        ({"adres": "anna@klant.example\r\nBcc: iedereen@elders.example"}, "Vul je eigen e-mailadres in"),
        ({"adres": "Info@WhatNext.example"}, "Vul je eigen e-mailadres in"),
        ({"wens": [], "woorden": " "}, "Kies wat je wilt"),
        ({"wens": ["alles", "<script>"]}, "Kies wat je wilt"),
        ({"woorden": "x" * 10_001}, "Dit is te lang."),
    ],
)
async def test_what_is_wrong_is_told_and_nothing_typed_is_lost(tmp_path: Path, typed: Typed, told: str) -> None:
    async with desk(tmp_path) as (made, http):
        words = {"naam": 'Anna "de" <Vries>', "nummer": "K-7"}
        page = await fill(made, http, **{**words, **typed})
        assert page.status_code == 422 and told in page.text and 'role="alert"' in page.text
        assert "Anna &#34;de&#34; &lt;Vries&gt;" in page.text and 'value="K-7"' in page.text
        assert kept(made) == []


@pytest.mark.parametrize("how", ["at once", "a day later", "trap", "no sheet", "sheet of another", "sheet made up"])
async def test_what_looks_like_a_machine_is_asked_again_not_thrown_away(tmp_path: Path, how: str) -> None:
    async with desk(tmp_path) as (made, http):
        blad, typed = await sheet(http), dict(FILLED)
        made.clock.advance(seconds={"at once": 1, "a day later": OLDEST.total_seconds() + 1}.get(how, 30))
        if how == "trap":
            typed["website"] = "https://koop.example"
        other = made.desk.index("weservit", "form", blad.rpartition(".")[0])[:32]
        blad = {"no sheet": "", "sheet of another": f"{blad.rpartition('.')[0]}.{other}", "sheet made up": "1.2.3"}.get(
            how, blad
        )
        page = await http.post(FORM, data={**typed, "blad": blad})
        assert page.status_code == 422 and "Druk dan nog een keer" in page.text
        assert 'value="anna@klant.example"' in page.text and "koop.example" not in page.text
        assert kept(made) == []
        made.clock.advance(seconds=QUICKEST.total_seconds())
        assert (await http.post(FORM, data={**FILLED, "blad": mark(page)})).status_code == 303
        assert len(kept(made)) == 1


async def test_floods_are_slowed_per_address_and_per_network(tmp_path: Path) -> None:
    async with desk(tmp_path) as (made, http):
        for _ in range(PER_ADDRESS):
            assert (await fill(made, http, adres="Anna@klant.example")).status_code == 303
        page = await fill(made, http, adres="anna@KLANT.example")
        assert page.status_code == 429 and "over een uur" in page.text and "info@whatnext.example" in page.text
        for number in range(PER_NETWORK - PER_ADDRESS):
            assert (await fill(made, http, adres=f"a{number}@klant.example")).status_code == 303
        assert (await fill(made, http, adres="nog@klant.example")).status_code == 429
        made.clock.advance(hours=1, seconds=1)
        assert (await fill(made, http, adres="nog@klant.example")).status_code == 303


def test_the_counter_forgets_what_is_old() -> None:
    counter, now = Counter(), datetime(2026, 1, 5, tzinfo=UTC)
    for number in range(KEYS + 1):
        counter.allows({str(number): 1}, now)
    assert not counter.allows({"0": 1}, now)
    assert counter.allows({"0": 1}, now.replace(hour=2))
    assert len(counter.seen) == 1


async def test_where_the_desk_only_looks_on_there_is_no_form(tmp_path: Path) -> None:
    async with desk(tmp_path, ChannelMode.WATCH) as (_, http):
        assert (await http.get(FORM)).status_code == 404
        assert (await http.post(FORM, data={})).status_code == 404
        assert (await http.get("/verzoek/nergens")).status_code == 404
        assert (await http.get("/verzoek/nergens/verstuurd")).status_code == 404


async def test_another_site_can_not_send_the_form(tmp_path: Path) -> None:
    async with desk(tmp_path) as (made, http):
        blad = await sheet(http)
        made.clock.advance(minutes=1)
        answer = await http.post(FORM, data={**FILLED, "blad": blad}, headers={"Origin": "https://elders.example"})
        assert answer.status_code == 403 and kept(made) == []


async def test_in_english(tmp_path: Path) -> None:
    async with desk(tmp_path) as (made, http):
        page = await http.get(f"{FORM}?taal=en")
        assert '<html lang="en">' in page.text and "I want to know which personal data" in page.text
        made.clock.advance(minutes=1)
        answer = await http.post(FORM, data={**FILLED, "blad": mark(page), "taal": "en"})
        assert answer.headers["location"].endswith("?taal=en")
        assert "I want to know which personal data" in kept(made)[0].get_content()


async def test_every_field_has_a_label_and_every_help_exists(tmp_path: Path) -> None:
    async with desk(tmp_path) as (made, http):
        for page in (await http.get(FORM), await fill(made, http, adres="x", woorden="y" * 10_001, wens=[])):
            html = page.text
            ids = set(re.findall(r'\bid="([^"]+)"', html))
            fields = re.findall(r'<(?:input|textarea)[^>]* id="([^"]+)"', html)
            assert {"woorden", "naam", "adres", "nummer"} <= set(fields)
            assert set(fields) <= set(re.findall(r'<label for="([^"]+)"', html))
            described = " ".join(re.findall(r'aria-describedby="([^"]+)"', html)).split()
            assert set(described) <= ids
            assert set(re.findall(r'href="#([^"]+)"', html)) <= ids
            assert html.count('<label class="check">') == len(WISHES)


# --- the mail ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        (" Anna.Vries+loket@Klant.Example ", "Anna.Vries+loket@klant.example"),
        ("anna@küche.example", "anna@xn--kche-0ra.example"),
        ("anna@klant", ""), ("@klant.example", ""), ("anna", ""), ("", ""), ("a b@klant.example", ""),
        ("anna@klant.example, bert@klant.example", ""), ("<anna@klant.example>", ""), ("anna@klant..example", ""),
        ("anna@klant.example\nBcc: x@y.example", ""), ("a" * 65 + "@klant.example", ""), ("é@klant.example", ""),
    ],
)  # fmt: skip
def test_addresses_as_people_type_them(typed: str, address: str) -> None:
    assert typed_address(typed) == address


def test_hostile_words_stay_words() -> None:
    now = datetime(2026, 1, 5, 9, tzinfo=UTC)
    entry = Entry(
        (Label.INZAGE,), ("Ik wil mijn gegevens.",), "From: baas\r\nX-Loop: ja\r\n\r\n--boundary\r\n\x00" + "é" * 300,
        'Anna"\r\nBcc: iedereen@elders.example\r\n <x@y.example>', "anna@klant.example", "1\r\n2",
    )  # fmt: skip
    message = form_message(
        entry, organisation="whatnext", mailbox="info@whatnext.example", subject="Verzoek", key="1-ab",
        number_line="Mijn klantnummer is {number}.", made_at=now, received_at=now,
    )  # fmt: skip
    parsed = normalise(message)
    assert parsed.from_address == "anna@klant.example" and parsed.machine is None
    assert parsed.to == ("info@whatnext.example",)
    assert "X-Loop: ja" in parsed.own_words and "klantnummer is 1 2." in parsed.own_words
    assert replace(message, received_at=now) == message
    headers = message.raw.partition(b"\r\n\r\n")[0].lower()
    assert b"\nbcc:" not in headers and b"\nx-loop:" not in headers
