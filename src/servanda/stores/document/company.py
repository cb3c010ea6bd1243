"""The company's own login, where it vouches for who asks: whose tokens are believed, and by which key.

How letters leave the company: a mail server, the address they come from, the address of the centre.

Which requests need nobody: what a company lets Servanda carry out by itself once it is proved who asks.

A waiver in the stores document: a finding that the company lives with, for a reason and until a day.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator

from servanda.law.rights import names
from servanda.policy.base import Strict
from servanda.policy.values import Date
from servanda.stores.document.change import Shorter

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


_PASSWORD = re.compile(r"://[^/@:\s]*:(?!\$\{)[^/@\s]+@")
_URL = re.compile(r"(smtp|smtps|smtp\+plain)://\S+|\$\{[A-Z][A-Z0-9_]*(:-[^}]*)?\}")


class Mail(Strict):
    """Letters go to the server `url`: smtp:// takes STARTTLS, smtps:// is TLS from the start.

    smtp+plain:// takes neither, for a server on the same machine. Without a `url`, letters are written
    into the folder `outbox` for somebody to send. `sender` is the address they come from, by default
    that of the data protection officer; `centre` is the address of the privacy centre, for links.
    """

    url: str | None = None
    sender: str | None = Field(default=None, pattern=r"^[^@\s]+@[^@\s]+$")
    centre: str = Field(default="http://127.0.0.1:8420", pattern=r"^https?://\S+[^/]$")

    @field_validator("url")
    @classmethod
    def _url(cls, value: Any) -> Any:
        if isinstance(value, str) and _PASSWORD.search(value):
            raise ValueError("a password stands in this document | write ${SMTP_URL} and set it")
        if isinstance(value, str) and not _URL.fullmatch(value):
            raise ValueError(
                "this is no mail server | write smtp://user:${SMTP_PASSWORD}@mail.example.org:587"
            )
        return value


if TYPE_CHECKING:
    RightName = str
else:
    RightName = Literal[tuple(names(listed=True))]


class Handling(Strict):
    """`by_itself` are rights that are carried out and answered without anybody, where nothing is in doubt.

    An erasure cannot be undone: a company says itself that it wants it so. What a parent, an heir or
    somebody with a mandate asks for always waits for a person.
    """

    by_itself: list[RightName] = Field(default_factory=lambda: names(by_itself=True))


class Waiver(Strict):
    """Findings of `rule` (a code or slug) at `where` and below it do not count until after `until`.

    `where` is a place or column (app.visits, app.accounts.phone) or a part of the policy
    (recipients.stripe); without it the waiver covers every finding of the rule. `because` is
    the reason, read by auditors; `owner` answers for it.
    """

    rule: str = Field(min_length=1)
    where: str | None = None
    because: str = Field(min_length=8)
    until: Date
    owner: str | None = None
