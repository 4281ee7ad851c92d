"""Letters as mail: what others wrote comes out as text, nothing of it as markup."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from cases.letters import Block, BlockKind, Letter, Table
from cases.types import Form
from render.letter import LetterContext, letter_html, letter_text
from render.sanitise import plain, safe_html, safe_link
from tests.support.hostile import HOSTILE

CTX = LetterContext("Voorbeeld B.V.")
# Visible text: no controls, which are taken out on purpose, and no blanks, which HTML folds.
VISIBLE = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=60)


def letter_of(value: str, form: Form = Form.NL_JE) -> Letter:
    """The same words in every place a letter has for words."""
    return Letter(
        value,
        form,
        (
            Block(BlockKind.ASSISTANT, "a", True, (value,)),
            Block(BlockKind.TEXT, "t", True, (value,), heading=value, items=(value,)),
            Block(BlockKind.CODE, "c", True, (value,)),
            Block(BlockKind.CHOICES, "ch", True, items=(value,)),
            Block(BlockKind.LINK, "l", True, (value,), link="https://loket.example/z"),
            Block(BlockKind.LINK, "desk_link", True, (value,), link=value),
            Block(BlockKind.DATA, "d", True, table=Table((value, value), ((value, value),))),
            Block(BlockKind.REFERENCE, "r", True, table=Table((), ((value, value),))),
        ),
    )


SHAPE = sorted(str(node.tag) for node in LexborHTMLParser(letter_html(letter_of("woord"), CTX)).css("*"))


def check(value: str) -> None:
    parsed = LexborHTMLParser(letter_html(letter_of(value), replace(CTX, organisation=value)))
    tags = sorted(str(node.tag) for node in parsed.css("*"))
    link_made = safe_link(value) != ""  # only then may a second link stand there
    assert tags == (sorted([*SHAPE, "a"]) if link_made else SHAPE)
    for selector in ("title", "h2", "li", "td", "th"):
        assert {node.text() for node in parsed.css(selector)} == {value}
    assert all(
        set(node.attributes) <= {"style", "href", "lang", "charset", "name", "content"} for node in parsed.css("*")
    )
    assert value in letter_text(letter_of(value), CTX)


@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_words_come_out_literally(value: str) -> None:
    check(value)


@given(VISIBLE)
def test_any_words_come_out_literally(value: str) -> None:
    check(value)


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "data:text/html,x", "//voorbeeld.example", "file:///etc/passwd", ""]
)
def test_only_web_and_mail_links_are_made(link: str) -> None:
    letter = Letter("s", Form.EN, (Block(BlockKind.LINK, "l", True, ("Open",), link=link),))
    assert LexborHTMLParser(letter_html(letter, CTX)).css("a") == []
    assert safe_link(link) == ""


def test_links_stand_in_both_views() -> None:
    letter = Letter("s", Form.EN, (Block(BlockKind.LINK, "l", True, ("Open",), link="https://a.example/?x=1&y=2"),))
    anchor = LexborHTMLParser(letter_html(letter, CTX)).css_first("a")
    assert anchor is not None
    assert anchor.attributes["href"] == "https://a.example/?x=1&y=2"
    assert letter_text(letter, CTX) == "Open: https://a.example/?x=1&y=2\n"


@pytest.mark.parametrize("form", Form)
def test_demo_letters_say_so_and_others_do_not(form: Form) -> None:
    for render in (letter_text, letter_html):
        assert "DEMO" in render(letter_of("woord", form), replace(CTX, demo=True))
        assert "DEMO" not in render(letter_of("woord", form), CTX)


def test_an_empty_block_and_a_hint_are_not_shown() -> None:
    empty = Block(BlockKind.DONE, "done", False, heading="Wat er is gedaan", hint="Schrijf hier")
    letter = Letter("s", Form.NL_U, (empty, Block(BlockKind.TEXT, "t", True, ("Tekst",), hint="Niet tonen")))
    assert letter_text(letter, CTX) == "Tekst\n"
    assert not any(word in letter_html(letter, CTX) for word in ("gedaan", "Schrijf", "Niet tonen"))


def test_line_breaks_stay_and_controls_go() -> None:
    letter = Letter("s", Form.NL_U, (Block(BlockKind.CLOSING, "c", True, ("Groet,\r\nOns\x00 \u202eteam\ud800",)),))
    assert letter_text(letter, CTX) == "Groet,\nOns team\n"
    assert "Groet,<br>Ons team" in letter_html(letter, CTX)
    letter_html(letter, CTX).encode("utf-8")


@given(st.text())
def test_plain_text_can_always_be_sent(text: str) -> None:
    clean = plain(text)
    clean.encode("utf-8")
    assert plain(clean) == clean
    assert not set(clean) & {"\x00", "\r", "\u202e", "\x1b"}


def test_foreign_html_loses_what_runs_or_calls_home() -> None:
    html = safe_html(
        "<p style='x'>Hoi <b>daar</b></p><script>x()</script><style>y</style><img src='https://t.example/p.png'>"
        "<a href='javascript:x()' onclick='x()'>a</a><a href='https://a.example'>b</a><form><input></form><iframe></iframe>"
    )
    parsed = LexborHTMLParser(html)
    assert {node.tag for node in parsed.css("body *")} == {"p", "b", "a"}
    assert [node.attributes.get("href") for node in parsed.css("a")] == [None, "https://a.example"]
    assert all(not {"style", "onclick"} & set(node.attributes) for node in parsed.css("*"))
    assert "x()" not in html
