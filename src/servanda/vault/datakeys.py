"""The data keys of archived persons, each wrapped by the key of the segment of its rows.

    seal ──wraps──▶ key of a segment ──wraps──▶ data key ──▶ rows of one person with one last day
    (a file)        (a file, records/)          (here)       (in the segment, outside the vault)

Destroying a data key makes the rows under it unreadable; destroying the key of a segment makes all its
rows unreadable, even with an old copy of this file, whose keys can no longer be unwrapped.

The file is datakeys.db in the folder of the vault, with mode 0600. SQLite overwrites deleted
content (secure_delete) and syncs every commit.
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
    """The data keys of one vault, by a random id of 32 hex digits."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE

    def make(self, wanted: Mapping[str, tuple[bytes, Sequence[str]]]) -> dict[str, bytes]:
        """Return the keys with these ids and create missing ones; they are synced to disk on return.

        `wanted` maps each segment to its key and the ids. Raises VaultError if an existing key cannot
        be unwrapped.
        """
        keys: dict[str, bytes] = {}
        with self._open() as connection:
            for segment, (segment_key, ids) in wanted.items():
                existing = _find(connection, segment, segment_key, ids)
                new = {i: AESGCM.generate_key(256) for i in ids if i not in existing}
                rows = [(i, segment, _wrap(segment_key, key, segment, i)) for i, key in new.items()]
                connection.executemany("INSERT INTO data_key (id, segment, wrapped) VALUES (?, ?, ?)", rows)
                keys |= existing | new
        return keys

    def find(self, segment: str, segment_key: bytes, ids: Sequence[str]) -> dict[str, bytes]:
        """Return the existing keys among these ids. Raises VaultError if one cannot be unwrapped."""
        with self._open() as connection:
            return _find(connection, segment, segment_key, ids)

    def existing(self, ids: Sequence[str]) -> set[str]:
        """Return the ids of existing keys, without unwrapping them."""
        ids_present: set[str] = set()
        with self._open() as connection:
            for part in _parts(ids):
                marks = ", ".join("?" * len(part))
                query = f"SELECT id FROM data_key WHERE id IN ({marks})"
                ids_present.update(i for (i,) in connection.execute(query, part))
        return ids_present

    def counts(self) -> dict[str, int]:
        """Return the number of keys by segment."""
        with self._open() as connection:
            return dict(connection.execute("SELECT segment, COUNT(*) FROM data_key GROUP BY segment"))

    def of_segment(self, segment: str) -> Iterator[str]:
        """Return the ids of a segment's keys."""
        with self._open() as connection:
            query = "SELECT id FROM data_key WHERE segment = ? ORDER BY id"
            yield from (i for (i,) in connection.execute(query, (segment,)))

    def destroy(self, ids: Sequence[str]) -> int:
        """Destroy keys, which makes their rows unreadable. Returns the number of keys destroyed."""
        deleted = 0
        with self._open() as connection:
            for part in _parts(ids):
                marks = ", ".join("?" * len(part))
                deleted += connection.execute(f"DELETE FROM data_key WHERE id IN ({marks})", part).rowcount
        return deleted

    def destroy_segment(self, segment: str) -> int:
        """Destroy all keys of a segment. Returns the number of keys destroyed."""
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
