"""A buffer of bytes: in memory up to a limit, then in an encrypted temporary file.

A zip is written file by file, and rows are read once: while their JSON is written, their CSV is buffered
here. The key of the file exists only in memory.
"""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator
from types import TracebackType
from typing import BinaryIO, Self

from servanda.vault import Sealing, unseal

MEMORY_LIMIT = 4 << 20
"""The number of bytes kept in memory."""
_BOUND = "spool"


class Spool:
    """Buffers bytes and returns them once, in order."""

    def __init__(self) -> None:
        self._buffer: list[bytes] = []
        self._size = 0
        self._key = b""
        self._file: BinaryIO | None = None
        self._sealing: Sealing | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def write(self, part: bytes) -> None:
        """Append bytes."""
        self._size += len(part)
        if self._sealing is not None:
            self._sealing.write(part)
            return
        self._buffer.append(part)
        if self._size > MEMORY_LIMIT:
            self._spill()

    def parts(self) -> Iterator[bytes]:
        """Yield the buffered bytes."""
        if self._sealing is None or self._file is None:
            yield from self._buffer
            return
        self._sealing.finish()
        self._file.seek(0)
        yield from unseal(self._file, self._key, _BOUND, "the buffer of the zip")

    @property
    def in_memory(self) -> bytes | None:
        """All bytes if they are in memory, else None."""
        return b"".join(self._buffer) if self._sealing is None else None

    def _spill(self) -> None:
        self._file, self._key = tempfile.TemporaryFile(), secrets.token_bytes(32)  # noqa: SIM115
        self._sealing = Sealing(self._file, self._key, _BOUND)
        for part in self._buffer:
            self._sealing.write(part)
        self._buffer.clear()
