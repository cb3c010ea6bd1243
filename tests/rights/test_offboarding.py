"""A customer leaves: what they entrusted is returned, erased and certified, in real stores; they themselves stay."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from office import ADDRESS, PLACES, PROMISES, TABLES, Office
from projects import policy, project
from servanda.errors import Refused
from servanda.rights.case import as_text
from servanda.rights.record.copies import Copies
from servanda.rights.record.requests import Requests

KINDS = ["sqlite", "postgres", "mariadb"]
ACCOUNTS = {**PLACES["people"], "flags": {}}
HOSTED: dict[str, Any] = {
    "spaces": {"data": "hosted", "person": {"via": "person", "to": "people"}},
    "files": {"data": "hosted", "person": {"via": "space", "to": "spaces"}},
}


def made(folder: Path, url: str, *, processor: bool = True) -> Office:
    document = policy(PROMISES)
    role = {"role": "processor"} if processor else {}
    document["categories"]["hosted"] = {
        "says": {"en": "what customers store", "fr": "ce que les clients déposent"}
    }
    document["categories"]["hosted"] |= {"audience": "customer"} | role
    found = project(folder, url, document, {**PLACES, "people": ACCOUNTS, **HOSTED})
    found.run(
        *TABLES,
        "CREATE TABLE spaces (id INTEGER PRIMARY KEY, person INTEGER NOT NULL REFERENCES people (id),"
        " label VARCHAR(40))",
        "CREATE TABLE files (id INTEGER PRIMARY KEY, space INTEGER NOT NULL REFERENCES spaces (id),"
        " content VARCHAR(40))",
        f"INSERT INTO people VALUES (1, '{ADDRESS}', 'Léa', '01', NULL), (2, 'x@example.org', 'X', '02', NULL)",
        "INSERT INTO visits VALUES (1, 1, '2026-11-01'), (2, 2, '2026-11-03')",
        "INSERT INTO invoices VALUES (1, 1, '2026-03-31', 10)",
        "INSERT INTO spaces VALUES (1, 1, 'mine'), (2, 1, 'also mine'), (3, 2, 'theirs')",
        "INSERT INTO files VALUES (1, 1, 'a'), (2, 1, 'b'), (3, 2, 'c'), (4, 3, 'd')",
    )
    return Office(found)


@pytest.fixture(params=KINDS)
def office(request: pytest.FixtureRequest, tmp_path: Path, fresh_url: Any) -> Office:
    return made(tmp_path / "p", fresh_url(request.param))


def content(office: Office) -> dict[str, list[tuple[Any, ...]]]:
    return {t: office.found.rows(f"SELECT * FROM {t} ORDER BY id") for t in ("people", "visits", "invoices")}


def test_content_is_returned_erased_and_certified_and_the_account_stays(office: Office) -> None:
    before = content(office)
    number = office.ask("offboarding")
    done = office.apply(number)
    assert content(office) == before, "what the company decides about is not touched"
    assert office.found.rows("SELECT id FROM spaces") == [(3,)]
    assert office.found.rows("SELECT id FROM files") == [(4,)]
    assert done.rows("delete") == 5
    with office.company() as project:
        copy = b"".join(Copies(project).read(number, Requests(project).key_of(number))).decode()
    assert sorted(json.loads(line)[0] for line in copy.splitlines()) == ["app.files"] * 3 + ["app.spaces"] * 2
    assert "theirs" not in copy
    text = office.answer(number)
    assert "certificat" in text
    assert "ce que les clients déposent" in text
    assert "0" * 64 in text, "the digest of the copy"
    assert "http://localhost/download/" in text
    assert office.found.ledger.verify().ok


def test_done_again_after_a_process_died_it_returns_the_same_copy(office: Office) -> None:
    from servanda.rights import handle as carry_out
    from servanda.rights.right import right_of

    number = office.ask("offboarding")
    with office.company() as project:
        case, _ = carry_out._prepare(project, number)
        assert case is not None
        planned = right_of("offboarding").plan(case)
        facts = planned.facts() | {"reference": case.reference}
        Requests(project).record(number, "planned", facts=facts, words=as_text(case.human))
        right_of("offboarding").act(case)  # and here the process dies
        first = b"".join(Copies(project).read(number, Requests(project).key_of(number)))
    done = office.apply(number)
    with office.company() as project:
        assert b"".join(Copies(project).read(number, Requests(project).key_of(number))) == first
    assert done.rows("delete") == 5, "the certificate says what was done before"


def test_a_hold_suspends_it(office: Office) -> None:
    from datetime import date

    from servanda.persons.holds import HeldPerson

    scope = (HeldPerson("app.people", (1,)),)
    office.found.holds.place(
        "litigation", scope, case="B", reason="case", author="dpo", review_on=date(2027, 1, 1)
    )
    done = office.apply(office.ask("offboarding"))
    assert done.held
    assert len(office.found.rows("SELECT id FROM files")) == 4


def test_without_data_of_customers_it_is_refused(tmp_path: Path) -> None:
    office = made(tmp_path / "p", f"sqlite:///{tmp_path / 'a.db'}", processor=False)
    with pytest.raises(Refused, match="customers alone"):
        office.apply(office.ask("offboarding"))
    assert len(office.found.rows("SELECT id FROM files")) == 4
