"""The data keys of archived persons, each wrapped by the key of the segment that its rows lie in.

    seal ──wraps──▶ key of a segment ──wraps──▶ data key ──▶ rows of one person with one last day
    (a file)        (a file, records/)          (here)       (in the segment, outside the vault)

Destroying a data key ends those rows alone; destroying the key of the segment ends them
all, also for whoever has an old copy of this file: the keys in it can no longer be unwrapped.

The file is datakeys.db in the folder of the vault, 0600. SQLite overwrites what is
deleted from it (secure_delete) and waits for the disk.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from servanda.errors import VaultError
from servanda.vault.files import check_private

FILE = "datakeys.db"
_NONCE = 12
_MANY = 500


class DataKeys:
    """The data keys of one vault, by an id of 32 hex digits that tells nothing of the person."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE

    def make(self, wanted: Mapping[str, tuple[bytes, Sequence[str]]]) -> dict[str, bytes]:
        """The keys with these ids, made where they are new; they are on the disk when this returns.

        `wanted` gives, for each segment, its key and the ids. Raises VaultError where a key that is
        there cannot be unwrapped.
        """
        found: dict[str, bytes] = {}
        with self._open() as connection:
            for segment, (segment_key, ids) in wanted.items():
                known = _find(connection, segment, segment_key, ids)
                new = {i: AESGCM.generate_key(256) for i in ids if i not in known}
                rows = [(i, segment, _wrap(segment_key, key, segment, i)) for i, key in new.items()]
                connection.executemany("INSERT INTO data_key (id, segment, wrapped) VALUES (?, ?, ?)", rows)
                found |= known | new
        return found

    def find(self, segment: str, segment_key: bytes, ids: Sequence[str]) -> dict[str, bytes]:
        """Those of these keys that are there. Raises VaultError where one cannot be unwrapped."""
        with self._open() as connection:
            return _find(connection, segment, segment_key, ids)

    def there(self, ids: Sequence[str]) -> set[str]:
        """Which of these keys are there, whether or not they can be unwrapped."""
        found: set[str] = set()
        with self._open() as connection:
            for part in _parts(ids):
                marks = ", ".join("?" * len(part))
                query = f"SELECT id FROM data_key WHERE id IN ({marks})"
                found.update(i for (i,) in connection.execute(query, part))
        return found

    def counts(self) -> dict[str, int]:
        """How many keys each segment has."""
        with self._open() as connection:
            return dict(connection.execute("SELECT segment, COUNT(*) FROM data_key GROUP BY segment"))

    def of_segment(self, segment: str) -> Iterator[str]:
        """The ids of a segment's keys."""
        with self._open() as connection:
            query = "SELECT id FROM data_key WHERE segment = ? ORDER BY id"
            yield from (i for (i,) in connection.execute(query, (segment,)))

    def destroy(self, ids: Sequence[str]) -> int:
        """Destroy keys, and with them every row that lies under them. Returns how many were there."""
        done = 0
        with self._open() as connection:
            for part in _parts(ids):
                marks = ", ".join("?" * len(part))
                done += connection.execute(f"DELETE FROM data_key WHERE id IN ({marks})", part).rowcount
        return done

    def destroy_segment(self, segment: str) -> int:
        """Destroy every key of a segment. Returns how many were left."""
        with self._open() as connection:
            return connection.execute("DELETE FROM data_key WHERE segment = ?", (segment,)).rowcount

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            if not self.path.exists():
                os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            check_private(self.path)
            with closing(sqlite3.connect(self.path, timeout=30)) as connection:
                connection.execute("PRAGMA secure_delete = ON")
                connection.execute("PRAGMA synchronous = EXTRA")
                connection.execute(
                    "CREATE TABLE IF NOT EXISTS data_key"
                    " (id TEXT PRIMARY KEY, segment TEXT NOT NULL, wrapped BLOB NOT NULL) WITHOUT ROWID"
                )
                with connection:
                    yield connection
        except (sqlite3.Error, OSError) as error:
            raise VaultError(
                f"the data keys of the archive cannot be used ({self.path}): {error}",
                advice="check the disk and the folder, or restore the vault from its backup",
            ) from None


def _parts(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (ids[i : i + _MANY] for i in range(0, len(ids), _MANY))


def _find(
    connection: sqlite3.Connection, segment: str, segment_key: bytes, ids: Sequence[str]
) -> dict[str, bytes]:
    wrapped: dict[str, bytes] = {}
    for part in _parts(ids):
        marks = ", ".join("?" * len(part))
        wrapped.update(
            connection.execute(f"SELECT id, wrapped FROM data_key WHERE id IN ({marks})", part).fetchall()
        )
    return {i: _unwrap(segment_key, value, segment, i) for i, value in wrapped.items()}


def _wrap(segment_key: bytes, key: bytes, segment: str, id_: str) -> bytes:
    nonce = secrets.token_bytes(_NONCE)
    return nonce + AESGCM(segment_key).encrypt(nonce, key, f"data key:{segment}:{id_}".encode())


def _unwrap(segment_key: bytes, wrapped: bytes, segment: str, id_: str) -> bytes:
    try:
        bound = f"data key:{segment}:{id_}".encode()
        return AESGCM(segment_key).decrypt(wrapped[:_NONCE], wrapped[_NONCE:], bound)
    except (InvalidTag, ValueError) as error:
        raise VaultError(
            f"a data key of segment {segment} does not open: it was changed, or belongs to another segment",
            advice="restore the whole vault from one backup",
        ) from error
