"""Protected lines: the sender and our own door over STARTTLS, with real certificates made for the test."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from cases.errors import Temporary
from cases.messages import RawInbound
from intake.email.sender import SmtpSender
from intake.email.settings import SmtpDoorSettings, SmtpSettings, Tls
from intake.email.smtpd import Recipients, open_door
from tests.contract.test_sender import MAIL


class _Row:
    inbound_id = "1"
    duplicate = False


def make_certificate(folder: Path, host: str) -> tuple[str, str]:
    """A certificate that vouches for itself, for one host."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / f"{host}.pem", folder / f"{host}.key"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return str(paths[0]), str(paths[1])


@pytest.mark.parametrize(
    ("certified", "trusted", "arrives"),
    [("127.0.0.1", True, True), ("127.0.0.1", False, False), ("127.0.0.2", True, False)],
    ids=["trusted", "unknown authority", "other host"],
)
async def test_mail_goes_over_a_checked_line_or_not_at_all(
    tmp_path: Path, certified: str, trusted: bool, arrives: bool
) -> None:
    taken: list[RawInbound] = []

    async def accept(message: RawInbound) -> _Row:
        taken.append(message)
        return _Row()

    certificate, key = make_certificate(tmp_path, certified)
    door = await open_door(
        SmtpDoorSettings(port=0, certificate=certificate, key=key),
        Recipients({"info@whatnext.example": "whatnext", MAIL.recipient: "nexxt"}),
        accept,
        lambda: datetime.now(UTC),
    )
    sender = SmtpSender(
        SmtpSettings(
            host=door.host,
            port=door.port,
            from_address="info@whatnext.example",
            tls=Tls.STARTTLS,
            ca_file=certificate if trusted else "",
            timeout_seconds=10,
        ),
        instance="loket",
    )
    if arrives:
        await sender.send(MAIL)
        await sender.send(MAIL)
    else:
        with pytest.raises(Temporary):
            await sender.send(MAIL)
    assert len(taken) == (2 if arrives else 0)
    await sender.close()
    await door.stop()
