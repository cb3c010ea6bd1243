"""Ends lines in a file: the file goes, or a shorter one takes its place.

    kept lines --> .servanda-…  (same folder, owner, mode, attributes, times) --> fsync --> rename

Whatever happens in between, the old file is there or the new one, whole. A file that
somebody wrote meanwhile is left as it is.
"""

from __future__ import annotations

import bz2
import contextlib
import errno
import fcntl
import gzip
import lzma
import os
import signal
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from servanda.errors import StoreError
from servanda.stores.files.folder import BLOCK, TEMPORARY, LogFile, look, opened
from servanda.stores.files.scan import Fate


def _gz(raw: IO[bytes]) -> IO[bytes]:
    return cast("IO[bytes]", gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=raw))


_PACKERS: dict[str, Callable[[IO[bytes]], IO[bytes]]] = {
    "": lambda raw: raw,
    "gz": _gz,
    "bz2": lambda raw: bz2.BZ2File(raw, "wb"),
    "xz": lambda raw: lzma.LZMAFile(raw, "wb"),  # noqa: SIM115
}
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def end_lines(file: LogFile, fates: Callable[[IO[bytes]], Iterator[Fate]]) -> int:
    """End the lines whose fate it is. Returns how many. Raises Unreadable, StoreError; the file stays then."""
    _unchanged(file)
    ended = 0
    new = _New(file)
    try:
        with opened(file) as source:
            for fate in fates(source):
                if fate.ends:
                    ended += fate.begins
                else:
                    new.write(fate.piece)
        if ended:
            new.finish()
            _unchanged(file)
            new.replace()
    finally:
        new.clear_away()
    return ended


def remove(file: LogFile) -> None:
    """Remove a whole file. Raises StoreError where it was written meanwhile."""
    _unchanged(file)
    file.path.unlink()
    _settle(file.path.parent)


@contextmanager
def os_error_as_store_error(place: str) -> Iterator[None]:
    """Turn an OSError into a StoreError that names no file, since a file name may contain personal data."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            message = f"{place}: the disk has no room for the lines that stay; the old file stays as it was"
            raise StoreError(
                message, advice="make room for one file more, and run the same command again"
            ) from None
        why = os.strerror(error.errno or errno.EIO).lower()
        raise StoreError(
            f"{place}: a file could not be changed: {why}", advice="it stays as it was"
        ) from None


def clear_away(folder: Path) -> None:
    """Remove what a process that died left unfinished in a folder; the files themselves are whole."""
    for left in folder.glob(f"{TEMPORARY}*.tmp"):
        left.unlink(missing_ok=True)


def being_written(path: Path) -> bool:
    """Whether a program has the file open for writing now, where the system can tell (Linux leases)."""
    if not hasattr(fcntl, "F_SETLEASE"):
        return False
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        fcntl.fcntl(handle, fcntl.F_SETSIG, signal.SIGURG)  # one that is ignored, were the lease broken now
        fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(handle, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError as error:
        return error.errno == errno.EAGAIN
    finally:
        os.close(handle)
    return False


class _New:
    """The file that takes the place of an old one; made with the first line that stays."""

    def __init__(self, old: LogFile) -> None:
        self._old = old
        self._path = old.path.with_name(f"{TEMPORARY}{old.inode}.tmp")
        self._raw: IO[bytes] | None = None
        self._packer: IO[bytes] | None = None

    def write(self, piece: bytes) -> None:
        """Add a piece."""
        if self._packer is None:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            self._raw = os.fdopen(os.open(self._path, flags, 0o600), "wb", BLOCK)
            self._packer = _PACKERS[self._old.packed](self._raw)
        self._packer.write(piece)

    def finish(self) -> None:
        """See everything onto the disk, with what the old file has: owner, mode, attributes, times."""
        if self._raw is None or self._packer is None:
            return
        if self._packer is not self._raw:
            self._packer.close()
        self._raw.flush()
        _dress(self._raw.fileno(), self._old.path)
        os.fsync(self._raw.fileno())

    def replace(self) -> None:
        """Take the old file's place; where no line stays, nothing does."""
        if self._raw is None:
            self._old.path.unlink()
        else:
            self._path.replace(self._old.path)
        _settle(self._old.path.parent)

    def clear_away(self) -> None:
        """Close everything, and leave nothing unfinished behind."""
        for opened_ in (self._packer, self._raw):
            if opened_ is not None:
                with contextlib.suppress(OSError, ValueError):
                    opened_.close()
        self._path.unlink(missing_ok=True)


def _dress(new: int, old: Path) -> None:
    about = old.lstat()
    for owner in (about.st_uid, -1):
        try:
            os.fchown(new, owner, about.st_gid)
            break
        except PermissionError:
            continue
    with contextlib.suppress(OSError):
        for name in os.listxattr(old, follow_symlinks=False):
            with contextlib.suppress(OSError):
                os.setxattr(new, name, os.getxattr(old, name, follow_symlinks=False))
    os.fchmod(new, stat.S_IMODE(about.st_mode))
    os.utime(new, ns=(about.st_atime_ns, about.st_mtime_ns))


def _unchanged(file: LogFile) -> None:
    try:
        same = look(file.path).identity == file.identity
    except FileNotFoundError:
        same = False
    if not same:
        raise StoreError(
            "a file was written, or rotated, while its lines were looked at; it stays as it is",
            advice="run the same command again",
        )


def _settle(folder: Path) -> None:
    """See a folder's names onto the disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
