"""Binds the stores document to what the stores really contain.

    places × shapes ──▶ BoundPlace: its table, its links, its triggers as columns with kind and zone

What cannot be bound becomes a `Complaint`, at its spot in stores.yaml: `check` shows it as
a finding and `plan` leaves the place alone. Nothing is guessed.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from servanda.errors import Spot
from servanda.policy.policy import Policy
from servanda.policy.promise import Promise, Retention
from servanda.stores.binding import faults as ability
from servanda.stores.binding.faults import archive_faults, editable_faults
from servanda.stores.document import triggers as doc
from servanda.stores.document.document import Place, StoreEntry, StoresDocument
from servanda.stores.document.reference import Reference
from servanda.stores.selection import (
    Bound,
    EventTime,
    GreatestTime,
    LatestTime,
    Link,
    OwnTime,
    ParentTime,
    ParentTrigger,
    TimeColumn,
)
from servanda.stores.shape import Shape, Table
from servanda.stores.verbs import EVERYTHING

Followed = TypeVar("Followed")


@dataclass(frozen=True, slots=True)
class Complaint:
    """Why a place cannot be used as declared. `kind` is the slug of the rule that shows it."""

    kind: str
    place: str
    at: Spot
    message: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class BoundPlace:
    """A place with its table, its links by name, its triggers, and the columns of each category."""

    name: str
    store: str
    entry: StoreEntry
    place: Place
    table: Table
    links: dict[str, Link]
    triggers: dict[str, Bound]
    data: dict[str, tuple[str, ...]]
    limits: tuple[tuple[Promise, Retention], ...]
    at: Spot

    @property
    def short(self) -> str:
        """The name inside its store."""
        return self.name.split(".", 1)[1]

    @property
    def endable(self) -> bool:
        """Whether rows can be ended here: it is a table, and the store can take a page back."""
        return not self.table.view and self.table.rolls_back

    @property
    def swept(self) -> bool:
        """Whether a retention of the policy ends something here."""
        return bool(self.limits)

    @property
    def owned_by(self) -> tuple[str, ...]:
        """The labels of the links by which its rows are somebody's, the one under `person` first."""
        person, owned = self.place.person, self.place.references.items()
        main = person if isinstance(person, str) else "person"
        others = (label for label, said in owned if label != main and said.ownership == "owned")
        return tuple(label for label in (main, *others) if label in self.links)


@dataclass(slots=True)
class Binding:
    """Every place that could be bound, and every complaint about one that could not."""

    policy: Policy
    document: StoresDocument
    shapes: Mapping[str, Shape]
    can: Mapping[str, frozenset[str]] = field(default_factory=dict)
    places: dict[str, BoundPlace] = field(default_factory=dict)
    complaints: list[Complaint] = field(default_factory=list)
    _followed: dict[Hashable, Any] = field(default_factory=dict, repr=False)

    def cached(self, key: Hashable, follow: Callable[[], Followed]) -> Followed:
        """What follows from the bound places alone, such as a route: worked out once, when it is first asked for."""
        if key not in self._followed:
            self._followed[key] = follow()
        return self._followed[key]  # type: ignore[no-any-return]

    def of_table(self, store: str, table: str) -> list[BoundPlace]:
        """The places of a store that live in a table."""
        return [p for p in self.places.values() if p.store == store and p.table.name == table]

    def unusable(self, place: str) -> list[Complaint]:
        """The complaints about a place."""
        return [c for c in self.complaints if c.place == place]


def bind(
    policy: Policy,
    document: StoresDocument,
    shapes: Mapping[str, Shape],
    can: Mapping[str, frozenset[str]] | None = None,
) -> Binding:
    """Bind every place of the stores whose shape is given. `can` names the verbs of each; all where it does not."""
    binding = Binding(policy, document, shapes, can or {})
    for full, (entry, place) in document.places().items():
        store, name = full.split(".", 1)
        if store in shapes:
            _Binder(binding, store, name, entry, place).bind()
    return binding


