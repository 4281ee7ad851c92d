"""A customer handed over by the organisation's own portal: a signed token (RFC 7519) says who is logged in there.

It counts as a code to the address on file (design, section 5), so it is judged strictly: the one algorithm that was
configured, issuer, audience, a short life. Claims that were not configured are not looked at.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import jwt

from cases.errors import InputError
from web.chat.settings import PortalSettings

LIFE = timedelta(minutes=10)  # from "iat" to "exp": made for this page view, not kept
LEEWAY = timedelta(seconds=60)
MAX_TOKEN = 8_000  # characters
MAX_VALUE = 254


def vouched(portal: PortalSettings | None, token: str, now: datetime) -> tuple[tuple[str, str], ...]:
    """The identifiers that the portal signed, (kind, value). InputError `bad_token`, whatever is wrong with it."""
    if portal is None or len(token) > MAX_TOKEN:
        raise InputError("bad_token")
    try:
        claims = jwt.decode(
            token, portal.key, algorithms=[portal.algorithm.value], issuer=portal.issuer, audience=portal.audience,
            options={
                "require": ["exp", "iat", "iss", "aud"], "verify_exp": False, "verify_iat": False, "verify_nbf": False,
            },
        )  # fmt: skip
        issued, ends = (datetime.fromtimestamp(float(claims[name]), UTC) for name in ("iat", "exp"))
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError, OSError) as error:
        raise InputError("bad_token") from error
    # by our own clock, so that a run can be repeated
    if not issued - LEEWAY <= now < ends + LEEWAY or ends - issued > LIFE:
        raise InputError("bad_token")
    found = {kind: claims.get(claim) for kind, claim in portal.claims.items()}
    named = tuple(
        (kind, value.strip().lower())
        for kind, value in found.items()
        if isinstance(value, str) and 0 < len(value.strip()) <= MAX_VALUE
    )
    if "email" not in dict(named):  # where the answer goes
        raise InputError("bad_token")
    return named
