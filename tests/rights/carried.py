"""The process that is killed while it carries out a request: warmed once, it forks one for each line that it reads."""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path

from servanda.rights.record.requests import Requests

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]

import psycopg  # noqa: F401
import pymysql  # noqa: F401

from forked import die_at, fork
from office import Office
from projects import TestProject
from servanda.database import Database
from servanda.errors import ServandaError
from servanda.rights import handle as carry_out
from servanda.vault import Vault


def go(folder: Path, url: str, number: int, at: list[str], ready: int) -> None:
    db = Database.open(None, folder)
    office = Office(TestProject(folder, url, db, Vault.open(db)))
    os.write(ready, b"r")
    if at:
        die_at(at[0], int(at[1]))
    try:
        with office.company() as project:
            if Requests(project).find(number).state == "done":
                carry_out.answer(project, number)
            else:
                carry_out.carry_out(project, number)
    except ServandaError as error:
        print(error.message, file=sys.stderr, flush=True)
        os._exit(3)
    os._exit(0)


def main() -> None:
    folder, url = Path(sys.argv[1]), sys.argv[2]
    for line in sys.stdin:  # the request and seconds; then maybe how and at which statement
        number, after, *at = line.split()
        print("ended", fork(partial(go, folder, url, int(number), at), float(after)), flush=True)


if __name__ == "__main__":
    main()
