"""Archived rows in a plan: the lists that conditions refer to, and the steps that destroy due rows.

An archived row is due on the day after its last day. Holds on persons are matched by key. For a hold by
condition the row is decrypted and compared; if it cannot be read, it counts as held.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from servanda.database import Database, tables
from servanda.errors import ServandaError
from servanda.persons.holds import HeldPerson, HeldRows, Hold
from servanda.plan.archiving import archivings
from servanda.plan.load import key_of, key_text
from servanda.plan.plan import Step
from servanda.plan.steps import Counts, archived_step
from servanda.policy.promise import Promise
from servanda.project import Project
from servanda.stores.archive.archive import HELD, Archive, archives
from servanda.stores.archive.index import Archived, of_row
from servanda.stores.binding.open_stores import OpenStores
from servanda.stores.sql import archive_table as sql_copy

_PART = 5_000


def load_archived(project: Project) -> None:
    """Load the keys and fingerprints of archived rows that may still be in their store into lists."""
    stores, db = project.stores, project.database
    mine = [(place, a) for place in stores.binding.places.values() for a in archivings(place)]
    if not mine:
        return
    known = _any_archived(db)
    secret = project.vault.secret("pseudonym", 1) if known or _has_vault(db) else b""
    for place, archiving in mine:
        session = sql_copy.database(stores.session_of(place))
        session.store.print_secret = secret
        session.make_list(archiving.list, place.table.name, place.table.key, printed=True)
        for part in _live(db, place.name, archiving.promise) if known else ():
            session.fill(archiving.list, part)


def _has_vault(db: Database) -> bool:
    return db.setting("vault") is not None


def _any_archived(db: Database) -> bool:
    with db.read() as connection:
        return (
            connection.execute(sa.select(sa.literal(1)).select_from(tables.archived).limit(1)).first()
            is not None
        )


def _live(db: Database, place: str, promise: str) -> Iterator[list[tuple[Any, ...]]]:
    """The keys and fingerprints of archived rows that were still in the store, in batches."""
    table = tables.archived
    mine = sa.and_(table.c.place == place, table.c.promise == promise, table.c.live == 1)
    after = ""
    while True:
        query = sa.select(table.c.row_key, table.c.fingerprint).where(mine, table.c.row_key > after)
        with db.read() as connection:
            rows = [*connection.execute(query.order_by(table.c.row_key).limit(_PART)).all()]
            if rows:  # a key may have several copies: fetch all of the last one
                same = sa.select(table.c.row_key, table.c.fingerprint).where(
                    mine, table.c.row_key == rows[-1][0]
                )
                rows += connection.execute(same).all()
        if not rows:
            return
        yield [(*key_of(key), print_) for key, print_ in rows]
        after = rows[-1][0]


# -- what is due -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Held:
    """Which archived rows are held. `archives` decrypt the rows for holds by condition."""

    persons: frozenset[tuple[str, str]]
    rows: Mapping[str, tuple[HeldRows, ...]]
    archives: Mapping[str, Archive]
    of_segment: Mapping[str, str]

    def holds(self, row: Archived) -> bool:
        """Whether a row must not end."""
        if (row.person_place, row.person_key) in self.persons or (row.place, row.row_key) in self.persons:
            return True
        scopes = self.rows.get(row.place, ())
        if not scopes:
            return False
        try:
            values = self.archives[self.of_segment[row.segment]].read(row)["values"]
        except (ServandaError, KeyError):
            return True  # what cannot be read may be what is held
        return any(_meets(values, scope) for scope in scopes)


def held_rows(project: Project, holds: Sequence[Hold], opened: Mapping[str, Archive]) -> Held:
    """The running holds applied to archived rows. Places of one table have the same persons."""
    persons: set[tuple[str, str]] = set()
    rows: dict[str, list[HeldRows]] = {}
    for hold in holds:
        for scope in hold.scope:
            if isinstance(scope, HeldPerson):
                persons |= {(place, key_text(scope.key)) for place in _alike(project.stores, scope.place)}
            else:
                rows.setdefault(scope.place, []).append(scope)
    with project.database.read() as connection:
        query = sa.select(tables.segment.c.id, tables.segment.c.archive)
        of_segment = dict(connection.execute(query).all())
    return Held(frozenset(persons), {p: tuple(s) for p, s in rows.items()}, opened, of_segment)


def _alike(stores: OpenStores, name: str) -> list[str]:
    """A place, and the other places of its table."""
    place = stores.binding.places.get(name)
    if place is None:
        return [name]
    return [p.name for p in stores.binding.of_table(place.store, place.table.name)]


def _meets(values: Mapping[str, Any], scope: HeldRows) -> bool:
    """Whether an archived row meets the condition of a hold; true if its column is missing."""
    if scope.column not in values:
        return True
    found, wanted = values[scope.column], scope.value
    if found is None:
        return False
    try:
        one, other = (float(found), float(wanted))
    except (TypeError, ValueError):
        text, against = str(found).strip().casefold(), str(wanted).strip().casefold()
        return {"=": text == against, "<": text < against, "<=": text <= against}.get(
            scope.operator, text > against or (scope.operator == ">=" and text == against)
        )
    return {"=": one == other, "<": one < other, "<=": one <= other, ">": one > other}.get(
        scope.operator, one >= other
    )


def due_rows(db: Database, today: date, place: str, promise: str) -> Iterator[list[Archived]]:
    """The archived rows whose last day has passed, in batches."""
    table = tables.archived
    mine = sa.and_(table.c.place == place, table.c.promise == promise, table.c.last_day < today.isoformat())
    after: tuple[str, str, str] | None = None
    order = (table.c.row_key, table.c.fingerprint, table.c.last_day)
    while True:
        query = sa.select(table).where(mine).order_by(*order).limit(_PART)
        if after is not None:
            key, print_, day = after
            later = sa.or_(order[1] > print_, sa.and_(order[1] == print_, order[2] > day))
            query = query.where(sa.or_(order[0] > key, sa.and_(order[0] == key, later)))
        with db.read() as connection:
            rows = [of_row(dict(row)) for row in connection.execute(query).mappings()]
        if not rows:
            return
        yield rows
        after = (rows[-1].row_key, rows[-1].fingerprint, rows[-1].last_day)


def archive_steps(project: Project, today: date, holds: Sequence[Hold]) -> list[Step]:
    """The steps that destroy archived rows, by place and promise; also for places that are no longer declared."""
    stores, db = project.stores, project.database
    if not _any_archived(db):
        return []
    opened = archives(stores.binding.document, db, project.vault)
    held = held_rows(project, holds, opened)
    table, steps = tables.archived, []
    with db.read() as connection:
        each = sa.select(table.c.place, table.c.promise, sa.func.count()).group_by(
            table.c.place, table.c.promise
        )
        all_ = sorted(connection.execute(each).all())
    for place, promise, total in all_:
        rows = kept = 0
        for part in due_rows(db, today, place, promise):
            ruled = sum(held.holds(row) for row in part) if holds else 0
            rows, kept = rows + len(part) - ruled, kept + ruled
        steps.append(_step(stores, place, promise, (rows, kept, total), today))
    return steps


def _step(stores: OpenStores, place: str, promise: str, counts: tuple[int, int, int], today: date) -> Step:
    policy = stores.binding.policy
    known = policy.promise(promise)
    promises: tuple[Promise, ...] = (known,) if known else ()
    here = stores.binding.places.get(place)
    for archiving in archivings(here) if here is not None else ():
        if archiving.promise == promise:
            promises = archiving.promises
    return archived_step(place, promises, promise, Counts(*counts), today, policy)


def over_segments(db: Database, today: date) -> list[tuple[str, str]]:
    """The empty segments whose month is over, each with its archive: their keys may be destroyed."""
    segment, row = tables.segment, tables.archived
    empty = ~sa.exists(sa.select(sa.literal(1)).where(row.c.segment == segment.c.id))
    past = sa.or_(segment.c.month < today.isoformat()[:7], segment.c.month == HELD)
    query = sa.select(segment.c.id, segment.c.archive).where(segment.c.ended_at.is_(None), empty, past)
    with db.read() as connection:
        return [(name, archive) for name, archive in connection.execute(query.order_by(segment.c.id)).all()]
