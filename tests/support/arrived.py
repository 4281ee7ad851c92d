"""A mail of ours as its receiver sees it: the words, the code, the secret links, and how it looks when answered."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from email.utils import parseaddr
from functools import cached_property

BASE_URL = "https://loket.example"
_CODE = re.compile(r"^ *(\d{6}) *$", re.MULTILINE)
_LINK = re.compile(rf"{re.escape(BASE_URL)}/([a-z]+)/([\w-]+)")


@dataclass(frozen=True)
class Mail:
    """One mail as its receiver sees it."""

    to: str
    raw: bytes

    @cached_property
    def message(self) -> EmailMessage:
        message = BytesParser(policy=default).parsebytes(self.raw)
        assert isinstance(message, EmailMessage)
        return message

    def part(self, kind: str) -> str:
        body = self.message.get_body((kind,))
        assert body is not None, f"the mail has no {kind} part"
        return str(body.get_content()).replace("\r\n", "\n")

    @property
    def text(self) -> str:
        return self.part("plain")

    @property
    def flat(self) -> str:
        """The text on one line, for sentences that were wrapped."""
        return " ".join(self.text.split())

    @property
    def html(self) -> str:
        return self.part("html")

    @property
    def subject(self) -> str:
        return str(self.message["Subject"])

    @property
    def message_id(self) -> str:
        return str(self.message["Message-ID"])

    @property
    def reply_to(self) -> str:
        return parseaddr(str(self.message["Reply-To"] or self.message["From"]))[1]

    @property
    def code(self) -> str:
        found = _CODE.search(self.text)
        assert found is not None, f"no code in the mail {self.subject!r}"
        return found.group(1)

    @property
    def has_code(self) -> bool:
        return _CODE.search(self.text) is not None

    def token(self, kind: str) -> str:
        """The secret of the first link of this kind: case page ("z"), download page ("d"), "ongedaan" …"""
        found = [secret for letter, secret in _LINK.findall(self.text) if letter == kind]
        assert found, f"no /{kind}/ link in the mail {self.subject!r}"
        return str(found[0])


def quoted(mail: Mail) -> str:
    """What a mail program puts under an answer."""
    lines = "\n".join(f"> {line}".rstrip() for line in mail.text.splitlines())
    return f"\n\nOp ma 5 jan. 2026 om 10:00 schreef Privacyloket <{mail.reply_to}>:\n\n{lines}\n"
