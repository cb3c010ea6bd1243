"""One page of a step: opened under the hold epoch, intended, done, recorded, closed.

    open + intent   one transaction of Servanda's: the page row and the ledger entry
    effect          one transaction of the store's
    outcome + close with the open + intent of the next page, or alone before a pause

The two databases share no transaction. A process that dies in between leaves an intent without an
outcome; `recover` counts the rows again and closes it at the next start. If the connection to a store
is lost during a page, nobody knows whether it was committed: the outcome says "interrupted", without a count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

import sqlalchemy as sa

from servanda.database import Database, moment, put, tables
from servanda.errors import StoreDown
from servanda.ledger import Ledger
from servanda.persons.holds import EPOCH
from servanda.plan.load import key_text
from servanda.stores.binding.binding import BoundPlace
from servanda.stores.selection import LatestTime
from servanda.stores.verbs import Page, Session, Work


class EpochChanged(Exception):
    """A hold was placed or lifted since the holds were loaded; load them again."""


class PageSubject(Protocol):
    """What a page belongs to: a step of a plan, or an erasure of one or more persons."""

    @property
    def id(self) -> str:
        """Its identifier in the ledger."""

    @property
    def place(self) -> str:
        """The place whose rows are changed or deleted."""


Write = Callable[[sa.Connection], None]
"""A write to Servanda's own tables in the same transaction as a ledger entry."""


@dataclass(slots=True)
class Pages:
    """Runs the pages of one apply under one hold epoch, and records each in the ledger.

    Each page proves first that the apply lock is still held. Raises StoreError where it was lost.
    """

    db: Database
    ledger: Ledger
    run: str
    epoch: int
    _number: int = 0
    _entries: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    _writes: list[Write] = field(default_factory=list)
    _unsure: bool = False

    def carry_out(self, work: PageSubject, expected: int, act: Callable[[], int], **more: Any) -> int:
        """Run one page, and return its rows. Raises EpochChanged before any change, StoreError if the store fails.

        The outcome is written to the ledger when the next page begins or `settle` is called.
        `more` is added to the intent.
        """
        number = self._open(work, expected, more)
        try:
            done = act()
        except StoreDown as error:  # it may have been committed: the connection was lost
            lost = {"page": number, "run": self.run, "interrupted": True, "expected": expected}
            self._outcome(lost | {"failed": type(error).__name__})
            self.settle()
            raise
        except Exception as error:
            self._outcome({"page": number, "run": self.run, "rows": 0, "failed": type(error).__name__})
            self.settle()
            raise
        self._outcome({"page": number, "run": self.run, "rows": done})
        return done

    def record_intent(self, work: PageSubject, expected: int, also: Write, **more: Any) -> None:
        """Record an intent from inside the store's transaction, where the rows are known only there.

        Raises EpochChanged before any change. Must be followed by `record_outcome` or `record_failure`.
        `also` is written with the intent.
        """
        self._open(work, expected, more, also)

    def record_outcome(self, rows: int, also: Write, *said: tuple[str, dict[str, Any]]) -> None:
        """Record the outcome of the last intent, with further ledger entries; `also` is written with them."""
        self._writes = [also]
        self._entries = [("page.outcome", {"page": self._number, "run": self.run, "rows": rows}), *said]

    def record_failure(self, error: Exception, expected: int, also: Write | None = None) -> None:
        """Record that the last intent was rolled back, with `also`; or “interrupted” if the connection was lost."""
        body: dict[str, Any] = {"page": self._number, "run": self.run, "failed": type(error).__name__}
        lost = isinstance(error, StoreDown)
        self._outcome(body | ({"interrupted": True, "expected": expected} if lost else {"rows": 0}))
        self._writes = [also] if also is not None and not lost else []
        self.settle()

    def check(self) -> None:
        """Raise EpochChanged if a hold was placed or lifted since this page was opened."""
        if int(self.db.setting(EPOCH) or 0) != self.epoch:
            raise EpochChanged

    def settle(self) -> None:
        """Record the outcome of the last page and close it; does nothing if that was done already.

        If it cannot be recorded (the disk is full), it is tried again with the next page or call.
        """
        if self._entries:
            with self._written() as connection:
                self._close(connection)

    def _outcome(self, body: dict[str, Any]) -> None:
        self._entries = [("page.outcome", body)]

    def _open(self, work: PageSubject, expected: int, more: dict[str, Any], also: Write | None = None) -> int:
        page, setting = tables.page, tables.setting
        self.db.prove_lock("apply")
        with self._written() as connection:
            epoch = connection.execute(sa.select(setting.c.value).where(setting.c.name == EPOCH)).scalar()
            changed = int(epoch or 0) != self.epoch
            if changed:
                self._close(connection)
            else:
                before, number = self._number, self._next(connection)
                body = {"page": number, "run": self.run, "step": work.id, "place": work.place}
                intent = ("page.intent", body | {"expected": expected} | more)
                self.ledger.append_many_in(connection, [*self._entries, intent])
                for write in (*self._writes, *([also] if also else [])):
                    write(connection)
                row = {"id": number, "run": self.run, "epoch": self.epoch, "step": work.id[:190]}
                row |= {"opened_at": moment(), "closed_at": None}
                if before:
                    connection.execute(sa.update(page).where(page.c.id == before).values(row))
                else:
                    connection.execute(sa.insert(page).values(row))
        if changed:
            raise EpochChanged
        self._number = number
        return number

    def _next(self, connection: sa.Connection) -> int:
        """The number of the next page; the first one continues after the highest number in the table."""
        if self._number:
            return self._number + 1
        page = tables.page
        newest = connection.execute(sa.select(sa.func.max(page.c.id))).scalar()
        connection.execute(sa.delete(page).where(page.c.closed_at.is_not(None)))
        return 1 + int(newest or 0)

    def _close(self, connection: sa.Connection) -> None:
        page = tables.page
        connection.execute(sa.update(page).where(page.c.id == self._number).values(closed_at=moment()))
        self.ledger.append_many_in(connection, self._entries)
        for write in self._writes:
            write(connection)

    @contextmanager
    def _written(self) -> Iterator[sa.Connection]:
        """A transaction that writes the waiting outcome; it waits on until that is committed, and is written once."""
        if self._unsure and self._entries and self._is_recorded():
            self._entries, self._writes = [], []
        self._unsure = True
        with self.db.begin() as connection:
            yield connection
        self._unsure = False
        self._entries, self._writes = [], []

    def _is_recorded(self) -> bool:
        """Whether the waiting outcome is in the ledger: a connection was lost while it was committed."""
        (kind, body), *_ = self._entries
        return self.ledger.last(kind, run=body["run"], page=body["page"]) is not None


