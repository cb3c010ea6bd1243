"""The files of a folder: what their names say, which one is being written, how each is opened.

    access.log                  being written: no rotation has named it
    access.log.3.gz             rotated; its age lies in its lines
    access.log-20250301.gz      rotated on that day: no line is later
    app-2025-03-01.log          of that day; being written until it is over

A name's day is an upper bound, with a day of grace: rotation may name the day before, or
count days in another zone. Links are never followed, and nothing outside the folder is
ever touched.
"""

from __future__ import annotations

import bz2
import errno
import gzip
import io
import lzma
import os
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import IO

_DAY = re.compile(r"(?<!\d)(\d{4})([-_.]?)(\d\d)\2(\d\d)(?:[-_T]?\d\d)?(?!\d)")
_MONTH = re.compile(r"(?<!\d)(\d{4})[-_.](\d\d)(?![-_.]?\d)")
_NUMBER = re.compile(r"\.\d{1,4}$")
_PACKED = re.compile(r"\.(gz|bz2|xz|zst|zstd|lz4|Z|zip)$")
GRACE = timedelta(days=1)
TEMPORARY = ".servanda-"
"""How our own unfinished files begin; a process that died may have left one."""

BLOCK = 1 << 20


class Unreadable(Exception):
    """A file cannot be read: its packing is unknown, it is damaged, or we may not. Says why."""


@dataclass(frozen=True, slots=True)
class LogFile:
    """A file as the folder shows it. `mark` is what rotation added to its name; `day` the day in it."""

    path: Path
    mark: str
    day: date | None
    packed: str
    size: int
    inode: int
    modified: int

    @property
    def label(self) -> str:
        """What we call it in messages and evidence: never its own name, which may be a person's."""
        return self.day.isoformat() if self.day else self.mark.lstrip(".-_") or "being written"

    @property
    def latest(self) -> date | None:
        """The latest day that a line can be of, as the name says."""
        return None if self.day is None else self.day + GRACE

    def written_now(self, today: date) -> bool:
        """Whether a program may still be writing it, as far as the name tells."""
        if self.packed or _NUMBER.search(self.mark):
            return False
        return self.day is None or self.day + GRACE >= today

    @property
    def identity(self) -> tuple[str, int, int, int]:
        """What changes when somebody writes it, or puts another in its place."""
        return str(self.path), self.inode, self.size, self.modified


def read_name(name: str) -> tuple[str, date | None, str]:
    """What rotation added to a name, the day in it, and how it is packed."""
    packing = _PACKED.search(name)
    bare = name[: packing.start()] if packing else name
    days = [(m.start(), d) for m in _DAY.finditer(bare) if (d := _date(m[1], m[3], m[4]))]
    days = days or [(m.start(), d) for m in _MONTH.finditer(bare) if (d := _month_end(m[1], m[2]))]
    numbered = _NUMBER.search(bare)
    starts = [at for at, _ in days[:1]] + ([numbered.start()] if numbered else [])
    starts += [packing.start()] if packing else []
    mark = name[min(starts) :] if starts else ""
    return mark, max((d for _, d in days), default=None), packing[1] if packing else ""


def _date(year: str, month: str, day: str) -> date | None:
    try:
        found = date(int(year), int(month), int(day))
    except ValueError:
        return None
    return found if 1990 <= found.year <= 2200 else None


def _month_end(year: str, month: str) -> date | None:
    first = _date(year, month, "01")
    return None if first is None else (first.replace(day=28) + timedelta(days=4)).replace(day=1) - GRACE


def listed(folder: Path, pattern: str) -> list[LogFile]:
    """The files of a folder that a pattern means, the oldest names first. Raises OSError."""
    found = []
    for path in _matching(folder, pattern.split("/")):
        with suppress(FileNotFoundError):  # rotated away meanwhile
            found.append(look(path))
    return sorted(found, key=lambda f: (f.day or date.max, f.modified, str(f.path)))


def _matching(folder: Path, parts: list[str]) -> Iterator[Path]:
    with os.scandir(folder) as entries:
        named = [e for e in entries if fnmatchcase(e.name, parts[0]) and not e.name.startswith(TEMPORARY)]
    for entry in sorted(named, key=lambda e: e.name):
        if len(parts) == 1 and entry.is_file(follow_symlinks=False):
            yield Path(entry.path)
        elif len(parts) > 1 and entry.is_dir(follow_symlinks=False):
            yield from _matching(Path(entry.path), parts[1:])


def look(path: Path) -> LogFile:
    """A file as it is now."""
    about = path.lstat()
    mark, day, packed = read_name(path.name)
    return LogFile(path, mark, day, packed, about.st_size, about.st_ino, about.st_mtime_ns)


@contextmanager
def opened(file: LogFile) -> Iterator[IO[bytes]]:
    """The file's bytes, unpacked as they are read. Raises Unreadable, also later, where it is damaged."""
    if file.packed not in _PLAIN:
        raise Unreadable(f"packed with {file.packed}, which cannot be read")
    try:
        raw = os.fdopen(os.open(file.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb", BLOCK)
    except OSError as error:
        raise Unreadable(os.strerror(error.errno or errno.EIO).lower()) from None
    with raw:
        try:
            yield _PLAIN[file.packed](raw)
        except (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile):
            raise Unreadable("damaged") from None
        except OSError as error:
            if error.errno is not None:
                raise
            raise Unreadable("damaged") from None  # as bz2 says it


def _gz(raw: IO[bytes]) -> IO[bytes]:
    return io.BufferedReader(gzip.GzipFile(fileobj=raw), BLOCK)


def _bz2(raw: IO[bytes]) -> IO[bytes]:
    return io.BufferedReader(bz2.BZ2File(raw), BLOCK)


def _xz(raw: IO[bytes]) -> IO[bytes]:
    return io.BufferedReader(lzma.LZMAFile(raw), BLOCK)


_PLAIN: dict[str, Callable[[IO[bytes]], IO[bytes]]] = {"": lambda raw: raw, "gz": _gz, "bz2": _bz2, "xz": _xz}
"""How a file's bytes become plain."""


def lines(source: IO[bytes], longest: int = BLOCK) -> Iterator[bytes]:
    """The lines with their ends; a longer one in several pieces, of which only the last has an end."""
    return iter(lambda: source.readline(longest), b"")
