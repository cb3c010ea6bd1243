"""A process that dies in the middle of apply, and the one that goes on after it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import pytest

from projects import NOW, TestProject, policy, project, retention

PLACES = {"visits": {"data": "visit", "person": "none", "triggers": {"visit": "at"}}}
ROWS = 1000

APPLY = """
import os, signal, sys
import sqlalchemy as sa
sys.path[:0] = {path!r}
from projects import project, policy
from test_crash import PLACES, PROMISES
seen = 0

def before(conn, cursor, statement, *rest):
    global seen
    if statement.startswith("DELETE FROM visits"):
        seen += 1
        if {moment!r} == "before" and seen == 3:
            os.kill(os.getpid(), signal.SIGKILL)

    if {moment!r} == "after" and seen == 3 and statement.startswith("INSERT INTO servanda_entry"):
        os.kill(os.getpid(), signal.SIGKILL)

sa.event.listen(sa.Engine, "before_cursor_execute", before)
from pathlib import Path
found = project(Path({folder!r}), {url!r}, policy(PROMISES), PLACES, page=100)
found.apply(allow={{"app.visits": 2000}})
"""

PROMISES = [retention("T-RET-01", "visit", "visit", "P1Y")]


def visits(folder: Path, url: str) -> TestProject:
    found = project(folder / "p", url, policy(PROMISES), PLACES, page=100)
    values = ", ".join(f"({i}, '2024-{1 + i % 12:02}-{1 + i % 28:02}')" for i in range(ROWS))
    found.run(
        "CREATE TABLE visits (id INTEGER PRIMARY KEY, at DATE)",
        "CREATE INDEX visits_at ON visits (at)",
        f"INSERT INTO visits VALUES {values}",
        "INSERT INTO visits VALUES (5000, '2026-11-01')",
    )
    return found


def die(found: TestProject, moment: str) -> None:
    here = Path(__file__).parent
    code = APPLY.format(
        path=[str(here), str(here.parent)], moment=moment, folder=str(found.folder), url=found.url
    )
    ended = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], env=os.environ, check=False)
    assert ended.returncode == -signal.SIGKILL


def recorded(found: TestProject) -> int:
    """The rows that outcomes in the ledger speak of."""
    return sum(e.body["rows"] for e in found.ledger.entries("page.outcome") if e.body and "rows" in e.body)


@pytest.mark.parametrize("moment", ["before", "after"])
def test_kill_9_in_the_middle_then_the_same_again(store_url: str, tmp_path: Path, moment: str) -> None:
    found = visits(tmp_path, store_url)
    die(found, moment)
    remaining = len(found.rows("SELECT id FROM visits")) - 1
    assert 0 < remaining < ROWS
    (intent,) = found.ledger.open_intents()
    expected = intent.body["expected"] if intent.body else 0
    assert 0 < expected <= 100
    unproved = ROWS - remaining - recorded(found)
    assert (unproved > 0) == (moment == "after"), "the dead page was deleted only in one of the two"
    outcome = found.apply(allow={"app.visits": 2000})
    assert outcome.whole
    assert found.rows("SELECT id FROM visits") == [(5000,)]
    assert not found.ledger.open_intents()
    (closed,) = [e.body for e in found.ledger.entries("page.outcome") if e.body and e.body.get("interrupted")]
    assert closed["expected"] == expected
    assert closed["remain"] == remaining, "the count of what remains was invented"
    assert any(
        f"interrupted, {expected} expected" in s and f"{remaining} remain" in s
        for s in found.listener.sentences
    )
    assert recorded(found) + unproved == ROWS
    assert found.ledger.verify().ok
    assert found.plan().due == 0


def test_a_hold_does_not_wait_for_a_process_that_died(store_url: str, tmp_path: Path) -> None:
    from test_races import hold_visits

    found = visits(tmp_path, store_url)
    die(found, "before")
    began = time.monotonic()
    hold_visits(found)
    assert time.monotonic() - began < 30


def test_ctrl_c_ends_with_the_page_and_the_same_command_goes_on(tmp_path: Path, fresh_url: Any) -> None:
    found = visits(tmp_path, fresh_url("sqlite"))
    stops = iter([False, False, True])
    outcome = found.apply(allow={"app.visits": 2000}, stop=lambda: next(stops, True))
    assert outcome.interrupted
    left = len(found.rows("SELECT id FROM visits")) - 1
    assert 0 < left < ROWS
    assert not found.ledger.open_intents()
    assert found.apply(NOW, allow={"app.visits": 2000}).whole
    assert found.rows("SELECT id FROM visits") == [(5000,)]
