"""SQLite as a store.

Times are stored as text or numbers, so their format is detected from the values. There is one writer at a time: a
page begins with BEGIN IMMEDIATE, so that no one can change its rows meanwhile.

`scrub` rewrites the whole file, whichever tables are requested: VACUUM, then the -wal file is truncated, since it
contains older pages.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import os
import re
import shutil
import sqlite3
from collections.abc import Hashable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import URL, Connection, Engine

from servanda.errors import StoreDown
from servanda.stores.addresses import comparable
from servanda.stores.document.change import Scalar
from servanda.stores.shape import Column, DatabaseTrigger, Points, Shape, StoredCopy, Table, UniqueIndex
from servanda.stores.sql.reflection import triggers_of, unique_index, with_targets
from servanda.stores.sql.session import session
from servanda.stores.sql.store import (
    ISO_DAY,
    ISO_MONTH,
    ISO_TIME,
    ISO_YEAR,
    PROOF,
    PROOF_DIGITS,
    STATEMENTS_KEPT,
    UNITS,
    Bool,
    SqlStore,
)
from servanda.stores.sql.times import globs_of
from servanda.stores.store import kind
from servanda.stores.verbs import Dialect, Pacing, Scrubbed

_READ_TEXT = partial(str, encoding="utf-8", errors="surrogateescape")
"""A byte that is no UTF-8 is read as a surrogate (PEP 383): it would make the copy of a person impossible."""


class _Connection(sqlite3.Connection):
    """A connection whose cursors count the changed rows of every statement."""

    def cursor(self, factory: Any = None) -> Any:
        return super().cursor(factory or _Cursor)


class _Cursor(sqlite3.Cursor):
    """A cursor that counts the changed rows of a statement that begins with WITH, too, for which the driver says -1."""

    @property
    def rowcount(self) -> int:
        said = super().rowcount
        if said >= 0 or self.description is not None:
            return said
        return int(self.connection.execute("SELECT changes()").fetchone()[0])


@lru_cache(maxsize=16)
def _engine(url: URL, lock_timeout: int) -> Engine:
    """One engine for each file, with the statements that were made for it; connections are not pooled."""
    how = {"timeout": lock_timeout, "factory": _Connection}
    engine = sa.create_engine(url, connect_args=how, poolclass=sa.NullPool, query_cache_size=STATEMENTS_KEPT)

    @event.listens_for(engine, "connect")
    def _connected(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None
        connection.text_factory = _READ_TEXT
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA cache_size = -32000")  # KiB: a page's index leaves fit
        connection.execute("PRAGMA wal_autocheckpoint = 0")  # a commit would do it; see `after_page`
        if connection.execute("PRAGMA journal_mode").fetchone()[0].lower() == "wal":
            connection.execute("PRAGMA synchronous = NORMAL")  # the disk is waited for in `after_page`
        connection.execute("PRAGMA secure_delete = ON")  # a third of what a delete takes (measured)
        connection.create_function("servanda_pseudonym", 3, _pseudonym, deterministic=True)
        connection.create_function("servanda_is_pseudonym", 2, _is_pseudonym, deterministic=True)
        connection.create_function("servanda_network", 2, _network, deterministic=True)
        connection.create_function("servanda_shortened", 3, _shortened, deterministic=True)
        connection.create_function("servanda_folded", 1, _folded, deterministic=True)
        connection.create_function("servanda_comparable", 1, _comparable, deterministic=True)
        connection.create_function("servanda_hashed", 2, _hashed, deterministic=True)
        connection.create_function("servanda_fingerprint", -1, _fingerprint, deterministic=True)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        mode = connection.get_execution_options().get("servanda_begin", "BEGIN")
        connection.exec_driver_sql(str(mode))

    return engine


@kind("sqlite", session)
class SqliteStore(SqlStore):
    """A file of SQLite."""

    kind = "sqlite"
    dialect = Dialect(
        residue_note="SQLite: ended rows are written over with zeros in the file; pages as they were before may"
        " lie in its -wal file, and what others deleted on free pages, until apply --scrub",
        pacing=Pacing(gentle_page=0.002, rest=9.0, full_page=0.5, most=100_000),  # one writer at a time
        stores_time_as_text=True,
        locks_rows=False,
        nests_few=True,
    )

    def dial(self, url: URL) -> URL:
        """The URL with the driver of the standard library."""
        return url.set(drivername="sqlite+pysqlite")

    def make_engine(self) -> Engine:
        """An engine that opens only a file that is there, and leaves transactions to us."""
        path = self.url.database or ""
        if path != ":memory:" and not Path(path).is_file():
            raise StoreDown(
                f"store “{self.name}”: there is no file {Path(path).name}",
                advice="check the path in stores.yaml",
            )
        return _engine(self.url, self.settings.lock_timeout)

    @property
    def journal(self) -> str:
        """The mode of the file's journal: in “wal”, readers do not wait for a writer."""
        with self.errors(), self.engine.connect() as connection:
            return str(connection.exec_driver_sql("PRAGMA journal_mode").scalar_one()).lower()

    def scrub(self, tables: Sequence[str]) -> Iterator[Scrubbed]:
        """The whole file is written anew."""
        with self.errors():
            yield from scrub(Path(self.url.database or ""), tables, self.settings.lock_timeout)

    def begin_page(self, connection: Connection) -> None:
        """Take the write lock at once, so that nothing changes between look and act."""
        connection.execution_options(servanda_begin="BEGIN IMMEDIATE")
        try:
            connection.begin()
        finally:
            connection.execution_options(servanda_begin="BEGIN")

    def begin_long_transaction(self, connection: Connection) -> None:
        """Take the write lock at once."""
        self.begin_page(connection)

    def after_page(self, connection: Connection) -> None:
        """Wait until the page is on the disk, and move it from the journal into the file, once its lock is given back.

        SQLite would wait inside the commit, and move pages inside the one that fills the journal, ours or one of
        the application's: so long would nobody else write. Only then is the page's outcome recorded.
        """
        assert not connection.in_transaction(), "a page's transaction is over before it is moved"
        with suppress(FileNotFoundError), Path(f"{self.url.database}-wal").open("rb") as journal:
            os.fsync(journal.fileno())
        driven: Any = connection.connection.driver_connection
        driven.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    def schema_version(self, connection: Connection) -> Hashable:
        """The text of the whole schema, hashed: its counter alone would be that of a restored copy, too."""
        listed = connection.exec_driver_sql(
            "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY name, type"
        )
        return hashlib.sha256(repr([tuple(row) for row in listed]).encode()).hexdigest()

    def complete(self, shape: Shape, connection: Connection) -> Shape:
        """Add database triggers, and what a delete of the parent does, from SQLite's own catalogue."""
        query = "SELECT tbl_name, name, sql, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name"
        fired = (
            (table, name, _fires(str(sql)), text)
            for table, name, sql, text in connection.exec_driver_sql(query)
        )
        found = triggers_of(shape, fired)
        texts = _texts(connection)
        deletes = _deletes(connection)
        indexes = _indexes(connection)
        named = {name.lower(): table for name, table in shape.tables.items()}
        completed = {
            name: _completed(table, deletes, indexes.get(name, {}), found.get(name, ()), named)
            for name, table in shape.tables.items()
        }
        uniques = _expressions(connection, completed)
        copies = _full_text(completed, texts)
        return Shape(
            with_targets(
                {
                    name: replace(
                        table,
                        columns=table.columns
                        if _is_strict(texts.get(name, ""))
                        else _of_any_type(table.columns),
                        checks=tuple(_checks(texts.get(name, ""))),
                        unique_indexes=tuple(uniques.get(name, ())),
                        copies=tuple(copies.get(name, ())),
                    )
                    for name, table in completed.items()
                }
            )
        )

    def pseudonym(self, column: sa.ColumnElement[Any], at: tuple[str, str]) -> sa.ColumnElement[Any]:
        """A function of ours: SQLite is in our own process, so the key goes nowhere."""
        size = self.column(at).pseudonym_length
        return sa.func.servanda_pseudonym(column, sa.literal(self.secret, sa.LargeBinary()), size)

    def is_pseudonym(self, column: sa.ColumnElement[Any], at: tuple[str, str]) -> Bool:
        """A function of ours."""
        proved: Bool = sa.func.servanda_is_pseudonym(column, self.column(at).pseudonym_length) == 1
        return proved

    def network(self, column: sa.ColumnElement[Any], at: tuple[str, str]) -> sa.ColumnElement[Any]:
        """A function of ours."""
        return sa.func.servanda_network(column, self.emptied(at))

    def shortened(
        self, column: sa.ColumnElement[Any], at: tuple[str, str], unit: str
    ) -> sa.ColumnElement[Any]:
        """A function of ours."""
        return sa.func.servanda_shortened(column, unit, self.emptied(at))

    def differs(self, column: sa.ColumnElement[Any], at: tuple[str, str], value: Scalar) -> Bool:
        """Texts as bytes: a collation may ignore case, or blanks at the end."""
        if not isinstance(value, str):
            return super().differs(column, at, value)
        ours, theirs = (sa.cast(t, sa.LargeBinary) for t in (column, sa.literal(value)))
        different: Bool = ours != theirs
        return different

    def text_form(self, column: sa.ColumnElement[Any], pattern: str) -> Bool:
        """GLOB, in which [0-9] is a digit."""
        return sa.or_(*(column.op("GLOB", is_comparison=True)(glob) for glob in globs_of(pattern)))

    def fingerprint(self, columns: Sequence[sa.ColumnElement[Any]]) -> sa.ColumnElement[Any]:
        """A function of ours: SQLite is in our own process."""
        return sa.func.servanda_fingerprint(sa.literal(self.print_secret, sa.LargeBinary()), *columns)

    def folded(self, text: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        """A function of ours: SQLite's own knows the letters of ASCII only."""
        return sa.func.servanda_folded(text)

    def hashed(self, text: sa.ColumnElement[Any], kind: str) -> sa.ColumnElement[Any]:
        """A function of ours."""
        return sa.func.servanda_hashed(text, kind)

    def inside(self, json: sa.ColumnElement[Any], path: str) -> sa.ColumnElement[Any]:
        """json_extract; what is no JSON holds nothing."""
        steps = "$" + "".join(f'."{step}"' for step in path.split("."))
        found = sa.func.json_extract(json, steps)
        return sa.cast(sa.case((sa.func.json_valid(json) == 1, found)), sa.Text)

    def digits(self, text: sa.ColumnElement[Any]) -> Bool:
        """GLOB."""
        some = sa.and_(sa.func.length(text) > 0, sa.func.length(text) <= 18)
        return sa.and_(some, ~text.op("GLOB", is_comparison=True)("*[^0-9]*"))

    def same_text(
        self,
        column: sa.ColumnElement[Any],
        known: sa.ColumnElement[Any],
        at: tuple[str, str],
        *,
        fold: bool = False,
    ) -> Bool:
        """A column may be NOCASE, so bytes are compared as well."""
        del at
        if fold:
            return sa.func.servanda_comparable(column) == sa.func.servanda_comparable(known)
        return sa.and_(column == known, sa.cast(column, sa.LargeBinary) == sa.cast(known, sa.LargeBinary))

    def same_identifier(self, column: sa.ColumnElement[Any], text: str, at: tuple[str, str]) -> Bool:
        """Compared by the program itself: SQLite is in our own process."""
        del at
        return sa.func.servanda_comparable(column) == sa.literal(comparable(text))

    def is_retryable(self, error: sa.exc.DBAPIError) -> bool:
        """Whether another connection has the write lock."""
        return "locked" in str(error.orig) or "busy" in str(error.orig)

    def is_disconnect(self, error: sa.exc.DBAPIError) -> bool:
        """Whether the file cannot be opened."""
        return "unable to open" in str(error.orig)

    def reason(self, error: sa.exc.DBAPIError) -> str:
        """SQLite's own words name tables and constraints, never values."""
        return str(error.orig)

    def key_type(self, type_: sa.types.TypeEngine[Any]) -> sa.types.TypeEngine[Any]:
        """Keys keep the affinity of their column."""
        return sa.Integer() if isinstance(type_, sa.Integer) else sa.Text()

    def missing_rights(self, connection: Connection, table: str, verbs: frozenset[str]) -> frozenset[str]:
        """A file can be written or not; tables have no rights of their own."""
        del table
        if verbs <= {"SELECT"}:
            return frozenset()
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            connection.exec_driver_sql("ROLLBACK")
        except sa.exc.OperationalError as error:
            return verbs - {"SELECT"} if "readonly" in str(error.orig) else frozenset()
        return frozenset()

    def counters(self, connection: Connection) -> dict[str, int]:
        """Those of tables with AUTOINCREMENT; the others give a number again."""
        kept = "SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'"
        if connection.exec_driver_sql(kept).first() is None:
            return {}
        rows = connection.exec_driver_sql("SELECT name, seq FROM sqlite_sequence")
        return {str(name): int(last) for name, last in rows}

    def own_copies(self, connection: Connection) -> frozenset[str]:
        """Virtual tables, such as those of FTS5, and the tables in which they lie."""
        query = "SELECT name FROM pragma_table_list WHERE type IN ('virtual', 'shadow')"
        return frozenset(str(name) for (name,) in connection.exec_driver_sql(query))

    def grants(self, tables: dict[str, frozenset[str]], reader: str, writer: str) -> list[str]:
        """SQLite has no roles: who can write the file can do everything."""
        del tables, reader, writer
        path = Path(self.url.database or "")
        return [
            f"-- SQLite knows no roles. Give the account that runs `apply` write access to {path.name} and its folder,",
            "-- and the account that runs `check` and `plan` read access.",
        ]


def _texts(connection: Connection) -> dict[str, str]:
    """The statement that made each table, without its comments."""
    rows = connection.exec_driver_sql(
        "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND sql IS NOT NULL"
    )
    return {str(name): re.sub(r"--[^\n]*|/\*.*?\*/", " ", str(sql), flags=re.DOTALL) for name, sql in rows}


def _fires(statement: str) -> str:
    """When a trigger fires, as in BEFORE DELETE; INSTEAD OF where it says so."""
    event = re.search(
        r"\b(BEFORE|AFTER|INSTEAD\s+OF)?\s*\b(DELETE|INSERT|UPDATE)\b", statement, re.IGNORECASE
    )
    return f"{event[1] or 'BEFORE'} {event[2]}" if event else ""


def _is_strict(statement: str) -> bool:
    """Whether a table is STRICT; else its columns take values of any type."""
    return bool(re.search(r"\bSTRICT\b[\s,\w]*$", statement, re.IGNORECASE))


def _of_any_type(columns: dict[str, Column]) -> dict[str, Column]:
    return {name: replace(column, holds="") for name, column in columns.items()}


def _checks(statement: str) -> Iterator[str]:
    """What the CHECK constraints of a table say, between their brackets."""
    for keyword in re.finditer(r"\bCHECK\s*\(", statement, re.IGNORECASE):
        depth, start = 1, keyword.end()
        for end in range(start, len(statement)):
            depth += {"(": 1, ")": -1}.get(statement[end], 0)
            if not depth:
                yield statement[start:end]
                break


def _expressions(connection: Connection, tables: dict[str, Table]) -> dict[str, list[UniqueIndex]]:
    """The unique indexes on expressions, or on some rows only."""
    query = (
        "SELECT m.tbl_name, m.name, m.sql FROM sqlite_master m, pragma_index_list(m.tbl_name) l"
        " WHERE m.type = 'index' AND l.name = m.name AND l.\"unique\" AND m.sql IS NOT NULL AND (l.partial"
        " OR EXISTS (SELECT 1 FROM pragma_index_info(m.name) i WHERE i.cid = -2)) ORDER BY 1, 2"
    )
    indexes: dict[str, list[UniqueIndex]] = {}
    for table, name, sql in connection.exec_driver_sql(query):
        if table in tables:
            text = re.split(r"\bON\b", str(sql), maxsplit=1, flags=re.IGNORECASE)[-1]
            indexes.setdefault(table, []).append(unique_index(tables[table].columns, name, text))
    return indexes


def _full_text(tables: dict[str, Table], texts: dict[str, str]) -> dict[str, list[StoredCopy]]:
    """The full-text tables over each table, unless triggers of the table keep them up to date."""
    copies: dict[str, list[StoredCopy]] = {}
    for name, statement in texts.items():
        source = re.search(
            r"\bUSING\s+fts[45]\b.*\bcontent\s*=\s*[\"'`\[]?(\w+)", statement, re.IGNORECASE | re.DOTALL
        )
        table = next((t for n, t in tables.items() if source and n.lower() == source[1].lower()), None)
        if table is None:
            continue
        kept = {verb for trigger in table.database_triggers if name in trigger.writes for verb in trigger.on}
        if kept < {"DELETE", "UPDATE"}:
            quoted = '"' + name.replace('"', '""') + '"'
            renew = f"INSERT INTO {quoted}({quoted}) VALUES ('rebuild')"
            copies.setdefault(table.name, []).append(StoredCopy("full text", name, renew))
    return copies


def _indexes(connection: Connection) -> dict[str, dict[tuple[str, ...], bool]]:
    """The columns of every index by table, and whether it is unique; those of UNIQUE constraints too."""
    query = (
        'SELECT m.name, l.name, l."unique", i.name FROM sqlite_master m, pragma_index_list(m.name) l,'
        " pragma_index_info(l.name) i WHERE m.type = 'table' AND NOT l.partial ORDER BY m.name, l.name, i.seqno"
    )
    columns: dict[tuple[str, str, bool], list[str]] = {}
    for table, index, unique, column in connection.exec_driver_sql(query):
        columns.setdefault((table, index, bool(unique)), []).append(str(column))
    found: dict[str, dict[tuple[str, ...], bool]] = {}
    for (table, _, unique), names in columns.items():
        found.setdefault(table, {})[tuple(names)] = unique
    return found


def _deletes(connection: Connection) -> dict[tuple[str, str, tuple[str, ...]], str]:
    """What a delete of the parent does, by child, parent and columns; a column may be part of several keys."""
    query = (
        'SELECT m.name, f.id, f."table", f."from", f.on_delete'
        " FROM sqlite_master m, pragma_foreign_key_list(m.name) f WHERE m.type = 'table'"
        " ORDER BY m.name, f.id, f.seq"
    )
    keys: dict[tuple[str, int, str, str], list[str]] = {}
    for child, number, parent, column, rule in connection.exec_driver_sql(query):
        keys.setdefault((child, number, parent, rule), []).append(str(column))
    return {(child, parent, tuple(columns)): rule for (child, _, parent, rule), columns in keys.items()}


def _completed(
    table: Table,
    deletes: dict[tuple[str, str, tuple[str, ...]], str],
    indexes: dict[tuple[str, ...], bool],
    triggers: tuple[DatabaseTrigger, ...],
    named: dict[str, Table],
) -> Table:
    columns = {name: _with_text_time(column) for name, column in table.columns.items()}
    unique = tuple(names for names, alone in indexes.items() if alone)
    usable = [u for u in unique if all(n in columns and not columns[n].nullable for n in u)]
    return replace(
        table,
        columns=columns,
        key=table.key or min(usable, key=len, default=()),
        indexes=tuple(indexes),
        unique=unique,
        database_triggers=triggers,
        points=tuple(
            _respelled(
                replace(p, on_delete=deletes.get((table.name, p.table, p.columns), p.on_delete)), table, named
            )
            for p in table.points
        ),
    )


def _respelled(points: Points, table: Table, named: dict[str, Table]) -> Points:
    """A foreign key with names as the tables spell them, because SQLite ignores case."""
    parent = named.get(points.table.lower())
    if parent is None:
        return points
    ours, theirs = ({c.lower(): c for c in t.columns} for t in (table, parent))
    return replace(
        points,
        table=parent.name,
        columns=tuple(ours.get(c.lower(), c) for c in points.columns),
        to_columns=tuple(theirs.get(c.lower(), c) for c in points.to_columns) or parent.key,
    )


def _with_text_time(column: Column) -> Column:
    """A text column may contain times, since SQLite has no type for them; the values show the format."""
    textual = not column.time and ("CHAR" in column.type.upper() or column.type.upper() in ("TEXT", "CLOB"))
    return replace(column, time="text") if textual else column


def _network(value: Any, empty: str | None) -> str | None:
    """The network of an address, /24 or /48, as a text; `empty` where a text is not exactly one address."""
    try:
        address = ipaddress.ip_address(value if isinstance(value, str) else "")
    except ValueError:
        return None if value is None else empty
    if isinstance(address, ipaddress.IPv6Address) and address.scope_id is not None:
        return empty
    size = 24 if address.version == 4 else 48
    return str(ipaddress.ip_network((str(address), size), strict=False).network_address)


_DAY, _MONTH, _YEAR = (re.compile(form) for form in (f"{ISO_DAY}({ISO_TIME})?", ISO_MONTH, ISO_YEAR))


def _shortened(value: Any, unit: str, empty: str | None) -> str | None:
    """The year, month or day of an ISO date, its time at midnight; `empty` where a text is no such date."""
    keep, fill = UNITS[unit]
    text = value if isinstance(value, str) else ""
    if _DAY.fullmatch(text):
        return text[:keep] + fill + re.sub("[0-9]", "0", text[10:])
    if _MONTH.fullmatch(text):
        return f"{text[:4]}-01" if unit == "year" else text
    return text if _YEAR.fullmatch(text) else None if value is None else empty


def _pseudonym(value: Any, key: Any, size: int) -> str | None:
    """A keyed hash and the digits that prove it."""
    if value is None or _is_pseudonym(value, size):
        return None if value is None else str(value)
    secret = key if isinstance(key, bytes) else str(key).encode()
    hashed = hmac.new(secret, str(value).encode(), hashlib.sha256).hexdigest()
    begun = "psn_" + hashed[: size - 4 - PROOF_DIGITS]
    return begun + _proof(begun)


def _is_pseudonym(value: Any, size: int) -> bool:
    text = str(value)
    begun = text[:-PROOF_DIGITS]
    formed = len(text) == size and text.startswith("psn_")
    return formed and text[-PROOF_DIGITS:] == _proof(begun)


def _proof(begun: str) -> str:
    return hashlib.sha256((PROOF + begun).encode()).hexdigest()[:PROOF_DIGITS]


def _folded(text: Any) -> str | None:
    return None if text is None else str(text).lower()


def _comparable(text: Any) -> str | None:
    return None if text is None else comparable(str(text))


def _hashed(text: Any, kind: str) -> str | None:
    return None if text is None else hashlib.new(kind, str(text).encode()).hexdigest()


def _fingerprint(key: bytes, *values: Any) -> str:
    """SHA-256 under our secret, of each value with its type and its length."""
    found = hashlib.sha256(key)
    for value in values:
        raw = value if isinstance(value, bytes) else repr(value).encode()
        found.update(f"{type(value).__name__}{len(raw)}:".encode() + raw)
    return found.hexdigest()


def scrub(path: Path, tables: Sequence[str], patience: int) -> Iterator[Scrubbed]:
    """Write the file anew and empty its -wal file; `patience` is how long a lock is waited for, in seconds."""
    before = _size(path)
    why = _rewrite(path, patience)
    after = _size(path)
    for table in tables:
        yield Scrubbed(table, before, after, why)


def _rewrite(path: Path, patience: int) -> str:
    """Rewrite the file. Returns the reason if it failed, else an empty text."""
    free = shutil.disk_usage(path.parent).free
    if free < 2 * _size(path):
        return f"it needs {2 * _size(path)} bytes of free disk for a moment, and {free} are free"
    connection = sqlite3.connect(path, timeout=patience, isolation_level=None)
    try:
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("PRAGMA journal_size_limit = 0")  # of a journal that stays, nothing stays
        connection.execute("VACUUM")
        busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        return "a reader keeps the -wal file: try again when it is gone" if busy else ""
    except sqlite3.OperationalError as error:
        return str(error)
    finally:
        connection.close()


def _size(path: Path) -> int:
    """The bytes of the file and of its -wal file."""
    return sum(p.stat().st_size for p in (path, path.with_name(path.name + "-wal")) if p.exists())
