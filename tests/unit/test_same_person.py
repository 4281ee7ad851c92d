"""What names a person in a record, and whether a record with the same key is still about the same person."""

from __future__ import annotations

from datetime import date

import pytest

from cases.erasure import about, naming, same_person
from cases.protocols import FieldInfo, SourceRole, TableInfo, Value

PEOPLE = TableInfo(
    "klant",
    "Klanten",
    SourceRole.CONTROLLER,
    (
        FieldInfo("nr", "Nummer", "contact", identifies=False),
        FieldInfo("naam", "Naam", "contact"),
        FieldInfo("mail", "E-mail", "contact"),
        FieldInfo("plaats", "Plaats", "contact"),
        FieldInfo("wachtwoord", "Wachtwoord", "login", secret=True),
    ),
)
ORDERS = TableInfo(
    "orders",
    "Bestellingen",
    SourceRole.CONTROLLER,
    (FieldInfo("product", "Product", "orders", identifies=False), FieldInfo("op", "Op", "orders", identifies=False)),
)
JIP: dict[str, Value] = {
    "nr": 5,
    "naam": "Jip  Jansma",
    "mail": "jip@post.example",
    "plaats": "Groningen",
    "wachtwoord": True,
}


def test_what_names_the_person() -> None:
    assert naming(PEOPLE, JIP) == (("naam", "jip jansma"), ("mail", "jip@post.example"), ("plaats", "groningen"))
    assert naming(PEOPLE, JIP | {"naam": " ", "mail": None}) == (("plaats", "groningen"),)
    assert naming(ORDERS, {"product": "Domein", "op": date(2026, 1, 5)}) == (
        ("product", "domein"),
        ("op", "2026-01-05"),
    )


@pytest.mark.parametrize(
    ("now", "same"),
    [
        ({}, True),
        ({"naam": "JIP JANSMA", "mail": "jip@nieuw.example"}, True),  # two of three
        ({"naam": "Jip de Vries", "mail": "jip@nieuw.example"}, False),  # the town only
        ({"naam": "Mo Bakker", "mail": "mo@post.example", "plaats": "Breda"}, False),
        ({"naam": None, "mail": None, "plaats": None}, True),  # emptied: it names nobody
        ({"naam": None, "mail": "mo@post.example", "plaats": None}, False),
        ({"naam": None, "plaats": None}, True),
    ],
)
def test_still_the_same_person(now: dict[str, str | None], same: bool) -> None:
    then = dict(naming(PEOPLE, JIP))
    assert same_person(then, about(PEOPLE, {**JIP, **now}, then)) is same


def test_somebody_in_other_columns_is_a_stranger() -> None:
    then = dict(naming(PEOPLE, {"nr": 5, "mail": "jip@post.example"}))
    assert same_person(then, about(PEOPLE, {"nr": 5, "naam": "Mo Bakker"}, then)) is False
    assert same_person(then, about(PEOPLE, {"nr": 5}, then)) is True


def test_a_record_that_names_nobody_is_known_by_all_it_says() -> None:
    row: dict[str, Value] = {"product": "Domein", "op": date(2026, 1, 5)}
    then = dict(naming(ORDERS, row))
    assert same_person(then, about(ORDERS, row, then))
    assert not same_person(then, about(ORDERS, {"product": "Hosting", "op": date(2026, 1, 5)}, then))
