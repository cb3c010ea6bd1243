"""PostgreSQL as a store (12 and later, driver psycopg 3).

`scrub` rewrites tables with VACUUM FULL: a new file for the table, its TOAST and each index. It locks the table
exclusively, so it is never done unless requested, and waits for the lock with a short timeout and retries. If the role
lacks the right, PostgreSQL only warns; the file name shows whether the table was rewritten. Dead rows that an older
transaction may still see are copied, too; they are counted, and the scrub is then reported as not done.
"""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects.postgresql import ARRAY, CITEXT, INET, JSONB
from sqlalchemy.engine import URL, Connection, Engine

from servanda.stores.addresses import LETTERS_LIKE_ASCII, spellings, with_blanks
from servanda.stores.document.change import Scalar
from servanda.stores.shape import DatabaseTrigger, Shape, StoredCopy, UniqueIndex
from servanda.stores.sql.postgres.partitions import PostgresPartitions
from servanda.stores.sql.postgres.values import read_any_value, read_json
from servanda.stores.sql.reflection import triggers_of, unique_index
from servanda.stores.sql.session import session
from servanda.stores.sql.store import (
    ISO_DAY,
    ISO_MONTH,
    ISO_TIME,
    ISO_YEAR,
    PROOF,
    PROOF_DIGITS,
    SERVER_PACING,
    STATEMENTS_KEPT,
    UNITS,
    Bool,
    SqlStore,
    fitted,
)
from servanda.stores.sql.times import regex_of
from servanda.stores.store import kind
from servanda.stores.verbs import Dialect, Partitions, Scrubbed

_PATIENCE = 6  # how many times `lock_timeout` a table is tried for
_LOCKS = "SET lock_timeout = 500"
_FILES = sa.text(
    "SELECT CAST(t.relid AS text) AS name, pg_relation_filepath(t.relid) AS file,"
    " pg_total_relation_size(t.relid) AS size"
    " FROM pg_partition_tree(CAST(:name AS regclass)) t WHERE t.isleaf"
    " UNION SELECT CAST(c.oid AS regclass)::text, pg_relation_filepath(c.oid), pg_total_relation_size(c.oid)"
    " FROM pg_class c WHERE c.oid = CAST(:name AS regclass) AND c.relkind = 'r'"
)
_FOLDER = sa.text(
    "SELECT setting FROM pg_settings WHERE name = 'data_directory' AND COALESCE(host(inet_server_addr()), '') = ''"
)


def scrub(store: PostgresStore, tables: Sequence[str]) -> Iterator[Scrubbed]:
    """Rewrite tables one after the other; of a partitioned table, every partition."""
    with store.engine.connect() as plain:
        connection = plain.execution_options(isolation_level="AUTOCOMMIT")
        connection.exec_driver_sql(_LOCKS)
        try:
            for table in tables:
                parts = connection.execute(_FILES, {"name": store.quoted(table)}).all()
                refused = next(filter(None, (_rewrite(store, connection, part) for part in parts)), "")
                sizes = connection.execute(_FILES, {"name": store.quoted(table)}).all()
                yield Scrubbed(table, sum(p.size for p in parts), sum(p.size for p in sizes), refused)
        finally:
            connection.exec_driver_sql(f"SET lock_timeout = {store.settings.lock_timeout * 1000}")


def _rewrite(store: PostgresStore, connection: Connection, part: Any) -> str:
    """Rewrite one table. Returns the reason if it failed, else an empty text."""
    lacking = _no_room(connection, part)
    if lacking:
        return lacking
    raw: Any = connection.connection.driver_connection
    kept: list[int] = []
    handler = lambda notice: kept.extend(_kept(notice.message_detail or ""))  # noqa: E731
    raw.add_notice_handler(handler)
    until, pause = time.monotonic() + store.settings.lock_timeout * _PATIENCE, 0.2
    try:
        while True:
            kept.clear()
            try:
                connection.exec_driver_sql(f"VACUUM (FULL, VERBOSE) {part.name}")
            except sa.exc.DBAPIError as error:
                if not store.is_retryable(error) or time.monotonic() + pause > until:
                    return store.reason(error)
            else:
                if not sum(kept) or time.monotonic() + pause > until:
                    break
            time.sleep(pause)
            pause = min(pause * 2, 2.0)
    finally:
        raw.remove_notice_handler(handler)
    if sum(kept):
        return f"{sum(kept)} ended rows stay for a transaction that began before: end it, and scrub again"
    now = connection.execute(_FILES, {"name": part.name}).all()
    return "" if [n.file for n in now] != [part.file] else "our role may not: it needs to own it, or MAINTAIN"


