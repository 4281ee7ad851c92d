"""Markup written by others, made safe in one place; and the characters no text of ours may hold.

Nothing else in the program may mark a string as safe HTML. Letters are made of blocks and need none of this: their
texts are escaped, never trusted.
"""

from __future__ import annotations

import re

import nh3

# What a mail shown to staff may keep: words and their structure. No images (they tell the sender that staff looked),
# no styles, no forms.
_TAGS = {
    "a",
    "b",
    "blockquote",
    "br",
    "code",
    "em",
    "i",
    "li",
    "ol",
    "p",
    "pre",
    "strong",
    "table",
    "tbody",
    "td",
    "th",
}
_TAGS |= {"thead", "tr", "u", "ul", "h1", "h2", "h3", "h4", "div", "span"}

# Control characters, and those that turn the direction of text round: they say one thing and show another.
_UNSEEN = re.compile(
    "[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069\\ufeff\\ud800-\\udfff]"
)


def safe_html(html: str) -> str:
    """Foreign HTML without scripts, styles, images, forms or odd links."""
    return nh3.clean(
        html,
        tags=_TAGS,
        attributes={"a": {"href"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
        clean_content_tags={"script", "style", "title", "head"},
    )


def plain(text: str) -> str:
    """Text without control, direction and surrogate characters; line breaks and tabs stay."""
    return _UNSEEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def safe_link(url: str) -> str:
    """The address when it is one a reader may follow, else nothing."""
    return url if url.startswith(("https://", "http://", "mailto:")) else ""
