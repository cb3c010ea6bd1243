"""Sessions: an encrypted cookie, valid for an hour, that identifies a visitor.

    by the link of a request      proves access to the mailbox of its address
    by the company's own login    proves an account there

The cookie is encrypted and authenticated with a key of the vault. Who signs out ends it: a keyed hash of its number
is kept until the hour is over.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from servanda.database import Database, moment, put, tables
from servanda.rights.account.account import Member
from servanda.vault import Vault

COOKIE = "servanda-request"
LIFE = timedelta(hours=1)
_USE, _KEY = "session", "identifiers"
_LONGEST = 3_000


@dataclass(frozen=True, slots=True)
class Session:
    """An identified visitor: `request` is the number of the request that they may see, if any.

    `member` is None for somebody who asks on behalf of another person: they see only the request.
    """

    request: int | None
    member: Member | None = field(repr=False)


def make(vault: Vault, session: Session, now: datetime) -> str:
    """Encrypt a session as a cookie value."""
    content: dict[str, object] = {"until": int((now + LIFE).timestamp()), "request": session.request}
    content["number"] = secrets.token_urlsafe(16)
    if session.member is not None:
        content["member"] = [session.member.about, session.member.by, session.member.named]
    return vault.enclose(_USE, json.dumps(content).encode())


def read(db: Database, vault: Vault, cookie: str | None, now: datetime) -> Session | None:
    """Decrypt a cookie value; None if it is missing, forged, expired, or of somebody who signed out."""
    content = _disclose(vault, cookie, now)
    if content is None:
        return None
    link = tables.link
    query = sa.select(link.c.mac).where(link.c.mac.in_(vault.macs(_KEY, _mark(content))))
    with db.read() as connection:
        if connection.execute(query).first() is not None:
            return None
    return Session(content["request"], Member(*content["member"]) if "member" in content else None)


def end(db: Database, vault: Vault, cookie: str | None, now: datetime) -> None:
    """End a session, wherever its cookie was copied to."""
    content = _disclose(vault, cookie, now)
    if content is None:
        return
    row = {
        "mac": vault.mac(_KEY, _mark(content)), "request": 0, "use": "left", "made_at": moment(now),
        "expires_at": moment(datetime.fromtimestamp(content["until"], UTC)), "left": 0,
    }  # fmt: skip
    with db.begin() as connection:
        put(connection, tables.link, row)


def _disclose(vault: Vault, cookie: str | None, now: datetime) -> dict[str, Any] | None:
    if not cookie or len(cookie) > _LONGEST or not cookie.isascii():
        return None
    text = vault.disclose(_USE, cookie)
    if text is None:
        return None
    content: dict[str, Any] = json.loads(text)
    expired = datetime.fromtimestamp(content["until"], UTC) <= now
    return None if expired or "number" not in content else content


def _mark(content: dict[str, Any]) -> bytes:
    return f"session:{content['number']}".encode()
