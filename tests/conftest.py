"""Fixtures for every test: a set clock, a real store on both databases, and no network but loopback."""

from __future__ import annotations

import gc
import ipaddress
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cases.context import Context
from storage.unit import Store
from tests.support import memory, model, thorough
from tests.support.clock import SetClock, counted_ids
from tests.support.no_skips import pytest_make_collect_report, pytest_runtest_makereport  # noqa: F401  (hooks)
from tests.support.stores import DATABASES, Database, add_organisations, migrated_url, store_at
from tests.support.templates import compiled_once


def pytest_configure(config: pytest.Config) -> None:
    """Building the model takes half a minute: done before parallel workers wait for it within their time limits."""
    gc.disable()  # until the tests are collected: nothing of that is ever thrown away
    thorough.load_profile()
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(memory.folder()))
    if not hasattr(config, "workerinput") and getattr(config.option, "numprocesses", None):
        model.ready()


def pytest_collection_finish() -> None:
    """What stands now stays: a collection need not go through half a million objects each time (a fifth of a run)."""
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)
    gc.enable()


def _is_loopback(address: Any) -> bool:
    if not isinstance(address, tuple):  # a Unix socket
        return True
    host = address[0]
    if isinstance(host, str) and host in ("", "localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@pytest.fixture(scope="session", autouse=True)
def _no_network() -> Iterator[None]:
    """A test that reaches outside fails there and then, on every machine."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex"):
            patch.setattr(socket.socket, name, _guarded(getattr(socket.socket, name)))
        yield


def _guarded(original: Any) -> Any:
    def connect(self: socket.socket, address: Any) -> Any:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_loopback(address):
            raise RuntimeError("a test may only connect to loopback")
        return original(self, address)

    return connect


@pytest.fixture(scope="session", autouse=True)
def _compiled_once() -> Iterator[None]:
    with compiled_once():
        yield


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def context(clock: SetClock) -> Context:
    return Context(clock.now, counted_ids())


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest) -> Database:
    """Which database a test runs on; every test that asks for it runs on both."""
    name: Database = request.param
    return name


@pytest.fixture
def store_url(database: Database, tmp_path: Path) -> Iterator[str]:
    """The URL of a fresh database at the newest revision."""
    with migrated_url(database, tmp_path) as url:
        yield url


@pytest.fixture
def store(store_url: str, context: Context) -> Iterator[Store]:
    """A fresh store with two organisations and their keys."""
    with store_at(store_url, context) as made:
        made.write_here(add_organisations)
        yield made
