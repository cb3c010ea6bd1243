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
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any as Anything
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from servanda.database import tables
from servanda.law.period import Period
from servanda.law.retention import last_day
from servanda.persons.belonging import Belonging, Listing
from servanda.persons.holds import HeldPerson, HeldRows, Hold
from servanda.persons.subject_graph import SubjectGraph
from servanda.project import Project
from servanda.stores.binding.binding import BoundPlace
from servanda.stores.binding.identity import identity
from servanda.stores.binding.open_stores import OpenStores
from servanda.stores.document.triggers import AtEvent, AtGreatest, AtLatest
from servanda.stores.key import from_plain, to_plain
from servanda.stores.selection import Any, Compares, Condition, Reaches
from servanda.stores.sql.archive_table import database as sql_session
from servanda.stores.sql.session import Session, mark_text

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
    for store in {stores.binding.places[name].store for name in persons if name in stores.binding.places}:
        belonging = _belonging(stores, store, frozenset(persons))
        for group in belonging.listings if belonging is not None else ():
            _fill(sql_session(stores.sessions[store]), group)


def _fill(session: Session, group: Sequence[Listing]) -> None:
    """Fill the lists of a group until no row is new."""
    for listing in group:
        session.make_list(listing.name, listing.table, listing.key)
    while any([session.fill_where(one.name, one.table, one.condition) > 0 for one in group]):  # noqa: C419 (all of them)
        pass


def held(stores: OpenStores, place: BoundPlace, holds: Sequence[Hold]) -> Condition | None:
    """The rows of a place that a hold covers, itself or because they are a held person's; None if none can be."""
    parts: list[Condition] = []
    scopes = [scope for hold in holds for scope in hold.scope]
    roots = frozenset(s.place for s in scopes if isinstance(s, HeldPerson))
    belonging = _belonging(stores, place.store, roots) if roots and not place.place.files else None
    theirs = belonging.of_table(place.table.name, place.name) if belonging is not None else None
    if theirs is not None:
        parts.append(theirs)
    mine = [s for s in scopes if isinstance(s, HeldRows) and s.place == place.name]
    if mine and place.table.key:
        parts.append(Reaches((), place.table.key, f"rows_{place.short}"))
    parts += [_compares(s) for s in mine]
    return None if not parts else parts[0] if len(parts) == 1 else Any(tuple(parts))


def _belonging(stores: OpenStores, store: str, roots: frozenset[str]) -> Belonging | None:
    """The rows that belong to the held persons of some places, in one store; None if nothing there can."""
    binding = stores.binding
    listed = [binding.places[n] for n in sorted(roots) if n in binding.places]
    own = [p for p in listed if p.store == store and not p.place.files]
    if not own:
        return None

    def follow() -> Belonging:
        conditions: dict[str, list[Reaches]] = {}
        for place in own:
            held_ = Reaches((), place.table.key, f"held_{place.short}")
            conditions.setdefault(place.table.name, []).append(held_)
        return Belonging(SubjectGraph.of(binding).stores[store], conditions)

    return binding.cached(("held persons", store, roots), follow)


def _compares(scope: HeldRows) -> Condition:
    return Compares(scope.column, scope.operator, scope.value)


@dataclass(frozen=True, slots=True)
class RememberedList:
    """A list of keys, and the table of Servanda's own whose records it holds."""

    name: str
    table: sa.Table
    records: sa.ColumnElement[bool]


def remembered_lists(place: BoundPlace) -> Iterator[RememberedList]:
    """The lists of what Servanda remembers of the rows of a place."""
    event, kept, warned = tables.event, tables.remembered, tables.warned
    for name in _events(place):
        of_event = sa.and_(event.c.place == place.name, event.c.name == name)
        yield RememberedList(f"event_{place.short}_{name}", event, of_event)
    for child in _remembered(place):
        listed = f"remembered_{place.short}_{child}"
        yield RememberedList(listed, kept, kept.c.place == f"{place.store}.{listed}")
    if warn_before(place) is not None:
        yield RememberedList(f"told_{place.short}", warned, warned.c.place == place.name)


