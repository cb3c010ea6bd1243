"""A connection to an SQL store, and the lists of keys that it keeps in temporary tables there.

A list contains keys that only Servanda knows: who is held, who was warned, which events were recorded. Conditions
refer to a list by name, and the database joins its temporary table.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.ext.compiler import compiles

from servanda.stores.selection import Condition, Identity
from servanda.stores.sql.store import SqlStore
from servanda.stores.sql.times import Days
from servanda.stores.sql.where import Where
from servanda.stores.verbs import Partitions

_TEMPORARY: dict[tuple[Any, ...], sa.Table] = {}
_MOST_TEMPORARY = 2_000


def temporary(name: str, *columns: sa.Column[Any], **options: Any) -> sa.Table:
    """A temporary table; the same object for the same definition, by which SQLAlchemy knows its statements again."""
    described = (
        (c.name, type(c.type), repr(c.type), c.primary_key, c.nullable, c.info.get("of")) for c in columns
    )
    key = (name, *described)
    if key not in _TEMPORARY:
        if len(_TEMPORARY) >= _MOST_TEMPORARY:
            _TEMPORARY.clear()
        _TEMPORARY[key] = sa.Table(name, sa.MetaData(), *columns, prefixes=["TEMPORARY"], **options)
    return _TEMPORARY[key]


class OnlyTable(sa.TableClause):
    """A table of PostgreSQL from which others inherit: FROM ONLY, since their rows are not rows of this place."""

    inherit_cache = True


@compiles(OnlyTable, "postgresql")
def _only(table: OnlyTable, compiler: Any, **how: Any) -> str:
    text: str = compiler.visit_table(table, **how)
    return f"ONLY {text}" if how.get("asfrom") else text


class Lists:
    """One connection, its lists, and the tables that conditions are about."""

    def __init__(self, store: SqlStore, connection: Connection) -> None:
        self.store = store
        self._connection = connection
        self._lists: dict[str, sa.Table] = {}
        self._staged: dict[str, tuple[sa.Table, sa.Table]] = {}
        self._forms: dict[tuple[str, str], str] = {}
        self._first_times: dict[tuple[str, str], Any] = {}
        self._made: dict[str, str] = {}
        self._tables = {name: self._table(name) for name in store.shape.tables}
        self.days = Days(self._tables, self._lists, store, store.settings.zone)
        self._identities: dict[str, Identity] = {}
        self.where = Where(
            self._tables, self._lists, store, store.settings.zone, self._forms, self._identities
        )
        self.partitions: Partitions = store.partitions(self)

    def _table(self, name: str) -> sa.TableClause:
        shape, types = self.store.shape.tables[name], self.store.types
        raw = (
            self.store.dialect.stores_time_as_text
        )  # SQLite: values as they lie there, no type of ours in between
        columns = [sa.column(c, sa.types.NullType() if raw else types[name, c]) for c in shape.columns]
        return (OnlyTable if shape.inherited else sa.TableClause)(name, *columns, schema=shape.schema)

    def parts_of(self, table: str) -> list[sa.FromClause]:
        """A table, and its detached partitions, whose rows still count."""
        return [self._tables[table], *self.partitions.detached(table)]

    def table_like(self, table: str, name: str, schema: str | None) -> sa.TableClause:
        """Another table with the columns of this one."""
        columns = (sa.column(c.name, c.type) for c in self._tables[table].c)
        return sa.table(name, *columns, schema=schema)

    def fetch_all(self, query: sa.Executable, values: dict[str, Any]) -> Sequence[sa.Row[Any]]:
        """Every row of a query."""
        with self.store.errors(), self._reading():
            return self._connection.execute(query, values).all()

    def counters(self) -> dict[str, int]:
        """The last number that the store assigned in each table, if it keeps counters."""
        with self.store.errors(), self._reading():
            return self.store.counters(self._connection)

    def clock(self) -> datetime | None:
        """The time of the store's server, in UTC; None where there is no server."""
        query = self.store.dialect.clock
        if not query:
            return None
        with self.store.errors(), self._reading():
            at: datetime = self._connection.execute(sa.text(query)).scalar_one()
        return at if at.tzinfo else at.replace(tzinfo=UTC)

    def own_copies(self) -> frozenset[str]:
        """The tables that the database itself keeps as copies of others."""
        with self.store.errors(), self._reading():
            return self.store.own_copies(self._connection)

    def rollback(self) -> None:
        """Roll back the open transaction, which releases its locks."""
        self._connection.rollback()

    @contextmanager
    def autocommit(self) -> Iterator[Connection]:
        """The connection in autocommit mode, for statements that manage their own transactions."""
        self._connection.rollback()
        level = self._connection.default_isolation_level
        try:
            yield self._connection.execution_options(isolation_level="AUTOCOMMIT")
        finally:
            self._connection.rollback()
            if not self._connection.invalidated:
                self._connection.execution_options(isolation_level=level)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """A savepoint: if the block fails, only the block is rolled back."""
        with self._connection.begin_nested():
            yield

    def execute_raw(self, statement: str) -> None:
        """Run a statement without parameters, as written."""
        self._connection.exec_driver_sql(statement)

    def first(self, query: sa.Select[Any]) -> Any:
        """The first row of a query, or None; its statement is not cached."""
        return self._scan(query, once=True)

    def make_list(
        self,
        name: str,
        table: str,
        key: Sequence[str],
        *,
        dated: bool = False,
        until: bool = False,
        printed: bool = False,
        identity: Identity | None = None,
    ) -> None:
        """Make an empty list of keys of a table, in a temporary table of the store.

        With days and last days, or with the fingerprints of archived rows, of which a key may have several. With an
        `identity` each key comes with the mark of its row, after its day, and stands for a row with that mark only.
        """
        keys = self._key_columns(table, key)
        more = [sa.Column("day", sa.String(10))] if dated else []
        more += [sa.Column("until", sa.String(10))] if until else []
        more += [sa.Column("print", sa.String(64), primary_key=True, nullable=False)] if printed else []
        more += [sa.Column("mark", sa.String(64))] if identity is not None else []
        self.where.forget()
        self._identities.pop(name, None)
        if identity is not None:
            self._identities[name] = identity
        made = temporary(f"servanda_{name}", *keys, *more)
        self._drop(self._lists.get(name))
        self._ddl(sa.schema.CreateTable(made))
        self._lists[name] = made

    def _key_columns(self, table: str, key: Sequence[str]) -> list[sa.Column[Any]]:
        """Columns k0, k1 … for keys of a table, without autoincrement, since 0 is a valid key."""
        types = [self.store.key_type(self.store.types[table, column]) for column in key]
        return [
            sa.Column(
                f"k{i}", type_, nullable=False, primary_key=True, autoincrement=False, info={"of": column}
            )
            for i, (column, type_) in enumerate(zip(key, types, strict=True))
        ]

    def fill(self, name: str, rows: Iterable[Sequence[Any]]) -> None:
        """Insert keys (and days, in a dated list) into a list, and analyze it."""
        table = self._lists[name]
        names = [c.name for c in table.c]
        values = list(
            {tuple(row)[: len(names)]: dict(zip(names, row, strict=False)) for row in rows}.values()
        )
        with self.store.errors():
            self._connection.rollback()
            try:
                with self._connection.begin():
                    for i in range(0, len(values), 5000):
                        self._connection.execute(sa.insert(table), values[i : i + 5000])
            except sa.exc.IntegrityError:  # a collation takes two keys for one
                with self.transaction():
                    self._fill_apart(table, values)
        with self.transaction():
            self.store.analyze(self._connection, table.name)

    def _fill_apart(self, table: sa.Table, values: list[dict[str, Any]]) -> None:
        """Insert keys one by one; of keys that the collation treats as equal, the latest day is kept."""
        keys = [c for c in table.c if c.name not in ("day", "mark")]
        for row in sorted(values, key=lambda r: str(r.get("day", ""))):
            self._connection.execute(sa.delete(table).where(*(c == row[c.name] for c in keys)))
            self._connection.execute(sa.insert(table).values(row))

    def stage_days(self, name: str) -> None:
        """Create the staging table of a dated list; before the transaction of a page."""
        listed = self._lists[name]
        if self._staged.get(name, (None, None))[0] is listed:
            return
        columns = [sa.Column(c.name, c.type, nullable=c.name == "mark") for c in listed.c]
        new = temporary(f"{listed.name}_new", *columns)
        self._drop(self._staged[name][1] if name in self._staged else None)
        self._ddl(sa.schema.CreateTable(new))
        self._ddl(
            sa.schema.CreateIndex(
                sa.Index(f"{listed.name}_new_keys", *(c for c in new.c if c.name not in ("day", "mark")))
            )
        )
        self._staged[name] = (listed, new)

    def merge_days(self, name: str, rows: Iterable[Sequence[Any]]) -> None:
        """Merge days into a staged list, inside the transaction of a page.

        Three statements, however many rows. The latest day of a key is kept, also of keys that the collation treats as
        equal; a day of a row with another mark is replaced.
        """
        listed, new = self._staged[name]
        names = [c.name for c in listed.c]
        values = [dict(zip(names, row, strict=False)) for row in rows]  # without a mark where none is kept
        self._connection.execute(sa.delete(new))
        for start in range(0, len(values), 5000):
            self._connection.execute(sa.insert(new), values[start : start + 5000])
        keys = [name for name in names if name not in ("day", "mark")]
        marks = [name for name in names if name == "mark"]
        same = [listed.c[key] == new.c[key] for key in keys]
        newer = [listed.c.day <= new.c.day, *(listed.c[m].is_distinct_from(new.c[m]) for m in marks)]
        later = sa.exists(sa.select(sa.literal(1)).select_from(new).where(*same, sa.or_(*newer)))
        self._connection.execute(sa.delete(listed).where(later))
        tops = [sa.func.max(new.c.day), *(sa.func.max(new.c[m]) for m in marks)]
        latest = sa.select(*(new.c[key] for key in keys), *tops)
        known = sa.exists(sa.select(sa.literal(1)).select_from(listed).where(*same))
        latest = latest.where(~known).group_by(*(new.c[key] for key in keys))
        self._connection.execute(sa.insert(listed).from_select([*keys, "day", *marks], latest))

    def fill_where(self, name: str, table: str, condition: Condition) -> int:
        """Insert the keys of the rows that meet a condition, with INSERT … SELECT. Returns the number of keys."""
        listed, row = self._lists[name], self._tables[table]
        keys = [row.c[str(c.info["of"])] for c in listed.c if "of" in c.info]
        already = sa.exists(
            sa.select(sa.literal(1)).where(*(a == b for a, b in zip(listed.c, keys, strict=True)))
        )
        chosen = sa.select(*keys).where(self.where.sql(condition, row, table), ~already)
        with self.transaction():
            insert = sa.insert(listed).from_select([c.name for c in listed.c], chosen)
            done = self._connection.execute(insert, execution_options={"preserve_rowcount": True})
        return int(done.rowcount)

    def mark(self, name: str, row: sa.FromClause) -> sa.ColumnElement[Any]:
        """The mark of a row, as a list keeps it beside the row's key; NULL where nothing but the key tells."""
        return self.where.mark(name, row)

    def remove_missing(self, name: str, table: str, size: int = 5000) -> Iterator[list[tuple[Any, ...]]]:
        """Remove the keys whose rows are no longer in the table. Yields them in batches."""
        listed, row = self._lists[name], self._tables[table]
        keys = [c for c in listed.c if "of" in c.info]
        there = sa.exists(sa.select(sa.literal(1)).where(*(row.c[str(k.info["of"])] == k for k in keys)))
        query = sa.select(*keys).distinct().where(~there).limit(size)
        while True:
            with self.store.errors(), self._reading():
                found = [tuple(r) for r in self._connection.execute(query)]
            if not found:
                return
            yield found
            names = [f"b_{k.name}" for k in keys]
            same = [k == sa.bindparam(n) for k, n in zip(keys, names, strict=True)]
            with self.transaction():
                self._connection.execute(
                    sa.delete(listed).where(*same), [dict(zip(names, row, strict=True)) for row in found]
                )

    def table_of(self, name: str) -> sa.FromClause:
        """A table of the store, or a list by its name."""
        return self._lists[name] if name in self._lists else self._tables[name]

    def at_key(self, table: str, key: Sequence[Any]) -> list[sa.ColumnElement[bool]]:
        """The conditions under which a row of a table has this key; none is met if the key has other parts."""
        row, columns = self._tables[table], self.store.shape.tables[table].key
        if len(key) != len(columns):
            return [sa.false()]
        return [row.c[column] == value for column, value in zip(columns, key, strict=True)]

    def run(self, statement: sa.Executable, values: Any = None) -> int:
        """Run a statement in the open transaction. Returns the number of changed rows."""
        return int(self._connection.execute(statement, values).rowcount)

    def select(self, query: sa.Select[Any], values: dict[str, Any]) -> list[tuple[Any, ...]]:
        """The rows of a query, in the open transaction."""
        return [tuple(row) for row in self._connection.execute(query, values)]

    def execute(self, statement: sa.Executable, values: Any = None) -> sa.CursorResult[Any]:
        """Run a statement in the open transaction."""
        found: sa.CursorResult[Any] = self._connection.execute(statement, values)
        return found

    def changed_rows(self, statement: sa.Executable, values: Any = None) -> int:
        """Run a statement in the open transaction. Returns the number of rows written, also for INSERTs."""
        done = self._connection.execute(statement, values, execution_options={"preserve_rowcount": True})
        return int(done.rowcount)

    def stream(
        self, query: sa.Select[Any], values: dict[str, Any] | None = None
    ) -> Iterator[tuple[Any, ...]]:
        """The rows of a query in the open transaction, streamed with a server-side cursor."""
        options = {"stream_results": True, "yield_per": 1000}
        with (
            self.store.errors(),
            self._connection.execute(query, values or {}, execution_options=options) as rows,
        ):
            for row in rows:
                yield tuple(row)

    def create_temporary_table(self, table: sa.Table) -> None:
        """Create a temporary table, outside of any transaction; does nothing if the same one exists."""
        assert not self._connection.in_transaction(), "MariaDB would commit it"
        form = str(sa.schema.CreateTable(table).compile(self._connection))
        if self._made.get(table.name) != form:
            assert table.name not in self._made, "two tables of one session have one name"
            self._ddl(sa.schema.CreateTable(table))
            self._made[table.name] = form

    def current_transaction(self) -> object:
        """The open transaction as an object to compare."""
        return self._connection.get_transaction()

    def analyze(self, table: str) -> None:
        """Update the statistics of a temporary table, in the open transaction."""
        self.store.analyze(self._connection, table)

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """A read-only snapshot of the store for the block; rolled back at its end."""
        self._connection.rollback()
        with self.store.errors():
            self.store.begin_snapshot(self._connection)
            try:
                yield
            finally:
                self._connection.rollback()
                self.store.end_snapshot(self._connection)

    @contextmanager
    def scratch_transaction(self) -> Iterator[None]:
        """A transaction that reads rows and writes temporary tables; rolled back at its end.

        It is a snapshot, unless the database would then lock the application's rows.
        """
        if self.store.dialect.insert_select_takes_no_locks:
            with self.snapshot():
                yield
            return
        self._connection.rollback()
        with self.store.errors():
            try:
                self.store.begin_long_transaction(self._connection)
                yield
            finally:
                self._connection.rollback()

    @contextmanager
    def long_transaction(self) -> Iterator[None]:
        """A transaction without a time limit; committed at the end of the block, rolled back if it fails."""
        self._connection.rollback()
        try:
            self.store.begin_long_transaction(self._connection)
            yield
            self._connection.commit()
        except BaseException:
            self._connection.rollback()
            raise
        self.store.after_page(self._connection)

    def hides_flagged_rows(self, table: str, flag: str, view: str | None) -> bool:
        """Whether the database hides flagged rows from daily use, by a view or a row-level policy."""
        with self.store.errors(), self._reading():
            texts = self.store.row_policies(self._connection, table)
            if view is not None and view in self.store.shape.tables:
                found = sa.inspect(self._connection).get_view_definition(view, schema=self.store.schema)
                texts = [*texts, str(found or "").lower().partition("where")[2]]
        return any(re.search(rf"\b{re.escape(flag.lower())}\b", text.lower()) for text in texts)

    # -- the connection ----------------------------------------------------------------------

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """A short transaction for our own temporary tables."""
        self._connection.rollback()
        with self.store.errors(), self._connection.begin():
            yield

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """Roll back after a read, unless a transaction was open before."""
        inside = self._connection.in_transaction()
        try:
            yield
        finally:
            if not inside:
                self._connection.rollback()

    def _scan(
        self, query: sa.Select[Any], values: dict[str, Any] | None = None, *, once: bool = False
    ) -> Any:
        """The first row of a query, or None. With `once`, the statement is not cached."""
        options = {"compiled_cache": None} if once else {}
        with self.store.errors(), self._reading():
            return self._connection.execute(query, values or {}, execution_options=options).first()

    def _ddl(self, statement: sa.schema.ExecutableDDLElement) -> None:
        with self.transaction():
            self._connection.execute(statement)

    def _drop(self, table: sa.Table | None) -> None:
        if table is not None:
            self._ddl(sa.schema.DropTable(table))
