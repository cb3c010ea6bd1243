"""A person's copy: whole, as of one moment, without secrets, and as a stream."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from projects import TestProject, policy, project, retention
from servanda.persons.copy import copy_of
from servanda.persons.person import Person

PLACES = {
    "accounts": {"data": "a", "person": "self", "identifiers": {"email": "email"}},
    "logins": {"data": {"a": ["at"]}, "person": {"via": "account_id", "to": "accounts"}},
    "comments": {
        "data": "a",
        "person": "none",
        "references": {
            "author": {
                "via": "author_id",
                "to": "accounts",
                "ownership": "mentions",
                "erase": "detach",
                "clears": {"author": None},
            }
        },
    },
}
ANN = [Person("app.accounts", (1,))]


@pytest.fixture
def made(tmp_path: Path, store_url: str) -> TestProject:
    found = project(tmp_path, store_url, policy([retention("C-RET-01", "a", "x", "P1Y")]), PLACES)
    found.run(
        "CREATE TABLE accounts (id INTEGER PRIMARY KEY, email VARCHAR(50), password_hash VARCHAR(50),"
        " resetToken VARCHAR(50), push_token VARCHAR(50))",
        "CREATE TABLE logins (id INTEGER PRIMARY KEY, account_id INTEGER, at VARCHAR(30), ip VARCHAR(30))",
        "CREATE TABLE comments (id INTEGER PRIMARY KEY, author_id INTEGER, author VARCHAR(50), body VARCHAR(50))",
        "INSERT INTO accounts VALUES (1, 'ann@example.com', 'h', 't', 'p'), (2, 'bob@example.com', 'h', 't', 'p')",
        "INSERT INTO logins VALUES (1, 1, '2026-01-01', '1'), (2, 2, '2026-01-01', '2'), (3, 1, '2026-02-01', '3')",
        "INSERT INTO comments VALUES (1, 1, 'Ann', 'about Bob')",
    )
    return found


def test_rows_of_two_tables_with_the_same_numbers_are_all_there(tmp_path: Path, store_url: str) -> None:
    """Many rows are carried in parts, which may end between two rows of one number."""
    mine = {"data": "a", "person": {"via": "account_id", "to": "accounts"}}
    found = project(
        tmp_path,
        store_url,
        policy([retention("C-RET-01", "a", "x", "P1Y")]),
        {"accounts": PLACES["accounts"], "logins": mine, "visits": mine},
    )
    found.run(
        "CREATE TABLE accounts (id INTEGER PRIMARY KEY, email VARCHAR(50))",
        "INSERT INTO accounts VALUES (1, 'ann@example.com')",
    )
    for table, first in (("logins", 0), ("visits", 1)):
        listed = ", ".join(f"({i}, 1)" for i in range(first, first + 3_000))
        found.run(
            f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, account_id INTEGER)",
            f"INSERT INTO {table} VALUES {listed}",
        )
    with found.opened() as opened:
        counted = {h.place: sum(1 for _ in h.rows) for h in copy_of(opened.stores, ANN)}
    assert counted == {"app.accounts": 1, "app.logins": 3_000, "app.visits": 3_000}


def test_it_has_what_is_theirs_and_names_what_is_left_out(made: TestProject) -> None:
    with made.opened() as opened:
        held = {h.place: (h, sorted(h.rows)) for h in copy_of(opened.stores, ANN)}
    account, rows = held["app.accounts"]
    assert account.columns == ("id", "email", "push_token")
    assert [c.lower() for c in account.left_out] == ["password_hash", "resettoken"]
    assert rows == [(1, "ann@example.com", "p")]
    logins, rows = held["app.logins"]
    assert logins.columns == ("id", "account_id", "at")
    assert rows == [(1, 1, "2026-01-01"), (3, 1, "2026-02-01")]
    comments, rows = held["app.comments"]
    assert comments.named
    assert comments.columns == ("id", "author_id", "author")
    assert rows == [(1, 1, "Ann")]


def test_it_is_of_one_moment(made: TestProject) -> None:
    if made.url.startswith("sqlite"):
        made.run("PRAGMA journal_mode = WAL")
    with made.opened() as opened:
        copy = copy_of(opened.stores, ANN)
        first = next(copy)
        assert len(list(first.rows)) == 1
        made.run("INSERT INTO logins VALUES (9, 1, '2026-03-01', '9')", "DELETE FROM logins WHERE id = 3")
        rest = {h.place: sorted(h.rows) for h in copy}
    assert rest["app.logins"] == [(1, 1, "2026-01-01"), (3, 1, "2026-02-01")]


def test_many_rows_need_no_more_memory(made: TestProject) -> None:
    some = ", ".join(f"({i}, 1, '2026-01-01', 'x')" for i in range(100, 1100))
    made.run(f"INSERT INTO logins VALUES {some}")
    for _ in range(6):
        made.run(
            "INSERT INTO logins SELECT id + (SELECT max(id) FROM logins), account_id, at, ip FROM logins"
        )
    with made.opened() as opened:
        tracemalloc.start()
        rows = sum(1 for h in copy_of(opened.stores, ANN) for _ in h.rows)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert rows > 60_000
    assert peak < 20_000_000
