"""Cookies and other trackers, as the text speaks of them.

    tracker     one tracker, or one class of trackers where the text names no more
    choice      by which means people choose: a consent tool, their browser, a form
    setup       how a measuring tool is set up, which decides whether it needs consent

A tracker needs no consent where the service that a person asks for needs it, and where it
measures the audience of the site for its publisher alone (LIL 82; CNIL 2020-091, 2020-092).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from servanda.policy.base import Strict
from servanda.policy.pointers import PointsAt
from servanda.policy.values import IsoPeriod, Line, Words

Use = Literal[
    "advertising",
    "authentication",
    "basket",
    "choice",
    "interface",
    "load_balancing",
    "measurement",
    "necessary",
    "personalisation",
    "quota",
    "security",
    "social",
]
"""What a tracker is for. `choice` remembers what was chosen about trackers, `interface` a language or a
display that the person asked for; `necessary` is what the text calls so without saying more."""

EXEMPT: frozenset[Use] = frozenset(
    {"authentication", "basket", "choice", "interface", "load_balancing", "necessary", "quota", "security"}
)
"""Uses that a service asked for needs: no consent (CNIL 2020-091, art. 5)."""


class Setup(Strict):
    """How a tool that measures an audience is set up, as far as the text says.

    Without consent it must serve the publisher alone (`own_use_only`), produce anonymous statistics
    (`ip_shortened`), follow nobody on other sites (`cross_site: false`), and let people
    object (`opt_out`).
    """

    own_use_only: bool | None = None
    ip_shortened: bool | None = None
    cross_site: bool | None = None
    opt_out: bool | None = None

    @property
    def needs_no_consent(self) -> bool:
        """Whether all four points are stated as they must be."""
        return self.own_use_only is self.ip_shortened is self.opt_out is True and self.cross_site is False


class Tracker(Strict):
    """A tracker, or a class of trackers: its names, who sets it, what for, and for how long.

    `names` are empty where the text describes a class only. `set_by` are the parties that set or read it,
    the company’s own name included. `lifetime` is how long it stays on the device, `renewed` whether each
    visit begins it anew, `data_kept` how long what it collected stays. `software` names a measuring tool,
    and `consent` the consent that it waits for.
    """

    says: Words
    names: list[str] = Field(default_factory=list)
    set_by: list[str] = Field(default_factory=list)
    uses: list[Use] = Field(default_factory=list)
    lifetime: IsoPeriod | None = None
    renewed: bool | None = None
    data_kept: IsoPeriod | None = None
    software: str | None = None
    setup: Setup | None = None
    consent: Annotated[str | None, PointsAt("consents")] = None
    promise: Annotated[str | None, PointsAt("promises")] = None
    line: Line | None = None

    @property
    def exempt(self) -> bool:
        """Whether it needs no consent: a service asked for needs it, or it measures for the publisher alone."""
        non_exempt = set(self.uses) - EXEMPT
        measures = non_exempt == {"measurement"} and self.setup is not None and self.setup.needs_no_consent
        return bool(self.uses) and (not non_exempt or measures)


class ConsentTool(Strict):
    """The tool of a site that asks for consent; `name` is absent where the text leaves it out.

    `refusing` says whether to refuse takes the `same` effort as to accept, or `more`.
    """

    name: str | None = None
    refusing: Literal["same", "more"] | None = None
    line: Line | None = None


class Trackers(Strict):
    """What the text says of trackers. `used: false` is that there are none.

    `listed_in` names the document or the tool that has their list, where this text has not. `means`
    are the ways to choose that the text offers; `lifetime` and `renewed` hold for every tracker.
    `choice_kept` is how long a choice is remembered; `refusal` what follows when trackers are
    refused, `after_withdrawal` what happens to those that are on the device already.
    """

    used: bool = True
    listed_in: str | None = None
    means: list[Literal["ad_blocker", "browser", "button", "form", "tool"]] = Field(default_factory=list)
    tool: ConsentTool | None = None
    lifetime: IsoPeriod | None = None
    renewed: bool | None = None
    choice_kept: IsoPeriod | None = None
    refusal: Literal["limits", "no_effect"] | None = None
    after_withdrawal: Literal["removed", "unread", "until_expiry"] | None = None
    items: dict[str, Tracker] = Field(default_factory=dict)
    line: Line | None = None

    @property
    def asking(self) -> dict[str, Tracker]:
        """The trackers that need consent."""
        return {name: tracker for name, tracker in self.items.items() if not tracker.exempt}
