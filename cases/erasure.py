"""What becomes of one record when its person asks for erasure: erase, anonymise named fields, or keep with a ground.

A record is kept for one of three reasons only: a term of law that covers a field in it and is not over (17(3)(b)), an
invoice that is open now (17(3)(e)), or a contract that still runs (17(1)(a) is not met: the data are needed). What an
organisation promised or needs for itself never keeps anything. Fields that the reason does not cover go all the same.
Serves art. 17 AVG. Pure: which records there are comes from the sources, what is done with them from the handlers.

Also here: what in a record names its person (`naming`), so that an erasure that is done once more, from a ledger that
holds no names, never hits the stranger who has the same key by now (`same_person`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from cases.policy import Basis, Policy, RetentionSource, RetentionStart, kept_until, retention_for
from cases.protocols import FieldInfo, Found, TableInfo, Value
from cases.types import Fate, Verb

CLAIM_LAW = "artikel 17 lid 3 onder e AVG"
CONTRACT_LAW = "artikel 6 lid 1 onder b AVG"


class KeptFor(StrEnum):
    """Why a record stays; the first that applies names it."""

    LAW = "law"
    CLAIM = "claim"
    CONTRACT = "contract"


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of the person as a customer."""

    running: bool | None = None  # None: no system says
    until: date | None = None  # the day the last contract ends or ended
    open_invoices: tuple[str, ...] = ()  # their total, per system that has any


@dataclass(frozen=True, slots=True)
class Verdict:
    """The fate of one record."""

    fate: Fate
    category: str = ""  # key of the policy category that decided; "" when nothing holds the record
    columns: tuple[str, ...] = ()  # fields that go: of an anonymised record, and of a kept one all the same
    kept_for: KeptFor | None = None
    law: str = ""
    ends_on: date | None = None  # the last day, or the day a claim is looked at again; None: not known yet


@dataclass(frozen=True, slots=True)
class _Hold:
    kept_for: KeptFor
    law: str
    ends_on: date | None


def fate(
    table: TableInfo,
    row: Mapping[str, Value],
    day: date | None,
    policy: Policy,
    today: date,
    standing: Standing,
) -> Verdict:
    """What becomes of this record. `day`: the day its term counts from, as its system says.

    Where no system says, the term counts from the latest day that it can be, so that no book is erased too early.
    """
    covering = {item.name: _hold(table, item, day, policy, today, standing) for item in table.fields}
    holding = [item for item in table.fields if covering[item.name] and not _blank(item, row.get(item.name))]
    if not holding:
        return _gone(table, policy)
    # In the order of the enum; of two terms of law the longer.
    first = min(holding, key=lambda item: _rank(covering[item.name]))
    hold = covering[first.name]
    assert hold is not None
    goes = tuple(item.name for item in table.fields if item.identifies and covering[item.name] is None)
    return Verdict(Fate.KEEP, first.category, goes, hold.kept_for, hold.law, hold.ends_on)


def emptied(table: TableInfo) -> Verdict | None:
    """A record with every field gone that points to somebody; None where its system can not, or no field does."""
    naming = tuple(item.name for item in table.fields if item.identifies)
    return Verdict(Fate.ANONYMISE, columns=naming) if naming and Verb.ANONYMISE in table.can else None


def standing_of(found: Iterable[Found], settled: str = "") -> Standing:
    """All systems together: running in one of them is running. `settled`: "running" or "former", when staff said so."""
    answers = list(found)
    said = {settled} if settled else {one.facts.get("customer", "") for one in answers}
    running = True if "running" in said else False if "former" in said else None
    ends = [_day(one.facts.get("customer_until", "")) for one in answers if _counts(one, running=running)]
    known = [end for end in ends if end]
    until = None if running and None in ends else max(known, default=None)
    return Standing(running, until, tuple(amount for one in answers if (amount := one.facts.get("open_invoices", ""))))


def wait_before_erasing(policy: Policy, today: date, told: date) -> timedelta:
    """The time to call it off: as the policy says, but always over on the day before the date the person was told."""
    return timedelta(days=max(0, min(policy.erasure.wait_days, (told - today).days - 1)))


