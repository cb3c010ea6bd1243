"""A child that is killed some seconds after it was ready: what `kill -9` leaves behind is looked at by tests."""

from __future__ import annotations

import os
import select
import signal
import traceback
from collections.abc import Callable


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
