"""The worker: makes rounds while `servanda serve` runs, or one for the nightly timer.

    every few seconds   requests that need nobody, letters that wait
    once a day          alarms, records that end

A fault of one part is noted by its kind and leaves the others alone; a round that finds nothing to do
opens no store.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from threading import Event, Thread

from servanda.database import moment
from servanda.errors import ServandaError
from servanda.project import Project
from servanda.worker.outbox import officer_of, send_waiting
from servanda.worker.rounds import alarm, carry_out_all, tidy

_log = logging.getLogger("servanda.worker")
EVERY = 2.0
"""Seconds between two rounds."""


@dataclass(slots=True)
class Worker:
    """Makes rounds for a project."""

    project: Project
    tidied: date | None = field(default=None, init=False)

    def round(self) -> None:
        """One round: what can be done now is done. Faults are logged by kind, never with a value."""
        project = self.project
        _ = project.policy, project.stores_document  # a document that cannot be used ends the round
        self._try("requests", self._requests)
        today = project.today
        if self.tidied != today and self._try("records", self._day):
            self.tidied = today
        self._try("letters", self._letters)
        project.database.set("served-at", moment(project.now))

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

    # -- the parts of a round ----------------------------------------------------------------

    def _requests(self) -> None:
        done = carry_out_all(self.project)
        for number in done.answered:
            _log.info("request %d was answered", number)
        for number in done.waiting:
            _log.info("request %d waits for a person", number)

    def _day(self) -> None:
        alarm(self.project, officer_of(self.project))
        with self.project.open_stores(write=True, tolerant=True) as opened:
            tidy(opened)

    def _letters(self) -> None:
        for handed in send_waiting(self.project):
            if not handed.sent:
                _log.warning("letter %d was not sent: %s", handed.id, handed.why)

    def _try(self, part: str, act: Callable[[], None]) -> bool:
        try:
            act()
        except ServandaError as error:
            _log.warning("%s: %s", part, error.message)
            return False
        except Exception as error:  # noqa: BLE001 (a round that fails ends no later one)
            _log.error("%s failed: %s", part, type(error).__name__)
            return False
        return True
