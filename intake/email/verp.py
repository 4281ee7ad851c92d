"""A reverse-path per message, so that a bounce names its outbox row by itself (VERP).

`info+b<id><code>@domain`: the code is an HMAC, so nobody can make bounces for rows that are not theirs. A bounce that
comes back any other way still names its message by the Message-ID inside. Two keys are valid at a time.
"""

from __future__ import annotations

import hmac
import re
from base64 import b32decode, b32encode
from collections.abc import Iterable, Sequence
from hashlib import sha256

_MAX_LOCAL = 64  # RFC 5321 4.5.3.1.1
_CODE = 16  # letters of base32 that hold 80 bits: a false bounce makes a line of work, no more
_SHAPE = re.compile(rf"(?P<box>[^@]+?)\+b(?P<id>[ht][a-z2-7]{{2,58}})(?P<code>[a-z2-7]{{{_CODE}}})@(?P<domain>[^@]+)")


def make_bounce_address(mailbox: str, outbox_id: str, key: bytes) -> str:
    """The mailbox itself when the tag does not fit into 64 letters."""
    mailbox = mailbox.strip().lower()
    local, _, domain = mailbox.rpartition("@")
    packed = _pack(outbox_id)
    tagged = f"{local}+b{packed}{_code(key, mailbox, packed)}"
    return f"{tagged}@{domain}" if len(tagged) <= _MAX_LOCAL else mailbox


def bounced_outbox_id(addresses: Iterable[str], keys: Sequence[bytes]) -> str | None:
    """The row named by the first address that one of our keys made."""
    for address in addresses:
        match = _SHAPE.fullmatch(address.strip().strip("<>").lower())
        if match is None:
            continue
        mailbox = f"{match['box']}@{match['domain']}"
        made = [hmac.compare_digest(_code(key, mailbox, match["id"]), match["code"]) for key in keys[:2]]
        if any(made):
            return _unpack(match["id"])
    return None


def _code(key: bytes, mailbox: str, packed: str) -> str:
    digest = hmac.digest(key, b"\x00".join((b"bounce", mailbox.encode(), packed.encode())), sha256)
    return b32encode(digest[:10]).decode("ascii").lower()


def _pack(outbox_id: str) -> str:
    """32 hex digits take their 16 bytes, any other id its letters; the first letter tells which."""
    if re.fullmatch("[0-9a-f]{32}", outbox_id):
        return "h" + _base32(bytes.fromhex(outbox_id))
    return "t" + _base32(outbox_id.encode())


def _base32(data: bytes) -> str:
    return b32encode(data).decode("ascii").rstrip("=").lower()


def _unpack(packed: str) -> str | None:
    try:
        data = b32decode(packed[1:].upper() + "=" * (-len(packed[1:]) % 8))
        return data.hex() if packed[0] == "h" else data.decode()
    except ValueError:
        return None
