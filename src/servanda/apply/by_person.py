"""Erases persons: decides and acts in one transaction a store, and records both sides of it.

    gather, decide ─▶ intent in the ledger ─▶ change, delete ─▶ commit ─▶ outcome in the ledger

1. Nothing is changed for somebody whose erasure would be refused half way; others go on without them. Where
   a store refuses some together, as a trigger of its own may, halves are tried, until it is one who is refused.
2. The intent is recorded inside the transaction, before the first change; a process that dies leaves
   rows as they were, or erased, and an intent that the next start closes with a fresh count.
3. Who is erased twice loses nothing more: what is done is not done again.
4. A hold that was confirmed is respected: a transaction begins under its epoch, or not at all.

Law: GDPR 17(1) without undue delay; 5(2) and 24 evidence.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import sqlalchemy as sa

from servanda.apply import extents
from servanda.apply.erase_statements import changes, deletes
from servanda.apply.pages import EpochChanged, Pages, recover
from servanda.apply.residue import Names, Residue, scan
from servanda.apply.retry import at_once, repeat
from servanda.apply.tombstones import (
    Fingerprinter,
    Tombstone,
    confirm,
    forget,
    keep,
    refuse_if_restored,
    still_there,
    stones,
    until,
)
from servanda.errors import RowsCame, StoreDown, StoreError
from servanda.persons import rests
from servanda.persons.collect import Reach
from servanda.persons.rests import Unfinished
from servanda.persons.subject_graph import SubjectGraph
from servanda.plan.count import Circumstances
from servanda.plan.due import Of
from servanda.plan.erasure import Erasure, StoreEraser
from servanda.plan.load import load_holds, load_records
from servanda.project import Project
from servanda.stores.binding.binding import BoundPlace
from servanda.stores.sql.erasure import wholly

_TRIES, _TRIES_TOGETHER = 5, 2


@dataclass(frozen=True, slots=True)
class Erased:
    """What was done for one human: in each store what was decided, rows that were changed, what is still found.

    `done_rows` are the rows that were ended or emptied together with others of their transaction, by place, once.
    `named` are their identifiers, in memory for the residue scan only. `stopped` gives the stores in which it
    could not be done, and why: the rest was.
    """

    reference: str
    erasures: tuple[Erasure, ...]
    residue: int = 0
    stopped: tuple[tuple[str, str], ...] = ()
    done_rows: Mapping[str, int] = field(default_factory=dict)
    named: frozenset[str] = field(default=frozenset(), repr=False)

    @property
    def found(self) -> bool:
        """Whether anything of them was there."""
        return any(e.found for e in self.erasures)

    @property
    def refused(self) -> tuple[str, ...]:
        """Why nothing was changed, in the stores where it was refused."""
        return tuple(why for e in self.erasures for why in e.refused)

    @property
    def done(self) -> bool:
        """Whether everything that was decided is done."""
        return not self.refused and not self.stopped


class _Without(Exception):
    """Some of a batch are refused; the others go on without them."""

    def __init__(self, refused: list[Erasure]) -> None:
        self.refused = refused


@dataclass(slots=True)
class Eraser:
    """Erases persons, under the ledger and the holds of now; see `eraser`.

    With `only`, their rows of some places alone: they themselves stay, so no tombstone is set, and nothing else
    is looked for.
    """

    project: Project
    pages: Pages
    mason: Fingerprinter = field(repr=False)
    only: frozenset[str] | None = None
    circumstances: Circumstances = field(init=False)
    erasers: dict[str, StoreEraser] = field(default_factory=dict)
    names: dict[str, Names] = field(default_factory=dict)
    uncounted: set[str] = field(default_factory=set)
    reaches: dict[str, Reach] = field(default_factory=dict)

    @classmethod
    def within(cls, project: Project, run: str, only: frozenset[str] | None = None) -> Eraser:
        """An eraser under an apply that runs: the lock is held, and the ledger was looked at."""
        pages = Pages(project.database, project.ledger, run, 0)
        made = cls(project, pages, Fingerprinter.of(project.vault), only)
        made.load()
        return made

    def load(self) -> None:
        """Load the holds of now, and make ready what follows from them."""
        circumstances = self.circumstances = Circumstances.of(self.project)
        load_holds(self.project.stores, circumstances.holds)
        load_records(self.project.stores, self.project.database, circumstances.now)
        self.pages.epoch = circumstances.epoch
        self.uncounted = extents.uncounted(self.project.database)
        for name, graph in SubjectGraph.of(self.project.stores.binding).stores.items():
            if name in self.project.stores.sessions and graph.places:
                if name not in self.reaches:
                    self.reaches[name] = Reach.of(self.project.stores, graph)
                    self.names[name] = Names.of(self.reaches[name])
                reach = self.reaches[name]
                reach.rows.forget()
                self.erasers[name] = StoreEraser.of(
                    self.project.stores, reach, circumstances.today, circumstances.holds, self.only
                )

    def left_out(self) -> list[tuple[str, str]]:
        """Places whose rows are persons' and that no erasure reaches, each with the reason; their promise ends them."""
        return [
            (
                place.name,
                f"{table} has no key, and rows without a name are ended by ranges of their date alone",
            )
            for reach in self.reaches.values()
            for table in sorted(reach.graph.reached() - reach.numbers.keys())
            for place in reach.graph.places[table]
        ]

    def look_through(
        self, erased: Sequence[Erased], pause: Callable[[], None] = lambda: None
    ) -> list[Residue]:
        """Look for what is left of some humans in every text, once for all of them, and record what was found."""
        left = scan(self.project.stores, frozenset().union(*(e.named for e in erased)), pause)
        found = [{"place": r.place, "column": r.column, "rows": r.rows, "kept": r.kept} for r in left]
        self.project.ledger.append(
            "erasure.residue", {"persons": [e.reference for e in erased], "found": found}
        )
        return left

    def plan(self, asked: Sequence[Of]) -> list[Erasure]:
        """Decide, and change nothing: what would become of the rows of some humans, store by store."""
        found: list[Erasure] = []
        for name, store in self.erasers.items():
            mine = _here(asked, name)
            if mine:
                with store.reach.session.looking():
                    found += store.decide(mine)
        return found

    def erase(self, asked: Sequence[Of]) -> list[Erased]:
        """Erase some humans, as many together as one transaction takes. Returns what was done, in their order."""
        erasures: dict[str, list[Erasure]] = {a.reference: [] for a in asked}
        residue: dict[str, int] = {}
        named: dict[str, set[str]] = {}
        stopped: dict[str, list[tuple[str, str]]] = {}
        done_rows: dict[str, dict[str, int]] = {}
        for name in list(self.erasers):
            waiting = self._together(name, asked)
            while waiting:
                mine = waiting.pop()
                try:
                    acted = repeat(partial(self._store, name, mine), {EpochChanged: lambda _: self.load()})
                except _Without as without:
                    out = {e.reference for e in without.refused}
                    for erasure in without.refused:
                        erasures[erasure.reference].append(erasure)
                    left = [a for a in mine if a.reference not in out]
                    waiting += [left] if left else []
                    continue
                except StoreError as error:
                    if len(mine) > 1 and not isinstance(error, StoreDown):
                        waiting += _halves(mine)
                        continue
                    for one in mine:
                        stopped.setdefault(one.reference, []).append((name, error.message))
                    continue
                for one, erasure in zip(mine, acted.erasures, strict=True):
                    erasures[one.reference].append(erasure)
                counts = done_rows.setdefault(mine[0].reference, {})
                for place, rows in acted.done.items():
                    counts[place] = counts.get(place, 0) + rows
                for i, values in acted.named.items():
                    named.setdefault(mine[i].reference, set()).update(values)
                for i, rows in acted.residue.items():
                    residue[mine[i].reference] = residue.get(mine[i].reference, 0) + rows
        self.pages.settle()
        return [
            Erased(
                a.reference,
                tuple(erasures[a.reference]),
                residue.get(a.reference, 0),
                tuple(stopped.get(a.reference, ())),
                done_rows.get(a.reference, {}),
                frozenset(named.get(a.reference, ())),
            )
            for a in asked
        ]

    def _together(self, name: str, asked: Sequence[Of]) -> list[list[Of]]:
        """Those who have rows in a store, in parts that leave it together, the last part first."""
        mine, size = _here(asked, name), self.erasers[name].reach.session.store.dialect.erase_batch_size
        return [mine[start : start + size] for start in range(0, len(mine), size)][::-1]

    def _store(self, name: str, asked: list[Of]) -> _Acted:
        """One transaction: everything of some humans in one store."""
        store, expected = self.erasers[name], [0]
        session = store.reach.session
        acted = _Acted()
        part = _part(asked, name)

        def effect() -> int:
            nonlocal acted
            if acted.intended:  # locks were in the way, and everything was undone
                self.pages.undone(RowsCame("locked"), expected[0], partial(self._taken_back, acted, name))
            acted = _Acted(store.decide(asked, lock=True))
            refused = [e for e in acted.erasures if e.refused]
            if refused:
                raise _Without(refused)
            expected[0] = sum(e.rows("delete") + e.rows("anonymise") for e in acted.erasures)
            acted.unfinished = store.unfinished(asked, acted.erasures, self._key(acted.erasures))
            if self.only is None:
                acted.named = self.names[name].note()
                references, now, untouched = [a.reference for a in asked], self.project.now, store.untouched()
                for table, key, stone in stones(store.reach, self.mason, references, now):
                    (acted.standing if (table, key) in untouched else acted.stones).append(stone)
            self.pages.intend(part, expected[0], partial(self._under_way, acted), persons=len(asked))
            acted.intended = True
            for place, change in (*changes(store), *deletes(store)):
                acted.count(place, change())
            if self.only is None:
                acted.residue = self.names[name].left(store, acted.erasures)
                acted.standing += still_there(store.reach, self.mason, acted.stones)
            return acted.rows

        def once() -> None:
            try:
                wholly(session, effect)
            except StoreError as error:
                if acted.intended:
                    self.pages.undone(error, expected[0], partial(self._taken_back, acted, name))
                    acted.intended = False
                raise

        repeat(once, {RowsCame: at_once}, _TRIES if len(asked) == 1 else _TRIES_TOGETHER)
        self.pages.end(
            acted.rows, partial(self._done, acted, self._shrunk(store, acted)), *_entries(asked, acted)
        )
        return acted

    def _shrunk(self, store: StoreEraser, acted: _Acted) -> list[tuple[BoundPlace, int]]:
        """The places in which rows were deleted and whose store does not count, with their greatest key now."""
        gone = {n for e in acted.erasures for f in e.fates if f.fate == "delete" for n in f.places}
        places = [self.project.stores.binding.places[n] for n in sorted(gone & self.uncounted)]
        tops = extents.greatest(store.reach.session, places)
        return [(place, top or 0) for place, top in zip(places, tops, strict=True)]

    def _key(self, erasures: Sequence[Erasure]) -> str:
        """The key that seals what stays of persons whose request has none; empty where nothing stays."""
        return self.project.vault.new_key() if any(e.rests for e in erasures) else ""

    def _under_way(self, acted: _Acted, connection: sa.Connection) -> None:
        """With the intent: tombstones that are not confirmed yet, and whom to look at again whatever happens."""
        keep(connection, acted.stones, until(self.project.policy, self.project.today))
        rests.begin(
            connection, self.project.vault, [u for u in acted.unfinished if u.rests], self.project.now
        )

    def _taken_back(self, acted: _Acted, store: str, connection: sa.Connection) -> None:
        """Nothing was changed."""
        forget(connection, acted.stones)
        rests.undo(connection, store, [one.reference for one in acted.unfinished])

    def _done(
        self, acted: _Acted, shrunk: Sequence[tuple[BoundPlace, int]], connection: sa.Connection
    ) -> None:
        """With the outcome: tombstones of rows that are gone, and what stays of whom."""
        extents.bring_down(connection, shrunk)
        forget(connection, acted.standing)
        confirm(connection, [e.reference for e in acted.erasures])
        rests.settle(
            connection, self.project.vault, acted.unfinished, self.project.now,
            epoch=self.circumstances.mark, documents=self.circumstances.documents,
        )  # fmt: skip


