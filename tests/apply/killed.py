"""The process that is killed: warmed once, it forks an apply for each line that it reads."""

from __future__ import annotations

import os
import resource
import sys
from functools import partial
from pathlib import Path

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]

import psycopg  # noqa: F401
import pymysql  # noqa: F401
from killing import ALLOW

from forked import die_at, fork
from projects import TestProject
from servanda.database import Database
from servanda.errors import ServandaError
from servanda.vault import Vault


def go(folder: Path, url: str, at: list[str], ready: int) -> None:
    db = Database.open(None, folder)
    found = TestProject(folder, url, db, Vault.open(db))
    os.write(ready, b"r")
    if at:
        die_at(at[0], int(at[1]))
    room = int(sys.argv[3])
    if room:
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
    try:
        outcome = found.apply(quick=False, allow=ALLOW, pace="full")
    except ServandaError as error:
        print(error.message, file=sys.stderr, flush=True)
        os._exit(3)
    os._exit(0 if outcome.whole else 1)


def main() -> None:
    folder, url = Path(sys.argv[1]), sys.argv[2]
    for line in sys.stdin:  # seconds; then maybe how and at which statement
        after, *at = line.split()
        print("ended", fork(partial(go, folder, url, at), float(after)), flush=True)


if __name__ == "__main__":
    main()
