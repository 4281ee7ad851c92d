"""Header fields as other programs really write them: charsets, encoded words, addresses, ids, dates, parameters.

RFC 5322, 2047 and 2231 read leniently. Nothing here raises for any bytes. CPython's modern policy crashes on a part
of real mail, and its compat32 parser takes a large share of the time a mail may cost, so this room has its own.
"""

from __future__ import annotations

import binascii
import re
import unicodedata
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import unquote_to_bytes

MAX_HEADERS = 1000  # a header bomb ends here; the body is still found
MAX_VALUE = 32_768  # bytes of one field that are looked at
MAX_ADDRESSES = 200
MAX_ADDRESS = 254  # RFC 5321 4.5.3.1.3
MAX_IDS = 50

_FIELD = re.compile(rb"([!-9;-~]{1,100})[ \t]*:((?>[^\n]*)(?>\n[ \t][^\n]*)*)(?:\n|\Z)")
_HEADER_END = re.compile(rb"\n\r?\n")
_WORD = re.compile(r"=\?([^?\s]{1,40})\?([bBqQ])\?([^?]*)\?=")
_WORD_GAP = re.compile(r"(\?=)[ \t\n]+(?==\?[^?\s]{1,40}\?[bBqQ]\?)")
_CONTROL = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u00ad\ud800-\udfff]"
)
_ADDRESS = re.compile(r"[^\s<>@,;:\"()\[\]\\]{1,200}@[^\s<>@,;:\"()\[\]\\]{1,200}")
_ANGLE = re.compile(r"<([^<>]{0,400})>")
_COMMENT = re.compile(r"\([^()]{0,200}\)")
_MSGID = re.compile(r"<[^<>]{1,400}>")
_PEEK_ID = re.compile(rb"^message-id[ \t]*:\s*([^\r\n]+)", re.I | re.M)
_PARAM = re.compile(r';\s*([^=;\s"]{1,80})\s*=\s*("(?>(?:\\.|[^"\\])*)"|[^;]{0,2000})', re.S)

# What senders declare → the codec that reads it. An allow-list: some Python codecs (punycode, idna) are quadratic and
# others are no charsets at all. Supersets stand in for their smaller namesakes, as browsers do.
_CODECS = {
    name: codec
    for codec, names in {
        "utf-8": "utf-8 utf8 unicode-1-1-utf-8 unicode utf-8-sig utf8mb4",
        "cp1252": "iso-8859-1 iso8859-1 latin1 latin-1 l1 windows-1252 cp1252 x-cp1252 "
        "ascii us-ascii ansi ansi_x3.4-1968 ansi_x3.110-1983 8bit iso-8859-1-windows-3.1-latin-1 default",
        "cp1254": "iso-8859-9 latin5 windows-1254 cp1254",
        "iso8859-2": "iso-8859-2 latin2",
        "iso8859-3": "iso-8859-3",
        "iso8859-4": "iso-8859-4",
        "iso8859-5": "iso-8859-5",
        "iso8859-6": "iso-8859-6",
        "iso8859-7": "iso-8859-7",
        "iso8859-8": "iso-8859-8 iso-8859-8-i",
        "iso8859-10": "iso-8859-10",
        "iso8859-13": "iso-8859-13",
        "iso8859-14": "iso-8859-14",
        "iso8859-15": "iso-8859-15 latin-9 latin9",
        "iso8859-16": "iso-8859-16",
        "cp1250": "windows-1250 cp1250",
        "cp1251": "windows-1251 cp1251",
        "cp1253": "windows-1253 cp1253",
        "cp1255": "windows-1255 cp1255",
        "cp1256": "windows-1256 cp1256",
        "cp1257": "windows-1257 cp1257",
        "cp1258": "windows-1258 cp1258",
        "cp437": "cp437 ibm437",
        "cp850": "cp850 ibm850",
        "cp858": "cp858 ibm858",
        "mac_roman": "macintosh mac x-mac-roman",
        "koi8-r": "koi8-r",
        "koi8-u": "koi8-u",
        "gb18030": "gb2312 gbk gb18030 x-gbk cp936 iso-gb2312 chinese hz-gb-2312",
        "big5hkscs": "big5 big5-hkscs cp950",
        "cp949": "ks_c_5601-1987 euc-kr cp949 ksc5601",
        "cp932": "shift_jis shift-jis sjis x-sjis cp932 windows-31j",
        "euc_jp": "euc-jp",
        "iso2022_jp_ext": "iso-2022-jp iso-2022-jp-1 iso-2022-jp-2 iso-2022-jp-ms",
        "iso2022_kr": "iso-2022-kr",
        "cp874": "windows-874 tis-620 iso-8859-11",
        "utf-16": "utf-16",
        "utf-16-le": "utf-16le",
        "utf-16-be": "utf-16be",
        "utf-32": "utf-32",
        "utf-7": "utf-7 unicode-1-1-utf-7",
    }.items()
    for name in names.split()
}


