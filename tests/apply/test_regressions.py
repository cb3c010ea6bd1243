"""Rows that once ended too early, were changed though held, or never ended: each stays as it was found."""

from __future__ import annotations

import sqlite3
import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from projects import TestProject, policy, project, retention
from servanda.persons.holds import HeldPerson, HeldRows
from servanda.stores.sql.sqlite.store import SqliteStore

ACCOUNT = retention("T-RET-01", "account", "closure", "P1Y")


def _hold(found: TestProject, scope: HeldPerson | HeldRows) -> None:
    found.holds.place(
        "litigation", (scope,), case="c", reason="r", author="a", review_on=date.today() + timedelta(days=60)
    )


def test_references_in_a_circle_end_one_after_the_other_and_refuse_no_page(
    store_url: str, tmp_path: Path
) -> None:
    places: dict[str, Any] = {
        "users": {"data": "account", "person": "self", "triggers": {"closure": "at"},
                  "references": {"main": {"via": "main_id", "to": "addresses"}}},
        "addresses": {"data": "address", "person": {"via": "user_id", "to": "users"}, "triggers": {"closure": "at"}},
    }  # fmt: skip
    promises = [ACCOUNT, retention("T-RET-02", "address", "closure", "P1Y")]
    found = project(tmp_path / "p", store_url, policy(promises), places)
    found.run(
        "CREATE TABLE users (id INTEGER PRIMARY KEY, main_id INTEGER, at DATE)",
        "CREATE TABLE addresses (id INTEGER PRIMARY KEY, user_id INTEGER, at DATE,"
        " FOREIGN KEY (user_id) REFERENCES users (id))",
        "INSERT INTO users VALUES (1,NULL,'2020-01-01'),(2,NULL,'2020-01-01')",
        "INSERT INTO addresses VALUES (1,1,'2020-01-01')",
    )
    first = found.apply()
    assert first.whole
    assert sum(first.done.values()) == 2
    assert found.rows("SELECT id FROM users") == [(1,)]
    assert found.apply().whole
    assert found.rows("SELECT id FROM users") == []


def test_a_row_of_two_places_waits_for_the_legal_minimum_of_the_other(store_url: str, tmp_path: Path) -> None:
    places = {
        "users": {"data": {"account": ["id", "name"]}, "person": "self", "triggers": {"closure": "at"}},
        "billing": {"table": "users", "data": {"books": ["iban"]}, "person": "self",
                    "triggers": {"closure": "at"}, "where": {"paying": 1}},
    }  # fmt: skip
    promises = [ACCOUNT, retention("T-RET-02", "books", "closure", "P10Y", limit="min")]
    found = project(tmp_path / "p", store_url, policy(promises), places)
    found.run(
        "CREATE TABLE users (id INTEGER PRIMARY KEY, name VARCHAR(9), iban VARCHAR(9), paying INTEGER, at DATE)",
        "INSERT INTO users VALUES (1,'a','x',1,'2024-01-01'),(2,'b','y',0,'2024-01-01'),"
        "(3,'c','z',NULL,'2024-01-01'),(4,'d','w',1,'2010-01-01')",
    )
    planned = found.plan().steps
    outcome = found.apply()
    assert outcome.whole
    assert sum(s.rows for s in planned) >= 3
    assert found.rows("SELECT id FROM users") == [(1,)]


def test_a_hold_on_one_place_holds_the_same_row_in_another(store_url: str, tmp_path: Path) -> None:
    places = {
        "users": {"data": {"account": ["id", "name"]}, "person": "self", "triggers": {"closure": "at"}},
        "members": {"table": "users", "data": {"member": ["badge"]}, "person": "self",
                    "triggers": {"closure": "at"}},
        "visits": {"data": "visit", "person": {"via": "user_id", "to": "users"}, "triggers": {"closure": "at"}},
    }  # fmt: skip
    promises = [
        ACCOUNT,
        retention("T-RET-02", "member", "closure", "P1Y"),
        retention("T-RET-03", "visit", "closure", "P1Y"),
    ]
    found = project(tmp_path / "p", store_url, policy(promises), places)
    found.run(
        "CREATE TABLE users (id INTEGER PRIMARY KEY, name VARCHAR(9), badge VARCHAR(9), at DATE)",
        "CREATE TABLE visits (id INTEGER PRIMARY KEY, user_id INTEGER, at DATE)",
        "INSERT INTO users VALUES (1,'a','x','2020-01-01'),(2,'b','y','2020-01-01'),(3,'c','z','2020-01-01')",
        "INSERT INTO visits VALUES (1,1,'2020-01-01'),(2,2,'2020-01-01')",
    )
    _hold(found, HeldPerson("app.members", (1,)))
    _hold(found, HeldRows("app.members", "badge", "=", "z"))
    found.apply()
    assert sorted(found.rows("SELECT id FROM users")) == [(1,), (3,)]
    assert found.rows("SELECT id FROM visits") == [(1,)]


