"""The sentences for people: loaded once from `texts/`, checked, and said with their variables.

Values are put in by `str.format`, once: a value that holds braces stays what it is. An organisation may replace a
sentence (`policies/<key>/texts/<section>.<key>.md`, `.en.md` for English); a replacement keeps the same variables, so
no date or case number can fall out of a letter. Which sentences a letter holds is decided in the handlers.
"""

from __future__ import annotations

import re
import string
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib import resources
from types import MappingProxyType

from cases.context import AMSTERDAM
from cases.errors import ConfigError, RuleError
from cases.types import Form

# Words that show the other form of address. "u" alone, never inside a word; "je" also as "je" of "jij".
_WRONG = {
    Form.NL_JE: re.compile(r"\b(u|uw|uzelf)\b", re.IGNORECASE),
    Form.NL_U: re.compile(r"\b(je|jij|jou|jouw|jezelf|jullie)\b", re.IGNORECASE),
}


@dataclass(frozen=True, slots=True)
class Texts:
    """The sentences of one form of address (of one organisation, when it replaced some)."""

    form: Form
    sentences: Mapping[str, str]
    months: tuple[str, ...]

    def say(self, key: str, **values: object) -> str:
        sentence = self.sentences.get(key)
        if sentence is None:
            raise RuleError(f"no such text: {key}")
        return sentence.format_map(values)

    def has(self, key: str) -> bool:
        return key in self.sentences

    def day(self, when: date | datetime) -> str:
        """`3 maart 2027`; a moment is taken as its date in Amsterdam."""
        local = when.astimezone(AMSTERDAM).date() if isinstance(when, datetime) else when
        return f"{local.day} {self.months[local.month - 1]} {local.year}"


def load_texts(form: Form, overrides: Mapping[str, str] | None = None) -> Texts:
    """The sentences in `form`, with an organisation's own ones in place; ConfigError for a name or variable off."""
    base = _base(form)
    if not overrides:
        return base
    sentences = dict(base.sentences)
    for key, text in overrides.items():
        sentences[key] = _checked(form, key, text.strip(), base.sentences)
    return Texts(form, MappingProxyType(sentences), base.months)


def load_all(form: Form, files: Mapping[str, str] | None = None) -> Mapping[Form, Texts]:
    """All forms for one organisation. `files`: name → content of its texts folder; `form`: its own form of address."""
    own: dict[str, str] = {}
    english: dict[str, str] = {}
    for name, content in (files or {}).items():
        stem, dot, suffix = name.rpartition(".")
        if not dot or suffix != "md":
            raise ConfigError("a replaced text is a file '<section>.<key>.md'", file=name)
        if stem.endswith(".en"):
            english[stem.removesuffix(".en")] = content
        else:
            own[stem] = content
    return {each: load_texts(each, own if each is form else english if each is Form.EN else None) for each in Form}


def staff_texts() -> Texts:
    """Notices, hints and notes for staff: Dutch, without a form of address."""
    return _read("staff.toml", Form.NL_U)


def variables(sentence: str) -> frozenset[str]:
    """The names between braces; ValueError for a broken or clever one (attributes, formats)."""
    names = set()
    for _, name, spec, conversion in string.Formatter().parse(sentence):
        if name is None:
            continue
        if not name.isidentifier() or spec or conversion:
            raise ValueError("a variable is a plain name between braces")
        names.add(name)
    return frozenset(names)


def wrong_form(form: Form, text: str) -> tuple[str, ...]:
    """Words of the other form of address in `text`."""
    pattern = _WRONG.get(form)
    return tuple(match.group() for match in pattern.finditer(text)) if pattern else ()


def _checked(form: Form, key: str, text: str, base: Mapping[str, str]) -> str:
    if key not in base:
        raise ConfigError("there is no text with this name", key=key)
    try:
        found = variables(text)
    except ValueError as error:
        raise ConfigError(str(error), key=key) from error
    if found != variables(base[key]):
        names = ", ".join(sorted(variables(base[key]))) or "none"
        raise ConfigError(f"the variables of this text must be: {names}", key=key)
    if not text or wrong_form(form, text):
        raise ConfigError("empty, or in the wrong form of address", key=key)
    return text


@cache
def _base(form: Form) -> Texts:
    return _read(f"{form.value}.toml", form)


@cache
def _read(name: str, form: Form) -> Texts:
    data = tomllib.loads((resources.files("handlers") / "texts" / name).read_text(encoding="utf-8"))
    months = tuple(data.pop("months", {}).get("names", "").split())
    sentences = {f"{section}.{key}": str(text) for section, keys in data.items() for key, text in keys.items()}
    return Texts(form, MappingProxyType(sentences), months)
