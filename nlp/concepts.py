"""Words that mean the same for a privacy request, under one concept: synonyms need not be learned twice.

The words stand in `concepts.toml`; which combination means which label is learned from the corpus.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path

_VOCABULARY: dict[str, str] = tomllib.loads((Path(__file__).parent / "concepts.toml").read_text(encoding="utf-8"))


def _index() -> tuple[dict[str, int], dict[str, int]]:
    exact: dict[str, int] = {}
    prefixes: dict[str, int] = {}
    for number, words in enumerate(_VOCABULARY.values(), start=1):
        for word in words.split():
            (prefixes if word.endswith("*") else exact).setdefault(word.rstrip("*"), number)
    return exact, prefixes


_EXACT, _PREFIXES = _index()
_LENGTHS = sorted({len(prefix) for prefix in _PREFIXES}, reverse=True)
_MEMO_LIMIT = 20_000
_memo: dict[str, int] = {}


def _lookup(word: str) -> int:
    if word in _EXACT:
        return _EXACT[word]
    for length in _LENGTHS:
        if len(word) >= length and (number := _PREFIXES.get(word[:length])):
            return number
    return 0


def concept_ids(words: Sequence[str]) -> list[int]:
    """The concept of each word, 0 for none. Remembers words, within bounds: senders choose them."""
    if len(_memo) > _MEMO_LIMIT:
        _memo.clear()
    found: list[int] = []
    for word in words:
        number = _memo.get(word)
        if number is None:
            number = _memo[word] = _lookup(word)
        found.append(number)
    return found
