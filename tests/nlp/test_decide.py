"""From chances to what is certain: what can not be undone, and that nothing is asked, need more."""

from __future__ import annotations

from cases.reading import Certainty
from cases.types import Label
from nlp.decide import REQUESTS, Decision, decide, label_sets, unless_doubted


def _chances(**given: float) -> dict[Label, float]:
    return {label: given.get(label.value, 0.004) for label in Label}


def _decision(**given: float) -> Decision:
    pairs = [frozenset({one, other}) for one in REQUESTS for other in REQUESTS if one < other]
    return decide(_chances(**given), label_sets(pairs, at_least=1))


def _decided(**given: float) -> tuple[tuple[Label, ...], Certainty]:
    decision = _decision(**given)
    return decision.labels, decision.certainty


def test_a_destructive_label_needs_more() -> None:
    assert _decided(inzage=0.65) == ((Label.INZAGE,), Certainty.CERTAIN)
    assert _decided(verwijdering=0.65) == ((), Certainty.ASK)
    assert _decided(inzage=0.9, verwijdering=0.45) == ((Label.INZAGE,), Certainty.ASK)


def test_other_needs_a_high_chance() -> None:
    assert _decided(overig=0.97) == ((Label.OVERIG,), Certainty.CERTAIN)
    assert _decided(overig=0.5) == ((), Certainty.TRIAGE)
    assert _decided(overig=0.9, inzage=0.3) == ((), Certainty.TRIAGE)


def test_a_request_beside_other_matters_is_asked_about() -> None:
    assert _decided(afmelden=0.9, overig=0.7) == ((Label.AFMELDEN,), Certainty.ASK)
    assert _decided(afmelden=0.75, overig=0.8) == ((), Certainty.TRIAGE)
    assert _decided(inzage=0.95, overig=0.4) == ((Label.INZAGE,), Certainty.CERTAIN)
    assert _decided(verwijdering=0.99, overig=0.4)[1] is Certainty.ASK


def test_nothing_is_asked_only_where_nobody_doubts_it() -> None:
    none, sure = _decision(overig=0.97), _chances(overig=0.9)
    assert unless_doubted(none, sure, [sure, sure]) == none
    for words, part in (
        (_chances(overig=0.9, inzage=0.6), sure),  # the words see a request
        (_chances(overig=0.01), sure),  # they see next to nothing of none
        (sure, _chances(overig=0.5)),  # one part of the second reader hesitates
    ):
        doubted = unless_doubted(none, words, [sure, part])
        assert (doubted.labels, doubted.certainty, doubted.chosen) == ((), Certainty.TRIAGE, (Label.OVERIG,))


def test_what_can_not_be_undone_is_certain_only_where_all_see_it() -> None:
    erase, seen = _decision(verwijdering=0.99), _chances(verwijdering=0.9)
    assert erase.certainty is Certainty.CERTAIN
    assert unless_doubted(erase, seen, [seen, seen]) == erase
    for words, part in ((_chances(verwijdering=0.2), seen), (seen, _chances(verwijdering=0.4))):
        doubted = unless_doubted(erase, words, [seen, part])
        assert (doubted.labels, doubted.certainty) == ((Label.VERWIJDERING,), Certainty.ASK)


def test_what_one_part_sees_beside_the_rest_is_asked_about() -> None:
    copy, seen = _decision(inzage=0.97), _chances(inzage=0.9)
    assert unless_doubted(copy, seen, [seen, seen]) == copy
    assert unless_doubted(copy, seen, [seen, _chances(inzage=0.9, afmelden=0.4)]).certainty is Certainty.ASK
    consent = _decision(intrekken=0.97)
    seen = _chances(intrekken=0.9)
    stopped = _chances(intrekken=0.9, afmelden=0.4)  # the mailing stops with the consent
    assert unless_doubted(consent, seen, [seen, stopped]) == consent
