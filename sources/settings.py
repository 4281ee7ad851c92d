"""Which systems an organisation has: the `[[source]]` tables of a TOML file become settings, one per source.

`kind` says what is behind a source; each kind reads its own settings in a file of its own. Not here: how TOML is read
strictly (`cases/strict_toml`), what is common to all tables (`tables`), opening a source (`registry`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from cases.errors import ConfigError
from sources.file_settings import FileSettings, read_files
from sources.folder import FolderSettings, read_folder
from sources.http_settings import HttpSettings, read_http
from sources.mailbox import MailboxSettings, read_mailbox
from sources.manual import ManualSettings, read_manual
from sources.sql_settings import SqlSourceSettings, read_sql
from sources.tables import Declaration, Place, check_unique

SourceSettings = SqlSourceSettings | FileSettings | HttpSettings | ManualSettings | MailboxSettings | FolderSettings
_KINDS: Mapping[str, Callable[[Place, object], SourceSettings]] = {
    "sql": read_sql,
    "csv": read_files,
    "http": read_http,
    "manual": read_manual,
    "mailbox": read_mailbox,
    "folder": read_folder,
}


def load_sources(
    source: str | Mapping[str, Any],
    *,
    file: str,
    base: Path | None = None,
    categories: Collection[str] | None = None,
) -> tuple[SourceSettings, ...]:
    """Reads the `[[source]]` tables of a TOML text, or of a table that was read before (then errors have no line).

    Relative paths start at `base`, or else in the folder of `file`. With `categories`, the keys of the policy's
    categories, every field's category must be one of them.
    """
    document = Declaration(source if isinstance(source, str) else "", file=file)
    if not isinstance(source, str):
        document.table = dict(source)
    try:
        return _load(document, base or Path(file).parent, categories)
    except ConfigError as error:
        if document.lines:
            raise
        raise ConfigError(error.reason, file=error.file, key=error.key) from None


def _load(document: Declaration, base: Path, categories: Collection[str] | None) -> tuple[SourceSettings, ...]:
    for key in document.table:
        if key != "source":
            raise document.error(key, "onbekende sleutel; hier horen alleen [[source]]-tabellen")
    entries = document.table.get("source")
    if not isinstance(entries, list) or not entries:
        raise document.error("source", "hier horen [[source]]-tabellen")
    loaded = []
    for number, entry in enumerate(entries, 1):
        place = Place(document, f"source[{number}]", base, categories)
        kind = entry.get("kind", "sql") if isinstance(entry, dict) else "sql"
        if kind not in _KINDS:
            raise place.error("kind", f"kies uit: {', '.join(_KINDS)}")
        loaded.append(_KINDS[kind](place, entry))
    check_unique(Place(document, "", base, categories), "source", [source.name for source in loaded])
    return tuple(loaded)
