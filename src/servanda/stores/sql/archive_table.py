"""Archiving inside a store: rows are copied to an archive table, or flagged.

Statements are set-based. Only keys and days pass through Python, to convert days to the company's calendar.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

import sqlalchemy as sa

from servanda.errors import StoreError
from servanda.stores import verbs
from servanda.stores.document.archiving import ArchiveTable
from servanda.stores.selection import Bound
from servanda.stores.sql.pages import Page
from servanda.stores.sql.session import Session, Work

LIST = "copy"


def database(session: verbs.Session) -> Session:
    """The session as an SQL session. Raises StoreError for other kinds of store."""
    if not isinstance(session, Session):
        raise StoreError(
            f"store “{session.store.name}” is not a database, so its rows cannot be archived",
            advice="remove archive: from its places in stores.yaml",
        )
    return session


@dataclass(frozen=True, slots=True)
class Copying:
    """What is copied: target table, columns, trigger, grounds; `until` returns the last day for a trigger day."""

    target: ArchiveTable
    columns: tuple[str, ...]
    trigger: Bound
    grounds: str
    until: Callable[[date], date]


def ready(session: Session, table: str) -> None:
    """Create the list that `copy` uses, outside of any transaction."""
    key = session.store.shape.tables[table].key
    session.make_list(f"{LIST}_{table}", table, key, dated=True, until=True)


def copy(session: Session, work: Work, page: Page, what: Copying) -> int:
    """Copy the rows of a page, in its transaction. Returns the number of rows."""
    row, conditions = session.page_rows(work, page)
    key = session.store.shape.tables[work.table].key
    days = session.days.of(what.trigger, row)
    listed = session.table_of(f"{LIST}_{work.table}")
    session.run(sa.delete(_table(listed)))
    found = session.select(sa.select(*(row.c[k] for k in key), *days.columns).where(*conditions), page.values)
    days_by_key = [(values[: len(key)], days.tell(values[len(key) :])) for values in found]
    names = [c.name for c in listed.c]
    dated = [(*k, day.isoformat(), what.until(day).isoformat()) for k, day in days_by_key if day is not None]
    if not dated:
        return 0
    session.run(sa.insert(_table(listed)), [dict(zip(names, values, strict=True)) for values in dated])
    return session.run(_insert(session, work, what, row, listed, conditions), page.values)


def _insert(
    session: Session,
    work: Work,
    what: Copying,
    row: sa.FromClause,
    listed: sa.FromClause,
    conditions: Sequence[sa.ColumnElement[bool]],
) -> sa.Insert:
    there, key = session.table_of(what.target.table), session.store.shape.tables[work.table].key
    names = list(dict.fromkeys((*key, *what.columns)))
    same = [row.c[k] == listed.c[f"k{i}"] for i, k in enumerate(key)]
    beside = [
        _as(session, what.target.table, what.target.trigger_day, listed.c.day),
        _as(session, what.target.table, what.target.last_day, listed.c.until),
        sa.literal(what.grounds),
    ]
    chosen = sa.select(*(row.c[n] for n in names), *beside).where(*same, *conditions)
    more = [what.target.trigger_day, what.target.last_day, what.target.grounds]
    return sa.insert(_table(there)).from_select([*names, *more], chosen)


def flag(session: Session, work: Work, page: Page, column: str, today: date) -> int:
    """Flag the rows of a page with the day, or with true for a boolean. Returns the number of rows."""
    row, conditions = session.page_rows(work, page)
    kind = session.store.shape.tables[work.table].columns[column]
    value: Any = today if kind.time == "date" else datetime.combine(today, time(), UTC)
    if kind.number or kind.type.upper().startswith("BOOL"):
        value = True if kind.type.upper().startswith("BOOL") else 1
    elif session.store.dialect.stores_time_as_text or not kind.time:
        value = today.isoformat()
    elif kind.time not in ("date", "aware"):
        value = value.replace(tzinfo=None)
    return session.run(sa.update(_table(row)).values({column: value}).where(*conditions), page.values)


def _as(session: Session, table: str, column: str, value: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """A day in the type of a column; SQLite keeps it as text."""
    return (
        value
        if session.store.dialect.stores_time_as_text
        else sa.cast(value, session.store.types[table, column])
    )


def _table(clause: sa.FromClause) -> sa.TableClause:
    assert isinstance(clause, sa.TableClause)
    return clause
