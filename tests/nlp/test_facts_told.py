"""Whose number it is and where somebody lives, as people tell it. All data are invented."""

from __future__ import annotations

import pytest

from cases.reading import Fact, FactKind
from nlp.fact_places import is_home
from nlp.facts import facts_of
from nlp.model import Model

CUSTOMER, ORDER, INVOICE = FactKind.CUSTOMER_NUMBER, FactKind.ORDER_NUMBER, FactKind.INVOICE_NUMBER


def told(model: Model, text: str) -> tuple[Fact, ...]:
    return facts_of(text, references=model.references)


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("Ik sta bij jullie als 204418.", CUSTOMER, "204418"),
        ("U kent mij onder Q-4471, al jaren", CUSTOMER, "Q-4471"),
        ("Mijn nummer bij u? 77120.", CUSTOMER, "77120"),
        ("Op de wikkel staat DM/558-20, daarmee vindt u mij vast.", CUSTOMER, "DM/558-20"),
        ("Je suis cliente chez vous sous le numéro FR-20417.", CUSTOMER, "FR-20417"),
        ("Donateur 5521 wil geen post meer", CUSTOMER, "5521"),
        ("Ik heb twee accounts, 4471-A en het andere weet ik niet", CUSTOMER, "4471-A"),
        ("Mijn pakje is er nog niet. Nummer: 55120", ORDER, "55120"),
        ("Ik heb een lamp besteld onder nummer 55120.", ORDER, "55120"),
        ("55120 is nog niet geleverd, die bestelling is van maart", ORDER, "55120"),
        ("onze reservering RV-8812", ORDER, "RV-8812"),
        ("opdrachtnummer 22014", ORDER, "22014"),
        ("Rechnungsnr. RE-2025-118", INVOICE, "RE-2025-118"),
        ("Gisteren 2025/118 voldaan", INVOICE, "2025/118"),
        ("een kopie van 25-118? die factuur ben ik kwijt", INVOICE, "25-118"),
        ("mijn klantnr. is 448812", CUSTOMER, "448812"),
        ("klantnummer: KL-20199", CUSTOMER, "KL-20199"),
        ("factuur 2024-0817 klopt niet", INVOICE, "2024-0817"),
        ("bestelling W-10023", ORDER, "W-10023"),
        ("klantnr. 12 34 56", CUSTOMER, "12 34 56"),
        ("mijn nummer bij jullie is KL-20331", CUSTOMER, "KL-20331"),
        ("relatienummer RB 0066.41", CUSTOMER, "RB 0066.41"),
        ("ik ben cliënt 20.448", CUSTOMER, "20.448"),
        ("debiteurnummer 300417", CUSTOMER, "300417"),
        ("nota nr. N2025-0044", INVOICE, "N2025-0044"),
        ("de jaarnota JN2023-0012", INVOICE, "JN2023-0012"),
        ("order 44-80-221 is er nog niet", ORDER, "44-80-221"),
        ("boeking KLM7Q2RT", ORDER, "KLM7Q2RT"),
        ("mijn lidnummer is 9 9 0 1 4 4", CUSTOMER, "9 9 0 1 4 4"),
        ("klantnr W-200 418 77", CUSTOMER, "W-200 418 77"),
        ("bestelnr is W-200 418 77", ORDER, "W-200 418 77"),
        ("Onze klantcode is 18 QR", CUSTOMER, "18 QR"),
        ("Ons crediteurnummer bij u: 70012", CUSTOMER, "70012"),
        ("op de adresband staat 0331 7720 4", CUSTOMER, "0331 7720 4"),
        ("Patnr 2118806", CUSTOMER, "2118806"),
        ("kindnr K0882", CUSTOMER, "K0882"),
        ("lidnummer vier vier acht, een twee", CUSTOMER, "VIER VIER ACHT, EEN TWEE"),
    ],
)
def test_a_number_is_of_what_is_told_beside_it(model: Model, text: str, kind: FactKind, value: str) -> None:
    assert [(fact.kind, fact.value) for fact in told(model, text)] == [(kind, value)]


def test_what_stands_above_a_list_tells_of_all_of_it(model: Model) -> None:
    text = "klantnummers bij u:\n4407 VvE Havenkwartier\n4412 VvE De Boeg\n"
    assert [(fact.kind, fact.value) for fact in told(model, text)] == [(CUSTOMER, "4407"), (CUSTOMER, "4412")]


@pytest.mark.parametrize(
    "text",
    [
        "Consent-id 88f1",
        "Het verzoek van onze cliënte (uw ref. TKT-33810) loopt nog",
        "Met dit pakket zijn wij open van 9-17",
        "IP-adres 192.168.1.20 van mijn account",
        "In de jaren 2021-2023 kreeg ik rekeningen",
        "Windows 24H2, client 5.3.1",
        "Het gaat om overeenkomst OV-2023-19.",
        "Ons contractnummer is 4500-1187.",
        "Mijn dossiernummer is W-88203.",
    ],
)
def test_other_numbers_are_nobodys(model: Model, text: str) -> None:
    assert not told(model, text)


@pytest.mark.parametrize(
    ("text", "town"),
    [
        ("Zwolle, 3 mei 2025\n\nGeachte heer,", "Zwolle"),
        ("Assen, 12-05-2025\nBetreft: inzage", "Assen"),
        ("Groet van mevrouw Truus Bakker\nJoure, klantnr. onbekend", "Joure"),
        ("Groet van mevrouw Truus Bakker (Joure)", "Joure"),
        ("Groet van mevrouw Truus Bakker uit Bergen op Zoom", "Bergen op Zoom"),
        ("Park Boslust 4 te Millingen aan de Rijn", "Millingen aan de Rijn"),
    ],
)
def test_a_letter_and_a_signature_tell_the_town(text: str, town: str) -> None:
    assert town in [fact.value for fact in facts_of(text) if fact.kind is FactKind.PLACE]


@pytest.mark.parametrize(
    ("text", "home"),
    [
        ("Wij wonen met zijn allen in Goes", True),
        ("Mijn nicht in Goes begint een salon", True),
        ("Onze winkel in Goes verhuist niet", True),
        ("A. de Wit, predikant te Goes", True),
        ("De rekening gaat nog naar Goes", True),
        ("De monteur was hier in Goes", True),
        ("Gisteren kocht ik in Goes een lamp", False),
        ("Jullie winkel in Goes is dicht", False),
        ("Het ligt in het depot in Goes", False),
        ("Bezorgen jullie ook in Goes?", False),
        ("Ik vlieg vanaf Goes", False),
        ("Jullie monteur uit Goes was aardig", False),
        ("Bakkerij Goes", False),
    ],
)
def test_a_town_is_a_place_where_somebody_lives(text: str, home: bool) -> None:
    start = text.index("Goes")
    assert is_home(text, Fact(FactKind.PLACE, "Goes", start, start + 4, False)) is home


@pytest.mark.parametrize("row", ["A1-", "Aa-", "klantnummer ", "in Goes te ", "nummer 1 ", "Van Aa naar "])
def test_a_long_row_of_the_same_comes_to_an_end(model: Model, row: str) -> None:
    assert len(told(model, row * 1500)) <= 40


@pytest.mark.parametrize("house", ["17 bis A", "12-k12", "88-rood", "9-zwart"])
def test_additions_belong_to_the_house_number(house: str) -> None:
    text = f"Ik woon op de Lijsterlaan {house}, 1234 AB Ommeldam."
    assert [text[one.start : one.end] for one in facts_of(text) if one.kind is FactKind.HOUSE_NUMBER] == [house]
