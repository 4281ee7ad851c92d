"""A filled-in request form as the mail it stands for: From is the address that was typed, so that whatever is asked or
answered goes there, and nowhere else. From then on it is a mail like any other (RFC 5322); nothing in it is believed.

Pure. The same form sent twice gives the same bytes, so a double click is one message.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr

from cases.chat_dialogue import WISH
from cases.dialogue import CASELESS
from cases.messages import RawInbound
from cases.types import ChannelKind, Custody, Label

WISHES = "X-Privacyloket-Wishes"  # what was ticked: a claim like the words, but nothing that has to be guessed
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[a-z0-9-]{1,63}\.)+[a-z][a-z0-9-]{1,62}")
_BREAKS = re.compile(r"[\x00-\x1f\x7f]+")


@dataclass(frozen=True, slots=True)
class Entry:
    """One form, as typed."""

    chosen: tuple[Label, ...]  # the boxes that were ticked
    wishes: tuple[str, ...]  # … and the whole sentences beside them
    words: str
    name: str
    address: str
    number: str  # of a customer, "" when none was given


def ticked(field: str) -> set[str]:
    """What a mail's field of wishes names, as flags (`wish:inzage`). No label that could hide what the words ask."""
    known = {label.value for label in Label if label not in CASELESS}
    return {f"{WISH}{name}" for name in map(str.strip, field[:500].split(",")) if name in known}


def typed_address(value: str) -> str:
    """The address as mail goes there, its domain in small letters and ASCII (RFC 5891); "" when it is none."""
    local, at, domain = value.strip().rpartition("@")
    try:
        domain = domain.lower().encode("idna").decode("ascii")
    except UnicodeError:
        return ""
    address = f"{local}{at}{domain}"
    return address if len(address) <= 254 and _ADDRESS.fullmatch(address) else ""


def form_message(
    entry: Entry, *, organisation: str, mailbox: str, subject: str, number_line: str, key: str, made_at: datetime,
    received_at: datetime,
) -> RawInbound:  # fmt: skip
    """`key` names the page that was filled in, `made_at` when it was made; we hold the only copy."""
    number = _one_line(entry.number)
    parts = [
        "\n".join(entry.wishes),
        entry.words.replace("\r\n", "\n").strip(),
        number_line.format(number=number) if number else "",
    ]
    message = EmailMessage(policy=SMTP)
    message["From"] = formataddr((_one_line(entry.name), entry.address))
    message["To"] = mailbox
    message["Subject"] = subject
    message["Date"] = format_datetime(made_at)
    if entry.chosen:
        message[WISHES] = ", ".join(label.value for label in entry.chosen)
    message["Message-ID"] = f"<{key}@form.invalid>"
    message.set_content("\n\n".join(part for part in parts if part) + "\n", cte="base64")
    return RawInbound(
        organisation=organisation, channel=ChannelKind.EMAIL, account=mailbox, raw=message.as_bytes(),
        received_at=received_at, custody=Custody.HOST, message_id=str(message["Message-ID"]),
        envelope_to=(mailbox,),
    )  # fmt: skip


def _one_line(text: str) -> str:
    return " ".join(_BREAKS.sub(" ", text).split())
