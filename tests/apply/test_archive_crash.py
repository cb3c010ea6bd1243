"""kill -9 between any two steps of archiving and of ending: nothing is lost, nothing happens twice."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from test_archive import archived, make, read

from projects import NOW, TestProject
from servanda.apply import archive as applied
from servanda.apply.archive import Archiver
from servanda.database import Database, tables
from servanda.persons.holds import HeldPerson
from servanda.stores.archive import segments
from servanda.stores.archive.archive import Archive
from servanda.stores.sql.session import Session
from servanda.vault import DataKeys, Vault

END = datetime(2032, 1, 5, 2, tzinfo=UTC)
ARCHIVING: dict[str, tuple[Any, str]] = {
    "data keys are made": (DataKeys, "make"),
    "rows are in the file, not yet on the disk": (os, "fsync"),
    "rows are on the disk": (segments.Segment, "append"),
    "rows are recorded, not committed": (Archive, "record"),
    "rows are recorded": (Session, "fill"),
    "rows are deleted, not committed": (Session, "delete"),
    "all steps are done": (Archiver, "_settle_all"),
}
ENDING: dict[str, tuple[Any, str]] = {
    "held rows are written elsewhere": (Archive, "write"),
    "held rows are moved, not committed": (Archive, "move"),
    "data keys are destroyed": (Archive, "destroy"),
    "rows are dropped, not committed": (applied, "drop"),
    "the key of a segment is destroyed": (Vault, "destroy"),
    "a segment has ended": (Archive, "end_segment"),
}


def die(found: TestProject, after: tuple[Any, str], now: datetime, turn: int) -> bool:
    """Apply in a process that kills itself after a call; False where it lived on, since that call never came."""
    child = os.fork()
    if child == 0:
        seen = []
        owner, name = after
        whole: Callable[..., Any] = getattr(owner, name)

        def last(*args: Any, **more: Any) -> Any:
            done = whole(*args, **more)
            seen.append(name)
            if len(seen) == turn:
                os.kill(os.getpid(), signal.SIGKILL)
            return done

        try:
            setattr(owner, name, last)
            db = Database.open(None, found.folder)
            TestProject(found.folder, found.url, db, Vault.open(db)).apply(now)
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    assert not os.WIFSIGNALED(status) or os.WTERMSIG(status) == signal.SIGKILL
    return os.WIFSIGNALED(status)


def whole(found: TestProject) -> None:
    """What must be true after any run: everything that is recorded can be read, and nothing else is there."""
    for row in archived(found):
        assert read(found, row)
    with found.db.read() as connection:
        kept = sa.select(tables.segment).where(tables.segment.c.ended_at.is_(None))
        for one in connection.execute(kept).mappings():
            path = found.folder / "archive" / f"{one['id']}.segment"
            assert (path.stat().st_size if path.exists() else 0) == one["size"]
    assert not found.ledger.open_intents()
    assert found.ledger.verify().ok


TURNS = [("sqlite", 1), ("postgres", 1), ("mariadb", 1), ("sqlite", 2)]


@pytest.mark.parametrize("moment", ARCHIVING)
@pytest.mark.parametrize(("kind", "turn"), TURNS)
def test_dying_while_archiving(fresh_url: Any, tmp_path: Path, kind: str, moment: str, turn: int) -> None:
    store_url = fresh_url(kind)
    found = make(tmp_path / "p", store_url)
    found.db.engine.dispose()
    died = die(found, ARCHIVING[moment], NOW, turn)
    assert died or turn == 2
    known = {(r["place"], r["row_key"]) for r in archived(found)}
    for key in (2, 3):  # what is gone from the store is recorded in the archive
        if not found.rows(f"SELECT 1 FROM deals WHERE id = {key}"):
            assert ("app.deals", f"[{key}]") in known
    assert found.apply().whole
    rows = [(r["place"], r["row_key"], r["live"]) for r in archived(found)]
    assert rows == [
        ("app.deals", "[2]", 0),
        ("app.deals", "[3]", 0),
        ("app.users", "[2]", 1),
        ("app.users", "[3]", 0),
    ]
    assert found.rows("SELECT id FROM users ORDER BY id") == [(1,), (2,)]
    assert found.rows("SELECT id FROM deals") == [(1,)]
    whole(found)
    assert found.plan().due == 0


@pytest.mark.parametrize("moment", ENDING)
def test_dying_while_archived_rows_end(store_url: str, tmp_path: Path, moment: str) -> None:
    found = make(tmp_path / "p", store_url)
    found.apply()
    scope = (HeldPerson("app.users", (3,)),)
    found.holds.place("litigation", scope, case="C", reason="R", author="A", review_on=date(2099, 1, 1))
    found.db.engine.dispose()
    assert die(found, ENDING[moment], END, 1)
    assert found.apply(END).whole
    assert {(r["place"], r["row_key"], r["segment"]) for r in archived(found)} == {
        ("app.deals", "[3]", "legal-held"),
        ("app.users", "[3]", "legal-held"),
    }
    whole(found)
    assert sorted(p.name for p in (found.folder / "archive").iterdir()) == ["legal-held.segment"]
    assert found.plan(END).due == 0