class _Binder:
    """Binds one place."""

    def __init__(self, binding: Binding, store: str, name: str, entry: StoreEntry, place: Place) -> None:
        self.binding, self.store, self.entry, self.place = binding, store, entry, place
        self.name = f"{store}.{name}"
        self.path: tuple[str, ...] = ("stores", store, "places", name)
        self.shape = binding.shapes[store]

    def complain(self, kind: str, message: str, advice: str = "", *path: str) -> None:
        at = self.binding.document.source.spot((*self.path, *path))
        self.binding.complaints.append(Complaint(kind, self.name, at, message, advice))

    def bind(self) -> None:
        wanted = self.place.lives_in(self.path[-1])
        table = self.shape.tables.get(wanted)
        can = self.binding.can.get(self.store, EVERYTHING)
        misplaced = ability.misplaced(can, self.place)
        if misplaced is not None:
            self.complain("store-cannot", *misplaced)
            return
        if table is None:
            self.complain(
                "vanished-place",
                f"there is no table {wanted}",
                _did_you_mean(wanted, self.shape.tables),
                "table",
            )
            return
        if self.place.key and not self._columns(table, self.place.key, "key"):
            return
        if self.place.key:
            import dataclasses

            table = dataclasses.replace(table, key=tuple(self.place.key))
        data = self._data(table)
        links = self._links(table)
        limits = tuple(
            (promise, retention)
            for promise, retention in self.binding.policy.retentions()
            if set(retention.data) & set(data)
        )
        for section, names in (("where", self.place.where), ("at_end", self.place.at_end)):
            self._columns(table, names, section)
        self._columns(table, self.place.identifiers.values(), "identifiers")
        for name, columns in self.place.fields.items():
            self._columns(table, columns, "fields", name)
            known = [f for held in data for f in self.binding.policy.categories[held].fields]
            if name not in known:
                message = f"“{name}” is no field of what lies here"
                self.complain(
                    "unknown-category", message, _did_you_mean(name, dict.fromkeys(known)), "fields", name
                )
        self._columns(table, self.place.secrets, "secrets")
        self._columns(table, [flag.column for flag in self.place.flags.values()], "flags")
        for column, message, advice in editable_faults(self.place, table):
            self.complain("not-editable", message, advice, "editable", column)
        triggers = self._triggers(table, links, limits)
        for unsupported in ability.unsupported(can, self.place, limits):
            self.complain("store-cannot", *unsupported)
        for message, advice in archive_faults(self.place, table, self.shape, self.entry, limits):
            self.complain("archive-nowhere", message, advice, "archive")
        at = self.binding.document.source.spot(self.path, key=True)
        self.binding.places[self.name] = BoundPlace(
            self.name, self.store, self.entry, self.place, table, links, triggers, data, limits, at
        )

    def _columns(self, table: Table, names: object, *path: str) -> bool:
        missing = [n for n in names if n not in table.columns]  # type: ignore[attr-defined]
        for name in missing:
            advice = _did_you_mean(name, table.columns)
            self.complain("vanished-place", f"table {table.name} has no column {name}", advice, *path)
        return not missing

    def _data(self, table: Table) -> dict[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for category, columns in self.place.data.items():
            if category not in self.binding.policy.categories:
                advice = _did_you_mean(category, self.binding.policy.categories)
                self.complain(
                    "unknown-category", f"“{category}” is no category of the policy", advice, "data"
                )
                continue
            names = list(table.columns) if columns == "all" else columns
            if self._columns(table, names, "data"):
                found[category] = tuple(names)
        return found

    # -- links -----------------------------------------------------------------------------

    def _links(self, table: Table) -> dict[str, Link]:
        links = dict(self._declared(table))
        seen = {(link.columns, link.to_table) for link in links.values() if link.plain}
        for real in table.points:
            if (real.columns, real.table) not in seen:
                links.setdefault(
                    "+".join(real.columns), Link(table.name, real.columns, real.table, real.to_columns)
                )
        return links

    def _declared(self, table: Table) -> Iterator[tuple[str, Link]]:
        for label, reference in self.place.links().items():
            path = ("person",) if label == "person" else ("references", label)
            target = self._target(reference)
            named = [*reference.via, *reference.when, *reference.clears]
            if target is None or not self._columns(table, named, *path):
                continue
            on = tuple(reference.on or target.key)
            if len(on) != len(reference.via):
                message = f"{len(reference.via)} columns point at {len(on) or 'no'} columns of {target.name}"
                self.complain("vanished-place", message, "say which with on: […]", *path)
            elif all(c in target.columns for c in on):
                yield label, _link(table, reference, target, on)
            else:
                self.complain(
                    "vanished-place", f"table {target.name} lacks a column of {', '.join(on)}", "", *path
                )

    def _target(self, reference: Reference) -> Table | None:
        place = self.entry.places[reference.to]
        return self.shape.tables.get(place.lives_in(reference.to))

    # -- triggers --------------------------------------------------------------------------

    def _triggers(
        self, table: Table, links: dict[str, Link], limits: tuple[tuple[Promise, Retention], ...]
    ) -> dict[str, Bound]:
        found: dict[str, Bound] = {}
        for label, trigger in self.place.triggers.items():
            bound = self._bound(table, links, trigger, ("triggers", label))
            if bound is not None:
                found[label] = bound
        for promise, retention in limits:
            if retention.trigger not in self.place.triggers:
                message = f"“{retention.trigger}” ({promise.id}) is bound to nothing here"
                advice = (
                    f"triggers: {{{retention.trigger}: COLUMN}}, or an event recorded with servanda event"
                )
                self.complain("unbound-trigger", message, advice)
        return found

    def _bound(
        self, table: Table, links: dict[str, Link], trigger: object, path: tuple[str, ...]
    ) -> Bound | None:
        match trigger:
            case doc.AtColumn():
                time = self._time(table, trigger.column, trigger, path)
                return None if time is None else OwnTime(time)
            case doc.AtParent():
                return self._parent(links, trigger, path)
            case doc.AtParentTrigger():
                return self._parent_trigger(links, trigger, path)
            case doc.AtLatest():
                return self._latest(table, trigger, path)
            case doc.AtEvent():
                if table.key:
                    return EventTime(f"event_{self.path[-1]}_{trigger.event}")
                self.complain(
                    "unbound-trigger", "an event names a row by its key, and this table has none", "", *path
                )
                return None
            case doc.AtGreatest():
                parts = [self._bound(table, links, part, path) for part in trigger.greatest]
                usable = [p for p in parts if isinstance(p, OwnTime | ParentTime | LatestTime | EventTime)]
                return GreatestTime(tuple(usable)) if len(usable) == len(parts) else None
        return None

    def _parent(
        self, links: dict[str, Link], trigger: doc.AtParent, path: tuple[str, ...]
    ) -> ParentTime | None:
        chain = self._chain(links, trigger.of, path)
        if not chain:
            return None
        time = self._time(self.shape.tables[chain[-1].to_table], trigger.column, trigger, path)
        return None if time is None else ParentTime(chain, time)

    def _parent_trigger(
        self, links: dict[str, Link], trigger: doc.AtParentTrigger, path: tuple[str, ...]
    ) -> ParentTrigger | None:
        chain = self._chain(links, trigger.of, path)
        if not chain:
            return None
        table = self.shape.tables[chain[-1].to_table]
        for there in self._living_in(table.name):
            said = there.place.triggers.get(trigger.trigger)
            if isinstance(said, doc.AtParentTrigger):
                self.complain(
                    "unbound-trigger", f"“{trigger.trigger}” is itself another row's there", "", *path
                )
                return None
            if said is not None:
                with there._silently():
                    bound = there._bound(table, there._links(table), said, ("triggers", trigger.trigger))
                return None if bound is None else ParentTrigger(chain, bound)
        self.complain("unbound-trigger", f"{table.name} has no trigger “{trigger.trigger}”", "", *path)
        return None

    def _chain(self, links: dict[str, Link], names: Iterable[str], path: tuple[str, ...]) -> tuple[Link, ...]:
        chain: list[Link] = []
        here = links
        for name in names:
            if name not in here:
                self.complain(
                    "unbound-trigger", f"there is no reference “{name}”", _did_you_mean(name, here), *path
                )
                return ()
            if not here[name].plain:
                message = f"the reference “{name}” is not compared as it is, and no trigger can follow it"
                self.complain("unbound-trigger", message, "bind a column of the row itself", *path)
                return ()
            chain.append(here[name])
            here = self._links_of(chain[-1].to_table)
        return tuple(chain)

    def _links_of(self, table: str) -> dict[str, Link]:
        for there in self._living_in(table):
            with there._silently():
                return there._links(self.shape.tables[table])
        return {}

    def _living_in(self, table: str) -> Iterator[_Binder]:
        """The places of a table, each with a binder of its own."""
        for name, place in self.entry.places.items():
            if place.lives_in(name) == table:
                yield _Binder(self.binding, self.store, name, self.entry, place)

    @contextmanager
    def _silently(self) -> Iterator[None]:
        """Leave complaints to the place's own turn."""
        before = len(self.binding.complaints)
        yield
        del self.binding.complaints[before:]

    def _latest(self, table: Table, trigger: doc.AtLatest, path: tuple[str, ...]) -> LatestTime | None:
        name, column = trigger.latest.split(".")
        child = self.shape.tables.get(self.entry.places[name].lives_in(name))
        if child is None:
            self.complain("vanished-place", f"there is no table for the place {name}", "", *path)
            return None
        found = self._links_of(child.name).items()
        ways = {k: v for k, v in found if v.to_table == table.name and v.plain}
        way = ways.get(trigger.by) if trigger.by else next(iter(ways.values())) if len(ways) == 1 else None
        if way is None:
            several = (
                f"say by: {' or '.join(ways)}" if ways else f"give {name} a reference to {self.path[-1]}"
            )
            self.complain("unbound-trigger", f"{name} leads here by {len(ways)} references", several, *path)
            return None
        time = self._time(child, column, trigger, path)
        fallback = self._time(table, trigger.else_.column, trigger.else_, path)
        if time is None or fallback is None:
            return None
        remembered = f"remembered_{self.path[-1]}_{name}" if trigger.remember else None
        return LatestTime(way, time, fallback, remembered)

    def _time(self, table: Table, name: str, said: doc.Timed, path: tuple[str, ...]) -> TimeColumn | None:
        if not self._columns(table, [name], *path):
            return None
        column = table.columns[name]
        kind = said.as_ or {"utc": "naive"}.get(column.time, column.time)
        wrong = ""
        if not kind:
            wrong = "say as: epoch or epoch_ms" if column.number else "say as: text if it holds ISO dates"
        elif kind.startswith("epoch") != column.number and column.type:
            wrong = f"{kind} does not fit the type {column.type}"
        if wrong:
            message = f"{table.name}.{name} ({column.type or 'no type'}) does not say which times it holds"
            self.complain("wrong-type", message, wrong, *path)
            return None
        zone = said.zone or ("UTC" if column.time == "utc" else self.entry.timezone)
        return TimeColumn(name, kind, zone, tuple(said.open))


def _link(table: Table, reference: Reference, target: Table, on: tuple[str, ...]) -> Link:
    compare = "text" if reference.path is not None and reference.compare == "exact" else reference.compare
    return Link(
        table.name,
        tuple(reference.via),
        target.name,
        on,
        tuple(reference.when.items()),
        tuple(reference.nobody),
        compare,
        reference.path or "",
    )


def _did_you_mean(name: str, known: Mapping[str, object]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1)
    return f"did you mean “{near[0]}”?" if near else f"known: {', '.join(list(known)[:12])}"
