"""The spaCy frame: Dutch tokens, sentences that know Dutch abbreviations, and our own `privacy_cat`.

The only file that knows spaCy. `privacy_cat` fills `doc.cats` from the linear model; spaCy's own text categoriser did
worse at this corpus size.
"""

from __future__ import annotations

import numpy as np
import spacy
from spacy.attrs import ORTH
from spacy.language import Language
from spacy.tokens import Doc

from cases.types import Label
from nlp.model import LABELS, Model, Scored

SCORED = "privacy_scored"  # doc.user_data: the score that was made before, so nothing is counted twice
_ABBREVIATIONS = """
a.d.h.v. a.h.w. a.s. a.u.b. afd. alg. alsm. art. a.u.b aug. b.g.g. b.v. B.V. bijv. blz. bv. c.q. ca. cf. d.d. dec. dhr. d.m.v. dr. drs.
d.w.z. e.a. e.d. e.e.a. enz. e.o. etc. excl. feb. fact. factnr. f.a.o. geb. gem. gr. grtz. i.c. i.c.m. i.d. i.g.v. i.h.b. i.h.k.v. incl. ing.
i.o. i.p.v. ir. i.s.m. i.v.m. jan. jl. jr. jul. jun. k.k. klantnr. l.s. lid. m.a.w. max. m.b.t. m.b.v. mej. mevr. m.i. m.i.v. min. m.n. mr. mrt.
mw. n.a.v. n.b. nl. N.V. n.v.t. nov. nr. nrs. o.a. o.b.v. o.g.v. o.i.d. okt. o.l.v. opm. ordernr. o.v.v. p.a. p/a pag. par. p.m. p.o. prof. p.s. P.S. p.w. r.o. red. resp.
s.g. sept. sr. st. str. s.v.p. t.a.v. tel. telnr. t.b.v. t.g.v. t.h.v. t.n.v. t.o.v. t.w.v. t.z.t. v.a. v.d. v.h. vgl. vlgs. vr. v.v. wo. z.g.a.n. z.o.z. z.s.m. zgn.
"""
_STOPS = [".", "!", "?", "…", "?!", "!!", "!!!", "??", "???", "...", "\n\n", "\n\n\n", "\n\n\n\n", "\n \n", "\n\n ", "\n\n\t"]


@Language.factory("privacy_cat")
def make_privacy_cat(nlp: Language, name: str) -> PrivacyCat:
    """Registered under its name; the model is handed over afterwards, it is too large for a config."""
    return PrivacyCat()


class PrivacyCat:
    """Fills `doc.cats` with calibrated probabilities and keeps the score for the evidence."""

    def __init__(self) -> None:
        self.model: Model | None = None

    def __call__(self, doc: Doc) -> Doc:
        if self.model is None:
            raise ValueError("privacy_cat was given no model")
        scored = doc.user_data.get(SCORED)
        if not isinstance(scored, Scored):
            scored = self.model.score(doc.text)
            doc.user_data[SCORED] = scored
        doc.cats = {str(label): float(value) for label, value in zip(LABELS, scored.probabilities, strict=True)}
        return doc


def make_pipeline(model: Model | None) -> Language:
    """Tokens, sentences, and (with a model) categories."""
    nlp = spacy.blank("nl")
    for written in _ABBREVIATIONS.split():
        for form in {written, written.capitalize()}:
            nlp.tokenizer.add_special_case(form, [{ORTH: form}])
    nlp.add_pipe("sentencizer", config={"punct_chars": _STOPS})
    if model is not None:
        component = nlp.add_pipe("privacy_cat")
        assert isinstance(component, PrivacyCat)
        component.model = model
    return nlp


def read_doc(nlp: Language, text: str, scored: Scored | None = None) -> Doc:
    doc = nlp.make_doc(text)
    if scored is not None:
        doc.user_data[SCORED] = scored
    return nlp(doc)


def sentence_bounds(doc: Doc) -> list[tuple[int, int]]:
    """Character bounds of each sentence, outer blanks left off."""
    bounds: list[tuple[int, int]] = []
    for sentence in doc.sents:
        text = sentence.text
        start = sentence.start_char + len(text) - len(text.lstrip())
        end = start + len(text.strip())
        if end > start:
            bounds.append((start, end))
    return bounds


def evidence_of(doc: Doc, model: Model, labels: tuple[Label, ...]) -> dict[Label, tuple[int, int]]:
    """For each label the sentence whose n-grams add most to its score."""
    bounds = sentence_bounds(doc)
    scored = doc.user_data[SCORED]
    if not bounds or not len(scored.found.offsets):
        return {}
    starts = np.array([start for start, _ in bounds])
    of_sentence = np.maximum(np.searchsorted(starts, scored.found.offsets, side="right") - 1, 0)
    found: dict[Label, tuple[int, int]] = {}
    for label in labels:
        sums = np.bincount(of_sentence, weights=model.carried(scored, label), minlength=len(bounds))
        found[label] = bounds[int(np.argmax(sums))]
    return found
