"""How people ask for their rights, and how the company answers, as the text states it.

    requests:
      channels: [{kind: email, at: privacy@example.org, line: 60}]
      deadline: {within: P1M, since: receipt, line: 61}
      extension: {by: P2M, conditions: [complexity], told_within: P1M, reasons: true, line: 61}

What is left out is what the text is silent about.

Law: GDPR 12(2) to (6); 15(3) the first copy is free; EDPB Guidelines 01/2022, §52-56 channels, §65-81
identity and mandates, §157-164 time; décret 2019-536, art. 77 (France), mandates.
"""

from __future__ import annotations

from importlib import import_module
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, WithJsonSchema

from servanda.law.period import Period
from servanda.law.rights import policy_keys
from servanda.policy.base import Strict
from servanda.policy.values import IsoPeriod, Sentence

ChannelKind = Literal["account", "contact_details", "email", "form", "on_site", "phone", "post", "writing"]
"""By which people ask. `contact_details` are some that the text points at, `writing` any letter or message."""

_ELECTRONIC: frozenset[ChannelKind] = frozenset({"account", "email", "form"})


def _known(key: str) -> str:
    """A key of `rights:`. A right that is not in the table of the law is looked for in its file."""
    if key not in policy_keys():
        import_module("servanda.rights.right").load()
    if key not in policy_keys():
        raise ValueError(f"there is no right “{key}” | one of: {', '.join(policy_keys())}")
    return key


RightKey = Annotated[str, AfterValidator(_known), WithJsonSchema({"type": "string", "enum": policy_keys()})]
"""The key of a right under `rights:`, such as `after_death`."""

ProlongedBy = Literal["company_load", "complexity", "number", "other"]
"""Why an answer takes longer: the request is complex, the person has sent a number of them (the two of
GDPR 12(3)), or the company has much to do."""

Asks = Literal["code", "copy", "data", "document", "login", "unsaid"]
"""What proves who asks: a code sent to a known address, a copy of an identity document, data
that only the person knows, a document that is shown and not kept, the log-in to an account."""

RefusedFor = Literal[
    "excessive",
    "law",
    "manifestly_excessive",
    "manifestly_unfounded",
    "not_identified",
    "other",
    "repeated",
    "unfounded",
]
"""Why a request is refused. The law knows the manifestly unfounded or excessive (12(5)), persons whom
the company cannot identify (12(2)), and what another law says."""

LAWFUL_REFUSALS: frozenset[RefusedFor] = frozenset(
    {"law", "manifestly_excessive", "manifestly_unfounded", "not_identified"}
)

ChargedFor = Literal["any_request", "copy", "excessive", "further_copy", "other"]
"""What is paid for; the law knows manifestly excessive or unfounded requests and a further copy."""


class Channel(Sentence):
    """A way to make a request. `at` is the address or link that the text gives; `rights`, those it is for alone."""

    kind: ChannelKind
    at: str | None = None
    rights: list[RightKey] = Field(default_factory=list)

    @property
    def open_online(self) -> bool:
        """Whether somebody who reads the text can ask by it without a letter or a call."""
        return self.kind in _ELECTRONIC and bool(self.at)


class Accepted(Sentence):
    """Whether requests are accepted that come in another way, or from somebody else."""

    accepted: bool


class Deadline(Sentence):
    """Within what time a request is answered (GDPR 12(3)).

    `since` is what the time is counted from: the receipt of the request, its sending (`request`), the day on
    which it is complete, or on which the person is identified. With `working_days` only those are
    counted. `conditions` are those under which the text gives this time; `channels`, those by which
    the request came.
    """

    within: IsoPeriod
    since: Literal["complete", "identified", "receipt", "request"] | None = None
    working_days: bool = False
    conditions: list[ProlongedBy] = Field(default_factory=list)
    channels: list[ChannelKind] = Field(default_factory=list)

    @property
    def calendar(self) -> Period:
        """The same time in calendar days: five working days take a week at least."""
        if not self.working_days:
            return self.within
        weeks, days = divmod(self.within.days, 5)
        return Period(self.within.years, self.within.months, 7 * weeks + days)


class Extension(Sentence):
    """More time for an answer, added to the first (GDPR 12(3)).

    `told_within` is until when the person is told of it, counted from the receipt; `reasons`, whether the
    text says that they are given.
    """

    by: IsoPeriod
    conditions: list[ProlongedBy] = Field(default_factory=list)
    told_within: IsoPeriod | None = None
    reasons: bool = False


class Pause(Sentence):
    """What stops the clock according to the text, until it is supplied (EDPB 01/2022, §159)."""

    on: list[Literal["identity", "incomplete", "payment"]] = Field(min_length=1)


class IdentityProof(Sentence):
    """What people are asked for to show who they are (GDPR 12(6)).

    `when` is always, where there is doubt, or for requests that the text does not tell apart;
    `channels` are those by which the request came. A copy is kept until it was looked at
    (`until_checked`) or for `copy_kept_for`.
    """

    when: Literal["always", "on_doubt", "some_requests"]
    asks: list[Asks] = Field(min_length=1)
    channels: list[ChannelKind] = Field(default_factory=list)
    rights: list[RightKey] = Field(default_factory=list)
    until_checked: bool = False
    copy_kept_for: IsoPeriod | None = None


class Fee(Sentence):
    """What a request costs (GDPR 12(5), 15(3)). `free` says that the text promises that it costs nothing."""

    free: bool = False
    charged_for: list[ChargedFor] = Field(default_factory=list)


class Refusal(Sentence):
    """When requests are refused, and what the person is then told (GDPR 12(4) and (5)).

    `tells` are reasons, the way to the authority, the way to a court; `within` counts from the receipt.
    """

    grounds: list[RefusedFor] = Field(default_factory=list)
    tells: list[Literal["complaint", "court", "reasons"]] = Field(default_factory=list)
    within: IsoPeriod | None = None


class Requests(Strict):
    """How requests are made and answered."""

    channels: list[Channel] = Field(default_factory=list)
    other_channels: Accepted | None = None
    mandataries: Accepted | None = None
    deadline: Deadline | None = None
    extension: Extension | None = None
    pause: Pause | None = None
    identity: list[IdentityProof] = Field(default_factory=list)
    fee: Fee | None = None
    refusal: Refusal | None = None
