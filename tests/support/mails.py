"""Mails written for the tests: what people, programs and attackers send. Invented people, `.example` addresses only."""

# ruff: noqa: E501  mails are shown as they stand on the wire, one a line

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage

from cases.messages import RawInbound
from cases.types import ChannelKind, Custody

RECEIVED_AT = datetime(2026, 11, 2, 13, 3, tzinfo=UTC)
MAILBOX = "info@whatnext.example"


def inbound(raw: bytes, *, envelope_from: str | None = None, message_id: str | None = None) -> RawInbound:
    return RawInbound(
        organisation="whatnext",
        channel=ChannelKind.EMAIL,
        account=MAILBOX,
        raw=raw,
        received_at=RECEIVED_AT,
        custody=Custody.GUEST,
        envelope_from=envelope_from,
        message_id=message_id,
    )


def mail(
    text: str = "Graag ontvang ik inzage in mijn gegevens.",
    *,
    subject: str = "Inzageverzoek",
    sender: str = "Sanne Bakker <sanne@voorbeeld.example>",
    html: str = "",
    message_id: str = "<een@voorbeeld.example>",
    headers: dict[str, str] | None = None,
    attachments: tuple[tuple[str, str, bytes], ...] = (),
) -> bytes:
    """A well-formed mail as the standard library writes it: (name, media type, content) per attachment."""
    message = EmailMessage()
    message["From"] = sender
    message["To"] = MAILBOX
    message["Subject"] = subject
    message["Date"] = "Mon, 02 Nov 2026 14:03:00 +0100"
    if message_id:
        message["Message-ID"] = message_id
    for name, value in (headers or {}).items():
        message[name] = value
    message.set_content(text)
    if html:
        message.add_alternative(html, subtype="html")
    for name, media_type, content in attachments:
        main, _, sub = media_type.partition("/")
        message.add_attachment(content, maintype=main, subtype=sub, filename=name)
    return message.as_bytes()


def raw(head: str, body: bytes | str = b"") -> bytes:
    """A mail as it stands on the wire, right or wrong; the head in Latin-1 so that 8-bit headers can be written."""
    content = body.encode() if isinstance(body, str) else body
    return head.strip("\n").replace("\n", "\r\n").encode("latin-1") + b"\r\n\r\n" + content


def nested(depth: int) -> bytes:
    """Multiparts inside multiparts."""
    head = "From: a@b.example\nSubject: diep\n"
    body = b"Content-Type: text/plain\r\n\r\nde kern\r\n"
    for level in range(depth):
        boundary = f"grens{level}"
        body = (
            f'Content-Type: multipart/mixed; boundary="{boundary}"\r\n\r\n--{boundary}\r\n'.encode()
            + body
            + f"\r\n--{boundary}--\r\n".encode()
        )
    return head.replace("\n", "\r\n").encode() + body


@dataclass(frozen=True, slots=True)
class Shape:
    """One way a reply looks: what must stay in the own words, what must be gone from them."""

    name: str
    text: str
    stays: tuple[str, ...]
    goes: tuple[str, ...] = ("oude vraag",)


OLD = "Dit is de oude vraag van vorige week."

