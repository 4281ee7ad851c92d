"""A small desk with the three steps of the real one (accept, work, settle and send), to prove the launcher with.

A folder of letters in, a folder of sent letters out, a store between. Written as the real steps are: short
transactions, a claim before work, an outside call that may be repeated because the file is named after the letter.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Row, select

from cases.audit import PROGRAM, AuditTag
from cases.context import Context
from cases.errors import Stale
from storage.claims import RELEASED, claim
from storage.models import ImapLedger, Inbound, Outbox, table
from storage.seal import Sealer
from storage.unit import Reads, Store, Unit
from tests.faults.launcher import KillSwitch
from tests.support.clock import SetClock
from tests.support.stores import ORGANISATION, load_keys, open_store

INBOUND, OUTBOX, LEDGER = table(Inbound), table(Outbox), table(ImapLedger)
ACCOUNT = "info@whatnext.example"


def scenario(url: str, folder: Path, at: datetime, switch: KillSwitch) -> None:
    """One round: everything in `in/` is answered in `sent/`."""
    store = open_store(url, Context(SetClock(at).now))
    store.write_here(load_keys)
    switch.watch(store)
    asyncio.run(one_round(store, folder, switch))
    store.close()


async def one_round(store: Store, folder: Path, switch: KillSwitch) -> None:
    for letter in sorted((folder / "in").glob("*.txt")):
        await accept(store, letter, switch)
    await work(store, switch)
    await send(store, folder / "sent", switch)


async def accept(store: Store, letter: Path, switch: KillSwitch) -> None:
    """Stores the letter and moves the ledger in one transaction; only then the letter is taken out of the box."""
    raw, number = await asyncio.to_thread(letter.read_bytes), int(letter.stem)

    def stores(unit: Unit) -> None:
        inbound, key = unit.new_id(), unit.keys.new_data_key(unit, ORGANISATION)
        unit.add(
            Inbound, id=inbound, organisation_id=ORGANISATION, channel="email", account=ACCOUNT, custody="guest",
            message_id_digest=letter.stem, raw_digest=hashlib.sha256(raw).hexdigest(), data_key_id=key, size=len(raw),
            raw=unit.keys.data(unit, key).seal(raw, f"inbound.raw:{inbound}"), received_at=unit.now,
            created_at=unit.now,
        )  # fmt: skip
        if unit.value(select(LEDGER.c.id)) is None:
            unit.add(
                ImapLedger, id="ledger", organisation_id=ORGANISATION, account=ACCOUNT, folder="INBOX", uidvalidity=1,
                last_uid=0, connected_at=unit.now,
            )  # fmt: skip
        unit.change(ImapLedger, "ledger", last_uid=number)
        unit.record(AuditTag.MESSAGE_RECEIVED, organisation=ORGANISATION, actor=PROGRAM, subject=inbound)

    with contextlib.suppress(Stale):  # stood already: the crash came between commit and acknowledgement
        await store.write(stores)
    await switch.outside("acknowledge", asyncio.to_thread(letter.unlink))


async def work(store: Store, switch: KillSwitch) -> None:
    """Claim, read outside of any transaction, settle: done, and the answer waits in the outbox."""
    waiting = (INBOUND.c.status == "stored",)
    token, rows = await store.write(lambda unit: claim(unit, Inbound, *waiting, order=(INBOUND.c.id,), limit=32))
    for row in rows:
        seal = await store.read(partial(sealer, key_id=row.data_key_id))
        words = seal.open(row.raw, f"inbound.raw:{row.id}").decode()
        answer = await switch.outside("read", asyncio.to_thread(words.upper))

        await store.write(partial(settle, token=token, row=row, answer=answer))


def sealer(reads: Reads, key_id: str) -> Sealer:
    return reads.keys.data(reads, key_id)


def settle(unit: Unit, token: str, row: Row[Any], answer: str) -> None:
    inbound, key, outbox = row.id, row.data_key_id, unit.new_id()
    seal = unit.keys.data(unit, key)
    unit.change(Inbound, inbound, if_={"claim_token": token}, status="done", **RELEASED)
    unit.add(
        Outbox, id=outbox, organisation_id=ORGANISATION, channel="email", account=ACCOUNT, kind="acknowledgement",
        data_key_id=key, recipient=seal.seal_text("anna@klant.example", f"outbox.recipient:{outbox}"),
        recipient_index="index", content=seal.seal_text(answer, f"outbox.content:{outbox}"), automatic=True,
        message_id=f"<{inbound}@whatnext.example>", not_before=unit.now, created_at=unit.now,
    )  # fmt: skip
    unit.record(AuditTag.MAIL_QUEUED, organisation=ORGANISATION, actor=PROGRAM, subject=outbox)


async def send(store: Store, sent: Path, switch: KillSwitch) -> None:
    """Claim, write the file, settle. The file carries the letter's own name, so that a second try is the same file."""
    waiting = (OUTBOX.c.status == "queued",)
    token, rows = await store.write(lambda unit: claim(unit, Outbox, *waiting, order=(OUTBOX.c.id,), limit=32))
    for row in rows:
        seal = await store.read(partial(sealer, key_id=row.data_key_id))
        text = seal.open_text(row.content, f"outbox.content:{row.id}")
        file = sent / f"{row.message_id.strip('<>')}.txt"
        await switch.outside("send", asyncio.to_thread(file.write_text, text))

        def settles(unit: Unit, outbox: str = row.id) -> None:
            unit.change(Outbox, outbox, if_={"claim_token": token}, status="sent", sent_at=unit.now, **RELEASED)
            unit.record(AuditTag.MAIL_SENT, organisation=ORGANISATION, actor=PROGRAM, subject=outbox)

        await store.write(settles)
