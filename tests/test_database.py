"""Servanda's own database: opened, brought forward, locked, and its errors in plain words."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from own_database import SERVERS, own_database
from servanda.apply.pages import Pages
from servanda.database import MIGRATIONS, Database, moment, put, tables
from servanda.errors import Refused, ServandaError, StoreDown, StoreError
from servanda.ledger import Ledger
from servanda.vault import Vault


@pytest.fixture(params=list(SERVERS))
def url(request: pytest.FixtureRequest) -> Iterator[str | None]:
    yield from own_database(request, request.param)


@pytest.fixture
def db(url: str | None, tmp_path: Path) -> Iterator[Database]:
    with Database.open(url, tmp_path) as opened:
        yield opened


def test_settings_are_kept(db: Database, url: str | None, tmp_path: Path) -> None:
    assert db.setting("colour") is None
    db.set("colour", "blue")
    db.set("colour", "vert pâle 🟢")
    with Database.open(url, tmp_path) as again:
        assert again.setting("colour") == "vert pâle 🟢"


def test_every_table_is_there_and_keys_keep_case_accents_and_blanks(db: Database) -> None:
    with db.begin() as connection:
        for table in tables.metadata.sorted_tables:
            assert connection.execute(select(func.count()).select_from(table)).scalar() is not None
        row = {"promise": "P", "place": "app.accounts", "warned_at": moment()}
        keys = ["josé", "jose", "JOSE", "jose ", "x" * 190]
        put(connection, tables.warned, [{**row, "parent_key": key} for key in keys])
        found = connection.execute(select(tables.warned.c.parent_key)).scalars().all()
    assert sorted(found) == sorted(keys)


def test_a_transaction_is_kept_whole_or_not_at_all(db: Database) -> None:
    def half_way() -> None:
        with db.begin() as connection:
            put(connection, tables.setting, {"name": "half", "value": "done"})
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError):
        half_way()
    assert db.setting("half") is None


def test_put_adds_and_replaces_by_key(db: Database) -> None:
    row = {"place": "p", "child": "c", "parent_key": "1", "latest": "2026-01-01"}
    with db.begin() as connection:
        put(connection, tables.remembered, row)
        put(connection, tables.remembered, [{**row, "latest": "2026-02-02"}, {**row, "parent_key": "2"}])
        put(connection, tables.remembered, [])
        latest = tables.remembered.c.latest
        assert connection.execute(select(latest).order_by(latest)).scalars().all() == [
            "2026-01-01",
            "2026-02-02",
        ]


def test_an_event_is_recorded_once(db: Database) -> None:
    row = {"name": "closed", "place": "app.accounts", "parent_key": "7", "at": moment(), "source": "cli"}
    with db.begin() as connection:
        connection.execute(insert(tables.event).values(**row))
    with pytest.raises(IntegrityError), db.begin() as connection:
        connection.execute(insert(tables.event).values(**row))


def test_a_reader_sees_one_snapshot(db: Database) -> None:
    db.set("n", "1")
    statement = select(tables.setting.c.value).where(tables.setting.c.name == "n")
    with db.read() as connection:
        assert connection.execute(statement).scalar() == "1"
        db.set("n", "2")
        assert connection.execute(statement).scalar() == "1"
    assert db.setting("n") == "2"


def test_opening_twice_runs_each_migration_once(db: Database, url: str | None, tmp_path: Path) -> None:
    db.set("kept", "yes")
    with Database.open(url, tmp_path) as again:
        assert again.setting("schema") == str(len(MIGRATIONS))
        assert again.setting("kept") == "yes"
    assert not list(tmp_path.glob("*.before-*"))


def test_an_interrupted_migration_goes_on(db: Database, url: str | None, tmp_path: Path) -> None:
    db.set("schema", "3")
    with db.begin() as connection:
        connection.execute(text(f"DROP TABLE {tables.remembered.name}"))
    with Database.open(url, tmp_path) as again:
        assert again.setting("schema") == str(len(MIGRATIONS))
        with again.read() as connection:
            assert connection.execute(select(func.count()).select_from(tables.remembered)).scalar() == 0


def test_a_newer_database_refuses_an_older_program(db: Database, url: str | None, tmp_path: Path) -> None:
    db.set("schema", "99")
    with pytest.raises(Refused, match=f"version 99, this program knows {len(MIGRATIONS)}") as caught:
        Database.open(url, tmp_path)
    assert "update this program" in caught.value.advice


def test_only_one_process_at_a_time(db: Database, url: str | None, tmp_path: Path) -> None:
    with Database.open(url, tmp_path) as other, db.exclusive("apply"):
        with pytest.raises(Refused, match="another apply is running"), other.exclusive("apply", wait=0.2):
            pass
        with other.exclusive("sweep"):
            pass
    with Database.open(url, tmp_path) as other, other.exclusive("apply"):
        pass


_OTHER_SESSIONS = {
    "postgresql": "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()",
    "mariadb": "SELECT CONCAT('KILL ', id) FROM information_schema.processlist"
    " WHERE db = DATABASE() AND id <> CONNECTION_ID()",
}


def test_a_page_proves_that_the_lock_is_still_held(db: Database, url: str | None, tmp_path: Path) -> None:
    """A session can end without its process; then another run begins, and this one must not go on."""
    vault = Vault.create(db)
    pages = Pages(db, Ledger(db, vault), "run", 0)
    with db.exclusive("apply"):
        assert pages.carry_out(Step("a", "app.users"), 1, lambda: 1) == 1
        pages.settle()
        if url is None:
            return  # the kernel ends a lock on a file with its process, and not before
        with Database.open(url, tmp_path) as other:
            kill = _OTHER_SESSIONS[other.engine.dialect.name]
            with other.engine.connect() as connection:
                statements = list(connection.execute(text(kill)).scalars())
                for statement in statements if "KILL" in kill else ():
                    with suppress(DBAPIError):
                        connection.execute(text(statement))
            with other.exclusive("apply", wait=5):
                done: list[int] = []

                def act() -> int:
                    done.append(1)
                    return 1

                with pytest.raises(StoreError, match="has lost the lock"):
                    pages.carry_out(Step("b", "app.users"), 1, act)
                assert done == []
    with db.exclusive("apply", wait=5):
        pass


@dataclass(frozen=True)
class Step:
    """What a page belongs to."""

    id: str
    place: str


def hold_lock(url: str | None, folder: Path, ready: str) -> None:
    with Database.open(url, folder) as db, db.exclusive("apply"):
        Path(ready).touch()
        time.sleep(60)


def test_a_lock_dies_with_its_process(db: Database, url: str | None, tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    process = multiprocessing.get_context("spawn").Process(target=hold_lock, args=(url, tmp_path, str(ready)))
    process.start()
    try:
        while not ready.exists():
            assert process.is_alive()
            time.sleep(0.02)
        with pytest.raises(Refused), db.exclusive("apply"):
            pass
        os.kill(process.pid or 0, signal.SIGKILL)
        with db.exclusive("apply", wait=5):
            pass
    finally:
        process.kill()
        process.join()


def open_and_set(url: str | None, folder: Path, number: int) -> None:
    with Database.open(url, folder) as db:
        db.set(f"process-{number}", "here")


def test_several_processes_may_create_it_at_once(url: str | None, tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    processes = [spawn.Process(target=open_and_set, args=(url, tmp_path, n)) for n in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0, 0]
    with Database.open(url, tmp_path) as db:
        assert [db.setting(f"process-{n}") for n in range(4)] == ["here"] * 4


# SQLite's file


def test_an_older_file_is_copied_before_it_is_changed(tmp_path: Path) -> None:
    with Database.open(None, tmp_path) as db:
        db.set("schema", "5")
        db.set("kept", "yes")
    Database.open(None, tmp_path).close()
    copy = tmp_path / f"servanda.db.before-{len(MIGRATIONS)}"
    with sqlite3.connect(copy) as plain:
        assert plain.execute("SELECT value FROM servanda_setting WHERE name = 'schema'").fetchone() == ("5",)
    assert copy.stat().st_mode & 0o077 == 0


def test_the_file_is_private_and_every_commit_is_on_the_disk(tmp_path: Path) -> None:
    with Database.open(None, tmp_path) as db, db.read() as connection:
        pragma = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert pragma == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    assert (tmp_path / "servanda.db").stat().st_mode & 0o077 == 0


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "servanda.db").write_text("dear diary, today I was a text file " * 100)
    with pytest.raises(StoreError, match=r"servanda\.db: it is not a database") as caught:
        Database.open(None, tmp_path)
    assert caught.value.advice


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be opened") as caught:
        Database.open(None, tmp_path / "nowhere")
    assert "folder exists" in caught.value.advice


def test_a_full_disk_changes_nothing(tmp_path: Path) -> None:
    with Database.open(None, tmp_path) as db:
        db.set("kept", "yes")
        with db.begin() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(StoreError, match="the disk is full"):
            db.set("kept", "no" * 1_000_000)
        assert db.setting("kept") == "yes"


def test_a_read_only_database(tmp_path: Path) -> None:
    Database.open(None, tmp_path).close()
    address = f"sqlite:///file:{tmp_path}/servanda.db?mode=ro&uri=true"
    with Database.open(address, tmp_path) as db:
        assert db.setting("schema") == str(len(MIGRATIONS))
        with pytest.raises(StoreError, match="it is read-only"):
            db.set("a", "b")


def test_a_damaged_file(tmp_path: Path) -> None:
    with Database.open(None, tmp_path) as db:
        db.set("long", "x" * 100_000)
    file = tmp_path / "servanda.db"
    data = bytearray(file.read_bytes())
    data[4096:] = os.urandom(len(data) - 4096)
    file.write_bytes(data)
    with pytest.raises(ServandaError, match=r"servanda\.db"), Database.open(None, tmp_path) as db:
        db.set("long", "y")


# Addresses


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("oracle://host/x", "cannot live in 'oracle'"),
        ("no address at all", "cannot be read"),
        ("sqlite://", "must be a file"),
        ("sqlite:///:memory:", "must be a file"),
    ],
)
def test_an_address_that_cannot_be_used(address: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=message):
        Database.open(address, tmp_path)


@pytest.mark.parametrize("scheme", ["postgresql", "mariadb"])
def test_a_server_that_is_down_is_said_without_its_password(scheme: str, tmp_path: Path) -> None:
    with pytest.raises(StoreDown) as caught:
        Database.open(f"{scheme}://me:hunter2@127.0.0.1:9/none", tmp_path)
    assert "127.0.0.1/none" in caught.value.message
    assert "hunter2" not in caught.value.message + caught.value.advice


def test_a_relative_file_lies_in_the_projects_folder(tmp_path: Path) -> None:
    Database.open("sqlite:///own.db", tmp_path).close()
    assert (tmp_path / "own.db").is_file()


def test_moments_sort_as_time_does() -> None:
    paris = timezone(timedelta(hours=1))
    assert moment(datetime(2026, 1, 1, 0, 30, tzinfo=paris)) == "2025-12-31T23:30:00.000000Z"
    assert moment(datetime(2026, 1, 1, tzinfo=UTC)) < moment(datetime(2026, 1, 1, 0, 0, 0, 1, tzinfo=UTC))
    with pytest.raises(ValueError, match="time zone"):
        moment(datetime(2026, 1, 1))
