"""HTML mail to plain lines, with the part that a mail program marked as quoted kept apart.

A single forward pass over the tags, not a document tree: tree builders take quadratic time on nested tags (measured:
100,000 nested divs cost 28 s), and a stranger chooses the input. Nothing is loaded, no link followed, no script read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape

from intake.email.headers import clean
from intake.email.signatures import holds_wish

MAX_HTML = 600_000  # characters looked at; longer mail is pictures in data: addresses or an attack

_TOKEN = re.compile(r"([^<]*)(<[^>]*>?)?")  # linear: a tag ends at the first ">", values that hold one are mended later
_NAME = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:-]*)")
_BLANKS = re.compile(r"[ \t\f]+")
_MANY_LINES = re.compile(r"\n{3,}")
_LINE_EDGES = re.compile(r" ?\n ?")
_BLOCKS = frozenset(
    """address article aside blockquote body center dd div dl dt fieldset figure footer form h1 h2 h3 h4 h5 h6 header
    hr li main nav ol p pre section table tbody thead tr ul""".split()  # noqa: SIM905  a list of words reads better
)
_DROPPED = frozenset(
    "script style title template noscript svg math object iframe select textarea head".split()  # noqa: SIM905
)
_VOID = frozenset(("area", "base", "col", "embed", "img", "input", "link", "meta", "param", "source", "track", "wbr"))
_RAW = ("script", "style")  # nothing inside is a tag

# Every pattern is a bare word, so that one look over the attributes is linear in their length.
_HIDDEN = re.compile(r"display\s{0,9}:\s{0,9}none|mso-hide\s{0,9}:\s{0,9}all|visibility\s{0,9}:\s{0,9}hidden", re.I)
# What the common programs put around the mail that is answered.
_QUOTE = re.compile(
    r"""(?<![\w-])(?:gmail_attr|yahoo_quoted|yahoo-quoted|protonmail_quote|moz-cite-prefix|moz-forward-container|
    moz-email-headers-table|zmail_extra|tutanota_quote|gmx_quote|OutlookMessageHeader|isForwardContent|
    mail-editor-reference-message-container|ms-outlook-mobile-reference-message|oriMsgHtmlSeperator|
    __QUOTED_TEXT__|__HEADERS__|mailcontainer-quote|hcl-quote|ox-quote|freshdesk_quote|zd-quote|missive_quote|airmail_ext_on)(?![\w-])""",
    re.I | re.X,
)
# From here to the end of the mail.
_QUOTE_ONWARD = re.compile(r"(?<![\w-])(?:divRplyFwdMsg|appendonsend|OLK_SRC_BODY_SECTION|stopSpelling)(?![\w-])", re.I)
_CITE = re.compile(r"\btype=[\"']?cite|quote|border-left|front-", re.I)
# A signature as the program knows it. Short ones go; people also type below it, inside the same element.
_SIGNED = re.compile(
    r"""(?<![\w-])(?:gmail_signature|moz-signature|protonmail_signature_block|ms-outlook-mobile-signature|AppleMailSignature|
    io-ox-signature|composer_signature|bloop_sign_\w+|__SIG_PRE__|__SIG_POST__|tutanota_signature|mail-signature)(?![\w])|id=["']?Signature\b""",
    re.I | re.X,
)
_MAX_SIGNATURE = 500
_GMAIL = re.compile(r"(?<![\w-])gmail_quote", re.I)

# What a tag does to the text. Plain numbers: this is looked up for every tag of every mail.
_NONE, _BREAK, _BLOCK, _PARAGRAPH_END, _CELL, _OTHER = range(6)


