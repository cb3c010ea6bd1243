"""Engines, transactions and locks per database system, and the translation of its errors.

SQLite: write-ahead log, synchronous commits, foreign keys on; a write transaction takes its lock
when it begins. PostgreSQL and MariaDB: READ COMMITTED for writes, one snapshot for reads.
"""

from __future__ import annotations

import os
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, PendingRollbackError

from servanda.errors import Refused, ServandaError, StoreDown, StoreError

_DRIVERS = {
    "sqlite": "sqlite+pysqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "mariadb": "mariadb+pymysql",
    "mysql": "mariadb+pymysql",
}
_BUSY_SECONDS = 15
_MESSAGES = {
    "disk is full": ("the disk is full", "free some space; nothing of this step was kept"),
    "readonly database": ("it is read-only", "check the owner and mode of the file and of its folder"),
    "unable to open": ("it cannot be opened", "check that the folder exists and may be written"),
    "not a database": ("it is not a database", "move the file away, or restore it from a backup"),
    "malformed": ("the file is damaged", "restore it from a backup"),
    "disk i/o error": ("the disk reports an error", "check the disk, then restore the file from a backup"),
    "database is locked": ("another program keeps it busy", "try again when that one has finished"),
}


def parse_url(address: str | None, folder: Path) -> URL:
    """Parse the URL of Servanda's database; None means `servanda.db` in the project's folder.

    A relative SQLite path is relative to the project's folder. Raises StoreError.
    """
    if address is None:
        return URL.create("sqlite+pysqlite", database=str(folder / "servanda.db"))
    try:
        url = make_url(address)
    except ArgumentError as error:
        raise StoreError(
            "the address of Servanda's database cannot be read",
            advice='write it like "postgresql://user@host/name", or leave it out for a file',
        ) from error
    scheme = url.drivername.split("+")[0]
    if scheme not in _DRIVERS:
        raise StoreError(
            f"Servanda's own tables cannot live in {scheme!r}", advice="use SQLite, PostgreSQL or MariaDB"
        )
    url = url.set(drivername=_DRIVERS[scheme])
    if scheme == "sqlite":
        if not url.database or url.database == ":memory:":
            raise StoreError("Servanda's database must be a file", advice="evidence must outlive the program")
        if not url.database.startswith("file:"):
            url = url.set(database=str(folder / url.database))
    if url.drivername == "mariadb+pymysql":
        url = url.update_query_dict({"charset": "utf8mb4"})
    return url


def make_engine(url: URL) -> Engine:
    """Create an engine with the transaction settings of this module."""
    if url.drivername == "sqlite+pysqlite":
        if url.database and not url.database.startswith("file:"):
            _private_file(Path(url.database))
        engine = create_engine(url, connect_args={"timeout": _BUSY_SECONDS})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    how = {"connect_timeout": 10} | without_tls(url)
    engine = create_engine(
        url, isolation_level="READ COMMITTED", pool_pre_ping=True, hide_parameters=True, connect_args=how
    )
    if url.drivername == "mariadb+pymysql":
        event.listen(engine, "connect", _prepare_mariadb)
    return engine


def without_tls(url: URL) -> dict[str, Any]:
    """How to connect to MariaDB over a socket of the machine, which needs no TLS.

    PyMySQL prepares for it at each connection all the same, and reads every certificate of the machine: 40 ms.
    """
    local = "unix_socket" in url.query and not any(option.startswith("ssl") for option in url.query)
    return {"ssl_disabled": True} if local else {}


def _private_file(path: Path) -> None:
    """Create the SQLite file with mode 0600; SQLite gives its -wal file the same mode."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError:
        return  # It exists, or SQLite will say what is wrong.


def _prepare_sqlite(connection: object, _record: object) -> None:
    """Begin transactions explicitly, as pysqlite begins them only at the first write."""
    connection.isolation_level = None  # type: ignore[attr-defined]
    cursor = connection.cursor()  # type: ignore[attr-defined]
    if cursor.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("servanda_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _prepare_mariadb(connection: object, _record: object) -> None:
    cursor = connection.cursor()  # type: ignore[attr-defined]
    cursor.execute("SET SESSION time_zone = '+00:00'")
    cursor.execute(f"SET SESSION innodb_lock_wait_timeout = {_BUSY_SECONDS}")
    cursor.close()


@contextmanager
def translated_errors(where: str) -> Iterator[None]:
    """Translate errors of the database into ServandaErrors; programming errors pass through."""
    try:
        yield
    except DBAPIError as error:
        sentence = _sentence(error, where)
        if sentence is None:
            raise
        raise sentence from error


def _sentence(error: DBAPIError, where: str) -> ServandaError | None:
    reason = str(error.orig).lower()
    for sign, (problem, advice) in _MESSAGES.items():
        if sign in reason and "sqlite" in type(error.orig).__module__:
            return StoreError(f"{where}: {problem}", advice=advice)
    name = type(error.orig).__name__
    down = ("connection", "connect", "server has gone away", "lost connection", "terminating")
    if name in {"OperationalError", "InterfaceError", "AdminShutdown"} and any(
        sign in reason for sign in down
    ):
        return StoreDown(f"{where} does not answer", advice="check that the server runs, then try again")
    if "denied" in reason or "password authentication" in reason:
        return StoreError(f"{where} refuses this user", advice="check the user, its password and its grants")
    if "full" in reason and name in {"DiskFull", "OperationalError"}:
        return StoreError(f"{where}: the disk is full", advice="free some space on the server")
    return None


@contextmanager
def file_lock(path: Path, name: str, wait: float) -> Iterator[None]:
    """Hold a lock on a file; the kernel releases it when the process ends. Raises Refused."""
    import fcntl

    handle = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        deadline = time.monotonic() + wait
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise lock_busy(name) from None
                time.sleep(0.05)
        yield
    finally:
        os.close(handle)


@contextmanager
def server_lock(engine: Engine, name: str, wait: float) -> Iterator[Callable[[], bool]]:
    """Hold a lock on the server; it is released when the session ends. Raises Refused.

    Yields a function that asks the server whether the lock is still held: a session can end without its process, by a
    restart, a timeout or a proxy.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        scope = f"servanda.{engine.url.database}.{name}"
        if engine.dialect.name == "postgresql":
            acquire, release = "SELECT pg_try_advisory_lock(:key)", "SELECT pg_advisory_unlock(:key)"
            held = (
                "SELECT count(*) > 0 FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
                " AND granted AND CAST(objid AS bigint) = :key"
            )
            key: int | str = zlib.crc32(scope.encode())
        else:
            acquire, release = "SELECT GET_LOCK(:key, 0)", "SELECT RELEASE_LOCK(:key)"
            held = "SELECT IS_USED_LOCK(:key) = CONNECTION_ID()"
            key = f"servanda.{zlib.crc32(scope.encode()):08x}.{name}"[:64]

        def is_held() -> bool:
            try:
                return bool(connection.execute(text(held), {"key": key}).scalar())
            except DBAPIError:
                return False

        deadline = time.monotonic() + wait
        while not connection.execute(text(acquire), {"key": key}).scalar():
            if time.monotonic() >= deadline:
                raise lock_busy(name)
            time.sleep(0.1)
        try:
            yield is_held
        finally:
            with suppress(DBAPIError, PendingRollbackError):  # its session has ended, and the lock with it
                connection.execute(text(release), {"key": key})


def lock_busy(name: str) -> Refused:
    """Return the error for a lock that another process holds."""
    return Refused(f"another {name} is running; nothing was changed", advice="try again when it has finished")
