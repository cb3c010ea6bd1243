"""Decides the erasure of persons: which rows are deleted, which are emptied, which stay, why and until when.

    gather rows ─▶ mark reasons: shared, held, law, declared, pointed at ─▶ delete · anonymise · keep

Uses the limits that outlive an erasure, and the holds and changes of the nightly plan, on the gathered rows
only. Decisions are made in temporary tables: the application's tables are not changed here. Whether a row is
shared is defined in plan/reasons_to_stay.py (`StoreRules._shared_condition`, `shared_outright`).

Law: GDPR 17(1) and (3); 18 restriction and 17(3)(e) claims suspend it by a hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from servanda.actions.refusal import refuses, refuses_delete
from servanda.persons.collect import Reach
from servanda.persons.holds import Hold
from servanda.persons.person import Person, content_of, identity_of
from servanda.persons.remaining_rows import Rest, Unfinished, Why
from servanda.persons.subject_graph import Edge, SubjectGraph
from servanda.plan.due import Of
from servanda.plan.reasons_to_stay import StoreRules, TableRules
from servanda.plan.retention_limits import Limit, article, change_groups, end_of, where
from servanda.stores.binding.binding import BoundPlace
from servanda.stores.binding.identity import created_columns
from servanda.stores.binding.obstacles import kept_copies
from servanda.stores.binding.open_stores import OpenStores
from servanda.stores.document.change import Change
from servanda.stores.selection import All, Condition, Gathered, LeadsTo, Not
from servanda.stores.sql.erasure import EMPTIED, STAYS, UNTOUCHED, Emptying
from servanda.stores.sql.person_rows import Reason


@dataclass(frozen=True, slots=True)
class Fate:
    """The number of rows with one fate: delete, anonymise, keep, held, shared, or mention (only names them)."""

    places: tuple[str, ...]
    fate: str
    rows: int


@dataclass(frozen=True, slots=True)
class Erasure:
    """The decision for one person in one store. `refused` gives the reasons for which it must not be carried out.

    `rests` are the rows that stay for now: by law, under a hold, or because another person shares them.
    """

    reference: str
    store: str
    fates: tuple[Fate, ...]
    rests: tuple[Rest, ...] = ()
    refused: tuple[str, ...] = ()

    @property
    def has_rows(self) -> bool:
        """Whether any row of the person was found."""
        return bool(self.fates)

    @property
    def kept(self) -> tuple[Rest, ...]:
        """The rows and fields that a law keeps."""
        return tuple(rest for rest in self.rests if rest.why == "law")

    def rows(self, fate: str) -> int:
        """The number of rows with this fate."""
        return sum(f.rows for f in self.fates if f.fate == fate)


_WHY: dict[str, Why] = {"held": "hold", "shared": "shared"}
"""Fates of whole rows that stay for now, and why."""

_RowFate = tuple[tuple[str, ...], str, tuple[str, ...]]
"""The places of rows, their fate, and the reasons to refuse it."""


def store_erasers(
    stores: OpenStores, today: date, holds: Sequence[Hold], only: frozenset[str] | None = None
) -> dict[str, StoreEraser]:
    """An eraser for each open store with places of persons; call it outside of any transaction."""
    return {
        name: StoreEraser.of(stores, Reach.of(stores, graph), today, holds, only)
        for name, graph in SubjectGraph.of(stores.binding).stores.items()
        if name in stores.sessions and graph.places
    }


@dataclass(slots=True)
class StoreEraser:
    """Decides the fate of persons' rows in one store.

    `present` are the combinations of reasons (flags) that occur, by the number of their table or mention.
    """

    stores: OpenStores
    reach: Reach
    rules: StoreRules
    present: dict[int, set[int]] = field(default_factory=dict)
    _known: dict[tuple[int, int], _RowFate] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        stores: OpenStores,
        reach: Reach,
        today: date,
        holds: Sequence[Hold],
        only: frozenset[str] | None = None,
    ) -> StoreEraser:
        """An eraser for one day and its holds; with `only`, for the rows of these places."""
        return cls(stores, reach, StoreRules(stores, reach, today, holds, only))

    def decide(self, asked: Sequence[Of], *, lock: bool = False) -> list[Erasure]:
        """Decide the fate of the rows of some persons; inside a transaction, writing to temporary tables only."""
        self.reach.gather([a.human for a in asked], rows=[a.rows for a in asked], reading=False, lock=lock)
        gathered = self.reach.gathered_tables
        for rules, condition, others in self.rules.shared_outright:
            if rules.table not in gathered:
                continue
            self.rules.statements.spread_reason(
                rules.table, rules.number, Reason.SHARED, condition, others=others, name=f"alone {others}"
            )
        for sharing, cyclic in self.rules.shared:
            tables_ = [(r, a) for r, a in sharing if r.table in gathered]
            while (
                sum(
                    self.rules.statements.spread_reason(r.table, r.number, Reason.SHARED, a)
                    for r, a in tables_
                )
                and cyclic
            ):
                pass
        for number, reasons in self.rules.mention_reasons.items():
            if self.reach.mentions[number].giver in gathered:
                self.rules.statements.mark_reasons(self.reach.mentions[number].taker, number, reasons)
        self._hold_persons()
        staying: set[str] = set()
        for _, every in self.rules.order:
            tables = [r for r in every if r.table in gathered]
            for rules in tables:
                reasons, name = rules.reasons_now(staying, held=self._may_be_held(rules))
                if reasons and self.rules.statements.mark_reasons(rules.table, rules.number, reasons, name):
                    staying.add(rules.table)
            while sum(
                self.rules.statements.spread_reason(r.table, r.number, Reason.POINTED, condition, name=name)
                for r in tables
                for name, condition in r.pointed_at_in_cycle
            ):
                staying |= {r.table for r in tables}
        return self._decided(asked)

    def _may_be_held(self, rules: TableRules) -> bool:
        """Whether a hold may cover rows of a table; not where they can be nobody's but the persons' who are erased.

        Whoever is erased and held is found by their own rows already.
        """
        if rules.rows_held or rules.table in self.rules.sharing:
            return True
        return not self.reach.own_tables <= {p.table.name for p in self.reach.graph.roots}

    def _hold_persons(self) -> None:
        """Mark every row of a held person as held."""
        held_: set[int] = set()
        own = [self.rules.tables[t] for t in sorted(self.reach.own_tables) if t in self.rules.tables]
        for rules in own if self.rules.holds else ():
            for flag, condition in rules.reasons:
                if flag == Reason.HELD:
                    held_ |= set(self.rules.statements.persons_held(rules.table, rules.number, condition))
        if held_:
            self.rules.statements.mark_held(sorted(held_))

    def _decided(self, asked: Sequence[Of]) -> list[Erasure]:
        fates: dict[int, dict[tuple[tuple[str, ...], str], int]] = {}
        refused: dict[int, list[str]] = {}
        tables = {r.number: r for r in self.rules.tables.values()}
        rests: dict[int, list[Rest]] = {}
        lawful = set()
        self.present = {}
        for person, number, reasons, rows in self.rules.statements.counts_by_reason():
            if self.rules.only is not None and (reasons & Reason.APART or number not in tables):
                continue
            self.present.setdefault(number, set()).add(reasons)
            if (number, reasons) not in self._known:
                self._known[number, reasons] = self._row_fate(tables.get(number), number, reasons)
            places, fate, why = self._known[number, reasons]
            refused.setdefault(person, []).extend(why)
            if reasons & Reason.LAW:
                lawful.add(number)
            counts = fates.setdefault(person, {})
            counts[places, fate] = counts.get((places, fate), 0) + rows
            if fate in _WHY:
                rests.setdefault(person, []).append(Rest(places[0], rows, _WHY[fate]))
        for number in sorted(lawful):
            for person, rest in self._kept(number):
                rests.setdefault(person, []).append(rest)
        for person, changed in self.reach.doubtful.items():
            refused.setdefault(person, []).extend(
                f"{place}: a row that was kept has changed since, and may be somebody else's now"
                for place in changed
            )
        return [
            Erasure(
                a.reference,
                self.reach.graph.store,
                tuple(Fate(places, fate, rows) for (places, fate), rows in fates.get(i, {}).items()),
                tuple(rests.get(i, ())),
                tuple(dict.fromkeys(refused.get(i, ()))),
            )
            for i, a in enumerate(asked)
        ]

    def _row_fate(self, rules: TableRules | None, number: int, reasons: int) -> _RowFate:
        """The fate of rows of a table or mention for a combination of reasons; the same for every person."""
        if rules is None:
            edge = self.reach.mentions[number]
            return (edge.place,), _mention_fate(reasons), tuple(self._mention_refusals(edge))
        fate = _fate(reasons, rules)
        return tuple(p.name for p in rules.places), fate, tuple(self._fate_refusals(rules, fate))

    def _kept(self, number: int) -> Iterator[tuple[int, Rest]]:
        """The fields that stay by law, and until when, for a table or for the columns that a mention would empty."""
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
                    by = (promise.id, promise.name, ground, article(limit.retention))
                    yield person, Rest(place.name, rows, "law", columns, until, *by)

    def unfinished(
        self, asked: Sequence[Of], erasures: Sequence[Erasure], key_id: str, *, done: bool = False
    ) -> list[Unfinished]:
        """The erasures to keep track of: those with remaining rows, and those that had some before.

        `key_id` seals the rows of persons without a request. Call it in the transaction that decided; with `done`
        after the last change, so that rows are remembered as they are then.
        """
        human: dict[int, list[Person]] = {}
        others: dict[int, list[Person]] = {}
        if any(e.rests for e in erasures):
            now = self._remembered() if done else {}
            for person, table, is_person, _, key in self._kept_rows():
                place = self.reach.graph.places[table][0].name
                row = now.get((person, table, tuple(map(str, key)))) or Person(place, key)
                (human if is_person else others).setdefault(person, []).append(row)
        return [
            Unfinished(
                one.reference, self.reach.graph.store, one.request, one.key_id or key_id, erasure.rests,
                self.rules.only, tuple(human.get(i, ())), tuple(others.get(i, ())),
            )
            for i, (one, erasure) in enumerate(zip(asked, erasures, strict=True))
            if erasure.rests or one.rows or one.erased_before
        ]  # fmt: skip

    def _remembered(self) -> dict[tuple[int, str, tuple[Any, ...]], Person]:
        """The rows that stay, each with what tells it from a row that gets its key later."""
        remembered: dict[tuple[int, str, tuple[Any, ...]], Person] = {}
        kept = Reason.LAW | Reason.HELD | Reason.SHARED
        for table in self.reach.gathered_tables & self.reach.rows.numbers.keys():
            place = self.reach.graph.places[table][0]
            named, created = list(place.place.identifiers.values()), created_columns(place)
            present = self.present.get(self.reach.rows.numbers[table], set())
            rows_own = self.reach.rows.kept_own_rows(table) if table in self.reach.own_tables else []
            some = any(reasons & kept for reasons in present)
            rows_other = self.reach.rows.kept_other_rows(table, kept) if some else []
            for own, rows in ((True, rows_own), (False, rows_other)):
                for person, row in rows:
                    key = tuple(row[c] for c in place.table.key)
                    identity = identity_of(row, named) if own else ""
                    remembered[person, table, tuple(map(str, key))] = Person(
                        place.name, key, content_of(row, created), identity
                    )
        return remembered

    def untouched(self) -> set[tuple[str, tuple[Any, ...]]]:
        """The persons' own rows that stay unchanged, by table and key; in the transaction that decided."""
        if not any(rows - {0} for rows in self.present.values()):
            return set()
        return {
            (table, key)
            for _, table, is_person, reasons, key in self._kept_rows()
            if is_person and _fate(reasons, self.rules.tables[table]) in ("held", "shared", "keep")
        }

    def _kept_rows(self) -> Iterator[tuple[int, str, bool, int, tuple[Any, ...]]]:
        """The rows that stay: (number of the person, table, whether it is the person's own row, reasons, key)."""
        tables = {number: table for table, number in self.reach.numbers.items()}
        for person, number, is_person, reasons, key in self.reach.rows.kept_rows(
            Reason.LAW | Reason.HELD | Reason.SHARED
        ):
            if number in tables:
                yield person, tables[number], is_person, reasons, key

    def _latest(
        self, table: str, number: int, place: BoundPlace, limit: Limit
    ) -> list[tuple[int, int, date | None]]:
        """For each person, the rows that a limit keeps and the latest trigger day: (person, rows, day)."""
        keeps, name = All((where(place), Not(limit.over))), f"{number} {place.name} {limit.promise.id}"
        return self.rules.statements.latest(table, number, keeps, limit.trigger, name=name)

    # -- what is emptied -------------------------------------------------------------------------

    def emptyings(self) -> Iterator[tuple[str, Emptying]]:
        """The updates of rows that stay, each with its place: first references are redirected, then fields emptied.

        The order matters, since references may be found by fields that are emptied. For the last decision.
        """
        tables = [(t, self.present.get(t.number, set())) for t in self.rules.tables.values()]
        for table, present in tables:
            yield from self._detachments(table, present)
        for number, edge in self.reach.mentions.items():
            if edge.changes and edge.erase != "keep" and number in self.present:
                yield (
                    edge.place,
                    self._detachment(edge, number, unless=Reason.HELD | Reason.LAW | Reason.SHARED),
                )
        for table, present in tables:
            if any(r & EMPTIED and not r & UNTOUCHED for r in present):
                yield from self._field_changes(table)

    def due(self) -> dict[int, dict[str, int]]:
        """How many rows would be updated now, by person and place; for the last decision."""
        found: dict[int, dict[str, int]] = {}
        for place, emptying in self.emptyings():
            for person, rows in self.rules.statements.to_change(emptying).items():
                counts = found.setdefault(person, {})
                counts[place] = counts.get(place, 0) + rows
        return found

    def repeated(self) -> dict[str, int]:
        """How often rows to delete were counted for a second person, by place; for the last decision."""
        tables = {r.number: r for r in self.rules.tables.values()}
        repeated = self.rules.statements.repeated_deletes()
        return {tables[n].places[0].name: rows for n, rows in repeated.items() if n in tables}

    def _field_changes(self, table: TableRules) -> Iterator[tuple[str, Emptying]]:
        """The updates that empty the unprotected fields of rows that stay."""
        for place in table.places:
            listed = tuple(change_groups(place, table.limits[place.name]))
            if listed and place.place.erase != "keep":
                at = (table.table, table.number, listed, where(place), place.name)
                yield place.name, Emptying(*at, reasons=EMPTIED, unless=UNTOUCHED)

    def _detachments(self, table: TableRules, present: set[int]) -> Iterator[tuple[str, Emptying]]:
        """The updates that detach rows that stay from leaving persons, through ownership or mentions."""
        for ownership, reasons, unless in (
            ("owned", Reason.SHARED, Reason.HELD | Reason.LAW),
            ("mentions", STAYS, Reason.HELD | Reason.APART),
        ):
            if not any(r & reasons and not r & unless for r in present):
                continue
            for edge in self.reach.graph.edges:
                theirs = self.rules.tables.get(edge.giver)
                mine = edge.taker == table.table and edge.ownership == ownership
                if mine and edge.changes and edge.erase != "keep" and theirs is not None:
                    leaves = LeadsTo(edge.link, Gathered(theirs.number, none_of=UNTOUCHED))
                    yield edge.place, self._detachment(edge, table.number, reasons, unless, leaves)

    def _detachment(
        self, edge: Edge, number: int, reasons: int = -1, unless: int = 0, met: Condition | None = None
    ) -> Emptying:
        over = self.rules.without_legal_minimum(edge) if edge.ownership == "mentions" else None
        listed, here = ((over, edge.changes),), where(self.stores.binding.places[edge.place])
        name = f"{edge.place}.{edge.label}"
        return Emptying(edge.taker, number, listed, here, name, reasons, unless, met)

    # -- what would stop it half way -------------------------------------------------------------

    def _fate_refusals(self, rules: TableRules, fate: str) -> Iterator[str]:
        """The reasons for which the rows of a table cannot have their fate; checked before any change."""
        name = ", ".join(p.name for p in rules.places)
        place = rules.places[0]
        if any(p.place.erase == "refuse" for p in rules.places):
            yield f"{name}: nobody is erased who has rows here; stores.yaml says erase: refuse"
        if fate != "held":
            yield from self._reference_refusals(rules, fate)
        if fate in ("held", "keep"):
            return
        if not place.endable:
            yield f"{name}: {place.table.name} is a view, or its engine does not roll back"
        if fate == "delete" and self.stores.binding.shapes[place.store].outside.get(rules.table):
            yield f"{name}: rows of another schema point at {place.table.name}, and nobody can count them"
        for p in rules.places:
            yield from _copy_refusals(self.stores, p)
        if fate == "delete" and refuses_delete(place.table):
            yield f"{name}: no row of {place.table.name} can be deleted: {refuses_delete(place.table)}"
        if fate == "delete":
            yield from self._cycle_refusals(rules)
        if fate == "anonymise":
            if not any(p.place.at_end for p in rules.places):
                yield f"{name}: a row stays, for what points at it, and nothing says how it is emptied; give at_end"
            for p in rules.places:
                yield from _column_refusals(p, p.place.at_end.items())

    def _reference_refusals(self, rules: TableRules, fate: str) -> Iterator[str]:
        """The references of rows that stay which must be changed and cannot be."""
        for edge in self.reach.graph.edges if fate != "delete" else ():
            named = edge.ownership == "mentions" and (
                fate != "keep" or self.rules.without_legal_minimum(edge) is None
            )
            if edge.taker == rules.table and (named or (edge.ownership == "owned" and fate == "shared")):
                yield from _column_refusals(self.stores.binding.places[edge.place], edge.changes)

    def _mention_refusals(self, edge: Edge) -> Iterator[str]:
        if edge.erase == "refuse":
            yield f"{edge.place}: nobody is erased whom it names; the reference “{edge.label}” says erase: refuse"
        if edge.changes and edge.erase != "keep":
            yield from _copy_refusals(self.stores, self.stores.binding.places[edge.place])
        yield from _column_refusals(self.stores.binding.places[edge.place], edge.changes)

    def _cycle_refusals(self, rules: TableRules) -> Iterator[str]:
        """Cycles of NOT NULL foreign keys between two tables."""
        for child in rules.cycle:
            fixed = child.real is not None and not any(
                child.table.columns[c].nullable for c in child.link.columns
            )
            if fixed and child.table.name != rules.table:
                yield f"{child.table.name} and {rules.table} point at each other, and neither reference may be NULL"


