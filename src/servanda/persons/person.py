"""A person, represented by a row of the application; and `find`, which looks persons up by an identifier.

An identifier is searched for in the columns under `identifiers` in the stores document, and in places that know a
person by an address only, such as a newsletter. A row that bears the address and belongs to a person, such as one of
a table of addresses, leads up to that person. Which addresses are the same, `stores.addresses` says.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from servanda.persons.routes import routes
from servanda.persons.subject_graph import SubjectGraph
from servanda.stores.addresses import comparable
from servanda.stores.binding.binding import BoundPlace
from servanda.stores.binding.identity import created_columns
from servanda.stores.binding.open_stores import OpenStores


@dataclass(frozen=True, slots=True)
class Person:
    """A row that represents a person: its place and its key there.

    It is kept in memory only: never in a plan, the ledger, a log or a message. One human being may have several,
    such as an account, a newsletter and a contact form.

    A row that is remembered for later has `content`, the digests of its values, and, if it is a person's own row
    with an identifier, `identity`, that of its identifiers. By then its key may belong to a newcomer.

    `doubtful`: another row bears the identifier and leads here, and this row bears a different one.
    """

    place: str
    key: tuple[Any, ...]
    content: str = field(default="", compare=False, repr=False)
    identity: str = field(default="", compare=False, repr=False)
    doubtful: bool = field(default=False, compare=False)

    def is_still(self, row: Mapping[str, Any], place: BoundPlace) -> bool:
        """Whether a row with this key is the remembered one.

        It is if it was created at the same time; where no column says so, if its identifiers are the same, or if
        nothing has changed but what Servanda itself, or the database with it, writes into a row that stays.
        """
        remembered: dict[str, str] = json.loads(self.content)
        created = [c for c in created_columns(place) if row.get(c) is not None and c in remembered]
        if created:
            return all(remembered[c] == _digest(c, row[c]) for c in created)
        if self.identity and self.identity == identity_of(row, place.place.identifiers.values()):
            return True
        return all(
            _digest(c, row[c]) == digest or _is_ours(place, c, row[c])
            for c, digest in remembered.items()
            if c in row
        )


def _is_ours(place: BoundPlace, column: str, value: Any) -> bool:
    """Whether Servanda may have written a value: its field was emptied, or whom it named has gone."""
    shape, declared = place.table.columns[column], place.place.links()
    if shape.on_update or shape.generated:
        return True
    change = place.place.at_end.get(column)
    if change is not None:
        plain = not (change.truncate or change.generalise or change.pseudonym)
        return not plain or value == change.constant
    referring = [
        said for label, link in place.links.items() if column in link.columns if (said := declared.get(label))
    ]
    if any(value in said.placeholder for said in referring):
        return True
    cleared = any(column in said.clears for said in declared.values())
    pointing = any(column in link.columns for link in place.links.values())
    pointing = pointing or any(column in points.columns for points in place.table.points)
    return cleared or (pointing and value is None)


def content_of(row: Mapping[str, Any], created: Sequence[str]) -> str:
    """The digest of each value by which the row is known again, as JSON: of when it was created, or else of all."""
    known = [c for c in created if row.get(c) is not None] or sorted(row)
    return _encode({column: _digest(column, row[column]) for column in known})


def identity_of(row: Mapping[str, Any], identifiers: Iterable[str]) -> str:
    """The digest of the identifiers of a row; empty if it has none any more."""
    values = [[name, row[name]] for name in sorted(identifiers) if row.get(name) is not None]
    return hashlib.sha256(_encode(values).encode()).hexdigest() if values else ""


def _digest(column: str, value: Any) -> str:
    return hashlib.sha256(_encode([column, value]).encode()).hexdigest()[:24]


def _as_text(value: Any) -> str:
    return bytes(value).hex() if isinstance(value, bytes | memoryview | bytearray) else str(value)


_encode = json.JSONEncoder(default=_as_text).encode


Human = Sequence[Person]
"""Every row that represents one human being."""


_BY_VALUE = frozenset({"folded", "lower", "text", "exact"})


def find(stores: OpenStores, identifier: str, named: str | None = None) -> list[Person]:
    """Whose identifier this is: rows of persons, found in columns of any name or of the name `named`; empty if none.

    Several rows of one place may be several persons: somebody has to choose. Rows that belong to a row already
    found are left out.
    """
    wanted = identifier.strip()
    persons: list[Person] = []
    for place, column, owner in _columns(stores, named):
        if owner and any(stores.binding.places[p.place].table.name == owner for p in persons):
            continue
        kind = place.table.columns[column]
        if kind.number and not wanted.isdecimal():
            continue
        persons += _found(stores, place, column, int(wanted) if kind.number else wanted)
    return list(dict.fromkeys(persons))


def _found(stores: OpenStores, place: BoundPlace, column: str, wanted: str | int) -> Iterator[Person]:
    """The persons to whom the rows of a place with an identifier lead; a row that leads to none, itself."""
    session, size = stores.session_of(place), len(place.table.key)
    named = [name for name, own in place.place.identifiers.items() if own == column]
    ways = [way for way in routes(stores.binding, place) if stores.binding.places[way.root].table.key]
    if not named or not ways or any(not way.links for way in ways):
        yield from (Person(place.name, key) for key in session.find(place.table.name, column, wanted))
        return
    certain: dict[tuple[Any, ...], list[Person]] = {}
    doubtful: dict[tuple[Any, ...], list[Person]] = {}
    for way in ways:
        root = stores.binding.places[way.root]
        theirs = root.place.identifiers.get(named[0])
        at = [*root.table.key, *([theirs] if theirs is not None else [])]
        for values in session.find(place.table.name, column, wanted, way.links, at):
            key, above = values[:size], values[size : size + len(root.table.key)]
            other = values[-1] if theirs is not None else None
            certain.setdefault(key, [])
            if None in above:
                continue
            if other in (None, "") or comparable(str(other)) == comparable(str(wanted)):
                certain[key].append(Person(root.name, above))
            else:
                doubtful.setdefault(key, []).append(Person(root.name, above, doubtful=True))
    for key, persons in certain.items():
        yield from persons or (Person(place.name, key), *doubtful.get(key, ()))


def _columns(stores: OpenStores, named: str | None) -> Iterator[tuple[BoundPlace, str, str]]:
    """The identifying columns, persons' own rows first, each with the table that an address leads to (or “”)."""
    for place in sorted(stores.binding.places.values(), key=lambda p: p.place.person != "self"):
        if place.table.key:
            own = {column: "" for name, column in place.place.identifiers.items() if named in (None, name)}
            yield from ((place, column, "") for column in own)
    if named is None:
        yield from _addresses(stores)


def _addresses(stores: OpenStores) -> Iterator[tuple[BoundPlace, str, str]]:
    """The columns that reference a person by an identifier instead of a key, so that the person may be missing."""
    for graph in SubjectGraph.of(stores.binding).stores.values():
        selves = {p.table.name: set(p.place.identifiers.values()) for p in graph.roots}
        for edge in graph.edges:
            place = stores.binding.places[edge.place]
            by_value = edge.ownership == "owned" and edge.link.compare in _BY_VALUE and not edge.link.path
            if by_value and edge.link.to_columns[0] in selves.get(edge.link.to_table, ()) and place.table.key:
                led = edge.link.to_table if edge.link.compare in ("folded", "lower") else ""
                yield place, edge.link.columns[0], led
