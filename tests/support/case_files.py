"""Case files of invented people for handler and render tests: real policies, sources as they describe themselves."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from cases.policy import Policy, load_policy
from cases.protocols import (
    FieldInfo,
    FindStatus,
    Found,
    FoundTable,
    Identifier,
    SourceInfo,
    SourceRole,
    TableInfo,
)
from cases.types import Assurance, Form, Label
from handlers.base import CaseFile
from handlers.notices import About

ORGANISATIONS = ("whatnext", "weservit", "nexxt", "webanizr", "winkeltjes")
ADDRESS = "sanne@voorbeeld.example"
IBAN = "NL91ABNA0417164300"
PASSWORD_HASH = "$2b$12$invented-hash"
OTHER_PERSON = "klant-van-een-klant"

CRM = SourceInfo(
    "crm",
    "Klantenbestand",
    (
        TableInfo(
            "customers",
            "Klanten",
            SourceRole.CONTROLLER,
            (
                FieldInfo("name", "Naam", "contact"),
                FieldInfo("iban", "IBAN", "bank", mask="iban"),
                FieldInfo("password", "Wachtwoord", "login", secret=True),
            ),
        ),
        TableInfo("visitors", "Bezoekers", SourceRole.PROCESSOR, (FieldInfo("who", "Wie", "contact"),)),
    ),
)
BOOKS = SourceInfo(
    "books",
    "Boekhouding",
    (
        TableInfo(
            "invoices",
            "Facturen",
            SourceRole.CONTROLLER,
            (FieldInfo("number", "Nummer", "invoices"), FieldInfo("amount", "Bedrag", "invoices")),
        ),
    ),
)
MAILINGS = SourceInfo("mailings", "Mailinglijst", ())
CUSTOMER = FoundTable("customers", ("name", "iban", "password"), (("Sanne de Vries", IBAN, PASSWORD_HASH),))
VISITORS = FoundTable("visitors", ("who",), ((OTHER_PERSON,),))
INVOICES = FoundTable("invoices", ("number", "amount"), (("F2026-0001", 12.5), ("F2026-0002", 99.0)))
FOUND = (
    Found("crm", FindStatus.FOUND, (CUSTOMER, VISITORS)),
    Found("books", FindStatus.FOUND, (INVOICES,)),
    Found("mailings", FindStatus.NOTHING),
)


@cache
def policy_of(organisation: str) -> Policy:
    path = Path(__file__).parents[2] / "policies" / f"{organisation}.toml"
    return load_policy(path.read_text(encoding="utf-8"), file=path.name)


def case_file(label: Label = Label.INZAGE, organisation: str = "whatnext", **changes: Any) -> CaseFile:
    policy = policy_of(organisation)
    values: dict[str, Any] = {
        "case_number": "PL-2027-0012",
        "policy": policy,
        "form": policy.form,
        "label": label,
        "request_id": "r1",
        "received_at": datetime(2027, 2, 1, 23, 30, tzinfo=UTC),  # 2 February in Amsterdam
        "told_date": date(2027, 3, 2),
        "as_understood": "Wat weten jullie over mij?",
        "requester_address": ADDRESS,
        "requester_name": "Sanne de Vries",
        "assurance": Assurance.CODE_TO_KNOWN_ADDRESS,
        "identifiers": (Identifier("email", ADDRESS, True),),
        "sources": (CRM, BOOKS, MAILINGS),
        "found": FOUND,
        "also": (),
        "now": datetime(2027, 2, 10, 9, tzinfo=UTC),
    }
    return CaseFile(**{**values, **changes})


def nothing_in(*sources: SourceInfo) -> dict[str, Any]:
    """Changes that make every source answer 'nothing'."""
    searched = (Identifier("email", ADDRESS, True),)
    found = tuple(Found(source.name, FindStatus.NOTHING, used=searched) for source in sources)
    return {"sources": sources, "found": found}


def about(organisation: str = "whatnext", form: Form | None = None, **changes: Any) -> About:
    policy = policy_of(organisation)
    values: dict[str, Any] = {
        "policy": policy,
        "form": form or policy.form,
        "case_number": "PL-2027-0012",
        "labels": (Label.INZAGE,),
        "received_at": datetime(2027, 2, 1, 23, 30, tzinfo=UTC),
        "told": date(2027, 3, 2),
        "link": "https://loket.example/z/abc",
        "desk_link": "https://loket.example/over",
    }
    return About(**{**values, **changes})
