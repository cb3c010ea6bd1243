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
from servanda.apply.erase_statements import delete_statements, update_statements
from servanda.apply.pages import EpochChanged, Pages, recover
from servanda.apply.residue import Identifiers, Residue, scan
from servanda.apply.retry import at_once, repeat
from servanda.apply.tombstones import (
    Fingerprinter,
    Tombstone,
    confirm_tombstones,
    delete_tombstones,
    expiry_day,
    refuse_if_restored,
    tombstones_of,
    tombstones_of_unchanged_rows,
    write_tombstones,
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
from servanda.stores.sql.erasure import transaction_with_retry

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
    def has_rows(self) -> bool:
        """Whether anything of them was there."""
        return any(e.has_rows for e in self.erasures)

    @property
    def refused(self) -> tuple[str, ...]:
        """Why nothing was changed, in the stores where it was refused."""
        return tuple(why for e in self.erasures for why in e.refused)

    @property
    def done(self) -> bool:
        """Whether everything that was decided is done."""
        return not self.refused and not self.stopped


class _SomeRefused(Exception):
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
    fingerprinter: Fingerprinter = field(repr=False)
    only: frozenset[str] | None = None
    circumstances: Circumstances = field(init=False)
    erasers: dict[str, StoreEraser] = field(default_factory=dict)
    identifiers: dict[str, Identifiers] = field(default_factory=dict)
    uncounted: set[str] = field(default_factory=set)
    reaches: dict[str, Reach] = field(default_factory=dict)

    @classmethod
    def in_run(cls, project: Project, run: str, only: frozenset[str] | None = None) -> Eraser:
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
                    self.identifiers[name] = Identifiers.of(self.reaches[name])
                reach = self.reaches[name]
                reach.rows.clear_statements()
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
            for table in sorted(reach.graph.person_tables() - reach.numbers.keys())
            for place in reach.graph.places[table]
        ]

    def scan_residue(
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
            batch = _in_store(asked, name)
            if batch:
                with store.reach.session.scratch_transaction():
                    found += store.decide(batch)
        return found

    def erase(self, asked: Sequence[Of]) -> list[Erased]:
        """Erase some humans, as many together as one transaction takes. Returns what was done, in their order."""
        erasures: dict[str, list[Erasure]] = {a.reference: [] for a in asked}
        residue: dict[str, int] = {}
        named: dict[str, set[str]] = {}
        stopped: dict[str, list[tuple[str, str]]] = {}
        done_rows: dict[str, dict[str, int]] = {}
        for name in list(self.erasers):
            waiting = self._batches(name, asked)
            while waiting:
                batch = waiting.pop()
                try:
                    outcome = repeat(
                        partial(self._erase_in_store, name, batch), {EpochChanged: lambda _: self.load()}
                    )
                except _SomeRefused as without:
                    out = {e.reference for e in without.refused}
                    for erasure in without.refused:
                        erasures[erasure.reference].append(erasure)
                    left = [a for a in batch if a.reference not in out]
                    waiting += [left] if left else []
                    continue
                except StoreError as error:
                    if len(batch) > 1 and not isinstance(error, StoreDown):
                        waiting += _halves(batch)
                        continue
                    for one in batch:
                        stopped.setdefault(one.reference, []).append((name, error.message))
                    continue
                for one, erasure in zip(batch, outcome.erasures, strict=True):
                    erasures[one.reference].append(erasure)
                counts = done_rows.setdefault(batch[0].reference, {})
                for place, rows in outcome.done.items():
                    counts[place] = counts.get(place, 0) + rows
                for i, values in outcome.named.items():
                    named.setdefault(batch[i].reference, set()).update(values)
                for i, rows in outcome.residue.items():
                    residue[batch[i].reference] = residue.get(batch[i].reference, 0) + rows
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

    def _batches(self, name: str, asked: Sequence[Of]) -> list[list[Of]]:
        """Those who have rows in a store, in parts that leave it together, the last part first."""
        batch, size = _in_store(asked, name), self.erasers[name].reach.session.store.dialect.erase_batch_size
        return [batch[start : start + size] for start in range(0, len(batch), size)][::-1]

    def _erase_in_store(self, name: str, asked: list[Of]) -> _StoreOutcome:
        """One transaction: everything of some humans in one store."""
        store, expected = self.erasers[name], [0]
        session = store.reach.session
        outcome = _StoreOutcome()
        part = _page_subject(asked, name)

        def effect() -> int:
            nonlocal outcome
            if outcome.intended:  # locks were in the way, and everything was undone
                self.pages.record_failure(
                    RowsCame("locked"), expected[0], partial(self._record_rollback, outcome, name)
                )
            outcome = _StoreOutcome(store.decide(asked, lock=True))
            refused = [e for e in outcome.erasures if e.refused]
            if refused:
                raise _SomeRefused(refused)
            expected[0] = sum(e.rows("delete") + e.rows("anonymise") for e in outcome.erasures)
            outcome.unfinished = store.unfinished(asked, outcome.erasures, self._key(outcome.erasures))
            if self.only is None:
                outcome.named = self.identifiers[name].read_identifiers()
                references, now, untouched = [a.reference for a in asked], self.project.now, store.untouched()
                for table, key, tombstone in tombstones_of(store.reach, self.fingerprinter, references, now):
                    (outcome.kept_tombstones if (table, key) in untouched else outcome.tombstones).append(
                        tombstone
                    )
            self.pages.record_intent(
                part, expected[0], partial(self._record_intent, outcome), persons=len(asked)
            )
            outcome.intended = True
            for place, change in (*update_statements(store), *delete_statements(store)):
                outcome.count(place, change())
            if self.only is None:
                outcome.residue = self.identifiers[name].count_left(store, outcome.erasures)
                outcome.kept_tombstones += tombstones_of_unchanged_rows(
                    store.reach, self.fingerprinter, outcome.tombstones
                )
            return outcome.rows

        def once() -> None:
            try:
                transaction_with_retry(session, effect)
            except StoreError as error:
                if outcome.intended:
                    self.pages.record_failure(
                        error, expected[0], partial(self._record_rollback, outcome, name)
                    )
                    outcome.intended = False
                raise

        repeat(once, {RowsCame: at_once}, _TRIES if len(asked) == 1 else _TRIES_TOGETHER)
        self.pages.record_outcome(
            outcome.rows,
            partial(self._record_outcome, outcome, self._lowered_extents(store, outcome)),
            *_ledger_entries(asked, outcome),
        )
        return outcome

    def _lowered_extents(self, store: StoreEraser, outcome: _StoreOutcome) -> list[tuple[BoundPlace, int]]:
        """The places in which rows were deleted and whose store does not count, with their greatest key now."""
        gone = {n for e in outcome.erasures for f in e.fates if f.fate == "delete" for n in f.places}
        places = [self.project.stores.binding.places[n] for n in sorted(gone & self.uncounted)]
        tops = extents.greatest_keys(store.reach.session, places)
        return [(place, top or 0) for place, top in zip(places, tops, strict=True)]

    def _key(self, erasures: Sequence[Erasure]) -> str:
        """The key that seals what stays of persons whose request has none; empty where nothing stays."""
        return self.project.vault.new_key() if any(e.rests for e in erasures) else ""

    def _record_intent(self, outcome: _StoreOutcome, connection: sa.Connection) -> None:
        """With the intent: tombstones that are not confirmed yet, and whom to look at again whatever happens."""
        write_tombstones(connection, outcome.tombstones, expiry_day(self.project.policy, self.project.today))
        rests.begin(
            connection, self.project.vault, [u for u in outcome.unfinished if u.rests], self.project.now
        )

    def _record_rollback(self, outcome: _StoreOutcome, store: str, connection: sa.Connection) -> None:
        """Nothing was changed."""
        delete_tombstones(connection, outcome.tombstones)
        rests.undo(connection, store, [one.reference for one in outcome.unfinished])

    def _record_outcome(
        self, outcome: _StoreOutcome, shrunk: Sequence[tuple[BoundPlace, int]], connection: sa.Connection
    ) -> None:
        """With the outcome: tombstones of rows that are gone, and what stays of whom."""
        extents.lower_extents(connection, shrunk)
        delete_tombstones(connection, outcome.kept_tombstones)
        confirm_tombstones(connection, [e.reference for e in outcome.erasures])
        rests.settle(
            connection, self.project.vault, outcome.unfinished, self.project.now,
            epoch=self.circumstances.holds_version, documents=self.circumstances.documents,
        )  # fmt: skip


@dataclass(slots=True)
class _StoreOutcome:
    """What one transaction did."""

    erasures: list[Erasure] = field(default_factory=list)
    done: dict[str, int] = field(default_factory=dict)
    named: dict[int, set[str]] = field(default_factory=dict)
    residue: dict[int, int] = field(default_factory=dict)
    tombstones: list[Tombstone] = field(default_factory=list)
    kept_tombstones: list[Tombstone] = field(default_factory=list)
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


def preview_erasure(
    project: Project, asked: Sequence[Of], only: frozenset[str] | None = None
) -> list[Erasure]:
    """What would become of the rows of some humans, store by store; nothing is changed, and nobody waits."""
    project.stores.lend_secret(project.vault.secret("pseudonym"))
    made = Eraser.in_run(project, "", only)
    return made.plan(asked)


def erase(project: Project, asked: Sequence[Of]) -> list[Erased]:
    """Erase some humans. For several calls, one `eraser` is faster."""
    with eraser(project) as made:
        return made.erase(asked)


def _halves(batch: list[Of]) -> list[list[Of]]:
    """What is refused to some together may be refused to one of them alone; the half to be tried first is the last."""
    middle = len(batch) // 2
    return [batch[middle:], batch[:middle]]


def _in_store(asked: Sequence[Of], store: str) -> list[Of]:
    return [a for a in asked if any(p.place.split(".", 1)[0] == store for p in a.human)]


@dataclass(frozen=True, slots=True)
class _ErasureSubject:
    """What the ledger calls an erasure: one human by reference, or how many there are."""

    id: str
    place: str


def _page_subject(asked: Sequence[Of], store: str) -> _ErasureSubject:
    who = asked[0].reference if len(asked) == 1 else f"{len(asked)} persons"
    return _ErasureSubject(f"erasure:{store}:{who}", store)


def _ledger_entries(asked: Sequence[Of], outcome: _StoreOutcome) -> Iterator[tuple[str, dict[str, Any]]]:
    """The entry of each human: how many rows had which fate, what was kept on which ground and until when."""
    for i, (one, erasure) in enumerate(zip(asked, outcome.erasures, strict=True)):
        kept = [
            {"place": k.place, "rows": k.rows, "promise": k.promise, "ground": k.ground}
            | ({} if k.until is None else {"until": k.until.isoformat()})
            for k in erasure.kept
        ]
        fates = [{"places": list(f.places), "fate": f.fate, "rows": f.rows} for f in erasure.fates]
        body = {"person": one.reference, "store": erasure.store, "fates": fates, "kept": kept}
        yield "erasure.done", body | {"residue": outcome.residue.get(i, 0)}
