"""The model file: arrays in `model.npz` (no pickle), what they were made from in `manifest.json`.

Lives here: load, save, build when out of date, scoring of one text. Not here: fitting (`train`).
"""

from __future__ import annotations

import json
import platform
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy

from cases.types import Label
from nlp.examples import CORPUS
from nlp.features import Floats, Ints, Occurrences, Slots, block_bounds, counted, occurrences, weighted

FORMAT = 1
LABELS = tuple(Label)


@dataclass(frozen=True, slots=True)
class Scored:
    """One text scored: probabilities in the order of `LABELS`, and what each n-gram adds (for evidence)."""

    probabilities: npt.NDArray[np.float64]
    found: Occurrences
    slots: Slots  # slot of each occurrence, -1 when the model does not know it


@dataclass(frozen=True, slots=True)
class Model:
    slots: Slots
    bounds: Ints  # of the feature blocks
    idf: Floats
    weights: Floats  # features x labels, calibration folded in
    intercepts: Floats
    digest: str
    examples: int

    @property
    def version(self) -> str:
        return self.digest[:12]

    def score(self, text: str) -> Scored:
        found = occurrences(text)
        slots = self.slots[found.buckets]
        count = counted(slots, len(self.idf))
        margins = weighted(count, self.idf, self.bounds) @ self.weights[count.slots] + self.intercepts
        return Scored(1.0 / (1.0 + np.exp(-np.clip(margins, -50, 50).astype(np.float64))), found, slots)

    def carried(self, scored: Scored, label: Label) -> Floats:
        """What each known n-gram occurrence adds to a label (term frequency left aside)."""
        known = np.maximum(scored.slots, 0)
        parts = self.idf[known] * self.weights[known, LABELS.index(label)]
        return np.where(scored.slots >= 0, parts, np.float32(0))


def save(model: Model, folder: Path, *, seed: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        folder / "model.npz",
        used=np.flatnonzero(model.slots >= 0).astype(np.int32),
        buckets=np.array(len(model.slots)),
        idf=model.idf,
        weights=model.weights,
        intercepts=model.intercepts,
    )
    manifest = {
        "format": FORMAT,
        "digest": model.digest,
        "examples": model.examples,
        "labels": list(LABELS),
        "seed": seed,
        "versions": {"python": platform.python_version(), "numpy": np.__version__, "scipy": scipy.__version__},
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


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
            weights=arrays["weights"],
            intercepts=arrays["intercepts"],
            digest=str(manifest["digest"]),
            examples=int(manifest["examples"]),
        )


def _manifest(folder: Path) -> dict[str, Any]:
    path = folder / "manifest.json"
    if not path.is_file():
        return {}
    content = json.loads(path.read_text(encoding="utf-8"))
    return content if isinstance(content, dict) else {}


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """One process at a time builds or swaps; the lock goes with the process that holds it."""
    import fcntl  # noqa: PLC0415 - not on every platform; only building needs it

    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f".{folder.name}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def ensure_model(folder: Path, corpus: Path | None = None) -> Model:
    """The model of `folder`, built anew when the corpus or the code that reads it has changed."""
    from nlp import train  # noqa: PLC0415 - scipy is loaded only where a model may have to be built

    source = corpus or CORPUS
    wanted = train.inputs_digest(source)
    with _only_one(folder):
        if _manifest(folder).get("digest") != wanted:
            fresh = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
            try:
                train.build(fresh, source)
                folder.mkdir(exist_ok=True)
                (folder / "manifest.json").unlink(missing_ok=True)  # vouches for the arrays: first out, last in
                for name in ("model.npz", "manifest.json"):
                    (fresh / name).replace(folder / name)
            finally:
                shutil.rmtree(fresh, ignore_errors=True)
        return load(folder)
