"""The fate of a record: what a law, a claim or a contract keeps, until when, and what goes all the same."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from cases.erasure import CLAIM_LAW, KeptFor, Standing, Verdict, fate, law_of, standing_of, wait_before_erasing
from cases.errors import ConfigError
from cases.policy import ErasureRules, Policy, RetentionRule, RetentionSource, RetentionStart, load_policy
from cases.protocols import FieldInfo, FindStatus, Found, SourceRole, TableInfo, Value
from cases.types import Fate, Verb
from tests.support.case_files import ORGANISATIONS, policy_of

TODAY = date(2027, 2, 10)
FORMER = Standing(running=False, until=date(2026, 6, 30))
RUNNING = Standing(running=True)
ALL = frozenset({Verb.ERASE, Verb.ANONYMISE, Verb.CORRECT})
AWR = "artikel 52 lid 4 AWR"


def table(*fields: FieldInfo, can: frozenset[Verb] = ALL) -> TableInfo:
    return TableInfo("t", "Tabel", SourceRole.CONTROLLER, fields, can=can)


NAME = FieldInfo("name", "Naam", "contact")
PHONE = FieldInfo("phone", "Telefoon", "contact", corrects="phone")
IP = FieldInfo("ip", "IP-adres", "ip")
LOGIN = FieldInfo("password", "Wachtwoord", "login", secret=True)
AMOUNT = FieldInfo("amount", "Bedrag", "invoices", identifies=False)
BILLED = FieldInfo("billed", "Op naam van", "invoices")
INVOICE = table(AMOUNT, BILLED)
PERSON: dict[str, Value] = {"name": "Sanne", "phone": "+31612345678", "ip": "192.0.2.1", "password": True}
BOOKED: dict[str, Value] = {"amount": 12.5, "billed": "Sanne"}


def judged(
    info: TableInfo,
    row: dict[str, Value],
    day: date | None = None,
    *,
    policy: Policy | None = None,
    today: date = TODAY,
    standing: Standing = FORMER,
) -> Verdict:
    return fate(info, row, day, policy or policy_of("winkeltjes"), today, standing)


# --- the law ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("organisation", ORGANISATIONS)
@pytest.mark.parametrize(
    ("day", "until"),
    [
        (date(2026, 1, 1), date(2033, 12, 31)),
        (date(2026, 12, 31), date(2033, 12, 31)),
        (date(2020, 2, 29), date(2027, 12, 31)),
        (date(2027, 2, 10), date(2034, 12, 31)),
    ],
)
def test_an_invoice_of_year_y_stays_until_the_last_day_of_y_plus_7(organisation: str, day: date, until: date) -> None:
    verdict = judged(INVOICE, BOOKED, day, policy=policy_of(organisation))
    assert verdict == Verdict(Fate.KEEP, "invoices", (), KeptFor.LAW, AWR, until)


@pytest.mark.parametrize(
    ("today", "expected"), [(date(2033, 12, 31), Fate.KEEP), (date(2034, 1, 1), Fate.ERASE)], ids=["last", "over"]
)
def test_a_term_holds_on_its_last_day_and_no_longer(today: date, expected: Fate) -> None:
    assert judged(INVOICE, BOOKED, date(2026, 5, 1), today=today).fate is expected


def test_what_the_law_does_not_cover_goes_out_of_a_kept_record() -> None:
    verdict = judged(table(AMOUNT, BILLED, PHONE, IP, LOGIN), BOOKED | PERSON, date(2026, 5, 1))
    assert verdict.fate is Fate.KEEP
    assert verdict.columns == ("phone", "ip", "password")


def test_a_category_under_law_that_is_empty_here_keeps_nothing() -> None:
    assert judged(table(NAME, BILLED), {"name": "Sanne", "billed": " "}).fate is Fate.ERASE


def test_the_longer_of_two_terms_of_law_counts() -> None:
    """One-stop-shop sales: ten years (Reg. 282/2011 art. 63c) beside the seven of the books."""
    policy = policy_of("winkeltjes")
    law, from_year = "artikel 63 quater", RetentionStart.END_OF_YEAR
    oss = RetentionRule("orders", "x", RetentionSource.LAW, from_year, years=10, law=law)
    both = replace(policy, retention=(*policy.retention, oss, replace(oss, category="invoices")))
    assert law_of(both, "invoices", date(2026, 3, 1), TODAY) == (date(2036, 12, 31), law)
    order = table(FieldInfo("article", "Artikel", "orders"), BILLED)
    verdict = judged(order, {"article": "x", "billed": "y"}, date(2026, 3, 1), policy=both)
    assert (verdict.ends_on, verdict.law) == (date(2036, 12, 31), law)


def test_a_leap_day_counts_to_the_last_of_february() -> None:
    policy = policy_of("winkeltjes")
    rule = RetentionRule("orders", "x", RetentionSource.LAW, RetentionStart.COLLECTED, years=1, law="een wet")
    changed = replace(policy, retention=(*policy.retention, rule))
    order = table(FieldInfo("article", "Artikel", "orders"))
    until = judged(order, {"article": "x"}, date(2024, 2, 29), policy=changed, today=date(2024, 3, 1)).ends_on
    assert until == date(2025, 2, 28)


@pytest.mark.parametrize(
    ("standing", "until"),
    [(FORMER, date(2033, 12, 31)), (RUNNING, date(2034, 12, 31)), (Standing(), date(2034, 12, 31))],
)
def test_without_a_day_the_term_counts_from_the_latest_day_possible(standing: Standing, until: date) -> None:
    assert judged(INVOICE, BOOKED, None, standing=standing).ends_on == until


@pytest.mark.parametrize("organisation", ORGANISATIONS)
def test_a_promise_or_a_need_of_our_own_never_keeps_anything(organisation: str) -> None:
    policy = policy_of(organisation)
    by_law = {rule.category for rule in policy.retention if rule.source is RetentionSource.LAW}
    for category in policy.categories:
        field = FieldInfo("x", "X", category.key)
        kept = judged(table(field), {"x": "waarde"}, TODAY, policy=policy).fate is Fate.KEEP
        assert kept is (category.key in by_law), category.key


@pytest.mark.parametrize("category", ["traffic", "usage", "ip"])
def test_traffic_data_are_never_kept(category: str) -> None:
    """The telecom retention law has been out of operation since 2015 and never was a ground for a host."""
    assert judged(table(FieldInfo("x", "X", category)), {"x": "1"}, TODAY).fate is Fate.ERASE


# --- claim and contract -----------------------------------------------------------------------------------------------


def test_an_open_invoice_keeps_what_collecting_it_needs_and_is_looked_at_again() -> None:
    owing = Standing(running=False, open_invoices=("€ 45,00",))
    verdict = judged(table(NAME, PHONE, IP), PERSON, standing=owing)
    review = TODAY + timedelta(days=91)
    assert verdict == Verdict(Fate.KEEP, "contact", ("ip",), KeptFor.CLAIM, CLAIM_LAW, review)
    assert judged(table(IP), PERSON, standing=owing).fate is Fate.ERASE


def test_a_running_contract_keeps_what_it_needs_and_nothing_else() -> None:
    stats = FieldInfo("stats", "Bezoek", "statistics")
    verdict = judged(table(NAME, PHONE, stats), PERSON, standing=RUNNING)
    assert verdict.kept_for is KeptFor.CONTRACT
    assert verdict.columns == ("phone", "stats")
    assert verdict.ends_on is None
    assert judged(table(stats), {"stats": "x"}, standing=RUNNING).fate is Fate.ERASE


def test_a_contract_with_an_end_keeps_until_that_day() -> None:
    ending = replace(RUNNING, until=date(2027, 5, 1))
    assert judged(table(NAME), PERSON, standing=ending).ends_on == date(2027, 5, 1)
    assert judged(table(NAME), PERSON, standing=ending, today=date(2027, 5, 2)).fate is Fate.ERASE


def test_law_goes_before_claim_and_claim_before_contract() -> None:
    standing = replace(RUNNING, open_invoices=("€ 1",))
    assert judged(table(NAME, BILLED), PERSON | BOOKED, TODAY, standing=standing).kept_for is KeptFor.LAW
    assert judged(table(NAME), PERSON, standing=standing).kept_for is KeptFor.CLAIM


def test_a_contract_does_not_keep_a_book_past_its_term() -> None:
    assert judged(INVOICE, BOOKED, date(2018, 5, 1), standing=RUNNING).fate is Fate.ERASE
    with_name = table(AMOUNT, NAME)
    assert judged(with_name, BOOKED | PERSON, date(2018, 5, 1), standing=RUNNING).fate is Fate.KEEP
    sent = replace(with_name, issued=True)
    assert judged(sent, BOOKED | PERSON, date(2018, 5, 1), standing=RUNNING).fate is Fate.ERASE


# --- nothing holds it -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("can", "anonymise", "expected"),
    [
        (ALL, (), Verdict(Fate.ERASE)),
        (ALL, ("contact",), Verdict(Fate.ANONYMISE, columns=("name", "phone"))),
        (ALL, ("ip",), Verdict(Fate.ERASE)),
        (frozenset({Verb.ANONYMISE}), (), Verdict(Fate.ANONYMISE, columns=("name", "phone"))),
        (frozenset({Verb.ERASE}), ("contact",), Verdict(Fate.ERASE)),
        (frozenset(), (), Verdict(Fate.ERASE)),  # by hand
    ],
)
def test_erased_or_anonymised_as_promised_and_possible(
    can: frozenset[Verb], anonymise: tuple[str, ...], expected: Verdict
) -> None:
    policy = replace(policy_of("winkeltjes"), erasure=ErasureRules(anonymise=anonymise))
    kind = FieldInfo("kind", "Soort", "contact", identifies=False)
    assert judged(table(NAME, PHONE, kind, can=can), PERSON, policy=policy) == expected


def test_whatnext_makes_a_former_customer_anonymous_with_all_that_stands_there() -> None:
    info = table(NAME, PHONE, IP, FieldInfo("iban", "IBAN", "bank"))
    verdict = judged(info, PERSON, policy=policy_of("whatnext"))
    assert verdict == Verdict(Fate.ANONYMISE, columns=("name", "phone", "ip", "iban"))


@pytest.mark.parametrize(
    "line",
    [
        'anonymise = ["nothing"]',
        'claim_needs = ["nothing"]',
        "wait_days = -1",
        "claim_review_days = 0",
        "keep_all = true",
    ],
)
def test_rules_that_can_not_be_right_are_refused(line: str) -> None:
    text = (Path(__file__).parents[2] / "policies" / "weservit.toml").read_text(encoding="utf-8")
    key = line.split(maxsplit=1)[0]
    kept = re.sub(rf"(?m)^{key} = .*$", "", text)
    with pytest.raises(ConfigError) as caught:
        load_policy(kept.replace("[erasure]", f"[erasure]\n{line}"), file="weservit.toml")
    assert caught.value.line


# --- who it is about --------------------------------------------------------------------------------------------------


def answer(**facts: str) -> Found:
    return Found("x", FindStatus.FOUND, facts=facts)


def test_running_in_one_system_is_running() -> None:
    former, running = answer(customer="former", customer_until="2026-01-01"), answer(customer="running")
    assert standing_of([former, running]) == Standing(running=True)
    assert standing_of([former, answer()]) == Standing(running=False, until=date(2026, 1, 1))
    assert standing_of([answer()]) == Standing()
    assert standing_of([answer()], "former").running is False


def test_the_last_contract_decides_when_it_ends() -> None:
    ends = [answer(customer="running", customer_until=day) for day in ("2027-03-01", "2027-09-01")]
    assert standing_of(ends).until == date(2027, 9, 1)
    assert standing_of([*ends, answer(customer="running")]).until is None


def test_open_invoices_are_named_per_system() -> None:
    assert standing_of([answer(open_invoices="€ 45,00"), answer()]).open_invoices == ("€ 45,00",)


@pytest.mark.parametrize(
    ("told", "days"),
    [
        (date(2027, 3, 2), 3),
        (date(2027, 2, 14), 3),
        (date(2027, 2, 13), 2),
        (date(2027, 2, 11), 0),
        (date(2027, 2, 1), 0),
    ],
)
def test_the_wait_is_over_before_the_promise(told: date, days: int) -> None:
    assert wait_before_erasing(policy_of("whatnext"), TODAY, told) == timedelta(days=days)
