"""Every letter of every organisation, for every outcome: its required blocks, the form of address, no wrong word."""

from __future__ import annotations

import re

import pytest

from bot.sample_letters import Sample, sample_letters
from cases.policy_check import never_said
from cases.types import Form
from handlers.refusals import forbidden
from handlers.wording import load_texts, wrong_form
from render.letter import LetterContext, letter_html, letter_text
from tests.support.case_files import ORGANISATIONS, policy_of

CASES = [(name, form) for name in ORGANISATIONS for form in (policy_of(name).form, Form.EN)]


@pytest.fixture(scope="module")
def samples() -> dict[tuple[str, Form], tuple[Sample, ...]]:
    return {(name, form): sample_letters(policy_of(name), load_texts(form)) for name, form in CASES}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]}-{case[1]}")
def test_every_letter_has_its_blocks_and_the_right_words(
    case: tuple[str, Form], samples: dict[tuple[str, Form], tuple[Sample, ...]]
) -> None:
    name, form = case
    policy, found = policy_of(name), samples[case]
    assert len(found) > 60
    for sample in found:
        assert sample.lacking == (), sample.title
        text = letter_text(sample.letter, LetterContext(policy.name))
        said = Form.NL_JE if sample.title == "aan een kind" and form is not Form.EN else form
        assert sample.letter.form is said
        if form is not Form.EN:  # names, titles and answers of a policy are Dutch in an English letter too
            assert wrong_form(said, text) == (), sample.title
        assert forbidden(sample.letter, policy) == (), sample.title
        assert never_said(policy, text) == (), sample.title
        assert not re.search(r"\{\w*\}", text), sample.title  # a variable that nobody filled
        assert ".." not in text.replace("...", ""), sample.title
        assert letter_html(sample.letter, LetterContext(policy.name)).count("<html") == 1


def test_titles_are_unique(samples: dict[tuple[str, Form], tuple[Sample, ...]]) -> None:
    for found in samples.values():
        titles = [sample.title for sample in found]
        assert len(set(titles)) == len(titles)
