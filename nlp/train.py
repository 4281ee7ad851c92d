"""Fits the model from the corpus. Some 50 seconds on two cores, the same every run.

Lives here: vocabulary, fits, out-of-fold calibration. Not here: the numerics (`logistic`), the tagger of names
(`train_tagger`), the model file (`model`), the command (`bot/nlp_commands`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from nlp.decide import LABELS, label_sets
from nlp.encoder import ADAPTERS
from nlp.examples import CORPUS, LEARNED, Example, Split, load_examples
from nlp.fact_references import References
from nlp.features import (
    BUCKETS,
    Counted,
    Floats,
    Slots,
    block_bounds,
    counted,
    occurrences,
    weighted,
)
from nlp.logistic import STEPS, Single, fit_rows, platt
from nlp.model import FLAGS, Linear, Model, save
from nlp.own_words import joined
from nlp.tagger import Tagger
from nlp.train_houses import fit_houses
from nlp.train_references import fit_references
from nlp.train_roles import fit_roles
from nlp.train_tagger import fit_tagger

SEED = 20_181  # only the order of writers over the folds hangs on it
FOLDS = 2
FOLD_STEPS = 20  # only the calibration hangs on them
LEAST = 3  # examples that must hold a feature
STRENGTH = 5.0  # inverse regularisation
SHIPPED = LEARNED | {Split.DEV}  # the test writers are never read
RARE_EXPONENT = 0.5  # a positive counts (negatives / positives) ** this
_RECIPE = (
    "features.py", "logistic.py", "examples.py", "train.py", "train_tagger.py", "tagger.py", "word_features.py",
    "train_roles.py", "change_roles.py", "change_cues.py", "change_units.py", "changes.py", "name_changes.py",
    "softmax.py", "tokens.py",
    "facts.py", "fact_addresses.py", "fact_dates.py", "fact_names.py", "fact_numbers.py", "fact_places.py",
    "fact_houses.py", "train_houses.py",
    "fact_references.py", "number_stretches.py", "number_cues.py", "number_features.py", "train_references.py",
    "gazetteer.toml", "own_words.py", "decide.py", "model.py",
)  # fmt: skip

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Table:
    """Examples as numbers: which features there are, and those of each, weighted."""

    slots: Slots
    idf: Floats
    features: csr_array


def text_of(example: Example) -> str:
    return joined(example.subject, example.own)


def inputs_digest(folder: Path = CORPUS) -> str:
    """Digest of all that shapes the model: the corpus and the code that reads and fits it."""
    digest = hashlib.sha256()
    here = Path(__file__).parent
    made_from = [*sorted(folder.glob("*/*.jsonl")), *(here / name for name in _RECIPE), *sorted(ADAPTERS.glob("*.npz"))]
    for path in filter(Path.is_file, made_from):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def targets_of(examples: Sequence[Example]) -> Single:
    return np.array([[label in example.labels for label in LABELS] for example in examples], dtype=np.float32)


def buckets_of(text: str) -> Counted:
    """The features of a text by bucket; small, because those of all texts are kept until the vocabulary is known."""
    found = counted(occurrences(text).buckets.astype(np.int32))
    return Counted(found.slots, found.counts.astype(np.uint16))


def vocabulary(texts: Iterable[Counted]) -> tuple[Slots, Floats]:
    """Slot of each bucket and idf of each slot; what hardly any example holds is left out."""
    documents = np.zeros(BUCKETS, dtype=np.int64)
    count = 0
    for text in texts:
        documents[text.slots] += 1
        count += 1
    used = np.flatnonzero(documents >= LEAST)
    slots = np.full(BUCKETS, -1, dtype=np.int32)
    slots[used] = np.arange(len(used), dtype=np.int32)
    idf = np.log((1.0 + count) / (1.0 + documents[used])) + 1.0
    return slots, idf.astype(np.float32)


def rows_of(texts: Iterable[Counted], slots: Slots, idf: Floats) -> csr_array:
    """Texts counted by bucket as rows over the vocabulary, weighted as `Model.score` weighs them."""
    bounds = block_bounds(slots)
    counts = [_known(text, slots) for text in texts]
    data = np.concatenate([weighted(count, idf, bounds) for count in counts])
    ends = np.cumsum([0, *(len(count.slots) for count in counts)], dtype=np.int32)
    return csr_array((data, np.concatenate([count.slots for count in counts]), ends), shape=(len(counts), len(idf)))


def _known(text: Counted, slots: Slots) -> Counted:
    places = slots[text.slots]
    return Counted(places[places >= 0], text.counts[places >= 0].astype(np.int64))


def table_of(examples: Sequence[Example]) -> Table:
    texts = [buckets_of(text_of(example)) for example in examples]
    slots, idf = vocabulary(texts)
    return Table(slots, idf, rows_of(texts, slots, idf))


def positive_weights(targets: Single, known: Single) -> Single:
    """Rare labels count for more, else they are never said; what is not known (0) counts for nothing."""
    positives = np.maximum((targets * known).sum(axis=0), 1.0)
    ratio = np.maximum((known.sum(axis=0) - positives) / positives, 1.0) ** RARE_EXPONENT
    return np.asarray(np.where(targets > 0, ratio, 1.0) * known, dtype=np.float32)


def folds_of(examples: Sequence[Example]) -> npt.NDArray[np.int64]:
    """A fold for each example; all examples of a writer share one."""
    writers = sorted({example.writer for example in examples})
    order = np.random.default_rng(SEED).permutation(len(writers))
    fold = {writer: int(place) % FOLDS for writer, place in zip(writers, order, strict=True)}
    return np.array([fold[example.writer] for example in examples])


def fit_all(
    features: csr_array, targets: Single, known: Single | None = None, steps: int = STEPS
) -> tuple[Single, Single]:
    weights = positive_weights(targets, np.ones_like(targets) if known is None else known)
    return fit_rows(features, targets, weights, STRENGTH, steps)


def out_of_fold(features: csr_array, targets: Single, known: Single, folds: npt.NDArray[np.int64]) -> Single:
    """Scores of every example by a model that has not read its writer."""
    scores = np.zeros_like(targets)
    for fold in np.unique(folds):
        rest, held = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        if not len(rest):
            continue
        weights, intercepts = fit_all(features[rest], targets[rest], known[rest], FOLD_STEPS)
        scores[held] = features[held] @ weights + intercepts
    return scores


def fit(examples: Sequence[Example], digest: str, say: Say = lambda _: None) -> Model:
    """The model, its scores turned into probabilities by Platt's method on out-of-fold scores."""
    asking = [example for example in examples if example.labels and example.split is not Split.FACTS]
    folds = folds_of(asking)
    say("words")
    with ProcessPoolExecutor(1, get_context("spawn")) as beside:  # the other core reads names and numbers meanwhile
        others = beside.submit(_fit_others, examples)
        table = table_of(asking)
        targets, known = _all_targets(asking)
        say("labels and flags, names and corrections")
        linear = _linear(table.features, targets, known, folds)
        roles = fit_roles(examples)
        houses = fit_houses(examples)
        tagger, references = others.result()
    return Model(
        slots=table.slots, bounds=block_bounds(table.slots), idf=table.idf, linear=linear,
        sets=label_sets(example.labels for example in examples), tagger=tagger, roles=roles,
        references=references, houses=houses, digest=digest, examples=len(examples),
    )  # fmt: skip


