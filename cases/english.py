"""A policy's own names in English, for letters to people who write English.

The policy holds its sentences in Dutch and, under `[english]`, the same in English; what is not in it stays Dutch.
Whole sentences of the letters are in `handlers/texts/en.toml`, not here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from cases.policy_values import Policy
from cases.protocols import SourceInfo

T = TypeVar("T")
# Part of the policy → its fields that people read in a letter.
_SAID: Mapping[str, tuple[str, ...]] = {
    "categories": ("label", "description"),
    "purposes": ("title", "note"),
    "retention": ("text", "law"),
    "recipients": ("name", "purpose", "country", "safeguard"),
    "lists": ("label",),
}


def in_english(policy: Policy) -> Policy:
    """The same policy with the names that it has in English; rules, keys and words to recognise stay as they are."""
    words = policy.english
    parts: dict[str, Any] = {
        part: tuple(_said(one, names, words) for one in getattr(policy, part)) for part, names in _SAID.items()
    }
    return replace(
        _said(policy, ("staff_role",), words), **parts,
        automated_decisions=_said(policy.automated_decisions, ("text", "logic", "reviewer"), words),
        processor=_said(policy.processor, ("customers",), words) if policy.processor is not None else None,
    )  # fmt: skip


def systems_in_english(sources: Collection[SourceInfo], words: Mapping[str, str]) -> tuple[SourceInfo, ...]:
    """The descriptions of systems, as far as the policy has English names for theirs."""
    return tuple(
        replace(
            _said(source, ("label",), words),
            tables=tuple(
                replace(
                    _said(table, ("label",), words), fields=tuple(_said(one, ("label",), words) for one in table.fields)
                )
                for table in source.tables
            ),
        )
        for source in sources
    )


def _said(one: T, names: tuple[str, ...], words: Mapping[str, str]) -> T:
    changes: dict[str, Any] = {name: words[getattr(one, name)] for name in names if getattr(one, name) in words}
    return replace(one, **changes) if changes else one  # type: ignore[type-var]
