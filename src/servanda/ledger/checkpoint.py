"""A checkpoint: the ledger's size and root at one moment, signed.

    servanda/5f0c…                                   origin of the ledger
    1207                                             size in entries
    pT3…=                                            root hash
    at 2026-11-22T02:00:05.000000Z

    — servanda/5f0c…/signing-1 x9A…=                 key and signature

It is a signed note as transparency logs write them (C2SP tlog-checkpoint and signed-note),
so that other tools can read it. Keep one elsewhere, on paper if need be: it proves later
that not one entry below it was altered, removed or inserted.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from datetime import datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from servanda.database import moment
from servanda.errors import LedgerError

_ED25519 = b"\x01"
_NOTE = re.compile(
    r"(?P<origin>servanda/[0-9a-f]{32})\n(?P<size>0|[1-9]\d{0,17})\n(?P<root>[A-Za-z0-9+/]{43}=)\n"
    r"at (?P<at>\S{27})\n\n— (?P<signer>servanda/[0-9a-f]{32})/(?P<key>signing-[1-9]\d{0,5}) "
    r"(?P<signature>[A-Za-z0-9+/]+=*)\n"
)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A signed statement: the ledger `origin` had `size` entries and this root (32 bytes)."""

    origin: str
    size: int
    root: bytes
    at: datetime
    key_id: str
    signature: bytes
    key_hash: bytes

    def statement(self) -> bytes:
        """Return the text whose bytes are signed."""
        return statement(self.origin, self.size, self.root, self.at)

    def note(self) -> str:
        """Return the checkpoint as a signed note."""
        signed = base64.b64encode(self.key_hash + self.signature).decode()
        return f"{self.statement().decode()}\n— {self.origin}/{self.key_id} {signed}\n"

    def is_signed_by(self, public_key: bytes) -> bool:
        """Return whether the signature verifies with a public key, 32 bytes of Ed25519."""
        if self.key_hash != key_hash(self.origin, self.key_id, public_key):
            return False
        try:
            Ed25519PublicKey.from_public_bytes(public_key).verify(self.signature, self.statement())
        except (InvalidSignature, ValueError):
            return False
        return True


def statement(origin: str, size: int, root: bytes, at: datetime) -> bytes:
    """Return the text that a checkpoint's signature covers."""
    return f"{origin}\n{size}\n{base64.b64encode(root).decode()}\nat {moment(at)}\n".encode()


def key_hash(origin: str, key_id: str, public_key: bytes) -> bytes:
    """Return the four bytes that identify a key in a note."""
    return hashlib.sha256(f"{origin}/{key_id}\n".encode() + _ED25519 + public_key).digest()[:4]


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
            at=datetime.fromisoformat(match["at"]),
            key_id=match["key"],
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


def public_key_text(origin: str, key_id: str, public_key: bytes) -> str:
    """Return a public key as one line to publish: name, four bytes of hash, key."""
    encoded = base64.b64encode(_ED25519 + public_key).decode()
    return f"{origin}/{key_id}+{key_hash(origin, key_id, public_key).hex()}+{encoded}"


def read_public_key(text: str) -> tuple[str, bytes]:
    """Parse the line of a public key; return its id and 32 bytes. Raises LedgerError."""
    match = re.fullmatch(
        r"(servanda/[0-9a-f]{32})/(signing-[1-9]\d{0,5})\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+", text.strip()
    )
    if match:
        try:
            _, _, encoded = text.strip().split("+", 2)
            key = base64.b64decode(encoded, validate=True)[1:]
        except (ValueError, binascii.Error):
            key = b""
        if public_key_text(match[1], match[2], key) == text.strip() and len(key) == 32:
            return match[2], key
    raise LedgerError(
        "this is not the public key of a ledger", advice="see the right line with: servanda keys show"
    )
