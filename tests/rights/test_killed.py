"""A request whose process is killed twenty times at random moments, and then completes: everything happens once."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from office import PLACES, PROMISES, TABLES, Office
from projects import policy, project
from servanda.database import tables
from servanda.rights.record.copies import Copies
from servanda.rights.record.requests import Requests

KINDS = ["sqlite", "postgres", "mariadb"]
KILLS, PERSONS, VISITS = 20, 4, 400
ARRIVED = (0, 3)  # 3: one that was killed had just answered


@pytest.fixture(params=KINDS)
def office(request: pytest.FixtureRequest, tmp_path: Path, fresh_url: Any) -> Office:
    people = {**PLACES["people"], "flags": {}}
    found = project(tmp_path / "p", fresh_url(request.param), policy(PROMISES), {**PLACES, "people": people})
    found.run(
        *TABLES,
        *(
            f"INSERT INTO people VALUES ({p}, 'p{p}@example.org', 'N{p}', '0{p}', NULL)"
            for p in range(PERSONS)
        ),
        *(f"INSERT INTO invoices VALUES ({p}, {p}, '2026-03-31', {p})" for p in range(PERSONS)),
        "INSERT INTO visits VALUES "
        + ", ".join(f"({i}, {i % PERSONS}, '2026-11-01')" for i in range(VISITS * PERSONS)),
    )
    return Office(found)


@contextmanager
def worker(office: Office) -> Iterator[Callable[[int, float], int]]:
    """A process that forks one which carries out a request, and kills it some seconds later."""
    script = str(Path(__file__).with_name("carried.py"))
    command = [sys.executable, script, str(office.found.folder), office.found.url]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None

    def run(number: int, kill_after: float) -> int:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{number} {kill_after}\n")
        process.stdin.flush()
        return int(process.stdout.readline().split()[1])

    yield run
    process.stdin.close()
    process.wait(timeout=30)


def rows_of(office: Office, person: int) -> tuple[int, int, int]:
    """How many visits, named rows and invoices a person has."""
    counts = (
        f"SELECT COUNT(*) FROM visits WHERE person = {person}",
        f"SELECT COUNT(*) FROM people WHERE id = {person} AND email IS NOT NULL AND name IS NOT NULL",
        f"SELECT COUNT(*) FROM invoices WHERE person = {person}",
    )
    visits, named, invoices = (int(office.found.rows(query)[0][0]) for query in counts)
    return visits, named, invoices


def answers(office: Office, number: int) -> list[str]:
    """The letters of a request."""
    with office.found.db.read() as connection:
        query = sa.select(tables.outbox.c.kind).where(tables.outbox.c.request == number)
        return list(connection.execute(query).scalars())


def undisturbed(office: Office, run: Callable[[int, float], int], right: str, person: int) -> float:
    """How long a request takes that nobody kills, in seconds."""
    number, began = office.ask(right, f"p{person}@example.org"), time.monotonic()
    assert run(number, -1.0) == 0
    return time.monotonic() - began


@pytest.mark.parametrize("right", ["erasure", "access"])
def test_killed_twenty_times_a_request_is_carried_out_once(office: Office, right: str) -> None:
    chance = random.Random(f"{office.found.url}{right}"[-20:])
    whole = (VISITS, 1, 1)
    with worker(office) as run:
        length = min(undisturbed(office, run, right, person) for person in (0, 3))
        number, killed = office.ask(right, "p1@example.org"), 0
        for turn in range(
            KILLS
        ):  # each lives a little longer than the one before, until one comes to the end
            status = run(number, length * (turn + chance.random()) / KILLS)
            killed += status == -signal.SIGKILL
            assert rows_of(office, 1) in (whole, (0, 0, 1)), "half of a person was erased"
            assert len(answers(office, number)) <= 1
            if status in ARRIVED:
                break
        else:
            assert run(number, -1.0) in ARRIVED
    assert killed >= 5, f"only {killed} processes were killed"
    assert rows_of(office, 1) == (whole if right == "access" else (0, 0, 1))
    assert rows_of(office, 2) == whole
    assert answers(office, number) == [f"answered-{right}"]
    ledger = office.found.ledger
    for kind in ("request.done", "request.answered"):
        mine = [e for e in ledger.entries(kind) if (e.body or {}).get("request") == number]
        assert len(mine) == 1, kind
    assert ledger.verify().ok
    assert not ledger.open_intents()
    with office.company() as project:
        request = Requests(project).find(number)
        assert request.state == "answered"
        done = request.last("done")
        assert done is not None
        told = {
            line["done"]: line["rows"] for line in done.facts["lines"] if line["done"] in ("delete", "copy")
        }
        if right == "access":
            copy = b"".join(Copies(project).read(number, Requests(project).key_of(number))).decode()
            assert len(copy.splitlines()) == VISITS + 2
            assert told == {"copy": VISITS + 2}
        else:
            assert told == {"delete": VISITS}, "the answer says what a process that died had done"
