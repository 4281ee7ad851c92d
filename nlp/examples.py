"""The corpus: hand-written messages with their labels, one JSON object a line in `corpus/`.

Writers stand in one split only, so a score on `test` says something about people the model has never read.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from cases.types import Label

CORPUS = Path(__file__).parent / "corpus"


class Split(StrEnum):
    TRAIN = "train"
    DEV = "dev"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Example:
    id: str
    writer: str
    channel: str  # "mail" or "chat"
    labels: frozenset[Label]
    subject: str
    text: str
    split: Split


def load_examples(folder: Path = CORPUS) -> list[Example]:
    """Every example, in the order of the files; a bad line names its file and number."""
    found: list[Example] = []
    for path in sorted(folder.glob("*.jsonl")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            try:
                found.append(_example(json.loads(line)))
            except (KeyError, ValueError) as error:
                raise ValueError(f"{path.name}:{number}: {error}") from error
    return found


def _example(row: dict[str, object]) -> Example:
    labels = row["labels"]
    if not isinstance(labels, list):
        raise ValueError("labels must be a list")
    return Example(
        id=str(row["id"]),
        writer=str(row["writer"]),
        channel=str(row["channel"]),
        labels=frozenset(Label(label) for label in labels),
        subject=str(row["subject"]),
        text=str(row["text"]),
        split=Split(str(row["split"])),
    )
