"""`Database`: Servanda's own database, opened and migrated once per command."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Connection, Engine, Table, func, inspect, select
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError

from servanda.database import tables
from servanda.database.engine import file_lock, make_engine, parse_url, server_lock, translated_errors
from servanda.errors import Refused, StoreDown, StoreError

_SCHEMA = "schema"


def moment(at: datetime | None = None) -> str:
    """Return a time, by default now, as ISO 8601 text in UTC with a fixed width, so it sorts by time."""
    at = at or datetime.now(UTC)
    if at.tzinfo is None:
        raise ValueError("the datetime has no time zone")
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def put(
    connection: Connection,
    table: Table,
    rows: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    *,
    greatest: str = "",
    unless: str = "",
) -> None:
    """Insert or update rows by primary key.

    `greatest` names a column: an existing row with a greater value in it is not updated, `unless` it differs in
    another column.
    """
    listed = [dict(rows)] if isinstance(rows, Mapping) else [dict(row) for row in rows]
    if not listed:
        return
    keys = [column.name for column in table.primary_key]
    changed = [name for name in listed[0] if name not in keys]
    changed.sort(key=lambda name: name == greatest)  # MariaDB writes one column after the other
    if connection.dialect.name in {"mysql", "mariadb"}:
        from sqlalchemy.dialects import mysql

        statement = mysql.insert(table)
        new: dict[str, Any] = {name: statement.inserted[name] for name in changed or keys[:1]}
        if greatest:
            less = table.c[greatest] < statement.inserted[greatest]
            if unless:
                less = less | table.c[unless].is_distinct_from(statement.inserted[unless])
            new = {name: func.if_(less, value, table.c[name]) for name, value in new.items()}
        connection.execute(statement.on_duplicate_key_update(new), listed)
        return
    insert = _insert(connection, table)
    if changed:
        values = {name: insert.excluded[name] for name in changed}
        where = table.c[greatest] < insert.excluded[greatest] if greatest else None
        if where is not None and unless:
            where = where | table.c[unless].is_distinct_from(insert.excluded[unless])
        connection.execute(
            insert.on_conflict_do_update(index_elements=keys, set_=values, where=where), listed
        )
    else:
        connection.execute(insert.on_conflict_do_nothing(index_elements=keys), listed)


def _insert(connection: Connection, table: Table) -> Any:
    """The INSERT of the dialect that supports upserts; only the dialect in use is imported."""
    if connection.dialect.name == "sqlite":
        from sqlalchemy.dialects import sqlite

        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql

    return postgresql.insert(table)


class Database:
    """Servanda's own database. `folder` is the project's; `path` the SQLite file, if it is one."""

    def __init__(self, url: URL, folder: Path) -> None:
        self.url = url
        self.folder = folder
        self.path: Path | None = None
        if url.drivername == "sqlite+pysqlite":
            self.path = Path((url.database or "").removeprefix("file:"))
        self.engine: Engine = make_engine(url)
        self._locks: dict[str, Callable[[], bool]] = {}

    @classmethod
    def open(cls, url: str | None, folder: Path) -> Self:
        """Open the database and run pending migrations.

        Without `url` it is the SQLite file `servanda.db` in `folder`. Before migrations, an existing
        SQLite file is copied to `servanda.db.before-<n>`, where n is the last migration. Raises
        Refused for a database that a newer program has used, and StoreError or StoreDown if it
        cannot be opened.
        """
        db = cls(parse_url(url, folder), folder)
        try:
            db._bring_forward()
        except BaseException:
            db.close()
            raise
        return db

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def name(self) -> str:
        """The name of this database in errors: its file, or its address without a password."""
        if self.path is not None:
            return f"Servanda's database {self.path.name}"
        return f"Servanda's database {self.url.host or 'localhost'}/{self.url.database}"

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """Yield a connection in a write transaction: committed at the end, rolled back on an error."""
        with (
            translated_errors(self.name),
            self.engine.connect() as connection,
            connection.execution_options(servanda_writes=True).begin(),
        ):
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Yield a connection that reads one snapshot."""
        with translated_errors(self.name), self.engine.connect() as connection:
            if self.path is None:
                connection.execution_options(isolation_level="REPEATABLE READ")
            with connection.begin():
                yield connection

    @contextmanager
    def exclusive(self, name: str, wait: float = 0.0) -> Iterator[None]:
        """Hold the lock `name` across processes; it is released when the process dies.

        Raises Refused if another process keeps it for more than `wait` seconds.
        """
        if self.path is not None:
            with file_lock(self.path.with_name(f"{self.path.name}.{name}.lock"), name, wait):
                yield
        else:
            with translated_errors(self.name), server_lock(self.engine, name, wait) as is_held:
                self._locks[name] = is_held
                try:
                    yield
                finally:
                    del self._locks[name]

    def prove_lock(self, name: str) -> None:
        """Raise StoreError if the lock `name`, which this process took, was lost; then another one may have it.

        A lock on a file cannot be lost while its process lives.
        """
        is_held = self._locks.get(name)
        if is_held is not None and not is_held():
            raise StoreError(
                f"{self.name} has lost the lock of this {name}: its session ended",
                advice="see that no other one runs, then start it again",
            )

    def setting(self, name: str) -> str | None:
        """Return the value of a setting, or None."""
        with self.read() as connection:
            return _setting(connection, name)

    def set(self, name: str, value: str) -> None:
        """Store a setting in its own transaction."""
        with self.begin() as connection:
            put(connection, tables.setting, {"name": name, "value": value})

    def _schema(self) -> int:
        """Return the number of the last migration; 0 for a new database."""
        try:
            with self.read() as connection:
                if not inspect(connection).has_table(tables.setting.name):
                    return 0
                return int(_setting(connection, _SCHEMA) or 0)
        except (OperationalError, ProgrammingError) as error:
            raise StoreDown(
                f"{self.name} cannot be opened: {type(error.orig).__name__}",
                advice="check its address, its user and that the server runs",
            ) from error

    def _bring_forward(self) -> None:
        latest = len(tables.MIGRATIONS)
        schema = self._schema()
        if schema > latest:
            raise Refused(
                f"{self.name} has been used by a newer Servanda: its tables are at version {schema}, "
                f"this program knows {latest}",
                advice="update this program, or restore the copy made before the update",
            )
        if schema == latest:
            return
        with self.exclusive("migration", wait=60):
            schema = self._schema()
            if 0 < schema < latest:
                self._copy(latest)
            for number in range(schema + 1, latest + 1):
                with self.begin() as connection:
                    connection.execute(tables.MIGRATIONS[number - 1])
                    put(connection, tables.setting, {"name": _SCHEMA, "value": str(number)})

    def _copy(self, number: int) -> None:
        """Copy the SQLite file before migrations up to `number`."""
        if self.path is None:
            return
        copy = self.path.with_name(f"{self.path.name}.before-{number}")
        part = copy.with_name(copy.name + ".part")
        part.unlink(missing_ok=True)
        with translated_errors(self.name), closing(self.engine.raw_connection()) as source:
            part.touch(mode=0o600)
            with closing(sqlite3.connect(part)) as target:
                try:
                    source.driver_connection.backup(target)  # type: ignore[union-attr]
                except sqlite3.Error as error:
                    raise DBAPIError("backup", None, error) from error
        part.replace(copy)


def _setting(connection: Connection, name: str) -> str | None:
    value = connection.execute(select(tables.setting.c.value).where(tables.setting.c.name == name)).scalar()
    return None if value is None else str(value)
