"""Fits the model from the corpus. Under a minute on one core, the same every run.

Lives here: vocabulary, fits, out-of-fold calibration. Not here: the numerics (`logistic`), the tagger of names
(`train_tagger`), the model file (`model`), the command (`bot/nlp_commands`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from nlp.decide import LABELS, label_sets
from nlp.embeddings import CACHE, Embed, embedded, load_cache
from nlp.examples import CORPUS, Example, Split, load_examples
from nlp.features import BLOCK_BITS, BUCKETS, Block, Floats, Ints, Slots, block_bounds, counted, occurrences, weighted
from nlp.logistic import Single, fit_gram, platt
from nlp.model import FLAGS, Joint, Linear, Model, centred, save
from nlp.train_tagger import fit_tagger

SEED = 20_181  # only the order of writers over the folds hangs on it
FOLDS = 5
STRENGTH = 50.0  # inverse regularisation
SHIPPED = frozenset({Split.TRAIN, Split.DEV})  # the test writers are never read
RARE_EXPONENT = 0.5  # a positive counts (negatives / positives) ** this
_RECIPE = (
    "features.py", "logistic.py", "examples.py", "train.py", "train_tagger.py", "tagger.py", "word_features.py",
    "tokens.py", "gazetteer.toml",
    "own_words.py", "embeddings.py", "decide.py", "model.py",
)  # fmt: skip

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Table:
    """Examples as numbers: weighted features, which labels each carries, and how alike each two are."""

    slots: Slots
    idf: Floats
    features: csr_array
    targets: Single
    gram: Single


def text_of(example: Example) -> str:
    return joined(example.subject, example.own)


def joined(subject: str, own_words: str) -> str:
    """The text that is read: the subject, a blank line, the sender's own words."""
    return f"{subject}\n\n{own_words}" if subject.strip() else own_words


def inputs_digest(folder: Path = CORPUS) -> str:
    """Digest of all that shapes the model: the corpus and the code that reads and fits it."""
    digest = hashlib.sha256()
    here = Path(__file__).parent
    made_from = [*sorted(folder.glob("*/*.jsonl")), *(here / name for name in _RECIPE), CACHE]
    for path in filter(Path.is_file, made_from):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def targets_of(examples: Sequence[Example]) -> Single:
    return np.array([[label in example.labels for label in LABELS] for example in examples], dtype=np.float32)


def vocabulary(found: Sequence[Ints]) -> tuple[Slots, Floats]:
    """Slot of each bucket and idf of each slot; what stands in one example only is left out, of pairs in two."""
    documents = np.zeros(BUCKETS, dtype=np.int64)
    for buckets in found:
        documents[np.unique(buckets)] += 1
    least = np.where(np.arange(BUCKETS) >> BLOCK_BITS == Block.PAIRS, 3, 2)
    used = np.flatnonzero(documents >= least)
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
    features = rows_of(found, slots, idf)
    gram = np.asarray((features @ features.T).todense(), dtype=np.float32)
    return Table(slots, idf, features, targets_of(examples), gram)


def positive_weights(targets: Single) -> Single:
    """Rare labels count for more, else they are never said."""
    positives = np.maximum(targets.sum(axis=0), 1.0)
    ratio = np.maximum((len(targets) - positives) / positives, 1.0) ** RARE_EXPONENT
    return np.where(targets > 0, ratio, 1.0).astype(np.float32)


def folds_of(examples: Sequence[Example]) -> npt.NDArray[np.int64]:
    """A fold for each example; all examples of a writer share one."""
    writers = sorted({example.writer for example in examples})
    order = np.random.default_rng(SEED).permutation(len(writers))
    fold = {writer: int(place) % FOLDS for writer, place in zip(writers, order, strict=True)}
    return np.array([fold[example.writer] for example in examples])


def fit_all(gram: Single, targets: Single) -> tuple[Single, Single]:
    return fit_gram(gram, targets, positive_weights(targets), STRENGTH)


