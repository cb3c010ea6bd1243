"""Bytes that wait their turn: in memory while they are few, beyond that sealed in a nameless file.

A zip is written file after file, and the rows of a store come once: their JSON goes out while their CSV waits
here. The key of the file is only ever in memory.
"""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator
from types import TracebackType
from typing import BinaryIO, Self

from servanda.vault import Sealing, unsealed

FEW = 4 << 20
"""Bytes that wait in memory."""
_BOUND = "spool"


class Spool:
    """Takes bytes, then gives them back once, in their order."""

    def __init__(self) -> None:
        self._few: list[bytes] = []
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
        """Take some bytes."""
        self._size += len(part)
        if self._sealing is not None:
            self._sealing.write(part)
            return
        self._few.append(part)
        if self._size > FEW:
            self._spill()

    def parts(self) -> Iterator[bytes]:
        """What was taken."""
        if self._sealing is None or self._file is None:
            yield from self._few
            return
        self._sealing.finish()
        self._file.seek(0)
        yield from unsealed(self._file, self._key, _BOUND, "what waits for the zip")

    @property
    def few(self) -> bytes | None:
        """All of it where it is in memory, None where it is not."""
        return b"".join(self._few) if self._sealing is None else None

    def _spill(self) -> None:
        self._file, self._key = tempfile.TemporaryFile(), secrets.token_bytes(32)  # noqa: SIM115
        self._sealing = Sealing(self._file, self._key, _BOUND)
        for part in self._few:
            self._sealing.write(part)
        self._few.clear()
