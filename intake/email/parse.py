"""The MIME tree taken apart: visible text, attachments by name and size, the inside of reports. Never raises.

A splitter of our own on offsets into the raw bytes: CPython's feed parser walks a mail line by line in Python, which
costs 30 ms per 5 MB of attachment that nobody reads here. Attachment bodies are not decoded. What the text means is
decided elsewhere (`quotes`, `guards`, the reader).
"""

from __future__ import annotations

import binascii
import mimetypes
import re
from dataclasses import dataclass, field

from cases.messages import Attachment
from intake.email.headers import Headers, clean, decode_base64, decode_bytes, decode_words, parse_headers
from intake.email.html import html_to_text
from intake.email.plain import enriched_to_text, open_pgp, take_uuencoded, unflow
from intake.email.sealed import signed_content
from intake.email.tnef import read_tnef

MAX_TEXT = 150_000  # characters of visible text that are kept
MAX_DEPTH = 20
MAX_PARTS = 300
MAX_ATTACHMENTS = 100
_BOUNDARY_LOOKS = 20_000  # places that may be a boundary line; a mail has a few dozen
FORWARD_LINE = "---------- Doorgestuurd bericht ----------"
_ENCODED_TEXT = 1_200_000  # bytes of an encoded text part that are looked at: enough for MAX_TEXT in any encoding
_WRAPPED = 8_000_000  # bytes of a mail inside an envelope (S/MIME, winmail.dat, base64) that are opened
_SMALL_PICTURE = 20_000  # bytes; smaller inline pictures are logos, larger may be a photographed paper

_NO_HTML_NOTE = re.compile(
    r"(?:html.{0,60}(?:ondersteun|weergeven|supported|support|viewer|client|capable|nodig|required)|"
    r"(?:ondersteunt|support|weergeven|view).{0,60}html|bekijk.{0,30}(?:online|browser)|view.{0,40}browser)",
    re.I | re.S,
)
_UNSAFE = re.compile(r'[\x00-\x1f<>:"/\\|?*\u202a-\u202e\u2066-\u2069]+')
_FIRST_BOUNDARY = re.compile(rb"\s*--([^\r\n]{1,200}?)[ \t]*\r?\n")
_META_CHARSET = re.compile(r"<meta[^>]{0,200}?charset\s{0,3}=\s{0,3}[\"']?([\w-]{2,30})", re.I)
_LEADING = re.compile(rb"(?:\xef\xbb\xbf)?(?:[ \t]*\r?\n){0,20}(?=(?:from|to|subject|date|received|return-path|mime-version|message-id|delivered-to)[ \t]*:|From )", re.I)  # fmt: skip  # noqa: E501
_SMIME = ("application/pkcs7-mime", "application/x-pkcs7-mime")
_SIGNATURES = ("application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature")
_MESSAGES = (
    "message/rfc822", "message/global", "text/rfc822-headers", "message/rfc822-headers", "message/global-headers",
)  # fmt: skip
_STATUS = ("message/delivery-status", "message/global-delivery-status", "message/disposition-notification")
# Text that is a file, or says the same once more for another kind of screen.
_NO_LETTER = ("calendar", "csv", "vcard", "x-vcard", "directory", "xml", "css", "rtf", "x-patch", "javascript")
_SAME_AGAIN = ("text/x-amp-html", "text/watch-html")


@dataclass(slots=True)
class Part:
    """One node: its fields and where its body stands in the raw bytes."""

    headers: Headers
    media_type: str
    params: dict[str, str]
    start: int
    end: int
    shown: tuple[str, str] | None = None  # decoded once: (written, marked as quoted)


@dataclass(slots=True)
class Mail:
    """What the tree held."""

    headers: Headers
    media_type: str
    params: dict[str, str]
    written: str = ""
    quoted: str = ""  # by a mail program's own marks
    inner: str = ""  # visible text of attached messages
    attachments: list[Attachment] = field(default_factory=list)
    flags: set[str] = field(default_factory=set)
    delivery: list[str] = field(default_factory=list)  # message/delivery-status bodies
    originals: list[Headers] = field(default_factory=list)  # headers of mails named in a report


