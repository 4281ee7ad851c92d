"""When did we receive it? The legal clock hangs on this, so the answer comes from our own servers only.

INTERNALDATE, or the topmost `Received` written by a host the organisation has named, whichever is earlier. The `Date`
field is the sender's claim and never counts. Without named hosts only INTERNALDATE counts: anybody can write
`Received` lines below the first.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import UTC, datetime

from intake.email.headers import header_date, parse_headers

_BY = re.compile(r"\bby\s+([^\s;()]+)", re.I)


def receipt_time(raw: bytes, internal_date: datetime | None, received_by: Collection[str], now: datetime) -> datetime:
    """An aware moment in UTC; `now` only when the server told nothing. A naive INTERNALDATE is a ValueError."""
    if internal_date is not None and internal_date.tzinfo is None:
        raise ValueError("naive INTERNALDATE: the zone was lost, the legal term would be wrong")
    moment = (internal_date or now).astimezone(UTC)
    if received_by:
        named = {host.lower().rstrip(".") for host in received_by}
        headers, _ = parse_headers(raw, 0, len(raw))
        for value in headers.raw_all("received"):
            match = _BY.search(value)
            if match is not None and match[1].lower().rstrip(".") in named:
                written = header_date(value.rpartition(";")[2].strip())
                return min(moment, written) if written is not None else moment
    return moment
