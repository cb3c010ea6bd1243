"""A project's own database of each kind, with keys, and requests under an example's policy."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest

from own_database import SERVERS, own_database
from servanda.database import Database
from servanda.ledger import Ledger
from servanda.policy.policy import Policy, load_policy
from servanda.project import Project
from servanda.rights.record.requests import Requests
from servanda.vault import Vault

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(autouse=True)
def vault_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "keys"
    monkeypatch.setenv("SERVANDA_VAULT", str(folder))
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "project"
    found.mkdir()
    return found


@pytest.fixture(params=list(SERVERS))
def database(request: pytest.FixtureRequest, folder: Path) -> Iterator[Database]:
    for url in own_database(request, request.param):
        with Database.open(url, folder) as db:
            yield db


@pytest.fixture
def vault(database: Database) -> Vault:
    return Vault.create(database)


@pytest.fixture
def ledger(database: Database, vault: Vault) -> Ledger:
    return Ledger(database, vault)


@pytest.fixture(scope="session")
def exograd() -> Policy:
    return load_policy(EXAMPLES / "exograd" / "policy.yaml")


@pytest.fixture
def requests_on(folder: Path, database: Database, vault: Vault, ledger: Ledger) -> Callable[[date], Requests]:
    """The requests of Exograd as seen on a day."""
    shutil.copy(EXAMPLES / "exograd" / "policy.yaml", folder)
    shutil.copy(EXAMPLES / "exograd" / "stores.yaml", folder)

    def on(day: date) -> Requests:
        noon = datetime.combine(day, time(11), UTC)
        return Requests(Project(folder, clock=lambda: noon, database=database, vault=vault))

    return on
