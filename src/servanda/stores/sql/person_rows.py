"""Temporary tables with the keys of the rows of persons, gathered along the edges of the subject graph.

    n  the number of the table, or of the mention      p  the number of the person      k0, k1 …  the key
    r  the round in which it was found; -1: the row is the person's own
    s  why it stays when the person is erased: 0, or a combination of the reasons below

There is one temporary table for each combination of key types, created once per session, outside of transactions.
Each edge of the graph is one set-based statement.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntFlag
from types import SimpleNamespace
from typing import Any, cast

import sqlalchemy as sa

from servanda.stores.document.change import Scalar
from servanda.stores.selection import Link
from servanda.stores.sql.links import Side, equals, joined
from servanda.stores.sql.lists import temporary
from servanda.stores.sql.session import Session


class Reason(IntFlag):
    """Why a row stays, wholly or in part, when its person is erased; a row may have several."""

    LAW = 1
    """A promise with `limit: min` keeps it, until a day."""
    HELD = 2
    """A hold or a restriction covers it, or its person."""
    SHARED = 4
    """Another person, who is not erased, owns it too."""
    POINTED = 8
    """A row that stays references it."""
    DECLARED = 16
    """The stores document declares `erase: anonymise` or `erase: keep` for its place."""
    APART = 32
    """Its place is not among those to erase (`only`)."""


ROOT = -1
_CHUNK, _MANY, _FEW = 5_000, 2_000, 200


@dataclass(frozen=True, slots=True)
class EdgeQuery:
    """One edge as a query: from gathered rows of one table to rows of another.

    `forward`: from the referencing row to the referenced one. `number` is that of the rows it finds, `giver` that of
    the rows it starts from; rows gathered under the number `unless` are skipped. `single`: at most one row leads to
    each row; `fresh`: no row of this number can have been gathered before.
    """

    link: Link
    where: tuple[tuple[str, Scalar], ...]
    number: int
    giver: int
    forward: bool = False
    rounds: bool = False
    unless: int | None = None
    single: bool = False
    fresh: bool = False


@dataclass(slots=True)
class PersonRows:
    """The gathered rows of one session. `numbers` gives each table its number."""

    session: Session
    numbers: Mapping[str, int]
    made: dict[str, sa.Table] = field(default_factory=dict)
    _of: dict[str, sa.Table] = field(default_factory=dict)
    _statements: dict[Any, Any] = field(default_factory=dict)
    _counted: dict[int, int] | None = None
    _within: Any = None

    # -- the tables ----------------------------------------------------------------------------

    def ready(self) -> None:
        """Create the temporary tables; outside of any transaction."""
        for name in self.numbers:
            self.work(name)

    def work(self, table: str) -> sa.Table:
        """The temporary table for the gathered rows of a table; tables with equal key types share one."""
        if table not in self._of:
            store = self.session.store
            shape = store.shape.tables[table]
            types = [_key_type(store, table, c) for c in shape.key]
            signature = repr(types)
            if signature not in self.made:
                self.made[signature] = self._make(types)
            self._of[table] = self.made[signature]
            self.session.where.gathered[table] = self.made[signature]
            self.session.where.keys[table] = tuple(shape.key)
            self.session.where.forget()
        return self._of[table]

    def _make(self, types: Sequence[sa.types.TypeEngine[Any]]) -> sa.Table:
        keys = [
            sa.Column(f"k{i}", t, primary_key=True, nullable=False, autoincrement=False)
            for i, t in enumerate(types)
        ]
        made = temporary(
            f"servanda_reach_{len(self.made)}",
            sa.Column("n", sa.SmallInteger, primary_key=True, autoincrement=False),
            *keys,
            sa.Column("p", sa.Integer, primary_key=True, autoincrement=False),
            sa.Column("r", sa.Integer, nullable=False),
            sa.Column("s", sa.SmallInteger, nullable=False),
            postgresql_on_commit="DELETE ROWS",
        )
        self.session.create_temporary_table(made)
        return made

    def rows(self, table: str) -> tuple[sa.FromClause, sa.FromClause, sa.ColumnElement[bool]]:
        """A table, an alias of its gathered rows, and the condition that joins them by key."""
        row, work = self.session.table_of(table), self.work(table).alias("w")
        return row, work, self.same(table, row, work)

    def same(self, table: str, row: sa.FromClause, work: sa.FromClause) -> sa.ColumnElement[bool]:
        """Whether a gathered row is this row."""
        key = self.session.store.shape.tables[table].key
        return sa.and_(*(row.c[k] == work.c[f"k{i}"] for i, k in enumerate(key)))

    def gathered(self, table: str) -> sa.FromClause:
        """A new alias of the gathered rows of a table."""
        return self.work(table).alias()

    # -- filling them --------------------------------------------------------------------------

    def clear(self) -> None:
        """Delete all gathered rows; in the transaction that gathers again."""
        before, self._within = self._within, self.session.current_transaction()
        self._counted = {}
        if self.session.store.dialect.temp_tables_emptied_on_commit and before is not self._within:
            return  # whatever another transaction gathered ended with it
        for made in self.made.values():
            self.session.execute(self.cached(("clear", made.name), lambda made=made: sa.delete(made)))

    def seed(self, table: str, keys: Sequence[tuple[int, tuple[Any, ...]]], *, persons: bool = True) -> None:
        """Insert rows to start from, as (number of the person, key); `persons`: they are the persons' own rows."""
        work, number = self.work(table), self.numbers[table]
        names = [c.name for c in work.c if c.name.startswith("k")]
        rows = [
            {"n": number, **dict(zip(names, k, strict=True)), "p": p, "r": ROOT if persons else 0, "s": 0}
            for p, k in keys
        ]
        for start in range(0, len(rows), _CHUNK):
            self.session.execute(sa.insert(work), rows[start : start + _CHUNK])
        self._record_added(work, {number: len(rows)})

    def lock_own_rows(self, table: str) -> list[tuple[int, dict[str, Any]]]:
        """Lock the persons' own rows, so that no row that references them is inserted meanwhile.

        Returns them with all columns, each with the number of the person.
        """
        return self._persons(table, "lock", lambda columns: self._lock_query(table, columns))

    def kept_own_rows(self, table: str) -> list[tuple[int, dict[str, Any]]]:
        """The persons' own rows that stay, with all columns, each with the number of the person; locks nothing."""

        def made(columns: Sequence[str]) -> Any:
            row, work, same = self.rows(table)
            query = sa.select(work.c.p, *(row.c[c] for c in columns)).select_from(work.join(row, same))
            return query.where(work.c.n == self.numbers[table], work.c.r == ROOT, work.c.s != 0)

        return self._persons(table, "as they are", made)

    def kept_other_rows(self, table: str, flags: int) -> list[tuple[int, dict[str, Any]]]:
        """The rows that stay for any of these reasons and are no person's own, as `kept_own_rows` returns them."""

        def made(columns: Sequence[str]) -> Any:
            row, work, same = self.rows(table)
            query = sa.select(work.c.p, *(row.c[c] for c in columns)).select_from(work.join(row, same))
            kept = work.c.s.op("&")(int(flags)) != 0
            return query.where(work.c.n == self.numbers[table], work.c.r != ROOT, kept)

        return self._persons(table, f"others kept {int(flags)}", made)

    def all_rows(self, table: str) -> list[tuple[int, dict[str, Any]]]:
        """The gathered rows of a table that exist, as `kept_own_rows` returns them."""

        def made(columns: Sequence[str]) -> Any:
            row, work, same = self.rows(table)
            query = sa.select(work.c.p, *(row.c[c] for c in columns)).select_from(work.join(row, same))
            return query.where(work.c.n == self.numbers[table])

        return self._persons(table, "all", made)

    def remove(self, table: str, keys: Sequence[tuple[int, tuple[Any, ...]]]) -> None:
        """Take rows out of those gathered, each by the number of its person and its key."""
        if not keys:
            return
        work, number = self.work(table), self.numbers[table]
        names = [c.name for c in work.c if c.name.startswith("k")]
        met = [work.c[name] == sa.bindparam(f"b_{name}", type_=work.c[name].type) for name in names]
        statement = sa.delete(work).where(work.c.n == number, work.c.p == sa.bindparam("b_p"), *met)
        values = [{"b_p": p, **{f"b_{n}": v for n, v in zip(names, key, strict=True)}} for p, key in keys]
        self.session.execute(statement, values)
        self._counted = None

    def _persons(self, table: str, name: str, make: Any) -> list[tuple[int, dict[str, Any]]]:
        columns = list(self.session.store.shape.tables[table].columns)
        found: Any = self.session.execute(self.cached((name, table), lambda: make(columns)))
        return [(int(person), dict(zip(columns, values, strict=True))) for person, *values in found]

    def _lock_query(self, table: str, columns: Sequence[str]) -> sa.Select[Any]:
        row, work, same = self.rows(table)
        found = sa.select(work.c.p, *(row.c[c] for c in columns)).select_from(work.join(row, same))
        found = found.where(work.c.n == self.numbers[table], work.c.r == ROOT)
        if not self.session.store.dialect.locks_rows:
            return found
        return found.with_for_update(of=row if self.session.store.dialect.for_update_of else None)

    def follow(self, edge: EdgeQuery, round_: int = 0, *, reading: bool = False) -> int:
        """Gather the rows of an edge. Returns the number of new rows. `reading` locks no row of the application."""
        values = {"round": round_} | ({"before": round_ - 1 if round_ > 1 else ROOT} if edge.rounds else {})
        return self._follow((edge,), values, reading)

    def follow_all(self, edges: Sequence[EdgeQuery], *, reading: bool = False) -> int:
        """Gather the rows of independent edges, one statement per temporary table. Returns the number of new rows."""
        by_table: dict[str, list[EdgeQuery]] = {}
        for edge in edges:
            by_table.setdefault(self.work(_taker(edge)).name, []).append(edge)
        return sum(self._follow(tuple(mine), {"round": 0}, reading) for mine in by_table.values())

    def _follow(self, edges: tuple[EdgeQuery, ...], values: dict[str, Any], reading: bool) -> int:
        work, store = self.work(_taker(edges[0])), self.session.store
        query = self.cached(("follow", edges), lambda: self._select_edges(edges))
        if reading and not store.dialect.insert_select_takes_no_locks:
            return self._record_added(work, self._copy_through_python(work, query, values))
        names = [c.name for c in work.c]
        insert = self.cached(("insert", edges), lambda: sa.insert(work).from_select(names, query))
        if store.dialect.counts_inserted_rows:
            counting = self.cached(
                ("counting", edges), lambda: _count_by_number(insert.returning(work.c.n).cte())
            )
            return self._record_added(
                work, {int(n): int(rows) for n, rows in self.session.select(counting, values)}
            )
        rows = self.session.changed_rows(insert, values)
        if rows and len(edges) > 1:
            self._counted = None  # the counts by edge are unknown
        return self._record_added(work, {edges[0].number: rows})

    def _select_edges(self, edges: tuple[EdgeQuery, ...]) -> sa.Select[Any] | sa.CompoundSelect[Any]:
        """A query for the rows of some edges, without duplicates."""
        found = [self._edge_select(edge) for edge in edges]
        once = all(a.single for a in edges) and len({a.number for a in edges}) == len(edges)
        if len(found) == 1:
            return found[0] if once else found[0].distinct()
        return sa.union_all(*found) if once else sa.union(*found)

    def _edge_select(self, edge: EdgeQuery) -> sa.Select[Any]:
        link, store = edge.link, self.session.store
        giver = link.table if edge.forward else link.to_table
        taker = link.to_table if edge.forward else link.table
        row, work = self.session.table_of(taker).alias(), self.work(giver).alias()
        known: Any = _as_row(work, store.shape.tables[giver].key)
        wanted = link.columns if edge.forward else link.to_columns
        on = [work.c.n == edge.giver]
        if edge.rounds:
            on.append(work.c.r >= sa.bindparam("before"))
        named = {
            *wanted,
            *(dict(edge.where) if edge.forward else ()),
            *(dict(link.when) if edge.forward else ()),
        }
        if not named <= set(store.shape.tables[giver].key):
            known = self.session.table_of(giver).alias()
            on.append(self.same(giver, known, work))
        source, target = (known, row) if edge.forward else (row, known)
        side: Side = "target" if edge.forward else "source"
        on.append(joined(store, link, source, target, bare=side))
        on += [equals(source.c[name], value) for name, value in edge.where]
        keys = [row.c[k] for k in store.shape.tables[taker].key]
        already = (None if edge.fresh else edge.number, edge.unless)
        on += [~self._already_gathered(taker, keys, work, n) for n in already if n is not None]
        numbers = (sa.literal(edge.number, sa.SmallInteger), sa.bindparam("round", type_=sa.Integer))
        zero = sa.literal(0, sa.SmallInteger)
        found = [numbers[0].label("n"), *(k.label(f"k{i}") for i, k in enumerate(keys)), work.c.p]
        return sa.select(*found, numbers[1].label("r"), zero.label("s")).where(*on)

    def _already_gathered(
        self, taker: str, keys: Sequence[Any], work: sa.FromClause, number: int
    ) -> sa.ColumnElement[bool]:
        """Whether a row is gathered already for the same person."""
        old = self.work(taker).alias()
        same = [old.c[f"k{i}"] == k for i, k in enumerate(keys)]
        return sa.exists(sa.select(sa.literal(1)).where(old.c.n == number, *same, old.c.p == work.c.p))

    def _copy_through_python(
        self, work: sa.Table, query: sa.Select[Any] | sa.CompoundSelect[Any], values: dict[str, Any]
    ) -> Counter[int]:
        """Copy keys through Python in batches, for databases whose INSERT … SELECT locks the rows it reads."""
        inner = query.subquery()
        order = [c for c in inner.c if c.name not in ("r", "s")]
        done: Counter[int] = Counter()
        last = None
        while True:
            part = sa.select(inner).order_by(*order).limit(_CHUNK)
            if last is not None:
                part = part.where(_after(order, last))
            rows = [dict(row) for row in self.session.execute(part, values).mappings()]
            if rows:
                self.session.execute(sa.insert(work), rows)
                done.update(int(row["n"]) for row in rows)
                last = [rows[-1][c.name] for c in order]
            if len(rows) < _CHUNK:
                return done

    def _record_added(self, work: sa.Table, found: Mapping[int, int]) -> int:
        """Record the number of new rows; analyze the temporary table if there are many."""
        rows = sum(found.values())
        if self._counted is not None:
            for number, some in found.items():
                self._counted[number] = self._counted.get(number, 0) + some
        if rows >= _MANY:
            self.session.analyze(work.name)
        return rows

    def clear_statements(self) -> None:
        """Clear the cached statements, because holds or the day have changed."""
        self._statements.clear()

    def cached(self, name: Any, make: Any) -> Any:
        """A statement, built once per session."""
        if name not in self._statements:
            self._statements[name] = make()
        return self._statements[name]

    # -- what was found ------------------------------------------------------------------------

    def counts(self) -> dict[int, int]:
        """The number of gathered rows by number; a row of several persons counts once for each."""
        if self._counted is None:
            found: dict[int, int] = {}
            for made in self.made.values():
                query = self.cached(("counts", made.name), lambda made=made: _count_by_number(made))
                counted: Any = self.session.execute(query).all()
                found.update({int(n): int(rows) for n, rows in counted})
            self._counted = found
        return self._counted

    def kept_rows(self, flags: int) -> Iterator[tuple[int, int, bool, int, tuple[Any, ...]]]:
        """The gathered rows that stay, if they are persons' own rows or have any of these reasons.

        Yields (number of the person, number of the table, whether it is the person's own row, reasons, key).
        """
        for made in self.made.values():
            keys = [c for c in made.c if c.name.startswith("k")]

            def asked(made: sa.Table = made, keys: Sequence[Any] = keys) -> Any:
                met = sa.or_(made.c.r == ROOT, made.c.s.op("&")(int(flags)) != 0)
                return sa.select(made.c.p, made.c.n, made.c.r, made.c.s, *keys).where(made.c.s != 0, met)

            rows: Any = self.session.execute(self.cached(("staying", made.name, flags), asked)).all()
            for person, number, round_, reasons, *key in rows:
                yield int(person), int(number), round_ == ROOT, int(reasons), tuple(key)

    def stream(
        self,
        table: str,
        number: int,
        columns: Sequence[str],
        where: Sequence[tuple[str, Scalar]],
        person: int,
        rows: int = _MANY,
    ) -> Iterator[tuple[Any, ...]]:
        """Columns of the gathered rows of a person; streamed unless `rows` is small."""

        def made() -> Any:
            row, work, same = self.rows(table)
            query = sa.select(*(row.c[c] for c in columns)).select_from(work.join(row, same))
            met = (equals(row.c[n], v) for n, v in where)
            return query.where(work.c.n == number, work.c.p == sa.bindparam("person"), *met)

        query = self.cached(("stream", table, number, tuple(columns), tuple(where)), made)
        values = {"person": person}
        if rows < _FEW:
            yield from self.session.select(query, values)
        else:
            yield from self.session.stream(query, values)


