"""What an SMTP server's refusal means for the outbox (RFC 5321 4.2, RFC 3463, RFC 4954). Pure.

A refusal is about the message (Permanent: a person looks), about the moment (Temporary: again later), or about our
account (Temporary too: a wrong password or a full quota is no fault of the letter). Replies may quote addresses: they
are taken out before anyone sees them.
"""

from __future__ import annotations

import re
from datetime import timedelta

from cases.errors import OutsideError, Permanent, Temporary, Throttled

_ADDRESS = re.compile(r"[^\s<>:;,]+@[^\s<>:;,]+")
_ENHANCED = re.compile(r"\s*[245]\.\d{1,3}\.\d{1,3}\b")
_LOGIN = frozenset({530, 534, 535, 538})  # RFC 4954 6
_LOGIN_ENHANCED = frozenset({"5.7.8", "5.7.9", "5.7.11", "5.7.57"})
_LIMIT_ENHANCED = frozenset({"5.4.5", "5.1.90", "5.7.232", "5.7.233"})  # daily limits of Google and Microsoft
_LIMIT = re.compile(
    r"too many (messages|mails|emails|recipients|connections)|(rate|sending|submission|hourly|daily|message)[ -]?"
    r"(user )?(sending )?(rate )?(limit|quota)|submissionquota|throttl|limit exceeded",
    re.I,
)
_FULL_MAILBOX = frozenset({"4.2.2", "5.2.2"})  # the recipient's quota, not ours
SOON, LATER = timedelta(minutes=15), timedelta(hours=1)


def scrubbed(code: int, reply: str) -> str:
    return f"{code} {_ADDRESS.sub('[adres]', ' '.join(reply.split()))}"[:200]


def refusal(code: int, reply: str) -> OutsideError:
    """For a reply of 400 and more that is not a success."""
    text = scrubbed(code, reply)
    match = _ENHANCED.match(reply)
    enhanced = match[0].strip() if match else ""
    if enhanced in _LIMIT_ENHANCED or (enhanced not in _FULL_MAILBOX and _LIMIT.search(reply)):
        return Throttled(text, SOON if code < 500 else LATER)
    if code in _LOGIN or enhanced in _LOGIN_ENHANCED or code < 500:
        return Temporary(text)
    return Permanent(text)
