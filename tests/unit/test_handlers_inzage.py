"""Access from findings to letter and export: found, nothing and failed told apart, nothing shown that may not be."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import pytest

from cases.letters import BlockKind, Letter, missing, slots
from cases.protocols import FieldInfo, FindStatus, Found, FoundTable, Identifier, SourceInfo, SourceRole, TableInfo
from cases.types import Assurance, Decision, Form, Label
from handlers.base import CaseFile, Prepared
from handlers.inzage import DOWNLOAD_SLOT
from handlers.registry import HANDLERS
from handlers.wording import load_texts
from render.letter import LetterContext, letter_text
from tests.support.case_files import (
    ADDRESS,
    BOOKS,
    CRM,
    CUSTOMER,
    FOUND,
    IBAN,
    INVOICES,
    MAILINGS,
    ORGANISATIONS,
    OTHER_PERSON,
    PASSWORD_HASH,
    VISITORS,
    case_file,
    nothing_in,
)


def prepare(file: CaseFile) -> Prepared:
    return HANDLERS[Label.INZAGE].prepare(file)


def block(letter: Letter, kind: BlockKind) -> str:
    """Everything one block says, as text."""
    only = Letter("", letter.form, tuple(part for part in letter.blocks if part.kind is kind))
    return letter_text(only, LetterContext("X"))


def everything(prepared: Prepared) -> str:
    return json.dumps([asdict(prepared.letter), asdict(prepared.export) if prepared.export else {}], default=str)


@pytest.mark.parametrize("form", Form)
@pytest.mark.parametrize("organisation", ORGANISATIONS)
def test_an_answer_is_complete_for_every_organisation_and_form(organisation: str, form: Form) -> None:
    prepared = prepare(case_file(organisation=organisation, form=form))
    assert prepared.decision is Decision.GRANTED
    assert missing(prepared.letter, Label.INZAGE, prepared.decision) == ()
    assert prepared.letter.form is form
    assert prepared.actions == ()
    assert slots(prepared.letter) == (DOWNLOAD_SLOT,)


def test_the_letter_counts_per_system_and_holds_no_data() -> None:
    prepared = prepare(case_file())
    table = next(part.table for part in prepared.letter.blocks if part.kind is BlockKind.DATA)
    assert table is not None
    assert table.rows == (
        ("Klantenbestand", "Klanten", "1"),
        ("Boekhouding", "Facturen", "2"),
        ("Mailinglijst", "niets gevonden", "0"),
    )
    text = letter_text(prepared.letter, LetterContext("X"))
    assert not any(value in text for value in ("F2026-0001", "12.5", "12,5", IBAN, IBAN[-4:]))


def test_letter_and_export_carry_receipt_reference_and_role() -> None:
    letter = prepare(case_file(checked_by_role="privacymedewerker")).letter
    assert "PL-2027-0012" in block(letter, BlockKind.REFERENCE)
    assert "2 februari 2027" in block(letter, BlockKind.REFERENCE)  # 23:30 UTC is the next day in Amsterdam
    assert "Wat weten jullie over mij?" in block(letter, BlockKind.UNDERSTOOD)
    assert "privacymedewerker" in block(letter, BlockKind.CHECKED_BY)


@pytest.mark.parametrize("level", Assurance)
def test_secrets_and_other_peoples_data_are_never_shown(level: Assurance) -> None:
    prepared = prepare(case_file(assurance=level))
    assert PASSWORD_HASH not in everything(prepared)
    assert OTHER_PERSON not in everything(prepared)
    assert "Bezoekers" not in everything(prepared)
    assert prepared.export is not None
    customers = prepared.export.tables[0]
    assert customers.rows[0][2] == "aanwezig, niet getoond"


@pytest.mark.parametrize("level", Assurance)
def test_a_bank_number_is_whole_only_after_a_second_factor(level: Assurance) -> None:
    prepared = prepare(case_file(assurance=level))
    assert prepared.export is not None
    shown = prepared.export.tables[0].rows[0][1]
    told = any("IBAN" in item.what for item in prepared.export.left_out)
    if level >= Assurance.SECOND_FACTOR:
        assert (shown, told) == (IBAN, False)
    else:
        assert (shown, told) == ("•••• 4300", True)
        assert IBAN not in everything(prepared)


def test_what_was_left_out_is_told_and_why() -> None:
    prepared = prepare(case_file())
    left_out = block(prepared.letter, BlockKind.LEFT_OUT)
    assert prepared.export is not None
    for item in prepared.export.left_out:
        assert f"{item.what}: {item.why}" in left_out
    assert {item.what for item in prepared.export.left_out} == {
        "Klanten, IBAN",
        "Klanten, Wachtwoord",
        "Gegevens van klanten van ons",
    }
    plain = case_file(sources=(BOOKS,), found=(Found("books", FindStatus.FOUND, (INVOICES,)),))
    assert load_texts(Form.NL_JE).say("inzage.left_none") in block(prepare(plain).letter, BlockKind.LEFT_OUT)


def test_an_empty_secret_is_not_called_present() -> None:
    table = FoundTable("customers", ("name", "iban", "password"), (("Sanne", None, ""),))
    prepared = prepare(case_file(sources=(CRM,), found=(Found("crm", FindStatus.FOUND, (table,)),)))
    assert prepared.export is not None
    assert prepared.export.tables[0].rows == (("Sanne", None, ""),)
    assert prepared.export.left_out == ()


# --- nothing and failed -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("organisation", ORGANISATIONS)
def test_nothing_anywhere_is_a_complete_answer_with_what_was_searched(organisation: str) -> None:
    prepared = prepare(case_file(organisation=organisation, **nothing_in(CRM, BOOKS, MAILINGS)))
    assert prepared.decision is Decision.NOTHING_FOUND
    assert missing(prepared.letter, Label.INZAGE, prepared.decision) == ()
    assert prepared.export is None
    assert ADDRESS in block(prepared.letter, BlockKind.SEARCHED)
    assert block(prepared.letter, BlockKind.OFFER_OTHER).strip()


def test_nothing_names_only_what_the_person_gave() -> None:
    on_the_way = Identifier("customer_number", "K-9911", True)
    given = (Identifier("email", ADDRESS, True), Identifier("customer_number", "K-1", False))
    found = (Found("crm", FindStatus.NOTHING, used=(given[0], on_the_way)),)
    letter = prepare(case_file(identifiers=given, sources=(CRM,), found=found)).letter
    searched = block(letter, BlockKind.SEARCHED)
    assert ADDRESS in searched
    assert "K-9911" not in searched
    assert "K-1" not in searched  # not searched with


@pytest.mark.parametrize("status", [FindStatus.FAILED, None], ids=["failed", "never asked"])
def test_a_failed_source_is_never_an_empty_one(status: FindStatus | None) -> None:
    answers = (Found("crm", FindStatus.NOTHING), *((Found("books", status),) if status else ()))
    prepared = prepare(case_file(sources=(CRM, BOOKS), found=answers))
    assert prepared.decision is Decision.INFORMATION
    assert prepared.export is None
    assert "Boekhouding" in block(prepared.letter, BlockKind.NOT_ASKED)
    assert "Klantenbestand" not in block(prepared.letter, BlockKind.NOT_ASKED)
    assert any("Boekhouding" in note for note in prepared.staff_notes)
    assert load_texts(Form.NL_JE).say("decision.nothing_found") not in letter_text(prepared.letter, LetterContext("X"))


def test_found_here_and_failed_there_says_both() -> None:
    found = (Found("crm", FindStatus.FOUND, (CUSTOMER,)), Found("books", FindStatus.FAILED))
    prepared = prepare(case_file(sources=(CRM, BOOKS), found=found))
    assert prepared.decision is Decision.GRANTED
    assert prepared.export is not None
    assert prepared.export.not_asked == ("Boekhouding",)
    assert "Boekhouding" in block(prepared.letter, BlockKind.NOT_ASKED)
    assert ("Boekhouding", "nog niet gekeken", "?") in next(
        part.table.rows for part in prepared.letter.blocks if part.kind is BlockKind.DATA and part.table
    )


def test_only_processor_data_is_nothing_of_ours() -> None:
    prepared = prepare(case_file(sources=(CRM,), found=(Found("crm", FindStatus.FOUND, (VISITORS,)),)))
    assert prepared.decision is Decision.NOTHING_FOUND
    assert any("verwerker" in note for note in prepared.staff_notes)


def test_rows_nobody_described_are_neither_shown_nor_called_nothing() -> None:
    secret = FoundTable("new_table", ("x",), (("onbekend gegeven",),))
    prepared = prepare(case_file(sources=(CRM,), found=(Found("crm", FindStatus.FOUND, (secret,)),)))
    assert prepared.decision is Decision.INFORMATION
    assert "onbekend gegeven" not in everything(prepared)
    assert any("zonder omschrijving" in note for note in prepared.staff_notes)


def test_a_column_nobody_described_is_left_out() -> None:
    table = replace(CUSTOMER, columns=(*CUSTOMER.columns, "notes"), rows=((*CUSTOMER.rows[0], "zure klant"),))
    prepared = prepare(case_file(sources=(CRM,), found=(Found("crm", FindStatus.FOUND, (table,)),)))
    assert "zure klant" not in everything(prepared)
    assert prepared.export is not None
    assert any(item.what == "Klanten" for item in prepared.export.left_out)


@pytest.mark.parametrize(
    ("address", "assurance", "said"),
    [
        ("Info@firma.example", Assurance.CODE_TO_KNOWN_ADDRESS, True),
        ("administratie+loket@firma.example", Assurance.MAILBOX_PROVEN, True),
        ("info@firma.example", Assurance.STAFF_CONFIRMED, False),
        ("infante@firma.example", Assurance.CODE_TO_KNOWN_ADDRESS, False),
        ("sanne@info.example", Assurance.CODE_TO_KNOWN_ADDRESS, False),
    ],
)
def test_a_mailbox_that_several_people_read_is_told_to_staff(address: str, assurance: Assurance, said: bool) -> None:
    """A code shows that somebody of them asked (law.md 3): until staff made sure who, the draft says so."""
    prepared = prepare(case_file(requester_address=address, assurance=assurance))
    assert any("zoals info@" in note for note in prepared.staff_notes) is said


def test_without_any_system_staff_write_what_there_is() -> None:
    prepared = prepare(case_file(sources=(), found=()))
    assert prepared.decision is Decision.INFORMATION
    assert missing(prepared.letter, Label.INZAGE, prepared.decision) == (BlockKind.DATA,)
    assert any("geen systeem" in note.lower() for note in prepared.staff_notes)


# --- article 15(1) ----------------------------------------------------------------------------------------------------


def test_recipients_in_whose_system_the_person_was_found_come_first() -> None:
    file = case_file()
    last = replace(file.policy.recipients[-1], system="crm", categories=("contact",))
    policy = replace(file.policy, recipients=(*file.policy.recipients[:-1], last))
    letter = prepare(case_file(policy=policy)).letter
    rows = next(part.table.rows for part in letter.blocks if part.kind is BlockKind.RECIPIENTS and part.table)
    assert rows[0][0] == last.name
    assert [row[3] for row in rows] == ["ja"] + ["mogelijk"] * (len(rows) - 1)


def test_a_kind_of_data_searched_for_and_not_found_is_not_claimed() -> None:
    fields = (FieldInfo("ip", "IP-adres", "ip"),)
    logs = SourceInfo("logs", "Logboek", (TableInfo("hits", "Bezoeken", SourceRole.CONTROLLER, fields),))
    found = (Found("crm", FindStatus.FOUND, (CUSTOMER,)), Found("logs", FindStatus.NOTHING))
    complete = block(prepare(case_file(sources=(CRM, logs), found=found)).letter, BlockKind.RETENTION)
    assert "IP-adres" not in complete
    failed = (found[0], Found("logs", FindStatus.FAILED))
    assert "IP-adres" in block(prepare(case_file(sources=(CRM, logs), found=failed)).letter, BlockKind.RETENTION)


def test_transfers_name_the_safeguard() -> None:
    file = case_file(organisation="nexxt")
    outside = [item for item in file.policy.recipients if not item.eea]
    text = block(prepare(file).letter, BlockKind.TRANSFERS)
    assert outside
    assert all(item.name in text and item.safeguard in text for item in outside)
    inside = replace(file.policy, recipients=tuple(item for item in file.policy.recipients if item.eea))
    letter = prepare(case_file(policy=inside, form=Form.NL_U)).letter
    assert load_texts(Form.NL_U).say("inzage.no_transfers") in block(letter, BlockKind.TRANSFERS)


def test_the_overview_says_what_the_letter_says() -> None:
    prepared = prepare(case_file())
    assert prepared.export is not None
    headings = [part.heading for part in prepared.export.information]
    assert len(headings) == 8
    assert set(headings) <= {part.heading for part in prepared.letter.blocks}


def test_staff_notes_hold_no_personal_data() -> None:
    prepared = prepare(case_file())
    notes = "\n".join(prepared.staff_notes)
    assert prepared.staff_notes
    assert not any(value in notes for value in (ADDRESS, "Sanne", IBAN[-4:], "F2026"))
    assert FOUND  # the notes count what stands there
    assert "1 regel(s)" in notes
    assert "2 regel(s)" in notes
