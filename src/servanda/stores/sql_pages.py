"""Pages of a sweep: ranges that are found on an index and never leave the database.

along a trigger   [low, high) of an indexed column; the upper bound is the value
                  OFFSET a page further. Where one value holds more than a page,
                  the page goes on inside it by key.
along a parent    the same, of a column of the parent, counted in child rows
along the key     where neither is there: key ranges of the rows that end
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

Bool = sa.ColumnElement[bool]
Scan = Callable[[sa.Select[Any]], Any]


@dataclass(frozen=True, slots=True)
class Page:
    """One range. `low` and `high` bound the trigger, `after` and `until` the key; None is no bound."""

    low: Any = None
    high: Any = None
    after: tuple[Any, ...] | None = None
    until: tuple[Any, ...] | None = None


@dataclass(frozen=True, slots=True)
class Track:
    """What pages follow: `source` is the FROM clause with its join, `along` the trigger's column, if any.

    `start` and `end` bound the trigger, `found` selects the rows where there is no trigger,
    `key` is the key of the rows that end (empty: they have none).
    """

    source: sa.FromClause
    along: sa.ColumnElement[Any] | None
    key: tuple[sa.ColumnElement[Any], ...]
    start: Any
    end: Any
    where: Bool
    found: Bool


def pages(scan: Scan, track: Track, size: int) -> Iterator[Page]:
    """The pages of a track, each found when the one before has been dealt with."""
    if track.along is None:
        yield from _key_pages(scan, track, size, track.found, Page())
        return
    low = _next_value(scan, track, track.start, inclusive=True)
    while low is not None:
        high = _value_after(scan, track, low, size)
        if high is None:
            yield Page(low, track.end)
            return
        if high != low:
            yield Page(low, high)
            low = high
            continue
        following = _next_value(scan, track, low, inclusive=False)
        tied = Page(low, track.end if following is None else following)
        if track.key:
            same = sa.and_(track.where, track.along == low)
            yield from _key_pages(scan, track, size, same, tied)
        else:
            yield tied  # without a key a value is one page, however many rows have it
        low = following


def within(
    page: Page, along: sa.ColumnElement[Any] | None, key: tuple[sa.ColumnElement[Any], ...]
) -> list[Bool]:
    """The conditions that hold a statement to a page."""
    found: list[Bool] = []
    if along is not None and page.low is not None:
        found += [along >= _value(page.low, along), along < _value(page.high, along)]
    if page.after is not None:
        found.append(_beyond(key, page.after))
    if page.until is not None:
        found.append(sa.not_(_beyond(key, page.until)))
    return found


def _value(value: Any, column: sa.ColumnElement[Any]) -> Any:
    return sa.literal(value, column.type) if isinstance(column.type, sa.types.NullType) is False else value


def _beyond(key: tuple[sa.ColumnElement[Any], ...], bound: tuple[Any, ...]) -> Bool:
    """The key is greater than a bound, spelt out: MariaDB does not search a row value."""
    first: Bool = key[0] > _value(bound[0], key[0])
    if len(key) == 1:
        return first
    return sa.or_(first, sa.and_(key[0] == _value(bound[0], key[0]), _beyond(key[1:], bound[1:])))


def _between(track: Track, low: Any, *, inclusive: bool) -> Bool:
    along = track.along
    assert along is not None
    lower = along >= _value(low, along) if inclusive else along > _value(low, along)
    return sa.and_(track.where, lower, along < _value(track.end, along))


def _next_value(scan: Scan, track: Track, low: Any, *, inclusive: bool) -> Any:
    along = track.along
    assert along is not None
    query = sa.select(along).select_from(track.source).where(_between(track, low, inclusive=inclusive))
    row = scan(query.order_by(along).limit(1))
    return None if row is None else row[0]


def _value_after(scan: Scan, track: Track, low: Any, size: int) -> Any:
    along = track.along
    assert along is not None
    query = sa.select(along).select_from(track.source).where(_between(track, low, inclusive=True))
    row = scan(query.order_by(along).limit(1).offset(size))
    return None if row is None else row[0]


def _key_pages(scan: Scan, track: Track, size: int, where: Bool, base: Page) -> Iterator[Page]:
    after: tuple[Any, ...] | None = None
    while True:
        query = sa.select(*track.key).select_from(track.source).where(where)
        if after is not None:
            query = query.where(_beyond(track.key, after))
        row = scan(query.order_by(*track.key).limit(1).offset(size - 1))
        until = None if row is None else tuple(row)
        yield Page(base.low, base.high, after, until)
        if until is None:
            return
        after = until
