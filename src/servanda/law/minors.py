"""The birthday from which a person consents alone to an online service.

An age is reached at the beginning of the birthday. For a birth on 29 February it is
1 March in a common year: the later day protects the child.

Law: GDPR art. 8(1) sixteen years, or less, not below thirteen, where a Member State says so.
The ages by country stand in `servanda.law.majority`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from servanda.law.steps import Step, in_order, step


@dataclass(frozen=True, slots=True)
class Minority:
    """The age on a day, and who consents: the person alone, or the parents."""

    age: int
    threshold: int
    reached_on: date
    verdict: Literal["own_consent", "parental_consent"]
    steps: tuple[Step, ...]


def birthday(born: date, age: int) -> date:
    """Return the day on which an age is reached."""
    year = born.year + age
    if year > date.max.year:
        return date.max
    try:
        return born.replace(year=year)
    except ValueError:  # 29 February
        return date(year, 3, 1)


def age_on(born: date, day: date) -> int:
    """Return the completed years on a day. Raises OutOfOrder before the birth."""
    in_order(born, day, "born", "on")
    years = day.year - born.year
    return years if birthday(born, years) <= day else years - 1


def who_consents(born: date, day: date, threshold: int, article: str = "GDPR 8(1)") -> Minority:
    """Determine who consents on a day under this age threshold; `article` is its source."""
    age, reached = age_on(born, day), birthday(born, threshold)
    alone = age >= threshold
    steps = [step(born, "minor.born", article, years=threshold)]
    leap = reached.day != born.day
    steps.append(step(reached, "minor.reached-leap" if leap else "minor.reached", article, years=threshold))
    steps.append(step(day, "minor.alone" if alone else "minor.with-parents", article, years=age))
    return Minority(age, threshold, reached, "own_consent" if alone else "parental_consent", tuple(steps))
