"""A ledger on each kind of database, with a vault of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from own_database import SERVERS, own_database
from servanda.database import Database
from servanda.ledger import Ledger
from servanda.vault import Vault
from tampering import Bench


@pytest.fixture(autouse=True)
def vault_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "keys"
    monkeypatch.setenv("SERVANDA_VAULT", str(folder))
    return folder


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A ledger is verified four entries at a time, so that the few of a test are several parts."""
    monkeypatch.setattr("servanda.ledger.verify._BATCH", 4)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


@pytest.fixture(params=list(SERVERS))
def database_url(request: pytest.FixtureRequest) -> Iterator[str | None]:
    yield from own_database(request, request.param)


@pytest.fixture
def database(database_url: str | None, project: Path) -> Iterator[Database]:
    with Database.open(database_url, project) as db:
        yield db


@pytest.fixture
def ledger(database: Database) -> Ledger:
    return Ledger(database, Vault.create(database))


@pytest.fixture
def sqlite_ledger(project: Path) -> Iterator[Ledger]:
    """A ledger on SQLite alone, for tests whose subject is not the server."""
    with Database.open(None, project) as db:
        yield Ledger(db, Vault.create(db))


@pytest.fixture
def full(ledger: Ledger, database: Database) -> Ledger:
    """Entries, a body that ended, two keys, three checkpoints, and an unsigned tail."""
    ledger.append_many([("page.outcome", {"page": f"r/{n}", "rows": 100 + n}) for n in range(5)])
    ledger.checkpoint()
    ledger.end_body(2, "after a year")
    vault = Vault.open(database)
    vault.rotate("signing")
    later = Ledger(database, vault)
    later.checkpoint()
    later.append_many([("access", {"who": f"staff-{n}"}) for n in range(4)])
    later.checkpoint()
    later.append("unsigned", {"n": 1})
    assert Ledger(database).verify().ok
    return later


@pytest.fixture
def bench(full: Ledger, database: Database) -> Bench:
    return Bench(database, full)
