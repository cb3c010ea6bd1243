"""Notices a database that is older than the ledger, since somebody restored a backup, and erases anew.

    rows that were erased are back          certain: they are known by their tombstones
    the latest keys lie below those known   suspected, where that is so in most places
    a key of somebody erased, nothing else  doubtful: a key that was used again; counted, never erased

Until it is settled nothing is swept, erased, answered or downloaded, since all of that would rest on a past that
was undone. `replay` erases again who is back, under the same reference and by the ordinary way, lets the
sweeps begin anew, and looks once more.

Law: GDPR 17(1); 5(1)(d) and (f); 5(2).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from servanda.apply import extents
from servanda.apply.by_person import eraser
from servanda.apply.tombstones import (
    SETTING,
    Fingerprinter,
    Tombstone,
    all_tombstones,
    confirm_tombstones,
    delete_tombstones,
    is_restored,
)
from servanda.database import Database, moment, put, tables
from servanda.errors import Refused
from servanda.persons.person import Person
from servanda.plan.due import Of
from servanda.project import Project
from servanda.stores.binding.binding import BoundPlace
from servanda.stores.binding.open_stores import OpenStores
from servanda.stores.sql.archive_table import database


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found: how many erased rows are back and where, places whose latest keys are gone, doubtful rows.

    `back` are the rows in memory, by the reference of their erasure.
    """

    rows: int = 0
    places: tuple[str, ...] = ()
    behind: tuple[str, ...] = ()
    doubtful: int = 0
    back: dict[str, tuple[Person, ...]] = field(default_factory=dict, repr=False)

    @property
    def certain(self) -> bool:
        """Whether somebody who was erased is back."""
        return self.rows > 0

    @property
    def restored(self) -> bool:
        """Whether something has to be settled first."""
        return self.certain or bool(self.behind)

    def facts(self) -> dict[str, Any]:
        """As values that can be written down."""
        return {
            "rows": self.rows,
            "places": list(self.places),
            "behind": list(self.behind),
            "doubtful": self.doubtful,
        }


def detect(project: Project) -> Verdict:
    """Look whether a store is older than the ledger; keys are hashed one by one, a bounded number at a time."""
    stores, db = project.stores, project.database
    tombstones, fingerprinter = all_tombstones(db), Fingerprinter.of(project.vault)
    back: dict[str, list[Person]] = {}
    doubtful, gone = 0, set(tombstones)
    for place in _places(stores, {s.place for each in tombstones.values() for s, _ in each}):
        for mac, key in _keys_with_tombstone(stores, fingerprinter, place, tombstones):
            gone.discard(mac)
            for tombstone, confirmed in tombstones[mac]:
                if not confirmed:
                    continue
                row = _read_row(stores, place, key)
                same = is_restored(fingerprinter, place, row, tombstone) if row is not None else False
                if same:
                    back.setdefault(tombstone.reference, []).append(Person(place.name, key))
                doubtful += same is None
    _confirm_gone(db, tombstones, gone)
    places = tuple(sorted({p.place for human in back.values() for p in human}))
    rows = sum(map(len, back.values()))
    behind = () if rows else _places_behind(project)
    return Verdict(rows, places, behind, doubtful, {r: tuple(human) for r, human in back.items()})


def check(project: Project) -> Verdict:
    """Look, and remember what was found: from then on nothing is done until it is settled."""
    verdict, db = detect(project), project.database
    before = db.setting(SETTING)
    if verdict.restored:
        if not before:
            project.ledger.append("restore.found", verdict.facts())
        db.set(SETTING, json.dumps(verdict.facts()))
    elif before:
        db.set(SETTING, "")
    return verdict


def replay(project: Project) -> Verdict:
    """Erase again who is back, and let the sweeps begin anew. Returns what is left; it can be run again.

    Raises Refused where an erasure would be refused now.
    """
    verdict = check(project)
    asked = [Of(reference, human) for reference, human in sorted(verdict.back.items())]
    if asked:
        with eraser(project, wait=60.0, replaying=True) as made:
            done = made.erase(asked)
        refused = [why for one in done for why in (*one.refused, *(w for _, w in one.stopped))]
        if refused:
            raise Refused(
                f"an erasure cannot be done again: {refused[0]}", advice="mend that, and run it again"
            )
    with project.database.begin() as connection:
        connection.execute(sa.delete(tables.watermark))
        connection.execute(sa.delete(tables.extent))
    left = detect(project)
    if not left.certain:
        note_extents(project)
        body = {"persons": len(asked), "rows": verdict.rows, "behind": list(verdict.behind)}
        project.ledger.append("restore.replayed", body)
        project.database.set(SETTING, "")
    return left