def _kept(detail: str) -> list[int]:
    """The first number of a detail: how many dead rows could not be removed yet, in whatever language."""
    found = re.match(r"\D*(\d+)", detail)
    return [int(found[1])] if found else []


def _no_room(connection: Connection, part: Any) -> str:
    """Whether its disk is too full for a second copy; only seen where the server is on this machine."""
    folder = connection.execute(_FOLDER).scalar()
    try:
        free = shutil.disk_usage(Path(folder) / str(part.file)).free if folder else None
    except OSError:
        return ""
    if free is None or free > part.size:
        return ""
    return f"it needs {part.size} bytes of free disk for a moment, and {free} are free"


_AGAIN = {"40001", "40P01", "55P03"}  # serialization failure, deadlock, lock not available
_CANCELLED = "57014"
_NETWORK_4, _NETWORK_6 = 24, 48
_PAGE_SETTINGS = "SET LOCAL lock_timeout = 80; SET LOCAL statement_timeout = 2000"
"""Milliseconds. A page that waits for a lock makes the application wait for those that it has."""


_OUTSIDE = sa.text(
    "SELECT t.relname, cn.nspname || '.' || c.relname FROM pg_constraint k"
    " JOIN pg_class t ON t.oid = k.confrelid JOIN pg_namespace tn ON tn.oid = t.relnamespace"
    " JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace cn ON cn.oid = c.relnamespace"
    " WHERE k.contype = 'f' AND cn.oid <> tn.oid AND tn.nspname = COALESCE(CAST(:s AS text), current_schema())"
    " ORDER BY 1, 2"
)
_KINDS = sa.text(
    "SELECT c.relname, c.relispartition OR COALESCE(d.description LIKE 'servanda:{%', false), CAST(c.relkind AS text)"
    " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_description d"
    " ON d.objoid = c.oid AND d.classoid = CAST('pg_class' AS regclass) AND d.objsubid = 0"
    " WHERE c.relkind IN ('r', 'p', 'f', 'm') AND n.nspname = COALESCE(CAST(:s AS text), current_schema())"
)
"""Partitions belong to their table and are not listed, including those that we detached."""
_PLAIN = (False, "r")
_TRIGGERS = sa.text("""
WITH RECURSIVE up AS (
  SELECT c.oid AS child, c.oid AS top, c.relispartition AS inner_ FROM pg_class c WHERE c.relkind IN ('r', 'p', 'f')
  UNION ALL SELECT up.child, i.inhparent, p.relispartition FROM up JOIN pg_inherits i ON i.inhrelid = up.top
  JOIN pg_class p ON p.oid = i.inhparent WHERE up.inner_)
SELECT DISTINCT c.relname, t.tgname, split_part(pg_get_triggerdef(t.oid), ' ON ', 1) AS fires,
  p.prosrc || ' INSERT INTO ' || replace(encode(t.tgargs, 'escape'), E'\\\\000', ' INSERT INTO ') AS text_
FROM pg_trigger t JOIN up ON up.child = t.tgrelid JOIN pg_class c ON c.oid = up.top
JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_proc p ON p.oid = t.tgfoid
WHERE NOT t.tgisinternal AND t.tgenabled <> 'D' AND NOT c.relispartition
  AND n.nspname = COALESCE(CAST(:s AS text), current_schema()) ORDER BY 1, 2
""")
"""Triggers, those of partitions with their table; the arguments of one may name a table that it writes."""
_RULES = sa.text("""
SELECT c.relname, r.rulename, CASE r.ev_type WHEN '2' THEN 'UPDATE' ELSE 'DELETE' END, r.is_instead,
  pg_get_ruledef(r.oid)
FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE r.ev_type IN ('2', '4') AND r.ev_enabled NOT IN ('D', 'R') AND c.relkind IN ('r', 'p')
  AND n.nspname = COALESCE(CAST(:s AS text), current_schema()) ORDER BY 1, 2
""")
_UNIQUE = sa.text("""
SELECT t.relname, i.relname, pg_get_indexdef(x.indexrelid),
  COALESCE(CAST(to_jsonb(x) ->> 'indnullsnotdistinct' AS boolean), false)
FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
JOIN pg_namespace n ON n.oid = t.relnamespace
WHERE n.nspname = COALESCE(CAST(:s AS text), current_schema()) AND t.relkind IN ('r', 'p')
  AND (x.indisexclusion OR x.indisunique AND (x.indexprs IS NOT NULL OR x.indpred IS NOT NULL
    OR COALESCE(CAST(to_jsonb(x) ->> 'indnullsnotdistinct' AS boolean), false)))
ORDER BY 1, 2
""")
_INHERITING = sa.text("""
WITH RECURSIVE below AS (
  SELECT i.inhparent AS top, i.inhrelid AS child FROM pg_inherits i
  JOIN pg_class c ON c.oid = i.inhrelid WHERE NOT c.relispartition
  UNION SELECT below.top, i.inhrelid FROM below JOIN pg_inherits i ON i.inhparent = below.child
  JOIN pg_class c ON c.oid = i.inhrelid WHERE NOT c.relispartition)
SELECT t.relname, CASE WHEN cn.oid = n.oid THEN c.relname ELSE cn.nspname || '.' || c.relname END
FROM below JOIN pg_class t ON t.oid = below.top JOIN pg_namespace n ON n.oid = t.relnamespace
JOIN pg_class c ON c.oid = below.child JOIN pg_namespace cn ON cn.oid = c.relnamespace
WHERE n.nspname = COALESCE(CAST(:s AS text), current_schema()) ORDER BY 1, 2
""")
"""Tables that inherit from others and are no partitions."""
_VIEWS = sa.text("""
WITH RECURSIVE above AS (
  SELECT COALESCE(pg_partition_root(d.refobjid), d.refobjid) AS base, r.ev_class AS view_, 1 AS depth
  FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid
  WHERE d.classid = CAST('pg_rewrite' AS regclass) AND d.refclassid = CAST('pg_class' AS regclass)
    AND r.ev_class <> d.refobjid
  UNION SELECT above.base, r.ev_class, above.depth + 1 FROM above
  JOIN pg_depend d ON d.refobjid = above.view_ AND d.refclassid = CAST('pg_class' AS regclass)
    AND d.classid = CAST('pg_rewrite' AS regclass)
  JOIN pg_rewrite r ON r.oid = d.objid WHERE r.ev_class <> d.refobjid AND above.depth < 20)
SELECT t.relname, vn.nspname, v.relname, pg_has_role(v.relowner, 'USAGE'), max(above.depth)
FROM above JOIN pg_class t ON t.oid = above.base JOIN pg_namespace n ON n.oid = t.relnamespace
JOIN pg_class v ON v.oid = above.view_ JOIN pg_namespace vn ON vn.oid = v.relnamespace
WHERE v.relkind = 'm' AND v.relispopulated AND n.nspname = COALESCE(CAST(:s AS text), current_schema())
GROUP BY t.relname, vn.nspname, v.relname, v.relowner ORDER BY 5, 2, 3
""")
"""Materialised views that read a table, directly or through other views, those that others read first."""
_OID_COLUMNS = sa.text("""
SELECT c.relname, a.attname, has_table_privilege(c.oid, 'SELECT')
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_type y ON y.oid = a.atttypid
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped
  AND (y.oid = CAST('oid' AS regtype) OR y.typbasetype = CAST('oid' AS regtype))
  AND n.nspname = COALESCE(CAST(:s AS text), current_schema())
  AND NOT EXISTS (SELECT 1 FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
    WHERE t.tgrelid = c.oid AND p.proname = 'lo_manage' AND t.tgenabled <> 'D'
      AND pg_get_triggerdef(t.oid) LIKE '%DELETE%'
      AND convert_from(t.tgargs, 'UTF8') LIKE a.attname || '%')
ORDER BY 1, 2
""")


