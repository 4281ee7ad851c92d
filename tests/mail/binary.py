"""Traps that can not be typed: winmail.dat, S/MIME, other codings of letters, and mails made to exhaust us."""

# ruff: noqa: E501  traps, one a line

from __future__ import annotations

import struct
from base64 import b64encode, encodebytes

from tests.mail.corpus import Trap

_HEAD = b"From: Sanne Bakker <sanne@voorbeeld.example>\r\nTo: info@whatnext.example\r\nSubject: Verzoek\r\n"
_WISH = "Graag inzage in mijn gegevens."


def made() -> list[Trap]:
    return [*_winmail(), *_smime(), *_letters(), *_exhausting()]


def _trap(name: str, raw: bytes, **expect: str) -> Trap:
    return Trap(f"binary: {name}", raw, {key: [value] for key, value in expect.items()})


def _mixed(kind: str, content: bytes, text: str = "") -> bytes:
    return (
        _HEAD + b"Content-Type: multipart/mixed; boundary=q\r\n\r\n--q\r\nContent-Type: text/plain\r\n\r\n" + text.encode()
        + b"\r\n--q\r\nContent-Type: " + kind.encode() + b"\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        + encodebytes(content) + b"--q--\r\n"
    )  # fmt: skip


# --- winmail.dat ----------------------------------------------------------------------------------------------------


def _attribute(level: int, name: int, kind: int, value: bytes) -> bytes:
    return struct.pack("<BHHI", level, name, kind, len(value)) + value + struct.pack("<H", sum(value) & 0xFFFF)


def _property(name: int, kind: int, value: bytes) -> bytes:
    head = struct.pack("<HH", kind, name)
    if kind in (0x1E, 0x1F, 0x102):
        return head + struct.pack("<II", 1, len(value)) + value + b"\x00" * (-len(value) % 4)
    return head + value


def _properties(*properties: bytes) -> bytes:
    return struct.pack("<I", len(properties)) + b"".join(properties)


def tnef(*attributes: bytes) -> bytes:
    return b"\x78\x9f\x3e\x22\x01\x00" + b"".join(attributes)


def _message(*properties: bytes) -> bytes:
    return _attribute(1, 0x9003, 6, _properties(*properties))


def _file(name: bytes, content: bytes, *properties: bytes) -> bytes:
    more = _attribute(2, 0x9005, 6, _properties(*properties)) if properties else b""
    return (
        _attribute(2, 0x9002, 6, b"\x00" * 14)
        + _attribute(2, 0x8010, 1, name + b"\x00")
        + _attribute(2, 0x800F, 6, content)
        + more
    )


def packed_rtf(text: bytes) -> bytes:
    """LZFu without a single copy: eight letters behind every control byte."""
    body = b"".join(b"\x00" + text[n : n + 8] for n in range(0, len(text), 8))
    return struct.pack("<II4sI", len(body) + 12, len(text), b"LZFu", 0) + body


