"""A service behind a JSON interface, declared call by call: one `[[source]]` of kind "http" becomes frozen settings.

Ready-made declarations stand in `recipes/`; each says what it was tried against. Not here: making the calls (`http`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from cases.protocols import SourceInfo, SourceRole
from cases.types import Verb
from net.http import checked_url
from sources.http_values import holes
from sources.identifiers import SHARED_KINDS
from sources.tables import (
    FieldShape,
    Place,
    SourceShape,
    TableShape,
    check_fields,
    check_source,
    check_unique,
    secret_text,
    source_info,
)


class AuthKind(StrEnum):
    NONE = "none"
    BEARER = "bearer"
    BASIC = "basic"  # RFC 7617
    HEADER = "header"  # a header of the service's own
    OAUTH2 = "oauth2"  # client credentials, RFC 6749 4.4


class PagingKind(StrEnum):
    NONE = "none"
    PAGE = "page"  # page 1, 2, … until one is not full
    OFFSET = "offset"
    CURSOR = "cursor"  # the answer says where the next page begins
    LINK = "link"  # RFC 8288: Link: <…>; rel="next"


class Encoding(StrEnum):
    JSON = "json"
    FORM = "form"


@dataclass(frozen=True, slots=True, kw_only=True)
class Auth:
    kind: AuthKind = AuthKind.NONE
    user: str = ""  # basic: user name; oauth2: client id
    header: str = ""
    token_url: str = ""
    scope: str = ""
    secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Paging:
    kind: PagingKind = PagingKind.NONE
    param: str = ""  # the query parameter, or with `in_body` the place in the body, that asks for the next page
    in_body: bool = False
    size: int = 0  # rows of a full page
    size_param: str = ""
    next: str = ""  # cursor: where the answer names it; "@last.id": of the last row
    more: str = ""  # cursor: where the answer says whether there is more


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    path: str
    method: str = "GET"
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, object] = field(default_factory=dict)
    under: str = ""  # correct, anonymise: new values go under this place in the body
    match: str = ""  # find: the place in a row that must equal what was looked for
    items: str | None = None  # find: where the rows stand, when not as in `items` of the table
    gone: tuple[int, ...] = (404, 410)  # statuses that say: it is so already


@dataclass(frozen=True, slots=True, kw_only=True)
class _Field(FieldShape):
    path: str = ""  # default: its name


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpTable(TableShape):
    fields: Mapping[str, _Field] = field(default_factory=dict)
    find: Mapping[str, Call] = field(default_factory=dict)  # identifier kind -> call
    items: str = ""
    key: str = "id"
    gives: Mapping[str, str] = field(default_factory=dict)  # kind -> place in a row
    addresses: tuple[str, ...] = ()
    date: str = ""
    get: Call | None = None  # one record by its key: needed to correct
    calls: Mapping[Verb, Call] = field(default_factory=dict)
    paging: Paging = field(default_factory=Paging)

    def path_of(self, column: str) -> str:
        return self.fields[column].path or column


@dataclass(frozen=True, slots=True)
class HttpSettings:
    info: SourceInfo
    base_url: str
    tables: tuple[HttpTable, ...]  # of the controller; nothing asks the others
    auth: Auth
    headers: Mapping[str, str]
    encoding: Encoding
    timeout_seconds: float
    max_rows: int
    per_second: float
    internal: bool

    @property
    def name(self) -> str:
        return self.info.name


@dataclass(frozen=True, slots=True, kw_only=True)
class _Auth:
    kind: AuthKind = AuthKind.NONE
    user: str = ""
    header: str = ""
    token_url: str = ""
    scope: str = ""
    secret_env: str = ""
    secret_file: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape(SourceShape):
    base_url: str
    table: tuple[HttpTable, ...]
    auth: _Auth = field(default_factory=_Auth)
    headers: Mapping[str, str] = field(default_factory=dict)
    encoding: Encoding = Encoding.JSON
    max_rows: int = 5_000
    per_second: float = 5.0
    internal: bool = False  # the service stands in our own network
    timeout_seconds: int = 30


def read_http(place: Place, entry: object) -> HttpSettings:
    source = place.document.part(_Shape, entry, place.key)
    check_source(place, source)
    checked_url(source.base_url, f"{place.key}.base_url")
    if source.per_second <= 0 or source.max_rows < 1:
        raise place.error("per_second" if source.per_second <= 0 else "max_rows", "moet meer dan 0 zijn")
    check_unique(place, "table", [table.name for table in source.table])
    given = {kind for table in source.table for kind in table.gives}
    for index, table in enumerate(source.table, 1):
        _check_table(place.at(f"table[{index}]"), table, given)
    return HttpSettings(
        info=source_info(source, source.table), base_url=source.base_url.rstrip("/"),
        tables=tuple(table for table in source.table if table.role is SourceRole.CONTROLLER),
        auth=_auth(place.at("auth"), source.auth), headers=source.headers, encoding=source.encoding,
        timeout_seconds=source.timeout_seconds, max_rows=source.max_rows, per_second=source.per_second,
        internal=source.internal,
    )  # fmt: skip


def _auth(place: Place, auth: _Auth) -> Auth:
    wanted = {
        AuthKind.BEARER: ("secret_env",), AuthKind.BASIC: ("user",), AuthKind.HEADER: ("header", "secret_env"),
        AuthKind.OAUTH2: ("user", "token_url", "secret_env"), AuthKind.NONE: (),
    }[auth.kind]  # fmt: skip
    for name in wanted:
        if not getattr(auth, name) and not (name == "secret_env" and auth.secret_file):
            raise place.error(name, f"'{auth.kind}' heeft deze instelling nodig")
    if auth.token_url:
        checked_url(auth.token_url, f"{place.key}.token_url")
    _, secret = secret_text(place, "secret", {"secret_env": auth.secret_env, "secret_file": auth.secret_file})
    return Auth(
        kind=auth.kind, user=auth.user, header=auth.header, token_url=auth.token_url, scope=auth.scope, secret=secret
    )


def _check_table(place: Place, table: HttpTable, given: set[str]) -> None:
    check_fields(place, table)
    if table.role is SourceRole.PROCESSOR:
        for name in ("find", "calls", "can", "gives"):
            if getattr(table, name):
                raise place.error(name, "een verwerkerstabel is van een ander en wordt nooit doorzocht")
        return
    for required in ("fields", "find"):
        if not getattr(table, required):
            raise place.error(required, "ontbreekt of is leeg: zo wordt in deze tabel niets gevonden")
    for kind, call in table.find.items():
        if kind not in SHARED_KINDS | given:
            raise place.error(f"find.{kind}", f"geen bekende soort ({', '.join(sorted(SHARED_KINDS))}) en geen sleutel")
        if kind in SHARED_KINDS and not call.match:
            raise place.error(f"find.{kind}.match", "noem het veld dat gelijk moet zijn: een dienst zoekt vaak ruim")
    _check_calls(place, table)


def _check_calls(place: Place, table: HttpTable) -> None:
    for verb in Verb:
        if (verb in table.can) is not (verb in table.calls):
            raise place.error("can", f"'{verb}' in can en de aanroep 'calls.{verb}' horen bij elkaar")
    if Verb.CORRECT in table.can and table.get is None:
        raise place.error("get", "een correctie kijkt eerst wat er staat: noem de aanroep 'get'")
    for verb, call in table.calls.items():
        if verb is not Verb.OPT_OUT and "key" not in holes((call.path, dict(call.query), dict(call.body))):
            raise place.error(f"calls.{verb}", "noem met {key} welk record")