def _rules(shape: Shape, rows: Iterable[Any]) -> dict[str, list[DatabaseTrigger]]:
    """The rules on DELETE and UPDATE, as triggers: what they write, and whether the statement itself is left out."""
    rules: dict[str, list[DatabaseTrigger]] = {}
    for table, name, verb, instead, text in rows:
        read = triggers_of(shape, [(table, name, verb, text)]).get(table, ())
        on = frozenset({verb})
        rules.setdefault(table, []).extend(
            replace(rule, on=on, instead=on if instead else frozenset(), undoes=frozenset()) for rule in read
        )
    return rules


def _views(store: PostgresStore, connection: Connection) -> dict[str, list[StoredCopy]]:
    """The materialised views over each table, with the statement that renews one where our role may."""
    copies: dict[str, list[StoredCopy]] = {}
    preparer = store.engine.dialect.identifier_preparer
    for table, schema, name, ours, _ in connection.execute(_VIEWS, {"s": store.schema}):
        full = f"{preparer.quote_schema(schema)}.{preparer.quote(name)}"
        renew = f"REFRESH MATERIALIZED VIEW {full}" if ours else ""
        copies.setdefault(table, []).append(StoredCopy("materialised view", name, renew))
    return copies


_HIDDEN = sa.text("""
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND n.nspname = COALESCE(CAST(:s AS text), current_schema())
  AND row_security_active(c.oid)
  AND NOT (
    EXISTS (SELECT 1 FROM pg_policies p WHERE p.schemaname = n.nspname AND p.tablename = c.relname
      AND p.permissive = 'PERMISSIVE' AND p.cmd = 'ALL' AND p.qual = 'true'
      AND EXISTS (SELECT 1 FROM unnest(p.roles) r
        WHERE CASE WHEN r = 'public' THEN true ELSE pg_has_role(r, 'USAGE') END))
    AND NOT EXISTS (SELECT 1 FROM pg_policies p WHERE p.schemaname = n.nspname AND p.tablename = c.relname
      AND p.permissive = 'RESTRICTIVE' AND p.qual IS DISTINCT FROM 'true'))
""")
"""Tables with policies for our role, but for those of which one policy shows it every row."""


