"""The reader behind `cases.protocols.Reader`: one message in, one `Reading` out. CPU work, no state between messages.

Clear non-requests never reach spaCy: the linear score and a few substring probes tell. Everything else gets tokens and
sentences, because the evidence is a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from cases.guard import outside_unit
from cases.reading import Certainty, Flag, Reading, Reply
from cases.types import Label
from nlp.decide import SENSITIVE, decide
from nlp.facts import facts_of
from nlp.features import CAP
from nlp.flags import also_other, flags_of
from nlp.language import form_of, language_of
from nlp.model import LABELS, Model, Scored, ensure_model
from nlp.pipeline import evidence_of, make_pipeline, read_doc, sentence_bounds
from nlp.replies import read_reply
from nlp.train import joined

_SURROGATES = re.compile("[\ud800-\udfff]")
_MAY_END = re.compile(r"[.!?…]\S*\s|\n\s*\n")
_STRIPPED = ".,!?;:()\"'“”‘’-*"


class DutchReader:
    """Immutable after construction; may be shared by threads."""

    def __init__(self, model: Model) -> None:
        self._model = model
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
        flags = flags_of(low)
        probabilities = dict(zip(LABELS, scored.probabilities.tolist(), strict=True))
        labels, certainty = decide(probabilities, sensitive=not SENSITIVE.isdisjoint(flags))
        if not any(map(str.isalnum, text)):  # nothing to read is nothing to be sure of
            labels, certainty = (), Certainty.TRIAGE
        evidence: dict[Label, str] = {}
        if certainty is not Certainty.CERTAIN or labels != (Label.OVERIG,):
            evidence, other = self._evidence(text, scored, labels or _likeliest(probabilities))
            if other and certainty is not Certainty.TRIAGE:
                flags.add(Flag.ALSO_OTHER)
        words = [word.strip(_STRIPPED) for word in low.split()]
        language = language_of(words)
        return Reading(
            labels=labels,
            probabilities=probabilities,
            certainty=certainty,
            evidence=evidence,
            language=language,
            form=form_of(words, language),
            flags=frozenset(flags),
            facts=facts_of(text),
            model_version=self.version,
        )

    def read_many(self, texts: Sequence[tuple[str, str]]) -> list[Reading]:
        return [self.read(subject, own_words) for subject, own_words in texts]

    def read_reply(self, text: str) -> Reply:
        return read_reply(text)

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


def _likeliest(probabilities: dict[Label, float]) -> tuple[Label, ...]:
    """When nothing is sure, the two likeliest labels still get their sentence: staff see why."""
    return tuple(sorted(probabilities, key=lambda label: -probabilities[label])[:2])


def make_reader(folder: Path) -> DutchReader:
    """The reader with the model of `folder`, built first when it is missing or out of date."""
    return DutchReader(ensure_model(folder))
