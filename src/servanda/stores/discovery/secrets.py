"""Credentials: columns such as passwords and tokens, which a copy for the person omits and lists.

The stores document names them; otherwise they are recognised by name.
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
    """Which of these columns are credentials."""
    if place.secrets:
        return tuple(c for c in columns if c in place.secrets)
    return tuple(c for c in columns if _by_name(c))


def _by_name(column: str) -> bool:
    read = lexicon.read(column)
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", column).lower()
    return "password" in read.natures or _SECRET.search(snake) is not None
