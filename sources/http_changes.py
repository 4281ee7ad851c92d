"""What each verb asks of a service: one call per record, and what came of it.

Resumable: what a first try did is found done by the second. Where a record can be read (`get`) it is read first, so
that a correction meets what was shown, and a change that is so already is not asked again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from cases.calendar import AMSTERDAM
from cases.errors import OutsideError, Permanent, Uncertain
from cases.protocols import Change, Changed, Value
from cases.types import ActionStatus, Verb
from net.api import Reply
from sources.http_calls import Caller, failure
from sources.http_settings import Call, HttpSettings, HttpTable
from sources.http_values import at, filled, holes, leaves, plain, put
from sources.identifiers import SHARED_KINDS, canonical
from sources.sql_values import same_value
from sources.tables import Moment

DONE, NOTHING, CONFLICT = ActionStatus.DONE, ActionStatus.NOTHING, ActionStatus.CONFLICT
_CONFLICT_WORDS = "het record is niet meer zoals het getoond is"


async def carry_out(caller: Caller, settings: HttpSettings, change: Change, now: datetime) -> Changed:
    """Raises OutsideError when it did not get past the first record."""
    tables = [t for t in settings.tables if change.table in (t.name, "") and change.verb in t.calls]
    if not tables or (not change.table and change.verb is not Verb.OPT_OUT):
        where = f"in tabel '{change.table}'" if change.table else "in deze bron"
        raise Permanent(f"'{change.verb}' kan niet {where}")
    done: list[ActionStatus] = []
    previous: dict[str, Mapping[str, Value]] = {}
    for table in tables:
        try:
            for key in await _keys(caller, table, change):
                if change.verb is Verb.CORRECT:
                    status, stood = await _correct(caller, table, change, key)
                    if status is CONFLICT:
                        return Changed(change.id, CONFLICT, len(previous), _CONFLICT_WORDS, previous)
                    previous[key] = stood
                else:
                    status = await _do(caller, table, change, key, now)
                done.append(status)
        except OutsideError as error:
            if not done:
                raise
            status = ActionStatus.UNKNOWN if isinstance(error, Uncertain) else ActionStatus.FAILED
            return Changed(change.id, status, len(done), f"na {len(done)} records: {error}", previous)
    return Changed(change.id, DONE if DONE in done else NOTHING, len(done), previous=previous)


async def _keys(caller: Caller, table: HttpTable, change: Change) -> Sequence[str]:
    """The records named; of an opt-out those of the addresses, or the addresses where the service goes by them."""
    if change.keys or change.verb is not Verb.OPT_OUT:
        return tuple(dict.fromkeys(change.keys))
    call, found = table.calls[Verb.OPT_OUT], []
    for one in change.identifiers:
        value = canonical(one.kind, one.value) if one.kind in SHARED_KINDS else ""
        if not value:
            continue
        if "value" in holes((call.path, dict(call.query), dict(call.body))):
            found += [value] if one.kind == "email" else []
        elif one.kind in table.find:
            search = table.find[one.kind]
            async for row in caller.rows(table, search, value=value):
                if canonical(one.kind, str(at(row, search.match) or "")) == value:
                    found.append(str(at(row, table.key)))
    return tuple(dict.fromkeys(found))


async def _correct(
    caller: Caller, table: HttpTable, change: Change, key: str
) -> tuple[ActionStatus, Mapping[str, Value]]:
    for column in (*change.values, *change.expected):
        if column not in table.fields or table.fields[column].secret:
            raise Permanent(f"kolom '{column}' van tabel '{table.name}' kan niet gewijzigd worden")
    row = await _read(caller, table, key)
    if row is None:
        return CONFLICT, {}
    stands = {column: plain(at(row, table.path_of(column))) for column in (*change.values, *change.expected)}
    if all(same_value(stands[column], value) for column, value in change.values.items()):
        return NOTHING, {column: change.expected.get(column, stands[column]) for column in change.values}
    if not all(same_value(stands[column], value) for column, value in change.expected.items()):
        return CONFLICT, {}
    call = table.calls[Verb.CORRECT]
    wanted = {table.path_of(column): value for column, value in change.values.items()}
    reply = await caller.do(call, reading=False, body=_body(call, wanted, key), key=key)
    _check(reply)
    return DONE, {column: stands[column] for column in change.values}


async def _do(caller: Caller, table: HttpTable, change: Change, key: str, now: datetime) -> ActionStatus:
    call = table.calls[change.verb]
    wanted: dict[str, object] = {}
    if change.verb is Verb.ANONYMISE:
        wanted = _emptied(table, change.columns)
    body = _moments(_body(call, wanted, key), now)
    by_value = "value" in holes((call.path, dict(call.query), dict(call.body)))
    if table.get is not None and change.verb is not Verb.ERASE and body and not by_value:
        row = await _read(caller, table, key)
        if row is None or _is_so(row, call, body):
            return NOTHING
    reply = await caller.do(call, reading=False, body=filled(body, key=key, value=key), key=key, value=key)
    if reply.status in call.gone:
        return NOTHING
    _check(reply)
    return DONE


async def _read(caller: Caller, table: HttpTable, key: str) -> Any:
    assert table.get is not None
    reply = await caller.do(table.get, reading=True, key=key)
    if reply.status in table.get.gone:
        return None
    _check(reply)
    return at(reply.data, table.get.items or "")


def _emptied(table: HttpTable, columns: Sequence[str]) -> dict[str, object]:
    names = [name for name, info in table.fields.items() if (name in columns if columns else info.identifies)]
    if unknown := sorted({*columns} - {*names}):
        raise Permanent(f"kolom '{unknown[0]}' is geen veld van tabel '{table.name}'")
    return {table.path_of(name): table.fields[name].anonymise_to for name in names}


def _body(call: Call, wanted: Mapping[str, object], key: str) -> dict[str, Any]:
    body: dict[str, Any] = filled(call.body, key=key)
    for path, value in wanted.items():
        put(body, f"{call.under}.{path}" if call.under else path, value)
    return body


def _moments(body: Any, now: datetime) -> Any:
    local = now.astimezone(AMSTERDAM)
    if isinstance(body, Mapping):
        return {key: _moments(value, now) for key, value in body.items()}
    match body:
        case Moment.TODAY:
            return local.date().isoformat()
        case Moment.NOW:
            return local.isoformat(timespec="seconds")
        case Moment.NULL:
            return None
    return body


def _is_so(row: object, call: Call, body: Mapping[str, Any]) -> bool:
    """Whether the record says already what the body would write; an empty text is as good as nothing."""
    written = at(body, call.under) if call.under else body
    return all((at(row, path) or None) == (value or None) for path, value in leaves(written))


def _check(reply: Reply) -> None:
    if 200 <= reply.status < 300:
        return
    if reply.status >= 500 and reply.status != 503:
        raise Uncertain(f"de dienst gaf een storing ({reply.status}); niet zeker is of het is gedaan")
    raise failure(reply)