QUOTES = (
    Shape("gmail", f"Ja graag.\n\nOp ma 2 nov 2026 om 14:03 schreef Info <info@whatnext.example>:\n\n> {OLD}\n", ("Ja graag",), ("oude vraag", "schreef")),
    Shape("gmail wrapped", f"Ja graag.\n\nOp ma 2 nov 2026 om 14:03 schreef WhatNext Klantenservice <\ninfo@whatnext.example>:\n\n> {OLD}\n", ("Ja graag",), ("oude vraag", "schreef", "info@")),
    Shape("gmail html as text", f"Ja graag.\n\nOp ma 2 nov 2026 om 14:03 schreef Info <info@whatnext.example>:\n\n{OLD}\nMet groet\n", ("Ja graag",), ("oude vraag", "schreef")),
    Shape("apple", f"Ja graag.\n\nOp 2 nov 2026, om 14:03 heeft Info WhatNext het volgende geschreven:\n\n{OLD}\n", ("Ja graag",), ("oude vraag", "geschreven")),
    Shape("apple short", f"Ja graag.\n\nOp 2 nov 2026 om 14:03 heeft Info <info@whatnext.example> geschreven:\n> {OLD}\n", ("Ja graag",), ("oude vraag", "geschreven")),
    Shape("thunderbird", f"Ja graag.\n\nOp 2-11-2026 om 14:03 schreef Info WhatNext:\n> {OLD}\n> tweede regel\n", ("Ja graag",), ("oude vraag", "schreef", "tweede")),
    Shape("roundcube", f"Ja graag.\n\nInfo WhatNext schreef op 2026-11-02 14:03:\n> {OLD}\n", ("Ja graag",), ("oude vraag", "schreef")),
    Shape("open-xchange", f"Ja graag.\n\n> Op 2 november 2026 14:03 CET schreef Info <info@whatnext.example>:\n> \n> {OLD}\n", ("Ja graag",), ("oude vraag", "schreef")),
    Shape("outlook", f"Ja graag.\n\nVan: Info WhatNext <info@whatnext.example>\nVerzonden: maandag 2 november 2026 14:03\nAan: Sanne\nOnderwerp: RE: vraag\n\n{OLD}\n", ("Ja graag",), ("oude vraag", "Verzonden", "Onderwerp")),
    Shape("outlook order", f"Ja graag.\n________________________________\nVan: Info\nDatum: 2 november 2026\nOnderwerp: RE: vraag\nAan: Sanne\nCC: Piet\n\n{OLD}\n", ("Ja graag",), ("oude vraag", "Datum", "____")),
    Shape("outlook bold", f"Ja graag.\n\n*Van:* Info <info@whatnext.example>\n*Verzonden:* maandag 2 november 2026 14:03\n*Aan:* Sanne\n*Onderwerp:* RE: vraag\n\n{OLD}\n", ("Ja graag",), ("oude vraag", "Verzonden")),
    Shape("original message", f"Ja graag.\n\n-----Oorspronkelijk bericht-----\nVan: Info\nVerzonden: maandag\nAan: Sanne\n\n{OLD}\n", ("Ja graag",), ("oude vraag", "Oorspronkelijk")),
    Shape("yahoo one line", f"Ja graag.\n\nVan: Info <info@whatnext.example> Aan: Sanne Verzonden: maandag 2 november 2026 14:03 Onderwerp: Re: vraag\n{OLD}\n", ("Ja graag",), ("oude vraag", "Verzonden")),
    Shape("yahoo", f"Ja graag.\n\n    Op maandag 2 november 2026 om 14:03:22 CET schreef Info <info@whatnext.example>:\n\n {OLD}\n", ("Ja graag",), ("oude vraag", "schreef")),
    Shape("english", f"Ja graag.\n\nOn Mon, Nov 2, 2026 at 2:03 PM Info <info@whatnext.example> wrote:\n> {OLD}\n", ("Ja graag",), ("oude vraag", "wrote")),
    Shape("own line", f"Ja graag.\n\n-- Typ boven deze regel om te antwoorden --\nBeste Sanne,\n{OLD}\n", ("Ja graag",), ("oude vraag", "Typ boven")),
    Shape("reply below", f"Op 2-11-2026 om 14:03 schreef Info:\n> {OLD}\n> meer\n\nJa graag, hieronder dus.\n", ("Ja graag",), ("oude vraag", "schreef")),
    Shape("between", f"> {OLD}\nJa, dat klopt.\n> en het klantnummer?\nDat is 12345.\n", ("Ja, dat klopt", "12345"), ("oude vraag", "en het klantnummer")),
    Shape("iphone", f"Ja graag.\n\nVerstuurd vanaf mijn iPhone\n\n> Op 2 nov 2026 om 14:03 heeft Info het volgende geschreven:\n> \n> {OLD}\n", ("Ja graag",), ("oude vraag", "iPhone", "geschreven")),
    Shape("iphone unmarked", f"Ja graag.\n\nVerzonden vanaf mijn iPad\n\nOp 2 nov 2026 om 14:03 heeft Info <info@whatnext.example> het volgende geschreven:\n\n{OLD}", ("Ja graag",), ("oude vraag", "iPad", "geschreven")),
    Shape("outlook app", f"Ja graag.\n\nOutlook voor Android downloaden<https://aka.example/x>\n________________________________\nFrom: Info <info@whatnext.example>\nSent: Monday, November 2, 2026 2:03 PM\nTo: Sanne\nSubject: Re\n\n{OLD}", ("Ja graag",), ("oude vraag", "Android", "Sent:")),
    Shape("signature", "Wis mijn account.\n\n-- \nSanne Bakker\nDirecteur oude vraag BV\n06-12345678\n", ("Wis mijn account",), ("Directeur", "oude vraag")),
    Shape("disclaimer", "Wis mijn account.\n\nDit bericht is uitsluitend bestemd voor de geadresseerde. Bent u dat niet,\nverwijder dit bericht en de oude vraag dan.\n\nThis e-mail is confidential and intended for the addressee only.\n", ("Wis mijn account",), ("uitsluitend", "verwijder dit", "confidential", "oude vraag")),
    Shape("disclaimer word", "Wis mijn account.\n\nDisclaimer: aan deze oude vraag kunnen geen rechten worden ontleend.\n", ("Wis mijn account",), ("rechten",)),
    # Traps: the sender's own sentences.
    Shape("trap own letter", f"Op 1 mei schreef ik u al een brief:\n\n{OLD}\n", ("Op 1 mei schreef ik", "oude vraag"), ()),
    Shape("trap own letter with year", f"Op 1 mei 2026 om 12:00 schreef ik u al een brief:\n\n{OLD}\n", ("schreef ik u", "oude vraag"), ()),
    Shape("trap period", f"Graag inzage over deze tijd.\nVan: 1 januari 2024\nAan: 31 maart 2024\n\n{OLD}\n", ("Van: 1 januari 2024", "Aan: 31 maart", "oude vraag"), ()),
    Shape("trap colleague", f"Op 12-03-2026 om 14:00 heeft uw collega mij gebeld en gezegd:\n{OLD}\n", ("heeft uw collega", "oude vraag"), ()),
    Shape("trap dashes", "Mijn verzoek:\n--\n" + "\n".join(f"Punt {n} van mijn verzoek, met uitleg." for n in range(20)) + f"\n{OLD}\n", ("Punt 19", "oude vraag"), ()),
    Shape("trap letter head", f"Goedemiddag,\n\nVan: Sanne Bakker\nAan: WhatNext\nOnderwerp: inzage\n\n{OLD}\n", ("Goedemiddag", "Sanne Bakker", "oude vraag"), ()),
    Shape("forward with a word", f"Zie onder.\n\n-------- Doorgestuurd bericht --------\nOnderwerp: x\nVan: Info\nDatum: ma\n\n{OLD}\n", ("Zie onder", "oude vraag"), ()),
    Shape("forward with a request", f"Ik wil dat u alles over mij wist.\n\nBegin doorgestuurd bericht:\n\nVan: Info\nDatum: ma\nAan: x\n\n{OLD}\n", ("alles over mij wist",), ("oude vraag", "doorgestuurd")),
    Shape("bare forward", f"---------- Forwarded message ---------\nVan: Info\nDatum: ma 2 nov 2026\nOnderwerp: x\nAan: y\n\n{OLD}\n", ("oude vraag",), ()),
)  # fmt: skip


