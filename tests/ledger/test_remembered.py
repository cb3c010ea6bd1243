"""The vault remembers what was signed last: who has only Servanda's database cannot pass for its ledger."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete

from servanda.database import Database
from servanda.database.tables import body, checkpoint, entry, node
from servanda.errors import Refused
from servanda.ledger import Ledger
from servanda.ledger.entry import BODY_ENDED
from servanda.vault import Vault
from tampering import rewrite


def test_a_ledger_written_anew_without_any_signature_is_found(full: Ledger, database: Database) -> None:
    """All of it is consistent, and no checkpoint is left to contradict it."""

    def other(items: list[tuple[str, Any]]) -> None:
        items[:] = [("forged", {}) if kind == BODY_ENDED else (kind, says) for kind, says in items]
        items[0] = ("page.outcome", {"page": "r/0", "rows": 0})

    alter = rewrite(full, other)
    with database.begin() as connection:
        connection.execute(delete(checkpoint))
        alter(connection)
    assert Ledger(database).verify().ok, "without the vault nothing contradicts it"
    faults = [fault.says for fault in full.verify().faults]
    assert any("the vault remembers another root" in says for says in faults)
    for tail in (False, True):
        with pytest.raises(Refused, match="does not verify"):
            full.require(tail=tail)


def test_a_tail_cut_with_its_signatures_is_found(full: Ledger, database: Database) -> None:
    size = full.tail()[0]
    with database.begin() as connection:
        connection.execute(delete(checkpoint).where(checkpoint.c.size > size - 4))
        connection.execute(delete(body).where(body.c.number > size - 3))
        connection.execute(delete(entry).where(entry.c.number > size - 3))
        connection.execute(delete(node).where(node.c.level == 0, node.c.position >= size - 3))
    assert any("the vault remembers that they were signed" in f.says for f in full.verify().faults)
    with pytest.raises(Refused):
        full.require(tail=True)


def test_an_older_copy_of_the_database_goes_on_only_with_two_names(project: Path) -> None:
    with Database.open(None, project) as db:
        ledger = Ledger(db, Vault.create(db))
        ledger.append("first", {})
        ledger.checkpoint()
    shutil.copy(project / "servanda.db", project / "backup")
    with Database.open(None, project) as db:
        lost = Ledger(db, Vault.open(db))
        lost.append_many([("second", {}), ("third", {})])
        size = lost.checkpoint().size
    for file in project.glob("servanda.db*"):
        file.unlink()
    shutil.copy(project / "backup", project / "servanda.db")
    with Database.open(None, project) as db:
        ledger = Ledger(db, Vault.open(db))
        with pytest.raises(Refused, match="restored from a backup"):
            ledger.require()
        ledger.append_many([("other", {})] * 5)  # longer than what was lost, and another history
        with pytest.raises(Refused, match="another root"):
            ledger.require(tail=True)
        accepted = ledger.accept_restored("the disk broke", "Ada")
        assert accepted.body is not None
        assert (accepted.body["size"], accepted.body["second"]) == (size, "Ada")
        assert ledger.verify().ok
        ledger.require(tail=True)
        with pytest.raises(Refused, match="no signed entry is lost"):
            ledger.accept_restored("again", "Ada")


def test_a_smaller_size_is_not_remembered(sqlite_ledger: Ledger) -> None:
    vault = sqlite_ledger._vault
    assert vault is not None
    vault.remember_signed(20, b"b" * 32)
    vault.remember_signed(10, b"a" * 32)
    assert vault.signed() == (20, b"b" * 32)
