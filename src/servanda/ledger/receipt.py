"""A receipt: the proof that an entry is in the ledger, in the form of RFC 9942 (COSE Receipts), for other tools.

    COSE_Sign1  protected    1 algorithm EdDSA · 4 hash of the key · 15 issuer, subject · 395 tree of RFC 9162
                unprotected  396 {-1: [inclusion proof: size, index, path]}
                payload      nil: the root, which the proof leads to from the leaf
                signature    Ed25519, over the root and the protected header

The leaf is the canonical header of the entry, which the JSON proof has. Needs the package cbor2 (extra `evidence`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from servanda.errors import LedgerError, Refused
from servanda.ledger import merkle
from servanda.ledger.checkpoint import key_hash, parse_checkpoint
from servanda.ledger.entry import canonical
from servanda.ledger.proof import Proof
from servanda.vault import Vault

if TYPE_CHECKING:
    from types import ModuleType

_SIGN1 = 18
_ALGORITHM, _KEY, _CLAIMS, _TREE, _PROOFS = 1, 4, 15, 395, 396
_EDDSA, _RFC9162_SHA256, _INCLUSION = -8, 1, -1
_ISSUER, _SUBJECT = 1, 2


def make_receipt(proof: Proof, vault: Vault) -> bytes:
    """Return a receipt of a valid proof, signed with the current signing key, as CBOR. Raises Refused without cbor2."""
    cbor = _cbor()
    checkpoint = parse_checkpoint(proof.checkpoint)
    key = vault.public_keys()[f"signing-{vault.current('signing')}"]
    protected = cbor.dumps(
        {
            _ALGORITHM: _EDDSA,
            _KEY: key_hash(checkpoint.origin, key),
            _CLAIMS: {_ISSUER: checkpoint.origin, _SUBJECT: f"entry/{proof.number}"},
            _TREE: _RFC9162_SHA256,
        },
        canonical=True,
    )
    path = cbor.dumps([proof.size, proof.index, [bytes.fromhex(text) for text in proof.hashes]])
    _, signature = vault.sign(_signs(cbor, protected, checkpoint.root))
    parts = [protected, {_PROOFS: {_INCLUSION: [path]}}, None, signature]
    made: bytes = cbor.dumps(cbor.CBORTag(_SIGN1, parts))
    return made


def verify_receipt(receipt: bytes, header: Mapping[str, Any], public_keys: Mapping[str, bytes]) -> int:
    """Verify a receipt for the header of an entry, with public keys by id. Returns the size of the signed tree.

    Raises LedgerError if it does not hold, Refused without cbor2.
    """
    cbor = _cbor()
    try:
        tagged = cbor.loads(receipt)
        protected, unprotected, payload, signature = tagged.value
        claims = cbor.loads(protected)
        (encoded,) = unprotected[_PROOFS][_INCLUSION]
        size, index, path = cbor.loads(encoded)
        known = (tagged.tag, payload, claims[_ALGORITHM], claims[_TREE]) == (
            _SIGN1,
            None,
            _EDDSA,
            _RFC9162_SHA256,
        )
        origin, hash_ = claims[_CLAIMS][_ISSUER], claims[_KEY]
    except Exception as error:
        raise LedgerError(
            "this is not a receipt of a ledger", advice="make one with: servanda ledger prove"
        ) from error
    key = next((k for k in public_keys.values() if key_hash(origin, k) == hash_), None)
    if not known or key is None:
        raise LedgerError("the receipt is of another kind, or signed with a key that is not known here")
    try:
        root = merkle.root_of_inclusion(merkle.leaf_hash(canonical(header)), index, size, path)
        Ed25519PublicKey.from_public_bytes(key).verify(signature, _signs(cbor, protected, root or b""))
    except (InvalidSignature, TypeError, ValueError):
        raise LedgerError(
            "the receipt does not hold: the entry, the path or the signature was altered"
        ) from None
    if header.get("number") != index + 1 or cbor.dumps(tagged) != receipt:
        raise LedgerError("the receipt contradicts itself: it was altered")
    return int(size)


def _signs(cbor: ModuleType, protected: bytes, root: bytes) -> bytes:
    """What the signature covers (RFC 9052, 4.4), with the root as the detached payload."""
    made: bytes = cbor.dumps(["Signature1", protected, b"", root])
    return made


def _cbor() -> ModuleType:
    try:
        import cbor2
    except ImportError:
        raise Refused(
            "a COSE receipt needs the package cbor2", advice="pip install 'servanda[evidence]'"
        ) from None
    return cbor2
