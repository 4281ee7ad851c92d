"""Which database holds what about whom, and how it is changed: one `[[source]]` of kind "sql" becomes frozen settings.

Every column is either a field or `technical` (keys that say nothing about a person, flags that a change sets).
Not here: fields and categories (`tables`), opening a database (`sql_reader`, `sql_writer`), asking it (`sql_search`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from cases.protocols import SourceInfo, SourceRole, TableInfo
from cases.types import Verb
from sources.identifiers import SHARED_KINDS
from sources.tables import (
    OptOut,
    Place,
    SetShape,
    SourceShape,
    TableShape,
    check_fields,
    check_source,
    check_unique,
    check_value,
    secret_text,
    table_info,
)

Columns = Mapping[str, tuple[str, ...]]  # identifier kind -> columns


@dataclass(frozen=True, slots=True)
class Customer:
    """How a row tells a running customer from a former one (art. 17 answers them differently)."""

    until: str = ""  # empty or in the future: running
    running_when: str = ""  # filled and not false or 0: running


@dataclass(frozen=True, slots=True)
class OpenAmount:
    """Rows that are still to be paid: art. 17(3)(e) may keep them."""

    amount: str
    when_empty: str = ""  # this column is empty until it is paid
    settled_in: str = ""  # or: no row of this table carries its key


@dataclass(frozen=True, slots=True)
class DateOf:
    """The column from which a record's term counts: its own, or of the rows of `table` that go with it."""

    column: str
    table: str = ""
    own: str = ""
    its: str = ""


@dataclass(frozen=True, slots=True)
class Ways:
    """How each verb is done; what is not declared is not possible."""

    anonymise_to: Mapping[str, object] = field(default_factory=dict)  # other columns become NULL, or empty
    erase_set: Mapping[str, object] = field(default_factory=dict)  # empty: the row is deleted
    restrict: Mapping[str, object] = field(default_factory=dict)
    lift: Mapping[str, object] = field(default_factory=dict)
    opt_out: OptOut = field(default_factory=OptOut)

    @property
    def columns(self) -> frozenset[str]:
        return frozenset((*self.erase_set, *self.restrict, *self.lift)) | self.opt_out.columns


@dataclass(frozen=True, slots=True)
class SqlTable:
    """One table and the ways in and out of it."""

    info: TableInfo
    find_by: Columns = field(default_factory=dict)  # columns that open a row
    # Columns that only lead to the address on file: a former address or a shared phone may be another's now.
    named_by: Columns = field(default_factory=dict)
    gives: Columns = field(default_factory=dict)  # columns a found row hands on
    addresses: tuple[str, ...] = ()  # columns with the e-mail address on file: where a code may go
    technical: tuple[str, ...] = ()  # columns that are known and never shown
    key: tuple[str, ...] = ()  # columns that name a record
    date: DateOf | None = None
    customer: Customer | None = None
    open: OpenAmount | None = None
    ways: Ways = field(default_factory=Ways)

    @property
    def columns(self) -> frozenset[str]:
        return frozenset(self.technical) | {info.name for info in self.info.fields}


@dataclass(frozen=True, slots=True)
class SqlSourceSettings:
    """One database. `tables` holds the processor tables too, so that they can be named; nothing searches them."""

    name: str
    label: str
    url: URL = field(repr=False)  # may hold a password
    tables: tuple[SqlTable, ...]
    schema: str | None = None  # PostgreSQL; None is the search path
    timeout_seconds: float = 10  # for one whole find
    max_rows: int = 20_000  # for one whole find; more is an error, never a silent cut
    ignored_tables: tuple[str, ...] = ()  # known to hold nothing about persons
    write_url: URL | None = field(default=None, repr=False)
    recipient: str = ""

    @property
    def searched(self) -> tuple[SqlTable, ...]:
        return tuple(table for table in self.tables if table.info.role is SourceRole.CONTROLLER)

    @property
    def info(self) -> SourceInfo:
        return SourceInfo(self.name, self.label, tuple(t.info for t in self.tables), recipient=self.recipient)


