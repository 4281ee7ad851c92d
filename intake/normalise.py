"""A raw message becomes a ParsedMessage: encodings, quotes, machine verdict, digest. Pure; never trusts, never raises.

The one exception is InputError("unreadable") for bytes that hold no message at all: those are quarantined, with the
legal clock running. Chat channels have no MIME: what they hand in is taken apart in `intake/chat`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from cases.errors import InputError
from cases.messages import Attachment, ParsedMessage, RawInbound
from cases.types import ChannelKind, MachineKind
from intake.chat import normalise_chat
from intake.email.bounces import Bounce, read_bounce
from intake.email.forwards import forwarded, is_forward_subject
from intake.email.headers import Headers, addresses, decode_words, header_date, message_ids
from intake.email.parse import MAX_TEXT, Mail, parse_mail
from intake.email.quotes import split_quotes
from intake.form import WISHES, ticked
from intake.guards import Verdict, judge

MAX_SUBJECT = 255
MAX_REFERENCES = 30
_FEW_WORDS = 6
_RECIPIENTS = ("x-gm-original-to", "delivered-to", "envelope-to", "x-original-to", "resent-to", "to", "cc", "bcc")
_SHOWN = (
    "from", "sender", "reply-to", "to", "cc", "date", "subject", "return-path", "authentication-results", "list-id",
    "auto-submitted", "x-original-from", "x-original-sender", "x-mailer",
)  # fmt: skip
# "Zie mijn antwoorden hieronder in rood": what was said stands in what a mail program calls the quote.
_POINTS = re.compile(
    r"\b(?:zie|see|siehe|lees)\b.{0,40}\b(?:onder\w*|hieronder|beneden|below|rood|blauw|groen|tussen|unten)\b", re.I
)
_SHORT = 15
SEALED = "(Dit bericht is versleuteld. De inhoud is hier niet te lezen.)"  # for staff, and so that a person looks


def normalise(message: RawInbound, *, instance: str = "") -> ParsedMessage:
    """Takes a message apart. `instance` is the name in our own loop mark; without it every such mark counts as ours."""
    if message.channel is not ChannelKind.EMAIL:
        return normalise_chat(message)
    if not _readable(message.raw):
        raise InputError("unreadable")
    mail = parse_mail(message.raw)
    headers = mail.headers
    if not len(headers) and _garbage(message.raw):
        raise InputError("unreadable")
    senders = addresses(headers.raw("from"))
    from_name, from_address = next((pair for pair in senders if pair[1]), senders[0] if senders else ("", ""))
    subject = _one_line(headers.text("subject"))[:MAX_SUBJECT]
    verdict = judge(
        headers, (mail.media_type, mail.params), from_address=from_address, envelope_from=message.envelope_from,
        subject=subject, instance=instance,
    )  # fmt: skip
    text, own, quoted, flags = _words(mail, subject)
    flags |= ticked(headers.raw(WISHES.lower()))
    if verdict.absent:
        flags.add("out_of_office")
    if verdict.machine is MachineKind.BOUNCE:
        flags.discard("forward")  # the mail inside is ours, come back
    if len([pair for pair in senders if pair[1]]) > 1 or len(headers.raw_all("from")) > 1:
        flags.add("several_from")  # which of them wrote is anybody's guess
    identifier = (message_ids(headers.raw("message-id")) or message_ids(message.message_id or "") or [""])[0]
    date = header_date(headers.raw("date"))
    verdict, bounce = _bounce(mail, verdict)
    parsed = ParsedMessage(
        subject=subject,
        from_name=from_name,
        from_address=from_address,
        reply_to=next((address for _, address in addresses(headers.raw("reply-to")) if address), ""),
        to=_recipients(headers, message.envelope_to),
        message_id=identifier,
        references=_references(headers, identifier),
        date_header=date,
        text=text,
        own_words=own,
        quoted=quoted,
        attachments=tuple(mail.attachments),
        machine=verdict.machine,
        auto_suppressed=verdict.suppressed,
        content_digest=_digest(from_address, date, identifier, subject, text, mail.attachments),
        flags=frozenset(flags),
        headers=_for_staff(headers),
        bounced_ids=bounce.ids,
        bounce_permanent=bounce.permanent,
    )
    return replace(parsed, forwarded=forwarded(parsed)) if "forward" in flags else parsed


def _readable(raw: bytes) -> bool:
    return bool(raw.strip(b"\x00 \t\r\n"))


def _garbage(raw: bytes) -> bool:
    """No header at all and mostly bytes that no text has."""
    sample = raw[:4096]
    odd = sum(1 for byte in sample if byte < 9 or 13 < byte < 32 or byte == 127)
    return b"\x00" in sample or odd * 10 > len(sample)


def _words(mail: Mail, subject: str) -> tuple[str, str, str, set[str]]:
    """(full text, own words, what was cut, flags)."""
    split = split_quotes(mail.written)
    flags = set(mail.flags)
    if split.forward or is_forward_subject(subject) or (mail.quoted and split_quotes(mail.quoted).forward):
        flags.add("forward")
    rest = "\n\n".join(piece for piece in (mail.quoted, mail.inner) if piece)
    text = "\n\n".join(piece for piece in (mail.written, rest) if piece)
    quoted = "\n\n".join(piece for piece in (split.quoted, rest) if piece)
    if len(text) > MAX_TEXT:
        flags.add("truncated")
    text, quoted = text[:MAX_TEXT], quoted[:MAX_TEXT]
    if not text and "encrypted" in flags:
        return SEALED, SEALED, "", flags
    if not text:
        flags.add("attachment_only" if mail.attachments else "empty")
    words = len(split.own.split())
    points = words < _SHORT and _POINTS.search(split.own) is not None
    if not split.own or points or ("forward" in flags and words < _FEW_WORDS):
        return text, text, "", flags  # "zie onder" above a forwarded mail: the request is in the mail
    return text, split.own, quoted, flags


def _bounce(mail: Mail, verdict: Verdict) -> tuple[Verdict, Bounce]:
    """What a bounce or a receipt says about a mail of ours. A report of success is a receipt."""
    if verdict.machine not in (MachineKind.BOUNCE, MachineKind.RECEIPT):
        return verdict, Bounce((), permanent=False, delivered=False)
    bounce = read_bounce(mail.headers, mail.delivery, mail.originals, mail.written)
    if verdict.machine is MachineKind.RECEIPT or bounce.delivered:
        return Verdict(MachineKind.RECEIPT, suppressed=True), Bounce(bounce.ids, permanent=False, delivered=True)
    return verdict, bounce


def _recipients(headers: Headers, envelope: tuple[str, ...]) -> tuple[str, ...]:
    found = [address.lower() for address in envelope]
    for name in _RECIPIENTS:
        for value in headers.raw_all(name)[:10]:
            found += [address for _, address in addresses(value) if address]
    return tuple(dict.fromkeys(found))[:200]


def _references(headers: Headers, own: str) -> tuple[str, ...]:
    newest_first = message_ids(headers.raw("in-reply-to")) + message_ids(headers.raw("references"))[::-1]
    return tuple(identifier for identifier in dict.fromkeys(newest_first) if identifier != own)[:MAX_REFERENCES]


def _digest(
    sender: str, date: datetime | None, identifier: str, subject: str, text: str, attachments: Sequence[Attachment]
) -> bytes:
    """The same message by two paths gives the same digest: blanks and transport encodings do not count."""
    parts = [sender, date.isoformat() if date else "", identifier, subject, " ".join(text.split())]
    if not text:
        parts += [f"{attachment.name}:{attachment.size}" for attachment in attachments]
    return hashlib.sha256("\x00".join(parts).encode("utf-8", "replace")).digest()


def _for_staff(headers: Headers) -> dict[str, str]:
    return {
        name: "\n".join(decode_words(value) for value in headers.raw_all(name)[:5])[:2000]
        for name in _SHOWN
        if name in headers
    }


def _one_line(text: str) -> str:
    return " ".join(text.split())
