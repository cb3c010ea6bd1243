"""Carriers of messages: a mail server, or a folder if none is configured.

A message keeps its Message-ID through every attempt. If the answer of the server is lost, the message is
sent again, and a mail reader shows it once.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Literal, Protocol
from urllib.parse import unquote, urlsplit

import aiosmtplib

from servanda.errors import ServandaError

_TIMEOUT = 30.0


class NotSent(ServandaError):
    """A message was not sent. `later` is true if a retry may succeed."""

    def __init__(self, message: str, *, later: bool, advice: str = "") -> None:
        super().__init__(message, advice=advice)
        self.later = later


class Carrier(Protocol):
    """The interface of carriers. The messages of NotSent contain no address.

    `delivers` is false for one that only keeps messages: somebody has to send them.
    """

    @property
    def delivers(self) -> bool:
        """Whether a message that was taken is on its way to its recipient."""

    def take(self, message: EmailMessage) -> None:
        """Send one message. Raises NotSent."""


@dataclass(frozen=True, slots=True)
class Server:
    """A mail server. `security` is implicit TLS, STARTTLS, or none."""

    host: str
    port: int
    user: str | None = None
    password: str | None = None
    security: Literal["tls", "starttls", "plain"] = "starttls"

    @property
    def delivers(self) -> bool:
        """A server delivers what it has accepted."""
        return True

    @classmethod
    def of(cls, url: str) -> Server:
        """Parse the URL of a server, smtp://user:password@host:587. Raises ServandaError."""
        parts = urlsplit(url)
        kinds: dict[str, tuple[Literal["tls", "starttls", "plain"], int]] = {
            "smtp": ("starttls", 587),
            "smtps": ("tls", 465),
            "smtp+plain": ("plain", 25),
        }
        try:
            security, port = kinds[parts.scheme]
            host = parts.hostname or ""
            port = parts.port or port
        except (KeyError, ValueError):
            host, port, security = "", 0, "plain"
        if not host:
            raise ServandaError(
                "the mail server’s address cannot be read",
                advice="such as smtp://user:password@mail.example.org:587; in a password write @ as %40",
            )
        user, password = (unquote(p) if p else None for p in (parts.username, parts.password))
        return cls(host, port, user, password, security)

    def take(self, message: EmailMessage) -> None:
        """Send a message. Raises NotSent."""
        sending = aiosmtplib.send(
            message,
            hostname=self.host,
            port=self.port,
            username=self.user,
            password=self.password,
            use_tls=self.security == "tls",
            start_tls={"tls": None, "starttls": True, "plain": False}[self.security],
            timeout=_TIMEOUT,
        )
        try:
            asyncio.run(sending)
        except aiosmtplib.SMTPAuthenticationError:
            raise NotSent("the mail server refuses the password", later=True) from None
        except (aiosmtplib.SMTPRecipientsRefused, aiosmtplib.SMTPRecipientRefused):
            raise NotSent("the mail server refuses the recipient", later=False) from None
        except aiosmtplib.SMTPResponseException as error:
            later = error.code < 500
            raise NotSent(f"the mail server answers {error.code}", later=later) from None
        except (aiosmtplib.SMTPException, OSError) as error:
            name = type(error).__name__
            raise NotSent(f"the mail server does not answer as it should ({name})", later=True) from None


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder that receives messages as files."""

    path: Path

    @property
    def delivers(self) -> bool:
        """Somebody has to send what lies in a folder."""
        return False

    def sweep(self, before: float) -> int:
        """Remove the messages written before an instant, in seconds since 1970. Returns how many."""
        old = [f for f in self.path.glob("*.eml") if f.stat().st_mtime < before] if self.path.is_dir() else []
        for file in old:
            file.unlink(missing_ok=True)
        return len(old)

    def take(self, message: EmailMessage) -> None:
        """Write a message as NAME.eml with mode 0600. Raises NotSent."""
        name = str(message["Message-ID"]).strip("<>").split("@")[0]
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            target = self.path / f"{name}.eml"
            part = target.with_suffix(".part")
            part.touch(mode=0o600)
            part.write_bytes(bytes(message))
            part.replace(target)
        except OSError as error:
            raise NotSent(
                f"the folder {self.path.name} cannot be written: {error.strerror}", later=True
            ) from None
