"""The edition of the policy: its number and its day, and what the text itself shows of them.

Law: GDPR 12(1) and 5(2), one must be able to show what people were told, and when; 24(1) and
5(2), measures are reviewed.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from servanda.policy.document import Strict
from servanda.policy.values import Date, Words


def _date_alone() -> list[Literal["date", "number"]]:
    return ["date"]


class Version(Strict):
    """Which edition of the policy this is.

    `prints` is what the text shows of it: its date, its number. `earlier` is where people can
    read the editions before. `reviewed_at` is a record: the day somebody last read it through.
    """

    number: str
    effective_from: Date
    prints: list[Literal["date", "number"]] = Field(default_factory=_date_alone)
    earlier: str | None = None
    reviewed_at: Date | None = None
    changelog: Words | None = None
