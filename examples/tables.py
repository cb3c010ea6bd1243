"""How the examples write their tables, the same rows on SQLite, PostgreSQL and MariaDB.

    type      PostgreSQL    MariaDB                 SQLite (text, seconds, one format)
    Instant   timestamptz   TIMESTAMP, read in UTC  YYYY-MM-DDTHH:MM:SS+00:00
    Wall      timestamp     DATETIME                YYYY-MM-DD HH:MM:SS

An `Instant` is a moment in time and is read back as an aware datetime; a `Wall` is what a
clock on the wall showed, and only the company knows on which wall. Use one database for
each example: some tables of different companies bear the same name.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    DateTime,
    Dialect,
    Integer,
    MetaData,
    Table,
    create_engine,
    event,
    text,
)
from sqlalchemy.dialects import mysql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.types import TEXT, TypeDecorator, TypeEngine

from examples.dates import PARIS

Row = dict[str, object]
Rows = Mapping[str, Sequence[Row]]
Build = Callable[[str, date, int], dict[str, int]]

CHUNK = 2_000
INNODB: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mariadb_engine": "InnoDB",
    "mariadb_charset": "utf8mb4",
}
"""Options of every table; only MariaDB reads them."""

BigKey = BigInteger().with_variant(Integer, "sqlite")
"""A 64-bit key; on SQLite the rowid, which is one anyway."""


def on_mariadb(dialect: Dialect) -> bool:
    """Whether this is MariaDB, which SQLAlchemy calls by two names."""
    return dialect.name in ("mysql", "mariadb")


class Instant(TypeDecorator[datetime]):
    """A moment: aware datetimes in, aware datetimes out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(TEXT())
        return dialect.type_descriptor(mysql.TIMESTAMP() if on_mariadb(dialect) else DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        utc = value.astimezone(UTC)
        if dialect.name == "sqlite":
            return utc.isoformat(timespec="seconds")
        return utc.replace(tzinfo=None) if on_mariadb(dialect) else utc

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        found = datetime.fromisoformat(value) if isinstance(value, str) else value
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


class Wall(TypeDecorator[datetime]):
    """A wall-clock time without a zone: naive datetimes in, naive datetimes out."""

    impl = DateTime()
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(sqlite.DATETIME(truncate_microseconds=True))  # type: ignore[no-untyped-call]
        return dialect.type_descriptor(DateTime())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:  # noqa: ARG002
        if value is not None and value.tzinfo:
            raise ValueError("a wall-clock column takes naive datetimes")
        return value


def fill(url: str, metadata: MetaData, rows: Rows) -> dict[str, int]:
    """Drop and re-create the tables of `metadata`, and write `rows`, parents first; the counts by table."""
    engine = create_engine(url, json_serializer=partial(json.dumps, ensure_ascii=False))
    if on_mariadb(engine.dialect):
        event.listen(engine, "connect", _speak_utc)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA journal_mode = WAL"))
    counts = {table.name: 0 for table in metadata.sorted_tables}
    try:
        with engine.begin() as connection:
            metadata.drop_all(connection)
            metadata.create_all(connection)
            for table in metadata.sorted_tables:
                counts[table.name] = _write(connection, table, rows[table.name])
    finally:
        engine.dispose()
    return counts


def _speak_utc(connection: Any, record: object) -> None:  # noqa: ARG001
    with connection.cursor() as cursor:
        cursor.execute("SET time_zone = '+00:00'")


def _write(connection: Connection, table: Table, rows: Sequence[Row]) -> int:
    for start in range(0, len(rows), CHUNK):
        connection.execute(table.insert(), list(rows[start : start + CHUNK]))
    key = table.autoincrement_column
    if key is not None and rows and connection.dialect.name == "postgresql":
        name = connection.dialect.identifier_preparer.format_table(table)
        quoted = connection.dialect.identifier_preparer.quote(key.name)
        connection.execute(
            text(f"SELECT setval(pg_get_serial_sequence(:name, :key), (SELECT max({quoted}) FROM {name}))"),
            {"name": name, "key": key.name},
        )
    return len(rows)


def main(build: Build, script: str) -> None:
    """The command line of a generator: `generate.py [URL] [--today YYYY-MM-DD] [--scale N]`."""
    folder = Path(script).resolve().parent
    parser = argparse.ArgumentParser(description=f"Make the database of the example {folder.name}.")
    default = f"sqlite:///{folder / folder.name}.db"
    parser.add_argument("url", nargs="?", default=default, help=f"default: {folder.name}.db beside this file")
    parser.add_argument("--today", type=date.fromisoformat, default=None, help="the day it is, YYYY-MM-DD")
    parser.add_argument("--scale", type=int, default=1, help="how many times the usual number of rows")
    given = parser.parse_args()
    if given.scale < 1:
        parser.error("--scale is 1 or more")
    try:
        counts = build(given.url, given.today or datetime.now(PARIS).date(), given.scale)
    except SQLAlchemyError as problem:
        sys.exit(f"could not make the database: {getattr(problem, 'orig', None) or problem}")
    width = max(len(name) for name in counts)
    for name, count in counts.items():
        print(f"{name:<{width}}  {count:>8,}")
    print(f"{'':<{width}}  {sum(counts.values()):>8,} rows")
