"""Drafts of handlers for an invented case, and the few looks that tests take at them."""

from __future__ import annotations

from typing import Any

from cases.letters import BlockKind, Letter
from cases.protocols import FieldInfo, FindStatus, Found, FoundTable, SourceInfo, SourceRole, TableInfo
from cases.types import Label, Verb
from handlers.base import Prepared
from handlers.registry import HANDLERS
from render.letter import LetterContext, letter_text
from tests.support.case_files import case_file

LISTS = SourceInfo(
    "lists",
    "Mailingprogramma",
    (TableInfo("members", "Leden", SourceRole.CONTROLLER, (), can=frozenset({Verb.OPT_OUT})),),
)


def prepared(label: Label, organisation: str = "whatnext", words: str = "", **changes: Any) -> Prepared:
    file = case_file(label, organisation, **({"as_understood": words} if words else {}), **changes)
    return HANDLERS[label].prepare(file)


def text_of(letter: Letter) -> str:
    return letter_text(letter, LetterContext("X"))


def block(letter: Letter, kind: BlockKind) -> Any:
    return next(part for part in letter.blocks if part.kind is kind)


def holding(category: str, organisation: str = "whatnext", can: frozenset[Verb] = frozenset()) -> dict[str, Any]:
    """One system with one record of one kind of data, beside a mailing system."""
    table = TableInfo("records", "Gegevens", SourceRole.CONTROLLER, (FieldInfo("value", "Waarde", category),), can=can)
    found = FoundTable("records", ("value",), (("iets",),), keys=("7",))
    return {
        "organisation": organisation,
        "sources": (SourceInfo("own", "Eigen systeem", (table,)), LISTS),
        "found": (Found("own", FindStatus.FOUND, (found,)), Found("lists", FindStatus.NOTHING)),
    }
