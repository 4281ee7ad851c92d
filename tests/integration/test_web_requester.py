"""The pages behind a link: what they tell, what they never tell, and the way to the export."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

import httpx
from sqlalchemy import select

from cases.identity import CodePurpose, new_code
from cases.types import OutboxKind
from storage.models import Conversation, IdentityCode, Link, Outbox, Request, WorkItem, table
from storage.seal import code_digest
from storage.unit import Reads, Unit
from tests.support.web_client import browser, opened
from tests.support.web_rows import CASE_TOKEN, CASE_TOKEN_COR, EXPORT_TOKEN, OLD_TOKEN, send_anna
from tests.support.web_world import World
from web.app import create_app
from workflow.retention import CLOSED_CASE, NON_REQUEST


def open_code(made: World, mark: str) -> str:
    """A code as the desk mails it."""
    code = new_code(6)

    def write(unit: Unit) -> None:
        talk = made.ids[f"{mark}.talk"]
        index = made.store.keyring.organisation("whatnext").index
        unit.add(
            IdentityCode, id=unit.new_id(), organisation_id="whatnext", conversation_id=talk,
            purpose=CodePurpose.MAILBOX.value, digest=code_digest(index, talk, code), sent_to_index="x",
            created_at=unit.now, expires_at=unit.now.replace(year=2027), attempts_left=3,
        )  # fmt: skip

    made.store.write_here(write)
    return code


def mailed_code(made: World, kind: OutboxKind = OutboxKind.DOWNLOAD_CODE) -> str:
    """The newest code of this kind, read from the mail that waits to be sent."""
    rows = table(Outbox)
    query = select(rows).where(rows.c.kind == kind.value).order_by(rows.c.created_at.desc(), rows.c.id.desc())

    def read(reads: Reads) -> str:
        row = reads.one(query)
        assert row is not None
        content = reads.keys.data(reads, row.data_key_id).open_json(row.content, f"outbox.content:{row.id}")
        found = re.search(r"\b(\d{6})\b", content["text"])
        assert found is not None
        return found[1]

    return made.store.read_here(read)


def wrong(code: str) -> str:
    return str((int(code) + 1) % 1_000_000).zfill(6)


async def says(http: httpx.AsyncClient, answer: httpx.Response) -> str:
    assert answer.status_code == 303
    return (await http.get(answer.headers["location"])).text


async def test_the_case_page_tells_the_state_and_nothing_of_the_person(tmp_path: Path) -> None:
    async with opened(tmp_path) as (_, http):
        page = (await http.get(f"/z/{CASE_TOKEN}")).text
        assert "Je verzoek WN-2026-0012" in page and "30 november 2026" in page
        assert "Een medewerker kijkt het na." in page
        for secret in ("Anna", "anna@", "Welke gegevens", "Klantenbestand", "archief"):
            assert secret not in page


async def test_links_that_do_not_work_are_all_alike(tmp_path: Path) -> None:
    async with opened(tmp_path) as (made, http):
        rows = table(Link)
        revoked = select(rows.c.id).where(rows.c.conversation_id == made.ids["cor.talk"])
        link_id = made.store.read_here(lambda reads: reads.value(revoked))
        made.store.write_here(lambda unit: unit.change(Link, link_id, revoked_at=unit.now))
        pages = [
            await http.get(address)
            for address in (
                "/z/niets", f"/z/{CASE_TOKEN_COR}", f"/z/{EXPORT_TOKEN}", "/d/niets", f"/d/{CASE_TOKEN}",
                f"/d/{EXPORT_TOKEN}", f"/d/{OLD_TOKEN}", "/z/" + "x" * 3000,
            )
        ]  # fmt: skip
        acts = ("code", "mens", "intrekken", "code-sturen")
        pages += [await http.post(f"/z/niets/{act}", data={"code": "123456"}) for act in acts]
        pages += [await http.post(f"/d/niets/{act}") for act in ("stuur", "nieuwe-link")]
        assert {page.status_code for page in pages} == {404}
        assert len({page.text for page in pages}) == 1
        made.clock.advance(days=61)
        assert (await http.get(f"/z/{CASE_TOKEN}")).text == pages[0].text


async def test_a_code_typed_on_the_page_proves_the_mailbox_once(tmp_path: Path) -> None:
    async with opened(tmp_path) as (made, http):
        code = open_code(made, "cor")
        assert "Code invullen" in (await http.get(f"/z/{CASE_TOKEN_COR}")).text
        address = f"/z/{CASE_TOKEN_COR}/code"
        assert "Deze code klopt niet." in await says(http, await http.post(address, data={"code": wrong(code)}))
        spaced = f" {code[:3]} {code[3:]} "
        assert "De code klopt" in await says(http, await http.post(address, data={"code": spaced}))
        rows = table(Conversation)
        level = select(rows.c.assurance).where(rows.c.id == made.ids["cor.talk"])
        assert made.store.read_here(lambda reads: reads.value(level)) == 2
        assert "al gebruikt" in await says(http, await http.post(address, data={"code": code}))


async def test_three_wrong_codes_lock_and_a_person_looks(tmp_path: Path) -> None:
    async with opened(tmp_path) as (made, http):
        code = open_code(made, "cor")
        address = f"/z/{CASE_TOKEN_COR}/code"
        for _ in range(2):
            await http.post(address, data={"code": wrong(code)})
        page = await says(http, await http.post(address, data={"code": wrong(code)}))
        assert "Een medewerker kijkt ernaar" in page and "De termijn loopt gewoon door" in page
        rows = table(WorkItem)
        kinds = select(rows.c.kind).where(rows.c.case_id == made.ids["cor.case"])
        assert made.store.read_here(lambda reads: [row.kind for row in reads.rows(kinds)]) == ["identity_stuck"]


async def test_asking_for_a_person(tmp_path: Path) -> None:
    async with opened(tmp_path) as (made, http):
        page = await says(http, await http.post(f"/z/{CASE_TOKEN}/mens"))
        assert "Een medewerker neemt het over" in page and "Ik wil een medewerker" not in page
        rows = table(WorkItem)
        wanted = select(rows.c.id).where(rows.c.kind == "human_wanted", rows.c.case_id == made.ids["anna.case"])
        assert len(made.store.read_here(lambda reads: reads.rows(wanted))) == 1


def state(made: World, mark: str) -> str:
    rows = table(Request)
    value: str = made.store.read_here(
        lambda reads: reads.value(select(rows.c.state).where(rows.c.id == made.ids[mark]))
    )
    return value


async def test_withdrawing_needs_a_code_from_the_mailbox(tmp_path: Path) -> None:
    """Whoever has only the link, also of a proven conversation, withdraws nothing."""
    async with opened(tmp_path) as (made, http):
        address = f"/z/{CASE_TOKEN}/intrekken"
        page = (await http.get(address)).text
        assert "Weet je zeker" in page and "Pas met die code trekken wij je verzoek in." in page
        assert "Deze code klopt niet" in await says(http, await http.post(address, data={"code": "123456"}))
        page = await says(http, await http.post(f"/z/{CASE_TOKEN}/code-sturen"))
        assert "De code is onderweg" in page and "Er is nog niets ingetrokken." in page
        code = mailed_code(made, OutboxKind.IDENTITY_CODE)
        page = await says(http, await http.post(address, data={"code": wrong(code)}))
        assert "probeer het opnieuw, of antwoord op ons bericht" in page
        assert state(made, "anna.inzage") == "awaiting_approval"
        page = await says(http, await http.post(address, data={"code": f"{code[:3]} {code[3:]}"}))
        assert "is ingetrokken" in page and "Er gebeurt niets meer" in page and "intrekken</a>" not in page
        assert state(made, "anna.inzage") == "withdrawn"
        assert (await http.get(address)).headers["location"] == f"/z/{CASE_TOKEN}"  # nothing is left to withdraw


async def test_a_code_for_another_conversation_withdraws_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path) as (made, http):
        code = open_code(made, "cor")
        assert "Deze code klopt niet" in await says(
            http, await http.post(f"/z/{CASE_TOKEN}/intrekken", data={"code": code})
        )
        assert state(made, "anna.inzage") == "awaiting_approval"
        assert "is ingetrokken" in await says(
            http, await http.post(f"/z/{CASE_TOKEN_COR}/intrekken", data={"code": code})
        )
        assert state(made, "cor.correctie") == "withdrawn"


async def test_guessing_a_code_to_withdraw_locks(tmp_path: Path) -> None:
    async with opened(tmp_path) as (made, http):
        await http.post(f"/z/{CASE_TOKEN}/code-sturen")
        code, address = mailed_code(made, OutboxKind.IDENTITY_CODE), f"/z/{CASE_TOKEN}/intrekken"
        for _ in range(2):
            await http.post(address, data={"code": wrong(code)})
        assert "Een medewerker kijkt ernaar" in await says(http, await http.post(address, data={"code": wrong(code)}))
        await http.post(address, data={"code": code})
        assert state(made, "anna.inzage") == "awaiting_approval"


async def test_only_so_many_codes_a_day_to_withdraw(tmp_path: Path) -> None:
    async with opened(tmp_path) as (_, http):
        pages = [await says(http, await http.post(f"/z/{CASE_TOKEN}/code-sturen")) for _ in range(6)]
        assert ["De code is onderweg" in page for page in pages] == [True] * 5 + [False]
        assert "te veel codes" in pages[-1]


async def test_the_export_comes_after_a_code_and_only_in_this_browser(tmp_path: Path) -> None:
    async with opened(tmp_path) as (made, http):
        made.store.write_here(lambda unit: send_anna(unit, made))
        address = f"/d/{EXPORT_TOKEN}"
        assert "opnieuw" in (await http.post(f"{address}/bestand")).headers["location"]
        assert "De code is onderweg" in await says(http, await http.post(f"{address}/stuur"))
        code = mailed_code(made)
        assert "kan niet worden gebruikt" in await says(
            http, await http.post(f"{address}/code", data={"code": wrong(code)})
        )
        answer = await http.post(f"{address}/code", data={"code": code})
        cookie = answer.headers["set-cookie"].lower()
        assert f"path={address}" in cookie and "httponly" in cookie and "secure" in cookie
        assert "Download mijn gegevens" in await says(http, answer)
        file = await http.post(f"{address}/bestand")
        assert file.headers["content-type"] == "application/zip"
        assert "data.json" in zipfile.ZipFile(io.BytesIO(file.content)).namelist()
        async with browser(create_app(made.desk, made.settings)) as other:
            assert "opnieuw" in (await other.post(f"{address}/bestand")).headers["location"]
            used = await other.post(f"{address}/code", data={"code": code})
            assert used.headers["location"].endswith("melding=fout") and "set-cookie" not in used.headers
        made.clock.advance(minutes=16)
        assert "opnieuw" in (await http.post(f"{address}/bestand")).headers["location"]


async def test_opening_the_link_often_uses_nothing_up(tmp_path: Path) -> None:
    async with opened(tmp_path) as (made, http):
        made.store.write_here(lambda unit: send_anna(unit, made))
        await http.post(f"/d/{EXPORT_TOKEN}/stuur")
        for _ in range(20):
            assert (await http.get(f"/d/{EXPORT_TOKEN}")).status_code == 200
        answer = await http.post(f"/d/{EXPORT_TOKEN}/code", data={"code": mailed_code(made)})
        assert "set-cookie" in answer.headers


async def test_too_many_codes_in_a_day(tmp_path: Path) -> None:
    async with opened(tmp_path) as (made, http):
        made.store.write_here(lambda unit: send_anna(unit, made))
        pages = [await says(http, await http.post(f"/d/{EXPORT_TOKEN}/stuur")) for _ in range(6)]
        assert ["De code is onderweg" in page for page in pages] == [True] * 5 + [False]
        assert "te veel codes" in pages[-1]


async def test_an_ended_link_lives_again_while_the_export_exists(tmp_path: Path) -> None:
    async with opened(tmp_path) as (made, http):
        made.store.write_here(lambda unit: send_anna(unit, made))
        page = (await http.get(f"/d/{OLD_TOKEN}")).text
        assert "Deze link is verlopen" in page and "23 december 2026" in page
        assert (await http.post(f"/d/{OLD_TOKEN}/stuur")).headers["location"] == f"/d/{OLD_TOKEN}"
        assert "De link werkt weer." in await says(http, await http.post(f"/d/{OLD_TOKEN}/nieuwe-link"))
        assert "Stap 1" in (await http.get(f"/d/{OLD_TOKEN}")).text
        made.clock.advance(days=31)
        page = (await http.get(f"/d/{OLD_TOKEN}")).text
        assert "Het bestand is er niet meer" in page and "nieuwe-link" not in page


async def test_the_privacy_page_comes_from_the_policy(tmp_path: Path) -> None:
    async with opened(tmp_path) as (made, http):
        for key, you in (("whatnext", "Wil je liever"), ("weservit", "Wilt u liever")):
            policy = made.desk.organisation(key).policy
            page = (await http.get(f"/privacy/{key}")).text
            for words in (policy.controller, you, "eigen server", "niets automatisch besloten", "020 000 00 00"):
                assert words in page
            assert policy.authority.complaint_url in page
        english = (await http.get("/privacy/whatnext?taal=en")).text
        assert '<html lang="en">' in english and "Nothing is decided automatically" in english
        assert (await http.get("/privacy/onbekend")).status_code == 404


async def test_the_privacy_page_promises_the_terms_of_the_purge(tmp_path: Path) -> None:
    async with opened(tmp_path) as (made, http):
        policy = made.desk.organisation("whatnext").policy
        export_days, ledger_years = policy.links.export_days, policy.erasure.ledger_years
        for address, years, days, after, erased in (
            (
                "/privacy/whatnext", "{} jaar nadat", "{} dagen nadat", "{} dagen na het antwoord",
                "{} jaar na het wissen",
            ),
            (
                "/privacy/whatnext?taal=en", "{} years after", "{} days after we", "{} days after the answer",
                "{} years after the erasure",
            ),
        ):  # fmt: skip
            page = (await http.get(address)).text
            table_of_terms = page[page.index("<tbody>") : page.index("</tbody>")]
            assert years.format(round(CLOSED_CASE.days / 365)) in table_of_terms
            assert days.format(NON_REQUEST.days) in table_of_terms
            assert after.format(export_days) in table_of_terms
            assert erased.format(ledger_years) in table_of_terms
            assert len(re.findall(r"<td>\D*\d+", table_of_terms)) == 4  # no other figure is promised
