"""Three ways of archiving, on each database; and the event that follows an end."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from projects import NOW, TestProject, policy, project, retention
from servanda.cli import command
from servanda.database import moment, tables
from servanda.errors import Refused
from servanda.persons.holds import HeldPerson

END = {"end": {"column": "ended_on", "open": None}}


def users(
    folder: Path, url: str, place: dict[str, Any], extra: str = "", **more: dict[str, Any]
) -> TestProject:
    promises = [
        retention("T-RET-01", "account", "end", "P30D"),
        retention("T-ARC-01", "proof", "end", "P30D", archive="P5Y"),
    ]
    whole = {
        "data": {"account": ["email", "phone"], "proof": ["email"]},
        "person": "self",
        "triggers": END,
        "at_end": {"email": None, "phone": None},
    }
    found = project(folder, url, policy(promises), {"users": whole | place} | more)
    found.run(
        "CREATE TABLE users (id INTEGER PRIMARY KEY, email VARCHAR(80), phone VARCHAR(20), ended_on DATE"
        + extra
        + ")",
        "CREATE INDEX ended ON users (ended_on)",
        "INSERT INTO users (id, email, phone, ended_on) VALUES (1, 'a@example.com', '1', NULL),"
        " (2, 'b@example.com', '2', '2026-06-10'), (3, 'c@example.com', '3', '2015-06-10'),"
        " (4, NULL, '4', '2026-06-11')",
    )
    return found


def serial(found: TestProject) -> str:
    kinds = {"sqlite": "INTEGER PRIMARY KEY", "postgresql": "SERIAL PRIMARY KEY"}
    return kinds.get(found.engine().dialect.name, "INTEGER PRIMARY KEY AUTO_INCREMENT")


def test_another_table(tmp_path: Path, store_url: str) -> None:
    there = {
        "data": {"proof": ["email"]},
        "person": {"via": "id", "to": "users"},
        "triggers": {"end": "archived_trigger"},
    }
    found = users(tmp_path / "p", store_url, {"archive": {"table": "old_users"}}, old_users=there)
    found.run(
        f"CREATE TABLE old_users (number {serial(found)}, id INTEGER, email VARCHAR(80),"
        " archived_trigger DATE, archived_until DATE, archived_grounds VARCHAR(200))",
        "CREATE INDEX archived ON old_users (archived_trigger)",
    )
    plan = found.plan()
    assert {(s.place, s.action): s.rows for s in plan.steps if s.rows} == {
        ("app.users", "archive"): 1,
        ("app.users", "delete"): 3,
    }
    assert found.apply().whole
    assert found.rows("SELECT id FROM users") == [(1,)]
    kept = found.rows("SELECT id, email, archived_trigger, archived_until, archived_grounds FROM old_users")
    assert [tuple(map(str, row)) for row in kept] == [
        ("2", "b@example.com", "2026-06-10", "2031-07-10", "choice: test T-ARC-01")
    ]
    assert found.plan().due == 0
    assert found.plan(datetime(2031, 7, 10, 2, tzinfo=UTC)).due == 0
    end = datetime(2031, 7, 11, 2, tzinfo=UTC)
    assert [(s.place, s.action) for s in found.plan(end).steps if s.rows] == [("app.old_users", "delete")]
    found.apply(end)
    assert found.rows("SELECT COUNT(*) FROM old_users") == [(0,)]


def test_in_another_table_a_changed_row_is_copied_anew(tmp_path: Path, store_url: str) -> None:
    there = {"data": {"proof": ["email"]}, "person": "none", "triggers": {"end": "archived_trigger"}}
    how = {"archive": {"table": "old_users"}, "skeleton": True}
    child = {"data": {"account": ["note"]}, "person": {"via": "user_id", "to": "users"}}
    found = users(tmp_path / "p", store_url, how, old_users=there, notes=child)
    found.run(
        f"CREATE TABLE old_users (number {serial(found)}, id INTEGER, email VARCHAR(80),"
        " archived_trigger DATE, archived_until DATE, archived_grounds VARCHAR(200))",
        "CREATE TABLE notes (id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES users (id), note VARCHAR(9))",
        "INSERT INTO notes VALUES (1, 2, 'x')",
    )
    found.holds.place(
        "litigation",
        (HeldPerson("app.users", (2,)),),
        case="C",
        reason="R",
        author="A",
        review_on=date(2099, 1, 1),
    )
    found.apply()
    assert found.rows("SELECT COUNT(*) FROM old_users") == [(0,)], "a held row stays as it is"
    found.holds.lift(1)
    found.apply()
    assert found.rows("SELECT id, email FROM old_users") == [(2, "b@example.com")]
    assert found.rows("SELECT id, email, phone FROM users WHERE id = 2") == [(2, None, None)]
    found.run("UPDATE users SET email = 'z@example.com' WHERE id = 2")
    found.apply()
    assert [e for (e,) in found.rows("SELECT email FROM old_users ORDER BY number")] == [
        "b@example.com",
        "z@example.com",
    ]
    assert found.rows("SELECT email FROM users WHERE id = 2") == [(None,)]
    assert found.plan().due == 0


@pytest.mark.parametrize("kind", ["DATE", "BOOLEAN NOT NULL DEFAULT FALSE"])
def test_a_flag(tmp_path: Path, store_url: str, kind: str) -> None:
    how = {"archive": {"flag": "archived", "view": "active_users"}}
    found = users(tmp_path / "p", store_url, how, f", archived {kind}")
    found.run(
        "CREATE VIEW active_users AS SELECT * FROM users WHERE archived IS NULL"
        if kind == "DATE"
        else "CREATE VIEW active_users AS SELECT * FROM users WHERE NOT archived"
    )
    assert found.apply().whole
    assert found.rows("SELECT id, email, phone FROM users ORDER BY id") == [
        (1, "a@example.com", "1"),
        (2, "b@example.com", None),
        (4, None, None),
    ]
    assert found.rows("SELECT id FROM active_users") == [(1,)]
    if kind == "DATE":
        assert str(found.rows("SELECT archived FROM users WHERE id = 2")[0][0]) == "2026-11-22"
    assert found.plan().due == 0
    found.apply(datetime(2031, 7, 12, 2, tzinfo=UTC))
    assert found.rows("SELECT id FROM users ORDER BY id") == [(1,)]


def test_an_event_follows_the_end_of_a_category(tmp_path: Path, store_url: str) -> None:
    gone = {"greatest": [{"event": "deletion"}, {"column": "left_on", "open": None}]}
    promises = [
        retention("T-RET-01", "account", "end", "P30D"),
        retention("T-RET-02", "mail", "gone", "P3Y"),
        retention("T-ARC-01", "proof", "gone", "P0D", archive="P5Y"),
    ]
    same = promises[1]["enforced"][0]
    promises[1]["enforced"].append(same | {"trigger": "objection", "active": "P0D"})
    place = {
        "data": {"account": ["phone"], "mail": ["email"], "proof": ["email"]},
        "person": "self",
        "triggers": END | {"gone": gone, "objection": {"event": "objection"}},
        "at_end": {"email": None, "phone": None},
        "notes": {"deletion": {"ended": "account", "unless": "left_on"}},
        "archive": "legal",
    }
    legal = {"legal": {"folder": "archive", "key_backup": "P14D"}}
    found = project(tmp_path / "p", store_url, policy(promises), {"users": place}, legal)
    found.run(
        "CREATE TABLE users (id INTEGER PRIMARY KEY, email VARCHAR(80), phone VARCHAR(20), ended_on DATE,"
        " left_on DATE)",
        "INSERT INTO users VALUES (1, 'a@example.com', '1', NULL, NULL),"
        " (2, 'b@example.com', '2', '2026-09-01', NULL), (3, 'c@example.com', NULL, '2026-09-01', NULL),"
        " (4, 'd@example.com', '4', '2020-09-01', '2020-09-01')",
    )
    plan = found.plan()
    assert {s.action: s.rows for s in plan.steps if s.rows} == {"anonymise": 1, "delete": 1, "note": 2}
    found.apply()
    assert found.rows("SELECT id, email, phone FROM users ORDER BY id") == [
        (1, "a@example.com", "1"),
        (2, "b@example.com", None),
        (3, "c@example.com", None),
    ]
    assert found.plan().due == 0
    tomorrow = NOW + timedelta(days=1)
    assert {s.action: s.rows for s in found.plan(tomorrow).steps if s.rows} == {"archive": 2}
    found.apply(tomorrow)
    assert {s.action: s.rows for s in found.plan(tomorrow).steps if s.rows} == {}
    _object(found, 3)
    found.apply(tomorrow)
    assert found.rows("SELECT id, email FROM users ORDER BY id") == [
        (1, "a@example.com"),
        (2, "b@example.com"),
    ], "who objects is no longer written to; the proof is in the archive"
    with found.db.read() as connection:
        row = tables.archived.c
        query = sa.select(row.row_key, row.trigger_day, row.last_day).order_by(row.row_key)
        days = [tuple(found) for found in connection.execute(query)]
    assert days == [("[2]", "2026-11-22", "2031-11-22"), ("[3]", "2026-11-22", "2031-11-22")]


def _object(found: TestProject, number: int) -> None:
    values = {"id": 99, "name": "objection", "place": "app.users", "parent_key": f"[{number}]"}
    with found.db.begin() as connection:
        connection.execute(sa.insert(tables.event).values(values | {"at": moment(NOW), "source": "test"}))


def test_a_destroyed_archive_step_asks_for_permission(tmp_path: Path, fresh_url: Any) -> None:
    promises = [retention("T-ARC-01", "proof", "end", "P0D", archive="P1Y")]
    place = {"data": "proof", "person": "none", "triggers": {"end": "at"}, "archive": "legal"}
    legal = {"legal": {"folder": "archive", "key_backup": "P14D"}}
    found = project(tmp_path / "p", fresh_url("sqlite"), policy(promises), {"proofs": place}, legal)
    found.run(
        "CREATE TABLE proofs (id INTEGER PRIMARY KEY, at DATE, body TEXT)",
        "CREATE INDEX proofs_at ON proofs (at)",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1200)"
        " INSERT INTO proofs SELECT i, date('2026-01-01', '+' || (i % 300) || ' days'), 'x' FROM n",
    )
    assert found.apply(allow={"app.proofs": 2000}).whole
    assert found.rows("SELECT COUNT(*) FROM proofs") == [(0,)]
    end = datetime(2028, 2, 1, 2, tzinfo=UTC)
    with pytest.raises(Refused, match="1200 rows would be ended in the archive"):
        found.apply(end)
    assert found.apply(end, allow={"app.proofs": 1200}).whole
    assert list((found.folder / "archive").iterdir()) == []
    assert found.ledger.verify().ok


def test_grants_name_what_archiving_needs(tmp_path: Path, postgres_url: str, fresh_url: Any) -> None:
    there = {"data": {"proof": ["email"]}, "person": "none", "triggers": {"end": "archived_trigger"}}
    found = users(tmp_path / "p", fresh_url("postgres"), {"archive": {"table": "old_users"}}, old_users=there)
    found.run(
        "CREATE TABLE old_users (number INTEGER GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id INTEGER,"
        " email VARCHAR(80), archived_trigger DATE, archived_until DATE, archived_grounds VARCHAR(200))"
    )
    role = f"writer_{found.url.rpartition('/')[2].partition('?')[0]}"
    done = CliRunner().invoke(
        command, ["-C", str(found.folder), "stores", "grants", "--writer", role, "--reader", role]
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("GRANT")]
    assert any("INSERT" in line and "old_users" in line for line in lines)
    found.run(f"CREATE ROLE {role} LOGIN", *lines)
    try:
        url = sa.make_url(found.url).set(username=role).render_as_string(hide_password=False)
        stores = found.folder / "stores.yaml"
        stores.write_text(stores.read_text().replace(found.url, url))
        assert found.apply().whole
        assert found.rows("SELECT id, email FROM old_users") == [(2, "b@example.com")]
        found.run("INSERT INTO users VALUES (7, 'g@example.com', '7', '2026-06-10')")
        found.run(f"REVOKE INSERT ON old_users FROM {role}")
        with pytest.raises(Refused, match="lacks INSERT on old_users"):
            found.apply()
    finally:
        found.run(f"DROP OWNED BY {role}", f"DROP ROLE {role}")
