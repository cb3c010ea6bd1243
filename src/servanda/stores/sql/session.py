"""A session with an SQL store: one connection that counts, samples, and deletes or changes rows in pages.

Rows are changed by set-based statements and never fetched for it. If a condition reads only the row itself, a page is
one statement, which the database re-checks for rows that changed meanwhile. If it reads other rows (a parent,
children), the due keys are first stored in a temporary table; pages are ranges of it, and each page evaluates the
condition again. If referencing rows (children) decide, the rows of the page are locked first and evaluated in a
second statement, which sees what was committed meanwhile.

`attempt` runs a page in a transaction and retries it on locks. `sample` reads some rows for discovery: half from each
end of the key, since old rows may be emptied and new columns may be filled in new rows only.
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
from servanda.stores.addresses import comparable
from servanda.stores.selection import (
    Condition,
    LatestTime,
    Link,
    OwnTime,
    TimeColumn,
    child_links,
    driver,
    reads_other_rows,
)
from servanda.stores.sql.links import joined
from servanda.stores.sql.lists import Lists, temporary
from servanda.stores.sql.pages import Page, Track, pages, within
from servanda.stores.sql.store import SqlStore
from servanda.stores.sql.times import form_of, local_day
from servanda.stores.sql.where import ZERO_DAY
from servanda.stores.verbs import Group, PageTooSlow

_LONGEST = 400


class Sampler(Lists):
    """A connection that can sample rows."""

    def sample(self, table: str, columns: Sequence[str], rows: int) -> dict[str, tuple[str, ...]]:
        """Texts of up to `rows` rows by column, without NULLs, cut to 400 characters; never store them."""
        if not columns:
            return {}
        query = self._ends(table, columns, rows)
        with self.store.errors(), self._reading():
            found = self._connection.execute(query).all()
        texts = zip(columns, zip(*found, strict=True), strict=True) if found else ()
        return {name: tuple(str(v) for v in values if v is not None) for name, values in texts}

    def _ends(self, table: str, columns: Sequence[str], rows: int) -> Any:
        row, key = self._tables[table], self.store.shape.tables[table].key
        cut = [
            sa.func.substr(self.store.as_text(row.c[c]), 1, _LONGEST).label(f"c{i}")
            for i, c in enumerate(columns)
        ]
        if not key:
            return sa.select(*cut).limit(rows)
        first = (
            sa.select(*cut).order_by(*(row.c[k] for k in key)).limit((rows + 1) // 2).subquery("first_rows")
        )
        last = (
            sa.select(*cut).order_by(*(row.c[k].desc() for k in key)).limit(rows // 2).subquery("last_rows")
        )
        return sa.union_all(sa.select(*first.c), sa.select(*last.c))


_START, _SMALL, _LEAST = 500, 200, 10  # rows of a first, a small, the least page
_GROWTH = 8.0  # at most, from one page to the next
_PATIENCE = 6  # how many times `lock_timeout` a page is tried for


@dataclass(frozen=True, slots=True)
class Work:
    """What the pages of one step share: table, condition, track, and the temporary table of due keys, if any.

    `locks`: the rows of a page are locked before the condition is evaluated again, so that no child is inserted.
    """

    table: str
    condition: Condition
    track: Track
    due: sa.Table | None = None
    locks: bool = True
    statements: dict[Any, Any] = field(default_factory=dict)


_MOST_COLUMNS = 200


class Session(Sampler):
    """One connection, with the lists that conditions refer to."""

    def __init__(self, store: SqlStore, connection: Connection) -> None:
        super().__init__(store, connection)
        self._notes: dict[str, sa.Table] = {}
        self._dues: dict[str, sa.Table] = {}
        self._size = _START
        self.aim, self.took = store.dialect.pacing.full_page, 0.0

    @property
    def size(self) -> int:
        """The most rows of the next page: as many as took `aim` seconds before, up to the page size of the store."""
        return min(self._size, self.store.page_size)

    # -- reading ---------------------------------------------------------------------------

    def learn_forms(self, table: str, columns: Iterable[TimeColumn]) -> None:
        """Detect the format of the times in each text column, from its first usable value.

        Raises StoreError if it is no ISO 8601 format whose text order is the order in time.
        """
        for column in columns:
            at = (table, column.name)
            if not self._is_textual(column) or at in self._forms:
                continue
            if at not in self._first_times:
                self.read_first_times([(table, column)])
            first = self._first_times.pop(at)
            if first is not None:
                self._forms[at] = form_of(table, column.name, str(first))
                self.where.forget()

    def read_first_times(self, columns: Iterable[tuple[str, TimeColumn]]) -> None:
        """Read the first usable value of many text columns, in one statement, for `learn_forms`."""
        listed = [
            (t, c.name) for t, c in columns if self._is_textual(c) and (t, c.name) not in self._first_times
        ]
        every = list(dict.fromkeys(listed))
        for start in range(0, len(every), _MOST_COLUMNS):
            part = every[start : start + _MOST_COLUMNS]
            chosen: list[sa.Label[Any]] = []
            for table, name in part:
                c = self._tables[table].c[name]
                first = sa.select(c).where(c >= "1900-01-02").order_by(c).limit(1).scalar_subquery()
                chosen.append(first.label(f"c{len(chosen)}"))
            self._first_times.update(zip(part, self._scan(sa.select(*chosen)), strict=True))

    def _is_textual(self, column: TimeColumn) -> bool:
        return column.kind == "text" or (
            self.store.dialect.stores_time_as_text and column.kind in ("naive", "aware", "date")
        )

    def count(self, table: str, condition: Condition) -> int:
        """How many rows of a table meet a condition."""
        found = [(row, self.where.sql(condition, row, table)) for row in self.parts_of(table)]
        counts = (sa.select(sa.func.count()).select_from(row).where(met) for row, met in found)
        return sum(int(self._scan(query, once=True)[0]) for query in counts)

    def total(self, table: str, condition: Condition) -> int:
        """How many rows of a table meet a condition."""
        return self.count(table, condition)

    def in_use(self, table: str, condition: Condition) -> int:
        """Always 0: a database allows changes while programs write."""
        del table, condition
        return 0

    def remarks(self, table: str) -> Iterable[tuple[str, str]]:
        """Always empty: rules about tables cover it."""
        del table
        return ()

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

    def keys(self, table: str, condition: Condition, name: str = "") -> list[tuple[Any, ...]]:
        """The keys of the rows that meet a condition, for letters to persons; never used to end rows.

        With `name`, each followed by its mark for the list of that name.
        """
        row, key = self._tables[table], self.store.shape.tables[table].key
        chosen = [*(row.c[k] for k in key), *([self.mark(name, row).label("mark")] if name else [])]
        query = sa.select(*chosen).where(self.where.sql(condition, row, table))
        with self.store.errors(), self._reading():
            return [tuple(found) for found in self._connection.execute(query)]

    def find(
        self, table: str, column: str, value: str | int, links: Sequence[Link] = (), at: Sequence[str] = ()
    ) -> list[tuple[Any, ...]]:
        """The keys of the rows with this identifier, compared as `stores.addresses` says, whatever the collation.

        With `links`, followed by the columns `at` of the row at their end; NULL where they lead nowhere.
        """
        row, key = self._tables[table], self.store.shape.tables[table].key
        same = row.c[column] == value
        if isinstance(value, str):
            same = self.store.same_identifier(row.c[column], value, (table, column))
        end: sa.FromClause = row
        rows: sa.FromClause = row
        for link in links:
            there = self._tables[link.to_table].alias()
            rows = rows.outerjoin(there, joined(self.store, link, end, there, bare="target"))
            end = there
        chosen = [row.c[column], *(row.c[k] for k in key), *(end.c[c] for c in at)]
        query = sa.select(*(c.label(f"c{i}") for i, c in enumerate(chosen))).select_from(rows).where(same)
        with self.store.errors(), self._reading():
            found = self._connection.execute(query).all()
        wanted = comparable(str(value))
        return [tuple(f[1:]) for f in found if comparable(str(f[0])) == wanted]

    # -- ending rows, page by page ---------------------------------------------------------

    def work(self, table: str, condition: Condition, since: date | None = None) -> Work:
        """Prepare paging through the rows that meet a condition, from the watermark `since` on."""
        row, shape = self._tables[table], self.store.shape.tables[table]
        key = tuple(row.c[k] for k in shape.key)
        if reads_other_rows(condition):
            due = self._due(table) if key else None
            listed: tuple[sa.ColumnElement[Any], ...] = tuple(due.c) if due is not None else ()
            track = Track(row if due is None else due, None, listed, None, None, sa.true())
            return Work(table, condition, track, due, self._keeps_children_out(table, condition))
        along = driver(condition)
        if along is not None and isinstance(along.trigger, OwnTime) and self._follows(table, along.trigger):
            time_, start = along.trigger.time, max(since or ZERO_DAY, ZERO_DAY)
            first, last = self.where.cut(table, time_, start), self.where.cut(table, time_, along.day)
            return Work(table, condition, Track(row, row.c[time_.name], key, first, last, sa.true()))
        found = self.where.sql(condition, row, table)
        return Work(table, condition, Track(row, None, key, None, None, found))

    def _keeps_children_out(self, table: str, condition: Condition) -> bool:
        """Whether locking the row prevents new children: deciding children reference it by a foreign key."""
        keys = {(t.name, p.columns) for t, p in self.store.shape.pointing_at(table)}
        return any((link.table, link.columns) in keys for link in child_links(condition))

    def _follows(self, table: str, trigger: OwnTime) -> bool:
        """Whether pages can follow this trigger: its column is indexed, or the table has no key."""
        shape = self.store.shape.tables[table]
        return shape.indexed((trigger.time.name,)) or not shape.key

    def _due(self, table: str) -> sa.Table:
        """The temporary table of due keys, for conditions that read other rows."""
        if table not in self._dues:
            columns = self._key_columns(table, self.store.shape.tables[table].key)
            name = f"servanda_due_{len(self._dues)}"
            self._dues[table] = temporary(name, *columns)
            self._ddl(sa.schema.CreateTable(self._dues[table]))
        return self._dues[table]

    def pages(self, work: Work, size: int | None = None) -> Iterator[Page]:
        """The pages of the work, each found after the previous one is done; `size` fixes their size for reading."""
        return pages(self._look, work.track, lambda: size or self.size)

    def _look(self, query: sa.Select[Any], values: dict[str, Any]) -> Any:
        return self._scan(query, values)

    def delete(self, work: Work, page: Page) -> int:
        """Delete the rows of a page. Returns the number of rows."""
        return self._end(work, page, "delete", sa.delete)

    def change(self, work: Work, page: Page, groups: Sequence[Group]) -> int:
        """Write the changes of each group to the rows of a page, in one UPDATE. Returns the number of rows."""
        new = self.changed
        return self._end(work, page, "change", lambda row: sa.update(row).values(new(work.table, groups)))

    def changed(self, table: str, groups: Sequence[Group]) -> dict[str, Any]:
        """The new value of each column; ON UPDATE columns keep their value."""
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
        """Run a statement on the rows of a page; they are locked first if the condition reads other rows."""
        form = (verb, page.form)
        if form not in work.statements:
            before, conditions = self._page_statements(work, page)
            row = self._tables[work.table]
            again = self.where.sql(work.condition, row, work.table)
            left = sa.select(sa.literal(1)).select_from(row).where(*conditions, again).limit(1)
            work.statements[form] = (*before, statement(row).where(*conditions), left)
        *before, act, left = work.statements[form]
        for each in before:
            self._connection.execute(each, page.values)
        done = int(self._connection.execute(act, page.values).rowcount)
        return done + self._require_done(work, page, (act, left), done)

    def _require_done(self, work: Work, page: Page, statements: tuple[Any, Any], done: int) -> int:
        """Look whether rows of the page still meet the condition. Raises StoreError if they do.

        After a delete only where a trigger, a rule or a policy may leave rows; after a change also on the first page,
        since the database may have stored another value. Rows that came meanwhile are ended, too. Returns how many.
        """
        act, left = statements
        verb = "UPDATE" if act.is_update else "DELETE"
        undone = self.store.shape.tables[work.table].may_undo(verb)
        if not undone and (act.is_delete or not done or "proved" in work.statements):
            return 0
        more = 0
        if self._connection.execute(left, page.values).first() is not None:
            more = int(self._connection.execute(act, page.values).rowcount)
            if self._connection.execute(left, page.values).first() is not None:
                raise self.store.not_done(work.table, verb)
        work.statements["proved"] = True
        return more

    def renew(self, statement: str) -> None:
        """Renew a copy that the database keeps, such as a materialised view, in a transaction. Raises StoreError."""
        with self.transaction():
            self.execute_raw(statement)

    def _page_statements(self, work: Work, page: Page) -> tuple[list[Any], list[sa.ColumnElement[bool]]]:
        """The statements before that of a page, and the conditions that restrict it to the page. Raises StoreError."""
        row, due = self._tables[work.table], work.due
        if due is not None:
            return self._recheck_statements(work, due, page)
        if reads_other_rows(work.condition):
            raise StoreError(
                f"{work.table} has no key, and its rows end by what other tables say",
                advice="give the table a primary key",
            )
        still = self.where.sql(work.condition, row, work.table)
        return [], [*within(page.form, work.track.along, work.track.key), still]

    def _recheck_statements(
        self, work: Work, due: sa.Table, page: Page
    ) -> tuple[list[Any], list[sa.ColumnElement[bool]]]:
        """The same if the condition reads other rows: lock first, then evaluate the condition in a second statement.

        A statement that started before the lock was acquired would not see what was committed meanwhile.
        """
        row = self._tables[work.table]
        ours = [row.c[str(c.info["of"])] for c in due.c]
        same = [a == b for a, b in zip(ours, due.c, strict=True)]
        bounds = [*within(page.form, None, tuple(due.c)), *within(page.form, None, tuple(ours))]
        still = self.where.row_by_row(work.condition, row, work.table)
        if not self.store.dialect.locks_rows:
            listed = sa.select(*due.c).where(*within(page.form, None, tuple(due.c)))
            return [], [ours[0].in_(listed) if len(ours) == 1 else sa.tuple_(*ours).in_(listed), still]
        chosen = sa.select(*ours).select_from(due.join(row, sa.and_(*same))).where(*bounds)
        chosen = chosen.with_for_update(of=row if self.store.dialect.for_update_of else None)
        if self.store.dialect.optimizer_fence:
            if not work.locks:
                return [], [*same, *bounds, still]
            locking = sa.select(sa.func.count()).select_from(chosen.subquery())
            return [locking], [*same, *bounds, still]
        noted = self._page_keys_table(work.table)
        same_key = [a == b for a, b in zip(ours, noted.c, strict=True)]
        again = sa.exists(sa.select(sa.literal(1)).where(*same_key, still))
        note = sa.insert(noted).from_select([c.name for c in noted.c], chosen)
        return [sa.delete(noted), note, sa.delete(noted).where(~again)], same_key

    def page_rows(self, work: Work, page: Page) -> tuple[sa.TableClause, list[sa.ColumnElement[bool]]]:
        """The table, and the conditions that select the rows of a page."""
        row = self._tables[work.table]
        ours = work.track.key if work.due is None else tuple(row.c[str(c.info["of"])] for c in work.due.c)
        bounds = within(page.form, work.track.along, ours)
        return row, [self.where.sql(work.condition, row, work.table), *bounds]

    def read(
        self, work: Work, page: Page, columns: Callable[[sa.FromClause], Sequence[sa.ColumnElement[Any]]]
    ) -> list[tuple[Any, ...]]:
        """Columns of the rows of a page, for archives: the only action that fetches values."""
        self.took, (row, conditions) = 0.0, self.page_rows(work, page)  # nobody waits for a read
        with self.store.errors(), self._reading():
            return self.select(sa.select(*columns(row)).where(*conditions), page.values)

    def latest_by(self, work: Work, page: Page, trigger: LatestTime) -> list[tuple[Any, ...]]:
        """For each parent, the latest date among the rows of a page: (key…, local date, mark of the parent, rows)."""
        row, conditions = self.page_rows(work, page)
        keys = [row.c[c] for c in trigger.link.columns]
        top = sa.func.max(row.c[trigger.time.name])
        query = sa.select(*keys, top, sa.func.count(), self._mark_of_parent(row, trigger))
        query = query.where(*conditions).group_by(*keys)
        with self.store.errors():
            rows = self._connection.execute(query, page.values).all()
        zone = self.store.settings.zone
        return [(*key, local_day(top, trigger.time, zone), mark_text(mark), n) for *key, top, n, mark in rows]

    def _mark_of_parent(self, row: sa.FromClause, trigger: LatestTime) -> sa.ColumnElement[Any]:
        """The mark of the row to which the rows of a group lead."""
        there, link = self._tables[trigger.link.to_table].alias(), trigger.link
        mark = self.mark(str(trigger.remembered), there)
        if isinstance(mark, sa.Null):
            return sa.null().label("mark")
        same = [there.c[b] == row.c[a] for a, b in zip(link.columns, link.to_columns, strict=True)]
        of_parent = sa.select(sa.func.max(mark)).select_from(there).where(*same).correlate(row)
        return of_parent.scalar_subquery().label("mark")

    @contextmanager
    def page_transaction(self) -> Iterator[float]:
        """The transaction of one page; yields its start time. `attempt` retries it on a lock or a deadlock."""
        self._connection.rollback()
        try:
            self.store.begin_page(self._connection)
            yield time.monotonic()
            self._connection.commit()
        except BaseException:
            self._connection.rollback()
            raise
        finally:
            if not self._connection.invalidated:
                self.store.end_page(self._connection)

    def attempt(self, act: Callable[[], int]) -> int:
        """Call `act` in the transaction of a page, retried with a backoff on locks; sets `took` (seconds).

        Raises PageTooSlow if the store cancelled a statement, StoreError if rows stay locked or the store fails.
        """
        until = time.monotonic() + self.store.settings.lock_timeout * _PATIENCE
        pause = 0.02
        while True:
            try:
                with self.page_transaction() as began:
                    done = act()
            except sa.exc.DBAPIError as error:
                if self.store.is_timeout(error):
                    raise self._shrink_page(error) from None
                if time.monotonic() + pause > until or not self.store.is_retryable(error):
                    raise self._lock_error(error) from None
                time.sleep(pause)
                pause = min(pause * 2, 1.0)
            else:
                self._learn_size(time.monotonic() - began)
                self.store.after_page(self._connection)
                return done

    def _learn_size(self, seconds: float) -> None:
        """Adapt the page size to `aim` seconds, by a factor between 0.5 and 8.

        Small pages are not made smaller: their time is spent on the disk, not on rows.
        """
        self.took = seconds
        factor = min(max(self.aim / max(seconds, 1e-6), 0.5), _GROWTH)
        self._size = min(max(int(self.size * factor), min(_SMALL, self.size)), self.store.page_size)

    def _shrink_page(self, error: sa.exc.DBAPIError) -> PageTooSlow | StoreError:
        """Quarter the page size and return PageTooSlow; a StoreError if pages are minimal already."""
        if self._size <= _LEAST:
            return self.store.as_store_error(error)
        self._size = max(self.size // 4, _LEAST)
        return PageTooSlow(f"store “{self.store.name}” cut a page off, since it took too long")

    def _lock_error(self, error: sa.exc.DBAPIError) -> StoreError:
        if self.store.is_retryable(error):
            message = f"store “{self.store.name}”: rows stayed locked by the application"
            return StoreError(message, advice="what was ended is recorded; run the same command again later")
        return self.store.as_store_error(error)

    def _page_keys_table(self, table: str) -> sa.Table:
        if table not in self._notes:
            columns = self._key_columns(table, self.store.shape.tables[table].key)
            name = f"servanda_page_{len(self._notes)}"
            made = temporary(name, *columns)
            assert not self._connection.in_transaction(), "`ready` comes before the page"
            self._ddl(sa.schema.CreateTable(made))
            self._notes[table] = made
        return self._notes[table]

    def ready(self, work: Work) -> None:
        """Fill the temporary table of due keys, outside of page transactions; must be called before `pages`."""
        if work.due is None:
            return
        row, due = self._tables[work.table], work.due
        chosen = sa.select(*(row.c[str(c.info["of"])] for c in due.c))
        chosen = chosen.where(self.where.sql(work.condition, row, work.table))
        with self.transaction():
            self._connection.execute(sa.delete(due))
            self._connection.execute(sa.insert(due).from_select([c.name for c in due.c], chosen))
        with self.transaction():
            self.store.analyze(self._connection, due.name)
        if self.store.dialect.locks_rows and not self.store.dialect.optimizer_fence:
            self._page_keys_table(work.table)


def mark_text(mark: Any) -> str | None:
    """A mark as text, whatever the driver makes of it."""
    return mark.decode() if isinstance(mark, bytes) else None if mark is None else str(mark)


@contextmanager
def session(store: SqlStore) -> Iterator[Session]:
    """Open a session. Raises StoreDown if the store does not answer."""
    with store.errors():
        connection = store.engine.connect()
    try:
        yield Session(store, connection)
    finally:
        connection.close()
