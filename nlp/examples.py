"""The corpus: hand-written messages with labels, facts and what else is in them, one JSON object a line in `corpus/`.

The folder of a file is its split (`Split`); `own` holds an organisation's own examples and is read as `train`.
Writers stand in one split only, so a score on `test` says something about people the model has never read.
Lives here: the format and the loader. How a written line comes in is in `marked`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from cases.reading import FactKind, Flag
from cases.types import Label

CORPUS = Path(__file__).parent / "corpus"
OWN = "own"


class Split(StrEnum):
    TRAIN = "train"
    FACTS = "facts"  # teaches facts, corrections and which labels go together: its mixture is no mailbox's
    DEV = "dev"
    TEST = "test"
    CORRECTIONS = "corrections"  # a second test part: corrections and numbers, of which the first holds few
    UNGUIDED = "unguided"  # a third: by writers who had seen no guide and no example
    WISHES = "wishes"  # a fourth, by such writers too: several wishes at once, and wishes about one particular thing


LEARNED = frozenset({Split.TRAIN, Split.FACTS})  # what a model is made from; the others measure it


@dataclass(frozen=True, slots=True)
class Span:
    """A fact as the writer marked it, in code points of `text`."""

    kind: FactKind
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class WrittenChange:
    field: str
    old: str | None
    new: str


@dataclass(frozen=True, slots=True)
class Example:
    id: str
    writer: str
    channel: str  # "mail" or "chat"
    labels: frozenset[Label]  # empty: a reply that only gives what was asked
    subject: str
    text: str  # as it came, quotes included
    split: Split
    own: str  # the sender's own words
    facts: tuple[Span, ...] | None = None  # None: nobody marked them in this message
    changes: tuple[WrittenChange, ...] = ()
    flags: frozenset[Flag] = frozenset()
    language: str = "nl"
    form: str = ""  # "je", "u" or ""
    asked: str = ""  # what the desk had asked, "" when nothing
    act: tuple[str, str] | None = None  # what the reply does, and its value


def load_examples(folder: Path = CORPUS) -> list[Example]:
    """Every example, in the order of the files; a bad line names its file and number."""
    found: list[Example] = []
    for path in sorted(folder.glob("*/*.jsonl")):
        split = Split.TRAIN if path.parent.name == OWN else Split(path.parent.name)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            try:
                found.append(example_of(json.loads(line), split))
            except (KeyError, ValueError, TypeError) as error:
                raise ValueError(f"{path.name}:{number}: {error}") from error
    return found


def example_of(row: Mapping[str, Any], split: Split) -> Example:
    text = str(row["text"])
    marked = row.get("facts")
    act = row.get("act")
    return Example(
        id=str(row["id"]),
        writer=str(row["writer"]),
        channel=str(row["channel"]),
        labels=frozenset(Label(label) for label in row["labels"]),
        subject=str(row["subject"]),
        text=text,
        split=split,
        own=str(row.get("own", text)),
        facts=None if marked is None else tuple(Span(FactKind(kind), int(at), int(to)) for kind, at, to in marked),
        changes=tuple(WrittenChange(c["field"], c["old"], c["new"]) for c in row.get("changes", ())),
        flags=frozenset(Flag(flag) for flag in row.get("flags", ())),
        language=str(row.get("language", "nl")),
        form=str(row.get("form", "")),
        asked=str(row.get("asked") or ""),
        act=None if act is None else (str(act["kind"]), str(act["value"] or "")),
    )