class _Walk:
    """One walk over one message; holds the raw bytes and the counters that bound it."""

    def __init__(self, raw: bytes, mail: Mail, parts: int = 0) -> None:
        self.raw, self.mail, self.parts = raw, mail, parts
        self.reserve: list[str] = []  # text kept as a file: read when there is no other

    def collect(self, part: Part, depth: int, *, related: bool = False) -> list[Part]:
        """The visible text parts below `part`, in order; everything else is noted on the mail."""
        self.parts += 1
        if self.parts > MAX_PARTS or depth > MAX_DEPTH:
            self.mail.flags.add("truncated")
            return []
        kind = part.media_type
        if kind.startswith("multipart/"):
            return self._multipart(part, depth)
        if kind in _MESSAGES:
            return self._inner_message(part, depth)
        if kind in _STATUS:
            self.mail.delivery.append(decode_bytes(self._body(part)[:65_536]))
            return []
        disposition, name = _disposition(part)
        if kind in _SMIME or name.lower().endswith(".p7m"):
            return self._smime(part, disposition, name, depth)
        if _is_letter(kind) and disposition != "attachment" and not name:
            return [part]
        if kind in _SIGNATURES or kind in _SAME_AGAIN:
            return []
        if kind in ("text/plain", "text/html"):
            self.reserve.append("\n\n".join(filter(None, self.show(part))))
        elif kind in ("application/ms-tnef", "application/vnd.ms-tnef") or name.lower() == "winmail.dat":
            self._winmail(part, disposition, name)
            return []
        self._attachment(part, disposition, name, related=related)
        return []

    def _multipart(self, part: Part, depth: int) -> list[Part]:
        children = self._children(part)
        subtype = part.media_type[10:]
        if not children:
            part.media_type = "text/plain"  # no boundary anywhere: what stands there is the text
            return [part]
        if subtype in ("signed", "encrypted"):
            protocol = part.params.get("protocol", "").lower()
            self.mail.flags.update({"smime" if "pkcs7" in protocol else "pgp", subtype})
        if subtype == "alternative":
            return self._alternative([self.collect(child, depth + 1) for child in children])
        found: list[Part] = []
        for child in children:
            found += self.collect(child, depth + 1, related=subtype == "related")
        return found

    def _alternative(self, choices: list[list[Part]]) -> list[Part]:
        """The plain text when it says something, else the HTML: same words, a tenth of the work."""
        plain = next((c for c in choices if c and all(p.media_type != "text/html" for p in c)), [])
        rich = next((c for c in choices if any(p.media_type == "text/html" for p in c)), [])
        if not plain or not rich:
            return plain or rich
        text = "\n".join(self.show(part)[0] for part in plain).strip()
        markup = sum(part.end - part.start for part in rich)
        note = sum(map(str.isalnum, text[:20])) < 4 or (len(text) < 400 and _NO_HTML_NOTE.search(text) is not None)
        if not note and (len(text) >= 60 or markup < 20 * len(text) + 600):
            return plain
        words = sum(len(self.show(part)[0]) for part in rich)
        return rich if words > (0 if note else 2 * len(text)) else plain

    def _children(self, part: Part) -> list[Part]:
        raw, boundary = self.raw, part.params.get("boundary", "").encode("utf-8", "replace").rstrip()
        if not boundary or raw.find(b"--" + boundary, part.start, part.end) < 0:
            guess = _FIRST_BOUNDARY.match(raw, part.start, part.end)
            if guess is None:
                return []
            boundary = guess[1]
        default = "message/rfc822" if part.media_type == "multipart/digest" else "text/plain"
        spans = list(_spans(raw, b"--" + boundary, part.start, part.end))
        return [read_part(raw, start, end, default) for start, end in spans[:MAX_PARTS]]

    def _inner_message(self, part: Part, depth: int) -> list[Part]:
        walk, inner = self, part
        if _encoding(part) in ("base64", "quoted-printable"):  # RFC 2046 forbids it; programs do it
            walk = self._below(self._body(part, _WRAPPED))
            inner = read_part(walk.raw, 0, len(walk.raw))
        else:
            inner = read_part(self.raw, part.start, part.end)
        self.mail.originals.append(inner.headers)
        if part.media_type.endswith("headers") or self.mail.media_type == "multipart/report":
            return []
        _, name = _disposition(part)
        name = name or inner.headers.text("subject")[:80] + ".eml"
        self._attachment(part, "attachment", name, related=False)
        held = len(self.mail.attachments)
        shown = [own or quoted for own, quoted in map(walk.show, walk.collect(inner, depth + 1))]
        self.parts = walk.parts
        del self.mail.attachments[held:]  # they go with the message they hang on
        self.mail.inner = "\n\n".join(text for text in (self.mail.inner, _heading(inner.headers), *shown) if text)
        self.mail.flags.add("forward")
        return []

    def _below(self, data: bytes) -> _Walk:
        """A walk over bytes that were wrapped: the same mail, the same bounds."""
        walk = _Walk(data, self.mail, self.parts)
        walk.reserve = self.reserve
        return walk

    def _smime(self, part: Part, disposition: str, name: str, depth: int) -> list[Part]:
        """Opaque signed mail is read through; what is sealed is flagged and kept as a file."""
        declared = part.params.get("smime-type", "").lower()
        content = signed_content(self._body(part, _WRAPPED)) if "enveloped" not in declared else None
        signed = content is not None or "signed" in declared
        self.mail.flags.update({"smime", "signed" if signed else "encrypted"})
        if content is None:
            self._attachment(part, disposition, name or "smime.p7m", related=False)
            return []
        walk = self._below(content)
        found = walk.collect(read_part(content, 0, len(content)), depth + 1)
        self.parts = walk.parts
        for child in found:
            walk.show(child)  # now: the outer walk holds other bytes
        return found

    def _winmail(self, part: Part, disposition: str, name: str) -> None:
        self._attachment(part, disposition, name or "winmail.dat", related=False)
        envelope = read_tnef(self._body(part, _WRAPPED))
        if envelope is None:
            return
        self.mail.flags.add("winmail")
        self.reserve.append(envelope.text)
        for title, size in envelope.files:
            self._note(title, mimetypes.guess_type(title)[0] or "application/octet-stream", size)

    def _attachment(self, part: Part, disposition: str, name: str, *, related: bool) -> None:
        kind, size = part.media_type, self._size(part)
        if kind == "text/calendar":
            self.mail.flags.add("calendar")
            name = name or "uitnodiging.ics"
        if kind == "application/pgp-encrypted" or name.lower().endswith((".pgp", ".gpg", "encrypted.asc")):
            self.mail.flags.update({"pgp", "encrypted"})
        inside = related or "content-id" in part.headers
        if inside and disposition != "attachment" and kind.startswith("image/") and size < _SMALL_PICTURE:
            return
        self._note(name, kind, size)

    def _note(self, name: str, kind: str, size: int) -> None:
        if len(self.mail.attachments) < MAX_ATTACHMENTS:
            number = len(self.mail.attachments) + 1
            taken = {attachment.name for attachment in self.mail.attachments}
            self.mail.attachments.append(Attachment(_unique(safe_name(name, kind, number), taken), kind[:100], size))

    def _size(self, part: Part) -> int:
        length = part.end - part.start
        if _encoding(part) == "base64":
            tail = self.raw[max(part.start, part.end - 8) : part.end]
            letters = length - self.raw.count(b"\n", part.start, part.end) - self.raw.count(b"\r", part.start, part.end)
            return max(0, letters * 3 // 4 - tail.count(b"="))
        return length

    def _body(self, part: Part, limit: int = _ENCODED_TEXT) -> bytes:
        body = self.raw[part.start : min(part.end, part.start + limit)]
        encoding = _encoding(part)
        if encoding == "base64":
            return decode_base64(body)
        if encoding == "quoted-printable":
            return binascii.a2b_qp(body)
        return body  # 7bit, 8bit, binary, and what nobody knows

    def show(self, part: Part) -> tuple[str, str]:
        if part.shown is None:
            body, charset = self._body(part), part.params.get("charset", "")
            text = decode_bytes(body, charset)
            if part.media_type == "text/html":
                if not charset and (meta := _META_CHARSET.search(text[:2000])):
                    text = decode_bytes(body, meta[1])
                part.shown = html_to_text(text)
            else:
                part.shown = self._plain(part, clean(text)).strip(), ""
        return part.shown

    def _plain(self, part: Part, text: str) -> str:
        if part.params.get("format", "").lower() == "flowed":
            text = unflow(text, delete_space=part.params.get("delsp", "").lower() == "yes")
        elif part.media_type == "text/enriched":
            text = enriched_to_text(text)
        text, files = take_uuencoded(text)
        for name, size in files:
            self._note(name, mimetypes.guess_type(name)[0] or "application/octet-stream", size)
        text, flags = open_pgp(text)
        self.mail.flags |= flags
        return text


def read_part(raw: bytes, start: int, end: int, default: str = "text/plain") -> Part:
    headers, body = parse_headers(raw, start, end)
    declared = headers.raw("content-type")
    media_type, params = headers.params("content-type") if declared else (default, {})
    if "/" not in media_type or " " in media_type:
        media_type = "text/html" if "html" in media_type else "text/plain"
    return Part(headers, media_type, params, body, end)


def parse_mail(raw: bytes) -> Mail:
    """Takes a whole mail apart."""
    if raw.count(b"\n", 0, 4096) <= 1 and raw.count(b"\r", 0, 4096) > 2:  # line ends of an old Macintosh
        raw = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    leading = _LEADING.match(raw)  # a byte order mark, or blank lines before the head
    root = read_part(raw, leading.end() if leading else 0, len(raw))
    mail = Mail(root.headers, root.media_type, root.params)
    walk = _Walk(raw, mail)
    shown = [(part, *walk.show(part)) for part in walk.collect(root, 0)]
    mail.written = "\n\n".join(written for _, written, _ in shown if written)
    mail.quoted = "\n\n".join(quoted for _, _, quoted in shown if quoted)
    if not any(map(str.isalnum, mail.written + mail.quoted)):
        mail.written = "\n\n".join(text for text in walk.reserve if text)
    if shown and all(part.media_type == "text/html" for part, _, _ in shown):
        mail.flags.add("html_only")
    if len(mail.written) > MAX_TEXT or len(mail.quoted) > MAX_TEXT or len(mail.inner) > MAX_TEXT:
        mail.flags.add("truncated")
        mail.written, mail.quoted, mail.inner = mail.written[:MAX_TEXT], mail.quoted[:MAX_TEXT], mail.inner[:MAX_TEXT]
    return mail


def _spans(raw: bytes, mark: bytes, start: int, end: int) -> list[tuple[int, int]]:
    """The bodies between the boundary lines; a missing last boundary ends at the end."""
    spans: list[tuple[int, int]] = []
    position, opened = start, -1
    for _ in range(_BOUNDARY_LOOKS):
        found = raw.find(mark, position, end)
        if found < 0 or len(spans) >= MAX_PARTS:
            break
        line_end = raw.find(b"\n", found, end)
        line_end = end if line_end < 0 else line_end + 1
        rest = raw[found + len(mark) : min(line_end, found + len(mark) + 80)].rstrip()
        position = found + len(mark)
        if (found != start and raw[found - 1 : found] != b"\n") or rest not in (b"", b"--"):
            continue  # inside a line, or a longer boundary that begins with ours
        if opened >= 0:
            body_end = found - 2 if raw[found - 2 : found] == b"\r\n" else found - 1
            spans.append((opened, max(opened, body_end)))
        opened, position = (-1, end) if rest == b"--" else (line_end, line_end)
    if opened >= 0:
        spans.append((opened, end))
    return spans


def _is_letter(kind: str) -> bool:
    main, _, sub = kind.partition("/")
    return main == "text" and sub not in _NO_LETTER and kind not in _SAME_AGAIN


def _heading(headers: Headers) -> str:
    """An attached mail is shown as programs show it: with its head, so that a forward reads the same either way."""
    fields = (("Van", "from"), ("Datum", "date"), ("Aan", "to"), ("Onderwerp", "subject"))
    lines = [f"{word}: {' '.join(headers.text(name).split())[:300]}" for word, name in fields if name in headers]
    return "\n".join((FORWARD_LINE, *lines))


def _encoding(part: Part) -> str:
    return part.headers.raw("content-transfer-encoding").split(";")[0].strip().lower()


def _disposition(part: Part) -> tuple[str, str]:
    kind, params = part.headers.params("content-disposition")
    return kind, decode_words(params.get("filename") or part.params.get("name") or "")


def safe_name(name: str, media_type: str, number: int) -> str:
    """A name that may be shown and offered for download. Never used as a path."""
    name = clean(name).replace("\\", "/").rsplit("/", 1)[-1]
    name = _UNSAFE.sub("_", name).strip(" ._")
    if not name:
        extension = re.sub(r"[^a-z0-9]", "", media_type.rpartition("/")[2].split("+")[0])[:8]
        return f"bijlage-{number}" + (f".{extension}" if extension and extension != "octetstream" else "")
    stem, dot, extension = name.rpartition(".")
    return f"{stem[:100]}.{extension[:12]}" if dot and stem else name[:112]


def _unique(name: str, taken: set[str]) -> str:
    stem, dot, extension = name.rpartition(".")
    candidate, number = name, 2
    while candidate in taken:
        candidate = f"{stem}-{number}.{extension}" if dot else f"{name}-{number}"
        number += 1
    return candidate
