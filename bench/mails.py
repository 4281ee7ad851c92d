"""1,000 realistic Dutch mails of 2 to 40 kB, the same on every run: raw bytes, sender, and the words that were written.

Each mail has its own sender, its own words and one of the shapes that real mailboxes hold: plain text in several
encodings, HTML alone or beside text, attachments, quoted mail of Outlook and Gmail, signatures, disclaimers, odd
headers. Put together by hand, not by the `email` package: that one would never write what old mail programs write.
"""

from __future__ import annotations

import base64
import binascii
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import escape

from bench.texts import (
    CLOSINGS,
    CONTEXTS,
    DISCLAIMERS,
    EARLIER,
    EXTRAS,
    FIRST,
    GREETINGS,
    LAST,
    REQUESTS,
    SIGNATURES,
)

SEED = 20_26
TARGET = "info@whatnext.example"
_PLAIN = "aäáàâãå eëéèê iïíìî oöóòôø uüúùû nñ cç"


@dataclass(frozen=True, slots=True)
class Written:
    """One mail as it goes on the wire, and what its writer wrote."""

    sender: str
    label: str  # what the writer means
    subject: str
    own_words: str
    raw: bytes
    shape: str


@dataclass(frozen=True, slots=True)
class _Person:
    first: str
    name: str
    address: str
    domain: str


@dataclass(frozen=True, slots=True)
class _Draft:
    """The parts of one mail before it is written down in a shape."""

    person: _Person
    own: str
    below: str  # signature and disclaimer
    earlier: str  # the mail that is answered
    random: random.Random


def make_mails(count: int, seed: int = SEED) -> list[Written]:
    """`count` mails; mail i is the same whatever the count is."""
    return [_mail(number, random.Random(f"{seed}:{number}")) for number in range(count)]


def _mail(number: int, chance: random.Random) -> Written:
    person = _person(number, chance)
    label, subject, request = REQUESTS[number % len(REQUESTS)]
    facts = {
        "n": number % 190 + 2, "last": person.name.split()[-1], "year": 2012 + number % 13, "number": 100_000 + number,
        "domain": person.domain, "name": person.name, "address": person.address, "first": person.first,
        "phone": 500_000 + number,
    }  # fmt: skip
    contexts = [text.format(**facts) for text in chance.sample(CONTEXTS, chance.randint(1, 3))]
    paragraphs = [chance.choice(GREETINGS), " ".join(contexts), request.format(**facts), chance.choice(EXTRAS)]
    if chance.random() < 0.5:  # the point first, the circumstances after it
        paragraphs[1], paragraphs[2] = paragraphs[2], paragraphs[1]
    own = "\n\n".join([part for part in paragraphs if part] + [f"{chance.choice(CLOSINGS)}\n{person.name}"])
    below = [chance.choice(SIGNATURES).format(**facts), chance.choice(DISCLAIMERS)]
    draft = _Draft(
        person, own, "\n\n".join(part for part in below if part), chance.choice(EARLIER).format(**facts), chance
    )
    shape = list(_SHAPES)[number % len(_SHAPES)]
    if shape in _ANSWERS:
        subject = f"{chance.choice(('Re', 'RE', 'Antw'))}: {subject}"
    kind, body = _SHAPES[shape](draft)
    return Written(
        person.address,
        label,
        subject,
        own,
        b"\r\n".join([*_head(number, person, subject, chance), *kind, b"", body]),
        shape,
    )


