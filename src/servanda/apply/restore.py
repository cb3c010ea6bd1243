"""Detects a database that was restored from a backup, and erases the restored persons again.

    erased rows are back                    certain: they match their tombstones
    erased persons are back under a new key certain: created before the erasure, so an import of old data
    greatest keys are below the known ones  suspected, if so in most places
    only the key of an erased row matches   doubtful: a reused key; counted, never erased

Until this is resolved, every sweep, erasure, answer and download is refused. `replay` erases the restored
persons again under the same reference, resets the watermarks, and checks again. `accept` records a false alarm.

Law: GDPR 17(1); 5(1)(d) and (f); 5(2).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from servanda.apply import extents
from servanda.apply.archive import close_segments, lose_unrecorded
from servanda.apply.by_person import eraser
from servanda.apply.tombstones import (
    SETTING,
    Fingerprinter,
    Tombstone,
    all_tombstones,
    confirm_tombstones,
    delete_tombstones,
    is_later,
    is_restored,
    top_of,
)
from servanda.database import Database, moment, put, tables
from servanda.errors import Refused
from servanda.ledger import Entry
from servanda.persons.person import Person
from servanda.plan.due import Of
from servanda.project import Project
from servanda.stores.binding.binding import BoundPlace
from servanda.stores.binding.identity import created_columns
from servanda.stores.binding.open_stores import OpenStores
from servanda.stores.sql.archive_table import database


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of a check: erased rows that are back, places whose greatest key fell, doubtful rows.

    `back` holds the restored rows by the reference of their erasure; in memory only.
    """

    rows: int = 0
    places: tuple[str, ...] = ()
    behind: tuple[str, ...] = ()
    doubtful: int = 0
    back: dict[str, tuple[Person, ...]] = field(default_factory=dict, repr=False)

    @property
    def certain(self) -> bool:
        """Whether an erased row is back."""
        return self.rows > 0

    @property
    def restored(self) -> bool:
        """Whether the database looks restored, so that it has to be resolved first."""
        return self.certain or bool(self.behind)

    def facts(self) -> dict[str, Any]:
        """The verdict as JSON values, without personal data."""
        return {
            "rows": self.rows,
            "places": list(self.places),
            "behind": list(self.behind),
            "doubtful": self.doubtful,
        }


def detect(project: Project) -> Verdict:
    """Check whether a store was restored from a backup, by tombstones and extents; keys are hashed as a stream."""
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
        for tombstone, key in _imported(stores, fingerprinter, place, tombstones):
            rows_of_person = back.setdefault(tombstone.reference, [])
            if Person(place.name, key) not in rows_of_person:
                rows_of_person.append(Person(place.name, key))
    back = {reference: human for reference, human in back.items() if human}
    _confirm_gone(db, tombstones, gone)
    places = tuple(sorted({p.place for human in back.values() for p in human}))
    rows = sum(map(len, back.values()))
    behind = () if rows else _places_behind(project)
    return Verdict(rows, places, behind, doubtful, {r: tuple(human) for r, human in back.items()})


