"""A proof that an entry is in the ledger, verifiable with a public key alone.

It contains the header, the body (or the entry that ended it), the hashes up to the root,
and a checkpoint that signs this root. A change to any part makes it invalid.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr, ValidationError

from servanda.errors import LedgerError
from servanda.ledger import merkle
from servanda.ledger.checkpoint import Checkpoint, parse_checkpoint
from servanda.ledger.entry import BODY_ENDED, canonical, commit, is_hash, is_salt

_Hash = Annotated[StrictStr, Field(pattern=r"^[0-9a-f]{64}$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Header(_Part):
    """The header of an entry, as hashed."""

    number: StrictInt
    at: StrictStr
    kind: StrictStr
    prev: _Hash
    body: _Hash


class Body(_Part):
    """The body of an entry, with the salt of its commitment."""

    salt: Annotated[StrictStr, Field(pattern=r"^[0-9a-f]{32}$")]
    says: dict[str, Any]


class Inclusion(_Part):
    """A header and the hashes from its leaf to the root."""

    header: Header
    body: Body | None
    hashes: tuple[_Hash, ...]


class Proof(Inclusion):
    """The proof of an entry; `ended` proves the entry that recorded the end of its body."""

    format: Annotated[StrictInt, Field(ge=1, le=1)]
    index: StrictInt
    size: StrictInt
    ended: Inclusion | None
    checkpoint: StrictStr

    @property
    def number(self) -> int:
        """The number of the proved entry."""
        return self.header.number

    def to_json(self) -> dict[str, Any]:
        """Return the proof as JSON values."""
        return self.model_dump(mode="json")


def read_proof(text: str) -> Proof:
    """Parse a proof file. Raises LedgerError if it is not a proof."""
    try:
        return Proof.model_validate(json.loads(text))
    except (ValidationError, ValueError) as error:
        where = ""
        if isinstance(error, ValidationError):
            where = ": see " + ".".join(str(part) for part in error.errors()[0]["loc"])
        raise LedgerError(
            f"this is not a proof{where}", advice="make one with: servanda ledger prove"
        ) from error


def verify_proof(proof: Proof | Mapping[str, Any], public_keys: Mapping[str, bytes]) -> Checkpoint:
    """Verify a proof with public keys (32 bytes each, by id).

    Returns the checkpoint that signs it. Raises LedgerError that names the part that does not match.
    """
    if not isinstance(proof, Proof):
        proof = read_proof(json.dumps(proof))
    number = proof.header.number
    checkpoint = parse_checkpoint(proof.checkpoint)
    key_id = checkpoint.signer(public_keys)
    if key_id is None:
        raise LedgerError(
            f"the proof is signed with a key that is not known here ({checkpoint.key_hash.hex()})",
            advice="ask its author for the public key: servanda keys show",
        )
    if not checkpoint.is_signed_by(public_keys[key_id]):
        raise LedgerError(f"the proof of entry {number} is not signed by {key_id}: it was altered")
    if proof.size != checkpoint.size or proof.index != number - 1:
        raise LedgerError(f"the proof of entry {number} contradicts itself: it was altered")
    _check(proof, checkpoint)
    if (proof.body is None) == (proof.ended is None):
        raise LedgerError(f"the proof of entry {number} needs either its body or the entry that ended it")
    if proof.ended is not None:
        _check(proof.ended, checkpoint)
        ending = proof.ended.body.says if proof.ended.body else {}
        if proof.ended.header.kind != BODY_ENDED or ending.get("entry") != number:
            raise LedgerError(f"the proof does not show that the body of entry {number} ended")
    return replace(checkpoint, key_id=key_id)


def _check(part: Inclusion, checkpoint: Checkpoint) -> None:
    """Check that a header is under the signed root, and its body matches the header."""
    number = part.header.number
    leaf = merkle.leaf_hash(canonical(part.header.model_dump()))
    path = [bytes.fromhex(text) for text in part.hashes if is_hash(text)]
    if merkle.root_of_inclusion(leaf, number - 1, checkpoint.size, path) != checkpoint.root:
        raise LedgerError(f"entry {number} is not in the ledger that was signed: the proof was altered")
    if part.body is None:
        return
    if not is_salt(part.body.salt) or commit(part.body.salt, canonical(part.body.says)) != part.header.body:
        raise LedgerError(f"the body of entry {number} is not the one that was recorded")