def accept(project: Project, reason: str, second: str) -> int:
    """Note that the alarm was wrong: nothing was restored. Returns how many rows are believed to be nobody's return.

    `second` is the name of a second person who looked at it, too. Whatever the alarm rested on is forgotten, the
    fingerprints of rows that are there included: they will not be looked for again. Raises Refused where nothing
    looks restored, or nobody else is named.
    """
    db = project.database
    if not db.setting(SETTING):
        raise Refused("nothing looks restored", advice="look again with: servanda restore check")
    if not second.strip() or not reason.strip():
        raise Refused(
            "a wrong alarm is ended by two persons, with a reason",
            advice="name the other one with --second NAME",
        )
    stores, fingerprinter, known = project.stores, Fingerprinter.of(project.vault), all_tombstones(db)
    wrong: list[Tombstone] = []
    rows = 0
    for place in _places(stores, {s.place for each in known.values() for s, _ in each}):
        for mac, key in _keys_with_tombstone(stores, fingerprinter, place, known):
            row = _read_row(stores, place, key)
            back = [s for s, _ in known[mac] if row is not None and is_restored(fingerprinter, place, row, s)]
            wrong += back
            rows += bool(back)
    with db.begin() as connection:
        delete_tombstones(connection, wrong)
        connection.execute(sa.delete(tables.extent))
        body = {"reason": reason, "second": second, "rows": rows}
        project.ledger.append_in(connection, "restore.accepted", body)
    db.set(SETTING, "")
    return rows


# -- rows that are back ------------------------------------------------------------------------


def _places(stores: OpenStores, names: set[str]) -> Iterator[BoundPlace]:
    for place in stores.binding.places.values():
        if place.name in names and place.store in stores.sessions and place.table.key:
            yield place


def _keys_with_tombstone(
    stores: OpenStores,
    fingerprinter: Fingerprinter,
    place: BoundPlace,
    tombstones: dict[str, list[tuple[Tombstone, bool]]],
) -> list[tuple[str, tuple[Any, ...]]]:
    """The keys of a place that have a stone: hashed in a stream, few of them ever in memory."""
    session = database(stores.sessions[place.store])
    row: Any = session.table_of(place.table.name)
    query = sa.select(*(row.c[c] for c in place.table.key))
    matches: list[tuple[str, tuple[Any, ...]]] = []
    with session.snapshot():
        for key in session.stream(query):
            matches += [(mac, tuple(key)) for mac in fingerprinter.keys(place.name, key) if mac in tombstones]
    return matches


def _read_row(stores: OpenStores, place: BoundPlace, key: tuple[Any, ...]) -> dict[str, Any] | None:
    session = database(stores.sessions[place.store])
    row: Any = session.table_of(place.table.name)
    names = list(place.table.columns)
    same = [row.c[c] == v for c, v in zip(place.table.key, key, strict=True)]
    values = session.first(sa.select(*(row.c[c] for c in names)).select_from(row).where(*same))
    return None if values is None else dict(zip(names, values, strict=True))


def _confirm_gone(db: Database, tombstones: dict[str, list[tuple[Tombstone, bool]]], gone: set[str]) -> None:
    """An erasure whose end nobody heard of was done, if its rows are not there."""
    done = [s.reference for mac in gone for s, confirmed in tombstones[mac] if not confirmed]
    if done:
        with db.begin() as connection:
            confirm_tombstones(connection, done)


# -- the latest keys ---------------------------------------------------------------------------


def note_extents(project: Project) -> None:
    """Keep how far each place has come: the last number that the store gave, or its greatest key, as an index has it.

    A store that counts tells a delete from a restore: a delete takes no number back.
    """
    rows = [
        {"place": place.name, "greatest": greatest, "counted": int(counted), "seen_at": moment(project.now)}
        for place, greatest, counted in _extents(project.stores)
        if greatest is not None
    ]
    if rows:
        with project.database.begin() as connection:
            put(connection, tables.extent, rows)


def _extents(stores: OpenStores) -> Iterator[tuple[BoundPlace, int | None, bool]]:
    """How far each place with a number for a key has come, and whether the store itself counts there."""
    given: dict[str, dict[str, int]] = {}
    for place in stores.binding.places.values():
        if not extents.has_numeric_key(place) or place.store not in stores.sessions:
            continue
        session = database(stores.sessions[place.store])
        if place.store not in given:
            given[place.store] = session.counters()
        if place.table.name in given[place.store]:
            yield place, given[place.store][place.table.name], True
        else:
            yield place, extents.greatest_keys(session, [place])[0], False


def _places_behind(project: Project) -> tuple[str, ...]:
    """The places whose latest rows are gone, where these are most of those that are known, and two at least."""
    with project.database.read() as connection:
        query = sa.select(tables.extent.c.place, tables.extent.c.greatest)
        known = {place: int(top) for place, top in connection.execute(query)}
    now = {place.name: top or 0 for place, top, _ in _extents(project.stores) if place.name in known}
    behind = sorted(name for name, top in now.items() if top < known[name])
    return tuple(behind) if len(behind) >= 2 and 2 * len(behind) > len(now) else ()
