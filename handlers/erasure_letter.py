"""The letter that answers an erasure: what went, what stays with category, law and end date, and what that means.

Everything the program can know is filled in from the dry run; when and how much per system is left open for `outcomes`.
Which record has which fate is decided in `cases/erasure`. Serves art. 17, 18(2), 19 and 12(3)-(4) AVG.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from cases.erasure import KeptFor, Standing, Verdict
from cases.letters import Block, BlockKind, Table
from cases.policy import Basis, Recipient
from cases.types import Decision, Fate
from handlers.base import Action, CaseFile
from handlers.dry_run import Record, verb_of
from handlers.outcomes import open_slots, sources_of
from handlers.parts import block, policy_text, texts_of, titled
from handlers.planning import labels_of, recipients_told
from handlers.wording import Texts

_FATES = {Fate.ERASE: "erasure.fate_erase", Fate.ANONYMISE: "erasure.fate_anonymise"}
_GROUNDS = {
    KeptFor.LAW: "ground.legal_duty",
    KeptFor.CLAIM: "ground.legal_claim",
    KeptFor.CONTRACT: "erasure.ground_contract",
}


@dataclass(frozen=True, slots=True)
class Kept:
    """Records of one kind that stay for the same reason: one row of the table, whatever the day of each."""

    label: str
    records: tuple[Record, ...]

    @property
    def verdict(self) -> Verdict:
        return self.records[0].verdict

    @property
    def days(self) -> tuple[date, ...]:
        """The last days, the earliest first; none where it is not known yet."""
        return tuple(sorted({one.verdict.ends_on for one in self.records if one.verdict.ends_on is not None}))


def decision_of(records: Sequence[Record]) -> Decision:
    """Kept in part is partly, kept as a whole refused: both name ground, authority and court."""
    if not any(record.verdict.fate is Fate.KEEP for record in records):
        return Decision.GRANTED
    going = any(verb_of(record.verdict) for record in records)
    return Decision.PARTLY if going else Decision.REFUSED


def done(
    file: CaseFile, records: Sequence[Record], actions: Sequence[Action], waited_for: Sequence[str]
) -> tuple[Block, ...]:
    """What went, the kinds of record per fate, then one open slot per system; what stays is in `kept`. `waited_for`:
    systems not reached yet, whose slot nothing fills, so that the letter stays."""
    texts = texts_of(file)
    gone = [record for record in records if verb_of(record.verdict)]
    counted = Counter((_fate_words(texts, record), record.table.label) for record in gone)
    kinds: dict[str, list[str]] = {}
    for (words, label), count in counted.items():
        kinds.setdefault(words, []).append(f"{label} ({count})")
    rows = tuple((words, ", ".join(labels)) for words, labels in kinds.items())
    header = (texts.say("erasure.col_fate"), texts.say("erasure.col_data"))
    sources = dict.fromkeys((*sources_of(actions), *waited_for))
    intro = texts.say("erasure.done" if actions else "erasure.done_none")
    first, *slots = open_slots(sources, labels_of(file), texts.say("heading.done"), intro)
    table = titled(texts, BlockKind.DONE, *first.text, table=Table(header, rows) if rows else None)
    return (table, *slots)


def kept(file: CaseFile, records: Sequence[Record], standing: Standing) -> Block:
    """The one table of what stays: category, reason with the facts of this case, end date."""
    texts = texts_of(file)
    rows = tuple(
        (f"{row.label} ({len(row.records)})", _why(file, row, standing), _until(texts, row))
        for row in kept_rows(file, records)
    )
    if not rows:
        return titled(texts, BlockKind.KEPT, texts.say("erasure.kept_none"))
    header = tuple(texts.say(key) for key in ("facts.col_category", "erasure.col_why", "facts.col_until"))
    return titled(texts, BlockKind.KEPT, texts.say("erasure.kept"), table=Table(header, rows))


def consequences(file: CaseFile, records: Sequence[Record], told: Sequence[Recipient]) -> tuple[Block, ...]:
    """Restricted use of the rest, recipients, backups, what is remembered, the account."""
    texts = texts_of(file)
    stays = any(record.verdict.fate is Fate.KEEP for record in records)
    use = "generic.restricted_use" if stays else "erasure.restricted_none"
    return (
        titled(texts, BlockKind.RESTRICTED_USE, texts.say(use)),
        recipients_told(file, told),
        titled(texts, BlockKind.BACKUPS, policy_text(file.policy.backups, texts, "generic.backups")),
        titled(texts, BlockKind.SUPPRESSION, texts.say("erasure.suppression"), texts.say("generic.suppression")),
        titled(texts, BlockKind.ACCOUNT, texts.say(_account(records))),
    )


def grounds(file: CaseFile, records: Sequence[Record]) -> tuple[Block, ...]:
    """Why something stays and what is granted (art. 12(4), 17(3)); the facts of this case stand in the table above."""
    texts, rows = texts_of(file), kept_rows(file, records)
    if not rows:
        return ()
    reasons = dict.fromkeys(reason for row in rows if (reason := row.verdict.kept_for))
    granted = [texts.say("erasure.granted")] if decision_of(records) is Decision.PARTLY else []
    return (
        titled(texts, BlockKind.GROUND, *(texts.say(_GROUNDS[reason]) for reason in reasons)),
        block(BlockKind.FACTS, texts.say("erasure.facts", heading=texts.say("heading.kept"))),
        titled(texts, BlockKind.GRANTED, *granted, texts.say("erasure.granted_later")),
    )


def kept_rows(file: CaseFile, records: Sequence[Record]) -> tuple[Kept, ...]:
    """In the order of the reasons, the kinds in the order of the policy."""
    labels = {category.key: category.label for category in file.policy.categories}
    groups: dict[tuple[object, ...], list[Record]] = {}
    for record in records:
        verdict = record.verdict
        if verdict.kept_for:
            dated = verdict.kept_for is KeptFor.CONTRACT and verdict.ends_on is None
            groups.setdefault((verdict.kept_for, verdict.category, verdict.law, dated), []).append(record)
    rows = [Kept(labels[group[0].verdict.category], tuple(group)) for group in groups.values()]
    places = list(labels.values())
    return tuple(sorted(rows, key=lambda row: (_reason(row), places.index(row.label))))


def after_contract(file: CaseFile, date_text: str) -> Block:
    """What comes after the end of the contract, for who chose to end it first."""
    return block(BlockKind.TEXT, texts_of(file).say("erasure.end_then_all", date=date_text), key="end_then_all")


# --- words ------------------------------------------------------------------------------------------------------------


def _reason(row: Kept) -> int:
    assert row.verdict.kept_for is not None
    return list(KeptFor).index(row.verdict.kept_for)


def _fate_words(texts: Texts, record: Record) -> str:
    verdict = record.verdict
    if verdict.fate is not Fate.KEEP:
        return texts.say(_FATES[verdict.fate])
    if not verdict.columns:
        return texts.say("erasure.fate_keep")
    fields = ", ".join(item.label for item in record.table.fields if item.name in verdict.columns)
    return texts.say("erasure.fate_keep_without", fields=fields)


def _why(file: CaseFile, row: Kept, standing: Standing) -> str:
    """The reason with its facts: which law and what for, which claim, which contract."""
    texts, verdict = texts_of(file), row.verdict
    if verdict.kept_for is KeptFor.CLAIM:
        return texts.say("erasure.why_claim", amount=", ".join(standing.open_invoices))
    if verdict.kept_for is KeptFor.CONTRACT:
        return texts.say("erasure.why_contract")
    return texts.say("erasure.why_law", law=verdict.law, purpose=_purpose(file, verdict.category))


def _until(texts: Texts, row: Kept) -> str:
    """One day, or the first and the last of several: each record goes on its own day."""
    days = row.days
    if not days:
        return texts.say("erasure.until_contract")
    if len(days) > 1:
        return texts.say("erasure.until_each", first=texts.day(days[0]), last=texts.day(days[-1]))
    if row.verdict.kept_for is KeptFor.CLAIM:
        return texts.say("erasure.until_review", date=texts.day(days[0]))
    return texts.day(days[0])


def _purpose(file: CaseFile, category: str) -> str:
    """What the law keeps it for: the purpose that rests on a legal duty, else the first one, as half a sentence."""
    purposes = [purpose for purpose in file.policy.purposes if category in purpose.categories]
    return min(purposes, key=lambda purpose: purpose.basis is not Basis.LEGAL_DUTY).title


def _account(records: Sequence[Record]) -> str:
    accounts = [record for record in records if record.table.login]
    if not accounts:
        return "erasure.account_none"
    return "erasure.account_stays" if any(map(_still_opens, accounts)) else "erasure.account_gone"


def _still_opens(record: Record) -> bool:
    """Kept, and its password with it; what a law keeps of an account opens nothing."""
    goes = record.verdict.columns
    secrets = any(item.secret and item.name in goes for item in record.table.fields)
    return record.verdict.fate is Fate.KEEP and not secrets
