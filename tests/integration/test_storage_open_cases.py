"""Who is the same person in another case, and what of theirs stands in the way of erasing; on both databases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cases.types import Label, RequestState, RestrictionGround
from storage.models import (
    Case,
    CaseIdentifier,
    Conversation,
    IdentityCode,
    Request,
    Restriction,
)
from storage.queries.open_cases import ACCESS, FREEZING, OPPOSED, in_the_way
from storage.unit import Store, Unit
from tests.support.stores import ORGANISATION, OTHER_ORGANISATION

SANNE, MOVED, NUMBER = "index of her address", "index of a new address", "index of her number"


def case(
    unit: Unit, name: str, address: str, label: Label = Label.INZAGE, *, organisation: str = ORGANISATION,
    channel: str = "email", state: RequestState = RequestState.PREPARING, **talk: Any,
) -> None:  # fmt: skip
    key = unit.keys.new_data_key(unit, organisation)
    unit.add(
        Case, id=name, organisation_id=organisation, number=f"{organisation}-{name}", data_key_id=key,
        requester=b"sealed", received_at=unit.now, opened_at=unit.now,
    )  # fmt: skip
    unit.add(
        Conversation, id=f"talk {name}", organisation_id=organisation, case_id=name, data_key_id=key, channel=channel,
        account="info", address=b"sealed", address_index=address, last_message_at=unit.now, created_at=unit.now,
        **talk,
    )  # fmt: skip
    unit.add(
        Request, id=f"request {name}", organisation_id=organisation, case_id=name, conversation_id=f"talk {name}",
        label=label.value, state=state.value, received_at=unit.now, policy_version="1",
    )  # fmt: skip
    unit.flush()


def knows(unit: Unit, name: str, kind: str, token: str, *, proven: bool) -> None:
    unit.add(
        CaseIdentifier, id=f"{name} {token}", organisation_id=ORGANISATION, case_id=name,
        conversation_id=f"talk {name}", kind=kind, value=b"sealed", value_index=token, proven=proven,
    )  # fmt: skip


def code(unit: Unit, name: str, token: str, *, used: bool) -> None:
    unit.add(
        IdentityCode, id=f"code {name}", organisation_id=ORGANISATION, conversation_id=f"talk {name}",
        purpose="on_file", digest="x", sent_to_index=token, created_at=unit.now, expires_at=unit.now, attempts_left=1,
        used_at=unit.now if used else None,
    )  # fmt: skip


def by_address(unit: Unit) -> None:
    case(unit, "other", SANNE)


def typed_in_a_chat(unit: Unit) -> None:
    case(unit, "other", "session", channel="web", ident_index=SANNE)


def proved_the_number(unit: Unit) -> None:
    case(unit, "other", MOVED)
    knows(unit, "other", "customer_number", NUMBER, proven=True)


def sent_back_the_code(unit: Unit) -> None:
    case(unit, "other", MOVED)
    code(unit, "other", SANNE, used=True)


def only_named(unit: Unit) -> None:
    case(unit, "other", MOVED)
    knows(unit, "other", "email", SANNE, proven=False)
    knows(unit, "other", "customer_number", NUMBER, proven=False)
    code(unit, "other", SANNE, used=False)


def not_me(unit: Unit) -> None:
    case(unit, "other", SANNE, frozen=True)


def answered(unit: Unit) -> None:
    case(unit, "other", SANNE, state=RequestState.ANSWERED)


def elsewhere(unit: Unit) -> None:
    case(unit, "other", SANNE, organisation=OTHER_ORGANISATION)


def another_wish(unit: Unit) -> None:
    case(unit, "other", SANNE, Label.CORRECTIE)


@pytest.mark.parametrize(
    ("written", "waits"),
    [(by_address, True), (typed_in_a_chat, True), (proved_the_number, True), (sent_back_the_code, True),
     (only_named, False), (not_me, False), (answered, False), (elsewhere, False), (another_wish, False)],
)  # fmt: skip
def test_who_is_the_same_person(store: Store, written: Callable[[Unit], None], waits: bool) -> None:
    def both(unit: Unit) -> None:
        case(unit, "mine", SANNE, Label.VERWIJDERING)
        knows(unit, "mine", "customer_number", NUMBER, proven=True)
        written(unit)

    store.write_here(both)
    found = store.read_here(lambda reads: in_the_way(reads, ["mine"]))
    assert [one.case_id for one in found.get("mine", ())] == (["other"] if waits else [])


def test_two_people_who_move_to_the_same_party_are_two_people(store: Store) -> None:
    """Their data were sent on to it (art. 20(2)): it has a conversation in the case of each, and opened its link."""

    def both(unit: Unit) -> None:
        for name, label in (("mine", Label.VERWIJDERING), ("other", Label.INZAGE)):
            case(unit, name, f"index of {name}", label)
            unit.add(
                Conversation, id=f"talk party {name}", organisation_id=ORGANISATION, case_id=name, channel="email",
                data_key_id=unit.keys.new_data_key(unit, ORGANISATION), account="info", address=b"sealed",
                address_index="index of the party", asking_id=f"talk {name}", last_message_at=unit.now,
                created_at=unit.now,
            )  # fmt: skip
            code(unit, f"party {name}", "index of the party", used=True)

    store.write_here(both)
    found = store.read_here(lambda reads: in_the_way(reads, ["mine"], labels=ACCESS))
    assert found == {}


def test_a_freeze_stands_in_the_way_until_it_is_lifted(store: Store) -> None:
    def frozen(unit: Unit) -> None:
        case(unit, "mine", SANNE, Label.BEPERKING, state=RequestState.ANSWERED)
        unit.add(
            Restriction, id="r", organisation_id=ORGANISATION, request_id="request mine", case_id="mine",
            ground=RestrictionGround.CLAIM.value, since=unit.now,
        )  # fmt: skip

    store.write_here(frozen)
    (one,) = store.read_here(lambda reads: in_the_way(reads, ["mine"], labels=ACCESS, grounds=OPPOSED))["mine"]
    assert one.ground is RestrictionGround.CLAIM and one.label is Label.BEPERKING
    store.write_here(lambda unit: unit.change(Restriction, "r", lifted_at=unit.now))
    assert store.read_here(lambda reads: in_the_way(reads, ["mine"])) == {}


def test_the_open_case_itself_counts_and_many_are_asked_at_once(store: Store) -> None:
    def three(unit: Unit) -> None:
        case(unit, "a", "one", Label.KLACHT)
        case(unit, "b", "two", Label.BEZWAAR)
        case(unit, "c", "three", Label.STATUS)

    store.write_here(three)
    found = store.read_here(lambda reads: in_the_way(reads, ["a", "b", "c"]))
    assert {name: [one.label for one in them] for name, them in found.items()} == {
        "a": [Label.KLACHT], "b": [Label.BEZWAAR],
    }  # fmt: skip
    assert store.read_here(lambda reads: in_the_way(reads, ["a"], labels=ACCESS)) == {}
    assert store.read_here(lambda reads: in_the_way(reads, [])) == {}
    assert ACCESS < FREEZING
