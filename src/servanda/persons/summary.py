"""A summary of what is held about a person: rows of each place, since when, and the values that they may change.

    for seen in summarise_held(stores, human):   place by place
        seen.rows, seen.since, seen.own

Rows are counted in the store; only the person's own rows with editable columns are read. `since` is the earliest
day in the time columns of the stores document.

Law: GDPR 12(2) facilitating; 15(1); 16.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import sqlalchemy as sa

from servanda.persons.collect import Reach
from servanda.persons.person import Human
from servanda.persons.subject_graph import SubjectGraph
from servanda.stores.binding.binding import BoundPlace
from servanda.stores.binding.open_stores import OpenStores
from servanda.stores.selection import Bound, GreatestTime, LatestTime, OwnTime, TimeColumn
from servanda.stores.sql.links import equals
from servanda.stores.sql.times import local_day


@dataclass(frozen=True, slots=True)
class HeldSummary:
    """The rows of one place that belong to a person. `own` maps the columns that they may change to their values.

    `since` is the earliest day in the rows, None if unknown. `own` is empty unless the person has exactly one row
    of their own there.
    """

    place: BoundPlace
    rows: int
    since: date | None
    own: Mapping[str, Any] = field(repr=False)


def summarise_held(stores: OpenStores, human: Human) -> Iterator[HeldSummary]:
    """A summary of each place with rows of a person, in every store that answers; one snapshot per store."""
    here = {person.place.split(".", 1)[0] for person in human}
    zone = stores.binding.policy.timezone
    for name, graph in SubjectGraph.of(stores.binding).stores.items():
        if name not in here or name not in stores.sessions or not graph.places:
            continue
        reach = Reach.of(stores, graph)
        with reach.session.snapshot():
            reach.gather([human])
            counts = reach.rows.counts()
            for table, number in reach.numbers.items():
                for place in graph.places[table] if counts.get(number) else ():
                    rows, since = _count_rows(reach, place, number, zone)
                    if rows:
                        yield HeldSummary(place, rows, since, _editable_values(reach, place, human))


def _count_rows(reach: Reach, place: BoundPlace, number: int, zone: str) -> tuple[int, date | None]:
    """The number of rows, and the earliest day in them."""
    times = list(dict.fromkeys(t for trigger in place.triggers.values() for t in _times(trigger)))
    row, work, same = reach.rows.rows(place.table.name)
    where = [work.c.n == number, *(equals(row.c[n], v) for n, v in place.place.where.items())]
    query = sa.select(sa.func.count(), *(_earliest(row, time) for time in times))
    found: Any = reach.session.execute(query.select_from(work.join(row, same)).where(*where)).one()
    days = [local_day(value, time, zone) for value, time in zip(found[1:], times, strict=True)]
    return int(found[0]), min((day for day in days if day is not None), default=None)


def _earliest(row: sa.FromClause, time: TimeColumn) -> sa.ColumnElement[Any]:
    """The earliest value of a time column, without values that mean “open” or “not set”."""
    column = row.c[time.name]
    values = [value for value in time.open if value is not None]
    real = [column != value for value in values]
    if time.kind in ("epoch", "epoch_ms"):
        real.append(column > 0)
    return sa.func.min(sa.case((sa.and_(*real), column)) if real else column)


def _times(trigger: Bound) -> Sequence[TimeColumn]:
    """The time columns of the row itself that a trigger reads."""
    match trigger:
        case OwnTime(time):
            return (time,)
        case LatestTime():
            return (trigger.fallback,)
        case GreatestTime(parts):
            return [time for part in parts for time in _times(part)]
        case _:
            return ()


def _editable_values(reach: Reach, place: BoundPlace, human: Human) -> dict[str, Any]:
    """The values that the person may change, in their only row of a place; else empty."""
    keys = [person.key for person in human if person.place == place.name]
    columns = place.place.editable
    if len(keys) != 1 or not columns:
        return {}
    row = reach.session.table_of(place.table.name)
    same = reach.session.at_key(place.table.name, keys[0])
    values: Any = reach.session.execute(sa.select(*(row.c[c] for c in columns)).where(*same)).first()
    return dict(zip(columns, values, strict=True)) if values is not None else {}
