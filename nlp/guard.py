"""A new model is taken only when it is not worse on the frozen test than the one that stands."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from nlp.encoder import Second
from nlp.evaluate import measure
from nlp.examples import Split, load_examples
from nlp.model import load
from nlp.reader import DutchReader

SLACK = 0.005  # less than half a percent either way is chance


@dataclass(frozen=True, slots=True)
class Verdict:
    taken: bool
    words: str


def not_worse(fresh: Path, standing: Path, second: Second | None) -> Verdict:
    test = [example for example in load_examples() if example.split is Split.TEST]
    if not test:
        return Verdict(True, "There is no test part.")
    new = measure(DutchReader(load(fresh), second), test)
    try:
        old_reader = DutchReader(load(standing), second)
    except (OSError, ValueError, KeyError, json.JSONDecodeError):
        return Verdict(True, f"Macro-F1 {new.macro_f1:.3f}, exact {new.exact:.3f}; no model stood here.")
    old = measure(old_reader, test)
    words = (
        f"Macro-F1 {old.macro_f1:.3f} -> {new.macro_f1:.3f}, exact {old.exact:.3f} -> {new.exact:.3f}, "
        f"requests missed {len(old.missed)} -> {len(new.missed)}, wrong and not to be undone "
        f"{old.wrong_destructive} -> {new.wrong_destructive}."
    )
    worse = (
        new.macro_f1 < old.macro_f1 - SLACK
        or new.exact < old.exact - SLACK
        or len(new.missed) > len(old.missed)
        or new.wrong_destructive > old.wrong_destructive
    )
    return Verdict(not worse, words)
