"""The five policies load and say what they may say; broken ones are in `test_policy_broken`."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from cases.policy import (
    DEFAULT_LEVELS,
    Basis,
    Condition,
    IdCopy,
    Policy,
    RetentionSource,
    contact_problems,
    kept_until,
    level_needed,
    load_policy,
    portable,
    promises_for,
    retention_for,
    sentences,
    service_days,
    with_contact,
)
from cases.policy_check import difference_report, never_said, problems, statement_changed, wrong_form
from cases.types import STATUTORY, Assurance, Form, Label

FOLDER = Path(__file__).parents[2] / "policies"
TEXTS = {path.stem: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.toml"))}
POLICIES = {key: load_policy(text, file=f"{key}.toml") for key, text in TEXTS.items()}
WHATNEXT = TEXTS["whatnext"]
# Recorded when each statement was read.
DIGESTS = {
    "nexxt": "b096b7e134abab380d4e5a195c6cee96e471a538a66f8705193c04879dffe337",
    "webanizr": "2b21bd47622dee7f2079103c1d823ce8f06306e794ee09a2c0a81ce2b2e16d81",
    "weservit": "9d2587bc67425f902ebbc32b1e1047f4db4494fd29ca01d87d3c033d2698958b",
    "whatnext": "682ee37a7ed3ac04ca8d8d166f4ae3e902c79e5edcca94b7e3efc9d6f89447aa",
    "winkeltjes": "5be3bd247128c48a656160e884d14785816ffb65df19d1b06f0bd0bfbb346256",
}
FORMS = {
    "nexxt": Form.NL_U,
    "webanizr": Form.NL_JE,
    "weservit": Form.NL_U,
    "whatnext": Form.NL_JE,
    "winkeltjes": Form.NL_JE,
}
# One row for each point where the statement and the law part ways.
DIFFERENCES = {
    "whatnext": "future_system former_customers_only four_fields two_weeks mailings_optout archived_data "
    "domain_contacts",
    "weservit": "consent_for_contract seven_years outdated_only advertising_opt_in text_slips profiling_consent "
    "authority_name processor_role",
    "nexxt": "erasure_without_exceptions one_year lifting_restriction restriction_exceptions cookies_default_on "
    "passwords portability_without_limits social_networks",
    "webanizr": "information_missing erasure_without_exceptions not_responsible three_systems implied_consent "
    "sub_processor",
    "winkeltjes": "id_copy telecom_retention seven_years law_name police_request com_consent photo_not_named",
}
# Parts that only staff read; they quote the statement, wrong words included.
STAFF_ONLY = {"never_say", "blocked_why", "words", "section", "key", "statement"}
each = pytest.mark.parametrize("key", sorted(FORMS))


def told(value: Any, inside: str = "") -> Iterator[str]:
    """Every string in the raw file that a requester may read, found without the program's own list."""
    if isinstance(value, dict):
        for key, part in value.items():
            if key not in STAFF_ONLY and (inside != "differences" or key == "proposed"):
                yield from told(part, inside or key)
    elif isinstance(value, list):
        for part in value:
            yield from told(part, inside)
    elif isinstance(value, str):
        yield value


# The five ------------------------------------------------------------------------------------------------------------


def test_all_five_are_there_and_load() -> None:
    assert sorted(POLICIES) == sorted(FORMS)


@each
def test_key_form_and_statement(key: str) -> None:
    policy = POLICIES[key]
    assert (policy.key, policy.form) == (key, FORMS[key])
    assert policy.statement.sha256 == DIGESTS[key]
    assert policy.statement.file == f"{key}.txt"


@each
def test_version_is_the_digest_of_the_file(key: str) -> None:
    digest = hashlib.sha256(TEXTS[key].encode()).hexdigest()
    assert POLICIES[key].version == f"{POLICIES[key].valid_from}-{digest[:16]}"
    assert load_policy(TEXTS[key] + "\n# a note\n", file="x").version != POLICIES[key].version


