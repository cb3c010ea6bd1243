"""Middleware of the centre: security headers, a limit on body sizes, and CSRF tokens.

Pages load only their own style sheet, cannot be framed and send no referrer. Each form carries a token
derived from a cookie of the visitor, which a request from another site cannot have.
"""

from __future__ import annotations

import hmac
import secrets
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from servanda.vault import Vault

MAX_BODY = 64 * 1024
"""The largest body in bytes; forms have no uploads."""
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
"""The name of the cookie that form tokens are derived from."""
_HSTS = "max-age=31536000"
"""A year over HTTPS alone (RFC 6797)."""


def cookie_name(request: HTTPConnection, name: str) -> str:
    """The name of a cookie: over HTTPS, with a prefix that no other host of the domain can set (RFC 6265bis)."""
    return f"__Host-{name}" if request.url.scheme == "https" else name


def cookie(request: HTTPConnection, name: str) -> str | None:
    """The value of a cookie of ours."""
    return request.cookies.get(cookie_name(request, name))


class Guard:
    """Adds the headers to every response and rejects bodies over `MAX_BODY`."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        head = scope["method"] == "HEAD"
        if head:  # every page that can be read can be asked for its headers (RFC 9110, 9.3.2)
            scope = {**scope, "method": "GET"}

        async def guarded(message: Message) -> None:
            if head and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
                if scope["scheme"] == "https":
                    headers.setdefault("Strict-Transport-Security", _HSTS)
            await send(message)

        length = dict(scope["headers"]).get(b"content-length", b"0")
        if not length.isdigit() or int(length) > MAX_BODY:
            await PlainTextResponse("too large", 413)(scope, receive, guarded)
            return
        await self.app(scope, _limited(receive), guarded)


class BodyTooLarge(Exception):
    """A streamed body is larger than `MAX_BODY`."""


def _limited(receive: Receive) -> Receive:
    size = 0

    async def received() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > MAX_BODY:
            raise BodyTooLarge
        return message

    return received


def new_cookie() -> str:
    """The value of a new visitor’s cookie."""
    return secrets.token_urlsafe(18)


def form_token(vault: Vault, cookie: str) -> str:
    """The CSRF token for the forms of a visitor."""
    return vault.mac("identifiers", b"form:" + cookie.encode())


def form_is_valid(vault: Vault, cookie: str | None, token: Any) -> bool:
    """Return whether a form token matches the visitor's cookie, with this or an older key."""
    if not cookie or not isinstance(token, str) or len(token) != 64:
        return False
    return any(
        hmac.compare_digest(token, mac) for mac in vault.macs("identifiers", b"form:" + cookie.encode())
    )
