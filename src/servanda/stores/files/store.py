"""What files can: lines are counted, found and ended where they lie; a page is one file.

The file that a program is writing is never changed, since a line written meanwhile would
be lost: its lines end once rotation has put it aside. It is known by its name, which no
rotation has marked, and by the system, which knows who has a file open for writing.

A folder of log files as a store: a place is a pattern of names, a row is a line.

    files:logs/nginx           a folder beside the documents
    files:///var/log/nginx     any other

Whole files go as soon as their last line is over; of the one across the limit the lines
that are over. What rotation has not yet put aside is left alone; see `files_session`.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from time import monotonic
from typing import Any
from zoneinfo import ZoneInfo

from servanda.errors import StoreDown, StoreError
from servanda.law.retention import local_midnight
from servanda.stores.document.document import Place
from servanda.stores.document.triggers import AtColumn
from servanda.stores.files.folder import LogFile, Unreadable, listed, read_name
from servanda.stores.files.lines import Form, form_of, reader
from servanda.stores.files.rewrite import (
    being_written,
    clear_away,
    end_lines,
    os_error_as_store_error,
    remove,
)
from servanda.stores.files.scan import Scan, cells, lines_about, readable, remarks, unread
from servanda.stores.files.where import Span, Test, asks_without_time, held_texts, of_file, test_of
from servanda.stores.selection import Condition, Identity, LatestTime, Link, TimeColumn
from servanda.stores.shape import Column, Shape, Table
from servanda.stores.store import kind
from servanda.stores.verbs import Dialect, Group, Key, Pacing, Partitions, Scrubbed, Settings

_EXACT = 64 << 20
"""How many bytes of files are read to count all their lines; of more, the number is estimated."""


@dataclass(frozen=True, slots=True)
class FileWork:
    """What pages of one step share: the pattern, which lines, and how they are asked."""

    table: str
    condition: Condition
    test: Test = field(repr=False)
    held: list[bytes] = field(repr=False)


class FilesSession:
    """The files of a store, looked at for one command."""

    def __init__(self, store: FilesStore) -> None:
        self.store = store
        self.aim, self.took, self.size = store.dialect.pacing.full_page, 0.0, 0
        self.partitions = Partitions()
        self._counted: dict[tuple[object, Condition], int] = {}
        self._unreadable: dict[tuple[str, int, int, int], str] = {}
        self._spans: dict[tuple[str, int, int, int], Span] = {}

    # -- which files -------------------------------------------------------------------------

    def _scan(self, table: str) -> Scan:
        return Scan(self.store.form(table), self.store.settings.zone, self._today())

    def _span(self, scan: Scan, file: LogFile) -> Span:
        if file.identity not in self._spans:
            self._spans[file.identity] = scan.span(file)
        return self._spans[file.identity]

    def _today(self) -> date:
        return datetime.now(ZoneInfo(self.store.settings.zone)).date()

    def _in_use(self, file: LogFile) -> bool:
        return file.written_now(self._today()) or being_written(file.path)

    def _asked(self, table: str, condition: Condition) -> FileWork:
        return FileWork(table, condition, test_of(condition, self.store.settings.zone), held_texts(condition))

    def clock(self) -> datetime | None:
        """None: files have no server."""
        return None

    # -- reading -----------------------------------------------------------------------------

    def count(self, table: str, condition: Condition) -> int:
        """How many lines meet a condition, of files that nobody is writing.

        A file that cannot be read, and whose name has no day, is one line without a date.
        """
        work = self._asked(table, condition)
        return sum(self._due(work, file) for file in self.store.files(table) if not self._in_use(file))

    def in_use(self, table: str, condition: Condition) -> int:
        """How many lines meet a condition where a program writes; a file that cannot be read is one."""
        work = self._asked(table, condition)
        found = 0
        for file in self.store.files(table):
            if self._in_use(file):
                found += self._due(work, file)
            elif self._due(work, file) == 0 and file.identity in self._unreadable:
                found += of_file(condition, unread(file)) is not False
        return found

    def _due(self, work: FileWork, file: LogFile) -> int:
        """How many lines of a file meet the condition; none of one that cannot be read."""
        known = (file.identity, work.condition)
        if known not in self._counted:
            try:
                self._counted[known] = self._count(work, file)
            except Unreadable as error:
                self._unreadable[file.identity] = str(error)
                dateless = of_file(work.condition, unread(file))
                self._counted[known] = int(dateless is True and file.day is None)
        return self._counted[known]

    def _count(self, work: FileWork, file: LogFile) -> int:
        scan = self._scan(work.table)
        if not file.size:
            return 0
        span = self._span(scan, file)
        verdict = of_file(work.condition, span)
        if verdict is False and asks_without_time(work.condition) and scan.has_unread(file):
            verdict = None
        if verdict is False:
            return 0
        every = scan.count_all(file, span) if verdict else None
        return scan.count(file, work.test, work.held) if every is None else every

    def total(self, table: str, condition: Condition) -> int:
        """How many lines there are; of many and large files, as many as their first lines let expect."""
        work, files = self._asked(table, condition), self.store.files(table)
        if sum(file.size for file in files) <= _EXACT:
            return sum(self._due(work, file) for file in files)
        return sum(lines_about(self._scan(table), file, work.test) for file in files)

    def latest(self, table: str, condition: Condition, trigger: TimeColumn) -> date | None:
        """The latest local day among the lines that meet a condition."""
        del trigger
        test, scan, days = test_of(condition, self.store.settings.zone), self._scan(table), set()
        for file in self.store.files(table):
            with suppress(Unreadable):
                days.add(scan.latest_day(file, test))
        return max((day for day in days if day is not None), default=None)

    def sample(self, table: str, columns: Sequence[str], rows: int) -> dict[str, tuple[str, ...]]:
        """Values of some lines by column."""
        found = cells(self._scan(table), self.store.files(table), columns, rows)
        return {name: tuple(values) for name, values in found.items()}

    def smallest_group(self, table: str, columns: Sequence[str], condition: Condition) -> int | None:
        """None: lines end whole, and none is kept for statistics."""
        del table, columns, condition
        return None

    def cut(self, table: str, time: TimeColumn, day: date) -> datetime:
        """The first instant of a local day."""
        del table, time
        return local_midnight(day, ZoneInfo(self.store.settings.zone))

    def read_first_times(self, columns: Iterable[tuple[str, TimeColumn]]) -> None:
        """Nothing: each file tells its own."""
        del columns

    def learn_forms(self, table: str, columns: Iterable[TimeColumn]) -> None:
        """See that the lines tell their time. Raises StoreError where none of the first ones does."""
        for column in columns:
            if column.name != "time":
                raise StoreError(
                    f"{table}: lines are as old as their time, and {column.name} is another column",
                    advice="name the group time, and let the trigger read it",
                )
        self.store.apart(table)
        readable(self._scan(table), table, self.store.files(table))

    def lacking(self, table: str, verbs: frozenset[str]) -> frozenset[str]:
        """Which of SELECT and DELETE we lack: to read every file, to replace it in its folder."""
        files = self.store.files(table)
        folders = {file.path.parent for file in files} or {self.store.folder}
        lacks = set()
        if not all(os.access(file.path, os.R_OK) for file in files):
            lacks.add("SELECT")
        if not all(os.access(folder, os.W_OK | os.X_OK) for folder in folders):
            lacks.add("DELETE")
        return verbs & lacks

    def remarks(self, table: str) -> Iterator[tuple[str, str]]:
        """What somebody should know about the files of a place: a sentence, and what to do."""
        yield from remarks(self._scan(table), table, self.store.files(table))

    # -- ending lines, file by file ----------------------------------------------------------

    def work(self, table: str, condition: Condition, since: date | None = None) -> FileWork:
        """Prepare to go through the files of a pattern; watermarks are ignored."""
        del since
        return self._asked(table, condition)

    def ready(self, work: FileWork) -> None:
        """Clear away what a process that died left unfinished."""
        with os_error_as_store_error(f"store “{self.store.name}”"):
            for folder in {file.path.parent for file in self.store.files(work.table)} | {self.store.folder}:
                clear_away(folder)

    def pages(self, work: FileWork) -> Iterator[LogFile]:
        """The files in which lines end, the oldest first."""
        for file in self.store.files(work.table):
            self.size = 0 if self._in_use(file) else self._due(work, file)
            if self.size and file.identity not in self._unreadable:
                yield file

    def attempt(self, act: Callable[[], int]) -> int:
        """Do something with one file; what the system refuses is a StoreError, and the file is whole."""
        began = monotonic()
        try:
            with os_error_as_store_error(f"store “{self.store.name}”"):
                return act()
        finally:
            self.took = monotonic() - began

    def delete(self, work: FileWork, page: LogFile) -> int:
        """End the lines of a file. Returns how many."""
        scan = self._scan(work.table)
        try:
            if of_file(work.condition, span := self._span(scan, page)) is True:
                every = scan.count_all(page, span)
                if every is not None:
                    remove(page)
                    return every
            return end_lines(page, lambda source: scan.fates(source, page, work.test, work.held))
        except Unreadable as error:
            raise StoreError(
                f"{work.table}: the file {page.label} cannot be read: {error}", advice="it stays as it is"
            ) from None

    # -- what needs a key, or columns that can be emptied ------------------------------------

    def make_list(
        self,
        name: str,
        table: str,
        key: Sequence[str],
        *,
        dated: bool = False,
        identity: Identity | None = None,
    ) -> None:
        """Nothing: lines have no keys, and no condition about them refers to a list."""

    def fill(self, name: str, rows: Iterable[Sequence[Any]]) -> None:
        """Nothing: lines have no keys."""

    def fill_where(self, name: str, table: str, condition: Condition) -> int:
        """Nothing: lines have no keys."""
        del name, table, condition
        return 0

    def stage_days(self, name: str) -> None:
        """Nothing: lines have no keys."""

    def merge_days(self, name: str, rows: Iterable[Sequence[Any]]) -> None:
        """Nothing: lines have no keys."""

    def keys(self, table: str, condition: Condition, name: str = "") -> list[Key]:
        """None: lines have no keys."""
        del table, condition, name
        return []

    def find(
        self, table: str, column: str, value: str | int, links: Sequence[Link] = (), at: Sequence[str] = ()
    ) -> list[Key]:
        """None: lines have no keys, and are held by a condition."""
        del table, column, value, links, at
        return []

    def change(self, work: FileWork, page: LogFile, groups: Sequence[Group]) -> int:
        """Refused: lines end whole."""
        del page, groups
        raise StoreError(f"{work.table}: lines of files are deleted whole; nothing in them can be emptied")

    def renew(self, statement: str) -> None:
        """Never needed: a folder keeps no copies of its lines."""
        raise NotImplementedError(statement)

    def latest_by(self, work: FileWork, page: LogFile, trigger: LatestTime) -> list[tuple[Any, ...]]:
        """Refused: no row has lines for children."""
        del page, trigger
        raise StoreError(f"{work.table}: lines of files belong to no other row")


@contextmanager
def session(store: FilesStore) -> Iterator[FilesSession]:
    """Open a session. Raises StoreDown where the folder is not there."""
    _ = store.shape
    yield FilesSession(store)


@kind("files", session)
class FilesStore:
    """A folder of log files."""

    kind = "files"
    dialect = Dialect(
        residue_note="the blocks of deleted files may stay on the disk until something is written over them",
        pacing=Pacing(gentle_page=0.1, rest=1.0, full_page=0.1, most=1 << 40),  # a page is a file
        verbs=frozenset({"delete"}),
        locks_rows=False,
    )
    journal = ""

    def __init__(self, name: str, address: str, settings: Settings) -> None:
        self.name, self.settings = name, settings
        self.secret = b""
        self.folder = Path(address.removeprefix("files:").replace("///", "/", 1))
        self._places = {place.files: place for place in settings.places.values() if place.files}

    def form(self, table: str) -> Form:
        """How the lines of a pattern are read."""
        return self._forms[table]

    @cached_property
    def _forms(self) -> dict[str, Form]:
        return {pattern: self._form(place) for pattern, place in self._places.items()}

    def _form(self, place: Place) -> Form:
        triggers = [t for t in place.triggers.values() if isinstance(t, AtColumn)]
        zone = next((t.zone for t in triggers if t.column == "time" and t.zone), self.settings.naive_zone)
        named = [*place.where, *(c for columns in place.data.values() if columns != "all" for c in columns)]
        return form_of(str(place.line), named, reader(place.time, zone, self.settings.zone))

    def files(self, table: str) -> list[LogFile]:
        """The files of a pattern, the oldest first. Raises StoreDown where the folder is gone."""
        try:
            return listed(self.folder, table)
        except OSError as error:
            raise self._down(error) from None

    def apart(self, table: str) -> None:
        """See that no other pattern means the same files. Raises StoreError."""
        mine = {file.path for file in self.files(table)}
        for other in self._places:
            if other != table and mine & {file.path for file in self.files(other)}:
                raise StoreError(
                    f"{table} and {other} mean the same files, and one would end the lines of the other",
                    advice="let the patterns differ, or be the same, with where: to tell the lines apart",
                )

    def scrub(self, tables: Sequence[str]) -> Iterator[Scrubbed]:
        """Nothing to do: a file that was rewritten is new, and one that was deleted is gone."""
        yield from map(Scrubbed, tables)

    # -- what it looks like ------------------------------------------------------------------

    @cached_property
    def shape(self) -> Shape:
        """A table for each pattern, and one without columns for files that no pattern means."""
        tables = {pattern: _table(pattern, form.columns) for pattern, form in self._forms.items()}
        for name in self._others():
            tables.setdefault(name, _table(name, ()))
        return Shape(tables)

    def look_again(self) -> Shape:
        """The shape as it is now. Raises StoreDown where the folder is not there."""
        self.__dict__.pop("shape", None)
        return self.shape

    def _others(self) -> list[str]:
        """What the files of the folder are called that no pattern means, without the marks of rotation."""
        try:
            names = [e.name for e in os.scandir(self.folder) if e.is_file(follow_symlinks=False)]
        except OSError as error:
            raise self._down(error) from None
        others = [n for n in names if not any(fnmatchcase(n, pattern) for pattern in self._places)]
        stems = {
            name.removesuffix(read_name(name)[0]).rstrip("-._") + "*"
            for name in others
            if not name.startswith(".")
        }
        return sorted(stems)

    def _down(self, error: OSError) -> StoreDown:
        if error.errno == errno.ENOENT:
            message = f"store “{self.name}”: there is no folder {self.folder}"
        else:
            why = os.strerror(error.errno or errno.EIO).lower()
            message = f"store “{self.name}”: the folder {self.folder} cannot be read: {why}"
        return StoreDown(message, advice="is its disk mounted, and may we read it?")

    # -- what is asked of every store --------------------------------------------------------

    def close(self) -> None:
        """Nothing is kept open."""

    def quoted(self, table: str) -> str:
        """The pattern, as it is."""
        return table

    def create_index(self, table: Table, columns: Sequence[str]) -> str:
        """Never asked for: lines have no index and need none."""
        raise StoreError(f"{table.name}: files have no index on {', '.join(columns)}")

    def grants(self, tables: dict[str, frozenset[str]], reader: str, writer: str) -> list[str]:
        """The access that a reading and a writing user of the system need."""
        del tables
        return [
            f"setfacl -R -m u:{reader}:rX,d:u:{reader}:rX {self.folder}",
            f"setfacl -R -m u:{writer}:rwX,d:u:{writer}:rwX {self.folder}",
        ]


def _table(pattern: str, columns: Sequence[str]) -> Table:
    found = {name: Column(name, "text", nullable=True) for name in columns}
    if found:
        found["time"] = Column("time", "the time of a line", nullable=False, time="naive")
    return Table(pattern, None, found, key=(), indexes=(("time",),))
