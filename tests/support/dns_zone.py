"""A zone of the tests' own: in memory for the checks, over UDP for the real resolver. With keys to sign."""

from __future__ import annotations

import base64
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import dns.message
import dns.rcode
import dns.rrset
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from cases.errors import Temporary

DKIM_SELECTOR = "loket"


@dataclass(slots=True)
class Zone:
    """Called like a resolver. Names in `silent` never answer; `asked` remembers every question."""

    records: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)
    asked: list[tuple[str, str]] = field(default_factory=list)

    def add(self, name: str, kind: str, *values: str) -> None:
        self.records.setdefault((name.lower(), kind), []).extend(values)

    def __call__(self, name: str, kind: str, seconds: float) -> tuple[str, ...]:
        assert seconds > 0
        self.asked.append((name, kind))
        if name in self.silent:
            raise Temporary("the DNS did not answer")
        return tuple(self.records.get((name, kind), ()))


@contextmanager
def served(zone: Zone) -> Iterator[tuple[str, int]]:
    """The zone as a real DNS server on loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=_serve, args=(server, zone), name="dns-zone", daemon=True)
        thread.start()
        host, port = server.getsockname()
        try:
            yield host, port
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
                last.sendto(b"stop", (host, port))
            thread.join(10)


def _serve(server: socket.socket, zone: Zone) -> None:
    while True:
        packet, sender = server.recvfrom(4096)
        if packet == b"stop":
            return
        query = dns.message.from_wire(packet)
        question = query.question[0]
        name = question.name.to_text().rstrip(".").lower()
        kind = dns.rdatatype.to_text(question.rdtype)
        if name in zone.silent:
            continue
        response = dns.message.make_response(query)
        values = zone.records.get((name, kind), [])
        if values:
            texts = [_quoted(value) if kind == "TXT" else value for value in values]
            response.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *texts))
        elif not any(known == name for known, _ in zone.records):
            response.set_rcode(dns.rcode.NXDOMAIN)
        server.sendto(response.to_wire(), sender)


def _quoted(text: str) -> str:
    return " ".join(f'"{text[start : start + 200]}"' for start in range(0, len(text), 200))


@dataclass(frozen=True, slots=True)
class SigningKey:
    pem: bytes
    record: str  # the TXT record of the public half


@cache
def rsa_key(bits: int = 2048) -> SigningKey:
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return SigningKey(_pem(key), f"v=DKIM1; k=rsa; p={base64.b64encode(public).decode()}")


@cache
def ed25519_key() -> SigningKey:
    key = ed25519.Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return SigningKey(_pem(key), f"v=DKIM1; k=ed25519; p={base64.b64encode(public).decode()}")


def _pem(key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def key_file(folder: Path, key: SigningKey) -> str:
    file = folder / "dkim.pem"
    file.write_bytes(key.pem)
    return str(file)
