"""What an application may do with somebody's data now; in doubt, nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, HTTPException

from office import ADDRESS, PLACES, Office
from projects import policy, project, retention
from servanda.rights.may_use import Decision, decide
from servanda.web.may_use import Decisions

PURPOSES = {
    "news": {"says": {"en": "News"}, "basis": ["consent"]},
    "service": {"says": {"en": "The service"}, "basis": ["contract"]},
}


@pytest.fixture
def office(tmp_path: Path, store_url: str) -> Office:
    promises = [retention("T-RET-01", "account", "closed", "P3Y")]
    places: dict[str, Any] = {"people": PLACES["people"]}
    found = project(tmp_path / "p", store_url, policy(promises, purposes=PURPOSES), places)
    found.run(
        "CREATE TABLE people (id INTEGER PRIMARY KEY, email VARCHAR(190), name VARCHAR(80), phone VARCHAR(20),"
        " closed DATE, locked INTEGER NOT NULL DEFAULT 0, mails INTEGER NOT NULL DEFAULT 1)",
        f"INSERT INTO people VALUES (1, '{ADDRESS}', 'Léa', '01', NULL, 0, 1)",
    )
    return Office(found)


def asked(office: Office, purpose: str, about: str = ADDRESS) -> Decision:
    with office.company() as project:
        return decide(project, about, purpose)


def test_nothing_stands_against_it_until_something_does(office: Office) -> None:
    assert asked(office, "service").allowed
    assert asked(office, "news").allowed
    assert asked(office, "statistics").why == "unknown purpose"
    assert asked(office, "service", "nobody@example.org").why == "unknown person"
    office.apply(office.ask("objection"))
    assert not asked(office, "news").allowed
    assert not asked(office, "marketing", ADDRESS.upper()).allowed
    assert asked(office, "service").allowed, "an objection to marketing ends marketing"
    office.apply(office.ask("restriction"))
    assert asked(office, "service") == Decision(False, "restricted", "GDPR 18(2)")


def test_who_was_erased_is_not_used_again(office: Office) -> None:
    office.apply(office.ask("erasure"))
    office.found.run(f"INSERT INTO people VALUES (9, '{ADDRESS}', 'Back', '1', NULL, 0, 1)")
    assert asked(office, "service") == Decision(False, "erased", "GDPR 17(1)")


def test_only_who_has_the_token_is_answered(office: Office) -> None:
    decisions = Decisions("t" * 32, office.found.at())
    decisions.serve(FastAPI())
    assert decisions.answer(ADDRESS, "service", "Bearer " + "t" * 32).allowed
    for wrong in ("", "Bearer x", "t" * 31):
        with pytest.raises(HTTPException):
            decisions.answer(ADDRESS, "service", wrong)
    decisions.close()
