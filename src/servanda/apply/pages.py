"""One page of a step: opened under the hold epoch, intended, done, recorded, closed.

    open + intent   one transaction of Servanda's: the page row and the ledger entry
    effect          one transaction of the store's
    outcome + close with the open + intent of the page that follows, or alone before a rest

The two databases share no transaction: a process that dies in between leaves an intent
without an outcome, which the next start counts again and closes. A store that goes away
in the middle of a page may have done it or not: its outcome is interrupted, without a count.
"""

from __future__ import annotations

from collections.abc import Callable
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
    """What pages are of: a step of a plan, or the erasure of some persons."""

    @property
    def id(self) -> str:
        """What it is called in the ledger."""

    @property
    def place(self) -> str:
        """Where rows end."""


Write = Callable[[sa.Connection], None]
"""What is written into Servanda's own tables in the same transaction."""


@dataclass(slots=True)
class Pages:
    """Carries out the pages of one apply, under the epoch whose holds are loaded."""

    db: Database
    ledger: Ledger
    run: str
    epoch: int
    _number: int = 0
    _entries: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    _writes: list[Write] = field(default_factory=list)

    def carry_out(self, work: PageSubject, expected: int, act: Callable[[], int], **more: Any) -> int:
        """Do one page. Raises EpochChanged before anything was done, StoreError where the store refuses.

        What it did stands in the ledger once the next page begins, or `settle` is called.
        `more` is said in the intent.
        """
        number = self._open(work, expected, more)
        try:
            done = act()
        except StoreDown as error:  # it may have been committed, and nobody heard of it
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
        """Record what is about to be done, where that is known only inside the store's transaction.

        Raises EpochChanged before anything was done. `end` or `undone` says what became of it; `also` is
        written with the intent.
        """
        self._open(work, expected, more, also)

    def record_outcome(self, rows: int, also: Write, *said: tuple[str, dict[str, Any]]) -> None:
        """Say what was done since `intend`, with entries of its own; `also` is written with them."""
        self._writes = [also]
        self._entries = [("page.outcome", {"page": self._number, "run": self.run, "rows": rows}), *said]

    def record_failure(self, error: Exception, expected: int, also: Write | None = None) -> None:
        """Say that it was not done, with `also` in the same transaction; or that nobody can tell."""
        body: dict[str, Any] = {"page": self._number, "run": self.run, "failed": type(error).__name__}
        lost = isinstance(error, StoreDown)
        self._outcome(body | ({"interrupted": True, "expected": expected} if lost else {"rows": 0}))
        self._writes = [also] if also is not None and not lost else []
        self.settle()

    def check(self) -> None:
        """Raise EpochChanged where a hold was placed or lifted since this page was opened."""
        if int(self.db.setting(EPOCH) or 0) != self.epoch:
            raise EpochChanged

    def settle(self) -> None:
        """Record what the last page did, and close it; nothing where this was done before."""
        if self._entries:
            with self.db.begin() as connection:
                self._close(connection)

    def _outcome(self, body: dict[str, Any]) -> None:
        self._entries = [("page.outcome", body)]

    def _open(self, work: PageSubject, expected: int, more: dict[str, Any], also: Write | None = None) -> int:
        page, setting = tables.page, tables.setting
        with self.db.begin() as connection:
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
        self._entries, self._writes = [], []
        if changed:
            raise EpochChanged
        self._number = number
        return number

    def _next(self, connection: sa.Connection) -> int:
        """The number of the next page; that of the first follows all that the table and the ledger know."""
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
        self._entries, self._writes = [], []


def remember_latest(
    db: Database, session: Session, place: BoundPlace, work: Work, page: Page, latest: LatestTime
) -> int:
    """Keep the latest date of each parent among the rows that are about to go. Returns how many they are.

    The dates stay true if the page is undone afterwards, so they are kept first. A page that then
    ends more rows than these must be undone: one that came meanwhile has left no date.
    """
    found = session.latest_by(work, page, latest)
    rows = [row[:-1] for row in found if None not in row[:-1]]
    session.merge_days(str(latest.remembered), [(*row[:-1], row[-1].isoformat()) for row in rows])
    kept = tables.remembered
    listed = f"{place.store}.{latest.remembered}"
    same = {"place": listed, "child": latest.link.table}
    days = [same | {"parent_key": key_text(row[:-1]), "latest": row[-1].isoformat()} for row in rows]
    with db.begin() as connection:
        put(connection, kept, days, greatest="latest")
    return sum(int(row[-1]) for row in found)


def recover(db: Database, ledger: Ledger, count: Callable[[str], int | None]) -> list[str]:
    """Close what a process that died left open: each intent without an outcome, with a fresh count.

    `count` gives how many rows of a step are due now, or None where nothing can tell.
    Returns a sentence for each.
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
