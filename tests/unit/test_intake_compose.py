"""The bytes of outgoing mail, read back by CPython's own parser."""

from __future__ import annotations

import email
import email.policy
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.errors import ConfigError, Permanent
from cases.protocols import Outgoing
from intake.email.compose import compose, smtp_address
from intake.email.settings import ImapSettings, SmtpSettings, Tls
from intake.normalise import normalise
from tests.support.mails import inbound
from tests.support.thorough import tries

LETTER = Outgoing(
    outbox_id="brief-1",
    organisation="whatnext",
    account="info@whatnext.example",
    recipient="sanne@voorbeeld.example",
    subject="Uw verzoek om inzage – ontvangen",
    text="Beste Sanne,\n\nWij hebben uw verzoek ontvangen. Eén regel met é.\n" + "Lang " * 400 + "\n.\nFrom hier\n",
    html="<p>Beste Sanne,</p><p>Wij hebben uw verzoek ontvangen: <b>één</b>.</p>",
    message_id="<brief-1.abc@whatnext.example>",
    in_reply_to="<een@voorbeeld.example>",
    references=("<een@voorbeeld.example>", "<nul@voorbeeld.example>"),
    automatic=True,
    created_at=datetime(2026, 11, 2, 13, 3, tzinfo=UTC),
)


def written(message: Outgoing, *, name: str = "WhatNext", reply_to: str = "", demo: bool = False) -> bytes:
    return compose(
        message, from_name=name, from_address="info@whatnext.example", reply_to=reply_to, instance="loket-1", demo=demo
    )


def read_back(data: bytes) -> EmailMessage:
    message = email.message_from_bytes(data, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


def test_text_and_html_come_back_whole() -> None:
    data = written(LETTER)
    message = read_back(data)
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert html is not None
    assert text.get_content().replace("\r\n", "\n").strip() == LETTER.text.strip()
    assert html.get_content().strip() == LETTER.html
    assert message["Subject"] == LETTER.subject
    assert message["Message-ID"] == LETTER.message_id
    assert message["References"].split() == ["<nul@voorbeeld.example>", "<een@voorbeeld.example>"]
    assert message["Date"].datetime == LETTER.created_at
    assert data == written(LETTER)  # the same on every try


def test_lines_are_short_and_end_with_crlf() -> None:
    data = written(LETTER)
    assert data.isascii()
    assert b"\n" not in data.replace(b"\r\n", b"")
    assert max(len(line) for line in data.split(b"\r\n")) <= 200


def test_automatic_mail_says_so_and_a_letter_does_not() -> None:
    automatic, letter = read_back(written(LETTER)), read_back(written(replace(LETTER, automatic=False)))
    assert automatic["Auto-Submitted"] == "auto-replied"
    assert automatic["X-Auto-Response-Suppress"] == "All"
    assert automatic["Precedence"] == "auto_reply"
    for name in ("Auto-Submitted", "X-Auto-Response-Suppress", "Precedence"):
        assert letter[name] is None
    assert letter["X-Privacyloket-Loop"] == automatic["X-Privacyloket-Loop"] == "loket-1"
    assert automatic["X-Privacyloket-Demo"] is None
    assert read_back(written(LETTER, demo=True))["X-Privacyloket-Demo"] == "DEMO"


def test_our_own_mail_is_known_when_it_comes_back() -> None:
    parsed = normalise(inbound(written(LETTER)), instance="loket-1")
    assert parsed.machine == "own"
    assert parsed.subject == LETTER.subject
    assert parsed.message_id == LETTER.message_id


@pytest.mark.parametrize(
    "name", ["WhatNext", "Winkeltjes, klantenservice", "Zoë's Loket", 'De "beste" winkel', "Ö" * 80, ""]
)
def test_sender_names(name: str) -> None:
    sender = read_back(written(LETTER, name=name))["From"].addresses[0]
    assert sender.display_name.replace(" ", "") == name.replace(" ", "")
    assert sender.addr_spec == "info@whatnext.example"


def test_nothing_can_add_a_header() -> None:
    evil = "x\r\nBcc: iedereen@voorbeeld.example\r\n\r\nbody"
    data = written(replace(LETTER, subject=evil, in_reply_to=evil, message_id=evil, references=(evil,)), name=evil)
    assert read_back(data)["Bcc"] is None
    assert b"\r\nBcc" not in data
    for address in (
        "a@b.example\r\nBcc: x@y.example",
        "a@b.example, c@d.example",
        "zonder-apenstaart",
        "é@b.example",
        "",
    ):
        with pytest.raises(Permanent):
            written(replace(LETTER, recipient=address))


def test_foreign_domain_names_are_written_in_ascii() -> None:
    assert read_back(written(replace(LETTER, recipient="info@café.example")))["To"] == "info@xn--caf-dma.example"


def test_letters_outside_ascii_only_where_the_server_may_take_them() -> None:
    assert smtp_address("zoe\u0308@café.example", international=True) == "zoë@xn--caf-dma.example"
    for evil in ("a\u200bb@x.example", "a\u202eb@x.example", "a\u00a0b@x.example", "é\r\nBcc: x@y.example", "é"):
        with pytest.raises(Permanent):
            smtp_address(evil, international=True)
    data = compose(
        replace(LETTER, recipient="zoë@voorbeeld.example"), from_name="WhatNext", from_address="info@whatnext.example",
        reply_to="", instance="loket-1", demo=False, international=True,
    )  # fmt: skip
    assert "To: zoë@voorbeeld.example\r\n".encode() in data


def test_references_are_bounded() -> None:
    many = tuple(f"<{n}@voorbeeld.example>" for n in range(100))
    found = read_back(written(replace(LETTER, references=many, in_reply_to=many[0])))["References"].split()
    assert len(found) == 12
    assert found[-1] == many[0]


def test_forwarded_mail_leaves_unchanged() -> None:
    assert written(replace(LETTER, raw=b"From: x@y.example\r\n\r\nHallo")) == b"From: x@y.example\r\n\r\nHallo"


@tries(80)
@given(subject=st.text(max_size=120), text=st.text(max_size=400))
def test_any_text_comes_back(subject: str, text: str) -> None:
    data = written(replace(LETTER, subject=subject, text=text))
    assert max(len(line) for line in data.split(b"\r\n")) < 998
    parsed = normalise(inbound(data))
    assert parsed.subject == normalise(inbound(written(replace(LETTER, subject=parsed.subject)))).subject
    assert len(read_back(data).get_payload()) == 2


def test_settings_hide_passwords_and_refuse_plain_lines() -> None:
    settings_ = SmtpSettings(host="mail.voorbeeld.example", from_address="a@b.example", username="u", password="geheim")
    mailbox = ImapSettings(organisation="whatnext", account="a@b.example", host="h", username="u", password="geheim")
    assert "geheim" not in repr(settings_) + repr(mailbox)
    with pytest.raises(ConfigError):
        SmtpSettings(host="mail.voorbeeld.example", from_address="a@b.example", tls=Tls.NONE)
    with pytest.raises(ConfigError):
        ImapSettings(organisation="w", account="a@b.example", host="10.0.0.1", username="u", password="p", tls=Tls.NONE)
    assert SmtpSettings(host="127.0.0.1", from_address="a@b.example", tls=Tls.NONE).tls is Tls.NONE
