"""Ids grow, so that rows of the same moment are read in the order in which they were written."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from cases.context import random_id


def test_ids_grow_within_a_millisecond_and_when_the_clock_is_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = [1_800_000_000_000_000_000] * 500 + [1_799_999_000_000_000_000] * 500
    monkeypatch.setattr(time, "time_ns", iter(moments).__next__)
    made = [random_id() for _ in moments]
    assert made == sorted(made)
    assert len(set(made)) == len(made)
    assert {len(one) for one in made} == {32}


def test_threads_never_get_the_same_id() -> None:
    with ThreadPoolExecutor(4) as pool:
        made = [*pool.map(lambda _: random_id(), range(4000))]
    assert len(set(made)) == len(made)
