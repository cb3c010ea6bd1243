"""Sweeps on SQLite. Every round begins with a copy of the same file."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from foreground import told
from measure import Sheet, seconds
from scene import HELD, Scene, scene
from sweep_postgres import PLACES, YEAR

ROWS, OVER, ACCOUNTS = 5_000_000, 1_000_000, 200_000
CUT = "2025-11-21 23:00:00"


def build(folder: Path, rows: int = ROWS, over: int = OVER) -> Path:
    """A database in WAL mode with log-ins in the order of time."""
    path = folder / f"base-{rows}-{over}.db"
    if path.exists():
        return path
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("CREATE TABLE accounts (id INTEGER PRIMARY KEY, email TEXT)")
        db.execute(
            "CREATE TABLE logins (id INTEGER PRIMARY KEY, account_id INTEGER NOT NULL, at TEXT NOT NULL,"
            " ip TEXT, agent TEXT, path TEXT)"
        )
        counting = "WITH RECURSIVE n(g) AS (SELECT 1 UNION ALL SELECT g + 1 FROM n WHERE g < ?) "
        db.execute(counting + "INSERT INTO accounts SELECT g, 'a' || g || '@example.com' FROM n", (ACCOUNTS,))
        db.execute(
            counting + f"INSERT INTO logins SELECT g, 1 + (g * 7919) % {ACCOUNTS},"
            f" datetime('{CUT}', ((g - {over} - 1) * 7 + 1) || ' seconds'), '192.0.2.' || g % 250,"
            " 'Mozilla/5.0 (X11; Linux x86_64)', '/account/' || g % 1000 FROM n",
            (rows,),
        )
        db.execute("CREATE INDEX logins_at ON logins (at)")
        db.commit()
        db.execute("ANALYZE")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


def copy(base: Path) -> Path:
    """A fresh copy, on the disk before the clock runs."""
    path = base.with_name("copy.db")
    for old in base.parent.glob("copy.db*"):
        old.unlink()
    shutil.copyfile(base, path)
    os.sync()
    return path


NOT_HELD = "NOT EXISTS (SELECT 1 FROM held h WHERE h.id = logins.account_id)"


def delete(sheet: Sheet, folder: str) -> None:
    """1 M of 5 M rows by their own, indexed trigger; 1,000 held persons."""
    base = build(Path(folder))
    command = f"DELETE FROM logins WHERE at < '{CUT}' AND {NOT_HELD}"
    with closing(sqlite3.connect(base)) as db:
        held = db.execute(
            f"SELECT count(*) FROM logins WHERE at < '{CUT}' AND account_id % 37 = 0"
            f" AND account_id <= {37 * HELD}"
        ).fetchone()[0]
    rounds: list[Scene] = []

    def ours() -> float:
        with scene(f"sqlite:///{copy(base)}", [YEAR], PLACES) as made:
            made.hold("app.accounts", range(37, 37 * (HELD + 1), 37))
            rounds.append(made)
            return made.sweep(expect=OVER - held)

    def other() -> float:
        with closing(sqlite3.connect(copy(base), isolation_level=None)) as db:
            db.execute("PRAGMA synchronous = FULL")
            db.execute("CREATE TEMP TABLE held (id INTEGER PRIMARY KEY)")
            db.executemany("INSERT INTO held VALUES (?)", [(37 * (i + 1),) for i in range(HELD)])
            return seconds(lambda: db.execute(command))

    sheet.compare("sweep.sqlite.delete", ours, other, command=command)
    sheet.add("sweep.sqlite.delete.p99", [t.percentile(0.99) for t in rounds], unit="ms")
    sheet.add("sweep.sqlite.delete.plan", [t.planned for t in rounds])


def foreground(sheet: Sheet, folder: str) -> None:
    """A writer and a reader at 200 transactions a second with a busy timeout of five seconds."""
    path = copy(build(Path(folder), 7_000_000, 6_000_000))
    with scene(f"sqlite:///{path}", [YEAR], PLACES) as made:
        made.hold("app.accounts", range(37, 37 * (HELD + 1), 37))
        told(sheet, "sweep.sqlite.foreground", made, 7_000_000, lambda: 0.0)


MEASURES: dict[str, Callable[[Sheet, str], None]] = {
    "sweep.sqlite.delete": delete,
    "sweep.sqlite.foreground": foreground,
}
