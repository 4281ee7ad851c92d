"""`docs/rights.md`: what happens with each request at each organisation, made from policies and handlers.

Nothing in it is written by hand, so it can not say something else than the program does.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence

from cases.policy import (
    Basis,
    Condition,
    ListKind,
    Policy,
    Purpose,
    RetentionSource,
    level_needed,
    portable,
    promises_for,
    service_days,
)
from cases.transitions import ANSWERED_BY_PROGRAM
from cases.types import STATUTORY, Label
from handlers.registry import HANDLERS

_INTRO = """# Rights: what happens, per request type and organisation

Made from `policies/` and `handlers/`; a test holds this page to them. Each cell says which assurance an answer needs,
which terms are kept (the earliest is told), and what follows from this organisation's policy beside the law. Which
conversation shows a cell: [conversations](conversations.md).
"""


def rights_page(policies: Sequence[Policy]) -> str:
    names = [policy.key for policy in policies]
    rows = [(label.value, *(_cell(policy, label) for policy in policies)) for label in HANDLERS]
    beside = [
        ("blocked grounds", *(_refusals(policy) for policy in policies)),
        ("copy of an ID", *(_identity(policy) for policy in policies)),
        ("data of its customers", *(_processor(policy) for policy in policies)),
    ]
    told = [f"- **{label.value}**: {_what(label)}" for label in HANDLERS]
    parts = [_INTRO, _table(("", *names), [*rows, *beside]), "## What each handler does", "\n".join(told)]
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def _what(label: Label) -> str:
    """The first line of the module that handles it."""
    first = (sys.modules[type(HANDLERS[label]).__module__].__doc__ or "").strip().splitlines()[0]
    return f"{first} The program may answer by itself." if label in ANSWERED_BY_PROGRAM else first


def _cell(policy: Policy, label: Label) -> str:
    """Proof, dates, and what follows from this policy, each where there is something to say."""
    proof = level_needed(policy, label).name.lower()
    return "; ".join(part for part in (proof, _date(policy, label), _here(policy, label)) if part)


def _date(policy: Policy, label: Label) -> str:
    parts = ["one month"] if label in STATUTORY else []
    for promise in promises_for(policy, label):
        if promise.days:
            when = "" if promise.condition is Condition.ALWAYS else f" ({promise.condition.value})"
            parts.append(f"promised in {promise.days} days{when}")
    if days := service_days(policy, label):
        parts.append(f"aim: {days} working day" + ("s" if days > 1 else ""))
    return ", ".join(parts)


def _here(policy: Policy, label: Label) -> str:
    say = _HERE.get(label)
    return say(policy) if say else ""


def _access(policy: Policy) -> str:
    kinds, names = len(policy.categories), len(policy.recipients)
    return f"{kinds} kinds of data, {names} recipients; a link of {policy.links.link_days} days"


def _erasure(policy: Policy) -> str:
    rules = policy.erasure
    law = [rule for rule in policy.retention if rule.source is RetentionSource.LAW]
    kept = ", ".join(f"{rule.category} {rule.years} years after the year ({rule.law})" for rule in law)
    parts = [f"kept by law: {kept}", f"waits {rules.wait_days} days"]
    parts += [f"made anonymous: {', '.join(rules.anonymise)}"] if rules.anonymise else []
    parts += ["answered when every system has confirmed"] if rules.every_system else []
    return "; ".join(parts)


def _opting_out(policy: Policy) -> str:
    stops = [item.key for item in policy.lists if item.kind is not ListKind.SERVICE]
    stays = [item.key for item in policy.lists if item.kind is ListKind.SERVICE]
    return f"stops: {_names(stops) or 'all advertising'}" + (f"; service goes on: {_names(stays)}" if stays else "")


def _objecting(policy: Policy) -> str:
    absolute = _keys(policy, lambda purpose: purpose.marketing)
    weighed = _keys(
        policy,
        lambda purpose: purpose.basis in (Basis.LEGITIMATE_INTEREST, Basis.PUBLIC_TASK) and not purpose.marketing,
    )
    return f"absolute: {absolute or 'none'}; weighed: {weighed or 'none'}"


def _withdrawing(policy: Policy) -> str:
    stops = _keys(policy, lambda purpose: purpose.basis is Basis.CONSENT)
    claimed = _keys(policy, lambda purpose: purpose.claimed_consent)
    return f"stops: {stops or 'none'}" + (f"; called consent, goes on: {claimed}" if claimed else "")


def _taking_along(policy: Policy) -> str:
    goes = sum(portable(policy, category) for category in policy.categories)
    more = "; promised without limits" if policy.portable_all else ""
    return f"{goes} of {len(policy.categories)} kinds of data{more}"


_HERE: Mapping[Label, Callable[[Policy], str]] = {
    Label.INZAGE: _access,
    Label.VERWIJDERING: _erasure,
    Label.AFMELDEN: _opting_out,
    Label.BEZWAAR: _objecting,
    Label.INTREKKEN: _withdrawing,
    Label.OVERDRACHT: _taking_along,
    Label.BEPERKING: lambda policy: f"looked at again after {policy.restriction_review_days} days",
    Label.BESLUIT: lambda policy: "decides with a computer" if policy.automated_decisions.used else "no such decisions",
    Label.VRAAG: lambda policy: f"{len(policy.answers)} approved answers",
}


def _keys(policy: Policy, wanted: Callable[[Purpose], bool]) -> str:
    return _names([purpose.key for purpose in policy.purposes if wanted(purpose)])


def _names(keys: Sequence[str]) -> str:
    return ", ".join(keys)


def _refusals(policy: Policy) -> str:
    return _names([ground.value for ground in policy.blocked_grounds]) or "none"


def _identity(policy: Policy) -> str:
    asked = "; the statement asks one by default" if policy.identity.id_copy_in_statement else ""
    return policy.identity.id_copy.value + asked


def _processor(policy: Policy) -> str:
    return "the request is passed on to that customer" if policy.processor else "holds none"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(header)} |", f"|{'---|' * len(header)}"]
    return "\n".join((*lines, *(f"| {' | '.join(row)} |" for row in rows)))
