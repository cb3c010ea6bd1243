"""Altering a ledger, row by row, and undoing it: for tests of what verifying finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from sqlalchemy import Connection, Executable, Table, delete, event, select, text

from servanda.database import Database
from servanda.database.tables import body, checkpoint, entry, node
from servanda.errors import LedgerError
from servanda.ledger import Checkpoint, Fault, Ledger
from servanda.ledger.verify import tail_holds, verify

PARTS = {table.name.removeprefix("servanda_"): table for table in (entry, body, node, checkpoint)}


class Undo(Exception):
    """What was altered is not to stay."""


class Bench:
    """Alters a ledger, verifies it as altered, and undoes the alteration."""

    def __init__(self, database: Database, ledger: Ledger) -> None:
        self.database, self.origin = database, ledger.origin
        if database.engine.dialect.name == "sqlite":
            database.engine.dispose()
            event.listen(database.engine, "connect", _without_foreign_keys)

    def rows(self, table: Table) -> list[dict[str, Any]]:
        with self.database.read() as connection:
            return [dict(row._mapping) for row in connection.execute(select(table))]

    def some_rows(self, table: Table) -> list[dict[str, Any]]:
        """All rows in SQLite; on a server, where each alteration takes longer, the first, the middle and the last."""
        rows = self.rows(table)
        if self.database.engine.dialect.name == "sqlite" or len(rows) < 4:
            return rows
        return [rows[0], rows[len(rows) // 2], rows[-1]]

    def faults(
        self,
        alter: Callable[[Connection], object],
        kept: Checkpoint | None = None,
        trusted: dict[str, bytes] | None = None,
    ) -> tuple[Fault, ...]:
        with self.altered(alter) as connection:
            return verify(connection, self.origin, kept, trusted).faults

    def tail_holds(self, alter: Callable[[Connection], object], trusted: dict[str, bytes]) -> bool:
        with self.altered(alter) as connection:
            try:
                return tail_holds(connection, self.origin, trusted)
            except LedgerError:
                return False

    @contextmanager
    def altered(self, alter: Callable[[Connection], object]) -> Iterator[Connection]:
        """Something was altered, until the block ends."""
        with suppress(Undo), self.database.begin() as connection:
            off = {
                "postgresql": "SET LOCAL session_replication_role = replica",
                "mariadb": "SET foreign_key_checks = 0",
            }
            if statement := off.get(connection.dialect.name):
                connection.execute(text(statement))
            alter(connection)
            yield connection
            raise Undo


def running(statement: Executable) -> Callable[[Connection], object]:
    """The alteration that a statement makes."""
    return lambda connection: connection.execute(statement)


def rewrite(full: Ledger, changed: Callable[[list[tuple[str, Any]]], None]) -> Callable[[Connection], None]:
    """Make the whole ledger again as a forger would who has the database, but no key."""
    items = [(e.kind, e.body if e.body is not None else {"lost": e.number}) for e in full.entries()]
    changed(items)

    def again(connection: Connection) -> None:
        for table in (node, body, entry):
            connection.execute(delete(table))
        full.append_many_in(connection, items)

    return again


def _without_foreign_keys(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA foreign_keys = OFF")


def at_key(table: Table, row: dict[str, Any]) -> Any:
    where = None
    for column in table.primary_key:
        here = column == row[column.name]
        where = here if where is None else where & here
    return where


def other_values(value: Any, nullable: bool) -> Iterator[Any]:
    """Values that are nearly the right one."""
    if nullable and value is not None:
        yield None
    if value is None:
        yield from ("2026-01-01", "", "{}")
    elif isinstance(value, int):
        yield from (value + 1000, -value - 1)
    else:
        for place in {0, len(value) // 2, len(value) - 1}:
            letter = "b" if value[place] == "a" else "a"
            yield value[:place] + letter + value[place + 1 :]
        yield from {value + " ", value + "\n", value[:-1], "", value.upper(), value.swapcase()} - {value}


def fits(table: Table, name: str, value: Any) -> bool:
    """Whether the server itself would take the value."""
    length = getattr(table.c[name].type, "length", None)
    return not (isinstance(value, str) and length and len(value) > length)


def cutting(last: int, *tables: Table) -> Callable[[Connection], object]:
    """The alteration that cuts everything after an entry, in these tables."""

    def cut(connection: Connection) -> None:
        for table in reversed(tables):
            if table is node:
                for level in range(8):
                    gone = (node.c.level == level) & (node.c.position >= last >> level)
                    connection.execute(delete(node).where(gone))
            else:
                column = table.c.size if table is checkpoint else table.c.number
                connection.execute(delete(table).where(column > last))

    return cut
