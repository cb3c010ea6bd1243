"""What a rule can see: the policy, the stores as they are bound and as they are, the holds, the day.

Spots are found late: a rule names a part of a document, and the document knows where
that part stands.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Literal

from servanda.errors import Spot
from servanda.policy.policy import Policy
from servanda.policy.yamlfile import Source
from servanda.stores.binding.binding import Binding, BoundPlace
from servanda.stores.selection import (
    Bound,
    GreatestTime,
    LatestTime,
    Link,
    OwnTime,
    ParentTime,
    ParentTrigger,
    TimeColumn,
)
from servanda.stores.shape import Table

if TYPE_CHECKING:  # `check` without holds then loads neither keys nor ledger
    from servanda.persons.holds import Hold
    from servanda.stores.verbs import Session

Need = Literal["policy", "stores", "holds"]
"""What a rule looks at; it is left out where that is not there."""


@dataclass(frozen=True, slots=True)
class View:
    """What there is to look at. `binding` and `sessions` are those of the stores that answered.

    `holds` is None where they could not be read; `today` is the company's local date.
    """

    policy: Policy
    today: date
    binding: Binding | None = None
    sessions: Mapping[str, Session] = field(default_factory=dict)
    holds: tuple[Hold, ...] | None = None

    @property
    def source(self) -> Source:
        """The file of the policy."""
        return self.policy.source

    @property
    def sees(self) -> frozenset[Need]:
        """What a rule may ask for here."""
        found: set[Need] = {"policy"}
        if self.binding is not None:
            found.add("stores")
        if self.holds is not None:
            found.add("holds")
        return frozenset(found)

    @property
    def bound(self) -> Binding:
        """The bound stores. Only for rules that need them."""
        assert self.binding is not None, "a rule that reads stores says needs={'stores'}"
        return self.binding

    @property
    def places(self) -> list[BoundPlace]:
        """Every place of the stores that answered, in the order of the document."""
        return list(self.bound.places.values())

    @property
    def ended(self) -> list[BoundPlace]:
        """The places where some retention ends something: not those kept for other controllers (GDPR 28)."""
        return [p for p in self.places if p.swept and not self.for_others(p)]

    def for_others(self, place: BoundPlace) -> bool:
        """Whether every category of a place is another controller's."""
        return bool(place.data) and all(self.policy.categories[c].role == "processor" for c in place.data)

    def endless(self, place: BoundPlace) -> list[str]:
        """The categories of a place that no retention ends."""
        covered = {name for _, retention in place.limits for name in retention.data}
        own = (name for name in place.data if self.policy.categories[name].role == "controller")
        return [name for name in own if name not in covered]

    def deletes(self, place: BoundPlace) -> bool:
        """Whether whole rows of a place go at their end, rather than being emptied and kept."""
        ends = {retention.end for _, retention in place.limits}
        return place in self.ended and ends == {"delete"} and not self.endless(place)

    # -- where things stand ----------------------------------------------------------------

    def said(self, *path: str | int) -> Spot:
        """The spot of a value of the policy, or of the nearest thing above it that is there."""
        return self._in_policy(path, key=False)

    def head(self, *path: str | int) -> Spot:
        """The spot of a key of the policy; of its title where the whole section is missing."""
        return self._in_policy(path, key=True)

    def _in_policy(self, path: tuple[str | int, ...], *, key: bool) -> Spot:
        there = path if path[:1] in self.source.values else ("title",)
        return self.source.spot(there, key=key or there != path)

    def at(self, place: BoundPlace, *path: str | int) -> Spot:
        """The spot of a part of a place; of its name where no part is given."""
        full = ("stores", place.store, "places", place.short, *path)
        return self.bound.document.source.spot(full, key=not path)

    def at_link(self, place: BoundPlace, link: Link) -> Spot:
        """The spot of a reference; of the place where only the database declares it."""
        for label, reference in place.place.links().items():
            if place.links.get(label) == link:
                path = ("person",) if label == "person" else ("references", label)
                return self.at(place, *path, *(("via",) if reference.via else ()))
        return self.at(place)

    def at_store(self, store: str, *path: str) -> Spot:
        """The spot of a part of a store."""
        return self.bound.document.source.spot(("stores", store, *path), key=True)

    # -- what triggers read ----------------------------------------------------------------

    def used(self, place: BoundPlace) -> dict[str, Bound]:
        """The triggers of a place that a retention counts from."""
        names = {retention.trigger for _, retention in place.limits}
        return {name: trigger for name, trigger in place.triggers.items() if name in names}

    def times(self, place: BoundPlace, trigger: Bound) -> Iterator[tuple[Table, TimeColumn]]:
        """Every column that a trigger reads, with its table."""
        return self._times(self.bound.shapes[place.store].tables, place.table, trigger)

    def _times(
        self, tables: Mapping[str, Table], table: Table, trigger: Bound
    ) -> Iterator[tuple[Table, TimeColumn]]:
        match trigger:
            case OwnTime(time):
                yield table, time
            case ParentTime(links, time):
                yield tables[links[-1].to_table], time
            case ParentTrigger(links, there):
                yield from self._times(tables, tables[links[-1].to_table], there)
            case LatestTime(link, time, fallback, _):
                yield tables[link.table], time
                yield table, fallback
            case GreatestTime(parts):
                for part in parts:
                    yield from self._times(tables, table, part)

    def latest(self, place: BoundPlace) -> Iterator[tuple[str, LatestTime]]:
        """Every aggregate among the triggers that a retention counts from, by the trigger's name."""
        for name, trigger in self.used(place).items():
            parts = trigger.parts if isinstance(trigger, GreatestTime) else (trigger,)
            yield from ((name, part) for part in parts if isinstance(part, LatestTime))

    # -- what to write ---------------------------------------------------------------------

    def create_index(self, store: str, table: Table, columns: tuple[str, ...]) -> str:
        """The exact statement that makes an index, as this store wants it written."""
        return self.sessions[store].store.create_index(table, columns)