def test_a_held_row_does_not_lose_its_reference_to_a_parent_that_ends(store_url: str, tmp_path: Path) -> None:
    places = {
        "users": {"data": "account", "person": "self", "triggers": {"closure": "at"}},
        "visits": {"data": "visit", "person": {"via": "user_id", "to": "users"}, "triggers": {"closure": "at"}},
    }  # fmt: skip
    promises = [ACCOUNT, retention("T-RET-02", "visit", "closure", "P1Y")]
    found = project(tmp_path / "p", store_url, policy(promises), places)
    found.run(
        "CREATE TABLE users (id INTEGER PRIMARY KEY, at DATE)",
        "CREATE TABLE visits (id INTEGER PRIMARY KEY, user_id INTEGER, at DATE,"
        " FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE SET NULL)",
        "INSERT INTO users VALUES (1,'2020-01-01'),(2,'2020-01-01')",
        "INSERT INTO visits VALUES (7,1,'2020-01-01'),(8,2,'2026-11-01')",
    )
    _hold(found, HeldRows("app.visits", "id", "=", 7))
    assert found.apply().whole
    assert sorted(found.rows("SELECT id, user_id FROM visits")) == [(7, 1), (8, None)]


def test_a_quick_plan_finds_the_rows_that_waited_for_their_warning(store_url: str, tmp_path: Path) -> None:
    places = {"users": {"data": "account", "person": "self", "triggers": {"closure": "at"}}}
    promises = [retention("T-RET-01", "account", "closure", "P1Y", warn_before="P2D")]
    found = project(tmp_path / "p", store_url, policy(promises), places)
    found.run(
        "CREATE TABLE users (id INTEGER PRIMARY KEY, at DATE)",
        "INSERT INTO users VALUES (1,'2020-01-01')",
    )
    now = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
    for _ in range(2):
        assert found.apply(now).whole
        assert found.rows("SELECT id FROM users") == [(1,)]
    assert found.apply(now + timedelta(days=4)).whole
    assert found.rows("SELECT id FROM users") == []


def test_a_hold_placed_half_way_does_not_make_a_step_look_grown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SqliteStore, "page_size", 200)
    places = {"users": {"data": "account", "person": "self", "triggers": {"closure": "at"}}}
    file = tmp_path / "app.db"
    sqlite3.connect(file).close()
    found = project(tmp_path / "p", f"sqlite:///{file}", policy([ACCOUNT]), places)
    rows = ",".join(f"({i},'2020-01-{1 + i % 28:02}')" for i in range(900))
    found.run("CREATE TABLE users (id INTEGER PRIMARY KEY, at DATE)", f"INSERT INTO users VALUES {rows}")
    calls: list[int] = []
    other = project(found.folder, found.url, policy([ACCOUNT]), places)
    placing = threading.Thread(target=lambda: _hold(other, HeldPerson("app.users", (880,))))

    def stop() -> bool:
        calls.append(1)
        if len(calls) == 4:
            placing.start()
            placing.join(timeout=0.5)  # it returns when the page that is open now was closed
        return False

    outcome = found.apply(stop=stop)
    placing.join()
    assert outcome.whole, outcome.stopped
    assert found.rows("SELECT id FROM users") == [(880,)]


def _sqlite(folder: Path, promises: list[dict[str, Any]], places: dict[str, Any], *sql: str) -> TestProject:
    file = folder / "app.db"
    sqlite3.connect(file).close()
    found = project(folder / "p", f"sqlite:///{file}", policy(promises), places)
    found.run(*sql)
    return found


USERS = {"users": {"data": "account", "person": "self", "triggers": {"closure": "at"}}}


