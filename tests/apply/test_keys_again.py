"""A key that is given again: what was remembered of its former row is nothing to the newcomer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from projects import TestProject, policy, project, retention
from servanda.apply.by_person import erase
from servanda.database import tables
from servanda.persons.person import Person
from servanda.plan.due import Of
from servanda.plan.load import mark_of
from servanda.stores.binding.identity import identity

KINDS = ["sqlite", "postgres", "mariadb"]
PLACES: dict[str, Any] = {
    "members": {
        "data": "account",
        "person": "self",
        "identifiers": {"email": "email"},
        "triggers": {
            "end": {
                "greatest": [{"latest": "visits.at", "else": "since", "remember": True}, {"event": "left"}]
            }
        },
    },
    "visits": {"data": "login", "person": {"via": "member", "to": "members"}, "triggers": {"visit": "at"}},
}


@pytest.fixture(params=KINDS)
def found(request: pytest.FixtureRequest, tmp_path: Path, fresh_url: Any) -> TestProject:
    promises = [
        retention("T-RET-01", "account", "end", "P3Y"),
        retention("T-RET-02", "login", "visit", "P1Y"),
    ]
    made = project(tmp_path / "p", fresh_url(request.param), policy(promises), PLACES)
    made.run(
        "CREATE TABLE members (id INTEGER PRIMARY KEY, email VARCHAR(60), since DATE)",
        "CREATE TABLE visits (id INTEGER PRIMARY KEY, member INTEGER, at DATE,"
        " FOREIGN KEY (member) REFERENCES members (id))",
        "CREATE INDEX visits_member ON visits (member, at)",
        "CREATE INDEX visits_at ON visits (at)",
        "INSERT INTO members VALUES (1, 'a@example.com', '2015-01-01'), (2, 'b@example.com', '2015-01-01')",
        "INSERT INTO visits VALUES (1, 1, '2026-10-01'), (2, 2, '2025-02-01')",
    )
    return made


def count(found: TestProject, table: sa.Table) -> int:
    with found.db.read() as connection:
        return int(connection.execute(sa.select(sa.func.count()).select_from(table)).scalar() or 0)


def record(found: TestProject, key: int, at: str) -> None:
    with found.opened() as opened:
        mark = mark_of(opened, "app.members", "left", f"[{key}]")
    row = {"id": key, "name": "left", "place": "app.members", "parent_key": f"[{key}]", "source": "test"}
    with found.db.begin() as connection:
        connection.execute(
            sa.insert(tables.event).values(row | {"at": f"{at}T00:00:00.000000", "mark": mark})
        )


def members(found: TestProject) -> list[str]:
    return sorted(email for (email,) in found.rows("SELECT email FROM members"))


def test_a_memory_keeps_and_ends_only_the_row_that_it_is_of(found: TestProject) -> None:
    found.apply(quick=False)  # the visit of 2025 ends, and is remembered
    assert count(found, tables.remembered) == 1
    assert members(found) == ["a@example.com", "b@example.com"]
    found.run(
        "DELETE FROM members WHERE id = 2", "INSERT INTO members VALUES (2, 'new@example.com', '2010-01-01')"
    )
    found.run("INSERT INTO members VALUES (3, 'other@example.com', '2010-01-01')")
    with found.db.begin() as connection:  # so old that it would end her, were it hers
        connection.execute(sa.update(tables.remembered).values(latest="2011-01-01"))
    found.run("UPDATE members SET since = '2026-11-01' WHERE id = 2")
    found.apply(quick=False)
    assert members(found) == ["a@example.com", "new@example.com"]


def test_an_event_of_a_former_row_does_not_end_the_newcomer(found: TestProject) -> None:
    record(found, 2, "2020-01-01")
    found.run("DELETE FROM visits WHERE member = 2", "DELETE FROM members WHERE id = 2")
    found.run("INSERT INTO members VALUES (2, 'new@example.com', '2026-11-01')")
    found.apply(quick=False)
    assert members(found) == ["a@example.com", "new@example.com"]


def test_what_is_remembered_ends_with_the_row_in_a_sweep_and_an_erasure(found: TestProject) -> None:
    record(found, 1, "2020-01-01")
    record(found, 2, "2020-01-01")
    found.apply(quick=False)
    assert (count(found, tables.event), count(found, tables.remembered)) == (2, 1)
    with found.opened() as opened:
        erase(opened, [Of("ref", (Person("app.members", (2,)),))])
    assert (count(found, tables.event), count(found, tables.remembered)) == (1, 0)
    found.run("UPDATE visits SET at = '2019-01-01'")
    found.apply(quick=False)
    found.apply(quick=False)
    assert members(found) == []
    assert (count(found, tables.event), count(found, tables.remembered)) == (0, 0)


def test_a_row_is_told_apart_by_whom_it_belongs_to_whoever_says_so(tmp_path: Path, fresh_url: Any) -> None:
    """By the reference under `person`, or by one that owns the row."""
    promises = [
        retention("T-RET-01", "account", "end", "P3Y"),
        retention("T-RET-02", "login", "visit", "P1Y"),
    ]
    reference = {"via": "member", "to": "members", "ownership": "owned"}
    visits = {"data": "login", "references": {"of": reference}, "triggers": {"visit": "at"}}
    marks = []
    for name, place in (("a", PLACES["visits"]), ("b", visits)):
        made = project(tmp_path / name, fresh_url("sqlite"), policy(promises), PLACES | {"visits": place})
        made.run(
            "CREATE TABLE IF NOT EXISTS members (id INTEGER PRIMARY KEY, email VARCHAR(60), since DATE)",
            "CREATE TABLE IF NOT EXISTS visits (id INTEGER PRIMARY KEY, member INTEGER, at DATE)",
        )
        with made.opened() as opened:
            binding = opened.stores.binding
            marks.append(identity(binding, binding.places["app.visits"]))
    assert marks[0] is not None
    assert marks[0] == marks[1]
