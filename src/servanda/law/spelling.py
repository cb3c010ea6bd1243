"""Suggests the ISO form of periods written in English or French words.

Used only for advice in errors: documents with "2 ans" are rejected, as a legal period must not
rest on a guess.
"""

from __future__ import annotations

import re
import unicodedata

_NUMBERS = {
    "a an one un une": 1,
    "two deux": 2,
    "three trois": 3,
    "four quatre": 4,
    "five cinq": 5,
    "six": 6,
    "seven sept": 7,
    "eight huit": 8,
    "nine neuf": 9,
    "ten dix": 10,
    "eleven onze": 11,
    "twelve douze": 12,
    "thirteen treize": 13,
    "fifteen quinze": 15,
    "eighteen dix-huit": 18,
    "twenty vingt": 20,
    "twenty-five vingt-cinq": 25,
    "thirty trente": 30,
    "sixty soixante": 60,
    "ninety quatre-vingt-dix": 90,
}
_UNITS = {
    "y yr yrs year years yearly an ans annee annees a": "Y",
    "m mo mos month months mois": "M",
    "w wk wks week weeks semaine semaines sem": "W",
    "d day days jour jours j": "D",
}
_NUMBER = {word: number for words, number in _NUMBERS.items() for word in words.split()}
_UNIT = {word: unit for words, unit in _UNITS.items() for word in words.split()}
_PAIR = re.compile(r"(\d+|[a-z]+(?:-[a-z]+)*)\s*([a-z]+)")


def iso_form(text: str) -> str:
    """Return the ISO 8601 form of a spelled period ("un an" -> "P1Y"), or "" if it is not one."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower().strip()
    plain = re.sub(r"^p(?=\s*\d)", "", plain)
    plain = re.sub(r"\b(and|et|calendar|calendaires?|civils?)\b|[(),.]", " ", plain)
    totals: dict[str, int] = {}
    at = 0
    plain = plain.strip()
    while at < len(plain):
        match = _PAIR.match(plain, at)
        if match is None or match[2] not in _UNIT:
            return ""
        number = int(match[1]) if match[1].isdigit() else _NUMBER.get(match[1], 0)
        unit = _UNIT[match[2]]
        if not number or unit in totals:
            return ""
        totals[unit] = number
        at = match.end()
        at += len(plain[at:]) - len(plain[at:].lstrip())
    return "P" + "".join(f"{totals[unit]}{unit}" for unit in "YMWD" if unit in totals) if totals else ""
