"""The edition of the policy, what the text itself shows of it, and how people learn of the next one.

    version: {number: "3", effective_from: 2022-12-26}
    changes:
      notices: [{means: [email], lead: P30D, line: 80}]
      asked_again: {on: [new_purpose], line: 81}

Law: GDPR 12(1) and 5(2), one must be able to show what people were told, and when; 24(1), measures are
reviewed; 13(3) people are told of a new purpose before it is pursued; 6(4) and 7 what a new use of data
needs; 5(1)(a) and WP 260, §29-32: a change is told by a suitable means, and well before it holds. To
ask readers to look at the page again is no notice.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from servanda.policy.base import Strict
from servanda.policy.values import Date, IsoPeriod, Sentence, Words


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


Means = Literal[
    "any",
    "banner",
    "check_page",
    "email",
    "in_app",
    "letter",
    "phone",
    "push",
    "sms",
    "unsaid",
    "website",
]
"""How people are told. `website` is that the new text is put there, `banner` a line on the site,
`check_page` an invitation to look again; `any` a means that the company chooses, `unsaid` where
the text says no more than that people are told."""

_REACHES: frozenset[Means] = frozenset({"email", "in_app", "letter", "phone", "push", "sms"})
_MAY_REACH: frozenset[Means] = _REACHES | {"any", "unsaid"}


class Notice(Sentence):
    """One way in which a change is made known, or is said to be.

    `of` is the policy or its part on trackers. `lead` is how long before the change; `prior`
    is true where the text says "before" without a time, false where it says without prior notice.
    """

    of: Literal["policy", "trackers"] = "policy"
    means: list[Means] = Field(min_length=1)
    lead: IsoPeriod | None = None
    prior: bool | None = None

    @property
    def reaches(self) -> bool:
        """Whether it goes to each person, by nothing but means that do."""
        return set(self.means) <= _REACHES

    @property
    def may_reach(self) -> bool:
        """Whether it goes to each person, or may."""
        return bool(_MAY_REACH & set(self.means))

    @property
    def beforehand(self) -> bool:
        """Whether it comes before the change."""
        return self.prior is True or (self.lead is not None and self.lead.in_days()[1] > 0)


class AskedAgain(Sentence):
    """When consent is asked for again: for a new purpose, a changed use that rests on consent, any change."""

    on: list[Literal["any_change", "consented_use", "new_purpose"]] = Field(min_length=1)


class Changes(Strict):
    """What the text says of its own changes. `causes` are why it may change; empty where it does not say."""

    causes: list[Literal["authority", "case_law", "law", "new_processing", "practice"]] = Field(
        default_factory=list
    )
    notices: list[Notice] = Field(default_factory=list)
    asked_again: AskedAgain | None = None
