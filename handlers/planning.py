"""Changes that many request types plan in the same way: freeze, opt out, tell recipients (art. 18, 19, 21 AVG).

Plans only: nothing is changed here. Ids are made from the request, so that planning twice gives the same changes.
What becomes of records on an erasure is in `cases/erasure`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence

from cases.letters import Block, BlockKind
from cases.policy import Purpose, Recipient
from cases.protocols import FindStatus, FoundTable, Identifier, SourceInfo, SourceRole, TableInfo
from cases.types import Verb
from handlers.base import Action, CaseFile
from handlers.parts import texts_of, titled
from handlers.wording import staff_texts


def holding(file: CaseFile) -> Iterator[tuple[SourceInfo, TableInfo, FoundTable]]:
    """The tables of ours that hold records of this person."""
    sources = {source.name: source for source in file.sources}
    for found in file.found:
        source = sources.get(found.source)
        if source is None or found.status is not FindStatus.FOUND:
            continue
        tables = {info.name: info for info in source.tables if info.role is SourceRole.CONTROLLER}
        for part in found.tables:
            if part.rows and part.table in tables:
                yield source, tables[part.table], part


def labels_of(file: CaseFile) -> dict[str, str]:
    """What people call each system."""
    return {source.name: source.label for source in file.sources}


def categories_of(info: TableInfo) -> frozenset[str]:
    return frozenset(field.category for field in info.fields)


def freeze(file: CaseFile, categories: Collection[str] | None = None) -> tuple[Action, ...]:
    """Restricts what was found (art. 18): everything, or what holds data of these categories.

    What a system can not freeze, and records that also serve other uses, are seen to by hand: one task per system.
    """
    able: list[Action] = []
    by_hand: dict[tuple[str, str], list[tuple[SourceInfo, TableInfo, FoundTable]]] = {}
    for source, info, part in holding(file):
        kinds = categories_of(info)
        if categories is not None and not kinds & set(categories):
            continue
        shared = categories is not None and not kinds <= set(categories)
        if shared or source.by_hand or Verb.RESTRICT not in info.can or not part.keys:
            what = "action.restrict_use" if shared else "action.restrict"
            by_hand.setdefault((source.name, what), []).append((source, info, part))
        else:
            able.append(_frozen(file, "action.restrict", [(source, info, part)]))
    return (*able, *(_frozen(file, what, group, by_hand=True) for (_, what), group in by_hand.items()))


def _frozen(
    file: CaseFile, what: str, group: Sequence[tuple[SourceInfo, TableInfo, FoundTable]], *, by_hand: bool = False
) -> Action:
    source = group[0][0]
    table = "" if by_hand else group[0][1].name
    tables = ", ".join(info.label for _, info, _ in group)
    count = sum(len(part.rows) for _, _, part in group)
    return Action(
        id=f"{file.request_id}:{Verb.RESTRICT}:{source.name}:{table or what}",
        source=source.name,
        verb=Verb.RESTRICT,
        table=table,
        keys=() if by_hand else group[0][2].keys,
        description=staff_texts().say(what, system=source.label, table=tables, count=count),
        reversible=True,
        by_hand=by_hand,
    )


def opt_out(file: CaseFile, channels: Collection[str] = ()) -> tuple[Action, ...]:
    """One change per system that knows lists; no channels is all of them.

    Nobody is looked up: the change names the address, and says the same whether the system knows it or not.
    """
    who = (Identifier("email", file.requester_address, proven=False),)
    return tuple(
        Action(
            id=f"{file.request_id}:{Verb.OPT_OUT}:{source.name}:{info.name}",
            source=source.name,
            verb=Verb.OPT_OUT,
            table=info.name,
            keys=(),
            description=staff_texts().say("action.opt_out", system=source.label, table=info.label),
            reversible=True,
            channels=tuple(channels),
            identifiers=who,
            by_hand=source.by_hand,
        )
        for source in file.sources
        for info in source.tables
        if Verb.OPT_OUT in info.can and info.role is SourceRole.CONTROLLER
    )


def recipients(file: CaseFile, categories: Collection[str]) -> tuple[Recipient, ...]:
    """Those who are told of a change to these kinds of data (art. 19); a system of theirs is told by the change."""
    changed = {source.recipient for source, _, _ in holding(file)}
    return tuple(
        item
        for item in file.policy.recipients
        if item.told and set(item.categories) & set(categories) and item.key not in changed
    )


def recipients_told(file: CaseFile, told: Iterable[Recipient]) -> Block:
    texts, names = texts_of(file), [item.name for item in told]
    if not names:
        return titled(texts, BlockKind.RECIPIENTS_TOLD, texts.say("told.none"))
    return titled(texts, BlockKind.RECIPIENTS_TOLD, texts.say("told.ask"), texts.say("told.some"), items=names)


def named(file: CaseFile, purposes: Iterable[Purpose]) -> tuple[Purpose, ...]:
    """The uses a request is about: settled by staff (`chosen["purposes"]`), else called by one of their words."""
    given = tuple(purposes)
    settled = {key.strip() for key in file.chosen.get("purposes", "").split(",") if key.strip()}
    if settled:
        return tuple(purpose for purpose in given if purpose.key in settled)
    return tuple(purpose for purpose in given if says(file.as_understood, purpose.words))


def says(text: str, words: Iterable[str]) -> bool:
    """Whether a text holds one of these beginnings of words, whatever its capitals; short ones count as whole words."""
    return count(text, words) > 0


def count(text: str, words: Iterable[str]) -> int:
    """How many of these words a text holds."""
    whole = 4  # "fg" is a word of its own, "mailing" also begins "mailings"
    return sum(
        bool(re.search(rf"\b{re.escape(word)}" + (r"\b" if len(word) < whole else ""), text, re.IGNORECASE))
        for word in words
    )
