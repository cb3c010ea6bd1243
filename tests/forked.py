"""A child that is killed, some seconds after it was ready or at a statement: tests look at what `kill -9` leaves."""

from __future__ import annotations

import os
import select
import signal
import traceback
from collections.abc import Callable

import sqlalchemy as sa


def die_at(how: str, number: int) -> None:
    """From now on, kill this process `before` or `after` its statement of this number, or before this `commit`.

    Statements and commits are counted over all databases, ours and those of the company.
    """
    name = {"before": "before_cursor_execute", "after": "after_cursor_execute", "commit": "commit"}[how]
    count = 0

    def reached(*_: object) -> None:
        nonlocal count
        count += 1
        if count == number:
            os.kill(os.getpid(), signal.SIGKILL)

    sa.event.listen(sa.Engine, name, reached)


def fork(go: Callable[[int], None], kill_after: float) -> int:
    """Fork `go`, which writes a byte to a pipe once it is ready, and kill it; negative: let it be. How it ended."""
    ready, tell = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            go(tell)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(2)
    os.close(tell)
    os.read(ready, 1)
    os.close(ready)
    handle = os.pidfd_open(pid)
    if kill_after >= 0 and not select.select([handle], [], [], kill_after)[0]:
        os.kill(pid, signal.SIGKILL)
    os.close(handle)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