# The shape of the file; the names are its keys.


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlTableShape(TableShape):
    find_by: Columns = field(default_factory=dict)
    named_by: Columns = field(default_factory=dict)
    gives: Columns = field(default_factory=dict)
    addresses: tuple[str, ...] = ()
    technical: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    date: str = ""
    customer: Customer | None = None
    open: OpenAmount | None = None
    erase_set: Mapping[str, object] = field(default_factory=dict)
    restrict: SetShape | None = None
    lift: SetShape | None = None
    opt_out: OptOut | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlShape(SourceShape):
    table: tuple[SqlTableShape, ...]
    url: str = ""
    url_env: str = ""
    url_file: str = ""
    write_url: str = ""
    write_url_env: str = ""
    write_url_file: str = ""
    schema: str = ""
    max_rows: int = 20_000
    ignored_tables: tuple[str, ...] = ()


def read_sql(place: Place, entry: object) -> SqlSourceSettings:
    source = place.document.part(SqlShape, entry, place.key)
    check_source(place, source)
    if source.max_rows < 1:
        raise place.error("max_rows", "moet minstens 1 zijn")
    url = _url(place, "url", {way: getattr(source, way) for way in ("url", "url_env", "url_file")})
    if url is None:
        raise place.error("url", "geef precies één van url, url_env en url_file")
    write = {way: getattr(source, way) for way in ("write_url", "write_url_env", "write_url_file")}
    tables = read_tables(place, source.table, writes=any(write.values()))
    return SqlSourceSettings(
        name=source.name, label=source.label, url=url, tables=tables,
        schema=source.schema or None, timeout_seconds=source.timeout_seconds, max_rows=source.max_rows,
        ignored_tables=source.ignored_tables, write_url=_url(place, "write_url", write), recipient=source.recipient,
    )  # fmt: skip


def read_tables(place: Place, tables: tuple[SqlTableShape, ...], *, writes: bool) -> tuple[SqlTable, ...]:
    check_unique(place, "table", [table.name for table in tables])
    for index, table in enumerate(tables, 1):
        here = place.at(f"table[{index}]")
        check_fields(here, table)
        if table.role is SourceRole.PROCESSOR:
            for way in ("find_by", "named_by", "gives", "addresses", "can"):
                if getattr(table, way):
                    raise here.error(way, "een verwerkerstabel is van een ander en wordt nooit doorzocht")
            continue
        if table.can and not writes:
            raise here.error(
                "can", "zonder write_url (of write_url_env, write_url_file) kan hier niets gewijzigd worden"
            )
        _check_columns(here, table)
        _check_links(here, table, tables)
        _check_ways(here, table)
    return tuple(_table(place.at(f"table[{index}]"), table, tables) for index, table in enumerate(tables, 1))


def _table(place: Place, table: SqlTableShape, others: tuple[SqlTableShape, ...]) -> SqlTable:
    ways = Ways(
        anonymise_to={name: f.anonymise_to for name, f in table.fields.items() if f.anonymise_to is not None},
        erase_set=table.erase_set, restrict=table.restrict.set if table.restrict else {},
        lift=table.lift.set if table.lift else {}, opt_out=table.opt_out or OptOut(),
    )  # fmt: skip
    return SqlTable(
        table_info(table), table.find_by, table.named_by, table.gives, table.addresses, table.technical,
        key=table.key, date=_date(place, table, others), customer=table.customer, open=table.open, ways=ways,
    )  # fmt: skip


def _date(place: Place, table: SqlTableShape, others: tuple[SqlTableShape, ...]) -> DateOf | None:
    """`date = "datum"`, or `date = "factuur.datum"`: of the rows of that table that belong together with this one."""
    if not table.date:
        return None
    other, _, column = table.date.rpartition(".")
    if not other:
        return DateOf(column)
    its = next((t for t in others if t.name == other), None)
    if its is None or column not in {*its.technical, *its.fields}:
        raise place.error("date", f"'{table.date}' is geen kolom van een andere tabel")
    # Only by the key that names one of the two: a customer's number does not say which of the invoices.
    for one, found_by, own in ((its, table, False), (table, its, True)):
        for kind in one.gives.keys() & found_by.find_by.keys() - SHARED_KINDS:
            if one.gives[kind] == one.key and len(one.key) == len(found_by.find_by[kind]) == 1:
                named, carried = one.key[0], found_by.find_by[kind][0]
                return DateOf(column, other, *((named, carried) if own else (carried, named)))
    raise place.error("date", f"geen sleutel van '{other}' die in 'find_by' hier staat, of andersom")


def _check_columns(place: Place, table: SqlTableShape) -> None:
    """Ways in and out name declared columns; a secret never opens or leaves anything."""
    for required in ("fields", "find_by"):
        if not getattr(table, required):
            raise place.error(required, "ontbreekt of is leeg: zo wordt in deze tabel niets gevonden")
    open_columns = {*table.technical, *(name for name, info in table.fields.items() if not info.secret)}
    for way, columns in _named(table):
        for column in columns:
            if column and column not in open_columns:
                raise place.error(way, f"kolom '{column}' is geen (open) veld en niet technisch")


