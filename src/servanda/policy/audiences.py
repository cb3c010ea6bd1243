"""Whose data they are: categories of persons, and what is known of who belongs to them.

The law treats a consumer otherwise than somebody who is written to at work, and each country has its
own ages and its own rules on calls. Where the text does not say whom it means, neither does this.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from pydantic import Field

from servanda.policy.document import Strict
from servanda.policy.values import Country, Words

Persons = Literal["consumers", "professionals", "organisations"]


class Audience(Strict):
    """A category of persons, such as visitors or customers.

    `persons` says who belongs to it: consumers, professionals met at their work, or organisations
    and whoever acts for them; empty where the text does not tell. `countries` are those that the
    service is directed at, where they are others than the jurisdictions.
    """

    says: Words
    persons: list[Persons] = Field(default_factory=list)
    countries: list[Country] = Field(default_factory=list)


def has_consumers(names: Iterable[str], audiences: Mapping[str, Audience]) -> bool | None:
    """Whether consumers are among these audiences; None where the text does not tell."""
    meant = [audiences[name] for name in names]
    if any("consumers" in audience.persons for audience in meant):
        return True
    return False if meant and all(audience.persons for audience in meant) else None
