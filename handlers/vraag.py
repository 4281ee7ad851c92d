"""A question about privacy (art. 12-14 AVG): the approved answer of the policy, with its place in the statement.

The program sends it by itself when exactly one answer fits; in doubt, without one, or in another language than the
answers have, a person writes. `chosen["answer"]` settles which answer is meant.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from cases.letters import Block, BlockKind
from cases.policy import Answer
from cases.types import Decision, Form, Label
from handlers.automatic import by_program
from handlers.base import CaseFile, Needs, Prepared
from handlers.choices import picked
from handlers.parts import free, head, letter, tail, texts_of, titled
from handlers.planning import count
from handlers.wording import staff_texts


@dataclass(frozen=True, slots=True)
class Vraag:
    label: Label = Label.VRAAG
    needs: Needs = Needs.NOTHING

    def prepare(self, file: CaseFile) -> Prepared:
        fitting = answers_for(file)
        clear = len(fitting) == 1 and texts_of(file).form is not Form.EN
        first = head(file, Decision.INFORMATION)
        if clear:
            blocks: tuple[Block, ...] = by_program(file, (*first, *_answer(file, fitting[0], fixed=True), *tail(file)))
        elif fitting:
            blocks = (*first, *_answer(file, fitting[0], fixed=False), *tail(file))
        else:
            blocks = (*first, free(texts_of(file), BlockKind.ANSWER), *tail(file))
        return Prepared(Decision.INFORMATION, (), letter(file, blocks), None, _notes(fitting), by_program=clear)


def answers_for(file: CaseFile) -> tuple[Answer, ...]:
    """The approved answers that fit: the settled one, else all with a word of the question, most words first."""
    settled = picked(file, "answer")
    if settled:
        return tuple(answer for answer in file.policy.answers if answer.key == settled)
    counted = [(count(file.as_understood, answer.words), answer) for answer in file.policy.answers]
    return tuple(answer for hits, answer in sorted(counted, key=lambda pair: -pair[0]) if hits)


def _answer(file: CaseFile, answer: Answer, *, fixed: bool) -> tuple[Block, ...]:
    """The answer with its place and the date of the statement; silent where the statement is."""
    texts, dated = texts_of(file), file.policy.statement.date
    if not answer.section:
        where = texts.say("generic.silent")
    elif re.search(r"\d", dated):
        where = texts.say("question.dated", section=answer.section, date=dated)
    else:
        where = texts.say("generic.section", section=answer.section)
    if fixed:
        return (titled(texts, BlockKind.ANSWER, answer.text, where, texts.say("question.more")),)
    return (free(texts, BlockKind.ANSWER, answer.text, where),)


def _notes(fitting: tuple[Answer, ...]) -> tuple[str, ...]:
    say = staff_texts().say
    if not fitting:
        return (say("note.no_answer"),)
    if len(fitting) > 1:
        return (say("note.several_answers", topics=", ".join(answer.topic for answer in fitting)),)
    return (say("note.answers", topic=fitting[0].topic),)