@dataclass(slots=True)
class _Pass:
    """The state of the one pass. `skip` is the element being dropped or quoted, with how often it is nested."""

    own: list[str] = field(default_factory=list)
    quoted: list[str] = field(default_factory=list)
    skip: str = ""
    depth: int = 0
    dropping: bool = False
    onward: bool = False
    pre: int = 0
    gmail_from: int = -1  # where in `own` a Gmail quote began
    gmail_depth: int = 0
    gmail_cited: bool = False
    signed_from: int = -1  # where in `own` a signature began
    signed: str = ""
    signed_depth: int = 0

    def sink(self) -> list[str] | None:
        if self.skip:
            return None if self.dropping else self.quoted
        return self.quoted if self.onward else self.own

    def counting(self) -> bool:
        """Something is open of which the tags are counted."""
        return bool(self.skip) or self.gmail_from >= 0 or self.signed_from >= 0


def html_to_text(html: str) -> tuple[str, str]:
    """(what the sender wrote, what a mail program marked as quoted), as lines of text."""
    state = _Pass()
    acts: dict[str, int] = {}  # the same tags come back all through a mail
    sink: list[str] | None = state.own
    counting = False
    for text, tag in _whole_tags(_TOKEN.findall(_without_comments(html[:MAX_HTML]))):
        if text and sink is not None:
            if not state.pre:
                _put(sink, text)
            else:
                sink.append(text)
        act = acts.get(tag)
        if act is None:
            act = acts[tag] = _classify(tag)
        if act == _OTHER or counting:
            if sink is not None:
                _layout(sink, act)
            _structure(tag, state)
            sink, counting = state.sink(), state.counting()
        elif act != _NONE and sink is not None:
            _layout(sink, act)
    _close_gmail(state)
    _close_signature(state)
    return _lines(state.own), _lines(state.quoted)


def _without_comments(html: str) -> str:
    """Comments, scripts and styles out, each looked for once: unclosed ones run to the end, as in a browser."""
    lowered = html.lower()
    if len(lowered) != len(html):  # a few letters grow when lowered; offsets would be wrong
        html = lowered
    for opening, closing in (("<!--", "-->"), *((f"<{name}", f"</{name}") for name in _RAW)):
        if opening not in lowered:
            continue
        kept, position = [], 0
        while (start := lowered.find(opening, position)) >= 0:
            kept.append(html[position:start])
            end = lowered.find(closing, start + len(opening))
            end = lowered.find(">", end) if end >= 0 else -1
            position = len(html) if end < 0 else end + 1
        kept.append(html[position:])
        html = "".join(kept)
        lowered = html.lower()
    return html