def _dsn(action: str, status: str, *, original: str = "<brief.abc@whatnext.example>") -> bytes:
    return raw(
        f"""From: Mail Delivery System <MAILER-DAEMON@mx.voorbeeld.example>
To: {MAILBOX}
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
Message-ID: <dsn@mx.voorbeeld.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="XX\"""",
        f"""--XX\r\nContent-Type: text/plain\r\n\r\nUw bericht is niet bezorgd.\r\n--XX\r
Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.voorbeeld.example\r\n\r
Final-Recipient: rfc822; weg@voorbeeld.example\r\nAction: {action}\r\nStatus: {status}\r\n\r\n--XX\r
Content-Type: text/rfc822-headers\r\n\r\nFrom: {MAILBOX}\r\nMessage-ID: {original}\r\nSubject: Uw verzoek\r\n\r\n--XX--\r\n""",
    )


DSN_FAILED = _dsn("failed", "5.1.1")
DSN_EXPIRED = _dsn("failed", "4.4.7")
DSN_DELAYED = _dsn("delayed", "4.4.1")
DSN_DELIVERED = _dsn("delivered", "2.0.0")
QMAIL_BOUNCE = raw(
    f"""Return-Path: <>
From: MAILER-DAEMON@qmail.voorbeeld.example
To: {MAILBOX}
Subject: failure notice""",
    "Hi. This is the qmail-send program.\r\nI'm afraid I wasn't able to deliver. This is a permanent error.\r\n\r\n"
    "<weg@voorbeeld.example>:\r\n550 No such user\r\n\r\n--- Below this line is a copy of the message.\r\n\r\n"
    "Message-ID: <brief.abc@whatnext.example>\r\nSubject: x\r\n",
)
EXCHANGE_BOUNCE = raw(
    f"""From: postmaster@voorbeeld.example
To: {MAILBOX}
Subject: Onbestelbaar: Uw verzoek
In-Reply-To: <brief.abc@whatnext.example>""",
    "Uw bericht kan niet worden bezorgd. 550 5.1.10 RESOLVER.ADR.RecipientNotFound\r\n",
)


