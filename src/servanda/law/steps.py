"""The steps of the calculation of a deadline.

Each result carries its steps in order. A step has the key of a sentence and an article;
`servanda.law.sentences` renders it in the reader's language.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from servanda.errors import ServandaError
from servanda.law.period import Period

Fact = int | str | date | datetime | Period


class OutOfOrder(ServandaError):
    """Dates are in an impossible order, such as an answer before its question."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a calculation: the day or time that it reaches, the key of its sentence, the article.

    `article` is a law and a place in it, "GDPR 12(3)"; `facts` fill the sentence.
    """

    at: date | datetime
    says: str
    article: str
    facts: tuple[tuple[str, Fact], ...] = ()


def step(at: date | datetime, says: str, article: str, **facts: Fact) -> Step:
    """Create a step with the values of its sentence."""
    return Step(at, says, article, tuple(facts.items()))


def in_order(earlier: date, later: date, earlier_name: str, later_name: str) -> None:
    """Raise OutOfOrder if `later` is before `earlier`; they may be the same day."""
    if later < earlier:
        raise OutOfOrder(
            f"“{later_name}” ({later}) is before “{earlier_name}” ({earlier})",
            advice="check the year, and the order of day and month",
        )
