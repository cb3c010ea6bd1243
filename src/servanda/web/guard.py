"""What stands between a browser and the pages: headers, sizes, forms that only our pages can send.

No page loads anything but its own style sheet, is shown inside another page, or tells another site
where its reader came from. A form carries a token that belongs to a cookie of this visitor; a
request of another site has neither (CSRF). Bodies have an end.
"""

from __future__ import annotations

import hmac
import secrets
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from servanda.vault import Vault

LARGEST_BODY = 64 * 1024
"""Bytes of a form. Nothing is uploaded."""
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), browsing-topics=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Robots-Tag": "noindex",
}
FORM = "servanda-form"
"""The cookie that a form’s token belongs to."""


class Guard:
    """Adds the headers to every answer, and cuts off bodies that are too long."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        length = dict(scope["headers"]).get(b"content-length", b"0")
        if not length.isdigit() or int(length) > LARGEST_BODY:
            await PlainTextResponse("too large", 413)(scope, receive, guarded)
            return
        await self.app(scope, _ending(receive), guarded)


class TooLong(Exception):
    """A body that goes on for longer than it may."""


def _ending(receive: Receive) -> Receive:
    seen = 0

    async def received() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > LARGEST_BODY:
            raise TooLong
        return message

    return received


def new_cookie() -> str:
    """The value of a new visitor’s cookie."""
    return secrets.token_urlsafe(18)


def form_token(vault: Vault, cookie: str) -> str:
    """The token that the forms of a visitor carry."""
    return vault.mac("identifiers", b"form:" + cookie.encode())


def is_ours(vault: Vault, cookie: str | None, token: Any) -> bool:
    """Whether a form was sent from a page that we gave to this visitor."""
    if not cookie or not isinstance(token, str) or len(token) != 64:
        return False
    return any(
        hmac.compare_digest(token, mac) for mac in vault.macs("identifiers", b"form:" + cookie.encode())
    )
