"""After a restore: who was erased is noticed, erased again, and the database equals one that was never restored."""

from __future__ import annotations

import os
import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from forked import fork
from projects import NOW, TestProject, policy, project, retention
from servanda.apply import restore
from servanda.apply.by_person import erase
from servanda.apply.tombstones import delete_expired_tombstones
from servanda.database import Database, tables
from servanda.errors import Refused
from servanda.persons.holds import HeldPerson
from servanda.persons.person import Person
from servanda.plan.due import Of
from servanda.vault import Vault

TABLES = ("accounts", "logins", "invoices")
PEOPLE = 30
GONE = (3, 4, 9, 30)
PLACES: dict[str, Any] = {
    "accounts": {
        "data": "a",
        "person": "self",
        "identifiers": {"email": "email"},
        "triggers": {"x": "created_on"},
        "skeleton": True,
        "at_end": {"email": None, "name": None},
        "flags": {"objection": {"column": "mails", "on": 0}},
    },
    "logins": {
        "data": "a",
        "person": {"via": "account_id", "to": "accounts"},
        "triggers": {"x": {"of": "person", "column": "created_on"}},
    },
    "invoices": {
        "data": "books",
        "person": {"via": "account_id", "to": "accounts"},
        "triggers": {"issued": "issued_on"},
    },
}


@pytest.fixture
def made(tmp_path: Path, store_url: str) -> TestProject:
    law = {"limit": "min", "ground": {"law": "FR/c-com/L123-22"}}
    promises = [
        retention("K-RET-01", "a", "x", "P90Y"),
        retention("K-RET-02", "books", "issued", "P10Y", **law),
    ]
    found = project(tmp_path / "p", store_url, policy(promises), PLACES)
    ids = range(1, PEOPLE + 1)
    rows = ", ".join(f"({i}, 'u{i}@example.com', 'N{i}', '2020-01-0{i % 9 + 1}', 1)" for i in ids)
    found.run(
        "CREATE TABLE accounts (id INTEGER PRIMARY KEY, email VARCHAR(50), name VARCHAR(20), created_on DATE,"
        " mails INTEGER)",
        "CREATE TABLE logins (id INTEGER PRIMARY KEY, account_id INTEGER NOT NULL REFERENCES accounts(id))",
        "CREATE TABLE invoices (id INTEGER PRIMARY KEY, account_id INTEGER REFERENCES accounts(id), issued_on DATE)",
        f"INSERT INTO accounts VALUES {rows}",
        "INSERT INTO logins VALUES " + ", ".join(f"({i * 100 + j}, {i})" for i in ids for j in range(5)),
        "INSERT INTO invoices VALUES " + ", ".join(f"({i}, {i}, '2020-01-01')" for i in ids if i % 2),
    )
    return found


Content = dict[str, list[tuple[Any, ...]]]


def content(made: TestProject) -> Content:
    return {t: sorted(made.rows(f"SELECT * FROM {t}"), key=repr) for t in TABLES}


def put_back(made: TestProject, backup: Content) -> None:
    """What restoring a backup does: the database is as it was, and nothing that happened since is in it."""
    engine = made.engine()
    with engine.begin() as connection:
        for table in reversed(TABLES):
            connection.exec_driver_sql(f"DELETE FROM {table}")
        meta = sa.MetaData()
        for table in TABLES:
            real = sa.Table(table, meta, autoload_with=connection)
            if backup[table]:
                names = [c.name for c in real.columns]
                connection.execute(
                    sa.insert(real),
                    [dict(zip(names, row, strict=True)) for row in typed(backup[table], real)],
                )
    engine.dispose()


def typed(rows: list[tuple[Any, ...]], table: sa.Table) -> list[tuple[Any, ...]]:
    kinds = [c.type for c in table.columns]
    return [
        tuple(
            date.fromisoformat(v) if isinstance(k, sa.Date) and isinstance(v, str) else v
            for v, k in zip(row, kinds, strict=True)
        )
        for row in rows
    ]


def ended(made: TestProject, *numbers: int) -> None:
    with made.opened() as project:
        asked = [Of(f"person-{n}", [Person("app.accounts", (n,))]) for n in numbers]
        assert all(one.done for one in erase(project, asked))


