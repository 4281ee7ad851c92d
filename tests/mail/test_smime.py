"""S/MIME as a real program makes it (OpenSSL): what is only signed is read like any mail, what is sealed is flagged."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from intake.normalise import normalise
from tests.support.mails import inbound

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs OpenSSL (apt-get install openssl)")

WISH = "Graag inzage in mijn gegevens, ook die in België."
LETTER = f"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{WISH}\r\n".encode()
WITH_FILE = (
    b"Content-Type: multipart/mixed; boundary=z\r\n\r\n--z\r\n" + LETTER
    + b"--z\r\nContent-Type: application/pdf; name=machtiging.pdf\r\n"
    + b"Content-Disposition: attachment\r\n\r\nx\r\n--z--\r\n"
)  # fmt: skip
HEAD = ("-from", "Sanne Bakker <sanne@voorbeeld.example>", "-to", "info@whatnext.example", "-subject", "Verzoek")


def openssl(*arguments: str | Path, given: bytes = b"") -> bytes:
    return subprocess.run(
        ["openssl", *map(str, arguments)], input=given, capture_output=True, check=True, timeout=60
    ).stdout


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for mail and its key."""
    folder = tmp_path_factory.mktemp("smime")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=Sanne", "-out", certificate, "-keyout", key)
    return certificate, key


def signed(own: tuple[Path, Path], letter: bytes, *how: str) -> bytes:
    return openssl("smime", "-sign", *how, *HEAD, "-signer", own[0], "-inkey", own[1], given=letter)


@pytest.mark.parametrize(
    "how",
    [(), ("-nodetach",), ("-nodetach", "-stream", "-indef"), ("-nodetach", "-nocerts"), ("-binary",)],
    ids=["clear", "opaque", "opaque, streamed", "opaque without certificate", "clear, as it stands"],
)
@pytest.mark.parametrize(("letter", "files"), [(LETTER, []), (WITH_FILE, ["machtiging.pdf"])], ids=["text", "file"])
def test_what_is_only_signed_is_read(
    own: tuple[Path, Path], how: tuple[str, ...], letter: bytes, files: list[str]
) -> None:
    message = normalise(inbound(signed(own, letter, *how)))
    assert (message.own_words.strip(), message.subject) == (WISH, "Verzoek")
    assert message.from_address == "sanne@voorbeeld.example"
    assert {"smime", "signed"} <= message.flags and "encrypted" not in message.flags
    assert [attachment.name for attachment in message.attachments] == files


@pytest.mark.parametrize(
    "how", [("smime", "-encrypt", "-aes256"), ("cms", "-encrypt", "-aes-256-gcm")], ids=["sealed", "sealed, as of 2015"]
)
@pytest.mark.parametrize("inside", ["letter", "signed"])
def test_what_is_sealed_is_kept_for_a_person(own: tuple[Path, Path], how: tuple[str, ...], inside: str) -> None:
    letter = LETTER if inside == "letter" else signed(own, LETTER)
    message = normalise(inbound(openssl(*how, *HEAD, own[0], given=letter)))
    assert {"smime", "encrypted"} <= message.flags
    assert "versleuteld" in message.own_words and WISH not in message.text
    assert [attachment.name for attachment in message.attachments] == ["smime.p7m"]


def test_sealed_and_then_signed_is_sealed(own: tuple[Path, Path]) -> None:
    sealed = openssl("smime", "-encrypt", "-aes256", own[0], given=LETTER)
    for how in ((), ("-nodetach",)):
        message = normalise(inbound(signed(own, sealed, *how)))
        assert {"smime", "signed", "encrypted"} <= message.flags
        assert "versleuteld" in message.own_words
