"""Writes tables of PostgreSQL anew with VACUUM FULL: a new file for the table, its TOAST and each index.

VACUUM FULL shuts everybody out of a table while it writes; it is asked for, never done
unasked. It waits for the table a moment at a time. Where a role may not, PostgreSQL only
warns: whether it was done is seen from the name of the file. Rows that an older
transaction might still see are copied too: they are counted, and then it was not done.
"""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from servanda.stores.verbs import Scrubbed

if TYPE_CHECKING:
    from servanda.stores.sql.postgres.store import PostgresStore

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
    """Write tables anew, one after the other; of a partitioned table, every partition."""
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
    """Write one table anew. Returns why it could not be done, or nothing."""
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
                if not store.again(error) or time.monotonic() + pause > until:
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
