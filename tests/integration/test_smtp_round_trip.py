"""What we write is what they read: composed, sent over a real line, taken apart again. With hostile words."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from intake.email.dkim import check_dkim
from intake.email.headers import clean
from intake.email.resolver import Answers
from intake.email.sender import SmtpSender
from intake.email.settings import SmtpSettings, Tls
from intake.normalise import normalise
from tests.contract.test_sender import MAIL
from tests.support.dns_zone import DKIM_SELECTOR, SigningKey, Zone, ed25519_key, key_file, rsa_key
from tests.support.mails import inbound
from tests.support.smtp_sink import Sink, smtp_sink

TEXTS = {
    "emoji": "Dag 👋🏽, dit zijn uw gegevens 🗂️ — één, twee 👩‍👩‍👧‍👦.",
    "right to left": "שלום, זה המידע שלך.\nمرحبا بالعالم\nEn weer Nederlands.",
    "a line of 5,000": "woord " * 833 + "eind",
    "a word of 5,000": "x" * 5000,
    "5,000 emoji": "Beste Sanne, " + "🙂" * 5000,
    "dots": ".\n..\n. punt\n.\r\n.\n..eind.",
    "end of data": "Voor\r\n.\r\nMAIL FROM:<kwaad@kwaad.example>\r\nRCPT TO:<x@y.example>\r\nDATA\r\nna",
    "bare line ends": "een\rtwee\nDrie\r\n.\rvier\n.\nvijf",
    "from lines": "From hier\nFrom: iemand\nSubject: nee\n\n--=_grens--\n",
    "blanks at the end": "regel   \ntab\t\n=20\n=\n=3D\n",
    "equals": "=?utf-8?q?niet_decoderen?= =\n==",
    "euro": "€ 1.234,56 – ‘citaat’ … ñ ß ǆ",
    "nothing": "",
}  # fmt: skip
SUBJECTS = [
    "Uw verzoek – ontvangen 👍",
    "שלום " * 40,
    "x" * 250,  # more is cut where mail is read
    "a\r\nBcc: iedereen@voorbeeld.example\r\n\r\nlichaam",
    "=?utf-8?q?Bcc:_x?=",
    "é" * 200,
    "",
]


@pytest.fixture
async def sink() -> AsyncIterator[Sink]:
    async with smtp_sink() as running:
        yield running


def sender_to(sink: Sink, *, name: str = "WhatNext", **more: object) -> SmtpSender:
    settings = SmtpSettings(
        host="127.0.0.1", port=sink.port, from_address="info@whatnext.example", from_name=name, tls=Tls.NONE,
        **more,  # type: ignore[arg-type]
    )  # fmt: skip
    return SmtpSender(settings, instance="loket")


def words(text: str) -> str:
    """As every mail is read: one kind of line end, invisible marks out; blanks at the ends are no words."""
    return "\n".join(line.rstrip() for line in clean(text).split("\n")).strip()


@pytest.mark.parametrize("text", TEXTS.values(), ids=list(TEXTS))
async def test_the_words_arrive(sink: Sink, text: str) -> None:
    sender = sender_to(sink)
    message = replace(MAIL, text=text, html="<p>zie tekst</p>")
    proof = await sender.send(message)
    await sender.close()
    (taken,) = sink.taken
    assert taken.content == proof.raw == sender.rendered(message)
    assert taken.recipients == (MAIL.recipient,)
    assert max(map(len, taken.content.split(b"\r\n"))) <= 998
    parsed = normalise(inbound(taken.content))
    if text.strip():
        assert words(parsed.text) == words(text)


@pytest.mark.parametrize("subject", SUBJECTS)
async def test_subjects_and_names_arrive_and_add_nothing(sink: Sink, subject: str) -> None:
    sender = sender_to(sink, name=subject)
    await sender.send(replace(MAIL, subject=subject))
    await sender.close()
    (taken,) = sink.taken
    head = taken.content.partition(b"\r\n\r\n")[0]
    assert b"\nBcc" not in head
    parsed = normalise(inbound(taken.content))
    assert parsed.subject.split() == clean(subject).split()
    assert parsed.from_address == "info@whatnext.example"
    assert parsed.message_id == MAIL.message_id
    assert taken.recipients == (MAIL.recipient,)


@pytest.mark.parametrize("key", [rsa_key(), ed25519_key()], ids=["rsa", "ed25519"])
async def test_a_signed_mail_holds_after_the_journey(sink: Sink, tmp_path: Path, key: SigningKey) -> None:
    file = key_file(tmp_path, key)
    sender = sender_to(sink, dkim_selector=DKIM_SELECTOR, dkim_key_file=file)
    zone = Zone()
    zone.add(f"{DKIM_SELECTOR}._domainkey.whatnext.example", "TXT", key.record)
    for text in TEXTS.values():
        proof = await sender.send(replace(MAIL, text=text))
        assert proof.raw == sender.rendered(replace(MAIL, text=text))
    await sender.send(replace(MAIL, raw=b"From: a@b.example\r\n\r\nniet van ons\r\n"))
    await sender.close()
    *ours, foreign = sink.taken
    for taken in ours:
        (found,) = check_dkim(taken.content, Answers(zone, seconds=5, budget=15))
        assert (found.domain, found.result) == ("whatnext.example", "pass")
    assert b"DKIM-Signature" not in foreign.content


async def test_forwarded_bytes_arrive_as_they_were(sink: Sink) -> None:
    sender = sender_to(sink)
    raw = "From: sanne@voorbeeld.example\r\nSubject: café\r\n\r\n.eerste\r\n8 bit: é€\r\n..\r\n".encode()
    proof = await sender.send(replace(MAIL, raw=raw))
    assert proof.raw == raw
    assert sink.taken[0].content == raw
    assert "BODY=8BITMIME" in sink.taken[0].options
    smuggled = b"Subject: x\n\nvoor\n.\r\nna\r.\rslot"
    await sender.send(replace(MAIL, raw=smuggled))
    await sender.close()
    assert sink.taken[1].content == b"Subject: x\r\n\r\nvoor\r\n.\r\nna\r\n.\r\nslot\r\n"


async def test_a_recipient_with_letters_outside_ascii(sink: Sink) -> None:
    sender = sender_to(sink)
    await sender.send(replace(MAIL, recipient="zoë@café.example"))
    await sender.close()
    (taken,) = sink.taken
    assert taken.recipients == ("zoë@xn--caf-dma.example",)
    assert {"SMTPUTF8", "BODY=8BITMIME"} <= set(taken.options)
    assert normalise(inbound(taken.content)).to == ("zoë@xn--caf-dma.example",)
