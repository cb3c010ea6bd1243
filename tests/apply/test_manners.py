"""A sweep beside an application: its hours, its pauses, its pace, and the replicas it waits for."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

import database_servers
from projects import TestProject, policy, project, retention
from servanda.apply.pace import Pace
from servanda.apply.throttle import within_hours
from servanda.stores.verbs import Pacing

PLACES = {"visits": {"data": "visit", "person": "none", "triggers": {"visit": "at"}}}
PROMISES = [retention("T-RET-01", "visit", "visit", "P1Y")]
MANNERS = Pacing(gentle_page=0.01, rest=9.0, full_page=0.1, most=1000)


def visits(folder: Path, url: str, rows: int = 600, **store: Any) -> TestProject:
    found = project(folder / "p", url, policy(PROMISES), PLACES, **store)
    values = ", ".join(f"({i}, '2024-{1 + i % 12:02}-{1 + i % 28:02}')" for i in range(rows))
    found.run(
        "CREATE TABLE visits (id INTEGER PRIMARY KEY, at DATE)",
        "CREATE INDEX visits_at ON visits (at)",
        f"INSERT INTO visits VALUES {values}",
    )
    return found


@pytest.mark.unit
@given(st.times(), st.times(), st.times())
def test_hours_and_those_of_the_other_half_of_the_day_exclude_each_other(
    first: Any, last: Any, at: Any
) -> None:
    first, last = (t.replace(second=0, microsecond=0) for t in (first, last))
    now = datetime.combine(datetime(2026, 11, 22), at)
    if first != last:
        one, other = (f"{a:%H:%M}-{b:%H:%M}" for a, b in ((first, last), (last, first)))
        assert within_hours(one, now) != within_hours(other, now)
    assert within_hours(f"{first:%H:%M}-{(first.hour + 1) % 24:02}:{first:%M}", datetime.combine(now, first))


def hours_around(now: datetime, *, inside: bool) -> str:
    shift = timedelta(hours=-1 if inside else 2)
    return f"{now + shift:%H:%M}-{now + shift + timedelta(hours=2):%H:%M}"


@pytest.mark.parametrize("inside", [True, False])
def test_nothing_ends_outside_of_the_hours_of_a_store(tmp_path: Path, fresh_url: Any, inside: bool) -> None:
    now = datetime.now(ZoneInfo("Europe/Paris"))
    found = visits(tmp_path, fresh_url("sqlite"), hours=hours_around(now, inside=inside))
    outcome = found.apply(allow={"app.visits": 1000})
    assert outcome.whole == inside
    assert len(found.rows("SELECT id FROM visits")) == (0 if inside else 600)
    assert inside or "its hours are" in next(iter(outcome.stopped.values()))
    assert found.ledger.verify().ok
    assert not found.ledger.open_intents()


@pytest.mark.unit
def test_a_pace_rests_nine_times_as_long_as_it_worked(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(time, "sleep", lambda seconds: now.__setitem__(0, now[0] + seconds))
    pace = Pace.of(MANNERS, "gentle")
    worked = 0.0
    begun = now[0]
    for _ in range(200):
        pace.rest(lambda: False) if pace.rest_due() else None
        now[0] += 0.01
        worked += 0.01
        pace.record(100, 0.01)
    assert (now[0] - begun) / worked == pytest.approx(10, rel=0.02)


@pytest.mark.unit
@pytest.mark.parametrize("ceiling", [1000, 5000])
def test_a_ceiling_is_not_exceeded(monkeypatch: pytest.MonkeyPatch, ceiling: int) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(time, "sleep", lambda seconds: now.__setitem__(0, now[0] + seconds))
    pace = Pace.of(MANNERS, ceiling)
    begun = now[0]
    for _ in range(100):
        pace.rest(lambda: False) if pace.rest_due() else None
        now[0] += 0.002
        pace.record(500, 0.002)
    assert 50_000 / (now[0] - begun) <= ceiling * 1.05


@pytest.mark.unit
def test_full_pace_never_rests() -> None:
    pace = Pace.of(MANNERS, "full")
    pace.record(1000, 5.0)
    assert pace.rest_due() == 0


def test_ctrl_z_pauses_between_two_pages_with_nothing_open(tmp_path: Path, fresh_url: Any) -> None:
    found = visits(tmp_path, fresh_url("postgres"), rows=3000, page=100, pace=800)
    command = [sys.executable, "-m", "servanda", "-C", str(found.folder), "apply", "--yes"]
    command += ["--allow", "app.visits=5000"]
    running = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ
    )
    try:
        _until(lambda: len(found.rows("SELECT id FROM visits")) < 3000)
        running.send_signal(signal.SIGTSTP)
        _until(lambda: _state(running.pid) == "T")
        left = len(found.rows("SELECT id FROM visits"))
        assert 0 < left < 3000
        open_ = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'servanda' AND xact_start IS NOT NULL"
        assert found.rows(open_) == [(0,)], "a paused sweep holds a transaction"
        assert not found.ledger.open_intents(), "a paused sweep leaves a page open"
        time.sleep(0.3)
        assert len(found.rows("SELECT id FROM visits")) == left
    finally:
        running.send_signal(signal.SIGCONT)
    _, said = running.communicate(timeout=120)
    assert running.returncode == 0, said
    assert found.rows("SELECT id FROM visits") == []
    assert "Paused" in said


def _state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]


def _until(true: Any, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.05)


@pytest.fixture
def replica() -> Iterator[tuple[str, str]]:
    """A PostgreSQL and a replica that follows it; yields both URLs."""
    with database_servers.replicated() as urls:
        yield urls


def test_a_sweep_waits_for_a_replica_that_is_behind(tmp_path: Path, replica: tuple[str, str]) -> None:
    primary, follower = replica
    found = visits(tmp_path, primary, rows=3000, page=100, replicas=[follower], lag=1)
    other = sa.create_engine(follower, isolation_level="AUTOCOMMIT")
    with other.connect() as connection:
        connection.exec_driver_sql("SELECT pg_wal_replay_pause()")
        found.run("INSERT INTO visits VALUES (9999, '2026-11-01')")
        time.sleep(2.5)
        stops = iter([False] * 40)
        outcome = found.apply(allow={"app.visits": 5000}, stop=lambda: next(stops, True))
        assert outcome.interrupted
        assert len(found.rows("SELECT id FROM visits")) == 3001, "rows went while the replica was behind"
        assert any("behind" in s for s in found.listener.sentences)
        connection.exec_driver_sql("SELECT pg_wal_replay_resume()")
    other.dispose()
    assert found.apply(allow={"app.visits": 5000}).whole
    assert found.rows("SELECT id FROM visits") == [(9999,)]


def test_a_replica_that_is_gone_stops_the_sweep(tmp_path: Path, fresh_url: Any) -> None:
    gone = "postgresql://nobody@127.0.0.1:1/nothing"
    found = visits(tmp_path, fresh_url("postgres"), replicas=[gone])
    outcome = found.apply(allow={"app.visits": 1000})
    assert "replica" in next(iter(outcome.stopped.values()))
    assert len(found.rows("SELECT id FROM visits")) == 600
