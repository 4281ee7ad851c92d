"""Erasure from findings to plan and letter: every record accounted for, reasons with dates, done only when done."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from cases.errors import InputError
from cases.letters import BlockKind, Letter, missing, slots
from cases.protocols import FieldInfo, FindStatus, Found, FoundTable, Identifier, SourceInfo, SourceRole, TableInfo
from cases.types import ActionStatus, Decision, Fate, Form, Label, Verb
from handlers.base import CaseFile, Prepared
from handlers.outcomes import Result, fill_outcomes
from handlers.refusals import forbidden
from handlers.registry import HANDLERS
from handlers.wording import wrong_form
from render.letter import LetterContext, letter_text
from tests.support.case_files import ADDRESS, ORGANISATIONS, case_file, nothing_in

ALL = frozenset({Verb.ERASE, Verb.ANONYMISE, Verb.CORRECT})
PEOPLE = TableInfo(
    "customers",
    "Klanten",
    SourceRole.CONTROLLER,
    (
        FieldInfo("name", "Naam", "contact"),
        FieldInfo("phone", "Telefoon", "contact", corrects="phone"),
        FieldInfo("since", "Klant sinds", "contact", identifies=False),
    ),
    can=ALL,
)
LOGINS = TableInfo(
    "logins", "Account", SourceRole.CONTROLLER, (FieldInfo("user", "Gebruiker", "login"),), can=ALL, login=True
)
VISITORS = TableInfo("visitors", "Bezoekers", SourceRole.PROCESSOR, (FieldInfo("who", "Wie", "contact"),), can=ALL)
BILLS = TableInfo(
    "invoices",
    "Facturen",
    SourceRole.CONTROLLER,
    (FieldInfo("amount", "Bedrag", "invoices", identifies=False), FieldInfo("phone", "Telefoon", "contact")),
    can=frozenset({Verb.ERASE, Verb.ANONYMISE}),
    issued=True,
)
NEWS = TableInfo(
    "news",
    "Nieuwsbrief",
    SourceRole.CONTROLLER,
    (FieldInfo("email", "Mailadres", "mailing"),),
    can=frozenset({Verb.ERASE, Verb.OPT_OUT}),
)
SHOP = SourceInfo("shop", "Klantenbestand", (PEOPLE, LOGINS, VISITORS))
BOOKS = SourceInfo("books", "Boekhouding", (BILLS,))
LIST = SourceInfo("list", "Mailinglijst", (NEWS,))
CUSTOMER = FoundTable("customers", ("name", "phone", "since"), (("Sanne", "+31612345678", "2020"),), ("17",))
LOGIN = FoundTable("logins", ("user",), (("sanne",),), ("9",))
OLD, RECENT = date(2018, 5, 1), date(2026, 5, 1)
INVOICES = FoundTable("invoices", ("amount", "phone"), ((10, "+31612345678"), (20, None)), ("1", "2"), (OLD, RECENT))
SUBSCRIBED = FoundTable("news", ("email",), ((ADDRESS,),), ("a",))
FORMER = {"customer": "former", "customer_until": "2026-06-30"}
RUNNING = {"customer": "running"}
EMAIL = Identifier("email", ADDRESS, True)


def found(facts: dict[str, str] | None = None, **instead: Found) -> dict[str, Any]:
    """Three systems with something in each; `instead` replaces the answer of one."""
    answers = {
        "shop": Found("shop", FindStatus.FOUND, (CUSTOMER, LOGIN), (EMAIL,), facts=FORMER if facts is None else facts),
        "books": Found("books", FindStatus.FOUND, (INVOICES,), (EMAIL,)),
        "list": Found("list", FindStatus.FOUND, (SUBSCRIBED,), (EMAIL,)),
    } | instead
    return {"sources": (SHOP, BOOKS, LIST), "found": tuple(answers.values())}


def erase(organisation: str = "winkeltjes", **changes: Any) -> tuple[CaseFile, Prepared]:
    file = case_file(Label.VERWIJDERING, organisation, **(found() | {"as_understood": "Graag alles wissen."} | changes))
    return file, HANDLERS[Label.VERWIJDERING].prepare(file)


def said(letter: Letter, *kinds: BlockKind) -> str:
    only = Letter("", letter.form, tuple(part for part in letter.blocks if part.kind in kinds))
    return letter_text(only, LetterContext("X"))


NO_INVOICES = Found("books", FindStatus.NOTHING, used=(EMAIL,))
RECENT_ONLY = replace(INVOICES, rows=((20, None),), keys=("2",), days=(RECENT,))
SITUATIONS: dict[str, tuple[dict[str, Any], Decision]] = {
    "former, invoices stay": (found(), Decision.PARTLY),
    "former, all goes": (found(books=NO_INVOICES), Decision.GRANTED),
    "open invoice": (found(FORMER | {"open_invoices": "€ 45,00"}), Decision.PARTLY),
    "nobody knows": (found({}), Decision.PARTLY),
    "running, what is not needed": (found(RUNNING) | {"chosen": {"erasure": "unneeded"}}, Decision.PARTLY),
    "running, ends": (
        found(RUNNING) | {"chosen": {"erasure": "end_then_all", "end_on": "2027-06-01"}},
        Decision.PARTLY,
    ),
    "running, only ads": (found(RUNNING) | {"chosen": {"erasure": "only_ads"}}, Decision.GRANTED),
    "only what a law keeps": (
        {"sources": (BOOKS,), "found": (Found("books", FindStatus.FOUND, (RECENT_ONLY,), (EMAIL,)),)},
        Decision.PARTLY,
    ),
    "nothing": (nothing_in(SHOP, BOOKS, LIST), Decision.NOTHING_FOUND),
    "one failed": (found(books=Found("books", FindStatus.FAILED)), Decision.GRANTED),
    "all failed": (
        {"sources": (SHOP,), "found": (Found("shop", FindStatus.FAILED),)},
        Decision.INFORMATION,
    ),
}


@pytest.mark.parametrize("form", Form)
@pytest.mark.parametrize("organisation", ORGANISATIONS)
@pytest.mark.parametrize("situation", SITUATIONS)
def test_every_outcome_is_complete_in_every_form(situation: str, organisation: str, form: Form) -> None:
    changes, decision = SITUATIONS[situation]
    file, prepared = erase(organisation, form=form, **changes)
    assert prepared.decision is decision
    assert missing(prepared.letter, Label.VERWIJDERING, prepared.decision) == ()
    assert forbidden(prepared.letter, file.policy) == ()
    if form is file.policy.form:
        assert wrong_form(form, letter_text(prepared.letter, LetterContext("X"))) == ()


# --- the dry run ------------------------------------------------------------------------------------------------------


def test_every_record_has_one_line_and_a_ground_where_it_stays() -> None:
    _, prepared = erase()
    assert [(line.table, line.key, line.fate) for line in prepared.lines] == [
        ("customers", "17", Fate.ERASE),
        ("logins", "9", Fate.ERASE),
        ("invoices", "1", Fate.ERASE),
        ("invoices", "2", Fate.KEEP),
        ("news", "a", Fate.ERASE),
    ]
    kept = prepared.lines[3]
    assert (kept.category, kept.law, kept.ends_on) == ("invoices", "artikel 52 lid 4 AWR", date(2033, 12, 31))
    assert kept.columns == ("phone",)


def test_children_go_before_parents_and_a_kept_record_loses_what_is_not_covered() -> None:
    _, prepared = erase()
    plan = [(action.source, action.table, action.verb, action.keys) for action in prepared.actions]
    assert plan == [
        ("shop", "logins", Verb.ERASE, ("9",)),
        ("shop", "customers", Verb.ERASE, ("17",)),
        ("books", "invoices", Verb.ERASE, ("1",)),
        ("books", "invoices", Verb.ANONYMISE, ("2",)),
        ("list", "news", Verb.ERASE, ("a",)),
    ]
    assert prepared.actions[3].columns == ("phone",)
    assert not any(action.by_hand for action in prepared.actions)


def test_the_same_finding_gives_the_same_actions_and_another_request_others() -> None:
    ids = [action.id for action in erase()[1].actions]
    assert ids == [action.id for action in erase()[1].actions]
    assert len(set(ids)) == len(ids)
    assert not set(ids) & {action.id for action in erase(request_id="r2")[1].actions}
    more = replace(SUBSCRIBED, rows=((ADDRESS,), ("b@b.example",)), keys=("a", "b"))
    changed = erase(**found(list=Found("list", FindStatus.FOUND, (more,), (EMAIL,))))[1]
    assert set(ids) ^ {action.id for action in changed.actions} == {ids[4], changed.actions[4].id}


@pytest.mark.parametrize(("facts", "frozen"), [(FORMER, ["2"]), (RUNNING, [])])
def test_what_a_law_keeps_is_frozen_where_its_system_can(facts: dict[str, str], frozen: list[str]) -> None:
    able = SourceInfo("books", "Boekhouding", (replace(BILLS, can=BILLS.can | {Verb.RESTRICT}),))
    systems = found(facts) | {"sources": (SHOP, able, LIST), "chosen": {"erasure": "unneeded"}}
    restricted = [action for action in erase(**systems)[1].actions if action.verb is Verb.RESTRICT]
    assert [key for action in restricted for key in action.keys] == frozen
    assert not any(action.by_hand for action in restricted)


def test_a_record_that_kept_ones_may_refer_to_is_emptied_instead_of_erased() -> None:
    together = SourceInfo("shop", "Klantenbestand", (PEOPLE, LOGINS, BILLS))
    able = replace(together, tables=(PEOPLE, replace(LOGINS, can=frozenset({Verb.ERASE})), BILLS))
    answer = Found("shop", FindStatus.FOUND, (CUSTOMER, LOGIN, INVOICES), (EMAIL,), facts=FORMER)
    _, prepared = erase(sources=(able,), found=(answer,))
    assert [(line.table, line.key, line.fate) for line in prepared.lines] == [
        ("customers", "17", Fate.ANONYMISE),
        ("logins", "9", Fate.ERASE),  # can not be emptied
        ("invoices", "1", Fate.ERASE),
        ("invoices", "2", Fate.KEEP),
    ]
    none_kept = replace(answer, tables=(CUSTOMER, LOGIN))
    assert {line.fate for line in erase(sources=(able,), found=(none_kept,))[1].lines} == {Fate.ERASE}


def test_processor_data_are_left_alone() -> None:
    visitors = FoundTable("visitors", ("who",), (("klant van een klant",),), ("1",))
    shop = Found("shop", FindStatus.FOUND, (CUSTOMER, visitors), (EMAIL,), facts=FORMER)
    _, prepared = erase(**found(shop=shop))
    assert not any(line.table == "visitors" for line in prepared.lines)
    assert not any(action.table == "visitors" for action in prepared.actions)


@pytest.mark.parametrize("how", ["no verb", "by hand", "no key", "undeclared"])
def test_what_no_system_can_do_is_done_by_hand(how: str) -> None:
    source, table = SHOP, CUSTOMER
    if how == "no verb":
        source = replace(SHOP, tables=(replace(PEOPLE, can=frozenset()),))
    elif how == "by hand":
        source = replace(SHOP, by_hand=True)
    elif how == "no key":
        table = replace(CUSTOMER, keys=())
    else:
        table = replace(CUSTOMER, table="new_table")
    answers = (Found("shop", FindStatus.FOUND, (table,), (EMAIL,), facts=FORMER),)
    _, prepared = erase(sources=(source,), found=answers)
    assert [action.by_hand for action in prepared.actions] == [True]
    assert any("Met de hand" in note for note in prepared.staff_notes)
    assert len(prepared.lines) == 1


def test_whatnext_makes_a_former_customer_anonymous_within_its_promise() -> None:
    _, prepared = erase("whatnext", told_date=date(2027, 2, 16))
    customer = next(action for action in prepared.actions if action.table == "customers")
    assert (customer.verb, customer.columns) == (Verb.ANONYMISE, ("name", "phone"))
    assert prepared.wait == timedelta(days=3)
    assert erase("whatnext", told_date=date(2027, 2, 12))[1].wait == timedelta(days=1)


# --- what stays -------------------------------------------------------------------------------------------------------


def test_the_letter_names_category_law_and_end_date() -> None:
    _, prepared = erase()
    table = next(part.table for part in prepared.letter.blocks if part.kind is BlockKind.KEPT)
    assert table is not None
    ((what, why, until),) = table.rows
    assert (what, until) == ("Facturen (1)", "31 december 2033")
    assert "artikel 52 lid 4 AWR" in why and "boekhouding" in why
    assert "Wat we nog bewaren" in said(prepared.letter, BlockKind.FACTS)
    assert "17 lid 3 onder b" in said(prepared.letter, BlockKind.GROUND)


def test_an_open_invoice_is_named_with_amount_and_review_date() -> None:
    _, prepared = erase(**found(FORMER | {"open_invoices": "€ 45,00"}))
    facts = said(prepared.letter, BlockKind.KEPT)
    assert "€ 45,00" in facts
    assert "12 mei 2027" in facts  # 91 days on
    assert "17 lid 3 onder e" in said(prepared.letter, BlockKind.GROUND)


def test_a_running_contract_is_no_ground_of_law() -> None:
    _, prepared = erase(**found(RUNNING), chosen={"erasure": "unneeded"})
    kept = [line for line in prepared.lines if line.table == "customers"]
    assert [(line.fate, line.columns, line.ends_on) for line in kept] == [(Fate.KEEP, ("phone",), None)]
    assert "17 lid 1 onder a" in said(prepared.letter, BlockKind.GROUND)
    assert "het einde van je contract" in said(prepared.letter, BlockKind.KEPT)
    assert "blijven werken" in said(prepared.letter, BlockKind.ACCOUNT)


def test_an_account_that_loses_its_password_is_gone_though_a_law_keeps_a_part() -> None:
    fields = (FieldInfo("address", "Factuuradres", "invoices"), FieldInfo("key", "Wachtwoord", "login", secret=True))
    accounts = SourceInfo("shop", "Platform", (replace(LOGINS, fields=fields),))
    table = FoundTable("logins", ("address", "key"), (("Dorpsweg 3", True),), ("9",))
    former = Found("shop", FindStatus.FOUND, (table,), (EMAIL,), facts=FORMER)
    _, prepared = erase("webanizr", sources=(accounts,), found=(former,))
    assert [(line.fate, line.columns) for line in prepared.lines] == [(Fate.KEEP, ("key",))]
    assert "account is weg" in said(prepared.letter, BlockKind.ACCOUNT)
    running = replace(former, facts=RUNNING)
    _, kept = erase("webanizr", sources=(accounts,), found=(running,), chosen={"erasure": "unneeded"})
    assert "blijven werken" in said(kept.letter, BlockKind.ACCOUNT)


def test_ending_first_gives_the_kept_records_their_day() -> None:
    _, prepared = erase(**found(RUNNING), chosen={"erasure": "end_then_all", "end_on": "2027-06-01"})
    assert {line.ends_on for line in prepared.lines if line.table == "customers"} == {date(2027, 6, 1)}
    assert "1 juni 2027" in letter_text(prepared.letter, LetterContext("X"))
    _, open_end = erase(**found(RUNNING), chosen={"erasure": "end_then_all"})
    assert any("einddatum" in note for note in open_end.staff_notes)
    with pytest.raises(InputError):
        erase(**found(RUNNING), chosen={"erasure": "end_then_all", "end_on": "1 juni"})


def test_all_kept_is_a_refusal_with_everything_a_refusal_needs() -> None:
    bills = replace(BILLS, fields=BILLS.fields[:1])
    source = SourceInfo("books", "Boekhouding", (bills,))
    recent = FoundTable("invoices", ("amount",), ((20,),), ("2",), (RECENT,))
    _, prepared = erase(sources=(source,), found=(Found("books", FindStatus.FOUND, (recent,), (EMAIL,)),))
    assert prepared.decision is Decision.REFUSED
    assert prepared.actions == ()
    assert missing(prepared.letter, Label.VERWIJDERING, Decision.REFUSED) == ()
    assert slots(prepared.letter) == ()


# --- a running customer is asked --------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", Form)
@pytest.mark.parametrize("organisation", ORGANISATIONS)
def test_a_running_customer_is_asked_first(organisation: str, form: Form) -> None:
    file, prepared = erase(organisation, form=form, **found(RUNNING))
    assert prepared.asks == "erasure"
    assert prepared.options == ("unneeded", "end_then_all", "only_ads")
    assert (prepared.actions, prepared.lines) == ((), ())
    choices = next(part for part in prepared.letter.blocks if part.kind is BlockKind.CHOICES)
    assert [item[0] for item in choices.items] == ["1", "2", "3"]
    assert prepared.letter.blocks[0].kind is BlockKind.ASSISTANT
    text = letter_text(prepared.letter, LetterContext("X"))
    assert "Klanten (1)" in text
    assert "Sanne" not in text
    assert forbidden(prepared.letter, file.policy) == ()


def test_only_no_advertising_erases_nothing() -> None:
    _, prepared = erase(**found(RUNNING), chosen={"erasure": "only_ads"})
    assert [(action.source, action.verb) for action in prepared.actions] == [("list", Verb.OPT_OUT)]
    assert prepared.lines == ()


# --- systems that failed, and what is done when -----------------------------------------------------------------------


def test_a_system_that_failed_is_named_and_never_done() -> None:
    _, prepared = erase(**found(books=Found("books", FindStatus.FAILED)))
    assert "Boekhouding" in said(prepared.letter, BlockKind.NOT_ASKED)
    assert "Boekhouding" not in said(prepared.letter, BlockKind.DONE)
    assert "nog niet overal" in said(prepared.letter, BlockKind.DECISION)


def test_webanizr_waits_for_every_system() -> None:
    _, prepared = erase("webanizr", **found(list=Found("list", FindStatus.FAILED)))
    assert set(slots(prepared.letter)) == {"done:shop", "done:books", "done:list"}
    day = date(2027, 3, 3)
    done = [Result(a.source, a.verb, ActionStatus.DONE, len(a.keys), day) for a in prepared.actions]
    assert slots(fill_outcomes(prepared.letter, done)) == ("done:list",)


def test_the_outcome_is_filled_in_per_system() -> None:
    _, prepared = erase()
    day = date(2027, 3, 3)
    results = [Result(a.source, a.verb, ActionStatus.DONE, len(a.keys), day) for a in prepared.actions]
    filled = fill_outcomes(prepared.letter, results)
    assert slots(filled) == ()
    done = said(filled, BlockKind.DONE)
    assert "Klantenbestand: op 3 maart 2027: gewist: 2." in done
    assert "Boekhouding: op 3 maart 2027: gewist: 1, gegevens weggehaald: 1." in done


@pytest.mark.parametrize(
    "status", [status for status in ActionStatus if status not in (ActionStatus.DONE, ActionStatus.NOTHING)]
)
def test_what_is_not_over_is_never_called_done(status: ActionStatus) -> None:
    _, prepared = erase()
    day = date(2027, 3, 3)
    results = [Result(a.source, a.verb, ActionStatus.DONE, 1, day) for a in prepared.actions]
    results[0] = replace(results[0], status=status)
    assert slots(fill_outcomes(prepared.letter, results)) == ("done:shop",)


def test_it_was_gone_already_is_over_too() -> None:
    _, prepared = erase()
    results = [Result(a.source, a.verb, ActionStatus.NOTHING, 0, date(2027, 3, 3)) for a in prepared.actions]
    assert "er stond niets meer" in said(fill_outcomes(prepared.letter, results), BlockKind.DONE)


# --- notes and recipients ---------------------------------------------------------------------------------------------


def test_access_is_answered_first() -> None:
    assert any("eerst dat antwoord" in note for note in erase(also=(Label.INZAGE,))[1].staff_notes)
    assert not any("eerst dat antwoord" in note for note in erase()[1].staff_notes)


def test_staff_hear_what_the_systems_do_not_say() -> None:
    undated = replace(INVOICES, days=())
    _, prepared = erase(**found({}, books=Found("books", FindStatus.FOUND, (undated,), (EMAIL,))))
    assert any("nog klant" in note for note in prepared.staff_notes)
    assert any("zonder datum" in note for note in prepared.staff_notes)
    assert not any("nog klant" in note for note in erase(**found({}), chosen={"customer": "former"})[1].staff_notes)


def test_recipients_are_told_except_those_whose_own_system_changed() -> None:
    _, plain = erase("nexxt")
    assert {"activecampaign", "moneybird"} <= set(plain.tell)
    assert "facebook" not in plain.tell
    own = replace(LIST, recipient="activecampaign")
    _, prepared = erase("nexxt", **(found() | {"sources": (SHOP, BOOKS, own)}))
    assert "activecampaign" not in prepared.tell
    assert "ActiveCampaign" not in said(prepared.letter, BlockKind.RECIPIENTS_TOLD)


def test_no_personal_data_in_notes_or_descriptions() -> None:
    _, prepared = erase()
    words = "\n".join((*prepared.staff_notes, *(action.description for action in prepared.actions)))
    assert not any(value in words for value in (ADDRESS, "Sanne", "+31612345678"))
