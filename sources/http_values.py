"""Dotted paths into what a service answers, and templates of what it is asked. Pure.

`addresses.0.city` is the city in the first of the addresses. In a template `{key}` and `{value}` are filled in; in a
path they are percent-encoded, so that no value can lead to another resource.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import quote

from cases.errors import Permanent
from cases.protocols import Value
from sources.sql_records import day_of

_HOLE = re.compile(r"\{(key|value|cursor)\}")


def at(data: object, path: str) -> Any:
    """What stands at the path; None when nothing does. An empty path is the whole."""
    for step in filter(None, path.split(".")):
        if isinstance(data, Mapping):
            data = data.get(step)
        elif isinstance(data, list) and step.isdecimal() and int(step) < len(data):
            data = data[int(step)]
        else:
            return None
    return data


def put(data: dict[str, Any], path: str, value: object) -> None:
    """Writes at a path, making the objects on the way; `addresses.0.city` makes a list with one address."""
    steps = path.split(".")
    here: Any = data
    for step, following in zip(steps, [*steps[1:], ""], strict=True):
        new: Any = value if not following else [] if following.isdecimal() else {}
        if isinstance(here, list):
            while len(here) <= int(step):
                here.append({} if following else None)
            if not following:
                here[int(step)] = value
            here = here[int(step)]
        elif following:
            here = here.setdefault(step, new)
        else:
            here[step] = value


def plain(raw: object) -> Value:
    """One of the few kinds of value that an export can show."""
    if raw is None or isinstance(raw, str | bool | int | float):
        return raw
    return json.dumps(raw, ensure_ascii=False)


def day(raw: object) -> date | None:
    """ISO text, or seconds since 1970."""
    if isinstance(raw, int | float) and not isinstance(raw, bool):
        try:
            return datetime.fromtimestamp(raw, UTC).date()
        except (ValueError, OverflowError, OSError):
            return None
    return day_of(raw)


def filled(template: object, **values: str) -> Any:
    """A body or query with its holes filled, wherever they stand."""
    if isinstance(template, str):
        return _HOLE.sub(lambda hole: values.get(hole.group(1), ""), template)
    if isinstance(template, Mapping):
        return {key: filled(part, **values) for key, part in template.items()}
    return [filled(part, **values) for part in template] if isinstance(template, list | tuple) else template


def filled_path(template: str, **values: str) -> str:
    for name, value in values.items():
        if f"{{{name}}}" in template and value in ("", ".", ".."):
            raise Permanent("deze sleutel past niet in het adres van de dienst")
    return _HOLE.sub(lambda hole: quote(values.get(hole.group(1), ""), safe=""), template)


def holes(template: object) -> frozenset[str]:
    return frozenset(_HOLE.findall(json.dumps(template, default=str)))


def form_pairs(data: object, prefix: str = "") -> Iterator[tuple[str, str]]:
    """A body as a web form, nested with brackets: `address[city]`."""
    if isinstance(data, Mapping):
        for key, value in data.items():
            yield from form_pairs(value, f"{prefix}[{key}]" if prefix else str(key))
    elif isinstance(data, Sequence) and not isinstance(data, str):
        for number, value in enumerate(data):
            yield from form_pairs(value, f"{prefix}[{number}]")
    else:
        yield prefix, "" if data is None else str(data).lower() if isinstance(data, bool) else str(data)


def leaves(data: object, prefix: str = "") -> Iterator[tuple[str, object]]:
    """Every value in a body with its dotted path."""
    if isinstance(data, Mapping) and data:
        for key, value in data.items():
            yield from leaves(value, f"{prefix}.{key}" if prefix else str(key))
    elif isinstance(data, list) and data:
        for number, value in enumerate(data):
            yield from leaves(value, f"{prefix}.{number}")
    else:
        yield prefix, data