def _named(table: SqlTableShape) -> Iterator[tuple[str, tuple[str, ...]]]:
    for way in ("find_by", "named_by", "gives"):
        for columns in getattr(table, way).values():
            yield way, columns
    yield "addresses", table.addresses
    yield "key", table.key
    if table.date and "." not in table.date:
        yield "date", (table.date,)
    if table.customer:
        yield "customer", (table.customer.until, table.customer.running_when)
    if table.open:
        yield "open", (table.open.amount, table.open.when_empty)


def _check_links(place: Place, table: SqlTableShape, others: tuple[SqlTableShape, ...]) -> None:
    """A key of this source that nobody gives or nobody looks for is a slip of the pen."""
    searched = {kind for other in others for kind in other.find_by}
    given = {kind for other in others for kind in other.gives}
    named: set[str] = set()  # nothing inside the source leads to a column that only serves what a person names
    ways = (("find_by", table.find_by, given), ("named_by", table.named_by, named), ("gives", table.gives, searched))
    for way, kinds, counterpart in ways:
        for kind in kinds:
            if kind not in SHARED_KINDS | counterpart:
                known = ", ".join(sorted(SHARED_KINDS))
                raise place.error(way, f"'{kind}' is geen bekende soort ({known}) en geen sleutel tussen twee tabellen")
    if table.open and table.open.settled_in:
        payments = next((other for other in others if other.name == table.open.settled_in), None)
        if payments is None or not set(payments.find_by) & set(table.gives) - SHARED_KINDS:
            raise place.error("open.settled_in", "noem een tabel die met een sleutel uit 'gives' gevonden wordt")


def _check_ways(place: Place, table: SqlTableShape) -> None:
    can, known = set(table.can), {*table.technical, *table.fields}
    if can - {Verb.OPT_OUT} and not table.key:
        raise place.error("key", "noem de kolommen die een record aanwijzen; zonder die kan er niets gewijzigd worden")
    declared = {
        Verb.RESTRICT: ("restrict", table.restrict.set if table.restrict else {}),
        Verb.LIFT: ("lift", table.lift.set if table.lift else {}),
        Verb.OPT_OUT: ("opt_out", dict.fromkeys(table.opt_out.columns) if table.opt_out else {}),
    }
    for verb, (name, values) in declared.items():
        if (verb in can) is not bool(values):
            raise place.error(
                name if verb in can else "can", f"'{verb}' in can en de instelling '{name}' horen bij elkaar"
            )
    for name, values in (*declared.values(), ("erase_set", table.erase_set)):
        for column in values:
            if column not in known:
                raise place.error(name, f"kolom '{column}' is geen veld en niet technisch")
    for name, values in _sets(table):
        for value in values.values():
            check_value(place, name, value)
    if Verb.ANONYMISE in can:
        for column in table.key:
            if column in table.fields and table.fields[column].identifies:
                raise place.error(
                    f"fields.{column}", "een sleutel blijft staan bij anonimiseren: zet identifies = false"
                )


def _sets(table: SqlTableShape) -> Iterator[tuple[str, Mapping[str, object]]]:
    yield "erase_set", table.erase_set
    for name in ("restrict", "lift"):
        if shape := getattr(table, name):
            yield name, shape.set
    if table.opt_out:
        yield "opt_out", table.opt_out.set
        for values in table.opt_out.channels.values():
            yield "opt_out", values


def _url(place: Place, name: str, ways: Mapping[str, str]) -> URL | None:
    """From `url`, or for one with a password from `url_env` or `url_file`. Errors never repeat the value."""
    at, text = secret_text(place, name, ways)
    if not at:
        return None
    try:
        url = make_url(text)
    except ArgumentError:
        raise place.error(at, "leeg of geen database-URL") from None
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    try:
        url.get_dialect().import_dbapi()
    except (ImportError, NoSuchModuleError, AttributeError):
        raise place.error(at, f"voor '{url.drivername}' is geen stuurprogramma geïnstalleerd") from None
    if url.get_backend_name() == "sqlite":
        if not url.database or url.database == ":memory:":
            raise place.error(at, "noem een bestand")
        return url.set(database=str(place.base / url.database))
    return url
