"""The reader as a whole: evidence, language, form, flags; any text; the same answer every time."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cases.reading import FactKind, Flag, Reading
from cases.types import Form, Label
from nlp.encoder import second_reader
from nlp.examples import load_examples
from nlp.features import CAP
from nlp.model import Model, load
from nlp.reader import DutchReader, text_read
from nlp.remembered import Remembering, load_said
from tests.support.model import FOLDER as MODEL_FOLDER

ALPHABET = st.sampled_from(list("abcdeijlmnorstuvwz   \n.,?!@€0123456789-+/ABNLéëü’\u00a0\u200b\ud800🙂漢"))
PIECES = """mijn gegevens wissen NL91ABNA0417164300 06-12345678 1234AB bsn 111222333 jan@post.example Dorpsweg 3
31-12-2024 factuur 2024-1 t.a.v. gr. klantnr. code 482913 Groet, Jan"""
WORDS = st.sampled_from([*PIECES.split(), "Groet,\nJan"])
TEXTS = st.one_of(st.text(max_size=400), st.text(ALPHABET, max_size=600), st.lists(WORDS, max_size=60).map(" ".join))


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(subject=st.text(max_size=60), text=TEXTS)
def test_reads_anything_and_points_inside_the_text(reader: DutchReader, subject: str, text: str) -> None:
    reading = reader.read(subject, text)
    whole = text_read(subject, text)
    for fact in reading.facts:
        assert 0 <= fact.start < fact.end <= len(whole)
        assert fact.value
        assert fact.kind is not FactKind.EMAIL or whole[fact.start : fact.end].lower() == fact.value
    for sentence in reading.evidence.values():
        assert sentence in whole
    assert all(0.0 <= value <= 1.0 for value in reading.probabilities.values())
    assert set(reading.probabilities) == set(Label)
    assert Label.OVERIG not in reading.labels or reading.labels == (Label.OVERIG,)
    reader.read_reply(text)


def test_very_long_mail_is_read_up_to_the_cap(reader: DutchReader) -> None:
    text = "Ik wil al mijn gegevens laten verwijderen. " + "lorem ipsum " * 100_000
    reading = reader.read("", text)
    assert all(fact.end <= CAP for fact in reading.facts)
    assert reading.labels != (Label.OVERIG,)


def test_the_same_text_is_read_the_same_way(reader: DutchReader, model: Model) -> None:
    texts = [(example.subject, example.text) for example in load_examples()[:60]]
    made = second_reader()
    again = DutchReader(load(MODEL_FOLDER), Remembering(made, load_said()) if made else None)
    assert reader.read_many(texts) == [again.read(subject, text) for subject, text in texts]
    assert again.version == model.version


@pytest.mark.parametrize("text", ["1", "12", "482 913", "?!"])
def test_a_bare_number_says_nothing_of_its_sender(reader: DutchReader, text: str) -> None:
    assert reader.read("", text).flags == frozenset()


def test_evidence_is_the_sentence_that_asks(reader: DutchReader) -> None:
    text = (
        "Goedemiddag, de storing van gisteren is verholpen, dank daarvoor. De factuur is ook betaald.\n\n"
        "Wilt u al mijn persoonsgegevens verwijderen? Ik hoor het graag van u, t.a.v. dhr. De Boer.\n\nGroet, Jan"
    )
    reading = reader.read("", text)
    assert Label.VERWIJDERING in reading.chosen, "read as such; a message with much else in it is asked about"
    assert reading.evidence[Label.VERWIJDERING] == "Wilt u al mijn persoonsgegevens verwijderen?"


@pytest.mark.parametrize(
    ("text", "language", "form"),
    [
        ("Kunt u mij zeggen welke gegevens u van mij heeft?", "nl", Form.NL_U),
        ("Kun je mij zeggen wat je van mij hebt?", "nl", Form.NL_JE),
        ("Wilt u ophouden, jullie hebben dit al vaker gedaan met uw mails", "nl", Form.NL_U),
        ("Please send me a copy of all the data that you have about me", "en", Form.EN),
        ("Bitte löschen Sie alle meine Daten, ich möchte das nicht mehr", "de", Form.EN),
        ("Je voudrais une copie de mes données, merci de votre réponse pour le dossier", "fr", Form.EN),
        ("stop", "", None),
    ],
)
def test_language_and_form(reader: DutchReader, text: str, language: str, form: Form | None) -> None:
    reading = reader.read("", text)
    assert (reading.language, reading.form) == (language, form)


@pytest.mark.parametrize(
    ("text", "flag"),
    [
        ("mens", Flag.WANTS_HUMAN),
        ("Ik wil liever een medewerker spreken", Flag.WANTS_HUMAN),
        ("Namens mijn cliënt verzoek ik u om inzage", Flag.ON_BEHALF),
        ("Wilt u de gegevens van mijn moeder wissen?", Flag.ON_BEHALF),
        ("Ik ben 15 jaar en wil mijn account weg", Flag.MINOR),
        ("Mijn man is overleden, graag zijn gegevens wissen", Flag.DECEASED),
        ("Ik bestelde in een webshop die door jullie wordt gehost, wis mijn gegevens", Flag.PROCESSOR_CASE),
        ("Anders ga ik naar de Autoriteit Persoonsgegevens", Flag.AP_NAMED),
        ("Stelletje klootzakken, haal mij van de lijst", Flag.ABUSIVE),
        ("Ik kreeg de factuur van een andere klant", Flag.POSSIBLE_BREACH),
        ("Namens de politie vorderen wij de gegevens", Flag.AUTHORITY),
        ("Ik word gestalkt en ben bang dat hij mij vindt", Flag.DISTRESS),
        ("Graag mijn persoonsgegevens verwijderen. Daarnaast: hoe zeg ik mijn hosting op?", Flag.ALSO_OTHER),
    ],
)
def test_flags(reader: DutchReader, text: str, flag: Flag) -> None:
    assert flag in reader.read("", text).flags


@pytest.mark.parametrize(
    "text",
    [
        "Wat kost een domein?",
        "Graag mijn gegevens wissen, ik ben klant sinds 2015.",
        "Ik wil graag een kopie van mijn gegevens.",
    ],
)
def test_no_flag_without_its_words(reader: DutchReader, text: str) -> None:
    assert reader.read("", text).flags <= {Flag.PRIVACY_WORD}


def test_a_reading_is_a_plain_value(reader: DutchReader) -> None:
    reading = reader.read("", "Graag mijn gegevens wissen")
    assert isinstance(reading, Reading)
    assert reading == reader.read("", "Graag mijn gegevens wissen")
    assert reading.model_version == reader.version


def test_the_model_lies_where_the_tests_look() -> None:
    assert Path(MODEL_FOLDER).name == "model"
