"""The terms: how a legal date, a promise and a service date are counted, and which rows a request gets.

Three kinds, never mixed: the legal term (calendar months from receipt, art. 12(3) AVG, Reg. 1182/71 art. 3), the
promise of the statement (calendar days, never rolled) and the service level (working days, for staff). All pure: `now`
is no input, so every row can be derived again at any time. Not here: holidays (`calendar`), what was promised
(`policy`), who is warned (`workflow/deadlines`).
"""

from __future__ import annotations

import calendar as months_of
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from cases.calendar import (
    AMSTERDAM,
    DAY,
    add_working_days,
    at_hour,
    aware,
    day_off,
    day_words,
    is_debatable,
    local_date,
    roll,
    working_days_before,
)
from cases.errors import InputError, RuleError
from cases.policy import Condition, Policy, promises_for, service_days
from cases.types import STATUTORY, DeadlineKind, Label

FIRST_TERM = 1  # months, art. 12(3)
EXTENDED_TERM = 3  # one month and two further months, counted from receipt
ASK_WITHIN = 2  # working days after receipt; a later question does not suspend (house rule)
HOUSE_DAYS = 14
BREACH = timedelta(hours=72)  # art. 33(1); hours run on through weekends and the change of the clock
WARN_HOUR = 8  # local time; staff see it at the start of their day


class Rule(StrEnum):
    MONTH1 = "month1"
    MONTH3 = "month3"  # extended
    REFUSAL = "refusal"  # art. 12(4)
    EXTENSION_NOTICE = "extension_notice"
    SUSPEND = "suspend"
    HOUSE14D = "house14d"
    BREACH72H = "breach72h"


_MONTHS = {Rule.MONTH1: 1, Rule.MONTH3: 3, Rule.REFUSAL: 1, Rule.EXTENSION_NOTICE: 1, Rule.SUSPEND: 1}


@dataclass(frozen=True, slots=True)
class Term:
    """One term. The term ends with the end of the day named; for `breach72h` the dates are aware moments."""

    rule: Rule
    due: date | datetime  # the latest legal date
    target: date | datetime  # what we aim at: debatable holidays count as working days
    unsuspended: date | datetime  # `due` as if the clock had never stood still
    reasoning: str  # plain Dutch, for staff and audit


@dataclass(frozen=True, slots=True)
class DeadlineRow:
    """One date of one request, with what it was derived from."""

    kind: DeadlineKind
    due_on: date
    due_at: datetime  # aware: the moment the row asks for attention; for a term the end of its last day
    target_on: date  # legal rows: the date to aim at, unsuspended; else the same as `due_on`
    told: bool  # the one date that the requester is told is this row's `target_on`
    reasoning: str
    inputs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Question:
    """A question without whose answer a request can not go on: when it was put, and sufficiently answered."""

    asked: datetime
    answered: datetime | None = None  # not yet


def compute(rule: Rule | str, *, received: datetime, questions: Sequence[Question] = ()) -> Term:
    """The term of one rule, counted from receipt. `questions` matter for `suspend` only."""
    rule = Rule(rule)
    if rule is Rule.BREACH72H:
        return _breach(received)
    if rule is Rule.HOUSE14D:
        day, reasoning = promise(received, HOUSE_DAYS)
        return Term(rule, day, day, day, reasoning)
    if rule is Rule.SUSPEND:
        return _months(rule, _MONTHS[rule], received, suspension=_Suspension(received, questions))
    return _months(rule, _MONTHS[rule], received)


def promise(received: datetime, days: int) -> tuple[date, str]:
    """A promise of the statement: calendar days from receipt, never rolled forward; and why."""
    start = local_date(received)
    day = start + timedelta(days=days)
    return day, f"ontvangen {day_words(start)} → {days} dagen beloofd → {day_words(day)}"


def service(received: datetime, working_days: int) -> tuple[date, str]:
    """A service level: working days after the day of receipt; and why."""
    start = local_date(received)
    day = add_working_days(start, working_days)
    unit = "werkdag" if working_days == 1 else "werkdagen"
    return day, f"ontvangen {day_words(start)} → {working_days} {unit} → {day_words(day)}"


def derive(
    label: Label,
    received: datetime,
    policy: Policy,
    *,
    former_customer: bool | None = None,
    extended: datetime | None = None,
    questions: Sequence[Question] = (),
    resumed: datetime | None = None,
) -> tuple[DeadlineRow, ...]:
    """Every row of one request. `extended` is when the notice with reasons left; `questions` stop the clock.

    The date told is the earlier of the legal target and the promise; where neither exists, the service date. A promise
    to former customers counts while nobody knows whether this person is one: earlier is never late.

    `resumed`: an approved letter closed it for silence, then its requester came back. The date without the standstill
    has had its answer (art. 12(4)): told is the one with it; promise, service and warnings begin at that moment.
    """
    moments = {"received": received, "extended": extended, "resumed": resumed}
    inputs = _inputs(label, moments, questions, former_customer)
    since = resumed or received
    dated = [
        *_legal(label, received, extended, questions, resumed=resumed is not None),
        *_promises(label, since, policy, former_customer),
    ]
    days = service_days(policy, label)
    if days is None and not dated:
        raise RuleError(f"no term of any kind is set for the label {label}")
    if days is not None:
        dated.append(_row(DeadlineKind.SERVICE, *service(since, days)))
    binding = [row for row in dated if row.kind is not DeadlineKind.SERVICE] or dated
    told = min(binding, key=lambda row: row.target_on)
    rows = [_marked(row, told=row is told, inputs=inputs) for row in dated]
    return (*rows, *(_marked(row, told=False, inputs=inputs) for row in _warnings(since, told.target_on)))


