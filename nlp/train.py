"""Fits the model from the corpus: `python -m nlp.train [folder]`. Seconds on one core, the same every run.

Lives here: vocabulary, fit, out-of-fold calibration. Not here: the numerics (`logistic`), the model file (`model`).
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from cases.types import Label
from nlp.examples import CORPUS, Example, Split, load_examples
from nlp.features import BUCKETS, Floats, Ints, Slots, block_bounds, counted, occurrences, weighted
from nlp.logistic import fit_gram, platt
from nlp.model import Model, save

SEED = 20_181  # only the order of writers over the folds hangs on it
FOLDS = 8
STRENGTH = 30.0  # inverse regularisation
SHIPPED = frozenset({Split.TRAIN, Split.DEV})  # the test writers are never read
RARE_EXPONENT = 0.5  # a positive counts (negatives / positives) ** this
_RECIPE = ("features.py", "concepts.py", "concepts.toml", "logistic.py", "examples.py", "train.py", "model.py")

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Table:
    """Examples as numbers: weighted features, and which labels each carries."""

    slots: Slots
    idf: Floats
    features: csr_array
    targets: Array


def text_of(example: Example) -> str:
    return joined(example.subject, example.text)


def joined(subject: str, own_words: str) -> str:
    """The text that is read: the subject, a blank line, the sender's own words."""
    return f"{subject}\n\n{own_words}" if subject.strip() else own_words


def inputs_digest(folder: Path = CORPUS) -> str:
    """Digest of all that shapes the model: the corpus and the code that reads and fits it."""
    digest = hashlib.sha256()
    here = Path(__file__).parent
    for path in [*sorted(folder.glob("*.jsonl")), *(here / name for name in _RECIPE)]:
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def targets_of(examples: Sequence[Example]) -> Array:
    return np.array([[float(label in example.labels) for label in Label] for example in examples])


def vocabulary(found: Sequence[Ints]) -> tuple[Slots, Floats]:
    """Slot of each bucket and idf of each slot; what stands in one example only is left out."""
    documents = np.zeros(BUCKETS, dtype=np.int64)
    for buckets in found:
        documents[np.unique(buckets)] += 1
    used = np.flatnonzero(documents >= 2)
    slots = np.full(BUCKETS, -1, dtype=np.int32)
    slots[used] = np.arange(len(used), dtype=np.int32)
    idf = np.log((1.0 + len(found)) / (1.0 + documents[used])) + 1.0
    return slots, idf.astype(np.float32)


def rows_of(found: Sequence[Ints], slots: Slots, idf: Floats) -> csr_array:
    bounds = block_bounds(slots)
    counts = [counted(slots[buckets], len(idf)) for buckets in found]
    data = np.concatenate([weighted(count, idf, bounds) for count in counts])
    ends = np.cumsum([0, *(len(count.slots) for count in counts)])
    return csr_array((data, np.concatenate([count.slots for count in counts]), ends), shape=(len(counts), len(idf)))


def table_of(examples: Sequence[Example]) -> Table:
    found = [occurrences(text_of(example)).buckets for example in examples]
    slots, idf = vocabulary(found)
    return Table(slots, idf, rows_of(found, slots, idf), targets_of(examples))


def positive_weights(targets: Array) -> Array:
    """Rare labels count for more, else they are never said."""
    positives = np.maximum(targets.sum(axis=0), 1.0)
    ratio = np.maximum((len(targets) - positives) / positives, 1.0) ** RARE_EXPONENT
    return np.where(targets > 0, ratio, 1.0)


def folds_of(examples: Sequence[Example]) -> npt.NDArray[np.int64]:
    """A fold for each example; all examples of a writer share one."""
    writers = sorted({example.writer for example in examples})
    order = np.random.default_rng(SEED).permutation(len(writers))
    fold = {writer: int(place) % FOLDS for writer, place in zip(writers, order, strict=True)}
    return np.array([fold[example.writer] for example in examples])


def out_of_fold(gram: Array, targets: Array, folds: npt.NDArray[np.int64]) -> Array:
    """Scores of every example by a model that has not read its writer."""
    scores = np.zeros_like(targets)
    for fold in range(FOLDS):
        rest, held = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        if not len(held):
            continue
        inner = gram[np.ix_(rest, rest)]
        dual, intercepts = fit_gram(inner, targets[rest], positive_weights(targets[rest]), STRENGTH)
        scores[held] = gram[np.ix_(held, rest)] @ dual + intercepts
    return scores


def fit(examples: Sequence[Example], digest: str) -> Model:
    """The model, its scores turned into probabilities by Platt's method on out-of-fold scores."""
    table = table_of(examples)
    gram = np.asarray((table.features @ table.features.T).todense(), dtype=np.float64)
    held_scores = out_of_fold(gram, table.targets, folds_of(examples))
    dual, intercepts = fit_gram(gram, table.targets, positive_weights(table.targets), STRENGTH)
    weights = np.asarray(table.features.T @ dual, dtype=np.float64)
    for column in range(len(Label)):
        slope, offset = platt(held_scores[:, column], table.targets[:, column])
        weights[:, column] *= slope
        intercepts[column] = intercepts[column] * slope + offset
    return Model(
        slots=table.slots,
        bounds=block_bounds(table.slots),
        idf=table.idf,
        weights=np.ascontiguousarray(weights, dtype=np.float32),
        intercepts=intercepts.astype(np.float32),
        digest=digest,
        examples=len(examples),
    )


def build(folder: Path, corpus: Path = CORPUS, splits: Collection[Split] = SHIPPED) -> Model:
    """Trains on the given splits and saves into `folder`."""
    examples = [example for example in load_examples(corpus) if example.split in splits]
    model = fit(examples, inputs_digest(corpus))
    save(model, folder, seed=SEED)
    return model


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m nlp.train", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=Path("var/model"))
    parser.add_argument("--corpus", type=Path, default=CORPUS)
    parser.add_argument("--splits", nargs="+", type=Split, default=sorted(SHIPPED))
    given = parser.parse_args(arguments)
    model = build(given.folder.resolve(), given.corpus, given.splits)
    sys.stdout.write(f"{given.folder}: {model.examples} examples, {len(model.idf)} features, version {model.version}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