def _person(number: int, chance: random.Random) -> _Person:
    first, last = FIRST[number % len(FIRST)], LAST[(number // len(FIRST) + number) % len(LAST)]
    name = f"{first} {chance.choice(('', '', 'van ', 'de '))}{last}"
    plain = "".join(next((group[0] for group in _PLAIN.split() if sign in group), sign) for sign in name.lower())
    domain = f"{plain.split()[-1]}{number}.example"
    return _Person(first, name, f"{plain.replace(' ', '.')}@{domain}", domain)


# --- headers ----------------------------------------------------------------------------------------------------------


def _head(number: int, person: _Person, subject: str, chance: random.Random) -> list[bytes]:
    when = f"Mon, {2 + number % 26:02d} Nov 2026 {number % 24:02d}:{number % 60:02d}:11 +0100"
    junk = base64.b64encode(chance.randbytes(180)).decode()
    signature = "\r\n\t ".join(junk[at : at + 60] for at in range(0, len(junk), 60))
    lines = [
        f"Received: from mail.{person.domain} (mail.{person.domain} [192.0.2.{number % 250 + 1}])\r\n"
        f"\tby mx.whatnext.example (Postfix) with ESMTPS id {number:08X}\r\n\tfor <{TARGET}>; {when}",
        f"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d={person.domain}; s=k1;\r\n"
        f"\th=from:to:subject:date:message-id;\r\n\tb={signature}",
        f"{chance.choice(('From', 'FROM', 'from'))}: {_word(person.name)} <{person.address}>",
        f"To: {chance.choice((TARGET, f'<{TARGET}>', f'What Next <{TARGET}>'))}",
        f"Subject: {_word(subject)}",
        f"Date: {when}",
        f"Message-ID: <{number:05d}.{chance.randrange(10**12)}@{person.domain}>",
        "MIME-Version: 1.0",
    ]  # fmt: skip
    odd = (
        "X-Mailer: Microsoft Outlook 16.0\r\nThread-Index: AQHb0n3kq9yZ0m1y3kK5s6x1\r\nContent-Language: nl",
        "X-MS-Exchange-Organization-SCL: 1\r\nX-MS-Has-Attach:\r\nX-Originating-IP: [192.0.2.77]",
        "X-Spam-Status: No, score=-1.9 required=5.0 tests=BAYES_00,HTML_MESSAGE\r\n\tautolearn=ham version=4.0.0",
        "User-Agent: Mozilla Thunderbird\r\nX-Priority: 3 (Normal)\r\nImportance: Normal",
        "Return-Path: <" + person.address + ">\r\nAuthentication-Results: mx.whatnext.example; dkim=pass; spf=pass",
    )
    lines.insert(chance.randint(0, len(lines)), chance.choice(odd))
    report = base64.b64encode(chance.randbytes(600)).decode()
    lines.append(
        "X-Antispam-Report-Untrusted:\r\n\t" + "\r\n\t".join(report[at : at + 70] for at in range(0, len(report), 70))
    )
    return ["\r\n".join(lines).encode("ascii")]


def _word(text: str) -> str:
    if text.isascii():
        return text
    return f"=?utf-8?Q?{''.join(_q(byte) for byte in text.encode())}?="


def _q(byte: int) -> str:
    sign = chr(byte)
    return "_" if sign == " " else sign if sign.isascii() and sign.isalnum() else f"={byte:02X}"


# --- bodies -----------------------------------------------------------------------------------------------------------

_Shape = tuple[list[bytes], bytes]  # header lines of the content, and the body


def _text(draft: _Draft, *, quote: str = "") -> str:
    return "\n\n".join(part for part in (draft.own, draft.below, quote) if part) + "\n"


def _crlf(text: str) -> str:
    return text.replace("\n", "\r\n")


def _leaf(kind: str, charset: str, encoding: str, text: str) -> _Shape:
    body = _crlf(text).encode(charset, "replace")
    if encoding == "quoted-printable":
        body = binascii.b2a_qp(body, istext=True)
    elif encoding == "base64":
        body = _base64(body)
    return [
        f'Content-Type: text/{kind}; charset="{charset}"\r\nContent-Transfer-Encoding: {encoding}'.encode("ascii")
    ], body


def _base64(data: bytes) -> bytes:
    return base64.encodebytes(data).replace(b"\n", b"\r\n")


def _multi(subtype: str, draft: _Draft, *parts: _Shape) -> _Shape:
    mark = f"----=_Part_{draft.random.randrange(10**9)}_{draft.random.randrange(10**9)}".encode("ascii")
    body = b"This is a multi-part message in MIME format.\r\n"
    for head, content in parts:
        body += b"\r\n--" + mark + b"\r\n" + b"\r\n".join(head) + b"\r\n\r\n" + content
    return [b"Content-Type: multipart/" + subtype.encode("ascii") + b';\r\n boundary="' + mark + b'"'], (
        body + b"\r\n--" + mark + b"--\r\n"
    )


def _html(draft: _Draft, *, quote: str = "", style: bool = True) -> str:
    """What Outlook makes of the same words: a style sheet, a paragraph per line, lines far over 998 characters."""

    def lines(text: str) -> str:
        return "".join(
            f'<p class="MsoNormal" style="margin:0cm;font-size:11.0pt;font-family:Calibri,sans-serif">'
            f"{escape(line, quote=False) or '&nbsp;'}<o:p></o:p></p>"
            for line in text.split("\n")
        )

    sheet = "".join(
        f"p.Mso{n}, li.Mso{n} {{margin:0cm;font-size:{n}.0pt;mso-fareast-language:EN-US;}}\n" for n in range(8, 40)
    )
    below = "\n\n".join(part.replace("\n", " ") if len(part) > 100 else part for part in draft.below.split("\n\n"))
    body = lines(draft.own) + (lines("\n" + below) if below else "") + quote
    return (
        '<html xmlns:o="urn:schemas-microsoft-com:office:office"><head>'
        '<meta http-equiv="Content-Type" content="text/html">'
        f"<style><!--\n{sheet if style else ''}--></style></head>"
        f'<body lang="NL" link="#0563C1"><div class="WordSection1">{body}</div></body></html>'
    )


def _outlook_header(draft: _Draft) -> str:
    return (
        f"Van: What Next <{TARGET}>\nVerzonden: maandag 2 november 2026 14:03\n"
        f"Aan: {draft.person.name} <{draft.person.address}>\n"
        "Onderwerp: Re: uw bericht\n\n"
    )


def _outlook_plain(draft: _Draft) -> str:
    return "________________________________\n" + _outlook_header(draft) + draft.earlier


def _outlook_html(draft: _Draft) -> str:
    head = escape(_outlook_header(draft)).replace("\n", "<br>")
    return (
        '<div id="divRplyFwdMsg" dir="ltr"><hr style="display:inline-block;width:98%">'
        f'<font face="Calibri">{head}</font></div><div>{escape(draft.earlier).replace(chr(10), "<br>")}</div>'
    )


def _gmail_plain(draft: _Draft) -> str:
    quoted = "\n".join(f"> {line}" for line in draft.earlier.split("\n"))
    return f"Op ma 2 nov 2026 om 14:03 schreef What Next <{TARGET}>:\n\n{quoted}"


def _gmail_html(draft: _Draft) -> str:
    return (
        '<br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">Op ma 2 nov 2026 om 14:03 schreef What Next '
        f'&lt;{TARGET}&gt;:<br></div><blockquote class="gmail_quote" style="margin:0 0 0 .8ex">'
        f"{escape(draft.earlier).replace(chr(10), '<br>')}</blockquote></div>"
    )


def _attachment(draft: _Draft, name: str, kind: str, start: bytes, low: int, high: int) -> _Shape:
    data = start + draft.random.randbytes(draft.random.randint(low, high))
    head = (
        f'Content-Type: {kind};\r\n name="{name}"\r\nContent-Transfer-Encoding: base64\r\n'
        f'Content-Disposition: attachment;\r\n filename="{name}"'
    )
    return [head.encode("ascii")], _base64(data)


def _pdf(draft: _Draft) -> _Shape:
    return _attachment(draft, "brief.pdf", "application/pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", 3_000, 11_000)


def _jpeg(draft: _Draft) -> _Shape:
    return _attachment(draft, "IMG_2041.jpg", "image/jpeg", b"\xff\xd8\xff\xe0\x00\x10JFIF\x00", 4_000, 11_000)


def _both(
    draft: _Draft, *, plain: str = "", rich: str = "", charset: str = "utf-8", encoding: str = "quoted-printable"
) -> _Shape:
    return _multi(
        "alternative", draft, _leaf("plain", charset, encoding, _text(draft, quote=plain)),
        _leaf("html", charset, encoding, _html(draft, quote=rich)),
    )  # fmt: skip


def _logo(draft: _Draft) -> _Shape:
    picture = b"\x89PNG\r\n\x1a\n" + draft.random.randbytes(3_000)
    head = b"Content-Type: image/png; name=image001.png\r\nContent-Transfer-Encoding: base64\r\nContent-ID: <image001>"
    return [head], _base64(picture)


_SHAPES: dict[str, Callable[[_Draft], _Shape]] = {
    "alternative, quoted-printable": _both,
    "windows-1252, 8bit": lambda d: _leaf("plain", "windows-1252", "8bit", _text(d)),
    "alternative, Outlook quote": lambda d: _both(d, plain=_outlook_plain(d), rich=_outlook_html(d)),
    "utf-8, base64, pdf": lambda d: _multi("mixed", d, _leaf("plain", "utf-8", "base64", _text(d)), _pdf(d)),
    "html only": lambda d: _leaf("html", "utf-8", "quoted-printable", _html(d)),
    "alternative, Gmail quote": lambda d: _both(d, plain=_gmail_plain(d), rich=_gmail_html(d), encoding="base64"),
    "alternative, jpeg": lambda d: _multi("mixed", d, _both(d), _jpeg(d)),
    "iso-8859-1, quoted-printable": lambda d: _leaf("plain", "iso-8859-1", "quoted-printable", _text(d)),
    "related, logo": lambda d: _multi("related", d, _both(d, charset="windows-1252"), _logo(d)),
    "html only, Gmail quote": lambda d: _leaf("html", "utf-8", "base64", _html(d, quote=_gmail_html(d), style=False)),
    "plain, Outlook quote": lambda d: _leaf("plain", "utf-8", "8bit", _text(d, quote=_outlook_plain(d))),
    "alternative, pdf and jpeg": lambda d: _multi("mixed", d, _both(d), _pdf(d), _jpeg(d)),
}
_ANSWERS = {name for name in _SHAPES if "quote" in name and "quoted" not in name}


def duplicates(mails: list[Written]) -> Iterator[str]:
    """Senders or texts that occur twice: there should be none."""
    for values in ([mail.sender for mail in mails], [mail.own_words for mail in mails]):
        yield from {value for value in values if values.count(value) > 1}
