"""Credentials: columns such as passwords and tokens, which a copy for the person omits and lists.

They are recognised by name; the stores document adds others, which no name tells. What is about a credential, such
as the day on which it ends, is none.
"""

from __future__ import annotations

from servanda.stores.discovery import lexicon
from servanda.stores.document.document import Place

_ALONE = frozenset(
    "pass passcode passphrase passkey pwd passwd mdp pin secret salt nonce otp totp hotp mfa 2fa csrf xsrf jwt bearer"
    " credential credentials token tokens apikey authkey accesskey secretkey privatekey sessionid sessionkey jeton"
    " keyhash pwhash passhash passwordhash resettoken webauthn".split()
)
"""One such word in a name is enough."""
_PAIRS = (
    ("api access auth private secret session signing encryption activation reset recovery backup ssh license remember"
     " confirmation verification invitation webhook client shared symmetric", "key keys"),
    ("reset recovery backup activation confirmation verification login access security auth magic unlock sms"
     " two_factor otp", "code codes hash digest link"),
    ("session", "id hash data"),
    ("security secret", "answer answers question_answer"),
    ("two", "factor"),
    ("remember", "me hash digest"),
    ("auth refresh", "hash data string"),
    ("cle", "api privee secrete"),
    ("code", "secret confidentiel"),
)  # fmt: skip
"""A word of the first list directly before one of the second."""
_PAIRED = frozenset((a, b) for before, after in _PAIRS for a in before.split() for b in after.split())
_ABOUT = frozenset(
    "at on date day time expires expire expiry expired enabled disabled active required verified confirmed sent used"
    " changed updated created issued last count attempts failures tries type kind version algorithm algo name label"
    " status state length scope scopes has is needs must ttl valid until".split()
)
"""Beside these, a word is about a credential, such as when it ends, and is none."""
_ADDRESSES = frozenset("device push fcm apns expo notification".split())
"""Tokens by which a device is written to: an address, no credential."""


def secrets(place: Place, columns: tuple[str, ...]) -> tuple[str, ...]:
    """Which of these columns are credentials: those that the place names, and those whose names say so."""
    return tuple(c for c in columns if c in place.secrets or _by_name(c))


def _by_name(column: str) -> bool:
    words = lexicon.words(column)
    if set(words) & _ABOUT and not {"hash", "digest"} & set(words):
        return False
    if "password" in lexicon.read(column).natures or set(words) & _ALONE - {"token", "tokens"}:
        return True
    if {"token", "tokens"} & set(words):
        return not set(words) & _ADDRESSES
    return any(pair in _PAIRED for pair in zip(words, words[1:], strict=False))