def date_told(rows: Sequence[DeadlineRow]) -> date:
    """The one date that the requester hears."""
    return next(row.target_on for row in rows if row.told)


class _Suspension:
    """The days a clock stood still: from the local date of each question to that of its sufficient answer.

    House rule (no text gives arithmetic): asked within two working days of receipt, and answered; else nothing. A day
    on which two questions stood open counts once.
    """

    def __init__(self, received: datetime, questions: Sequence[Question]) -> None:
        self.start = local_date(received)
        for one in questions:
            if aware(one.asked) < received:
                raise InputError("asked_before_receipt", "de vraag kan niet voor de ontvangst zijn gesteld")
            if one.answered and aware(one.answered) < one.asked:
                raise InputError("answered_before_question", "het antwoord kan niet voor de vraag zijn ontvangen")
        in_order = sorted(questions, key=lambda one: (one.asked, one.answered is None, one.answered or one.asked))
        self.stood = [(local_date(one.asked), local_date(one.answered) if one.answered else None) for one in in_order]

    def days(self, *, generous: bool) -> int:
        """How long it stood still in all."""
        latest, total, until = self.latest(generous=generous), 0, self.start
        for asked, answered in self.stood:
            if answered is not None and asked <= latest and answered > until:
                total += (answered - max(asked, until)).days
                until = answered
        return total

    def latest(self, *, generous: bool) -> date:
        return add_working_days(self.start, ASK_WITHIN, generous=generous)

    def words(self) -> str:
        if not self.stood:
            return "er is niets gevraagd: de termijn loopt door"
        said = "; ".join(self._words(*one) for one in self.stood)
        days = self.days(generous=True)
        return f"{said}; samen {_days(days)} erbij" if len(self.stood) > 1 else said

    def _words(self, asked: date, answered: date | None) -> str:
        latest = self.latest(generous=True)
        if asked > latest:
            return (
                f"gevraagd {day_words(asked)}, later dan {ASK_WITHIN} werkdagen na ontvangst "
                f"({day_words(latest)}): de termijn loopt door"
            )
        if answered is None:
            return f"gevraagd {day_words(asked)}, nog geen antwoord: de termijn loopt door"
        return f"gevraagd {day_words(asked)}, beantwoord {day_words(answered)}: {_days((answered - asked).days)} erbij"


def _days(count: int) -> str:
    return f"{count} {'dag' if count == 1 else 'dagen'}"


def _months(rule: Rule, months: int, received: datetime, *, suspension: _Suspension | None = None) -> Term:
    """Same day number `months` later, clamped to that month; then the suspended days; then rolled, once.

    Never from an already clamped or rolled date: 31 January and three months is 30 April.
    """
    start = local_date(received)
    last = _same_day(start, months)
    generous_days = suspension.days(generous=True) if suspension else 0
    strict_days = suspension.days(generous=False) if suspension else 0
    unrolled = last + timedelta(days=generous_days)
    due = roll(unrolled)
    target = roll(last + timedelta(days=strict_days), generous=False)
    unsuspended = roll(last)
    steps = [f"ontvangen {day_words(start)}"]
    if suspension:
        steps.append(suspension.words())
    steps.append(_path(unrolled, due, clamped=last.day != start.day and not generous_days))
    reasoning = " → ".join(steps)
    if target != due:
        reasoning += f"; streefdatum {day_words(target)}: {_why_earlier(target, due, strict_days != generous_days)}"
    if unsuspended != due:
        reasoning += f"; zonder opschorting {day_words(unsuspended)}"
    return Term(rule, due, target, unsuspended, reasoning)


def _same_day(start: date, months: int) -> date:
    years, month = divmod(start.month - 1 + months, 12)
    year, month = start.year + years, month + 1
    return date(year, month, min(start.day, months_of.monthrange(year, month)[1]))


def _path(unrolled: date, due: date, *, clamped: bool) -> str:
    """ "28-02 is een zaterdag → ma 02-03-2026" """
    off = []
    day = unrolled
    while day < due:
        off.append(f"{day:%d-%m} is {day_off(day)}")
        day += DAY
    if off:
        return f"{', '.join(off)} → {day_words(due)}"
    if clamped:
        return f"{due:%d-%m} is de laatste dag van die maand → {day_words(due)}"
    return day_words(due)


