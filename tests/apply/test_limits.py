"""How limits meet on one row: cases that the property tests do not draw."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from projects import policy, project, retention
from servanda.errors import Refused


def test_two_periods_of_one_ground_on_two_categories_do_not_shorten_each_other(
    store_url: str, tmp_path: Path
) -> None:
    same = {"ground": {"law": "FR/decret-2021-1362"}}
    promises = [
        retention("T-RET-01", "identity", "end", "P5Y", **same),
        retention("T-RET-02", "payment", "end", "P1Y", **same),
    ]
    place = {"contracts": {"data": {"identity": ["id", "name", "ended"], "payment": ["iban"]}, "person": "self",
             "triggers": {"end": "ended"}, "at_end": {"iban": None}}}  # fmt: skip
    found = project(tmp_path / "p", store_url, policy(promises), place)
    found.run(
        "CREATE TABLE contracts (id INTEGER PRIMARY KEY, name VARCHAR(9), iban VARCHAR(40), ended DATE)",
        "INSERT INTO contracts VALUES (1,'a','FR1','2024-01-01'),(2,'b','FR2','2020-01-01'),(3,'c','FR3','2026-06-01')",
    )
    assert found.apply().whole
    rows = sorted((r[0], r[1], r[2]) for r in found.rows("SELECT id, name, iban FROM contracts"))
    assert rows == [(1, "a", None), (3, "c", "FR3")]


def test_within_one_ground_the_stricter_of_promise_and_law_counts(store_url: str, tmp_path: Path) -> None:
    same: dict[str, Any] = {"ground": {"law": "FR/decret-2021-1362"}}
    promises = [
        retention("T-RET-01", "logs", "seen", "P1Y", **same),
        retention("T-RET-02", "logs", "seen", "P6M", **same),
    ]
    place = {"logs": {"data": "logs", "person": "none", "triggers": {"seen": "at"}}}
    found = project(tmp_path / "p", store_url, policy(promises), place)
    found.run(
        "CREATE TABLE logs (id INTEGER PRIMARY KEY, at DATE)",
        "INSERT INTO logs VALUES (1,'2026-03-01'),(2,'2026-11-01')",
    )
    assert found.apply().whole
    assert found.rows("SELECT id FROM logs") == [(2,)]


@pytest.mark.parametrize("kind", ["postgres", "mariadb"])
def test_rows_of_another_schema_are_never_taken_along(fresh_url: Any, tmp_path: Path, kind: str) -> None:
    url = fresh_url(kind)
    own = str(sa.make_url(url).database)
    other = f"o{own}"
    place = {"users": {"data": "user", "person": "self", "triggers": {"end": "ended"}}}
    found = project(tmp_path / "p", url, policy([retention("T-RET-01", "user", "end", "P1Y")]), place)
    found.run(
        "CREATE TABLE users (id INTEGER PRIMARY KEY, ended DATE)",
        "INSERT INTO users VALUES (1, '2020-01-01')",
        f"CREATE {'SCHEMA' if kind == 'postgres' else 'DATABASE'} {other}",
        f"CREATE TABLE {other}.docs (id INTEGER PRIMARY KEY, user_id INTEGER, FOREIGN KEY (user_id) REFERENCES"
        f" {'users' if kind == 'postgres' else own + '.users'} (id) ON DELETE CASCADE)",
        f"INSERT INTO {other}.docs VALUES (1, 1)",
    )
    try:
        with pytest.raises(Refused, match=f"{other}.docs of another schema"):
            found.apply()
        assert found.rows(f"SELECT id FROM {other}.docs") == [(1,)]
    finally:
        found.run(f"DROP SCHEMA {other} CASCADE" if kind == "postgres" else f"DROP DATABASE {other}")
