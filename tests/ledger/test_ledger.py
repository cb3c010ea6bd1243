"""The ledger as its callers use it, on each kind of database."""

from __future__ import annotations

import json
import multiprocessing
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from servanda.database import Database
from servanda.errors import LedgerError, Refused, VaultError
from servanda.ledger import Checkpoint, Ledger, verify_proof
from servanda.ledger.checkpoint import parse_checkpoint, public_key_text, read_public_key
from servanda.ledger.merkle import is_consistent
from servanda.ledger.proof import read_proof
from servanda.vault import Vault


def test_entries_are_appended_and_read(ledger: Ledger, database: Database) -> None:
    assert ledger.tail()[0] == 0
    one = ledger.append("plan.made", {"promise": "EXOGRAD-RET-01", "rows": 48213, "où": "café"})
    two, three = ledger.append_many([("page.intent", {"page": 1}), ("page.outcome", {"page": 1, "rows": 9})])
    assert [one.number, two.number, three.number] == [1, 2, 3]
    again = Ledger(database)
    assert [entry.body for entry in again.entries()] == [one.body, two.body, three.body]
    assert [entry.leaf for entry in again.entries()] == [one.leaf, two.leaf, three.leaf]
    assert [entry.prev for entry in again.entries()] == ["0" * 64, one.leaf, two.leaf]
    assert again.get(1) == one
    assert [entry.number for entry in again.entries("page.outcome")] == [3]
    assert [entry.number for entry in again.entries(after=1)] == [2, 3]
    assert [entry.number for entry in again.entries(since=datetime.now(UTC) + timedelta(hours=1))] == []
    assert ledger.verify().ok


def test_the_newest_entry_that_matches(ledger: Ledger) -> None:
    ledger.append_many([("kept", {"promise": name, "n": n}) for n, name in enumerate("ABABA")])
    assert (found := ledger.last("kept", promise="B"))
    assert found.number == 4
    assert (found := ledger.last("kept"))
    assert found.number == 5
    assert ledger.last("kept", promise="C") is None
    assert ledger.last("other") is None


def test_an_entry_lives_and_dies_with_its_transaction(ledger: Ledger, database: Database) -> None:
    def fail() -> None:
        with database.begin() as connection:
            ledger.append_in(connection, "page.intent", {"page": 1})
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError):
        fail()
    assert ledger.tail()[0] == 0
    with database.begin() as connection:
        assert ledger.append_in(connection, "a", {}).number == 1
        assert ledger.append_in(connection, "b", {}).number == 2
    assert ledger.verify().ok


def test_intents_without_an_outcome(ledger: Ledger) -> None:
    ledger.append_many([("page.intent", {"page": n, "rows": 100}) for n in ("r1/1", "r1/2", "r1/3")])
    ledger.append("page.outcome", {"page": "r1/2", "rows": 100})
    assert [e.body and e.body["page"] for e in ledger.open_intents()] == ["r1/1", "r1/3"]


def test_a_signed_ledger_verifies_without_its_vault(ledger: Ledger, database: Database) -> None:
    ledger.append_many([("a", {"n": n}) for n in range(20)])
    signed = ledger.checkpoint()
    ledger.append("later", {})
    report = Ledger(database).verify(signed)
    assert report.ok
    assert (report.size, report.signed) == (22, 21)
    assert parse_checkpoint(signed.note()) == signed
    with pytest.raises(VaultError, match="signing key"):
        Ledger(database).checkpoint()


def test_each_entry_is_proved_and_checked_without_a_database(ledger: Ledger) -> None:
    ledger.append_many([("a", {"n": n}) for n in range(11)])
    signed = ledger.checkpoint()
    keys = ledger.public_keys()
    for number in range(1, 13):
        proof = read_proof(json.dumps(ledger.prove(number).to_json()))
        assert verify_proof(proof, keys) == signed
        assert proof.number == number


def test_proving_an_unsigned_entry_signs_first(ledger: Ledger, database: Database) -> None:
    ledger.append("a", {"n": 1})
    with pytest.raises(VaultError):
        Ledger(database).prove(1)
    assert verify_proof(ledger.prove(1), ledger.public_keys()).size == 2
    with pytest.raises(LedgerError, match="no entry 99"):
        ledger.prove(99)


def test_later_checkpoints_begin_with_earlier_ones(ledger: Ledger) -> None:
    kept: list[Checkpoint] = []
    for count in (1, 3, 7, 2):
        ledger.append_many([("a", {"n": n}) for n in range(count)])
        kept.append(ledger.checkpoint())
    for old, new in pairwise(kept):
        path = [bytes.fromhex(text) for text in ledger.consistency(old.size, new.size)]
        assert is_consistent(old.size, new.size, old.root, new.root, path)
        assert ledger.verify(old).ok
    with pytest.raises(LedgerError, match="never had"):
        ledger.consistency(5, 99)


