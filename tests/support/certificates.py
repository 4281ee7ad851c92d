"""An authority made for one test, and certificates that it gives out. Everything ends with the folder it stands in."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Certificate:
    chain: str  # PEM files
    key: str

    def for_server(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.chain, self.key)
        return context


class Authority:
    """`ca_file` is what an organisation would name in its settings."""

    def __init__(self, folder: Path, name: str = "Eigen uitgever") -> None:
        self._folder, self._name, self._key = folder, name, ec.generate_private_key(ec.SECP256R1())
        own = _builder(name, name, self._key, ends=_DAY).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True
        )
        self.ca_file = _write(folder / f"{name}.pem", own.sign(self._key, hashes.SHA256()))

    def certificate(self, host: str, *, ends: timedelta = _DAY) -> Certificate:
        """For a server at one address; `ends` below zero is over already."""
        key = ec.generate_private_key(ec.SECP256R1())
        made = (
            _builder(host, self._name, key, ends=ends)
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(host))]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        place = self._folder / f"{self._name} {host} {ends.days}.key"
        place.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return Certificate(_write(place.with_suffix(".pem"), made), str(place))


def _builder(subject: str, issuer: str, key: ec.EllipticCurvePrivateKey, *, ends: timedelta) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(_named(subject))
        .issuer_name(_named(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - 10 * _DAY)
        .not_valid_after(now + ends)
    )


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _write(place: Path, made: x509.Certificate) -> str:
    place.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return str(place)