def remember_latest(
    db: Database, session: Session, place: BoundPlace, work: Work, page: Page, latest: LatestTime
) -> int:
    """Remember the latest date of each parent among the rows of a page, before they are deleted. Returns the row count.

    The dates stay correct if the page is rolled back, so they are stored first. If the page then deletes more
    rows than were counted here, a row was inserted meanwhile without its date: the page must be rolled back.
    """
    found = session.latest_by(work, page, latest)
    rows = [(key, day, mark) for *key, day, mark, _ in found if None not in (*key, day)]
    session.merge_days(str(latest.remembered), [(*key, day.isoformat(), mark) for key, day, mark in rows])
    kept = tables.remembered
    listed = f"{place.store}.{latest.remembered}"
    same = {"place": listed, "child": latest.link.table}
    days = [
        same | {"parent_key": key_text(key), "latest": day.isoformat(), "mark": mark}
        for key, day, mark in rows
    ]
    with db.begin() as connection:
        put(connection, kept, days, greatest="latest", unless="mark")
    return sum(int(row[-1]) for row in found)


def recover(db: Database, ledger: Ledger, count: Callable[[str], int | None]) -> list[str]:
    """Close each intent that a crashed process left without an outcome, with a fresh count of the rows.

    `count` returns how many rows of a step are due now, or None if that is unknown.
    Returns one sentence for each intent.
    """
    said = []
    for entry in ledger.open_intents():
        body = entry.body
        if body is None:
            continue
        remain = count(str(body["step"]))
        outcome = {
            "page": body["page"],
            "run": body["run"],
            "interrupted": True,
            "expected": body["expected"],
        }
        ledger.append("page.outcome", outcome | ({} if remain is None else {"remain": remain}))
        left = "nobody can tell how many remain" if remain is None else f"{remain} remain"
        said.append(f"{body['place']}: interrupted, {body['expected']} expected, {left}")
    with db.begin() as connection:
        page = tables.page
        connection.execute(sa.update(page).where(page.c.closed_at.is_(None)).values(closed_at=moment()))
    return said