def test_sqlite_two_foreign_keys_that_share_a_column_keep_their_own_rules(tmp_path: Path) -> None:
    found = _sqlite(
        tmp_path, [ACCOUNT], USERS,
        "CREATE TABLE users (tenant INT NOT NULL, id INT NOT NULL, at DATE, PRIMARY KEY (tenant, id))",
        "CREATE TABLE things (tenant INT NOT NULL, id INT NOT NULL, PRIMARY KEY (tenant, id))",
        "CREATE TABLE docs (id INTEGER PRIMARY KEY, tenant INT, user_id INT, thing_id INT,"
        " FOREIGN KEY (tenant, thing_id) REFERENCES things (tenant, id) ON DELETE SET NULL,"
        " FOREIGN KEY (tenant, user_id) REFERENCES users (tenant, id) ON DELETE CASCADE)",
        "INSERT INTO users VALUES (1,1,'2020-01-01')",
        "INSERT INTO docs VALUES (1,1,1,NULL)",
    )  # fmt: skip
    assert found.apply().whole
    assert found.rows("SELECT id FROM docs") == [(1,)]


def test_sqlite_a_foreign_key_in_other_letters_keeps_its_parent(tmp_path: Path) -> None:
    found = _sqlite(
        tmp_path, [ACCOUNT], USERS,
        "CREATE TABLE users (id INTEGER PRIMARY KEY, at DATE)",
        "CREATE TABLE docs (id INTEGER PRIMARY KEY, User_id INT REFERENCES Users (ID) ON DELETE CASCADE)",
        "CREATE TABLE notes (id INTEGER PRIMARY KEY, user_id INT,"
        " FOREIGN KEY (USER_ID) REFERENCES USERS ON DELETE CASCADE)",
        "INSERT INTO users VALUES (1,'2020-01-01'),(2,'2020-01-01'),(3,'2020-01-01')",
        "INSERT INTO docs VALUES (1,1)",
        "INSERT INTO notes VALUES (1,2)",
    )  # fmt: skip
    assert found.apply().whole
    assert found.rows("SELECT id FROM docs") == [(1,)]
    assert found.rows("SELECT id FROM notes") == [(1,)]
    assert found.rows("SELECT id FROM users") == [(1,), (2,)]


def test_times_in_text_end_with_fractions_of_a_second_or_without(store_url: str, tmp_path: Path) -> None:
    closure = {"closure": {"column": "at", "as": "text"}}
    places = {"users": {"data": "account", "person": "self", "triggers": closure}}
    found = project(tmp_path / "p", store_url, policy([ACCOUNT]), places)
    found.run(
        "CREATE TABLE users (id INTEGER PRIMARY KEY, at VARCHAR(40))",
        "INSERT INTO users VALUES (1,'2020-01-01 00:00:00'),(2,'2020-01-02 10:00:00.123456'),"
        "(3,'2025-11-21 22:59:59.999'),(4,'2025-11-22 00:00:00'),(5,'2025-11-22 00:00:00.000001'),"
        "(6,'2026-11-01 10:00:00'),(7,'2020-01-01T10:00:00Z'),(8,'2020-01-01 10:00:00.5x')",
    )
    assert found.apply().whole
    assert sorted(found.rows("SELECT id FROM users")) == [(4,), (5,), (6,), (7,), (8,)]


def test_keys_that_a_collation_takes_for_one_do_not_stop_the_next_plan(
    store_url: str, tmp_path: Path
) -> None:
    places: dict[str, Any] = {
        "users": {"data": "account", "person": "self",
                  "triggers": {"closure": {"latest": "logins.at", "else": "at", "remember": True}}},
        "logins": {"data": "login", "person": {"via": "user_id", "to": "users"}, "triggers": {"login": "at"}},
    }  # fmt: skip
    promises = [
        retention("T-RET-01", "account", "closure", "P3Y"),
        retention("T-RET-02", "login", "login", "P1Y"),
    ]
    found = project(tmp_path / "p", store_url, policy(promises), places)
    found.run(
        "CREATE TABLE users (id VARCHAR(20) PRIMARY KEY, at DATE)",
        "CREATE TABLE logins (id INTEGER PRIMARY KEY, user_id VARCHAR(20), at DATE)",
        "INSERT INTO users VALUES ('ann','2015-01-01'),('bob','2015-01-01')",
    )
    for number, login in ((1, "('ANN','2025-10-01')"), (2, "('ann','2025-11-01')")):
        found.run(f"INSERT INTO logins VALUES ({number},{login[1:]}")
        assert found.apply(quick=False).whole
        assert found.rows("SELECT id FROM logins") == []
    assert found.apply(quick=False).whole
    one = "mariadb" in store_url  # elsewhere ANN is somebody else, and ann has no log-in that counts
    assert found.rows("SELECT id FROM users") == ([("ann",)] if one else [])