@dataclass(slots=True)
class _Acted:
    """What one transaction did."""

    erasures: list[Erasure] = field(default_factory=list)
    done: dict[str, int] = field(default_factory=dict)
    named: dict[int, set[str]] = field(default_factory=dict)
    residue: dict[int, int] = field(default_factory=dict)
    stones: list[Tombstone] = field(default_factory=list)
    standing: list[Tombstone] = field(default_factory=list)
    unfinished: list[Unfinished] = field(default_factory=list)
    intended: bool = False

    @property
    def rows(self) -> int:
        """How many rows were changed or deleted."""
        return sum(self.done.values())

    def count(self, place: str, rows: int) -> None:
        """Count rows that a statement ended."""
        if place:
            self.done[place] = self.done.get(place, 0) + rows


@contextmanager
def eraser(
    project: Project, *, wait: float = 0.0, replaying: bool = False, only: frozenset[str] | None = None
) -> Iterator[Eraser]:
    """Make ready to erase persons; with `only`, their rows of some places. Waits some seconds for an apply that runs.

    Raises Refused where it does not end in that time, the ledger does not verify, or a restored database is not
    settled and this is not what settles it.
    """
    db, ledger = project.database, project.ledger
    if not replaying:
        refuse_if_restored(db)
    project.stores.lend_secret(project.vault.secret("pseudonym"))
    with db.exclusive("apply", wait):
        ledger.require(tail=True)
        recover(db, ledger, lambda _: None)
        made = Eraser(
            project, Pages(db, ledger, secrets.token_hex(8), 0), Fingerprinter.of(project.vault), only
        )
        made.load()
        try:
            yield made
        finally:
            made.pages.settle()


