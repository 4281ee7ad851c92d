"""What is in the database after a round: is every text as it was written, did every mail become one case?

Opens the stopped program's store with its own root key.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from bench.mails import Written
from bot.config import load
from bot.wiring import open_store, prepare_organisations
from cases.context import Context
from storage import audit
from storage.models import Case, Inbound, Message, table
from storage.unit import Reads


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of the mails that were handed over."""

    mails: int  # different ones
    raw_intact: int  # stored once, and the stored bytes are the sent bytes
    told: int  # got a conversation; the others wait in triage, where people read them from the bytes
    words_intact: int  # of those: the stored own words and subject are the written ones
    outcomes: dict[str, int]
    twice: int  # senders with more than one case
    chains: int
    audit_problems: int

    @property
    def good(self) -> bool:
        whole = self.raw_intact == self.mails == sum(self.outcomes.values()) and self.words_intact == self.told
        return whole and not (self.outcomes.get("waiting") or self.twice or self.audit_problems)


def inspect(config: Path, mails: Sequence[Written], numbers: Sequence[int]) -> Kept:
    settings = load(config)
    store = open_store(settings, Context())
    try:
        store.write_here(lambda unit: prepare_organisations(unit, settings))
        return store.read_here(lambda reads: _inspect(reads, [mails[number] for number in sorted(set(numbers))]))
    finally:
        store.close()


def _inspect(reads: Reads, mails: Sequence[Written]) -> Kept:
    by_sender = {mail.sender: mail for mail in mails}
    inbound, messages, cases = table(Inbound), table(Message), table(Case)
    raws: Counter[bytes] = Counter()
    outcomes: Counter[str] = Counter()
    for row in reads.rows(select(inbound)):
        raw = reads.keys.data(reads, row.data_key_id).open(row.raw, f"inbound.raw:{row.id}")
        raws[raw.rstrip(b"\r\n")] += 1
        outcomes[row.outcome or "waiting"] += 1
    words_intact = told = 0
    for row in reads.rows(select(messages).where(messages.c.incoming.is_(True))):
        content = reads.keys.data(reads, row.data_key_id).open_json(row.content, f"message.content:{row.id}")
        told += 1
        written = by_sender[content["from_address"]]
        words_intact += _same(content["text"], written.own_words) and content["subject"] == written.subject
    openers: Counter[str] = Counter()
    for row in reads.rows(select(cases)):
        sealer = reads.keys.data(reads, row.data_key_id)
        openers[sealer.open_json(row.requester, f"case.requester:{row.id}")["address"]] += 1
    report = audit.verify(reads)
    return Kept(
        mails=len(mails), raw_intact=sum(raws[mail.raw.rstrip(b"\r\n")] == 1 for mail in mails),
        told=told, words_intact=words_intact, outcomes=dict(outcomes),
        twice=sum(count > 1 for count in openers.values()), chains=report.chains, audit_problems=len(report.problems),
    )  # fmt: skip


def _same(stored: str, written: str) -> bool:
    """Word for word; line breaks may differ: HTML has none of its own."""
    return stored.split() == written.split()
