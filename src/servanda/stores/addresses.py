"""When two addresses, or two other identifiers, are the same one.

    Ada@Bücher.example ── comparable ──▶ ada@xn--bcher-kva.example
    zoë@example.com    ── spellings ───▶ every form in which a column may hold it

The part before the last @ is compared in Unicode form NFC and in small letters, one letter for one: straße is not
strasse, and the Kelvin sign is no k. Mail servers may tell ADA from ada (RFC 5321, 2.4), and none does that matters:
case alone never tells two persons apart here. The domain is compared in the form in which the DNS knows it (A-labels),
after the mapping of UTS 46, non-transitional, as in IDNA 2008: straße.example is not strasse.example, and
bücher.example is xn--bcher-kva.example. An identifier without @ is compared like the part before it. Surrounding
blanks never count.

`comparable` decides. A database only looks for `spellings`, by an index where there is one, and what it finds is
compared again.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import product

import idna

_A_LABEL = "xn--"
_BEFORE, _AFTER = ("", " ", "\t"), ("", " ", "\n", "\r\n", "\t")
"""Blanks that stand around addresses in real columns."""
_SIGNS = re.compile("([\u212a\u037e\u1fef])")
"""Signs that NFC turns into a letter or mark of ASCII: Kelvin, the Greek question mark, the Greek grave accent."""

_ADDRESS = re.compile(r"""(?:"[^"]+"|[^\s<>()\[\]:;,@"\\]+)@[^\s<>():;,@"\\]+""")
LETTERS_LIKE_ASCII = ("\u212a", "\u0130")
"""Kelvin sign and dotted capital I: the lower() of databases turns them into k and i."""


def comparable(text: str) -> str:
    """The one form in which identifiers are compared."""
    text = text.strip()
    local, at, domain = text.rpartition("@")
    if not at:
        return _small(text)
    return f"{_small(local)}@{_ascii_domain(domain)}"


def is_identifier(text: str) -> bool:
    """Whether a text is one address, or an identifier without @; no display name, no list, no control characters."""
    text = text.strip()
    if not text.isprintable():
        return False
    return "@" not in text or _ADDRESS.fullmatch(text) is not None


def spellings(text: str) -> tuple[str, ...]:
    """The forms in which a column may hold an identifier, once a database has folded at least the case of ASCII.

    Other letters stand in capitals, too, combined and decomposed; the domain as A-labels and as U-labels.
    """
    one = comparable(text)
    local, at, domain = one.rpartition("@")
    names = [local, domain] if at else [domain]
    if one.isascii() and _A_LABEL not in domain:
        forms = {one}
    else:
        parts = [_forms(name) for name in names]
        if at:
            parts[1] |= _forms(_unicode_domain(domain)) | {domain}
        forms = {at.join(each) for each in product(*parts)}
    return tuple(sorted(forms))


def with_blanks(forms: tuple[str, ...]) -> tuple[str, ...]:
    """The forms, each also with blanks around it, as columns hold them that were filled by hand."""
    return tuple(f"{before}{form}{after}" for form in forms for before in _BEFORE for after in _AFTER)


def _forms(text: str) -> set[str]:
    forms = {text, "".join(c if c.isascii() or len(c.upper()) > 1 else c.upper() for c in text)}
    forms |= {form.lower() for form in forms}
    return forms | {unicodedata.normalize("NFD", form) for form in forms}


def _small(text: str) -> str:
    """NFC in small letters; a sign that would become a letter of ASCII, such as the Kelvin sign, stays what it is."""
    if text.isascii():
        return text.lower()
    return "".join(part if _is_sign(part) else _nfc(part).lower() for part in _SIGNS.split(text))


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _is_sign(text: str) -> bool:
    return bool(_SIGNS.fullmatch(text))


def _ascii_domain(domain: str) -> str:
    """A domain as A-labels in small letters; a domain that UTS 46 does not know, in small letters and NFC."""
    if domain.isascii():
        return domain.lower()
    try:
        mapped = idna.uts46_remap(domain, std3_rules=False, transitional=False)
    except (idna.IDNAError, UnicodeError):
        return _small(domain)
    return ".".join(_ascii_label(_nfc(label)) for label in mapped.split("."))


def _ascii_label(label: str) -> str:
    return label if label.isascii() else _A_LABEL + label.encode("punycode").decode("ascii")


def _unicode_domain(domain: str) -> str:
    return ".".join(_unicode_label(label) for label in domain.split("."))


def _unicode_label(label: str) -> str:
    if not label.startswith(_A_LABEL):
        return label
    try:
        return label.removeprefix(_A_LABEL).encode("ascii").decode("punycode")
    except UnicodeError:
        return label
