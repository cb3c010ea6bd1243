"""The centre of an example, served on loopback."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from servanda.database import Database
from servanda.project import Project
from servanda.vault import Vault
from served import Served, serve

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """Exograd's centre."""
    monkeypatch.setenv("SERVANDA_VAULT", str(tmp_path / "keys"))
    folder = tmp_path / "exograd"
    folder.mkdir()
    for name in ("policy.yaml", "stores.yaml"):
        shutil.copy(EXAMPLES / "exograd" / name, folder / name)
    with Database.open(None, folder) as db:
        Vault.create(db)
        yield from serve(Project(folder, database=db))
