"""Authentication-Results read piece by piece: the shapes of real servers, and what attackers write into them."""

from __future__ import annotations

import authres
import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.email.auth_results import NO_ID, AuthResults, parse_auth_results
from tests.support.thorough import tries


def read(value: str) -> AuthResults:
    found = parse_auth_results(value)
    assert found is not None
    return found


def told(value: str) -> list[tuple[str, str, dict[str, str]]]:
    return [(method.name, method.result, dict(method.properties)) for method in read(value).methods]


def test_several_methods_with_properties() -> None:
    value = (
        "mx.ontvanger.example; spf=pass (domain of sanne@voorbeeld.example designates 192.0.2.1) "
        'smtp.mailfrom=sanne@voorbeeld.example; dkim=pass header.i=@voorbeeld.example header.s=s1 header.b="aB/+=";'
        " dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=Voorbeeld.example"
    )
    assert read(value).authserv_id == "mx.ontvanger.example"
    assert told(value) == [
        ("spf", "pass", {"smtp.mailfrom": "sanne@voorbeeld.example"}),
        ("dkim", "pass", {"header.i": "@voorbeeld.example", "header.s": "s1", "header.b": "ab/+="}),
        ("dmarc", "pass", {"header.from": "voorbeeld.example"}),
    ]


def test_a_server_that_gives_no_name() -> None:
    value = (
        "spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=voorbeeld.example; dkim=none (message not signed)"
        " header.d=none;dmarc=pass action=none header.from=voorbeeld.example;compauth=pass reason=100"
    )
    assert read(value).authserv_id == NO_ID
    assert [(name, result) for name, result, _ in told(value)] == [
        ("spf", "pass"), ("dkim", "none"), ("dmarc", "pass"), ("compauth", "pass"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "identifier", "methods"),
    [
        ("mx.example; none", "mx.example", []),
        ("mx.example 1; none", "mx.example", []),
        ('"mx.example" 1 ; dkim/1 = pass', "mx.example", [("dkim", "pass", {})]),
        ("mx.example; dkim/2=pass", "mx.example", []),
        ("(hallo (diep)) mx.example (x); spf (y) = (z) FAIL", "mx.example", [("spf", "fail", {})]),
        ("mx.example; spf=fail (dkim=pass header.d=bank.example)", "mx.example", [("spf", "fail", {})]),
        (r"mx.example; spf=fail (\) ; dkim=pass)", "mx.example", [("spf", "fail", {})]),
        ('mx.example; spf=fail reason="; dkim=pass"', "mx.example", [("spf", "fail", {"reason": "; dkim=pass"})]),
        (
            'mx.example; spf=pass smtp.mailfrom="a; dkim=pass"@kwaad.example',
            "mx.example",
            [("spf", "pass", {"smtp.mailfrom": "a; dkim=pass@kwaad.example"})],
        ),
        ("mx.example; dkim=pass header.d=een.example header.d=twee.example", "mx.example",
         [("dkim", "pass", {"header.d": "een.example"})]),
        ("mx.example;;; dkim=pass;", "mx.example", [("dkim", "pass", {})]),
    ],
)  # fmt: skip
def test_shapes(value: str, identifier: str, methods: list[tuple[str, str, dict[str, str]]]) -> None:
    assert read(value).authserv_id == identifier
    assert told(value) == methods


@pytest.mark.parametrize(
    "value",
    [
        "",
        ";",
        "mx.example 2; dkim=pass",
        "mx.example een twee; dkim=pass",
        'mx.example; dkim="pass',
        "mx.example; (dkim",
    ],
)
def test_what_can_not_be_read_says_nothing(value: str) -> None:
    assert parse_auth_results(value) is None


def test_a_comment_can_not_hide_who_wrote_it() -> None:
    assert read("kwaad.example (mx.ontvanger.example); dkim=pass").authserv_id == "kwaad.example"


@tries(200)
@given(st.text(alphabet='abc=;."()\\ \t@/1', max_size=200))
def test_nothing_breaks_it(value: str) -> None:
    parse_auth_results(value)


TOKEN = st.from_regex(r"[a-z][a-z0-9-]{0,8}", fullmatch=True)
RESULT = st.tuples(
    st.sampled_from(["spf", "dkim", "dmarc"]), st.sampled_from(["pass", "fail", "none"]),
    st.dictionaries(st.sampled_from(["header.d", "header.from", "smtp.mailfrom"]), TOKEN.map("{}.example".format)),
)  # fmt: skip


@tries(100)
@given(identifier=TOKEN, methods=st.lists(RESULT, min_size=1, max_size=4), comment=st.text("a;=( ", max_size=5))
def test_another_implementation_reads_the_same(
    identifier: str, methods: list[tuple[str, str, dict[str, str]]], comment: str
) -> None:
    note = f"({comment.replace('(', '')})"
    said = [f"{name}={result} {note} " + " ".join(f"{k}={v}" for k, v in p.items()) for name, result, p in methods]
    value = f"{identifier}.example {note}; " + "; ".join(said)
    theirs = authres.AuthenticationResultsHeader.parse(f"Authentication-Results: {value}")
    assert theirs.authserv_id == read(value).authserv_id
    assert [
        (m.method, m.result, {f"{p.type}.{p.name}": p.value for p in m.properties}) for m in theirs.results
    ] == told(value)


def test_bombs_are_cheap() -> None:
    for piece in ("(", '"', "\\", "=", "a=", ";", "(a", '"a" '):
        parse_auth_results(piece * 100_000)
