"""A hold on a person covers every row that is theirs, over whatever references it is."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from projects import TestProject, policy, project, retention
from servanda.persons.holds import HeldPerson

REVIEW = date(2099, 1, 1)
PLACES: dict[str, Any] = {
    "people": {
        "data": "account",
        "person": "self",
        "identifiers": {"email": "email"},
        "references": {"address": {"via": "address", "to": "addresses", "ownership": "owns"}},
        "triggers": {"closed": "closed"},
        "skeleton": True,
        "at_end": {"email": None},
    },
    "addresses": {"data": "address", "person": "none", "triggers": {"made": "made"}},
    "letters": {
        "data": "letter",
        "references": {
            "from": {"via": "sender", "to": "people", "ownership": "owned"},
            "to": {"via": "reader", "to": "people", "ownership": "owned"},
        },
        "triggers": {"sent": "sent"},
    },
    "files": {
        "data": "file",
        "references": {"letter": {"via": "letter", "to": "letters", "ownership": "owned"}},
        "triggers": {"added": "added"},
    },
    "comments": {
        "data": "comment",
        "references": {
            "author": {"via": "author", "to": "people", "ownership": "owned"},
            "parent": {"via": "parent", "to": "comments", "ownership": "owned"},
        },
        "triggers": {"written": "written"},
    },
}
PROMISES = [
    retention(f"T-RET-0{n}", category, trigger, "P1Y")
    for n, (category, trigger) in enumerate(
        [
            ("account", "closed"),
            ("address", "made"),
            ("letter", "sent"),
            ("file", "added"),
            ("comment", "written"),
        ]
    )
]


def made(folder: Path, url: str) -> TestProject:
    found = project(folder, url, policy(PROMISES), PLACES)
    found.run(
        "CREATE TABLE addresses (id INTEGER PRIMARY KEY, street VARCHAR(40), made DATE)",
        "CREATE TABLE people (id INTEGER PRIMARY KEY, email VARCHAR(80), closed DATE, address INTEGER)",
        "CREATE TABLE letters (id INTEGER PRIMARY KEY, sender INTEGER, reader INTEGER, sent DATE)",
        "CREATE TABLE files (id INTEGER PRIMARY KEY, letter INTEGER, added DATE)",
        "CREATE TABLE comments (id INTEGER PRIMARY KEY, author INTEGER, parent INTEGER, written DATE)",
        "INSERT INTO addresses VALUES (1, 'a', '2020-01-01'), (2, 'b', '2020-01-01')",
        "INSERT INTO people VALUES (1, 'a@example.com', '2020-01-01', 1), (2, 'b@example.com', '2020-01-01', 2)",
        "INSERT INTO people VALUES (3, 'c@example.com', '2020-01-01', NULL)",
        "INSERT INTO letters VALUES (1, 1, 2, '2020-01-01'), (2, 2, 3, '2020-01-01'), (3, 3, 1, '2020-01-01')",
        "INSERT INTO files VALUES (1, 1, '2020-01-01'), (2, 2, '2020-01-01'), (3, 3, '2020-01-01')",
        # an answer to an answer to what the first person wrote; another thread; and a circle
        "INSERT INTO comments VALUES (1, 1, NULL, '2020-01-01'), (2, 2, 1, '2020-01-01')",
        "INSERT INTO comments VALUES (3, 3, 2, '2020-01-01'), (4, 2, NULL, '2020-01-01'), (5, 3, 4, '2020-01-01')",
        "INSERT INTO comments VALUES (6, NULL, 7, '2020-01-01'), (7, NULL, 6, '2020-01-01')",
    )
    return found


def left(found: TestProject) -> dict[str, list[int]]:
    return {table: [k for (k,) in found.rows(f"SELECT id FROM {table} ORDER BY id")] for table in PLACES}


def test_a_sweep_leaves_what_is_a_held_persons_and_ends_it_afterwards(tmp_path: Path, store_url: str) -> None:
    found = made(tmp_path / "p", store_url)
    scope = (HeldPerson("app.people", (1,)),)
    hold = found.holds.place("litigation", scope, case="C", reason="R", author="A", review_on=REVIEW)
    counted = {s.place: (s.rows, s.held) for s in found.plan().steps}
    assert counted["app.files"] == (1, 2), "files of the letters of a held person are held"
    for _ in range(3):
        found.apply()
    # those of others: an address goes once nobody points at it, and a circle once its rows are over
    now = left(found)
    assert now["letters"] == [1, 3]
    assert now["files"] == [1, 3]
    assert {1, 2, 3} <= set(now["comments"])
    assert not {4, 5} & set(now["comments"])
    assert 1 in now["addresses"]
    assert 1 in now["people"]
    found.holds.lift(hold.id)
    for _ in range(4):
        found.apply()
    assert not any(rows for table, rows in left(found).items() if table != "comments"), left(found)
    assert set(left(found)["comments"]) <= {6, 7}
