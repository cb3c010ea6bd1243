"""Wishes for after death: one stands at a time, and what was taken back cannot be read any more."""

from __future__ import annotations

from datetime import date

import pytest
import sqlalchemy as sa

from servanda.database import Database, tables
from servanda.errors import Refused
from servanda.ledger import Ledger
from servanda.rights.record.directives import Wish, Wishes
from servanda.vault import Vault

DAY = date(2026, 11, 2)
ADDRESS = "lea@example.org"


@pytest.fixture
def wishes(database: Database, vault: Vault, ledger: Ledger) -> Wishes:
    return Wishes(database, vault, ledger, DAY)


def test_a_newer_wish_replaces_the_one_before(wishes: Wishes, database: Database) -> None:
    wishes.give(ADDRESS, Wish("keep"))
    wishes.give(ADDRESS, Wish("hand_over", executor="Paul, paul@example.org", words="my photographs"))
    found = wishes.of("LEA@example.org")
    assert found is not None
    assert found.wish.executor.startswith("Paul")
    with database.read() as connection:
        rows = connection.execute(sa.select(tables.directive)).all()
    assert [bool(row.sealed) for row in rows] == [False, True]
    assert "Paul" not in str(rows)


def test_a_wish_is_taken_back(wishes: Wishes) -> None:
    wishes.give(ADDRESS, Wish("erase"))
    assert wishes.revoke(ADDRESS)
    assert not wishes.revoke(ADDRESS)
    assert wishes.of(ADDRESS) is None
    assert wishes.of("nobody@example.org") is None


def test_a_wish_is_carried_out_once(wishes: Wishes, ledger: Ledger) -> None:
    given = wishes.give(ADDRESS, Wish("erase", executor="Paul"))
    wishes.carry_out(given.id, "acte de décès")
    with pytest.raises(Refused, match="does not stand"):
        wishes.carry_out(given.id, "acte de décès")
    assert wishes.of(ADDRESS) is None
    assert ledger.verify().ok
