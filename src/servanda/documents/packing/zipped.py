"""A zip written as a stream, with its size and digest. Deterministic: the same input gives the same bytes."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import BinaryIO, Self, cast


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a zip: its name, size in bytes, SHA-256 in hex."""

    name: str
    size: int
    digest: str


class ZipStream:
    """A zip written to a stream that need not be seekable. `at` is the time of its files."""

    def __init__(self, to: BinaryIO, at: datetime) -> None:
        self._out = _HashingWriter(to)
        self._zip = zipfile.ZipFile(cast("BinaryIO", self._out), "w", zipfile.ZIP_DEFLATED)
        self._at = (max(at.year, 1980), at.month, at.day, at.hour, at.minute, at.second)
        self.entries: list[Entry] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._zip.close()

    @property
    def size(self) -> int:
        """The size in bytes so far; final once the zip is closed."""
        return self._out.size

    @property
    def digest(self) -> str:
        """SHA-256 so far, in hex; final once the zip is closed."""
        return self._out.seen.hexdigest()

    def put(self, name: str, content: bytes) -> None:
        """Write a file from memory."""
        self._zip.writestr(self._info(name), content)
        self.entries.append(Entry(name, len(content), hashlib.sha256(content).hexdigest()))

    def put_all(self, name: str, parts: Iterable[bytes]) -> None:
        """Write a file of any size from its parts."""
        digest, size = hashlib.sha256(), 0
        with self._zip.open(self._info(name), "w", force_zip64=True) as file:
            for part in parts:
                file.write(part)
                digest.update(part)
                size += len(part)
        self.entries.append(Entry(name, size, digest.hexdigest()))

    def _info(self, name: str) -> zipfile.ZipInfo:
        info = zipfile.ZipInfo(name, self._at)
        info.compress_type, info.create_system, info.external_attr = zipfile.ZIP_DEFLATED, 3, 0o644 << 16
        return info


class _HashingWriter:
    """A write-only stream that counts and hashes what it passes on."""

    def __init__(self, to: BinaryIO) -> None:
        self._to, self.size, self.seen = to, 0, hashlib.sha256()

    def write(self, data: bytes) -> int:
        """Write bytes."""
        self._to.write(data)
        self.seen.update(data)
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        """Flush the underlying stream."""
        self._to.flush()
