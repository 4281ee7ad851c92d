"""An office per test, closed at its end; `office` on SQLite, `everywhere` on both databases.

`changing` has customers of its own: its tests change what stands in the organisation's systems.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.office import Office, Shared, open_office, shared
from tests.support.stores import Database

__all__ = ["shared"]  # a fixture


@pytest.fixture
async def office(tmp_path: Path, shared: Shared) -> AsyncIterator[Office]:
    async with open_office(tmp_path, shared) as opened:
        yield opened


@pytest.fixture
async def everywhere(tmp_path: Path, shared: Shared, database: Database) -> AsyncIterator[Office]:
    async with open_office(tmp_path, shared, database=database) as opened:
        yield opened


@pytest.fixture
async def changing(tmp_path: Path, shared: Shared) -> AsyncIterator[Office]:
    async with open_office(tmp_path, shared, own_customers=True) as opened:
        yield opened
