"""How consent is asked, given, taken back and proved, and from which age children give their own.

    act          what a person does: ticks a box, browses on, calls
    act_is       whether the text takes that act for the consent, or names it as its occasion only
    withdrawal   for which purposes consent can be taken back, and by which channel
    records      what is kept as proof
    minors       from which age they act alone, and how their parents come in

A sentence that takes browsing for consent stands here too, as what it is: the act is `browsing`.
Ages are completed years, and the word beside them decides who is meant: “over 15” begins at
sixteen, “from 15” at fifteen, “under 15” ends with fourteen.

Law: GDPR 4(11) and 7, recitals 32, 42 and 43; CJEU C-673/17 (Planet49); GDPR 8 and 12(1), LIL 45
(France, fifteen years) children.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from servanda.policy.base import Strict
from servanda.policy.pointers import PointsAt
from servanda.policy.purposes import ALL
from servanda.policy.values import Line, Words

Act = Literal[
    "accepting_terms",
    "box",
    "browsing",
    "button",
    "call",
    "message",
    "preticked_box",
    "providing_data",
    "setting",
    "signature",
    "silence",
    "spoken",
    "subscribing",
    "tool",
    "use",
]
"""What a person does. `subscribing` is to ask for the very thing, such as a newsletter; `setting`
is a switch in an account; `tool` is a choice in the consent tool of a site."""

IMPLIED: frozenset[Act] = frozenset(
    {
        *("accepting_terms", "browsing", "call", "message", "preticked_box"),
        *("providing_data", "silence", "use"),
    }
)
"""Acts that are done for something else, and are no clear affirmative act (GDPR 4(11), recital 32)."""

Channel = Literal["account", "contact", "email", "form", "message_link", "phone", "post", "tool"]
"""By which consent is taken back. `contact` are contact details that the text points at; `tool` is the
consent tool of a site; `message_link` is a link in each message."""

Proof = Literal["who", "when", "text", "mechanism", "purpose", "state"]
"""What shows a consent (GDPR 7(1)): who gave it, when, to which version of which text, by which
mechanism, for which purpose, and whether it still stands."""


class Withdrawal(Strict):
    """A way to take consent back (GDPR 7(3)).

    `purposes` are those that it reaches, all of the consent's where absent. `at` is the address, page
    or link that the text gives.
    """

    channels: list[Channel] = Field(min_length=1)
    at: str | None = None
    purposes: Annotated[list[str], PointsAt("purposes")] = Field(default_factory=list)
    line: Line | None = None


class Consent(Strict):
    """One consent that the text speaks of (GDPR 4(11), 7).

    `purposes` may be `all`: the policy as a whole. `act` is empty where the text does not say how consent
    is given. `each` says that every purpose can be chosen apart.
    `required_for` is another service that cannot be had without it (7(4)), `refusal` what follows
    when it is refused or taken back. `audience` are those who are asked, where the data of the
    purposes do not show it. `records` is the company's own: which proofs it keeps (7(1)).
    """

    says: Words
    purposes: Annotated[list[str], PointsAt("purposes", also=(ALL,))] = Field(default_factory=list)
    audience: Annotated[list[str], PointsAt("audiences")] = Field(default_factory=list)
    act: list[Act] = Field(default_factory=list)
    act_is: Literal["consent", "occasion"] = "consent"
    default: Literal["active", "inactive"] | None = None
    each: bool = False
    required_for: Words | None = None
    refusal: Literal["limits", "no_effect"] | None = None
    withdrawal: list[Withdrawal] = Field(default_factory=list)
    records: list[Proof] | None = None
    promise: Annotated[str | None, PointsAt("promises")] = None
    line: Line | None = None

    @property
    def implied(self) -> bool:
        """Whether it is read out of something that people do for another reason."""
        return bool(self.act) and set(self.act) <= IMPLIED


class FromAge(Strict):
    """The age from which a child acts alone: `from` includes that age, `over` does not."""

    age: int = Field(ge=0, le=25)
    bound: Literal["from", "over"]

    @property
    def youngest(self) -> int:
        """The least age in completed years that it includes."""
        return self.age + (self.bound == "over")


class UpToAge(Strict):
    """The age up to which a parent must consent: `up_to` includes that age, `under` does not."""

    age: int = Field(ge=0, le=25)
    bound: Literal["under", "up_to"]

    @property
    def oldest(self) -> int:
        """The greatest age in completed years that it includes."""
        return self.age - (self.bound == "under")


class Minors(Strict):
    """Who may use the service at which age.

    `only` says that the service is for adults, or for professionals, alone. `mechanism` is how a parent
    consents and how that is checked; `parents_write_to` where a parent asks for data to be erased.
    """

    only: Literal["adults", "professionals"] | None = None
    alone: FromAge | None = None
    with_parent: UpToAge | None = None
    mechanism: Words | None = None
    parents_write_to: str | None = None
    line: Line | None = None
