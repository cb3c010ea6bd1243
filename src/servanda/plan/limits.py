"""How the limits of a place meet, per field.

    one ground        of several maxima the earliest counts, of several minima the latest
    several grounds   a field stays while any of them runs: its end is the latest of their ends
    a row             ends when its last field has ended; before that, ended fields are emptied

A maximum says "gone by then" (GDPR 5(1)(e)), a legal minimum "not before then"
(GDPR 17(3)(b)); when the last ground of a field has ended, nothing justifies it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from servanda.law.retention import cutoff, cutoff_rounded, last_day
from servanda.persons.graph import route
from servanda.plan.archiving import Archiving, archivings
from servanda.policy.policy import Policy
from servanda.policy.promise import Promise, Retention
from servanda.stores.binding import Binding, BoundPlace
from servanda.stores.selection import All, Any, Before, Bound, Condition, Reaches


@dataclass(frozen=True, slots=True)
class Limit:
    """A retention at one place: its trigger there, and the day before which a trigger is over.

    `active_day` is the same for the end of the active stage alone, where an archive follows.
    `archived` are the rows of which an archived copy is known that still equals them.
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
        """The rows for which this limit has run out, and who were warned where that was promised.

        A row that is archived has left its active stage, and has no business here any more.
        """
        over: Condition = Before(self.trigger, self.day)
        if self.archived is not None and self.active_day is not None:
            over = Any((over, All((Before(self.trigger, self.active_day), self.archived))))
        return over if self.warned is None else All((self.warned, over))

    @property
    def words(self) -> str:
        """The limit as a plan says it: “account closure before 2023-11-22”."""
        day = self.day if self.archived is None or self.active_day is None else self.active_day
        return f"{self.retention.trigger.replace('_', ' ')} before {day.isoformat()}"


def limits_of(binding: Binding, place: BoundPlace, today: date, *, assume: bool = False) -> list[Limit]:
    """The limits of a place whose triggers are bound, in the order of the policy.

    With `assume`, as if everything that is to be archived was: so a plan counts what follows.
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
                _cut(policy, retention, today, retention.periods[:1]) if archives else None,
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
    """Whether the rows of a place get the letters; not where they belong to persons who get them."""
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
    """The smallest local day whose period, all stages together, is not over today; found by adding."""
    return _cut(policy, retention, today, retention.periods)


def _cut(policy: Policy, retention: Retention, today: date, periods: Sequence[object]) -> date:
    day = today
    for period in reversed(retention.periods[: len(periods)][1:]):
        day = cutoff(day, period)
    if retention.end_of == "fiscal_year":
        return cutoff_rounded(day, retention.active, policy.fiscal_year_end)
    return cutoff(day, retention.active)


def end_of(policy: Policy, retention: Retention, trigger: date) -> date:
    """The last day of a row with this trigger."""
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


def endless(policy: Policy, place: BoundPlace, limits: Sequence[Limit]) -> list[str]:
    """The categories of a place that no retention ends, so that its rows are never deleted."""
    covered = {name for limit in limits for name in limit.retention.data}
    return [
        name for name in place.data if name not in covered and policy.categories[name].role == "controller"
    ]
