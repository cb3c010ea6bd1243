"""The pace of a sweep: how long pages take, and how long it pauses between them.

    gentle   short transactions, then a pause several times as long, and a maximum of rows a second
    N        at most N rows a second
    full     no pauses: for a night without users, or a restore

Pauses are accumulated and taken before the next page. A sweep of one page never pauses.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from servanda.stores.verbs import Pacing

PaceChoice = Literal["gentle", "full"] | int
_SLICE = 0.1


@dataclass(slots=True)
class Pace:
    """The pace in one store: target seconds per page, seconds of pause per second of work, most rows a second."""

    page_seconds: float
    rest_factor: float
    ceiling: int | None = None
    _debt: float = 0.0
    _since: float = 0.0

    @classmethod
    def of(cls, pacing: Pacing, chosen: PaceChoice) -> Pace:
        """The pace for a choice of the user, with the defaults of a kind of store."""
        if chosen == "full":
            return cls(pacing.full_page, 0.0)
        if chosen == "gentle":
            return cls(pacing.gentle_page, pacing.rest, pacing.ceiling)
        return cls(pacing.gentle_page, 0.0, int(chosen))

    def record(self, rows: int, seconds: float) -> None:
        """Record what a page took: its rows, and the seconds of its transaction."""
        self._subtract_elapsed()
        slow = rows / self.ceiling - seconds if self.ceiling is not None else 0.0
        self._debt += max(seconds * self.rest_factor, slow)

    def rest_due(self) -> float:
        """Seconds to pause before the next page; 0 until the pause for a whole page has accumulated."""
        self._subtract_elapsed()
        return self._debt if self._debt >= (self.page_seconds * self.rest_factor or _SLICE) else 0.0

    def rest(self, stop: Callable[[], bool]) -> None:
        """Pause for the accumulated time, or until `stop` returns true."""
        while self._debt > 1e-4 and not stop():
            time.sleep(min(self._debt, _SLICE))
            self._subtract_elapsed()

    def _subtract_elapsed(self) -> None:
        """Count time that passed since the last call as a pause."""
        now = time.monotonic()
        if self._since:
            self._debt = max(self._debt - (now - self._since), 0.0)
        self._since = now
