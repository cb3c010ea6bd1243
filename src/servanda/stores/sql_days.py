"""The day of a trigger, read row by row: which columns to ask for, and what day they tell.

Ending rows never computes an aggregate; archiving them must, since the day from which an
archived row counts is written beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from servanda.stores.selection import (
    Bound,
    EventTime,
    GreatestTime,
    LatestTime,
    Link,
    OwnTime,
    ParentTime,
    ParentTrigger,
    TimeColumn,
)
from servanda.stores.sql_match import Matcher, joined
from servanda.stores.sql_times import local_day

Column = sa.ColumnElement[Any]
Tell = Callable[[Iterator[Any]], date | None]


@dataclass(frozen=True, slots=True)
class DayOf:
    """The columns to select for a trigger, and how their values tell its local day."""

    columns: tuple[Column, ...]
    tell: Callable[[Sequence[Any]], date | None]


class Days:
    """Reads the days of triggers in one store; `zone` is the company's own time zone."""

    def __init__(
        self, tables: Mapping[str, sa.TableClause], lists: Mapping[str, sa.Table], store: Matcher, zone: str
    ) -> None:
        self._tables, self._lists, self._store, self._zone = tables, lists, store, zone

    def of(self, trigger: Bound, row: sa.FromClause) -> DayOf:
        """How to read a trigger of `row`."""
        columns, tell = self._of(trigger, row, [], [])
        return DayOf(tuple(columns), lambda values: tell(iter(values)))

    def _of(
        self, trigger: Bound, row: sa.FromClause, through: list[sa.FromClause], on: list[Any]
    ) -> tuple[list[Column], Tell]:
        """The columns of a trigger of `row`, which is reached through other tables by conditions."""
        match trigger:
            case OwnTime(time):
                return [_at(row.c[time.name], through, on)], self._day(time)
            case ParentTime(links, time):
                end, further, met = self._follow(links, row, through, on)
                return [_at(end.c[time.name], further, met)], self._day(time)
            case ParentTrigger(links, inner):
                return self._of(inner, *self._follow(links, row, through, on))
            case EventTime(name):
                listed = self._lists[name].alias()
                keys = [
                    (row.c[str(c.info["of"])], listed.c[c.name])
                    for c in self._lists[name].c
                    if "of" in c.info
                ]
                met = [*on, *(a == b for a, b in keys)]
                return [_at(listed.c.day, [*through, listed], met)], _text_day
            case LatestTime():
                return self._latest(trigger, row, through, on)
            case GreatestTime(parts):
                return self._greatest([self._of(part, row, through, on) for part in parts])

    def _latest(
        self, trigger: LatestTime, row: sa.FromClause, through: list[sa.FromClause], on: list[Any]
    ) -> tuple[list[Column], Tell]:
        link, child = trigger.link, self._tables[trigger.link.table].alias()
        met = [*on, joined(self._store, link, child, row)]
        top = [_at(sa.func.max(child.c[trigger.time.name]), [*through, child], met)]
        tells = [self._day(trigger.time)]
        if trigger.remembered is not None:
            more, tell = self._of(EventTime(trigger.remembered), row, through, on)
            top, tells = [*top, *more], [*tells, tell]
        fallback, else_ = [_at(row.c[trigger.fallback.name], through, on)], self._day(trigger.fallback)
        columns, latest = self._greatest([([c], t) for c, t in zip(top, tells, strict=True)])

        def tell_latest(values: Iterator[Any]) -> date | None:
            found, other = latest(values), else_(values)
            return found if found is not None else other

        return [*columns, *fallback], tell_latest

    @staticmethod
    def _greatest(parts: Sequence[tuple[list[Column], Tell]]) -> tuple[list[Column], Tell]:
        def tell(values: Iterator[Any]) -> date | None:
            days = [day for day in [part(values) for _, part in parts] if day is not None]
            return max(days, default=None)

        return [column for columns, _ in parts for column in columns], tell

    def _follow(
        self, links: Sequence[Link], row: sa.FromClause, through: list[sa.FromClause], on: list[Any]
    ) -> tuple[sa.FromClause, list[sa.FromClause], list[Any]]:
        here, tables, met = row, list(through), list(on)
        for link in links:
            parent = self._tables[link.to_table].alias()
            met.append(joined(self._store, link, here, parent))
            tables.append(parent)
            here = parent
        return here, tables, met

    def key_at(self, links: Sequence[Link], key: Sequence[str], row: sa.FromClause) -> list[Column]:
        """The key of the row at the end of links; of `row` itself where there are none."""
        if links and not links[1:] and links[0].to_columns == tuple(key) and _bare(links[0]):
            return [row.c[c] for c in links[0].columns]
        end, through, met = self._follow(links, row, [], [])
        return [_at(end.c[k], through, met) for k in key]

    def _day(self, time: TimeColumn) -> Tell:
        return lambda values: local_day(next(values), time, self._zone)


def _at(column: Column, through: Sequence[sa.FromClause], on: Sequence[Any]) -> Column:
    """A column of the row itself, or a scalar subquery through other tables."""
    if not through:
        return column
    return sa.select(column).select_from(*through).where(*on).correlate_except(*through).scalar_subquery()


def _bare(link: Link) -> bool:
    """Whether a link is nothing but equal columns."""
    return link.plain and not link.when and not link.nobody


def _text_day(values: Iterator[Any]) -> date | None:
    text = next(values)
    return None if text is None else date.fromisoformat(str(text))
