"""Which conversation a mail belongs to: our reply address and our Message-IDs, both with a code that only we can make.

A match is never identity: whoever got hold of the address lands in the thread, and that is all. Matching order:
reply address, In-Reply-To, References from the newest. Codes are HMAC-SHA256, truncated to 128 bits; two keys are
valid at a time, so that a key can be changed without losing running conversations. Keys come in as bytes; keep one
set per organisation: a code is bound to its mailbox as well.
"""

from __future__ import annotations

import hmac
import re
from base64 import b32decode, b32encode
from collections.abc import Iterable, Sequence
from hashlib import sha256
from uuid import UUID

_CODE = 26  # letters of base32 that hold 128 bits
_MAX_LOCAL = 64  # RFC 5321 4.5.3.1.1
_PLUS = re.compile(r"(?P<box>[^@]+?)\+c(?P<token>[a-z2-7]{28,58})@(?P<domain>[^@]+)")
_OWN_ID = re.compile(rf"<(?P<id>[A-Za-z0-9_-]{{1,80}})\.(?P<code>[a-z2-7]{{{_CODE}}})@(?P<domain>[^<>@\s]+)>")


def make_reply_address(mailbox: str, conversation_id: str, key: bytes) -> str:
    """`info+c<id><code>@domain`. Without room for it in 64 letters the mailbox itself: Message-IDs thread as well."""
    local, _, domain = mailbox.lower().rpartition("@")
    packed = _pack(conversation_id)
    address = f"{local}+c{packed}{_code(b'reply', key, mailbox.lower(), packed)}"
    return f"{address}@{domain}" if len(address) <= _MAX_LOCAL else mailbox


def find_token(addresses: Iterable[str], keys: Sequence[bytes]) -> str | None:
    """The conversation named by the first reply address that one of our keys made."""
    for address in addresses:
        match = _PLUS.fullmatch(address.strip().lower())
        if match is None:
            continue
        packed, code = match["token"][:-_CODE], match["token"][-_CODE:]
        mailbox = f"{match['box']}@{match['domain']}"
        if _made_by_us(b"reply", keys, mailbox, packed, code):
            return _unpack(packed)
    return None


def make_message_id(outbox_id: str, key: bytes, domain: str) -> str:
    """The same on every try, so that a double delivery can be seen."""
    safe = re.sub(r"[^A-Za-z0-9_-]", "_", outbox_id)[:80]
    domain = domain.lower()
    return f"<{safe}.{_code(b'message', key, domain, safe)}@{domain}>"


def own_outbox_id(message_id: str, keys: Sequence[bytes]) -> str | None:
    """The outbox row behind a Message-ID that we made; None for everybody else's."""
    match = _OWN_ID.fullmatch(message_id.strip())
    if match is None or not _made_by_us(b"message", keys, match["domain"].lower(), match["id"], match["code"]):
        return None
    return match["id"]


def is_own_message_id(message_id: str, keys: Sequence[bytes]) -> bool:
    return own_outbox_id(message_id, keys) is not None


def mailbox_of(address: str) -> str:
    """The mailbox behind an address: lower case, plus-tag taken off."""
    local, _, domain = address.strip().lower().rpartition("@")
    return f"{local.split('+', 1)[0] or local}@{domain}"


def _code(purpose: bytes, key: bytes, scope: str, value: str) -> str:
    digest = hmac.digest(key, b"\x00".join((purpose, scope.encode(), value.encode())), sha256)
    return b32encode(digest[:16]).decode("ascii").rstrip("=").lower()


def _made_by_us(purpose: bytes, keys: Sequence[bytes], scope: str, value: str, code: str) -> bool:
    found = False
    for key in keys[:2]:  # every key is tried: time tells nothing
        found |= hmac.compare_digest(_code(purpose, key, scope, value), code)
    return found


def _pack(conversation_id: str) -> str:
    """A UUID takes its 16 bytes, any other id its letters; the first letter tells which ("u" dashed, "h" hex, "t")."""
    try:
        value = UUID(conversation_id)
    except ValueError:
        value = None
    if value is not None and str(value) == conversation_id:
        return "u" + _base32(value.bytes)
    if value is not None and value.hex == conversation_id:
        return "h" + _base32(value.bytes)
    return "t" + _base32(conversation_id.encode())


def _unpack(packed: str) -> str | None:
    try:
        data = b32decode(packed[1:].upper() + "=" * (-len(packed[1:]) % 8))
        if packed[0] == "t":
            return data.decode()
        value = UUID(bytes=data)
    except ValueError:
        return None
    return str(value) if packed[0] == "u" else value.hex


def _base32(data: bytes) -> str:
    return b32encode(data).decode("ascii").rstrip("=").lower()
