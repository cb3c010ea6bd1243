"""MariaDB as a store (10.6 and later, driver PyMySQL), driven on purpose.

Settings: READ COMMITTED, because REPEATABLE READ would lock the application's rows and, on the last page, all its
inserts; pages of about 2,000 rows; times in UTC; a short lock timeout; strict, whatever the server says, so that no
value is cut silently; simultaneous assignment in UPDATE, as in standard SQL; no subquery cache, because MariaDB looks
it up by a collation that treats É and E as equal. MySQL is refused until the conformance suite runs on it.

`scrub` rewrites tables with ALTER TABLE … FORCE: a new file without deleted rows. InnoDB does it online; at the
beginning and the end it waits for locks for a second at most, and retries.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import mysql
from sqlalchemy.engine import URL, Connection, Engine

from servanda.database.engine import without_tls
from servanda.errors import StoreError
from servanda.stores.addresses import LETTERS_LIKE_ASCII, spellings, with_blanks
from servanda.stores.document.change import Scalar
from servanda.stores.shape import DatabaseTrigger, Shape, StoredCopy, Table, UniqueIndex
from servanda.stores.sql.mariadb.partitions import MariadbPartitions
from servanda.stores.sql.reflection import triggers_of
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
from servanda.stores.sql.times import regex_of
from servanda.stores.store import kind
from servanda.stores.verbs import Dialect, Pacing, Partitions, Scrubbed

_AGAIN = {1205, 1213, 1020}  # lock wait timeout, deadlock, record changed
_LOST = {2002, 2003, 2006, 2013, 1045, 1049, 1053}
_CUT_OFF = {1317, 1969}  # query interrupted, its time is over
_PAGE_SETTINGS = "SET SESSION innodb_lock_wait_timeout = 0, max_statement_time = 2"


_RELIED_ON = (
    "SET SESSION time_zone = '+00:00', optimizer_switch = 'subquery_cache=off', sql_mode ="
    " 'STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION,"
    "SIMULTANEOUS_ASSIGNMENT', sql_select_limit = 18446744073709551615, sql_big_selects = 1, sql_safe_updates = 0,"
    " sql_auto_is_null = 0, sql_quote_show_create = 1, max_statement_time = 0, foreign_key_checks = 1,"
    " unique_checks = 1, completion_type = 'NO_CHAIN', system_versioning_asof = DEFAULT"
)
"""What our statements and our reading of values rely on, whatever a server sets for its sessions."""


_OUTSIDE = sa.text(
    "SELECT referenced_table_name, CONCAT(constraint_schema, '.', table_name)"
    " FROM information_schema.referential_constraints"
    " WHERE unique_constraint_schema = COALESCE(:s, DATABASE()) AND constraint_schema <> unique_constraint_schema"
    " ORDER BY 1, 2"
)
_PARTED = (
    "SELECT table_name FROM information_schema.tables WHERE {where} AND create_options LIKE '%partitioned%'"
)

_CHECKS = sa.text(
    "SELECT table_name, check_clause FROM information_schema.check_constraints"
    " WHERE constraint_schema = COALESCE(:s, DATABASE()) ORDER BY 1, 2"
)
_PREFIXES = (
    "SELECT table_name, index_name, column_name FROM information_schema.statistics WHERE {where}"
    " AND non_unique = 0 AND sub_part IS NOT NULL ORDER BY 1, 2, seq_in_index"
)


def _checks(connection: Connection, schema: str | None) -> dict[str, list[str]]:
    """The CHECK constraints of each table, those of columns too."""
    checks: dict[str, list[str]] = {}
    for table, text in connection.execute(_CHECKS, {"s": schema}):
        checks.setdefault(str(table), []).append(str(text))
    return checks


def _prefixes(table: str, rows: Iterable[Any]) -> Iterator[UniqueIndex]:
    """The unique indexes on the beginning of columns."""
    for name, index, column in rows:
        if name == table:
            yield UniqueIndex(str(index), (str(column),), prefix=True)


@lru_cache(maxsize=16)
def _engine(url: URL, lock_timeout: int, store: str) -> Engine:
    """One engine for each database, with the statements that were made for it; connections are not pooled."""
    engine = sa.create_engine(
        url,
        isolation_level="READ COMMITTED",
        connect_args={"connect_timeout": 5} | without_tls(url),
        poolclass=sa.NullPool,
        query_cache_size=STATEMENTS_KEPT,
    )
    waits = f"innodb_lock_wait_timeout = {lock_timeout}, lock_wait_timeout = {lock_timeout}"

    @event.listens_for(engine, "connect", insert=True)  # before SQLAlchemy asks how names are quoted
    def _connected(connection: Any, _record: Any) -> None:
        if "mariadb" not in str(connection.get_server_info()).lower():
            raise StoreError(
                f"store “{store}” is MySQL, which is not supported yet", advice="MariaDB 10.6 and later are"
            )
        with connection.cursor() as cursor:
            cursor.execute(f"{_RELIED_ON}, {waits}")

    return engine


@kind("mariadb", session)
class MariadbStore(SqlStore):
    """A database of MariaDB."""

    kind = "mariadb"
    dialect = Dialect(
        residue_note="MariaDB: ended rows stay in the file of their table until InnoDB purges and writes over"
        " them, or apply --scrub; in its undo and redo logs until they turn over; in its binary log until it"
        " ends",
        pacing=Pacing(0.005, rest=100.0, full_page=0.04, most=2_000, ceiling=5_000),  # a lock a row in memory
        insert_select_takes_no_locks=False,  # INSERT … SELECT would lock what it reads of a snapshot
        index_prefix=True,
        clock="SELECT UTC_TIMESTAMP(6)",
    )

    def dial(self, url: URL) -> URL:
        """The URL with PyMySQL and full Unicode."""
        return url.set(drivername="mariadb+pymysql").update_query_dict({"charset": "utf8mb4"})

    def begin_page(self, connection: Connection) -> None:
        """A transaction that never waits for a row and gives up on statements that take long."""
        connection.begin()
        connection.exec_driver_sql(_PAGE_SETTINGS)

    def begin_snapshot(self, connection: Connection) -> None:
        """A snapshot, of which only plain SELECTs read."""
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        connection.exec_driver_sql("START TRANSACTION WITH CONSISTENT SNAPSHOT")

    def end_page(self, connection: Connection) -> None:
        """Reading takes its time again."""
        connection.exec_driver_sql("SET SESSION max_statement_time = 0")
        connection.rollback()

    def make_engine(self) -> Engine:
        """An engine whose sessions are set as the module says."""
        return _engine(self.url, self.settings.lock_timeout, self.name)

    def complete(self, shape: Shape, connection: Connection) -> Shape:
        """Add engines that do not roll back, ON UPDATE columns, TIMESTAMPs (which are UTC) and triggers."""
        where = f"table_schema = {'DATABASE()' if self.schema is None else ':s'}"
        arguments = {"s": self.schema}
        query = f"SELECT table_name, engine, table_type FROM information_schema.tables WHERE {where}"
        listed = connection.execute(sa.text(query), arguments).all()
        engines = {str(name): str(engine) for name, engine, _ in listed}
        versioned = {str(name) for name, _, kind in listed if str(kind) == "SYSTEM VERSIONED"}
        extra = connection.execute(
            sa.text(
                "SELECT table_name, column_name, extra, collation_name"
                f" FROM information_schema.columns WHERE {where}"
            ),
            arguments,
        ).all()
        updates = {(t, c) for t, c, e, _ in extra if "on update" in str(e).lower()}
        collations = {(t, c): str(collation or "") for t, c, _, collation in extra}
        query = (
            "SELECT event_object_table, trigger_name, CONCAT(action_timing, ' ', event_manipulation), action_statement"
            f" FROM information_schema.triggers WHERE trigger_{where[6:]}"
        )
        found = triggers_of(shape, connection.execute(sa.text(query), arguments))
        outside: dict[str, list[str]] = {}
        for table, other in connection.execute(_OUTSIDE, arguments):
            outside.setdefault(table, []).append(other)
        parted = set(connection.execute(sa.text(_PARTED.format(where=where)), arguments).scalars())
        tables = shape.tables.items()
        columns = (updates, collations)
        completed = {n: _completed(t, str(engines.get(n)), columns, found.get(n, ())) for n, t in tables}
        checks = _checks(connection, self.schema)
        prefixes = connection.execute(sa.text(_PREFIXES.format(where=where)), arguments).all()
        return Shape(
            {
                n: replace(
                    t,
                    partitioned=n in parted,
                    checks=tuple(checks.get(n, ())),
                    unique_indexes=tuple(_prefixes(n, prefixes)),
                    copies=(StoredCopy("history", n),) if n in versioned else (),
                )
                for n, t in completed.items()
            },
            outside,
        )

    def scrub(self, tables: Sequence[str]) -> Iterator[Scrubbed]:
        """ALTER TABLE … FORCE, table by table."""
        with self.errors():
            yield from scrub(self, tables)

    def partitions(self, session: Any) -> Partitions:
        """Partitions by range are made tables, and dropped whole."""
        return MariadbPartitions(session)

    def pseudonym(self, column: sa.ColumnElement[Any], at: tuple[str, str]) -> sa.ColumnElement[Any]:
        """HMAC-SHA256 by its own functions."""
        size = self.column(at).pseudonym_length
        inner, outer = (sa.literal(pad, sa.LargeBinary()) for pad in self.pads)
        text = sa.cast(_utf8(sa.cast(column, sa.CHAR())), sa.LargeBinary())
        once = sa.func.unhex(sa.func.sha2(sa.func.concat(inner, text), 256))
        hashed = sa.func.left(sa.func.sha2(sa.func.concat(outer, once), 256), size - 4 - PROOF_DIGITS)
        begun = sa.func.concat("psn_", hashed)
        made = sa.func.concat(begun, _proof(begun))
        return sa.case((self.is_pseudonym(column, at), _unicode(column)), else_=_unicode(made))

    def is_pseudonym(self, column: sa.ColumnElement[Any], at: tuple[str, str]) -> Bool:
        """Its form first, so that other values cost little; the digits are compared as bytes."""
        text, size = _utf8(sa.cast(column, sa.CHAR())), self.column(at).pseudonym_length
        formed = text.op("REGEXP", is_comparison=True)(f"^psn_[0-9a-f]{{{size - 4}}}\\z")
        digits, proof = sa.func.right(text, PROOF_DIGITS), _proof(sa.func.left(text, size - PROOF_DIGITS))
        proved = sa.cast(digits, sa.LargeBinary) == sa.cast(proof, sa.LargeBinary)
        return sa.case((formed, proved), else_=sa.literal_column("0")) == 1

    def network(self, column: sa.ColumnElement[Any], at: tuple[str, str]) -> sa.ColumnElement[Any]:
        """By INET6_ATON, once a text is known to be an address."""
        ip = sa.cast(column, sa.CHAR(190))
        four = sa.func.concat(sa.func.substring_index(ip, ".", 3), ".0")
        packed = sa.func.inet6_aton(ip)
        zeros = sa.func.repeat(sa.func.char(0), 10)
        six = sa.func.inet6_ntoa(sa.func.concat(sa.func.left(packed, 6), sa.cast(zeros, sa.LargeBinary())))
        whole = sa.func.char_length(column) < 64
        return sa.case(
            (sa.and_(sa.func.is_ipv4(ip) == 1, whole), _unicode(four)),
            (sa.and_(sa.func.is_ipv6(ip) == 1, whole), _unicode(six)),
            else_=self.emptied(at),
        )

    def shortened(
        self, column: sa.ColumnElement[Any], at: tuple[str, str], unit: str
    ) -> sa.ColumnElement[Any]:
        """DATE_FORMAT, or of a text the beginning."""
        holds = self.column(at).holds
        if holds in ("date", "time"):
            form = {"year": "%Y-01-01", "month": "%Y-%m-01", "day": "%Y-%m-%d"}[unit]
            return sa.cast(sa.func.date_format(column, form), sa.Date() if holds == "date" else sa.DateTime())
        keep, fill = UNITS[unit]
        clock = sa.func.regexp_replace(sa.func.substr(column, 11), "[0-9]", "0")
        month = sa.func.concat(sa.func.left(column, 4), "-01") if unit == "year" else column
        is_day, is_month, is_year = (
            column.op("REGEXP", is_comparison=True)(rf"^{form}\z")
            for form in (f"{ISO_DAY}({ISO_TIME})?", ISO_MONTH, ISO_YEAR)
        )
        day = sa.func.concat(sa.func.left(column, keep), fill, clock)
        return sa.case((is_day, day), (is_month, month), (is_year, column), else_=self.emptied(at))

    def differs(self, column: sa.ColumnElement[Any], at: tuple[str, str], value: Scalar) -> Bool:
        """Texts as bytes: a collation takes é for e, and ignores case and blanks at the end."""
        if self.column(at).holds not in ("text", "choice", "set"):
            return super().differs(column, at, value)
        written = sa.cast(column, sa.CHAR()) if self.column(at).holds != "text" else column
        ours, theirs = (sa.cast(_utf8(t), sa.LargeBinary) for t in (written, self.constant(at, value)))
        different: Bool = ours != theirs
        return different

    def text_form(self, column: sa.ColumnElement[Any], pattern: str) -> Bool:
        """A regular expression, anchored."""
        return column.op("REGEXP", is_comparison=True)(regex_of(pattern))

    def fingerprint(self, columns: Sequence[sa.ColumnElement[Any]]) -> sa.ColumnElement[Any]:
        """SHA-256 under our secret; each value in hex, so that none runs into the next. Compared as bytes."""
        none: sa.ColumnElement[Any] = sa.literal_column("'n'")
        parts = [sa.func.coalesce(sa.func.hex(sa.cast(c, sa.LargeBinary)), none) for c in columns]
        return sa.cast(
            sa.func.sha2(sa.func.concat_ws(",", self.print_secret.hex(), *parts), 256), sa.LargeBinary
        )

    def as_text(self, column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        """Also of a geometry, which CAST refuses."""
        return _utf8(column)

    def contains(self, text: sa.ColumnElement[Any], part: sa.ColumnElement[Any]) -> Bool:
        """As bytes: a collation takes é for e."""
        texts = (sa.cast(_utf8(t), sa.LargeBinary) for t in (text, part))
        found: Bool = sa.func.instr(*texts) > 0
        return found

    def hashed(self, text: sa.ColumnElement[Any], kind: str) -> sa.ColumnElement[Any]:
        """Its own functions, over the bytes of UTF-8."""
        raw = sa.cast(_utf8(text), sa.LargeBinary)
        hashes = {"md5": sa.func.md5(raw), "sha1": sa.func.sha1(raw), "sha256": sa.func.sha2(raw, 256)}
        return hashes[kind]

    def inside(self, json: sa.ColumnElement[Any], path: str) -> sa.ColumnElement[Any]:
        """JSON_EXTRACT; what is no JSON holds nothing."""
        steps = "$" + "".join(f'."{step}"' for step in path.split("."))
        found = sa.func.json_unquote(sa.func.json_extract(json, steps))
        null = sa.func.json_type(sa.func.json_extract(json, steps)) == "NULL"
        return sa.case((sa.func.json_valid(json) == 0, sa.null()), (null, sa.null()), else_=found)

    def digits(self, text: sa.ColumnElement[Any]) -> Bool:
        """A regular expression."""
        return text.op("REGEXP", is_comparison=True)(r"^[0-9]{1,18}\z")

    def same_text(
        self,
        column: sa.ColumnElement[Any],
        known: sa.ColumnElement[Any],
        at: tuple[str, str],
        *,
        fold: bool = False,
    ) -> Bool:
        """By the column's collation, which its index follows, and then as bytes."""
        ours, theirs = [_utf8(self.folded(c) if fold else c) for c in (column, known)]
        as_bytes: Bool = sa.cast(ours, sa.LargeBinary) == sa.cast(theirs, sa.LargeBinary)
        if fold:
            as_bytes = sa.and_(as_bytes, *_same_signs(column, known))
        table = self.shape.tables.get(at[0])
        collation = table.columns[at[1]].collation if table is not None and at[1] in table.columns else ""
        if not collation or (fold and not collation.endswith("_ci")):
            return as_bytes
        charset = collation.split("_")[0]
        return sa.and_(column == _convert(known, charset).collate(collation), as_bytes)

    def same_identifier(self, column: sa.ColumnElement[Any], text: str, at: tuple[str, str]) -> Bool:
        """By the collation of the column, which its index follows; without one that ignores case, in small letters."""
        forms = with_blanks(spellings(text))
        table = self.shape.tables.get(at[0])
        collation = table.columns[at[1]].collation if table is not None and at[1] in table.columns else ""
        if not collation.endswith("_ci"):
            small = sa.cast(_utf8(self.folded(column)), sa.LargeBinary)
            return small.in_([sa.cast(_utf8(sa.literal(form)), sa.LargeBinary) for form in forms])
        charset = collation.split("_")[0]
        return column.in_([_convert(sa.literal(form), charset).collate(collation) for form in forms])

    def is_retryable(self, error: sa.exc.DBAPIError) -> bool:
        """Whether it was a lock or a deadlock."""
        return _number(error) in _AGAIN

    def is_timeout(self, error: sa.exc.DBAPIError) -> bool:
        """Whether the statement was killed, or its time was over."""
        return _number(error) in _CUT_OFF

    def is_disconnect(self, error: sa.exc.DBAPIError) -> bool:
        """Whether the server is not there, or does not know us."""
        return error.connection_invalidated or _number(error) in _LOST

    def reason(self, error: sa.exc.DBAPIError) -> str:
        """MariaDB's message with everything between quotes taken out, since it may be a value."""
        text = (
            str(error.orig.args[1])
            if error.orig is not None and len(error.orig.args) > 1
            else str(error.orig)
        )
        return re.sub(r"(?<![a-z])'[^']*'", "'…'", text)

    def key_type(self, type_: sa.types.TypeEngine[Any]) -> sa.types.TypeEngine[Any]:
        """Text keys compare by the collation of their own column."""
        if isinstance(type_, sa.Integer):
            return sa.BigInteger()
        return type_ if getattr(type_, "length", 1) else sa.String(190)

    def read_type(self, type_: sa.types.TypeEngine[Any]) -> sa.types.TypeEngine[Any]:
        """A TIME may be a duration of up to 838 hours, and negative; a DOUBLE has more digits than SQLAlchemy reads."""
        if isinstance(type_, sa.Time):
            return _Time(fsp=getattr(type_, "fsp", None))
        if isinstance(type_, sa.Float):
            return (
                mysql.FLOAT(asdecimal=False)
                if isinstance(type_, mysql.FLOAT)
                else mysql.DOUBLE(asdecimal=False)
            )
        return type_

    def missing_rights(self, connection: Connection, table: str, verbs: frozenset[str]) -> frozenset[str]:
        """What no line of SHOW GRANTS gives on the server, the database or the table."""
        database = self.schema or str(self.url.database)
        wide = ("*.*", f"`{database}`.*", f"`{database}`.`{table}`")
        held: set[str] = set()
        for (line,) in connection.exec_driver_sql("SHOW GRANTS"):
            match = re.match(r"GRANT (.+?) ON (\S+) TO", str(line))
            if match and match[2].replace("\\_", "_") in wide:
                held |= {v.strip().split("(")[0].strip() for v in match[1].split(",")}
        return frozenset() if "ALL PRIVILEGES" in held else verbs - held

    def counters(self, connection: Connection) -> dict[str, int]:
        """Those of AUTO_INCREMENT, which names the next number."""
        query = "SELECT table_name, auto_increment FROM information_schema.tables WHERE auto_increment IS NOT NULL"
        schema = "DATABASE()" if self.schema is None else ":s"
        rows = connection.execute(sa.text(f"{query} AND table_schema = {schema}"), {"s": self.schema})
        return {str(table): int(following) - 1 for table, following in rows}

    def grants(self, tables: dict[str, frozenset[str]], reader: str, writer: str) -> list[str]:
        """A user that reads, and one that also changes and deletes at the places that end."""
        preparer = self.engine.dialect.identifier_preparer
        database = preparer.quote_identifier(self.schema or str(self.url.database))
        lines = [f"GRANT CREATE TEMPORARY TABLES ON {database}.* TO {who};" for who in (reader, writer)]
        for table, verbs in sorted(tables.items()):
            name = f"{database}.{preparer.quote_identifier(table)}"
            lines.append(f"GRANT SELECT ON {name} TO {reader};")
            more = ", ".join(v for v in ("SELECT", "INSERT", "UPDATE", "DELETE") if v in verbs | {"SELECT"})
            lines.append(f"GRANT {more} ON {name} TO {writer};")
        parted = [
            t for t, verbs in sorted(tables.items()) if "DELETE" in verbs and self.shape.tables[t].partitioned
        ]
        if parted:
            lines.append(
                f"-- Only if {', '.join(parted)} may lose partitions whole; else their rows are deleted:"
            )
            needs = "SELECT, INSERT, DELETE, CREATE, ALTER, DROP"
            lines.append(f"-- GRANT {needs} ON {database}.* TO {writer};")
        return lines


