"""The reader behind `cases.protocols.Reader`: one message in, one `Reading` out. CPU work, no state between messages.

Cheap things first: clear messages are read by the linear model alone; the second reader is asked only where that is
not sure enough, and spaCy only for the sentences that carry a label.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from cases.guard import outside_unit
from cases.reading import LOOKED_AT, Asked, Certainty, Change, Fact, Flag, Reading, Reply
from cases.types import DESTRUCTIVE, Label
from nlp.changes import changes_of
from nlp.decide import LABELS, TWO_READERS, WORDS_ALONE, Decision, decide, unless_doubted
from nlp.encoder import Second, second_reader
from nlp.facts import SEEN, facts_of
from nlp.features import CAP
from nlp.flags import also_other, flags_said
from nlp.language import form_of, language_of
from nlp.model import FLAGS, Chances, Model, Scored, chances, ensure_model, with_second
from nlp.own_words import joined
from nlp.pipeline import evidence_of, make_pipeline, read_doc, sentence_bounds
from nlp.replies import read_reply

CLEAR = 0.985  # share of the best set from which the cheap model's word is taken
CLEAR_OTHER = 0.997  # the same for "no request at all"

_SURROGATES = re.compile("[\ud800-\udfff]")
_MAY_END = re.compile(r"[.!?…]\S*\s|\n\s*\n")
_STRIPPED = ".,!?;:()\"'“”‘’-*"


class DutchReader:
    """Immutable after construction; may be shared by threads."""

    def __init__(self, model: Model, second: Second | None = None) -> None:
        self._model = model
        self._second = second
        self._nlp = make_pipeline(model)
        self.read("", "Graag ontvang ik, t.a.v. de directie, een kopie van mijn gegevens.")  # first call is slow

    @property
    def version(self) -> str:
        return self._model.version

    def read(self, subject: str, own_words: str) -> Reading:
        """Offsets of facts count in `text_read(subject, own_words)`."""
        outside_unit("the reader")
        text = text_read(subject, own_words)
        scored = self._model.score(text)
        low = text.lower()
        probabilities, flag_chances, decision = self._decided(text, scored)
        worded = any(map(str.isalpha, text))  # a bare number is an answer: it says nothing of who sent it
        flags = flags_said(low, zip(FLAGS, flag_chances.tolist(), strict=True)) if worded else set()
        labels, certainty = decision.labels, decision.certainty
        if not any(map(str.isalnum, text)):  # nothing to read is nothing to be sure of
            labels, certainty = (), Certainty.TRIAGE
        evidence: dict[Label, str] = {}
        if labels != (Label.OVERIG,) or not LOOKED_AT.isdisjoint(flags):  # somebody will read it
            evidence, other = self._evidence(text, scored, labels or _likeliest(probabilities))
            if other and certainty is not Certainty.TRIAGE:
                flags.add(Flag.ALSO_OTHER)
        words = [word.strip(_STRIPPED) for word in low.split()]
        language = language_of(words)
        facts = self.facts(text)
        return Reading(
            labels=labels,
            probabilities=probabilities,
            certainty=certainty,
            evidence=evidence,
            language=language,
            form=form_of(words, language),
            flags=frozenset(flags),
            facts=facts,
            model_version=self.version,
            chosen=decision.chosen,
            changes=self.changes(text, facts) if Label.CORRECTIE in decision.chosen else (),
        )

    def read_many(self, texts: Sequence[tuple[str, str]]) -> list[Reading]:
        return [self.read(subject, own_words) for subject, own_words in texts]

    def facts(self, text: str) -> tuple[Fact, ...]:
        """The facts of a text by themselves; quotes are to be blanked out before."""
        look = self._second.kinds if self._second else None
        return facts_of(text[:SEEN], self._model.tagger, self._model.references, self._model.houses, look)

    def changes(self, text: str, facts: Sequence[Fact]) -> tuple[Change, ...]:
        return changes_of(text, facts, self._model.roles, self._second.roles if self._second else None)

    def read_reply(self, text: str, asked: Asked | None = None) -> Reply:
        return read_reply(text, asked, lambda: self.facts(text))

    def read_replies(self, texts: Sequence[str]) -> list[Reply]:
        return [self.read_reply(text) for text in texts]

    def _decided(self, text: str, scored: Scored) -> tuple[dict[Label, float], Chances, Decision]:
        """Of labels, of flags, and what follows: the cheap model's word if clear, else the second reader's too."""
        words = _named(scored.probabilities)
        decision = decide(words, self._model.sets, WORDS_ALONE if self._second is None else TWO_READERS)
        if self._second is None or _clear(decision) or not text.strip():
            return words, scored.flags, decision
        margins = self._second.margins(text)
        both = with_second(scored, margins)
        probabilities = _named(both[: len(LABELS)])
        parts = [_named(part[: len(LABELS)]) for part in chances(margins)]
        decision = unless_doubted(decide(probabilities, self._model.sets), words, parts)
        return probabilities, both[len(LABELS) :], decision

    def _evidence(self, text: str, scored: Scored, labels: tuple[Label, ...]) -> tuple[dict[Label, str], bool]:
        """The sentence of each label, and whether a sentence beside them asks something of another kind."""
        if not _MAY_END.search(text.strip()):  # one sentence, as most chat messages are
            return dict.fromkeys(labels, text.strip()), False
        doc = read_doc(self._nlp, text, scored)
        bounds = sentence_bounds(doc, text)
        spans = evidence_of(doc, self._model, labels, bounds)
        carrying = {span for label, span in spans.items() if label is not Label.OVERIG}
        sentences = [(text[start:end].lower(), (start, end) in carrying) for start, end in bounds]
        shown = {label: text[start:end] for label, (start, end) in spans.items()}
        return shown, also_other(text.lower(), sentences)


def text_read(subject: str, own_words: str) -> str:
    """Subject and own words, cut at `CAP`; halves of broken characters, which nothing can encode, are replaced."""
    return _SURROGATES.sub("\ufffd", joined(subject, own_words)[:CAP])


def _clear(decision: Decision) -> bool:
    """So sure that the second reader need not be asked; what can not be undone is never so."""
    if not DESTRUCTIVE.isdisjoint(decision.chosen):
        return False
    return decision.share >= (CLEAR_OTHER if decision.chosen == (Label.OVERIG,) else CLEAR)


def _named(said: Chances) -> dict[Label, float]:
    return dict(zip(LABELS, said.tolist(), strict=True))


def _likeliest(probabilities: dict[Label, float]) -> tuple[Label, ...]:
    """When nothing is sure, the two likeliest labels still get their sentence: staff see why."""
    return tuple(sorted(probabilities, key=lambda label: -probabilities[label])[:2])


def make_reader(folder: Path, *, embeddings: bool = False) -> DutchReader:
    """The reader with the model of `folder`, built first when it is missing or out of date."""
    return DutchReader(ensure_model(folder), second_reader() if embeddings else None)
