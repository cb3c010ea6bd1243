"""The worker: makes rounds while `servanda serve` runs, or one for the nightly timer.

    every few seconds   requests that need nobody, letters that wait
    once a day          alarms, records that end

A fault of one part is noted by its kind and leaves the others alone; a round that finds nothing to do
opens no store.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from threading import Event, Thread

import sqlalchemy as sa

from servanda.database import Database, moment, tables
from servanda.documents.package import Package
from servanda.errors import ServandaError
from servanda.ledger import Ledger
from servanda.policy.policy import Policy, load_policy
from servanda.rights.case import Company
from servanda.rights.record.requests import Requests, local_day
from servanda.stores.binding.opened import opened
from servanda.stores.document.document import Stores, load_stores
from servanda.vault import Vault
from servanda.worker import references
from servanda.worker.outbox import Office, send_waiting
from servanda.worker.rounds import alarm, carry_out_all, tidy

_log = logging.getLogger("servanda.worker")
EVERY = 2.0
"""Seconds between two rounds."""


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class Worker:
    """Makes rounds for the project in a folder."""

    folder: Path
    db: Database
    vault: Vault
    now: Callable[[], datetime] = _now
    tidied: date | None = field(default=None, init=False)

    def round(self) -> None:
        """One round: what can be done now is done. Faults are logged by kind, never with a value."""
        policy = load_policy(self.folder / "policy.yaml")
        stores = load_stores(self.folder / "stores.yaml")
        self._try("requests", lambda: self._requests(policy, stores))
        today = local_day(self.now(), policy.timezone)
        if self.tidied != today and self._try("records", lambda: self._day(policy, stores, today)):
            self.tidied = today
        self._try("letters", lambda: self._letters(policy, stores))
        self.db.set("served-at", moment(self.now()))

    def run(self, stop: Event, every: float = EVERY) -> None:
        """Make rounds until somebody says stop."""
        while not stop.is_set():
            self._try("round", self.round)
            stop.wait(every)

    def start(self, stop: Event) -> Thread:
        """Make rounds in a thread of its own."""
        thread = Thread(target=self.run, args=(stop,), name="servanda-worker", daemon=True)
        thread.start()
        return thread

    @contextmanager
    def company(self, policy: Policy, stores: Stores) -> Iterator[Company]:
        """The company with its stores open for this round."""
        with opened(policy, stores, self.folder, write=True, tolerant=True) as found:
            ledger = Ledger(self.db, self.vault)
            yield Company(self.folder, found, self.db, self.vault, ledger, self.now(), Package())

    # -- the parts of a round ----------------------------------------------------------------

    def _requests(self, policy: Policy, stores: Stores) -> None:
        done = carry_out_all(
            self._records(policy), stores.requests.by_itself, lambda: self.company(policy, stores)
        )
        for number in done.answered:
            _log.info("request %d was answered", number)
        for number in done.waiting:
            _log.info("request %d waits for a person", number)

    def _records(self, policy: Policy) -> Requests:
        today = local_day(self.now(), policy.timezone)
        return Requests(self.db, self.vault, Ledger(self.db, self.vault), policy, today)

    def _day(self, policy: Policy, stores: Stores, today: date) -> None:
        office = self._office(policy, stores)
        alarm(self._records(policy), today, office.officer, policy.languages[0])
        with self.company(policy, stores) as company:
            tidy(company)

    def _letters(self, policy: Policy, stores: Stores) -> None:
        office = self._office(policy, stores)
        if self._by_reference():
            with self.company(policy, stores) as company:
                references.move(company, office.officer)
        for handed in send_waiting(office, self.now()):
            if not handed.sent:
                _log.warning("letter %d was not sent: %s", handed.id, handed.why)

    def _office(self, policy: Policy, stores: Stores) -> Office:
        return Office.of(self.db, self.vault, Ledger(self.db, self.vault), policy, stores, self.folder)

    def _by_reference(self) -> bool:
        letter = tables.letter
        query = sa.select(sa.func.count()).select_from(letter).where(letter.c.sent_at.is_(None))
        with self.db.read() as connection:
            return bool(connection.execute(query).scalar())

    def _try(self, part: str, act: Callable[[], None]) -> bool:
        try:
            act()
        except ServandaError as error:
            _log.warning("%s: %s", part, error.message)
            return False
        except Exception as error:
            _log.error("%s failed: %s", part, type(error).__name__)
            return False
        return True