def _completed(
    table: Table,
    engine: str,
    column_facts: tuple[set[tuple[str, str]], dict[tuple[str, str], str]],
    triggers: tuple[DatabaseTrigger, ...],
) -> Table:
    updates, collations = column_facts
    columns = {
        name: replace(
            column,
            on_update=(table.name, name) in updates,
            collation=collations.get((table.name, name), ""),
            time="utc" if column.type.upper().startswith("TIMESTAMP") else column.time,
        )
        for name, column in table.columns.items()
    }
    rolls_back = engine.lower() in ("innodb", "none", "rocksdb")
    return replace(table, columns=columns, rolls_back=rolls_back, database_triggers=triggers)


class _Time(mysql.TIME):
    """A TIME: a time of day where it is one, else its text, such as -838:59:59."""

    def result_processor(self, dialect: Any, coltype: Any) -> Any:
        """Reads the driver's duration."""
        del dialect, coltype
        return _time_of


def _time_of(value: Any) -> Any:
    """A duration as a time of day, or as text where it is none."""
    if not isinstance(value, timedelta):
        return value
    if timedelta() <= value < timedelta(days=1):
        return (datetime(1, 1, 1) + value).time()
    seconds, rest = divmod(abs(value), timedelta(seconds=1))
    fraction = f".{rest.microseconds:06d}" if rest else ""
    sign = "-" if value < timedelta() else ""
    return f"{sign}{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{fraction}"


