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

from servanda.rules.rule import Finding, fails, rule, weak
from servanda.rules.view import View
from servanda.stores.binding import BoundPlace
from servanda.stores.selection import (
    All,
    Before,
    Condition,
    Equals,
    LatestTime,
    Missing,
    Not,
    OwnTime,
    TimeColumn,
)

_BY_NATURE = 10
"""Where more than one date in ten is to come, as of contracts that run out, they are no slips."""


@rule("SV420", law="GDPR 5(1)(e)", severity="warning", needs={"stores"})
def check(view: View) -> Iterator[Finding]:
    """Count them, once for each column from which something is counted."""
    told = set()
    for place in view.ended:
        for name, trigger in view.used(place).items():
            for table, time in view.times(place, trigger):
                fallback = isinstance(trigger, LatestTime) and time == trigger.fallback
                own = isinstance(trigger, OwnTime)
                if (place.store, table.name, time.name) in told or fallback:
                    continue
                told.add((place.store, table.name, time.name))
                yield from _odd(view, place, name, table.name, time, own)


def _odd(
    view: View, place: BoundPlace, name: str, table: str, time: TimeColumn, own: bool
) -> Iterator[Finding]:
    session, at = view.sessions[place.store], view.at(place, "triggers", name)
    here = OwnTime(time)
    where: tuple[Condition, ...] = ()
    if table == place.table.name:
        where = tuple(Equals(column, value) for column, value in place.place.where.items())

    def count(*parts: Condition) -> int:
        return session.count(table, All((*where, *parts)))

    empty = count(Equals(time.name, None)) if own and None not in time.open else 0
    known = OwnTime(replace(time, open=(*time.open, None)))
    unread = count(Missing(known))
    still = tuple(Not(Equals(time.name, value)) for value in {*time.open, None})
    future = count(Not(Before(here, view.today + timedelta(days=1))), Not(Missing(known)), *still)
    said = []
    if empty:
        said.append(f"{_rows(empty)} with NULL")
    if unread:
        said.append(f"{_rows(unread)} with a zero date or another form")
    if said:
        message = f"{table}.{time.name}: {', '.join(said)}: what counts from them never ends"
        yield fails(at, message, "mend them; or open: null, where NULL means “not yet”")
    if future and future * _BY_NATURE < count(*still):
        message = f"{table}.{time.name}: {_rows(future)} with a date to come"
        yield weak(at, message, "mend them, if they are slips")


def _rows(count: int) -> str:
    return f"{count:,}".replace(",", " ") + (" row" if count == 1 else " rows")
