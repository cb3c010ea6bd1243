"""Conversion of times between the company's calendar, the time zone of a column, and text formats.

`Days` reads the day of a trigger row by row, for archiving: which columns to select, and the local day of their
values. Deleting rows never needs it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from typing import Any as Anything
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from servanda.errors import StoreError
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
from servanda.stores.sql.links import Matcher, joined


def ends_in_utc(form: str) -> bool:
    """Whether texts of this form say themselves that they are in UTC."""
    return form.endswith(("Z", "+00:00", "+00"))


def wall_clock(instant: datetime, zone: ZoneInfo) -> datetime:
    """The instant on the clock of a zone, without the zone; in the doubled hour, the earlier reading.

    The first pass of a doubled hour shows the same readings as the second: taking an hour
    less there ends a few rows a day late, and none too early.
    """
    local = instant.astimezone(zone)
    later = (instant + timedelta(hours=1)).astimezone(zone)
    if local.fold == 0 and later.fold == 1:
        return local.replace(tzinfo=None) - timedelta(hours=1)
    return local.replace(tzinfo=None, fold=0)


def written(wall: datetime, form: str) -> str:
    """A time in the form that the column's texts have."""
    text = wall.isoformat(sep="T" if "T" in form else " ", timespec="seconds")
    head = form.split(".", maxsplit=1)[0].rstrip("Z").removesuffix("+00:00").removesuffix("+00")
    return text[: len(head)]


def local_day(value: Anything, time: TimeColumn, zone: str) -> date | None:
    """The company's local date of a raw value, or None where it holds no usable date."""
    if value is None or value in time.open:
        return None
    if isinstance(value, datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=ZoneInfo(time.zone))
        return _date_in(aware, zone)
    if isinstance(value, date):
        return value
    if isinstance(value, int):
        seconds = value / 1000 if time.kind == "epoch_ms" else value
        try:
            return _date_in(datetime.fromtimestamp(seconds, UTC), zone) if value > 0 else None
        except (ValueError, OverflowError, OSError):  # later than any date
            return None
    try:
        parsed = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    if len(str(value)) == len("2022-12-26"):
        return parsed.date()
    return local_day(parsed, time, zone)


def _date_in(instant: datetime, zone: str) -> date:
    """The local date of an instant; on the first and the last day of the calendar, that of its own clock."""
    try:
        return instant.astimezone(ZoneInfo(zone)).date()
    except OverflowError:
        return instant.date()


_ISO = re.compile(r"(\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d:\d\d(?:\.\d+)?)?)(Z|\+00:00|\+00)?")


def form_of(table: str, column: str, value: str) -> str:
    """The form of a text: each digit a 9, but for the offset, which must be that of UTC."""
    match = _ISO.fullmatch(value)
    if match is None:
        message = f"{table}.{column}: its texts are no ISO 8601 dates or times in one zone"
        raise StoreError(message, advice="such as 2026-03-01, 2026-03-01 10:00:00 or 2026-03-01T10:00:00Z")
    return re.sub(r"\d", "9", match[1]) + (match[2] or "")


def regex_of(form: str) -> str:
    """A form as an anchored expression; fractions of a second may be there or not, as ISO writers do."""
    day, clock, tail = _parts(form)
    fraction = "([.][0-9]+)?" if clock else ""
    return f"^{_digits(day + clock)}{fraction}{tail.replace('+', '[+]')}$"


def globs_of(form: str) -> list[str]:
    """The same for GLOB, which knows no option: the usual lengths of fractions, and the one that was learnt."""
    day, clock, tail = _parts(form)
    found = len(form) - len(day + clock + tail)
    fractions = (
        ["", ".999", ".999999", "." + "9" * (found - 1)] if clock and found else ["", ".999", ".999999"]
    )
    return list(dict.fromkeys(_digits(day + clock + f) + tail for f in (fractions if clock else [""])))


def _parts(form: str) -> tuple[str, str, str]:
    """The day, the clock without fractions, and the offset of a form."""
    match = re.fullmatch(r"(.{10})(.99:99:99)?(?:\.9+)?(.*)", form)
    assert match is not None
    return match[1], match[2] or "", match[3]


def _digits(form: str) -> str:
    return form.replace("9", "[0-9]")


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
