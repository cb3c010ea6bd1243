"""What was done is counted in the store: a database that says “1 row” and keeps the row is not believed."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from test_what_a_row_is import MEMBERS, erase, ids, made, members

from checked import findings, standing
from projects import TestProject, policy, project, retention
from servanda.errors import Refused

EMPTIED = MEMBERS | {"skeleton": True, "at_end": {"email": None}}
NO_DELETE = {
    "rule that deletes nothing": (
        "postgres",
        ("CREATE RULE stay AS ON DELETE TO members DO INSTEAD NOTHING",),
    ),
    "rule that marks": (
        "postgres",
        (
            "ALTER TABLE members ADD marked BOOLEAN",
            "CREATE RULE mark AS ON DELETE TO members DO INSTEAD UPDATE members SET marked = true WHERE id = OLD.id",
        ),
    ),
    "trigger that returns NULL": (
        "postgres",
        (
            "CREATE FUNCTION stay() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
            "CREATE TRIGGER stay BEFORE DELETE ON members FOR EACH ROW EXECUTE FUNCTION stay()",
        ),
    ),
    "RAISE(IGNORE)": (
        "sqlite",
        ("CREATE TRIGGER stay BEFORE DELETE ON members BEGIN SELECT RAISE(IGNORE); END",),
    ),
}


@pytest.mark.parametrize("how", NO_DELETE)
def test_rows_that_stay_after_a_delete_are_no_rows_that_are_gone(
    tmp_path: Path, fresh_url: Any, how: str
) -> None:
    kind, statements = NO_DELETE[how]
    company = made(tmp_path / "p", fresh_url(kind), *members(), *statements)
    assert {"SV465", "SV412"} & findings(company).keys()
    company.apply()
    assert ids(company) == [1, 2]
    assert standing(company)["T-RET-01"] != "kept"
    letter = None
    with suppress(Refused):  # there is nothing yet to answer
        letter = erase(company, "bo@example.com")
    assert letter is None
    assert ids(company) == [1, 2]
    done = [e.body for e in company.ledger.entries("page.outcome")]
    assert sum(body.get("rows", 0) for body in done if body) == 0, "no entry claims a row"
    assert list(company.ledger.entries("erasure.done")) == []


@pytest.mark.parametrize("kind", ["sqlite", "postgres", "mariadb"])
def test_a_value_that_a_trigger_puts_back_is_no_value_that_is_gone(
    tmp_path: Path, fresh_url: Any, kind: str
) -> None:
    back = {
        "sqlite": (
            "CREATE TRIGGER back AFTER UPDATE OF email ON members WHEN NEW.email IS NULL"
            " BEGIN UPDATE members SET email = OLD.email WHERE id = NEW.id; END",
        ),
        "postgres": (
            "CREATE FUNCTION back() RETURNS trigger LANGUAGE plpgsql AS"
            " 'BEGIN NEW.email := OLD.email; RETURN NEW; END'",
            "CREATE TRIGGER back BEFORE UPDATE ON members FOR EACH ROW EXECUTE FUNCTION back()",
        ),
        "mariadb": ("CREATE TRIGGER back BEFORE UPDATE ON members FOR EACH ROW SET NEW.email = OLD.email",),
    }
    company = pointed_at(tmp_path / "p", fresh_url(kind))
    company.run(*back[kind])
    company.apply()
    assert company.rows("SELECT email FROM members WHERE id = 1") == [("ada@example.com",)]
    assert standing(company)["T-RET-01"] != "kept"
    outcomes = [e.body for e in company.ledger.entries("page.outcome")]
    assert sum(body.get("rows", 0) for body in outcomes if body) == 0
    company.run("DROP TRIGGER back" + (" ON members" if kind == "postgres" else ""))
    company.apply()
    assert company.rows("SELECT email FROM members WHERE id = 1") == [(None,)]
    assert standing(company)["T-RET-01"] == "kept"


def pointed_at(folder: Path, url: str) -> TestProject:
    """Members that bills point at, so that they are emptied and not deleted."""
    bills = {
        "data": "books",
        "person": {"via": "member", "to": "members"},
        "triggers": {"issued": "issued_on"},
    }
    promises = [
        retention("T-RET-01", "account", "left", "P3Y"),
        retention("T-RET-02", "books", "issued", "P10Y", limit="min"),
    ]
    company = project(folder, url, policy(promises), {"members": EMPTIED, "bills": bills})
    company.run(
        *members(),
        "CREATE TABLE bills (id INTEGER PRIMARY KEY, member INTEGER NOT NULL, issued_on DATE,"
        " FOREIGN KEY (member) REFERENCES members (id))",
        "CREATE INDEX bills_member ON bills (member)",
        "INSERT INTO bills VALUES (1, 1, '2024-01-01'), (2, 2, '2024-01-01')",
    )
    return company


def test_a_table_from_which_nothing_can_be_deleted_stops_no_other(tmp_path: Path, fresh_url: Any) -> None:
    """A published table of PostgreSQL without a replica identity refuses every DELETE."""
    visits = {"data": "visit", "person": "none", "triggers": {"seen": "seen_on"}}
    promises = [
        retention("T-RET-01", "account", "left", "P3Y"),
        retention("T-RET-02", "visit", "seen", "P1Y"),
    ]
    url = fresh_url("postgres")
    company = project(tmp_path / "p", url, policy(promises), {"members": MEMBERS, "visits": visits})
    company.run(
        *members(),
        "CREATE TABLE visits (ip VARCHAR(40), seen_on DATE)",
        "CREATE INDEX visits_seen ON visits (seen_on)",
        "INSERT INTO visits VALUES ('192.0.2.1', '2020-01-01')",
        "CREATE PUBLICATION everything FOR TABLE visits",
    )
    outcome = company.apply()
    assert not outcome.whole
    assert ids(company) == [2]
    assert company.rows("SELECT COUNT(*) FROM visits") == [(1,)]
    states = standing(company)
    assert states["T-RET-01"] == "kept"
    assert states["T-RET-02"] != "kept"