def _copy_refusals(stores: OpenStores, place: BoundPlace) -> Iterator[str]:
    """Copies that the database keeps of what would be erased: nobody could be told that it was."""
    for kept in kept_copies(stores.binding, place):
        yield f"{place.name}: {kept.message}"


def _column_refusals(place: BoundPlace, changes: Iterable[tuple[str, Change]]) -> Iterator[str]:
    for name, change in changes:
        why = refuses(place.table, place.table.columns[name], change)
        if why:
            yield f"{place.name}: {place.table.name}.{name} cannot be emptied so: {why}"


def _mention_fate(reasons: int) -> str:
    """The fate of other persons' rows that name the person."""
    fates = ((Reason.HELD, "held"), (Reason.SHARED, "shared"), (Reason.LAW, "keep"))
    return next((fate for flag, fate in fates if reasons & flag), "mention")


def _fate(reasons: int, rules: TableRules) -> str:
    """The fate of rows with a combination of reasons."""
    if reasons & Reason.HELD:
        return "held"
    if reasons & Reason.SHARED:
        return "shared"
    if reasons & Reason.DECLARED and all(p.place.erase == "keep" for p in rules.places):
        return "keep"
    at_once = any(due is None for p in rules.places for due, _ in change_groups(p, rules.limits[p.name]))
    if reasons & Reason.LAW and not at_once:
        return "keep"
    return "anonymise" if reasons else "delete"
