"""Sealing: AES-256-GCM with a data key per message and per case; blind indexes; one-time code hashes.

Sealed bytes are nonce (12) + ciphertext + tag (16). The context (`table.column:row id`) is authenticated, so
that a sealed value can not be moved to another row.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from cases.errors import RuleError

# One encoder, kept: `json.dumps` with options builds one on every call.
_json = json.JSONEncoder(ensure_ascii=False, default=str).encode


class Sealer:
    """Seals and opens with one key of 32 bytes."""

    __slots__ = ("_aead",)

    def __init__(self, key: bytes) -> None:
        self._aead = AESGCM(key)

    def seal(self, plain: bytes, context: str) -> bytes:
        nonce = os.urandom(12)
        return nonce + self._aead.encrypt(nonce, plain, context.encode())

    def open(self, sealed: bytes, context: str) -> bytes:
        """Raises RuleError when the key, the context or the bytes are not the ones it was sealed with."""
        try:
            return self._aead.decrypt(sealed[:12], sealed[12:], context.encode())
        except (InvalidTag, ValueError):  # ValueError: cut off inside the nonce
            raise RuleError(f"a sealed value does not open ({context.split(':', maxsplit=1)[0]})") from None

    def seal_text(self, plain: str, context: str) -> bytes:
        return self.seal(plain.encode("utf-8", "replace"), context)

    def open_text(self, sealed: bytes, context: str) -> str:
        return self.open(sealed, context).decode()

    def seal_json(self, value: Any, context: str) -> bytes:
        return self.seal(_json(value).encode("utf-8", "replace"), context)

    def open_json(self, sealed: bytes, context: str) -> Any:
        return json.loads(self.open(sealed, context))


def new_key() -> bytes:
    return os.urandom(32)


def blind(key: bytes, kind: str, value: str) -> str:
    """A keyed digest of one normalised token, for exact look-up without the plaintext."""
    return hmac.digest(key, f"{kind}\x00{value}".encode("utf-8", "replace"), "sha256").hex()


def code_digest(key: bytes, scope: str, code: str) -> str:
    """The keyed digest under which a one-time code is kept; `scope` ties it to one conversation or link."""
    return blind(key, f"code\x00{scope}", code)


def token_digest(token: str) -> str:
    """The digest under which a secret link or session is kept; it has 190 bits of its own and needs no key."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def same(left: str, right: str) -> bool:
    """Compares digests in constant time."""
    return hmac.compare_digest(left.encode(), right.encode())
