"""The pages' sentences: three forms, the same keys and variables, no mixed forms of address; words for every value."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path

import pytest

from cases.audit import AuditTag
from cases.dialogue import Awaited
from cases.identity import CodePurpose
from cases.letters import GROUND_FACTS, REQUIRED
from cases.protocols import FindStatus
from cases.reading import Flag
from cases.types import (
    Assurance,
    Awaiting,
    ChannelKind,
    DeadlineKind,
    Decision,
    DraftStatus,
    Form,
    Label,
    OutboxKind,
    OutboxStatus,
    RefusalGround,
    RequestState,
    WorkKind,
)
from handlers.wording import variables, wrong_form
from web import letter_words, words
from web.texts import page_texts

TEMPLATES = Path(words.__file__).parent / "templates"
REQUESTER_PAGES = ("case_page", "download_page", "privacy_page", "link_gone", "withdraw", "requester")


@pytest.mark.parametrize("form", list(Form))
def test_forms_have_the_same_keys_and_variables(form: Form) -> None:
    base, other = page_texts(Form.NL_U), page_texts(form)
    assert other.sentences.keys() == base.sentences.keys()
    assert len(other.months) == 12
    for key, sentence in base.sentences.items():
        assert variables(other.sentences[key]) == variables(sentence), key


@pytest.mark.parametrize("form", [Form.NL_JE, Form.NL_U])
def test_no_sentence_mixes_forms_of_address(form: Form) -> None:
    found = {key: wrong_form(form, sentence) for key, sentence in page_texts(form).sentences.items()}
    assert not any(found.values()), {key: value for key, value in found.items() if value}


def test_every_sentence_is_used_and_every_used_one_exists() -> None:
    code = "".join(path.read_text() for path in (TEMPLATES.parent / "requester").glob("*.py"))
    pages = "".join((TEMPLATES / f"{name}.html").read_text() for name in REQUESTER_PAGES)
    used = set(re.findall(r"'((?:common|case|download|privacy)\.\w+)'", pages))
    used |= set(re.findall(r'"((?:common|case|download|privacy)\.\w+)"', code))
    used |= {f"case.{state}" for state in RequestState if state is not RequestState.RECEIVED}
    assert used == set(page_texts(Form.NL_U).sentences)


@pytest.mark.parametrize(
    ("known", "values"),
    [
        (words.LABELS, Label),
        (words.STATES, RequestState),
        (words.AWAITING, Awaiting),
        (words.WORK, WorkKind),
        (words.WORK_SHORT, WorkKind),
        (words.AWAITED, Awaited),
        (words.TERMS, DeadlineKind),
        (words.DECISIONS, Decision),
        (words.DRAFTS, DraftStatus),
        (words.SENDINGS, OutboxStatus),
        (words.MAIL_KINDS, OutboxKind),
        (words.CHANNELS, ChannelKind),
        (words.FINDINGS, FindStatus),
        (letter_words.GROUNDS, RefusalGround),
        (words.FLAGS, Flag),
    ],
)
def test_every_stored_value_has_a_word(known: dict[str, str], values: type[StrEnum]) -> None:
    missing = [value.value for value in values if value.value not in known]
    assert not missing


def test_levels_proofs_acts_facts_and_blocks_have_words() -> None:
    assert set(words.ASSURANCE) == {level.value for level in Assurance}
    assert {fact for facts in GROUND_FACTS.values() for fact in facts} == set(letter_words.GROUND_FACTS)
    assert {kind for kinds in REQUIRED.values() for kind in kinds} <= set(letter_words.BLOCKS)
    assert {purpose.value for purpose in CodePurpose} - {"download"} <= set(words.EVIDENCE)
    of_a_case = {tag.value for tag in AuditTag if not tag.value.startswith(("staff.", "channel."))}
    assert of_a_case <= set(words.AUDIT)


def test_details_of_work_are_words() -> None:
    assert words.detail("wants_human,also_other") == "wil een mens, vraagt ook iets anders"
    assert words.detail("crm") == "crm"
    assert words.detail("") == ""