def out_of_fold(gram: Single, targets: Single, folds: npt.NDArray[np.int64]) -> Single:
    """Scores of every example by a model that has not read its writer."""
    scores = np.zeros_like(targets)
    for fold in np.unique(folds):
        rest, held = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        if not len(rest):
            continue
        dual, intercepts = fit_all(gram[np.ix_(rest, rest)], targets[rest])
        scores[held] = gram[np.ix_(held, rest)] @ dual + intercepts
    return scores


def fit(examples: Sequence[Example], digest: str, vectors: Floats | None = None, say: Say = lambda _: None) -> Model:
    """The model, its scores turned into probabilities by Platt's method on out-of-fold scores."""
    rows = [at for at, example in enumerate(examples) if example.labels]
    asking = [examples[at] for at in rows]
    table = table_of(asking)
    folds = folds_of(asking)
    say("labels")
    labels = _linear(table, table.gram, table.targets, folds)[0]
    joint = None
    if vectors is not None:
        say("labels, with embeddings")
        joint = _joint(table, vectors[rows], folds)
    say("flags")
    flags = _flags(asking, table, folds)
    say("names")
    tagger = fit_tagger(examples)
    return Model(
        slots=table.slots, bounds=block_bounds(table.slots), idf=table.idf, labels=labels, flags=flags, joint=joint,
        sets=label_sets(example.labels for example in asking), tagger=tagger, digest=digest, examples=len(examples),
    )  # fmt: skip


def _linear(table: Table, gram: Single, targets: Single, folds: npt.NDArray[np.int64]) -> tuple[Linear, Single]:
    """Weights over the features, and the calibrated dual coefficients they come from."""
    held = out_of_fold(gram, targets, folds)
    dual, intercepts = fit_all(gram, targets)
    for column in range(targets.shape[1]):
        slope, offset = platt(held[:, column], targets[:, column])
        dual[:, column] *= slope
        intercepts[column] = intercepts[column] * slope + offset
    weights = np.ascontiguousarray(table.features.T @ dual, dtype=np.float32)
    return Linear(weights, intercepts.astype(np.float32)), dual


def _joint(table: Table, vectors: Floats, folds: npt.NDArray[np.int64]) -> Joint:
    mean = vectors.mean(axis=0)
    near = centred(vectors, mean)
    linear, dual = _linear(table, table.gram + near @ near.T, table.targets, folds)
    return Joint(linear, np.asarray(near.T @ dual, dtype=np.float32), mean)


def _flags(examples: Sequence[Example], table: Table, folds: npt.NDArray[np.int64]) -> Linear:
    """Flags are known only of messages whose facts were marked; the others stand aside."""
    known = np.array([at for at, example in enumerate(examples) if example.facts is not None], dtype=np.int64)
    if not len(known):
        return Linear(
            np.zeros((len(table.idf), len(FLAGS)), dtype=np.float32), np.full(len(FLAGS), -9, dtype=np.float32)
        )
    targets = np.array([[flag in examples[at].flags for flag in FLAGS] for at in known], dtype=np.float32)
    part = Table(table.slots, table.idf, table.features[known], targets, table.gram)
    return _linear(part, table.gram[np.ix_(known, known)], targets, folds[known])[0]


def vectors_of(examples: Sequence[Example], cache: dict[str, Floats], embed: Embed | None) -> Floats | None:
    return embedded([text_of(example) for example in examples], cache, embed)


def build(folder: Path, corpus: Path = CORPUS, splits: Collection[Split] = SHIPPED, say: Say = lambda _: None) -> Model:
    """Trains on the given splits and saves into `folder`. Embeddings come from the cache; without it, none are used."""
    examples = [example for example in load_examples(corpus) if example.split in splits]
    model = fit(examples, inputs_digest(corpus), vectors_of(examples, load_cache(CACHE), None), say)
    save(model, folder, seed=SEED)
    return model
