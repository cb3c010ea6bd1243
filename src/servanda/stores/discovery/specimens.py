"""What values look like: how many of a column's are e-mail addresses, phone numbers, IBANs and so on.

Check digits tell numbers of persons from other digits (python-stdnum). Values are looked at
in memory and forgotten: only counts leave this module.
"""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from collections.abc import Iterable

_EMAIL = re.compile(r"[^@\s<>\"]{1,64}@[^@\s<>\"]+\.[^@\s.<>\"]{2,63}")
_INSIDE = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]+(\.[\w-]+)+")
_PHONE = re.compile(
    r"\+\d[\d .()/-]{6,20}"  # international
    r"|0[1-9](?:[ .-]?\d\d){4}"  # French
    r"|0\d{2,4}[ -]\d{3,4}[ -]?\d{3,4}"  # British
    r"|\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}"  # American
)
_IP = re.compile(
    r"\d{1,3}(?:\.\d{1,3}){3}(?:/\d{1,2})?|[0-9a-fA-F:]*:[0-9a-fA-F:]*:[0-9a-fA-F:.]*(?:/\d{1,3})?"
)
_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")
_VAT = re.compile(
    r"(?:AT|BE|BG|CY|CZ|DE|DK|EE|EL|ES|FI|FR|HR|HU|IE|IT|LT|LU|LV|MT|NL|PL|PT|RO|SE|SI|SK)[0-9A-Z+*]{8,12}"
)
_NIR = re.compile(r"[1-478]\d{5}[0-9AB]\d{8}")
_FIFTEEN = re.compile(r"\d{6}[0-9AB]\d{8}")
_CARD = re.compile(r"[2-6]\d{14,15}|[56]\d{18}")
_AMOUNT = re.compile(r"[+-]?\d+[.,]\d+(?:e[+-]?\d+)?")
_KEY = re.compile(r'"([A-Za-z_][\w -]{0,40})"\s*:')


def nature(text: str) -> str:
    """What one value looks like; empty where it looks like nothing of a person."""
    text = text.strip()
    if not text or len(text) > 320:
        return ""
    if "@" in text:
        return "email" if _EMAIL.fullmatch(text) else ""
    if _IP.fullmatch(text) and _is_ip(text):
        return "ip"
    if re.search(r"\d{2}", text) is None or _AMOUNT.fullmatch(text):
        return ""
    return _numbered(text)


def _numbered(text: str) -> str:
    from stdnum import iban, luhn
    from stdnum.eu import vat
    from stdnum.fr import nir, siren, siret

    compact = _compact(text)
    if _IBAN.fullmatch(compact) and iban.is_valid(compact, check_country=False):
        return "bank-account"
    if _NIR.fullmatch(compact) and nir.is_valid(compact):
        return "national-id"
    if _CARD.fullmatch(compact) and luhn.is_valid(compact):
        return "card"
    if _VAT.fullmatch(compact) and vat.is_valid(compact):
        return "company-number"
    if _PHONE.fullmatch(text) and 8 <= sum(c.isdigit() for c in text) <= 15:
        return "phone"
    digits = compact.isascii() and compact.isdigit()
    if digits and (
        (len(compact) == 14 and siret.is_valid(compact)) or (len(compact) == 9 and siren.is_valid(compact))
    ):
        return "company-number"
    return ""


def _compact(text: str) -> str:
    return re.sub(r"[ .\u00a0-]", "", text).upper()


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_interface(text)
    except ValueError:
        return False
    return True


def count(values: Iterable[str]) -> tuple[int, Counter[str]]:
    """How many values there are that are not empty, and how many of each nature."""
    texts = [value for value in values if value.strip()]
    return len(texts), Counter(filter(None, map(nature, texts)))


def by_chance(values: Iterable[str], nature: str, times: int) -> bool:
    """Whether so few of the numbers that could be of this nature are (`times`) that digits alone explain it.

    One in a hundred and sixty numbers of fifteen digits passes for a social security number.
    """
    if nature != "national-id":
        return False
    return 2 * times < sum(_FIFTEEN.fullmatch(_compact(value.strip())) is not None for value in values)


def inside(values: Iterable[str]) -> int:
    """How many values have an e-mail address somewhere in them."""
    return sum(_INSIDE.search(value) is not None for value in values)


def keys(values: Iterable[str]) -> set[str]:
    """The names that JSON objects among the values give to what they hold, at any depth."""
    return {key for value in values for key in _KEY.findall(value)}
