"""The text that is read, and where in it the sender's own words stand: quotes blanked out, each character in its place.

Which lines are own is decided elsewhere (`intake/email/quotes`); here they are found back, so that a fact keeps the
offsets of the text that came in. A signature below "-- " carries no wish, but its name and address are the sender's.
"""

from __future__ import annotations

import re

_DASHES = re.compile(r"^--\s?$")
_NOT_SIGNATURE = re.compile(
    r"^\s*(?:>|[-_*]{3,}|(?:van|from|von|de)\s?:|(?:op|on|am|le)\b.{3,200}:\s*$|\S.{0,80}\s(?:schreef|wrote)\b)",
    re.IGNORECASE,
)
_MOST = 16  # lines of a signature


def joined(subject: str, own_words: str) -> str:
    """The text that is read: the subject, a blank line, the sender's own words."""
    return f"{subject}\n\n{own_words}" if subject.strip() else own_words


def blanked(text: str, own: str) -> str:
    """`text` with blanks in the place of every line that is neither own nor signature; the same length."""
    if own == text.strip():
        return text
    wanted = [line.rstrip() for line in own.split("\n") if line.strip()]
    lines = text.split("\n")
    result: list[str] = []
    at = 0
    signature = 0  # lines of it that may still follow
    for line in lines:
        bare = line.rstrip()
        if at < len(wanted) and bare and bare.strip() == wanted[at].strip():
            at += 1
            signature = 0
            result.append(line)
        elif _DASHES.match(line):
            signature = _MOST
            result.append(" " * len(line))
        elif signature and not _NOT_SIGNATURE.match(line):
            signature -= bool(bare)
            result.append(line)
        else:
            signature = 0
            result.append(" " * len(line))
    return "\n".join(result) if at == len(wanted) else text
