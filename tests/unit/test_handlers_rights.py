"""The rights that need little searching: what is planned, who may send it, and what only a person can write."""

from __future__ import annotations

import pytest

from cases.errors import InputError
from cases.letters import BlockKind, edit_free, missing, slots
from cases.policy import AdChannel, Basis
from cases.protocols import FindStatus, Found
from cases.reading import Fact, FactKind
from cases.types import Decision, Label, RefusalGround, RestrictionGround, Verb
from handlers.afmelden import channels_named
from handlers.base import Needs
from handlers.redirect import redirect_letter
from handlers.refusals import forbidden
from handlers.registry import HANDLERS
from tests.support.case_files import ADDRESS, BOOKS, CRM, ORGANISATIONS, case_file, nothing_in
from tests.support.drafts import LISTS, block, holding, prepared, text_of

# --- all of them ------------------------------------------------------------------------------------------------------


def test_every_label_has_its_handler() -> None:
    assert set(HANDLERS) == set(Label)
    assert all(handler.label is label for label, handler in HANDLERS.items())


@pytest.mark.parametrize("organisation", ORGANISATIONS)
@pytest.mark.parametrize("label", Label)
def test_a_draft_lacks_only_what_staff_must_write_and_then_is_complete(label: Label, organisation: str) -> None:
    file = case_file(label, organisation)
    made = HANDLERS[label].prepare(file)
    free = {part.kind: part for part in made.letter.blocks if not part.fixed}
    lacking = missing(made.letter, label, made.decision)
    assert set(lacking) <= set(free)
    assert all(free[kind].hint for kind in lacking)
    written = edit_free(made.letter, {free[kind].key: "Dit is de uitkomst." for kind in lacking})
    assert missing(written, label, made.decision) == ()
    assert forbidden(written, file.policy) == ()


@pytest.mark.parametrize("label", Label)
def test_no_hint_reaches_the_requester(label: Label) -> None:
    letter = prepared(label).letter
    hints = [part.hint for part in letter.blocks if part.hint]
    assert hints or any(part.kind is BlockKind.ASSISTANT for part in letter.blocks)
    assert not any(hint in text_of(letter) for hint in hints)


SEARCHED = [label for label in Label if HANDLERS[label].needs is Needs.CONTROLLER_SOURCES]


@pytest.mark.parametrize("label", [label for label in SEARCHED if label is not Label.INTREKKEN])
def test_nothing_found_is_the_same_answer_for_every_right(label: Label) -> None:
    made = prepared(label, **nothing_in(CRM, BOOKS))
    assert made.decision is Decision.NOTHING_FOUND
    assert missing(made.letter, label, made.decision) == ()


@pytest.mark.parametrize("label", SEARCHED)
def test_a_failed_source_stands_in_every_draft(label: Label) -> None:
    found = (Found("crm", FindStatus.NOTHING), Found("books", FindStatus.FAILED))
    made = prepared(label, sources=(CRM, BOOKS), found=found)
    assert made.decision is not Decision.NOTHING_FOUND
    assert block(made.letter, BlockKind.NOT_ASKED).items == ("Boekhouding",) or label is Label.INZAGE


def test_other_requests_in_the_case_are_named() -> None:
    understood = block(prepared(Label.INZAGE, also=(Label.INZAGE, Label.VERWIJDERING)).letter, BlockKind.UNDERSTOOD)
    assert "je gegevens wissen" in understood.text[1]
    assert "je gegevens inzien" not in understood.text[1]


def test_data_of_a_customer_are_redirected_where_the_policy_says_so() -> None:
    letter = redirect_letter(case_file(organisation="winkeltjes"), "Voorbeeldwinkel")
    assert "Voorbeeldwinkel" in block(letter, BlockKind.REDIRECT).text[1]
    with pytest.raises(InputError):
        redirect_letter(case_file(organisation="whatnext"))


# --- afmelden ---------------------------------------------------------------------------------------------------------


def test_an_opt_out_is_planned_without_looking_anybody_up() -> None:
    assert HANDLERS[Label.AFMELDEN].needs is Needs.SYSTEMS
    made = prepared(Label.AFMELDEN, words="Stop met die reclame.", sources=(LISTS, BOOKS), found=())
    (action,) = made.actions
    assert (action.source, action.verb, action.channels, action.keys) == ("lists", Verb.OPT_OUT, (), ())
    assert [who.value for who in action.identifiers] == [ADDRESS]
    assert made.by_program
    assert missing(made.letter, Label.AFMELDEN, Decision.GRANTED) == ()
    assert not slots(made.letter)
    assert block(made.letter, BlockKind.ASSISTANT) is made.letter.blocks[0]
    assert not any(part.kind is BlockKind.CHECKED_BY for part in made.letter.blocks)


