"""The worker: runs rounds while `servanda serve` runs, or one round for the nightly timer.

    every few seconds   automatic requests, letters in the outbox
    once a day          deadline alarms, expiry of records

An error in one part is logged by its type and does not stop the other parts. A round without work
opens no store.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from threading import Event, Thread

from servanda.apply import clock
from servanda.database import moment
from servanda.errors import ServandaError
from servanda.project import Project
from servanda.worker.jobs import alarm, carry_out_all, expire
from servanda.worker.send_letters import officer_of, send_waiting

_log = logging.getLogger("servanda.worker")
INTERVAL = 2.0
"""Seconds between two rounds."""


@dataclass(slots=True)
class Worker:
    """Runs rounds for a project."""

    project: Project
    expired_on: date | None = field(default=None, init=False)

    def round(self) -> None:
        """Run one round. Errors in a part are logged; an unusable document raises PolicyError."""
        project = self.project
        _ = project.policy, project.stores_document  # raise for an unusable document
        self._try("requests", self._requests)
        today = project.today
        if self.expired_on != today and self._try("records", self._day):
            self.expired_on = today
        self._try("letters", self._letters)

    def run(self, stop: Event, every: float = INTERVAL) -> None:
        """Run rounds beside the privacy centre until `stop` is set, `every` seconds apart.

        Each notes that the centre is served: promises that people can ask by a form rest on it.
        """
        while not stop.is_set():
            if self._try("round", self.round):
                self.project.database.set("served-at", moment(self.project.now))
            stop.wait(every)

    def start(self, stop: Event) -> Thread:
        """Run rounds in a daemon thread."""
        thread = Thread(target=self.run, args=(stop,), name="servanda-worker", daemon=True)
        thread.start()
        return thread

    # -- the parts of a round ----------------------------------------------------------------

    def _requests(self) -> None:
        round_result = carry_out_all(self.project)
        for number in round_result.answered:
            _log.info("request %d was answered", number)
        for number in round_result.waiting:
            _log.info("request %d waits for a person", number)

    def _day(self) -> None:
        alarm(self.project, officer_of(self.project))
        with self.project.open_stores(write=True, tolerant=True) as opened:
            clock.require(opened)  # what expires is destroyed
            expire(opened)

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
        except Exception as error:  # noqa: BLE001 (a failed round does not stop later ones)
            _log.error("%s failed: %s", part, type(error).__name__)
            return False
        return True
