"""HTML mail to plain lines, with the part that a mail program marked as quoted kept apart.

A single forward pass over the tags, not a document tree: tree builders take quadratic time on nested tags (measured:
100,000 nested divs cost 28 s), and a stranger chooses the input. Nothing is loaded, no link followed, no script read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from html import unescape

from intake.email.headers import clean

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

_HIDDEN = re.compile(r"display\s*:\s*none|mso-hide\s*:\s*all", re.I)
# What the common programs put around the mail that is answered.
_QUOTE = re.compile(
    r"""(?:class|id)\s*=\s*["']?[^"'>]*?(?<![\w-])(?:gmail_attr|yahoo_quoted|yahoo-quoted|protonmail_quote|moz-cite-prefix|
    moz-forward-container|moz-email-headers-table|zmail_extra|tutanota_quote|gmx_quote|OutlookMessageHeader|
    mail-editor-reference-message-container|mail_quote|isForwardContent|ms-outlook-mobile-reference-message|
    WordSection1-quote|oriMsgHtmlSeperator|kmail_quote|citation)(?![\w-])
    |data-marker\s*=\s*["']?__(?:QUOTED_TEXT|HEADERS)__""",
    re.I | re.X,
)
_QUOTE_ONWARD = re.compile(  # from here to the end of the mail
    r"""(?:class|id)\s*=\s*["']?[^"'>]*?(?<![\w-])
    (?:divRplyFwdMsg|appendonsend|OLK_SRC_BODY_SECTION|reply-separator)(?![\w-])""",
    re.I | re.X,
)
_CITE = re.compile(r"""type\s*=\s*["']?cite|class\s*=\s*["']?[^"'>]*quote|border-left|class\s*=\s*["']?front-""", re.I)
_GMAIL = re.compile(r"""class\s*=\s*["']?[^"'>]*(?<![\w-])gmail_quote""", re.I)


class _Act(IntEnum):
    NONE = 0
    BREAK = 1
    BLOCK = 2
    BLOCK_END = 3
    PARAGRAPH_END = 4
    CELL = 5
    OTHER = 6  # opens or ends something that changes where text goes


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

    def sink(self) -> list[str] | None:
        if self.skip:
            return None if self.dropping else self.quoted
        return self.quoted if self.onward else self.own

    @property
    def plain(self) -> bool:
        """Nothing is open that counts its tags."""
        return not self.skip and self.gmail_from < 0


def html_to_text(html: str) -> tuple[str, str]:
    """(what the sender wrote, what a mail program marked as quoted), as lines of text."""
    state = _Pass()
    acts: dict[str, _Act] = {}  # the same tags come back all through a mail
    sink: list[str] | None = state.own
    for text, tag in _tokens(_without_comments(html[:MAX_HTML])):
        if text and sink is not None:
            _put(sink, text, pre=state.pre > 0)
        if not tag:
            continue
        act = acts.get(tag)
        if act is None:
            act = acts[tag] = _classify(tag)
        if act is _Act.NONE and state.plain:
            continue
        if act is _Act.OTHER or not state.plain:
            if sink is not None and act is not _Act.OTHER:
                _layout(sink, act)
            _structure(tag, state, sink)
            sink = state.sink()
        elif sink is not None:
            _layout(sink, act)
    _close_gmail(state)
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


def _tokens(html: str) -> Iterator[tuple[str, str]]:
    """(text, the tag after it). A ">" inside a quoted value does not end its tag."""
    mark = held = ""
    for text, tag in _TOKEN.findall(html):
        if mark:
            joined = text + tag
            quote = joined.find(mark)
            end = joined.find(">", quote + 1) if quote >= 0 else -1
            if end < 0:
                continue
            yield "", held
            mark = ""
            if end < len(text):
                text = text[end + 1 :]  # noqa: PLW2901
            else:
                continue
        if '"' in tag or "'" in tag:
            mark = next((sign for sign in ('"', "'") if f"={sign}" in tag and tag.count(sign) % 2), "")
            if mark:
                yield text, ""
                held = tag
                continue
        if tag and not (tag[1:2].isalpha() or tag[1:2] in "/!?"):
            yield text + tag, ""  # "a < b"
        else:
            yield text, tag
    if mark:
        yield "", held


def _put(sink: list[str], text: str, *, pre: bool) -> None:
    if not pre:
        if text.isspace():
            if not sink or sink[-1].endswith("\n"):
                return
            text = " "
        elif "\n" in text or "\r" in text:
            text = text.replace("\n", " ").replace("\r", " ")
    sink.append(text)


def _layout(sink: list[str], act: _Act) -> None:
    if act is _Act.BREAK:
        sink.append("\n")
    elif act is _Act.CELL:
        sink.append(" ")
    elif sink and act is not _Act.NONE:
        if not sink[-1].endswith("\n"):
            sink.append("\n")
        if act is _Act.PARAGRAPH_END:
            sink.append("\n")


def _classify(tag: str) -> _Act:
    match = _NAME.match(tag)
    if match is None:
        return _Act.NONE
    closing, name = match[1], match[2].lower()
    if name == "br":
        return _Act.BREAK
    if name == "pre" or (not closing and (name in _DROPPED or _changes(name, tag[match.end() : 2000]))):
        return _Act.OTHER
    if name in _BLOCKS:
        return _Act.BLOCK if not closing else _Act.PARAGRAPH_END if name == "p" else _Act.BLOCK_END
    return _Act.CELL if name in ("td", "th") and not closing else _Act.NONE


def _changes(name: str, attributes: str) -> bool:
    return bool(attributes) and (
        _HIDDEN.search(attributes) is not None
        or _QUOTE.search(attributes) is not None
        or _QUOTE_ONWARD.search(attributes) is not None
        or (name == "blockquote" and _CITE.search(attributes) is not None)
        or (name == "div" and _GMAIL.search(attributes) is not None)
    )


def _structure(tag: str, state: _Pass, sink: list[str] | None) -> None:
    """Follows what is open: dropped parts, quotes, preformatted text."""
    match = _NAME.match(tag)
    if match is None or (name := match[2].lower()) in _VOID:
        return
    if match[1]:
        _close(name, state)
        return
    if sink is not None and name in _BLOCKS:
        _layout(sink, _Act.BLOCK)
    if name == "div" and state.gmail_from >= 0:
        state.gmail_depth += 1
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


def _close(name: str, state: _Pass) -> None:
    if name == "pre":
        state.pre = max(0, state.pre - 1)
    if state.skip and name == state.skip:
        state.depth -= 1
        if state.depth == 0:
            state.skip, state.dropping = "", False
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


def _lines(pieces: list[str]) -> str:
    text = _BLANKS.sub(" ", clean(unescape("".join(pieces))))
    return _MANY_LINES.sub("\n\n", _LINE_EDGES.sub("\n", text)).strip()
