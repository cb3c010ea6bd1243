"""Bad days in the middle of an apply: each ends in a clear state, the ledger is true, and the same command goes on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Unpack

import pytest
import sqlalchemy as sa
from killing import ALLOW, World, warm, world
from test_races import before_statement

from projects import NOW, Choices, Quiet, TestProject
from servanda.cli import main
from servanda.database import Database
from servanda.errors import Refused, ServandaError, StoreError
from servanda.plan.plan import Saved, Step, load
from servanda.vault import Vault

SERVERS = ["postgres", "mariadb"]
KINDS = ["sqlite", *SERVERS]


@pytest.fixture(params=KINDS)
def found(request: pytest.FixtureRequest, fresh_url: Any, tmp_path: Path) -> World:
    return world(tmp_path, fresh_url(request.param), request.param, seed=3)


@pytest.fixture(params=SERVERS)
def served(request: pytest.FixtureRequest, fresh_url: Any, tmp_path: Path) -> World:
    return world(tmp_path, fresh_url(request.param), request.param, seed=4)


class After(Quiet):
    """Does something once, after a page of a table."""

    def __init__(self, table: str, act: Callable[[], None]) -> None:
        super().__init__()
        self.table, self.act, self.done = table, act, False

    def moved(self, step: Step, done: int) -> None:
        super().moved(step, done)
        if not self.done and step.table == self.table:
            self.done = True
            self.act()


def words(found: World, **more: Unpack[Choices]) -> list[str]:
    """What an apply says for each step that stopped, or why it did not go on; never a value of a row."""
    choices: Choices = {"quick": False, "allow": ALLOW, "pace": "full"}
    try:
        outcome = found.found.apply(**(choices | more))
        said = list(outcome.stopped.values())
    except ServandaError as error:
        said = [error.message]
    assert not any("@example.com" in s for s in [*said, *found.found.listener.sentences])
    return said


def goes_on(found: World, before: dict[str, int]) -> None:
    """After a fault: what is gone was due and is recorded, and the same command does the rest."""
    found.check(before)
    found.found.listener = Quiet()
    found.finish()


def sessions(found: World, kill: str, connection: sa.Connection) -> None:
    """Cut (or only cancel) what servanda is doing in the database, as its administrator would."""
    if found.kind == "postgres":
        act = "pg_terminate_backend" if kill == "connection" else "pg_cancel_backend"
        query = f"SELECT {act}(pid) FROM pg_stat_activity WHERE application_name = 'servanda'"
        connection.exec_driver_sql(query + " AND datname = current_database()").all()
        return
    query = "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()"
    for (id_,) in connection.exec_driver_sql(query).all():
        with suppress(sa.exc.DBAPIError):
            connection.exec_driver_sql(f"KILL {kill.upper()} {id_}")


@contextmanager
def administrator(found: World) -> Iterator[sa.Connection]:
    """A connection of the database's administrator."""
    engine = sa.create_engine(found.found.url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def test_a_connection_that_is_cut_between_pages(served: World) -> None:
    with suppress(SystemExit):
        main(["--version"])  # signals are as the program sets them: one of them ended it in silence here
    before = served.remaining()

    def cut() -> None:
        with administrator(served) as connection:
            sessions(served, "connection", connection)

    listener = After("visits", cut)
    served.found.listener = listener
    said = words(served)
    assert listener.done
    assert said
    assert all("store “app”" in s for s in said), said
    assert any("does not answer" in s for s in said), said
    goes_on(served, before)


@contextmanager
def again_and_again(act: Callable[[], None], pause: float) -> Iterator[None]:
    """Do something in another thread, again and again, for as long as the block takes."""
    over = threading.Event()

    def run() -> None:
        while not over.wait(pause):
            act()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@pytest.mark.parametrize("kill", ["connection", "query"])
def test_connections_are_cut_and_statements_cancelled_at_any_moment(served: World, kill: str) -> None:
    told: list[str] = []
    for turn in range(30):
        if told and turn >= 3:
            break
        before = served.remaining()
        with (
            administrator(served) as connection,
            again_and_again(partial(sessions, served, kill, connection), 0.01),
        ):
            said = words(served)
        assert all("store “app”" in s for s in said), said
        told += [*said, *served.found.listener.sentences]
        served.check(before)
        served.add()
    assert told, "nothing was ever cut"
    goes_on(served, served.remaining())


def test_writers_that_lock_the_same_rows_in_another_order(found: World) -> None:
    """Deadlocks are tried again; the application gets at most what its database gives it, and keeps its data."""
    before = found.remaining()
    engine = found.found.engine()

    def write() -> None:
        ids = sorted((found.chance.randrange(1, 350) for _ in range(4)), reverse=True)
        with suppress(sa.exc.DBAPIError), engine.begin() as connection:
            for id_ in ids:
                connection.exec_driver_sql(f"UPDATE visits SET at = at WHERE id = {id_}")
                time.sleep(0.002)

    with again_and_again(write, 0.01), again_and_again(write, 0.01):
        said = words(found)
    engine.dispose()
    assert all("stayed locked" in s for s in said), said
    goes_on(found, before)


def saved(found: World) -> Saved:
    return load(found.found.plan(quick=False).save(found.found.folder / "plans"))


def test_a_clock_that_is_set_back_between_plan_and_apply(found: World) -> None:
    plan, before = saved(found), found.remaining()
    with pytest.raises(Refused, match="of another day"):
        found.found.apply(NOW - timedelta(days=1), plan, quick=False, allow=ALLOW)
    assert found.remaining() == before
    assert not any(found.look().values())
    assert found.found.apply(NOW - timedelta(hours=1), plan, quick=False, allow=ALLOW, pace="full").whole
    goes_on(found, before)


def test_a_plan_that_is_applied_twice(found: World) -> None:
    plan, before = saved(found), found.remaining()
    assert found.found.apply(saved=plan, quick=False, allow=ALLOW, pace="full").whole
    found.check(before)
    again = found.found.apply(saved=plan, quick=False, allow=ALLOW, pace="full")
    assert again.whole
    assert not any(again.done.values())
    goes_on(found, found.remaining())


def test_two_applies_at_once(found: World) -> None:
    before = found.remaining()
    said: list[str] = []

    def second() -> None:
        db = Database.open(None, found.found.folder)
        other = TestProject(found.found.folder, found.found.url, db, Vault.open(db))
        try:
            other.apply(quick=False, allow=ALLOW)
        except Refused as error:
            said.append(error.message)

    found.found.listener = After("visits", second)
    assert words(found) == []
    assert said == ["another apply is running; nothing was changed"]
    goes_on(found, before)


RENAMED = ("ALTER TABLE visits RENAME TO visits_old", "ALTER TABLE visits_old RENAME TO visits")
MOVED = ("ALTER TABLE visits RENAME COLUMN at TO came", "ALTER TABLE visits RENAME COLUMN came TO at")


@pytest.mark.parametrize("change", [RENAMED, MOVED], ids=["table", "column"])
def test_a_table_or_a_column_that_goes_away_between_pages(found: World, change: tuple[str, str]) -> None:
    before = found.remaining()
    found.found.listener = After("visits", lambda: found.found.run(change[0]))
    said = words(found)
    assert len(said) == 1, said
    assert "store “app” refused a statement" in said[0]
    found.found.run(change[1])
    goes_on(found, before)


@pytest.mark.parametrize("change", [RENAMED, MOVED], ids=["table", "column"])
def test_a_table_or_a_column_that_goes_away_between_plan_and_apply(
    found: World, change: tuple[str, str]
) -> None:
    plan, before = saved(found), found.remaining()
    found.found.run(change[0])
    with pytest.raises(Refused, match="stale"):
        found.found.apply(saved=plan, quick=False, allow=ALLOW)
    found.found.run(change[1])
    assert not any(found.look().values())
    goes_on(found, before)


@pytest.mark.parametrize("room", [60_000, 120_000, 300_000, 400_000, 480_000, 500_000])
def test_no_room_for_another_byte(fresh_url: Any, tmp_path: Path, room: int) -> None:
    """No file may grow beyond a size: the store's, its journal, and Servanda's own, wherever that comes first."""
    found = world(tmp_path, fresh_url("sqlite"), "sqlite", seed=room)
    before = found.remaining()
    with warm(found.found.folder, found.found.url, room) as process:
        assert process.apply() in (1, 3), "neither done in part nor refused with a sentence"
    goes_on(found, before)


def test_an_own_database_that_is_full_in_the_middle(found: World) -> None:
    """The page that was done and cannot be recorded is found at the next start."""
    before = found.remaining()
    small: list[str] = []

    def limit(_c: Any, cursor: Any, statement: str, *_: Any) -> None:
        if listener.done and statement.startswith("INSERT INTO servanda_entry") and not small:
            small.append(statement)
            pages = cursor.execute("PRAGMA page_count").fetchone()[0]
            cursor.execute(f"PRAGMA max_page_count = {pages}")

    listener = After("visits", lambda: None)
    found.found.listener = listener
    engine = found.found.db.engine
    sa.event.listen(engine, "before_cursor_execute", limit)
    with pytest.raises(StoreError, match="the disk is full"):  # noqa: PT012
        for _ in range(30):  # until the pages that are there are full
            found.found.apply(quick=False, allow=ALLOW, pace="full")
            found.check(before)
            found.add()
            before = found.remaining()
            listener.done, small[:] = False, []
    sa.event.remove(engine, "before_cursor_execute", limit)
    found.found.db.close()
    goes_on(found, before)


def test_a_row_that_comes_into_a_page_while_its_dates_are_kept(served: World) -> None:
    """A log-in that is over, written between keeping the page's dates and ending its rows, is remembered."""
    served.found.run(
        "INSERT INTO accounts VALUES (9000, '2015-01-01')",
        "INSERT INTO logins VALUES (9000, 9000, '2015-01-01')",
    )

    def come() -> None:
        served.found.run("INSERT INTO logins VALUES (9001, 9000, '2025-01-02')")

    with before_statement("DELETE FROM LOGINS", come) as seen:
        assert words(served) == []
    assert seen
    assert served.found.rows("SELECT id FROM logins WHERE account_id = 9000") == []
    assert served.found.rows("SELECT id FROM accounts WHERE id = 9000") == [(9000,)]