def law_of(policy: Policy, category: str, day: date, ended: date) -> tuple[date, str] | None:
    """The longest term of law on this category: its last day, and the law. `ended`: when the contract did."""
    terms = [
        (until, rule.law)
        for rule in retention_for(policy, category)
        if rule.source is RetentionSource.LAW
        and (until := kept_until(rule, ended if rule.start is RetentionStart.CONTRACT_END else day))
    ]
    return max(terms, default=None)


def needed_for_contract(policy: Policy, field: FieldInfo) -> bool:
    """Whether a running contract asks for this field (6(1)(b))."""
    bases = {purpose.basis for purpose in policy.purposes if field.category in purpose.categories}
    return Basis.CONTRACT in bases and field.corrects not in policy.erasure.not_needed


def naming(table: TableInfo, row: Mapping[str, Value]) -> tuple[tuple[str, str], ...]:
    """What names the person in a record, column by column; where nothing does, everything that it says."""
    filled = [item for item in table.fields if not item.secret and not _blank(item, row.get(item.name))]
    chosen = [item for item in filled if item.identifies] or filled
    return tuple((item.name, _plain(row[item.name])) for item in chosen)


def about(table: TableInfo, row: Mapping[str, Value], then: Collection[str]) -> dict[str, str]:
    """What a record says now, in the columns that named the person then and in all that name somebody."""
    return {
        item.name: _plain(row[item.name])
        for item in table.fields
        if not item.secret and (item.identifies or item.name in then) and not _blank(item, row.get(item.name))
    }


def same_person(then: Mapping[str, str], now: Mapping[str, str]) -> bool:
    """Whether a record is about whom it was about: of what was filled then and is now, more than half says the same.

    A phone number that changed is no stranger; a town that two people share is no proof. A record that names nobody any
    more is no stranger's either.
    """
    both = then.keys() & now.keys()
    same = sum(then[column] == now[column] for column in both)
    return 2 * same > len(both) if both else not now


# --- the pieces -------------------------------------------------------------------------------------------------------


def _hold(
    table: TableInfo, item: FieldInfo, day: date | None, policy: Policy, today: date, standing: Standing
) -> _Hold | None:
    """The reason to keep this field, if there is one."""
    latest = min(today, standing.until) if standing.until else today
    term = law_of(policy, item.category, day or latest, standing.until or today)
    if term and term[0] >= today:
        return _Hold(KeptFor.LAW, term[1], term[0])
    if standing.open_invoices and item.category in policy.erasure.claim_needs:
        return _Hold(KeptFor.CLAIM, CLAIM_LAW, today + timedelta(days=policy.erasure.claim_review_days))
    # What has a term of law, or was sent once and for all, no contract needs any longer.
    over = standing.until is not None and standing.until < today
    running = standing.running and not over and term is None and not table.issued
    if running and needed_for_contract(policy, item):
        return _Hold(KeptFor.CONTRACT, CONTRACT_LAW, standing.until)
    return None


def _gone(table: TableInfo, policy: Policy) -> Verdict:
    """Nothing holds it. Anonymised where that was promised or nothing else can be done; by hand where nothing can."""
    promised = any(item.category in policy.erasure.anonymise for item in table.fields if item.identifies)
    made_empty = emptied(table) if promised or Verb.ERASE not in table.can else None
    return made_empty or Verdict(Fate.ERASE)


def _rank(hold: _Hold | None) -> tuple[int, int]:
    assert hold is not None
    return list(KeptFor).index(hold.kept_for), -(hold.ends_on.toordinal() if hold.ends_on else 0)


def _blank(item: FieldInfo, value: Value) -> bool:
    """A secret is handed over as True or False: is there one?"""
    return value is None or (isinstance(value, str) and not value.strip()) or (item.secret and value is False)


def _plain(value: Value) -> str:
    """One way to write a value: it may have been kept as JSON, or typed with other capitals since."""
    text = value.isoformat() if isinstance(value, date) else str(value)
    return " ".join(text.casefold().split())


def _counts(one: Found, *, running: bool | None) -> bool:
    """Of a running customer only the systems that say so tell when it ends."""
    said = one.facts.get("customer", "")
    return said == "running" if running else bool(said)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
