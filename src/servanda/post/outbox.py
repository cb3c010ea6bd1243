"""The outbox: a letter is stored in the transaction of the decision, and rendered and sent later.

    rights, apply ──put──▶ outbox ──rendered by documents──▶ SMTP, or a folder

Recipient and content are sealed under the key of the record that the letter belongs to. A letter to a person
known only by a row stores place and key; the address is read from the store when the letter is sent. If the
transaction is rolled back, no letter is sent.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from servanda.database import Database, moment, tables
from servanda.vault import Vault

OFFICER = "officer"
"""Stands for the address of the data protection officer at the time of sending."""


@dataclass(frozen=True, slots=True)
class RowAddress:
    """Stands for the address in a row of persons at the time of sending."""

    place: str
    key: str


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter. `kind` selects its template, `to` is an address or a reference to one, `values` fill it in.

    `request` is the number of its request, if any.
    """

    kind: str
    language: str
    to: str | RowAddress
    values: Mapping[str, Any] = field(default_factory=dict)
    request: int | None = None


def put(
    connection: sa.Connection, vault: Vault, key_id: str, letter: Letter, at: datetime | None = None
) -> int:
    """Put a letter into the outbox, sealed under a record key. Returns its number."""
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


def has_waiting_letter(db: Database, request: int) -> bool:
    """Whether a letter of a request waits to be sent."""
    outbox = tables.outbox
    waits = sa.and_(outbox.c.request == request, outbox.c.handed_at.is_(None), outbox.c.sealed.is_not(None))
    with db.read() as connection:
        return connection.execute(sa.select(outbox.c.id).where(waits).limit(1)).first() is not None


def open_letter(vault: Vault, row: Any) -> Letter:
    """Decrypt the letter of a row of the outbox. Raises VaultError if its key is destroyed."""
    secret = json.loads(vault.open_sealed(row.key_id, row.sealed))
    to = secret["to"] if isinstance(secret["to"], str) else RowAddress(*secret["to"])
    return Letter(row.kind, row.language, to, secret["values"], row.request)
