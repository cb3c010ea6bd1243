"""Who a visitor is, once proved: an encrypted cookie, for an hour.

    by the link of a request      whoever reads the mail of its address
    by the company's own login    whoever is signed in there

Nobody can read or make one without our key. It names a person only to us.
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
    """A visitor who proved who they are: `request` is the one that they see, if any.

    `member` is missing where somebody asks for another person: they see their request and nothing else.
    """

    request: int | None
    member: Member | None = field(repr=False)


def make(vault: Vault, session: Session, now: datetime) -> str:
    """The cookie of somebody who proved who they are."""
    said: dict[str, object] = {"until": int((now + LIFE).timestamp()), "request": session.request}
    if session.member is not None:
        said["member"] = [session.member.about, session.member.by, session.member.named]
    return vault.enclose(_USE, json.dumps(said).encode())


def read(vault: Vault, cookie: str | None, now: datetime) -> Session | None:
    """Who bears a cookie, None where it is forged or over."""
    if not cookie or len(cookie) > _LONGEST or not cookie.isascii():
        return None
    found = vault.disclose(_USE, cookie)
    if found is None:
        return None
    said = json.loads(found)
    if datetime.fromtimestamp(said["until"], UTC) <= now:
        return None
    return Session(said["request"], Member(*said["member"]) if "member" in said else None)
