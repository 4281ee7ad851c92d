"""A correct first draft for every request type that has no file of its own yet.

The letter has exactly the blocks that `cases/letters.DONE` asks for: what the law or the policy says is filled in,
what only staff can know is a free block with a hint. An empty free block keeps the letter from being approved.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cases.letters import DONE, Block, BlockKind, Table
from cases.policy import Answer, ListKind, portable
from cases.types import Decision, Label
from handlers.article15 import automated
from handlers.base import CaseFile, Needs, Prepared
from handlers.masking import shown
from handlers.parts import free, head, letter, policy_text, tail, texts_of, titled
from handlers.searching import not_asked, notes, nothing_found, outcome
from handlers.wording import staff_texts

# Rights that are about data in the systems; the others are answered from the policy or by a person.
SEARCHED = frozenset({Label.CORRECTIE, Label.VERWIJDERING, Label.BEPERKING, Label.OVERDRACHT, Label.BEZWAAR})
INFORMING = frozenset({Label.KLACHT, Label.VRAAG, Label.STATUS, Label.ANNULEREN, Label.OVERIG})


@dataclass(frozen=True, slots=True)
class Generic:
    label: Label

    @property
    def needs(self) -> Needs:
        return Needs.CONTROLLER_SOURCES if self.label in SEARCHED else Needs.NOTHING

    def prepare(self, file: CaseFile) -> Prepared:
        decision = Decision.INFORMATION if self.label in INFORMING else Decision.GRANTED
        failed: tuple[Block, ...] = ()
        remarks: tuple[str, ...] = ()
        if self.label in SEARCHED:
            seen = shown(file)
            result = outcome(file, seen)
            if result.complete and not result.found:
                return nothing_found(file, seen, result)
            failed, remarks = not_asked(file, result), notes(file, seen, result)
        content = body(file)
        if any(part.empty for part in content):
            remarks = (staff_texts().say("note.write"), *remarks)
        if (answer := approved_answer(file)) and self.label is Label.VRAAG:
            remarks = (*remarks, staff_texts().say("note.answers", topic=answer.topic))
        blocks = (*head(file, decision), *content, *failed, *tail(file))
        return Prepared(decision, (), letter(file, blocks), None, remarks)


def body(file: CaseFile) -> tuple[Block, ...]:
    """The blocks this request type needs, filled in as far as law and policy can."""
    return tuple(_block(file, kind) for kind in DONE[file.label])


def _block(file: CaseFile, kind: BlockKind) -> Block:
    make = _FILLED.get((file.label, kind)) or _FILLED.get((None, kind))
    return make(file) if make else free(texts_of(file), kind)


def _said(kind: BlockKind, key: str) -> Callable[[CaseFile], Block]:
    def make(file: CaseFile) -> Block:
        texts = texts_of(file)
        return titled(texts, kind, texts.say(key))

    return make


def _backups(file: CaseFile) -> Block:
    texts = texts_of(file)
    return titled(texts, BlockKind.BACKUPS, policy_text(file.policy.backups, texts, "generic.backups"))


def _continues(file: CaseFile) -> Block:
    texts = texts_of(file)
    return titled(texts, BlockKind.CONTINUES, policy_text(file.policy.service_messages, texts, "opt_out.continues"))


def _stopped(file: CaseFile) -> Block:
    """All advertising channels unless the person named some; a mixed list counts as advertising."""
    texts = texts_of(file)
    lists = [item.label for item in file.policy.lists if item.kind is not ListKind.SERVICE]
    return titled(texts, BlockKind.STOPPED, texts.say("generic.stopped", date=texts.day(file.now)), items=lists)


def _scope(file: CaseFile) -> Block:
    """Art. 20(1): given by the person, on consent or contract."""
    texts, policy = texts_of(file), file.policy
    rows = tuple(
        (
            category.label,
            texts.say(
                "generic.in_scope"
                if portable(policy, category)
                else "generic.other_basis"
                if category.provided
                else "generic.not_provided"
            ),
        )
        for category in policy.categories
    )
    header = (texts.say("inzage.col_category"), texts.say("generic.col_in_scope"))
    paragraphs = texts.say("generic.scope"), texts.say("generic.scope_inzage")
    return titled(texts, BlockKind.SCOPE, *paragraphs, table=Table(header, rows))


def _answer(file: CaseFile) -> Block:
    """The approved answer of the policy, quoted with its place in the statement; staff may change it."""
    texts, answer = texts_of(file), approved_answer(file)
    if not answer or file.label is not Label.VRAAG:
        return free(texts, BlockKind.ANSWER)
    where = texts.say("generic.section", section=answer.section) if answer.section else texts.say("generic.silent")
    return free(texts, BlockKind.ANSWER, answer.text, where)


def approved_answer(file: CaseFile) -> Answer | None:
    """The answer whose words the question holds most of; None when it holds none of any."""
    words = file.as_understood.casefold()
    counted = [(sum(word.casefold() in words for word in answer.words), answer) for answer in file.policy.answers]
    best = max(counted, key=lambda pair: pair[0], default=(0, None))
    return best[1] if best[0] else None


_FILLED: Mapping[tuple[Label | None, BlockKind], Callable[[CaseFile], Block]] = {
    (Label.VERWIJDERING, BlockKind.RESTRICTED_USE): _said(BlockKind.RESTRICTED_USE, "generic.restricted_use"),
    (Label.AFMELDEN, BlockKind.CONTINUES): _continues,
    (None, BlockKind.BACKUPS): _backups,
    (None, BlockKind.SUPPRESSION): _said(BlockKind.SUPPRESSION, "generic.suppression"),
    (None, BlockKind.STOPPED): _stopped,
    (None, BlockKind.UNDERWAY): _said(BlockKind.UNDERWAY, "generic.underway"),
    (None, BlockKind.NOT_BACKWARDS): _said(BlockKind.NOT_BACKWARDS, "generic.not_backwards"),
    (None, BlockKind.SCOPE): _scope,
    (None, BlockKind.NOTHING_DELETED): _said(BlockKind.NOTHING_DELETED, "generic.nothing_deleted"),
    (None, BlockKind.EXCEPTIONS): _said(BlockKind.EXCEPTIONS, "generic.exceptions"),
    (None, BlockKind.BEFORE_LIFTING): _said(BlockKind.BEFORE_LIFTING, "generic.before_lifting"),
    (None, BlockKind.AUTOMATED): automated,
    (None, BlockKind.CONTEST): _said(BlockKind.CONTEST, "generic.contest"),
    (None, BlockKind.ANSWER): _answer,
}
