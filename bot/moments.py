"""A moment as it is typed on the command line."""

from __future__ import annotations

from datetime import datetime

from cases.errors import InputError


def moment_of(text: str) -> datetime:
    """ISO 8601 with an offset; without one nobody knows which day it was. InputError `bad_time`."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InputError("bad_time", f"geen geldig tijdstip: {text!r}") from None
    if moment.tzinfo is None:
        raise InputError("bad_time", f"er ontbreekt een tijdzone: {text!r} (bijvoorbeeld +01:00)")
    return moment