def foreseen(project: Project, asked: Sequence[Of], only: frozenset[str] | None = None) -> list[Erasure]:
    """What would become of the rows of some humans, store by store; nothing is changed, and nobody waits."""
    project.stores.lend_secret(project.vault.secret("pseudonym"))
    made = Eraser.within(project, "", only)
    return made.plan(asked)


def erase(project: Project, asked: Sequence[Of]) -> list[Erased]:
    """Erase some humans. For several calls, one `eraser` is faster."""
    with eraser(project) as made:
        return made.erase(asked)


def _halves(mine: list[Of]) -> list[list[Of]]:
    """What is refused to some together may be refused to one of them alone; the half to be tried first is the last."""
    middle = len(mine) // 2
    return [mine[middle:], mine[:middle]]


def _here(asked: Sequence[Of], store: str) -> list[Of]:
    return [a for a in asked if any(p.place.split(".", 1)[0] == store for p in a.human)]


@dataclass(frozen=True, slots=True)
class _Persons:
    """What the ledger calls an erasure: one human by reference, or how many there are."""

    id: str
    place: str


def _part(asked: Sequence[Of], store: str) -> _Persons:
    who = asked[0].reference if len(asked) == 1 else f"{len(asked)} persons"
    return _Persons(f"erasure:{store}:{who}", store)


def _entries(asked: Sequence[Of], acted: _Acted) -> Iterator[tuple[str, dict[str, Any]]]:
    """The entry of each human: how many rows had which fate, what was kept on which ground and until when."""
    for i, (one, erasure) in enumerate(zip(asked, acted.erasures, strict=True)):
        kept = [
            {"place": k.place, "rows": k.rows, "promise": k.promise, "ground": k.ground}
            | ({} if k.until is None else {"until": k.until.isoformat()})
            for k in erasure.kept
        ]
        fates = [{"places": list(f.places), "fate": f.fate, "rows": f.rows} for f in erasure.fates]
        body = {"person": one.reference, "store": erasure.store, "fates": fates, "kept": kept}
        yield "erasure.done", body | {"residue": acted.residue.get(i, 0)}
