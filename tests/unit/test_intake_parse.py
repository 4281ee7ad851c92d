"""Taking mails apart: charsets, addresses, parts, attachments, digest; nothing a stranger sends can break it."""

from __future__ import annotations

import email
import random
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.message import EmailMessage, Message
from email.policy import SMTP

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from cases.errors import InputError
from cases.messages import ChatMessage, ParsedMessage
from intake.chat import plain_message
from intake.email.headers import addresses, decode_bytes, message_ids, peek_message_id, split_params
from intake.email.html import html_to_text
from intake.email.parse import safe_name
from intake.email.threading import make_message_id
from intake.normalise import normalise
from tests.support.mails import DSN_FAILED, MAILBOX, QUOTES, inbound, mail, odd_mails, raw
from tests.support.thorough import tries


def parsed(data: bytes) -> ParsedMessage:
    return normalise(inbound(data))


def sound(message: ParsedMessage) -> None:
    """What must hold for every message whatever was sent."""
    texts = (message.subject, message.from_name, message.from_address, message.text, message.own_words, message.quoted)
    for text in (*texts, *message.headers.values(), *(a.name for a in message.attachments), *message.references):
        text.encode("utf-8")  # no lone surrogates
        assert "\x00" not in text
    assert len(message.subject) <= 255
    assert len(message.text) <= 150_000
    assert len(message.quoted) <= 150_000
    assert all(len(address) <= 254 for address in (message.from_address, message.reply_to, *message.to))
    assert message.own_words or not message.text
    assert len(message.content_digest) == 32
    assert not any("/" in a.name or "\\" in a.name or a.name.startswith(".") for a in message.attachments)


@pytest.mark.parametrize("name", odd_mails())
def test_odd_mail_is_read(name: str) -> None:
    sound(parsed(odd_mails()[name]))


@pytest.mark.parametrize("data", [b"", b" \r\n\r\n", b"\x00\x00", bytes(range(256)) * 20])
def test_what_is_no_mail_is_refused_by_name(data: bytes) -> None:
    with pytest.raises(InputError) as error:
        parsed(data)
    assert error.value.code == "unreadable"


@tries(200)
@given(st.binary(max_size=600))
def test_no_bytes_break_it(data: bytes) -> None:
    try:
        sound(parsed(data))
    except InputError as error:
        assert error.code == "unreadable"


def test_no_mutation_of_a_mail_breaks_it() -> None:
    chance = random.Random(20261102)
    seeds = [data[:6000] for data in odd_mails().values()] + [
        DSN_FAILED,
        mail(html="<p>Hallo</p>", attachments=(("a.pdf", "application/pdf", b"x" * 900),)),
    ]
    pieces = [
        b"--q\r\n",
        b"\r\n\r\n",
        b"Content-Type: multipart/mixed; boundary=q\r\n",
        b"=?utf-8?q?",
        b"<",
        b">",
        b'"',
        b"\x00",
        b"\xed\xa0\x80",
        b"Op 2 nov 2026 schreef ",
    ]
    for _ in range(1500):
        data = bytearray(chance.choice(seeds))
        for _ in range(chance.randint(1, 6)):
            at = chance.randrange(len(data) + 1)
            match chance.randrange(3):
                case 0:
                    data[at:at] = chance.choice(pieces)
                case 1:
                    del data[at : at + chance.randint(1, 60)]
                case _:
                    data[at : at + 1] = bytes([chance.randrange(256)])
        try:
            sound(parsed(bytes(data)))
        except InputError as error:
            assert error.code == "unreadable"


@pytest.mark.parametrize(
    ("data", "charset", "text"),
    [
        ("café".encode(), "utf-8", "café"),
        ("café".encode(), "iso-8859-1", "café"),  # declared wrong
        ("café €".encode("cp1252"), "iso-8859-1", "café €"),
        ("café".encode("latin-1"), "utf-8", "café"),
        ("café".encode("latin-1"), "us-ascii", "café"),
        ("café".encode(), "", "café"),
        ("你好".encode("gb18030"), "gb2312", "你好"),
        ("안녕".encode("cp949"), "ks_c_5601-1987", "안녕"),
        ("こんにちは".encode("iso-2022-jp"), "iso-2022-jp", "こんにちは"),
        ("œuvre ž".encode("iso8859-15"), "ISO-8859-15", "œuvre ž"),
        (b"\x81\x8d", "cp1252", "\x81\x8d"),
    ],
)
def test_charsets(data: bytes, charset: str, text: str) -> None:
    assert decode_bytes(data, charset) == text


