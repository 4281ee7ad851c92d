"""winmail.dat (MS-OXTNEF): the text and the file names inside the envelope that Outlook puts around a rich-text mail.

A reader of our own: the library for it has not been kept up for years, and it reads without bounds. Only what staff
need comes out: subject, text, names and sizes. The envelope itself stays with the raw message. Never raises.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from intake.email.headers import clean, decode_bytes
from intake.email.html import html_to_text
from intake.email.rtf import rtf_to_text, unpack_rtf

_SIGNATURE: Final = b"\x78\x9f\x3e\x22"
_MAX_ATTRIBUTES = 5000
_MAX_PROPERTIES = 2000
_MAX_FILES = 100

# Attributes (MS-OXTNEF 2.1.3.3), the part that is read.
_SUBJECT, _BODY, _CODEPAGE, _MESSAGE_PROPERTIES = 0x8004, 0x800C, 0x9007, 0x9003
_NEW_FILE, _FILE_NAME, _FILE_DATA, _FILE_PROPERTIES = 0x9002, 0x8010, 0x800F, 0x9005
# Properties (MS-OXPROPS).
_P_SUBJECT, _P_BODY, _P_RTF, _P_HTML, _P_LONG_NAME, _P_NAME = 0x0037, 0x1000, 0x1009, 0x1013, 0x3707, 0x3704
_WIDTHS = {2: 4, 3: 4, 4: 4, 5: 8, 6: 8, 7: 8, 0x0A: 4, 0x0B: 4, 0x14: 8, 0x40: 8, 0x48: 16}
_VARIABLE = (0x0D, 0x1E, 0x1F, 0x102)
_UNICODE = 0x1F
_NAMED = 0x8000  # properties above it carry their name


@dataclass(slots=True)
class Envelope:
    subject: str = ""
    text: str = ""
    files: list[tuple[str, int]] = field(default_factory=list)  # name as given, bytes


@dataclass(slots=True)
class _Found:
    codepage: str = ""
    body: str = ""
    html: bytes = b""
    rtf: bytes = b""


def read_tnef(data: bytes) -> Envelope | None:
    """What the envelope holds as far as it can be read; None when it is none."""
    if not data.startswith(_SIGNATURE):
        return None
    envelope, found = Envelope(), _Found()
    for name, value in _attributes(data):
        if name == _CODEPAGE and len(value) >= 4:
            found.codepage = f"cp{struct.unpack_from('<I', value)[0]}"
        elif name == _SUBJECT:
            envelope.subject = _text(value, found.codepage)
        elif name == _BODY:
            found.body = _text(value, found.codepage)
        elif name == _MESSAGE_PROPERTIES:
            _message(value, envelope, found)
        else:
            _file(name, value, envelope, found.codepage)
    envelope.text = _best_text(found)
    return envelope


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    position = 6
    for _ in range(_MAX_ATTRIBUTES):
        if position + 9 > len(data):
            return
        _, name, _, length = struct.unpack_from("<BHHI", data, position)
        yield name, data[position + 9 : position + 9 + length]
        position += 9 + length + 2


def _message(value: bytes, envelope: Envelope, found: _Found) -> None:
    for name, kind, content in _properties(value):
        if name == _P_SUBJECT:
            envelope.subject = _string(kind, content, found.codepage) or envelope.subject
        elif name == _P_BODY:
            found.body = _string(kind, content, found.codepage) or found.body
        elif name == _P_HTML:
            found.html = content.decode("utf-16-le", "replace").encode() if kind == _UNICODE else content
        elif name == _P_RTF:
            found.rtf = content


def _file(name: int, value: bytes, envelope: Envelope, codepage: str) -> None:
    files = envelope.files
    if name == _NEW_FILE and len(files) < _MAX_FILES:
        files.append(("", 0))
    if not files:
        return
    title, size = files[-1]
    if name == _FILE_NAME:
        files[-1] = (title or _text(value, codepage), size)
    elif name == _FILE_DATA:
        files[-1] = (title, len(value))
    elif name == _FILE_PROPERTIES:
        names = {key: _string(kind, content, codepage) for key, kind, content in _properties(value)
                 if key in (_P_LONG_NAME, _P_NAME)}  # fmt: skip
        files[-1] = (names.get(_P_LONG_NAME) or title or names.get(_P_NAME, ""), size)


def _properties(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """(property, type, first value) as long as the bytes make sense."""
    try:
        count = min(struct.unpack_from("<I", data)[0], _MAX_PROPERTIES)
        position = 4
        for _ in range(count):
            kind, name = struct.unpack_from("<HH", data, position)
            position = _after_name(data, position + 4, name)
            values, position = _values(data, position, kind)
            if values:
                yield name, kind & 0xFFF, values[0]
    except (struct.error, ValueError):
        return


def _after_name(data: bytes, position: int, name: int) -> int:
    if name < _NAMED:
        return position
    (is_text,) = struct.unpack_from("<I", data, position + 16)
    (value,) = struct.unpack_from("<I", data, position + 20)
    return position + 24 + (_padded(value) if is_text else 0)


def _values(data: bytes, position: int, kind: int) -> tuple[list[bytes], int]:
    several, kind = bool(kind & 0x1000), kind & 0xFFF
    count = 1
    if several or kind in _VARIABLE:
        (count,) = struct.unpack_from("<I", data, position)
        position += 4
    if count > _MAX_PROPERTIES:
        raise ValueError("more values than any mail has")
    values = []
    for _ in range(count):
        if kind in _VARIABLE:
            (length,) = struct.unpack_from("<I", data, position)
            position += 4
            values.append(data[position : position + length])
            position += _padded(length)
        else:
            position += _WIDTHS[kind] if kind in _WIDTHS else _unknown(kind)
    return values, position


def _unknown(kind: int) -> int:
    raise ValueError(f"property type {kind}: its width is not known, so nothing after it can be read")


def _padded(length: int) -> int:
    return (length + 3) & ~3


def _string(kind: int, value: bytes, codepage: str) -> str:
    return clean(value.decode("utf-16-le", "replace")) if kind == _UNICODE else _text(value, codepage)


def _text(value: bytes, codepage: str) -> str:
    return clean(decode_bytes(value.rstrip(b"\x00"), codepage))


def _best_text(found: _Found) -> str:
    if found.body.strip():
        return found.body.strip()
    if found.html:
        own, quoted = html_to_text(decode_bytes(found.html, found.codepage))
        return "\n\n".join(piece for piece in (own, quoted) if piece)
    return rtf_to_text(unpack_rtf(found.rtf), found.codepage) if found.rtf else ""
