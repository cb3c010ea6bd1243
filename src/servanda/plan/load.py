"""Loads the lists of keys that conditions refer to into temporary tables of the stores.

held_<place>          the held persons of a place
rows_<place>          the rows of a place held by a condition
warned_<place>        who was warned long enough ago; told_<place>: who was warned at all
event_<place>_<name>  days recorded with `servanda event`
remembered_<place>_<child>  latest dates of child rows that were deleted
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any as Anything
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from servanda.database import Database, tables
from servanda.law.period import Period
from servanda.law.retention import last_day
from servanda.persons.holds import HeldPerson, HeldRows, Hold
from servanda.persons.routes import route
from servanda.stores.binding.binding import BoundPlace
from servanda.stores.binding.open_stores import OpenStores
from servanda.stores.document.triggers import AtEvent, AtGreatest, AtLatest
from servanda.stores.key import from_plain, to_plain
from servanda.stores.selection import Any, Compares, Condition, Reaches

Key = tuple[Anything, ...]


def key_text(key: Sequence[Anything]) -> str:
    """A key as JSON text, as stored in Servanda's own tables."""
    return json.dumps(to_plain(key))


def key_of(text: str) -> Key:
    """The key that `key_text` encoded."""
    return from_plain(json.loads(text))


def load_holds(stores: OpenStores, holds: Sequence[Hold]) -> None:
    """Load the keys of held persons and rows into every store; replaces earlier lists."""
    persons: dict[str, set[Key]] = {}
    rows: dict[str, list[HeldRows]] = {}
    for hold in holds:
        for scope in hold.scope:
            if isinstance(scope, HeldPerson):
                persons.setdefault(scope.place, set()).add(scope.key)
            else:
                rows.setdefault(scope.place, []).append(scope)
    for name, place in stores.binding.places.items():
        session = stores.session_of(place)
        if name in persons:
            session.make_list(f"held_{place.short}", place.table.name, place.table.key)
            session.fill(f"held_{place.short}", persons[name])
        if name in rows and place.table.key:
            session.make_list(f"rows_{place.short}", place.table.name, place.table.key)
            for scope in rows[name]:
                session.fill_where(f"rows_{place.short}", place.table.name, _compares(scope))


def held(stores: OpenStores, place: BoundPlace, holds: Sequence[Hold]) -> Condition | None:
    """The rows of a place that a hold covers; None if no hold can cover any."""
    parts: list[Condition] = []
    scopes = [scope for hold in holds for scope in hold.scope]
    path = route(stores.binding, place)
    roots = {s.place for s in scopes if isinstance(s, HeldPerson)}
    for root in sorted(roots) if path is not None else []:
        assert path is not None
        if _same_table(stores, root, path.root):
            listed = stores.binding.places[root]
            parts.append(path.reaches(listed.table.key, f"held_{listed.short}"))
    mine = [s for s in scopes if isinstance(s, HeldRows) and s.place == place.name]
    if mine and place.table.key:
        parts.append(Reaches((), place.table.key, f"rows_{place.short}"))
    parts += [_compares(s) for s in mine]
    return None if not parts else parts[0] if len(parts) == 1 else Any(tuple(parts))


def _same_table(stores: OpenStores, one: str, other: str) -> bool:
    """Whether two places share one table and key, so that their persons are the same rows."""
    places = stores.binding.places
    if one not in places or other not in places:
        return False
    a, b = places[one], places[other]
    return (a.store, a.table.name, a.table.key) == (b.store, b.table.name, b.table.key)


def _compares(scope: HeldRows) -> Condition:
    return Compares(scope.column, scope.operator, scope.value)


def load_records(stores: OpenStores, db: Database, now: datetime) -> None:
    """Load events, remembered dates and warnings into every store that needs them."""
    zone = stores.binding.policy.timezone
    with db.read() as connection:
        for place in stores.binding.places.values():
            session = stores.session_of(place)
            for name in _events(place):
                session.make_list(
                    f"event_{place.short}_{name}", place.table.name, place.table.key, dated=True
                )
                session.fill(f"event_{place.short}_{name}", _recorded(connection, place, name, zone))
            for child in _remembered(place):
                session.make_list(
                    f"remembered_{place.short}_{child}", place.table.name, place.table.key, dated=True
                )
                session.fill(f"remembered_{place.short}_{child}", _latest(connection, place, child))
            period = warn_before(place)
            if period is not None:
                for name in (f"warned_{place.short}", f"told_{place.short}"):
                    session.make_list(name, place.table.name, place.table.key)
                warned_at_all = list(_warned(connection, place))
                today = now.astimezone(ZoneInfo(zone)).date()
                session.fill(f"told_{place.short}", [key for key, _ in warned_at_all])
                long_ago = [key for key, day in warned_at_all if last_day(_local(day, zone), period) <= today]
                session.fill(f"warned_{place.short}", long_ago)


def warn_before(place: BoundPlace) -> Period | None:
    """How long before the end persons of a place are warned, if they are."""
    periods = [r.warn_before for _, r in place.limits if r.warn_before is not None]
    return max(periods, key=lambda p: p.in_days()) if periods else None


def _events(place: BoundPlace) -> list[str]:
    """The events that triggers or notes of the place refer to."""
    triggers = place.place.triggers.values()
    parts = [p for t in triggers for p in (t.greatest if isinstance(t, AtGreatest) else [t])]
    return sorted({part.event for part in parts if isinstance(part, AtEvent)} | set(place.place.notes))


def _remembered(place: BoundPlace) -> list[str]:
    names = set()
    for trigger in place.place.triggers.values():
        for part in trigger.greatest if isinstance(trigger, AtGreatest) else [trigger]:
            if isinstance(part, AtLatest) and part.remember:
                names.add(part.latest.split(".")[0])
    return sorted(names)


def _local(text: str, zone: str) -> date:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).date()


def _recorded(connection: sa.Connection, place: BoundPlace, name: str, zone: str) -> list[Key]:
    event = tables.event
    query = sa.select(event.c.parent_key, event.c.at).where(event.c.place == place.name, event.c.name == name)
    return [(*key_of(key), _local(at, zone).isoformat()) for key, at in connection.execute(query)]


def _latest(connection: sa.Connection, place: BoundPlace, child: str) -> list[Key]:
    kept = tables.remembered
    listed = f"{place.store}.remembered_{place.short}_{child}"
    query = sa.select(kept.c.parent_key, kept.c.latest).where(kept.c.place == listed)
    return [(*key_of(key), latest) for key, latest in connection.execute(query)]


def _warned(connection: sa.Connection, place: BoundPlace) -> Iterator[tuple[Key, str]]:
    kept = tables.warned
    query = sa.select(kept.c.parent_key, kept.c.warned_at).where(kept.c.place == place.name)
    for key, at in connection.execute(query):
        yield key_of(key), at
