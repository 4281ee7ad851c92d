"""One outgoing message to the bytes of a mail (RFC 5322, 2045, 2047, 3834). Pure: the same input, the same bytes.

Written out by hand, because the library's writer costs several milliseconds a mail and folds long ids wrongly.
"""

from __future__ import annotations

import binascii
import hashlib
import re
import unicodedata
from base64 import b64encode
from datetime import datetime
from email.utils import format_datetime

from cases.errors import Permanent
from cases.protocols import Outgoing
from intake.guards import LOOP_HEADER

DEMO_HEADER = "X-Privacyloket-Demo"
MAX_REFERENCES = 12  # newest kept; RFC 5322 wants bounded lines, mail programs need the last few

_BREAKS = re.compile(r"[\r\n\x00-\x1f\x7f]+")
_ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*")
_ID = re.compile(r"<[\x21-\x3b\x3d\x3f-\x7e]{1,900}>")
_ADDRESS = re.compile(r"[\x21-\x7e]{1,254}")
_ADDRESS_UTF8 = re.compile(r"(?:[\x21-\x7e]|[^\W\x00-\x7f]){1,254}")  # letters and digits: nothing invisible
_WORD_BYTES = 45  # 60 letters of base64; with its frame 72 of the 75 that RFC 2047 allows


def compose(
    message: Outgoing,
    *,
    from_name: str,
    from_address: str,
    reply_to: str,
    instance: str,
    demo: bool,
    date: datetime | None = None,
    international: bool = False,
) -> bytes:
    """The whole mail with CRLF line ends. A forwarded mail (`message.raw`) leaves as it came.

    `international`: the recipient may have letters outside ASCII (RFC 6532); the server has to allow that (SMTPUTF8).
    """
    if message.raw is not None:
        return message.raw
    boundary = "=_" + hashlib.sha256(message.message_id.encode()).hexdigest()[:32]  # "=_" never occurs in the bodies
    lines = [
        f"From: {_mailbox(from_name, from_address)}",
        f"To: {smtp_address(message.recipient, international=international)}",
        f"Subject: {_encoded(message.subject, 9)}",
    ]
    moment = message.created_at or date
    if moment is not None:
        lines.append(f"Date: {format_datetime(moment)}")
    if identifier := _ID.fullmatch(message.message_id):
        lines.append(f"Message-ID: {identifier[0]}")
    lines += _thread(message)
    if reply_to:
        lines.append(f"Reply-To: {smtp_address(reply_to)}")
    if message.automatic:
        lines += ["Auto-Submitted: auto-replied", "X-Auto-Response-Suppress: All", "Precedence: auto_reply"]
    lines.append(f"{LOOP_HEADER}: {_BREAKS.sub('', instance)[:100]}")
    if demo:
        lines.append(f"{DEMO_HEADER}: DEMO")
    lines += ["MIME-Version: 1.0", f'Content-Type: multipart/alternative; boundary="{boundary}"', "", ""]
    mark = f"--{boundary}".encode()
    pieces = ["\r\n".join(lines).encode("utf-8"), mark, _HEAD_TEXT, _body(message.text), b"\r\n"]
    if message.html:
        pieces += [mark, _HEAD_HTML, _body(message.html), b"\r\n"]
    return b"".join((*pieces, mark, b"--\r\n"))


_HEAD_TEXT = b"\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
_HEAD_HTML = b"\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"


def smtp_address(address: str, *, international: bool = False) -> str:
    """An address as it may stand on the wire; a line break in one is an attack, not a typing error."""
    address = unicodedata.normalize("NFC", address.strip())
    local, _, domain = address.rpartition("@")
    if not address.isascii():
        try:
            domain = domain.encode("idna").decode("ascii")
        except UnicodeError:
            domain = ""
        address = f"{local}@{domain}"
    shape = _ADDRESS_UTF8 if international else _ADDRESS
    if not local or not domain or not shape.fullmatch(address) or any(sign in address for sign in "<>,;()"):
        raise Permanent("naar dit adres is met SMTP niet te versturen")
    return address


def _body(text: str) -> bytes:
    """Quoted-printable with CRLF and lines of at most 76 (RFC 2045 6.7)."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n") + "\n"
    return binascii.b2a_qp(lines.replace("\n", "\r\n").encode("utf-8", "replace"), istext=True)


def _mailbox(name: str, address: str) -> str:
    name = _BREAKS.sub(" ", name).strip()
    if not name:
        return smtp_address(address)
    shown = name if _ATOM.fullmatch(name) else f'"{_quoted(name)}"' if name.isascii() else _encoded(name, 6)
    return f"{shown} <{smtp_address(address)}>"


def _quoted(name: str) -> str:
    return name.replace("\\", "\\\\").replace('"', '\\"')


def _encoded(text: str, used: int) -> str:
    """RFC 2047 when needed: words of whole characters, one a line."""
    text = _BREAKS.sub(" ", text).strip()[:500]
    if text.isascii() and len(text) + used <= 900 and "=?" not in text:
        return text
    words: list[str] = []
    piece = b""
    for character in text:
        encoded = character.encode("utf-8", "replace")
        if len(piece) + len(encoded) > (_WORD_BYTES - 9 if not words else _WORD_BYTES):
            words.append(_word(piece))
            piece = b""
        piece += encoded
    words.append(_word(piece))
    return "\r\n ".join(words)


def _word(piece: bytes) -> str:
    return f"=?utf-8?b?{b64encode(piece).decode('ascii')}?="


def _thread(message: Outgoing) -> list[str]:
    """In-Reply-To and References; `references` comes newest first and is written oldest first."""
    lines = []
    answered = _ID.fullmatch(message.in_reply_to)
    if answered:
        lines.append(f"In-Reply-To: {answered[0]}")
    newest_first = [identifier for identifier in message.references if _ID.fullmatch(identifier)]
    if answered and answered[0] not in newest_first:
        newest_first.insert(0, answered[0])
    if newest_first:
        lines.append("References: " + "\r\n ".join(newest_first[:MAX_REFERENCES][::-1]))
    return lines