def _number(error: sa.exc.DBAPIError) -> int:
    arguments = getattr(error.orig, "args", ())
    return arguments[0] if arguments and isinstance(arguments[0], int) else 0


def _proof(begun: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """The digits that prove a pseudonym."""
    named = sa.cast(sa.func.concat(PROOF, begun), sa.LargeBinary())
    return sa.func.left(sa.func.sha2(named, 256), PROOF_DIGITS)


def _convert(text: sa.ColumnElement[Any], charset: str) -> sa.ColumnElement[Any]:
    """A text in another character set."""
    return sa.func.convert(text.op("USING")(sa.literal_column(charset)), type_=sa.String())


def _same_signs(one: sa.ColumnElement[Any], other: sa.ColumnElement[Any]) -> list[sa.ColumnElement[bool]]:
    """Letters that LOWER() takes for a letter of ASCII stand at the same place in both texts."""
    texts = [sa.cast(_utf8(text), sa.LargeBinary) for text in (one, other)]
    signs = [sa.cast(_utf8(sa.literal(sign)), sa.LargeBinary) for sign in LETTERS_LIKE_ASCII]
    return [sa.func.instr(texts[0], sign) == sa.func.instr(texts[1], sign) for sign in signs]


def _utf8(text: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    return _convert(text, "utf8mb4")


def _unicode(text: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """The text in our own character set: tables of another one then compare with it."""
    return sa.cast(text, sa.CHAR(190))


_PATIENCE = 6  # how many times `lock_timeout` a table is tried for
_SIZE = sa.text(
    "SELECT COALESCE(SUM(data_length + index_length + data_free), 0) FROM information_schema.tables"
    " WHERE table_schema = COALESCE(:schema, DATABASE()) AND table_name = :table"
)


def scrub(store: MariadbStore, tables: Sequence[str]) -> Iterator[Scrubbed]:
    """Rewrite tables one after the other."""
    with store.engine.connect() as connection:
        connection.exec_driver_sql("SET SESSION lock_wait_timeout = 1")
        try:
            for table in tables:
                before = _size(store, connection, table)
                refused = _refusal(store, connection, table) or _rewrite(store, connection, table)
                yield Scrubbed(table, before, _size(store, connection, table), refused)
        finally:
            connection.exec_driver_sql(f"SET SESSION lock_wait_timeout = {store.settings.lock_timeout}")


def _refusal(store: MariadbStore, connection: Connection, table: str) -> str:
    lacking = store.missing_rights(connection, table, frozenset({"ALTER", "CREATE", "INSERT"}))
    if lacking:
        return f"our role lacks {', '.join(sorted(lacking))}"
    if not connection.exec_driver_sql("SELECT @@innodb_file_per_table").scalar():
        return "its rows lie in the file that all tables share: innodb_file_per_table is off"
    return ""


def _rewrite(store: MariadbStore, connection: Connection, table: str) -> str:
    """Rewrite one table. Returns the reason if it failed, else an empty text."""
    until, pause = time.monotonic() + store.settings.lock_timeout * _PATIENCE, 0.2
    while True:
        try:
            connection.exec_driver_sql(f"ALTER TABLE {store.quoted(table)} FORCE")
            return ""
        except sa.exc.DBAPIError as error:
            if not store.is_retryable(error) or time.monotonic() + pause > until:
                return store.reason(error)
        finally:
            connection.rollback()
        time.sleep(pause)
        pause = min(pause * 2, 2.0)


def _size(store: MariadbStore, connection: Connection, table: str) -> int:
    found = connection.execute(_SIZE, {"schema": store.schema, "table": table}).scalar()
    connection.rollback()
    return int(found or 0)
