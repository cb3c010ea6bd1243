"""What is said of rows that nobody may see, and of rows without a date: nothing that the stores do not show."""

from __future__ import annotations

from pathlib import Path

import pytest

from database_servers import as_plain_role
from office import PLACES, PROMISES, TABLES, Office
from projects import TestProject, policy, project
from servanda import promises as board
from servanda.errors import Refused

PEOPLE = TABLES[0].replace("closed DATE)", "closed DATE, locked INTEGER, mails INTEGER)")


def made(folder: Path, url: str) -> TestProject:
    company = project(folder / "p", url, policy(PROMISES), PLACES)
    company.run(PEOPLE, *TABLES[1:])
    return company


def states(company: TestProject) -> dict[str, tuple[str, str]]:
    with company.opened() as opened:
        return {s.promise.id: (s.state, s.why) for s in board.statuses(opened)}


def test_a_person_whose_rows_are_hidden_is_not_told_that_nothing_is_held(
    tmp_path: Path, store_url: str
) -> None:
    if not store_url.startswith("postgres"):
        pytest.skip("row-level security is PostgreSQL's")
    company = made(tmp_path, store_url)
    company.run(
        "INSERT INTO people (id, email) VALUES (1, 'hidden@example.org')",
        "ALTER TABLE people ENABLE ROW LEVEL SECURITY",
        "CREATE POLICY few ON people USING (id > 10)",
    )
    as_plain_role(store_url)
    office = Office(company)
    for right in ("access", "erasure"):
        number = office.ask(right, "hidden@example.org")
        with pytest.raises(Refused, match="row-level security hides rows"):
            office.apply(number)
    assert states(company)["T-RET-01"][0] == "broken"
    assert states(company)["T-RET-02"][0] != "broken"


def test_a_promise_with_rows_that_never_end_is_not_kept(tmp_path: Path, store_url: str) -> None:
    company = made(tmp_path, store_url)
    company.run(
        "INSERT INTO people (id, email) VALUES (1, 'ada@example.org')",
        "INSERT INTO visits VALUES (1, 1, '2026-11-01'), (2, 1, NULL)",
    )
    company.apply()
    state, why = states(company)["T-RET-02"]
    assert state == "at_risk"
    assert "1 row without a date never ends" in why
    assert states(company)["T-RET-01"][0] == "kept", "NULL is declared open there"
    company.run("DELETE FROM visits WHERE id = 2")
    assert states(company)["T-RET-02"][0] == "kept"
