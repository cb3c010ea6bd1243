"""A request whose process is killed, at random moments and at its statements, and then completes: all happens once."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import pytest
import sqlalchemy as sa

from office import PLACES, PROMISES, TABLES, Office
from projects import policy, project
from servanda.database import tables
from servanda.rights.record.copies import Copies
from servanda.rights.record.requests import Requests

KINDS = ["sqlite", "postgres", "mariadb"]
PERSONS, VISITS = 4, 400
ARRIVED = (0, 3)  # 3: one that was killed had just answered


class Run(Protocol):
    """Carries out a request in a process of its own. Returns 0, or minus the number of a signal."""

    def __call__(self, number: int, kill_after: float, at: str = "") -> int: ...


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
def worker(office: Office) -> Iterator[Run]:
    """A process that forks one which carries out a request, and kills it some seconds later or at a statement."""
    script = str(Path(__file__).with_name("carried.py"))
    command = [sys.executable, script, str(office.found.folder), office.found.url]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None

    def run(number: int, kill_after: float, at: str = "") -> int:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{number} {kill_after} {at}\n")
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


def undisturbed(office: Office, run: Run, right: str, person: int) -> float:
    """How long a request takes that nobody kills, in seconds."""
    number, began = office.ask(right, f"p{person}@example.org"), time.monotonic()
    assert run(number, -1.0) == 0
    return time.monotonic() - began


@pytest.mark.parametrize("right", ["erasure", "access"])
@pytest.mark.parametrize("kills", [6, pytest.param(40, marks=pytest.mark.soak)])
def test_killed_again_and_again_a_request_is_carried_out_once(office: Office, right: str, kills: int) -> None:
    chance = random.Random(f"{office.found.url}{right}"[-20:])
    whole = (VISITS, 1, 1)
    with worker(office) as run:
        length = min(undisturbed(office, run, right, person) for person in (0, 3))
        number, killed = office.ask(right, "p1@example.org"), 0
        for turn in range(
            kills
        ):  # each lives a little longer than the one before, until one comes to the end
            status = run(number, length * (turn + chance.random()) / kills)
            killed += status == -signal.SIGKILL
            assert rows_of(office, 1) in (whole, (0, 0, 1)), "half of a person was erased"
            assert len(answers(office, number)) <= 1
            if status in ARRIVED:
                break
        else:
            assert run(number, -1.0) in ARRIVED
    assert killed >= kills // 4, f"only {killed} processes were killed"
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


def erased_though_killed(office: Office, run: Run, person: int, how: str, at: int) -> bool:
    """Whether the erasure of a person came to a statement and died there; then it is carried out to its end."""
    whole, number = (VISITS, 1, 1), office.ask("erasure", f"p{person}@example.org")
    status = run(number, -1.0, f"{how} {at}")
    assert status in (0, -signal.SIGKILL), "it stopped by itself"
    assert rows_of(office, person) in (whole, (0, 0, 1)), "half of a person was erased"
    assert len(answers(office, number)) <= 1
    if status:
        assert run(number, -1.0) in ARRIVED
    assert rows_of(office, person) == (0, 0, 1)
    assert answers(office, number) == ["answered-erasure"]
    for kind in ("request.done", "request.answered"):
        mine = [e for e in office.found.ledger.entries(kind) if (e.body or {}).get("request") == number]
        assert len(mine) == 1, kind
    return status != 0


@pytest.mark.parametrize("how", ["before", "after", "commit"])
def test_an_erasure_killed_at_some_statements(office: Office, how: str) -> None:
    with worker(office) as run:
        numbers = {"before": (9, 60), "after": (40, 100), "commit": (4, 12)}[how]
        assert all(erased_though_killed(office, run, p, how, n) for p, n in enumerate(numbers))
    assert office.found.ledger.verify().ok
    assert not office.found.ledger.open_intents()


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("how", ["before", "after", "commit"])
def test_an_erasure_killed_at_each_statement(office: Office, how: str) -> None:
    """One person after the other, each killed one statement later than the one before."""
    died, at = True, 0
    with worker(office) as run:
        while died:
            at += 1
            person = PERSONS + at
            office.found.run(
                f"INSERT INTO people VALUES ({person}, 'p{person}@example.org', 'N{person}', '0{person}', NULL)",
                f"INSERT INTO invoices VALUES ({person}, {person}, '2026-03-31', {person})",
                "INSERT INTO visits VALUES "
                + ", ".join(f"({VISITS * person + i}, {person}, '2026-11-01')" for i in range(VISITS)),
            )
            died = erased_though_killed(office, run, person, how, at)
    print(f"{office.found.url.partition(':')[0]}: an erasure killed {at - 1} times, {how} each")
    assert at > 15
    assert office.found.ledger.verify().ok
