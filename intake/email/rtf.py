"""Rich text to plain lines, and the compression it travels in (MS-OXRTFCP). Read by `tnef` only. Never raises."""

from __future__ import annotations

import re
import struct

from intake.email.headers import clean, decode_bytes

MAX_RTF = 600_000  # bytes unpacked; a letter is a few kilobytes

# The dictionary that every sender and reader starts with (MS-OXRTFCP 2.2.1).
_DICTIONARY = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor "
    b"MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20"
    b"\\b\\i\\u\\tab\\tx"
)
_PACKED, _PLAIN = b"LZFu", b"MELA"
_WINDOW = 4096

_TOKEN = re.compile(r"\\([a-z]{1,32})(-?\d{1,9})? ?|\\'([0-9a-fA-F]{2})|\\([^a-z'])|([{}])|[\r\n]+|([^\\{}\r\n]+)")
_SKIPPED = frozenset((
    "fonttbl", "colortbl", "stylesheet", "info", "pict", "object", "header", "footer", "generator", "datastore",
    "themedata", "listtable", "xmlnstbl",
))  # fmt: skip
_BREAKS = {
    "par": "\n", "line": "\n", "row": "\n", "sect": "\n\n", "tab": " ", "cell": " ", "emdash": "—", "endash": "–",
    "lquote": "‘", "rquote": "’", "ldblquote": "“", "rdblquote": "”", "bullet": "•",
}  # fmt: skip
_SYMBOLS = {"~": " ", "\\": "\\", "{": "{", "}": "}", "\n": "\n", "\r": "\n", "_": "-"}


def unpack_rtf(data: bytes) -> bytes:
    """LZFu back to RTF; what is damaged ends where the damage begins."""
    if len(data) < 16:
        return b""
    _, size, magic = struct.unpack_from("<II4s", data)
    if magic == _PLAIN:
        return data[16 : 16 + min(size, MAX_RTF)]
    if magic != _PACKED:
        return b""
    window = bytearray(_DICTIONARY.ljust(_WINDOW, b"\x00"))
    written, position, out = len(_DICTIONARY), 16, bytearray()
    while position < len(data) and len(out) < min(size, MAX_RTF):
        control = data[position]
        position += 1
        for bit in range(8):
            if not control >> bit & 1:
                piece = data[position : position + 1]
                position += 1
            else:
                if position + 2 > len(data):
                    return bytes(out)
                word = data[position] << 8 | data[position + 1]
                position += 2
                start = word >> 4
                if start == written:
                    return bytes(out)  # the mark of the end
                piece = _copy(window, start, written, (word & 15) + 2)
            for byte in piece:
                window[written] = byte
                written = (written + 1) % _WINDOW
            out += piece
    return bytes(out)


def _copy(window: bytearray, start: int, written: int, length: int) -> bytes:
    """A copy may reach into what it writes itself: then it repeats."""
    distance = (written - start) % _WINDOW
    first = bytes(window[(start + n) % _WINDOW] for n in range(min(length, distance)))
    return (first * (length // max(1, len(first)) + 1))[:length]


def rtf_to_text(data: bytes, codepage: str = "") -> str:
    """The words of a rich text. Groups that hold no words (fonts, pictures, `\\*`) are stepped over."""
    source = data[:MAX_RTF].decode("latin-1")
    out: list[str] = []
    skipped: list[bool] = [False]
    to_skip = 0  # letters that stand in for a \u before them
    letters = bytearray()
    for word, number, code, symbol, brace, plain in _TOKEN.findall(source):
        if not code:
            _flush(letters, out, codepage)
        if brace:
            _group(brace, skipped)
        elif symbol == "*" or word in _SKIPPED:
            skipped[-1] = True
        elif skipped[-1]:
            continue
        elif code:
            if to_skip:
                to_skip -= 1
            else:
                letters.append(int(code, 16))
        elif word == "u" and number:
            out.append(chr(int(number) % 65_536))
            to_skip = 1
        elif word or symbol:
            out.append(_BREAKS.get(word, "") or _SYMBOLS.get(symbol, ""))
        elif plain:
            out.append(plain[to_skip:])
            to_skip = 0
    _flush(letters, out, codepage)
    joined = "".join(out).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return re.sub(r"\n{3,}", "\n\n", re.sub(r" *\n *", "\n", clean(joined))).strip()


def _flush(letters: bytearray, out: list[str], codepage: str) -> None:
    """Letters of a double-byte code page come one byte at a time: they are read together."""
    if letters:
        out.append(decode_bytes(bytes(letters), codepage or "cp1252"))
        letters.clear()


def _group(brace: str, skipped: list[bool]) -> None:
    if brace == "{":
        if len(skipped) < 10_000:
            skipped.append(skipped[-1])
    elif len(skipped) > 1:
        skipped.pop()