def _why_earlier(target: date, due: date, ask_differs: bool) -> str:
    if ask_differs:
        return "of de vraag op tijd was, hangt af van een dag die niet overal als feestdag telt"
    days = (target + timedelta(days=n) for n in range((due - target).days))
    names = {day_off(day) for day in days if is_debatable(day)}
    return f"{' en '.join(sorted(names))} telt niet overal als feestdag"


def _breach(received: datetime) -> Term:
    moment = (aware(received).astimezone(UTC) + BREACH).astimezone(AMSTERDAM)
    local = received.astimezone(AMSTERDAM)
    reasoning = (
        f"bekend {day_words(local.date())} {local:%H:%M} → 72 uur, ook in het weekend → "
        f"{day_words(moment.date())} {moment:%H:%M}"
    )
    return Term(Rule.BREACH72H, moment, moment, moment, reasoning)


def _legal(
    label: Label, received: datetime, extended: datetime | None, questions: Sequence[Question], *, resumed: bool
) -> list[DeadlineRow]:
    """The legal row: `due_on` with extension and suspension, `target_on` without the suspension."""
    if label not in STATUTORY:
        return []
    first = compute(Rule.EXTENSION_NOTICE, received=received)
    rule, note = Rule.MONTH1, ""
    if extended is not None:
        if aware(extended) < received:
            raise InputError("extended_before_receipt", "de verlenging kan niet voor de ontvangst zijn verstuurd")
        if local_date(extended) <= first.due:
            rule = Rule.MONTH3
            note = f"; verlengd op {day_words(local_date(extended))}: drie maanden vanaf ontvangst"
        else:
            note = (
                f"; het bericht van verlenging ({day_words(local_date(extended))}) kwam na de eerste maand: niet geldig"
            )
    suspension = _Suspension(received, questions) if questions else None
    term = _months(rule, _MONTHS[rule], received, suspension=suspension)
    aim = term.target if resumed else compute(rule, received=received).target
    assert not isinstance(aim, datetime)
    row = _row(DeadlineKind.LEGAL, term.due, term.reasoning + note, target=aim)
    return [row]


def _promises(label: Label, received: datetime, policy: Policy, former_customer: bool | None) -> list[DeadlineRow]:
    rows = []
    for item in promises_for(policy, label):
        if item.days is None or (item.condition is Condition.FORMER_CUSTOMER and former_customer is False):
            continue
        day, reasoning = promise(received, item.days)
        if item.condition is Condition.FORMER_CUSTOMER and former_customer is None:
            reasoning += "; beloofd aan oud-klanten, en of dit er een is, staat nog niet vast"
        rows.append(_row(DeadlineKind.PROMISE, day, reasoning))
    # One promise row a request: the earliest of several binds.
    return sorted(rows, key=lambda row: row.due_on)[:1]


def _warnings(received: datetime, told: date) -> list[DeadlineRow]:
    """Warnings between receipt and the date told, and the moment from which that date is past."""
    start = local_date(received)
    words = f"datum genoemd {day_words(told)}"
    wanted = (
        (DeadlineKind.WARN_DAY_14, start + timedelta(days=14), "dag 14 na ontvangst"),
        (DeadlineKind.WARN_DAY_21, start + timedelta(days=21), "dag 21 na ontvangst"),
        (DeadlineKind.WARN_5_DAYS, working_days_before(told, 5), "5 werkdagen ervoor"),
        (DeadlineKind.WARN_2_DAYS, working_days_before(told, 2), "2 werkdagen ervoor"),
    )
    rows = [
        DeadlineRow(kind, day, at_hour(day, WARN_HOUR), day, False, f"{words} → {why} → {day_words(day)}")
        for kind, day, why in wanted
        if at_hour(day, WARN_HOUR) >= received and day <= told
    ]
    late = told + DAY
    overdue = f"{words} → te laat vanaf {day_words(late)} 00:00"
    return [*rows, DeadlineRow(DeadlineKind.OVERDUE, late, at_hour(late, 0), late, False, overdue)]


def _row(kind: DeadlineKind, due: date, reasoning: str, *, target: date | None = None) -> DeadlineRow:
    return DeadlineRow(kind, due, at_hour(due + DAY, 0), target or due, False, reasoning)


def _marked(row: DeadlineRow, *, told: bool, inputs: Mapping[str, str]) -> DeadlineRow:
    return DeadlineRow(row.kind, row.due_on, row.due_at, row.target_on, told, row.reasoning, inputs)


def _inputs(
    label: Label, moments: Mapping[str, datetime | None], questions: Sequence[Question], former_customer: bool | None
) -> dict[str, str]:
    """What the rows were derived from, as text: enough to derive them again."""
    inputs = {"label": str(label)}
    inputs |= {name: aware(moment).isoformat() for name, moment in moments.items() if moment is not None}
    for place, one in enumerate(questions, start=1):
        answered = aware(one.answered).isoformat() if one.answered else ""
        inputs[f"question_{place}"] = f"{aware(one.asked).isoformat()}/{answered}"
    if former_customer is not None:
        inputs["former_customer"] = "yes" if former_customer else "no"
    return inputs