def decode_bytes(data: bytes, charset: str = "") -> str:
    """Bytes to text: declared charset, UTF-8, Windows-1252, ISO-8859-1. Undecodable bytes never stop a message."""
    if data.isascii() and b"\x1b" not in data:
        codec = _CODECS.get(charset.strip(" '\"").lower(), "") if charset else ""
        if not codec.startswith("utf-"):
            return data.decode("ascii")
    else:
        codec = _CODECS.get(charset.strip(" '\"").lower(), "")
    if codec in ("", "utf-8", "cp1252"):  # mail that says Latin-1 and is valid UTF-8, is UTF-8
        return _utf8_or_western(data)
    try:
        return data.decode(codec)
    except (UnicodeError, ValueError):
        text = data.decode(codec, "replace")
        return text if text.count("\ufffd") * 20 <= len(text) else _utf8_or_western(data)


def _utf8_or_western(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    text = data.decode("utf-8", "replace")
    bad = text.count("\ufffd")
    if bad * 4 <= len(text) - len(text.encode("ascii", "ignore")) - bad:
        return text  # UTF-8 with a scratch or a cut-off end, not another charset
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def clean(text: str) -> str:
    """One kind of line end, composed letters, no NUL, control or half characters (databases refuse them)."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text.isascii():
        return _CONTROL.sub("", text) if not text.isprintable() else text
    text = text.replace("\u2028", "\n").replace("\u2029", "\n").replace("\u0085", "\n")
    return unicodedata.normalize("NFC", _CONTROL.sub("", text).replace("\u00a0", " ").replace("\u202f", " "))


class Headers:
    """The fields of one header block, raw; decoded only when asked for."""

    __slots__ = ("_fields",)

    def __init__(self, fields: dict[str, list[bytes]]) -> None:
        self._fields = fields

    def __contains__(self, name: str) -> bool:
        return name in self._fields

    def __len__(self) -> int:
        return len(self._fields)

    def names(self) -> tuple[str, ...]:
        return tuple(self._fields)

    def raw(self, name: str) -> str:
        """The first field of that name, unfolded, encoded words left as they are; "" when there is none."""
        values = self._fields.get(name)
        return _unfold(values[0]) if values else ""

    def raw_all(self, name: str) -> list[str]:
        return [_unfold(value) for value in self._fields.get(name, ())]

    def text(self, name: str) -> str:
        return decode_words(self.raw(name))

    def params(self, name: str) -> tuple[str, dict[str, str]]:
        """`text/plain; charset=utf-8` → ("text/plain", {"charset": "utf-8"}), RFC 2231 joined and decoded."""
        return split_params(self.raw(name))


def parse_headers(raw: bytes, start: int, end: int) -> tuple[Headers, int]:
    """The header block that begins at `start`, and where the body begins. A line that is no field is stepped over."""
    fields: dict[str, list[bytes]] = {}
    position, count = start, 0
    while position < end:
        match = _FIELD.match(raw, position, end)
        if match is not None:
            fields.setdefault(match[1].decode("ascii").lower(), []).append(match[2])
            position = match.end()
            count += 1
            if count >= MAX_HEADERS:
                blank = _HEADER_END.search(raw, position - 1, end)
                return Headers(fields), blank.end() if blank else end
            continue
        line_end = raw.find(b"\n", position, end)
        line_end = end if line_end < 0 else line_end + 1
        if not raw[position:line_end].strip(b"\r\n"):
            return Headers(fields), line_end
        mbox = position == start and raw[position:line_end].startswith((b"From ", b">From "))
        if not mbox and _FIELD.match(raw, line_end, end) is None:
            return Headers(fields), position  # the blank line is missing: this is body already
        position = line_end
    return Headers(fields), end


def _unfold(value: bytes) -> str:
    value = value[:MAX_VALUE]
    text = value.decode("ascii") if value.isascii() else _utf8_or_western(value)
    if "\n" in text or "\r" in text:
        text = text.replace("\r", "").replace("\n", "")
    return text.strip()


def decode_words(value: str) -> str:
    """RFC 2047, with words that are split inside a character, and blanks between words dropped."""
    if "=?" not in value:
        return clean(value)
    out: list[str] = []
    pending, pending_charset, position = b"", "", 0
    for match in _WORD.finditer(value := _WORD_GAP.sub(r"\1", value)):
        charset = match[1].split("*")[0].lower()  # RFC 2231 adds a language after the star
        if pending and (match.start() != position or charset != pending_charset):
            out.append(decode_bytes(pending, pending_charset))
            pending = b""
        out.append(value[position : match.start()])
        pending += _word_bytes(match[2], match[3])
        pending_charset, position = charset, match.end()
    out.append(decode_bytes(pending, pending_charset))
    out.append(value[position:])
    return clean("".join(out))


def _word_bytes(encoding: str, data: str) -> bytes:
    raw = data.encode("utf-8", "replace")
    return decode_base64(raw) if encoding in "bB" else binascii.a2b_qp(raw, header=True)


def decode_base64(data: bytes) -> bytes:
    """Base64 as far as it can be read: foreign characters skipped, missing padding forgiven."""
    try:
        return binascii.a2b_base64(data)
    except binascii.Error:
        letters = re.sub(rb"[^A-Za-z0-9+/]", b"", data)
        return binascii.a2b_base64(letters[: len(letters) - (len(letters) % 4 == 1)] + b"==")


def split_params(value: str) -> tuple[str, dict[str, str]]:
    main, _, rest = value.partition(";")
    if not rest:
        return main.strip().lower(), {}
    found: dict[str, str] = {}
    pieces: dict[str, list[tuple[int, bool, str]]] = {}
    for match in _PARAM.finditer(";" + rest):
        name, raw = match[1].lower(), match[2].strip()
        if raw.startswith('"'):
            raw = raw.strip('"').replace('\\"', '"').replace("\\\\", "\\")
        if "*" in name:
            base, *parts = name.split("*")
            number = int(parts[0]) if parts and parts[0].isascii() and parts[0].isdigit() and len(parts[0]) < 4 else 0
            pieces.setdefault(base, []).append((number, name.endswith("*"), raw))
        else:
            found.setdefault(name, raw)
    for base, numbered in pieces.items():
        found[base] = _join_rfc2231(sorted(numbered))
    return main.strip().lower(), found


def _join_rfc2231(pieces: list[tuple[int, bool, str]]) -> str:
    charset, data = "", b""
    for index, (_, encoded, raw) in enumerate(pieces):
        piece = raw
        if encoded and index == 0 and piece.count("'") >= 2:
            charset, _, piece = piece.split("'", 2)
        raw_bytes = piece.encode("utf-8", "replace")
        data += unquote_to_bytes(raw_bytes) if encoded else raw_bytes
    return decode_bytes(data, charset)


def addresses(value: str) -> list[tuple[str, str]]:
    """(name, address) of each mailbox in a From, To or Cc field; groups opened, nonsense skipped."""
    found: list[tuple[str, str]] = []
    for piece in _split_list(value):
        found.append(_mailbox(piece))
        if len(found) >= MAX_ADDRESSES:
            break
    return [pair for pair in found if pair[0] or pair[1]]


def _split_list(value: str) -> list[str]:
    if '"' not in value and "(" not in value and ":" not in value:
        return value.replace(";", ",").split(",")
    pieces: list[str] = []
    start, quoted, depth, angle = 0, False, 0, False
    for index, character in enumerate(value):
        if character == '"' and (index == 0 or value[index - 1] != "\\"):
            quoted = not quoted
        elif quoted:
            continue
        elif character == "(":
            depth += 1
        elif character == ")":
            depth = max(0, depth - 1)
        elif character in "<>":
            angle = character == "<"
        elif depth == 0 and character in ",;":
            pieces.append(value[start:index])
            start = index + 1
        elif depth == 0 and character == ":" and not angle and not value.endswith("[mailto", 0, index):
            start = index + 1  # what stands before a colon is the name of a group
    pieces.append(value[start:])
    return pieces


def _mailbox(piece: str) -> tuple[str, str]:
    angles = list(_ANGLE.finditer(piece))
    if angles:
        angle = angles[-1]  # the last one counts: display names may hold brackets too
        address = clean_address(angle[1])
        name = piece[: angle.start()]
    else:
        bare = _COMMENT.sub("", piece)
        match = _ADDRESS.search(bare.replace("mailto:", ""))
        address = clean_address(match[0]) if match else ""
        comment = _COMMENT.search(piece)
        name = comment[0][1:-1] if comment else ("" if match else piece)
    name = decode_words(name.strip().strip('"').replace('\\"', '"')).strip().strip('"').strip()
    if not address and "@" in name and (hidden := _ADDRESS.search(name)):
        address = clean_address(hidden[0])  # the address stands inside the encoded word
    return name.replace("\n", " ")[:200], address


def clean_address(value: str) -> str:
    """An address as it is compared everywhere: lower case, no mailto, blanks or last dot; "" when it is none."""
    value = clean(value).strip().strip("'").lower().removeprefix("mailto:")
    value = value.split("?")[0].replace(" ", "").replace("\t", "").replace("\n", "").rstrip(".>").lstrip("<")
    local, at, domain = value.rpartition("@")
    if not at or not local or not domain or len(value) > MAX_ADDRESS:
        return ""
    return value


def message_ids(value: str) -> list[str]:
    """The `<…>` tokens of Message-ID, In-Reply-To or References; comments and blanks between them are skipped.

    Programs fold a long one in the middle, and some write it in encoded words (CPython's, for one).
    """
    found = ("".join(written.split()) for written in _MSGID.findall(decode_words(value)))
    return [identifier for identifier in found if identifier != "<>"][:MAX_IDS]


def header_date(value: str) -> datetime | None:
    if not value:
        return None
    try:
        moment = parsedate_to_datetime(value[:100])
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def peek_message_id(raw: bytes) -> str | None:
    """The Message-ID as written, without taking the mail apart: what a door needs to store a message once."""
    end = _HEADER_END.search(raw)
    match = _PEEK_ID.search(raw, 0, end.start() + 1 if end else min(len(raw), 65_536))
    return clean(decode_bytes(match[1])).strip()[:500] or None if match else None
