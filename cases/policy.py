"""What one organisation promised and how it works, as values read from one TOML file in `policies/`.

Here: the loader and the few questions that everybody asks of a policy. A policy decides by its values; nobody branches
on an organisation's name. Not here: the shape of the values (`policy_values`, exported from here too), how TOML becomes
values (`strict_toml`), what is doubtful about a policy (`policy_check`), mailboxes and secrets (`bot/config`).
Serves art. 12-15 AVG (what must be told), 17(3) (what may be kept), 12(6) (identity) and 24 (being able to show it).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from types import MappingProxyType
from typing import Any

from cases.policy_values import (
    AdChannel,
    Answer,
    Authority,
    AutomatedDecisions,
    Basis,
    Category,
    ComplaintRoute,
    Condition,
    Contact,
    Difference,
    ErasureRules,
    IdCopy,
    IdentityRules,
    LinkTerms,
    ListKind,
    MailingList,
    Policy,
    ProcessorCase,
    Promise,
    Purpose,
    Recipient,
    RecipientRole,
    RetentionRule,
    RetentionSource,
    RetentionStart,
    Sensitivity,
    Statement,
)
from cases.strict_toml import Document
from cases.types import Assurance, Label

__all__ = [
    "DEFAULT_LEVELS",
    "DEFAULT_SERVICE_DAYS",
    "AdChannel",
    "Answer",
    "Authority",
    "AutomatedDecisions",
    "Basis",
    "Category",
    "ComplaintRoute",
    "Condition",
    "Contact",
    "Difference",
    "ErasureRules",
    "IdCopy",
    "IdentityRules",
    "LinkTerms",
    "ListKind",
    "MailingList",
    "Policy",
    "ProcessorCase",
    "Promise",
    "Purpose",
    "Recipient",
    "RecipientRole",
    "RetentionRule",
    "RetentionSource",
    "RetentionStart",
    "Sensitivity",
    "Statement",
    "contact_problems",
    "kept_until",
    "level_needed",
    "load_policy",
    "portable",
    "promises_for",
    "retention_for",
    "sentences",
    "service_days",
    "with_contact",
]

# Design, section 5. `status` and `annuleren` ask for the conversation that is proven for the case.
DEFAULT_LEVELS: Mapping[Label, Assurance] = MappingProxyType(
    {
        Label.AFMELDEN: Assurance.ADDRESS_CLAIMED,
        Label.VRAAG: Assurance.ADDRESS_CLAIMED,
        Label.KLACHT: Assurance.ADDRESS_CLAIMED,
        Label.BEZWAAR: Assurance.MAILBOX_PROVEN,
        Label.INTREKKEN: Assurance.MAILBOX_PROVEN,
        Label.STATUS: Assurance.MAILBOX_PROVEN,
        Label.ANNULEREN: Assurance.MAILBOX_PROVEN,
        Label.INZAGE: Assurance.CODE_TO_KNOWN_ADDRESS,
        Label.CORRECTIE: Assurance.CODE_TO_KNOWN_ADDRESS,
        Label.VERWIJDERING: Assurance.CODE_TO_KNOWN_ADDRESS,
        Label.BEPERKING: Assurance.CODE_TO_KNOWN_ADDRESS,
        Label.OVERDRACHT: Assurance.CODE_TO_KNOWN_ADDRESS,
        Label.BESLUIT: Assurance.CODE_TO_KNOWN_ADDRESS,
        Label.OVERIG: Assurance.NONE,
    }
)
# Working days; these labels have no statutory answer time, or one that is far too long (21(3), 7(3): act at once).
DEFAULT_SERVICE_DAYS: Mapping[Label, int] = MappingProxyType(
    {
        Label.VRAAG: 5,
        Label.STATUS: 5,
        Label.KLACHT: 5,
        Label.ANNULEREN: 5,
        Label.AFMELDEN: 1,
        Label.INTREKKEN: 1,
    }
)


def load_policy(text: str, *, file: str) -> Policy:
    """The policy in `text`; ConfigError with file, line and dotted key for anything wrong in it."""
    document = Document(text, file=file)
    policy = document.build(Policy, computed=("version",))
    _check_references(policy, document)
    _check_terms(policy, document)
    digest = hashlib.sha256(text.encode()).hexdigest()
    return replace(policy, version=f"{policy.valid_from.isoformat()}-{digest[:16]}")


def level_needed(policy: Policy, label: Label) -> Assurance:
    """How sure we must be of the requester before `label` is carried out."""
    return policy.identity.levels.get(label, DEFAULT_LEVELS[label])


def service_days(policy: Policy, label: Label) -> int | None:
    """Working days for staff; None where only the legal term counts."""
    return policy.service_days.get(label, DEFAULT_SERVICE_DAYS.get(label))


def promises_for(policy: Policy, label: Label) -> tuple[Promise, ...]:
    return tuple(promise for promise in policy.promises if promise.label is label)


def retention_for(policy: Policy, category: str) -> tuple[RetentionRule, ...]:
    return tuple(rule for rule in policy.retention if rule.category == category)


def kept_until(rule: RetentionRule, start: date) -> date | None:
    """The last day a record is kept, counted from its date (`start`); None when the rule names no fixed term."""
    if not rule.years and not rule.days:
        return None
    if rule.start is RetentionStart.END_OF_YEAR:
        start = date(start.year, 12, 31)
    year = start.year + rule.years
    clamped = date(year, 2, 28) if (start.month, start.day) == (2, 29) and not _leap(year) else start.replace(year=year)
    return date.fromordinal(clamped.toordinal() + rule.days)


def portable(policy: Policy, category: Category) -> bool:
    """Art. 20: given by the person, and used on consent or contract; more where more was promised."""
    bases = {purpose.basis for purpose in policy.purposes if category.key in purpose.categories}
    return category.provided and (policy.portable_all or bool(bases & {Basis.CONSENT, Basis.CONTRACT}))


def with_contact(policy: Policy, **overrides: Any) -> Policy:
    """The same policy with other contact data: the demo and the running configuration replace the published ones."""
    return replace(policy, contact=replace(policy.contact, **overrides))


def contact_problems(policy: Policy) -> list[str]:
    """What a person can not find in the letters; art. 13(1)(a) asks for identity and contact details."""
    wanted = {
        "contact.email": (policy.contact.email, "een e-mailadres voor privacyverzoeken"),
        "contact.address": (policy.contact.address, "een postadres"),
    }
    problems = [
        f"{key}: {what} ontbreekt; vul het in de instellingen aan" for key, (value, what) in wanted.items() if not value
    ]
    if policy.contact.phone and not policy.contact.hours:
        problems.append("contact.hours: er is een telefoonnummer, maar de uren waarop iemand opneemt ontbreken")
    return problems


def sentences(policy: Policy) -> Iterator[tuple[str, str]]:
    """Every text of the policy that a requester may read, with its dotted key.

    Differences stay out: they tell staff what the statement says, wrong words included.
    """
    yield from (
        ("source_of_data", policy.source_of_data),
        ("backups", policy.backups),
        ("service_messages", policy.service_messages),
        ("automated_decisions.text", policy.automated_decisions.text),
        ("automated_decisions.logic", policy.automated_decisions.logic),
        ("automated_decisions.reviewer", policy.automated_decisions.reviewer),
        ("complaint.internal", policy.complaint.internal),
        ("complaint.authority", policy.complaint.authority),
        ("complaint.court", policy.complaint.court),
        ("staff_role", policy.staff_role),
    )
    if policy.processor:
        yield "processor.redirect", policy.processor.redirect
        yield "processor.customers", policy.processor.customers
    for name, parts in _told_parts(policy).items():
        for number, texts in enumerate(parts, 1):
            yield from ((f"{name}[{number}]", text) for text in texts if text)


def _told_parts(policy: Policy) -> dict[str, list[tuple[str, ...]]]:
    return {
        "signature": [policy.signature],
        "promises": [(p.text,) for p in policy.promises],
        "categories": [(c.label, c.description) for c in policy.categories],
        "purposes": [(p.title, p.note) for p in policy.purposes],
        "retention": [(r.text, r.law) for r in policy.retention],
        "recipients": [(r.name, r.purpose, r.country, r.safeguard) for r in policy.recipients],
        "lists": [(x.label,) for x in policy.lists],
        "answers": [(a.topic, a.text) for a in policy.answers],
        "english": [(text,) for text in policy.english.values()],
    }


def _leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _check_references(policy: Policy, document: Document) -> None:
    """Keys are unique and every named category exists."""
    for name in ("categories", "purposes", "recipients", "lists", "answers", "differences"):
        seen: set[str] = set()
        for number, item in enumerate(getattr(policy, name), 1):
            if item.key in seen:
                raise document.error(f"{name}[{number}].key", f"de sleutel '{item.key}' komt twee keer voor")
            seen.add(item.key)
    known = {category.key for category in policy.categories}
    for where, category in _categories_named(policy):
        if category not in known:
            raise document.error(where, f"de categorie '{category}' bestaat niet")
    if missing := sorted(known - {rule.category for rule in policy.retention}):
        raise document.error("retention", f"geen bewaartermijn voor: {', '.join(missing)} (art. 15(1)(d) vraagt die)")
    if missing := sorted(known - {key for purpose in policy.purposes for key in purpose.categories}):
        raise document.error("purposes", f"geen doel voor: {', '.join(missing)} (art. 15(1)(a) vraagt dat)")


def _categories_named(policy: Policy) -> Iterator[tuple[str, str]]:
    """Where a category is named, and which."""
    for name in ("purposes", "recipients"):
        for number, item in enumerate(getattr(policy, name), 1):
            yield from ((f"{name}[{number}].categories", category) for category in item.categories)
    for name in ("anonymise", "claim_needs"):
        yield from ((f"erasure.{name}", category) for category in getattr(policy.erasure, name))
    yield from ((f"retention[{number}].category", rule.category) for number, rule in enumerate(policy.retention, 1))


def _check_terms(policy: Policy, document: Document) -> None:
    """Values that fit their type and still can not be right."""
    for key, why in (*_wrong_rows(policy), *_wrong_numbers(policy)):
        raise document.error(key, why)
    if policy.blocked_grounds and not policy.blocked_why:
        raise document.error("blocked_grounds", "zeg in 'blocked_why' waarom een grond hier niet kan")


def _wrong_rows(policy: Policy) -> Iterator[tuple[str, str]]:
    for number, rule in enumerate(policy.retention, 1):
        if rule.source is RetentionSource.LAW and not (rule.law and (rule.years or rule.days)):
            yield f"retention[{number}].law", "een wettelijke termijn noemt de wet en een aantal jaren"
        if rule.years < 0 or rule.days < 0:
            yield f"retention[{number}]", "een termijn is niet korter dan nul"
    for number, promise in enumerate(policy.promises, 1):
        if promise.days is not None and promise.days < 1:
            yield f"promises[{number}].days", "een belofte met een termijn telt minstens 1 dag"
    for number, purpose in enumerate(policy.purposes, 1):
        if purpose.claimed_consent and purpose.basis is Basis.CONSENT:
            yield f"purposes[{number}].claimed_consent", "dit doel rust echt op toestemming"
    for number, recipient in enumerate(policy.recipients, 1):
        if not recipient.eea and not recipient.safeguard:
            yield f"recipients[{number}].safeguard", "doorgifte buiten de EER noemt de waarborg (art. 15(2))"


def _wrong_numbers(policy: Policy) -> Iterator[tuple[str, str]]:
    for label, days in policy.service_days.items():
        if days < 1:
            yield f"service_days.{label}", "een werktermijn telt minstens 1 werkdag"
    if policy.restriction_review_days < 1:
        yield "restriction_review_days", "moet minstens 1 zijn"
    if policy.erasure.wait_days < 0 or policy.erasure.claim_review_days < 1:
        yield "erasure", "een wachttijd is niet korter dan nul, en een claim wordt een keer herzien"
    if policy.erasure.ledger_years < 1 or policy.erasure.mark_years < 0:
        yield "erasure", "het wisregister blijft minstens 1 jaar; mark_years is 0 (tot iemand terugkomt) of meer"
    for name in ("code_digits", "code_hours", "code_attempts", "code_resends"):
        if getattr(policy.identity, name) < 1:
            yield f"identity.{name}", "moet minstens 1 zijn"
