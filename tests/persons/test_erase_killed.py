"""An erasure that is killed at any moment: wholly done or not at all, and then done once."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from forked import fork
from projects import TestProject, policy, project, retention
from servanda.apply.by_person import erase
from servanda.database import Database
from servanda.persons.person import Person
from servanda.plan.due import Of
from servanda.vault import Vault

ROUNDS = 20
PLACES = {
    "accounts": {"data": "a", "person": "self", "skeleton": True, "at_end": {"email": None}},
    "logins": {"data": "a", "person": {"via": "account_id", "to": "accounts"}},
    "invoices": {
        "data": "books",
        "person": {"via": "account_id", "to": "accounts"},
        "triggers": {"issued": "issued_on"},
    },
}


@pytest.fixture
def made(tmp_path: Path, store_url: str) -> TestProject:
    law = {"limit": "min", "ground": {"law": "FR/c-com/L123-22"}}
    promises = [
        retention("K-RET-01", "a", "x", "P1Y"),
        retention("K-RET-02", "books", "issued", "P10Y", **law),
    ]
    found = project(tmp_path, store_url, policy(promises), PLACES)
    ids = range(1, ROUNDS + 1)
    found.run(
        "CREATE TABLE accounts (id INTEGER PRIMARY KEY, email VARCHAR(50))",
        "CREATE TABLE logins (id INTEGER PRIMARY KEY, account_id INTEGER NOT NULL REFERENCES accounts(id))",
        "CREATE TABLE invoices (id INTEGER PRIMARY KEY, account_id INTEGER REFERENCES accounts(id), issued_on DATE)",
        "INSERT INTO accounts VALUES " + ", ".join(f"({i}, 'u{i}@example.com')" for i in ids),
        "INSERT INTO logins VALUES " + ", ".join(f"({i * 100 + j}, {i})" for i in ids for j in range(50)),
        "INSERT INTO invoices VALUES " + ", ".join(f"({i}, {i}, '2020-01-01')" for i in ids if i % 2),
    )
    return found


def content(made: TestProject) -> list[list[tuple[object, ...]]]:
    return [sorted(made.rows(f"SELECT * FROM {t}"), key=repr) for t in ("accounts", "logins", "invoices")]


def killed(made: TestProject, number: int, after: float) -> None:
    """Erase a person in a process of its own, and kill it some seconds after it was ready."""

    def go(tell: int) -> None:
        db = Database.open(None, made.folder)
        own = TestProject(made.folder, made.url, db, Vault.open(db))
        with own.opened() as project:
            os.write(tell, b"r")
            erase(project, [asked(number)])

    fork(go, after)


def asked(number: int) -> Of:
    return Of(f"person-{number}", [Person("app.accounts", (number,))])


def test_killed_at_any_moment_it_is_done_once(made: TestProject) -> None:
    chance = random.Random(7)
    for number in range(1, ROUNDS + 1):
        before = content(made)
        killed(made, number, chance.uniform(0, 0.12))
        halfway = content(made)
        with made.opened() as project:
            (erased,) = erase(project, [asked(number)])
        after = content(made)
        assert erased.done
        assert halfway in (before, after), "half of it was done"
        assert after != before
        assert len(after[0]) == len(before[0]) - (number + 1) % 2
        assert len(after[1]) == len(before[1]) - 50
        assert made.ledger.verify().ok
        assert made.ledger.open_intents() == []
