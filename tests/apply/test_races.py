"""What happens between look and act, on real databases: fresh rows and holds that land meanwhile.

An account ends two years after its last log-in. While a page is open another connection
logs in, or somebody places a hold.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from projects import TestProject, policy, project, retention
from servanda.persons.holds import HeldPerson

LOGINS = {
    "none": "",
    "restrict": ", FOREIGN KEY (account_id) REFERENCES accounts (id)",
    "cascade": ", FOREIGN KEY (account_id) REFERENCES accounts (id) ON DELETE CASCADE",
}
PLACES = {
    "accounts": {
        "data": "account",
        "person": "self",
        "triggers": {"last_login": {"latest": "logins.at", "else": "created_on"}},
    },
    "logins": {
        "data": "login",
        "person": {"via": "account_id", "to": "accounts"},
        "triggers": {"login": "at"},
    },
}
PROMISES = [
    retention("T-RET-01", "account", "last_login", "P2Y"),
    retention("T-RET-02", "login", "login", "P10Y"),
]
ACCOUNTS = ", ".join(f"({i}, 'a{i}@example.com', '2019-01-01')" for i in range(1, 61))


def accounts(folder: Path, url: str, key: str) -> TestProject:
    found = project(folder / "p", url, policy(PROMISES), PLACES)
    found.run(
        "CREATE TABLE accounts (id INTEGER PRIMARY KEY, email VARCHAR(60), created_on DATE)",
        f"CREATE TABLE logins (id INTEGER PRIMARY KEY, account_id INTEGER NOT NULL, at DATE{LOGINS[key]})",
        "CREATE INDEX logins_account ON logins (account_id, at)",
        "CREATE INDEX logins_at ON logins (at)",
        f"INSERT INTO accounts VALUES {ACCOUNTS}",
    )
    return found


@contextmanager
def before_statement(words: str, act: Callable[[], None]) -> Iterator[list[str]]:
    """Do something once, right before the first statement that begins so; on any engine."""
    seen: list[str] = []

    def hook(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not seen and statement.lstrip().upper().startswith(words):
            seen.append(statement)
            act()

    sa.event.listen(sa.Engine, "before_cursor_execute", hook)
    try:
        yield seen
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", hook)


def left(found: TestProject) -> set[int]:
    return {row[0] for row in found.rows("SELECT id FROM accounts")}


@pytest.mark.parametrize("key", ["none", "restrict", "cascade"])
def test_a_login_between_plan_and_apply_is_respected(store_url: str, tmp_path: Path, key: str) -> None:
    found = accounts(tmp_path, store_url, key)
    assert {s.id: s.rows for s in found.plan().steps}["app.accounts:delete:T-RET-01"] == 60
    found.run("INSERT INTO logins VALUES (1, 7, '2026-11-21')")
    outcome = found.apply()
    assert outcome.whole
    assert left(found) == {7}
    assert len(found.rows("SELECT id FROM logins")) == 1


@pytest.mark.parametrize("kind", ["postgres", "mariadb"])
@pytest.mark.parametrize("key", ["none", "restrict", "cascade"])
def test_a_login_that_commits_while_the_page_looks_is_respected(
    fresh_url: Any, tmp_path: Path, kind: str, key: str
) -> None:
    """The log-in began before the page; it commits while the page waits for the row, or just before."""
    found = accounts(tmp_path, fresh_url(kind), key)
    engine = found.engine()
    connection = engine.connect()
    connection.exec_driver_sql(
        "INSERT INTO logins VALUES (1, 7, '2026-11-21')"
    )  # open: locks account 7 by its key

    def commit() -> None:
        connection.commit()
        connection.close()

    waiter = threading.Timer(0.4, commit)
    words = "DELETE FROM SERVANDA_PAGE" if kind == "mariadb" else "DELETE FROM ACCOUNTS"
    locking = (
        "INSERT INTO SERVANDA_PAGE" if kind == "mariadb" else "SELECT COUNT(*) AS COUNT_1 \nFROM (SELECT"
    )
    if key == "none":
        with before_statement(words, commit) as seen:  # committed after the page began, before it looks
            outcome = found.apply()
        assert seen
    else:
        with before_statement(locking, waiter.start) as seen:
            outcome = found.apply()
        assert seen, "the page never locked its rows"
        waiter.join()
    engine.dispose()
    assert outcome.whole
    assert left(found) == {7}, "a person who logged in meanwhile was deleted"
    assert len(found.rows("SELECT id FROM logins")) == 1, "a cascade took the fresh log-in"


@pytest.mark.parametrize("kind", ["postgres", "mariadb"])
def test_a_login_after_the_rows_are_locked_waits_and_is_refused_by_its_key(
    fresh_url: Any, tmp_path: Path, kind: str
) -> None:
    """With a foreign key the application cannot log into an account that is being deleted."""
    found = accounts(tmp_path, fresh_url(kind), "restrict")
    engine = found.engine()
    errors: list[str] = []

    def log_in() -> None:
        try:
            with engine.begin() as connection:
                connection.exec_driver_sql("INSERT INTO logins VALUES (1, 7, '2026-11-21')")
        except sa.exc.DBAPIError as error:
            errors.append(type(error).__name__)

    thread = threading.Thread(target=log_in)

    def begin() -> None:
        thread.start()
        time.sleep(0.3)

    with before_statement("DELETE FROM ACCOUNTS", begin) as seen:
        outcome = found.apply()
    thread.join()
    engine.dispose()
    assert seen
    assert outcome.whole
    assert errors, "a log-in was accepted for an account that is gone"
    assert left(found) == set()
    assert found.rows("SELECT id FROM logins") == []


def test_a_hold_between_plan_and_apply_is_respected(store_url: str, tmp_path: Path) -> None:
    found = accounts(tmp_path, store_url, "cascade")
    found.plan()
    hold(found, 7)
    assert found.apply().whole
    assert left(found) == {7}


def test_a_hold_that_is_confirmed_while_pages_go_on_is_respected(store_url: str, tmp_path: Path) -> None:
    """Placed from another thread between two pages: pages that are opened later know of it."""
    found = accounts(tmp_path, store_url, "cascade")
    confirmed: dict[str, set[int]] = {}
    thread: list[threading.Thread] = []

    def place() -> None:
        other = project(found.folder, found.url, policy(PROMISES), PLACES)
        hold(other, 60)
        confirmed["left"] = left(other)

    class Listening:
        def said(self, sentence: str) -> None:
            del sentence

        def moved(self, step: Any, done: int) -> None:
            del step
            if not thread and done:
                thread.append(threading.Thread(target=place))
                thread[0].start()
                thread[0].join(timeout=1.0)

    found.listener = Listening()  # type: ignore[assignment]
    small_pages = 10
    with pytest.MonkeyPatch.context() as patch:
        from servanda.stores.sql.mariadb.store import MariadbStore
        from servanda.stores.sql.store import SqlStore

        patch.setattr(SqlStore, "page_size", property(lambda _: small_pages))
        patch.setattr(MariadbStore, "page_size", property(lambda _: small_pages))
        outcome = found.apply()
    thread[0].join()
    assert outcome.whole
    assert 60 in confirmed["left"], (
        "the row was gone when the hold was confirmed: the test placed it too late"
    )
    assert left(found) == {60}


def test_two_applies_at_once(store_url: str, tmp_path: Path) -> None:
    from servanda.errors import Refused

    found = accounts(tmp_path, store_url, "cascade")
    with found.db.exclusive("apply"), pytest.raises(Refused, match="apply"):
        found.apply()
    assert len(left(found)) == 60


def hold(found: TestProject, account: int) -> None:
    found.holds.place(
        "litigation",
        (HeldPerson("app.accounts", (account,)),),
        case="C-1",
        reason="a dispute",
        author="legal",
        review_on=date(2030, 1, 1),
    )


def hold_visits(found: TestProject) -> None:
    """Hold the newest visit by a condition."""
    from servanda.persons.holds import HeldRows

    found.holds.place(
        "litigation",
        (HeldRows("app.visits", "id", ">=", 999),),
        case="C-2",
        reason="a dispute",
        author="legal",
        review_on=date(2030, 1, 1),
    )
