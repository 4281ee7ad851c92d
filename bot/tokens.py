"""Where a mailbox login that has no password keeps its refresh token: sealed in the database.

Rotated tokens are stored at once and as a whole (RFC 6749, section 6): the one before no longer works.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from storage.models import OauthGrant, table
from storage.unit import Reads, Store, Unit


class SealedTokens:
    """`intake.email.oauth.TokenStore` for one account. Blocking: called from the mailbox's own threads."""

    def __init__(self, store: Store, organisation: str, account: str) -> None:
        self._store, self._organisation, self._account = store, organisation, account

    def load(self) -> str:
        """The refresh token; "" before anybody signed in."""

        def read(reads: Reads) -> str:
            rows = table(OauthGrant)
            sealed = reads.value(select(rows.c.refresh_token).where(rows.c.id == self._account))
            return reads.keys.root().open(sealed, self._context).decode() if sealed else ""

        return self._store.read_here(read)

    def save(self, refresh_token: str, expires_at: datetime | None) -> None:
        def write(unit: Unit) -> None:
            rows = table(OauthGrant)
            sealed = unit.keys.root().seal(refresh_token.encode(), self._context)
            if unit.one(select(rows.c.id).where(rows.c.id == self._account)) is None:
                unit.add(
                    OauthGrant, id=self._account, organisation_id=self._organisation, refresh_token=sealed,
                    expires_at=expires_at, updated_at=unit.now,
                )  # fmt: skip
            else:
                unit.change(OauthGrant, self._account, refresh_token=sealed, expires_at=expires_at, updated_at=unit.now)

        self._store.write_here(write)

    def expires_at(self) -> datetime | None:
        rows = table(OauthGrant)
        found: datetime | None = self._store.read_here(
            lambda reads: reads.value(select(rows.c.expires_at).where(rows.c.id == self._account))
        )
        return found

    @property
    def _context(self) -> str:
        return f"oauth_grant.refresh_token:{self._account}"
