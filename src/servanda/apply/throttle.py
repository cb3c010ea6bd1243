"""Throttling between two pages, while no lock is held: working hours, pace, replica lag, a pause by the user."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from datetime import time as clock
from zoneinfo import ZoneInfo

from servanda.apply.options import Listener, Options
from servanda.apply.pace import Pace
from servanda.errors import StoreError
from servanda.stores.document.document import StoreEntry
from servanda.stores.sql.replica import Replica
from servanda.stores.verbs import Pacing

_CHECK_EVERY, _SLICE = 1.0, 0.2  # seconds between two looks at the replicas, and of a wait


def within_hours(hours: str, now: datetime) -> bool:
    """Whether a local time is within hours such as 22:00-06:00, end excluded."""
    first, last = (clock.fromisoformat(text) for text in hours.split("-"))
    at = now.time().replace(tzinfo=None)
    return first <= at < last if first < last else at >= first or at < last


@dataclass(slots=True)
class Throttle:
    """The throttle of one store. `settle` records the outcome of the last page before any wait."""

    store: str
    entry: StoreEntry
    zone: str
    pace: Pace
    options: Options
    listener: Listener
    settle: Callable[[], None]
    _replicas: list[Replica] = field(default_factory=list)
    _checked_at: float = 0.0

    @classmethod
    def of(
        cls,
        store: str,
        entry: StoreEntry,
        zone: str,
        pacing: Pacing,
        options: Options,
        listener: Listener,
        settle: Callable[[], None],
    ) -> Throttle:
        """The throttle that the stores document declares; a pace in `options` overrides it."""
        pace = Pace.of(pacing, options.pace if options.pace is not None else entry.pace)
        replicas = [Replica(store, address) for address in entry.replica_addresses()]
        return cls(store, entry, zone, pace, options, listener, settle, replicas)

    def wait(self) -> None:
        """Wait until the next page may begin. Raises StoreError out of hours, StoreDown for a lost replica."""
        self._wait_if_paused()
        self._check_hours()
        self._wait_for_replicas()
        if self.pace.rest_due() > 0:
            self.settle()
            self.pace.rest(self.options.stop)

    def close(self) -> None:
        """Close the connections to replicas."""
        for replica in self._replicas:
            replica.close()

    def _wait_if_paused(self) -> None:
        pause = self.options.pause
        if pause is not None and pause.asked():
            self.settle()
            pause.wait()

    def _check_hours(self) -> None:
        hours = self.entry.hours
        now = datetime.now(ZoneInfo(self.zone))
        if hours is not None and not within_hours(hours, now):
            raise StoreError(
                f"store “{self.store}”: its hours are {hours}, and it is {now:%H:%M}",
                advice="the same command goes on in its hours",
            )

    def _wait_for_replicas(self) -> None:
        """Wait while the lag of a replica exceeds the limit."""
        if not self._replicas or time.monotonic() - self._checked_at < _CHECK_EVERY:
            return
        announced = False
        while (behind := max(r.lag() for r in self._replicas)) > self.entry.lag and not self.options.stop():
            self.settle()
            if not announced:
                self.listener.said(
                    f"store “{self.store}”: a replica is {behind:.0f} s behind; waiting for it"
                )
                announced = True
            time.sleep(_SLICE)
        self._checked_at = time.monotonic()
