"""Erases persons: one transaction per store decides and acts, and the ledger records intent and outcome.

    gather, decide ─▶ intent in the ledger ─▶ change, delete ─▶ commit ─▶ outcome in the ledger

1. If the erasure of a person would be refused, nothing of theirs is changed, and the batch goes on without
   them. If the store refuses a whole batch (a trigger, for example), the batch is split in halves until
   the person whose rows are refused is alone.
2. The intent is recorded inside the transaction, before the first change. After a crash the rows are either
   unchanged or erased, and the next start closes the intent with a fresh count.
3. Erasing a person twice is idempotent.
4. A confirmed hold is respected: a transaction starts under the current hold epoch, or not at all.

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
from servanda.apply.archive import close_segments
from servanda.apply.erase_statements import delete_statements, update_statements
from servanda.apply.forgetting import Forget, to_forget
from servanda.apply.pages import EpochChanged, Pages, recover
from servanda.apply.residue_scan import Identifiers, Residue, scan
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
from servanda.persons import remaining_rows as rests
from servanda.persons.collect import Reach
from servanda.persons.remaining_rows import Unfinished
from servanda.persons.subject_graph import SubjectGraph
from servanda.plan.due import Of
from servanda.plan.erasure import Erasure, StoreEraser
from servanda.plan.load import load_holds, load_records
from servanda.plan.make import Circumstances
from servanda.project import Project
from servanda.stores.binding.binding import BoundPlace
from servanda.stores.binding.identity import created_columns
from servanda.stores.sql.erasure import transaction_with_retry
from servanda.stores.sql.session import Session

_TRIES, _TRIES_TOGETHER = 5, 2


@dataclass(frozen=True, slots=True)
class Erased:
    """The result of erasing one person: the decision of each store, and the rows in which identifiers remain.

    `done_rows` counts the rows deleted or emptied by place; the first person of a batch carries the counts of the
    whole batch. `named` are the person's identifiers, kept in memory for the residue scan only. `stopped` lists
    the stores that failed, each with the reason; the other stores were done.
    """

    reference: str
    erasures: tuple[Erasure, ...]
    residue: int = 0
    stopped: tuple[tuple[str, str], ...] = ()
    done_rows: Mapping[str, int] = field(default_factory=dict)
    named: frozenset[str] = field(default=frozenset(), repr=False)

    @property
    def has_rows(self) -> bool:
        """Whether any row of the person was found."""
        return any(e.has_rows for e in self.erasures)

    @property
    def refused(self) -> tuple[str, ...]:
        """The reasons for which stores refused; nothing was changed in those stores."""
        return tuple(why for e in self.erasures for why in e.refused)

    @property
    def done(self) -> bool:
        """Whether no store refused or failed."""
        return not self.refused and not self.stopped


class _SomeRefused(Exception):
    """Some persons of a batch are refused; the others are tried again without them."""

    def __init__(self, refused: list[Erasure]) -> None:
        self.refused = refused


@dataclass(slots=True)
class Eraser:
    """Erases persons under the current holds; see `eraser` for how to get one.

    With `only`, just the rows of these places: the persons themselves stay, so no tombstone is written and no
    residue is scanned for.
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
        """An eraser inside a running apply, which holds the lock and has verified the ledger."""
        pages = Pages(project.database, project.ledger, run, 0)
        made = cls(project, pages, Fingerprinter.of(project.vault), only)
        made.load()
        return made

    def load(self) -> None:
        """Load the current holds, and prepare an eraser for each store."""
        circumstances = self.circumstances = Circumstances.of(self.project)
        load_holds(self.project.stores, circumstances.holds)
        load_records(self.project, circumstances.now)
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
        """Places of persons' rows that no erasure can reach, each with the reason; only retention ends those rows."""
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
        self,
        erased: Sequence[Erased],
        pause: Callable[[], None] = lambda: None,
        named: frozenset[str] = frozenset(),
    ) -> list[Residue]:
        """Scan every mapped text column for identifiers of erased persons, and record the result in the ledger.

        With `named`, for these, too.
        """
        left = scan(self.project.stores, named.union(*(e.named for e in erased)), pause)
        found = [{"place": r.place, "column": r.column, "rows": r.rows, "kept": r.kept} for r in left]
        self.project.ledger.append(
            "erasure.residue", {"persons": [e.reference for e in erased], "found": found}
        )
        return left

    def plan(self, asked: Sequence[Of]) -> list[Erasure]:
        """Decide what would happen to the rows of some persons, store by store; changes nothing."""
        found: list[Erasure] = []
        for name, store in self.erasers.items():
            batch = _in_store(asked, name)
            if batch:
                with store.reach.session.scratch_transaction():
                    found += store.decide(batch)
        return found

    def erase(self, asked: Sequence[Of]) -> list[Erased]:
        """Erase persons in batches, one transaction per batch and store. Returns one result each, in their order."""
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
        """The persons with rows in a store, in batches of one transaction each, the last batch first."""
        batch, size = _in_store(asked, name), self.erasers[name].reach.session.store.dialect.erase_batch_size
        return [batch[start : start + size] for start in range(0, len(batch), size)][::-1]

    def _erase_in_store(self, name: str, asked: list[Of]) -> _StoreOutcome:
        """Erase a batch in one store, in one transaction. Raises _SomeRefused, EpochChanged or StoreError."""
        store, expected = self.erasers[name], [0]
        session = store.reach.session
        outcome = _StoreOutcome()
        part = _page_subject(asked, name)

        def effect() -> int:
            nonlocal outcome
            if outcome.intended:  # a lock rolled everything back
                self.pages.record_failure(
                    RowsCame("locked"), expected[0], partial(self._record_rollback, outcome, name)
                )
            outcome = _StoreOutcome(store.decide(asked, lock=True))
            refused = [e for e in outcome.erasures if e.refused]
            if refused:
                raise _SomeRefused(refused)
            expected[0] = sum(e.rows("delete") + e.rows("anonymise") for e in outcome.erasures)
            key_id = self._key(outcome.erasures)
            outcome.unfinished = store.unfinished(asked, outcome.erasures, key_id)
            if self.only is None:
                outcome.named = self.identifiers[name].read_identifiers()
                references, now, untouched = [a.reference for a in asked], self.project.now, store.untouched()
                tops = _greatest_keys(store.reach)
                for table, key, tombstone in tombstones_of(
                    store.reach, self.fingerprinter, references, now, tops
                ):
                    (outcome.kept_tombstones if (table, key) in untouched else outcome.tombstones).append(
                        tombstone
                    )
            self.pages.record_intent(
                part, expected[0], partial(self._record_intent, outcome), persons=len(asked)
            )
            outcome.intended = True
            for place, change in (*update_statements(store), *delete_statements(store)):
                outcome.count(place, change())
            self._renew_copies(session, outcome)
            outcome.unfinished = store.unfinished(asked, outcome.erasures, key_id, done=True)
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
            partial(
                self._record_outcome,
                outcome,
                self._lowered_extents(store, outcome),
                to_forget(self.project.stores, outcome.places_of("delete")),
            ),
            *_ledger_entries(asked, outcome),
        )
        return outcome

    def _renew_copies(self, session: Session, outcome: _StoreOutcome) -> None:
        """Renew, in the same transaction, the copies that the database keeps of rows that were changed or deleted."""
        places = [self.project.stores.binding.places[name] for name, rows in outcome.done.items() if rows]
        copies = [copy.renew for place in places for copy in place.table.copies if copy.renew]
        for statement in dict.fromkeys(copies):
            session.execute_raw(statement)

    def _lowered_extents(self, store: StoreEraser, outcome: _StoreOutcome) -> list[tuple[BoundPlace, int]]:
        """The places whose rows were deleted in a store without counters, with their greatest key now."""
        gone = outcome.places_of("delete")
        places = [self.project.stores.binding.places[n] for n in sorted(gone & self.uncounted)]
        tops = extents.greatest_keys(store.reach.session, places)
        return [(place, top or 0) for place, top in zip(places, tops, strict=True)]

    def _key(self, erasures: Sequence[Erasure]) -> str:
        """A new key that seals the remaining rows of persons without a request; empty if nothing remains."""
        return self.project.vault.new_key() if any(e.rests for e in erasures) else ""

    def _record_intent(self, outcome: _StoreOutcome, connection: sa.Connection) -> None:
        """Written with the intent: unconfirmed tombstones, and the erasures to review even after a crash."""
        write_tombstones(connection, outcome.tombstones, expiry_day(self.project.policy, self.project.today))
        rests.begin(
            connection, self.project.vault, [u for u in outcome.unfinished if u.rests], self.project.now
        )

    def _record_rollback(self, outcome: _StoreOutcome, store: str, connection: sa.Connection) -> None:
        """Written after a rollback: takes back what was written with the intent."""
        delete_tombstones(connection, outcome.tombstones)
        rests.undo(connection, store, [one.reference for one in outcome.unfinished])

    def _record_outcome(
        self,
        outcome: _StoreOutcome,
        shrunk: Sequence[tuple[BoundPlace, int]],
        forget: Forget,
        connection: sa.Connection,
    ) -> None:
        """Written with the outcome: confirms the tombstones of deleted rows, and stores which rows remain."""
        extents.lower_extents(connection, shrunk)
        forget(connection)
        delete_tombstones(connection, outcome.kept_tombstones)
        confirm_tombstones(connection, [e.reference for e in outcome.erasures])
        rests.settle(
            connection, self.project.vault, outcome.unfinished, self.project.now,
            epoch=self.circumstances.holds_version, documents=self.circumstances.documents,
        )  # fmt: skip