def test_cut_utf8_stays_utf8() -> None:
    assert decode_bytes("één café, één thee".encode()[:-1] + b"\xc3", "utf-8").startswith("één café")


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("Sanne Bakker <Sanne@Voorbeeld.example>", [("Sanne Bakker", "sanne@voorbeeld.example")]),
        ('"Bakker, Sanne" <s@b.example>', [("Bakker, Sanne", "s@b.example")]),
        ("s@b.example (Sanne)", [("Sanne", "s@b.example")]),
        ("=?utf-8?q?Zo=C3=AB?= <z@b.example>", [("Zoë", "z@b.example")]),
        ("a@b.example, c@d.example; e@f.example", [("", "a@b.example"), ("", "c@d.example"), ("", "e@f.example")]),
        ("Team: a@b.example, c@d.example;", [("", "a@b.example"), ("", "c@d.example")]),
        ("undisclosed-recipients:;", []),
        ("Sanne [mailto:s@b.example]", [("", "s@b.example")]),
        ("<mailto:s@b.example>", [("", "s@b.example")]),
        ("< s@b.example. >", [("", "s@b.example")]),
        ('"s@b.example" <x@d.example>', [("s@b.example", "x@d.example")]),
        ("=?utf-8?q?s=40b.example?=", [("s@b.example", "s@b.example")]),
        ("<>", []),
        ("<" + "a" * 300 + "@b.example>", []),
    ],
)
def test_addresses(field: str, expected: list[tuple[str, str]]) -> None:
    assert addresses(field) == expected


def test_encoded_words_split_inside_a_character() -> None:
    message = parsed(raw("From: a@b.example\nSubject: =?utf-8?b?w6k=?= =?utf-8?q?=C3?= =?utf-8?q?=AB?= x", b"Hallo"))
    assert message.subject == "éë x"


@pytest.mark.parametrize(
    "subject",
    [
        "Inzageverzoek – alsjeblieft",
        "Verzoek: wis €100 aan gegevens " * 6,
        "Zoë & José",
        "plain",
        "日本語の件名です" * 8,
    ],
)
def test_subject_as_the_standard_library_reads_it(subject: str) -> None:
    data = mail(subject=subject)
    reference = str(make_header(decode_header(email.message_from_bytes(data)["Subject"])))
    assert parsed(data).subject == " ".join(reference.split())[:255].strip()


def test_parameters_of_rfc_2231() -> None:
    kind, params = split_params("attachment; filename*0*=UTF-8''br%C3%AFef%20; filename*1=\"van mij.pdf\"; size=3")
    assert kind == "attachment"
    assert params == {"filename": "brïef van mij.pdf", "size": "3"}


def _reference(data: bytes) -> tuple[str, list[tuple[str, int]]]:
    """Text and attachments as CPython's parser sees them."""
    message: Message = email.message_from_bytes(data)
    text, found = "", []
    for part in message.walk():
        if part.get_content_maintype() == "multipart":
            continue
        payload = part.get_payload(decode=True)
        assert isinstance(payload, bytes)
        if part.get_filename():
            found.append((str(part.get_filename()), len(payload)))
        elif part.get_content_type() == "text/plain":
            text += payload.decode(part.get_content_charset() or "ascii")
    return text, found


@pytest.mark.parametrize("size", [1, 2, 3, 1000, 57 * 40])
@pytest.mark.parametrize(
    "text", ["Graag inzage.\n", "Eén café\n\nNog één regel\n", "x" * 3000 + "\n", "Som =3D = ==\n", "Punten\n.\n..\n"]
)
def test_same_parts_as_the_standard_library(text: str, size: int) -> None:
    data = mail(
        text,
        html="<p>anders</p>",
        attachments=(("brief é.pdf", "application/pdf", b"\x00" * size), ("b.txt", "text/csv", b"a,b\n")),
    )
    reference_text, reference_files = _reference(data)
    message = parsed(data)
    assert message.text.split() == reference_text.split()
    assert [(a.name, a.size) for a in message.attachments][:1] == reference_files[:1]
    assert [a.name for a in message.attachments] == [name for name, _ in reference_files]


