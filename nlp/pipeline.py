"""The spaCy frame: Dutch tokens, sentences that know Dutch abbreviations, and our own `privacy_cat`.

The only file that knows spaCy. `privacy_cat` fills `doc.cats` from the linear model; spaCy's own text categoriser did
worse at this corpus size.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import spacy
from spacy.language import Language
from spacy.strings import get_string_id
from spacy.symbols import ORTH  # type: ignore[import-not-found]
from spacy.tokenizer import Tokenizer  # type: ignore[import-not-found]
from spacy.tokens import Doc

from cases.types import Label
from nlp.decide import LABELS
from nlp.features import isin
from nlp.model import Model, Scored

SCORED = "privacy_scored"  # doc.user_data: the score that was made before, so nothing is counted twice
_ABBREVIATIONS = """
a.d.h.v. a.h.w. a.s. a.u.b a.u.b. afd. alg. alsm. art. aug. b.g.g. b.v. B.V. bijv. blz. bv. c.q. ca. cf. d.d. d.m.v.
d.w.z. dec. dhr. dr. drs. e.a. e.d. e.e.a. e.o. enz. etc. excl. f.a.o. fact. factnr. feb. geb. gem. gr. grtz. i.c.
i.c.m. i.d. i.g.v. i.h.b. i.h.k.v. i.o. i.p.v. i.s.m. i.v.m. incl. ing. ir. jan. jl. jr. jul. jun. k.k. klantnr.
l.s. lid. m.a.w. m.b.t. m.b.v. m.i. m.i.v. m.n. max. mej. mevr. min. mr. mrt. mw. n.a.v. n.b. N.V. n.v.t. nl. nov.
nr. nrs. o.a. o.b.v. o.g.v. o.i.d. o.l.v. o.v.v. okt. opm. ordernr. p.a. p.m. p.o. p.s. P.S. p.w. p/a pag. par.
prof. r.o. red. resp. s.g. s.v.p. sept. sr. st. str. t.a.v. t.b.v. t.g.v. t.h.v. t.n.v. t.o.v. t.w.v. t.z.t. tel.
telnr. v.a. v.d. v.h. v.v. vgl. vlgs. vr. wo. z.g.a.n. z.o.z. z.s.m. zgn.
"""
_STOPS = (".", "!", "?", "…", "?!", "!?", "!!", "!!!", "??", "???", "...", "..")
_STOP_KEYS = [get_string_id(stop) for stop in _STOPS]
_ATTRIBUTES: list[int | str] = ["ORTH", "IS_PUNCT", "IS_SPACE"]


@Language.component("dutch_sentences")
def dutch_sentences(doc: Doc) -> Doc:
    """Sentence starts, found with numpy: spaCy's own sentencizer loops over the tokens and took most of the time.

    A sentence ends at a stop or a blank line, closing quotes and brackets included. Abbreviations are one token with
    their stop, so they end nothing.
    """
    if not len(doc):
        return doc
    orth, punctuation, space = doc.to_array(_ATTRIBUTES).T
    strings = doc.vocab.strings
    blank_lines = [key for key in set(orth[space > 0].tolist()) if strings[key].count("\n") > 1]
    stops = isin(orth, np.sort(np.array([*_STOP_KEYS, *blank_lines], dtype=np.uint64)))
    plain = np.flatnonzero(~(stops | (punctuation > 0) | (space > 0)))
    seen = np.cumsum(stops)[plain]
    starts = np.full(len(doc), -1, dtype=np.int64)
    starts[plain[1:][seen[1:] > seen[:-1]]] = 1
    starts[0] = 1
    column: Any = starts.astype(np.uint64).reshape(-1, 1)
    return doc.from_array(["SENT_START"], column)


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
    tokenizer = nlp.tokenizer
    assert isinstance(tokenizer, Tokenizer)
    for written in _ABBREVIATIONS.split():
        for form in {written, written.capitalize()}:
            tokenizer.add_special_case(form, [{ORTH: form}])
    nlp.add_pipe("dutch_sentences")
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


def sentence_bounds(doc: Doc, text: str) -> list[tuple[int, int]]:
    """Character bounds of each sentence of `text`, outer blanks left off. (`doc.text` and `doc.sents` are slow.)"""
    attributes: list[int | str] = ["SENT_START", "IDX"]
    starts, places = doc.to_array(attributes).T
    edges = [*places[starts == 1].tolist(), len(text)]
    bounds: list[tuple[int, int]] = []
    for first, last in pairwise(edges):
        written = text[first:last]
        start = first + len(written) - len(written.lstrip())
        end = start + len(written.strip())
        if end > start:
            bounds.append((start, end))
    return bounds


def evidence_of(
    doc: Doc, model: Model, labels: tuple[Label, ...], bounds: list[tuple[int, int]]
) -> dict[Label, tuple[int, int]]:
    """For each label the sentence whose n-grams add most to its score."""
    scored = doc.user_data[SCORED]
    if not bounds or not len(scored.found.offsets):
        return {}
    starts = np.array([start for start, _ in bounds])
    of_sentence = np.maximum(np.searchsorted(starts, scored.found.offsets, side="right") - 1, 0)
    found: dict[Label, tuple[int, int]] = {}
    for label in labels:
        sums = np.bincount(of_sentence, weights=model.carried(scored, LABELS.index(label)), minlength=len(bounds))
        found[label] = bounds[int(np.argmax(sums))]
    return found