@dataclass(slots=True)
class _StoreOutcome:
    """What one transaction decided and did. `kept_tombstones` belong to rows that stay unchanged: they are deleted."""

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

    def places_of(self, fate: str) -> set[str]:
        """The places in which rows have a fate."""
        return {name for e in self.erasures for f in e.fates if f.fate == fate for name in f.places}

    def count(self, place: str, rows: int) -> None:
        """Add the rows that a statement changed or deleted."""
        if place:
            self.done[place] = self.done.get(place, 0) + rows


@contextmanager
def eraser(
    project: Project, *, wait: float = 0.0, replaying: bool = False, only: frozenset[str] | None = None
) -> Iterator[Eraser]:
    """Take the apply lock and prepare to erase persons; with `only`, just their rows of these places.

    Waits up to `wait` seconds for a running apply. Raises Refused if it does not end in time, if the ledger does
    not verify, or if a restored database is not resolved yet (unless `replaying`, which resolves it).
    """
    db, ledger = project.database, project.ledger
    if not replaying:
        refuse_if_restored(db)
    project.stores.lend_secret(project.vault.secret("pseudonym"))
    with db.exclusive("apply", wait):
        ledger.require(tail=True)
        close_segments(project, ledger)
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
    """Decide what an erasure would do, store by store; changes nothing and takes no lock."""
    project.stores.lend_secret(project.vault.secret("pseudonym"))
    made = Eraser.in_run(project, "", only)
    return made.plan(asked)


