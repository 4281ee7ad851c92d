"""The sentences: three forms with the same keys and variables, the right form of address, safe to replace."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from cases.errors import ConfigError, RuleError
from cases.letters import BlockKind
from cases.types import Awaiting, ChannelKind, Decision, Form, Label, RefusalGround, RequestState, Verb
from handlers.wording import load_all, load_texts, staff_texts, variables, wrong_form
from workflow.terms import SUSPENSIONS

ROOT = Path(__file__).parents[2]
JE, U, EN = (load_texts(form) for form in (Form.NL_JE, Form.NL_U, Form.EN))


def corrected_fields() -> set[str]:
    """What the shipped descriptions of systems say that a correction may change."""
    described = [*(ROOT / "sources" / "recipes").glob("*.toml"), *(ROOT / "bot" / "demo" / "sources").glob("*.toml")]
    return {name for path in described for name in re.findall(r'corrects = "(\w+)"', path.read_text(encoding="utf-8"))}


@pytest.mark.parametrize("other", [U, EN], ids=["nl_u", "en"])
def test_the_forms_have_the_same_keys_and_variables(other: object) -> None:
    assert set(JE.sentences) == set(other.sentences)  # type: ignore[attr-defined]
    for key, sentence in JE.sentences.items():
        assert variables(sentence) == variables(other.sentences[key]), key  # type: ignore[attr-defined]


@pytest.mark.parametrize("texts", [JE, U, EN], ids=lambda texts: texts.form.value)
def test_no_sentence_is_empty_or_in_the_wrong_form(texts: object) -> None:
    for key, sentence in texts.sentences.items():  # type: ignore[attr-defined]
        assert sentence.strip(), key
        assert wrong_form(texts.form, sentence) == (), key  # type: ignore[attr-defined]


def test_the_dutch_forms_differ_only_in_the_form_of_address() -> None:
    """Where the je-text speaks to somebody, the u-text does too: nobody translated one of them twice."""
    speaks_je = re.compile(r"\b(je|jij|jou|jouw|jullie)\b", re.IGNORECASE)
    speaks_u = re.compile(r"\b(u|uw)\b", re.IGNORECASE)
    for key in JE.sentences:
        assert len(speaks_je.findall(JE.sentences[key])) == len(speaks_u.findall(U.sentences[key])), key


def test_the_scan_finds_the_wrong_form() -> None:
    assert wrong_form(Form.NL_JE, "Wij sturen U uw gegevens.") == ("U", "uw")
    assert wrong_form(Form.NL_U, "Heb je een vraag aan jullie?") == ("je", "jullie")
    assert wrong_form(Form.NL_JE, "De uur en het duurt") == ()


@pytest.mark.parametrize("texts", [JE, U, EN], ids=lambda texts: texts.form.value)
def test_every_value_of_the_vocabulary_has_words(texts: object) -> None:
    say = texts.sentences  # type: ignore[attr-defined]
    wanted = [f"{section}.{label.value}" for section in ("wish", "topic") for label in Label]
    wanted += [f"stage.{state.value}" for state in RequestState]
    wanted += [f"awaiting.{who.value}" for who in Awaiting]
    wanted += [f"channel.{kind.value}" for kind in ChannelKind]
    wanted += [f"decision.{decision.value}" for decision in Decision]
    wanted += [f"{section}.{verb.value}" for section in ("art19", "deed") for verb in Verb]
    wanted += [f"suspended.{reason}" for reason in SUSPENSIONS]
    wanted += [f"field.{name}" for name in sorted(corrected_fields())]
    wanted += [f"{section}.{ground.value}" for section in ("ground", "facts") for ground in RefusalGround]
    assert [key for key in wanted if key not in say] == []


def test_every_sentence_is_used() -> None:
    """A key stands in the code, or belongs to a list that the code goes through by value."""
    modules = [path for folder in ("handlers", "workflow") for path in (ROOT / folder).glob("*.py")]
    code = "".join(path.read_text(encoding="utf-8") for path in modules).replace("'", '"')
    by_value = {"wish", "topic", "channel", "stage", "awaiting", "identifier", "basis", "ground", "facts", "decision"}
    listed = {f"art19.{verb.value}" for verb in Verb} | {f"field.{name}" for name in corrected_fields()}
    listed |= {f"deed.{verb.value}" for verb in Verb} | {f"suspended.{reason}" for reason in SUSPENSIONS}
    listed |= {f"id_copy.{part}" for part in ("bsn", "photo", "number", "zone")}
    unused = []
    for key in JE.sentences:
        section, name = key.split(".")
        if section == "heading":
            assert name in set(BlockKind), key
        elif section in by_value or key in listed or name.startswith(("right_", "rule_", "col_")):
            continue
        elif not any(f'"{spelling}' in code for spelling in (key, re.sub(r"_(phone|phone_hours)$", "", key))):
            unused.append(key)
    assert [key for key in unused if key not in {"human.phone", "human.phone_hours"}] == []


def test_dates_are_in_words_and_in_amsterdam() -> None:
    assert JE.day(date(2027, 3, 2)) == "2 maart 2027"
    assert EN.day(date(2027, 12, 25)) == "25 December 2027"
    assert U.day(datetime(2027, 1, 31, 23, 30, tzinfo=UTC)) == "1 februari 2027"


def test_values_are_put_in_once_and_as_they_are() -> None:
    assert JE.say("frame.greeting_name", name="{org} {0.__class__}") == "Beste {org} {0.__class__},"
    with pytest.raises(RuleError):
        JE.say("frame.no_such_text")


def test_an_organisation_replaces_a_sentence() -> None:
    forms = load_all(Form.NL_JE, {"frame.greeting.md": "Hoi,\n", "frame.greeting.en.md": "Hi,"})
    assert forms[Form.NL_JE].say("frame.greeting") == "Hoi,"
    assert forms[Form.EN].say("frame.greeting") == "Hi,"
    assert forms[Form.NL_U].say("frame.greeting") == "Goedendag,"
    assert load_texts(Form.NL_JE).say("frame.greeting") == "Goedendag,"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("frame.no_such_text.md", "Hoi"),
        ("frame.greeting.txt", "Hoi"),
        ("frame.greeting.md", ""),
        ("frame.greeting.md", "Geachte, wij helpen u graag."),
        ("frame.greeting.md", "Hoi {name}"),
        ("acknowledgement.told.md", "Je krijgt snel antwoord."),
        ("acknowledgement.told.md", "Uiterlijk {told.year}"),
        ("acknowledgement.told.md", "Uiterlijk {told"),
        ("acknowledgement.told.md", "Uiterlijk {told!r}"),
    ],
)
def test_a_wrong_replacement_stops_the_start(name: str, text: str) -> None:
    with pytest.raises(ConfigError):
        load_all(Form.NL_JE, {name: text})


def test_staff_texts_speak_to_nobody_by_form() -> None:
    for key, sentence in staff_texts().sentences.items():
        assert wrong_form(Form.NL_U, sentence) == (), key
        assert wrong_form(Form.NL_JE, sentence) == (), key
        assert not variables(sentence) & {"name", "address", "email"}, key
