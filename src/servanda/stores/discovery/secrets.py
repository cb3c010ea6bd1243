"""Credentials: columns such as passwords and tokens, which a copy for the person omits and lists.

They are recognised by name; the stores document adds others, which no name tells. What is about a credential, such
as the day on which it ends, is none.
"""

from __future__ import annotations

from itertools import pairwise

from servanda.stores.discovery import lexicon
from servanda.stores.document.document import Place


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ALONE = _set(
    "pass passcode passphrase passkey pwd passwd mdp pin secret salt nonce otp totp hotp mfa 2fa csrf xsrf jwt bearer"
    " credential credentials apikey authkey accesskey secretkey privatekey sessionid sessionkey jeton keyhash pwhash"
    " passhash passwordhash resettoken webauthn"
)
"""One such word in a name is enough."""
_KEYS = _set(
    "api access auth private secret session signing encryption activation reset recovery backup ssh license remember"
    " confirmation verification invitation webhook client shared symmetric"
)
_CODES = _set(
    "reset recovery backup activation confirmation verification login access security auth magic unlock sms factor"
)
_PAIRED = frozenset(
    {
        *((word, end) for word in _KEYS for end in ("key", "keys")),
        *((word, end) for word in _CODES for end in ("code", "codes", "hash", "digest", "link")),
        *(("session", end) for end in ("id", "hash", "data")),
        *(("security", end) for end in ("answer", "answers")),
        *(("remember", end) for end in ("me", "hash", "digest")),
        *(("auth", end) for end in ("data", "string")),
        *(("cle", end) for end in ("api", "privee", "secrete")),
        *(("code", end) for end in ("secret", "confidentiel")),
        ("two", "factor"),
    }
)
"""Two such words in a row."""
_TOKENS = _set("token tokens")
_ABOUT = _set(
    "at on date day time expires expire expiry expired enabled disabled active required verified confirmed sent used"
    " changed updated created issued last count attempts failures tries type kind version algorithm algo name label"
    " status state length scope scopes has is needs must ttl valid until"
)
"""Beside these, a word is about a credential, such as when it ends, and is none."""
_ADDRESSES = _set("device push fcm apns expo notification")
"""Tokens by which a device is written to: an address, no credential."""


def secrets(place: Place, columns: tuple[str, ...]) -> tuple[str, ...]:
    """Which of these columns are credentials: those that the place names, and those whose names say so."""
    return tuple(c for c in columns if c in place.secrets or _by_name(c))


def _by_name(column: str) -> bool:
    words = lexicon.words(column)
    known = set(words)
    if known & _ABOUT and not {"hash", "digest"} & known:
        return False
    if "password" in lexicon.read(column).natures or known & _ALONE:
        return True
    if known & _TOKENS:
        return not known & _ADDRESSES
    return any(pair in _PAIRED for pair in pairwise(words))
