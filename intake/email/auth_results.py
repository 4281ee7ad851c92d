"""The field Authentication-Results (RFC 8601) taken apart: who looked, and what was found per method. Pure.

Comments are nested and quoted values may hold anything, so the field is read piece by piece and never searched.
Whether the writer may be believed is decided in `authentication`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

NO_ID = "-"  # Exchange Online writes its results without saying who it is
_MAX = 16_384  # characters of one field
_MAX_METHODS = 100
_PIECE = re.compile(r'(?P<blank>\s+)|[;=]|(?P<quoted>"(?>(?:[^"\\]|\\.)*)")|[^\s;=("]+', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_BRACKET = re.compile(r"\\.|[()]", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Method:
    """`dkim=pass header.d=voorbeeld.example`: the method, its result, its properties in lower case."""

    name: str
    result: str
    properties: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class AuthResults:
    authserv_id: str
    methods: tuple[Method, ...]

    def of(self, name: str) -> tuple[Method, ...]:
        return tuple(method for method in self.methods if method.name == name)


def parse_auth_results(value: str) -> AuthResults | None:
    """None when it can not be read, or is of a version nobody knows yet."""
    groups = _groups(value[:_MAX])
    if groups is None or not groups[0]:
        return None
    head, rest = groups[0], groups[1:]
    if "=" in head:
        identifier, rest = NO_ID, groups
    elif len(head) == 1 or (len(head) == 2 and head[1] == "1"):
        identifier = head[0].lower()
    else:
        return None
    found = [method for group in rest[:_MAX_METHODS] if (method := _method(group)) is not None]
    return AuthResults(identifier, tuple(found))


def _method(words: list[str]) -> Method | None:
    pairs = [
        (words[index - 1].lower(), words[index + 1])
        for index in range(1, len(words) - 1)
        if words[index] == "=" and words[index - 1] != "=" and words[index + 1] != "="
    ]
    if not pairs:
        return None  # "none": no method was tried
    (name, result), *properties = pairs
    name, _, version = name.partition("/")
    if version not in ("", "1"):
        return None
    told: dict[str, str] = {}
    for key, value in properties:
        told.setdefault(key, value.lower())
    return Method(name, result.lower(), told)


def _groups(value: str) -> list[list[str]] | None:
    """The words between semicolons, `=` as a word of its own; None when a quote or comment never ends."""
    groups: list[list[str]] = [[]]
    position, glued = 0, False  # glued: the next piece belongs to the last word ("a b"@voorbeeld.example)
    while position < len(value):
        if value[position] == "(":
            position, glued = _after_comment(value, position), False
            if not position:
                return None
            continue
        match = _PIECE.match(value, position)
        if match is None:
            return None  # a quote that never ends
        position = match.end()
        kind, piece = match.lastgroup, match[0]
        if kind == "blank":
            glued = False
        elif piece == ";":
            groups.append([])
            glued = False
        elif piece == "=":
            groups[-1].append(piece)
            glued = False
        else:
            word = _ESCAPED.sub(r"\1", piece[1:-1]) if kind == "quoted" else piece
            if glued:
                groups[-1][-1] += word
            else:
                groups[-1].append(word)
            glued = True
    return groups


def _after_comment(value: str, position: int) -> int:
    """Where the comment that begins here ends; 0 when it does not. Comments are nested."""
    depth = 0
    for match in _BRACKET.finditer(value, position):
        depth += {"(": 1, ")": -1}.get(match[0], 0)
        if depth == 0:
            return match.end()
    return 0
