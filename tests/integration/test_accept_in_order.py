"""A fetched batch goes to the door in one go: the ledger of a folder never passes a message that was not stored."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cases.errors import Temporary
from intake import accept
from storage.queries import ledger
from storage.queries.inbound import store as store_all
from tests.support.mails import inbound, mail
from tests.support.stores import add_organisations, migrated_url, open_store


@pytest.mark.parametrize("bad", [0, 3, 31, 32, 39])
@pytest.mark.parametrize("others", [0, 20])
async def test_nothing_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bad: int, others: int) -> None:
    with migrated_url("sqlite", tmp_path) as url:
        store = open_store(url)
        await store.write(add_organisations)
        true = store_all

        def failing(unit: Any, messages: Any) -> Any:
            if any(b"giftig" in m.raw for m in messages):
                raise ValueError("kapot")
            return true(unit, messages)

        monkeypatch.setattr(accept, "store", failing)
        door = accept.Acceptance(store, woken=lambda: None)
        batch = [
            replace(
                inbound(mail("giftig" if n == bad else f"bericht {n}", message_id=f"<{n}@b.example>")),
                folder="INBOX",
                uidvalidity=7,
                uid=n + 1,
            )
            for n in range(40)
        ]
        by_smtp = [inbound(mail(f"smtp {n}", message_id=f"<s{n}@b.example>")) for n in range(others)]
        tasks = [asyncio.ensure_future(door(m)) for m in [*by_smtp[:10], *batch, *by_smtp[10:]]]
        answers = await asyncio.gather(*tasks, return_exceptions=True)
        mine = answers[len(by_smtp[:10]) : len(by_smtp[:10]) + 40]
        assert [isinstance(a, Temporary) for a in mine] == [n >= bad for n in range(40)]
        assert sum(isinstance(a, Exception) for a in answers) == 40 - bad
        last = await store.read(lambda reads: ledger.last(reads, batch[0].account, "INBOX"))
        assert last == ((7, bad) if bad else None)
        store.close()
