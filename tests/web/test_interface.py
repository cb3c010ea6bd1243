"""The centre against its own description: no input makes a fault of ours, and every answer is a described one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, status_code_conformance

from servanda.database import Database
from servanda.project import Project
from servanda.vault import Vault
from servanda.web.centre.app import create

EXAMPLES = Path(__file__).parents[2] / "examples"
CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance)


@pytest.fixture
def described(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("SERVANDA_VAULT", str(tmp_path / "keys"))
    folder = tmp_path / "exograd"
    folder.mkdir()
    for name in ("policy.yaml", "stores.yaml"):
        shutil.copy(EXAMPLES / "exograd" / name, folder)
    with Database.open(None, folder) as db:
        Vault.create(db)
        yield schemathesis.openapi.from_asgi("/openapi.json", create(Project(folder, database=db)))


def test_no_input_is_a_fault_of_ours(described: Any) -> None:
    tried = 0
    for found in described.get_all_operations():
        operation = found.ok()

        @given(case=operation.as_strategy())
        @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
        def run(case: Any) -> None:
            case.call_and_validate(checks=CHECKS)

        run()
        tried += 1
    assert tried >= 12
