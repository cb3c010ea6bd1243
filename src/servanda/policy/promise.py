"""A promise, and the retention that enforces it.

    published   the text of the policy, even if it is vague or unlawful
    stated      its periods, typed, for rules
    enforced    what software does: a trigger, stages, a limit, a ground
    checked     what software compares with it, or the missing evidence

They are separate because a text may say "a period of time", "5 to 10 years" or nothing.
Such a promise is enforced only with a value that the company sets, with ground and owner,
and is broken without one.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import Discriminator, Field, Tag, model_validator

from servanda.law.period import Period
from servanda.policy.base import Strict
from servanda.policy.checked import Check
from servanda.policy.ends import End, keeps_row
from servanda.policy.stated import Since, Stated
from servanda.policy.values import Ground, IsoPeriod, Names, Span, Words, periods_in, spans_in

Kind = Literal[
    "access-trace",
    "anonymise",
    "archive",
    "backup",
    "breach",
    "clearance",
    "communication",
    "consent",
    "cookie",
    "deadline",
    "hold",
    "identity-proof",
    "minors",
    "other",
    "post-mortem",
    "re-consent",
    "recipient",
    "register",
    "retention",
    "right",
    "role-as-processor",
    "security",
    "sub-processor",
    "transfer",
    "version+notice",
]
Keep = Literal["enforce", "check", "workflow", "attest"]


class Retention(Strict):
    """How long data of some categories stay, counted from a trigger.

    `active` and `archive` follow one another; at their end comes `end`. `limit: max` means
    "deleted by then" (GDPR 5(1)(e)), `limit: min` "not before then" (a duty to keep).
    `trigger` is a name that every place of these data binds to a column or an event.
    """

    data: Names
    trigger: str
    end_of: Literal["fiscal_year"] | None = None
    limit: Literal["max", "min"] = "max"
    active: IsoPeriod = Field(default=Period(), json_schema_extra={"default": "P0D"})
    archive: IsoPeriod | None = None
    end: End = "delete"
    ground: Ground
    owner: str | None = None
    because: Words | None = None
    warn_before: IsoPeriod | None = None
    statistics: bool = False

    @property
    def periods(self) -> tuple[Period, ...]:
        """The consecutive periods from trigger to end."""
        return (self.active,) if self.archive is None else (self.active, self.archive)

    @property
    def keeps_row(self) -> bool:
        """Return whether rows are emptied and kept at its end."""
        return keeps_row(self.end)

    @property
    def outlives_erasure(self) -> bool:
        """Return whether data are kept after an erasure: legal duty or claims (GDPR 17(3)(b), (e))."""
        return self.limit == "min" or bool(self.ground.law)


class KeepsHolds(Strict):
    """The promise is a hold: data that must not end while a case or an order runs."""

    hold: Literal["litigation", "order", "restriction"]


class EveryRetention(Strict):
    """The promise speaks of all retentions: each ends in one of `ends`, and none is overdue.

    `pseudonyms: never` asks that no end leaves a pseudonym, which is still personal
    data (GDPR recital 26); `k` is the least size of a group that statistics may show.
    """

    every: Literal["retention"]
    ends: list[End] = Field(min_length=1)
    pseudonyms: Literal["never", "allowed"] = "never"
    k: int | None = Field(default=None, ge=2)


def _tag(value: Any) -> str:
    keys = value if isinstance(value, dict) else getattr(value, "model_fields_set", ())
    if "hold" in keys and "data" not in keys:
        return "KeepsHolds"
    return "EveryRetention" if "every" in keys else "Retention"


Enforced = Annotated[
    Annotated[Retention, Tag("Retention")]
    | Annotated[KeepsHolds, Tag("KeepsHolds")]
    | Annotated[EveryRetention, Tag("EveryRetention")],
    Discriminator(_tag),
]


class Promise(Strict):
    """One sentence of the policy that can be kept, checked, worked or attested.

    `id` is stable and stands in the ledger; `name` is for screens, the id in lower case where
    none is given. `line` counts from 1 in the published text.
    """

    id: str = Field(pattern=r"^[A-Z][A-Z0-9]*(-[A-Z0-9]+)+$")
    name: str = ""
    kind: Kind
    sub: str | None = None
    keep: Keep
    line: int = Field(ge=1)
    says: Words
    published: dict[str, Any] = Field(default_factory=dict)
    stated: list[Stated] = Field(default_factory=list)
    enforced: list[Enforced] = Field(default_factory=list)
    checked: list[Check] = Field(default_factory=list)
    within: IsoPeriod = Field(default=Period(days=7), json_schema_extra={"default": "P7D"})

    @model_validator(mode="before")
    @classmethod
    def _name(cls, data: Any) -> Any:
        if isinstance(data, dict) and not data.get("name") and isinstance(data.get("id"), str):
            return {**data, "name": data["id"].lower()}
        return data

    @model_validator(mode="after")
    def _compared(self) -> Promise:
        if self.checked and self.keep != "check":
            raise ValueError("it says what it is compared with | only with keep: check")
        return self

    @property
    def retentions(self) -> list[Retention]:
        """The enforced retentions."""
        return [item for item in self.enforced if isinstance(item, Retention)]

    @property
    def lacks_period(self) -> bool:
        """Return whether the promise needs a period to be enforced and has none.

        A promise that an end is irreversible needs none.
        """
        timed = self.kind in ("retention", "archive") and self.sub != "irreversible"
        return self.keep == "enforce" and timed and not self.enforced

    @property
    def departs(self) -> bool:
        """Return whether the enforced periods differ from the published ones."""
        enforced = [period for retention in self.retentions for period in retention.periods]
        return bool(self.retentions) and _lengths(enforced) != _lengths(periods_in(self.published))

    @property
    def statements(self) -> list[Stated]:
        """The statements on periods: `stated`, else those derived from `enforced`."""
        if self.stated:
            return self.stated
        spans = spans_in(self.published)
        return [_stated(item, spans if self.departs else None) for item in self.retentions]


def _stated(item: Retention, departs: list[Span] | None) -> Stated:
    """Statements derived from enforced retentions; if they depart, only the published periods."""
    ends: dict[str, Any] = {"data": item.data, "end": [item.end]}
    if departs is not None:
        departing = departs[0] if departs else None
        return Stated(**ends, period=departing, lasts=[] if departing else ["unsaid"])
    months = sum(period.whole_months for period in item.periods)
    total = Period(months=months, days=sum(period.days for period in item.periods))
    since = item.trigger if item.trigger in get_args(Since) else "other"
    stays = None if item.archive is None else "archive"
    return Stated(**ends, period=total, since=[since], ground=item.ground, stays=stays)


def _lengths(periods: list[Period]) -> set[Period]:
    """The distinct periods; P12M equals P1Y, and empty periods are ignored."""
    return {period for period in periods if period != Period()}
