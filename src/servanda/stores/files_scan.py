"""Reads a file as far as a question needs it: its span, its lines and their fates, how many there are.

A whole file is judged without looking at each line only where two witnesses agree: the
day in its name and its last line, or its last line and the time at which it was last
written. Within a file, lines may be out of order by a day.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import IO, NamedTuple
from zoneinfo import ZoneInfo

from servanda.law.retention import local_midnight
from servanda.stores.files_folder import BLOCK, GRACE, LogFile, lines, opened
from servanda.stores.files_lines import Form, Line
from servanda.stores.files_times import Moment
from servanda.stores.files_where import Span, Test

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
        found = self._some(reversed(tail.splitlines()), file)
        return found.day if found is not None else None

    # -- lines -------------------------------------------------------------------------------

    def fates(self, source: IO[bytes], file: LogFile, test: Test, held: list[bytes]) -> Iterator[Fate]:
        """Every piece of a file in its order, and whether it ends.

        A line that does not read goes or stays with the line before, but for one in which
        a held value stands. `held` are those values.
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
                moment = self.form.moment(cells, latest) or line.moment
                line = Line(raw, cells, moment)
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
        return None if span.last is not None and last is not None and last > span.last else number


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