def look(made: TestProject) -> restore.Verdict:
    with made.opened() as project:
        return restore.check(project)


def accepted(made: TestProject, reason: str, second: str = "B. Second") -> int:
    with made.opened() as project:
        return restore.accept(project, reason, second)


def replay(made: TestProject) -> restore.Verdict:
    with made.opened() as project:
        return restore.replay(project)


def test_a_restored_database_becomes_what_its_twin_is(made: TestProject) -> None:
    backup = content(made)
    ended(made, *GONE)
    twin = content(made)
    assert not look(made).restored
    put_back(made, backup)
    found = look(made)
    assert (found.rows, found.places, found.doubtful) == (len(GONE), ("app.accounts",), 0)
    assert not replay(made).restored
    assert content(made) == twin
    assert not look(made).restored
    assert made.ledger.last("restore.replayed", persons=len(GONE)) is not None
    assert made.ledger.verify().ok


def test_nothing_is_done_before_it_is_settled(made: TestProject) -> None:
    backup = content(made)
    ended(made, 3)
    put_back(made, backup)
    with pytest.raises(Refused, match="restored from a backup: 1 erased row came back"):
        made.apply()
    with pytest.raises(Refused, match="restored from a backup"):
        ended(made, 4)
    with pytest.raises(Refused, match="two persons"):
        accepted(made, "no", " ")
    replay(made)
    made.apply()
    ended(made, 4)


def test_a_wrong_alarm_ends_with_a_reason_and_a_second_person(made: TestProject) -> None:
    backup = content(made)
    ended(made, 3)
    put_back(made, backup)
    assert look(made).rows == 1
    assert accepted(made, "the row was typed in again, with consent") == 1
    entry = made.ledger.last("restore.accepted", second="B. Second")
    assert entry is not None
    assert not look(made).restored
    made.apply()
    assert made.rows("SELECT COUNT(*) FROM accounts WHERE id = 3") == [(1,)]


def test_who_is_back_and_held_now_stops_nobody_else(made: TestProject) -> None:
    backup = content(made)
    ended(made, 4)
    put_back(made, backup)
    scope = (HeldPerson("app.accounts", (4,)),)
    review = date.today() + timedelta(days=900)
    held = made.holds.place("litigation", scope, case="C", reason="R", author="A", review_on=review)
    assert not replay(made).restored
    assert made.rows("SELECT COUNT(*) FROM accounts WHERE id = 4") == [(1,)]
    made.apply()
    made.holds.lift(held.id)
    made.apply()
    assert made.rows("SELECT COUNT(*) FROM accounts WHERE id = 4") == [(0,)]
    put_back(made, backup)
    assert look(made).rows == 1, "it is known again"


def test_a_key_that_was_used_again_is_somebody_else(made: TestProject) -> None:
    ended(made, 4)
    made.run("INSERT INTO accounts VALUES (4, 'new@example.com', 'New', '2026-11-23', 1)")
    found = look(made)
    assert (found.rows, found.doubtful) == (0, 1)
    replay(made)
    assert made.rows("SELECT email FROM accounts WHERE id = 4") == [("new@example.com",)]


def test_somebody_who_came_back_with_the_same_address_is_not_erased(made: TestProject) -> None:
    ended(made, 4)
    made.run("INSERT INTO accounts VALUES (4, 'U4@example.com', 'Four', '2026-11-23', 1)")
    assert not look(made).restored
    made.run(
        "DELETE FROM accounts WHERE id = 4",
        "INSERT INTO accounts VALUES (99, 'u4@example.com', 'N', '2026-11-23', 1)",
    )
    assert not look(made).restored


def test_a_row_that_changed_after_the_backup_is_known_by_its_address(made: TestProject) -> None:
    made.run("UPDATE accounts SET name = 'Renamed' WHERE id = 4")
    ended(made, 4)
    made.run("INSERT INTO accounts VALUES (4, 'u4@example.com', 'N4', '2020-01-05', 1)")
    assert look(made).rows == 1


