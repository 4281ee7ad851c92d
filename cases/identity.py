"""Proof of identity: what a code proves, and for how long (art. 12(6), 32 AVG).

Two separate proofs. A code that comes back from the mailbox it was sent to proves that mailbox, nothing more. When
that address is on file, or a code sent to the address on file comes back in the asking conversation, the person is
the person on file. A thread match, a From header or a case number proves nothing.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cases.types import Assurance

CASE_NUMBER = re.compile(r"\b[A-Z]{3}-\d{4}-\d{4}\b", re.I)  # as `new_case_number` makes them


# Mailboxes of a firm that several people read: a code there shows that somebody of them asked (law.md 3).
_OF_SEVERAL = frozenset({
    "administratie", "bestuur", "boekhouding", "contact", "directie", "factuur", "facturen", "finance", "hallo",
    "hello", "helpdesk", "hr", "info", "inkoop", "kantoor", "klantenservice", "mail", "office", "planning", "post",
    "privacy", "receptie", "sales", "secretariaat", "service", "support", "team", "verkoop", "webmaster",
})  # fmt: skip


class CodePurpose(StrEnum):
    MAILBOX = "mailbox"  # this mailbox is yours
    ON_FILE = "on_file"  # you read what we send to the address on file
    DOWNLOAD = "download"  # you still hold the proven address when the export is opened


class ProofMethod(StrEnum):
    """How a member of staff made sure of somebody; the proof itself is not kept."""

    CALL_BACK = "call_back"  # on the number on file, never one that was given now
    COUNTER = "counter"  # in person
    LETTER_CODE = "letter_code"  # a code in a letter to the postal address on file
    ID_COPY = "id_copy"  # a shielded copy, on a named doubt, erased the day it was checked


class CodeResult(StrEnum):
    ACCEPTED = "accepted"
    WRONG = "wrong"
    EXPIRED = "expired"
    LOCKED = "locked"  # too many wrong ones: a person looks, the term runs
    NONE = "none"  # no code stands open here


@dataclass(frozen=True, slots=True)
class CodeState:
    """One code as stored; the digest is compared by the caller in constant time."""

    id: str
    purpose: CodePurpose
    matches: bool
    expires_at: datetime
    attempts_left: int
    used: bool = False


def read_by_several(address: str) -> bool:
    """Whether an address looks like one that more people read than the one who asks (info@, administratie@)."""
    return re.split(r"[@+]", address.lower(), maxsplit=1)[0] in _OF_SEVERAL


def judge_code(codes: tuple[CodeState, ...], now: datetime) -> tuple[CodeResult, CodeState | None]:
    """What a typed code does. `codes` are those of this conversation or link, newest first."""
    for code in codes:
        if code.matches and not code.used and code.attempts_left > 0:
            return (CodeResult.ACCEPTED if now < code.expires_at else CodeResult.EXPIRED), code
    open_codes = [code for code in codes if not code.used]
    if not open_codes:
        return CodeResult.NONE, None
    newest = open_codes[0]
    if newest.attempts_left <= 1:
        return CodeResult.LOCKED, newest
    if now >= newest.expires_at:
        return CodeResult.EXPIRED, newest
    return CodeResult.WRONG, newest


def level_after(*, mailbox_proven: bool, address_on_file: bool, code_on_file: bool) -> Assurance:
    """The level of one conversation from its proofs.

    A code from the address on file counts only together with the mailbox itself: the answer goes to that mailbox.
    """
    if not mailbox_proven:
        return Assurance.ADDRESS_CLAIMED
    return Assurance.CODE_TO_KNOWN_ADDRESS if address_on_file or code_on_file else Assurance.MAILBOX_PROVEN


def new_code(digits: int) -> str:
    """A random code; leading zeros count."""
    return f"{secrets.randbelow(10**digits):0{digits}d}"


def new_case_number(prefix: str) -> str:
    """`WHA-4821-9037`: random, so that a number tells nobody how many cases there are and can not be guessed on."""
    number = secrets.randbelow(10**8)
    return f"{prefix}-{number // 10_000:04d}-{number % 10_000:04d}"
