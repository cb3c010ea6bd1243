"""What a person reaches: by every kind of reference that real schemas have, on every database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from projects import TestProject, policy, project, retention
from servanda.persons.collect import Reach
from servanda.persons.person import Person
from servanda.persons.subject_graph import SubjectGraph

TABLES = (
    "CREATE TABLE accounts (id INTEGER PRIMARY KEY, email VARCHAR(100), address_id INTEGER, boss_id INTEGER)",
    "CREATE TABLE addresses (id INTEGER PRIMARY KEY, street VARCHAR(100))",
    "CREATE TABLE orders (shop INTEGER, no INTEGER, account_id INTEGER, PRIMARY KEY (shop, no))",
    "CREATE TABLE order_lines (id INTEGER PRIMARY KEY, shop INTEGER, order_no INTEGER, label VARCHAR(20))",
    "CREATE TABLE notes (id INTEGER PRIMARY KEY, kind VARCHAR(20), on_id VARCHAR(20), body VARCHAR(20))",
    "CREATE TABLE letters (id INTEGER PRIMARY KEY, email VARCHAR(100))",
    "CREATE TABLE hashes (id INTEGER PRIMARY KEY, print VARCHAR(64))",
    "CREATE TABLE events (id INTEGER PRIMARY KEY, payload VARCHAR(200))",
    "CREATE TABLE messages (id INTEGER PRIMARY KEY, from_id INTEGER, to_id INTEGER, reply_to INTEGER)",
    "CREATE TABLE guests (code VARCHAR(20) PRIMARY KEY, account_id INTEGER)",
)
ROWS = (
    "INSERT INTO addresses VALUES (1, 'a'), (2, 'b'), (3, 'c')",
    "INSERT INTO accounts VALUES (0, 'nobody@example.com', NULL, NULL), (1, 'José@Example.com', 1, NULL),"
    " (2, 'jose@example.com', 2, 1), (3, 'ann@example.com', 2, 2)",
    "INSERT INTO orders VALUES (1, 1, 1), (1, 2, 2), (2, 1, 1), (2, 2, 0), (2, 3, NULL)",
    "INSERT INTO order_lines VALUES (1, 1, 1, 'x'), (2, 1, 2, 'x'), (3, 2, 1, 'x'), (4, 2, 2, 'x'), (5, NULL, 1, 'x')",
    "INSERT INTO notes VALUES (1, 'account', '1', 'x'), (2, 'order', '1', 'x'), (3, 'account', '2', 'x'),"
    " (4, 'account', 'x', 'x')",
    "INSERT INTO letters VALUES (1, 'JOSÉ@example.com'), (2, 'Jose@example.com'), (3, 'josé@example.com'), (4, NULL)",
    'INSERT INTO events VALUES (1, \'{"user": {"id": 1}}\'), (2, \'{"user": {"id": 2}}\'), (3, \'{}\')',
    "INSERT INTO messages VALUES (1, 1, 2, NULL), (2, 2, 1, 1), (3, 2, 3, NULL), (4, NULL, NULL, 3), (5, 0, 0, NULL)",
    "INSERT INTO guests VALUES ('A', 1), ('a2', 2)",
)


def places() -> dict[str, Any]:
    return {
        "accounts": {
            "data": "a",
            "person": "self",
            "identifiers": {"email": "email"},
            "references": {
                "address": {"via": "address_id", "to": "addresses", "ownership": "owns"},
                "boss": {"via": "boss_id", "to": "accounts"},
            },
        },
        "addresses": {"data": "a", "person": "none"},
        "orders": {"data": "a", "person": {"via": "account_id", "to": "accounts", "nobody": 0}},
        "order_lines": {
            "data": "a",
            "person": "order",
            "references": {"order": {"via": ["shop", "order_no"], "to": "orders"}},
        },
        "notes": {
            "data": "a",
            "person": {"via": "on_id", "to": "accounts", "compare": "text", "when": {"kind": "account"}},
        },
        "letters": {
            "data": "a",
            "person": {"via": "email", "to": "accounts", "on": "email", "compare": "folded"},
        },
        "hashes": {
            "data": "a",
            "person": {"via": "print", "to": "accounts", "on": "email", "compare": "sha256"},
        },
        "events": {"data": "a", "person": {"via": "payload", "path": "user.id", "to": "accounts"}},
        "messages": {
            "data": "a",
            "person": {"via": "from_id", "to": "accounts", "nobody": [0]},
            "references": {
                "to": {"via": "to_id", "to": "accounts", "ownership": "owned", "nobody": 0},
                "reply": {"via": "reply_to", "to": "messages", "ownership": "owned"},
            },
        },
        "guests": {"data": "a", "person": {"via": "account_id", "to": "accounts"}},
    }


@pytest.fixture
def made(tmp_path: Path, store_url: str) -> TestProject:
    found = project(tmp_path, store_url, policy([retention("X-RET-01", "a", "t", "P1Y")]), places())
    import hashlib

    prints = [hashlib.sha256(e.encode()).hexdigest() for e in ("josé@example.com", "jose@example.com")]
    found.run(*TABLES, *ROWS, f"INSERT INTO hashes VALUES (1, '{prints[0]}'), (2, '{prints[1]}')")
    return found


def reached(
    made: TestProject, *humans: list[Person], reading: bool = True
) -> dict[str, set[tuple[Any, ...]]]:
    with made.opened() as project:
        reach = Reach.of(project.stores, SubjectGraph.of(project.stores.binding).stores["app"])
        with reach.session.snapshot():
            reach.gather(humans, reading=reading)
            return {
                table: {
                    (*row,)
                    for p in range(len(humans))
                    for row in reach.rows.stream(table, n, reach.graph.shape[table].key, (), p)
                }
                for table, n in reach.numbers.items()
            }


@pytest.mark.parametrize("reading", [True, False])
def test_every_kind_of_reference_is_followed(made: TestProject, reading: bool) -> None:
    found = reached(made, [Person("app.accounts", (1,))], reading=reading)
    assert found == {
        "accounts": {(1,)},
        "addresses": {(1,)},
        "orders": {(1, 1), (2, 1)},
        "order_lines": {(1,), (3,)},
        "notes": {(1,)},
        "letters": {(1,), (3,)},
        "hashes": {(1,)},
        "events": {(1,)},
        "messages": {(1,), (2,)},
        "guests": {("A",)},
    }


def test_two_persons_at_once_are_told_apart(made: TestProject) -> None:
    both = reached(made, [Person("app.accounts", (1,))], [Person("app.accounts", (2,))])
    alone = [reached(made, [Person("app.accounts", (i,))]) for i in (1, 2)]
    assert both == {table: alone[0][table] | alone[1][table] for table in both}


def test_somebody_who_is_gone_is_found_by_what_is_left(made: TestProject) -> None:
    made.run("DELETE FROM accounts WHERE id = 1")
    found = reached(made, [Person("app.accounts", (1,))])
    assert found["orders"] == {(1, 1), (2, 1)}
    assert found["order_lines"] == {(1,), (3,)}


def test_a_person_is_found_by_an_address_in_any_case(made: TestProject) -> None:
    from servanda.persons.person import find

    with made.opened() as project:
        assert find(project.stores, "josé@EXAMPLE.com") == [Person("app.accounts", (1,))]
        assert find(project.stores, "JOSE@example.com") == [Person("app.accounts", (2,))]
        assert find(project.stores, "nobody@nowhere.example") == []