_COUNTERS = sa.text("""
WITH s AS MATERIALIZED (SELECT oid FROM pg_class WHERE relkind = 'S')
SELECT t.relname, max(CASE WHEN has_sequence_privilege(s.oid, 'SELECT, USAGE') THEN pg_sequence_last_value(s.oid) END)
FROM s JOIN pg_depend d ON d.objid = s.oid AND d.classid = CAST('pg_class' AS regclass)
  AND d.refclassid = CAST('pg_class' AS regclass) AND d.deptype IN ('a', 'i')
JOIN pg_class t ON t.oid = d.refobjid JOIN pg_namespace n ON n.oid = t.relnamespace
WHERE n.nspname = coalesce(CAST(:s AS text), current_schema()) GROUP BY t.relname
""")


def _same_signs(one: sa.ColumnElement[Any], other: sa.ColumnElement[Any]) -> list[Bool]:
    """Letters that lower() takes for a letter of ASCII stand at the same place in both texts."""
    texts = [sa.cast(text, sa.Text) for text in (one, other)]
    return [sa.func.strpos(texts[0], sign) == sa.func.strpos(texts[1], sign) for sign in LETTERS_LIKE_ASCII]


def _isolate(connection: Connection, level: str) -> None:
    from psycopg import IsolationLevel

    driven: Any = connection.connection.driver_connection
    driven.isolation_level = IsolationLevel[level]


_RELIED_ON = {
    "timezone": "UTC",
    "datestyle": "ISO,MDY",
    "intervalstyle": "postgres",
    "bytea_output": "hex",
    "extra_float_digits": 1,
    "standard_conforming_strings": "on",
    "transform_null_equals": "off",
    "quote_all_identifiers": "off",
    "gin_fuzzy_search_limit": 0,
    "statement_timeout": 0,
    "idle_in_transaction_session_timeout": 0,
    "application_name": "servanda",
    "jit": "off",
    "random_page_cost": 1.1,
}
"""What our statements and our reading of values rely on, whatever a role or a database sets for its own sessions."""


@lru_cache(maxsize=16)
def _engine(url: URL, lock_timeout: int) -> Engine:
    """One engine for each database: what SQLAlchemy learns of one stays in memory while the process lives.

    Connections are not pooled: temporary tables and settings of one session are never met by another.
    """
    settings = {**_RELIED_ON, "lock_timeout": lock_timeout * 1000}
    options = " ".join(f"-c {name}={value}" for name, value in settings.items())
    planned = {"prepare_threshold": None}  # each page is planned for its own bounds
    engine = sa.create_engine(
        url,
        connect_args={"options": options, "client_encoding": "UTF8", "connect_timeout": 5} | planned,
        isolation_level="READ COMMITTED",
        json_deserializer=read_json,
        poolclass=sa.NullPool,
        query_cache_size=STATEMENTS_KEPT,
    )

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: Any) -> None:
        read_any_value(connection)

    return engine


