"""What stands in the way of erasing somebody's data: an open case of the same person, or a standing freeze.

Whoever asked what is held must be answered from it (art. 15, 20), whoever complains or objects may need it as proof
(art. 18(1)(c), 21), and what is restricted is stored until that is lifted (art. 18(2)). The same person is whoever
writes from the same address, has proved the same address or number, or sent back the code that went to that address:
what a mail merely names counts for nothing, or a stranger could keep another's data from being erased. What waits on
it, and who may go on all the same, is in `workflow/`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, select, union

from cases.types import OPEN_STATES, ChannelKind, Label, RestrictionGround
from storage.models import Case, CaseIdentifier, Conversation, IdentityCode, Request, Restriction, table
from storage.unit import Reads

ACCESS = frozenset({Label.INZAGE, Label.OVERDRACHT})
FREEZING = ACCESS | {Label.KLACHT, Label.BEPERKING, Label.BEZWAAR}
OPPOSED = frozenset({RestrictionGround.UNLAWFUL, RestrictionGround.CLAIM})  # the person wanted no erasure
_OPEN = [state.value for state in OPEN_STATES]


@dataclass(frozen=True, slots=True)
class InTheWay:
    """One open request, or one freeze that stands."""

    case_id: str
    case_number: str
    label: Label
    since: datetime
    ground: RestrictionGround | None = None  # of a freeze; None: an open request


def in_the_way(
    reads: Reads, case_ids: Collection[str], *, labels: Collection[Label] = FREEZING,
    grounds: Collection[RestrictionGround] = tuple(RestrictionGround),
) -> dict[str, tuple[InTheWay, ...]]:  # fmt: skip
    """Case → what of the same person stands in the way of erasing, the case itself included; oldest first.

    Cases with nothing in the way are not in it. For a line of the ledger: the case of its request.
    """
    marks = _marks(reads, case_ids)
    others = _cases_of(reads, {token for tokens in marks.values() for token in tokens})
    every = {case for cases in others.values() for case in cases} | set(case_ids)
    standing = [*_requests(reads, every, labels), *_freezes(reads, every, grounds)]
    found = {}
    for case_id in case_ids:
        same = {case_id}.union(*(others.get(token, ()) for token in marks.get(case_id, ())))
        found[case_id] = tuple(sorted((one for one in standing if one.case_id in same), key=lambda one: one.since))
    return {case_id: them for case_id, them in found.items() if them}


def same_person(reads: Reads, case_id: str) -> set[str]:
    """This case and every other one of the same person."""
    tokens = {token for tokens in _marks(reads, [case_id]).values() for token in tokens}
    return {case_id}.union(*_cases_of(reads, tokens).values())


def _marks(reads: Reads, case_ids: Collection[str]) -> dict[str, set[tuple[str, str]]]:
    """Case → (organisation, keyed digest) of every address it was written from and of everything proved in it.

    Not of conversations that we began: a code to an address on file, a link to another party (art. 20(2)).
    """
    talks, known, codes = table(Conversation), table(CaseIdentifier), table(IdentityCode)
    found = reads.rows(
        union(
            select(talks.c.case_id, talks.c.organisation_id, talks.c.address_index.label("token")).where(
                talks.c.case_id.in_(case_ids), talks.c.channel == ChannelKind.EMAIL.value, talks.c.asking_id.is_(None)
            ),
            select(talks.c.case_id, talks.c.organisation_id, talks.c.ident_index).where(
                talks.c.case_id.in_(case_ids), talks.c.ident_index.is_not(None)
            ),
            select(known.c.case_id, known.c.organisation_id, known.c.value_index).where(
                known.c.case_id.in_(case_ids), known.c.proven
            ),
            select(talks.c.case_id, talks.c.organisation_id, codes.c.sent_to_index)
            .join(codes, codes.c.conversation_id == talks.c.id)
            .where(talks.c.case_id.in_(case_ids), codes.c.used_at.is_not(None), talks.c.asking_id.is_(None)),
        )
    )
    marks: dict[str, set[tuple[str, str]]] = {}
    for row in found:
        marks.setdefault(row.case_id, set()).add((row.organisation_id, row.token))
    return marks


def _cases_of(reads: Reads, marks: Collection[tuple[str, str]]) -> dict[tuple[str, str], set[str]]:
    """The way back: (organisation, digest) → cases. Somebody who said "niet ik" is not this person."""
    talks, known, codes = table(Conversation), table(CaseIdentifier), table(IdentityCode)
    organisations, tokens = {organisation for organisation, _ in marks}, {token for _, token in marks}
    if not marks:
        return {}
    talk = talks.c.organisation_id.in_(organisations) & talks.c.case_id.is_not(None) & talks.c.frozen.is_(False)
    talk &= talks.c.asking_id.is_(None)
    by_mail = talks.c.channel == ChannelKind.EMAIL.value
    found = reads.rows(
        union(
            select(talks.c.organisation_id, talks.c.address_index.label("token"), talks.c.case_id).where(
                talk, by_mail, talks.c.address_index.in_(tokens)
            ),
            select(talks.c.organisation_id, talks.c.ident_index, talks.c.case_id).where(
                talk, talks.c.ident_index.in_(tokens)
            ),
            select(known.c.organisation_id, known.c.value_index, known.c.case_id).where(
                known.c.organisation_id.in_(organisations), known.c.value_index.in_(tokens), known.c.proven
            ),
            select(talks.c.organisation_id, codes.c.sent_to_index, talks.c.case_id)
            .join(codes, codes.c.conversation_id == talks.c.id)
            .where(talk, codes.c.sent_to_index.in_(tokens), codes.c.used_at.is_not(None)),
        )
    )
    cases: dict[tuple[str, str], set[str]] = {}
    for row in found:
        cases.setdefault((row.organisation_id, row.token), set()).add(row.case_id)
    return cases


def _requests(reads: Reads, case_ids: Collection[str], labels: Collection[Label]) -> list[InTheWay]:
    """Open, asked by somebody who did not say "niet ik", and not just the repetition of another open one."""
    rows, cases, talks = table(Request), table(Case), table(Conversation)
    first = rows.alias("first")
    repeats = exists().where(first.c.id == rows.c.same_as, first.c.state.in_(_OPEN))
    query = (
        select(rows.c.case_id, cases.c.number, rows.c.label, rows.c.received_at)
        .join(cases, cases.c.id == rows.c.case_id)
        .join(talks, talks.c.id == rows.c.conversation_id)
        .where(rows.c.case_id.in_(case_ids), rows.c.state.in_(_OPEN), ~repeats)
        .where(rows.c.label.in_([label.value for label in labels]), talks.c.frozen.is_(False))
    )
    return [InTheWay(row.case_id, row.number, Label(row.label), row.received_at) for row in reads.rows(query)]


def _freezes(reads: Reads, case_ids: Collection[str], grounds: Collection[RestrictionGround]) -> list[InTheWay]:
    rows, requests, cases = table(Restriction), table(Request), table(Case)
    query = (
        select(rows.c.case_id, cases.c.number, requests.c.label, rows.c.since, rows.c.ground)
        .join(cases, cases.c.id == rows.c.case_id)
        .join(requests, requests.c.id == rows.c.request_id)
        .where(rows.c.case_id.in_(case_ids), rows.c.lifted_at.is_(None))
        .where(rows.c.ground.in_([ground.value for ground in grounds]))
    )
    return [
        InTheWay(row.case_id, row.number, Label(row.label), row.since, RestrictionGround(row.ground))
        for row in reads.rows(query)
    ]