def erase(project: Project, asked: Sequence[Of]) -> list[Erased]:
    """Erase persons. For several calls, use one `eraser`."""
    with eraser(project) as made:
        return made.erase(asked)


def _greatest_keys(reach: Reach) -> dict[str, int]:
    """The greatest key of each place of the persons, where a later import can be told by it."""
    places = [
        place
        for table in reach.own
        for place in reach.graph.places[table]
        if extents.has_numeric_key(place) and place.place.identifiers and created_columns(place)
    ]
    tops = extents.greatest_keys(reach.session, places)
    return {place.name: top for place, top in zip(places, tops, strict=True) if top is not None}


def _halves(batch: list[Of]) -> list[list[Of]]:
    """A refused batch in halves, the half to try first last."""
    middle = len(batch) // 2
    return [batch[middle:], batch[:middle]]


def _in_store(asked: Sequence[Of], store: str) -> list[Of]:
    return [a for a in asked if any(p.place.split(".", 1)[0] == store for p in a.human)]


@dataclass(frozen=True, slots=True)
class _ErasureSubject:
    """How the ledger names an erasure: by the reference of one person, or by the number of persons."""

    id: str
    place: str


def _page_subject(asked: Sequence[Of], store: str) -> _ErasureSubject:
    who = asked[0].reference if len(asked) == 1 else f"{len(asked)} persons"
    return _ErasureSubject(f"erasure:{store}:{who}", store)


def _ledger_entries(asked: Sequence[Of], outcome: _StoreOutcome) -> Iterator[tuple[str, dict[str, Any]]]:
    """One ledger entry per person: rows by fate, and which rows are kept on which ground until when."""
    for i, (one, erasure) in enumerate(zip(asked, outcome.erasures, strict=True)):
        kept = [
            {"place": k.place, "rows": k.rows, "promise": k.promise, "ground": k.ground}
            | ({} if k.until is None else {"until": k.until.isoformat()})
            for k in erasure.kept
        ]
        fates = [{"places": list(f.places), "fate": f.fate, "rows": f.rows} for f in erasure.fates]
        body = {"person": one.reference, "store": erasure.store, "fates": fates, "kept": kept}
        yield "erasure.done", body | {"residue": outcome.residue.get(i, 0)}
