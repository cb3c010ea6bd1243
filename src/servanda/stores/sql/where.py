"""Translates a selection into SQL that can use an index.

No function is applied to a column: the company's local day is converted in Python to the type and time zone of the
column, and compared with raw values. Aggregates are avoided: "the latest child is before the day" becomes "no child
is on or after the day".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import reduce
from types import MappingProxyType
from typing import Any as Anything
from typing import Protocol
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from servanda.law.retention import local_midnight
from servanda.stores.document.change import Change, Scalar
from servanda.stores.fitting import misfit
from servanda.stores.selection import (
    All,
    Any,
    Before,
    Bound,
    Compares,
    Condition,
    Copied,
    CopiedTo,
    Equals,
    EventTime,
    Gathered,
    GreatestTime,
    Identity,
    LatestTime,
    LeadsTo,
    Link,
    Missing,
    Not,
    OwnTime,
    ParentTime,
    ParentTrigger,
    PointedAt,
    Reaches,
    TimeColumn,
    Undone,
    asks_other_rows,
    decided,
)
from servanda.stores.shape import Column
from servanda.stores.sql.links import Matcher, equals, every, joined, when
from servanda.stores.sql.times import ends_in_utc, wall_clock, written
from servanda.stores.verbs import Dialect

Bool = sa.ColumnElement[bool]
_YES: sa.ColumnElement[Anything] = sa.literal_column("1")
_NO: sa.ColumnElement[Anything] = sa.literal_column("0")
_MOST_WRITTEN = 5000
MOST_NESTED = 2
"""So many subqueries are written into each other where a database refuses a statement that is nested deeper."""
ZERO_DAY = date(1900, 1, 2)
"""Days before this one are the zero dates of databases (0000-00-00, 1900-01-01): missing, not old."""


class SqlFunctions(Matcher, Protocol):
    """The expressions that each kind of database writes in its own way."""

    dialect: Dialect

    def column(self, at: tuple[str, str]) -> Column:
        """The column of this table and name."""

    def changed(
        self, column: sa.ColumnElement[Anything], at: tuple[str, str], change: Change
    ) -> sa.ColumnElement[Anything]:
        """The value that a change writes into the column of this table and name."""

    def constant(self, at: tuple[str, str], value: Scalar) -> sa.ColumnElement[Anything]:
        """A constant in the type of a column."""

    def differs(self, column: sa.ColumnElement[Anything], at: tuple[str, str], value: Scalar) -> Bool:
        """Whether a column holds anything but a constant, character for character; NULL where it is NULL."""

    def is_pseudonym(self, column: sa.ColumnElement[Anything], at: tuple[str, str]) -> Bool:
        """Whether a value is a pseudonym that Servanda wrote: its last digits prove the others."""

    def text_form(self, column: sa.ColumnElement[Anything], pattern: str) -> Bool:
        """Whether a text has the form of a pattern in which 9 is any digit."""

    def fingerprint(self, columns: Sequence[sa.ColumnElement[Anything]]) -> sa.ColumnElement[Anything]:
        """A keyed hash of values, which changes when one of them does."""


class Where:
    """Translates the conditions of one store; `zone` is the company's own time zone.

    `forms` gives, for each (table, column) whose times are text, the one form that its
    values have, as in 9999-99-99 99:99:99.
    """

    def __init__(
        self,
        tables: Mapping[str, sa.TableClause],
        lists: Mapping[str, sa.Table],
        store: SqlFunctions,
        zone: str,
        forms: Mapping[tuple[str, str], str],
        identities: Mapping[str, Identity] = MappingProxyType({}),
    ) -> None:
        self._tables = tables
        self._lists = lists
        self._store = store
        self._zone = ZoneInfo(zone)
        self._forms = forms
        self._identities = identities
        self._row_by_row = False
        self._depth = 0
        self._written: dict[tuple[Anything, ...], tuple[Bool, Anything]] = {}
        self._named: dict[tuple[int, str], tuple[sa.CTE, Condition]] = {}
        self.gathered: dict[str, sa.Table] = {}
        self.keys: dict[str, tuple[str, ...]] = {}

    def row_by_row(self, condition: Condition, row: sa.FromClause, table: str) -> Bool:
        """The same as `sql`, with an optimizer fence, for a statement that selects few rows."""
        self._row_by_row = self._store.dialect.optimizer_fence
        try:
            return self.sql(condition, row, table)
        finally:
            self._row_by_row = False

    def _exists(self, *conditions: Bool) -> Bool:
        """A row that meets the conditions; OFFSET 0 keeps PostgreSQL from joining it the other way round."""
        found = sa.select(sa.literal(1)).where(*conditions)
        return sa.exists(found.offset(sa.literal_column("0")) if self._row_by_row else found)

    def _once(self, said: object, row: sa.FromClause, at: tuple[Anything, ...], write: Anything) -> Bool:
        """What `write` gives for the same object about the same row; conditions share most of their parts.

        Told by identity: an equal value may be of another type, as 1 and True. What is kept beside it stays alive,
        so that no other object can have its identity.
        """
        key = (id(said), id(row), self._row_by_row, *at)
        if key not in self._written:
            if len(self._written) >= _MOST_WRITTEN:
                self.forget()  # each page of a sweep has conditions of its own
            self._written[key] = (write(), (said, row))
        return self._written[key][0]

    def forget(self) -> None:
        """Write all conditions anew: a list, a gathered table or the form of a text column is another now."""
        self._written.clear()
        self._named.clear()

    def sql(self, condition: Condition, row: sa.FromClause, table: str) -> Bool:
        """The SQL of a condition about `row`, an instance of `table`."""
        return self._once(condition, row, (table,), lambda: self._sql(condition, row, table))

    def _sql(self, condition: Condition, row: sa.FromClause, table: str) -> Bool:
        match condition:
            case Before(OwnTime(time), day, since) if since is not None:
                return sa.and_(
                    self.own(table, time, row, day), row.c[time.name] >= self.cut(table, time, since)
                )
            case Before(trigger, day):
                return self._before(trigger, day, row, table)
            case Missing(trigger):
                return self._missing(trigger, row, table)
            case Equals(column, value):
                return equals(row.c[column], value)
            case Compares(column, operator, value):
                compared: Bool = row.c[column].op(operator, is_comparison=True)(sa.literal(value))
                return compared
            case PointedAt(link, kept):
                return self._pointed_at(link, kept, row)
            case LeadsTo(link, met):
                return self._leads_to(link, met, row)
            case Gathered(number, any_of, none_of):
                return self._gathered(table, number, any_of, none_of, row)
            case Undone(changes):
                return _any(self.undone(row, table, name, change) for name, change in changes)
            case Reaches(links, key, name):
                return self._reaches(links, key, name, row)
            case Copied() | CopiedTo():
                return self._copied(condition, row)
            case All(parts):
                return every(self.sql(part, row, table) for part in parts)
            case Any(parts):
                return _any(self.sql(part, row, table) for part in parts)
            case Not(part):
                inner = self.sql(part, row, table)
                # a plain NOT EXISTS, which databases join, where nothing is unknown
                return ~inner if decided(part) else sa.case((inner, _NO), else_=_YES) == _YES

    def _copied(self, condition: Copied | CopiedTo, row: sa.FromClause) -> Bool:
        """An equal copy of the row is known: by its fingerprint, or value by value."""
        if isinstance(condition, Copied):
            listed = self._lists[condition.list].alias()
            names = {c.name: str(c.info["of"]) for c in self._lists[condition.list].c if "of" in c.info}
            now = self._store.fingerprint([row.c[c] for c in condition.columns])
            same = [*(row.c[of] == listed.c[name] for name, of in names.items()), listed.c.print == now]
        else:
            copy = self._tables[condition.table].alias()
            same = [copy.c[k] == row.c[k] for k in condition.key]
            same += [copy.c[c].is_not_distinct_from(row.c[c]) for c in condition.columns]
        return sa.exists(sa.select(sa.literal(1)).where(*same))

    def undone(self, row: sa.FromClause, table: str, name: str, change: Change) -> Bool:
        """Whether a column does not contain yet what the change would write; false after the change."""
        column = row.c[name]
        if change == Change():
            return column.is_not(None)
        if misfit(self._store.column((table, name)), change):
            return sa.true()  # no value of this type is what the change would write
        if change.constant is not None:
            return sa.or_(column.is_(None), self._store.differs(column, (table, name), change.constant))
        if change.pseudonym:
            return sa.and_(column.is_not(None), ~self._store.is_pseudonym(column, (table, name)))
        new = self.changed(row, table, name, change)  # NULL where a value cannot be read
        return sa.and_(column.is_not(None), column.is_distinct_from(new))

    def changed(
        self, row: sa.FromClause, table: str, name: str, change: Change
    ) -> sa.ColumnElement[Anything]:
        """The value that a change writes into a column."""
        if change == Change():
            return sa.null()
        if change.constant is not None:
            return self._store.constant((table, name), change.constant)
        return self._store.changed(row.c[name], (table, name), change)

    def cut(self, table: str, time: TimeColumn, day: date) -> Anything:
        """The first value of a column that lies on the company's local `day` or later."""
        if time.kind == "date":
            return day.isoformat() if self._form(table, time) else day
        instant = local_midnight(day, self._zone)
        if time.kind in ("epoch", "epoch_ms"):
            seconds = max(int(instant.timestamp()), 1)  # 0 and less mean "not set"
            return seconds * (1000 if time.kind == "epoch_ms" else 1)
        form = self._form(table, time)
        if form is not None and "99:" not in form:
            return day.isoformat()
        if time.kind == "aware" and form is None:
            return instant
        wall = wall_clock(instant, ZoneInfo("UTC") if form and ends_in_utc(form) else ZoneInfo(time.zone))
        return wall if form is None else written(wall, form)

    def _form(self, table: str, time: TimeColumn) -> str | None:
        if time.kind == "text" or (
            self._store.dialect.stores_time_as_text and time.kind in ("naive", "aware", "date")
        ):
            return self._forms.get((table, time.name), "9999-99-99 99:99:99")
        return None

    def own(self, table: str, time: TimeColumn, row: sa.FromClause, day: date) -> Bool:
        """`day` lies after the column's time, whose value is usable."""
        column = row.c[time.name]
        parts = [column < self.cut(table, time, day), column >= self.cut(table, time, ZERO_DAY)]
        if time.kind in ("epoch", "epoch_ms"):
            parts[1] = column > 0
        form = self._form(table, time)
        if form is not None:
            parts.append(self._store.text_form(column, form))
        parts += [column != sa.literal(value) for value in time.open if value is not None]
        return every(parts)

    def _before(self, trigger: Bound, day: date, row: sa.FromClause, table: str) -> Bool:
        return self._once(trigger, row, (table, day), lambda: self._is_before(trigger, day, row, table))

    def _is_before(self, trigger: Bound, day: date, row: sa.FromClause, table: str) -> Bool:
        match trigger:
            case OwnTime(time):
                return self.own(table, time, row, day)
            case ParentTime(links, time):
                return self._along(links, row, lambda end: self.own(links[-1].to_table, time, end, day))
            case ParentTrigger(links, inner):
                return self._among(links, row, lambda end: self._before(inner, day, end, links[-1].to_table))
            case LatestTime():
                return self._latest_before(trigger, day, row, table)
            case GreatestTime(parts):
                over = [
                    sa.or_(
                        self._before(p, day, row, table),
                        sa.and_(self._absent(p, row, table), self._not_in_doubt(p, day, row)),
                    )
                    for p in parts
                ]
                return every([*over, _any(self._before(p, day, row, table) for p in parts)])
            case EventTime(name):
                day_text = self._lists[name].c.day
                return self._in_list(name, row, self._list_key(name), day_text < day.isoformat())

    def _not_in_doubt(self, trigger: Bound, day: date, row: sa.FromClause) -> Bool:
        """No later day is recorded under the key of the row, not even one that may be of a former row."""
        name = trigger.remembered if isinstance(trigger, LatestTime) else None
        name = trigger.list if isinstance(trigger, EventTime) else name
        if name is None or name not in self._identities:
            return sa.true()
        fresh = self._lists[name].c.day >= day.isoformat()
        return ~self._in_list(name, row, self._list_key(name), fresh, doubtful=True)

    def _latest_before(self, trigger: LatestTime, day: date, row: sa.FromClause, table: str) -> Bool:
        link, time = trigger.link, trigger.time
        child = self._tables[link.table].alias()
        column = child.c[time.name]
        still = [equals(column, value) for value in time.open]  # a child that is still open is fresh
        fresh = _any([column >= self.cut(link.table, time, day), *still])
        here = joined(self._store, link, child, row)
        parts: list[Bool] = [~self._exists(here, fresh)]
        dated = self.own(link.table, time, child, day)
        any_child: list[Bool] = [self._exists(here, dated)]
        if trigger.remembered:
            key = self._list_key(trigger.remembered)
            latest = self._lists[trigger.remembered].c.day
            fresh_memory = latest >= day.isoformat()
            parts.append(~self._in_list(trigger.remembered, row, key, fresh_memory, doubtful=True))
            any_child.append(self._in_list(trigger.remembered, row, key))
        parts.append(_any([*any_child, self.own(table, trigger.fallback, row, day)]))
        return every(parts)

    def _missing(self, trigger: Bound, row: sa.FromClause, table: str) -> Bool:
        match trigger:
            case OwnTime(time):
                return self._unusable(table, time, row)
            case ParentTime(links, time):
                return self._orphan_or(links, row, lambda end: self._unusable(links[-1].to_table, time, end))
            case ParentTrigger(links, inner):
                there = links[-1].to_table
                return self._orphan_or(links, row, lambda end: self._missing(inner, end, there))
            case LatestTime(_, _, fallback, _):
                return sa.and_(~self._has_latest(trigger, row), self._unusable(table, fallback, row))
            case GreatestTime(parts):
                absent = [self._absent(part, row, table) for part in parts]
                return every([*absent, *(~self._still(part, row) for part in parts)])
            case EventTime(name) if name in self._identities:  # recorded of a row that this one may not be
                key = self._list_key(name)
                return self._in_list(name, row, key, doubtful=True) & ~self._in_list(name, row, key)
            case EventTime():
                return sa.false()

    def _orphan_or(self, links: tuple[Link, ...], row: sa.FromClause, last: Anything) -> Bool:
        """Nothing stands at the end of the links, so that no trigger will ever come; or `last` holds there."""
        return sa.or_(~self._along(links, row, lambda _: sa.true()), self._along(links, row, last))

    def _absent(self, trigger: Bound, row: sa.FromClause, table: str) -> Bool:
        """The trigger has no value at all, whatever that means."""
        match trigger:
            case OwnTime(time):
                return _not_set(row.c[time.name], time)
            case ParentTime(links, time):
                return ~self._along(links, row, lambda end: ~_not_set(end.c[time.name], time))
            case EventTime(name):
                return ~self._in_list(name, row, self._list_key(name))
            case _:
                return self._missing(trigger, row, table)

    def _still(self, trigger: Bound, row: sa.FromClause) -> Bool:
        """The trigger has a value that means "still running"."""
        match trigger:
            case OwnTime(time):
                return _any(equals(row.c[time.name], value) for value in time.open)
            case ParentTime(links, time) if time.open:
                return self._along(
                    links, row, lambda end: _any(equals(end.c[time.name], value) for value in time.open)
                )
            case EventTime(name):  # what has not happened yet may still happen
                return ~self._in_list(name, row, self._list_key(name))
            case _:
                return sa.false()

    def _has_latest(self, trigger: LatestTime, row: sa.FromClause) -> Bool:
        """Some child row, or the memory of one, tells a date, or is still open."""
        link, time = trigger.link, trigger.time
        child = self._tables[link.table].alias()
        column = child.c[time.name]
        dated = column.is_not(None) & ~self._unusable(link.table, time, child)
        still = [equals(column, value) for value in time.open]
        known = self._exists(joined(self._store, link, child, row), _any([dated, *still]))
        if trigger.remembered is None:
            return known
        return known | self._in_list(trigger.remembered, row, self._list_key(trigger.remembered))

    def _unusable(self, table: str, time: TimeColumn, row: sa.FromClause) -> Bool:
        column = row.c[time.name]
        options: list[Bool] = [] if None in time.open else [column.is_(None)]
        zero = column <= 0 if time.kind.startswith("epoch") else column < self.cut(table, time, ZERO_DAY)
        still = [column != sa.literal(value) for value in time.open if value is not None]
        options.append(every([zero, *still]))
        if time.kind.startswith("epoch") and self._store.dialect.stores_time_as_text:
            no_number = sa.func.typeof(column).not_in(("integer", "real", "null"))
            options.append(every([no_number, *still]))
        form = self._form(table, time)
        if form is not None:
            options.append(every([column.is_not(None), ~self._store.text_form(column, form), *still]))
        return _any(options)

    def _along(self, links: tuple[Link, ...], row: sa.FromClause, last: Anything) -> Bool:
        """The row at the end of a chain of links exists and meets `last`."""
        link, rest = links[0], links[1:]
        parent = self._tables[link.to_table].alias()
        if self._store.dialect.nests_few:  # one subquery with all parents
            points, here = [joined(self._store, link, row, parent)], parent
            for more in rest:
                parent = self._tables[more.to_table].alias()
                points.append(joined(self._store, more, here, parent))
                here = parent
            return self._exists(*points, last(here))
        inner = self._along(rest, parent, last) if rest else last(parent)
        return self._exists(joined(self._store, link, row, parent), inner)

    def _among(self, links: tuple[Link, ...], row: sa.FromClause, last: Anything) -> Bool:
        """The same as `_along`, asked once for all parents and not again for each of their children."""
        link, rest = links[0], links[1:]
        if len(link.columns) > 1 or self._row_by_row or not link.plain:
            return self._along(links, row, last)
        parent = self._tables[link.to_table].alias()
        inner = self._among(rest, parent, last) if rest else last(parent)
        found = sa.select(parent.c[link.to_columns[0]]).where(inner)
        return every([row.c[link.columns[0]].in_(found), every(when(link, row))])

    def _pointed_at(self, link: Link, kept: Condition | None, row: sa.FromClause) -> Bool:
        child, met = self._met(link.table, kept)
        return self._exists(joined(self._store, link, child, row), *met)

    def _leads_to(self, link: Link, met: Condition, row: sa.FromClause) -> Bool:
        parent, parts = self._met(link.to_table, met)
        return self._exists(joined(self._store, link, row, parent, bare="target"), *parts)

    def _met(self, table: str, condition: Condition | None) -> tuple[sa.FromClause, list[Bool]]:
        """The rows of a table in a subquery, and what else they have to meet.

        Where statements can be nested a few times only, rows of a subquery that is too deep are named before the
        statement (WITH), so that it grows in length and not in depth.
        """
        row = self._tables[table].alias()
        if condition is None:
            return row, []
        depth, deep = self._depth, self._depth >= MOST_NESTED and asks_other_rows(condition)
        try:
            if not deep or not self._store.dialect.nests_few:
                self._depth += 1
                return row, [self.sql(condition, row, table)]
            at = (id(condition), table)
            if at not in self._named:
                self._depth = 0
                self._named[at] = sa.select(*row.c).where(self.sql(condition, row, table)).cte(), condition
            return self._named[at][0].alias(), []
        finally:
            self._depth = depth

    def _gathered(self, table: str, number: int, any_of: int, none_of: int, row: sa.FromClause) -> Bool:
        work = self.gathered[table].alias()
        keys = [c for c in self.gathered[table].c if c.name.startswith("k")]
        same = [row.c[k] == work.c[c.name] for k, c in zip(self.keys[table], keys, strict=True)]
        parts = [work.c.n == number, *same]
        if any_of >= 0:
            parts.append(work.c.s == 0 if any_of == 0 else work.c.s.op("&")(int(any_of)) != 0)
        if none_of:
            parts.append(work.c.s.op("&")(int(none_of)) == 0)
        return self._exists(*parts)

    def _reaches(self, links: tuple[Link, ...], key: tuple[str, ...], name: str, row: sa.FromClause) -> Bool:
        if not links:
            return self._in_list(name, row, key)
        carried = links[-1].to_columns == key and links[-1].plain  # the last link already carries the key
        if carried and name not in self._identities:
            *before, last = links
            if not before:
                return sa.and_(self._in_list(name, row, last.columns), every(when(last, row)))
            end = lambda r: sa.and_(self._in_list(name, r, last.columns), every(when(last, r)))  # noqa: E731
            return self._along(tuple(before), row, end)
        return self._along(links, row, lambda end: self._in_list(name, end, key))

    def _list_key(self, name: str) -> tuple[str, ...]:
        return tuple(str(c.info["of"]) for c in self._lists[name].c if "of" in c.info)

    def mark(self, name: str, row: sa.FromClause) -> sa.ColumnElement[Anything]:
        """The mark of a row of the table of a list; NULL where nothing but the key tells."""
        identity = self._identities.get(name)
        if identity is None:
            return sa.null()
        named = self._store.fingerprint([row.c[c] for c in identity.named]) if identity.named else sa.null()
        if not identity.created:
            return named
        made = self._store.fingerprint([row.c[c] for c in identity.created])
        return sa.case((self._is_dated(identity, row), made), else_=named)

    def _is_dated(self, identity: Identity, row: sa.FromClause) -> Bool:
        return every(
            [sa.false()] if not identity.created else [row.c[c].is_not(None) for c in identity.created]
        )

    def _is_same(self, name: str, listed: sa.FromClause, row: sa.FromClause) -> Bool:
        """Whether a row is the one of which a list tells, as far as anybody can say."""
        identity = self._identities[name]
        ways = [listed.c.mark.is_(None), listed.c.mark == self.mark(name, row)]
        if identity.emptied:
            done = [~self.undone(row, identity.table, column, change) for column, change in identity.emptied]
            ways.append(every([~self._is_dated(identity, row), *done]))
        return sa.or_(*ways)

    def _in_list(
        self,
        name: str,
        row: sa.FromClause,
        columns: tuple[str, ...],
        *more: Bool,
        doubtful: bool = False,
    ) -> Bool:
        """The key stands in a list, and the row has the mark that stands beside it; `doubtful`: whatever its mark."""
        listed = self._lists[name].alias()
        keys = [c for c in listed.c if c.name not in ("day", "mark")]
        same = [row.c[column] == key for column, key in zip(columns, keys, strict=True)]
        if name in self._identities and not doubtful:
            same.append(self._is_same(name, listed, row))
        moved = [_on(part, self._lists[name], listed) for part in more]
        return self._exists(*same, *moved)


def _on(part: Bool, table: sa.FromClause, alias: sa.FromClause) -> Bool:
    """The same condition, said about an alias of the table."""
    return sa.sql.visitors.replacement_traverse(
        part,
        {},
        lambda element, **_: alias.c[element.name] if getattr(element, "table", None) is table else None,
    )


def _not_set(column: sa.ColumnElement[Anything], time: TimeColumn) -> Bool:
    """NULL, 0 in an epoch, or a value that the document calls open; never NULL itself."""
    values: list[Scalar] = [value for value in time.open if value is not None]
    if time.kind.startswith("epoch"):
        values.append(0)
    return _any([column.is_(None), *(column.is_not(None) & (column == sa.literal(v)) for v in values)])


def _any(parts: Anything) -> Bool:
    items = list(parts)
    return reduce(lambda a, b: a | b, items) if items else sa.false()
