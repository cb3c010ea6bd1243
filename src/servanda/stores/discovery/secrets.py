"""Columns that prove who somebody is, and that a copy for them leaves out: whoever reads it could act as they.

A stores document names them; else their names do. What is left out is said.
"""

from __future__ import annotations

import re

from servanda.stores.discovery import lexicon
from servanda.stores.document.document import Place

_WORDS = (
    r"(^|_)(secret|salt|otp|totp|mfa|two_factor|2fa|recovery_codes?|private_?key|api_?key|csrf|nonce"
    r"|(remember|reset|access|refresh|auth|session)_?token)(_|$)"
)
_SECRET = re.compile(_WORDS)


def secrets(place: Place, columns: tuple[str, ...]) -> tuple[str, ...]:
    """Which of these columns a copy leaves out."""
    if place.secrets:
        return tuple(c for c in columns if c in place.secrets)
    return tuple(c for c in columns if _by_name(c))


def _by_name(column: str) -> bool:
    read = lexicon.read(column)
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", column).lower()
    return "password" in read.natures or _SECRET.search(snake) is not None
