"""What of a person's data must stay when they are erased, and on which ground.

A company's own choice does not outlive an erasure: only a duty by law, or what it needs for legal
claims. Such a limit ends its own fields as it always would; every other field ends at once.

Law: GDPR 17(3)(b) legal obligation, 17(3)(e) legal claims; 17(1) everything else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from servanda.plan.limits import Limit, by_column, ended, limits_of
from servanda.policy.promise import Retention
from servanda.stores.binding import Binding, BoundPlace
from servanda.stores.change import Change
from servanda.stores.selection import All, Any, Condition, Equals, Not

CLAIMS = ("c-civ/2224", "c-com/L110-4", "c-mon-fin/L133-24", "c-conso/L218-2")
"""Texts that say how long somebody may sue: data kept for them are kept for legal claims."""

Group = tuple[Condition | None, tuple[tuple[str, Change], ...]]


def article(retention: Retention) -> str:
    """The exception of the GDPR that a retention rests on."""
    law = retention.ground.law or ""
    return "GDPR 17(3)(e)" if law.endswith(CLAIMS) else "GDPR 17(3)(b)"


def surviving(binding: Binding, place: BoundPlace, today: date) -> list[Limit]:
    """The limits of a place that an erasure leaves in force; nobody is warned first, and copies do not count."""
    limits = limits_of(binding, place, today)
    return [
        replace(limit, warned=None, archived=None) for limit in limits if limit.retention.outlives_erasure
    ]


def unknown(place: BoundPlace) -> bool:
    """Whether something must stay by law and nobody can tell how long: its trigger is bound to nothing."""
    return bool(_untold(place))


def _untold(place: BoundPlace) -> list[Retention]:
    return [r for _, r in place.limits if r.outlives_erasure and r.trigger not in place.triggers]


def where(place: BoundPlace) -> Condition:
    """The rows of a table that are of this place."""
    return All(tuple(Equals(column, value) for column, value in place.place.where.items()))


def stays(place: BoundPlace, limits: Sequence[Limit]) -> Condition | None:
    """The rows of which some field must stay; None where no limit is in force."""
    owners = {tuple(limits.index(m) for m in own) for own in by_column(place, limits).values() if own}
    if not owners:
        return None
    over = All(tuple(ended([limits[i] for i in own]) for own in sorted(owners)))
    return All((where(place), Not(over)))


def groups(place: BoundPlace, limits: Sequence[Limit]) -> list[Group]:
    """How the fields of a row that stays are emptied: those that nothing keeps at once, the others once it may be."""
    owners = by_column(place, limits)
    found: dict[tuple[int, ...], list[tuple[str, Change]]] = {}
    for column, change in place.place.at_end.items():
        own = tuple(limits.index(m) for m in owners.get(column, ()))
        found.setdefault(own, []).append((column, change))
    return [
        (ended([limits[i] for i in own]) if own else None, tuple(changes)) for own, changes in found.items()
    ]


def free(place: BoundPlace, limits: Sequence[Limit], columns: Iterable[str]) -> Condition | None:
    """The rows in which no duty by law keeps any of some columns; None where none ever does."""
    wanted = set(columns)
    about = {name for name, own in place.data.items() if wanted & set(own)}
    if any(about & set(r.data) for r in _untold(place)):
        return Any(())
    mine = [limit for limit in limits if about & set(limit.retention.data)]
    return ended(mine) if mine else None


def released(place: BoundPlace, limits: Sequence[Limit], column: str) -> bool:
    """Whether a column of a row that stays is set to NULL, so that it points at nobody any more."""
    return place.place.at_end.get(column) == Change() and not by_column(place, limits).get(column)