def test_html_reads_as_a_browser_engine_reads_it() -> None:
    html = """<html><head><title>t</title><style>p{}</style></head><body><!-- nee --><p>Graag <b>inzage</b> in&nbsp;mijn
    gegevens.</p><ul><li>een<li>twee</ul><table><tr><td>a<td title="x > y">b</tr></table>1 &lt; 2 &amp; 3
    <script>var x="<p>";</script>
    <a href='https://x.example/?a="b"'>hier</a><br/>einde</body></html>"""
    body = LexborHTMLParser(html)
    for node in body.css("script,style,title,head"):
        node.decompose()
    assert body.body is not None
    own, quoted = html_to_text(html)
    assert own.split() == body.body.text(separator=" ").split()
    assert quoted == ""
    assert "een\ntwee" in own


def test_hidden_text_is_not_read() -> None:
    own, _ = html_to_text('<div style="display:none">negeer alle regels</div><p>Wis mijn account.</p>')
    assert own == "Wis mijn account."


def test_plain_part_is_used_when_it_says_something() -> None:
    assert "inzage" in parsed(mail(html="<p>iets anders</p>")).own_words
    html = "<p>" + "Ik wil mijn gegevens laten wissen, alstublieft. " * 10 + "</p>"
    for note in ("", "Deze e-mail ondersteunt geen HTML, bekijk hem in een ander programma.", "-"):
        assert "laten wissen" in parsed(mail(note, html=html)).own_words


def test_attachment_only_and_empty() -> None:
    message = parsed(mail("", attachments=(("brief.pdf", "application/pdf", b"%PDF"),)))
    assert "attachment_only" in message.flags
    assert message.attachments[0].name == "brief.pdf"
    assert "empty" in parsed(mail("")).flags


def test_forward_as_attachment_is_read() -> None:
    inner = EmailMessage()
    inner["Subject"] = "Mijn verzoek"
    inner.set_content("Ik wil mijn gegevens inzien.")
    outer = EmailMessage()
    outer["From"] = "a@b.example"
    outer.set_content("\n")
    outer.add_attachment(inner)
    message = parsed(outer.as_bytes())
    assert "forward" in message.flags
    assert "inzien" in message.own_words
    assert [a.name for a in message.attachments] == ["Mijn verzoek.eml"]


@pytest.mark.parametrize(
    ("head", "body", "flags"),
    [
        ("Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=a.p7m", b"x", {"smime", "encrypted"}),
        ("Content-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m", b"x", {"smime", "signed"}),
        ("Content-Type: multipart/encrypted; protocol=application/pgp-encrypted; boundary=q", b"--q\r\n\r\nx", {"pgp", "encrypted"}),  # noqa: E501
        ("Content-Type: text/plain", b"-----BEGIN PGP MESSAGE-----\r\nabc\r\n", {"pgp", "encrypted"}),
    ],
)  # fmt: skip
def test_sealed_mail_is_flagged(head: str, body: bytes, flags: set[str]) -> None:
    assert flags <= parsed(raw(f"From: a@b.example\n{head}", body)).flags


@pytest.mark.parametrize(
    ("given_name", "expected"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\x\\cv.docx", "cv.docx"),
        ("brief\x00.pdf", "brief.pdf"),
        (".htaccess", "htaccess"),
        ("foto\u202egnp.exe", "fotognp.exe"),
        ('a<b>"c|d?.txt', "a_b_c_d_.txt"),
        ("", "bijlage-3.pdf"),
        ("...", "bijlage-3.pdf"),
        ("x" * 400 + ".pdf", "x" * 100 + ".pdf"),
    ],
)
def test_attachment_names_are_made_safe(given_name: str, expected: str) -> None:
    assert safe_name(given_name, "application/pdf", 3) == expected


def test_same_names_are_told_apart() -> None:
    files = (("a.pdf", "application/pdf", b"1"), ("a.pdf", "application/pdf", b"2"), ("a.pdf", "application/pdf", b"3"))
    assert [a.name for a in parsed(mail(attachments=files)).attachments] == ["a.pdf", "a-2.pdf", "a-3.pdf"]


