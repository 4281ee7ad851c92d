"""How well the reader reads: labels, facts, corrections, answers and flags of the writers of one part.

Test writers are read by the model that ships; dev writers by a model that was made without them. One team wrote the
whole corpus, so the figures compare versions of this program; they do not promise anything about somebody's mailbox.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cases.reading import Asked, Certainty
from cases.types import DESTRUCTIVE, Label
from nlp.encoder import second_reader
from nlp.examples import LEARNED, Example, Split, load_examples
from nlp.lines import Line, answer
from nlp.model import ensure_model
from nlp.reader import DutchReader
from nlp.remembered import Remembering, load_said
from nlp.train import fit

Advance = Callable[[int, int], None]
_BINS = 10


@dataclass(frozen=True, slots=True)
class Counts:
    """Found and right, found and wrong, not found."""

    hits: int = 0
    extra: int = 0
    missed: int = 0

    @property
    def f1(self) -> float:
        return 2 * self.hits / max(2 * self.hits + self.extra + self.missed, 1)

    @property
    def there(self) -> int:
        return self.hits + self.missed


@dataclass(frozen=True, slots=True)
class Scores:
    """Forced figures take the best labels when nothing is sure; answered figures are what the program acts on."""

    examples: int
    macro_f1: float
    macro_interval: tuple[float, float]  # 95 %, bootstrap over messages
    exact: float
    exact_interval: tuple[float, float]
    per_label: dict[Label, tuple[float, int]]  # F1 and how many there are
    answered: float
    accuracy_answered: float
    missed: tuple[str, ...]  # requests read as certainly none: ids
    wrong_destructive: int  # certain, and a label that can not be undone and was not asked
    kept_destructive: float  # of those labels, the share chosen or asked about
    other_set_aside: float  # share of non-requests that are certainly none
    confusion: Counter[tuple[str, str]]
    reliability: tuple[tuple[float, float, int], ...]  # said, true, how many
    facts: dict[str, Counts]
    changes: Counts
    flags: dict[str, Counts]
    answers: tuple[int, int]  # replies read rightly, replies
    chat_ms: float  # 95th percentile of the clear cases
    mail_ms: float
    clear: float  # share in which the second reader was not asked


def measure(
    reader: DutchReader,
    examples: Sequence[Example],
    advance: Advance = lambda _done, _all: None,
    second: Remembering | None = None,
) -> Scores:
    """Reads every example as `privacyloket read` would. The clear case is the one in which `second` is not asked."""
    found, times = [], []
    for number, example in enumerate(examples, start=1):
        asked = Asked(example.asked) if example.asked else None
        before, began = second.asked if second else 0, time.perf_counter()
        found.append(
            answer(
                reader, Line(example.id, example.channel == "chat", example.subject, example.text, asked), example.own
            )
        )
        if second is None or second.asked == before:
            times.append((example.channel, time.perf_counter() - began))
        advance(number, len(examples))
    labelled = [
        (example, row) for example, row in zip(examples, found, strict=True) if example.labels and not example.asked
    ]
    marked = [(example, row) for example, row in zip(examples, found, strict=True) if example.facts is not None]
    gold = np.array([[label in example.labels for label in Label] for example, _ in labelled])
    said = np.array([[str(label) in row["chosen"] for label in Label] for _, row in labelled])
    certain = [(example, frozenset(row["chosen"])) for example, row in labelled if row["decision"] == Certainty.CERTAIN]
    destructive = [(label, row) for example, row in labelled for label in example.labels & DESTRUCTIVE]
    none = [row for example, row in labelled if Label.OVERIG in example.labels]
    confusion: Counter[tuple[str, str]] = Counter()
    for example, row in labelled:
        if frozenset(row["chosen"]) != example.labels:
            confusion["+".join(sorted(example.labels)), "+".join(sorted(row["chosen"]))] += 1
    replies = [(example, row) for example, row in zip(examples, found, strict=True) if example.asked and example.act]
    return Scores(
        examples=len(examples),
        macro_f1=_macro(gold, said),
        macro_interval=_interval(gold, said, _macro),
        exact=_exact(gold, said),
        exact_interval=_interval(gold, said, _exact),
        per_label={label: _f1(gold[:, at], said[:, at]) for at, label in enumerate(Label)},
        answered=len(certain) / max(len(labelled), 1),
        accuracy_answered=sum(chosen == example.labels for example, chosen in certain) / max(len(certain), 1),
        missed=tuple(e.id for e, chosen in certain if Label.OVERIG in chosen and Label.OVERIG not in e.labels),
        wrong_destructive=sum(bool((chosen & DESTRUCTIVE) - example.labels) for example, chosen in certain),
        kept_destructive=sum(
            label in row["chosen"] or row["decision"] != Certainty.CERTAIN for label, row in destructive
        )
        / max(len(destructive), 1),
        other_set_aside=sum(row["decision"] == Certainty.CERTAIN and row["chosen"] == [Label.OVERIG] for row in none)
        / max(len(none), 1),
        confusion=confusion,
        reliability=_reliability(labelled),
        facts=_facts(marked),
        changes=_changes(marked),
        flags=_flags(marked),
        answers=(sum(row["act"]["kind"] == example.act[0] for example, row in replies if example.act), len(replies)),
        chat_ms=_slowest([took for channel, took in times if channel == "chat"]),
        mail_ms=_slowest([took for channel, took in times if channel == "mail"]),
        clear=len(times) / max(len(examples), 1),
    )


Booleans = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]


def _f1(gold: Booleans, said: Booleans) -> tuple[float, int]:
    both = int((gold & said).sum())
    sizes = int(gold.sum() + said.sum())
    return (2 * both / sizes if sizes else 0.0), int(gold.sum())


def _macro(gold: Booleans, said: Booleans) -> float:
    scores = [score for score, count in (_f1(gold[:, at], said[:, at]) for at in range(gold.shape[1])) if count]
    return sum(scores) / max(len(scores), 1)


def _exact(gold: Booleans, said: Booleans) -> float:
    return float((gold == said).all(axis=1).mean()) if len(gold) else 0.0


def _interval(gold: Booleans, said: Booleans, score: Callable[[Booleans, Booleans], float]) -> tuple[float, float]:
    """95 % of 400 draws with replacement; the seed is fixed."""
    draws = np.random.default_rng(7).integers(0, max(len(gold), 1), (400, len(gold)))
    values = [score(gold[draw], said[draw]) for draw in draws]
    return float(np.percentile(values, 2.5)), float(np.percentile(values, 97.5))


def macro_exact(gold: Booleans, said: Booleans) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """Macro-F1 and exact match, each with its interval."""
    return (_macro(gold, said), *_interval(gold, said, _macro)), (_exact(gold, said), *_interval(gold, said, _exact))


def _counts(pairs: Sequence[tuple[set[tuple[object, ...]], set[tuple[object, ...]]]]) -> Counts:
    return Counts(
        sum(len(gold & found) for gold, found in pairs),
        sum(len(found - gold) for gold, found in pairs),
        sum(len(gold - found) for gold, found in pairs),
    )


def _facts(marked: Sequence[tuple[Example, dict[str, object]]]) -> dict[str, Counts]:
    """Exact spans, by kind."""
    pairs: list[tuple[set[tuple[object, ...]], set[tuple[object, ...]]]] = []
    for example, row in marked:
        facts = row["facts"]
        assert isinstance(facts, list)
        gold: set[tuple[object, ...]] = {(str(fact.kind), fact.start, fact.end) for fact in example.facts or ()}
        pairs.append((gold, {(fact["kind"], fact["start"], fact["end"]) for fact in facts}))
    kinds = sorted({str(fact[0]) for gold, found in pairs for fact in gold | found})
    return {
        kind: _counts(
            [({f for f in gold if f[0] == kind}, {f for f in found if f[0] == kind}) for gold, found in pairs]
        )
        for kind in kinds
    }


def _changes(marked: Sequence[tuple[Example, dict[str, object]]]) -> Counts:
    pairs: list[tuple[set[tuple[object, ...]], set[tuple[object, ...]]]] = []
    for example, row in marked:
        changes = row["changes"]
        assert isinstance(changes, list)
        pairs.append(
            ({(c.field, c.old, c.new) for c in example.changes}, {(c["field"], c["old"], c["new"]) for c in changes})
        )
    return _counts(pairs)


def _flags(marked: Sequence[tuple[Example, dict[str, object]]]) -> dict[str, Counts]:
    pairs: list[tuple[set[str], set[str]]] = []
    for example, row in marked:
        flags = row["flags"]
        assert isinstance(flags, list)
        pairs.append(({str(flag) for flag in example.flags}, set(flags)))
    names = sorted({name for gold, found in pairs for name in gold | found})
    return {
        name: _counts(
            [({(name,)} if name in gold else set(), {(name,)} if name in found else set()) for gold, found in pairs]
        )
        for name in names
    }


def _reliability(labelled: Sequence[tuple[Example, dict[str, object]]]) -> tuple[tuple[float, float, int], ...]:
    """Of all probabilities said, by tenths: how often it was so."""
    said: list[tuple[float, bool]] = []
    for example, row in labelled:
        labels = row["labels"]
        assert isinstance(labels, dict)
        said += [(float(labels[label]), label in example.labels) for label in Label]
    bins: list[tuple[float, float, int]] = []
    for at in range(_BINS):
        inside = [
            (chance, true)
            for chance, true in said
            if at / _BINS <= chance < (at + 1) / _BINS or (chance == 1.0 and at == _BINS - 1)
        ]
        if inside:
            bins.append(
                (
                    sum(chance for chance, _ in inside) / len(inside),
                    sum(true for _, true in inside) / len(inside),
                    len(inside),
                )
            )
    return tuple(bins)


def _slowest(seconds: Sequence[float]) -> float:
    return 1000 * float(np.percentile(seconds, 95)) if seconds else 0.0


def evaluated(
    part: Split, folder: Path, *, embeddings: bool = True, advance: Advance = lambda _done, _all: None
) -> Scores:
    """`dev` is read by a model made without them, everything else by the model that ships."""
    examples = load_examples()
    made = second_reader() if embeddings else None
    second = Remembering(made, load_said()) if made is not None else None
    if part is Split.DEV:
        rest = [example for example in examples if example.split in LEARNED]
        model = fit(rest, "without-dev")
    else:
        model = ensure_model(folder)
    read = [example for example in examples if example.split is part]
    return measure(DutchReader(model, second), read, advance, second)


def report(name: str, scores: Scores) -> str:
    def between(interval: tuple[float, float]) -> str:
        return f"[{interval[0]:.3f}, {interval[1]:.3f}]"

    lines = [
        f"{name}: {scores.examples} messages",
        f"  forced:   macro-F1 {scores.macro_f1:.3f} {between(scores.macro_interval)}   exact "
        f"{scores.exact:.3f} {between(scores.exact_interval)}",
        f"  answered: {scores.answered:.1%} of messages, exact on those {scores.accuracy_answered:.3f}",
        f"  requests read as certainly none: {len(scores.missed)} ({len(scores.missed) / max(scores.examples, 1):.2%})",
        f"  certain, with a wrong label that can not be undone: {scores.wrong_destructive}; of such "
        f"labels asked, chosen or asked about: {scores.kept_destructive:.1%}",
        f"  non-requests set aside as certain: {scores.other_set_aside:.1%}",
        f"  p95: chat {scores.chat_ms:.1f} ms, mail {scores.mail_ms:.1f} ms, in the clear case ({scores.clear:.0%})",
        *(f"    {label:<13} F1 {score:.3f}   n {count}" for label, (score, count) in scores.per_label.items()),
        "  facts (exact span):",
        *(f"    {kind:<16} F1 {counts.f1:.3f}   n {counts.there}" for kind, counts in scores.facts.items()),
        f"  corrections (field, old, new): F1 {scores.changes.f1:.3f}   n {scores.changes.there}",
        f"  answers to a question: {scores.answers[0]} of {scores.answers[1]}",
        "  flags:",
        *(f"    {name:<16} F1 {counts.f1:.3f}   n {counts.there}" for name, counts in scores.flags.items()),
    ]
    return "\n".join(lines)
