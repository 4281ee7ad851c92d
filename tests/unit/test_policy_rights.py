"""What a policy says about the rights: advertising, claimed consent, taking data along, computers that decide."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cases.errors import ConfigError
from cases.policy import AutomatedDecisions, Basis, load_policy, portable, sentences
from cases.policy_check import problems
from tests.support.case_files import ORGANISATIONS, policy_of
from tests.unit.test_policy import WHATNEXT


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("marketing = true", "marketing = 1", "purposes[6].marketing"),
        (
            'basis = "6(1)(a)"\n',
            'basis = "6(1)(a)"\nclaimed_consent = true\n',
            "purposes[8].claimed_consent",
        ),
        ('name = "WhatNext"', 'name = "WhatNext"\nrestriction_review_days = 0', "restriction_review_days"),
    ],
)
def test_a_value_that_can_not_be_is_refused(old: str, new: str, key: str) -> None:
    assert old in WHATNEXT
    with pytest.raises(ConfigError) as caught:
        load_policy(WHATNEXT.replace(old, new, 1), file="x.toml")
    assert caught.value.key == key


@pytest.mark.parametrize("organisation", ORGANISATIONS)
def test_advertising_never_rests_on_contract_or_duty(organisation: str) -> None:
    for purpose in policy_of(organisation).purposes:
        assert not purpose.marketing or purpose.basis in (Basis.CONSENT, Basis.LEGITIMATE_INTEREST)
        assert not (purpose.marketing and purpose.claimed_consent)


def test_what_a_statement_only_calls_consent_is_marked() -> None:
    claimed = {name: [p.key for p in policy_of(name).purposes if p.claimed_consent] for name in ORGANISATIONS}
    assert claimed["weservit"] == ["orders", "administration", "account", "portal_evidence", "contact_form"]
    assert claimed["winkeltjes"] == ["domain_registration"]
    assert claimed["whatnext"] == claimed["nexxt"] == claimed["webanizr"] == []


def test_a_promise_without_limits_takes_along_all_that_was_provided() -> None:
    policy = policy_of("nexxt")
    assert policy.portable_all
    provided = [category for category in policy.categories if category.provided]
    assert all(portable(policy, category) for category in provided)
    assert not all(portable(replace(policy, portable_all=False), category) for category in provided)


def test_a_computer_that_decides_has_to_be_explained() -> None:
    policy = replace(policy_of("whatnext"), automated_decisions=AutomatedDecisions(used=True, text="Ja."))
    assert any(line.startswith("automated_decisions.logic") for line in problems(policy))
    explained = replace(policy, automated_decisions=replace(policy.automated_decisions, logic="Het telt bedragen op."))
    assert not any(line.startswith("automated_decisions.logic") for line in problems(explained))
    assert ("automated_decisions.logic", "Het telt bedragen op.") in sentences(explained)