@each
def test_forbidden_words_are_in_no_sentence_that_is_sent(key: str) -> None:
    forbidden = re.compile(
        r"dashboard|klanteninformatie|bewaarplicht|telecomgegevens|wettelijke bewaartermijn|"
        r"(alles|minimaal|alle gegevens) (7|zeven) jaar",
        re.IGNORECASE,
    )
    texts = list(told(tomllib.loads(TEXTS[key])))
    assert len(texts) > 80
    assert [text for text in texts if forbidden.search(text)] == []
    assert [text for text in texts if never_said(POLICIES[key], text)] == []


@each
def test_every_text_keeps_the_form_of_the_house(key: str) -> None:
    wrong = r"\b(u|uw)\b" if FORMS[key] is Form.NL_JE else r"\b(je|jij|jou|jouw|jullie)\b"
    texts = list(told(tomllib.loads(TEXTS[key])))
    assert [text for text in texts if re.search(wrong, text, re.IGNORECASE)] == []
    right = r"\b(je|jij|jouw?)\b" if FORMS[key] is Form.NL_JE else r"\b(u|uw)\b"
    assert sum(bool(re.search(right, text, re.IGNORECASE)) for text in texts) > 30


@each
def test_the_list_of_sentences_misses_none(key: str) -> None:
    listed = {text for _, text in sentences(POLICIES[key])}
    long = {text for text in told(tomllib.loads(TEXTS[key])) if text.count(" ") > 5}
    proposed = {row.proposed for row in POLICIES[key].differences}
    assert {" ".join(text.split()) for text in long - proposed} <= {" ".join(text.split()) for text in listed}


@each
def test_every_known_difference_has_its_row(key: str) -> None:
    policy = POLICIES[key]
    assert set(DIFFERENCES[key].split()) <= {row.key for row in policy.differences}
    report = difference_report(policy)
    for row in policy.differences:
        assert all(text in report for text in (row.says, row.law, row.does, row.proposed))


@each
def test_a_legal_term_covers_the_books_only(key: str) -> None:
    by_law = {rule.category for rule in POLICIES[key].retention if rule.source is RetentionSource.LAW}
    assert by_law <= {"invoices", "payment"}
    assert "invoices" in by_law
    for category in by_law:
        (rule,) = retention_for(POLICIES[key], category)
        assert (rule.years, rule.law) == (7, "artikel 52 lid 4 AWR")


@each
def test_orders_never_rest_on_consent(key: str) -> None:
    for purpose in POLICIES[key].purposes:
        if {"orders", "invoices", "login", "platform", "domain"} & set(purpose.categories):
            assert purpose.basis in {Basis.CONTRACT, Basis.LEGAL_DUTY, Basis.LEGITIMATE_INTEREST}


@each
def test_what_is_to_be_put_right_is_no_wording(key: str) -> None:
    keys = {problem.split(":")[0].split(" ")[0].split("[")[0] for problem in problems(POLICIES[key])}
    assert keys <= {"contact.email", "contact.address", "contact.hours", "recipients", "identity.id_copy_in_statement"}


def test_promises_of_the_statements() -> None:
    (promise,) = promises_for(POLICIES["whatnext"], Label.VERWIJDERING)
    assert (promise.days, promise.condition) == (14, Condition.FORMER_CUSTOMER)
    with_days = {p.label for policy in POLICIES.values() for p in policy.promises if p.days is not None}
    assert with_days == {Label.VERWIJDERING}


def test_an_id_copy_is_never_a_default_step() -> None:
    winkeltjes = POLICIES["winkeltjes"]
    assert winkeltjes.identity.id_copy is IdCopy.NAMED_DOUBT
    assert any(problem.startswith("identity.id_copy_in_statement") for problem in problems(winkeltjes))
    assert all(p.identity.id_copy is IdCopy.OFF for key, p in POLICIES.items() if key != "winkeltjes")
    assert not {"bsn", "iban", "birth_date"} & {fact for p in POLICIES.values() for fact in p.identity.may_use}


def test_statements_without_contact_data_are_reported_and_can_be_filled_in() -> None:
    missing = {key: [p.split(":")[0] for p in contact_problems(policy)] for key, policy in POLICIES.items()}
    assert missing == {
        "nexxt": ["contact.email", "contact.address"],
        "webanizr": ["contact.email", "contact.address"],
        "weservit": ["contact.hours"],
        "whatnext": [],
        "winkeltjes": ["contact.hours"],
    }
    filled = with_contact(POLICIES["webanizr"], email="info@webanizr.example", address=("Voorbeeldstraat 1",))
    assert contact_problems(filled) == []
    assert filled.contact.email == "info@webanizr.example"
    assert POLICIES["webanizr"].contact.email == ""


