"""From what age a child consents alone to a service on the net, by country and day.

Law: GDPR art. 8(1) sixteen, unless a Member State sets a lower age, not below thirteen. Each
row names the national provision; where a country has set none, sixteen is the Regulation's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from servanda.errors import ServandaError

_GDPR = date(2018, 5, 25)


@dataclass(frozen=True, slots=True)
class Majority:
    """The age in one country, from a day on, and the provision that says so."""

    country: str
    years: int
    article: str
    since: date = _GDPR


AGES = (
    Majority("AT", 14, "DSG § 4(4)"),
    Majority("BE", 13, "Loi du 30 juillet 2018, art. 7"),
    Majority("BG", 14, "ЗЗЛД чл. 25в"),
    Majority("CY", 14, "N. 125(I)/2018, art. 8"),
    Majority("CZ", 15, "Zákon 110/2019 Sb. § 7"),
    Majority("DE", 16, "GDPR 8(1)"),
    Majority("DK", 13, "Databeskyttelsesloven § 6"),
    Majority("DK", 15, "Lov nr. 1783 af 28/12/2023", date(2024, 1, 1)),
    Majority("EE", 13, "Isikuandmete kaitse seadus § 8"),
    Majority("ES", 14, "LOPDGDD art. 7"),
    Majority("FI", 13, "Tietosuojalaki 5 §"),
    Majority("FR", 15, "LIL 45"),
    Majority("GR", 15, "N. 4624/2019, art. 21"),
    Majority("HR", 16, "NN 42/2018, čl. 19"),
    Majority("HU", 16, "GDPR 8(1)"),
    Majority("IE", 16, "Data Protection Act 2018, s. 31"),
    Majority("IT", 14, "Codice privacy, art. 2-quinquies"),
    Majority("LT", 14, "ADTAĮ 6 str."),
    Majority("LU", 16, "GDPR 8(1)"),
    Majority("LV", 13, "Fizisko personu datu apstrādes likums, 33. p."),
    Majority("NL", 16, "UAVG art. 5"),
    Majority("PL", 16, "GDPR 8(1)"),
    Majority("PT", 13, "Lei 58/2019, art. 16"),
    Majority("RO", 16, "GDPR 8(1)"),
    Majority("SE", 13, "Lag 2018:218, 2 kap. 4 §"),
    Majority("SI", 16, "GDPR 8(1)"),
    Majority("SI", 15, "ZVOP-2, čl. 8", date(2023, 1, 26)),
    Majority("SK", 16, "Zákon 18/2018 Z. z. § 15"),
)


class UnknownAge(ServandaError):
    """A country, or a day, for which no age of consent is known."""


def majority(country: str, day: date) -> Majority:
    """Return the age that counts in a country on a day; raises UnknownAge."""
    rows = [row for row in AGES if row.country == country and row.since <= day]
    if rows:
        return rows[-1]
    known = ", ".join(dict.fromkeys(row.country for row in AGES))
    raise UnknownAge(
        f"no age of consent is known for “{country}” on {day}",
        advice=f"known since {_GDPR}: {known}",
    )
