"""Vectors of ages: birthdays, and who consents (C14)."""

from __future__ import annotations

from collections.abc import Mapping

from servanda.law.majority import majority
from servanda.law.minors import who_consents
from servanda.law.vectors import Input, day_of, kind


@kind("minor.age")
def age(given: Input) -> Mapping[str, object]:
    """Compute the age and who consents; without a threshold, that of the country counts."""
    day, country = day_of(given, "on"), given.get("country")
    threshold = given.get("threshold")
    counts = majority(str(country), day, None if threshold is None else int(threshold))
    result = who_consents(day_of(given, "born"), day, counts.years, counts.source)
    return {
        "age": result.age,
        "threshold": result.threshold,
        "reached_on": result.reached_on,
        "verdict": result.verdict,
    }
