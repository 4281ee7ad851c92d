"""The model file: arrays in `model.npz` (no pickle), what they were made from in `manifest.json`.

Lives here: load, save, build when out of date, scoring of one text. Not here: fitting (`train`).
"""

from __future__ import annotations

import json
import platform
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy

from cases.reading import Flag
from nlp.change_roles import Roles
from nlp.decide import LABELS, LabelSets
from nlp.examples import CORPUS
from nlp.fact_houses import Houses
from nlp.fact_references import References
from nlp.features import Floats, Ints, Occurrences, Slots, block_bounds, counted, occurrences, weighted
from nlp.only_one import only_one
from nlp.tagger import Tagger
from nlp.word_features import Lexicon

FORMAT = 7
SECOND_SAYS = 0.70  # both err differently: together they are right more often (on the dev writers)
TWO_SAY = 1.4  # who looked in different ways and agree are surer than their mean (chosen with `Care`)
_DIGITS_LEFT_OUT = 5  # of the ten binary digits of a weight that is stored
FLAGS = tuple(flag for flag in Flag if flag is not Flag.PRIVACY_WORD)

Chances = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Scored:
    """One text scored: probabilities in the order of `LABELS`, and what each n-gram adds (for evidence)."""

    probabilities: Chances
    flags: Chances  # in the order of `FLAGS`
    slots_found: Slots  # distinct features
    values: Floats
    found: Occurrences
    slots: Slots  # slot of each occurrence, -1 when the model does not know it


@dataclass(frozen=True, slots=True)
class Linear:
    """One row of weights a feature, calibration folded in."""

    weights: Floats
    intercepts: Floats

    def margins(self, slots: Slots, values: Floats) -> Floats:
        return np.asarray(values @ np.take(self.weights, slots, axis=0) + self.intercepts, dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Model:
    slots: Slots
    bounds: Ints  # of the feature blocks
    idf: Floats
    linear: Linear  # labels, then flags
    sets: LabelSets
    tagger: Tagger
    roles: Roles
    references: References
    houses: Houses
    digest: str
    examples: int

    @property
    def version(self) -> str:
        return self.digest[:12]

    def score(self, text: str) -> Scored:
        found = occurrences(text)
        slots = np.take(self.slots, found.buckets)
        count = counted(slots)
        values = weighted(count, self.idf, self.bounds)
        said = chances(self.linear.margins(count.slots, values))
        return Scored(said[: len(LABELS)], said[len(LABELS) :], count.slots, values, found, slots)

    def carried(self, scored: Scored, column: int) -> Floats:
        """What each known n-gram occurrence adds to a label (term frequency left aside)."""
        known = np.maximum(scored.slots, 0)
        parts = self.idf[known] * self.linear.weights[known, column]
        return np.where(scored.slots >= 0, parts, np.float32(0)).astype(np.float32)


def chances(margins: Floats) -> Chances:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(margins, -50, 50).astype(np.float64))), dtype=np.float64)


def with_second(scored: Scored, margins: Floats) -> Chances:
    """Labels, then flags, with what the second reader says of the same text (in log-odds, averaged over its rows)."""
    cheap = np.clip(np.concatenate([scored.probabilities, scored.flags]), 1e-9, 1 - 1e-9)
    both = SECOND_SAYS * margins.mean(axis=0) + (1 - SECOND_SAYS) * np.log(cheap / (1 - cheap))
    both[: len(scored.probabilities)] *= TWO_SAY
    return chances(both.astype(np.float32))


def save(model: Model, folder: Path, *, seed: int) -> None:
    """Weights in 16 bits, not all of them used: a smaller file."""
    folder.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, npt.NDArray[Any]] = {
        "used": np.flatnonzero(model.slots >= 0).astype(np.int32),
        "buckets": np.array(len(model.slots)),
        "idf": model.idf,
        "linear": _half(model.linear.weights), "linear_0": model.linear.intercepts,
        "sets": model.sets.rows, "sets_prior": model.sets.prior,
        "tagger": _half(model.tagger.weights),
        "roles": _half(model.roles.weights),
        "references": _half(model.references.weights),
        "houses": _half(model.houses.weights),
        "everyday": np.array(sorted(model.tagger.lexicon.everyday), dtype=np.uint32),
    }  # fmt: skip
    np.savez_compressed(folder / "model.npz", allow_pickle=False, **arrays)
    manifest = {
        "format": FORMAT,
        "digest": model.digest,
        "examples": model.examples,
        "labels": list(LABELS),
        "seed": seed,
        "versions": {"python": platform.python_version(), "numpy": np.__version__, "scipy": scipy.__version__},
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


def _half(weights: Floats) -> npt.NDArray[np.float16]:
    """What hardly counts becomes nothing, and the last digits go (under 2 % of each weight): both pack well."""
    floor = 0.003 * float(np.abs(weights).max(initial=0.0))
    bits = np.where(np.abs(weights) < floor, 0, weights).astype(np.float16).view(np.uint16).astype(np.uint32)
    rounded = (bits + (1 << _DIGITS_LEFT_OUT >> 1)) >> _DIGITS_LEFT_OUT << _DIGITS_LEFT_OUT
    return rounded.astype(np.uint16).view(np.float16)


def load(folder: Path) -> Model:
    """The model of a folder; refuses pickled content and other label lists."""
    manifest = _manifest(folder)
    if manifest.get("format") != FORMAT or manifest.get("labels") != list(LABELS):
        raise ValueError("the model was made for another version of this program")
    with np.load(folder / "model.npz", allow_pickle=False) as arrays:
        slots = np.full(int(arrays["buckets"]), -1, dtype=np.int32)
        slots[arrays["used"]] = np.arange(len(arrays["used"]), dtype=np.int32)
        return Model(
            slots=slots,
            bounds=block_bounds(slots),
            idf=arrays["idf"],
            linear=_linear(arrays, "linear"),
            sets=LabelSets(arrays["sets"], arrays["sets_prior"]),
            tagger=Tagger(arrays["tagger"].astype(np.float32), Lexicon(frozenset(arrays["everyday"].tolist()))),
            roles=Roles(arrays["roles"].astype(np.float32)),
            references=References(arrays["references"].astype(np.float32)),
            houses=Houses(arrays["houses"].astype(np.float32)),
            digest=str(manifest["digest"]),
            examples=int(manifest["examples"]),
        )


def _linear(arrays: Any, name: str) -> Linear:
    return Linear(arrays[name].astype(np.float32), arrays[f"{name}_0"])


def _manifest(folder: Path) -> dict[str, Any]:
    path = folder / "manifest.json"
    if not path.is_file():
        return {}
    content = json.loads(path.read_text(encoding="utf-8"))
    return content if isinstance(content, dict) else {}


def ensure_model(folder: Path, corpus: Path | None = None) -> Model:
    """The model of `folder`, built anew when the corpus or the code that reads it has changed."""
    from nlp import train  # noqa: PLC0415 - scipy's parts are loaded only where a model may have to be built

    source = corpus or CORPUS
    wanted = train.inputs_digest(source)
    with only_one(folder):
        if _manifest(folder).get("digest") != wanted:
            fresh = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
            try:
                train.build(fresh, source)
                swap_in(fresh, folder)
            finally:
                shutil.rmtree(fresh, ignore_errors=True)
        return load(folder)


def swap_in(fresh: Path, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "manifest.json").unlink(missing_ok=True)  # vouches for the arrays: first out, last in
    for name in ("model.npz", "manifest.json"):
        (fresh / name).replace(folder / name)
