"""The outbox: letters are put down in the transaction that decides them, and rendered and sent later.

    rights, apply ──put──▶ outbox ──rendered by documents──▶ handed to SMTP, or to a folder

Whom a letter is for and what it says are sealed under a key of the record that it belongs to, and
end with that. A letter for a person who is known by a row alone is sealed with place and key; the address is
read from the store when the letter is sent. The letter of a decision that was not committed is never sent.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from servanda.database import moment, tables
from servanda.vault import Vault

OFFICER = "officer"
"""In the place of an address: the data protection officer, whoever that is when the letter is sent."""


@dataclass(frozen=True, slots=True)
class RowAddress:
    """In the place of an address: the one that stands in a row of persons when the letter is sent."""

    place: str
    key: str


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter. `kind` names its text, `to` is an address or stands for one, `values` fill it in.

    `request` is the number of the request that it belongs to, if any.
    """

    kind: str
    language: str
    to: str | RowAddress
    values: Mapping[str, Any] = field(default_factory=dict)
    request: int | None = None


def put(
    connection: sa.Connection, vault: Vault, key_id: str, letter: Letter, at: datetime | None = None
) -> int:
    """Put a letter into the outbox, sealed under a record's key. Returns its number."""
    return put_all(connection, vault, key_id, [letter], at)


def put_all(
    connection: sa.Connection,
    vault: Vault,
    key_id: str,
    letters: Sequence[Letter],
    at: datetime | None = None,
) -> int:
    """Put letters into the outbox, all under one key. Returns the number of the last one."""
    outbox = tables.outbox
    number = int(connection.execute(sa.select(sa.func.max(outbox.c.id))).scalar() or 0)
    rows = []
    for letter in letters:
        number += 1
        to = [letter.to.place, letter.to.key] if isinstance(letter.to, RowAddress) else letter.to
        secret = json.dumps({"to": to, "values": dict(letter.values)}, ensure_ascii=False)
        row = {"id": number, "kind": letter.kind, "language": letter.language, "request": letter.request}
        row |= {"key_id": key_id, "sealed": vault.seal(key_id, secret.encode())}
        rows.append(row | {"made_at": moment(at), "tries": 0})
    if rows:
        connection.execute(sa.insert(outbox), rows)
    return number


def opened(vault: Vault, row: Any) -> Letter:
    """The letter that a row of the outbox stands for. Raises VaultError where its key has ended."""
    secret = json.loads(vault.open_sealed(row.key_id, row.sealed))
    to = secret["to"] if isinstance(secret["to"], str) else RowAddress(*secret["to"])
    return Letter(row.kind, row.language, to, secret["values"], row.request)
