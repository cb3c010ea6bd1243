"""The retry loop of sweeps and erasures: rows were inserted meanwhile, holds changed, a page took too long.

Locks are retried one level below, where nothing has been decided yet: `Session.attempt` for a page,
`transaction_with_retry` in stores/sql/erasure.py for a whole transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

Done = TypeVar("Done")


def repeat(
    work: Callable[[], Done],
    before_again: Mapping[type[Exception], Callable[[Any], None]],
    tries: int | None = None,
) -> Done:
    """Call `work` until it succeeds, and return its result.

    `before_again` maps each retryable exception to a function that is called with it before the next try. Other
    exceptions are raised at once, retryable ones after `tries` failures (None: no limit).
    """
    failed = 0
    while True:
        try:
            return work()
        except tuple(before_again) as error:
            failed += 1
            if failed == tries:
                raise
            prepare = next(act for kind, act in before_again.items() if isinstance(error, kind))
            prepare(error)


def at_once(_error: Exception) -> None:
    """Retry without any preparation."""
