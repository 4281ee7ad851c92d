"""A forwarded mail opened as what it is: who wrote the original, when, about what, and in which words.

A colleague who gets a request at home or at another desk sends it on. Whoever is named inside is a claim of the text:
it can be typed by anybody and proves nothing. Which senders count as colleagues is decided elsewhere. Pure.
"""

from __future__ import annotations

import re

from cases.messages import Forwarded, ParsedMessage
from intake.email.headers import addresses
from intake.email.quotes import header_fields, is_forward_line, split_quotes

_MARK = re.compile(r"^\s{0,3}>\s?", re.M)
_SUBJECT = re.compile(
    r"^\s*\[?(?:(?:fwd?|doorst|doorgest(?:uurd)?|doorsturen|wg|tr|i|rv)\s?(?:\(\d\)|\[\d\])?\s*:\s*)+", re.I
)
_LINES = 400  # where the head of the forwarded mail is looked for
_ORIGINAL = re.compile(r"^\[?(?:mailto:)", re.I)


def is_forward_subject(subject: str) -> bool:
    return _SUBJECT.match(subject) is not None


def forwarded(parsed: ParsedMessage) -> Forwarded | None:
    """The forwarded mail inside; None when this is no forward, or nothing in it tells where the original begins."""
    if "forward" not in parsed.flags:
        return None
    lines = parsed.text.split("\n")
    bare = [_MARK.sub("", line) for line in lines]
    for index in range(min(len(bare), _LINES)):
        start = index
        if is_forward_line(bare[index]):
            start = next((n for n in range(index + 1, min(index + 4, len(bare))) if bare[n].strip()), index)
        fields, end = header_fields(bare, start)
        if fields.get("from") and len(fields) >= 2 and (start != index or len(fields) >= 3):
            return _opened(
                parsed, fields, "\n".join(bare[end:] if lines[index].lstrip().startswith(">") else lines[end:])
            )
    return None


def _opened(parsed: ParsedMessage, fields: dict[str, str], body: str) -> Forwarded:
    name, address = _writer(fields["from"])
    subject = fields.get("subject") or _SUBJECT.sub("", parsed.subject).rstrip("]")
    words = split_quotes(body).own or body.strip()
    return Forwarded(name, address, fields.get("date", ""), subject, words)


def _writer(value: str) -> tuple[str, str]:
    """`Sanne <s@b.example>`, `Sanne [mailto:s@b.example]`, `Sanne (s@b.example)`, or a name alone."""
    value = value.replace("*", "")
    shown = re.sub(
        r"[\[(<]\s?(?:mailto:)?([^\s<>()\[\]@]+@[^\s<>()\[\]]+?)\s?(?:<mailto:[^<>]*>)?[\])>]+", r"<\1>", value
    )
    found = addresses(shown)
    return next(((name, address) for name, address in found if address), (value.strip()[:200], ""))
