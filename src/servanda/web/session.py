"""Sessions: an encrypted cookie, valid for an hour, that identifies a visitor.

    by the link of a request      proves access to the mailbox of its address
    by the company's own login    proves an account there

The cookie is encrypted and authenticated with a key of the vault.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from servanda.rights.account.account import Member
from servanda.vault import Vault

COOKIE = "servanda-request"
LIFE = timedelta(hours=1)
_USE = "session"
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
    if session.member is not None:
        content["member"] = [session.member.about, session.member.by, session.member.named]
    return vault.enclose(_USE, json.dumps(content).encode())


def read(vault: Vault, cookie: str | None, now: datetime) -> Session | None:
    """Decrypt a cookie value; None if it is missing, forged or expired."""
    if not cookie or len(cookie) > _LONGEST or not cookie.isascii():
        return None
    text = vault.disclose(_USE, cookie)
    if text is None:
        return None
    content = json.loads(text)
    if datetime.fromtimestamp(content["until"], UTC) <= now:
        return None
    return Session(content["request"], Member(*content["member"]) if "member" in content else None)
