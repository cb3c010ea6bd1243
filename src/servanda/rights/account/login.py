"""Verifies tokens of the company's own login: who is signed in there needs no other proof of identity.

    application ──signs {iss, aud, sub, exp, jti}──▶ person's browser ──▶ centre

A token is valid for ten minutes at most and can be used once: a keyed hash of its `jti` is stored until it expires.
The reason for which a token is rejected is not shown to its bearer.

Law: GDPR 12(6); EDPB Guidelines 01/2022, §73: who is authenticated is not asked for more.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from servanda.database import Database, moment, tables
from servanda.errors import Refused, VaultError
from servanda.stores.document.company import Login
from servanda.vault import Vault

MOST = timedelta(minutes=10)
"""The longest accepted lifetime of a token."""
_NEEDS = ["iss", "aud", "sub", "iat", "exp", "jti"]
_SKEW = timedelta(seconds=30)


class BadToken(Refused):
    """A rejected token; the reason is for the company, not for the bearer."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who is signed in: the subject of the token, and when the session began."""

    subject: str
    at: datetime


def signed_in(db: Database, vault: Vault, login: Login, folder: Path, token: str) -> SignedIn:
    """Verify a token and mark it as used. Raises BadToken, or VaultError if the public key cannot be read."""
    claims = _decoded(login, folder / login.keys, token)
    issued, expires = (datetime.fromtimestamp(int(claims[name]), UTC) for name in ("iat", "exp"))
    if expires - issued > MOST:
        raise BadToken(
            "a token of the login is valid for longer than ten minutes", advice="set exp to iat + 600 at most"
        )
    row = {
        "mac": vault.mac("identifiers", f"login:{login.issuer}:{claims['jti']}".encode()),
        "request": 0,
        "use": "login",
        "made_at": moment(issued),
        "expires_at": moment(expires + _SKEW),
        "left": 0,
    }
    try:
        with db.begin() as connection:
            connection.execute(sa.insert(tables.link).values(row))
    except IntegrityError:
        raise BadToken("a token of the login was used before") from None
    return SignedIn(claims["sub"], issued)


def _decoded(login: Login, path: Path, token: str) -> dict[str, Any]:
    try:
        key = _key(path, token)
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=list(login.algorithms),
            audience=login.audience,
            issuer=login.issuer,
            leeway=_SKEW,
            options={"require": _NEEDS},
        )
    except (jwt.InvalidTokenError, jwt.InvalidKeyError, KeyError, ValueError) as error:
        raise BadToken(f"a token of the login was rejected: {type(error).__name__}") from None
    if not claims["sub"].strip() or not str(claims["jti"]).strip():
        raise BadToken("a token of the login names nobody, or has no number")
    return claims


def _key(path: Path, token: str) -> Any:
    """The public key for a token: the PEM file, or the key of the JWK set that the token names."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise VaultError(
            f"the keys of the login cannot be read: {path.name}: {error.strerror}",
            advice="login: keys: in stores.yaml names a file with a public key (PEM, or a JSON Web Key Set)",
        ) from None
    if "PRIVATE KEY" in text:
        raise VaultError(f"{path.name} is a private key; what checks tokens has the public one alone")
    if not text.lstrip().startswith("{"):
        return text
    keys = jwt.PyJWKSet.from_dict(json.loads(text))
    name = jwt.get_unverified_header(token).get("kid")
    return keys[name].key if name is not None else next(iter(keys)).key
