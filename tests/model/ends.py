"""The law of ends, written a second time: which rows must have ended and which must stand, row by row.

It knows the typed documents and calendar days, and nothing of how Servanda plans or
applies. Its world is plain: tables of rows, the foreign keys between them, holds, who asked.

    field   stays while any ground of a category that names it runs (decision 6)
    ground  the earliest maximum, moved out to the latest minimum
    row     ends when its last field has ended, no hold is on it and no row that stays needs it;
            before that, fields that have ended are emptied as `at_end` says
    person  who asks to be erased: each row that is theirs alone ends, but for what a law or a hold keeps
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from servanda.policy.policy import Policy
from servanda.policy.promise import Retention
from servanda.stores.document.document import Place, StoresDocument
from servanda.stores.document.reference import Reference
from servanda.stores.document.triggers import AtColumn

Key = int | str
Row = dict[str, Any]
Stand = dict[str, dict[Key, Row]]
"""The rows of each place, by their keys."""
At = tuple[str, Key]
"""A row: its place and its key."""


@dataclass(frozen=True)
class Link:
    """A foreign key of the database: its child and column, its parent, and what a delete does with the child."""

    child: str
    column: str
    parent: str
    rule: str


@dataclass(frozen=True)
class Law:
    """What both documents say, with the foreign keys of the database."""

    policy: Policy
    stores: StoresDocument
    links: tuple[Link, ...] = ()

    def places(self) -> dict[str, Place]:
        return {name: place for entry in self.stores.stores.values() for name, place in entry.places.items()}

    def retentions(self, category: str) -> list[Retention]:
        """The retentions that are enforced on a category."""
        kept = [p for p in self.policy.promises if p.keep == "enforce"]
        return [e for p in kept for e in p.enforced if isinstance(e, Retention) and category in e.data]


def categories(place: Place) -> dict[str, list[str] | None]:
    """The categories of a place with their columns; None is the whole row."""
    data: Any = place.data
    if isinstance(data, Mapping):
        return {c: None if columns in ("all", ["all"]) else list(columns) for c, columns in data.items()}
    return dict.fromkeys([data] if isinstance(data, str) else data)


def last_day(place: Place, retention: Retention, row: Row) -> date | None:
    """The last day of a retention for a row; None without a date to count from."""
    trigger = place.triggers.get(retention.trigger)
    if not isinstance(trigger, AtColumn):
        raise NotImplementedError(f"a trigger of another kind: {trigger}")
    day: date | None = row[trigger.column]
    if day is not None:
        for period in retention.periods:
            day = period + day
    return day


def is_over(law: Law, place: Place, category: str, row: Row, today: date) -> bool:
    """Whether the last ground of a category has ended for a row; without a retention or a date it never does."""
    grounds: dict[str, list[tuple[str, date]]] = {}
    for retention in law.retentions(category):
        day = last_day(place, retention, row)
        if day is None:
            return False
        ground = retention.ground
        text = str(ground.law or ground.recommendation or ground.choice)
        grounds.setdefault(text, []).append((retention.limit, day))
    return bool(grounds) and all(_last(limits) < today for limits in grounds.values())


def _last(limits: list[tuple[str, date]]) -> date:
    """The last day of one ground: the earliest maximum, but never before the latest minimum."""
    at_most = [day for limit, day in limits if limit == "max"]
    at_least = [day for limit, day in limits if limit == "min"]
    return max([*([min(at_most)] if at_most else []), *at_least])


def emptied(place: Place, row: Row, columns: Iterable[str]) -> Row:
    """A row after some of its columns have ended: only what `at_end` names is changed."""
    changed = dict(row)
    for column in columns:
        if column in place.at_end:
            change = place.at_end[column]
            changed[column] = None if change is None else change.constant
    return changed


def ended_columns(law: Law, place: Place, row: Row, today: date) -> tuple[set[str], bool]:
    """The columns of a row that have ended, and whether the whole row has."""
    every = categories(place)
    over = {c: is_over(law, place, c, row, today) for c in every}
    ended = {
        column
        for column in row
        if (naming := [c for c, columns in every.items() if columns is None or column in columns])
        and all(over[c] for c in naming)
    }
    stays = any(r.keeps_row for c in every for r in law.retentions(c))
    return ended, all(over.values()) and not stays


def swept(law: Law, stand: Stand, held: frozenset[At], today: date) -> Stand:
    """What stands when all that is over on a day has ended: rows gone, columns emptied, references set to NULL."""
    places, after = law.places(), {name: dict(rows) for name, rows in stand.items()}
    due: dict[str, set[Key]] = {}
    for name, place in places.items():
        due[name] = set()
        for key, row in stand[name].items():
            if (name, key) in held:
                continue
            ended, whole = ended_columns(law, place, row, today)
            if whole:
                due[name].add(key)
            else:
                after[name][key] = emptied(place, row, ended)
    pointing = {
        name: dict(rows) for name, rows in after.items()
    }  # an emptied reference needs nothing any more
    for name, keys in due.items():
        pointing[name] |= {key: emptied(places[name], stand[name][key], places[name].at_end) for key in keys}
    gone = _unneeded(law, pointing, held, due)
    for name, keys in due.items():
        for key in keys:
            if key in gone[name]:
                del after[name][key]
            else:
                after[name][key] = emptied(places[name], stand[name][key], places[name].at_end)
    for link in law.links:
        for key, row in after[link.child].items():
            if row[link.column] in gone[link.parent]:
                after[link.child][key] = {**row, link.column: None}
    return after


def _unneeded(law: Law, stand: Stand, held: frozenset[At], due: dict[str, set[Key]]) -> dict[str, set[Key]]:
    """Of the rows that are over, those that no row needs that stays.

    A row whose reference may be set to NULL needs nothing, unless it is held.
    """
    gone: dict[str, set[Key]] = {name: set() for name in due}
    while True:
        before = sum(map(len, gone.values()))
        for name, keys in due.items():
            for key in keys - gone[name]:
                if not any(_needs(link, stand, held, gone, key) for link in law.links if link.parent == name):
                    gone[name].add(key)
        if sum(map(len, gone.values())) == before:
            return gone


def _needs(link: Link, stand: Stand, held: frozenset[At], gone: dict[str, set[Key]], key: Key) -> bool:
    there = [k for k, row in stand[link.child].items() if row[link.column] == key]
    if link.rule == "SET NULL":
        return any((link.child, k) in held for k in there)
    return any(k not in gone[link.child] for k in there)


# -- who asked to be erased ----------------------------------------------------------------------

Rests = dict[At, list[tuple[str, date | None]]]
"""Why rows of an erased person stay, each with the last day of the law, where a law keeps them."""


def references(law: Law) -> list[tuple[str, str, str, Reference]]:
    """The declared references: place, column, place that it points at, and what was declared."""
    every = ((name, said) for name, place in law.places().items() for said in place.links().values())
    return [(name, said.via[0], said.to, said) for name, said in every]


def theirs(law: Law, stand: Stand, persons: Iterable[At]) -> set[At]:
    """Every row that belongs to some persons: their own, and what a reference makes theirs, however far."""
    found = {at for at in persons if at[1] in stand[at[0]]}
    owned = [
        (p, column, to) for p, column, to, said in references(law) if _ownership(law, p, said) == "owned"
    ]
    while True:
        more = {
            (place, key)
            for place, column, to in owned
            for key, row in stand[place].items()
            if (to, row[column]) in found
        } - found
        if not more:
            return found
        found |= more


def _ownership(law: Law, place: str, said: Reference) -> str:
    return said.ownership or ("owned" if law.places()[place].person is said else "none")


@dataclass
class Asked:
    """Somebody who asked: the rows that are the person, others known as theirs, and what stayed of them, and why."""

    own: set[At]
    known: set[At]
    rests: Rests


def erased(
    law: Law, stand: Stand, persons: Iterable[Asked], held: frozenset[At], today: date
) -> tuple[Stand, list[Asked]]:
    """What stands when some persons are erased together, and what is known of each afterwards."""
    places, asked = law.places(), list(persons)
    mine = [theirs(law, stand, one.own | one.known) for one in asked]
    every = set().union(*mine)
    held = held | {at for one, rows in zip(asked, mine, strict=True) if one.own & held for at in rows}
    shared = _shared(law, stand, every)
    kept = {at: days for at in every if (days := _by_law(law, places[at[0]], stand[at[0]][at[1]], today))}
    leaves = every - shared
    gone = leaves - held - kept.keys()
    free = {at: _free(law, places[at[0]], stand[at[0]][at[1]], today) for at in leaves - held}
    let_go = _mentions(law, stand, leaves, held, today)
    for (place, key), columns in free.items():  # references that are emptied with the row
        ends = places[place].at_end.items()
        let_go |= {(place, key, c) for c, change in ends if c in columns and change.constant is None}
    while stays := {at for at in gone if _pointed(law, stand, at, gone, let_go, held)}:
        gone -= stays
    after = {name: dict(rows) for name, rows in stand.items()}
    for at in gone:
        del after[at[0]][at[1]]
    for place, key in leaves - held - gone:
        after[place][key] = emptied(places[place], stand[place][key], free[place, key])
    for place, key, column in let_go:
        if key in after[place]:
            after[place][key] = {**after[place][key], column: None}
    for link in law.links:
        for key, row in after[link.child].items():
            if (link.parent, row[link.column]) in gone:
                after[link.child][key] = {**row, link.column: None}
    return after, [
        Asked(
            one.own & (rows - gone),
            {at for at in rows - gone - one.own if at in shared | held | kept.keys()},
            _rests(law, stand, rows, shared, held, kept, today),
        )
        for one, rows in zip(asked, mine, strict=True)
    ]


def _rests(
    law: Law,
    stand: Stand,
    rows: set[At],
    shared: set[At],
    held: frozenset[At],
    kept: Mapping[At, list[date | None]],
    today: date,
) -> Rests:
    """What stays of a person, and why: their rows, and references to them in rows of others."""
    rests: Rests = {}
    for at in sorted(rows, key=str):
        why: list[tuple[str, date | None]] = [("hold", None)] if at in held else []
        why += [("shared", None)] if at in shared and at not in held else []
        why += [("law", day) for day in kept.get(at, ())]
        rests |= {at: why} if why else {}
    for place, key, column, _ in _naming(law, stand, rows - shared):
        if (place, key) not in rows:
            days = _column_by_law(law, law.places()[place], column, stand[place][key], today)
            why = [("hold", None)] if (place, key) in held else [("law", day) for day in days]
            rests |= {(place, key): why} if why else {}
    return rests


def _by_law(law: Law, place: Place, row: Row, today: date) -> list[date | None]:
    """The last days of the duties that keep a row, whoever asks; None where the day is not known."""
    return [day for c in categories(place) for day in _duties(law, place, c, row, today)]


def _column_by_law(law: Law, place: Place, column: str, row: Row, today: date) -> list[date | None]:
    naming = [c for c, own in categories(place).items() if own is None or column in own]
    return [day for c in naming for day in _duties(law, place, c, row, today)]


def _free(law: Law, place: Place, row: Row, today: date) -> list[str]:  # columns that no law keeps
    return [column for column in row if not _column_by_law(law, place, column, row, today)]


def _duties(law: Law, place: Place, category: str, row: Row, today: date) -> list[date | None]:
    """A minimum, and what a law sets, outlive an erasure; a maximum of the same ground may end before."""
    lasting = [r for r in law.retentions(category) if r.outlives_erasure]
    grounds: dict[str, list[tuple[str, date]]] = {}
    for retention in lasting:
        day = last_day(place, retention, row)
        if day is None:
            return [None]
        ground = retention.ground
        text = str(ground.law or ground.recommendation or ground.choice)
        grounds.setdefault(text, []).append((retention.limit, day))
    return [last for limits in grounds.values() if (last := _last(limits)) >= today]


def _shared(law: Law, stand: Stand, every: set[At]) -> set[At]:
    """The rows that are also somebody's who stays; they go with their last owner, or at once where a place says any."""
    places, shared = law.places(), set[At]()
    owners = {
        (place, key): [
            (to, row[column])
            for p, column, to, said in references(law)
            if p == place and _ownership(law, p, said) == "owned" and row[column] in stand[to]
        ]
        for place, key in every
        for row in [stand[place][key]]
    }
    while True:
        more = {
            at
            for at, theirs_ in owners.items()
            if places[at[0]].shared != "any"
            and any((o not in every or o in shared) and _is_somebodys(law, stand, o, ()) for o in theirs_)
        } - shared
        if not more:
            return shared
        shared |= more


