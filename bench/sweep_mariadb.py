"""Sweeps on MariaDB. Every round begins with the same table, whose file is copied back."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from foreground import told
from measure import Sheet, seconds
from scene import HELD, Scene, scene
from sweep_postgres import PLACES, YEAR

ROWS, OVER, ACCOUNTS, PAGE = 2_000_000, 400_000, 200_000, 2_000
CUT = "2025-11-21 23:00:00"


class Base:
    """A table of log-ins that is built once; its file is exported, and imported for every round."""

    def __init__(self, url: str, rows: int = ROWS, over: int = OVER) -> None:
        self.url = url
        self.engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
        with self.engine.connect() as connection:
            for statement in (
                "DROP TABLE IF EXISTS logins, accounts, logins_base",
                "CREATE TABLE accounts (id INT PRIMARY KEY, email VARCHAR(60))",
                f"INSERT INTO accounts SELECT seq, CONCAT('a', seq, '@example.com') FROM seq_1_to_{ACCOUNTS}",
                _TABLE.format(name="logins_base"),
                f"INSERT INTO logins_base SELECT seq, 1 + MOD(seq * 7919, {ACCOUNTS}), DATE_ADD('{CUT}', INTERVAL"
                f" (CAST(seq AS SIGNED) - {over} - 1) * 7 + 1 SECOND), CONCAT('192.0.2.', MOD(seq, 250)),"
                f" 'Mozilla/5.0 (X11; Linux x86_64)', CONCAT('/account/', MOD(seq, 1000)) FROM seq_1_to_{rows}",
                "ANALYZE TABLE logins_base",
                _TABLE.format(name="logins"),
            ):
                connection.exec_driver_sql(statement)
            self.folder = Path(str(connection.exec_driver_sql("SELECT @@datadir").scalar())) / "app"

    def again(self) -> None:
        """Put the first state of the table back."""
        with self.engine.connect() as connection:
            connection.exec_driver_sql("ALTER TABLE logins DISCARD TABLESPACE")
            connection.exec_driver_sql("FLUSH TABLES logins_base FOR EXPORT")
            for end in (".ibd", ".cfg"):
                shutil.copyfile(self.folder / f"logins_base{end}", self.folder / f"logins{end}")
                shutil.copymode(self.folder / f"logins_base{end}", self.folder / f"logins{end}")
            connection.exec_driver_sql("UNLOCK TABLES")
            connection.exec_driver_sql("ALTER TABLE logins IMPORT TABLESPACE")
            connection.exec_driver_sql("ANALYZE TABLE logins")
        os.sync()

    def count(self, query: str) -> int:
        with self.engine.connect() as connection:
            return int(connection.exec_driver_sql(query).scalar_one())

    @contextmanager
    def connection(self) -> Iterator[sa.Connection]:
        with self.engine.connect() as connection:
            yield connection


_TABLE = (
    "CREATE TABLE {name} (id BIGINT PRIMARY KEY, account_id INT NOT NULL, at DATETIME NOT NULL, ip VARCHAR(45),"
    " agent VARCHAR(200), path VARCHAR(200), KEY logins_at (at), KEY logins_account (account_id, at)) ENGINE=InnoDB"
)
COMMAND = (
    f"repeated until the cut: SELECT at FROM logins WHERE at >= ? AND at < '{CUT}' ORDER BY at LIMIT 1 OFFSET {PAGE};"
    " DELETE FROM logins WHERE at >= ? AND at < ? AND NOT EXISTS (SELECT 1 FROM held h WHERE h.id = logins.account_id)"
)


def by_hand(base: Base) -> float:
    """The batched DELETE that a careful hand writes: ranges of about 2,000 rows, each committed."""
    base.again()
    with base.connection() as connection:
        connection.exec_driver_sql("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
        connection.exec_driver_sql("CREATE OR REPLACE TEMPORARY TABLE held (id INT PRIMARY KEY)")
        connection.exec_driver_sql(f"INSERT INTO held SELECT seq * 37 FROM seq_1_to_{HELD}")
        return seconds(lambda: _batches(connection))


def _batches(connection: sa.Connection) -> None:
    bound = f"SELECT at FROM logins WHERE at >= %s AND at < '{CUT}' ORDER BY at LIMIT 1 OFFSET {PAGE}"
    delete = (
        "DELETE FROM logins WHERE at >= %s AND at < %s"
        " AND NOT EXISTS (SELECT 1 FROM held h WHERE h.id = logins.account_id)"
    )
    low = connection.exec_driver_sql(f"SELECT MIN(at) FROM logins WHERE at < '{CUT}'").scalar()
    while low is not None:
        high = connection.exec_driver_sql(bound, (low,)).scalar()
        connection.exec_driver_sql(delete, (low, high or CUT))
        low = high


def delete(sheet: Sheet, url: str) -> None:
    """400,000 of 2 M rows by their own, indexed trigger; 1,000 held persons."""
    base = Base(url)
    held = base.count(
        f"SELECT COUNT(*) FROM logins_base WHERE at < '{CUT}' AND MOD(account_id, 37) = 0"
        f" AND account_id <= {37 * HELD}"
    )
    rounds: list[Scene] = []

    def ours() -> float:
        base.again()
        with scene(url, [YEAR], PLACES) as made:
            made.hold("app.accounts", range(37, 37 * (HELD + 1), 37))
            rounds.append(made)
            return made.sweep(expect=OVER - held)

    sheet.compare("sweep.mariadb.delete", ours, lambda: by_hand(base), command=COMMAND)
    sheet.add("sweep.mariadb.delete.p99", [t.percentile(0.99) for t in rounds], unit="ms")
    sheet.add("sweep.mariadb.delete.plan", [t.planned for t in rounds])


def foreground(sheet: Sheet, url: str) -> None:
    """A writer and a reader at 200 transactions a second, quiet and beside a sweep."""
    base = Base(url, over=1_500_000)
    base.again()
    status = "SHOW GLOBAL STATUS LIKE 'Innodb_row_lock_time_max'"

    def waits() -> float:
        with base.connection() as connection:
            return float(connection.exec_driver_sql(status).one()[1])

    with scene(url, [YEAR], PLACES) as made:
        made.hold("app.accounts", range(37, 37 * (HELD + 1), 37))
        told(sheet, "sweep.mariadb.foreground", made, ROWS, waits)


MEASURES: dict[str, Callable[[Sheet, str], None]] = {
    "sweep.mariadb.delete": delete,
    "sweep.mariadb.foreground": foreground,
}
