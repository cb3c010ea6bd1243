"""A hold on a person covers every row that is theirs, over whatever references it is."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from projects import TestProject, policy, project, retention
from servanda.cli import command
from servanda.persons import belonging
from servanda.persons.copy import copy_of
from servanda.persons.holds import HeldPerson
from servanda.persons.person import Person, find
from servanda.rights.each import restriction

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


@pytest.mark.parametrize("ways", [belonging.MOST_WAYS, 0], ids=["written out", "listed"])
def test_a_sweep_leaves_what_is_a_held_persons_and_ends_it_afterwards(
    tmp_path: Path, store_url: str, ways: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(belonging, "MOST_WAYS", ways)
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


def chained(folder: Path, url: str, tables: int, before: int) -> TestProject:
    """Tables in a row, each owned by those `before` it; row 1 of each belongs to person 1, row 2 to person 2."""
    names = [f"t{n}" for n in range(tables)]
    places: dict[str, Any] = {}
    for n, name in enumerate(names):
        owners = names[max(0, n - before) : n]
        said = {f"of_{o}": {"via": f"of_{o}", "to": o, "ownership": "owned"} for o in owners}
        places[name] = {"data": f"c{n}", "identifiers": {"email": "note"}, "triggers": {f"d{n}": "day"}}
        places[name] |= {"references": said} if n else {"person": "self"}
    promises = [retention(f"T-RET-{n:02}", f"c{n}", f"d{n}", "P1Y") for n in range(tables)]
    found = project(folder, url, policy(promises), places)
    made = []
    for n, name in enumerate(names):
        owners = [f"of_{o}" for o in names[max(0, n - before) : n]]
        columns = "".join(f", {o} INTEGER" for o in owners)
        made.append(f"CREATE TABLE {name} (id INTEGER PRIMARY KEY, note VARCHAR(40), day DATE{columns})")
        made += [
            f"INSERT INTO {name} VALUES ({key}, 'a{n}-{key}@example.com', '2020-01-01'{f', {key}' * len(owners)})"
            for key in (1, 2)
        ]
    found.run(*made)
    return found


@pytest.mark.parametrize(("tables", "before"), [(10, 1), (6, 5)], ids=["a long chain", "all to all"])
def test_rows_far_from_a_held_person_are_held(
    tmp_path: Path, store_url: str, tables: int, before: int
) -> None:
    """SQLite refuses statements that are nested a few times too often: a chain of seven tables was too long."""
    found = chained(tmp_path / "p", store_url, tables, before)
    assert [(s.rows, s.held) for s in found.plan().steps if s.action == "delete"] == [(2, 0)] * tables
    scope = (HeldPerson("app.t0", (1,)),)
    found.holds.place("litigation", scope, case="C", reason="R", author="A", review_on=REVIEW)
    assert {s.rows for s in found.plan().steps if s.action == "delete"} == {1}
    assert list(found.apply().done.values()) == [1] * tables
    for n in range(tables):
        assert found.rows(f"SELECT id FROM t{n}") == [(1,)], f"t{n}"


def test_an_address_finds_its_person_where_everything_refers_to_everything(
    tmp_path: Path, fresh_url: Any
) -> None:
    """A hundred million ways lead from the last table to the first."""
    found = chained(tmp_path / "p", fresh_url("sqlite"), 30, 4)
    with found.opened() as opened:
        assert find(opened.stores, "a29-1@example.com")


BYTES = {"sqlite": "BLOB", "postgresql": "BYTEA", "mariadb": "BINARY(16)"}
ONE, TWO = "6ba7b8109dad11d180b400c04fd430c8", "6ba7b8119dad11d180b400c04fd430c8"


def test_a_person_whose_key_is_bytes_is_held(tmp_path: Path, store_url: str) -> None:
    """As a UUID is, in databases that have no type for it: the command finds the person by an identifier."""
    kind = store_url.split(":", maxsplit=1)[0].split("+", maxsplit=1)[0]
    places = {
        "people": PLACES["people"] | {"references": {}},
        "visits": {
            "data": "visit",
            "person": {"via": "person", "to": "people"},
            "triggers": {"seen": "seen"},
        },
    }
    promises = [PROMISES[0], retention("T-RET-09", "visit", "seen", "P1Y")]
    found = project(tmp_path / "p", store_url, policy(promises), places)
    hexed = {"postgresql": "'\\x{}'"}.get(kind, "x'{}'")
    found.run(
        f"CREATE TABLE people (id {BYTES[kind]} NOT NULL PRIMARY KEY, email VARCHAR(80), closed DATE)",
        f"CREATE TABLE visits (id INTEGER PRIMARY KEY, person {BYTES[kind]}, seen DATE)",
        *(
            f"INSERT INTO people VALUES ({hexed.format(key)}, '{name}@example.com', NULL)"
            for key, name in ((ONE, "a"), (TWO, "b"))
        ),
        *(
            f"INSERT INTO visits VALUES ({n}, {hexed.format(key)}, '2020-01-01')"
            for n, key in ((1, ONE), (2, TWO))
        ),
    )
    words = ["--kind", "litigation", "--person", "app.people.email=a@example.com", "--case", "C"]
    words += ["--reason", "R", "--author", "A", "--review", "2099-01-01"]
    done = CliRunner().invoke(
        command, ["-C", str(found.folder), "hold", "place", *words], standalone_mode=False
    )
    assert done.exception is None, done.output
    found.apply()
    assert found.rows("SELECT id FROM visits") == [(1,)]
    with found.opened() as opened:
        copied = {
            h.table
            for h in copy_of(opened.stores, [Person("app.people", (bytes.fromhex(ONE),))])
            if list(h.rows)
        }
    assert copied == {"people", "visits"}


def test_a_restriction_keeps_what_belongs_to_a_row_that_is_nobodys_account(
    tmp_path: Path, store_url: str
) -> None:
    """Somebody who only wrote in: the row with their address stands for them, and its files are theirs."""
    places = {
        "tickets": {
            "data": "ticket",
            "person": "none",
            "identifiers": {"email": "email"},
            "triggers": {"written": "written"},
        },
        "files": {
            "data": "file",
            "references": {"of": {"via": ["ticket", "part"], "to": "tickets", "ownership": "owned"}},
            "triggers": {"added": "added"},
        },
    }
    promises = [
        retention("T-RET-01", "ticket", "written", "P1Y"),
        retention("T-RET-02", "file", "added", "P1Y"),
    ]
    found = project(tmp_path / "p", store_url, policy(promises), places)
    found.run(
        "CREATE TABLE tickets (id INTEGER, part INTEGER, email VARCHAR(80), written DATE, PRIMARY KEY (id, part))",
        "CREATE TABLE files (id INTEGER PRIMARY KEY, ticket INTEGER, part INTEGER, added DATE)",
        "INSERT INTO tickets VALUES (1, 1, 'a@example.com', '2020-01-01'), (1, 2, 'b@example.com', '2020-01-01')",
        "INSERT INTO files VALUES (1, 1, 1, '2020-01-01'), (2, 1, 2, '2020-01-01')",
    )
    scope = restriction.scope((Person("app.tickets", (1, 1)),))
    found.holds.place("restriction", scope, case="C", reason="R", author="A", review_on=REVIEW)
    for _ in range(2):
        found.apply()
    assert found.rows("SELECT id, part FROM tickets") == [(1, 1)]
    assert found.rows("SELECT id FROM files") == [(1,)]
