"""A folder of log files as a store: a place is a pattern of names, a row is a line.

    files:logs/nginx           a folder beside the documents
    files:///var/log/nginx     any other

Whole files go as soon as their last line is over; of the one across the limit the lines
that are over. What rotation has not yet put aside is left alone; see `files_session`.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path

from servanda.errors import StoreDown, StoreError
from servanda.stores.document.document import Place
from servanda.stores.document.triggers import AtColumn
from servanda.stores.files.folder import LogFile, listed, read_name
from servanda.stores.files.lines import Form, form_of, reader
from servanda.stores.files.session import session
from servanda.stores.shape import Column, Shape, Table
from servanda.stores.store import kind
from servanda.stores.verbs import Manners, Scrubbed, Settings


@kind("files", session)
class FilesStore:
    """A folder of log files."""

    kind = "files"
    can = frozenset({"delete"})
    leaves = "the blocks of deleted files may stay on the disk until something is written over them"
    journal = ""
    locks_rows = False
    manners = Manners(
        gentle_page=0.1, rest=1.0, full_page=0.1, most=1 << 40
    )  # a page is a file, whatever it takes

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
