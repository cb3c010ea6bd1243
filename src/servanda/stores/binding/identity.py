"""By what a row is told from another one that gets its key later.

A database may give the key of a deleted row again: SQLite does, without AUTOINCREMENT, and so does whoever imports
rows with keys. What Servanda remembers of a row by its key therefore comes with a *mark* of the row: a keyed hash of
the time at which it was created, where a column says so, else of its identifiers, else of the person that it leads to.
The mark is made and compared by the store, in the statement that decides.
"""

from __future__ import annotations

from servanda.stores.binding.binding import Binding, BoundPlace
from servanda.stores.discovery.lexicon import words
from servanda.stores.document.change import Change
from servanda.stores.selection import Identity
from servanda.stores.shape import Column

_CREATED = {"created", "creation", "inserted", "registered", "registration", "joined", "signup", "enrolled"} | {
    "cree", "creee", "inscrit", "inscription"
}  # fmt: skip
_BESIDE = {"by", "user", "ip", "from", "method", "via", "source", "token", "code", "id"}


def created_columns(place: BoundPlace) -> tuple[str, ...]:
    """The columns that say when a row was created: a time with such a name, which nothing writes later."""
    return tuple(
        name
        for name, column in place.table.columns.items()
        if _is_created(column) and name not in place.place.at_end
    )


def _is_created(column: Column) -> bool:
    named = set(words(column.name))
    timed = bool(column.time) or (column.number and "at" in named)
    return timed and bool(named & _CREATED) and not named & _BESIDE and not column.on_update


def identity(binding: Binding, place: BoundPlace) -> Identity | None:
    """By what the rows of a place are told apart; None where nothing but the key tells."""
    return binding.cached(("identity", place.name), lambda: _identity(place))


def _identity(place: BoundPlace) -> Identity | None:
    created = created_columns(place)
    named = tuple(dict.fromkeys(place.place.identifiers.values()))
    if not named:
        link = place.links[place.owned_by[0]] if place.owned_by else None
        named = link.columns if link is not None and not link.path else ()
    if any(name not in place.table.columns for name in named):
        named = ()
    emptied: tuple[tuple[str, Change], ...] = tuple(
        (c, n) for c, n in place.place.at_end.items() if c in named
    )
    return Identity(place.table.name, created, named, emptied) if created or named else None
