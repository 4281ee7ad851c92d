"""One message in, one line out: the shape of `privacyloket read --jsonl`. Reading and printing are the command's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from cases.errors import InputError
from cases.reading import Asked, Certainty, Change, Fact, FactKind, Flag, Reading, Reply, ReplyKind
from cases.types import Label
from nlp.features import CAP
from nlp.own_words import blanked
from nlp.reader import DutchReader, text_read

BESIDE_AN_ANSWER = 0.6  # a wish beside "ja" must be this likely; most answers hold none
_SHORT = 5  # words; fewer hold an answer and no more
_SHORT_REFUSAL = 8
_CHECKED = frozenset(
    {
        FactKind.EMAIL,
        FactKind.PHONE,
        FactKind.POSTCODE,
        FactKind.IBAN,
        FactKind.BSN,
        FactKind.KVK,
        FactKind.VAT,
        FactKind.DOMAIN,
        FactKind.DATE,
    }
)
_APART = frozenset({ReplyKind.NOT_ME, ReplyKind.HUMAN, ReplyKind.ADDRESS})
_ACTS = {ReplyKind.NEVER_MIND: "withdraw", ReplyKind.NEW_CODE: "unsure", ReplyKind.OTHER: "unsure"}


@dataclass(frozen=True, slots=True)
class Line:
    id: str
    chat: bool
    subject: str
    text: str
    asked: Asked | None


def line_of(row: object) -> Line:
    """The line as given; raises InputError when it is not one."""
    if not isinstance(row, Mapping) or not isinstance(row.get("text", ""), str):
        raise InputError("no_message")
    subject = row.get("subject") or ""
    asked = row.get("asked")
    kind = asked.get("kind") if isinstance(asked, Mapping) else asked
    return Line(
        id=str(row.get("id", "")),
        chat=row.get("channel") == "chat",
        subject=subject if isinstance(subject, str) else "",
        text=row.get("text") or "",
        asked=Asked(kind) if kind in set(Asked) else None,
    )


def answer(reader: DutchReader, line: Line, own: str) -> dict[str, Any]:
    """What was read. `own`: the sender's own words, as `intake` cuts them out; "" sends the message to a person."""
    reading = reader.read(line.subject, own or line.text)
    only_quoted = not own.strip() and bool(line.text.strip())
    facts = [fact for fact in _facts(reader, line, own, reading) if fact.kind is not FactKind.CODE]
    found: dict[str, Any] = {
        "id": line.id,
        "labels": {str(label): round(chance, 4) for label, chance in reading.probabilities.items()},
        "chosen": [str(label) for label in reading.chosen],
        "decision": str(Certainty.TRIAGE if only_quoted else reading.certainty),
        "language": reading.language or "nl",
        "facts": [_fact(fact, line.text) for fact in facts],
        "changes": _changes(reading.changes),
        "flags": sorted(str(flag) for flag in reading.flags if flag is not Flag.PRIVACY_WORD),
    }
    if line.asked is not None:
        reply = reader.read_reply(own or line.text, line.asked)
        found |= _within(reading, reply, len((own or line.text).split()))
    return found


def _facts(reader: DutchReader, line: Line, own: str, reading: Reading) -> Iterable[Fact]:
    """In the text as it came. Where nothing is quoted they have been read already, behind the subject."""
    seen = blanked(line.text, own) if own else line.text
    if len(text_read(line.subject, seen)) == CAP or seen.strip() != (own or line.text).strip():
        return reader.facts(seen)
    begin = len(text_read(line.subject, "")) - (len(seen) - len(seen.lstrip()) if own else 0)
    return [
        replace(fact, start=fact.start - begin, end=fact.end - begin)
        for fact in reading.facts
        if fact.start >= len(text_read(line.subject, ""))
    ]


def _within(reading: Reading, reply: Reply, words: int) -> dict[str, Any]:
    """An answer to our question: what it does, and the wishes that stand beside it, mostly none."""
    if reply.kind is ReplyKind.NEVER_MIND:
        labels = [Label.ANNULEREN]
    elif words < (_SHORT_REFUSAL if reply.kind in _APART else _SHORT):
        labels = []
    else:
        labels = [
            label
            for label in reading.chosen
            if label is not Label.OVERIG and reading.probabilities[label] >= BESIDE_AN_ANSWER
        ]
    changes = [change for change in reading.changes if not _answers(change, reply)] if Label.CORRECTIE in labels else []
    if reading.changes and not changes:  # the address that was asked for, and no other
        labels = [label for label in labels if label is not Label.CORRECTIE]
    plain = reply.kind is not ReplyKind.OTHER
    certainty = reading.certainty if labels or not plain else Certainty.CERTAIN
    value = reply.code or reply.value or None
    return {
        "chosen": [str(label) for label in labels],
        "decision": str(certainty),
        "changes": _changes(changes),
        "act": {"kind": _ACTS.get(reply.kind, str(reply.kind)), "value": value},
    }


def _answers(change: Change, reply: Reply) -> bool:
    """What looks like a new value is what was asked for: "Mijn adres is Eikpad 3, Urk"."""
    return reply.kind is ReplyKind.ADDRESS and change.old is None and " ".join(change.new.split()) in reply.value


def _changes(changes: Iterable[Change]) -> list[dict[str, Any]]:
    return [{"field": change.field, "old": change.old, "new": change.new} for change in changes]


def _fact(fact: Fact, text: str) -> dict[str, Any]:
    """`valid` is null where a kind has no check."""
    return {
        "kind": str(fact.kind), "text": text[fact.start : fact.end], "value": fact.value,
        "start": fact.start, "end": fact.end,
        "valid": fact.checked if fact.kind in _CHECKED else None,
    }  # fmt: skip


def nothing_read(identifier: str) -> dict[str, Any]:
    """For a line that holds no message: a person looks."""
    return {
        "id": identifier, "labels": {str(label): 0.0 for label in Label}, "chosen": [str(Label.OVERIG)],
        "decision": str(Certainty.TRIAGE),
        "language": "nl", "facts": [], "changes": [], "flags": [],
    }  # fmt: skip
