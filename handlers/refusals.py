"""Refusals, whole or in part: the ground, the facts of this case, what is granted, the authority and the court.

Every refusal is written for one case: a ground without its facts does not become a letter, nor does one that the
policy blocks, nor words that no letter may hold. Serves art. 11(2), 12(4)-(6), 15(4), 17(3) AVG and UAVG 35.
A person decides; this file only words the decision.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from cases.errors import InputError
from cases.letters import DONE, GROUND_FACTS, Block, BlockKind, Letter, Table, paragraphs, require_facts
from cases.policy import Policy
from cases.types import Decision, Label, RefusalGround
from handlers.base import CaseFile
from handlers.parts import free, head, letter, tail, texts_of, titled

# Wrong in every letter of every organisation. "Alles 7 jaar": only books are kept that long (AWR 52). The telecom
# retention law has been out of operation since 11 March 2015 and never was a ground for a webshop host.
_NEVER = (
    re.compile(
        r"\b(alles|alle\s+gegevens|everything|all\s+(your\s+)?data)\b[^.]{0,60}\b(7|zeven|seven)\s+(jaar|years)", re.I
    ),
    re.compile(r"bewaarplicht\s*tele|telecom\w*[\s-]*bewaarplicht|bewaarplicht[^.]{0,20}telecom", re.I),
    re.compile(r"telecom\w*[^.]{0,20}retention|retention[^.]{0,20}telecom", re.I),
)
# Words of the requester, not ours.
_QUOTED = frozenset({BlockKind.UNDERSTOOD, BlockKind.GREETING})


def refusal_letter(
    file: CaseFile,
    ground: RefusalGround,
    facts: Mapping[str, str],
    free_text: str,
    *,
    done: Iterable[Block] = (),
    override_reason: str = "",
) -> Letter:
    """A refusal on `ground`; in part where `done` holds what was done (`done_blocks` of the handler's own letter).

    InputError: `ground_facts_missing`, `ground_blocked` (lifted by an administrator's reason), `never_say`.
    `free_text` says what *is* granted or what the person can do; the draft is not complete without it.
    """
    require_facts(ground, facts)
    if ground in file.policy.blocked_grounds and not override_reason.strip():
        raise InputError("ground_blocked")
    done = tuple(done)
    blocks = [
        *head(file, Decision.PARTLY if done else Decision.REFUSED),
        *done,
        *ground_blocks(file, ground, facts, has_kept=any(part.kind is BlockKind.KEPT for part in done)),
        free(texts_of(file), BlockKind.GRANTED, *paragraphs(free_text)),
        *extra_blocks(file, done),
        *tail(file, refusal=True),
    ]
    draft = letter(file, blocks)
    if forbidden(draft, file.policy):
        raise InputError("never_say")
    return draft


def forbidden(draft: Letter, policy: Policy) -> tuple[str, ...]:
    """Words in this letter that may not leave: the policy's `never_say` and what is wrong for everybody."""
    text = "\n".join(_words(draft))
    found = [phrase for phrase in policy.never_say if phrase.casefold() in text.casefold()]
    found += [match.group() for pattern in _NEVER for match in pattern.finditer(text)]
    return tuple(found)


def _words(draft: Letter) -> list[str]:
    words: list[str] = []
    for block in draft.blocks:
        if block.kind not in _QUOTED:
            words += [
                *block.text,
                *block.items,
                *(cell for row in (block.table.rows if block.table else ()) for cell in row),
            ]
    return words


def done_blocks(draft: Letter, label: Label) -> tuple[Block, ...]:
    """What a letter says was done, without its frame."""
    return tuple(part for part in draft.blocks if part.kind in DONE[label] or part.kind is BlockKind.DONE)


def ground_blocks(
    file: CaseFile, ground: RefusalGround, facts: Mapping[str, str], *, has_kept: bool = False
) -> tuple[Block, ...]:
    """The ground and the facts of this case. While a fact is missing they are left to staff, and the letter stays."""
    texts = texts_of(file)
    values = {name: facts.get(name, "").strip().rstrip(".") for name in GROUND_FACTS[ground]}  # inside our sentences
    if not all(values.values()):
        heading = titled(texts, BlockKind.GROUND, texts.say(f"ground.{ground.value}", **values))
        return (heading, free(texts, BlockKind.FACTS))
    blocks = [
        titled(texts, BlockKind.GROUND, texts.say(f"ground.{ground.value}", **values)),
        titled(texts, BlockKind.FACTS, texts.say(f"facts.{ground.value}", **values)),
    ]
    if ground is RefusalGround.LEGAL_DUTY and not has_kept:
        header = tuple(texts.say(f"facts.{key}") for key in ("col_category", "col_law", "col_until"))
        row = (values["category"], values["law"], values["until"])
        blocks.append(titled(texts, BlockKind.KEPT, table=Table(header, (row,))))
    return tuple(blocks)


def extra_blocks(file: CaseFile, done: Iterable[Block] = ()) -> tuple[Block, ...]:
    """What the kind of request adds: an own statement (art. 16), what was looked into (a complaint)."""
    texts = texts_of(file)
    if file.label is Label.CORRECTIE:
        return (titled(texts, BlockKind.OWN_STATEMENT, texts.say("generic.own_statement")),)
    if file.label is Label.KLACHT and not any(part.kind is BlockKind.FINDINGS for part in done):
        return (free(texts, BlockKind.FINDINGS),)
    return ()
