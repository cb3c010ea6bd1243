"""What Servanda remembers for a sweep: warnings, latest dates, events, watermarks; and its own database elsewhere."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from projects import NOW, TestProject, policy, project, retention
from servanda.database import tables
from servanda.persons.holds import HeldPerson
from servanda.post.outbox import RowAddress, open_letter

TABLES = (
    "CREATE TABLE accounts (id INTEGER PRIMARY KEY, email VARCHAR(60), created_on DATE)",
    "CREATE TABLE logins (id INTEGER PRIMARY KEY, account_id INTEGER, at DATE,"
    " FOREIGN KEY (account_id) REFERENCES accounts (id))",
    "CREATE INDEX logins_account ON logins (account_id, at)",
    "CREATE INDEX logins_at ON logins (at)",
)


def places(**latest: Any) -> dict[str, Any]:
    return {
        "accounts": {
            "data": "account",
            "person": "self",
            "triggers": {"last_login": {"latest": "logins.at", "else": "created_on"} | latest},
        },
        "logins": {
            "data": "login",
            "person": {"via": "account_id", "to": "accounts"},
            "triggers": {"login": "at"},
        },
    }


def accounts(folder: Path, url: str, promises: list[dict[str, Any]], **latest: Any) -> TestProject:
    found = project(folder / "p", url, policy(promises), places(**latest))
    found.run(*TABLES)
    return found


def ids(found: TestProject, table: str = "accounts") -> list[int]:
    return sorted(row[0] for row in found.rows(f"SELECT id FROM {table}"))


# -- warnings ---------------------------------------------------------------------------------


def letters(found: TestProject) -> list[str]:
    """The keys of the rows that letters in the outbox are for, the oldest first."""
    with found.db.read() as connection:
        rows = connection.execute(sa.select(tables.outbox).order_by(tables.outbox.c.id)).all()
    addresses = [open_letter(found.vault, row).to for row in rows]
    return [address.key for address in addresses if isinstance(address, RowAddress)]


def test_an_account_ends_only_when_its_warning_is_old_enough_and_nothing_followed(
    store_url: str, tmp_path: Path
) -> None:
    promises = [
        retention("T-RET-01", "account", "last_login", "P2Y", warn_before="P30D"),
        retention("T-RET-02", "login", "login", "P10Y"),
    ]
    found = accounts(tmp_path, store_url, promises)
    found.run(
        "INSERT INTO accounts VALUES (1,'a@example.com','2020-01-01'),(2,'b@example.com','2020-01-01'),"
        "(3,'c@example.com','2026-01-01')",
        "INSERT INTO logins VALUES (1, 1, '2024-12-10')",
    )
    assert [(w.place, w.rows) for w in found.plan(NOW).waiting] == [("app.accounts", 1)], (
        "an overdue row was not told"
    )
    first = found.apply(NOW)
    assert ids(found) == [1, 2, 3], "somebody was deleted without a warning"
    assert sorted(letters(found)) == ["[1]", "[2]"]  # 1 is due within thirty days, 2 is overdue
    assert sum(first.done.values()) == 2
    assert found.apply(NOW + timedelta(days=29)).whole
    assert ids(found) == [1, 2, 3]
    assert len(letters(found)) == 2, "a person was warned twice"
    found.run("INSERT INTO logins VALUES (2, 1, '2026-12-01')")
    assert found.apply(NOW + timedelta(days=31)).whole
    assert ids(found) == [1, 3], "2 was warned a month ago; 1 came back"
    later = datetime(2028, 12, 2, 12, 0, tzinfo=UTC)
    assert found.plan(NOW + timedelta(days=32)).waiting == ()
    assert found.apply(later).whole
    assert 1 in ids(found), "1 is inactive again: the warning of two years before does not count"
    assert letters(found).count("[1]") == 2


# -- latest dates that outlive their rows -----------------------------------------------------


def test_a_latest_date_is_remembered_when_its_rows_end(store_url: str, tmp_path: Path) -> None:
    promises = [
        retention("T-RET-01", "account", "last_login", "P3Y"),
        retention("T-RET-02", "login", "login", "P1Y"),
    ]
    found = accounts(tmp_path, store_url, promises, remember=True)
    found.run(
        "INSERT INTO accounts VALUES (1,'a@example.com','2019-01-01'),(2,'b@example.com','2019-01-01')",
        "INSERT INTO logins VALUES (1, 1, '2025-06-01'), (2, 1, '2024-02-01'), (3, NULL, '2020-01-01')",
    )
    assert found.apply().whole
    assert ids(found) == [1]
    assert ids(found, "logins") == []
    assert found.apply(NOW + timedelta(days=1)).whole
    assert ids(found) == [1], "without its log-ins the account looked inactive since 2019"
    day_after = datetime(2028, 6, 2, 12, 0, tzinfo=UTC)
    found.apply(day_after - timedelta(days=1))
    assert ids(found) == [1]
    found.apply(day_after)
    assert ids(found) == []


# -- events -----------------------------------------------------------------------------------


def test_an_event_that_only_the_application_knows(store_url: str, tmp_path: Path) -> None:
    from click.testing import CliRunner

    from servanda.cli import command

    promises = [retention("T-RET-01", "account", "account_deleted", "P1M")]
    place = {
        "accounts": {
            "data": "account",
            "person": "self",
            "triggers": {"account_deleted": {"event": "deleted"}},
        }
    }
    found = project(tmp_path / "p", store_url, policy(promises), place)
    found.run(TABLES[0], "INSERT INTO accounts VALUES (1,'a@example.com',NULL),(2,'b@example.com',NULL)")
    assert found.plan().due == 0
    run = [
        "-C",
        str(found.folder),
        "event",
        "record",
        "deleted",
        "app.accounts=2",
        "--at",
        "2026-10-21T23:30:00+02:00",
    ]
    assert CliRunner().invoke(command, run).exit_code == 0
    found.apply(datetime(2026, 11, 21, 22, 0, tzinfo=UTC))
    assert ids(found) == [1, 2]
    found.apply(datetime(2026, 11, 21, 23, 30, tzinfo=UTC))  # 22 November in Paris
    assert ids(found) == [1]


# -- watermarks -------------------------------------------------------------------------------


def visits(folder: Path, url: str) -> TestProject:
    place = {
        "accounts": {"data": "account", "person": "self", "triggers": {"made": "created_on"}},
        "logins": {
            "data": "login",
            "person": {"via": "account_id", "to": "accounts"},
            "triggers": {"login": "at"},
        },
    }
    promises = [
        retention("T-RET-01", "login", "login", "P1Y"),
        retention("T-RET-02", "account", "made", "P50Y"),
    ]
    found = project(folder / "p", url, policy(promises), place)
    found.run(*TABLES, "INSERT INTO accounts VALUES (1,'a@example.com','2019-01-01')")
    found.run("INSERT INTO logins VALUES (1,1,'2020-01-01'),(2,1,'2024-01-01'),(3,1,'2025-11-22')")
    return found


def since(found: TestProject, now: datetime = NOW) -> date | None:
    return next(s.since for s in found.plan(now).steps if s.place == "app.logins")


def test_the_next_sweep_begins_where_the_last_one_ended(store_url: str, tmp_path: Path) -> None:
    found = visits(tmp_path, store_url)
    assert since(found) is None
    found.apply()
    assert since(found, NOW + timedelta(days=1)) == date(2025, 11, 22)
    assert found.apply(NOW + timedelta(days=1)).done["app.logins:delete:T-RET-01"] == 1
    assert ids(found, "logins") == []
    found.run("INSERT INTO logins VALUES (9,1,'2021-01-01')")  # imported late, below the mark
    assert found.apply(NOW + timedelta(days=2)).done["app.logins:delete:T-RET-01"] == 0
    found.apply(NOW + timedelta(days=8))
    assert ids(found, "logins") == [], "the weekly look at everything missed a late row"


def test_a_lifted_hold_and_a_changed_policy_begin_below_the_mark(store_url: str, tmp_path: Path) -> None:
    found = visits(tmp_path, store_url)
    hold = found.holds.place(
        "litigation",
        (HeldPerson("app.accounts", (1,)),),
        case="C",
        reason="r",
        author="a",
        review_on=date(2030, 1, 1),
    )
    found.apply()
    assert ids(found, "logins") == [1, 2, 3]
    assert found.plan(NOW + timedelta(hours=1)).due == 0
    found.holds.lift(hold.id)
    assert since(found, NOW + timedelta(hours=2)) is None
    found.apply(NOW + timedelta(hours=2))
    assert ids(found, "logins") == [3]


# -- Servanda's own database elsewhere --------------------------------------------------------


@pytest.mark.parametrize("kind", ["postgres", "mariadb"])
def test_its_own_database_may_be_a_server(kind: str, fresh_url: Any, tmp_path: Path) -> None:
    from servanda.database import Database
    from servanda.vault import Vault

    found = visits(tmp_path, fresh_url("sqlite"))
    with Database.open(fresh_url(kind), tmp_path) as own:
        found.db.close()
        found.db, found.vault = own, Vault.create(own)
        found.holds.place(
            "order", (HeldPerson("app.accounts", (1,)),), case="C", reason="r", author="a",
            review_on=date(2030, 1, 1), ends_on=date(2027, 1, 1),
        )  # fmt: skip
        assert found.apply().whole
        assert ids(found, "logins") == [1, 2, 3]
        assert found.apply(datetime(2027, 1, 2, 12, 0, tzinfo=UTC)).whole
        assert ids(found, "logins") == [], "an order that has ended still held"
        assert found.ledger.verify().ok
