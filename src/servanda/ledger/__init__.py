"""The ledger: an append-only, tamper-evident log of what was done.

    body ──salted hash──▶ header ──hash──▶ leaf ──Merkle tree──▶ root ──signed──▶ checkpoint
     may end              number, at, kind,                                       may be kept
                          hash of the leaf before                                 elsewhere

An entry is appended, never changed. Its header commits to a body that is stored separately and may
end; the leaf still verifies, and another entry records the end. A checkpoint is a signed statement
of size and root: a copy kept elsewhere proves that no earlier entry was altered.

The ledger contains no personal data, only references, counts, names of promises and places.
Trees and proofs: RFC 6962 and RFC 9162. Canonical JSON: RFC 8785. Signatures: Ed25519.
"""

from servanda.ledger.checkpoint import Checkpoint, public_key_text, read_public_key
from servanda.ledger.entry import Entry
from servanda.ledger.ledger import Ledger
from servanda.ledger.proof import Proof, verify_proof
from servanda.ledger.verify import Fault, Report

__all__ = [
    "Checkpoint",
    "Entry",
    "Fault",
    "Ledger",
    "Proof",
    "Report",
    "public_key_text",
    "read_public_key",
    "verify_proof",
]