def _taker(edge: EdgeQuery) -> str:
    """The table in which an edge finds rows."""
    return edge.link.to_table if edge.forward else edge.link.table


def _count_by_number(made: sa.FromClause) -> sa.Select[Any]:
    return sa.select(made.c.n, sa.func.count()).group_by(made.c.n)


def _after(columns: Sequence[Any], values: Sequence[Any]) -> sa.ColumnElement[bool]:
    """Whether a row sorts after some values in the order of these columns (keyset pagination)."""
    parts = []
    for i, (column, value) in enumerate(zip(columns, values, strict=True)):
        equal = [c == v for c, v in zip(columns[:i], values[:i], strict=True)]
        parts.append(sa.and_(*equal, column > value))
    return sa.or_(*parts)


def _as_row(work: sa.FromClause, key: Sequence[str]) -> sa.FromClause:
    """The gathered rows as rows of their table that have the key columns only."""
    return cast("sa.FromClause", SimpleNamespace(c={name: work.c[f"k{i}"] for i, name in enumerate(key)}))


def _key_type(store: Any, table: str, column: str) -> sa.types.TypeEngine[Any]:
    """The type of a key column in the temporary table; texts keep the collation of their column."""
    type_ = store.key_type(store.types[table, column])
    collation = store.shape.tables[table].columns[column].collation
    if collation and isinstance(type_, sa.String):
        return sa.String(type_.length or 190, collation=collation)
    return cast("sa.types.TypeEngine[Any]", type_)
