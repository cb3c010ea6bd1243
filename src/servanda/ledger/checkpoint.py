"""A checkpoint: the ledger's size and root at one moment, signed.

    servanda/5f0c…                                   origin of the ledger
    1207                                             size in entries
    pT3…=                                            root hash

    — servanda/5f0c… x9A…=                           key and signature

It is a signed note as transparency logs write them (C2SP tlog-checkpoint and signed-note), its key named as its
origin and without extension lines, so that other tools read it and public witnesses can sign it, too. Keep one
elsewhere, on paper if need be: it proves later that not one entry below it was altered, removed or inserted.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from servanda.errors import LedgerError

_ED25519 = b"\x01"
_NOTE = re.compile(
    r"(?P<origin>servanda/[0-9a-f]{32})\n(?P<size>0|[1-9]\d{0,17})\n(?P<root>[A-Za-z0-9+/]{43}=)\n"
    r"\n— (?P<signer>servanda/[0-9a-f]{32}) (?P<signature>[A-Za-z0-9+/]+=*)\n"
)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A signed statement: the ledger `origin` had `size` entries and this root (32 bytes).

    `key_hash` are the four bytes by which a note names its key. `key_id` is the name of the key in its vault, such as
    signing-1; empty where the checkpoint was only read.
    """

    origin: str
    size: int
    root: bytes
    signature: bytes
    key_hash: bytes
    key_id: str = field(default="", compare=False)

    def statement(self) -> bytes:
        """Return the text whose bytes are signed."""
        return statement(self.origin, self.size, self.root)

    def note(self) -> str:
        """Return the checkpoint as a signed note."""
        signed = base64.b64encode(self.key_hash + self.signature).decode()
        return f"{self.statement().decode()}\n— {self.origin} {signed}\n"

    def signer(self, keys: Mapping[str, bytes]) -> str | None:
        """Return the id of the key, among public keys by id, that the note names; None if there is none."""
        return next((i for i, key in keys.items() if key_hash(self.origin, key) == self.key_hash), None)

    def is_signed_by(self, public_key: bytes) -> bool:
        """Return whether the signature verifies with a public key, 32 bytes of Ed25519."""
        if self.key_hash != key_hash(self.origin, public_key):
            return False
        try:
            Ed25519PublicKey.from_public_bytes(public_key).verify(self.signature, self.statement())
        except (InvalidSignature, ValueError):
            return False
        return True


def statement(origin: str, size: int, root: bytes) -> bytes:
    """Return the text that a checkpoint's signature covers."""
    return f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n".encode()


def key_hash(origin: str, public_key: bytes) -> bytes:
    """Return the four bytes that identify a key in a note."""
    return hashlib.sha256(f"{origin}\n".encode() + _ED25519 + public_key).digest()[:4]


def parse_checkpoint(note: str) -> Checkpoint:
    """Parse a checkpoint. Raises LedgerError if it is not byte for byte as written."""
    match = _NOTE.fullmatch(note)
    try:
        if match is None or match["origin"] != match["signer"]:
            raise ValueError
        signed = base64.b64decode(match["signature"], validate=True)
        checkpoint = Checkpoint(
            origin=match["origin"],
            size=int(match["size"]),
            root=base64.b64decode(match["root"], validate=True),
            signature=signed[4:],
            key_hash=signed[:4],
        )
        if checkpoint.note() != note:
            raise ValueError
    except (ValueError, binascii.Error) as error:
        raise LedgerError(
            "this is not a checkpoint, or it was changed",
            advice="a checkpoint is kept as written by: servanda ledger checkpoint --out FILE",
        ) from error
    return checkpoint


def public_key_text(origin: str, public_key: bytes) -> str:
    """Return a public key as one line to publish: name, four bytes of hash, key (a verifier key of signed-note)."""
    encoded = base64.b64encode(_ED25519 + public_key).decode()
    return f"{origin}+{key_hash(origin, public_key).hex()}+{encoded}"


def read_public_key(text: str) -> tuple[str, bytes]:
    """Parse the line of a public key; return the origin of its ledger and 32 bytes. Raises LedgerError."""
    match = re.fullmatch(r"(servanda/[0-9a-f]{32})\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+", text.strip())
    if match:
        try:
            _, _, encoded = text.strip().split("+", 2)
            key = base64.b64decode(encoded, validate=True)[1:]
        except (ValueError, binascii.Error):
            key = b""
        if public_key_text(match[1], key) == text.strip() and len(key) == 32:
            return match[1], key
    raise LedgerError(
        "this is not the public key of a ledger", advice="see the right line with: servanda keys show"
    )
