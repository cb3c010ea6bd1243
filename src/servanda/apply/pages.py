"""One page of a step: opened under the hold epoch, intended, done, recorded, closed.

    open + intent   one transaction of Servanda's: the page row and the ledger entry
    effect          one transaction of the store's
    outcome + close one transaction of Servanda's

The two databases share no transaction: a process that dies in between leaves an intent
without an outcome, which the next start counts again and closes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from servanda.database import Database, moment, put, tables
from servanda.ledger import Ledger
from servanda.persons.holds import EPOCH
from servanda.plan.lists import key_text
from servanda.plan.plan import Step
from servanda.stores.binding import BoundPlace
from servanda.stores.selection import LatestTime
from servanda.stores.sql_pages import Page
from servanda.stores.sql_session import Session, Work


class EpochChanged(Exception):
    """A hold was placed or lifted since the holds were loaded; load them again."""


@dataclass(slots=True)
class Pages:
    """Carries out the pages of one apply, under the epoch whose holds are loaded."""

    db: Database
    ledger: Ledger
    run: str
    epoch: int

    def carry_out(self, step: Step, expected: int, act: Callable[[], int]) -> int:
        """Do one page. Raises EpochChanged before anything was done, StoreError where the store refuses."""
        page = self._open(step, expected)
        try:
            done = act()
        except Exception as error:
            self._close(page, {"page": page, "run": self.run, "rows": 0, "failed": type(error).__name__})
            raise
        self._close(page, {"page": page, "run": self.run, "rows": done})
        return done

    def _open(self, step: Step, expected: int) -> int:
        page = tables.page
        with self.db.begin() as connection:
            found = connection.execute(
                sa.select(tables.setting.c.value).where(tables.setting.c.name == EPOCH)
            ).scalar()
            if int(found or 0) != self.epoch:
                raise EpochChanged
            number = 1 + int(connection.execute(sa.select(sa.func.max(page.c.id))).scalar() or 0)
            connection.execute(
                sa.insert(page).values(
                    id=number,
                    run=self.run,
                    epoch=self.epoch,
                    step=step.id[:190],
                    opened_at=moment(),
                    closed_at=None,
                )
            )
            body = {
                "page": number,
                "run": self.run,
                "step": step.id,
                "place": step.place,
                "expected": expected,
            }
            self.ledger.append_in(connection, "page.intent", body)
        return number

    def _close(self, number: int, body: dict[str, Any]) -> None:
        page = tables.page
        with self.db.begin() as connection:
            connection.execute(sa.delete(page).where(page.c.id < number, page.c.closed_at.is_not(None)))
            connection.execute(sa.update(page).where(page.c.id == number).values(closed_at=moment()))
            self.ledger.append_in(connection, "page.outcome", body)


def fold(
    db: Database, session: Session, place: BoundPlace, work: Work, page: Page, latest: LatestTime
) -> None:
    """Keep the latest date of each parent among the rows that are about to go.

    The dates stay true if the page is undone afterwards, so they are kept first.
    """
    rows = [row for row in session.latest_by(work, page, latest) if row[-1] is not None]
    session.merge_days(str(latest.remembered), [(*row[:-1], row[-1].isoformat()) for row in rows])
    kept = tables.remembered
    listed = f"{place.store}.{latest.remembered}"
    with db.begin() as connection:
        for row in rows:
            key, day = key_text(row[:-1]), row[-1].isoformat()
            same = sa.and_(
                kept.c.place == listed, kept.c.child == latest.link.table, kept.c.parent_key == key
            )
            known = connection.execute(sa.select(kept.c.latest).where(same)).scalar()
            if known is None or known < day:
                put(
                    connection,
                    kept,
                    {"place": listed, "child": latest.link.table, "parent_key": key, "latest": day},
                )


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
