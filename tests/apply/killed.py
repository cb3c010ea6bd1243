"""The process that is killed: warmed once, it forks an apply for each line that it reads."""

from __future__ import annotations

import os
import resource
import select
import signal
import sys
import traceback
from pathlib import Path

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]

import psycopg  # noqa: F401
import pymysql  # noqa: F401
from killing import ALLOW

from projects import TestProject
from servanda.database import Database
from servanda.errors import ServandaError
from servanda.vault import Vault


def go(folder: Path, url: str, ready: int) -> None:
    db = Database.open(None, folder)
    found = TestProject(folder, url, db, Vault.open(db))
    os.write(ready, b"r")
    room = int(sys.argv[3])
    if room:
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
    try:
        outcome = found.apply(quick=False, allow=ALLOW, pace="full")
    except ServandaError as error:
        print(error.message, file=sys.stderr, flush=True)
        os._exit(3)
    os._exit(0 if outcome.whole else 1)


def fork(folder: Path, url: str, kill_after: float) -> int:
    """Fork an apply and kill it some seconds after it was ready; negative: let it be. Returns how it ended."""
    ready, tell = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            go(folder, url, tell)
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


def main() -> None:
    for line in sys.stdin:
        print("ended", fork(Path(sys.argv[1]), sys.argv[2], float(line)), flush=True)


if __name__ == "__main__":
    main()
