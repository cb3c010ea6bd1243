"""Reads a file as far as a question needs it: its span, its lines and their fates, how many there are.

A whole file is judged without looking at each line only where two witnesses agree: the
day in its name and its last line, or its last line and the time at which it was last
written. Within a file, lines may be out of order by a day.

A look at the first lines of files: whether they read as the place says, and how many lines there may be.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import islice
from typing import IO, NamedTuple
from zoneinfo import ZoneInfo

from servanda.errors import StoreError
from servanda.law.retention import local_midnight
from servanda.stores.files.folder import BLOCK, GRACE, LogFile, Unreadable, lines, opened
from servanda.stores.files.lines import Form, Line, Moment, bears_time
from servanda.stores.files.where import Span, Test

_TAIL = 1 << 16


class Fate(NamedTuple):
    """A piece of a file, whether it ends, and whether a line begins with it."""

    piece: bytes
    ends: bool
    begins: bool


@dataclass(frozen=True, slots=True)
class Scan:
    """Looks into the files of one place. `zone` is the company's, `today` its date."""

    form: Form
    zone: str
    today: date

    def latest(self, file: LogFile) -> date | None:
        """The latest day that a stamp without a year can be of."""
        return file.latest or (self.today + GRACE if file.written_now(self.today) else None)

    # -- where the lines of a file lie in time -----------------------------------------------

    def span(self, file: LogFile) -> Span:
        """Between which days its lines lie, as far as this is known without reading all. Raises Unreadable."""
        first = self._first(file)
        if first is None:
            return Span(file.latest, file.latest, dateless=file.latest is None)
        last = file.latest
        if last is not None and first.day > last:  # the name does not tell the truth
            last = None
        elif last is None:
            last = self._last_of_plain(file)
        return Span(first.day - GRACE, last)

    def adopted(self, file: LogFile) -> Moment | None:
        """What lines without a time before them count from: the first time of the file, or its name."""
        first = self._first(file)
        if first is not None or file.latest is None:
            return first
        midnight = local_midnight(file.latest, ZoneInfo(self.zone))
        return Moment(midnight.astimezone(UTC), file.latest)

    def _first(self, file: LogFile) -> Moment | None:
        with opened(file) as source:
            return self._some(lines(source), file)

    def _some(self, pieces: Iterator[bytes], file: LogFile) -> Moment | None:
        latest = self.latest(file)
        for piece in pieces:
            cells = self.form.split(piece.rstrip(b"\r\n"))
            moment = self.form.moment(cells, latest) if cells is not None else None
            if moment is not None:
                return moment
        return None

    def _last_of_plain(self, file: LogFile) -> date | None:
        """The day of the last line, where it was also the last moment at which somebody wrote here."""
        if file.packed:
            return None
        with opened(file) as source:
            source.seek(max(0, os.fstat(source.fileno()).st_size - _TAIL))
            last = self._last_in(source.read(_TAIL), file)
        written = datetime.fromtimestamp(file.modified / 1e9, UTC).date()
        return last + GRACE if last is not None and written <= last + GRACE else None

    def _last_in(self, tail: bytes, file: LogFile) -> date | None:
        newest = self._some(self._read_from_end(tail), file)
        return newest.day if newest is not None else None

    def _read_from_end(self, tail: bytes) -> Iterator[bytes]:
        """The last lines, from the end; none of those before one whose time cannot be read."""
        for raw in reversed(tail.splitlines()):
            if self._is_unread(raw):
                return
            yield raw

    def _is_unread(self, raw: bytes) -> bool:
        """Whether a line seems to bear a time, and none can be read."""
        cells = self.form.split(raw)
        if cells is not None and cells("time") is not None:
            return self.form.moment(cells, self.today + GRACE) is None
        return bears_time(raw)

    def has_unread(self, file: LogFile) -> bool:
        """Whether a time cannot be read in the first or the last lines of a file. Raises Unreadable."""
        with opened(file) as source:
            if any(self._is_unread(piece.rstrip(b"\r\n")) for piece in islice(lines(source), _LINES)):
                return True
        if file.packed:
            return False
        with opened(file) as source:
            source.seek(max(0, os.fstat(source.fileno()).st_size - _TAIL))
            return any(map(self._is_unread, source.read(_TAIL).splitlines()[1:]))

    # -- lines -------------------------------------------------------------------------------

    def fates(self, source: IO[bytes], file: LogFile, test: Test, held: list[bytes]) -> Iterator[Fate]:
        """Every piece of a file in its order, and whether it ends.

        A line that does not read goes or stays with the line before, but for one in which
        a held value stands, and one whose time cannot be read: that has no age. `held` are the
        values that are held.
        """
        latest = self.latest(file)
        line = Line(b"", None, self.adopted(file))
        fate, whole = test(line), True
        for piece in lines(source):
            begins = whole
            whole = piece.endswith(b"\n")
            if not begins:
                yield Fate(piece, fate, begins=False)
                continue
            raw = piece.rstrip(b"\r\n")
            cells = self.form.split(raw)
            if cells is not None:
                moment = self.form.moment(cells, latest)
                if moment is None and not self._is_unread(raw):
                    moment = line.moment
                line = Line(raw, cells, moment)
                fate = test(line)
            elif bears_time(raw):
                line = Line(raw, None, None)
                fate = test(line)
            elif fate and any(text in raw for text in held):
                yield Fate(piece, ends=False, begins=True)
                continue
            yield Fate(piece, fate, begins=True)

    def count(self, file: LogFile, test: Test, held: list[bytes]) -> int:
        """How many lines of a file meet a condition, read line by line. Raises Unreadable."""
        with opened(file) as source:
            return sum(f.ends and f.begins for f in self.fates(source, file, test, held))

    def latest_day(self, file: LogFile, test: Test) -> date | None:
        """The latest day of a line that meets a condition. Raises Unreadable."""
        latest, found = self.latest(file), None
        with opened(file) as source:
            for piece in lines(source):
                cells = self.form.split(piece.rstrip(b"\r\n"))
                moment = self.form.moment(cells, latest) if cells is not None else None
                if moment is not None and test(Line(piece, cells, moment)):
                    found = max(found or moment.day, moment.day)
        return found

    def count_all(self, file: LogFile, span: Span) -> int | None:
        """How many lines a file has, undecoded; None where its last line is later than it should be."""
        number, tail = count_lines(file)
        last = self._last_in(tail, file)
        later = span.last is not None and last is not None and last > span.last
        unread = last is None and any(map(self._is_unread, tail.splitlines()))
        return None if later or unread else number