def test_the_confirmation_is_the_same_for_known_and_unknown_addresses() -> None:
    known = prepared(Label.AFMELDEN, words="Geen reclame meer.")
    unknown = prepared(Label.AFMELDEN, words="Geen reclame meer.", **nothing_in(CRM, BOOKS))
    assert known.letter == unknown.letter


@pytest.mark.parametrize(
    ("words", "channels"),
    [
        ("Ik wil geen reclame meer", ()),
        ("Haal mij van de nieuwsbrief af", ()),
        ("Stop met bellen", (AdChannel.PHONE,)),
        ("Geen folders meer per post graag", (AdChannel.POST,)),
        ("Stuur me geen sms of WhatsApp meer", (AdChannel.SMS,)),
        ("Stop met mail en met bellen", (AdChannel.EMAIL, AdChannel.PHONE)),
        ("Geen advertenties meer op Facebook", (AdChannel.SOCIAL,)),
    ],
)
def test_channels_are_read_from_the_requests_own_words(words: str, channels: tuple[AdChannel, ...]) -> None:
    assert channels_named(words) == channels


def test_a_named_channel_is_said_with_the_lists_in_it() -> None:
    letter = prepared(Label.AFMELDEN, "weservit", "Stop met bellen").letter
    assert block(letter, BlockKind.STOPPED).items == ("per telefoon",)
    assert "reclame per telefoon" in text_of(letter)
    assert "onze nieuwsbrief" not in text_of(letter)


def test_service_lists_stay_and_mixed_ones_go() -> None:
    assert "onze mailings" in text_of(prepared(Label.AFMELDEN, "whatnext").letter)
    assert "status van je account" not in text_of(prepared(Label.AFMELDEN, "webanizr").letter)


def test_another_address_or_an_exception_is_read_by_a_person() -> None:
    other = Fact(FactKind.EMAIL, "jan@voorbeeld.example", 0, 0, checked=True)
    own = Fact(FactKind.EMAIL, ADDRESS.upper(), 0, 0, checked=True)
    assert prepared(Label.AFMELDEN, facts=(own,)).by_program
    for made in (
        prepared(Label.AFMELDEN, facts=(own, other)),
        prepared(Label.AFMELDEN, words="Niet meer bellen, maar de nieuwsbrief wel graag"),
    ):
        assert not made.by_program
        assert made.staff_notes
        assert any(part.kind is BlockKind.CHECKED_BY for part in made.letter.blocks)


# --- bezwaar ----------------------------------------------------------------------------------------------------------


def test_an_objection_freezes_first_and_waits_for_the_weighing() -> None:
    records = holding("ip", can=frozenset({Verb.RESTRICT}))
    made = prepared(Label.BEZWAAR, words="Ik maak bezwaar tegen het opslaan van mijn IP-adres", **records)
    (frozen,) = made.meanwhile
    assert (frozen.verb, frozen.keys, frozen.by_hand) == (Verb.RESTRICT, ("7",), False)
    assert (made.actions, made.restriction) == ((), RestrictionGround.OBJECTION)
    assert missing(made.letter, Label.BEZWAAR, made.decision) == (BlockKind.WEIGHING,)


def test_an_objection_that_weighs_more_stops_the_use() -> None:
    records = holding("ip", can=frozenset({Verb.RESTRICT}))
    made = prepared(Label.BEZWAAR, words="bezwaar: mijn IP-adres", chosen={"weighing": "stopped"}, **records)
    assert made.decision is Decision.GRANTED
    assert [action.verb for action in made.actions] == [Verb.RESTRICT]
    assert slots(made.letter) == ("done:own",)
    assert missing(made.letter, Label.BEZWAAR, made.decision) == ()


def test_compelling_grounds_need_their_facts() -> None:
    chosen = {"purposes": "fraud", "weighing": "overriding"}
    open_yet = prepared(Label.BEZWAAR, chosen=chosen)
    assert missing(open_yet.letter, Label.BEZWAAR, Decision.REFUSED) == (BlockKind.FACTS,)
    made = prepared(Label.BEZWAAR, chosen=chosen | {"interest": "er is fraude gezien", "why": "zonder kan het niet"})
    assert (made.decision, made.ground, made.actions) == (Decision.REFUSED, RefusalGround.COMPELLING, ())
    assert missing(made.letter, Label.BEZWAAR, Decision.REFUSED) == ()
    assert "er is fraude gezien" in text_of(made.letter)


