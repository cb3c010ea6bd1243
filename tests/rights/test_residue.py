"""An erased person who is still named somewhere is not told that their data were erased."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from office import Office
from projects import TestProject, policy, project, retention
from servanda.errors import Refused
from servanda.rights.handle import leave

PLACES: dict[str, Any] = {
    "members": {
        "data": "account",
        "person": "self",
        "identifiers": {"email": "email", "phone": "phone"},
        "triggers": {"left": {"column": "left_on", "open": None}},
    },
    "tickets": {
        "data": "ticket",
        "person": {"via": "member", "to": "members"},
        "triggers": {"opened": "opened_on"},
    },
}
PROMISES = [
    retention("R-RET-01", "account", "left", "P3Y"),
    retention("R-RET-02", "ticket", "opened", "P30Y"),
]


@pytest.fixture
def office(tmp_path: Path, store_url: str) -> Office:
    company = project(tmp_path / "p", store_url, policy(PROMISES), PLACES)
    company.run(
        "CREATE TABLE members (id INTEGER PRIMARY KEY, email VARCHAR(80), phone VARCHAR(30), left_on DATE)",
        "CREATE TABLE tickets (id INTEGER PRIMARY KEY, member INTEGER NOT NULL, body TEXT, opened_on DATE,"
        " FOREIGN KEY (member) REFERENCES members (id))",
        "INSERT INTO members VALUES (1, 'ada@example.com', '+33 6 11 22 33 44', NULL),"
        " (2, 'ann@example.com', '+33 6 55 66 77 88', NULL)",
    )
    return Office(company)


def says(company: TestProject, body: str) -> None:
    """A ticket of somebody else says something."""
    company.run(f"INSERT INTO tickets VALUES (1, 1, '{body}', '2026-01-01')")


def erase(office: Office) -> tuple[int, Any]:
    number = office.ask("erasure", "ann@example.com", language="en")
    return number, office.apply(number)


@pytest.mark.parametrize(
    "body",
    [
        "Ann@Example.com wrote to me",
        "see https://example.org/?email=ann@example.com&x=1",
        "call her (+33 6 55 66 77 88)",
        "<a href=mailto:ann@example.com>",
        "from ann@example.com.",
    ],
)
def test_who_is_still_named_gets_no_letter(office: Office, body: str) -> None:
    company = office.found
    says(company, body)
    number, outcome = erase(office)
    assert company.rows("SELECT id FROM members") == [(1,)]
    assert outcome.residue_in == ("app.tickets.body",)
    with pytest.raises(Refused, match="still names the person"):
        office.answer(number)
    again = office.apply(number)
    assert again.residue_in, "their rows are gone, and what they were known by is still looked for"
    with pytest.raises(Refused, match="still names the person"):
        office.answer(number)
    company.run("UPDATE tickets SET body = ''")
    assert not office.apply(number).residue_in
    assert "erased" in office.answer(number)


def test_a_column_can_be_left_with_a_word(office: Office) -> None:
    says(office.found, "ann@example.com wrote to me")
    number, outcome = erase(office)
    assert outcome.residue_in
    with office.company() as opened:
        leave(opened, number, ["app.tickets.body"])
    office.apply(number)
    assert "erased" in office.answer(number)


@pytest.mark.parametrize(
    "body", ["joann@example.com", "ann@example.com.au", "x.ann@example.com", "ann@example.community"]
)
def test_an_address_inside_another_is_not_theirs(office: Office, body: str) -> None:
    says(office.found, body)
    number, outcome = erase(office)
    assert outcome.residue_in == ()
    assert "erased" in office.answer(number)