def unread(file: LogFile) -> Span:
    """The days of a file that cannot be read, as its name tells them."""
    return Span(file.latest, file.latest, dateless=file.latest is None)


def count_lines(file: LogFile) -> tuple[int, bytes]:
    """How many lines a file has, and its last bytes. Raises Unreadable."""
    number, tail = 0, b""
    with opened(file) as source:
        while block := source.read(BLOCK):
            number += block.count(b"\n")
            tail = (tail + block)[-_TAIL:] if len(block) < _TAIL else block[-_TAIL:]
    return number + bool(tail and not tail.endswith(b"\n")), tail


_LINES, _FILES = 500, 5
_PACKS = 8
"""How many times smaller packed logs usually are."""
_DOUBT = 0.1
_LONG = 35
"""Days after which a file that is still being written was forgotten by rotation."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The first lines of a file: how many, how many read as they should, tell a time, meet a condition."""

    lines: int
    size: int
    read: int
    timed: int
    met: int


def sample(scan: Scan, file: LogFile, test: Test | None = None) -> Sample:
    """Look at the first lines of a file. Raises Unreadable."""
    number = size = read = timed = met = 0
    latest = scan.latest(file)
    with opened(file) as source:
        for piece in islice(lines(source), _LINES):
            number, size = number + 1, size + len(piece)
            cells = scan.form.split(piece.rstrip(b"\r\n"))
            if cells is not None:
                read += 1
                moment = scan.form.moment(cells, latest)
                timed += moment is not None
                met += test is not None and test(Line(piece, cells, moment))
    return Sample(number, size, read, timed, met)


