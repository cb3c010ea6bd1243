"""Partitions of PostgreSQL, detached with DETACH CONCURRENTLY, which blocks neither readers nor writers.

    COMMENT     records where the partition belongs, before anything else
    DETACH      in two transactions of PostgreSQL; between them the partition is "pending"
    FINALIZE    completes a pending detach that was interrupted while it waited for older transactions
    DROP        after its rows were checked and counted under a lock that excludes writers
    ATTACH      restores it: same bounds, same constraints, same comment

While a statement waits for a lock, others queue behind it; so each has a short lock timeout and is retried.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from servanda.errors import StoreError
from servanda.stores.selection import TimeColumn
from servanda.stores.sql.partitions import CannotDropWhole, Look, SqlPartitions
from servanda.stores.sql.where import ZERO_DAY
from servanda.stores.verbs import Partition, Whole

_MARK = "servanda:"
_BOUNDS = re.compile(r"FOR VALUES FROM \((MINVALUE|'[^']*'|-?\d+)\) TO \(('[^']*'|-?\d+)\)")
_OLDEST = (14,)  # DETACH CONCURRENTLY came with PostgreSQL 14
_PATIENCE = 6  # how many times `lock_timeout` a partition is tried for
_LOCKS = "SET LOCAL lock_timeout = 80; SET LOCAL max_parallel_workers_per_gather = 0"

_PARENT = """
SELECT t.partstrat, t.partnatts, t.partdefid <> 0 AS has_default, a.attname, format_type(a.atttypid, -1) AS type,
  c.relispartition, pg_has_role(c.relowner, 'USAGE') AS ours, row_security_active(c.oid) AS filtered,
  EXISTS (SELECT 1 FROM pg_constraint k WHERE k.contype = 'f' AND k.confrelid = c.oid) AS pointed_at
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_partitioned_table t ON t.partrelid = c.oid
LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = t.partattrs[0]
WHERE c.relname = :table AND n.nspname = COALESCE(CAST(:schema AS text), current_schema())
"""
_CHILDREN = """
SELECT c.relname AS name, n.nspname AS schema, pg_get_expr(c.relpartbound, c.oid) AS bounds, c.reltuples,
  i.inhdetachpending AS pending, pg_has_role(c.relowner, 'USAGE') AS ours, c.relkind,
  EXISTS (SELECT 1 FROM pg_constraint k WHERE k.contype = 'f' AND k.confrelid = c.oid) AS pointed_at,
  EXISTS (SELECT 1 FROM pg_trigger g WHERE g.tgrelid = c.oid AND NOT g.tgisinternal) AS fires,
  row_security_active(c.oid) AS filtered
FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_class p ON p.oid = i.inhparent JOIN pg_namespace pn ON pn.oid = p.relnamespace
WHERE p.relname = :table AND pn.nspname = COALESCE(CAST(:schema AS text), current_schema())
"""
_MARKED = """
SELECT c.relname AS name, n.nspname AS schema, d.description, i.inhrelid IS NOT NULL AS attached,
  COALESCE(i.inhdetachpending, false) AS pending, has_table_privilege(c.oid, 'SELECT') AS readable
FROM pg_description d JOIN pg_class c ON c.oid = d.objoid AND d.classoid = CAST('pg_class' AS regclass)
JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_inherits i ON i.inhrelid = c.oid
WHERE d.objsubid = 0 AND d.description LIKE 'servanda:{%' ORDER BY 1
"""
_KNOWN = """
SELECT c.relname AS name, n.nspname AS schema, obj_description(c.oid, 'pg_class') AS comment,
  ARRAY(SELECT CAST(conname AS text) FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'c') AS checks,
  COALESCE(:parent, current_schema()) AS parent
