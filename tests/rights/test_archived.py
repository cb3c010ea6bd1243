"""What lies in the archive is a person's too: copied for them, named when they leave, found when their row is gone."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from office import Office
from projects import policy, project, retention
from servanda.database import tables
from servanda.errors import Refused
from servanda.rights.record.copies import Copies
from servanda.rights.record.requests import Requests

KINDS = ["sqlite", "postgres", "mariadb"]
PLACES: dict[str, Any] = {
    "users": {
        "data": {"account": ["email", "phone"], "proof": ["email", "since", "password_hash"]},
        "person": "self",
        "identifiers": {"email": "email"},
        "triggers": {"end": {"column": "ended_on", "open": None}},
        "archive": "legal",
    },
    "deals": {
        "data": {"proof": ["title"]},
        "person": {"via": "user_id", "to": "users"},
        "triggers": {"end": {"of": "person", "column": "ended_on", "open": None}},
        "archive": "legal",
    },
}


@pytest.fixture(params=KINDS)
def office(request: pytest.FixtureRequest, tmp_path: Path, fresh_url: Any) -> Office:
    law = {"law": "FR/c-civ/2224"}
    promises = [
        retention("T-RET-01", "account", "end", "P30D"),
        retention("T-ARC-01", "proof", "end", "P30D", archive="P5Y", ground=law),
    ]
    archive = {"legal": {"folder": "archive", "key_backup": "P14D"}}
    found = project(tmp_path / "p", fresh_url(request.param), policy(promises), PLACES, archive)
    found.run(
        "CREATE TABLE users (id INTEGER PRIMARY KEY, email VARCHAR(80), phone VARCHAR(20), since DATE,"
        " password_hash VARCHAR(80), ended_on DATE)",
        "CREATE TABLE deals (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL, title VARCHAR(80),"
        " FOREIGN KEY (user_id) REFERENCES users (id))",
        "CREATE INDEX ended ON users (ended_on)",
        "CREATE INDEX deal_user ON deals (user_id)",
        "INSERT INTO users VALUES (1, 'a@example.com', '1', '2020-01-01', 'h1', NULL),"
        " (3, 'c@example.com', '3', '2020-01-03', 'h3', '2026-06-10')",
        "INSERT INTO deals VALUES (1, 1, 'open'), (3, 3, 'été')",
    )
    assert found.apply(quick=False).whole
    assert found.rows("SELECT id FROM users") == [(1,)]
    return Office(found)


def copy_of(office: Office, number: int) -> str:
    with office.company() as project:
        return b"".join(Copies(project).read(number, Requests(project).key_of(number))).decode()


def test_whose_row_is_gone_still_gets_what_is_archived(office: Office) -> None:
    number = office.ask("access", "C@example.com")
    assert office.apply(number).rows() == 2
    rows = [json.loads(line) for line in copy_of(office, number).splitlines()]
    assert sorted(row[0] for row in rows) == ["app.deals (archive)", "app.users (archive)"]
    assert ["app.users (archive)", "c@example.com", "2020-01-03"] in rows, "and no hash of a password"
    (read,) = office.found.ledger.entries("archive.read")
    assert read.body is not None
    assert read.body["request"] == number
    assert "c@example.com" not in str([e.body for e in office.found.ledger.entries()])


def test_whose_row_is_gone_is_told_what_stays_and_until_when(office: Office) -> None:
    number = office.ask("erasure", "c@example.com")
    done = office.apply(number)
    assert {(k.place, k.until) for k in done.kept} == {
        ("app.deals", date(2031, 7, 10)),
        ("app.users", date(2031, 7, 10)),
    }
    text = office.answer(number)
    assert "10 juillet 2031" in text
    assert "art. 17(3)(e)" in text


def test_nobody_is_told_that_nothing_is_held_while_something_is(office: Office) -> None:
    with pytest.raises(Refused, match="archived"):
        office.apply(office.ask("restriction", "c@example.com"))
    assert office.apply(office.ask("restriction", "z@example.com")).kind == "nobody"
    assert office.apply(office.ask("access", "a@example.com")).rows() == 2


def test_what_they_were_known_by_ends_with_what_is_archived(office: Office) -> None:
    later = datetime(2031, 8, 15, 2, tzinfo=UTC)
    office.found.apply(later, quick=False)
    with office.found.db.read() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(tables.archived)).scalar() == 0
        assert connection.execute(sa.select(sa.func.count()).select_from(tables.archived_name)).scalar() == 0
    assert office.apply(office.ask("access", "c@example.com")).kind == "nobody"
