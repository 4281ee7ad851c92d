"""Signatures of domains: checking those on a mail (DKIM, RFC 6376 and 8301; ARC, RFC 8617), and making our own.

The library does the arithmetic. Around it stands what it leaves out: keys and algorithms that no longer count,
signatures that leave From or a part of the body open, and messages that would keep it busy for minutes.
"""

from __future__ import annotations

import base64
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import dkim as dkimpy
from dkim.crypto import parse_pem_private_key

from cases.errors import ConfigError, Temporary
from intake.email.resolver import Answers

MAX_SIGNATURES = 8
MAX_BYTES = 30_000_000
MIN_RSA_BITS = 2048  # for our own key; others may still use 1024 (RFC 8301 3.2)

_QUIET = logging.Logger("dkim", logging.CRITICAL)  # the library logs domains of senders
_BLANKS = re.compile(rb"[ \t]{64,}")
_SIGNATURE_FIELD = re.compile(rb"^(?:dkim-signature|arc-[a-z-]+)[ \t]*:(?>[^\n]*)(?>\n[ \t][^\n]*)*", re.I | re.M)
_MAX_FIELD = 8_192
_MAX_WORK = 200_000_000  # steps; about a second

# Named once more than they occur: who adds one of these breaks the signature.
_SIGNED = (
    "from", "to", "subject", "date", "message-id", "reply-to", "in-reply-to", "references", "cc", "mime-version",
    "content-type", "auto-submitted",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Signature:
    domain: str
    result: str  # RFC 8601: pass, fail, policy (not acceptable), permerror, temperror


@dataclass(frozen=True, slots=True)
class ArcChain:
    """A chain that holds: who sealed it, and what the first sealer found when the mail came to it."""

    sealers: frozenset[str]
    first_results: str


def can_be_checked(raw: bytes) -> bool:
    """Whether the library will be done soon: its patterns are quadratic in runs of blanks (80,000: 13 s, measured)."""
    if len(raw) > MAX_BYTES or sum(len(run) ** 2 for run in _BLANKS.findall(raw)) > _MAX_WORK:
        return False
    head = raw[: _header_length(raw)]
    return not any(
        len(field[0]) > _MAX_FIELD or re.search(rb"\s{100}", field[0]) for field in _SIGNATURE_FIELD.finditer(head)
    )


def _header_length(raw: bytes) -> int:
    end = re.search(rb"\n\r?\n", raw)
    return end.start() + 1 if end else len(raw)


def check_dkim(raw: bytes, answers: Answers) -> tuple[Signature, ...]:
    """Every signature on the mail, the topmost first."""
    try:
        message = dkimpy.DKIM(raw, logger=_QUIET, minkey=1024)
    except Exception:  # header lines that are none
        return ()
    count = sum(name.lower() == b"dkim-signature" for name, _ in message.headers)
    return tuple(_checked(message, index, answers) for index in range(min(count, MAX_SIGNATURES)))


def _checked(message: Any, index: int, answers: Answers) -> Signature:
    message.signature_fields, message.include_headers = {}, ()
    try:
        holds = message.verify(index, dnsfunc=_keys(answers))
    except Temporary:
        return Signature(_domain(message), "temperror")
    except dkimpy.ValidationError:
        return Signature(_domain(message), "fail")
    except Exception:  # the library meets any bytes that strangers sign
        return Signature(_domain(message), "permerror")
    if not holds:
        return Signature(_domain(message), "fail")
    tags = message.signature_fields
    if b"from" not in message.include_headers or tags.get(b"a") == b"rsa-sha1" or b"l" in tags:
        return Signature(_domain(message), "policy")
    return Signature(_domain(message), "pass")


def _domain(message: Any) -> str:
    domain: bytes = message.signature_fields.get(b"d", b"")
    return domain.decode("ascii", "replace").lower()


def check_arc(raw: bytes, answers: Answers) -> ArcChain | None:
    """The chain, when every seal on it holds."""
    try:
        status, results, _ = dkimpy.ARC(raw, logger=_QUIET, minkey=1024).verify(dnsfunc=_keys(answers))
    except Exception:  # no answer from the DNS is no proof either
        return None
    if status != dkimpy.CV_Pass or not results or len(results) > MAX_SIGNATURES:
        return None
    first = min(results, key=lambda result: int(result["instance"]))
    sealers = frozenset(result["as-domain"].decode("ascii", "replace").lower() for result in results)
    return ArcChain(sealers, first["aar-value"].decode("utf-8", "replace").partition(";")[2].strip())


def _keys(answers: Answers) -> Callable[..., bytes | None]:
    def ask(name: bytes, timeout: float = 5) -> bytes | None:
        found = answers.ask(name.decode("ascii", "replace"), "TXT")
        record = next((text for text in found if "p=" in text), None)
        return None if record is None else record.encode("latin-1", "replace")

    return ask


class _Dated(dkimpy.DKIM):  # type: ignore[misc]  # the library has no types
    """The library signs with the time of now; the same mail signed on a second try must be the same bytes."""

    moment: datetime

    def gen_header(self, fields: list[tuple[bytes, bytes]], *rest: Any, **named: Any) -> bytes:
        stamp = str(int(self.moment.timestamp())).encode()
        dated = [(tag, stamp if tag == b"t" else value) for tag, value in fields]
        header: bytes = super().gen_header(dated, *rest, **named)
        return header


def load_signer(domain: str, selector: str, key_file: str) -> Callable[[bytes, datetime], bytes]:
    """Gives what puts a DKIM-Signature on top of a mail. A key that can not sign stops the start."""
    key, algorithm = _private_key(key_file)

    def sign(data: bytes, moment: datetime) -> bytes:
        message = _Dated(data, logger=_QUIET, signature_algorithm=algorithm)
        message.moment = moment
        present = [name.decode("ascii").lower() for name, _ in message.headers]
        names = [name for name in _SIGNED for _ in range(present.count(name) + 1)]
        header: bytes = message.sign(
            selector.encode("ascii"), domain.encode("ascii"), key, canonicalize=(b"relaxed", b"relaxed"),
            include_headers=[name.encode("ascii") for name in names],
        )  # fmt: skip
        return header + data

    return sign


_ED25519_PKCS8 = bytes.fromhex("302e020100300506032b657004220420")  # RFC 8410: all that stands before the 32 bytes


def _private_key(file: str) -> tuple[bytes, bytes]:
    try:
        pem = Path(file).read_bytes()
        body = b"".join(re.search(rb"-----BEGIN [^-]+-----(.+?)-----END", pem, re.S)[1].split())  # type: ignore[index]
        raw = base64.b64decode(body, validate=True)
        if raw.startswith(_ED25519_PKCS8) and len(raw) == len(_ED25519_PKCS8) + 32:
            return base64.b64encode(raw[-32:]), b"ed25519-sha256"
        key = parse_pem_private_key(pem)
    except OSError:
        raise ConfigError("dit bestand kan niet worden gelezen", key="smtp.dkim_key_file") from None
    except Exception:  # whatever the file holds: it is no key, and its text is not shown
        raise ConfigError(
            "dit is geen onversleutelde RSA- of Ed25519-sleutel (PEM)", key="smtp.dkim_key_file"
        ) from None
    if key["modulus"].bit_length() < MIN_RSA_BITS:
        raise ConfigError(f"deze RSA-sleutel is korter dan {MIN_RSA_BITS} bits", key="smtp.dkim_key_file")
    return pem, b"rsa-sha256"
