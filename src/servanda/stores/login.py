"""The company's own login, where it vouches for who asks: whose tokens are believed, and by which key."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from servanda.policy.document import Strict
from servanda.stores.shorter import Shorter

Algorithm = Literal["EdDSA", "ES256", "ES384", "RS256", "PS256"]
"""Signatures by a private key alone: whoever can check a token can then not make one."""


class Login(Strict):
    """Tokens (JWT, RFC 7519) of this `issuer` for this `audience`, signed by a key in the file `keys`.

    `keys` is a PEM file of one public key, or a JSON Web Key Set. The token's `sub` is what the
    places of persons call `identifier`, such as `client_number`; without it, any of their identifiers.
    """

    issuer: str = Field(min_length=1)
    audience: str = Field(default="servanda", min_length=1)
    keys: str
    algorithms: Annotated[
        list[Algorithm],
        BeforeValidator(lambda value: value if isinstance(value, list) else [value]),
        Shorter("string"),
    ] = Field(default=["EdDSA"], min_length=1)
    identifier: str | None = None
