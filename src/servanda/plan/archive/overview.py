"""An overview of archived rows: where they are, and when their keys end, as `promises` shows it.

app.users → legal (12 rows, 3 segments; next key ends 2031-03-31, backups of it by 2031-04-14)
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import sqlalchemy as sa

from servanda.database import Database, tables
from servanda.errors import ServandaError
from servanda.law.retention import last_day
from servanda.stores.archive.archive import HELD, archives
from servanda.stores.binding.binding import BoundPlace
from servanda.stores.document.archiving import ArchiveFlag, ArchiveTable
from servanda.stores.document.document import StoresDocument
from servanda.vault import Vault


@dataclass(frozen=True, slots=True)
class ArchivedRows:
    """The archived rows of one place and promise: rows, segments, and the next month in which keys end."""

    rows: int
    segments: int
    next_month: str | None


@dataclass(frozen=True, slots=True)
class ArchiveOverview:
    """The archived rows by place and promise, and the problem of each archive by its name."""

    archived: Mapping[tuple[str, str], ArchivedRows] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)
    document: StoresDocument | None = None

    def where(self, place: BoundPlace) -> str:
        """The place with its archive; the place alone if it has none."""
        match place.place.archive:
            case None:
                return place.name
            case ArchiveTable() as how:
                return f"{place.name} → table {how.table}"
            case ArchiveFlag() as how:
                return f"{place.name} → flag {how.flag}"
            case name:
                return f"{place.name} → {name}"

    def describe(self, place: BoundPlace, promise: str) -> str:
        """The rows in the archive and when their keys end, as text; empty if there are none."""
        how, found = place.place.archive, self.archived.get((place.name, promise))
        if found is None or not isinstance(how, str) or self.document is None:
            return ""
        said = f"{place.name} → {how} ({_count(found.rows, 'row')}, {_count(found.segments, 'segment')}"
        if found.next_month is None:
            return f"{said}, held)"
        ends = month_end(found.next_month)
        copies = last_day(ends, self.document.archives[how].key_backup)
        return f"{said}; next key ends {ends}, backups of it by {copies})"

    def problem(self, place: BoundPlace) -> str:
        """The problem of the archive of a place; empty if there is none."""
        how = place.place.archive
        return self.problems.get(how, "") if isinstance(how, str) else ""


def overview(
    document: StoresDocument, db: Database, promises: Mapping[tuple[str, str], str]
) -> ArchiveOverview:
    """Make the overview. `promises` maps a place and promise to the promise under which rows are recorded."""
    if not document.archives or db.setting("vault") is None:
        return ArchiveOverview()
    row, segment = tables.archived, tables.segment
    months = sa.case((segment.c.month == HELD, None), else_=segment.c.month)
    query = (
        sa.select(
            row.c.place,
            row.c.promise,
            sa.func.count(),
            sa.func.count(sa.distinct(row.c.segment)),
            sa.func.min(months),
        )
        .join_from(row, segment, segment.c.id == row.c.segment)
        .group_by(row.c.place, row.c.promise)
    )
    with db.read() as connection:
        known = {
            (place, promise): ArchivedRows(int(n), int(s), m)
            for place, promise, n, s, m in connection.execute(query)
        }
    archived = {at: known[at[0], by] for at, by in promises.items() if (at[0], by) in known}
    problems = {}
    try:
        for name, archive in archives(document, db, Vault.open(db)).items():
            wrong = next(archive.faults(), None)
            if wrong is not None:
                problems[name] = wrong
    except ServandaError as error:
        problems = dict.fromkeys(document.archives, error.message)
    return ArchiveOverview(archived, problems, document)


def month_end(month: str) -> date:
    """The last day of a month such as 2031-11."""
    year, number = int(month[:4]), int(month[5:])
    return date(year, number, monthrange(year, number)[1])


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
