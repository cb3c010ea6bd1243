"""Partitions of MariaDB, detached with CONVERT PARTITION … TO TABLE.

    CONVERT     with NOWAIT, retried until no transaction uses the table: if it waited, others would queue behind
                it, and a transaction that has read and then writes would fail with a deadlock (measured)
    check       in the resulting table, which has a name of ours
    DROP        or the rows are moved back in batches

MariaDB can attach a table only as the last partition, so rows are moved back with INSERT and end up in the
following partition. The last partition is therefore never detached.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from servanda.errors import StoreError
from servanda.stores.selection import TimeColumn
from servanda.stores.sql.partitions import CannotDropWhole, SqlPartitions
from servanda.stores.sql.where import ZERO_DAY
from servanda.stores.verbs import Partition, Whole

_NAME = "servanda_out_"
_OLDEST = (10, 7)  # CONVERT PARTITION came with MariaDB 10.7
_PATIENCE = 6  # how many times `lock_timeout` a partition is tried for
_BACK = 2_000  # rows that go back in one transaction
_YEAR_ZERO = 365  # days from MariaDB's day 0 to Python's
_RIGHTS = frozenset({"ALTER", "CREATE", "DROP", "INSERT", "SELECT", "DELETE"})

_PARTS = """
SELECT partition_name AS name, partition_method AS method, partition_expression AS expression,
  partition_description AS bound, subpartition_name AS deeper, table_rows
