"""The traps: tricky and broken mails, one for each, with what must come out. Invented people, `.example` only.

`cases/*.txt` holds many small mails a file:

    === the name says the trap
    has: words that stay in the sender's own words | and more
    lacks: words that must be gone from them
    ---
    the mail

Keys: has, lacks, text, quoted (parts of those texts), own (exactly), subject, from, name, reply-to, to, machine
(default: person), silent, files ("none" for none), flags, noflags, bounced, permanent, forwarded (address, subject or
words of the mail inside; "none"),
references, quarantine, envelope (the reverse path). How the mail is written: `as`
(text, html, flowed: with an ordinary head; raw: as it stands), `head` (one more header line, may be repeated),
`sender`,
`title` (subject), `charset`, `escapes` (\\xNN, \\r and the like are bytes).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from cases.errors import InputError
from cases.messages import ParsedMessage
from intake.email.forwards import forwarded
from intake.normalise import normalise
from tests.support.mails import MAILBOX, inbound

CASES = Path(__file__).parent / "cases"
_KINDS = {
    "text": "text/plain; charset=utf-8",
    "flowed": "text/plain; charset=utf-8; format=flowed",
    "html": "text/html; charset=utf-8",
}


@dataclass(frozen=True, slots=True)
class Trap:
    name: str
    raw: bytes
    expect: dict[str, list[str]]


def written() -> list[Trap]:
    """The traps of the case files, in order."""
    traps = []
    for path in sorted(CASES.glob("*.txt")):
        for block in ("\n" + path.read_text(encoding="utf-8")).split("\n=== ")[1:]:
            name, _, rest = block.partition("\n")
            told, _, mail = rest.partition("---\n")
            keys: dict[str, list[str]] = defaultdict(list)
            for line in told.splitlines():
                key, _, value = line.partition(":")
                keys[key.strip()].append(value.strip())
            traps.append(Trap(f"{path.stem}: {name.strip()}", _bytes(mail, keys), dict(keys)))
    return traps


def _bytes(mail: str, keys: dict[str, list[str]]) -> bytes:
    kind = keys.get("as", ["text"])[0]
    charset = keys.get("charset", ["utf-8"])[0]
    body = mail.rstrip("\n") + "\n"
    if keys.get("escapes"):
        data = (
            body.replace("\n", "\r\n").encode("latin-1", "backslashreplace").decode("unicode_escape").encode("latin-1")
        )
    else:
        data = body.replace("\n", "\r\n").encode(charset)
    if kind == "raw":
        return data
    more = keys.get("head", [])
    named = {line.split(":")[0].lower() for line in more}
    head = {
        "From": keys.get("sender", ["Sanne Bakker <sanne@voorbeeld.example>"])[0],
        "To": MAILBOX,
        "Subject": keys.get("title", ["Re: uw bericht"])[0],
        "Date": "Mon, 02 Nov 2026 14:03:00 +0100",
        "Message-ID": "<een@voorbeeld.example>",
        "MIME-Version": "1.0",
        "Content-Type": _KINDS[kind].replace("utf-8", charset),
        "Content-Transfer-Encoding": "8bit",
    }
    lines = [*more, *(f"{name}: {value}" for name, value in head.items() if name.lower() not in named)]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + data


def read(trap: Trap) -> ParsedMessage | None:
    """What becomes of the mail; None when it is set aside as unreadable."""
    try:
        return normalise(inbound(trap.raw, envelope_from=trap.expect.get("envelope", [None])[0]))
    except InputError as error:
        assert error.code == "unreadable", error.code
        return None


def faults(trap: Trap) -> list[str]:
    """Every way in which the outcome differs from what the trap says; empty when all is right."""
    message = read(trap)
    expect = trap.expect
    if message is None or "quarantine" in expect:
        return [] if message is None and "quarantine" in expect else ["set aside or not, against what is expected"]
    found = [*_texts(message, expect), *_fields(message, expect), *_forward(message, expect)]
    if not message.own_words and message.text:
        found.append("no own words although there is text")
    return found


def _parts(expect: dict[str, list[str]], key: str) -> list[str]:
    return [part.strip() for value in expect.get(key, []) for part in value.split(" | ") if part.strip()]


def _texts(message: ParsedMessage, expect: dict[str, list[str]]) -> list[str]:
    flat = {
        "has": " ".join(message.own_words.split()),
        "text": " ".join(message.text.split()),
        "quoted": " ".join(message.quoted.split()),
    }
    found = [f"{key}: {part!r} is missing in {flat[key][:300]!r}" for key in flat for part in _parts(expect, key)
             if part not in flat[key]]  # fmt: skip
    found += [
        f"lacks: {part!r} stands in {flat['has'][:300]!r}" for part in _parts(expect, "lacks") if part in flat["has"]
    ]
    if "own" in expect and flat["has"] != expect["own"][0]:
        found.append(f"own: {flat['has'][:300]!r}")
    return found


def _fields(message: ParsedMessage, expect: dict[str, list[str]]) -> list[str]:
    seen = {
        "machine": message.machine.value if message.machine else "person",
        "subject": message.subject,
        "from": message.from_address,
        "name": message.from_name,
        "reply-to": message.reply_to,
        "silent": "yes" if message.auto_suppressed else "no",
        "files": ", ".join(attachment.name for attachment in message.attachments) or "none",
        "permanent": "yes" if message.bounce_permanent else "no",
        "references": " ".join(message.references),
    }
    wanted = {"machine": ["person"], **expect}
    found = [
        f"{key}: {seen[key]!r}, not {wanted[key][0]!r}" for key in seen if key in wanted and seen[key] != wanted[key][0]
    ]
    found += [f"to: {part} is missing" for part in _parts(expect, "to") if part not in message.to]
    found += [f"flags: {part} is missing" for part in _parts(expect, "flags") if part not in message.flags]
    found += [f"flags: {part} is there" for part in _parts(expect, "noflags") if part in message.flags]
    found += [f"bounced: {part} is missing" for part in _parts(expect, "bounced") if part not in message.bounced_ids]
    return found


def _forward(message: ParsedMessage, expect: dict[str, list[str]]) -> list[str]:
    if "forwarded" not in expect:
        return []
    inside = forwarded(message)
    if inside is None or expect["forwarded"] == ["none"]:
        return [] if inside is None and expect["forwarded"] == ["none"] else [f"forwarded: {inside}"]
    told = " ".join(
        f"{inside.from_name} <{inside.from_address}> {inside.date_text} {inside.subject} {inside.own_words}".split()
    )
    return [
        f"forwarded: {part!r} is missing in {told[:300]!r}" for part in _parts(expect, "forwarded") if part not in told
    ]
