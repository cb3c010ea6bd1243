"""What a database keeps of deleted bytes is in its real files, and is gone from them after a scrub."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from projects import TestProject, policy, project, retention
from servanda.plan.unscrubbed import unscrubbed
from servanda.promises import statuses

PLACES = {"visits": {"data": "visit", "person": "none", "triggers": {"visit": "at"}}}
PROMISES = [retention("T-RET-01", "visit", "visit", "P1Y")]
MARKER = "Zaphod-Beeblebrox"
KINDS = ["sqlite", "postgres", "mariadb"]


def visits(folder: Path, url: str) -> TestProject:
    found = project(folder / "p", url, policy(PROMISES), PLACES)
    old = ", ".join(f"({i}, '2024-01-{1 + i % 28:02}', '{MARKER}-{i:05}-{'x' * 200}')" for i in range(400))
    new = ", ".join(f"({i}, '2026-11-{1 + i % 20:02}', 'Trillian-{i:05}')" for i in range(1000, 1400))
    if "sqlite" in url:
        found.run("PRAGMA journal_mode = WAL")
    found.run(
        "CREATE TABLE visits (id INTEGER PRIMARY KEY, at DATE, agent VARCHAR(300))",
        "CREATE INDEX visits_at ON visits (at)",
        f"INSERT INTO visits VALUES {old}",
        f"INSERT INTO visits VALUES {new}",
    )
    return found


def files(found: TestProject) -> list[Path]:
    """The files in which the table lies, as the server has them on disk now."""
    url = sa.make_url(found.url)
    if url.drivername.startswith("sqlite"):
        path = Path(str(url.database))
        return [p for p in (path, path.with_name(path.name + "-wal")) if p.exists()]
    if url.drivername.startswith("postgresql"):
        engine = sa.create_engine(found.url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql("CHECKPOINT")
            folder = Path(connection.exec_driver_sql("SHOW data_directory").scalar_one())
            query = (
                "SELECT pg_relation_filepath(c.oid) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
                " WHERE n.nspname = 'public' AND pg_relation_filepath(c.oid) IS NOT NULL"
            )
            paths = [folder / name for (name,) in connection.exec_driver_sql(query)]
            database = paths[0].parent
        engine.dispose()
        return [p for p in database.iterdir() if p.is_file()]
    (row,) = found.rows("SELECT @@datadir, DATABASE()")
    found.run("FLUSH TABLES visits FOR EXPORT")
    return [*(Path(row[0]) / str(row[1])).glob("*.ibd")]


def kept(found: TestProject, text: str = MARKER) -> bool:
    return any(text.encode() in path.read_bytes() for path in files(found))


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_deleted_is_in_the_files_before_a_scrub_and_not_after(
    kind: str, tmp_path: Path, fresh_url: Any
) -> None:
    found = visits(tmp_path, fresh_url(kind))
    assert kept(found), "the server has not written its rows yet"
    assert found.apply().whole
    assert found.rows("SELECT COUNT(*) FROM visits WHERE id < 1000") == [(0,)]
    if kind == "sqlite":  # what others delete, without writing over it
        found.run(
            "PRAGMA wal_checkpoint(TRUNCATE)", f"INSERT INTO visits VALUES (1, '2026-11-01', '{MARKER}')"
        )
        found.run("PRAGMA secure_delete = OFF", "DELETE FROM visits WHERE id = 1")
    assert kept(found), "there was nothing to scrub"
    assert set(unscrubbed(found.ledger)) == {"app.visits"}
    outcome = found.apply(scrub=True)
    assert outcome.whole
    assert [t.table for t in outcome.scrubbed] == ["visits"]
    assert not kept(found)
    assert kept(found, "Trillian-01001")
    assert len(found.rows("SELECT id FROM visits")) == 400
    assert not unscrubbed(found.ledger)
    (entry,) = list(found.ledger.entries("store.scrubbed"))
    assert entry.body is not None
    assert entry.body["places"] == ["app.visits"]
    assert entry.body["tables"][0]["after"] > 0
    assert found.ledger.verify().ok


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_scrubbed_is_not_scrubbed_again(kind: str, tmp_path: Path, fresh_url: Any) -> None:
    found = visits(tmp_path, fresh_url(kind))
    assert [t.table for t in found.apply(scrub=True).scrubbed] == ["visits"]
    assert found.apply(scrub=True).scrubbed == []
    found.run("INSERT INTO visits VALUES (5, '2024-01-01', 'again')")
    assert [t.table for t in found.apply(scrub=True, quick=False).scrubbed] == ["visits"]


def test_an_older_transaction_keeps_what_it_may_still_see_and_the_scrub_says_so(
    tmp_path: Path, fresh_url: Any
) -> None:
    found = visits(tmp_path, fresh_url("postgres"))
    stores = (found.folder / "stores.yaml").read_text()
    (found.folder / "stores.yaml").write_text(stores.replace("places:", "lock_timeout: 1\n    places:", 1))
    engine = sa.create_engine(found.url, isolation_level="REPEATABLE READ")
    with engine.begin() as old:
        old.exec_driver_sql("SELECT 1 FROM pg_class").all()
        outcome = found.apply(scrub=True)
    engine.dispose()
    assert not outcome.whole
    assert "400 ended rows stay for a transaction" in outcome.unscrubbed["app.visits"]
    assert set(unscrubbed(found.ledger)) == {"app.visits"}, "it was called scrubbed"
    assert found.apply(scrub=True).whole
    assert not kept(found)


def test_a_reader_of_sqlite_keeps_the_wal_file(tmp_path: Path, fresh_url: Any) -> None:
    found = visits(tmp_path, fresh_url("sqlite"))
    stores = (found.folder / "stores.yaml").read_text()
    (found.folder / "stores.yaml").write_text(stores.replace("places:", "lock_timeout: 1\n    places:", 1))
    engine = found.engine()
    with engine.connect() as old:
        old.exec_driver_sql("BEGIN")
        old.exec_driver_sql("SELECT COUNT(*) FROM visits").all()
        outcome = found.apply(scrub=True)
    engine.dispose()
    assert "-wal" in outcome.unscrubbed["app.visits"]
    assert found.apply(scrub=True).whole
    assert not kept(found)


def test_a_role_that_may_not_rewrite_is_told_so(tmp_path: Path, fresh_url: Any) -> None:
    found = visits(tmp_path, fresh_url("postgres"))
    found.run("CREATE ROLE scrubber LOGIN", "GRANT SELECT, DELETE ON visits TO scrubber")
    stores = (found.folder / "stores.yaml").read_text()
    url = sa.make_url(found.url).set(username="scrubber").render_as_string(hide_password=False)
    (found.folder / "stores.yaml").write_text(stores.replace(found.url, url))
    outcome = found.apply(scrub=True)
    assert "MAINTAIN" in outcome.unscrubbed["app.visits"]
    found.run("DROP OWNED BY scrubber", "DROP ROLE scrubber")


def test_a_disk_without_room_is_told_before_anything_is_written(
    tmp_path: Path, fresh_url: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = visits(tmp_path, fresh_url("sqlite"))
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1000))
    assert "1000 are free" in found.apply(scrub=True).unscrubbed["app.visits"]


@pytest.mark.parametrize("kind", KINDS)
def test_the_evidence_says_what_the_store_keeps(kind: str, tmp_path: Path, fresh_url: Any) -> None:
    found = visits(tmp_path, fresh_url(kind))
    found.apply()
    (ended,) = list(found.ledger.entries("apply.ended"))
    assert ended.body is not None
    word = {"sqlite": "-wal", "postgres": "write-ahead log", "mariadb": "binary log"}[kind]
    assert word in ended.body["bytes"]


def test_a_promise_that_ends_cannot_be_undone_names_its_scrub_and_is_still_not_kept(
    tmp_path: Path, fresh_url: Any
) -> None:
    bare = {"id": "T-RET-02", "kind": "retention", "sub": "irreversible", "keep": "enforce", "line": 1}
    said = {"says": {"en": "What has ended is gone."}, "published": {"property": "irreversible"}}
    url = fresh_url("sqlite")
    found = project(tmp_path / "p", url, policy([*PROMISES, bare | said | {"enforced": []}]), PLACES)
    found.run("CREATE TABLE visits (id INTEGER PRIMARY KEY, at DATE, agent VARCHAR(300))")
    found.run("INSERT INTO visits VALUES (1, '2024-01-01', 'x')")

    def why() -> tuple[str, str]:
        with found.opened() as project:
            all_ = statuses(project)
        (mine,) = [s for s in all_ if s.promise.id == "T-RET-02"]
        return mine.state, mine.why

    assert found.apply().whole
    assert why() == ("not_yet", "needs apply --scrub, and a replay of erasures after a restore")
    found.apply(scrub=True)
    (entry,) = list(found.ledger.entries("store.scrubbed"))
    state, words = why()
    assert state == "not_yet"
    assert words.startswith("scrubbed on ")
    assert f"entry {entry.number}; needs a replay" in words
    found.run("INSERT INTO visits VALUES (2, '2024-01-01', 'y')")
    assert found.apply(quick=False).whole
    assert why() == ("not_yet", "needs apply --scrub, and a replay of erasures after a restore")
