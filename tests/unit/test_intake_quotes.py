"""The sender's own words, by Dutch shapes of replies and traps (our own set)."""

# ruff: noqa: E501  markup is shown as the programs write it

from __future__ import annotations

import pytest

from intake.email.quotes import split_quotes
from intake.normalise import normalise
from tests.support.mails import QUOTES, Shape, inbound, mail


@pytest.mark.parametrize("shape", QUOTES, ids=lambda shape: shape.name)
def test_own_words_of_each_shape(shape: Shape) -> None:
    own = normalise(inbound(mail(shape.text))).own_words
    for words in shape.stays:
        assert words in own
    for words in shape.goes:
        assert words not in own


@pytest.mark.parametrize("shape", QUOTES, ids=lambda shape: shape.name)
def test_nothing_is_lost(shape: Shape) -> None:
    split = split_quotes(shape.text)
    kept = " ".join((split.own + " " + split.quoted).split())
    for line in shape.text.splitlines():
        if any(letter.isalnum() for letter in line) and split.own:
            assert " ".join(line.split()) in kept


def test_everything_cut_means_everything_counts() -> None:
    parsed = normalise(inbound(mail("> Ik wil inzage.\n> Groet\n")))
    assert "Ik wil inzage" in parsed.own_words
    assert parsed.own_words == parsed.text


def test_bare_forward_is_flagged() -> None:
    shape = next(shape for shape in QUOTES if shape.name == "bare forward")
    assert "forward" in normalise(inbound(mail(shape.text))).flags


HTML_QUOTES = {
    "gmail": '<div dir="ltr">Ja graag.</div><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">Op ma 2 nov 2026 om 14:03 schreef Info &lt;<a href="mailto:info@whatnext.example">info@whatnext.example</a>&gt;:<br></div><blockquote class="gmail_quote" style="margin:0">Dit is de oude vraag.<br></blockquote></div>',
    "outlook web": '<div>Ja graag.</div><div id="appendonsend"></div><hr><div id="divRplyFwdMsg"><b>Van:</b> Info<br><b>Verzonden:</b> maandag<br></div><div>Dit is de oude vraag.</div>',
    "thunderbird": '<p>Ja graag.</p><div class="moz-cite-prefix">Op 2-11-2026 om 14:03 schreef Info:<br></div><blockquote type="cite" cite="mid:x"><p>Dit is de oude vraag.</p></blockquote>',
    "apple": 'Ja graag.<br><div><br><blockquote type="cite"><div>Op 2 nov 2026, om 14:03 heeft Info het volgende geschreven:</div><br><div>Dit is de oude vraag.</div></blockquote></div>',
    "yahoo": '<div>Ja graag.</div><div id="ydp1" class="yahoo_quoted"><div>Op maandag 2 november 2026 schreef Info:</div><div>Dit is de oude vraag.</div></div>',
    "proton": '<div>Ja graag.</div><div class="protonmail_quote">Op maandag schreef Info:<br><blockquote>Dit is de oude vraag.</blockquote></div>',
    "zimbra": '<div>Ja graag.</div><div data-marker="__QUOTED_TEXT__">Van: Info<br>Dit is de oude vraag.</div>',
    "outlook desktop": '<p class="MsoNormal">Ja graag.<o:p></o:p></p><div style="border:none;border-top:solid #E1E1E1 1.0pt"><p class="MsoNormal"><b>Van:</b> Info &lt;info@whatnext.example&gt;<br><b>Verzonden:</b> maandag 2 november 2026 14:03<br><b>Aan:</b> Sanne<br><b>Onderwerp:</b> RE: vraag</p></div><p class="MsoNormal">Dit is de oude vraag.</p>',
}  # fmt: skip


@pytest.mark.parametrize("name", HTML_QUOTES)
def test_html_quotes_are_cut_by_the_marks_of_the_program(name: str) -> None:
    raw = b"From: a@b.example\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + HTML_QUOTES[name].encode()
    parsed = normalise(inbound(raw))
    assert "html_only" in parsed.flags
    assert parsed.own_words.strip() == "Ja graag."
    assert "oude vraag" in parsed.text
    assert "oude vraag" in parsed.quoted


def test_gmail_answers_between_quotes_stay() -> None:
    html = '<div class="gmail_quote"><blockquote class="gmail_quote">vraag een</blockquote><div>antwoord een</div><blockquote class="gmail_quote">vraag twee</blockquote><div>antwoord twee</div></div>'
    raw = b"From: a@b.example\r\nContent-Type: text/html\r\n\r\n" + html.encode()
    own = normalise(inbound(raw)).own_words
    assert "antwoord een" in own
    assert "antwoord twee" in own
    assert "vraag" not in own