def odd_mails() -> dict[str, bytes]:
    """Hostile and broken mails by name. None may do more than be read or be quarantined."""
    binary = bytes(range(256)) * 8
    return {
        "headers only": b"From: a@b.example\r\nSubject: x",
        "no headers": b"Ik wil mijn gegevens inzien.\r\nGroet, Sanne\r\n",
        "only blank line and text": b"\r\nIk wil inzage.\r\n",
        "mbox line": b"From sanne@voorbeeld.example Mon Nov  2 14:03:00 2026\nFrom: a@b.example\nSubject: x\n\nHallo\n",
        "lone carriage returns": b"From: a@b.example\rSubject: x\r\rHallo\r",
        "nul bytes": raw("From: a@b.example\nSubject: x\x00y", b"Hal\x00lo\r\n"),
        "8-bit headers": raw("From: Zo\xeb <zoe@voorbeeld.example>\nSubject: Verzoek om \xeffnzage"),
        "unknown charset": raw("From: a@b.example\nContent-Type: text/plain; charset=x-onbekend", b"caf\xe9"),
        "codec that is none": raw("From: a@b.example\nContent-Type: text/plain; charset=zlib", b"hallo"),
        "slow codec": raw(
            "From: a@b.example\nContent-Type: text/plain; charset=punycode", b"a" * 5000 + b"-" + b"z" * 5000
        ),
        "utf-16": raw("From: a@b.example\nContent-Type: text/plain; charset=utf-16", "Ik wil inzage".encode("utf-16")),
        "bad base64": raw("From: a@b.example\nContent-Transfer-Encoding: base64", b"SGFsbG8*=&^\r\nabc"),
        "bad quoted-printable": raw(
            "From: a@b.example\nContent-Transfer-Encoding: quoted-printable", b"Hallo =ZZ =\r\n=C3"
        ),
        "unknown encoding": raw("From: a@b.example\nContent-Transfer-Encoding: x-snel", b"Hallo"),
        "two content types": raw("From: a@b.example\nContent-Type: text/plain\nContent-Type: text/html", b"<p>Hallo"),
        "no boundary": raw("From: a@b.example\nContent-Type: multipart/mixed", b"Hallo zonder grens"),
        "boundary nowhere": raw('From: a@b.example\nContent-Type: multipart/mixed; boundary="q"', b"Hallo"),
        "no last boundary": raw(
            'From: a@b.example\nContent-Type: multipart/mixed; boundary="q"',
            b"--q\r\nContent-Type: text/plain\r\n\r\nHallo",
        ),
        "only boundaries": raw('From: a@b.example\nContent-Type: multipart/mixed; boundary="q"', b"--q\r\n" * 5000),
        "boundary in boundary": raw(
            'From: a@b.example\nContent-Type: multipart/mixed; boundary="q"',
            b'--q\r\nContent-Type: multipart/alternative; boundary="qq"\r\n\r\n--qq\r\n\r\nHallo\r\n--qq--\r\n--q--\r\n',
        ),
        "nested 200": nested(200),
        "many parts": raw(
            'From: a@b.example\nContent-Type: multipart/mixed; boundary="q"',
            b"--q\r\nContent-Type: image/png\r\n\r\nx\r\n" * 3000,
        ),
        "header bomb": b"".join(b"X-%d: y\r\n" % n for n in range(30_000)) + b"Subject: x\r\n\r\nHallo\r\n",
        "one long header": b"Subject: " + b"a" * 2_000_000 + b"\r\n\r\nHallo\r\n",
        "long references": b"References: " + b"<a@b> " * 50_000 + b"\r\n\r\nHallo\r\n",
        "many recipients": b"To: " + b", ".join(b"p%d@b.example" % n for n in range(20_000)) + b"\r\n\r\nHallo\r\n",
        "quotes and comments": b'From: "' + b"\\" * 5000 + b"(" * 5000 + b"\r\n\r\nHallo",
        "encoded word bomb": b"Subject: " + b"=?utf-8?b?" * 3000 + b"\r\n\r\nHallo",
        "parameter bomb": b'Content-Type: text/plain; a="' + b"\\" * 20_000 + b"\r\n\r\nHallo",
        "garbage header line": b"From: a@b.example\r\n\xff\xfe rommel\r\nSubject: x\r\n\r\nHallo\r\n",
        "huge text": raw("From: a@b.example", b"Ik wil inzage. " * 200_000),
        "one long line": raw("From: a@b.example", b"Op 1 mei " * 100_000),
        "colons": raw("From: a@b.example", b"Op 2 nov 2026 om 14:03 schreef " * 20_000),
        "angle brackets": raw("From: a@b.example\nContent-Type: text/html", b"<" * 200_000),
        "open quotes": raw("From: a@b.example\nContent-Type: text/html", b'<a href="' * 50_000),
        "open comments": raw("From: a@b.example\nContent-Type: text/html", b"<!--" * 50_000),
        "open scripts": raw("From: a@b.example\nContent-Type: text/html", b"<script>" * 50_000),
        "deep divs": raw("From: a@b.example\nContent-Type: text/html", b"<div>" * 100_000 + b"kern"),
        "attribute bomb": raw(
            "From: a@b.example\nContent-Type: text/html",
            b"".join(b"<p " + b"class=" * 300 + b"%d>" % n for n in range(300)),
        ),
        "signature bomb": raw("From: a@b.example", b"--\r\n" * 40_000),
        "entities": raw("From: a@b.example\nContent-Type: text/html", b"&#xD800;&#0;&#99999999999;&nbsp;" * 2000),
        "rfc822 in rfc822": raw(
            "From: a@b.example\nContent-Type: message/rfc822",
            b"Content-Type: message/rfc822\r\n\r\n" * 500 + b"Subject: kern\r\n\r\nHallo",
        ),
        "surrogates by utf-7": raw("From: a@b.example\nContent-Type: text/plain; charset=utf-7", b"+2AA- hallo +3AA-"),
        "binary body": raw("From: a@b.example\nContent-Type: application/octet-stream", binary),
        "base64 of html": raw(
            "From: a@b.example\nContent-Type: text/html\nContent-Transfer-Encoding: base64", b64encode(b"<p>Hallo</p>")
        ),
        "date nonsense": raw("From: a@b.example\nDate: Mon, 99 Foo 20260 99:99:99 +9999", b"Hallo"),
        "date far": raw("From: a@b.example\nDate: Fri, 31 Dec 9999 23:59:59 -1200", b"Hallo"),
        "group address": raw("From: undisclosed-recipients:;\nTo: Team: a@b.example, c@d.example;", b"Hallo"),
    }
