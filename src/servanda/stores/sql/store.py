"""An SQL database as a store: its engine, its shape, its errors, and the rights of a role.

Each kind (sqlite, postgres, mariadb) is a subclass with what differs. Rows are read and changed through a `Session`,
which is one connection with its lists.
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, Engine, make_url

from servanda.errors import ServandaError, StoreDown, StoreError
from servanda.stores.document.change import Change, Scalar
from servanda.stores.shape import Column, Shape, Table
from servanda.stores.sql.reflection import Types, reflect
from servanda.stores.verbs import Dialect, Pacing, Partitions, Scrubbed, Settings

Bool = sa.ColumnElement[bool]


SERVER_PACING = Pacing(gentle_page=0.01, rest=3.0, full_page=0.065, most=100_000, ceiling=15_000)
"""Pages of a server where nobody else waits for the rows of one."""


PROOF = "servanda pseudonym "
"""What the digits that prove a pseudonym are the SHA-256 of, together with the digits before them."""
PROOF_DIGITS = 8
ISO_DAY = "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
ISO_TIME = "[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.,][0-9]+)?)?( ?(Z|UTC|[+-][0-9]{2}(:?[0-9]{2})?))?"
ISO_MONTH, ISO_YEAR = "[0-9]{4}-(0[1-9]|1[0-2])", "[0-9]{4}"
"""The forms of dates in texts, as regular expressions that all databases know."""
UNITS: dict[str, tuple[int, str]] = {"year": (4, "-01-01"), "month": (7, "-01"), "day": (10, "")}
"""How much of an ISO date each unit keeps, and what follows."""


def fitted(column: Column, value: Scalar) -> Any:
    """A constant of the stores document as the driver hands it to a column of this type."""
    match column.holds:
        case "text" | "choice":
            return str(value)
        case "set":
            chosen = str(value).split(",")
            return ",".join(choice for choice in column.choices if choice in chosen)
        case "integer":
            return int(value or 0)
        case "number":
            return Decimal(str(value))
        case "boolean":
            return bool(value)
        case "bytes":
            return str(value).encode()
        case _:
            return value


STATEMENTS_KEPT = 1_500
"""How many statements each engine keeps compiled, for the next session: those of an erasure in eighty tables."""
_REFLECTED: dict[tuple[URL, str | None], tuple[Hashable, tuple[Shape, Types]]] = {}
_MOST_REFLECTED = 16


class SqlStore:
    """An SQL database as a store. Each kind gives its `dialect` and the methods that differ."""

    kind = ""
    dialect: Dialect
    secret: bytes = b""  # the key of pseudonyms, lent by `apply`
    print_secret: bytes = b""  # the key of fingerprints, lent where something was archived

    def __init__(self, name: str, address: str, settings: Settings) -> None:
        self.name = name
        self.settings = settings
        try:
            dialled = self.dial(make_url(address))
        except (sa.exc.ArgumentError, ValueError):  # what they say may hold a part of the password
            dialled = None
        if dialled is None:
            raise StoreError(
                f"store “{name}”: its URL cannot be read",
                advice="such as sqlite:///app.db; in a password, @ : / % ? are written %40 %3A %2F %25 %3F",
            )
        self.url: URL = dialled

    # -- what a kind says differently ------------------------------------------------------

    @property
    def journal(self) -> str:
        """Empty: a reader never waits for a writer."""
        return ""

    def dial(self, url: URL) -> URL:
        """The URL with the driver that Servanda uses."""
        return url

    def make_engine(self) -> Engine:
        """A new engine, with the settings of this kind for each connection."""
        raise NotImplementedError

    def complete(self, shape: Shape, connection: Connection) -> Shape:
        """The shape with what reflection lacks: database triggers, engines, ON UPDATE."""
        del connection
        return shape

    def analyze(self, connection: Connection, table: str) -> None:
        """Update the statistics of a temporary table, if the database needs that."""

    def begin_page(self, connection: Connection) -> None:
        """Open the transaction of a page, with its locks and time limits."""
        connection.begin()

    def begin_long_transaction(self, connection: Connection) -> None:
        """Open a transaction without a time limit, for an erasure."""
        connection.begin()

    def begin_snapshot(self, connection: Connection) -> None:
        """Open a transaction that reads one snapshot of the store."""
        connection.begin()

    def end_snapshot(self, connection: Connection) -> None:
        """Put back, after a snapshot, what `begin_snapshot` set for longer than its transaction."""

    def end_page(self, connection: Connection) -> None:
        """Put back, after a page, what `begin_page` set for longer than its transaction."""

    def after_page(self, connection: Connection) -> None:
        """Called after the transaction of a page was committed and timed."""

    def changed(
        self, column: sa.ColumnElement[Any], at: tuple[str, str], change: Change
    ) -> sa.ColumnElement[Any]:
        """The value that a change writes into the column of this table and name. What cannot be read is emptied."""
        if change.generalise:
            return sa.func.substr(column, 1, change.generalise)
        if change.pseudonym:
            return self.pseudonym(column, at)
        if change.truncate == "ip":
            return self.network(column, at)
        return self.shortened(column, at, str(change.truncate))

    def pseudonym(self, column: sa.ColumnElement[Any], at: tuple[str, str]) -> sa.ColumnElement[Any]:
        """The pseudonym of a value; a pseudonym stays as it is."""
        raise NotImplementedError

    def is_pseudonym(self, column: sa.ColumnElement[Any], at: tuple[str, str]) -> Bool:
        """Whether a value is a pseudonym that Servanda wrote: its last eight digits prove the others."""
        raise NotImplementedError

    def network(self, column: sa.ColumnElement[Any], at: tuple[str, str]) -> sa.ColumnElement[Any]:
        """The network of an IP address, /24 or /48; a text that is not exactly one address is emptied."""
        raise NotImplementedError

    def shortened(
        self, column: sa.ColumnElement[Any], at: tuple[str, str], unit: str
    ) -> sa.ColumnElement[Any]:
        """The year, month or day of a date, with a time of midnight; a text that is no ISO date is emptied."""
        raise NotImplementedError

    def constant(self, at: tuple[str, str], value: Scalar) -> sa.ColumnElement[Any]:
        """A constant as the column of this table and name takes it."""
        return sa.literal(fitted(self.column(at), value))

    def differs(self, column: sa.ColumnElement[Any], at: tuple[str, str], value: Scalar) -> Bool:
        """Whether a column holds anything but a constant, character for character; NULL where it is NULL."""
        different: Bool = column != self.constant(at, value)
        return different

    def text_form(self, column: sa.ColumnElement[Any], pattern: str) -> Bool:
        """Whether a text has the form of a pattern in which 9 is any digit."""
        raise NotImplementedError

    def fingerprint(self, columns: Sequence[sa.ColumnElement[Any]]) -> sa.ColumnElement[Any]:
        """A keyed hash of the values of columns, 64 hex digits; NULL differs from every value."""
        raise NotImplementedError

    def folded(self, text: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        """A text in small letters."""
        return sa.func.lower(text)

    def as_text(self, column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        """The text of a value of any type."""
        return sa.cast(column, sa.Text)

    def contains(self, text: sa.ColumnElement[Any], part: sa.ColumnElement[Any]) -> Bool:
        """Whether a text contains another one, byte by byte."""
        found: Bool = sa.func.instr(text, part) > 0
        return found

    def hashed(self, text: sa.ColumnElement[Any], kind: str) -> sa.ColumnElement[Any]:
        """A hash (md5, sha1, sha256) of a text in UTF-8, in small hex digits."""
        raise NotImplementedError

    def inside(self, json: sa.ColumnElement[Any], path: str) -> sa.ColumnElement[Any]:
        """The text at a path inside JSON; NULL where there is none."""
        raise NotImplementedError

    def digits(self, text: sa.ColumnElement[Any]) -> Bool:
        """Whether a text is a whole number of at most 18 digits."""
        raise NotImplementedError

    def same_text(
        self,
        column: sa.ColumnElement[Any],
        known: sa.ColumnElement[Any],
        at: tuple[str, str],
        *,
        fold: bool = False,
    ) -> Bool:
        """Whether a text column equals a known text byte by byte, found by an index on the column."""
        raise NotImplementedError

    def same_identifier(self, column: sa.ColumnElement[Any], text: str, at: tuple[str, str]) -> Bool:
        """Whether a column may hold an identifier, found by its index; `stores.addresses` has the last word."""
        raise NotImplementedError

    def is_retryable(self, error: sa.exc.DBAPIError) -> bool:
        """Whether an error is a lock or a deadlock, so that the transaction can be retried."""
        raise NotImplementedError

    def is_timeout(self, error: sa.exc.DBAPIError) -> bool:
        """Whether a statement was cancelled, by its time limit or by an administrator."""
        del error
        return False

    def missing_rights(self, connection: Connection, table: str, verbs: frozenset[str]) -> frozenset[str]:
        """Which of SELECT, UPDATE and DELETE this role lacks on a table."""
        raise NotImplementedError

    def row_policies(self, connection: Connection, table: str) -> list[str]:
        """The conditions of row-level policies that are in force on a table; none where there is no such thing."""
        del connection, table
        return []

    def counters(self, connection: Connection) -> dict[str, int]:
        """The last number that the store assigned in each table; a delete does not lower it, a restore does."""
        del connection
        return {}

    def own_copies(self, connection: Connection) -> frozenset[str]:
        """The tables that the database itself keeps as copies of others: materialised views, full-text tables."""
        del connection
        return frozenset()

    def grants(self, tables: dict[str, frozenset[str]], reader: str, writer: str) -> list[str]:
        """The exact statements that give a reading and a writing role what Servanda needs."""
        raise NotImplementedError

    def key_type(self, type_: sa.types.TypeEngine[Any]) -> sa.types.TypeEngine[Any]:
        """The type of a key in a temporary table of ours."""
        return type_

    def read_type(self, type_: sa.types.TypeEngine[Any]) -> sa.types.TypeEngine[Any]:
        """The type by which values of a column are read."""
        return type_

    def partitions(self, session: Any) -> Partitions:
        """The partitions of a session; by default none are dropped whole."""
        del session
        return Partitions()

    def scrub(self, tables: Sequence[str]) -> Iterator[Scrubbed]:
        """Rewrite tables, so that their files contain no deleted bytes."""
        raise NotImplementedError

    # -- what they share -------------------------------------------------------------------

    def column(self, at: tuple[str, str]) -> Column:
        """The column of this table and name."""
        return self.shape.tables[at[0]].columns[at[1]]

    def emptied(self, at: tuple[str, str]) -> sa.ColumnElement[Any]:
        """What a column holds where its value could not be read: NULL, or an empty text where it is NOT NULL."""
        return sa.null() if self.column(at).nullable else sa.literal("")

    @cached_property
    def engine(self) -> Engine:
        """The engine of this store."""
        return self.make_engine()

    @property
    def schema(self) -> str | None:
        """The schema of the places, where the document names one."""
        return self.settings.schema

    @property
    def page_size(self) -> int:
        """How many rows a page has at most (tied rows without a key excepted)."""
        return min(self.settings.page or self.dialect.pacing.most, self.dialect.pacing.most)

    @cached_property
    def _reflected(self) -> tuple[Shape, Types]:
        with self.errors(), self.engine.connect() as connection:
            version, at = self.schema_version(connection), (self.url, self.schema)
            before, known = _REFLECTED.get(at, (None, None))
            if known is not None and version is not None and version == before:
                return known
            shape, types = reflect(sa.inspect(connection), self.schema)
            types = {column: self.read_type(type_) for column, type_ in types.items()}
            found = self.complete(shape, connection), types
            if version is not None:
                if len(_REFLECTED) >= _MOST_REFLECTED:
                    _REFLECTED.clear()
                _REFLECTED[at] = (version, found)
            return found

    def schema_version(self, connection: Connection) -> Hashable:
        """What tells that nothing of the schema has changed since it was read; None where nothing does so cheaply."""
        del connection
        return None

    @property
    def shape(self) -> Shape:
        """What the store contains, read once. Raises StoreDown if it does not answer."""
        return self._reflected[0]

    @property
    def types(self) -> Types:
        """The type of every column, as the driver needs it."""
        return self._reflected[1]

    def look_again(self) -> Shape:
        """The shape as it is now, read afresh."""
        self.__dict__.pop("_reflected", None)
        return self.shape

    def close(self) -> None:
        """Close every connection; the engine, and the statements that it knows, stay for the next session."""
        if "engine" in self.__dict__:
            self.engine.dispose()

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Turn errors of the driver into StoreError or StoreDown, without values of rows in the message."""
        try:
            yield
        except ServandaError:
            raise
        except sa.exc.DBAPIError as error:
            raise self.as_store_error(error) from None
        except sa.exc.PendingRollbackError:  # what came before cut the connection, and said why
            raise StoreDown(
                f"store “{self.name}” does not answer: the connection was cut",
                advice="run the same command again, once it answers",
            ) from None
        except sa.exc.SQLAlchemyError as error:
            raise StoreError(f"store “{self.name}”: {type(error).__name__}") from None

    def as_store_error(self, error: sa.exc.DBAPIError) -> StoreError:
        """A driver's error as a StoreError, or as a StoreDown if the connection was lost."""
        code = self.reason(error)
        if self.is_disconnect(error):
            return StoreDown(
                f"store “{self.name}” does not answer: {code}",
                advice=f"is {self.url.render_as_string(hide_password=True)} up, and reachable from here?",
            )
        return StoreError(f"store “{self.name}” refused a statement: {code}")

    def not_done(self, table: str, verb: str) -> StoreError:
        """What to say where rows are as they were after a DELETE or an UPDATE that the database accepted."""
        named = [t.name for t in self.shape.tables[table].database_triggers if verb in t.on]
        by = f" ({', '.join(named)})" if named else ""
        done = "deleted" if verb == "DELETE" else "emptied"
        return StoreError(
            f"{table}: rows stand as they were after they were {done}; a trigger, a rule or a policy{by} undid it"
            if named or self.shape.tables[table].may_undo(verb)
            else f"{table}: the database stored another value than the one that was to be written",
            advice="nothing of it was kept; see servanda check",
        )

    def is_disconnect(self, error: sa.exc.DBAPIError) -> bool:
        """Whether the connection failed or was lost."""
        return bool(error.connection_invalidated)

    def reason(self, error: sa.exc.DBAPIError) -> str:
        """The message of the database, without values."""
        return type(error.orig).__name__

    @property
    def pads(self) -> tuple[bytes, bytes]:
        """The inner and the outer pad of HMAC-SHA256 under our secret (RFC 2104), for databases without HMAC."""
        key = hashlib.sha256(self.secret).digest() if len(self.secret) > 64 else self.secret
        block = key.ljust(64, b"\0")
        return bytes(b ^ 0x36 for b in block), bytes(b ^ 0x5C for b in block)

    def create_index(self, table: Table, columns: Sequence[str]) -> str:
        """The exact statement that makes an index, quoted as this database wants it."""
        quote = self.engine.dialect.identifier_preparer.quote
        long = ("TEXT", "BLOB") if self.dialect.index_prefix else ()
        cut = {c: "(32)" for c in columns if table.columns[c].type.upper().split("(")[0].endswith(long)}
        listed = ", ".join(quote(c) + (cut.get(c, "") if long else "") for c in columns)
        name = quote("_".join((table.name, *columns))[:56] + "_index")
        return f"CREATE INDEX {name} ON {self.quoted(table.name)} ({listed});"

    def quoted(self, table: str) -> str:
        """A table's name as this database wants it quoted."""
        preparer = self.engine.dialect.identifier_preparer
        name = preparer.quote(table)
        return f"{preparer.quote_schema(self.schema)}.{name}" if self.schema else name
