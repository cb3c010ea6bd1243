"""A row that was kept of an erasure is still the same after Servanda, or the database with it, changed it itself."""

from __future__ import annotations

from copy import deepcopy
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from projects import NOW, TestProject, policy, project, retention
from servanda.apply.by_person import erase
from servanda.persons.holds import HeldRows
from servanda.persons.person import Person
from servanda.plan.due import Of

LAW = {"limit": "min", "ground": {"law": "FR/c-com/L123-22"}}
PLACES: dict[str, Any] = {
    "people": {
        "data": "account",
        "person": "self",
        "identifiers": {"email": "email"},
        "triggers": {"closed": {"column": "closed", "open": None}},
        "skeleton": True,
        "at_end": {"email": None},
    },
    "invoices": {
        "data": {"billing": ["issued", "amount", "person", "project"], "delivery": ["sent", "street"]},
        "person": {"via": "person", "to": "people"},
        "triggers": {"issued": "issued", "sent": "sent"},
        "at_end": {"street": None},
    },
    "projects": {"data": "work", "person": "none", "triggers": {"done": "done"}},
}
PROMISES = [
    retention("T-RET-01", "account", "closed", "P30Y"),
    retention("T-RET-02", "billing", "issued", "P10Y", **LAW),
    retention("T-RET-03", "delivery", "sent", "P2Y", **LAW),
    retention("T-RET-04", "work", "done", "P5Y"),
]


def made(folder: Path, url: str) -> TestProject:
    touches = url.startswith("mariadb")
    touched = ", touched TIMESTAMP DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP"
    places = deepcopy(PLACES)
    if touches:
        places["invoices"]["data"]["billing"].append("touched")
    found = project(folder, url, policy(PROMISES), places)
    found.run(
        "CREATE TABLE people (id INTEGER PRIMARY KEY, email VARCHAR(80), closed DATE)",
        "CREATE TABLE projects (id INTEGER PRIMARY KEY, done DATE)",
        "CREATE TABLE invoices (id INTEGER PRIMARY KEY, person INTEGER REFERENCES people (id), issued DATE, sent DATE,"
        " amount INTEGER, street VARCHAR(80), project INTEGER,"
        " FOREIGN KEY (project) REFERENCES projects (id) ON DELETE SET NULL"
        f"{touched if touches else ''})",
        "INSERT INTO people VALUES (1, 'a@example.com', NULL), (2, 'b@example.com', NULL)",
        "INSERT INTO projects VALUES (1, '2025-01-01')",
        "INSERT INTO invoices (id, person, issued, sent, amount, street, project) VALUES"
        " (1, 1, '2026-01-01', '2026-01-01', 5, 'Rue', 1), (2, 2, '2026-01-01', '2026-01-01', 5, 'Rue', NULL)",
    )
    return found


def erased(found: TestProject, key: int) -> None:
    with found.opened() as opened:
        (done,) = erase(opened, [Of(f"p{key}", [Person("app.people", (key,))])])
    assert done.done


def test_what_a_sweep_empties_in_between_does_not_stop_an_erasure(tmp_path: Path, store_url: str) -> None:
    """The law on the delivery ends first, then a project to which the invoice leads; the invoice goes after both."""
    found = made(tmp_path / "p", store_url)
    erased(found, 1)
    assert found.rows("SELECT street, project FROM invoices WHERE id = 1") == [("Rue", 1)]
    for years, left in ((3, [(None, 1)]), (5, [(None, None)])):
        at = NOW + timedelta(days=366 * years)
        for _ in range(2):
            assert found.apply(at).whole
        assert found.rows("SELECT street, project FROM invoices WHERE id = 1") == left
    later = NOW + timedelta(days=366 * 11)
    for _ in range(2):
        assert found.apply(later).whole
    assert found.rows("SELECT id FROM people") == [(2,)]
    assert found.plan(later).due == 0


def test_a_row_that_is_somebody_elses_now_does(tmp_path: Path, store_url: str) -> None:
    """It is not ended, and somebody hears of it."""
    found = made(tmp_path / "p", store_url)
    scope = (HeldRows("app.invoices", "id", "=", 1),)
    hold = found.holds.place(
        "litigation", scope, case="C", reason="R", author="A", review_on=date(2040, 1, 1)
    )
    erased(found, 1)
    found.run("UPDATE invoices SET person = 2, amount = 7 WHERE id = 1")
    found.holds.lift(hold.id)
    later = NOW + timedelta(days=366 * 3)
    outcome = found.apply(later)
    assert found.rows("SELECT COUNT(*) FROM invoices") == [(2,)]
    assert not outcome.whole or found.plan(later).asked
