"""What came back about a mail of ours: delivery reports (RFC 3464) and the home-made kinds before it.

Pure. It says which Message-IDs are named and whether delivery has failed for good; whether an id is ours is checked
with its code (`threading.own_outbox_id`). A bounce of a statutory answer never mutes anything: it becomes work.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from intake.email.headers import Headers, message_ids

_ACTION = re.compile(r"^action\s*:\s*(\w+)", re.I | re.M)
_ID_IN_TEXT = re.compile(r"^[ \t>]*(?:x-)?(?:original-)?message-id\s*:\s*(<[^<>\s]{1,400}>)", re.I | re.M)
_LATER = re.compile(
    r"will\s+(?:be\s+)?(?:retr|try|keep trying)|"
    r"(?:delivery|message)\s.{0,40}delayed|vertraagd|wordt\s.{0,40}opnieuw\s+geprobeerd|verzögert|"
    r"no action is required|warning message only|has not (?:yet )?been delivered|nog niet bezorgd",
    re.I,
)
_FAILED = re.compile(
    r"\b5\d\d[ -]|\b5\.\d{1,3}\.\d{1,3}\b|permanent(?:e|ly)? (?:error|failure|fatal|fout)|failed permanently|"
    r"could(?:n't| not) be delivered|wasn't delivered|delivery has failed|onbestelbaar|"
    r"(?:kan|kon|is) niet (?:worden )?(?:bezorgd|afgeleverd)|bezorging is mislukt|konnte nicht zugestellt werden|"
    r"n'a pas pu être remis|unable to deliver|no such user|user unknown|mailbox unavailable",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Bounce:
    ids: tuple[str, ...]
    permanent: bool
    delivered: bool  # a report of success: a receipt, no failure


def read_bounce(headers: Headers, delivery: Sequence[str], originals: Sequence[Headers], text: str) -> Bounce:
    """`delivery`: the bodies of message/delivery-status; `originals`: header blocks of the mails sent back."""
    actions = {action.lower() for body in delivery for action in _ACTION.findall(body)}
    named = [identifier for original in originals for identifier in message_ids(original.raw("message-id"))]
    for body in (*delivery, text[:100_000]):
        named += _ID_IN_TEXT.findall(body)
    named += message_ids(headers.raw("in-reply-to")) + message_ids(headers.raw("references"))
    if actions:
        permanent = "failed" in actions  # final, also when the status is 4.4.7: the time ran out
    else:
        permanent = _FAILED.search(text[:20_000]) is not None and _LATER.search(text[:20_000]) is None
    delivered = bool(actions) and actions <= {"delivered", "relayed", "expanded"}
    return Bounce(tuple(dict.fromkeys(named))[:20], permanent, delivered)
