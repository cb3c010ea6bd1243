"""The erasure of persons: which of their rows go, which are emptied, what stays, why and until when.

    gather ─▶ shared? held? kept by law? declared? pointed at? ─▶ goes · emptied · stays

The same limits, holds and changes as in the nightly plan, but for what does not outlive an erasure; asked
only about the rows that were gathered. Decided in temporary tables: until `apply` acts, nothing is changed.

Law: GDPR 17(1) and (3); 18 restriction and 17(3)(e) claims suspend it by a hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from servanda.actions.refusal import refuses
from servanda.persons.collect import Reach
from servanda.persons.holds import Hold
from servanda.persons.person import Human
from servanda.persons.subject_graph import Edge
from servanda.plan.limits import Limit, article, end_of, groups, where
from servanda.plan.reasons import StoreRules, TableRules
from servanda.stores.binding.binding import BoundPlace
from servanda.stores.binding.open_stores import OpenStores
from servanda.stores.document.change import Change
from servanda.stores.selection import All, Not
from servanda.stores.sql.person_rows import APART, DECLARED, HELD, LAW, POINTED, SHARED


@dataclass(frozen=True, slots=True)
class Asked:
    """One human who is to be erased: a random reference for plan and ledger, and the rows that stand for them."""

    reference: str
    human: Human = field(repr=False)


@dataclass(frozen=True, slots=True)
class KeptField:
    """Fields of a person that stay: where, how many rows, until when (None: nobody can tell), for which promise."""

    place: str
    columns: tuple[str, ...]
    rows: int
    until: date | None
    promise: str
    name: str
    ground: str
    article: str


@dataclass(frozen=True, slots=True)
class Fate:
    """How many rows of a table have one fate: delete, anonymise, keep, held, shared, or mention."""

    places: tuple[str, ...]
    fate: str
    rows: int


@dataclass(frozen=True, slots=True)
class Erasure:
    """What an erasure does to one human in one store. `refused` says why it must not be done, if it must not."""

    reference: str
    store: str
    fates: tuple[Fate, ...]
    kept: tuple[KeptField, ...] = ()
    refused: tuple[str, ...] = ()

    @property
    def found(self) -> bool:
        """Whether anything of the person is there."""
        return bool(self.fates)

    def rows(self, fate: str) -> int:
        """How many rows have a fate."""
        return sum(f.rows for f in self.fates if f.fate == fate)


_Fated = tuple[tuple[str, ...], str, tuple[str, ...]]
"""The places of rows, their fate, and why it must not be done, if it must not."""


@dataclass(slots=True)
class StoreEraser:
    """Decides what becomes of persons' rows in one store.

    `present` are the sums of reasons that rows were found to have, by the number of their table or mention.
    """

    stores: OpenStores
    reach: Reach
    rules: StoreRules
    present: dict[int, set[int]] = field(default_factory=dict)
    _known: dict[tuple[int, int], _Fated] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        stores: OpenStores,
        reach: Reach,
        today: date,
        holds: Sequence[Hold],
        only: frozenset[str] | None = None,
    ) -> StoreEraser:
        """An eraser for one day and its holds; with `only`, of the rows of some places."""
        return cls(stores, reach, StoreRules(stores, reach, today, holds, only))

    def decide(self, asked: Sequence[Asked], *, lock: bool = False) -> list[Erasure]:
        """Decide what becomes of the rows of some humans; inside a transaction, which nothing is written in."""
        self.reach.gather([a.human for a in asked], reading=False, lock=lock)
        some = self.reach.some
        for rules, asks, others in self.rules.alone:
            if rules.table not in some:
                continue
            self.rules.ending.spread(
                rules.table, rules.number, SHARED, asks, others=others, name=f"alone {others}"
            )
        for sharing, cyclic in self.rules.shared:
            tables_ = [(r, a) for r, a in sharing if r.table in some]
            while sum(self.rules.ending.spread(r.table, r.number, SHARED, a) for r, a in tables_) and cyclic:
                pass
        for number, reasons in self.rules.naming.items():
            if self.reach.mentions[number].giver in some:
                self.rules.ending.mark(self.reach.mentions[number].taker, number, reasons)
        self._hold_persons()
        for _, every in self.rules.order:
            tables = [r for r in every if r.table in some]
            for rules in tables:
                if rules.reasons:
                    self.rules.ending.mark(rules.table, rules.number, rules.reasons)
            while sum(
                self.rules.ending.spread(r.table, r.number, POINTED, asks, name=name)
                for r in tables
                for name, asks in r.inside
            ):
                pass
        return self._decided(asked)

    def _hold_persons(self) -> None:
        """Somebody who is held themselves is held with everything that is theirs, by whichever edge."""
        held_: set[int] = set()
        for rules in self.rules.tables.values() if self.rules.holds else ():
            for flag, asks in rules.reasons:
                if flag == HELD:
                    held_ |= set(self.rules.ending.persons_held(rules.table, rules.number, asks))
        if held_:
            self.rules.ending.hold(sorted(held_))

    def _decided(self, asked: Sequence[Asked]) -> list[Erasure]:
        fates: dict[int, dict[tuple[tuple[str, ...], str], int]] = {}
        refused: dict[int, list[str]] = {}
        tables = {r.number: r for r in self.rules.tables.values()}
        kept: dict[int, list[KeptField]] = {}
        lawful = set()
        self.present = {}
        for person, number, reasons, rows in self.rules.ending.fates():
            if self.rules.only is not None and (reasons & APART or number not in tables):
                continue
            self.present.setdefault(number, set()).add(reasons)
            if (number, reasons) not in self._known:
                self._known[number, reasons] = self._fated(tables.get(number), number, reasons)
            places, fate, why = self._known[number, reasons]
            refused.setdefault(person, []).extend(why)
            if reasons & LAW:
                lawful.add(number)
            counts = fates.setdefault(person, {})
            counts[places, fate] = counts.get((places, fate), 0) + rows
        for number in sorted(lawful):
            for person, found in self._kept(number):
                kept.setdefault(person, []).append(found)
        return [
            Erasure(
                a.reference,
                self.reach.graph.store,
                tuple(Fate(places, fate, rows) for (places, fate), rows in fates.get(i, {}).items()),
                tuple(kept.get(i, ())),
                tuple(dict.fromkeys(refused.get(i, ()))),
            )
            for i, a in enumerate(asked)
        ]

    def _fated(self, rules: TableRules | None, number: int, reasons: int) -> _Fated:
        """What becomes of rows of a number that stay for a sum of reasons, the same for whoever they are of."""
        if rules is None:
            edge = self.reach.mentions[number]
            return (edge.place,), _named(reasons), tuple(self._misnamed(edge))
        fate = _fate(reasons, rules)
        return tuple(p.name for p in rules.places), fate, tuple(self._refused(rules, fate))

    def _kept(self, number: int) -> Iterator[tuple[int, KeptField]]:
        """Which fields stay by law, and until when: of the rows of a table, or of what a reference would empty."""
        policy, edge = self.stores.binding.policy, self.reach.mentions.get(number)
        table = edge.taker if edge else next(t for t, n in self.reach.numbers.items() if n == number)
        rules = self.rules.tables[table]
        for place in (p for p in rules.places if edge is None or p.name == edge.place):
            for limit in rules.limits[place.name]:
                mine = {c for name, own in place.data.items() if name in limit.retention.data for c in own}
                mine &= mine if edge is None else dict(edge.changes).keys()
                columns = tuple(c for c in place.table.columns if c in mine)
                for person, rows, day in self._latest(table, number, place, limit) if columns else ():
                    until = None if day is None else end_of(policy, limit.retention, day)
                    promise, ground = limit.promise, str(limit.retention.ground)
                    yield (
                        person,
                        KeptField(
                            place.name,
                            columns,
                            rows,
                            until,
                            promise.id,
                            promise.name,
                            ground,
                            article(limit.retention),
                        ),
                    )

    def _latest(
        self, table: str, number: int, place: BoundPlace, limit: Limit
    ) -> list[tuple[int, int, date | None]]:
        """The rows of each person that a limit keeps, and the latest day that it counts from."""
        keeps, name = All((where(place), Not(limit.over))), f"{number} {place.name} {limit.promise.id}"
        return self.rules.ending.latest(table, number, keeps, limit.trigger, name=name)

    # -- what would stop it half way -------------------------------------------------------------

    def _refused(self, rules: TableRules, fate: str) -> Iterator[str]:
        """Why the rows of a table cannot have their fate; told before anything is changed."""
        name = ", ".join(p.name for p in rules.places)
        place = rules.places[0]
        if any(p.place.erase == "refuse" for p in rules.places):
            yield f"{name}: nobody is erased who has rows here; stores.yaml says erase: refuse"
        if fate != "held":
            yield from self._unchangeable(rules, fate)
        if fate in ("held", "keep"):
            return
        if not place.endable:
            yield f"{name}: {place.table.name} is a view, or its engine does not roll back"
        if fate == "delete" and self.stores.binding.shapes[place.store].outside.get(rules.table):
            yield f"{name}: rows of another schema point at {place.table.name}, and nobody can count them"
        if fate == "delete":
            yield from self._unopened(rules)
        if fate == "anonymise":
            if not any(p.place.at_end for p in rules.places):
                yield f"{name}: a row stays, for what points at it, and nothing says how it is emptied; give at_end"
            for p in rules.places:
                yield from _refusals(p, p.place.at_end.items())

    def _unchangeable(self, rules: TableRules, fate: str) -> Iterator[str]:
        """References of rows that stay which are to lead to nobody, and cannot."""
        for edge in self.reach.graph.edges if fate != "delete" else ():
            named = edge.ownership == "mentions" and (fate != "keep" or self.rules.free(edge) is None)
            if edge.taker == rules.table and (named or (edge.ownership == "owned" and fate == "shared")):
                yield from _refusals(self.stores.binding.places[edge.place], edge.changes)

    def _misnamed(self, edge: Edge) -> Iterator[str]:
        if edge.erase == "refuse":
            yield f"{edge.place}: nobody is erased whom it names; the reference “{edge.label}” says erase: refuse"
        yield from _refusals(self.stores.binding.places[edge.place], edge.changes)

    def _unopened(self, rules: TableRules) -> Iterator[str]:
        """A circle of foreign keys none of which may be NULL, beside that of a table to itself."""
        for child in rules.circle:
            fixed = child.real is not None and not any(
                child.table.columns[c].nullable for c in child.link.columns
            )
            if fixed and child.table.name != rules.table:
                yield f"{child.table.name} and {rules.table} point at each other, and neither reference may be NULL"


def _refusals(place: BoundPlace, changes: Iterable[tuple[str, Change]]) -> Iterator[str]:
    for name, change in changes:
        why = refuses(place.table, place.table.columns[name], change)
        if why:
            yield f"{place.name}: {place.table.name}.{name} cannot be emptied so: {why}"


def _named(reasons: int) -> str:
    """What becomes of rows of others that name somebody."""
    fates = ((HELD, "held"), (SHARED, "shared"), (LAW, "keep"))
    return next((fate for flag, fate in fates if reasons & flag), "mention")


def _fate(reasons: int, rules: TableRules) -> str:
    """What becomes of rows that stay for a sum of reasons."""
    if reasons & HELD:
        return "held"
    if reasons & SHARED:
        return "shared"
    if reasons & DECLARED and all(p.place.erase == "keep" for p in rules.places):
        return "keep"
    at_once = any(due is None for p in rules.places for due, _ in groups(p, rules.limits[p.name]))
    if reasons & LAW and not at_once:
        return "keep"
    return "anonymise" if reasons else "delete"
