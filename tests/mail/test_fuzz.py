"""Mutations of every trap: whatever is cut, spliced or flipped, a mail is read or set aside by name."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cases.errors import InputError
from intake.email.forwards import forwarded
from intake.email.html import html_to_text
from intake.email.quotes import split_quotes
from intake.email.threading import find_token, mailbox_of, own_outbox_id
from intake.normalise import normalise
from tests.mail.binary import made
from tests.mail.corpus import written
from tests.support.mails import inbound
from tests.support.thorough import tries

SEEDS = [trap.raw[:20_000] for trap in (*written(), *made())]
KEYS = [b"k" * 32, b"o" * 32]
PIECES = [
    b"\r\n\r\n", b"--q\r\n", b"\x00", b'"', b"<", b">", b"> ", b"=?utf-8?b?", b"\xed\xa0\x80", b"\r", b"\xff",
    b"From: ",
    b"Content-Type: multipart/mixed; boundary=q\r\n", b"Content-Transfer-Encoding: base64\r\n",
    b"Op 2 nov 2026 schreef ",
]  # fmt: skip


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    data = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(1, 5))):
        at = draw(st.integers(0, len(data)))
        to = min(len(data), at + draw(st.sampled_from((1, 7, 60, 500))))
        match draw(st.integers(0, 5)):
            case 0:  # cut
                data = data[:at] + data[to:]
            case 1:  # twice
                data = data[:to] + data[at:]
            case 2:  # splice
                other = draw(st.sampled_from(SEEDS))
                data = data[:at] + other[draw(st.integers(0, len(other))) :]
            case 3:  # flip
                data = data[:at] + draw(st.binary(min_size=1, max_size=4)) + data[at + 1 :]
            case 4:  # insert
                data = data[:at] + draw(st.sampled_from(PIECES)) + data[at:]
            case _:  # shuffle the head
                head, blank, body = data.partition(b"\r\n\r\n")
                data = b"\r\n".join(draw(st.permutations(head.split(b"\r\n")[:12]))) + blank + body
    return data


@tries(600)
@given(mutated())
def test_no_mutation_breaks_the_reading(data: bytes) -> None:
    try:
        message = normalise(inbound(data))
    except InputError as error:
        assert error.code == "unreadable"
        return
    texts = (message.subject, message.from_name, message.from_address, message.text, message.own_words, message.quoted)
    for text in (*texts, *message.headers.values(), *(a.name for a in message.attachments), *message.bounced_ids):
        text.encode("utf-8")  # no half characters
        assert "\x00" not in text
    assert message.own_words or not message.text
    assert len(message.text) <= 150_000
    inside = forwarded(message)
    assert inside is None or inside.own_words is not None
    find_token(message.to, KEYS)
    mailbox_of(message.from_address)
    for identifier in (*message.references, message.message_id, *message.bounced_ids):
        assert own_outbox_id(identifier, KEYS) is None


@tries(200)
@given(mutated())
def test_no_text_breaks_quotes_and_pages(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    split = split_quotes(text)
    assert len(split.own) + len(split.quoted) <= len(text) + 2
    own, quoted = html_to_text(text)
    split_quotes(own)
    split_quotes(quoted)