def _winmail() -> list[Trap]:
    codepage = _attribute(1, 0x9007, 6, struct.pack("<II", 1252, 0))
    body = _attribute(1, 0x800C, 2, "Graag inzage in België.\x00".encode("cp1252"))
    unicode_body = _message(_property(0x1000, 0x1F, (_WISH + "\x00").encode("utf-16-le")))
    html = _message(_property(0x1013, 0x102, f"<p>{_WISH}</p>".encode()))
    rtf = rb"{\rtf1\ansi{\fonttbl{\f0 Arial;}}\pard Graag \b inzage\b0  in Belgi\'eb \u8364?5.\par}"
    named = _message(
        struct.pack("<HH", 0x1E, 0x8001) + b"\x00" * 16 + struct.pack("<II", 1, 6) + "ab\x00".encode("utf-16-le")
        + b"\x00\x00" + struct.pack("<II", 1, 2) + b"x\x00\x00\x00",
        _property(0x1000, 0x1E, _WISH.encode()),
    )  # fmt: skip
    files = _file(b"BRIEF~1.PDF", b"x" * 9, _property(0x3707, 0x1E, b"brief aan u.pdf\x00")) + _file(b"foto.jpg", b"y")
    kind = "application/ms-tnef; name=winmail.dat"
    return [
        _trap("winmail.dat, plain body", _mixed(kind, tnef(codepage, body)), own="Graag inzage in België.",
              flags="winmail", files="winmail.dat"),
        _trap("winmail.dat, Unicode body", _mixed(kind, tnef(unicode_body)), own=_WISH, flags="winmail"),
        _trap("winmail.dat, HTML body", _mixed(kind, tnef(html)), own=_WISH, flags="winmail"),
        _trap("winmail.dat, rich text", _mixed(kind, tnef(_message(_property(0x1009, 0x102, packed_rtf(rtf))))),
              own="Graag inzage in België €5."),
        _trap("winmail.dat, rich text unpacked", _mixed(kind, tnef(_message(
            _property(0x1009, 0x102, struct.pack("<II4sI", len(rtf) + 12, len(rtf), b"MELA", 0) + rtf)))),
            own="Graag inzage in België €5."),
        _trap("winmail.dat, property with a name of its own", _mixed(kind, tnef(named)), own=_WISH),
        _trap("winmail.dat, files inside", _mixed(kind, tnef(files), _WISH), own=_WISH,
              files="winmail.dat, brief aan u.pdf, foto.jpg"),
        _trap("winmail.dat beside a text: the text counts", _mixed(kind, tnef(codepage, body), _WISH), own=_WISH),
        _trap("winmail.dat as a nameless stream", _mixed("application/octet-stream; name=WINMAIL.DAT", tnef(unicode_body)),
              own=_WISH, flags="winmail"),
        _trap("winmail.dat, cut off", _mixed(kind, tnef(codepage, body)[:-9]), flags="winmail", has="Graag inzage"),
        _trap("winmail.dat, lengths that lie", _mixed(kind, tnef(struct.pack("<BHHI", 1, 0x9003, 6, 2**32 - 1), b"\xff" * 90)),
              flags="winmail", files="winmail.dat"),
        _trap("winmail.dat, a million properties", _mixed(kind, tnef(_attribute(1, 0x9003, 6, b"\xff" * 50_000))),
              flags="winmail"),
    ]  # fmt: skip


# --- S/MIME ---------------------------------------------------------------------------------------------------------

_SIGNED, _DATA = bytes.fromhex("06092a864886f70d010702"), bytes.fromhex("06092a864886f70d010701")
_ENVELOPED = bytes.fromhex("06092a864886f70d010703")