def test_a_body_that_ended_still_verifies_and_says_so(ledger: Ledger, database: Database) -> None:
    ledger.append_many([("access", {"who": "staff-7", "n": n}) for n in range(5)])
    before = ledger.checkpoint()
    old = ledger.prove(3)
    said = ledger.end_body(3, "EXOGRAD-RET-09: one year")
    assert said.body == {"entry": 3, "on": said.at.date().isoformat(), "reason": "EXOGRAD-RET-09: one year"}
    entry = ledger.get(3)
    assert (entry.body, entry.salt, entry.ended_on) == (None, None, said.at.date())
    report = ledger.verify(before)
    assert report.ok
    assert report.ended == 1
    proof = ledger.prove(3)
    verify_proof(proof, ledger.public_keys())
    assert proof.body is None
    assert proof.ended is not None
    assert proof.ended.header.number == said.number
    verify_proof(old, ledger.public_keys())
    with pytest.raises(Refused, match="ended before"):
        ledger.end_body(3, "again")
    with pytest.raises(Refused, match="the ledger's own"):
        ledger.end_body(said.number, "no")
    with pytest.raises(LedgerError, match="no entry 99"):
        ledger.end_body(99, "no")
    assert ledger.last("access", n=2) is None


def test_a_new_key_keeps_old_checkpoints_good(ledger: Ledger, database: Database) -> None:
    ledger.append("a", {})
    old, old_proof = ledger.checkpoint(), ledger.prove(1)
    vault = Vault.open(database)
    vault.rotate("signing")
    ledger.append("b", {})
    new = Ledger(database, vault).checkpoint()
    assert (old.key_id, new.key_id) == ("signing-1", "signing-2")
    plain = Ledger(database)
    assert plain.verify(old).ok
    assert plain.verify(new).ok
    assert list(plain.public_keys()) == ["signing-1", "signing-2"]
    verify_proof(old_proof, plain.public_keys())
    verify_proof(plain.prove(1), plain.public_keys())


def test_what_cannot_be_evidence_is_refused(ledger: Ledger) -> None:
    for wrong in ({"a": object()}, {"n": 2**60}, {"x": float("nan")}, {"at": datetime.now(UTC)}, {1: "a"}):
        with pytest.raises(LedgerError, match="cannot be recorded in the ledger"):
            ledger.append("a", wrong)  # type: ignore[arg-type]
    for kind in ("", "Plan", "a b", ".a", "a" * 191):
        with pytest.raises(LedgerError, match="cannot be the kind"):
            ledger.append(kind, {})
    assert ledger.tail()[0] == 0


def test_another_ledgers_checkpoint_is_not_ours(sqlite_ledger: Ledger, tmp_path: Path) -> None:
    sqlite_ledger.append("a", {})
    (tmp_path / "other").mkdir()
    with Database.open(None, tmp_path / "other") as db:
        other = Ledger(db, Vault.create(db))
        other.append("a", {})
        foreign = other.checkpoint()
    assert [fault.says for fault in sqlite_ledger.verify(foreign).faults] == [
        "the kept checkpoint of size 2 is of another ledger"
    ]


def test_a_public_key_is_one_line(sqlite_ledger: Ledger) -> None:
    sqlite_ledger.checkpoint()
    for public in sqlite_ledger.public_keys().values():
        line = public_key_text(sqlite_ledger.origin, public)
        assert read_public_key(f"  {line}\n") == (sqlite_ledger.origin, public)
        for altered in (
            line[:-3],
            line.replace("servanda/", "servanda/0", 1),
            line.replace("+", " "),
            "",
            line + "A",
        ):
            with pytest.raises(LedgerError, match="not the public key"):
                read_public_key(altered)


def append_some(url: str | None, folder: Path, name: str) -> None:
    with Database.open(url, folder) as db:
        ledger = Ledger(db)
        for n in range(15):
            ledger.append("a", {"from": name, "n": n})
        ledger.append_many([("b", {"from": name, "n": n}) for n in range(5)])


def test_four_processes_append_at_once(database_url: str | None, project: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    processes = [spawn.Process(target=append_some, args=(database_url, project, f"p{n}")) for n in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * 4
    with Database.open(database_url, project) as db:
        ledger = Ledger(db)
        entries = list(ledger.entries())
        assert [entry.number for entry in entries] == list(range(1, 81))
        for name in ("p0", "p1", "p2", "p3"):
            own = [e.body["n"] for e in entries if e.body and e.body["from"] == name and e.kind == "a"]
            assert own == list(range(15))
        report = ledger.verify()
        assert report.faults == ()
        assert report.size == 80


def test_a_long_ledger_verifies(sqlite_ledger: Ledger) -> None:
    sqlite_ledger.append_many([("page.outcome", {"page": f"r/{n}", "rows": 2000}) for n in range(20_000)])
    signed = sqlite_ledger.checkpoint()
    assert sqlite_ledger.verify(signed).ok