@kind("postgres", session)
class PostgresStore(SqlStore):
    """A database of PostgreSQL."""

    kind = "postgres"
    dialect = Dialect(
        residue_note="PostgreSQL: ended rows stay in the files of their table and indexes until VACUUM and new"
        " rows write over them, or apply --scrub; in its write-ahead log and the archive of it, until they end",
        pacing=SERVER_PACING,
        for_update_of=True,
        erase_batch_size=10_000,  # reading a table once is then less than looking rows up; nobody else waits
        temp_tables_emptied_on_commit=True,
        counts_inserted_rows=True,
        optimizer_fence=True,
        clock="SELECT clock_timestamp()",
    )

    def dial(self, url: URL) -> URL:
        """The URL with psycopg 3."""
        return url.set(drivername="postgresql+psycopg")

    def make_engine(self) -> Engine:
        """An engine whose sessions give up on a lock after some seconds, and speak UTC."""
        return _engine(self.url, self.settings.lock_timeout)

    def analyze(self, connection: Connection, table: str) -> None:
        """Autovacuum skips temporary tables: they have no statistics without ANALYZE."""
        connection.exec_driver_sql(f"ANALYZE {table}")

    def begin_page(self, connection: Connection) -> None:
        """A transaction that gives up soon on locks and on statements that take long."""
        connection.begin()
        connection.exec_driver_sql(_PAGE_SETTINGS)

    def begin_snapshot(self, connection: Connection) -> None:
        """REPEATABLE READ is a snapshot; said in the BEGIN, it costs no statement of its own."""
        _isolate(connection, "REPEATABLE_READ")
        connection.begin()

    def end_snapshot(self, connection: Connection) -> None:
        """READ COMMITTED again."""
        if not connection.invalidated:
            _isolate(connection, "READ_COMMITTED")

    def complete(self, shape: Shape, connection: Connection) -> Shape:
        """Add triggers (those of foreign keys left out), rules, inheritance, and what else reflection lacks."""
        at = {"s": self.schema}
        found = triggers_of(shape, connection.execute(_TRIGGERS, at))
        rules = _rules(shape, connection.execute(_RULES, at))
        hidden = set(connection.execute(_HIDDEN, at).scalars())
        kinds = {name: (child, kind) for name, child, kind in connection.execute(_KINDS, at)}
        uniques: dict[str, list[UniqueIndex]] = {}
        for table, name, text, once in connection.execute(_UNIQUE, at):
            if table in shape.tables:
                made = unique_index(shape.tables[table].columns, name, text, nulls=once)
                uniques.setdefault(table, []).append(made)
        children: dict[str, list[StoredCopy]] = {}
        for table, child in connection.execute(_INHERITING, at):
            children.setdefault(table, []).append(StoredCopy("child table", child))
        copies = _views(self, connection)
        for table, column in self._large_objects(connection, shape):
            copies.setdefault(table, []).append(StoredCopy("large object", column))
        tables = {
            n: replace(
                t,
                database_triggers=(*found.get(n, ()), *rules.get(n, ())),
                partitioned=kinds.get(n, _PLAIN)[1] == "p",
                hidden=n in hidden,
                view=t.view or kinds.get(n, _PLAIN)[1] == "m",
                inherited=n in children,
                unique_indexes=tuple(uniques.get(n, ())),
                copies=(*children.get(n, ()), *copies.get(n, ())),
            )
            for n, t in shape.tables.items()
            if not kinds.get(n, _PLAIN)[0]
        }
        outside: dict[str, list[str]] = {}
        for table, other in connection.execute(_OUTSIDE, {"s": self.schema}):
            outside.setdefault(table, []).append(other)
        return Shape(tables, outside)

    def _large_objects(self, connection: Connection, shape: Shape) -> Sequence[Any]:
        """The columns that lead to large objects, which no trigger of the extension lo ends with the row."""
        listed = connection.execute(_OID_COLUMNS, {"s": self.schema}).all()
        preparer, asked, found = self.engine.dialect.identifier_preparer, [], []
        for table, column, readable in listed:
            if table not in shape.tables:
                continue
            if not readable:
                found.append((table, column))
                continue
            known = f"JOIN pg_largeobject_metadata m ON m.oid = t.{preparer.quote(column)}"
            look = f"SELECT 1 FROM {self.quoted(table)} t {known}"
            asked.append((table, column, f"EXISTS ({look})"))
        if asked:
            there = connection.exec_driver_sql("SELECT " + ", ".join(look for _, _, look in asked)).one()
            found += [(t, c) for (t, c, _), held in zip(asked, there, strict=True) if held]
        return found

    def scrub(self, tables: Sequence[str]) -> Iterator[Scrubbed]:
        """VACUUM FULL, table by table."""
        with self.errors():
            yield from scrub(self, tables)

    def partitions(self, session: Any) -> Partitions:
        """Declarative partitions are detached and dropped whole."""
        return PostgresPartitions(session)

    def pseudonym(self, column: sa.ColumnElement[Any], at: tuple[str, str]) -> sa.ColumnElement[Any]:
        """HMAC-SHA256 by its own functions."""
        text, size = sa.cast(column, sa.Text), self.column(at).pseudonym_length
        inner, outer = (sa.literal(pad, sa.LargeBinary()) for pad in self.pads)
        once = sa.func.sha256(inner.concat(sa.func.convert_to(text, "UTF8")))
        hashed = sa.func.encode(sa.func.sha256(outer.concat(once)), "hex")
        begun = sa.literal("psn_").concat(sa.func.left(hashed, size - 4 - PROOF_DIGITS))
        return sa.case((self.is_pseudonym(column, at), text), else_=begun.concat(_proof(begun)))

    def is_pseudonym(self, column: sa.ColumnElement[Any], at: tuple[str, str]) -> Bool:
        """Its form first, so that other values cost little."""
        text, size = sa.cast(column, sa.Text), self.column(at).pseudonym_length
        formed = text.op("~", is_comparison=True)(f"^psn_[0-9a-f]{{{size - 4}}}$")
        proved = sa.func.right(text, PROOF_DIGITS) == _proof(sa.func.left(text, size - PROOF_DIGITS))
        return sa.case((formed, proved), else_=sa.false())

    def network(self, column: sa.ColumnElement[Any], at: tuple[str, str]) -> sa.ColumnElement[Any]:
        """By its own type, once a text is known to be an address."""
        if self.column(at).holds == "ip":
            return _of_address(column)
        text = sa.cast(column, sa.Text)
        four = sa.func.regexp_replace(text, "[0-9]+$", "0")
        six = sa.func.host(sa.func.network(sa.func.set_masklen(sa.cast(text, INET), _NETWORK_6)))
        is_four, is_six = (text.op("~", is_comparison=True)(f"^{form}$") for form in (_IPV4, _IPV6))
        return sa.case((is_four, four), (is_six, six), else_=self.emptied(at))

    def shortened(
        self, column: sa.ColumnElement[Any], at: tuple[str, str], unit: str
    ) -> sa.ColumnElement[Any]:
        """date_trunc, or of a text the beginning."""
        holds = self.column(at).holds
        if holds in ("date", "time"):
            cut = sa.func.date_trunc(unit, column)
            return sa.cast(cut, sa.Date) if holds == "date" else cut
        text, (keep, fill) = sa.cast(column, sa.Text), UNITS[unit]
        clock = sa.func.regexp_replace(sa.func.substr(text, 11), "[0-9]", "0", "g")
        month = sa.func.left(text, 4).concat("-01") if unit == "year" else text
        is_day, is_month, is_year = (
            text.op("~", is_comparison=True)(f"^{form}$")
            for form in (f"{ISO_DAY}({ISO_TIME})?", ISO_MONTH, ISO_YEAR)
        )
        day = sa.func.left(text, keep).concat(fill).concat(clock)
        return sa.case((is_day, day), (is_month, month), (is_year, text), else_=self.emptied(at))

    def constant(self, at: tuple[str, str], value: Scalar) -> sa.ColumnElement[Any]:
        """Cast to the type of the column, where PostgreSQL does not take a text for it."""
        known = fitted(self.column(at), value)
        literal: sa.ColumnElement[Any] = sa.literal(known)
        if self.column(at).holds in ("choice", "date", "time", "uuid", "ip", "json"):
            return sa.cast(sa.literal(str(known), sa.Text()), self.types[at])
        return literal

    def differs(self, column: sa.ColumnElement[Any], at: tuple[str, str], value: Scalar) -> Bool:
        """Texts as texts, whatever a collation or citext takes for equal; JSON by its content."""
        holds, known = self.column(at).holds, fitted(self.column(at), value)
        if holds in ("text", "choice"):
            different: Bool = sa.cast(column, sa.Text) != sa.literal(known, sa.Text())
            return different
        if holds == "json":
            of_json: Bool = sa.cast(column, JSONB) != sa.cast(sa.literal(str(known), sa.Text()), JSONB)
            return of_json
        return super().differs(column, at, value)

    def text_form(self, column: sa.ColumnElement[Any], pattern: str) -> Bool:
        """A POSIX expression, anchored."""
        return column.op("~", is_comparison=True)(regex_of(pattern))

    def fingerprint(self, columns: Sequence[sa.ColumnElement[Any]]) -> sa.ColumnElement[Any]:
        """SHA-256 under our secret; each value in hex, so that none runs into the next."""
        none: sa.ColumnElement[Any] = sa.literal_column("'n'")
        bytes_ = [sa.func.convert_to(sa.cast(c, sa.Text), "UTF8") for c in columns]
        parts = [sa.func.coalesce(sa.func.encode(b, "hex"), none) for b in bytes_]
        text = sa.func.concat_ws(",", self.print_secret.hex(), *parts)
        return sa.func.encode(sa.func.sha256(sa.func.convert_to(text, "UTF8")), "hex")

    def contains(self, text: sa.ColumnElement[Any], part: sa.ColumnElement[Any]) -> Bool:
        """Its own name for it."""
        found: Bool = sa.func.strpos(sa.cast(text, sa.Text), part) > 0
        return found

    def folded(self, text: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
        """A text, or the text of JSON, in small letters."""
        plain = isinstance(text.type, sa.String) and not isinstance(text.type, sa.Enum)
        return sa.func.lower(text if plain else sa.cast(text, sa.Text))

    def hashed(self, text: sa.ColumnElement[Any], kind: str) -> sa.ColumnElement[Any]:
        """Its own functions; SHA-1 is that of the extension pgcrypto."""
        if kind == "md5":
            return sa.func.md5(text)
        raw = sa.func.convert_to(text, "UTF8")
        return sa.func.encode(sa.func.sha256(raw) if kind == "sha256" else sa.func.digest(raw, kind), "hex")

    def inside(self, json: sa.ColumnElement[Any], path: str) -> sa.ColumnElement[Any]:
        """The operator #>>."""
        steps = sa.cast(sa.literal(path.split(".")), ARRAY(sa.Text))
        return sa.cast(json, JSONB).op("#>>", return_type=sa.Text())(steps)

    def digits(self, text: sa.ColumnElement[Any]) -> Bool:
        """A POSIX expression."""
        return text.op("~", is_comparison=True)("^[0-9]{1,18}$")

    def same_text(
        self,
        column: sa.ColumnElement[Any],
        known: sa.ColumnElement[Any],
        at: tuple[str, str],
        *,
        fold: bool = False,
    ) -> Bool:
        """Texts are bytes here, unless their type is citext."""
        same: Bool = column == known
        if fold:
            same = sa.and_(self.folded(column) == self.folded(known), *_same_signs(column, known))
        if not isinstance(self.types.get(at), CITEXT):
            return same
        texts = [sa.cast(c, sa.Text) for c in (column, known)]
        a, b = [self.folded(t) for t in texts] if fold else texts
        return sa.and_(column == sa.cast(known, CITEXT), a == b, *(_same_signs(*texts) if fold else ()))

    def same_identifier(self, column: sa.ColumnElement[Any], text: str, at: tuple[str, str]) -> Bool:
        """By an index on lower(column), or on a column of type citext."""
        forms = with_blanks(spellings(text))
        if isinstance(self.types.get(at), CITEXT):
            return column.in_([sa.cast(sa.literal(form), CITEXT) for form in forms])
        return self.folded(column).in_(forms)

    def is_retryable(self, error: sa.exc.DBAPIError) -> bool:
        """Whether it was a lock or a deadlock."""
        return getattr(error.orig, "sqlstate", None) in _AGAIN

    def is_timeout(self, error: sa.exc.DBAPIError) -> bool:
        """Whether the statement was cancelled: by its time limit, or by an administrator."""
        return getattr(error.orig, "sqlstate", None) == _CANCELLED

    def is_disconnect(self, error: sa.exc.DBAPIError) -> bool:
        """Whether the server is not there."""
        state = getattr(error.orig, "sqlstate", None)
        return (
            error.connection_invalidated
            or (state is None and isinstance(error, sa.exc.OperationalError))
            or (str(state or "")[:2] in ("08", "57") and state != _CANCELLED)
        )

    def reason(self, error: sa.exc.DBAPIError) -> str:
        """The primary message; the detail, which quotes values, is left out."""
        diag = getattr(error.orig, "diag", None)
        primary = getattr(diag, "message_primary", None)
        return str(primary) if primary else str(error.orig).splitlines()[0]

    def missing_rights(self, connection: Connection, table: str, verbs: frozenset[str]) -> frozenset[str]:
        """What has_table_privilege denies."""
        query = sa.text("SELECT has_table_privilege(:t, :v)")
        return frozenset(v for v in verbs if not connection.scalar(query, {"t": self.quoted(table), "v": v}))

    def row_policies(self, connection: Connection, table: str) -> list[str]:
        """What its policies ask of rows that are read, where row security is on."""
        query = sa.text(
            "SELECT p.qual FROM pg_policies p JOIN pg_namespace n ON n.nspname = p.schemaname"
            " JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = p.tablename"
            " WHERE c.relrowsecurity AND p.tablename = :t AND p.cmd IN ('ALL', 'SELECT')"
            " AND p.schemaname = COALESCE(CAST(:s AS text), current_schema())"
        )
        return [str(qual or "") for (qual,) in connection.execute(query, {"t": table, "s": self.schema})]

    def counters(self, connection: Connection) -> dict[str, int]:
        """Those of the sequences that belong to columns, as far as this role may read them."""
        rows = connection.execute(_COUNTERS, {"s": self.schema})
        return {str(table): int(last) for table, last in rows if last is not None}

    def own_copies(self, connection: Connection) -> frozenset[str]:
        """Materialised views."""
        query = "SELECT matviewname FROM pg_matviews WHERE schemaname = COALESCE(CAST(:s AS text), current_schema())"
        return frozenset(map(str, connection.execute(sa.text(query), {"s": self.schema}).scalars()))

    def grants(self, tables: dict[str, frozenset[str]], reader: str, writer: str) -> list[str]:
        """A role that reads, and one that also changes and deletes at the places that end."""
        preparer = self.engine.dialect.identifier_preparer
        schema = preparer.quote_schema(self.schema or "public")
        database = preparer.quote(str(self.url.database))
        lines = [f"GRANT CONNECT, TEMPORARY ON DATABASE {database} TO {reader}, {writer};"]
        lines.append(f"GRANT USAGE ON SCHEMA {schema} TO {reader}, {writer};")
        for table, verbs in sorted(tables.items()):
            lines.append(f"GRANT SELECT ON {self.quoted(table)} TO {reader}, {writer};")
            more = ", ".join(v for v in ("INSERT", "UPDATE", "DELETE") if v in verbs)
            if more:
                lines.append(f"GRANT {more} ON {self.quoted(table)} TO {writer};")
        for table, verbs in sorted(tables.items()):
            if "DELETE" in verbs and self.shape.tables[table].partitioned:
                owner = f"GRANT (the owner of {self.quoted(table)}) TO {writer};"
                lines.append(f"-- Only if {table} may lose partitions whole; else their rows are deleted:")
                lines.append(f"-- {owner}")
        return lines


def _proof(begun: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """The digits that prove a pseudonym."""
    named = sa.func.convert_to(sa.literal(PROOF).concat(begun), "UTF8")
    return sa.func.left(sa.func.encode(sa.func.sha256(named), "hex"), PROOF_DIGITS)


def _of_address(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """The network of an address in a column of type inet or cidr: /24 of IPv4, /48 of IPv6."""
    masked = sa.func.network(
        sa.func.set_masklen(column, sa.case((sa.func.family(column) == 4, _NETWORK_4), else_=_NETWORK_6))
    )
    return sa.cast(sa.func.host(masked), INET)


_BYTE = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_IPV4 = rf"({_BYTE}\.){{3}}{_BYTE}"
_GROUP = "[0-9a-fA-F]{1,4}"
_IPV6 = "({})".format(
    "|".join(
        [
            f"({_GROUP}:){{7}}{_GROUP}",
            f"({_GROUP}:){{1,7}}:",
            *(f"({_GROUP}:){{1,{7 - n}}}(:{_GROUP}){{1,{n}}}" for n in range(1, 7)),
            f":((:{_GROUP}){{1,7}}|:)",
            f"({_GROUP}:){{6}}{_IPV4}",
            f"::({_GROUP}:){{0,5}}{_IPV4}",
            *(f"({_GROUP}:){{1,{6 - n}}}(:{_GROUP}){{0,{n - 1}}}:{_IPV4}" for n in range(1, 6)),
        ]
    )
)
"""What is certainly an address, so that the cast to inet never fails."""