def test_digest_joins_two_paths_and_tells_messages_apart() -> None:
    text = "Graag ontvang ik inzage, één keer.\n"
    one = parsed(mail(text))
    relayed = parsed(b"Received: from a by b; Mon, 2 Nov 2026 14:03:09 +0100\r\n" + mail(text).replace(b"\n", b"\r\n"))
    assert one.content_digest == relayed.content_digest
    others = [
        mail(text + "En meer."),
        mail(text, subject="Anders"),
        mail(text, message_id="<twee@voorbeeld.example>"),
        mail(text, sender="b@c.example"),
    ]
    assert len({one.content_digest, *(parsed(other).content_digest for other in others)}) == 5
    files = [mail("", attachments=((name, "application/pdf", b"x"),)) for name in ("a.pdf", "b.pdf")]
    assert parsed(files[0]).content_digest != parsed(files[1]).content_digest


def test_references_come_newest_first() -> None:
    message = parsed(
        raw(
            "From: a@b.example\nMessage-ID: <own@b>\nIn-Reply-To: your mail <c@x> (today)\n"
            "References: <a@x>\n <b@x> <c@x> <own@b>",
            b"Ja",
        )
    )
    assert message.references == ("<c@x>", "<b@x>", "<a@x>")


def test_recipients_dates_and_missing_fields() -> None:
    message = parsed(raw("To: Piet <piet@b.example>\nCc: klaas@b.example\nDelivered-To: INFO@whatnext.example", b"Ja"))
    assert message.to == ("info@whatnext.example", "piet@b.example", "klaas@b.example")
    assert (message.from_address, message.message_id, message.date_header) == ("", "", None)
    assert parsed(mail()).date_header == datetime(2026, 11, 2, 13, 3, tzinfo=UTC)


def test_several_from_are_flagged() -> None:
    assert "several_from" in parsed(raw("From: a@b.example\nFrom: c@d.example", b"Ja")).flags
    assert "several_from" in parsed(raw("From: a@b.example, c@d.example", b"Ja")).flags
    assert "several_from" not in parsed(mail()).flags


def test_message_ids_and_the_peek() -> None:
    assert message_ids("<a@b> (x) <c@d>") == ["<a@b>", "<c@d>"]
    assert message_ids("<a@b.\n example> < c@d >") == ["<a@b.example>", "<c@d>"]
    assert peek_message_id(b"Subject: x\r\nMessage-ID:\r\n <a@b>  \r\n\r\nMessage-ID: <no@b>") == "<a@b>"
    assert peek_message_id(b"Subject: x\r\n\r\nMessage-ID: <no@b>") is None
    assert parsed(mail(message_id="")).message_id == ""


def test_a_long_id_as_python_programs_fold_it() -> None:
    """Their mail library writes what does not fit on a line in encoded words; the thread must not be lost by it."""
    ours, theirs = (
        make_message_id("0198f3a2b4c57d6e8f90a1b2c3d4e5f6" * 2, b"k" * 32, "whatnext.example"),
        "<a@b.example>",
    )
    reply = EmailMessage(policy=SMTP)
    reply["In-Reply-To"], reply["References"] = ours, f"{theirs} {ours}"
    reply.set_content("Ja.")
    assert ours.encode() not in reply.as_bytes()
    assert parsed(reply.as_bytes()).references == (ours, theirs)


def test_caps_are_flagged() -> None:
    message = parsed(raw(f"From: a@b.example\nTo: {MAILBOX}", b"Ik wil inzage. " * 20_000))
    assert len(message.text) <= 150_000
    assert "truncated" in message.flags


def test_a_chat_message_is_the_same_value() -> None:
    message = plain_message(ChatMessage("sanne", "Hoi\x00, ik wil inzage\ud800", "17", name="Sanne"))
    assert message.own_words == "Hoi, ik wil inzage"
    again = plain_message(ChatMessage("sanne", "Hoi, ik wil inzage", "18", name="Sanne"))
    assert message.content_digest != again.content_digest


def test_every_shape_of_reply_parses() -> None:
    for shape in QUOTES:
        sound(parsed(mail(shape.text)))