def _whole_tags(tokens: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """(text, the tag after it). A ">" inside a quoted value does not end its tag; "a < b" is text."""
    mark = held = ""
    for before, tag in tokens:
        text = before
        if mark:
            joined = text + tag
            quote = joined.find(mark)
            end = joined.find(">", quote + 1) if quote >= 0 else -1
            if end < 0:
                continue
            mark = ""
            yield "", held
            if end >= len(text):
                continue
            text = text[end + 1 :]
        if ('"' in tag or "'" in tag) and (mark := _open_mark(tag)):
            yield text, ""
            held = tag
        elif tag and not (tag[1:2].isalpha() or tag[1:2] in "/!?"):
            yield text + tag, ""
        else:
            yield text, tag
    if mark:
        yield "", held


def _open_mark(tag: str) -> str:
    """The quotation mark that this piece of a tag leaves open."""
    return next((sign for sign in ('"', "'") if f"={sign}" in tag and tag.count(sign) % 2), "")


def _put(sink: list[str], text: str) -> None:
    if text.isspace():
        if not sink or sink[-1].endswith("\n"):
            return
        text = " "
    elif "\n" in text or "\r" in text:
        text = text.replace("\n", " ").replace("\r", " ")
    sink.append(text)


def _layout(sink: list[str], act: int) -> None:
    if act == _BREAK:
        sink.append("\n")
    elif act == _CELL:
        sink.append(" ")
    elif act in (_BLOCK, _PARAGRAPH_END) and sink:
        if not sink[-1].endswith("\n"):
            sink.append("\n")
        if act == _PARAGRAPH_END:
            sink.append("\n")


def _classify(tag: str) -> int:
    match = _NAME.match(tag)
    if match is None:
        return _NONE
    closing, name = match[1], match[2].lower()
    if name == "br":
        return _BREAK
    if name == "pre" or (not closing and (name in _DROPPED or _changes(name, tag[match.end() : 2000]))):
        return _OTHER
    if name in _BLOCKS:
        return _PARAGRAPH_END if closing and name == "p" else _BLOCK
    return _CELL if name in ("td", "th") and not closing else _NONE


def _changes(name: str, attributes: str) -> bool:
    return bool(attributes) and (
        _HIDDEN.search(attributes) is not None
        or _QUOTE.search(attributes) is not None
        or _QUOTE_ONWARD.search(attributes) is not None
        or (name == "blockquote" and _CITE.search(attributes) is not None)
        or (name == "div" and _GMAIL.search(attributes) is not None)
        or _SIGNED.search(attributes) is not None
    )


def _structure(tag: str, state: _Pass) -> None:
    """Follows what is open: dropped parts, quotes, preformatted text."""
    match = _NAME.match(tag)
    if match is None or (name := match[2].lower()) in _VOID:
        return
    if match[1]:
        _close(name, state)
        return
    if name in _BLOCKS and (sink := state.sink()) is not None:
        _layout(sink, _BLOCK)
    if name == "div" and state.gmail_from >= 0:
        state.gmail_depth += 1
    if state.signed_from >= 0:
        state.signed_depth += name == state.signed
    if state.skip:
        state.depth += name == state.skip
        return
    attributes = tag[match.end() : 2000]
    if name in _DROPPED or _HIDDEN.search(attributes):
        state.skip, state.depth, state.dropping = name, 1, True
    elif not state.onward:
        _open_quote(name, attributes, state)
    state.pre += name == "pre"


def _open_quote(name: str, attributes: str, state: _Pass) -> None:
    if name == "blockquote" and _CITE.search(attributes):
        state.skip, state.depth, state.dropping = name, 1, False
        state.gmail_cited = True
    elif _QUOTE_ONWARD.search(attributes):
        state.onward = True
    elif _QUOTE.search(attributes):
        state.skip, state.depth, state.dropping = name, 1, False
    elif name == "div" and state.gmail_from < 0 and _GMAIL.search(attributes):
        state.gmail_from, state.gmail_depth, state.gmail_cited = len(state.own), 1, False
    elif state.signed_from < 0 and _SIGNED.search(attributes):
        state.signed_from, state.signed, state.signed_depth = len(state.own), name, 1


def _close(name: str, state: _Pass) -> None:
    if name == "pre":
        state.pre = max(0, state.pre - 1)
    if state.skip and name == state.skip:
        state.depth -= 1
        if state.depth == 0:
            state.skip, state.dropping = "", False
    if state.signed_from >= 0 and name == state.signed:
        state.signed_depth -= 1
        if state.signed_depth <= 0:
            _close_signature(state)
    if name == "div" and state.gmail_from >= 0:
        state.gmail_depth -= 1
        if state.gmail_depth <= 0:
            _close_gmail(state)


def _close_gmail(state: _Pass) -> None:
    """A Gmail quote without a cited block is a forwarded mail; with one, what stands beside it was typed there."""
    if state.gmail_from >= 0:
        if not state.gmail_cited:
            state.quoted.extend(state.own[state.gmail_from :])
            del state.own[state.gmail_from :]
        state.gmail_from = -1


def _close_signature(state: _Pass) -> None:
    """A short one goes, unless somebody typed a wish in it."""
    if state.signed_from >= 0:
        text = "".join(state.own[state.signed_from :])
        if len(text) <= _MAX_SIGNATURE and not holds_wish(text):
            state.quoted.append("\n" + text + "\n")
            del state.own[state.signed_from :]
        state.signed_from = -1


def _lines(pieces: list[str]) -> str:
    text = _BLANKS.sub(" ", clean(unescape("".join(pieces))))
    return _MANY_LINES.sub("\n\n", _LINE_EDGES.sub("\n", text)).strip()
