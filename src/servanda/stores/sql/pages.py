"""Pages of a sweep: ranges of an indexed column or of the key, found with LIMIT 1 OFFSET n.

by trigger   [low, high) of an indexed column. If one value fills more than a page, it is split by key.
by key       if there is no such column: ranges of the primary key. If the condition reads other rows, the ranges
             are taken from a temporary table of the due keys, which is filled once before the first page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

Bool = sa.ColumnElement[bool]
Scan = Callable[[sa.Select[Any], dict[str, Any]], Any]


@dataclass(frozen=True, slots=True)
class Page:
    """One range: low <= trigger < high, and after < key <= until; None means no bound."""

    low: Any = None
    high: Any = None
    after: tuple[Any, ...] | None = None
    until: tuple[Any, ...] | None = None

    @property
    def form(self) -> tuple[bool, bool, bool]:
        """Which bounds it has; pages of the same form share their statements."""
        return self.low is not None, self.after is not None, self.until is not None

    @property
    def values(self) -> dict[str, Any]:
        """The bounds as the parameters of a statement."""
        found = {"servanda_low": self.low, "servanda_high": self.high} if self.low is not None else {}
        for name, key in (("servanda_after", self.after), ("servanda_until", self.until)):
            found |= {f"{name}_{i}": value for i, value in enumerate(key or ())}
        return found


@dataclass(frozen=True, slots=True)
class Track:
    """The input of paging: `source` is a table, or the list of due keys; `along` the trigger's column, if any.

    `start` and `end` bound the trigger, `found` selects the rows if there is no trigger, `key` is the primary key
    (empty: none).
    """

    source: sa.FromClause
    along: sa.ColumnElement[Any] | None
    key: tuple[sa.ColumnElement[Any], ...]
    start: Any
    end: Any
    found: Bool


def pages(scan: Scan, track: Track, size: Callable[[], int]) -> Iterator[Page]:
    """The pages of a track, each found after the previous one is done; `size` may change between them."""
    if track.along is None:
        yield from _key_pages(scan, track, size, track.found, Page())
        return
    following, first, upper = _next_value(track), _first_value(track), _value_after(track)
    low = _one(scan, first, {"servanda_low": track.start})
    while low is not None:
        high = _one(scan, upper, {"servanda_low": low, "servanda_size": size()})
        if high is None:
            yield Page(low, track.end)
            return
        if high != low:
            yield Page(low, high)
            low = high
            continue
        after = _one(scan, following, {"servanda_low": low})
        tied = Page(low, track.end if after is None else after)
        if track.key:
            same = track.along == _bound("servanda_low", track.along)
            yield from _key_pages(scan, track, size, same, tied)
        else:
            yield tied  # without a key, all rows of one value are one page
        low = after


def within(
    form: tuple[bool, bool, bool],
    along: sa.ColumnElement[Any] | None,
    key: tuple[sa.ColumnElement[Any], ...],
) -> list[Bool]:
    """The conditions that restrict a statement to a page of this form; the bounds are parameters."""
    low, after, until = form
    found: list[Bool] = []
    if along is not None and low:
        found += [along >= _bound("servanda_low", along), along < _bound("servanda_high", along)]
    if after:
        found.append(_beyond(key, "servanda_after"))
    if until:
        found.append(sa.not_(_beyond(key, "servanda_until")))
    return found


def _bound(name: str, column: sa.ColumnElement[Any]) -> sa.BindParameter[Any]:
    """A parameter with the type of a column; untyped if the column has none."""
    raw = isinstance(column.type, sa.types.NullType)
    return sa.bindparam(name) if raw else sa.bindparam(name, type_=column.type)


def _beyond(key: tuple[sa.ColumnElement[Any], ...], name: str, at: int = 0) -> Bool:
    """The key is greater than a bound, without a row value, which MariaDB cannot search in an index."""
    bound = _bound(f"{name}_{at}", key[at])
    first: Bool = key[at] > bound
    if at == len(key) - 1:
        return first
    return sa.or_(first, sa.and_(key[at] == bound, _beyond(key, name, at + 1)))


def _one(scan: Scan, query: sa.Select[Any], values: dict[str, Any]) -> Any:
    row = scan(query, values)
    return None if row is None else row[0]


def _between(track: Track, *, inclusive: bool) -> sa.Select[Any]:
    along = track.along
    assert along is not None
    bound = _bound("servanda_low", along)
    end = sa.literal(track.end, along.type) if _typed(along) else track.end
    lower = along >= bound if inclusive else along > bound
    return sa.select(along).select_from(track.source).where(lower, along < end).order_by(along)


def _typed(column: sa.ColumnElement[Any]) -> bool:
    return not isinstance(column.type, sa.types.NullType)


def _first_value(track: Track) -> sa.Select[Any]:
    return _between(track, inclusive=True).limit(1)


def _next_value(track: Track) -> sa.Select[Any]:
    return _between(track, inclusive=False).limit(1)


def _value_after(track: Track) -> sa.Select[Any]:
    return _between(track, inclusive=True).limit(1).offset(sa.bindparam("servanda_size", type_=sa.Integer()))


def _key_pages(scan: Scan, track: Track, size: Callable[[], int], where: Bool, base: Page) -> Iterator[Page]:
    chosen = sa.select(*track.key).select_from(track.source).where(where).order_by(*track.key)
    chosen = chosen.limit(1).offset(sa.bindparam("servanda_size", type_=sa.Integer()))
    later = chosen.where(_beyond(track.key, "servanda_after"))
    page = base
    while True:
        values = page.values | {"servanda_size": size() - 1}
        row = scan(chosen if page.after is None else later, values)
        until = None if row is None else tuple(row)
        yield Page(base.low, base.high, page.after, until)
        if until is None:
            return
        page = Page(base.low, base.high, until)
