"""Letters by reference: what is to be written to whom, put down in the transaction that decides it.

    rights, plan ──put──▶ outbox ──rendered by documents──▶ handed to SMTP, or to a folder

Whom it is for and what it says are sealed under a key of the record that it belongs to, and
end with that. Rendering and sending come later; the letter of a decision that was not
committed is never sent.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from servanda.database import moment, tables
from servanda.vault import Vault


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter. `kind` names its text, `to` is an address, `values` fill it in.

    `request` is the number of the request that it belongs to, if any.
    """

    kind: str
    language: str
    to: str
    values: Mapping[str, Any] = field(default_factory=dict)
    request: int | None = None


def put(
    connection: sa.Connection, vault: Vault, key_id: str, letter: Letter, at: datetime | None = None
) -> int:
    """Put a letter into the outbox, sealed under a record's key. Returns its number."""
    outbox = tables.outbox
    number = 1 + int(connection.execute(sa.select(sa.func.max(outbox.c.id))).scalar() or 0)
    secret = json.dumps({"to": letter.to, "values": dict(letter.values)}, ensure_ascii=False)
    row = {
        "id": number,
        "kind": letter.kind,
        "language": letter.language,
        "request": letter.request,
        "key_id": key_id,
        "sealed": vault.seal(key_id, secret.encode()),
        "made_at": moment(at),
        "tries": 0,
    }
    connection.execute(sa.insert(outbox).values(row))
    return number
