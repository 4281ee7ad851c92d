"""How handles are written and compared."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import types

from cases.protocols import Value
from sources.identifiers import SHARED_KINDS, canonical, spellings
from sources.sql_values import fitting, plain_value


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("email", " Jip@Post.Example ", "jip@post.example"),
        ("email", "jip", ""),
        # U+212A, the Kelvin sign, is lower-cased to "k" by Unicode: that would be somebody else's address.
        ("email", "mi\u212ae@post.example", "mi\u212ae@post.example"),
        ("customer_number", " wn 10 001", "wn10001"),
        ("customer_number", "\t", ""),
        ("invoice_number", "F2024-0001", "f2024-0001"),
        ("domain", "WWW.Voorbeeld.example.", "voorbeeld.example"),
        ("phone", "06 - 1234 5678", "+31612345678"),
        ("phone", "+31 (0)6 12345678", "+31612345678"),
        ("phone", "0031612345678", "+31612345678"),
        ("phone", "+32 470 12 34 56", "+32470123456"),
        ("phone", "112", ""),
        ("phone", "geen nummer", ""),
        ("customer_number", "1\0", ""),
        ("customer_number", "1\udc80", ""),
    ],
)
def test_canonical(kind: str, value: str, expected: str) -> None:
    assert canonical(kind, value) == expected


def test_a_foreign_number_is_never_looked_up_as_a_dutch_one() -> None:
    assert "0470123456" not in spellings("phone", "+32470123456")
    assert "0612345678" in spellings("phone", "+31612345678")


@given(st.sampled_from(sorted(SHARED_KINDS)), st.text(max_size=40))
def test_canonical_is_stable_and_its_own_spelling(kind: str, value: str) -> None:
    once = canonical(kind, value)
    if kind != "phone":
        assert canonical(kind, once) == once
    if once and kind != "phone":
        assert once in spellings(kind, once)


@pytest.mark.parametrize(
    ("raw", "column", "expected"),
    [
        (None, types.Date(), None),
        ("2024-02-29", types.Date(), date(2024, 2, 29)),
        ("29-02-2024", types.Date(), "29-02-2024"),
        ("2024-02-30", types.Date(), "2024-02-30"),
        ("2024-02-29", types.Text(), "2024-02-29"),
        ("2024-02-29 10:11:12", types.TIMESTAMP(), datetime(2024, 2, 29, 10, 11, 12)),  # noqa: DTZ001 - as stored
        (1, types.Boolean(), True),
        (2, types.Boolean(), 2),
        (1, types.Integer(), 1),
        (Decimal("12.50"), types.Numeric(), 12.5),
        (Decimal("0.1234567890123456789"), types.Numeric(), "0.1234567890123456789"),
        (b"\x00\x01", types.LargeBinary(), "binair, 2 bytes"),
        ({"naam": "Zoë"}, types.JSON(), '{"naam": "Zoë"}'),
        (UUID(int=7), types.Uuid(), "00000000-0000-0000-0000-000000000007"),
    ],
)
def test_values_of_drivers(raw: object, column: types.TypeEngine[object], expected: Value) -> None:
    value = plain_value(raw, column)
    assert (value, type(value)) == (expected, type(expected))


def test_keys_fit_the_column_they_are_compared_with() -> None:
    assert fitting([7, "8", "A9"], types.Integer()) == [7, 8]
    assert fitting([7, "A9"], types.String()) == ["7", "A9"]
