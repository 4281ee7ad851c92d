"""The inbound rows: storing what came in, and what the dialogue has to know about it."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BindParameter, Row, bindparam, select, text

from cases.audit import PROGRAM, AuditTag
from cases.messages import RawInbound
from cases.types import ActStatus, ChannelKind, Custody, InboundOutcome, InboundStatus, Origin, WorkKind
from storage.models import Inbound, MailboxAct, table
from storage.queries import ledger
from storage.queries.writing import close_work
from storage.unit import Reads, Unit


@dataclass(frozen=True, slots=True)
class Stored:
    """What the one door answers."""

    inbound_id: str
    duplicate: bool


def keyed_digest(key: bytes, value: bytes) -> str:
    """A digest that outlives its plaintext and tells nothing without the organisation's tombstone key."""
    return hmac.digest(key, value, "sha256").hex()


def store(unit: Unit, messages: Sequence[RawInbound]) -> list[Stored]:
    """Stores messages in one transaction, each at most once; moves the IMAP ledger with them."""
    digests = [_digests(unit, message) for message in messages]
    seen = _already_here(unit, messages, digests)
    answers = []
    for message, (id_digest, raw_digest) in zip(messages, digests, strict=True):
        here = (message.account, id_digest, raw_digest)
        outside = (message.channel.value, message.account, message.external_id)
        known = seen.get(here) or (seen.get(outside) if message.external_id else None)
        if known is not None and message.origin in _CHOSEN:
            _look_again(unit, message, known)
        answers.append(Stored(known or _insert(unit, message, id_digest, raw_digest), known is not None))
        seen[here] = answers[-1].inbound_id
        if message.external_id:
            seen[outside] = answers[-1].inbound_id
    _move_ledgers(unit, messages)
    return answers


def _move_ledgers(unit: Unit, messages: Sequence[RawInbound]) -> None:
    """Once per folder: the messages of one folder come in the order of their numbers."""
    last = {
        (message.account, message.folder, message.uidvalidity): message
        for message in messages
        if message.uid is not None
    }
    for message in last.values():
        assert message.folder is not None and message.uidvalidity is not None and message.uid is not None
        ledger.begin(
            unit, message.organisation, message.account, message.folder, uidvalidity=message.uidvalidity,
            last_uid=message.uid,
        )  # fmt: skip


# A colleague or a backlog scan hands these in on purpose, also when they were seen before.
_CHOSEN = (Origin.DRAGGED, Origin.BACKLOG)
AGAIN = {
    Origin.DRAGGED: (InboundOutcome.NO_REQUEST, InboundOutcome.WATCHED, InboundOutcome.MACHINE, InboundOutcome.SPAM),
    Origin.BACKLOG: (InboundOutcome.WATCHED,),
}


def _look_again(unit: Unit, message: RawInbound, inbound_id: str) -> None:
    """A message that was left as found is taken in after all. One that we put into the folder ourselves is no drag."""
    rows, acts = table(Inbound), table(MailboxAct)
    row = unit.one(select(rows).where(rows.c.id == inbound_id))
    if row is not None and row.outcome == InboundOutcome.DUPLICATE.value and row.linked_to is not None:
        row = unit.one(select(rows).where(rows.c.id == row.linked_to))  # what became of the first copy counts
    if row is None:
        return
    place = {"folder": message.folder, "uidvalidity": message.uidvalidity, "uid": message.uid}
    if row.status == InboundStatus.STORED.value and row.claim_token is None:  # not read yet: read it as what it is now
        unit.execute(
            rows.update()
            .where(rows.c.id == row.id, rows.c.status == row.status, rows.c.claim_token.is_(None))
            .values(origin=message.origin.value, **place)
        )
    if row.status != InboundStatus.DONE.value or row.outcome not in AGAIN[message.origin]:
        return
    ours = select(acts.c.id).where(acts.c.inbound_id == row.id, acts.c.kind == "mark")
    ours = ours.where(acts.c.status.in_([ActStatus.DONE.value, ActStatus.WAITING.value]))
    given_back = select(acts.c.id).where(acts.c.inbound_id == row.id, acts.c.kind == "return")
    if message.origin is Origin.DRAGGED and unit.one(ours) is not None and unit.one(given_back) is None:
        return
    unit.change(
        Inbound, row.id, if_={"status": row.status, "outcome": row.outcome}, **_sealed(unit, message, row.id),
        origin=message.origin.value, attempts=0, error="", status=InboundStatus.STORED.value, outcome=None,
        content_digest=None, done_at=None, linked_to=None, received_at=min(row.received_at, message.received_at),
        **place,
    )  # fmt: skip
    close_work(unit, WorkKind.SPAM_LISTED, WorkKind.OTHER_MAIL, actor=PROGRAM, inbound_id=row.id)
    unit.record(
        AuditTag.MESSAGE_RECEIVED, organisation=message.organisation, actor=PROGRAM, subject=row.id,
        channel=message.channel.value, size=len(message.raw), again=message.origin.value,
    )  # fmt: skip


def _sealed(unit: Unit, message: RawInbound, inbound_id: str) -> dict[str, Any]:
    """The bytes and the envelope under a data key of their own."""
    key_id = unit.keys.new_data_key(unit, message.organisation)
    sealer = unit.keys.data(unit, key_id)
    envelope = {
        "from": message.envelope_from, "to": list(message.envelope_to), "message_id": message.message_id,
        "peer": message.peer_ip, "helo": message.helo,
    }  # fmt: skip
    return {
        "data_key_id": key_id,
        "envelope": sealer.seal_json(envelope, f"inbound.envelope:{inbound_id}"),
        "raw": sealer.seal(message.raw, f"inbound.raw:{inbound_id}"),
    }


