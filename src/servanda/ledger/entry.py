"""An entry: a header that is hashed into the tree, and a body that the header commits to.

    header  {"at":"2026-11-22T02:00:04.000000Z","body":"<commitment>","kind":"page.outcome",
             "number":1207,"prev":"<leaf before>"}
    leaf    SHA-256(0x00 || header)
    body    canonical JSON; commitment = SHA-256(salt || body)

The salt is random and deleted with the body: without it the content of an ended body cannot be
guessed from its commitment.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import rfc8785

from servanda.errors import LedgerError
from servanda.ledger.merkle import leaf_hash

FIRST = "0" * 64
"""The previous leaf of the first entry."""

KEY_MADE = "ledger.key"
"""The kind of an entry that publishes a public key for checkpoints."""

BODY_ENDED = "ledger.body_ended"
"""The kind of an entry that records the end of another entry's body, with date and reason."""

_KIND = re.compile(r"[a-z][a-z0-9_-]*(\.[a-z0-9_-]+)*")
_HASH = re.compile(r"[0-9a-f]{64}")
_SALT = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Entry:
    """A stored entry. `body` is None once it has ended, on `ended_on`."""

    number: int
    at: datetime
    kind: str
    prev: str
    commitment: str
    leaf: str
    body: Mapping[str, Any] | None
    ended_on: date | None = None
    header: str = field(default="", repr=False)
    salt: str | None = field(default=None, repr=False)


def canonical(value: Mapping[str, Any]) -> bytes:
    """Serialise as RFC 8785 JSON. Raises LedgerError for a value without an exact form in JSON."""
    try:
        return rfc8785.dumps(dict(value))
    except (rfc8785.CanonicalizationError, TypeError, ValueError) as error:
        raise LedgerError(f"this value cannot be recorded in the ledger: {error}") from error


def commit(salt: str, body: bytes) -> str:
    """Return the commitment to a body under a salt of 32 hex digits."""
    return hashlib.sha256(bytes.fromhex(salt) + body).hexdigest()


def make_header(number: int, at: str, kind: str, prev: str, commitment: str) -> bytes:
    """Return the canonical header of an entry; raises LedgerError for an unusable kind."""
    if not _KIND.fullmatch(kind) or len(kind) > 190:
        raise LedgerError(f"{kind!r} cannot be the kind of an entry", advice='write it like "page.outcome"')
    return canonical({"number": number, "at": at, "kind": kind, "prev": prev, "body": commitment})


def is_hash(text: object) -> bool:
    """Return whether a value is a string of 64 lower-case hex digits."""
    return isinstance(text, str) and _HASH.fullmatch(text) is not None


def is_salt(text: object) -> bool:
    """Return whether a value is a string of 32 lower-case hex digits."""
    return isinstance(text, str) and _SALT.fullmatch(text) is not None


def read_entry(header: str, salt: str | None, text: str | None, ended_on: str | None) -> Entry:
    """Build an entry from its stored parts. Raises LedgerError if they are not a valid entry."""
    try:
        fields = json.loads(header)
        return Entry(
            number=fields["number"],
            at=datetime.fromisoformat(fields["at"]),
            kind=fields["kind"],
            prev=fields["prev"],
            commitment=fields["body"],
            leaf=leaf_hash(header.encode()).hex(),
            body=None if text is None else json.loads(text),
            ended_on=date.fromisoformat(ended_on) if ended_on else None,
            header=header,
            salt=salt,
        )
    except (ValueError, KeyError, TypeError) as error:
        raise LedgerError(
            "an entry of the ledger cannot be read: it was changed", advice="see what: servanda ledger verify"
        ) from error