def _der(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 128:
        return bytes([tag, size]) + content
    width = (size.bit_length() + 7) // 8
    return bytes([tag, 0x80 | width]) + size.to_bytes(width, "big") + content


def _open(tag: int, content: bytes) -> bytes:
    return bytes([tag, 0x80]) + content + b"\x00\x00"


def signed(content: bytes, *, pieces: int = 0) -> bytes:
    """Signed data without signers; in pieces of unknown length as mail programs stream it."""
    if pieces:
        chunks = b"".join(_der(4, content[n : n + pieces]) for n in range(0, len(content), pieces))
        held = _open(0x30, _DATA + _open(0xA0, _open(0x24, chunks)))
        return _open(
            0x30, _SIGNED + _open(0xA0, _open(0x30, b"\x02\x01\x01" + _der(0x31, b"") + held + _der(0x31, b"")))
        )
    held = _der(0x30, _DATA + _der(0xA0, _der(4, content)))
    return _der(0x30, _SIGNED + _der(0xA0, _der(0x30, b"\x02\x01\x01" + _der(0x31, b"") + held + _der(0x31, b""))))


def _p7m(content: bytes, parameters: str = "; smime-type=signed-data; name=smime.p7m") -> bytes:
    return (_HEAD + b"Content-Type: application/pkcs7-mime" + parameters.encode()
            + b"\r\nContent-Transfer-Encoding: base64\r\n\r\n" + encodebytes(content))  # fmt: skip


def _smime() -> list[Trap]:
    inner = f"Content-Type: text/plain; charset=utf-8\r\n\r\n{_WISH}\r\n".encode()
    tree = (b"Content-Type: multipart/mixed; boundary=z\r\n\r\n--z\r\n\r\n" + _WISH.encode()
            + b"\r\n--z\r\nContent-Type: application/pdf; name=a.pdf\r\n\r\nx\r\n--z--\r\n")  # fmt: skip
    enveloped = _der(0x30, _ENVELOPED + _der(0xA0, _der(0x30, b"\x02\x01\x00")))
    detached = _der(0x30, _SIGNED + _der(0xA0, _der(0x30, b"\x02\x01\x01" + _der(0x31, b"") + _der(0x30, _DATA))))
    return [
        _trap("s/mime, opaque signature is read through", _p7m(signed(inner)), own=_WISH, flags="smime | signed",
              noflags="encrypted", files="none"),
        _trap("s/mime, opaque in streamed pieces", _p7m(signed(inner, pieces=7)), own=_WISH, flags="signed"),
        _trap("s/mime, opaque with a file inside", _p7m(signed(tree)), own=_WISH, files="a.pdf"),
        _trap("s/mime, opaque without a declared kind", _p7m(signed(inner), "; name=smime.p7m"), own=_WISH, flags="signed"),
        _trap("s/mime, opaque of 384 bytes (a length that looks open)", _p7m(signed(inner + b"x" * (0x180 - len(inner)))),
              has=_WISH),
        _trap("s/mime, signature inside a signature", _p7m(signed(_p7m(signed(inner)))), own=_WISH),
        _trap("s/mime, sealed without a declared kind", _p7m(enveloped, "; name=smime.p7m"), flags="smime | encrypted",
              has="versleuteld", files="smime.p7m"),
        _trap("s/mime, signature whose content is elsewhere", _p7m(detached), flags="smime | signed", files="smime.p7m"),
        _trap("s/mime, nested without end", _p7m(b"\x30\x80" * 50_000), flags="smime"),
        _trap("s/mime, cut off", _p7m(signed(inner)[:60]), flags="smime"),
    ]  # fmt: skip


# --- letters --------------------------------------------------------------------------------------------------------


def _letters() -> list[Trap]:
    def coded(charset: str, text: str, codec: str) -> bytes:
        return (_HEAD + f"Content-Type: text/plain; charset={charset}\r\nContent-Transfer-Encoding: base64\r\n\r\n".encode()
                + b64encode(text.encode(codec)))  # fmt: skip

    return [
        _trap("UTF-16 with a mark", coded("utf-16", _WISH, "utf-16"), own=_WISH),
        _trap("UTF-16 without a mark", coded("utf-16le", _WISH, "utf-16-le"), own=_WISH),
        _trap("UTF-32", coded("utf-32", _WISH, "utf-32"), own=_WISH),
        _trap("gb2312 that needs its superset", coded("gb2312", "请删除我的数据镕", "gb18030"), own="请删除我的数据镕"),
        _trap("korean under its old name", coded("ks_c_5601-1987", "삭제 똠", "cp949"), own="삭제 똠"),
        _trap("japanese with shift codes", coded("iso-2022-jp", "削除してください", "iso-2022-jp"), own="削除してください"),
        _trap("macintosh", coded("macintosh", "één café", "mac_roman"), own="één café"),
        _trap("code page of DOS", coded("cp850", "één café", "cp850"), own="één café"),
        _trap("slow codec is not used", _HEAD + b"Content-Type: text/plain; charset=punycode\r\n\r\n" + b"a" * 5000 + b"-" + b"z" * 5000),
        _trap("half a surrogate by UTF-7", _HEAD + b"Content-Type: text/plain; charset=utf-7\r\n\r\n+2AA- wis alles +3AA-",
              has="wis alles"),
        _trap("letters composed of two", _HEAD + b"\r\n" + "Verzoek Zoe\u0308".encode(), own="Verzoek Zoë"),
        _trap("bytes of every value", _HEAD + b"Content-Type: text/plain\r\n\r\n" + bytes(range(256)) * 8),
    ]  # fmt: skip


# --- mails made to exhaust us: here small; `test_bounds` sends them in full size -----------------------------------------


def exhausting(n: int) -> dict[str, bytes]:
    """By name; `n` is about how often the trick is repeated."""
    html = _HEAD + b"Content-Type: text/html\r\n\r\n"
    plain = _HEAD + b"Content-Type: text/plain\r\n\r\n"
    return {
        "nested tags": html + b"<div>" * n + b"kern",
        "nested tables": html + b"<table><tr><td>" * n + b"kern",
        "nested quotes": html + b"<blockquote type=cite>" * n + b"kern",
        "nested signatures": html + b"<div class=gmail_signature>" * n + b"kern",
        "open tags only": html + b"<" * n,
        "open attributes": html + b'<a href="' * n,
        "open comments": html + b"<!--" * n,
        "open scripts": html + b"<script>" * n,
        "links": html + b'<a href="https://x.example/">x</a>' * n,
        "many attributes": html + b"<p" + b" class=a" * n + b">kern</p>",
        "entities": html + b"&nbsp;" * n + b"kern",
        "headers": b"X-A: b\r\n" * n + plain + b"kern",
        "headers of different names": b"".join(b"X-%d: b\r\n" % k for k in range(n)) + plain + b"kern",
        "one long header": b"X-A: " + b"b" * (n * 10) + b"\r\n" + plain + b"kern",
        "folded header": b"X-A: b\r\n" + b" c\r\n" * n + plain + b"kern",
        "received lines": b"Received: from a by b; Mon, 2 Nov 2026 14:03:00 +0100\r\n" * n + plain + b"kern",
        "recipients": b"To: " + b"a@b.example, " * n + b"\r\n" + plain + b"kern",
        "references": b"References: " + b"<a@b> " * n + b"\r\n" + plain + b"kern",
        "encoded words": b"Subject: " + b"=?utf-8?q?a?= " * n + b"\r\n" + b"\r\nkern",
        "half encoded words": b"Subject: " + b"=?utf-8?b?" * n + b"\r\n" + b"\r\nkern",
        "parameters": b"Content-Type: text/plain" + b"; a*0*=b" * n + b"\r\n\r\nkern",
        "backslashes": b'From: "' + b"\\" * n + b"(" * n + b"\r\n\r\nkern",
        "quote marks": plain + b">" * (n * 10),
        "quote lines": plain + b"> x\r\n" * n,
        "attributions": plain + b"Op 2 nov 2026 om 14:03 schreef " * n,
        "attribution lines": plain + b"Op 2 nov 2026 om 14:03 schreef X:\r\nx\r\n" * n,
        "header block lines": plain + b"Van: a\r\n" * n,
        "signature lines": plain + b"--\r\n" * n,
        "forward lines": plain.replace(b"Verzoek", b"Fwd: x") + b"---- Doorgestuurd bericht ----\r\n" * n,
        "dashes": plain + b"-" * n + b"\r\n" + b"- " * n,
        "uuencode": plain + b"begin 644 a\r\n" * n,
        "armour": plain + b"-----BEGIN PGP SIGNED MESSAGE-----\r\n" * n,
        "sealed armour": plain + b"-----BEGIN PGP MESSAGE-----\r\n" * n,
        "flowed lines": plain.replace(b"text/plain", b"text/plain; format=flowed") + b"a \r\n" * n,
        "enriched tags": plain.replace(b"plain", b"enriched") + b"<param>" * n,
        "boundaries": _HEAD + b"Content-Type: multipart/mixed; boundary=q\r\n\r\n" + b"--q\r\n" * n,
        "parts": _HEAD + b"Content-Type: multipart/mixed; boundary=q\r\n\r\n" + b"--q\r\nContent-Type: image/png\r\n\r\nx\r\n" * n,
        "parts inside parts": _HEAD + b"Content-Type: multipart/mixed; boundary=q\r\n\r\n--q\r\n" * n,
        "messages inside messages": _HEAD + b"Content-Type: message/rfc822\r\n\r\n" * n + b"kern",
        "spoiled base64": _HEAD + b"Content-Transfer-Encoding: base64\r\n\r\n" + b"R3=*" * n,
        "large text": plain + b"Ik wil inzage. " * n,
        "large file": _mixed("application/pdf; name=a.pdf", b"x" * (n * 100), _WISH),
        "large page": html + b"<p>Ik wil inzage.</p>" * n,
        "blank lines": plain + b"\r\n" * n + b"kern",
        "control bytes": plain + b"\x01\x02" * n + b"kern",
    }  # fmt: skip


def _exhausting() -> list[Trap]:
    return [_trap(f"exhausting, {name}", raw) for name, raw in exhausting(2000).items()]
