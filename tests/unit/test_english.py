"""Letters in English hold the policy's names in English: nothing of the Dutch is left over in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from bot.sample_letters import sample_letters
from cases.english import in_english, systems_in_english
from cases.letters import Block
from cases.policy import Policy
from cases.types import Form
from handlers.wording import load_texts
from tests.support.case_files import CRM, ORGANISATIONS, policy_of

# Words that stand in nearly every Dutch sentence and in no English one.
_DUTCH = re.compile(
    r"\b(de|het|een|en|van|niet|voor|met|zijn|ons|onze|u|uw|je|jouw|wij|gegevens|bij|naar|zolang|daarna|artikel|lid|"
    r"onder|AVG|nog|ook|wordt|worden|geen|tot|aan)\b"
)
_NO_PROSE = re.compile(r'https?://\S+|\[[^\]]*\]|"[^"]*"')  # addresses, samples of staff's words, quotations


def said(block: Block) -> Iterator[str]:
    yield from (block.heading, *block.text, *block.items)
    yield from (cell for row in block.table.rows for cell in row) if block.table is not None else ()


@pytest.mark.parametrize("organisation", ORGANISATIONS)
def test_no_dutch_is_left_in_an_english_letter(organisation: str) -> None:
    """But for approved answers: staff translate those, the program never sends one in English."""
    samples = sample_letters(policy_of(organisation), load_texts(Form.EN))
    letters = [sample.letter for sample in samples if not sample.title.startswith("vraag")]
    assert len(letters) > 50
    words = {text for letter in letters for block in letter.blocks for text in said(block)}
    assert sorted(text for text in words if _DUTCH.search(_NO_PROSE.sub("", text))) == []


@pytest.mark.parametrize("organisation", ORGANISATIONS)
def test_only_what_is_read_changes(organisation: str) -> None:
    policy = policy_of(organisation)
    english = in_english(policy)
    assert [one.key for one in english.categories] == [one.key for one in policy.categories]
    assert [one.words for one in english.purposes] == [one.words for one in policy.purposes]
    assert [(one.years, one.source) for one in english.retention] == [(r.years, r.source) for r in policy.retention]
    assert {one.law for one in english.retention} == {"", "article 52(4) of the General State Taxes Act (AWR)"}
    assert english.version == policy.version


def test_what_has_no_english_name_stays_as_it_is() -> None:
    policy: Policy = replace(policy_of("whatnext"), english={"Klantenbestand": "Customer file"})
    assert in_english(policy) == policy
    (crm,) = systems_in_english((CRM,), policy.english)
    assert (crm.label, crm.name) == ("Customer file", "crm")
    assert [one.label for one in crm.tables[0].fields] == ["Naam", "IBAN", "Wachtwoord"]


@pytest.mark.parametrize("organisation", ORGANISATIONS)
def test_every_english_name_is_of_something(organisation: str) -> None:
    """A sentence that was changed in the policy and not under `[english]` would fall back to Dutch, unseen."""
    policy = policy_of(organisation)
    used = in_english(policy)
    replaced = {value for value in policy.english.values() if value in repr(used).replace("\\'", "'")}
    assert set(policy.english.values()) - replaced == set()
