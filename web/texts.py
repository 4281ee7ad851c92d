"""The sentences of the pages behind a link, in three forms: `texts/nl_je.toml`, `nl_u.toml`, `en.toml`, same keys."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from types import MappingProxyType

from cases.types import Form
from handlers.wording import Texts

FOLDER = Path(__file__).parent / "texts"


@cache
def page_texts(form: Form) -> Texts:
    data = tomllib.loads((FOLDER / f"{form.value}.toml").read_text(encoding="utf-8"))
    months = tuple(data.pop("months")["names"].split())
    sentences = {f"{section}.{key}": text for section, keys in data.items() for key, text in keys.items()}
    return Texts(form, MappingProxyType(sentences), months)