def test_latest_rows_that_are_gone_are_suspicious(made: TestProject) -> None:
    backup = content(made)
    made.run(
        "INSERT INTO accounts VALUES (200, 'z@example.com', 'Z', '2026-11-01', 1)",
        "INSERT INTO logins VALUES (99000, 200)",
        "INSERT INTO invoices VALUES (900, 200, '2026-11-01')",
    )
    made.apply()
    put_back(made, backup)
    with pytest.raises(Refused, match=r"the latest rows of app.accounts, app.invoices, app.logins are gone"):
        made.apply()
    accepted(made, "a test account was removed by hand")
    made.apply()


def test_tombstones_name_nobody_and_end_with_the_backups(made: TestProject) -> None:
    ended(made, 3)
    with made.db.read() as connection:
        rows = [str(row) for row in connection.execute(sa.select(tables.tombstone))]
    assert rows
    assert not [row for row in rows if "example.com" in row or "N3" in row]
    today = NOW.date()
    assert delete_expired_tombstones(made.db, today + timedelta(days=364)) == 0
    assert delete_expired_tombstones(made.db, today + timedelta(days=367)) == len(rows)


def killed(made: TestProject, after: float) -> None:
    """Replay in a process of its own, and kill it some seconds after it was ready."""

    def go(tell: int) -> None:
        db = Database.open(None, made.folder)
        own = TestProject(made.folder, made.url, db, Vault.open(db))
        with own.opened() as project:
            os.write(tell, b"r")
            restore.replay(project)

    fork(go, after)


def test_a_replay_that_is_killed_is_finished_by_the_next(made: TestProject) -> None:
    backup = content(made)
    ended(made, *GONE)
    twin, chance = content(made), random.Random(5)
    for _ in range(6):
        put_back(made, backup)
        killed(made, chance.uniform(0, 0.15))
        assert not replay(made).restored
        assert content(made) == twin
        assert made.ledger.verify().ok


def test_objections_hold_after_a_restore(made: TestProject) -> None:
    from servanda.rights.reapply_flags import reapply_flags
    from servanda.rights.record.suppression import suppress

    backup = content(made)
    with made.db.begin() as connection:
        suppress(connection, made.vault, "U7@example.com", "marketing", NOW.date(), None)
    made.run("UPDATE accounts SET mails = 0 WHERE id = 7")
    put_back(made, backup)
    with made.opened() as project:
        assert reapply_flags(project) == 1
        assert reapply_flags(project) == 0
    assert made.rows("SELECT id FROM accounts WHERE mails = 0") == [(7,)]


NUMBERS = {
    "sqlite": "INTEGER PRIMARY KEY AUTOINCREMENT",
    "postgresql": "BIGSERIAL PRIMARY KEY",
    "mariadb": "BIGINT PRIMARY KEY AUTO_INCREMENT",
    "mysql": "BIGINT PRIMARY KEY AUTO_INCREMENT",
}
BACK = {
    "sqlite": "UPDATE sqlite_sequence SET seq = 2 WHERE name = '{0}'",
    "postgresql": "SELECT setval('{0}_id_seq', 2)",
    "mariadb": "ALTER TABLE {0} AUTO_INCREMENT = 3",
    "mysql": "ALTER TABLE {0} AUTO_INCREMENT = 3",
}


def test_a_store_that_counts_tells_a_delete_from_a_restore(tmp_path: Path, store_url: str) -> None:
    places = {
        "people": {"data": "a", "person": "self", "triggers": {"x": "on_day"}},
        "notes": {"data": "a", "person": {"via": "person", "to": "people"}, "triggers": {"x": "on_day"}},
    }
    made = project(tmp_path / "p", store_url, policy([retention("K-RET-01", "a", "x", "P90Y")]), places)
    kind = made.engine().dialect.name
    made.run(
        f"CREATE TABLE people (id {NUMBERS[kind]}, on_day DATE)",
        f"CREATE TABLE notes (id {NUMBERS[kind]}, person BIGINT REFERENCES people (id), on_day DATE)",
        *["INSERT INTO people (on_day) VALUES ('2026-01-01')"] * 5,
        *["INSERT INTO notes (person, on_day) VALUES (1, '2026-01-01')"] * 5,
    )
    made.apply()
    made.run("DELETE FROM notes WHERE id > 2", "DELETE FROM people WHERE id > 2")
    assert not look(made).restored, "the application deleted its newest rows, and nothing was restored"
    made.run(BACK[kind].format("people"), BACK[kind].format("notes"))
    assert look(made).behind == ("app.notes", "app.people")
