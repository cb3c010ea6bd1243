"""Writes a file of SQLite anew: VACUUM, then the -wal file is emptied, since older pages lie there.

The whole file is one: whichever tables are asked for, all are written anew.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

from servanda.stores.scrub import Scrubbed


def scrub(path: Path, tables: Sequence[str], patience: int) -> Iterator[Scrubbed]:
    """Write the file anew and empty its -wal file; `patience` is how long a lock is waited for, in seconds."""
    before = _size(path)
    why = _rewrite(path, patience)
    after = _size(path)
    for table in tables:
        yield Scrubbed(table, before, after, why)


def _rewrite(path: Path, patience: int) -> str:
    """Do it. Returns why it could not be done, or nothing."""
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
