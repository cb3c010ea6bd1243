"""Rows whose date is missing, in the future, or in another form than the rest.

A row without a usable date is never ended: it is counted, and shown in every plan. NULL has
two meanings, still running (`open: null`) or missing, and the stores document says which. A
zero date (1900-01-01 or before, 0000-00-00) is no date. A few dates to come among
many others are mostly slips of the keyboard, and keep a row for a century.

Bad:

    --- app.sql
    CREATE TABLE visits (id INTEGER PRIMARY KEY, ip TEXT, visited_at TIMESTAMP);
    CREATE INDEX visits_visited_at ON visits (visited_at);
    INSERT INTO visits VALUES (1, '192.0.2.1', '2024-05-01 10:00:00');
    INSERT INTO visits VALUES (2, '192.0.2.2', NULL);
    INSERT INTO visits VALUES (3, '192.0.2.3', '1900-01-01 00:00:00');
    --- stores.yaml
    places:
      visits:
        data: visit
        person: none
        triggers: {collection: visited_at}

Good:

    --- app.sql
    CREATE TABLE visits (id INTEGER PRIMARY KEY, ip TEXT, visited_at TIMESTAMP);
    CREATE INDEX visits_visited_at ON visits (visited_at);
    INSERT INTO visits VALUES (1, '192.0.2.1', '2024-05-01 10:00:00');

Mend the dates in the application. Say `open: null` where NULL means “not yet”.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from servanda.rules.engine.rule import Finding, fails, rule, weak
from servanda.rules.engine.view import View
from servanda.stores.binding.binding import BoundPlace
from servanda.stores.selection import (
    All,
    Compares,
    Condition,
    Equals,
    LatestTime,
    Missing,
    Not,
    OwnTime,
    ParentTime,
    TimeColumn,
)

_BY_NATURE = 10
"""With more than one future date in ten, as with expiry dates of contracts, they count as intended."""


@rule("SV420", law="GDPR 5(1)(e)", severity="warning", needs={"stores"})
def check(view: View) -> Iterator[Finding]:
    """Count odd dates, once per column that a trigger reads.

    A part of a greatest, or a child's date, that is missing does not count; only a date on
    which the end hangs alone is looked at for that.
    """
    reported = set()
    for place in view.ended:
        if view.bound.unusable(place.name) or place.place.files:  # a separate rule covers log lines
            continue
        for name, trigger in view.used(place).items():
            alone = isinstance(trigger, OwnTime | ParentTime)
            for table, time in view.times(place, trigger):
                if isinstance(trigger, LatestTime) and time == trigger.fallback:
                    continue
                for kind, count in ((_missing, alone), (_to_come, True)):
                    once = (place.store, table.name, time.name, kind)
                    if count and once not in reported:
                        reported.add(once)
                        yield from kind(view, place, name, table.name, time)


def _missing(view: View, place: BoundPlace, name: str, table: str, time: TimeColumn) -> Iterator[Finding]:
    parts = []
    if None not in time.open:
        empty = _count(view, place, table, Equals(time.name, None))
        parts += [f"{_rows(empty)} with NULL"] if empty else []
    unread = _count(view, place, table, Missing(_known(time)))
    parts += [f"{_rows(unread)} with a zero date or another form"] if unread else []
    if parts:
        message = f"{table}.{time.name}: {', '.join(parts)}: what counts from them never ends"
        fix = "mend them; or open: null, where NULL means “not yet”"
        yield fails(view.at(place, "triggers", name), message, fix)


def _to_come(view: View, place: BoundPlace, name: str, table: str, time: TimeColumn) -> Iterator[Finding]:
    tomorrow = view.today + timedelta(days=1)
    dated = tuple(Not(Equals(time.name, value)) for value in {*time.open, None})
    first = view.sessions[place.store].cut(table, time, tomorrow)  # raw, so that an index can be used
    later = (Compares(time.name, ">=", first), Not(Missing(_known(time))))
    future = _count(view, place, table, *later, *dated)
    if future and future * _BY_NATURE < _count(view, place, table, *dated):
        message = f"{table}.{time.name}: {_rows(future)} with a date to come"
        yield weak(view.at(place, "triggers", name), message, "mend them, if they are slips")


def _known(time: TimeColumn) -> OwnTime:
    """The trigger with NULL counted as not ended, so that it is not reported twice."""
    return OwnTime(replace(time, open=(*time.open, None)))


def _count(view: View, place: BoundPlace, table: str, *parts: Condition) -> int:
    where: tuple[Condition, ...] = ()
    if table == place.table.name:
        where = tuple(Equals(column, value) for column, value in place.place.where.items())
    return view.sessions[place.store].count(table, All((*where, *parts)))


def _rows(count: int) -> str:
    return f"{count:,}".replace(",", " ") + (" row" if count == 1 else " rows")
