"""How letters leave the company: a mail server, the address they come from, the address of the centre."""

from __future__ import annotations

import re
from typing import Any

from pydantic import Field, field_validator

from servanda.policy.document import Strict

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
