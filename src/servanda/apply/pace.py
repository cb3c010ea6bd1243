"""How fast a sweep goes, so that the application does not notice it.

    gentle   short transactions, then a rest several times as long as they took, and a ceiling
    N        at most N rows a second
    full     no rest: for a night without users, or a restore

A rest is owed for work that was done, and is paid before the next page: a small sweep,
which would be over before anybody noticed, never rests.
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
    """The pace in one store. `page_seconds` is what a page should take; `rest` follows each second of work."""

    page_seconds: float
    rest_factor: float
    ceiling: int | None = None
    _debt: float = 0.0
    _since: float = 0.0

    @classmethod
    def of(cls, pacing: Pacing, chosen: PaceChoice) -> Pace:
        """The pace that was chosen, with the manners of a kind of store."""
        if chosen == "full":
            return cls(pacing.full_page, 0.0)
        if chosen == "gentle":
            return cls(pacing.gentle_page, pacing.rest, pacing.ceiling)
        return cls(pacing.gentle_page, 0.0, int(chosen))

    def record(self, rows: int, seconds: float) -> None:
        """Note what a page took: seconds of a transaction, and rows."""
        self._subtract_elapsed()
        slow = rows / self.ceiling - seconds if self.ceiling is not None else 0.0
        self._debt += max(seconds * self.rest_factor, slow)

    def rest_due(self) -> float:
        """How many seconds of rest are owed before the next page; 0 until a whole page's worth has come together."""
        self._subtract_elapsed()
        return self._debt if self._debt >= (self.page_seconds * self.rest_factor or _SLICE) else 0.0

    def rest(self, stop: Callable[[], bool]) -> None:
        """Rest for as long as is owed, or until somebody asks to stop."""
        while self._debt > 1e-4 and not stop():
            time.sleep(min(self._debt, _SLICE))
            self._subtract_elapsed()

    def _subtract_elapsed(self) -> None:
        """Time that has passed by itself counts as rest."""
        now = time.monotonic()
        if self._since:
            self._debt = max(self._debt - (now - self._since), 0.0)
        self._since = now