def message_id_digest(reads: Reads, organisation: str, message_id: str) -> str:
    key = reads.keys.organisation(organisation).tombstone
    return keyed_digest(key, b"id\x00" + message_id.strip().encode("utf-8", "replace"))


def _digests(unit: Unit, message: RawInbound) -> tuple[str, str]:
    key = unit.keys.organisation(message.organisation).tombstone
    id_digest = message_id_digest(unit, message.organisation, message.message_id or "")
    return id_digest, keyed_digest(key, b"raw\x00" + message.raw)


def _among(name: str) -> BindParameter[Any]:
    return bindparam(name, expanding=True)


# Made once: every message that comes in asks. Each names a whole unique key, so that its index is used.
_ROWS = table(Inbound)
_HERE = select(
    *(_ROWS.c[name] for name in ("id", "channel", "account", "external_id", "message_id_digest", "raw_digest"))
).where(_ROWS.c.account.in_(_among("accounts")))
_SAME = _HERE.where(_ROWS.c.message_id_digest.in_(_among("ids")), _ROWS.c.raw_digest.in_(_among("raws")))
_SAME_OUTSIDE = _HERE.where(_ROWS.c.channel.in_(_among("channels")), _ROWS.c.external_id.in_(_among("outside")))


def _already_here(
    unit: Unit, messages: Sequence[RawInbound], digests: list[tuple[str, str]]
) -> dict[tuple[str, str, str | None], str]:
    accounts = list({message.account for message in messages})
    found = unit.rows(
        _SAME, accounts=accounts, ids=[identifier for identifier, _ in digests], raws=[raw for _, raw in digests]
    )
    outside = [message.external_id for message in messages if message.external_id]
    if outside:
        channels = list({message.channel.value for message in messages})
        found = [*found, *unit.rows(_SAME_OUTSIDE, accounts=accounts, channels=channels, outside=outside)]
    seen: dict[tuple[str, str, str | None], str] = {}
    for row in found:
        seen[row.account, row.message_id_digest, row.raw_digest] = row.id
        if row.external_id:
            seen[row.channel, row.account, row.external_id] = row.id
    return seen


def _insert(unit: Unit, message: RawInbound, id_digest: str, raw_digest: str) -> str:
    inbound_id = unit.new_id()
    unit.add(
        Inbound, id=inbound_id, organisation_id=message.organisation, channel=message.channel.value,
        account=message.account, custody=message.custody.value, external_id=message.external_id,
        message_id_digest=id_digest, raw_digest=raw_digest, **_sealed(unit, message, inbound_id),
        size=len(message.raw), received_at=message.received_at, created_at=unit.now, origin=message.origin.value,
        folder=message.folder, uidvalidity=message.uidvalidity, uid=message.uid,
    )  # fmt: skip
    unit.record(
        AuditTag.MESSAGE_RECEIVED, organisation=message.organisation, actor=PROGRAM, subject=inbound_id,
        channel=message.channel.value, size=len(message.raw),
    )  # fmt: skip
    return inbound_id


# PostgreSQL: two processes that settle copies of one message stand in line here; SQLite has one writer.
_LINE_UP = text(
    "SELECT count(pg_advisory_xact_lock(k)) FROM"
    " (SELECT hashtextextended(d, 1) AS k FROM unnest(CAST(:digests AS text[])) AS d ORDER BY k) AS ordered"
)


def copies_settled(unit: Unit, digests: Sequence[tuple[str, str]]) -> frozenset[tuple[str, str]]:
    """Which of these (organisation, content digest) another process has settled since they were looked up.

    Holds the others off until this unit ends.
    """
    rows, wanted = table(Inbound), sorted({digest for _, digest in digests})
    if unit.connection.dialect.name == "postgresql":
        unit.connection.execute(_LINE_UP, {"digests": wanted})
    query = select(rows.c.organisation_id, rows.c.content_digest, rows.c.status).where(
        rows.c.organisation_id.in_({organisation for organisation, _ in digests}),  # the index begins with it
        rows.c.content_digest.in_(wanted),
    )
    # Not asked by status: SQLite would take that index, and nearly every message is done.
    done = [row for row in unit.rows(query) if row.status == InboundStatus.DONE.value]
    found = {(row.organisation_id, row.content_digest) for row in done}
    return frozenset(found.intersection(digests))


def reopen_raw(reads: Reads, inbound_id: str) -> RawInbound | None:
    """The message as it was received; None when our copy was erased."""
    rows = table(Inbound)
    row = reads.one(select(rows).where(rows.c.id == inbound_id))
    return raw_of(reads, row) if row is not None and row.data_key_id else None


def raw_of(reads: Reads, row: Row[Any]) -> RawInbound:
    """Opens the sealed parts of an inbound row."""
    sealer = reads.keys.data(reads, row.data_key_id)
    inbound_id = row.id
    envelope = sealer.open_json(row.envelope, f"inbound.envelope:{inbound_id}")
    return RawInbound(
        organisation=row.organisation_id, channel=ChannelKind(row.channel), account=row.account,
        raw=sealer.open(row.raw, f"inbound.raw:{inbound_id}"), received_at=row.received_at,
        custody=Custody(row.custody), external_id=row.external_id, message_id=envelope["message_id"],
        envelope_from=envelope["from"], envelope_to=tuple(envelope["to"]), peer_ip=envelope.get("peer", ""),
        helo=envelope.get("helo", ""), folder=row.folder,
        uidvalidity=row.uidvalidity, uid=row.uid, origin=Origin(row.origin),
    )  # fmt: skip
