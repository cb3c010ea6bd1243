"""The intermediate archive: a copy apart, under keys, that ends with them."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import sqlite3
import tracemalloc
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import click
import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from projects import NOW, TestProject, policy, project, retention
from servanda.cli import command
from servanda.cli import main as program
from servanda.database import Database, tables
from servanda.errors import Refused, ServandaError
from servanda.persons.holds import HeldPerson, HeldRows
from servanda.project import Project
from servanda.stores.archive.archive import archives
from servanda.stores.archive.index import of_row
from servanda.stores.archive.segments import Segment
from servanda.stores.document.document import load_stores
from servanda.stores.sql.session import Session
from servanda.vault import Vault


@click.command(
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}
)
@click.pass_context
def main(ctx: click.Context) -> None:
    """The whole program, as it is installed: its errors are sentences."""
    program(ctx.args)


LEGAL = {"legal": {"folder": "archive", "key_backup": "P14D"}}
REVIEW = date(2099, 1, 1)
PROOF = {"data": "proof", "trigger": "end", "active": "P30D", "archive": "P5Y"}
PLACES: dict[str, Any] = {
    "users": {
        "data": {"account": ["email", "phone"], "proof": ["email", "since"]},
        "person": "self",
        "triggers": {"end": {"column": "ended_on", "open": None}},
        "archive": "legal",
        "at_end": {"email": None, "phone": None},
    },
    "deals": {
        "data": {"proof": ["title"]},
        "person": {"via": "user_id", "to": "users"},
        "triggers": {"end": {"of": "person", "column": "ended_on", "open": None}},
        "archive": "legal",
    },
}

BY_REFERENCE = PLACES | {
    "deals": {k: v for k, v in PLACES["deals"].items() if k != "person"}
    | {
        "references": {"of": {"via": "user_id", "to": "users", "ownership": "owned"}},
        "triggers": {"end": {"of": "of", "column": "ended_on", "open": None}},
    }
}


def promises(account: str = "P90D") -> list[dict[str, Any]]:
    proof = retention("TEST-ARC-01", "proof", "end", "P30D", archive="P5Y")
    return [retention("TEST-RET-01", "account", "end", account), proof]


def make(folder: Path, url: str, places: dict[str, Any] | None = None, account: str = "P90D") -> TestProject:
    found = project(folder, url, policy(promises(account)), places or PLACES, LEGAL)
    found.run(
        "CREATE TABLE users (id INTEGER PRIMARY KEY, email VARCHAR(80), phone VARCHAR(20), since DATE,"
        " ended_on DATE)",
        "CREATE TABLE deals (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL, title VARCHAR(80),"
        " FOREIGN KEY (user_id) REFERENCES users (id))",
        "CREATE INDEX ended ON users (ended_on)",
        "CREATE INDEX deal_user ON deals (user_id)",
        # 1 open; 2 ended 40 days ago: archived, and stays for its account; 3 over 90 days; 4 over six years
        "INSERT INTO users VALUES (1, 'a@example.com', '1', '2020-01-01', NULL)",
        "INSERT INTO users VALUES (2, 'b@example.com', '2', '2020-01-02', '2026-10-10')",
        "INSERT INTO users VALUES (3, 'c@example.com', '3', '2020-01-03', '2026-06-10')",
        "INSERT INTO users VALUES (4, 'd@example.com', '4', '2015-01-03', '2020-06-10')",
        "INSERT INTO deals VALUES (1, 1, 'open'), (2, 2, 'deux'), (3, 3, 'été'), (4, 4, 'old')",
    )
    return found


def archived(found: TestProject) -> list[dict[str, Any]]:
    with found.db.read() as connection:
        query = sa.select(tables.archived).order_by(tables.archived.c.place, tables.archived.c.row_key)
        return [dict(row) for row in connection.execute(query).mappings()]


def read(found: TestProject, row: dict[str, Any]) -> dict[str, Any]:
    opened = archives(load_stores(found.folder / "stores.yaml"), found.db, found.vault)
    values: dict[str, Any] = opened["legal"].read(of_row(row))["values"]
    return values


def test_a_row_is_archived_once_then_ends_in_daily_use(tmp_path: Path, store_url: str) -> None:
    found = make(tmp_path / "p", store_url)
    plan = found.plan()
    counts = {(s.place, s.action): s.rows for s in plan.steps if s.rows}
    assert counts == {
        ("app.users", "archive"): 2,
        ("app.deals", "archive"): 2,
        ("app.deals", "delete"): 3,
        ("app.users", "delete"): 2,
    }
    outcome = found.apply()
    assert outcome.whole
    assert found.rows("SELECT id, email FROM users ORDER BY id") == [
        (1, "a@example.com"),
        (2, "b@example.com"),
    ]
    assert found.rows("SELECT id FROM deals ORDER BY id") == [(1,)]
    rows = archived(found)
    assert [(r["place"], r["row_key"], r["last_day"], r["live"]) for r in rows] == [
        ("app.deals", "[2]", "2031-11-09", 0),
        ("app.deals", "[3]", "2031-07-10", 0),
        ("app.users", "[2]", "2031-11-09", 1),
        ("app.users", "[3]", "2031-07-10", 0),
    ]
    assert [r["person_key"] for r in rows] == ["[2]", "[3]", "[2]", "[3]"]
    assert read(found, rows[1]) == {"title": "été"}
    assert read(found, rows[3]) == {"email": "c@example.com", "since": "2020-01-03"}
    names = sorted(f.name for f in (found.folder / "archive").iterdir())
    assert names == ["legal-2031-07.segment", "legal-2031-11.segment"]
    for name in names:
        content = (found.folder / "archive" / name).read_bytes()
        assert b"example.com" not in content
    assert found.plan().due == 0
    assert found.ledger.verify().ok
    assert len(archived(found)) == len(rows)


def test_a_row_that_changed_is_archived_anew_before_it_ends(tmp_path: Path, store_url: str) -> None:
    found = make(tmp_path / "p", store_url)
    found.apply()
    found.run("UPDATE users SET email = 'new@example.com' WHERE id = 2")
    later = NOW + timedelta(days=60)  # past ninety days from the end
    plan = found.plan(later)
    assert {(s.action): s.rows for s in plan.steps if s.rows} == {"archive": 1, "delete": 1}
    found.apply(later)
    assert found.rows("SELECT id FROM users") == [(1,)]
    mine = [r for r in archived(found) if (r["place"], r["row_key"]) == ("app.users", "[2]")]
    assert sorted(read(found, r)["email"] for r in mine) == ["b@example.com", "new@example.com"]


def test_nothing_ends_where_the_archive_cannot_be_written(tmp_path: Path, fresh_url: Any) -> None:
    found = make(tmp_path / "p", fresh_url("sqlite"))
    (found.folder / "archive").write_text("a file where the folder should be")
    outcome = found.apply()
    assert not outcome.whole
    assert "cannot be made" in next(iter(outcome.stopped.values()))
    assert found.rows("SELECT COUNT(*) FROM users") == [(3,)]  # the one over six years has ended
    assert archived(found) == []
    (found.folder / "archive").unlink()
    assert found.apply().whole
    assert found.rows("SELECT COUNT(*) FROM users") == [(2,)]


def test_archived_rows_end_with_their_keys_and_copies_die_too(tmp_path: Path, store_url: str) -> None:
    found = make(tmp_path / "p", store_url)
    found.apply()
    copy = tmp_path / "copy"
    shutil.copytree(found.folder, copy)
    keys_before = (found.vault.folder / "datakeys.db").read_bytes()
    old = next(r for r in archived(found) if r["row_key"] == "[3]" and r["place"] == "app.users")

    end = datetime(2031, 7, 11, 2, tzinfo=UTC)
    plan = found.plan(end)
    assert {s.place: s.rows for s in plan.steps if s.action == "destroy" and s.rows} == {
        "app.deals": 1,
        "app.users": 1,
    }
    found.apply(end)
    left = {(r["place"], r["row_key"]) for r in archived(found)}
    assert left == {("app.deals", "[2]"), ("app.users", "[2]")}
    with pytest.raises(ServandaError, match="data key was destroyed"):
        read(found, old)
    assert (found.folder / "archive" / "legal-2031-07.segment").exists(), "its month is not over"

    found.apply(datetime(2031, 8, 1, 2, tzinfo=UTC))
    assert not (found.folder / "archive" / "legal-2031-07.segment").exists()
    # who kept a copy of segment, database and data keys cannot read it any more
    stolen = TestProject(copy, found.url, Database.open(None, copy), found.vault)
    (found.vault.folder / "datakeys.db").write_bytes(keys_before)
    with pytest.raises(ServandaError, match="destroyed or is missing"):
        read(stolen, old)
    kept = next(r for r in archived(stolen) if r["row_key"] == "[2]" and r["place"] == "app.users")
    assert read(stolen, kept)["email"] == "b@example.com"
    kinds = [e.kind for e in found.ledger.entries()]
    assert kinds.count("archive.ended") == 2
    ended = [e.body for e in found.ledger.entries("archive.segment-ended")]
    assert [b["segment"] for b in ended if b] == ["legal-2031-07"]
    assert all(b["copies_of_keys_until"] for b in ended if b)


def test_promises_tell_where_archived_data_are_and_when_their_keys_end(
    tmp_path: Path, fresh_url: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = make(tmp_path / "p", fresh_url("sqlite"))
    found.apply()

    def standing() -> dict[str, Any]:
        done = CliRunner().invoke(
            command, ["-C", str(found.folder), "promises", "--json"], standalone_mode=False
        )
        assert done.exception is None
        listed = json.loads(done.stdout)["promises"]
        return next(p for p in listed if p["id"] == "TEST-ARC-01")

    monkeypatch.setattr(Project, "now", property(lambda self: NOW))
    kept = standing()
    assert kept["state"] == "kept"
    assert kept["where"] == "app.users → legal, app.deals → legal"
    assert kept["evidence"]["archived"] == [
        "app.users → legal (2 rows, 2 segments; next key ends 2031-07-31, backups of it by 2031-08-14)",
        "app.deals → legal (2 rows, 2 segments; next key ends 2031-07-31, backups of it by 2031-08-14)",
    ]
    segment = found.folder / "archive" / "legal-2031-07.segment"
    away = segment.rename(segment.with_suffix(".away"))
    assert standing()["state"] == "broken"
    assert "is missing" in standing()["why"]
    away.rename(segment)
    assert standing()["state"] == "kept"
    segment.write_bytes(segment.read_bytes()[:-1])
    assert "altered" in standing()["why"]


def test_columns_of_one_copy_leave_daily_use_together(tmp_path: Path, store_url: str) -> None:
    """To empty one of them first would make the row another than its copy, which would be written over."""
    users = PLACES["users"] | {"at_end": {"email": None, "phone": None, "since": None}}
    found = make(tmp_path / "p", store_url, PLACES | {"users": users})
    found.apply()
    before = archived(found)
    assert found.rows("SELECT since IS NULL FROM users WHERE id = 2") == [(0,)]
    assert [s.id for s in found.plan(quick=False).steps if s.rows] == []
    found.apply(NOW + timedelta(days=1))
    assert archived(found) == before
    assert all(read(found, row).get("since") for row in before if row["place"] == "app.users")


@pytest.mark.parametrize("whose", ["person", "reference"])
def test_held_archived_rows_are_moved_and_end_when_the_hold_is_lifted(
    tmp_path: Path, store_url: str, whose: str
) -> None:
    """Whether `person` says whose a row is, or a reference that owns it."""
    found = make(tmp_path / "p", store_url, PLACES if whose == "person" else BY_REFERENCE)
    found.apply()
    first = found.holds.place(
        "litigation", (HeldPerson("app.users", (3,)),), case="C", reason="R", author="A", review_on=REVIEW
    )
    second = found.holds.place(
        "litigation",
        (HeldRows("app.users", "email", "=", "B@example.com"),),
        case="C",
        reason="R",
        author="A",
        review_on=REVIEW,
    )
    end = datetime(2032, 1, 5, 2, tzinfo=UTC)  # every archived row is over
    plan = found.plan(end)
    counts = {s.place: (s.rows, s.held) for s in plan.steps if s.action == "destroy"}
    assert counts == {"app.deals": (1, 1), "app.users": (0, 2)}
    found.apply(end)
    rows = archived(found)
    assert {(r["place"], r["row_key"], r["segment"]) for r in rows} == {
        ("app.deals", "[3]", "legal-held"),
        ("app.users", "[2]", "legal-held"),
        ("app.users", "[3]", "legal-held"),
    }
    assert [f.name for f in (found.folder / "archive").iterdir()] == ["legal-held.segment"]
    assert {read(found, r).get("email") for r in rows} == {None, "b@example.com", "c@example.com"}

    found.holds.lift(first.id)
    found.apply(end)
    assert {(r["place"], r["row_key"]) for r in archived(found)} == {("app.users", "[2]")}
    found.holds.lift(second.id)
    found.apply(end)
    assert archived(found) == []
    assert list((found.folder / "archive").iterdir()) == []
    assert found.plan(end).due == 0
    assert found.ledger.verify().ok


def run(found: TestProject, *args: str) -> Any:
    return CliRunner().invoke(main, ["-C", str(found.folder), *args], catch_exceptions=False)


def test_reading_needs_a_reason_and_is_an_entry(tmp_path: Path, fresh_url: Any) -> None:
    found = make(tmp_path / "p", fresh_url("sqlite"))
    found.apply()
    assert run(found, "archive", "read", "app.users", "3").exit_code == 2
    assert run(found, "archive", "read", "app.users", "3", "--reason", " ").exit_code == 2
    assert list(found.ledger.entries("archive.read")) == []
    done = run(found, "archive", "read", "app.users", "3", "--reason", "TJ Paris 26/1")
    assert done.exit_code == 0
    assert "c@example.com" in done.stdout
    assert "été" in done.stdout
    assert "b@example.com" not in done.stdout
    assert '"until": "2031-07-10"' in done.stdout
    entries = list(found.ledger.entries("archive.read"))
    assert len(entries) == 1
    body = entries[0].body
    assert body is not None
    assert (body["place"], body["rows"], body["reason"]) == ("app.users", 2, "TJ Paris 26/1")
    assert "3" not in body["person"].split()
    assert run(found, "archive", "read", "app.users", "77", "--reason", "x").exit_code == 2


def test_verify_tells_what_is_missing_or_altered(tmp_path: Path, fresh_url: Any) -> None:
    found = make(tmp_path / "p", fresh_url("sqlite"))
    found.apply()
    assert run(found, "archive", "verify").exit_code == 0
    listed = run(found, "archive", "list")
    assert "legal-2031-07" in listed.stdout
    assert "ends 2031-07-31" in listed.stdout
    assert "2031-08-14" in listed.stdout
    segment = found.folder / "archive" / "legal-2031-07.segment"
    whole = segment.read_bytes()
    segment.write_bytes(whole[:-3] + b"xyz")
    done = run(found, "archive", "verify")
    assert (done.exit_code, "its digest is not" in done.stdout) == (1, True)
    read_ = run(found, "archive", "read", "app.users", "3", "--reason", "x")
    assert read_.exit_code == 1
    assert "was altered" in read_.stderr
    segment.unlink()
    assert "is missing" in run(found, "archive", "verify").stdout
    segment.write_bytes(whole + b"rows that no record names")
    done = run(found, "archive", "verify")
    assert (done.exit_code, "25 bytes longer than what was recorded" in done.stdout) == (1, True)
    segment.write_bytes(whole)
    assert run(found, "archive", "verify").exit_code == 0
    keys = found.vault.folder / "datakeys.db"
    keys.chmod(0o644)
    assert "open to others" in run(found, "archive", "verify").stdout
    keys.chmod(0o600)
    with sqlite3.connect(keys) as connection:
        connection.execute("DELETE FROM data_key WHERE segment = 'legal-2031-07'")
    assert "2 of its rows have lost their data key" in run(found, "archive", "verify").stdout
    with found.db.read() as db:
        query = sa.select(tables.segment.c.key_id).where(tables.segment.c.id == "legal-2031-07")
        key = db.execute(query).scalar_one()
    found.vault.destroy(key)
    assert "was destroyed or is missing" in run(found, "archive", "verify").stdout


@pytest.mark.soak
def test_memory_stays_flat(tmp_path: Path, fresh_url: Any) -> None:
    """200,000 rows of half a kilobyte: what Python holds at once does not grow with them."""
    promises_ = [retention("TEST-ARC-01", "proof", "end", "P0D", archive="P1Y")]
    place = {"data": "proof", "person": "none", "triggers": {"end": "at"}, "archive": "legal"}
    found = project(
        tmp_path / "p", fresh_url("sqlite"), policy(promises_), {"proofs": place}, LEGAL, pace="full"
    )
    found.run(
        "CREATE TABLE proofs (id INTEGER PRIMARY KEY, at DATE, body TEXT)",
        "CREATE INDEX proofs_at ON proofs (at)",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000)"
        " INSERT INTO proofs SELECT i, date('2026-01-01', '+' || (i % 300) || ' days'),"
        " substr(hex(randomblob(250)), 1, 500) FROM n",
    )
    tracemalloc.start()
    outcome = found.apply(allow={"app.proofs": 200_000})
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert outcome.whole
    assert found.rows("SELECT COUNT(*) FROM proofs") == [(0,)]
    with found.db.read() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(tables.archived)).scalar() == 200_000
    assert peak < 60_000_000, f"{peak:,} bytes"
    assert run(found, "archive", "verify").exit_code == 0


def test_a_row_that_changes_between_its_copy_and_its_end_stays(
    tmp_path: Path, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = make(tmp_path / "p", store_url)
    whole, changed = Session.fill, list[str]()

    def fill(self: Session, name: str, rows: Any) -> None:
        whole(self, name, rows)
        if name.startswith("archived_") and "[3]" in {r["row_key"] for r in archived(found)} and not changed:
            changed.append(name)
            found.run("UPDATE deals SET title = 'changed' WHERE id = 3")

    monkeypatch.setattr(Session, "fill", fill)
    found.apply()
    assert changed
    assert found.rows("SELECT id, title FROM deals WHERE id = 3") == [(3, "changed")]
    assert found.rows("SELECT id FROM users WHERE id = 3") == [(3,)], "a row that stays points at it"
    ended = [e.body for e in found.ledger.entries("apply.ended")][-1]
    assert ended is not None
    deals = next(s for s in ended["steps"] if (s["place"], s["action"]) == ("app.deals", "delete"))
    assert (deals["planned"], deals["done"]) == (3, 2)
    found.apply()
    assert found.rows("SELECT id FROM deals WHERE id = 3") == []
    mine = [r for r in archived(found) if (r["place"], r["row_key"]) == ("app.deals", "[3]")]
    assert sorted(read(found, r)["title"] for r in mine) == ["changed", "été"]


def test_a_full_disk_ends_nothing(tmp_path: Path, store_url: str) -> None:
    found = make(tmp_path / "p", store_url)
    found.db.engine.dispose()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            db = Database.open(None, found.folder)
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            inner = TestProject(found.folder, found.url, db, Vault.open(db))
            real = Segment.append

            def append(self: Segment, rows: Any) -> Any:
                resource.setrlimit(resource.RLIMIT_FSIZE, (60, resource.RLIM_INFINITY))
                try:
                    return real(self, rows)
                finally:
                    resource.setrlimit(
                        resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
                    )

            Segment.append = append  # type: ignore[method-assign]
            outcome = inner.apply()
            stopped = any("cannot be written" in said for said in outcome.stopped.values())
            code = 0 if stopped and not outcome.whole else 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert archived(found) == []
    assert found.rows("SELECT id FROM users ORDER BY id") == [(1,), (2,), (3,)]
    assert found.rows("SELECT id FROM deals ORDER BY id") == [(1,), (2,), (3,)]
    assert found.ledger.verify().ok
    assert found.apply().whole
    assert found.rows("SELECT id FROM users ORDER BY id") == [(1,), (2,)]


def test_keys_open_to_others_or_gone_stop_the_archive_and_end_nothing(tmp_path: Path, fresh_url: Any) -> None:
    found = make(tmp_path / "p", fresh_url("sqlite"))
    found.apply()
    found.run("INSERT INTO users VALUES (5, 'e@example.com', '5', '2020-01-03', '2026-06-11')")
    keys = found.vault.folder / "datakeys.db"
    keys.chmod(0o640)
    outcome = found.apply()
    assert any("open to others" in said for said in outcome.stopped.values())
    assert found.rows("SELECT id FROM users WHERE id = 5") == [(5,)]
    keys.chmod(0o600)
    with found.db.read() as db:
        query = sa.select(tables.segment.c.key_id).where(tables.segment.c.id == "legal-2031-07")
        key = db.execute(query).scalar_one()
    found.vault.destroy(key)
    outcome = found.apply()
    assert any("destroyed or is missing" in said for said in outcome.stopped.values())
    assert found.rows("SELECT id FROM users WHERE id = 5") == [(5,)]
    assert found.ledger.verify().ok


def test_keys_that_come_back_with_a_restored_vault_are_destroyed_again(
    tmp_path: Path, fresh_url: Any
) -> None:
    found = make(tmp_path / "p", fresh_url("sqlite"))
    found.apply()
    backup = tmp_path / "backup"
    shutil.copytree(found.vault.folder, backup)
    ends = datetime(2031, 11, 10, 2, tzinfo=UTC)  # row 2 is over, its month is not; that of row 3 is
    found.apply(ends)
    shutil.rmtree(found.vault.folder)
    shutil.copytree(backup, found.vault.folder)
    assert found.vault.has(key_of(found, "legal-2031-07"))
    found.apply(ends)
    assert not found.vault.has(key_of(found, "legal-2031-07"))
    assert found.vault.has(key_of(found, "legal-2031-11"))
    with sqlite3.connect(found.vault.folder / "datakeys.db") as connection:
        assert connection.execute("SELECT COUNT(*) FROM data_key").fetchall() == [(0,)]
    again = [e.body for e in found.ledger.entries("archive.key-destroyed-again")]
    assert [b["segment"] for b in again if b] == ["legal-2031-07", "legal-2031-11"]


def test_an_older_database_never_loses_what_was_archived_after_it(tmp_path: Path, fresh_url: Any) -> None:
    """Its rows have left the store: the bytes in the archive are all there is of them."""
    company = make(tmp_path / "p", fresh_url("sqlite"))
    company.ledger.checkpoint()
    backup = tmp_path / "backup.db"
    _copy_database(company.folder / "servanda.db", backup)
    company.apply()
    files = {f.name: f.read_bytes() for f in (company.folder / "archive").iterdir()}
    _copy_database(backup, company.folder / "servanda.db")
    with pytest.raises(Refused, match="the vault remembers"):
        company.apply()
    done = run(company, "ledger", "accept", "--reason", "the disk broke", "--second", "Ada")
    assert done.exit_code == 3
    assert "does not know" in done.stderr
    assert {f.name: f.read_bytes() for f in (company.folder / "archive").iterdir()} == files
    lost = run(
        company, "ledger", "accept", "--lose-archived", "--reason", "the disk broke", "--second", "Ada"
    )
    assert lost.exit_code == 0, lost.stderr
    assert all(name in lost.stdout for name in files)
    assert company.apply().whole
    assert run(company, "ledger", "verify").exit_code == 0


def _copy_database(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)


def key_of(found: TestProject, segment: str) -> str:
    with found.db.read() as db:
        query = sa.select(tables.segment.c.key_id).where(tables.segment.c.id == segment)
        return str(db.execute(query).scalar_one())
