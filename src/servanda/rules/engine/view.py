"""The input of a rule: the policy, the bound stores, their sessions, the holds and the date.

Spots (file, line, column) are looked up from the path of a part of a document.
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
"""What a rule reads; the rule is skipped when the view lacks it."""


@dataclass(frozen=True, slots=True)
class View:
    """The input of all rules. `binding` and `sessions` cover the stores that answered.

    `holds` is None if they could not be read; `today` is the company's local date.
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
        """The needs that this view meets."""
        needs_met: set[Need] = {"policy"}
        if self.binding is not None:
            needs_met.add("stores")
        if self.holds is not None:
            needs_met.add("holds")
        return frozenset(needs_met)

    @property
    def bound(self) -> Binding:
        """The bound stores. Only for rules that need them."""
        assert self.binding is not None, "a rule that reads stores says needs={'stores'}"
        return self.binding

    @property
    def places(self) -> list[BoundPlace]:
        """All places of the stores that answered, in the order of the document."""
        return list(self.bound.places.values())

    @property
    def ended(self) -> list[BoundPlace]:
        """The places with a retention, without those held for other controllers (GDPR 28)."""
        return [p for p in self.places if p.swept and not self.for_others(p)]

    def for_others(self, place: BoundPlace) -> bool:
        """Return whether every category of a place is held as a processor."""
        return bool(place.data) and all(self.policy.categories[c].role == "processor" for c in place.data)

    def endless(self, place: BoundPlace) -> list[str]:
        """The categories of a place without a retention, except those held as a processor."""
        covered = {name for _, retention in place.limits for name in retention.data}
        own = (name for name in place.data if self.policy.categories[name].role == "controller")
        return [name for name in own if name not in covered]

    def deletes(self, place: BoundPlace) -> bool:
        """Return whether rows of a place are deleted at their end, rather than emptied and kept."""
        ends = {retention.end for _, retention in place.limits}
        return place in self.ended and ends == {"delete"} and not self.endless(place)

    # -- spots -----------------------------------------------------------------------------

    def value_spot(self, *path: str | int) -> Spot:
        """The spot of a value of the policy, or of its nearest existing ancestor."""
        return self._in_policy(path, key=False)

    def key_spot(self, *path: str | int) -> Spot:
        """The spot of a key of the policy, or of the title if the section is missing."""
        return self._in_policy(path, key=True)

    def _in_policy(self, path: tuple[str | int, ...], *, key: bool) -> Spot:
        existing = path if path[:1] in self.source.values else ("title",)
        return self.source.spot(existing, key=key or existing != path)

    def at(self, place: BoundPlace, *path: str | int) -> Spot:
        """The spot of a part of a place, or of its name without `path`."""
        full = ("stores", place.store, "places", place.short, *path)
        return self.bound.document.source.spot(full, key=not path)

    def at_link(self, place: BoundPlace, link: Link) -> Spot:
        """The spot of a reference, or of the place if only the database declares the reference."""
        for label, reference in place.place.links().items():
            if place.links.get(label) == link:
                path = ("person",) if label == "person" else ("references", label)
                return self.at(place, *path, *(("via",) if reference.via else ()))
        return self.at(place)

    def at_store(self, store: str, *path: str) -> Spot:
        """The spot of a part of a store."""
        return self.bound.document.source.spot(("stores", store, *path), key=True)

    # -- triggers --------------------------------------------------------------------------

    def used(self, place: BoundPlace) -> dict[str, Bound]:
        """The triggers of a place that a retention counts from."""
        names = {retention.trigger for _, retention in place.limits}
        return {name: trigger for name, trigger in place.triggers.items() if name in names}

    def times(self, place: BoundPlace, trigger: Bound) -> Iterator[tuple[Table, TimeColumn]]:
        """Yield each column that a trigger reads, with its table."""
        return self._times(self.bound.shapes[place.store].tables, place.table, trigger)

    def _times(
        self, tables: Mapping[str, Table], table: Table, trigger: Bound
    ) -> Iterator[tuple[Table, TimeColumn]]:
        match trigger:
            case OwnTime(time):
                yield table, time
            case ParentTime(links, time):
                yield tables[links[-1].to_table], time
            case ParentTrigger(links, parent_trigger):
                yield from self._times(tables, tables[links[-1].to_table], parent_trigger)
            case LatestTime(link, time, fallback, _):
                yield tables[link.table], time
                yield table, fallback
            case GreatestTime(parts):
                for part in parts:
                    yield from self._times(tables, table, part)

    def latest(self, place: BoundPlace) -> Iterator[tuple[str, LatestTime]]:
        """Yield the aggregates among the used triggers, with the trigger's name."""
        for name, trigger in self.used(place).items():
            parts = trigger.parts if isinstance(trigger, GreatestTime) else (trigger,)
            yield from ((name, part) for part in parts if isinstance(part, LatestTime))

    # -- SQL -------------------------------------------------------------------------------

    def create_index(self, store: str, table: Table, columns: tuple[str, ...]) -> str:
        """The CREATE INDEX statement in the dialect of the store."""
        return self.sessions[store].store.create_index(table, columns)
