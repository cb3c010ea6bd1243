"""The process that is killed while it carries out a request: warmed once, it forks one for each line that it reads."""

from __future__ import annotations

import os
import select
import signal
import sys
import traceback
from pathlib import Path

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]

import psycopg  # noqa: F401
import pymysql  # noqa: F401

from office import Office
from projects import TestProject
from servanda.database import Database
from servanda.errors import ServandaError
from servanda.rights import carry_out
from servanda.vault import Vault


def go(folder: Path, url: str, number: int, ready: int) -> None:
    db = Database.open(None, folder)
    office = Office(TestProject(folder, url, db, Vault.open(db)))
    os.write(ready, b"r")
    try:
        with office.company() as company:
            if company.requests.find(number).state == "done":
                carry_out.answer(company, number)
            else:
                carry_out.carry_out(company, number)
    except ServandaError as error:
        print(error.message, file=sys.stderr, flush=True)
        os._exit(3)
    os._exit(0)


def fork(folder: Path, url: str, number: int, kill_after: float) -> int:
    """Fork one and kill it some seconds after it was ready; negative: let it be. Returns how it ended."""
    ready, tell = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            go(folder, url, number, tell)
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
        number, after = line.split()
        print("ended", fork(Path(sys.argv[1]), sys.argv[2], int(number), float(after)), flush=True)


if __name__ == "__main__":
    main()
