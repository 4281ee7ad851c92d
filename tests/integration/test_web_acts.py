"""Acts of staff beside the letter: redirect, make sure who somebody is, a frozen conversation, messages that broke."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
from sqlalchemy import select

from cases.types import OutboxKind, OutboxStatus
from storage.models import Conversation, Draft, Outbox, Request, table
from tests.integration.test_web_console import case, hidden, one, tags
from tests.integration.test_web_requester import mailed_code
from tests.support.web_client import opened, token
from tests.support.web_later import add_complaint, add_sending
from tests.support.web_world import World
from workflow.proof import freeze

FACTS = {"right": "een klacht", "why": "er is niets misgegaan", "what_instead": "bellen"}


def freeze_talk(made: World, mark: str) -> None:
    made.store.write_here(lambda unit: freeze(unit, "whatnext", made.ids[f"{mark}.talk"]))


def wrong_words(page: str) -> list[str]:
    """What stands beside the forms themselves."""
    return re.findall(r'<p class="wrong">([^<]+)</p>', page)


# --- redirect ---------------------------------------------------------------------------------------------------------


async def test_a_request_about_a_customers_data_is_redirected(tmp_path: Path) -> None:
    async with opened(tmp_path, "sanne") as (made, http):
        assert "Maak de doorverwijzing" in await case(http, made, "dirk")
        data = {"csrf": await token(http)}
        answer = await http.post(f"/bureau/verzoek/{made.ids['dirk.bezwaar']}/doorverwijzen", data=data)
        page = (await http.get(answer.headers["location"])).text
        assert "De doorverwijzing staat klaar." in page and "Brief: doorgestuurd" in page
        assert "Geef het verzoek zelf door aan de klant" in page and "eigenaar van de website" in page
        assert made.store.read_here(lambda reads: reads.rows(select(table(Outbox)))) == []


async def test_who_has_no_such_customers_redirects_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path, "sanne") as (made, http):
        assert "Maak de doorverwijzing" not in await case(http, made, "anna")
        data = {"csrf": await token(http)}
        answer = await http.post(f"/bureau/verzoek/{made.ids['anna.inzage']}/doorverwijzen", data=data)
        assert answer.status_code == 422 and "Doorverwijzen kan hier niet." in answer.text


# --- who is this ------------------------------------------------------------------------------------------------------


async def test_confirming_who_somebody_is_opens_the_file(tmp_path: Path) -> None:
    async with opened(tmp_path, "sanne") as (made, http):
        page = await case(http, made, "cor")
        for words in ("Dit opent het dossier", "Teruggebeld op het bekende nummer", "Aan de balie", "Code per brief"):
            assert words in page
        act, data = f"/bureau/gesprek/{made.ids['cor.talk']}/identiteit", {"csrf": await token(http)}
        none = await http.post(act, data=data)
        assert none.status_code == 422 and wrong_words(none.text) == ["Kies hoe u de identiteit hebt vastgesteld."]
        assert one(made, Conversation, "assurance", made.ids["cor.talk"]) == 1
        answer = await http.post(act, data=data | {"method": "call_back"})
        page = (await http.get(answer.headers["location"])).text
        assert "De identiteit is bevestigd." in page and "bevestigd door een medewerker" in page
        assert "Bevestig wie dit is" not in page  # there is nothing above it
        assert one(made, Request, "state", made.ids["cor.correctie"]) == "preparing"
        assert ("identity.confirmed", f"staff:{made.ids['sanne']}") in tags(made, "cor")
        assert "hoe: teruggebeld op het bekende nummer" in page


async def test_without_proof_the_sources_are_not_asked_again(tmp_path: Path) -> None:
    async with opened(tmp_path, "sanne") as (made, http):
        made.store.write_here(lambda unit: unit.change(Conversation, made.ids["anna.talk"], assurance=1))
        data = {"csrf": await token(http)}
        answer = await http.post(f"/bureau/verzoek/{made.ids['anna.inzage']}/zoek-opnieuw", data=data)
        assert answer.status_code == 422
        assert "Eerst moet zeker zijn wie dit is." in wrong_words(answer.text)[0]
        assert one(made, Request, "state", made.ids["anna.inzage"]) == "awaiting_approval"


# --- "this was not me" ------------------------------------------------------------------------------------------------


async def approve_anna(http: httpx.AsyncClient, made: World) -> httpx.Response:
    page = await case(http, made, "anna")
    data = {"csrf": hidden(page, "csrf"), "package_digest": hidden(page, "package_digest")}
    return await http.post(f"/bureau/brief/{made.ids['anna.draft']}/goedkeuren", data=data)


async def test_a_frozen_conversation_is_said_plainly_and_nothing_leaves(tmp_path: Path) -> None:
    async with opened(tmp_path, "sanne") as (made, http):
        assert "Stilgezet" not in await case(http, made, "anna")
        freeze_talk(made, "anna")
        page = await case(http, made, "anna")
        assert "<strong>Stilgezet.</strong> Iemand zei: dit was ik niet." in page
        assert "Bevestig wie dit is" not in page
        data = {"csrf": await token(http)}
        for act in (
            f"gesprek/{made.ids['anna.talk']}/identiteit", f"brief/{made.ids['anna.draft']}/terug",
        ):  # fmt: skip
            answer = await http.post(f"/bureau/{act}", data=data | {"method": "counter"})
            assert answer.status_code == 422 and "Dit gesprek is stilgezet" in answer.text, act
        answer = await approve_anna(http, made)
        assert answer.status_code in (409, 422)  # the draft is overtaken as well
        assert one(made, Draft, "status", made.ids["anna.draft"]) == "open"
        assert one(made, Conversation, "assurance", made.ids["anna.talk"]) == 3


async def test_lifting_a_freeze_sends_a_fresh_code_where_proof_lacks(tmp_path: Path) -> None:
    async with opened(tmp_path, "sanne") as (made, http):
        freeze_talk(made, "cor")
        page = await case(http, made, "cor")
        assert "krijgt dan een nieuwe code per mail" in page
        data = {"csrf": await token(http)}
        answer = await http.post(f"/bureau/gesprek/{made.ids['cor.talk']}/assistent", data=data)
        page = (await http.get(answer.headers["location"])).text
        assert "Ontbrak er nog bewijs, dan ging er een code weg." in page and "Stilgezet" not in page
        assert len(mailed_code(made, OutboxKind.IDENTITY_CODE)) == 6
        assert one(made, Conversation, "awaited", made.ids["cor.talk"]) == "code"


# --- messages that broke ----------------------------------------------------------------------------------------------


async def test_an_uncertain_message_is_decided_once(tmp_path: Path) -> None:
    async with opened(tmp_path, "sanne") as (made, http):
        made.store.write_here(lambda unit: add_sending(unit, made, "came", OutboxStatus.UNCERTAIN))
        made.store.write_here(lambda unit: add_sending(unit, made, "lost", OutboxStatus.UNCERTAIN))
        page = await case(http, made, "anna")
        assert page.count("Het is aangekomen") == 2 and "code voor identiteit" in page
        data = {"csrf": await token(http)}
        answer = await http.post(f"/bureau/bericht/{made.ids['came']}/onzeker", data=data | {"arrived": "ja"})
        assert "is aangekomen." in (await http.get(answer.headers["location"])).text
        assert one(made, Outbox, "status", made.ids["came"]) == "sent"
        await http.post(f"/bureau/bericht/{made.ids['lost']}/onzeker", data=data | {"arrived": "nee"})
        assert one(made, Outbox, "status", made.ids["lost"]) == "queued"
        again = await http.post(f"/bureau/bericht/{made.ids['came']}/onzeker", data=data | {"arrived": "nee"})
        assert again.status_code == 409 and "is intussen al iets gedaan" in again.text
        assert one(made, Outbox, "status", made.ids["came"]) == "sent"
        odd = await http.post(f"/bureau/bericht/{made.ids['came']}/onzeker", data=data | {"arrived": "misschien"})
        assert odd.status_code == 404


async def test_a_message_that_failed_is_sent_again(tmp_path: Path) -> None:
    async with opened(tmp_path, "sanne") as (made, http):
        made.store.write_here(lambda unit: add_sending(unit, made, "failed", OutboxStatus.FAILED))
        page = await case(http, made, "anna")
        assert "Is de oorzaak weg" in page
        act, data = f"/bureau/bericht/{made.ids['failed']}/opnieuw", {"csrf": await token(http)}
        answer = await http.post(act, data=data)
        page = (await http.get(answer.headers["location"])).text
        assert "Het bericht gaat nog een keer weg." in page and "Is de oorzaak weg" not in page
        assert one(made, Outbox, "status", made.ids["failed"]) == "queued"
        assert (await http.post(act, data=data)).status_code == 409


async def test_a_message_without_a_case_is_decided_from_the_list(tmp_path: Path) -> None:
    async with opened(tmp_path, "sanne") as (made, http):
        made.store.write_here(lambda unit: add_sending(unit, made, "loose", OutboxStatus.UNCERTAIN, of_case=False))
        page = (await http.get("/bureau?soort=send_uncertain")).text
        act = re.search(r'action="(/bureau/bericht/[^"]+/onzeker)"', page)
        assert act is not None
        answer = await http.post(act[1], data={"csrf": hidden(page, "csrf"), "arrived": "nee"})
        assert answer.headers["location"] == "/bureau?melding=nog-eens"
        assert one(made, Outbox, "status", made.ids["loose"]) == "queued"
        assert "Onzeker of het" not in (await http.get("/bureau?soort=send_uncertain")).text


# --- a complaint ------------------------------------------------------------------------------------------------------


async def test_refusing_a_complaint_says_what_was_looked_into(tmp_path: Path) -> None:
    async with opened(tmp_path, "sanne") as (made, http):
        made.store.write_here(lambda unit: add_complaint(unit, made))
        assert "Bevindingen" in await case(http, made, "eva")
        assert "Bevindingen" not in await case(http, made, "bram")
        act = f"/bureau/verzoek/{made.ids['eva.klacht']}/weigeren"
        data = {"csrf": await token(http), "ground": "no_such_right", "free_text": "U kunt ons altijd bellen."}
        data |= {f"fact-no_such_right-{name}": text for name, text in FACTS.items()}
        without = await http.post(act, data=data | {"findings": " "})
        assert without.status_code == 422 and wrong_words(without.text) == [
            "De brief is nog niet af. Schrijf eerst wat er ontbreekt."
        ]
        never = await http.post(act, data=data | {"findings": "Wij bewaren alles zeven jaar."})
        assert never.status_code == 422 and "iets dat deze organisatie nooit zegt" in never.text
        assert "Wij bewaren alles zeven jaar.</textarea>" in never.text
        found = "Wij keken in het logboek van de nieuwsbrief: u staat er sinds 3 november niet meer in."
        answer = await http.post(act, data=data | {"findings": found})
        page = (await http.get(answer.headers["location"])).text
        assert "De afwijzing staat klaar" in page
        draft = re.search(r"/bureau/brief/([^/]+)/tekst", page)
        assert draft is not None
        assert found in (await http.get(f"/bureau/brief/{draft[1]}/tekst")).text


# --- a wish that the program did not hear -----------------------------------------------------------------------------


async def test_a_wish_that_only_a_person_heard_becomes_a_request(tmp_path: Path) -> None:
    async with opened(tmp_path, "sanne") as (made, http):
        assert "Er staat nog een verzoek in dit gesprek" in await case(http, made, "anna")
        address = f"/bureau/gesprek/{made.ids['anna.talk']}/verzoek"
        csrf = await token(http)
        wrong = await http.post(address, data={"csrf": csrf, "label": "overig"})
        assert wrong.status_code == 422 and wrong_words(wrong.text) == ["Kies minstens één soort verzoek."]
        twice = await http.post(address, data={"csrf": csrf, "label": "inzage"})
        assert wrong_words(twice.text) == ["Zo&#39;n verzoek loopt al in deze zaak."]
        answer = await http.post(address, data={"csrf": csrf, "label": "overdracht"})
        assert "Het verzoek staat erbij" in (await http.get(answer.headers["location"])).text
        rows = table(Request)
        found = made.store.read_here(lambda reads: reads.rows(select(rows).where(rows.c.label == "overdracht")))
        assert [(row.state, row.conversation_id) for row in found] == [("preparing", made.ids["anna.talk"])]
