"""Reads the mails made to exhaust us, each in a process with hard limits: `python -m tests.mail.bounded`.

The limits are the system's own: 5 seconds of CPU and 200 MB above what the process and the mail took before reading.
One line for each mail that broke them; the exit code says whether there was one.
"""

# ruff: noqa: E501  mails, one a line

from __future__ import annotations

import os
import resource
import sys
from pathlib import Path

from intake.email.forwards import forwarded
from intake.normalise import normalise
from tests.mail.binary import exhausting, packed_rtf, signed, tnef
from tests.support.mails import inbound

CPU_SECONDS = 5
MEMORY = 200 * 2**20
TIMES = 100_000
SIZE = 25 * 2**20
_HEAD = b"From: sanne@voorbeeld.example\r\nSubject: Verzoek\r\n"


def huge() -> dict[str, bytes]:
    """Mails as large as the door lets in."""
    line = b"Ik wil inzage in mijn gegevens, zo snel als het kan. \r\n"
    many = SIZE // len(line)
    base64 = b"Content-Transfer-Encoding: base64\r\n\r\n" + b"QUJD" * 19 * (SIZE // 76)
    smime = signed(b"Content-Type: text/plain\r\n\r\n" + line * (many // 8), pieces=1000)
    rtf = packed_rtf(b"{\\rtf1 " + b"wis \\par " * 100_000 + b"}")
    return {
        "25 MB of text": _HEAD + b"\r\n" + line * many,
        "25 MB on one line": _HEAD + b"\r\n" + b"Op 2 nov 2026 " * (SIZE // 14),
        "25 MB of page": _HEAD + b"Content-Type: text/html\r\n\r\n" + b"<p>Ik wil inzage</p>" * (SIZE // 20),
        "25 MB of tags": _HEAD + b"Content-Type: text/html\r\n\r\n" + b"<b>" * (SIZE // 3),
        "25 MB of base64 text": _HEAD + base64,
        "25 MB of file": _HEAD + b"Content-Type: application/pdf; name=a.pdf\r\n" + base64,
        "25 MB of quoted-printable": _HEAD + b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + b"=C3=A9" * (SIZE // 6),
        "25 MB of head": _HEAD + b"X-A: b\r\n" * (SIZE // 8),
        "25 MB of one field": b"Subject: " + b"a" * SIZE + b"\r\n\r\nx",
        "25 MB of line ends": b"\r\n" * (SIZE // 2) + _HEAD + b"\r\nx",
        "25 MB of carriage returns": b"From: a@b.example\r\rx" + b"\r" * SIZE,
        "25 MB of boundaries": _HEAD + b"Content-Type: multipart/mixed; boundary=q\r\n\r\n" + b"--q\r\n" * (SIZE // 5),
        "25 MB of almost boundaries": _HEAD + b"Content-Type: multipart/mixed; boundary=q\r\n\r\n" + b"--qx\r\n" * (SIZE // 6),
        "s/mime in pieces": _HEAD + b"Content-Type: application/pkcs7-mime; smime-type=signed-data\r\n\r\n" + smime,
        "s/mime of elements without end": _HEAD + b"Content-Type: application/pkcs7-mime\r\n\r\n" + b"\x30\x80" * (SIZE // 2),
        "s/mime of empty elements": _HEAD + b"Content-Type: application/pkcs7-mime\r\n\r\n" + b"\x30\x80" + b"\x04\x00" * (SIZE // 3),
        "winmail.dat of rubbish": _HEAD + b"Content-Type: application/ms-tnef\r\n\r\n" + tnef(b"\x01" * (SIZE // 2)),
        "winmail.dat of rich text": _HEAD + b"Content-Type: application/ms-tnef\r\n\r\n"
        + tnef(b"\x01\x03\x90\x06\x00" + (len(rtf) + 16).to_bytes(4, "little") + b"\x01\x00\x00\x00\x02\x01\x09\x10\x01\x00\x00\x00"
               + len(rtf).to_bytes(4, "little") + rtf + b"\x00\x00"),
    }  # fmt: skip


def _allowed() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    return pages * resource.getpagesize() + MEMORY


def _read(raw: bytes) -> int:
    """In a child of its own; gives the signal or code it ended with, 0 when all went well."""
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_AS, (_allowed(), _allowed()))
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
        code = 1
        try:
            message = normalise(inbound(raw))
            forwarded(message)
            code = 0 if message.own_words or not message.text else 2
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def main() -> int:
    broken = 0
    for mails in (exhausting(TIMES), huge()):
        for name in list(mails):
            outcome = _read(mails.pop(name))
            if outcome:
                broken += 1
                print(f"{name}: ended with {outcome}")
    return int(broken > 0)


if __name__ == "__main__":
    sys.exit(main())
