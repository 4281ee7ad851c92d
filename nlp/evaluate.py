"""How well the reader reads: `python -m nlp.evaluate [folder]`. Prints figures for the dev and the test writers.

Dev writers are read by a model that was trained without them; test writers by the model that ships. One team wrote the
whole corpus, so the figures compare versions of this program; they do not promise anything about somebody's mailbox.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cases.reading import Certainty, Reading
from cases.types import DESTRUCTIVE, Label
from nlp.decide import REQUESTS, threshold
from nlp.examples import Example, Split, load_examples
from nlp.model import ensure_model
from nlp.reader import DutchReader
from nlp.train import fit


@dataclass(frozen=True, slots=True)
class Scores:
    """Forced figures take the best label when nothing is sure; answered figures are what the program acts on."""

    examples: int
    macro_f1: float
    exact: float
    per_label: dict[Label, tuple[float, int]]  # F1 and how many there are
    answered: float
    accuracy_answered: float
    missed: tuple[str, ...]  # requests read as certainly none: ids
    wrong_destructive: int  # certain, and a destructive label that was not asked
    other_set_aside: float  # share of non-requests that are certainly none
    confusion: Counter[tuple[str, str]]


def forced(reading: Reading) -> frozenset[Label]:
    """The labels as if an answer had to be given."""
    chances = reading.probabilities
    sure = frozenset(label for label in REQUESTS if chances[label] >= threshold(label))
    best = max(chances, key=lambda label: chances[label])
    if best is Label.OVERIG or not sure:
        return frozenset({best})
    return sure


def measure(reader: DutchReader, examples: Sequence[Example]) -> Scores:
    readings = reader.read_many([(example.subject, example.text) for example in examples])
    pairs = list(zip(examples, readings, strict=True))
    guesses = [forced(reading) for reading in readings]
    per_label = {label: _f1(label, examples, guesses) for label in Label}
    answered = [(example, reading) for example, reading in pairs if reading.certainty is Certainty.CERTAIN]
    right = sum(frozenset(reading.labels) == example.labels for example, reading in answered)
    none = [reading for example, reading in pairs if Label.OVERIG in example.labels]
    confusion: Counter[tuple[str, str]] = Counter()
    for example, guess in zip(examples, guesses, strict=True):
        if guess != example.labels:
            confusion["+".join(sorted(example.labels)), "+".join(sorted(guess))] += 1
    present = [score for score, count in per_label.values() if count]
    return Scores(
        examples=len(examples),
        macro_f1=sum(present) / len(present),
        exact=sum(guess == example.labels for example, guess in zip(examples, guesses, strict=True)) / len(examples),
        per_label=per_label,
        answered=len(answered) / len(examples),
        accuracy_answered=right / max(len(answered), 1),
        missed=tuple(
            example.id
            for example, reading in answered
            if Label.OVERIG in reading.labels and Label.OVERIG not in example.labels
        ),
        wrong_destructive=sum(
            bool((frozenset(reading.labels) & DESTRUCTIVE) - example.labels) for example, reading in answered
        ),
        other_set_aside=sum(reading.labels == (Label.OVERIG,) for reading in none) / max(len(none), 1),
        confusion=confusion,
    )


def _f1(label: Label, examples: Sequence[Example], guesses: Sequence[frozenset[Label]]) -> tuple[float, int]:
    hits = sum(label in guess and label in example.labels for example, guess in zip(examples, guesses, strict=True))
    said = sum(label in guess for guess in guesses)
    there = sum(label in example.labels for example in examples)
    return (2 * hits / (said + there) if said + there else 0.0), there


def report(name: str, scores: Scores) -> str:
    lines = [
        f"{name}: {scores.examples} messages",
        f"  forced:   macro-F1 {scores.macro_f1:.3f}   exact match {scores.exact:.3f}",
        f"  answered: {scores.answered:.1%} of messages, exact on those {scores.accuracy_answered:.3f}",
        f"  requests missed (certainly none): {len(scores.missed)} {' '.join(scores.missed)}",
        f"  wrong destructive label, certain: {scores.wrong_destructive}",
        f"  non-requests set aside as certain: {scores.other_set_aside:.1%}",
        *(f"    {label:<13} F1 {score:.3f}   n {count}" for label, (score, count) in scores.per_label.items()),
        "  confusion (given > read):",
        *(f"    {count:>3}  {given} > {read}" for (given, read), count in scores.confusion.most_common(25)),
    ]
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> int:
    folder = Path(arguments[0]) if arguments else Path("var/model")
    examples = load_examples()
    dev = [example for example in examples if example.split is Split.DEV]
    test = [example for example in examples if example.split is Split.TEST]
    if dev:
        trained = fit([example for example in examples if example.split is Split.TRAIN], "without-dev")
        sys.stdout.write(report("dev (trained without them)", measure(DutchReader(trained), dev)) + "\n")
    if test:
        sys.stdout.write(report("test", measure(DutchReader(ensure_model(folder)), test)) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
