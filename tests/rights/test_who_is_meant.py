"""Whom a request means: spellings of one address, several persons, rows that bear an address, keys given again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from office import Office
from projects import policy, project, retention
from servanda.errors import Refused
from servanda.persons.person import find
from servanda.rights import handle

KINDS = ["sqlite", "postgres", "mariadb"]
PROMISES = [
    retention("T-RET-01", "account", "closed", "P3Y"),
    retention("T-RET-02", "letter", "written", "P30D", archive="P5Y", ground={"law": "FR/c-civ/2224"}),
]
PLACES: dict[str, Any] = {
    "users": {
        "data": "account",
        "person": "self",
        "identifiers": {"email": "email"},
        "triggers": {"closed": {"column": "closed_on", "open": None}},
        "skeleton": True,
        "at_end": {"email": None},
    },
    "addresses": {
        "data": "account",
        "person": {"via": "user_id", "to": "users"},
        "identifiers": {"email": "address"},
        "triggers": {"closed": {"of": "person", "column": "closed_on", "open": None}},
    },
    "letters": {
        "data": "letter",
        "person": {"via": "user_id", "to": "users"},
        "triggers": {"written": "on_day"},
        "archive": "legal",
    },
}


def by_reference() -> dict[str, Any]:
    """The same places, of which none has a `person`: references say whose their rows are."""
    places = {name: dict(place) for name, place in PLACES.items()}
    for name in ("addresses", "letters"):
        del places[name]["person"]
        places[name]["references"] = {"user": {"via": "user_id", "to": "users", "ownership": "owned"}}
    places["addresses"]["triggers"] = {"closed": {"of": "user", "column": "closed_on", "open": None}}
    return places


@pytest.fixture(params=[*KINDS, "by reference"])
def office(request: pytest.FixtureRequest, tmp_path: Path, fresh_url: Any) -> Office:
    archive = {"legal": {"folder": "archive", "key_backup": "P14D"}}
    kind = request.param if request.param in KINDS else "sqlite"
    places = PLACES if request.param in KINDS else by_reference()
    found = project(tmp_path / "p", fresh_url(kind), policy(PROMISES), places, archive)
    letters = " CHARACTER SET utf8mb4" if request.param == "mariadb" else ""
    found.run(
        f"CREATE TABLE users (id INTEGER PRIMARY KEY, email VARCHAR(80){letters}, closed_on DATE)",
        "CREATE TABLE addresses (id INTEGER PRIMARY KEY, user_id INTEGER, address VARCHAR(80),"
        " FOREIGN KEY (user_id) REFERENCES users (id))",
        "CREATE TABLE letters (id INTEGER PRIMARY KEY, user_id INTEGER, text_ VARCHAR(80), on_day DATE,"
        " FOREIGN KEY (user_id) REFERENCES users (id))",
        "CREATE TABLE parcels (id INTEGER PRIMARY KEY, mail_to VARCHAR(80), recipient_email VARCHAR(80))",
    )
    return Office(found)


def keys(office: Office, address: str) -> list[tuple[str, int]]:
    with office.company() as opened:
        return sorted((person.place, int(person.key[0])) for person in find(opened.stores, address))


def test_one_address_is_found_in_every_spelling_and_no_other_one(office: Office) -> None:
    office.found.run(
        "INSERT INTO users VALUES (1, 'Zo\u00eb@Example.com', NULL), (2, 'rene\u0301@example.com', NULL),"
        " (3, 'kim@b\u00fccher.example', NULL), (4, 'lee@xn--bcher-kva.example', NULL), (5, ' tim@example.com ', NULL),"
        " (6, 'max@strasse.example', NULL), (7, 'istanbul@example.com', NULL), (8, 'kelvin@example.com', NULL),"
        " (9, 'jos\u00e9@example.com', NULL)"
    )
    same = {"ZOE\u0308@example.com": 1, "REN\u00c9@example.com": 2, "kim@xn--bcher-kva.example": 3}
    same |= {"lee@B\u00dcCHER.example": 4, "tim@example.com": 5, "MAX@STRASSE.example": 6}
    assert {address: keys(office, address) for address in same} == {
        address: [("app.users", key)] for address, key in same.items()
    }
    others = (
        "max@stra\u00dfe.example",
        "\u0130stanbul@example.com",
        "\u212aelvin@example.com",
        "jose@example.com",
    )
    assert [keys(office, address) for address in others] == [[], [], [], []]


def test_a_row_that_bears_an_address_leads_to_its_person(office: Office) -> None:
    office.found.run(
        "INSERT INTO users VALUES (1, NULL, NULL), (2, 'bo@example.com', NULL)",
        "INSERT INTO addresses VALUES (1, 1, 'ada@example.com'), (2, 2, 'gift@example.com'),"
        " (3, NULL, 'guest@example.com')",
    )
    assert keys(office, "Ada@example.com") == [("app.users", 1)]
    assert keys(office, "guest@example.com") == [("app.addresses", 3)]
    number = office.ask("erasure", "gift@example.com")  # in the row of somebody who bears another address
    with pytest.raises(Refused, match="several persons"):
        office.apply(number)
    assert office.found.rows("SELECT count(*) FROM users WHERE email IS NOT NULL") == [(1,)]
    office.apply(office.ask("erasure", "ada@example.com"))
    assert office.found.rows("SELECT id FROM addresses ORDER BY id") == [(2,), (3,)]


def test_two_rows_of_one_address_are_two_persons_though_nothing_points_at_them(office: Office) -> None:
    office.found.run("INSERT INTO users VALUES (1, 'two@example.com', NULL), (2, 'TWO@example.com', NULL)")
    number = office.ask("access", "two@example.com")
    with pytest.raises(Refused, match="several persons"):
        office.apply(number)


def test_what_is_archived_is_not_the_newcomers_who_got_the_key(office: Office) -> None:
    office.found.run(
        "INSERT INTO users VALUES (1, 'old@example.com', NULL)",
        "INSERT INTO letters VALUES (1, 1, 'secret', '2026-01-05')",
    )
    assert office.found.apply(quick=False).whole
    assert office.found.rows("SELECT id FROM letters") == []
    office.found.run("DELETE FROM users", "INSERT INTO users VALUES (1, 'new@example.com', NULL)")
    assert office.apply(office.ask("access", "new@example.com")).rows("copy") == 1
    assert office.apply(office.ask("access", "old@example.com")).rows("copy") == 1  # the archived letter


def test_no_request_is_done_while_the_address_stands_where_nobody_decided(office: Office) -> None:
    office.found.run(
        "INSERT INTO users VALUES (1, 'ada@example.com', NULL)",
        "INSERT INTO parcels VALUES (1, 'to Ada <ADA@example.com>', NULL), (2, NULL, 'bo@example.com')",
    )
    number = office.ask("erasure", "ada@example.com")
    with office.company() as opened:
        assert handle.plan(opened, number).undecided == ("app.parcels",)
    with pytest.raises(Refused, match=r"app\.parcels"):
        office.apply(number)
    assert office.found.rows("SELECT id FROM users") == [(1,)]
    nobody = office.ask("access", "bo@example.com")
    with pytest.raises(Refused, match=r"app\.parcels"):
        office.apply(nobody)
    with office.company() as opened:
        handle.leave(opened, number, ["app.parcels"])
    assert office.apply(number).undecided == ("app.parcels",)
    assert office.found.rows("SELECT id FROM users") == []
    assert [(e.body or {})["tables"] for e in office.found.ledger.entries("request.left")] == [
        ["app.parcels"]
    ]


def test_what_is_no_address_is_refused(office: Office) -> None:
    for about in (
        "Ada <ada@example.com>",
        "a@example.com, b@example.com",
        "a@example.com\nBcc: b@example.com",
    ):
        with pytest.raises(Refused, match=r"no address|line break"):
            office.ask("access", about)
