"""One connection to an SQL store: it counts, pages, and ends rows where they are.

No row travels to Python to be ended. A page whose condition reads only its own rows is
one statement, which the database itself re-checks for rows that changed meanwhile. A
page whose condition reads other rows (a parent, children) first locks its rows and
notes their keys in a temporary table of the store; then, in a new statement that sees
what was committed meanwhile, it checks again and acts on those keys only.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from servanda.errors import StoreError
from servanda.stores.selection import (
    Before,
    Condition,
    LatestTime,
    OwnTime,
    ParentTime,
    TimeColumn,
    driver,
    reads_other_rows,
)
from servanda.stores.sql import SqlStore
from servanda.stores.sql_forms import form_of
from servanda.stores.sql_lists import Lists
from servanda.stores.sql_pages import Page, Track, pages, within
from servanda.stores.sql_where import ZERO_DAY, local_day
from servanda.stores.verbs import Group, PageTooSlow

_START, _LEAST = 500, 10  # rows of a first page, and of the smallest that is tried
_PATIENCE = 6  # how many times `lock_timeout` a page is tried for


@dataclass(frozen=True, slots=True)
class Work:
    """What pages of one step share: the table, which rows, and what they follow."""

    table: str
    condition: Condition
    track: Track
    locks: bool
    statements: dict[Any, Any] = field(default_factory=dict)


class Session(Lists):
    """One connection, with the lists that conditions refer to."""

    def __init__(self, store: SqlStore, connection: Connection) -> None:
        super().__init__(store, connection)
        self._notes: dict[str, sa.Table] = {}
        self._size = _START
        self.aim = store.manners.full_page
        self.took = 0.0

    @property
    def size(self) -> int:
        """How many rows the next page has at most: as many as fit in `aim` seconds, learnt from those before."""
        return min(self._size, self.store.page_size)

    # -- reading ---------------------------------------------------------------------------

    def learn_forms(self, table: str, columns: Iterable[TimeColumn]) -> None:
        """See in which one form each column of text writes its times, from its first usable value.

        Raises StoreError where it is no form of ISO 8601 whose order as text is that in time.
        """
        for column in columns:
            textual = column.kind == "text" or (
                self.store.texts_time and column.kind in ("naive", "aware", "date")
            )
            if not textual or (table, column.name) in self._forms:
                continue
            c = self._tables[table].c[column.name]
            row = self._scan(sa.select(c).where(c >= "1900-01-02").order_by(c).limit(1))
            if row is not None:
                self._forms[table, column.name] = form_of(table, column.name, str(row[0]))

    def count(self, table: str, condition: Condition) -> int:
        """How many rows of a table meet a condition."""
        row = self._tables[table]
        query = sa.select(sa.func.count()).select_from(row).where(self.where.sql(condition, row, table))
        return int(self._scan(query, once=True)[0])

    def total(self, table: str, condition: Condition) -> int:
        """How many rows of a table meet a condition."""
        return self.count(table, condition)

    def in_use(self, table: str, condition: Condition) -> int:
        """None: a database lets us end rows while programs write."""
        del table, condition
        return 0

    def cut(self, table: str, time: TimeColumn, day: date) -> Any:
        """The first raw value of a column that lies on the company's local `day` or later."""
        return self.where.cut(table, time, day)

    def latest(self, table: str, condition: Condition, trigger: TimeColumn) -> date | None:
        """The greatest local date of a column among the rows that meet a condition."""
        row = self._tables[table]
        query = sa.select(sa.func.max(row.c[trigger.name])).where(self.where.sql(condition, row, table))
        return local_day(self._scan(query)[0], trigger, self.store.settings.zone)

    def smallest_group(self, table: str, columns: Sequence[str], condition: Condition) -> int | None:
        """The size of the smallest group of rows that look alike in these columns (k-anonymity)."""
        row = self._tables[table]
        chosen = sa.select(sa.func.count().label("n")).where(self.where.sql(condition, row, table))
        sizes = chosen.group_by(*(row.c[c] for c in columns)).subquery()
        found = self._scan(sa.select(sa.func.min(sizes.c.n)))
        return None if found is None or found[0] is None else int(found[0])

    def lacking(self, table: str, verbs: frozenset[str]) -> frozenset[str]:
        """Which of these rights our role lacks on a table."""
        with self.store.errors(), self._reading():
            return self.store.missing_rights(self._connection, table, verbs)

    def keys(self, table: str, condition: Condition) -> list[tuple[Any, ...]]:
        """The keys of the rows that meet a condition, for letters to persons; never used to end rows."""
        row, key = self._tables[table], self.store.shape.tables[table].key
        query = sa.select(*(row.c[k] for k in key)).where(self.where.sql(condition, row, table))
        with self.store.errors(), self._reading():
            return [tuple(found) for found in self._connection.execute(query)]

    def find(self, table: str, column: str, value: str | int) -> list[tuple[Any, ...]]:
        """The keys of the rows with this identifier: letters' case aside, and then by its characters.

        A collation may take josé@ for jose@; they are two persons.
        """
        row, key = self._tables[table], self.store.shape.tables[table].key
        same = row.c[column] == value
        if isinstance(value, str):
            same = sa.func.lower(row.c[column]) == sa.func.lower(value)
        query = sa.select(row.c[column], *(row.c[k] for k in key)).where(same)
        with self.store.errors(), self._reading():
            found = self._connection.execute(query).all()
        folded = str(value).casefold()
        return [tuple(f[1:]) for f in found if str(f[0]).casefold() == folded]

    # -- ending rows, page by page ---------------------------------------------------------

    def work(self, table: str, condition: Condition, since: date | None = None) -> Work:
        """Prepare to page through the rows that meet a condition, from a local date on."""
        row, shape = self._tables[table], self.store.shape.tables[table]
        key = tuple(row.c[k] for k in shape.key)
        found = self.where.sql(condition, row, table)
        along = driver(condition)
        start = max(since or ZERO_DAY, ZERO_DAY)
        locks = reads_other_rows(condition)
        if along is not None and self._follows(table, along, bool(key)):
            source: sa.FromClause = row
            column: sa.ColumnElement[Any]
            if isinstance(along.trigger, OwnTime):
                time_, at = along.trigger.time, table
                column, where = row.c[time_.name], sa.true()
            else:
                assert isinstance(along.trigger, ParentTime)
                link, time_ = along.trigger.links[0], along.trigger.time
                parent, at = self._tables[link.to_table].alias(), link.to_table
                joined = [row.c[a] == parent.c[b] for a, b in zip(link.columns, link.to_columns, strict=True)]
                source, column, where = row.join(parent, sa.and_(*joined)), parent.c[time_.name], sa.true()
            first, last = self.where.cut(at, time_, start), self.where.cut(at, time_, along.day)
            track = Track(source, column, key, first, last, where, found)
        else:
            track = Track(row, None, key, None, None, sa.true(), found)
        return Work(table, condition, track, locks)

    def _follows(self, table: str, along: Before, keyed: bool) -> bool:
        """Whether pages may follow this trigger: an index carries it, or nothing else is there."""
        tables = self.store.shape.tables
        if isinstance(along.trigger, OwnTime):
            return tables[table].indexed((along.trigger.time.name,)) or not keyed
        assert isinstance(along.trigger, ParentTime)
        link = along.trigger.links[0]
        through = tables[link.to_table].indexed((along.trigger.time.name,)) and tables[table].indexed(
            link.columns
        )
        return through and keyed and not link.when

    def pages(self, work: Work) -> Iterator[Page]:
        """The pages of the work, each looked for when the one before is done."""
        return pages(self._look, work.track, lambda: self.size)

    def _look(self, query: sa.Select[Any], values: dict[str, Any]) -> Any:
        return self._scan(query, values)

    def delete(self, work: Work, page: Page) -> int:
        """Delete the rows of a page. Returns how many."""
        return self._end(work, page, "delete", sa.delete)

    def change(self, work: Work, page: Page, groups: Sequence[Group]) -> int:
        """Write the changes of each group into the rows of a page, in one statement. Returns how many rows."""

        def update(row: sa.TableClause) -> sa.Update:
            return sa.update(row).values(self._changed(work.table, groups))

        return self._end(work, page, "change", update)

    def _changed(self, table: str, groups: Sequence[Group]) -> dict[str, Any]:
        """The new value of each column; columns that change by themselves are written back (ON UPDATE)."""
        row = self._tables[table]
        values: dict[str, Any] = {
            c.name: row.c[c.name] for c in self.store.shape.tables[table].columns.values() if c.on_update
        }
        for condition, changes in groups:
            for name, change in changes:
                new = self.where.changed(row, table, name, change)
                if condition is not None:
                    new = sa.case((self.where.sql(condition, row, table), new), else_=row.c[name])
                values[name] = new
        return values

    def _end(self, work: Work, page: Page, verb: str, statement: Callable[[sa.TableClause], Any]) -> int:
        """Do a statement on the rows of a page; where it reads other rows, its rows are locked and noted first."""
        form = (verb, page.form)
        if form not in work.statements:
            row = self._tables[work.table]
            if work.locks and self.store.locks_rows:
                looks, conditions = self._noting(work, page)
            else:
                still = self.where.sql(work.condition, row, work.table)
                looks, conditions = [], [*self._bounds(work, page, row), still]
            work.statements[form] = (*looks, statement(row).where(*conditions))
        done = 0
        for each in work.statements[form]:
            done = int(self._connection.execute(each, page.values).rowcount)
        return done

    def latest_by(self, work: Work, page: Page, trigger: LatestTime) -> list[tuple[Any, ...]]:
        """The latest date of each parent among the rows of a page that are about to go: (key…, local date)."""
        row = self._tables[work.table]
        keys = [row.c[c] for c in trigger.link.columns]
        top = sa.func.max(row.c[trigger.time.name])
        conditions = [self.where.sql(work.condition, row, work.table), *self._bounds(work, page, row)]
        query = sa.select(*keys, top).where(*conditions, *(k.is_not(None) for k in keys)).group_by(*keys)
        with self.store.errors():
            rows = self._connection.execute(query, page.values).all()
        zone = self.store.settings.zone
        return [(*found[:-1], local_day(found[-1], trigger.time, zone)) for found in rows]

    @contextmanager
    def page_transaction(self) -> Iterator[None]:
        """The transaction of one page; retried by `attempt` on a lock or a deadlock."""
        self._connection.rollback()
        try:
            self.store.begin_page(self._connection)
            yield
            self._connection.commit()
        except BaseException:
            self._connection.rollback()
            raise
        finally:
            if not self._connection.invalidated:
                self.store.end_page(self._connection)

    def attempt(self, act: Callable[[], int]) -> int:
        """Do something in the transaction of a page; again, later, while locks are in the way.

        `took` says how long it took, in seconds. Raises PageTooSlow where the store cut it off.
        """
        until = time.monotonic() + self.store.settings.lock_timeout * _PATIENCE
        pause = 0.02
        while True:
            began = time.monotonic()
            try:
                with self.page_transaction():
                    done = act()
            except sa.exc.DBAPIError as error:
                if self.store.cut_off(error):
                    raise self._smaller(error) from None
                if time.monotonic() + pause > until or not self.store.again(error):
                    raise self._gave_up(error) from None
                time.sleep(pause)
                pause = min(pause * 2, 1.0)
            else:
                self._learn_size(time.monotonic() - began)
                return done

    def _learn_size(self, seconds: float) -> None:
        """Aim at pages that take as long as they should; half or twice at most from one to the next."""
        self.took = seconds
        factor = min(max(self.aim / max(seconds, 1e-6), 0.5), 2.0)
        self._size = min(max(int(self.size * factor), _LEAST), self.store.page_size)

    def _smaller(self, error: sa.exc.DBAPIError) -> PageTooSlow | StoreError:
        """Half a page and half again; no page is smaller than a few rows."""
        if self._size <= _LEAST:
            return self.store.told(error)
        self._size = max(self.size // 4, _LEAST)
        return PageTooSlow(f"store “{self.store.name}” cut a page off, since it took too long")

    def _gave_up(self, error: sa.exc.DBAPIError) -> StoreError:
        if self.store.again(error):
            message = f"store “{self.store.name}”: rows stayed locked by the application"
            return StoreError(message, advice="what was ended is recorded; run the same command again later")
        return self.store.told(error)

    def _noting(self, work: Work, page: Page) -> tuple[list[Any], list[sa.ColumnElement[bool]]]:
        """Statements that lock and note the rows of a page, and look again; then what holds to the rows noted."""
        row = self._tables[work.table]
        still = self.where.sql(work.condition, row, work.table)
        if not work.track.key:
            raise StoreError(
                f"{work.table} has no key, and its rows end by what other tables say",
                advice="give the table a primary key",
            )
        noted = self._note(work.table)
        same = [row.c[str(c.info["of"])] == c for c in noted.c]
        chosen = sa.select(*work.track.key).select_from(work.track.source)
        bounds = within(page.form, work.track.along, work.track.key)
        chosen = chosen.where(*bounds, still).with_for_update(of=row if self.store.locks_of else None)
        again = sa.exists(sa.select(sa.literal(1)).where(*same, still))
        statements = [
            sa.delete(noted),
            sa.insert(noted).from_select([c.name for c in noted.c], chosen),
            sa.delete(noted).where(~again),
        ]
        return statements, same

    def _bounds(self, work: Work, page: Page, row: sa.TableClause) -> list[sa.ColumnElement[bool]]:
        track = work.track
        if track.source is row or track.along is None:
            return within(page.form, track.along, track.key)
        inner = sa.select(sa.literal(1)).select_from(track.along.table)
        along = within(page.form, track.along, track.key)
        trigger = driver(work.condition)
        assert trigger is not None
        assert isinstance(trigger.trigger, ParentTime)
        link, parent = trigger.trigger.links[0], track.along.table
        if len(link.columns) == 1:
            found = sa.select(parent.c[link.to_columns[0]]).where(*along[:2])
            return [row.c[link.columns[0]].in_(found), *along[2:]]
        joined = [row.c[a] == parent.c[b] for a, b in zip(link.columns, link.to_columns, strict=True)]
        return [sa.exists(inner.where(*joined, *along[:2])), *along[2:]]

    def _note(self, table: str) -> sa.Table:
        if table not in self._notes:
            columns = self._key_columns(table, self.store.shape.tables[table].key)
            made = sa.Table(
                f"servanda_page_{len(self._notes)}", sa.MetaData(), *columns, prefixes=["TEMPORARY"]
            )
            assert not self._connection.in_transaction(), "`ready` comes before the page"
            self._ddl(sa.schema.CreateTable(made))
            self._notes[table] = made
        return self._notes[table]

    def ready(self, work: Work) -> None:
        """Make what the pages of this work need, outside of their transactions."""
        if work.locks and self.store.locks_rows and work.track.key:
            self._connection.rollback()
            self._note(work.table)


@contextmanager
def session(store: SqlStore) -> Iterator[Session]:
    """Open a session. Raises StoreDown where the store does not answer."""
    with store.errors():
        connection = store.engine.connect()
    try:
        yield Session(store, connection)
    finally:
        connection.close()
