"""The two invented colleagues of the demo."""

from __future__ import annotations

import secrets

from workflow import accounts
from workflow.desk import Desk

COLLEAGUES = (("sanne", "Sanne de Vriesema"), ("karim", "Karim Benaliou"))


async def add_colleagues(desk: Desk) -> tuple[str, ...]:
    """Two people who may decide for all five organisations; passwords nobody knows: the demo signs them in."""
    known = {account.login: account.id for account in await accounts.accounts(desk)}
    ids = []
    for login, name in COLLEAGUES:
        if login not in known:
            known[login] = await accounts.add_staff(
                desk, login, full_name=name, role_name="medewerker privacy", password=secrets.token_urlsafe(24),
                roles=dict.fromkeys(desk.organisations, "approver"), notify=f"{login}@privacyloket.example",
            )  # fmt: skip
        ids.append(known[login])
    return tuple(ids)
