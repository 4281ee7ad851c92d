"""What the second reader learns of corrections (`adapt`): messages, and what each of their pieces is.

Which value was and which is to be is told by the words around them. So each correction is learned as written and, for
learning only, with the values of others in the place of its own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cases.types import Label
from nlp.encoder import ROLES, Bounds
from nlp.examples import Example, WrittenChange
from nlp.train import text_of

COPIES = 1  # of a correction, with the values of others
IGNORED = -1  # a piece whose role can not be told

Numbers = npt.NDArray[np.int32]
Values = dict[tuple[str, bool], list[WrittenChange]]  # by field, and whether the old one is not told


@dataclass(frozen=True, slots=True)
class Correction:
    text: str
    changes: tuple[WrittenChange, ...]


def corrections(examples: Sequence[Example], chance: np.random.Generator) -> list[Correction]:
    """All that ask for one, as written and with the values of others."""
    written = [
        Correction(text_of(example), example.changes)
        for example in examples
        if example.facts is not None and Label.CORRECTIE in example.labels
    ]
    values: Values = {}
    for change in (change for correction in written for change in correction.changes):
        values.setdefault((change.field, change.old is None), []).append(change)
    return written + [_with_others(correction, values, chance) for _ in range(COPIES) for correction in written]


def _with_others(correction: Correction, values: Values, chance: np.random.Generator) -> Correction:
    """Salutations and what is no data of a usual kind stay: the words around them fit nothing else."""
    text, changes = correction.text, list(correction.changes)
    for at, change in enumerate(changes):
        same = values[change.field, change.old is None]
        other = same[chance.integers(len(same))]
        if change.field not in ("salutation", "other") and _places(text, change.new) and other.new not in text:
            exchange = {change.new: other.new, change.old or "": other.old or ""}
            longest = sorted(filter(None, exchange), key=len, reverse=True)
            pattern = "|".join(rf"(?<!\w){re.escape(value)}(?!\w)" for value in longest)
            text = re.sub(pattern, lambda match: exchange[match.group()], text)  # noqa: B023 - used at once
            changes[at] = other
    return Correction(text, tuple(changes))


def role_targets(correction: Correction, pieces: Bounds) -> Numbers:
    """The role of each piece, begin and end among them; `IGNORED` where it can not be told."""
    found = np.zeros(len(pieces) + 2, dtype=np.int32)
    text = correction.text
    for change in correction.changes:
        new, old = _places(text, change.new), _places(text, change.old or "")
        pair = _nearest(old, new)
        for role, value, places, place in (("old", change.old, old, pair[0]), ("new", change.new, new, pair[1])):
            for start in places:
                at = ROLES.index(f"{role} {change.field}") if start == place else IGNORED
                for number, (first, last) in enumerate(pieces, start=1):
                    if first < start + len(value or "") and start < last and found[number] <= 0:
                        found[number] = at
    found[[0, -1]] = IGNORED
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
