"""The kinds of keys, and the damage if one is lost or stolen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

LOSS = {
    "signing": "no new checkpoint can be signed; those already signed can still be verified",
    "identifiers": "who asked or objected can no longer be recognised by their address",
    "pseudonym": "the same person gets a new pseudonym from then on, and old ones match nothing",
    "seal": "the scope and reason of every hold and request become unreadable, and holds cannot be applied",
}
"""The names of keys in display order, with what is lost with each."""

WHEN_STOLEN = {
    "signing": "a thief can sign a forged ledger; checkpoints kept elsewhere still expose it",
    "identifiers": "a thief can test whether an address stands behind a reference",
    "pseudonym": "a thief can link pseudonyms to persons",
    "seal": "a thief who also has the database and the record keys reads what is sealed",
}
"""What a thief can do with each key and Servanda's database."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key of a vault without its secret; its text is `signing-2`."""

    name: str
    number: int
    made_at: datetime
    current: bool

    def __str__(self) -> str:
        return f"{self.name}-{self.number}"