def _fit_others(examples: Sequence[Example]) -> tuple[Tagger, References]:
    return fit_tagger(examples), fit_references(examples)


def _all_targets(examples: Sequence[Example]) -> tuple[Single, Single]:
    """Labels and flags of each, and which of them are known: flags only where facts were marked too."""
    flags = np.array([[flag in example.flags for flag in FLAGS] for example in examples], dtype=np.float32)
    targets = np.hstack([targets_of(examples), flags])
    known = np.ones_like(targets)
    known[[example.facts is None for example in examples], len(LABELS) :] = 0
    return targets, known


def _linear(features: csr_array, targets: Single, known: Single, folds: npt.NDArray[np.int64]) -> Linear:
    """Calibrated weights over the features."""
    held = out_of_fold(features, targets, known, folds)
    weights, intercepts = fit_all(features, targets, known)
    for column in range(targets.shape[1]):
        seen = known[:, column] > 0
        slope, offset = platt(held[seen, column], targets[seen, column])
        weights[:, column] *= slope
        intercepts[column] = intercepts[column] * slope + offset
    return Linear(weights, intercepts)


def build(folder: Path, corpus: Path = CORPUS, splits: Collection[Split] = SHIPPED, say: Say = lambda _: None) -> Model:
    """Trains on the given splits and saves into `folder`."""
    examples = [example for example in load_examples(corpus) if example.split in splits]
    model = fit(examples, inputs_digest(corpus), say)
    save(model, folder, seed=SEED)
    return model
