"""Receipts in COSE (RFC 9942): a proof that other tools read."""

from __future__ import annotations

import json
from pathlib import Path

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from servanda.errors import LedgerError
from servanda.ledger import Ledger
from servanda.ledger.checkpoint import parse_checkpoint
from servanda.ledger.receipt import make_receipt, verify_receipt


@pytest.fixture
def database_url() -> None:
    """SQLite: a receipt is the same on every database."""


def test_a_receipt_holds_for_its_entry_and_for_no_other(full: Ledger) -> None:
    assert full._vault is not None
    for number in range(1, full.tail()[0] + 1):
        proof = full.prove(number)
        receipt = make_receipt(proof, full._vault)
        assert verify_receipt(receipt, proof.header.model_dump(), full.public_keys()) == proof.size
        other = full.prove(1 if number > 1 else 2).header.model_dump()
        with pytest.raises(LedgerError):
            verify_receipt(receipt, other, full.public_keys())


def test_it_has_the_parts_that_the_standard_names(full: Ledger) -> None:
    """Read with a CBOR decoder alone, as a tool of somebody else would."""
    assert full._vault is not None
    proof = full.prove(3)
    tagged = cbor2.loads(make_receipt(proof, full._vault))
    protected, unprotected, payload, signature = tagged.value
    claims = cbor2.loads(protected)
    assert (tagged.tag, claims[1], claims[395], payload) == (18, -8, 1, None)
    assert claims[15] == {1: full.origin, 2: "entry/3"}
    size, index, path = cbor2.loads(unprotected[396][-1][0])
    assert (size, index) == (proof.size, 2)
    assert [hash_.hex() for hash_ in path] == list(proof.hashes)
    root = parse_checkpoint(proof.checkpoint).root
    key = Ed25519PublicKey.from_public_bytes(full.public_keys()["signing-2"])
    key.verify(signature, cbor2.dumps(["Signature1", protected, b"", root]))


def test_every_changed_byte_is_refused(full: Ledger) -> None:
    assert full._vault is not None
    proof = full.prove(4)
    receipt, header, keys = make_receipt(proof, full._vault), proof.header.model_dump(), full.public_keys()
    for at in range(len(receipt)):
        altered = receipt[:at] + bytes([receipt[at] ^ (1 << at % 8)]) + receipt[at + 1 :]
        with pytest.raises(LedgerError):
            verify_receipt(altered, header, keys)


def test_the_command_writes_it_beside_the_proof(full: Ledger, project: Path, tmp_path: Path) -> None:
    from servanda.cli.ledger import command
    from servanda.project import Project

    own = Project(project, database=full._db, vault=full._vault)
    proof, receipt = tmp_path / "proof.json", tmp_path / "receipt.cose"
    command.main(["prove", "5", "--out", str(proof), "--cose", str(receipt)], obj=own, standalone_mode=False)
    header = json.loads(proof.read_text(encoding="utf-8"))["header"]
    assert verify_receipt(receipt.read_bytes(), header, full.public_keys()) == full.verify().signed
