"""Wishes for after death: one stands at a time, and what was taken back cannot be read any more."""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest
import sqlalchemy as sa

from servanda.database import Database, tables
from servanda.errors import Refused
from servanda.ledger import Ledger
from servanda.project import Project
from servanda.rights.record.directives import Directives, Wish
from servanda.vault import Vault

EXAMPLES = Path(__file__).parents[2] / "examples"

DAY = date(2026, 11, 2)
ADDRESS = "lea@example.org"


@pytest.fixture
def wishes(folder: Path, database: Database, vault: Vault) -> Directives:
    shutil.copy(EXAMPLES / "exograd" / "policy.yaml", folder)
    noon = datetime.combine(DAY, time(11), UTC)
    return Directives(Project(folder, clock=lambda: noon, database=database, vault=vault))


def test_a_newer_wish_replaces_the_one_before(wishes: Directives, database: Database) -> None:
    wishes.give(ADDRESS, Wish("keep"))
    wishes.give(ADDRESS, Wish("hand_over", executor="Paul, paul@example.org", words="my photographs"))
    found = wishes.of("LEA@example.org")
    assert found is not None
    assert found.wish.executor.startswith("Paul")
    with database.read() as connection:
        rows = connection.execute(sa.select(tables.directive)).all()
    assert [bool(row.sealed) for row in rows] == [False, True]
    assert "Paul" not in str(rows)


def test_a_wish_is_taken_back(wishes: Directives) -> None:
    wishes.give(ADDRESS, Wish("erase"))
    assert wishes.revoke(ADDRESS)
    assert not wishes.revoke(ADDRESS)
    assert wishes.of(ADDRESS) is None
    assert wishes.of("nobody@example.org") is None


def test_a_wish_is_carried_out_once(wishes: Directives, ledger: Ledger) -> None:
    given = wishes.give(ADDRESS, Wish("erase", executor="Paul"))
    wishes.carry_out(given.id, "acte de décès")
    with pytest.raises(Refused, match="does not stand"):
        wishes.carry_out(given.id, "acte de décès")
    assert wishes.of(ADDRESS) is None
    assert ledger.verify().ok