# Questions asked of a policy ------------------------------------------------------------------------------------------


def test_levels_come_from_the_design_unless_the_policy_asks_more() -> None:
    assert {level_needed(POLICIES["nexxt"], label) for label in STATUTORY} == {
        Assurance.ADDRESS_CLAIMED,
        Assurance.MAILBOX_PROVEN,
        Assurance.CODE_TO_KNOWN_ADDRESS,
    }
    assert set(DEFAULT_LEVELS) == set(Label)
    text = WHATNEXT.replace('id_copy = "off"', 'id_copy = "off"\nlevels = { inzage = "second_factor" }')
    policy = load_policy(text, file="x")
    assert level_needed(policy, Label.INZAGE) is Assurance.SECOND_FACTOR
    assert level_needed(policy, Label.CORRECTIE) is Assurance.CODE_TO_KNOWN_ADDRESS


def test_service_days_have_defaults_that_a_policy_can_change() -> None:
    assert service_days(POLICIES["whatnext"], Label.VRAAG) == 5
    assert service_days(POLICIES["whatnext"], Label.AFMELDEN) == 1
    assert service_days(POLICIES["whatnext"], Label.INZAGE) is None
    changed = load_policy(WHATNEXT + "\n[service_days]\nvraag = 2\n", file="x")
    assert (service_days(changed, Label.VRAAG), service_days(changed, Label.KLACHT)) == (2, 5)


def test_kept_until() -> None:
    (invoices,) = retention_for(POLICIES["whatnext"], "invoices")
    assert kept_until(invoices, date(2023, 1, 1)) == date(2030, 12, 31)
    assert kept_until(invoices, date(2023, 12, 31)) == date(2030, 12, 31)
    (contact,) = retention_for(POLICIES["nexxt"], "contact")
    assert kept_until(contact, date(2024, 2, 29)) == date(2025, 2, 28)
    assert kept_until(contact, date(2024, 6, 1)) == date(2025, 6, 1)
    (open_ended,) = retention_for(POLICIES["whatnext"], "contact")
    assert kept_until(open_ended, date(2024, 6, 1)) is None


def test_portable_is_what_the_person_gave_on_consent_or_contract() -> None:
    policy: Policy = POLICIES["weservit"]
    found = {category.key for category in policy.categories if portable(policy, category)}
    assert {"contact", "orders", "statistics", "location"} <= found
    assert not {"profile", "invoices", "portal_log", "requests"} & found


def test_a_changed_statement_is_seen() -> None:
    content = b"Privacyverklaring"
    digest = hashlib.sha256(content).hexdigest()
    policy = load_policy(WHATNEXT.replace(DIGESTS["whatnext"], digest), file="x")
    assert not statement_changed(policy, content)
    assert statement_changed(policy, content + b".")


def test_words_that_may_never_be_said_are_found_across_lines_and_capitals() -> None:
    assert never_said(POLICIES["winkeltjes"], "volgens de Wet\n  Bewaarplicht   Telecomgegevens") == (
        "bewaarplicht telecom",
        "telecomgegevens",
    )
    assert never_said(POLICIES["whatnext"], "In je Dashboard") == ("dashboard",)
    assert never_said(POLICIES["whatnext"], "Wij wissen je gegevens.") == ()


def test_wrong_form_looks_at_whole_words() -> None:
    assert wrong_form(Form.NL_JE, "Stuur uw bericht")
    assert wrong_form(Form.NL_U, "Stuur je bericht")
    assert not wrong_form(Form.NL_JE, "Nu duurt het een uur")
    assert not wrong_form(Form.NL_U, "Uw projecten")
    assert not wrong_form(Form.EN, "You and u and je")


def test_wording_problems_are_reported_with_their_key() -> None:
    text = WHATNEXT.replace("Je hebt de gegevens zelf aan ons gegeven", "U ziet ze in uw dashboard; u gaf ze zelf")
    found = [problem for problem in problems(load_policy(text, file="x")) if problem.startswith("source_of_data")]
    assert len(found) == 2
