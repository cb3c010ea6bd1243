"""Why a day is the day: the steps by which legal time was counted.

Each result of legal time carries its steps in the order of the reasoning. A step names
a sentence and an article; the words are found later, in the reader's language
(`servanda.law.sentences`), so that the same result serves screens, letters and proof.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from servanda.errors import ServandaError
from servanda.law.period import Period

Fact = int | str | date | datetime | Period


class OutOfOrder(ServandaError):
    """Dates that cannot follow each other, such as an answer before its question."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the count: the day or instant that it reaches, the sentence, the article.

    `article` is a law and a place in it, "GDPR 12(3)"; `facts` fill the sentence.
    """

    at: date | datetime
    says: str
    article: str
    facts: tuple[tuple[str, Fact], ...] = ()


def step(at: date | datetime, says: str, article: str, **facts: Fact) -> Step:
    """Write a step down with its facts."""
    return Step(at, says, article, tuple(facts.items()))


def in_order(earlier: date, later: date, earlier_name: str, later_name: str) -> None:
    """Raise OutOfOrder where `later` lies before `earlier`; one day may be both."""
    if later < earlier:
        raise OutOfOrder(
            f"“{later_name}” ({later}) lies before “{earlier_name}” ({earlier})",
            advice="look whether a year, or day and month, were mixed up",
        )
