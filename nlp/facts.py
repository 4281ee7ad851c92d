"""Facts in a message: who, which number, which address; where they stand and whether they pass their own check.

Here the kinds come together and overlaps are settled; how a kind is found is in `fact_numbers`, `fact_references`,
`fact_dates`, `fact_addresses`, `fact_houses`, `fact_places`, `fact_names` and, for names, streets and towns, in the
`tagger`. Names and streets have no check.
"""

from __future__ import annotations

from collections.abc import Iterable

from cases.reading import Fact, FactKind
from nlp.fact_addresses import (
    bare_street,
    foreign_postcodes,
    house_facts,
    postbus_facts,
    postcode_facts,
    street_facts,
    streets_by_postcode,
    streets_by_town,
)
from nlp.fact_dates import date_facts
from nlp.fact_houses import Houses
from nlp.fact_names import name_facts, same_names, tidied, without_firms
from nlp.fact_numbers import number_facts, phone_facts, web_facts
from nlp.fact_places import home_towns, is_home, lived_in, place_facts, whole_place
from nlp.fact_references import References
from nlp.fact_seen import looked_at, unclear
from nlp.seen_pieces import Look
from nlp.tagger import Tagger
from nlp.tokens import tokens_of
from nlp.word_features import is_town

SEEN = 20_000  # characters; a signature stands well before
MOST = 40  # facts of one message; more is a list, not a request


def facts_of(
    text: str,
    tagger: Tagger | None = None,
    references: References | None = None,
    houses: Houses | None = None,
    look: Look | None = None,
) -> tuple[Fact, ...]:
    """All facts in order of place. With `look` the second reader is asked where patterns and tagger are not sure.

    Names by their look need the `tagger`; numbers of customers, invoices and orders need `references`,
    house numbers without a street before them `houses`.
    """
    facts = _found(text, tagger, references, houses, look)
    return looked_at(text, facts, look) if look is not None and unclear(text, facts) else facts


def shaped_facts(text: str) -> tuple[Fact, ...]:
    """Those with a shape or a check of their own, of which no other kind may take a part."""
    return _shaped(text).sorted()


def _shaped(text: str) -> _Kept:
    kept = _Kept()
    kept.add(web_facts(text))
    if any(map(str.isdigit, text)):
        kept.add(number_facts(text))
        kept.add(date_facts(text))
        kept.add(postcode_facts(text))
        kept.add(postbus_facts(text))
    return kept


def _found(
    text: str, tagger: Tagger | None, references: References | None, houses: Houses | None, look: Look | None
) -> tuple[Fact, ...]:
    """Where two overlap the more certain kind stays."""
    kept = _shaped(text)
    numbers = any(map(str.isdigit, text))
    if references is not None:
        kept.add(references.facts(text, kept.sorted(), look))
    if numbers:
        kept.add(phone_facts(text))
    tokens = tokens_of(text)
    spans = tagger.spans(tokens) if tagger is not None else []
    knows = tagger.lexicon.knows if tagger is not None else _everything
    tagged = tidied(text, spans, knows)
    streets = [bare_street(text, fact) for fact in tagged if fact.kind is FactKind.STREET]
    streets = [fact for fact in streets if len(fact.value) > 2]
    streets = [fact for fact in streets if not any(fact != other and _within(fact, other) for other in streets)]
    if numbers:
        shaped = list(street_facts(text))
        kept.add(one for one in shaped if any(_within(fact, one) and fact.start > one.start for fact in streets))
        kept.add(fact for fact in streets if any(_within(one, fact) for one in shaped))
        kept.add(shaped)
        kept.add(streets_by_postcode(text))
        kept.add(streets_by_town(text, is_town))
    names = without_firms([*(fact for fact in tagged if fact.kind is FactKind.NAME), *name_facts(text, knows)])
    kept.add(home_towns(text, names, is_town))
    kept.add(streets)
    places = [fact for fact in tagged if fact.kind is FactKind.PLACE and is_home(text, fact)]
    kept.add(whole_place(text, fact, is_town) for fact in lived_in(text, is_town, knows))
    kept.add(whole_place(text, fact, is_town) for fact in places)
    if numbers:
        kept.add(foreign_postcodes(text, kept.of(FactKind.PLACE)))
        kept.add(house_facts(text, kept.of(FactKind.STREET), kept.of(FactKind.POSTCODE)))
    kept.add(
        place_facts(text, kept.of(FactKind.STREET), kept.of(FactKind.POSTCODE), kept.of(FactKind.HOUSE_NUMBER), is_town)
    )
    if numbers:
        kept.add(foreign_postcodes(text, kept.of(FactKind.PLACE)))
    kept.add(names)
    kept.add(same_names(text, kept.of(FactKind.NAME), knows))
    if numbers and houses is not None:
        kept.add(houses.facts(text, kept.sorted()))
    return kept.sorted()


def _everything(word: str) -> bool:
    return bool(word)


def _within(one: Fact, other: Fact) -> bool:
    return other.start <= one.start and one.end <= other.end


class _Kept:
    """First come, first served: no two facts overlap."""

    def __init__(self) -> None:
        self._facts: list[Fact] = []

    def add(self, facts: Iterable[Fact]) -> None:
        for fact in facts:
            if len(self._facts) >= MOST:
                return
            if fact.end > fact.start and all(
                fact.end <= other.start or fact.start >= other.end for other in self._facts
            ):
                self._facts.append(fact)

    def of(self, kind: FactKind) -> list[Fact]:
        return [fact for fact in self._facts if fact.kind is kind]

    def sorted(self) -> tuple[Fact, ...]:
        return tuple(sorted(self._facts, key=lambda fact: fact.start))
