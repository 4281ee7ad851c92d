"""An invented case for reading: what a policy would make of a request, without any system or person.

Used to show letters (`letters_command`) and what happens per right (`rights_page`). One system holds one record of
every kind of data that the policy names, so that each rule shows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime

from cases.english import in_english
from cases.policy import Policy
from cases.protocols import FieldInfo, FindStatus, Found, FoundTable, Identifier, SourceInfo, SourceRole, TableInfo
from cases.reading import Change
from cases.types import Assurance, Form, Label, Verb
from handlers.base import CaseFile
from handlers.wording import Texts

ADDRESS = "sanne@voorbeeld.example"
RECEIVED = datetime(2027, 2, 2, 9, 30, tzinfo=UTC)
NOW = datetime(2027, 2, 10, 9, 0, tzinfo=UTC)
TOLD = date(2027, 3, 2)
_WORDS = {
    Label.CORRECTIE: "Mijn mailadres klopt niet meer.",
    Label.AFMELDEN: "Ik wil geen reclame meer.",
    Label.VRAAG: "Ik heb een vraag over mijn privacy.",
}


def sample_case(
    policy: Policy, label: Label, form: Form, texts: Texts, chosen: Mapping[str, str], *, found: bool = True
) -> CaseFile:
    """The case of an invented person who was a customer; `found`: the systems hold something."""
    policy = in_english(policy) if form is Form.EN else policy
    sources = (_records(policy), _lists())
    return CaseFile(
        case_number="VOORBEELD-1", policy=policy, form=form, label=label, request_id="sample", received_at=RECEIVED,
        told_date=TOLD, as_understood=_WORDS.get(label, "Een voorbeeld van wat iemand schreef."),
        requester_address=ADDRESS, requester_name="", assurance=Assurance.CODE_TO_KNOWN_ADDRESS,
        identifiers=(Identifier("email", ADDRESS, proven=True),), sources=sources,
        found=_found(sources) if found else _nothing(sources), also=(), now=NOW,
        corrections=(Change("email", "oud@voorbeeld.example", "nieuw@voorbeeld.example"),), chosen=chosen, texts=texts,
    )  # fmt: skip


def _records(policy: Policy) -> SourceInfo:
    """One table per kind of data, so that every rule of the policy applies to something."""
    can = frozenset({Verb.CORRECT, Verb.ERASE, Verb.ANONYMISE, Verb.RESTRICT, Verb.LIFT})
    tables = tuple(
        TableInfo(
            category.key,
            category.label,
            SourceRole.CONTROLLER,
            (FieldInfo("value", category.label, category.key, corrects="email" if category.key == "contact" else ""),),
            can=can,
        )
        for category in policy.categories
    )
    return SourceInfo("administratie", "Administratie", tables)


def _lists() -> SourceInfo:
    fields = (FieldInfo("email", "Mailadres", "contact"),)
    table = TableInfo("lists", "Mailinglijst", SourceRole.CONTROLLER, fields, can=frozenset({Verb.OPT_OUT}))
    return SourceInfo("mailings", "Mailingprogramma", (table,))


def _found(sources: Sequence[SourceInfo]) -> tuple[Found, ...]:
    records, lists = sources
    used = (Identifier("email", ADDRESS, proven=True),)
    tables = tuple(
        FoundTable(info.name, ("value",), (("oud@voorbeeld.example",),), keys=("1",), days=(date(2025, 6, 1),))
        for info in records.tables
    )
    facts = {"customer": "former", "customer_until": "2026-06-01"}
    return (
        Found(records.name, FindStatus.FOUND, tables, used=used, facts=facts),
        Found(lists.name, FindStatus.NOTHING, used=used),
    )


def _nothing(sources: Sequence[SourceInfo]) -> tuple[Found, ...]:
    used = (Identifier("email", ADDRESS, proven=True),)
    return tuple(Found(source.name, FindStatus.NOTHING, used=used) for source in sources)
