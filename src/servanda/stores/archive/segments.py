r"""Segments: files of archived rows, by month of expiry, that only grow until they end.

    servanda-segment 1 legal-2031-11\n      the first line
    length (4 bytes) · nonce · ciphertext    one row, AES-256-GCM under its person's data key
    …

Servanda's database records how long a segment is and the digest of all of it; bytes
beyond that length are of a page whose process died, and are cut off when that page is closed.
Where no page is open, they are rows of which the record was lost, and nothing is written.
Each row is bound to its place in the archive, so that rows
cannot be swapped.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from servanda.errors import StoreError

_NONCE = 12
_LENGTH = 4


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment: its file, and how long and what it is as far as it was recorded."""

    id: str
    path: Path
    size: int = 0
    digest: str = ""

    def append(self, rows: Sequence[bytes]) -> tuple[Segment, list[int]]:
        """Write sealed rows at the end and wait for the disk.

        Returns the segment as it is now, to be recorded, and where each row begins.
        Raises StoreError where the file is missing or too short, or the disk refuses;
        what was recorded before is then still there.
        """
        self._make()
        try:
            with self.path.open("r+b") as file:
                return self._append(file, rows)
        except OSError as error:
            raise StoreError(
                f"the archive segment {self.id} cannot be written: {error.strerror}",
                advice=f"look at {self.path.parent}; nothing was ended that is not archived",
            ) from None

    def _make(self) -> None:
        if self.size or self.path.exists():
            return
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            _sync(self.path.parent)
        except OSError as error:
            raise StoreError(
                f"the archive segment {self.id} cannot be made: {error.strerror}",
                advice=f"look at {self.path.parent}",
            ) from None

    def _append(self, file: BinaryIO, rows: Sequence[bytes]) -> tuple[Segment, list[int]]:
        if file.seek(0, os.SEEK_END) < self.size:
            raise self.altered("it is shorter than what was recorded")
        file.truncate(self.size)
        file.seek(self.size)
        digest, size, begins = self.digest, self.size, []
        try:
            if size == 0:
                head = self._head()
                file.write(head)
                digest, size = hashlib.sha256(head).hexdigest(), len(head)
            for row in rows:
                record = len(row).to_bytes(_LENGTH, "big") + row
                file.write(record)
                begins.append(size + _LENGTH)
                digest, size = _next(digest, record), size + len(record)
            file.flush()
            os.fsync(file.fileno())
        except OSError:
            _cut(file, self.size)
            raise
        return Segment(self.id, self.path, size, digest), begins

    def read(self, begin: int, length: int) -> bytes:
        """One sealed row. Raises StoreError where the file is missing or too short."""
        try:
            with self.path.open("rb") as file:
                file.seek(begin)
                row = file.read(length)
        except OSError:
            raise self.missing() from None
        if len(row) != length:
            raise self.altered("it is shorter than what was recorded")
        return row

    def fault(self) -> StoreError | None:
        """What is wrong with the file, seen without reading it: it is missing, too short, or longer than recorded."""
        if not self.size:
            return None
        try:
            there = self.path.stat().st_size
        except OSError:
            return self.missing()
        if there < self.size:
            return self.altered("it is too short")
        return self.longer(there - self.size) if there > self.size else None

    def unrecorded(self) -> int:
        """How many bytes lie behind what was recorded; 0 where there is no file."""
        try:
            return max(self.path.stat().st_size - self.size, 0)
        except OSError:
            return 0

    def cut(self) -> None:
        """Cut off what was never recorded. Raises StoreError where the disk refuses."""
        try:
            with self.path.open("r+b") as file:
                file.truncate(self.size)
                os.fsync(file.fileno())
        except OSError as error:
            raise StoreError(
                f"the archive segment {self.id} cannot be written: {error.strerror}",
                advice=f"look at {self.path.parent}",
            ) from None

    def longer(self, more: int) -> StoreError:
        """The error of a file with rows that no record names."""
        return StoreError(
            f"the archive segment {self.id} is {more} bytes longer than what was recorded: rows may lie there that "
            "Servanda's database does not know",
            advice="if Servanda's database was restored from a backup, restore a newer copy of it",
        )

    def verify(self) -> None:
        """Read the whole file and compare its digest. Raises StoreError where it is missing or altered."""
        wrong = self.fault()
        if wrong is not None:
            raise wrong
        if not self.size:
            return
        with self.path.open("rb") as file:
            head = file.read(len(self._head()))
            digest, size = hashlib.sha256(head).hexdigest(), len(head)
            for record in _records(file, self.size - size):
                digest = _next(digest, record)
        if digest != self.digest:
            raise self.altered("its digest is not the recorded one")

    def missing(self) -> StoreError:
        """The error of a file that is not there."""
        return StoreError(
            f"the archive segment {self.id} is missing: there is no {self.path}",
            advice="restore it from a backup of the archive’s folder",
        )

    def altered(self, how: str) -> StoreError:
        """The error of a file that is not what was recorded."""
        return StoreError(
            f"the archive segment {self.id} was altered: {how}",
            advice=f"restore {self.path.name} from a backup of the archive’s folder",
        )

    def _head(self) -> bytes:
        return f"servanda-segment 1 {self.id}\n".encode()


def _records(file: BinaryIO, size: int) -> Iterator[bytes]:
    """The records of a file, as far as `size` bytes go; the last one may be cut."""
    while size > 0:
        head = file.read(min(_LENGTH, size))
        body = file.read(min(int.from_bytes(head, "big"), max(size - len(head), 0)))
        if not head:
            return
        yield head + body
        size -= len(head) + len(body)


def _next(digest: str, record: bytes) -> str:
    return hashlib.sha256(bytes.fromhex(digest) + record).hexdigest()


def _cut(file: BinaryIO, size: int) -> None:
    """Take back what was half written; what cannot be taken back is cut off by the next writer."""
    try:
        file.truncate(size)
    except OSError:
        return


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


# -- one row -----------------------------------------------------------------------------------


def seal(key: bytes, content: Mapping[str, Any], bound_to: str) -> bytes:
    """A row, encrypted under a data key and bound to its place in the archive."""
    nonce = secrets.token_bytes(_NONCE)
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), default=_plain)
    return nonce + AESGCM(key).encrypt(nonce, text.encode(), bound_to.encode())


def unseal(key: bytes, sealed: bytes, bound_to: str, segment: str) -> dict[str, Any]:
    """The row that was sealed, its values as text where JSON has no type for them. Raises StoreError."""
    try:
        text = AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], bound_to.encode())
    except (InvalidTag, ValueError):
        raise StoreError(
            f"a row of the archive segment {segment} does not open: it was altered",
            advice="look at it with: servanda archive verify",
        ) from None
    found: dict[str, Any] = json.loads(text)
    return found


def _plain(value: Any) -> Any:
    """A value of a database in a form that JSON has; bytes as base64."""
    match value:
        case datetime() | date() | time():
            return value.isoformat()
        case bytes() | bytearray() | memoryview():
            return {"base64": base64.b64encode(bytes(value)).decode()}
        case Decimal() | UUID() | timedelta():
            return str(value)
        case set() | frozenset():
            return sorted(value)
        case _:
            return str(value)
