"""The console as staff use it: lists, the case page, every act, with the real steps behind it."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import timedelta
from html import unescape
from pathlib import Path

import httpx
from sqlalchemy import select

from storage.models import Audit, Draft, Outbox, Request, WorkItem, table
from tests.support.case_files import IBAN, PASSWORD_HASH
from tests.support.web_client import opened, sign_in, token
from tests.support.web_world import World

WRITTEN = {
    "done": "Op 23 november is het klantenbestand leeggemaakt.",
    "kept": "De facturen van 2026 blijven tot en met 2033 bewaard (artikel 52 AWR).",
}


async def case(http: httpx.AsyncClient, made: World, mark: str) -> str:
    return (await http.get(f"/bureau/zaak/{made.ids[f'{mark}.case']}")).text


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None
    return unescape(found[1])


def one(made: World, model: type, column: str, row_id: str) -> object:
    rows = table(model)
    return made.store.read_here(lambda reads: reads.value(select(rows.c[column]).where(rows.c.id == row_id)))


def tags(made: World, mark: str) -> list[tuple[str, str]]:
    rows = table(Audit)
    query = select(rows.c.tag, rows.c.actor).where(rows.c.chain == made.ids[f"{mark}.case"]).order_by(rows.c.seq)
    return [(row.tag, row.actor) for row in made.store.read_here(lambda reads: reads.rows(query))]


async def test_the_list_has_the_earliest_date_first(tmp_path: Path) -> None:
    async with opened(tmp_path, "sanne") as (_, http):
        page = (await http.get("/bureau")).text
        numbers = re.findall(r'class="number">([^<]+)', page)
        assert numbers == ["WN-2026-0009", "WN-2026-0009", "WN-2026-0012", "WN-2026-0012", "WS-2026-0003"]
        assert "3 dagen te laat" in page and "over 7 dagen" in page
        assert "bron mislukt" in page and "tweede persoon" in page
        assert "Dit kanaal ligt uit:" in page and "info@weservit.example (de mailserver antwoordt niet)" in page
        assert page.index("Beoordelen: is dit een verzoek?") < page.index("Onleesbaar bericht")


async def test_the_list_is_filtered_by_organisation_and_kind(tmp_path: Path) -> None:
    async with opened(tmp_path, "sanne") as (_, http):
        page = (await http.get("/bureau?organisatie=weservit")).text
        assert re.findall(r'class="number">([^<]+)', page) == ["WS-2026-0003"]
        page = (await http.get("/bureau?soort=approve&organisatie=whatnext")).text
        assert re.findall(r'class="number">([^<]+)', page) == ["WN-2026-0009", "WN-2026-0012"]
        page = (await http.get("/bureau?soort=%3Cscript%3E&organisatie=x")).text
        assert "WN-2026-0009" in page and "<script>" not in page.replace("<script src", "")


async def test_the_case_page_tells_sources_apart_and_shows_no_found_data(tmp_path: Path) -> None:
    async with opened(tmp_path, "sanne") as (made, http):
        page = await case(http, made, "anna")
        for words in ("2 gevonden", "niets gevonden", "MISLUKT", "het systeem antwoordde niet op tijd"):
            assert words in page
        assert "28-11 is een zaterdag, 29-11 is een zondag" in page
        assert "code naar bekend adres" in page and "wo 28 okt 2026 11:30" in page
        assert "Aangehaald deel" in page
        assert "F2026-0002" not in page  # found data stay sealed until somebody asks


async def test_found_data_are_shown_on_asking_and_that_is_written_down(tmp_path: Path) -> None:
    async with opened(tmp_path, "sanne") as (made, http):
        data = {"csrf": await token(http)}
        page = (await http.post(f"/bureau/gevonden/{made.ids['anna.finding']}", data=data)).text
        assert "Gevonden in Klantenbestand" in page and "Sanne de Vries" in page
        assert PASSWORD_HASH not in page and IBAN not in page  # masked by the rules of the export
        assert f"•••• {IBAN[-4:]}" in page
        assert tags(made, "anna")[-1] == ("case.viewed", f"staff:{made.ids['sanne']}")
        assert "gevonden gegevens bekeken" in await case(http, made, "anna")


async def test_staff_download_the_export_to_check_it(tmp_path: Path) -> None:
    async with opened(tmp_path, "sanne") as (made, http):
        answer = await http.post(f"/bureau/export/{made.ids['anna.export']}", data={"csrf": await token(http)})
        assert answer.headers["content-disposition"] == 'attachment; filename="WN-2026-0012.zip"'
        assert "manifest.json" in zipfile.ZipFile(io.BytesIO(answer.content)).namelist()
        assert tags(made, "anna")[-1][0] == "export.opened"


async def test_approving_queues_exactly_this_letter_and_it_can_be_taken_back(tmp_path: Path) -> None:
    async with opened(tmp_path, "sanne") as (made, http):
        page = await case(http, made, "anna")
        data = {"csrf": hidden(page, "csrf"), "package_digest": hidden(page, "package_digest")}
        answer = await http.post(f"/bureau/brief/{made.ids['anna.draft']}/goedkeuren", data=data)
        assert answer.headers["location"].endswith("?melding=goedgekeurd")
        page = (await http.get(answer.headers["location"])).text
        assert "Goedgekeurd. De brief gaat zo weg" in page
        act = re.search(r'action="(/bureau/bericht/[^"]+/terughalen)"', page)
        assert act is not None
        assert one(made, Request, "state", made.ids["anna.inzage"]) == "executing"
        answer = await http.post(act[1], data={"csrf": data["csrf"]})
        assert answer.headers["location"].endswith("?melding=teruggehaald")
        assert one(made, Outbox, "status", act[1].split("/")[3]) == "cancelled"
        assert one(made, Draft, "status", made.ids["anna.draft"]) == "open"


async def test_the_undo_button_goes_with_its_time(tmp_path: Path) -> None:
    async with opened(tmp_path, "sanne") as (made, http):
        page = await case(http, made, "anna")
        data = {"csrf": hidden(page, "csrf"), "package_digest": hidden(page, "package_digest")}
        await http.post(f"/bureau/brief/{made.ids['anna.draft']}/goedkeuren", data=data)
        assert "Haal de brief terug" in await case(http, made, "anna")
        made.clock.advance(made.desk.limits.undo + timedelta(seconds=1))
        assert "Haal de brief terug" not in await case(http, made, "anna")


async def test_a_letter_that_changed_meanwhile_is_not_approved(tmp_path: Path) -> None:
    async with opened(tmp_path, "sanne") as (made, http):
        page = await case(http, made, "anna")
        data = {"csrf": hidden(page, "csrf"), "package_digest": hidden(page, "package_digest")}
        act = f"/bureau/brief/{made.ids['anna.draft']}"
        await http.post(f"{act}/bewaren", data=data | {"block-note": "Iemand anders schreef dit."})
        answer = await http.post(f"{act}/goedkeuren", data=data | {"block-note": "Mijn eigen woorden."})
        assert answer.status_code == 409
        assert "Deze brief is intussen veranderd" in answer.text
        assert "Mijn eigen woorden." in answer.text  # what was typed is not lost
        assert one(made, Draft, "status", made.ids["anna.draft"]) == "open"
        assert made.store.read_here(lambda reads: reads.rows(select(table(Outbox)))) == []


async def test_an_unfinished_letter_says_what_is_missing_and_keeps_the_words(tmp_path: Path) -> None:
    async with opened(tmp_path, "sanne") as (made, http):
        page = await case(http, made, "bram")
        assert "Nog te schrijven:" in page and "wat blijft bewaard" in page
        data = {"csrf": hidden(page, "csrf"), "package_digest": hidden(page, "package_digest")}
        answer = await http.post(
            f"/bureau/brief/{made.ids['bram.draft']}/goedkeuren", data=data | {"block-done": WRITTEN["done"]}
        )
        assert answer.status_code == 422
        assert "De brief is nog niet af" in answer.text and WRITTEN["done"] in answer.text


async def test_erasure_takes_two_people(tmp_path: Path) -> None:
    async with opened(tmp_path, "sanne") as (made, http):
        page = await case(http, made, "bram")
        assert "Keur goed als eerste" in page
        act = f"/bureau/brief/{made.ids['bram.draft']}/goedkeuren"
        data = {"csrf": hidden(page, "csrf"), "package_digest": hidden(page, "package_digest")}
        blocks = {f"block-{key}": text for key, text in WRITTEN.items()}
        answer = await http.post(act, data=data | blocks)
        assert answer.headers["location"].endswith("?melding=tweede")
        page = await case(http, made, "bram")
        assert "U keurde deze brief goed." in page and "Keur goed als tweede" not in page
        data["package_digest"] = hidden(page, "package_digest")
        again = await http.post(act, data=data)
        assert again.status_code == 422 and "Een ander moet nu kijken" in again.text
        http.cookies.clear()
        await sign_in(http, "karim")
        page = await case(http, made, "bram")
        assert "Goedgekeurd door Sanne Bakker" in page and "Keur goed als tweede en verstuur" in page
        data = {"csrf": hidden(page, "csrf"), "package_digest": hidden(page, "package_digest")}
        answer = await http.post(act, data=data | blocks)
        assert answer.headers["location"].endswith("?melding=goedgekeurd")
        assert one(made, Draft, "status", made.ids["bram.draft"]) == "approved"


async def test_the_preview_shows_saved_words_exactly(tmp_path: Path) -> None:
    async with opened(tmp_path, "sanne") as (made, http):
        data = {"csrf": await token(http), "block-note": "Tot ziens & bedankt.\r\n\r\nTweede alinea."}
        await http.post(f"/bureau/brief/{made.ids['anna.draft']}/bewaren", data=data)
        html = await http.get(f"/bureau/brief/{made.ids['anna.draft']}/voorbeeld")
        text = await http.get(f"/bureau/brief/{made.ids['anna.draft']}/tekst")
        assert "Tot ziens &amp; bedankt." in html.text
        assert "Tot ziens & bedankt.\n\nTweede alinea." in text.text
        assert text.headers["content-type"].startswith("text/plain")


async def test_saving_without_a_change_changes_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path, "sanne") as (made, http):
        page = await case(http, made, "bram")
        typed = dict(re.findall(r'name="(block-[^"]+)"[^>]*>([^<]*)</textarea>', page))
        assert typed.keys() == {"block-done", "block-kept", "block-note"}
        before = one(made, Draft, "package_digest", made.ids["bram.draft"])
        data = {"csrf": hidden(page, "csrf")} | {key: unescape(value) for key, value in typed.items()}
        await http.post(f"/bureau/brief/{made.ids['bram.draft']}/bewaren", data=data)
        assert one(made, Draft, "package_digest", made.ids["bram.draft"]) == before


async def test_refusing_asks_every_fact_of_its_ground(tmp_path: Path) -> None:
    async with opened(tmp_path, "sanne") as (made, http):
        page = await case(http, made, "bram")
        assert "Kennelijk ongegrond" not in page  # this organisation promised more than the law
        act = f"/bureau/verzoek/{made.ids['bram.verwijdering']}/weigeren"
        data = {"csrf": hidden(page, "csrf"), "ground": "legal_duty", "fact-legal_duty-category": "facturen"}
        answer = await http.post(act, data=data)
        assert answer.status_code == 422 and "horen feiten die nog ontbreken" in answer.text
        assert ">facturen</textarea>" in answer.text
        facts = {"law": "artikel 52 AWR", "why": "u was klant", "until": "31 december 2033"}
        data |= {f"fact-legal_duty-{name}": text for name, text in facts.items()}
        assert "De brief is nog niet af" in (await http.post(act, data=data)).text  # art. 12(4): what can be done
        data["free_text"] = "U kunt zich wel afmelden voor reclame."
        answer = await http.post(act, data=data)
        assert answer.headers["location"].endswith("?melding=afwijzing")
        page = await case(http, made, "bram")
        assert "Brief: afgewezen, Wettelijke plicht om te bewaren" in page
        assert "Eerdere brieven en concepten (1)" in page
        assert made.store.read_here(lambda reads: reads.rows(select(table(Outbox)))) == []


async def test_handing_back_and_searching_again(tmp_path: Path) -> None:
    async with opened(tmp_path, "sanne") as (made, http):
        data = {"csrf": await token(http)}
        answer = await http.post(f"/bureau/verzoek/{made.ids['anna.inzage']}/zoek-opnieuw", data=data)
        assert answer.headers["location"].endswith("?melding=zoeken")
        assert one(made, Request, "state", made.ids["anna.inzage"]) == "preparing"
        answer = await http.post(f"/bureau/brief/{made.ids['bram.draft']}/terug", data=data)
        assert answer.headers["location"].endswith("?melding=teruggegeven")
        assert one(made, Draft, "status", made.ids["bram.draft"]) == "handed_back"
        answer = await http.post(f"/bureau/verzoek/{made.ids['cor.correctie']}/zoek-opnieuw", data=data)
        assert answer.status_code == 409  # not proven yet


async def test_writing_to_the_requester_and_back_to_the_assistant(tmp_path: Path) -> None:
    async with opened(tmp_path, "sanne") as (made, http):
        data, talk = {"csrf": await token(http)}, made.ids["bram.talk"]
        empty = await http.post(f"/bureau/gesprek/{talk}/antwoord", data=data | {"text": " \n "})
        assert empty.status_code == 422 and "Schrijf eerst een tekst." in empty.text
        answer = await http.post(f"/bureau/gesprek/{talk}/antwoord", data=data | {"text": "Wij bellen u morgen."})
        assert answer.headers["location"].endswith("?melding=antwoord")
        page = await case(http, made, "bram")
        assert "Wij bellen u morgen." in page and "De assistent zwijgt" in page
        await http.post(f"/bureau/gesprek/{talk}/assistent", data=data)
        assert "De assistent zwijgt" not in await case(http, made, "bram")


async def test_a_line_is_ticked_off_but_never_an_open_decision(tmp_path: Path) -> None:
    async with opened(tmp_path, "sanne") as (made, http):
        rows, data = table(WorkItem), {"csrf": await token(http)}
        found = made.store.read_here(lambda reads: reads.rows(select(rows).where(rows.c.closed_at.is_(None))))
        by_kind = {(row.kind, row.case_id): row.id for row in found}
        failed = by_kind["source_failed", made.ids["anna.case"]]
        answer = await http.post(f"/bureau/werk/{failed}/sluiten", data=data)
        assert answer.headers["location"].endswith("?melding=gesloten")
        assert one(made, WorkItem, "closed_by", failed) == f"staff:{made.ids['sanne']}"
        approve = by_kind["approve", made.ids["anna.case"]]
        answer = await http.post(f"/bureau/werk/{approve}/sluiten", data=data)
        assert answer.status_code == 422 and "zodra er een besluit is" in answer.text
        assert one(made, WorkItem, "closed_at", approve) is None


async def test_a_message_in_doubt_is_judged(tmp_path: Path) -> None:
    async with opened(tmp_path, "sanne") as (made, http):
        page = (await http.get(f"/bureau/post/{made.ids['doubt']}")).text
        assert "Hoe komen jullie eigenlijk aan mijn adres?" in page
        assert page.index(">58%</meter>") < page.index(">31%</meter>")
        data = {"csrf": await token(http)}
        none = await http.post(f"/bureau/post/{made.ids['doubt']}/openen", data=data)
        assert none.status_code == 422 and "Kies minstens één soort verzoek." in none.text
        answer = await http.post(f"/bureau/post/{made.ids['doubt']}/geen-verzoek", data=data)
        assert answer.status_code == 303
        assert "Beoordelen: is dit een verzoek?" not in (await http.get("/bureau")).text
        assert "Open de zaak" not in (await http.get(f"/bureau/post/{made.ids['doubt']}")).text


async def test_a_message_that_can_not_be_read_is_shown_as_it_came(tmp_path: Path) -> None:
    async with opened(tmp_path, "sanne") as (made, http):
        page = (await http.get(f"/bureau/post/{made.ids['broken']}")).text
        assert "Onleesbaar bericht" in page and "dit is geen bericht" in page
        other = (await http.get(f"/bureau/post/{made.ids['other']}")).text
        assert "Graag een offerte" in other and ">Afgehandeld</button>" in other


async def test_search_finds_by_number_and_by_address(tmp_path: Path) -> None:
    async with opened(tmp_path, "sanne") as (_, http):
        data = {"csrf": await token(http)}
        for wanted in ("wn-2026-0012", " anna@klant.example ", "ANNA@KLANT.EXAMPLE"):
            page = (await http.post("/bureau/zoeken", data=data | {"zoek": wanted})).text
            assert "1 verzoek gevonden" in page and "WN-2026-0012" in page, wanted
        for wanted in ("anna", "klant.example", "2026", "%"):
            assert "0 verzoeken gevonden" in (await http.post("/bureau/zoeken", data=data | {"zoek": wanted})).text


async def test_an_erased_case_still_has_a_page(tmp_path: Path) -> None:
    async with opened(tmp_path, "sanne") as (made, http):
        made.store.write_here(lambda unit: unit.keys.erase(unit, made.ids["cor.key"]))
        page = await case(http, made, "cor")
        assert "De inhoud van deze zaak is gewist." in page
        assert (await http.get("/bureau/verzoeken")).status_code == 200
