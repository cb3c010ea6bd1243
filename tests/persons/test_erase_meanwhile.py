"""While somebody is erased the application goes on: what it changes of them waits, or was seen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from projects import TestProject, policy, project, retention
from servanda.apply.by_person import erase
from servanda.apply.pages import Pages
from servanda.persons.person import Person
from servanda.plan.due import Of

PLACES: dict[str, Any] = {
    "people": {"data": "account", "person": "self", "identifiers": {"email": "email"}},
}
IMPATIENT = {
    "sqlite": "PRAGMA busy_timeout = 100",
    "postgresql": "SET lock_timeout = '100ms'",
    "mysql": "SET innodb_lock_wait_timeout = 1",
}


def test_nobody_changes_a_person_between_the_decision_and_the_end(
    tmp_path: Path, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What their tombstone and the residue scan know them by is what goes."""
    found = project(tmp_path, store_url, policy([retention("X-RET-01", "account", "never", "P1Y")]), PLACES)
    found.run(
        "CREATE TABLE people (id INTEGER PRIMARY KEY, email VARCHAR(60))",
        "INSERT INTO people VALUES (1, 'ann@example.com'), (2, 'bob@example.com')",
    )
    record_intent, waited = Pages.record_intent, []

    def moved(*given: Any, **more: Any) -> None:
        """The intent is recorded once everything is decided, and before anything is changed."""
        waited.append(_waits(found, "UPDATE people SET email = 'ann@new.example' WHERE id = 1"))
        record_intent(*given, **more)

    monkeypatch.setattr(Pages, "record_intent", moved)
    with found.opened() as opened:
        (erased,) = erase(opened, [Of("p1", [Person("app.people", (1,))])])
    assert waited == [True]
    assert erased.done
    assert erased.named == {"ann@example.com"}
    assert found.rows("SELECT id FROM people") == [(2,)]


def _waits(found: TestProject, statement: str) -> bool:
    """Whether the application has to wait for a lock."""
    engine = found.engine()
    try:
        with engine.begin() as connection:
            connection.exec_driver_sql(IMPATIENT[engine.dialect.name.replace("mariadb", "mysql")])
            connection.exec_driver_sql(statement)
    except sa.exc.OperationalError:
        return True
    finally:
        engine.dispose()
    return False
