"""Correction: values checked, matched to the field they are about, old against new, and what is never rewritten."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cases.letters import BlockKind, Letter, Table, missing, slots
from cases.protocols import FieldInfo, FindStatus, Found, FoundTable, Identifier, SourceInfo, SourceRole, TableInfo
from cases.reading import Change as Correction
from cases.reading import Fact, FactKind
from cases.types import Decision, Form, Label, Verb
from handlers.address_parts import address_parts
from handlers.base import Action, CaseFile, Prepared
from handlers.refusals import forbidden
from handlers.registry import HANDLERS
from handlers.value_checks import checked, same, shown
from handlers.wording import wrong_form
from render.letter import LetterContext, letter_text
from tests.support.case_files import ADDRESS, ORGANISATIONS, case_file, nothing_in

OLD_IBAN, NEW_IBAN = "NL91ABNA0417164300", "NL20INGB0001234567"
CAN = frozenset({Verb.CORRECT})


def field(name: str, corrects: str, category: str = "contact", **more: Any) -> FieldInfo:
    return FieldInfo(name, name.capitalize(), category, corrects=corrects, **more)


PEOPLE = TableInfo(
    "customers",
    "Klanten",
    SourceRole.CONTROLLER,
    (
        field("naam", "name"),
        field("mail", "email"),
        field("telefoon", "phone"),
        field("straat", "street"),
        field("nummer", "house_number"),
        field("postcode", "postcode"),
        field("plaats", "place"),
        field("rekening", "iban", "bank", mask="iban"),
        FieldInfo("indruk", "Indruk", "correspondence", opinion=True),
        field("verklaring", "statement", "correspondence"),
    ),
    can=CAN,
)
BILLS = TableInfo(
    "invoices", "Facturen", SourceRole.CONTROLLER, (field("op naam van", "name", "invoices"),), issued=True
)
ROW = ("Sanne Jansen", ADDRESS, "+31165320871", "Dorpsweg", "3", "4811 AB", "Breda", OLD_IBAN, "zeurt veel", None)
CUSTOMER = FoundTable("customers", tuple(item.name for item in PEOPLE.fields), (ROW,), ("17",))
BILLED = FoundTable("invoices", ("op naam van",), (("Sanne Jansen",),), ("1",))
SHOP, BOOKS = SourceInfo("shop", "Klantenbestand", (PEOPLE,)), SourceInfo("books", "Boekhouding", (BILLS,))
EMAIL = Identifier("email", ADDRESS, True)
ANSWER = Found("shop", FindStatus.FOUND, (CUSTOMER,), (EMAIL,))


def correct(*asked: Correction, organisation: str = "whatnext", **changes: Any) -> tuple[CaseFile, Prepared]:
    values: dict[str, Any] = {
        "sources": (SHOP,),
        "found": (ANSWER,),
        "corrections": asked,
        "as_understood": "Graag verbeteren.",
    }
    file = case_file(Label.CORRECTIE, organisation, **(values | changes))
    return file, HANDLERS[Label.CORRECTIE].prepare(file)


def plan(*asked: Correction, **changes: Any) -> Action:
    """The one action that these corrections come to."""
    (action,) = correct(*asked, **changes)[1].actions
    return action


def said(letter: Letter, *kinds: BlockKind) -> str:
    only = Letter("", letter.form, tuple(part for part in letter.blocks if part.kind in kinds))
    return letter_text(only, LetterContext("X"))


def table_of(letter: Letter) -> Table:
    return next(part.table for part in letter.blocks if part.kind is BlockKind.CHANGES and part.table)


NAME = Correction("name", "Jansen", "Janssen")
MAIL = Correction("email", None, "nieuw@voorbeeld.example")
BANK = Correction("iban", None, NEW_IBAN)
BAD_BANK = Correction("iban", None, "NL20INGB0001234568")
OPINION = Correction("indruk", None, "Ik bel alleen als iets stuk is.")
SITUATIONS: dict[str, tuple[tuple[Correction, ...], dict[str, Any], Decision]] = {
    "name": ((NAME,), {}, Decision.GRANTED),
    "address and bank": ((MAIL, BANK), {}, Decision.GRANTED),
    "stands there already": ((Correction("place", None, "Breda"),), {}, Decision.GRANTED),
    "one value fails": ((NAME, BAD_BANK), {}, Decision.GRANTED),
    "opinion": ((OPINION,), {}, Decision.REFUSED),
    "opinion and name": ((OPINION, NAME), {}, Decision.PARTLY),
    "statement": ((), {"chosen": {"statement": "Mijn kant van het verhaal."}}, Decision.GRANTED),
    "only on an invoice": (
        (NAME,),
        {"sources": (BOOKS,), "found": (Found("books", FindStatus.FOUND, (BILLED,), (EMAIL,)),)},
        Decision.GRANTED,
    ),
    "one system failed": (
        (NAME,),
        {"sources": (SHOP, BOOKS), "found": (ANSWER, Found("books", FindStatus.FAILED))},
        Decision.GRANTED,
    ),
    "all failed": ((NAME,), {"found": (Found("shop", FindStatus.FAILED),)}, Decision.INFORMATION),
    "nothing": ((NAME,), nothing_in(SHOP), Decision.NOTHING_FOUND),
}


@pytest.mark.parametrize("form", Form)
@pytest.mark.parametrize("organisation", ORGANISATIONS)
@pytest.mark.parametrize("situation", SITUATIONS)
def test_every_outcome_is_complete_in_every_form(situation: str, organisation: str, form: Form) -> None:
    asked, changes, decision = SITUATIONS[situation]
    file, prepared = correct(*asked, organisation=organisation, form=form, **changes)
    assert prepared.decision is decision
    assert missing(prepared.letter, Label.CORRECTIE, prepared.decision) == ()
    assert forbidden(prepared.letter, file.policy) == ()
    if form is file.policy.form:
        assert wrong_form(form, letter_text(prepared.letter, LetterContext("X"))) == ()


# --- matching ---------------------------------------------------------------------------------------------------------


def test_one_word_of_a_name_changes_and_the_rest_stays() -> None:
    action = plan(NAME)
    assert action.values == {"naam": "Sanne Janssen"}
    assert action.expected == {"naam": "Sanne Jansen"}
    assert (action.source, action.table, action.keys) == ("shop", "customers", ("17",))
    assert not action.by_hand


def test_several_fields_of_a_record_change_together() -> None:
    action = plan(NAME, Correction("phone", "0165 32 08 71", "06 53 90 21 17"))
    assert action.values == {"naam": "Sanne Janssen", "telefoon": "+31653902117"}  # as this system writes them


def test_an_address_moves_as_a_set_and_what_was_not_written_stays() -> None:
    whole = plan(Correction("address", "Dorpsweg 3", "Lindelaan 14, 3512ab Utrecht"))
    assert whole.values == {"straat": "Lindelaan", "nummer": "14", "postcode": "3512 AB", "plaats": "Utrecht"}
    assert plan(Correction("address", None, "Lindelaan 14")).values == {"straat": "Lindelaan", "nummer": "14"}
    assert plan(Correction("house_number", None, "5")).values == {"nummer": "5"}


def test_a_system_with_one_column_for_street_and_number() -> None:
    info = replace(PEOPLE, fields=(field("adres", "address"), field("postcode", "postcode"), field("plaats", "place")))
    found = FoundTable("customers", ("adres", "postcode", "plaats"), (("Dorpsweg 3", "4811 AB", "Breda"),), ("17",))
    systems: dict[str, Any] = {
        "sources": (replace(SHOP, tables=(info,)),),
        "found": (Found("shop", FindStatus.FOUND, (found,), (EMAIL,)),),
    }
    action = plan(Correction("address", None, "Lindelaan 14, 3512 AB Utrecht"), **systems)
    assert action.values == {"adres": "Lindelaan 14", "postcode": "3512 AB", "plaats": "Utrecht"}
    assert plan(Correction("house_number", None, "5"), **systems).by_hand  # street and number stand in one field


def test_first_and_last_name_in_columns_of_their_own() -> None:
    info = replace(PEOPLE, fields=(field("voornaam", "first_name"), field("achternaam", "last_name")))
    found = FoundTable("customers", ("voornaam", "achternaam"), (("Sanne", "Jansen"),), ("17",))
    systems: dict[str, Any] = {
        "sources": (replace(SHOP, tables=(info,)),),
        "found": (Found("shop", FindStatus.FOUND, (found,), (EMAIL,)),),
    }
    assert plan(NAME, **systems).values == {"achternaam": "Janssen"}
    assert plan(Correction("name", None, "Sanne de Vries"), **systems).values == {"achternaam": "de Vries"}
    assert plan(Correction("name", None, "Janssen"), **systems).by_hand  # which of the two?


@pytest.mark.parametrize(
    ("new", "changes"),
    [
        ("Sanne Janssen", [({"achternaam": "Janssen"}, False)]),
        ("Pim Janssen", [({"voorletters": "Pim Janssen"}, True), ({"achternaam": "Janssen"}, False)]),
    ],
)
def test_initials_that_no_longer_fit_are_for_a_person(new: str, changes: list[tuple[dict[str, str], bool]]) -> None:
    info = replace(PEOPLE, fields=(field("voorletters", "initials"), field("achternaam", "last_name")))
    found = FoundTable("customers", ("voorletters", "achternaam"), (("S.M.", "Jansen"),), ("17",))
    systems: dict[str, Any] = {
        "sources": (replace(SHOP, tables=(info,)),),
        "found": (Found("shop", FindStatus.FOUND, (found,), (EMAIL,)),),
    }
    actions = correct(Correction("name", None, new), **systems)[1].actions
    assert [(dict(action.values), action.by_hand) for action in actions] == changes


def test_what_was_is_not_rewritten() -> None:
    """An account number of a payment tells from where it came; only a field that is declared for it changes."""
    paid = replace(PEOPLE, fields=(FieldInfo("iban", "IBAN", "invoices"),))
    found = FoundTable("customers", ("iban",), ((OLD_IBAN,),), ("17",))
    answer = (Found("shop", FindStatus.FOUND, (found,), (EMAIL,)),)
    assert correct(BANK, sources=(replace(SHOP, tables=(paid,)),), found=answer)[1].actions == ()


def test_an_old_value_that_does_not_stand_there_is_a_conflict_for_staff() -> None:
    _, prepared = correct(Correction("place", "Gouda", "Utrecht"))
    assert any("iets anders" in note for note in prepared.staff_notes)
    assert prepared.actions[0].expected == {"plaats": "Breda"}
    assert not any("iets anders" in note for note in correct(NAME)[1].staff_notes)


def test_where_the_old_value_stands_only_that_record_changes() -> None:
    rows = (ROW, (*ROW[:6], "Gouda", *ROW[7:]))
    two = Found("shop", FindStatus.FOUND, (replace(CUSTOMER, rows=rows, keys=("17", "18")),), (EMAIL,))
    assert plan(Correction("place", "Gouda", "Utrecht"), found=(two,)).keys == ("18",)
    both = correct(Correction("place", None, "Utrecht"), found=(two,))[1].actions
    assert [action.keys for action in both] == [("17",), ("18",)]


def test_without_a_field_for_it_staff_look_and_write() -> None:
    _, prepared = correct(Correction("date_of_birth", None, "1 mei 1980"))
    assert prepared.actions == ()
    assert any("date_of_birth" in note for note in prepared.staff_notes)
    assert BlockKind.CHANGES in missing(prepared.letter, Label.CORRECTIE, prepared.decision)


def test_a_system_that_can_not_correct_is_corrected_by_hand() -> None:
    assert plan(NAME, sources=(replace(SHOP, tables=(replace(PEOPLE, can=frozenset()),)),)).by_hand
    assert plan(NAME, sources=(replace(SHOP, by_hand=True),)).by_hand
    unnamed = Found("shop", FindStatus.FOUND, (replace(CUSTOMER, keys=()),), (EMAIL,))
    assert plan(NAME, found=(unnamed,)).by_hand


def test_a_password_is_never_set() -> None:
    info = replace(PEOPLE, fields=(*PEOPLE.fields[:-1], FieldInfo("wachtwoord", "Wachtwoord", "login", secret=True)))
    found = replace(CUSTOMER, columns=(*CUSTOMER.columns[:-1], "wachtwoord"), rows=((*ROW[:-1], True),))
    systems: dict[str, Any] = {
        "sources": (replace(SHOP, tables=(info,)),),
        "found": (Found("shop", FindStatus.FOUND, (found,), (EMAIL,)),),
    }
    assert correct(Correction("wachtwoord", None, "geheim"), **systems)[1].actions == ()


# --- what is sensitive, sent, or an opinion ---------------------------------------------------------------------------


@pytest.mark.parametrize(("asked", "sensitive"), [(MAIL, True), (BANK, True), (NAME, False)])
def test_mail_and_bank_are_marked(asked: Correction, sensitive: bool) -> None:
    _, prepared = correct(asked)
    assert prepared.actions[0].sensitive is sensitive
    assert ("72 uur" in letter_text(prepared.letter, LetterContext("X"))) is sensitive
    assert any("oude adres" in note for note in prepared.staff_notes) is sensitive


def test_what_is_proven_first_holds_up_nothing_else() -> None:
    _, prepared = correct(NAME, MAIL)
    assert [(set(action.values), action.sensitive) for action in prepared.actions] == [
        ({"naam"}, False),
        ({"mail"}, True),
    ]


def test_a_login_table_is_marked_whatever_changes() -> None:
    login = replace(SHOP, tables=(replace(PEOPLE, login=True),))
    assert plan(NAME, sources=(login,)).sensitive


def test_an_invoice_that_was_sent_is_not_rewritten() -> None:
    both = (ANSWER, Found("books", FindStatus.FOUND, (BILLED,), (EMAIL,)))
    _, prepared = correct(NAME, sources=(SHOP, BOOKS), found=both)
    assert [action.source for action in prepared.actions] == ["shop"]
    text = letter_text(prepared.letter, LetterContext("X"))
    assert "creditfactuur" in text
    assert "- Facturen" in text


def test_an_opinion_is_refused_and_the_statement_stands_beside_it() -> None:
    _, prepared = correct(OPINION)
    (action,) = prepared.actions
    assert action.values == {"verklaring": OPINION.new}
    assert not action.by_hand
    assert "Klanten: Indruk" in said(prepared.letter, BlockKind.FACTS)
    assert slots(prepared.letter) == ("done:shop",)


def test_a_statement_is_added_to_what_stands_there_and_only_once() -> None:
    standing = replace(CUSTOMER, rows=((*ROW[:-1], "Eerder."),))
    found = (Found("shop", FindStatus.FOUND, (standing,), (EMAIL,)),)
    assert plan(OPINION, found=found).values == {"verklaring": f"Eerder.\n{OPINION.new}"}
    twice = replace(CUSTOMER, rows=((*ROW[:-1], f"Eerder.\n{OPINION.new}"),))
    again = (Found("shop", FindStatus.FOUND, (twice,), (EMAIL,)),)
    assert plan(OPINION, found=again).values == {"verklaring": f"Eerder.\n{OPINION.new}"}


def test_without_a_column_for_it_the_statement_is_added_by_hand() -> None:
    info = replace(PEOPLE, fields=PEOPLE.fields[:-1])
    found = replace(CUSTOMER, columns=CUSTOMER.columns[:-1], rows=(ROW[:-1],))
    systems: dict[str, Any] = {
        "sources": (replace(SHOP, tables=(info,)),),
        "found": (Found("shop", FindStatus.FOUND, (found,), (EMAIL,)),),
    }
    assert plan(OPINION, **systems).by_hand


# --- the values and the letter ----------------------------------------------------------------------------------------


def test_a_value_that_fails_its_check_is_asked_again_with_the_reason() -> None:
    _, prepared = correct(BAD_BANK)
    assert prepared.asks == "correction"
    assert prepared.actions == ()
    assert "controlecijfers" in letter_text(prepared.letter, LetterContext("X"))
    assert any("iban" in note for note in prepared.staff_notes)


def test_what_can_be_done_is_done_and_the_rest_asked() -> None:
    _, prepared = correct(NAME, BAD_BANK)
    assert prepared.asks == ""
    assert len(prepared.actions) == 1
    assert "controlecijfers" in letter_text(prepared.letter, LetterContext("X"))


def test_old_and_new_are_masked() -> None:
    _, prepared = correct(MAIL, BANK, NAME)
    assert set(table_of(prepared.letter).rows) == {
        ("Mail", "s•••@voorbeeld.example", "n•••@voorbeeld.example"),
        ("Rekening", "•••• 4300", "•••• 4567"),
        ("Naam", "Sanne Jansen", "Sanne Janssen"),
    }
    text = letter_text(prepared.letter, LetterContext("X"))
    assert not any(value in text for value in (OLD_IBAN, NEW_IBAN, ADDRESS, MAIL.new))


def test_no_value_in_notes_or_descriptions() -> None:
    _, prepared = correct(NAME, MAIL, BAD_BANK, Correction("place", "Gouda", "Utrecht"))
    words = "\n".join((*prepared.staff_notes, *(action.description for action in prepared.actions)))
    assert not any(value in words for value in ("Jans", ADDRESS, MAIL.new, BAD_BANK.new, "Gouda", "Utrecht"))


def test_recipients_of_that_kind_of_data_are_told() -> None:
    _, prepared = correct(NAME, organisation="nexxt")
    assert "moneybird" in prepared.tell
    assert "MoneyBird" in said(prepared.letter, BlockKind.RECIPIENTS_TOLD)


@pytest.mark.parametrize(
    ("kind", "value", "taken"),
    [
        ("iban", "nl91 abna 0417 1643 00", OLD_IBAN),
        ("iban", "NL91ABNA0417164301", None),
        ("postcode", "3512ab", "3512 AB"),
        ("postcode", "3512", None),
        ("postcode", "0123 AB", None),
        ("postcode", "B-9000", "B-9000"),
        ("kvk", "9041 2268", "90412268"),
        ("kvk", "9041226", None),
        ("btw", "NL004495445B01", "NL004495445B01"),
        ("btw", "NL123456789B01", None),
        ("phone", "06 53 90 21 17", "06 53 90 21 17"),
        ("phone", "06 123", None),
        ("email", "a@b.example", "a@b.example"),
        ("email", "a@b", None),
        ("name", "  Sanne   de Vries ,", "Sanne de Vries"),
        ("name", " ", None),
    ],
)
def test_a_value_passes_its_own_check_or_is_not_taken(kind: str, value: str, taken: str | None) -> None:
    assert checked(kind, value) == taken


def test_two_spellings_of_one_value() -> None:
    assert same("phone", "+31 165 320 871", "0165-320871")
    assert same("iban", "NL91 ABNA 0417 1643 00", OLD_IBAN)
    assert same("name", "sanne  jansen", "Sanne Jansen")
    assert not same("name", "Sanne", None)
    assert shown("phone", "+31653902117") == "•••• 117"
    assert shown("name", None) == ""


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        ("Lindelaan 14, 3512 AB Utrecht", ("Lindelaan", "14", "3512 AB", "Utrecht")),
        ("Lindelaan 14 te Utrecht", ("Lindelaan", "14", None, "Utrecht")),
        ("2e Oosterparkstraat 5-2, 1092bb Amsterdam", ("2e Oosterparkstraat", "5-2", "1092 BB", "Amsterdam")),
        ("Plein 1944 nr 3 6511 jb Nijmegen", ("Plein 1944", "3", "6511 JB", "Nijmegen")),
        ("Kerkstraat 12a 1234AB 's-Hertogenbosch", ("Kerkstraat", "12a", "1234 AB", "'s-Hertogenbosch")),
        ("Laan van Meerdervoort 12 bis, Den Haag", ("Laan van Meerdervoort", "12 bis", None, "Den Haag")),
        ("3512 AB", (None, None, "3512 AB", None)),
        ("Utrecht", (None, None, None, None)),
    ],
)
def test_an_address_taken_apart(line: str, parts: tuple[str | None, ...]) -> None:
    found = address_parts(line)
    assert tuple(found.get(name) for name in ("street", "house_number", "postcode", "place")) == parts


def test_a_fact_of_the_message_fills_in_what_the_shape_does_not_tell() -> None:
    facts = (Fact(FactKind.PLACE, "Utrecht", 0, 0, True), Fact(FactKind.PLACE, "Breda", 0, 0, True))
    assert address_parts("Utrecht", facts) == {"place": "Utrecht"}
