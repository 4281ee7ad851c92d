"""The Stripe recipe against localstripe, an imitation of the API by others, as a program of its own on loopback."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import httpx
import pytest

from cases.protocols import Change, FindStatus, Identifier
from cases.types import ActionStatus, Verb
from sources.http import HttpSource
from tests.integration.test_source_http import recipe
from tests.support.firm import NOW

KEY = "sk_test_1234567890"
SANNE = Identifier("email", "sanne@voorbeeld.example", proven=True)


@pytest.fixture(scope="module")
def stripe() -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-W", "ignore", "-m", "localstripe", "--port", str(port), "--from-scratch"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            until = time.monotonic() + 30
            while time.monotonic() < until:
                try:
                    httpx.get(f"{url}/v1/customers", auth=(KEY, ""), timeout=1, trust_env=False)
                    break
                except httpx.TransportError:
                    time.sleep(0.05)
            yield url
        finally:
            server.terminate()


def _new(url: str, kind: str, **fields: object) -> str:
    answer = httpx.post(f"{url}/v1/{kind}", data=fields, auth=(KEY, ""), timeout=5, trust_env=False)
    return str(answer.json()["id"])


async def test_the_whole_of_a_customer(stripe: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIPE_KEY", KEY)
    source = HttpSource(recipe("stripe", stripe), lambda: NOW)
    address = {"address[line1]": "Kade 1", "address[city]": "Utrecht", "address[postal_code]": "1234 AB"}
    sanne = _new(stripe, "customers", email=SANNE.value, name="Sanne Voorbeeld", **address)
    other = _new(stripe, "customers", email="joost@anders.example", name="Joost Anders")
    plan = {"amount": 0, "currency": "eur", "interval": "month", "product[name]": "Gratis", "id": "gratis"}
    _new(stripe, "plans", **plan)
    for _ in range(3):
        _new(stripe, "subscriptions", customer=sanne, **{"items[0][plan]": "gratis"})

    found = await source.find([SANNE])
    assert (found.status, found.error) == (FindStatus.FOUND, "")
    tables = {table.table: table for table in found.tables}
    assert tables["customers"].keys == (sanne,)
    row = dict(zip(tables["customers"].columns, tables["customers"].rows[0], strict=True))
    assert (row["name"], row["street"], row["city"]) == ("Sanne Voorbeeld", "Kade 1", "Utrecht")
    assert len(tables["invoices"].rows) == 3
    nobody = await source.find([Identifier("email", "niemand@elders.example", proven=True)])
    assert nobody.status is FindStatus.NOTHING

    correct = Change("1", Verb.CORRECT, "customers", (sanne,), {"name": "S. Beeld"}, {"name": "Sanne Voorbeeld"})
    assert [(await source.change(correct)).status for _ in range(2)] == [ActionStatus.DONE, ActionStatus.NOTHING]
    assert (await source.find([SANNE])).tables[0].rows[0][0] == "S. Beeld"
    erase = Change("2", Verb.ERASE, "customers", (sanne,))
    assert [(await source.change(erase)).status for _ in range(2)] == [ActionStatus.DONE, ActionStatus.NOTHING]
    assert (await source.find([SANNE])).status is FindStatus.NOTHING
    joost = await source.find([Identifier("email", "joost@anders.example", proven=True)])
    assert joost.tables[0].keys == (other,)
