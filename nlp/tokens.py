"""Words of a text with their places, as the tagger reads them. No spaCy: this must cost microseconds."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import NamedTuple

MOST = 1_500  # words that are read; a signature of a longer mail is found from its end

_TOKEN = re.compile(
    r"(?:[A-ZÀ-Ý][a-z]?\.){2,}(?:-?[A-ZÀ-Ý]\.)?"  # initials: J.P., Th.A.
    r"|[A-ZÀ-Ý]\.(?=[ ]?[A-ZÀ-Ýa-z])"  # one initial
    r"|['’][ts](?![\w'’])|['’]s-(?=\w)"
    r"|[^\W\d_]+(?:['’.\-][^\W\d_]+)*"
    r"|\d+(?:[.,\-/]\d+)*"
    r"|\n+|[^\w\s]|_"
)


class Token(NamedTuple):
    """A tuple, because hundreds are made for every message."""

    text: str
    low: str
    start: int
    end: int
    line: int
    place: int  # from the start of its line
    left: int  # words after it on its line


def tokens_of(text: str) -> list[Token]:
    found = [(match.group(), match.start(), match.end()) for match in _TOKEN.finditer(text)]
    if len(found) > MOST:
        found = [*found[: MOST * 2 // 3], *found[-MOST // 3 :]]
    breaks = [-1, *(number for number, (word, _, _) in enumerate(found) if word[0] == "\n"), len(found)]
    tokens: list[Token] = []
    line = 0
    for before, after in pairwise(breaks):
        size = after - before - 1
        for place, (word, start, end) in enumerate(found[before + 1 : after]):
            tokens.append(Token(word, word.lower(), start, end, line, place, size - 1 - place))
        if size:
            line += 1
        if after < len(found):
            word, start, end = found[after]
            tokens.append(Token("\n", "\n" if len(word) == 1 else "\n\n", start, end, line, 0, 0))
    return tokens