FROM information_schema.partitions WHERE table_schema = COALESCE(:schema, DATABASE()) AND table_name = :table
ORDER BY partition_ordinal_position
"""
_OUT = """
SELECT table_name FROM information_schema.tables
WHERE table_schema = COALESCE(:schema, DATABASE()) AND LEFT(table_name, :length) = :start ORDER BY 1
"""


class MariadbPartitions(SqlPartitions):
    """Partitions by RANGE of the column, or of a function of it that keeps its order, or RANGE COLUMNS."""

    # -- which there are -------------------------------------------------------------------

    def over(self, table: str, time: TimeColumn, cut: Any, *, act: bool) -> list[Partition]:
        """The partitions whose range ends at `cut` or before, without the last one. Raises CannotDropWhole."""
        values = {"table": table, "schema": self.store.schema}
        parts = self.session.fetch_all(sa.text(_PARTS), values)
        if (self.store.engine.dialect.server_version_info or ()) < _OLDEST:
            raise CannotDropWhole("MariaDB can take a partition out from version 10.7 on")
        ends = [_end(part, time.name) for part in parts[:-1]]
        if None in ends or parts[0].deeper is not None:
            raise CannotDropWhole(f"it is not partitioned by range on {time.name}")
        lacking = (
            self.session.lacking(_start(table), _RIGHTS) if act else frozenset()
        )  # in the whole database
        if lacking:
            raise CannotDropWhole(f"our role lacks {', '.join(sorted(lacking))}")
        zero = _comparable(self.session.where.cut(table, time, ZERO_DAY))
        limit = _comparable(cut)
        found, low = [], None
        for part, end in zip(parts, ends, strict=False):
            if end > limit:
                break
            lowest = low is None or low < zero
            filled = bool(part.table_rows)
            found.append(Partition(table, part.name, self.store.schema, str(part.bound), lowest, filled))
            low = end
        return found

    def inside(self, part: Partition, *, out: bool = False) -> sa.FromClause:
        """The partition by its name; detached, the table that it became."""
        if out:
            return self.session.table_like(part.table, self._became(part), self.store.schema)
        name = self.store.engine.dialect.identifier_preparer.quote(part.name)
        whole = self.store.quoted(part.table)
        return self.session.table_like(
            part.table, sa.sql.quoted_name(f"{whole} PARTITION ({name})", False), None
        ).alias()

    def detached(self, table: str) -> list[sa.FromClause]:
        """The tables that a crash left of detached partitions."""
        return [self.session.table_like(table, name, self.store.schema) for name in self._left(table)]

    def _left(self, table: str) -> list[str]:
        if not self.store.shape.tables[table].partitioned:
            return []
        start = _start(table)
        values = {"schema": self.store.schema, "start": start, "length": len(start)}
        return [str(name) for (name,) in self.session.fetch_all(sa.text(_OUT), values)]

    # -- taken out, dropped, put back ------------------------------------------------------

    def drop(self, whole: Whole, check: Callable[[], None]) -> int:
        """Detach a partition, check it again, and drop it. Returns the number of rows."""
        self.took, rows = 0.0, 0
        with self.store.errors(), self._connection() as connection:
            for part in whole.parts:
                if not self._take_out(connection, part):
                    continue
                became = self._became(part)
                try:
                    check()
                    (look,) = self.look([part], whole.condition, out=True)
                except BaseException:
                    self._put_back(part.table, became)
                    raise
                if look.stays:
                    self.skip_whole(part, "a row that stays came in meanwhile")
                    self._put_back(part.table, became)
                    continue
                began = time.monotonic()
                count = sa.select(sa.func.count()).select_from(self.inside(part, out=True))
                rows += int(self.session.first(count)[0])
                connection.exec_driver_sql(f"DROP TABLE {self.store.quoted(became)}")
                self.took += time.monotonic() - began
        return rows

    def _take_out(self, connection: Connection, part: Partition) -> bool:
        """Convert a partition to a table; retried on locks for some seconds. Returns whether it succeeded."""
        quote = self.store.engine.dialect.identifier_preparer.quote
        became = self.store.quoted(self._became(part))
        table = self.store.quoted(part.table)
        convert = f"ALTER TABLE {table} NOWAIT CONVERT PARTITION {quote(part.name)} TO TABLE {became}"
        until, pause = time.monotonic() + self.store.settings.lock_timeout * _PATIENCE, 0.02
        while True:
            try:
                connection.exec_driver_sql(convert)
                return True
            except sa.exc.DBAPIError as error:
                if time.monotonic() + pause > until or not self.store.is_retryable(error):
                    self.skip_whole(part, self.store.reason(error))
                    return False
            time.sleep(pause)
            pause = min(pause * 1.2, 0.5)

    def restore_detached(self) -> list[str]:
        """Move back the rows that a crash left detached. Returns one sentence for each partition."""
        said = []
        for table in self.store.shape.tables:
            for became in self._left(table):
                self._put_back(table, became)
                said.append(f"{table}: a partition was left taken out; its rows are back")
        return said

    def _put_back(self, table: str, became: str) -> None:
        """Move the rows back into their table in batches, and drop the empty table."""
        shape = self.store.shape.tables[table]
        quote = self.store.engine.dialect.identifier_preparer.quote
        columns = ", ".join(quote(c.name) for c in shape.columns.values() if not c.generated)
        some = f" ORDER BY {', '.join(quote(k) for k in shape.key)} LIMIT {_BACK}" if shape.key else ""
        source, target = self.store.quoted(became), self.store.quoted(table)
        copy = f"INSERT INTO {target} ({columns}) SELECT {columns} FROM {source}{some}"
        try:
            with self._connection() as connection:
                connection.exec_driver_sql(
                    "SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO', check_constraint_checks = 0"
                )
                while True:
                    connection.exec_driver_sql("START TRANSACTION")
                    moved = connection.exec_driver_sql(copy).rowcount
                    connection.exec_driver_sql(f"DELETE FROM {source}{some}")
                    connection.exec_driver_sql("COMMIT")
                    if not moved or not some:
                        break
                connection.exec_driver_sql(f"DROP TABLE {source}")
        except sa.exc.DBAPIError as error:
            raise StoreError(
                f"{table}: the rows of {became} cannot be put back: {self.store.reason(error)}",
                advice="they are safe there; move them by hand, or run the same command again later",
            ) from None

    def _became(self, part: Partition) -> str:
        return _start(part.table) + hashlib.sha256(part.name.encode()).hexdigest()[:12]

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        """A connection of its own for DDL; closed afterwards with its settings.

        It waits `lock_timeout` for a table of ours that is out: InnoDB's own threads, which gather
        statistics and purge, hold one for a moment. For the table in use, CONVERT says NOWAIT.
        """
        self.session.rollback()
        engine = self.store.make_engine()
        try:
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                yield connection
        finally:
            engine.dispose()


def _start(table: str) -> str:
    """How the names of the tables begin that partitions of a table become; reflection leaves them out."""
    return f"{_NAME}{hashlib.sha256(table.encode()).hexdigest()[:12]}_"


def _end(part: Any, column: str) -> Any:
    """The value below which a partition lies, comparable with a cut; None where it is no range of the column."""
    expression = str(part.expression).replace("`", "").replace(" ", "").lower()
    name, bound = column.lower().replace(" ", ""), str(part.bound)
    literal = re.fullmatch(r"'([^']*)'|(-?\d+)", bound)
    if literal is None or part.method not in ("RANGE", "RANGE COLUMNS"):
        return None
    if expression == name:
        return int(bound) if literal[1] is None else datetime.fromisoformat(literal[1])
    if expression == f"to_days({name})":
        return datetime.combine(date.fromordinal(int(bound) - _YEAR_ZERO), datetime.min.time())
    if expression == f"unix_timestamp({name})":
        return datetime.fromtimestamp(int(bound), tz=UTC).replace(tzinfo=None)
    return datetime(int(bound), 1, 1) if expression == f"year({name})" else None


def _comparable(cut: Any) -> Any:
    """A cut as a datetime without zone, or as the number that it is."""
    if isinstance(cut, datetime):
        return cut.replace(tzinfo=None)
    return datetime.combine(cut, datetime.min.time()) if isinstance(cut, date) else cut