def _is_somebodys(law: Law, stand: Stand, at: At, seen: tuple[At, ...]) -> bool:
    """Whether a row leads to a person who was not emptied already."""
    place, row = law.places()[at[0]], stand[at[0]][at[1]]
    if place.person == "self" and emptied(place, row, place.at_end) != row:
        return True
    if at in seen:
        return False
    owners = [
        (to, row[column])
        for p, column, to, said in references(law)
        if p == at[0] and _ownership(law, p, said) == "owned" and row[column] in stand[to]
    ]
    return any(_is_somebodys(law, stand, o, (*seen, at)) for o in owners)


def _naming(law: Law, stand: Stand, named: set[At]) -> list[tuple[str, Key, str, Reference]]:
    """The rows that only name some rows, each with the column."""
    return [
        (place, key, column, said)
        for place, column, to, said in references(law)
        if said.ownership == "mentions"
        for key, row in stand[place].items()
        if (to, row[column]) in named
    ]


def _mentions(
    law: Law, stand: Stand, leaves: set[At], held: frozenset[At], today: date
) -> set[tuple[str, Key, str]]:
    """The references that are set to NULL, because they name somebody who leaves."""
    return {
        (place, key, column)
        for place, key, column, said in _naming(law, stand, leaves)
        if said.erase == "detach"
        and (place, key) not in held
        and not _column_by_law(law, law.places()[place], column, stand[place][key], today)
    }


def _pointed(
    law: Law,
    stand: Stand,
    at: At,
    gone: set[At],
    let_go: set[tuple[str, Key, str]],
    held: frozenset[At],
) -> bool:
    """Whether a row that stays points at a row, so that it stays, too, as a skeleton."""
    rules = {(link.child, link.column): link.rule for link in law.links}
    pointing = {(link.child, link.column, link.parent) for link in law.links}
    pointing |= {(place, column, to) for place, column, to, _ in references(law)}
    for place, column, to in pointing:
        if to != at[0]:
            continue
        for key, row in stand[place].items():
            if row[column] != at[1] or (place, key) in gone or (place, key, column) in let_go:
                continue
            if rules.get((place, column)) != "SET NULL" or (place, key) in held:
                return True
    return False