def check(project: Project) -> Verdict:
    """Run `detect` and store the verdict, which `refuse_if_restored` reads from then on."""
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
    """Erase restored persons again and reset watermarks and extents. Returns what is left; may be run again.

    Raises Refused if an erasure is refused or stopped.
    """
    verdict = check(project)
    asked = [Of(reference, human) for reference, human in sorted(verdict.back.items())]
    if asked:
        with eraser(project, wait=60.0, replaying=True) as made:
            done = made.erase(asked)
        refused = [why for one in done for why in (*one.refused, *(w for _, w in one.stopped))]
        if refused:
            raise Refused(
                f"an erasure cannot be repeated: {refused[0]}",
                advice="fix the cause, then run again: servanda restore replay",
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
    """Record a false alarm: nothing was restored. Returns how many rows had matched a tombstone.

    `second` is the name of a second person who confirms it. The evidence of the alarm is deleted, including the
    tombstones of rows that are there. Raises Refused if nothing looks restored, or if no reason or second
    person is given.
    """
    db = project.database
    if not db.setting(SETTING):
        raise Refused("nothing looks restored", advice="look again with: servanda restore check")
    if not second.strip() or not reason.strip():
        raise Refused(
            "a false alarm must be confirmed by two persons, with a reason",
            advice="name the second person with --second NAME",
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
        imported = [one for one, _ in _imported(stores, fingerprinter, place, known)]
        wrong += imported
        rows += len(imported)
    with db.begin() as connection:
        delete_tombstones(connection, wrong)
        connection.execute(sa.delete(tables.extent))
        body = {"reason": reason, "second": second, "rows": rows}
        project.ledger.append_in(connection, "restore.accepted", body)
    db.set(SETTING, "")
    return rows


def accept_ledger(
    project: Project, reason: str, second: str, *, lose_archived: bool
) -> tuple[Entry, list[str]]:
    """Go on from an older state of Servanda's own database, after its restore. Returns the entry, and lost files.

    Archived rows that this state does not know stay refused, unless `lose_archived` removes them. Raises Refused if
    no signed entry is lost, or if no reason or second person is given.
    """
    if not second.strip() or not reason.strip():
        raise Refused(
            "the loss of signed entries must be confirmed by two persons, with a reason",
            advice="name the second person with --second NAME",
        )
    with project.database.exclusive("apply"):
        if not lose_archived:
            close_segments(project, project.ledger)
        entry = project.ledger.accept_restored(reason, second)
        return entry, lose_unrecorded(project) if lose_archived else []


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
    """The keys of a place that match a tombstone; hashed as a stream."""
    session = database(stores.sessions[place.store])
    row: Any = session.table_of(place.table.name)
    query = sa.select(*(row.c[c] for c in place.table.key))
    matches: list[tuple[str, tuple[Any, ...]]] = []
    with session.snapshot():
        for key in session.stream(query):
            matches += [(mac, tuple(key)) for mac in fingerprinter.keys(place.name, key) if mac in tombstones]
    return matches


def _imported(
    stores: OpenStores,
    fingerprinter: Fingerprinter,
    place: BoundPlace,
    tombstones: dict[str, list[tuple[Tombstone, bool]]],
) -> list[tuple[Tombstone, tuple[Any, ...]]]:
    """Rows of erased persons that came back under another key, created before the erasure: an import of old data.

    Their identifiers are hashed as a stream. Only a column that says when a row was created can tell an import from a
    person who came back by themselves, and only a greater number from another account that they had: where rows have
    none, nothing is said.
    """
    created = created_columns(place)
    named = list(dict.fromkeys(place.place.identifiers.values()))
    known = {
        name: one
        for each in tombstones.values()
        for one, confirmed in each
        if confirmed and one.place == place.name and top_of(one) is not None
        for name in one.names
    }
    if not created or not named or not known:
        return []
    session = database(stores.sessions[place.store])
    row: Any = session.table_of(place.table.name)
    size, last = len(place.table.key), len(place.table.key) + len(named)
    imported_rows: list[tuple[Tombstone, tuple[Any, ...]]] = []
    least = min(top for one in known.values() if (top := top_of(one)) is not None)
    with session.snapshot():
        query = sa.select(*(row.c[c] for c in (*place.table.key, *named, *created)))
        query = query.where(row.c[place.table.key[0]] > least)
        for values in session.stream(query):
            one = _erased(fingerprinter, known, [v for v in values[size:last] if v is not None])
            times = values[last:]
            if one is None or None in times or any(is_later(time, one.erased_at) for time in times):
                continue
            top = top_of(one)
            if top is not None and values[0] > top:
                imported_rows.append((one, tuple(values[:size])))
    return imported_rows


def _erased(fingerprinter: Fingerprinter, known: dict[str, Tombstone], named: list[Any]) -> Tombstone | None:
    """The tombstone of whoever bears one of these identifiers."""
    for value in named:
        for number in range(len(fingerprinter.secrets)):
            if (name := fingerprinter.name(value, number)) in known:
                return known[name]
    return None


def _read_row(stores: OpenStores, place: BoundPlace, key: tuple[Any, ...]) -> dict[str, Any] | None:
    session = database(stores.sessions[place.store])
    row: Any = session.table_of(place.table.name)
    names = list(place.table.columns)
    query = sa.select(*(row.c[c] for c in names)).select_from(row)
    values = session.first(query.where(*session.at_key(place.table.name, key)))
    return None if values is None else dict(zip(names, values, strict=True))


def _confirm_gone(db: Database, tombstones: dict[str, list[tuple[Tombstone, bool]]], gone: set[str]) -> None:
    """Confirm the unconfirmed tombstones whose rows are gone: those erasures were committed."""
    done = [s.reference for mac in gone for s, confirmed in tombstones[mac] if not confirmed]
    if done:
        with db.begin() as connection:
            confirm_tombstones(connection, done)


# -- the latest keys ---------------------------------------------------------------------------


def note_extents(project: Project) -> None:
    """Store the extent of each place: the last number that the store assigned, or its greatest key.

    Counters tell a delete from a restore: a delete does not lower the counter.
    """
    rows = [
        {
            "place": place.name,
            "greatest": greatest or 0,
            "counted": int(counted),
            "seen_at": moment(project.now),
        }
        for place, greatest, counted in _extents(project.stores)
    ]
    if rows:
        with project.database.begin() as connection:
            put(connection, tables.extent, rows)


def _extents(stores: OpenStores) -> Iterator[tuple[BoundPlace, int | None, bool]]:
    """The extent of each place with a numeric key, and whether it comes from a counter of the store."""
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
    """The places whose extent fell; empty unless that are at least two, and more than half of the known ones."""
    with project.database.read() as connection:
        query = sa.select(tables.extent.c.place, tables.extent.c.greatest)
        known = {place: int(top) for place, top in connection.execute(query)}
    now = {place.name: top or 0 for place, top, _ in _extents(project.stores) if place.name in known}
    behind = sorted(name for name, top in now.items() if top < known[name])
    return tuple(behind) if len(behind) >= 2 and 2 * len(behind) > len(now) else ()