FROM unnest(CAST(:names AS text[]), CAST(:schemas AS text[])) AS u (name, schema)
JOIN pg_namespace n ON n.nspname = u.schema JOIN pg_class c ON c.relname = u.name AND c.relnamespace = n.oid
"""


@dataclass(frozen=True, slots=True)
class Marked:
    """A partition with our comment: where it belongs, and whether it is detached or pending."""

    part: Partition
    parent_schema: str
    checks: tuple[str, ...]
    comment: str | None
    attached: bool
    pending: bool
    readable: bool


class PostgresPartitions(SqlPartitions):
    """Declarative partitions by range, one level."""

    batch_size = 12

    # -- which there are -------------------------------------------------------------------

    def over(self, table: str, time: TimeColumn, cut: Any, *, act: bool) -> list[Partition]:
        """The partitions whose range ends at `cut` or before. Raises CannotDropWhole."""
        if (self.store.engine.dialect.server_version_info or ()) < _OLDEST:
            raise CannotDropWhole("PostgreSQL does so without stopping others from version 14 on")
        parent = self._all(_PARENT, table=table, schema=self.store.schema)[0]
        children = self._all(_CHILDREN, table=table, schema=self.store.schema)
        why = _unfit(parent, children, time, act=act)
        if why:
            raise CannotDropWhole(why)
        usable = {
            c.name: c for c in children if c.relkind == "r" and not (c.pending or c.fires or c.filtered)
        }
        if act:
            usable = {name: c for name, c in usable.items() if c.ours}
        found = {name: match for name, c in usable.items() if (match := _BOUNDS.fullmatch(c.bounds))}
        zero = self.session.where.cut(table, time, ZERO_DAY)
        order = self._order({n: (m[1], m[2]) for n, m in found.items()}, parent.type, cut, zero)
        return [
            Partition(
                table, name, usable[name].schema, usable[name].bounds, lowest, usable[name].reltuples != 0
            )
            for name, lowest in order
        ]

    def _order(
        self, bounds: dict[str, tuple[str, str]], type_: str, cut: Any, zero: Any
    ) -> list[tuple[str, bool]]:
        """The names of the ranges that end at `cut` or before, the oldest first, and which begin before `zero`."""
        query = sa.text(
            f"SELECT name, low IS NULL OR CAST(low AS {type_}) < CAST(:zero AS {type_}) FROM"
            " unnest(CAST(:names AS text[]), CAST(:lows AS text[]), CAST(:highs AS text[])) AS u (name, low, high)"
            f" WHERE CAST(high AS {type_}) <= CAST(:cut AS {type_}) ORDER BY CAST(high AS {type_})"
        )
        lows = [None if low == "MINVALUE" else low.strip("'") for low, _ in bounds.values()]
        highs = [high.strip("'") for _, high in bounds.values()]
        values = {"names": list(bounds), "lows": lows, "highs": highs, "cut": cut, "zero": zero}
        return [(name, lowest) for name, lowest in self._all(query, **values)]

    def inside(self, part: Partition, *, out: bool = False) -> sa.FromClause:
        """The partition: it has the same name in its table and taken out."""
        del out
        return self.session.table_like(part.table, part.name, part.schema)

    def detached(self, table: str) -> list[sa.FromClause]:
        """The partitions of a table that a crash left detached or pending. Raises StoreError if one is not readable."""
        if not self.store.shape.tables[table].partitioned:
            return []
        found = [m for m in self._marked() if m.part.table == table and (m.pending or not m.attached)]
        for mark in found:
            if not mark.readable:
                raise StoreError(
                    f"{table}: partition {mark.part.name} was left taken out, and our role cannot read it",
                    advice="it is put back by the next: servanda apply",
                )
        return [self.inside(mark.part) for mark in found]

    def _marked(self) -> list[Marked]:
        """The partitions of this schema's tables that have our comment."""
        home = self.store.schema or self._all("SELECT current_schema()")[0][0]
        found = []
        for row in self._all(_MARKED):
            said = json.loads(row.description.removeprefix(_MARK))
            part = Partition(said["table"], row.name, row.schema, said["bounds"], lowest=False)
            if said["schema"] == home and part.table in self.store.shape.tables:
                checks, comment = tuple(said["checks"]), said["comment"]
                state = (row.attached, row.pending, row.readable)
                found.append(Marked(part, home, checks, comment, *state))
        return found

    # -- taken out, dropped, put back ------------------------------------------------------

    def drop(self, whole: Whole, check: Callable[[], None]) -> int:
        """Detach partitions, check them again, and drop them. Returns the number of rows."""
        self.took, gone = 0.0, set[str]()
        with self.store.errors():
            try:
                with self._connection() as connection:
                    self._retry_on_lock(partial(self._mark, connection, whole.parts))
                    out = [part for part in whole.parts if self._take_out(connection, part)]
                check()
                began = time.monotonic()
                rows = self._drop_what_is_free(out, whole, gone)
                self.took = time.monotonic() - began
            finally:
                if len(gone) < len(whole.parts):
                    self._put_all_back(whole, gone)
        return rows

    def _drop_what_is_free(self, out: Sequence[Partition], whole: Whole, gone: set[str]) -> int:
        """In one transaction: lock, check, count and drop. Adds the names of dropped partitions to `gone`."""
        if not out:
            return 0
        with self.session.transaction():
            self._retry_on_lock(lambda: self._lock(out))
            looks = zip(out, self.look(out, whole.condition), strict=True)
            free = [part for part, look in looks if not self._has_kept_row(part, look)]
            began = time.monotonic()
            counts = {part: self._count(part) for part in free}
            self.counted += time.monotonic() - began
            together = self._dropped(free) if free else False
            dropped = free if together else [part for part in free if self._dropped([part])]
        gone |= {part.name for part in dropped}
        return sum(counts[part] for part in dropped)

    def _lock(self, out: Sequence[Partition]) -> None:
        """Lock partitions against writers."""
        names = ", ".join(map(self._name, out))
        with self.session.savepoint():
            self.session.execute_raw(f"{_LOCKS}; LOCK TABLE {names} IN SHARE MODE")

    def _has_kept_row(self, part: Partition, look: Look) -> bool:
        """Whether a row that stays was inserted before the detach; the partition is then skipped."""
        if look.stays:
            self.skip_whole(part, "a row that stays came in meanwhile")
        return look.stays

    def _count(self, part: Partition) -> int:
        return int(self.session.first(sa.select(sa.func.count()).select_from(self.inside(part)))[0])

    def _dropped(self, parts: Sequence[Partition]) -> bool:
        """Drop partitions together, and return whether it worked; a single one that fails is skipped."""
        names = ", ".join(map(self._name, parts))

        def drop() -> None:
            with self.session.savepoint():
                self.session.execute_raw(f"DROP TABLE {names}")

        try:
            self._retry_on_lock(drop)
        except sa.exc.DBAPIError as error:
            if error.connection_invalidated:
                raise
            if len(parts) == 1:
                self.skip_whole(parts[0], self.store.reason(error))
            return False
        return True

    def _put_all_back(self, whole: Whole, gone: set[str]) -> None:
        with self._connection() as connection:
            for mark in self._marked():
                if mark.part.name in whole.names and mark.part.name not in gone and not mark.pending:
                    self._put_back(connection, mark)

    def _take_out(self, connection: Connection, part: Partition) -> bool:
        """Detach a marked partition. Raises StoreError if an older transaction keeps it pending."""
        detach = f"ALTER TABLE {self.store.quoted(part.table)} DETACH PARTITION {self._name(part)}"
        how = iter(["CONCURRENTLY"])
        try:
            self._retry_on_lock(
                lambda: connection.exec_driver_sql(f"{detach} {next(how, '') or self._how(part)}")
            )
        except sa.exc.DBAPIError as error:
            mark = next(m for m in self._marked() if m.part.name == part.name)
            if mark.pending:
                raise self._still_read(part) from None
            self.skip_whole(part, self.store.reason(error))
            self._unmark(connection, mark)
            return False
        return True

    def _how(self, part: Partition) -> str:
        """The keyword for a retry: FINALIZE if the detach is pending, else CONCURRENTLY."""
        query = "SELECT inhdetachpending FROM pg_inherits WHERE inhrelid = CAST(:name AS regclass)"
        return "FINALIZE" if self._all(query, name=self._name(part))[0][0] else "CONCURRENTLY"

    def _still_read(self, part: Partition) -> StoreError:
        return StoreError(
            f"{part.table}: partition {part.name} waits for a transaction that began before it was taken out",
            advice="end the oldest transaction (pg_stat_activity); the next apply goes on from there",
        )

    def restore_detached(self) -> list[str]:
        """Attach the partitions that a crash left detached or pending. Returns one sentence for each."""
        if not any(table.partitioned for table in self.store.shape.tables.values()):
            return []
        said = []
        with self.store.errors(), self._connection() as connection:
            for mark in self._marked():
                self._put_back(connection, mark)
                if mark.pending or not mark.attached:
                    said.append(
                        f"{mark.part.table}: partition {mark.part.name} was left taken out; it is back"
                    )
        return said

    def _put_back(self, connection: Connection, mark: Marked) -> None:
        """Attach a partition as it was. Raises StoreError if that fails."""
        part, parent = mark.part, self.store.quoted(mark.part.table)
        if not _BOUNDS.fullmatch(part.bounds):
            raise StoreError(f"{part.table}: the comment of {part.name} was changed, so it is not put back")
        try:
            if mark.pending:
                finalize = f"ALTER TABLE {parent} DETACH PARTITION {self._name(part)} FINALIZE"
                self._retry_on_lock(lambda: connection.exec_driver_sql(finalize))
            if mark.pending or not mark.attached:
                self._retry_on_lock(lambda: self._attach(mark))
            else:
                self._unmark(connection, mark)
        except sa.exc.DBAPIError as error:
            if mark.pending and self.store.is_retryable(error):
                raise self._still_read(part) from None
            raise StoreError(
                f"{part.table}: partition {part.name} cannot be put back: {self.store.reason(error)}",
                advice=f"attach it by hand: ALTER TABLE {parent} ATTACH PARTITION {self._name(part)} {part.bounds}",
            ) from None

    def _attach(self, mark: Marked) -> None:
        """Attach, and drop the check that DETACH left: it proves the bounds, so that no row is read."""
        part = mark.part
        quote = self.store.engine.dialect.identifier_preparer.quote
        attach = (
            f"ALTER TABLE {self.store.quoted(part.table)} ATTACH PARTITION {self._name(part)} {part.bounds}"
        )
        with self.store.engine.connect() as connection, connection.begin():
            connection.exec_driver_sql(_LOCKS)
            connection.exec_driver_sql(attach)
            (known,) = self._known(connection, [part])
            for check in set(known.checks) - set(mark.checks):
                connection.exec_driver_sql(f"ALTER TABLE {self._name(part)} DROP CONSTRAINT {quote(check)}")
            self._unmark(connection, mark)

    # -- the comment that says where a partition belongs -----------------------------------

    def _mark(self, connection: Connection, parts: Sequence[Partition]) -> None:
        """Record where partitions belong, in comments, in one transaction before they are detached."""
        known = {(k.name, k.schema): k for k in self._known(connection, parts)}
        comments = []
        for part in parts:
            is_ = known[part.name, part.schema]
            said = {"table": part.table, "schema": is_.parent, "bounds": part.bounds}
            said |= {"checks": list(is_.checks), "comment": is_.comment}
            comments.append(self._comment(part, _MARK + json.dumps(said)))
        connection.exec_driver_sql("; ".join(comments))

    def _unmark(self, connection: Connection, mark: Marked) -> None:
        connection.exec_driver_sql(self._comment(mark.part, mark.comment))

    def _comment(self, part: Partition, text: str | None) -> str:
        """The statement that writes a comment."""
        literal = sa.literal(text or "", sa.Text())
        dialect = self.store.engine.dialect
        said = literal.compile(dialect=dialect, compile_kwargs={"literal_binds": True})
        return f"COMMENT ON TABLE {self._name(part)} IS {said if text else 'NULL'}"

    def _known(self, connection: Connection, parts: Sequence[Partition]) -> Sequence[Any]:
        """The comments and constraints of partitions."""
        names, schemas = [part.name for part in parts], [part.schema for part in parts]
        values = {"names": names, "schemas": schemas, "parent": self.store.schema}
        return connection.execute(sa.text(_KNOWN), values).all()

    def _name(self, part: Partition) -> str:
        preparer = self.store.engine.dialect.identifier_preparer
        return f"{preparer.quote_schema(str(part.schema))}.{preparer.quote(part.name)}"

    # -- connections -----------------------------------------------------------------------

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        """The connection in autocommit mode, with a short lock timeout."""
        with self.session.autocommit() as connection:
            connection.exec_driver_sql("SET lock_timeout = 80")
            try:
                yield connection
            finally:
                if not connection.invalidated:
                    connection.exec_driver_sql(
                        f"SET lock_timeout = {self.store.settings.lock_timeout * 1000}"
                    )

    def _retry_on_lock(self, act: Callable[[], Any]) -> None:
        """Call `act`, retried with a backoff on locks, for six times `lock_timeout` at most."""
        until, pause = time.monotonic() + self.store.settings.lock_timeout * _PATIENCE, 0.02
        while True:
            try:
                act()
                return
            except sa.exc.DBAPIError as error:
                if time.monotonic() + pause > until or not self.store.is_retryable(error):
                    raise
            time.sleep(pause)
            pause = min(pause * 2, 1.0)

    def _all(self, query: str | sa.TextClause, **values: Any) -> Sequence[Any]:
        return self.session.fetch_all(sa.text(query) if isinstance(query, str) else query, values)


def _unfit(parent: Any, children: Sequence[Any], time_: TimeColumn, *, act: bool) -> str:
    """Why the partitions of a table cannot be dropped whole; empty where they can."""
    if parent.partstrat != "r" or parent.partnatts != 1 or parent.attname != time_.name:
        return f"it is not partitioned by range on {time_.name}"
    if parent.has_default:
        return "it has a DEFAULT partition"
    if parent.pointed_at or any(c.pointed_at for c in children):
        return "a foreign key points at it"
    if parent.filtered:
        return "row security hides rows from our role"
    if parent.relispartition or any(c.relkind == "p" for c in children):
        return "its partitions are partitioned again"
    if act and not parent.ours:
        return "our role does not own it"
    if any(c.pending for c in children):
        return "somebody else is detaching one"
    return ""
