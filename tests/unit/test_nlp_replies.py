"""Replies to our own question, the way people type them."""

from __future__ import annotations

import pytest

from cases.reading import Reply, ReplyKind
from nlp.replies import read_reply


@pytest.mark.parametrize(
    "text",
    [
        "482913",
        "het is 482 913",
        "48 29 13",
        "4 8 2 9 1 3",
        "code=482913",
        "Code: 482-913.",
        "de code is 482.913, groet Jan",
        "Hallo,\n\nDe code die ik kreeg: 482913\n\nMet groet,\nJan, klantnr. 991122",
        "klantnummer 991122, code 482913",
        "482913 (postcode 1234 AB, tel 06-12345678)",
        "ja hoor, 482913",
        "code 482913 van 12-03-2024",
        "vier acht twee negen een drie",
        "Code 48-29-13",
        "48–29–13",
    ],
)
def test_codes(text: str) -> None:
    assert read_reply(text) == Reply(ReplyKind.CODE, "482913")


@pytest.mark.parametrize(
    "text",
    [
        "mijn klantnummer is 448812",
        "klantnr. 448812",
        "het gaat om factuur 202613",
        "12-03-24",
        "06 12345678",
        "klantnummer 448812",
        "factuurnr. 202401 is betaald",
        "NL91 ABNA 0417 1643 00",
        "48291",
        "4829134",
        "€ 482913",
    ],
)
def test_other_numbers_are_no_code(text: str) -> None:
    assert read_reply(text).kind is not ReplyKind.CODE


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("ja", ReplyKind.YES),
        ("Ja, dat klopt.", ReplyKind.YES),
        ("jazeker!", ReplyKind.YES),
        ("klopt", ReplyKind.YES),
        ("oké, doe maar", ReplyKind.YES),
        ("👍", ReplyKind.YES),
        ("dat was ik", ReplyKind.YES),
        ("yes please", ReplyKind.YES),
        ("nee", ReplyKind.NO),
        ("Nee hoor", ReplyKind.NO),
        ("dat klopt niet", ReplyKind.NO),
        ("no", ReplyKind.NO),
        ("weet ik niet", ReplyKind.UNSURE),
        ("geen idee", ReplyKind.UNSURE),
        ("ik weet het eigenlijk niet", ReplyKind.UNSURE),
        ("?", ReplyKind.UNSURE),
        ("dat was ik niet", ReplyKind.NOT_ME),
        ("niet ik", ReplyKind.NOT_ME),
        ("Ik heb dit niet aangevraagd, er kwam code 482913 binnen", ReplyKind.NOT_ME),
        ("dit heb ik nooit gevraagd", ReplyKind.NOT_ME),
        ("That wasn't me", ReplyKind.NOT_ME),
        ("laat maar", ReplyKind.NEVER_MIND),
        ("hoeft niet meer", ReplyKind.NEVER_MIND),
        ("ik trek mijn verzoek in", ReplyKind.NEVER_MIND),
        ("never mind", ReplyKind.NEVER_MIND),
        ("mens", ReplyKind.HUMAN),
        ("Mens!", ReplyKind.HUMAN),
        ("ik wil liever een medewerker", ReplyKind.HUMAN),
        ("kan ik iemand spreken?", ReplyKind.HUMAN),
        ("stuur een nieuwe code", ReplyKind.NEW_CODE),
        ("ik heb geen code gekregen", ReplyKind.NEW_CODE),
        ("de code is verlopen", ReplyKind.NEW_CODE),
        ("Ik woon aan de Dorpsweg en mijn poes heet Minoes", ReplyKind.OTHER),
        ("", ReplyKind.OTHER),
    ],
)
def test_answers(text: str, kind: ReplyKind) -> None:
    assert read_reply(text).kind is kind


@pytest.mark.parametrize(("text", "number"), [("2", 2), ("optie 1", 1), ("keuze 3.", 3), ("twee graag", 2)])
def test_choices(text: str, number: int) -> None:
    assert read_reply(text) == Reply(ReplyKind.CHOICE, choice=number)


def test_a_yes_that_begins_a_story_is_no_answer() -> None:
    assert read_reply("ja " + "en toen gebeurde er nog iets anders " * 12).kind is ReplyKind.OTHER
