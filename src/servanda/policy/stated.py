"""What the text says about how long data stay: the typed counterpart of `published`.

    as long as the account is open,          lasts: account
    and up to 90 days after                  period: P90D, since: account_closure, most: true
    generally five to ten years              period: P5Y..P10Y, hedge: generally
    as long as necessary                     lasts: need
    what a court may ask for, twelve months  period: P12M, since: collection, ground: {choice: requisitions}

A statement stands as the text makes it, however vague: nothing is made exact here, and
what software really does stands under `enforced`. A promise without statements is taken
to say what is enforced for it, unless that departs from what was published.

Law: GDPR 13(2)(a), the period or the criteria that give it; 5(1)(e), no longer than
necessary. "As long as necessary" is no criterion (WP 260, annex).
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from servanda.law.period import Period, PeriodRange
from servanda.policy.base import Strict
from servanda.policy.pointers import PointsAt
from servanda.policy.values import Ground, Line, Names, Span

Since = Literal[
    "account_closure",
    "case_closed",
    "collection",
    "consent",
    "contract_end",
    "decision",
    "document_issued",
    "event",
    "fiscal_year_end",
    "last_activity",
    "last_contact",
    "transaction",
    "transaction_end",
    "unsubscription",
    "other",
]
"""From when a period is counted. `event` is what the data record, such as a log-in."""

Lasts = Literal[
    "account", "case", "consent", "contract", "elsewhere", "law", "need", "request", "transaction", "unsaid"
]
"""What the data stay for, where the text gives an event or a criterion rather than a figure."""

Hedge = Literal["about", "case_by_case", "generally", "in_principle", "possibly"]
"""A word that takes the promise back in part."""

End = Literal["delete", "anonymise"]

_CRITERIA = frozenset({"account", "case", "consent", "contract", "law", "request", "transaction"})
_AFTER_USE = frozenset(
    {"account_closure", "case_closed", "contract_end", "document_issued", "fiscal_year_end", "unsubscription"}
)
EVERYTHING = "all"


class ArchiveStated(Strict):
    """How data are kept apart once their daily use is over (CNIL, three phases).

    `apart` says how: in another database, another table, or by a flag that shuts them from daily
    use. `readers` are the few who may read them, `on_reason` says that each reading has a reason.
    """

    apart: Literal["database", "table", "flag"]
    readers: Names
    on_reason: bool


class Stated(Strict):
    """One sentence on how long data of some categories stay, or on what happens at their end.

    `data` names categories, or is `all`. Data stay for what `lasts` says, then for `period` counted
    `since` an event; `most` is "at most", "up to". `clause` tells the rule of a category from an
    exception to it and from a clause on archives. `ground` is the reason that the text itself gives;
    `prevails_over` names promises that this one prolongs or replaces, where the text says so.
    """

    data: Annotated[Names, PointsAt("categories", also=(EVERYTHING,))]
    period: Span | None = None
    lasts: list[Lasts] = Field(default_factory=list)
    since: list[Since] = Field(default_factory=list)
    renewed_by: Literal["person", "company", "either"] | None = None
    most: bool = False
    hedge: list[Hedge] = Field(default_factory=list)
    clause: Literal["main", "exception", "archive"] = "main"
    end: list[End] = Field(default_factory=list)
    ground: Ground | None = None
    prevails_over: Annotated[list[str], PointsAt("promises")] = Field(default_factory=list)
    stays: Literal["active", "archive"] | None = None
    archive: ArchiveStated | None = None
    line: Line | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.period is None and not self.lasts and not self.end:
            raise ValueError("this says nothing | write a period, what it lasts for, or the end")
        return self

    def covers(self, category: str) -> bool:
        """Whether it speaks of this category."""
        return category in self.data or EVERYTHING in self.data

    @property
    def tells(self) -> bool:
        """Whether it gives a period, or a criterion from which one follows (GDPR 13(2)(a))."""
        return self.period is not None or bool(_CRITERIA & set(self.lasts))

    @property
    def endures(self) -> bool:
        """Whether it says anything on how long data stay, rather than on their end alone."""
        return self.period is not None or bool(self.lasts)

    @property
    def low(self) -> Period | None:
        """The shortest time that it allows after its event, None where it gives no figure."""
        return self.period.low if isinstance(self.period, PeriodRange) else self.period

    @property
    def high(self) -> Period | None:
        """The longest time that it allows after its event, None where it gives no figure."""
        return self.period.high if isinstance(self.period, PeriodRange) else self.period

    @property
    def beyond_use(self) -> bool:
        """Whether it keeps data when their daily use is over: after an end, or as long as a law says."""
        for_law = self.ground is not None and self.ground.law is not None
        after = self.period is not None and bool(_AFTER_USE & set(self.since))
        return after or (bool(self.lasts) and for_law) or self.clause == "archive"
