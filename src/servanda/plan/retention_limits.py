"""The retention limits of a place, and how several of them combine for one field.

    one ground        of several maxima the earliest counts, of several minima the latest
    several grounds   a field stays while any of them runs: it ends with the latest of their ends
    a row             ends when its last field has ended; before that, ended fields are emptied

A maximum means "gone by then" (GDPR 5(1)(e)), a legal minimum "not before then" (GDPR 17(3)(b)).

When a person is erased, only limits by law or for legal claims stay in force (`limits_after_erasure`): they
keep their own fields until their usual end. Every other field ends at once.

Law: GDPR 17(3)(b) legal obligation, 17(3)(e) legal claims; 17(1) everything else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from servanda.law.retention import cutoff, cutoff_rounded, last_day
from servanda.persons.routes import route
from servanda.plan.archiving import Archiving, archivings
from servanda.policy.policy import Policy
from servanda.policy.promise import Promise, Retention
from servanda.stores.binding.binding import Binding, BoundPlace
from servanda.stores.document.change import Change
from servanda.stores.selection import All, Any, Before, Bound, Condition, Equals, Not, Reaches


@dataclass(frozen=True, slots=True)
class Limit:
    """A retention at one place: its trigger there, and the cutoff `day`; a trigger before it is over.

    `active_day` is the cutoff of the active stage alone, if an archive follows. `archived` selects the rows with an
    archived copy that still equals them, `warned` the rows whose person was warned long enough ago.
    """

    promise: Promise
    retention: Retention
    trigger: Bound
    day: date
    active_day: date | None = None
    warned: Condition | None = None
    archived: Condition | None = None

    @property
    def over(self) -> Condition:
        """The rows for which this limit is over and, if a warning was promised, whose person was warned.

        An archived row is over at the end of its active stage.
        """
        over: Condition = Before(self.trigger, self.day)
        if self.archived is not None and self.active_day is not None:
            over = Any((over, All((Before(self.trigger, self.active_day), self.archived))))
        return over if self.warned is None else All((self.warned, over))

    @property
    def words(self) -> str:
        """The limit as shown in a plan: “account closure before 2023-11-22”."""
        day = self.day if self.archived is None or self.active_day is None else self.active_day
        return f"{self.retention.trigger.replace('_', ' ')} before {day.isoformat()}"


def limits_of(binding: Binding, place: BoundPlace, today: date, *, assume: bool = False) -> list[Limit]:
    """The limits of a place whose triggers are bound, in the order of the policy.

    With `assume`, as if all rows due for the archive were archived: a plan counts the following steps so.
    """
    policy = binding.policy
    found = []
    copied = {id(r): a for a in archivings(place) if a.copies for r in a.retentions}
    for promise, retention in place.limits:
        trigger = place.triggers.get(retention.trigger)
        if trigger is None:
            continue
        archives = retention.archive is not None
        found.append(
            Limit(
                promise,
                retention,
                trigger,
                cutoff_of(policy, retention, today),
                _cutoff(policy, retention, today, retention.periods[:1]) if archives else None,
                _warned(binding, place) if retention.warn_before is not None else None,
                _archived(copied.get(id(retention)), assume),
            )
        )
    return found


def _archived(archiving: Archiving | None, assume: bool) -> Condition | None:
    if archiving is None:
        return None
    return All(()) if assume else archiving.archived


def is_warned(binding: Binding, place: BoundPlace) -> bool:
    """Whether letters are sent for the rows of this place; not if they are sent for the persons that own the rows."""
    path = route(binding, place)
    return path is None or path.root == place.name or not _warns(binding.places[path.root])


def _warned(binding: Binding, place: BoundPlace) -> Condition:
    """The rows whose person was warned long enough ago."""
    path = route(binding, place)
    if path is None or is_warned(binding, place):
        return Reaches((), place.table.key, f"warned_{place.short}")
    root = binding.places[path.root]
    return path.reaches(root.table.key, f"warned_{root.short}")


def _warns(place: BoundPlace) -> bool:
    return any(retention.warn_before is not None for _, retention in place.limits)


def cutoff_of(policy: Policy, retention: Retention, today: date) -> date:
    """The cutoff: the first local day whose whole period (all stages) is not over today."""
    return _cutoff(policy, retention, today, retention.periods)


def _cutoff(policy: Policy, retention: Retention, today: date, periods: Sequence[object]) -> date:
    day = today
    for period in reversed(retention.periods[: len(periods)][1:]):
        day = cutoff(day, period)
    if retention.end_of == "fiscal_year":
        return cutoff_rounded(day, retention.active, policy.fiscal_year_end)
    return cutoff(day, retention.active)


def end_of(policy: Policy, retention: Retention, trigger: date) -> date:
    """The last day of the retention period of a row with this trigger."""
    from servanda.law.retention import fiscal_year_end

    day = fiscal_year_end(trigger, policy.fiscal_year_end) if retention.end_of else trigger
    for period in retention.periods:
        day = last_day(day, period)
    return day


def ended(limits: Iterable[Limit]) -> Condition:
    """The rows for which every ground has ended."""
    grounds: dict[str, list[Limit]] = {}
    for limit in limits:
        grounds.setdefault(str(limit.retention.ground), []).append(limit)
    parts: list[Condition] = []
    for same in grounds.values():
        maxima = tuple(m.over for m in same if m.retention.limit == "max")
        if maxima:
            parts.append(maxima[0] if len(maxima) == 1 else Any(maxima))
        parts += [m.over for m in same if m.retention.limit == "min"]
    return parts[0] if len(parts) == 1 else All(tuple(parts))


def by_column(place: BoundPlace, limits: Sequence[Limit]) -> dict[str, tuple[Limit, ...]]:
    """The limits of each column that holds data of some category; empty where no promise ends it."""
    found: dict[str, list[Limit]] = {}
    for category, columns in place.data.items():
        own = [limit for limit in limits if category in limit.retention.data]
        for column in columns:
            kept = found.setdefault(column, [])
            kept += [limit for limit in own if limit not in kept]
    return {column: tuple(own) for column, own in found.items()}


def endless_categories(policy: Policy, place: BoundPlace, limits: Sequence[Limit]) -> list[str]:
    """The categories of a place that no retention ends, so that its rows are never deleted."""
    covered = {name for limit in limits for name in limit.retention.data}
    return [
        name for name in place.data if name not in covered and policy.categories[name].role == "controller"
    ]


CLAIMS = ("c-civ/2224", "c-com/L110-4", "c-mon-fin/L133-24", "c-conso/L218-2")
"""Statutes of limitation: data kept under these are kept for legal claims."""

Group = tuple[Condition | None, tuple[tuple[str, Change], ...]]


def article(retention: Retention) -> str:
    """The exception of the GDPR that a retention rests on."""
    law = retention.ground.law or ""
    return "GDPR 17(3)(e)" if law.endswith(CLAIMS) else "GDPR 17(3)(b)"


def limits_after_erasure(binding: Binding, place: BoundPlace, today: date) -> list[Limit]:
    """The limits of a place that stay in force after an erasure, without regard to warnings and archived copies."""
    limits = limits_of(binding, place, today)
    return [
        replace(limit, warned=None, archived=None) for limit in limits if limit.retention.outlives_erasure
    ]


def has_unbound_minimum(place: BoundPlace) -> bool:
    """Whether a legal minimum has no bound trigger, so that its end is unknown and all rows must stay."""
    return bool(_unbound_minima(place))


def _unbound_minima(place: BoundPlace) -> list[Retention]:
    return [r for _, r in place.limits if r.outlives_erasure and r.trigger not in place.triggers]


def where(place: BoundPlace) -> Condition:
    """The rows of the table that belong to this place."""
    return All(tuple(Equals(column, value) for column, value in place.place.where.items()))


def kept_by_law(place: BoundPlace, limits: Sequence[Limit]) -> Condition | None:
    """The rows in which some field must stay by law; None if no limit is in force."""
    owners = {tuple(limits.index(m) for m in own) for own in by_column(place, limits).values() if own}
    if not owners:
        return None
    over = All(tuple(ended([limits[i] for i in own]) for own in sorted(owners)))
    return All((where(place), Not(over)))


def change_groups(place: BoundPlace, limits: Sequence[Limit]) -> list[Group]:
    """The changes that empty a row that stays, grouped by condition; None: at once, since no law keeps the field."""
    owners = by_column(place, limits)
    found: dict[tuple[int, ...], list[tuple[str, Change]]] = {}
    for column, change in place.place.at_end.items():
        own = tuple(limits.index(m) for m in owners.get(column, ()))
        found.setdefault(own, []).append((column, change))
    return [
        (ended([limits[i] for i in own]) if own else None, tuple(changes)) for own, changes in found.items()
    ]


def without_legal_minimum(
    place: BoundPlace, limits: Sequence[Limit], columns: Iterable[str]
) -> Condition | None:
    """The rows in which no law keeps any of these columns; None if no law ever does, so that it is every row."""
    wanted = set(columns)
    about = {name for name, own in place.data.items() if wanted & set(own)}
    if any(about & set(r.data) for r in _unbound_minima(place)):
        return Any(())
    relevant = [limit for limit in limits if about & set(limit.retention.data)]
    return ended(relevant) if relevant else None


def is_set_to_null(place: BoundPlace, limits: Sequence[Limit], column: str) -> bool:
    """Whether an erasure sets this column to NULL in a row that stays, so that it references no one any more."""
    return place.place.at_end.get(column) == Change() and not by_column(place, limits).get(column)
