"""What somebody who is signed in sees and changes themselves, in real stores."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from office import ADDRESS, PLACES, PROMISES, Office
from projects import policy, project
from servanda.errors import Refused
from servanda.rights.account.account import InvalidValues, Member, account, ask, change, shown
from servanda.rights.record.requests import Requests
from servanda.rights.right import right_of

KINDS = ["sqlite", "postgres", "mariadb"]
EDITABLE = {
    **PLACES["people"],
    "at_end": {"email": None, "name": {"constant": ""}, "phone": None},
    "editable": ["name", "phone", "born", "children"],
}
LEA = Member(ADDRESS, "link")


@pytest.fixture(params=KINDS)
def office(request: pytest.FixtureRequest, tmp_path: Path, fresh_url: Any) -> Office:
    found = project(
        tmp_path / "p", fresh_url(request.param), policy(PROMISES), {**PLACES, "people": EDITABLE}
    )
    found.run(
        "CREATE TABLE people (id INTEGER PRIMARY KEY, email VARCHAR(190), name VARCHAR(20) NOT NULL,"
        " phone VARCHAR(20), born DATE, children INTEGER, closed DATE, locked INTEGER NOT NULL DEFAULT 0,"
        " mails INTEGER NOT NULL DEFAULT 1)",
        "CREATE TABLE visits (id INTEGER PRIMARY KEY, person INTEGER NOT NULL REFERENCES people (id), at DATE)",
        "CREATE TABLE invoices (id INTEGER PRIMARY KEY, person INTEGER NOT NULL REFERENCES people (id),"
        " on_day DATE NOT NULL, total INTEGER)",
        f"INSERT INTO people VALUES (1, '{ADDRESS}', 'Léa', '01', NULL, 2, NULL, 0, 1),"
        " (2, 'x@example.org', 'X', '02', NULL, NULL, NULL, 0, 1)",
        "INSERT INTO visits VALUES (1, 1, '2026-11-02'), (2, 1, '2026-03-01'), (3, 2, '2019-11-03')",
        "INSERT INTO invoices VALUES (1, 1, '2026-03-31', 10), (2, 2, '2016-04-01', 20)",
    )
    return Office(found)


def test_what_is_held_and_since_when_is_that_of_the_person_alone(office: Office) -> None:
    with office.company() as project:
        found = account(project, LEA)
    seen = {s.place.name: (s.rows, s.since) for s in found.seen}
    assert seen == {
        "app.people": (1, None),
        "app.visits": (2, date(2026, 3, 1)),
        "app.invoices": (1, date(2026, 3, 31)),
    }
    assert found.own == {
        "app.people.name": "Léa",
        "app.people.phone": "01",
        "app.people.born": None,
        "app.people.children": 2,
    }
    entry = next(e for e in office.found.ledger.entries() if e.kind == "account.shown")
    assert entry.body is not None
    assert entry.body["rows"] == 4
    assert "Léa" not in repr(found)
    assert ADDRESS not in str([e.body for e in office.found.ledger.entries()])


def test_a_change_is_made_at_once_recorded_and_confirmed_by_a_letter(office: Office) -> None:
    said = {"app.people.name": "Léa-Rose", "app.people.phone": "", "app.people.born": "1990-02-28"}
    with office.company() as project:
        done = change(project, LEA, {**said, "app.people.children": "2"}, "fr")
        assert done is not None
        assert done.state == "answered"
        assert done.last("corrections").facts["columns"] == [  # type: ignore[union-attr]
            "app.people.born",
            "app.people.name",
            "app.people.phone",
        ]
        assert change(project, LEA, {"app.people.name": "Léa-Rose"}, "fr") is None, "nothing is different"
        assert len(Requests(project).all()) == 1
    rows = office.found.rows("SELECT id, name, phone, children FROM people ORDER BY id")
    assert rows == [(1, "Léa-Rose", None, 2), (2, "X", "02", None)]
    assert str(office.found.rows("SELECT born FROM people WHERE id = 1")[0][0]) == "1990-02-28"
    bodies = str([e.body for e in office.found.ledger.entries()])
    assert "Rose" not in bodies
    assert "1990" not in bodies
    assert office.found.ledger.verify().ok


def test_values_that_do_not_fit_change_nothing(office: Office) -> None:
    said = {"app.people.children": "deux", "app.people.phone": "05", "app.people.name": "x" * 21}
    with office.company() as project:
        with pytest.raises(InvalidValues) as error:
            change(project, LEA, said, "fr")
        assert sorted(error.value.columns) == ["app.people.children", "app.people.name"]
        assert Requests(project).all() == []
    assert office.found.rows("SELECT name, phone FROM people WHERE id = 1") == [("Léa", "01")]


def test_nobody_changes_what_is_not_theirs_to_change(office: Office) -> None:
    with office.company() as project:
        for name in ("app.people.email", "app.people.mails", "app.invoices.total", "app.people.id"):
            with pytest.raises(Refused, match="not for the person"):
                change(project, LEA, {name: "9"}, "fr")
        with pytest.raises(Refused, match="not for the person"):
            change(project, Member("nobody@example.org", "link"), {"app.people.name": "Y"}, "fr")
    assert office.found.rows("SELECT COUNT(*) FROM people WHERE mails = 1") == [(2,)]


def test_two_with_one_address_see_nothing_of_one_another(office: Office) -> None:
    office.found.run(f"UPDATE people SET email = '{ADDRESS}' WHERE id = 2")
    with office.company() as project:
        found = account(project, LEA)
        assert found.several
        assert found.seen == ()
        with pytest.raises(Refused):
            change(project, LEA, {"app.people.name": "Y"}, "fr")


def test_a_request_of_somebody_signed_in_is_proved_and_goes_on_by_itself(office: Office) -> None:
    with office.company() as project:
        request = ask(project, LEA, right_of("access"), "fr", "", {})
        assert request.state == "proved"
        assert request.channel == "account"
    assert office.apply(request.number).rows() == 4


def test_a_number_of_the_login_is_looked_for_under_its_own_name(office: Office) -> None:
    """Somebody whose number is 2 does not become another who has a 2 in some column."""
    with office.company() as project:
        assert account(project, Member("x@example.org", "login", "email")).human != ()
        assert account(project, Member("x@example.org", "login", "client_number")).human == ()


def test_values_stand_in_a_form_as_they_are_read_again() -> None:
    assert [shown(v) for v in (None, True, False, 2, date(2026, 1, 2), "é")] == [
        "", "yes", "no", "2", "2026-01-02", "é",
    ]  # fmt: skip
