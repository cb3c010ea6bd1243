"""Writes tables of MariaDB anew with ALTER TABLE … FORCE: a new file, without the rows that were deleted.

InnoDB writes the new table while others go on; it waits for them a second at most, at the
beginning and at the end, and tries again.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from servanda.stores.scrub import Scrubbed

if TYPE_CHECKING:
    from servanda.stores.mariadb import MariadbStore

_PATIENCE = 6  # how many times `lock_timeout` a table is tried for
_SIZE = sa.text(
    "SELECT COALESCE(SUM(data_length + index_length + data_free), 0) FROM information_schema.tables"
    " WHERE table_schema = COALESCE(:schema, DATABASE()) AND table_name = :table"
)


def scrub(store: MariadbStore, tables: Sequence[str]) -> Iterator[Scrubbed]:
    """Write tables anew, one after the other."""
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
    """Write one table anew. Returns why it could not be done, or nothing."""
    until, pause = time.monotonic() + store.settings.lock_timeout * _PATIENCE, 0.2
    while True:
        try:
            connection.exec_driver_sql(f"ALTER TABLE {store.quoted(table)} FORCE")
            return ""
        except sa.exc.DBAPIError as error:
            if not store.again(error) or time.monotonic() + pause > until:
                return store.reason(error)
        finally:
            connection.rollback()
        time.sleep(pause)
        pause = min(pause * 2, 2.0)


def _size(store: MariadbStore, connection: Connection, table: str) -> int:
    found = connection.execute(_SIZE, {"schema": store.schema, "table": table}).scalar()
    connection.rollback()
    return int(found or 0)
