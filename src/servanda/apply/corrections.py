"""Writes values into rows of a person: corrections that they asked for, and flags that the application reads.

One transaction per store, after all values were checked and converted to the types of their columns. Values
are kept in memory and in the store only, never in a plan, the ledger or a message.

Law: GDPR 16 rectification; 18(2) and 21(3), where the application is told by a column of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any

import sqlalchemy as sa

from servanda.errors import Refused, StoreError
from servanda.persons.person import Person
from servanda.stores.binding.binding import BoundPlace
from servanda.stores.binding.open_stores import OpenStores
from servanda.stores.document.change import Scalar
from servanda.stores.shape import Column
from servanda.stores.sql.archive_table import database
from servanda.stores.sql.erasure import transaction_with_retry
from servanda.stores.sql.session import Session

_TRUE, _FALSE = frozenset({"1", "true", "yes", "oui", "on"}), frozenset({"0", "false", "no", "non", "off"})


@dataclass(frozen=True, slots=True)
class Correction:
    """New values of one row; texts are converted to the type of their column."""

    person: Person
    values: Mapping[str, Scalar] = field(repr=False)


def correct(stores: OpenStores, corrections: Sequence[Correction]) -> int:
    """Write values into rows. Returns the number of rows found.

    Raises Refused, with nothing changed, for a value that its column does not accept; StoreError if the store
    fails.
    """
    by_store: dict[str, list[tuple[BoundPlace, Correction, dict[str, Any]]]] = {}
    for one in corrections:
        place = stores.binding.places.get(one.person.place)
        if place is None:
            raise Refused(f"there is no place {one.person.place}", advice="name a place of stores.yaml")
        by_store.setdefault(place.store, []).append((place, one, typed(stores, place, one.values)))
    return sum(_write(database(stores.sessions[store]), mine) for store, mine in by_store.items())


def _write(session: Session, mine: Sequence[tuple[BoundPlace, Correction, dict[str, Any]]]) -> int:
    def act() -> int:
        return sum(_update(session, place, one, values) for place, one, values in mine)

    return transaction_with_retry(session, act)


def _update(session: Session, place: BoundPlace, one: Correction, values: dict[str, Any]) -> int:
    row: Any = session.table_of(place.table.name)
    key = session.at_key(place.table.name, one.person.key)
    there = session.execute(sa.select(sa.func.count()).select_from(row).where(*key)).scalar()
    if there:
        session.execute(sa.update(row).where(*key).values({row.c[c]: v for c, v in values.items()}))
    return int(there or 0)


def typed(stores: OpenStores, place: BoundPlace, values: Mapping[str, Scalar]) -> dict[str, Any]:
    """Values converted to the types of their columns. Raises Refused, naming the column but never the value."""
    store = database(stores.sessions[place.store]).store
    values_by_column: dict[str, Any] = {}
    for name, value in values.items():
        column = place.table.columns.get(name)
        if column is None:
            raise Refused(
                f"{place.name} has no column {name}",
                advice=f"its columns: {', '.join(_editable(place.table.columns.values(), place))}",
            )
        why = _refusal(place, column, value)
        if why:
            raise Refused(f"{place.name}.{name} cannot be corrected: {why}")
        values_by_column[name] = _read(place, column, store.types[place.table.name, name], value)
    return values_by_column


def _editable(columns: Iterable[Column], place: BoundPlace) -> list[str]:
    return [c.name for c in columns if not c.generated and c.name not in place.table.key]


def _refusal(place: BoundPlace, column: Column, value: Scalar) -> str:
    if column.name in place.table.key:
        return "it is part of the key"
    if column.generated:
        return "the database computes it"
    if value is None and not column.nullable:
        return "it is NOT NULL"
    if isinstance(value, str) and column.length is not None and len(value) > column.length:
        return f"it holds {column.length} characters, and the value has {len(value)}"
    return ""


def _read(place: BoundPlace, column: Column, type_: Any, value: Scalar) -> Any:
    try:
        kind = type_.python_type
    except NotImplementedError:
        kind = str
    try:
        return _parse(kind, value)
    except (ValueError, InvalidOperation):
        wanted = _WORDS.get(kind, kind.__name__)
        raise Refused(f"{place.name}.{column.name} cannot be corrected: it takes {wanted}") from None


_WORDS: dict[type, str] = {
    int: "a whole number",
    float: "a number",
    Decimal: "a number",
    bool: "yes or no",
    date: "a day, such as 2026-11-23",
    datetime: "a moment, such as 2026-11-23T10:00:00",
    time: "a time, such as 10:00",
}


def _parse(kind: type, value: Scalar) -> Any:
    if value is None or not isinstance(value, str):
        return value
    if kind is bool:
        word = value.strip().casefold()
        if word not in _TRUE | _FALSE:
            raise ValueError
        return word in _TRUE
    if kind in (date, datetime, time):
        return kind.fromisoformat(value.strip())
    if kind in (int, float, Decimal):
        return kind(value.strip())
    return value


def keys_fit(stores: OpenStores, person: Person) -> Person:
    """A row with its key converted to the column types. Raises StoreError for an unknown place or a wrong key."""
    place = stores.binding.places.get(person.place)
    if place is None or place.place.files:
        raise StoreError(f"there is no place {person.place} with rows of persons")
    if len(person.key) != len(place.table.key):
        raise StoreError(
            f"{person.place}: a key has {len(place.table.key)} values, {len(person.key)} were given"
        )
    columns = [place.table.columns[c] for c in place.table.key]
    key = tuple(
        int(v) if c.number and str(v).lstrip("-").isdecimal() else v
        for c, v in zip(columns, person.key, strict=True)
    )
    return Person(person.place, key)
