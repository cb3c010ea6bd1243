"""Who a visitor is, once proved: a signed cookie that names a request, for an hour.

It holds a number and a time, nothing about the person; without our key nobody can make one.
"""

from __future__ import annotations

import hmac
from datetime import UTC, datetime, timedelta

from servanda.vault import Vault

COOKIE = "servanda-request"
LIFE = timedelta(hours=1)


def make(vault: Vault, request: int, now: datetime) -> str:
    """The cookie of somebody who proved that a request is theirs."""
    until = int((now + LIFE).timestamp())
    return f"{request}.{until}.{vault.mac('identifiers', _said(request, until))}"


def read(vault: Vault, cookie: str | None, now: datetime) -> int | None:
    """The number of the request, None where the cookie is forged or over."""
    parts = (cookie or "").split(".")
    if len(parts) != 3 or not (parts[0].isdecimal() and parts[1].isdecimal()) or len(cookie or "") > 120:
        return None
    request, until = int(parts[0]), int(parts[1])
    good = any(hmac.compare_digest(parts[2], mac) for mac in vault.macs("identifiers", _said(request, until)))
    return request if good and datetime.fromtimestamp(until, UTC) > now else None


def _said(request: int, until: int) -> bytes:
    return f"session:{request}:{until}".encode()
