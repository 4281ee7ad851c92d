"""The MIME tree taken apart: visible text, attachments by name and size, the inside of reports. Never raises.

A splitter of our own on offsets into the raw bytes: CPython's feed parser walks a mail line by line in Python, which
costs 30 ms per 5 MB of attachment that nobody reads here. Attachment bodies are not decoded. What the text means is
decided elsewhere (`quotes`, `guards`, the reader).
"""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass, field

from cases.messages import Attachment
from intake.email.headers import Headers, clean, decode_base64, decode_bytes, decode_words, parse_headers
from intake.email.html import html_to_text

MAX_TEXT = 150_000  # characters of visible text that are kept
MAX_DEPTH = 20
MAX_PARTS = 300
MAX_ATTACHMENTS = 100
_ENCODED_TEXT = 1_200_000  # bytes of an encoded text part that are looked at: enough for MAX_TEXT in any encoding
_SMALL_PICTURE = 20_000  # bytes; smaller inline pictures are logos, larger may be a photographed paper

_NO_HTML_NOTE = re.compile(
    r"(?:html.{0,60}(?:ondersteun|weergeven|supported|support|viewer|client|capable|nodig|required)|"
    r"(?:ondersteunt|support|weergeven|view).{0,60}html|bekijk.{0,30}(?:online|browser)|view.{0,40}browser)",
    re.I | re.S,
)
_UNSAFE = re.compile(r'[\x00-\x1f<>:"/\\|?*\u202a-\u202e\u2066-\u2069]+')
_FIRST_BOUNDARY = re.compile(rb"\s*--([^\r\n]{1,200}?)[ \t]*\r?\n")
_PGP = "-----BEGIN PGP MESSAGE-----"


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

    def __init__(self, raw: bytes, mail: Mail) -> None:
        self.raw, self.mail, self.parts = raw, mail, 0

    def collect(self, part: Part, depth: int, *, related: bool = False) -> list[Part]:
        """The visible text parts below `part`, in order; everything else is noted on the mail."""
        self.parts += 1
        if self.parts > MAX_PARTS or depth > MAX_DEPTH:
            self.mail.flags.add("truncated")
            return []
        kind = part.media_type
        if kind.startswith("multipart/"):
            return self._multipart(part, depth)
        if kind in ("message/rfc822", "message/global", "text/rfc822-headers", "message/rfc822-headers"):
            return self._inner_message(part, depth)
        if kind in ("message/delivery-status", "message/global-delivery-status", "message/disposition-notification"):
            self.mail.delivery.append(decode_bytes(self._body(part)[:65_536]))
            return []
        disposition, name = _disposition(part)
        if kind in ("text/plain", "text/html", "text/enriched") and disposition != "attachment" and not name:
            return [part]
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
        if "message" in part.media_type[:7] and _encoding(part) in ("base64", "quoted-printable"):
            self._attachment(part, *_disposition(part), related=False)  # RFC 2046 forbids it; keep it closed
            return []
        inner = read_part(self.raw, part.start, part.end)
        self.mail.originals.append(inner.headers)
        if part.media_type.endswith("headers") or self.mail.media_type == "multipart/report":
            return []
        _, name = _disposition(part)
        name = name or inner.headers.text("subject")[:80] + ".eml"
        self._attachment(part, "attachment", name, related=False)
        held = len(self.mail.attachments)
        shown = [self.show(child)[0] for child in self.collect(inner, depth + 1)]
        del self.mail.attachments[held:]  # they go with the message they hang on
        self.mail.inner = "\n\n".join(text for text in (self.mail.inner, *shown) if text)
        self.mail.flags.add("forward")
        return []

    def _attachment(self, part: Part, disposition: str, name: str, *, related: bool) -> None:
        kind, size = part.media_type, self._size(part)
        if kind in ("application/pkcs7-mime", "application/x-pkcs7-mime"):
            signed = "signed" in part.params.get("smime-type", "")
            self.mail.flags.update({"smime", "signed" if signed else "encrypted"})
        if kind in ("application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature"):
            return
        if related and disposition != "attachment" and kind.startswith("image/") and size < _SMALL_PICTURE:
            return
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

    def _body(self, part: Part) -> bytes:
        body = self.raw[part.start : min(part.end, part.start + _ENCODED_TEXT)]
        encoding = _encoding(part)
        if encoding == "base64":
            return decode_base64(body)
        if encoding == "quoted-printable":
            return binascii.a2b_qp(body)
        return body  # 7bit, 8bit, binary, and what nobody knows

    def show(self, part: Part) -> tuple[str, str]:
        if part.shown is None:
            text = decode_bytes(self._body(part), part.params.get("charset", ""))
            if part.media_type == "text/html":
                part.shown = html_to_text(text)
            else:
                part.shown = clean(text).strip(), ""
        return part.shown


def read_part(raw: bytes, start: int, end: int, default: str = "text/plain") -> Part:
    headers, body = parse_headers(raw, start, end)
    declared = headers.raw("content-type")
    media_type, params = headers.params("content-type") if declared else (default, {})
    if "/" not in media_type or " " in media_type:
        media_type = "text/html" if "html" in media_type else "text/plain"
    return Part(headers, media_type, params, body, end)


def parse_mail(raw: bytes) -> Mail:
    """Takes a whole mail apart."""
    if b"\n" not in raw:
        raw = raw.replace(b"\r", b"\n")
    root = read_part(raw, 0, len(raw))
    mail = Mail(root.headers, root.media_type, root.params)
    walk = _Walk(raw, mail)
    shown = [(part, *walk.show(part)) for part in walk.collect(root, 0)]
    mail.written = "\n\n".join(written for _, written, _ in shown if written)
    mail.quoted = "\n\n".join(quoted for _, _, quoted in shown if quoted)
    if shown and all(part.media_type == "text/html" for part, _, _ in shown):
        mail.flags.add("html_only")
    if _PGP in mail.written:
        mail.flags.update({"pgp", "encrypted"})
    if len(mail.written) > MAX_TEXT or len(mail.quoted) > MAX_TEXT or len(mail.inner) > MAX_TEXT:
        mail.flags.add("truncated")
        mail.written, mail.quoted, mail.inner = mail.written[:MAX_TEXT], mail.quoted[:MAX_TEXT], mail.inner[:MAX_TEXT]
    return mail


def _spans(raw: bytes, mark: bytes, start: int, end: int) -> list[tuple[int, int]]:
    """The bodies between the boundary lines; a missing last boundary ends at the end."""
    spans: list[tuple[int, int]] = []
    position, opened = start, -1
    while len(spans) < MAX_PARTS and (found := raw.find(mark, position, end)) >= 0:
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
