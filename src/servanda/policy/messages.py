"""What the company sends to persons, by which channel, on which basis, and how it is switched off.

A message is marketing when it promotes goods or services of the company: offers, events, its news.
The law looks at the channel and at the person: e-mail, SMS and push messages to consumers need
consent (CPCE L34-5; ePrivacy 2002/58 art. 13), calls follow the law of each country.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from servanda.policy.base import Strict
from servanda.policy.pointers import PointsAt
from servanda.policy.purposes import Basis, Purpose
from servanda.policy.values import IsoPeriod, Line, Words

Medium = Literal["any", "chat", "email", "letter", "phone", "push", "sms"]
"""By which it is sent; `any` where the text speaks of contact and names no channel."""

Content = Literal[
    "account",
    "authentication",
    "billing",
    "complaints",
    "events",
    "news",
    "offers",
    "orders",
    "security",
    "support",
    "survey",
]
"""What it is about; `news` are those of the company’s goods and services."""

MARKETING: frozenset[Content] = frozenset({"events", "news", "offers"})

ELECTRONIC: frozenset[Medium] = frozenset({"any", "email", "push", "sms"})
"""Channels by which marketing needs consent beforehand, or may: `any` may be one of them."""


class Message(Strict):
    """A kind of message. `to` are its audiences, `purposes` what it serves, whose basis is its own.

    `consent` is the consent by which people ask for it, and `basis` is given where it is neither that
    nor the basis of its purposes; `some` says that it is stated for certain messages of the kind
    only. `exception` is the case in which the law asks for no consent: `similar_goods` to own
    customers, `running_contract` a call about it. `opt_out` are the ways to stop it that the text
    offers, `none` that there is none; `switchable: false` that it comes with the service.
    """

    says: Words
    channels: list[Medium] = Field(min_length=1)
    content: list[Content] = Field(min_length=1)
    to: Annotated[list[str], PointsAt("audiences")] = Field(default_factory=list)
    purposes: Annotated[list[str], PointsAt("purposes")] = Field(default_factory=list)
    consent: Annotated[str | None, PointsAt("consents")] = None
    basis: list[Basis] = Field(default_factory=list)
    some: bool = False
    exception: Literal["running_contract", "similar_goods"] | None = None
    opt_out: list[Literal["account", "each_message", "none", "request"]] = Field(default_factory=list)
    switchable: bool | None = None
    every: IsoPeriod | None = None
    promise: Annotated[str | None, PointsAt("promises")] = None
    line: Line | None = None

    @property
    def marketing(self) -> bool:
        """Whether it promotes anything."""
        return bool(MARKETING & set(self.content))

    def bases(self, purposes: Mapping[str, Purpose]) -> set[Basis]:
        """What it rests on: its own basis, else the consent that asks for it, else what its purposes rest on."""
        stated_bases: list[Basis] = ["consent"] if self.consent else []
        return set(
            self.basis or stated_bases or (basis for name in self.purposes for basis in purposes[name].bases)
        )
