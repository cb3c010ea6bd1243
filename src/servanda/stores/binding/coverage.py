"""Which columns hold personal data, and whether a category of the policy names what they hold.

    data: {account: [email, name]}   these columns, because somebody said so
    data: account                    columns whose nature, or name, one of the category's fields has

An open list (“etc.”) names nothing, so it covers nothing. Data of which another controller
decides (GDPR 28) are for that controller to name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from servanda.policy.categories import Category
from servanda.policy.policy import Policy
from servanda.stores.binding.binding import Binding, BoundPlace
from servanda.stores.discovery import lexicon
from servanda.stores.discovery.recognise import ROWS, Recognised, readable, recognise
from servanda.stores.selection import (
    Bound,
    GreatestTime,
    LatestTime,
    OwnTime,
    ParentTime,
    ParentTrigger,
)
from servanda.stores.shape import Column, Table
from servanda.stores.verbs import Session


@dataclass(frozen=True, slots=True)
class Seen:
    """What the columns of a table are, those that are nothing left out; whether values were looked at."""

    columns: dict[str, Recognised]
    by_values: bool


def seen(binding: Binding, session: Session, store: str, table: Table) -> Seen:
    """Recognise the columns of a table, with one bounded look at its rows where our role may read them."""
    places = binding.of_table(store, table.name)
    allowed = not session.lacking(table.name, frozenset({"SELECT"}))
    wanted = [name for name, column in table.columns.items() if readable(column)]
    values = session.sample(table.name, wanted, ROWS) if allowed else {}
    persons = any(place.place.person == "self" for place in places)
    linked = bool(places) or bool(owners(binding, store, table))
    bare = _bare(table, places)
    found = {
        name: recognise(column, values.get(name, ()), persons=persons, linked=linked, bare=name in bare)
        for name, column in table.columns.items()
    }
    return Seen({name: what for name, what in found.items() if what.nature}, allowed)


def owners(binding: Binding, store: str, table: Table) -> list[tuple[tuple[str, ...], str]]:
    """The real references of a table to tables of persons: its columns, and the table there."""
    persons = {p.table.name for p in binding.places.values() if p.store == store and p.place.person == "self"}
    return [(p.columns, p.table) for p in table.points if p.table in persons and p.table != table.name]


def uncovered(
    policy: Policy, binding: Binding, place: BoundPlace, found: Seen
) -> Iterator[tuple[str, Recognised]]:
    """The columns of a place that hold, or may hold, personal data which no category of it names."""
    beside = [p for p in binding.of_table(place.store, place.table.name) if not p.place.where]
    judged = [place, *(p for p in beside if p is not place)]
    for name, what in found.columns.items():
        if not any(covers(policy, p, place.table.columns[name], what) for p in judged):
            yield name, what


def covers(policy: Policy, place: BoundPlace, column: Column, what: Recognised) -> bool:
    """Whether a category of a place names what a column holds."""
    for name in place.data:
        columns = place.place.data[name]
        category = policy.categories[name]
        if columns != "all" and column.name in columns:
            return True
        if columns == "all" and (category.role == "processor" or _names(category, column, what)):
            return True
    return False


def _names(category: Category, column: Column, what: Recognised) -> bool:
    held = {what.nature, *lexicon.read(column.name).natures[:1]}
    return any(
        lexicon.alike(field, column.name) or held & set(lexicon.read(field).natures)
        for field in category.fields
    )


def structural(table: Table, places: Iterable[BoundPlace]) -> set[str]:
    """The frame of rows: keys, references, triggers, what tells places apart, and flags of Servanda."""
    living = list(places)
    flags = {flag.column for place in living for flag in place.place.flags.values()}
    return _bare(table, living) | {c for place in living for c in place.place.where} | flags


def _bare(table: Table, places: Iterable[BoundPlace]) -> set[str]:
    """Keys, references and triggers: columns that lead to data or date them."""
    found = {*table.key, *(c for p in table.points for c in p.columns)}
    for place in places:
        for link in place.links.values():
            found |= {*link.columns, *(column for column, _ in link.when)}
        for trigger in place.triggers.values():
            found |= set(_read(trigger))
    return found


def _read(trigger: Bound) -> Iterator[str]:
    """The columns of its own row that a trigger reads."""
    match trigger:
        case OwnTime(time):
            yield time.name
        case LatestTime(_, _, fallback, _):
            yield fallback.name
        case GreatestTime(parts):
            for part in parts:
                yield from _read(part)
        case ParentTime() | ParentTrigger():
            pass