def test_against_advertising_there_is_nothing_to_weigh() -> None:
    made = prepared(Label.BEZWAAR, words="Ik maak bezwaar tegen jullie mailings", sources=(LISTS,), found=())
    assert made.decision is Decision.GRANTED
    assert [action.verb for action in made.actions] == [Verb.OPT_OUT]
    assert made.meanwhile == ()
    assert missing(made.letter, Label.BEZWAAR, made.decision) == ()


@pytest.mark.parametrize("organisation", ORGANISATIONS)
def test_direct_marketing_is_absolute_by_any_name(organisation: str) -> None:
    made = prepared(Label.BEZWAAR, organisation, "Ik maak bezwaar tegen direct marketing", sources=(LISTS,), found=())
    assert (made.decision, made.meanwhile) == (Decision.GRANTED, ())
    assert missing(made.letter, Label.BEZWAAR, made.decision) == ()


def test_what_can_not_be_objected_to_makes_it_partly() -> None:
    for words in ("Bezwaar tegen de mailings en de incasso", "Bezwaar tegen IP-adres en incasso"):
        chosen = {"weighing": "stopped"}
        made = prepared(Label.BEZWAAR, words=words, chosen=chosen, sources=(CRM, LISTS))
        assert (made.decision, made.ground) == (Decision.PARTLY, RefusalGround.NO_SUCH_RIGHT)
        assert missing(made.letter, Label.BEZWAAR, Decision.PARTLY) == ()


def test_advertising_stops_even_when_the_rest_goes_on() -> None:
    chosen = {"purposes": "fraud,mailings", "weighing": "overriding", "interest": "a", "why": "b"}
    made = prepared(Label.BEZWAAR, chosen=chosen, sources=(CRM, LISTS))
    assert made.decision is Decision.PARTLY
    assert [action.verb for action in made.actions] == [Verb.OPT_OUT]
    assert missing(made.letter, Label.BEZWAAR, Decision.PARTLY) == ()


def test_an_objection_to_a_contract_says_what_does_apply() -> None:
    made = prepared(Label.BEZWAAR, words="Ik maak bezwaar tegen de incasso")
    assert (made.decision, made.ground) == (Decision.REFUSED, RefusalGround.NO_SUCH_RIGHT)
    assert missing(made.letter, Label.BEZWAAR, Decision.REFUSED) == ()


# --- intrekken --------------------------------------------------------------------------------------------------------


def test_what_the_statement_calls_consent_and_is_contract_goes_on() -> None:
    made = prepared(Label.INTREKKEN, "weservit", "Ik trek al mijn toestemming in", sources=(LISTS,), found=())
    policy = case_file(organisation="weservit").policy
    assert made.decision is Decision.GRANTED
    stopped = set(block(made.letter, BlockKind.CONSENT).items)
    assert stopped == {purpose.title for purpose in policy.purposes if purpose.basis is Basis.CONSENT}
    goes_on = " ".join(block(made.letter, BlockKind.CONTINUES).items)
    assert all(purpose.title in goes_on for purpose in policy.purposes if purpose.claimed_consent)
    assert "Dat is niet juist" in text_of(made.letter)
    assert [action.verb for action in made.actions] == [Verb.OPT_OUT]


def test_withdrawing_what_is_no_consent_is_refused_with_its_reason() -> None:
    made = prepared(Label.INTREKKEN, "weservit", "Ik trek mijn toestemming in voor mijn abonnement")
    assert (made.decision, made.ground, made.actions) == (Decision.REFUSED, RefusalGround.NO_SUCH_RIGHT, ())
    assert missing(made.letter, Label.INTREKKEN, Decision.REFUSED) == ()
    partly = prepared(Label.INTREKKEN, "weservit", "Geen toestemming meer voor nieuwsbrief en abonnement")
    assert partly.decision is Decision.PARTLY
    assert missing(partly.letter, Label.INTREKKEN, Decision.PARTLY) == ()


def test_data_that_only_a_consent_needed_are_frozen() -> None:
    records = holding("location", "weservit", can=frozenset({Verb.RESTRICT}))
    made = prepared(Label.INTREKKEN, words="Trek mijn toestemming voor locatie in", **records)
    assert [(action.verb, action.source, action.by_hand) for action in made.actions] == [(Verb.RESTRICT, "own", False)]
