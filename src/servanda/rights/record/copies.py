"""Copies for persons: one file a request, sealed from its first byte under the key of the request.

    copies/12.sealed        the zip of request 12, as `documents` packs it

The file ends with the request: once its key is destroyed nothing opens it, nor any backup of it.
It is written under another name and gets its own only when it is whole and on the disk.

Law: GDPR 15(3) and 20(1), the copy; 32(1)(a), its encryption.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, cast

from servanda.errors import ServandaError
from servanda.project import Project
from servanda.vault import Sealing, opened_size, unseal
from servanda.vault.files import sync_folder

FOLDER = "copies"
"""The folder of copies, in that of the project."""


class Copies:
    """The copies of a project, by the number of their request."""

    def __init__(self, project: Project) -> None:
        self._folder, self._vault = project.folder / FOLDER, project.vault

    @contextmanager
    def write(self, request: int, key_id: str) -> Iterator[BinaryIO]:
        """A file to write a copy to; it becomes the copy of the request if the block ends without an error.

        Raises VaultError if the key was destroyed, ServandaError if the file cannot be written. An older copy of the
        request stays until then.
        """
        key = self._vault.record_key(key_id)
        with _disk(request):
            self._folder.mkdir(mode=0o700, exist_ok=True)
            self._remove_partial_files(request)
            part = self._folder / f".{request}.{secrets.token_hex(8)}.part"
            handle = os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        file = os.fdopen(handle, "wb")
        try:
            sealing = Sealing(file, key, _bound(request))
            yield cast("BinaryIO", sealing)
            sealing.finish()
            with _disk(request):
                file.flush()
                os.fsync(file.fileno())
                part.replace(self._path(request))
                sync_folder(self._folder)
        finally:
            with suppress(OSError):
                file.close()
            part.unlink(missing_ok=True)

    def read(self, request: int, key_id: str) -> Iterator[bytes]:
        """The zip of a request, in chunks of at most 1 MiB, each verified before it is given.

        Raises VaultError at once where the key has ended, ServandaError where there is no copy; and
        VaultError when a chunk is reached that is not what was written: what came before is then no copy.
        """
        key = self._vault.record_key(key_id)
        path = self._path(request)
        if not path.is_file():
            raise ServandaError(
                f"there is no copy of request {request}: nothing lies at {path}",
                advice=f"it may have ended; make it again with: servanda request apply {request}",
            )
        return _read(path, key, request)

    def size(self, request: int) -> int:
        """How many bytes the zip of a request has. Raises OSError where there is no copy."""
        return opened_size(self._path(request).stat().st_size)

    def remove(self, request: int) -> bool:
        """Remove the copy of a request, and partial files. Returns whether there was a copy."""
        with _disk(request):
            self._remove_partial_files(request)
            there = self.present(request)
            self._path(request).unlink(missing_ok=True)
            if there:
                sync_folder(self._folder)
        return there

    def present(self, request: int) -> bool:
        """Whether there is a copy of a request."""
        return self._path(request).is_file()

    def _path(self, request: int) -> Path:
        return self._folder / f"{request}.sealed"

    def _remove_partial_files(self, request: int) -> None:
        """Remove the partial files of a crashed process."""
        for part in self._folder.glob(f".{request}.*.part"):
            part.unlink(missing_ok=True)


def _read(path: Path, key: bytes, request: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from unseal(file, key, _bound(request), f"the copy of request {request}")


def _bound(request: int) -> str:
    return f"copy of request {request}"


@contextmanager
def _disk(request: int) -> Iterator[None]:
    """Turn an OSError into a ServandaError."""
    try:
        yield
    except OSError as error:
        raise ServandaError(
            f"the copy of request {request} cannot be written: {error.strerror}",
            advice=f"look at the disk and at the folder {FOLDER} of the project",
        ) from error