def cells(scan: Scan, files: Sequence[LogFile], columns: Sequence[str], rows: int) -> dict[str, list[str]]:
    """Values of the first lines of the newest file that has some, by column."""
    found: dict[str, list[str]] = {name: [] for name in columns}
    for file in reversed(files):
        try:
            with opened(file) as source:
                for piece in islice(lines(source), rows):
                    cell = scan.form.split(piece.rstrip(b"\r\n"))
                    values = ((n, cell(n)) for n in columns) if cell is not None else ()
                    for name, value in values:
                        found[name] += [value[:400]] if value is not None else []
        except Unreadable:
            continue
        if any(found.values()):
            break
    return found


def readable(scan: Scan, table: str, files: Sequence[LogFile]) -> None:
    """See that some line of the newest files tells its time. Raises StoreError."""
    seen = _samples(scan, files)
    if any(s.lines for s in seen) and not any(s.timed for s in seen):
        raise StoreError(
            f"{table}: none of its first {sum(s.lines for s in seen)} lines tells a time",
            advice="do line: and time: fit them? A stamp without a year needs the day in the file's name",
        )


def lines_about(scan: Scan, file: LogFile, test: Test) -> int:
    """About how many lines of a file meet a condition, as its first lines let expect."""
    try:
        seen = sample(scan, file, test)
    except Unreadable:
        return 0
    return round(_plain_size(file) / seen.size * seen.met) if seen.size else 0


def _plain_size(file: LogFile) -> int:
    if not file.packed:
        return file.size
    if file.packed == "gz":
        with file.path.open("rb") as raw:
            raw.seek(-4, 2)
            said = int.from_bytes(raw.read(4), "little")  # of the last member, up to 4 GB
        return max(said, file.size)
    return file.size * _PACKS


def remarks(scan: Scan, table: str, files: Sequence[LogFile]) -> Iterator[tuple[str, str]]:
    """What somebody should know about the files of a place: a sentence, and what to do."""
    if not files:
        yield f"no file is called {table}", "mend the pattern, or remove the place"
    yield from _unread(table, files)
    seen = _samples(scan, files)
    number, read = sum(s.lines for s in seen), sum(s.read for s in seen)
    if number and 1 - read / number > _DOUBT:
        share = round(100 * (1 - read / number))
        message = f"{table}: {share} % of the {number} lines looked at do not read as line: says"
        message += ": what bears no time goes with the line before, what bears one never ends"
        yield message, "mend line:, or give the files of another form a place of their own"
    dateless = sum(1 for file in files if _tells_nothing(scan, file))
    if dateless:
        message = f"{table}: {_files(dateless)} without a day, in the name or in any line: never ended"
        yield message, "let rotation write the day into the name (logrotate: dateext)"
    late = [file for file in files if file.written_now(scan.today) and _long(scan, file)]
    if late:
        message = f"{table}: the file that is being written began over {_LONG} days ago"
        yield f"{message}, and no line of it ends before it is rotated", "rotate it every day"


def _unread(table: str, files: Sequence[LogFile]) -> Iterator[tuple[str, str]]:
    reasons: dict[str, int] = {}
    for file in files:
        try:
            with opened(file) as source:
                source.read(1)
        except Unreadable as error:
            reasons[str(error)] = reasons.get(str(error), 0) + 1
    for why, number in sorted(reasons.items()):
        fix = "pack with gzip, bzip2 or xz" if why.startswith("packed") else "mend or remove them"
        yield f"{table}: {_files(number)} cannot be read, and never end: {why}", fix


def _samples(scan: Scan, files: Sequence[LogFile]) -> list[Sample]:
    found: list[Sample] = []
    for file in reversed(files):
        try:
            seen = sample(scan, file)
        except Unreadable:
            continue
        found += [seen] if seen.lines else []
        if len(found) == _FILES:
            break
    return found


def _tells_nothing(scan: Scan, file: LogFile) -> bool:
    try:
        return bool(file.size) and scan.span(file).dateless
    except Unreadable:
        return False


def _long(scan: Scan, file: LogFile) -> bool:
    try:
        first = scan.span(file).first
    except Unreadable:
        return False
    return first is not None and (scan.today - first).days > _LONG


def _files(number: int) -> str:
    return "1 file" if number == 1 else f"{number} files"
