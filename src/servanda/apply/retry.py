"""When something is done again: rows came meanwhile, holds changed, a page took too long.

Every sweep and every erasure is tried by this one loop, and nothing else in `apply` is. Locks are waited
for below it, in the session of a store: there nothing was decided yet that could have become wrong.
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
    """Do `work` until it goes through, and return what it returns.

    For each exception that is worth another try, `before_again` says what is done before it, given the
    exception. Raises every other one at once, and these, too, after `tries` of them; None: as often as it takes.
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
    """Nothing is to be done before the next try."""
