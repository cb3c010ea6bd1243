"""The clock of the machine is believed only where neither the ledger nor a server contradicts it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from projects import TestProject, policy, project, retention
from servanda.apply import clock
from servanda.cli import command
from servanda.errors import Refused
from servanda.ledger import Ledger
from servanda.project import Project, utc_now

PLACES = {"visits": {"data": "visit", "person": "none", "triggers": {"seen": "at"}}}


@pytest.fixture
def made(tmp_path: Path, store_url: str) -> TestProject:
    company = project(tmp_path, store_url, policy([retention("T-RET-01", "visit", "seen", "P1Y")]), PLACES)
    company.run(
        "CREATE TABLE visits (id INTEGER PRIMARY KEY, at DATE)", "INSERT INTO visits VALUES (1, '2020-01-01')"
    )
    return company


def written(company: TestProject, ago: timedelta) -> None:
    """An entry of the ledger, some time ago."""
    Ledger(company.db, company.vault, now=lambda: utc_now() - ago).append("test", {})


def required(company: TestProject, **how: Any) -> None:
    at_the_time = Project(company.folder, database=company.db, vault=company.vault)
    with at_the_time.open_stores() as opened:
        clock.require(opened, **how)


@pytest.mark.parametrize(
    ("ago", "word"),
    [
        (timedelta(), ""),
        (timedelta(days=30), ""),
        (timedelta(days=400), "nothing was written in the ledger since"),
        (timedelta(minutes=-5), ""),
        (timedelta(hours=-2), "the newest entry of the ledger is of"),
    ],
)
def test_the_newest_entry_bounds_the_clock(made: TestProject, ago: timedelta, word: str) -> None:
    _empty(made)
    written(made, ago)
    if not word:
        required(made)
        return
    with pytest.raises(Refused, match=word) as refused:
        required(made)
    assert "--clock-is-right" in (refused.value.advice or "")
    required(made, trusted=True)
    assert [e.kind for e in made.ledger.newest(1)] == ["clock.trusted"]


def _empty(company: TestProject) -> None:
    """No entry of the fixture's own time."""
    from servanda.database import tables

    with company.db.begin() as connection:
        for table in (tables.body, tables.node, tables.checkpoint, tables.entry):
            connection.execute(table.delete())


def test_an_entry_of_a_minute_ago_proves_nothing_about_the_year(made: TestProject) -> None:
    """What the same wrong clock wrote just now, such as a plan, does not vouch for it."""
    _empty(made)
    written(made, timedelta(days=400))
    written(made, timedelta(minutes=1))
    with pytest.raises(Refused, match="nothing was written"):
        required(made)


def test_a_server_an_hour_apart_is_believed_no_less(
    made: TestProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Project(made.folder, database=made.db, vault=made.vault).open_stores() as opened:
        (session,) = opened.stores.sessions.values()
        theirs = session.clock()
    if made.url.startswith("sqlite"):
        assert theirs is None
        return
    assert theirs is not None
    assert abs(theirs - datetime.now(UTC)) < timedelta(minutes=1)
    monkeypatch.setattr(type(session), "clock", lambda _: utc_now() + timedelta(hours=3))
    with pytest.raises(Refused, match="the server of store “app” says"):
        required(made)


def test_nothing_ends_until_somebody_vouches(made: TestProject) -> None:
    _empty(made)
    written(made, timedelta(days=400))
    made.db.close()
    words = ["-C", str(made.folder), "apply", "--yes", "--allow", "app.visits=1"]
    refused = CliRunner().invoke(command, words)
    assert isinstance(refused.exception, Refused)
    assert made.rows("SELECT id FROM visits") == [(1,)]
    assert CliRunner().invoke(command, [*words, "--clock-is-right"]).exit_code == 0
    assert made.rows("SELECT id FROM visits") == []
