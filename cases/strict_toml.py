"""TOML text into frozen dataclasses, strictly: unknown keys, missing keys and wrong types are errors.

An error says file, line and dotted key in plain words; tomllib gives no lines, so the text is scanned for its keys.
Entries of a list of tables count from one: `promises[2].days` is in the second `[[promises]]`.
Not here: what the values mean.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, datetime
from enum import Enum, IntEnum
from types import MappingProxyType, NoneType, UnionType
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from cases.errors import ConfigError

T = TypeVar("T")
_hints: dict[type[Any], dict[str, Any]] = {}  # kept: an annotation is a text that has to be compiled
_HEADER = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"""\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*=""")
_TOKEN = re.compile(r'"""|\'\'\'|"(?:\\.|[^"\\])*"|\'[^\']*\'|#.*|[\[\]{}]')
_AT_LINE = re.compile(r"\(at line (\d+)")
_PLAIN = {
    str: "tekst",
    int: "een heel getal",
    bool: "true of false",
    float: "een getal",
    date: "een datum (JJJJ-MM-DD)",
}


class Document:
    """One TOML text with the lines of its keys."""

    def __init__(self, text: str, *, file: str) -> None:
        self.file = file
        text = text.replace("\r\n", "\n")
        try:
            self.table: dict[str, Any] = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            at = _AT_LINE.search(str(error))
            line = int(at.group(1)) if at else text.count("\n") + 1
            raise ConfigError(f"geen geldige TOML: {error}", file=file, line=line) from error
        self.lines = key_lines(text)

    def build(self, cls: type[T], *, computed: tuple[str, ...] = ()) -> T:
        """The whole document as `cls`; fields in `computed` may not stand in the file."""
        return cast(T, self._dataclass(cls, self.table, "", computed))

    def error(self, key: str, message: str) -> ConfigError:
        return ConfigError(message, file=self.file, line=self._line(key), key=key)

    def _line(self, key: str) -> int | None:
        """The line of the key, or of the nearest table around it."""
        while key and key not in self.lines:
            key = key[: -len(key.rpartition("[")[2]) - 1] if key.endswith("]") else key.rpartition(".")[0]
        return self.lines.get(key, 1)

    def _dataclass(self, cls: type[Any], table: Any, where: str, computed: tuple[str, ...] = ()) -> Any:
        if not isinstance(table, dict):
            raise self.error(where, "hier hoort een tabel met sleutels")
        known = {f.name: f for f in fields(cls) if f.name not in computed}
        for key in table:
            if key not in known:
                near = difflib.get_close_matches(key, known, n=1)
                raise self.error(_join(where, key), "onbekende sleutel" + (f"; bedoelt u '{near[0]}'?" if near else ""))
        hints = _hints.get(cls) or _hints.setdefault(cls, get_type_hints(cls))
        values: dict[str, Any] = {}
        for name, spec in known.items():
            required = spec.default is MISSING and spec.default_factory is MISSING
            if name in table:
                values[name] = self._value(hints[name], table[name], _join(where, name), required=required)
            elif required:
                raise self.error(_join(where, name), "deze sleutel ontbreekt")
        return cls(**values)

    def _value(self, hint: Any, value: Any, where: str, *, required: bool = False) -> Any:
        origin, args = get_origin(hint), get_args(hint)
        if origin in (Union, UnionType):
            return self._value(next(arg for arg in args if arg is not NoneType), value, where, required=required)
        if origin is tuple:
            return self._list(args[0], value, where, required=required)
        if origin is not None and issubclass(origin, Mapping):
            return self._mapping(args, value, where)
        if is_dataclass(hint):
            return self._dataclass(cast("type[Any]", hint), value, where)
        if isinstance(hint, type) and issubclass(hint, Enum):
            return self._choice(hint, value, where)
        return self._plain(hint, value, where, required=required)

    def _list(self, item: Any, value: Any, where: str, *, required: bool) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise self.error(where, "hier hoort een lijst")
        if required and not value:
            raise self.error(where, "deze lijst mag niet leeg zijn")
        return tuple(self._value(item, part, f"{where}[{n}]", required=True) for n, part in enumerate(value, 1))

    def _mapping(self, args: tuple[Any, ...], value: Any, where: str) -> Mapping[Any, Any]:
        if not isinstance(value, dict):
            raise self.error(where, "hier hoort een tabel met sleutels")
        pairs = {
            self._value(args[0], key, _join(where, key)): self._value(args[1], part, _join(where, key), required=True)
            for key, part in value.items()
        }
        return MappingProxyType(pairs)

    def _choice(self, kind: type[Enum], value: Any, where: str) -> Enum:
        """A number enum is written by its name, any other by its stored value."""
        by_name = issubclass(kind, IntEnum)
        choices = {member.name.lower() if by_name else member.value: member for member in kind}
        if not isinstance(value, str) or value not in choices:
            raise self.error(where, f"kies uit: {', '.join(map(str, choices))}")
        return choices[value]

    def _plain(self, kind: type[Any], value: Any, where: str, *, required: bool) -> Any:
        if kind is float and isinstance(value, int) and not isinstance(value, bool):
            return float(value)  # 60 is a fine way to write 60.0
        # bool is an int and datetime is a date in Python; in a configuration they are mistakes.
        wrong = (kind is int and isinstance(value, bool)) or (kind is date and isinstance(value, datetime))
        if wrong or not isinstance(value, kind):
            raise self.error(where, f"hier hoort {_PLAIN.get(kind, kind.__name__)}")
        if isinstance(value, str):
            value = value.strip()
            if required and not value:
                raise self.error(where, "deze tekst mag niet leeg zijn")
        return value


def key_lines(text: str) -> dict[str, int]:
    """Line number of every key and table in a TOML text, by dotted key."""
    lines: dict[str, int] = {}
    counts: dict[str, int] = {}
    prefix, closing, depth = "", "", 0
    for number, line in enumerate(text.split("\n"), 1):
        if not closing and not depth:
            if header := _HEADER.match(line):
                prefix = _table_path(_parts(header.group(2)), counts, new=header.group(1) == "[[")
                lines.setdefault(prefix, number)
                if prefix.endswith("]"):  # a complaint about the whole list points at its first entry
                    lines.setdefault(prefix.rpartition("[")[0], number)
            elif key := _KEY.match(line):
                lines.setdefault(_join(prefix, ".".join(_parts(key.group(1)))), number)
        closing, depth = _after(line, closing, depth)
    return lines


def _after(line: str, closing: str, depth: int) -> tuple[str, int]:
    """Whether a long string or a bracket is still open at the end of the line."""
    at = 0
    while True:
        if closing:
            end = line.find(closing, at)
            if end < 0:
                return closing, depth
            at, closing = end + 3, ""
        token = _TOKEN.search(line, at)
        if token is None:
            return "", depth
        at, found = token.end(), token.group()
        if found in ('"""', "'''"):
            closing = found
        elif found in "[{":
            depth += 1
        elif found in "]}":
            depth -= 1


def _table_path(parts: list[str], counts: dict[str, int], *, new: bool) -> str:
    path = ""
    for position, part in enumerate(parts):
        path = _join(path, part)
        if new and position == len(parts) - 1:
            counts[path] = counts.get(path, 0) + 1
        if path in counts:
            path = f"{path}[{counts[path]}]"
    return path


def _parts(dotted: str) -> list[str]:
    found = re.findall(r"""[A-Za-z0-9_-]+|"[^"]*"|'[^']*'""", dotted)
    return [part.strip("\"'") for part in found]


def _join(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key