def load_records(project: Project, now: datetime) -> None:
    """Load events, remembered dates and warnings into every store that needs them, with the marks of their rows."""
    stores, zone = project.stores, project.stores.binding.policy.timezone
    secret: bytes | None = None
    with project.database.read() as connection:
        for place in stores.binding.places.values():
            lists = list(remembered_lists(place))
            if not lists or place.place.files:
                continue
            session = sql_session(stores.session_of(place))
            if secret is None:
                secret = _secret_of_marks(project)
            session.store.print_secret = secret
            told_apart = identity(stores.binding, place) if secret else None
            listing = (place.table.name, place.table.key)
            for name in _events(place):
                session.make_list(f"event_{place.short}_{name}", *listing, dated=True, identity=told_apart)
                session.fill(f"event_{place.short}_{name}", _recorded(connection, place, name, zone))
            for child in _remembered(place):
                name = f"remembered_{place.short}_{child}"
                session.make_list(name, *listing, dated=True, identity=told_apart)
                session.fill(name, _latest(connection, place, child))
            period = warn_before(place)
            if period is not None:
                for name in (f"warned_{place.short}", f"told_{place.short}"):
                    session.make_list(name, *listing, identity=told_apart)
                warned_at_all = list(_warned(connection, place))
                today = now.astimezone(ZoneInfo(zone)).date()
                session.fill(f"told_{place.short}", [(*key, mark) for key, _, mark in warned_at_all])
                long_ago = [
                    (*key, mark)
                    for key, day, mark in warned_at_all
                    if last_day(_local(day, zone), period) <= today
                ]
                session.fill(f"warned_{place.short}", long_ago)


def _secret_of_marks(project: Project) -> bytes:
    """The key of marks; empty before there are keys, when nothing was remembered yet."""
    vault = project.vault_if_any
    return b"" if vault is None else vault.secret("pseudonym", 1)


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
    query = sa.select(event.c.parent_key, event.c.at, event.c.mark)
    rows = connection.execute(query.where(event.c.place == place.name, event.c.name == name))
    return [(*key_of(key), _local(at, zone).isoformat(), mark) for key, at, mark in rows]


def _latest(connection: sa.Connection, place: BoundPlace, child: str) -> list[Key]:
    kept = tables.remembered
    listed = f"{place.store}.remembered_{place.short}_{child}"
    query = sa.select(kept.c.parent_key, kept.c.latest, kept.c.mark).where(kept.c.place == listed)
    return [(*key_of(key), latest, mark) for key, latest, mark in connection.execute(query)]


def _warned(connection: sa.Connection, place: BoundPlace) -> Iterator[tuple[Key, str, str | None]]:
    kept = tables.warned
    query = sa.select(kept.c.parent_key, kept.c.warned_at, kept.c.mark).where(kept.c.place == place.name)
    for key, at, mark in connection.execute(query):
        yield key_of(key), at, mark


def mark_of(project: Project, name: str, event: str, key: str) -> str | None:
    """The mark of a row, by its place and key, for an event of it; “gone” for no row, None where nobody can say."""
    place, secret = project.stores.binding.places.get(name), _secret_of_marks(project)
    if place is None or place.store not in project.stores.sessions or not secret:
        return None
    session = sql_session(project.stores.session_of(place))
    session.store.print_secret = secret
    told_apart = identity(project.stores.binding, place)
    listed = f"event_{place.short}_{event}"
    session.make_list(listed, place.table.name, place.table.key, dated=True, identity=told_apart)
    row: sa.FromClause = session.table_of(place.table.name)
    query = sa.select(session.mark(listed, row)).select_from(row)
    marks = session.first(query.where(*session.at_key(place.table.name, key_of(key))))
    return "gone" if marks is None else mark_text(marks[0])
