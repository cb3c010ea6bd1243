"""Who answers for the data, in which role, and whose data they are.

    party        the controller, the DPO: who they are, and how one reaches them
    role claim   a sentence that calls the publisher controller or processor
    processing   what is done with data on behalf of customers, who decide about them
    business     what the company does that decides which duties it has
    audience     a category of persons, and what is known of who belongs to it

Whoever decides purposes and means is the controller, whatever a text calls them. The law treats a
consumer otherwise than somebody who is written to at work, and each country has its own ages and its
own rules on calls. Where the text does not say whom it means, neither does this.

Law: GDPR 13(1)(a) the identity and the contact details of the controller; 13(1)(b) and 37(7) those
of the DPO; 4(7) and (8), 26, 28 who is controller and who is processor; 28(3) what the contract with
the customer settles; 30(2) the processor's own register.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Literal

from pydantic import Field

from servanda.policy.base import Strict
from servanda.policy.pointers import PointsAt
from servanda.policy.values import Country, Line, Sentence, Words

NameIs = Literal["name", "brand", "site", "role"]
"""What a text gives as a name: that of a company or a person, a brand, the address of a site, a role."""

_SITE = re.compile(r"(https?://)?([\w-]+\.)+[a-z]{2,}/?", re.IGNORECASE)
_ROLES = frozenset(
    {
        *("administrator", "company", "contractor", "controller", "editor", "operator", "owner", "provider"),
        *("publisher", "seller", "us", "we", "website", "site"),
        *("entreprise", "exploitant", "nous", "prestataire", "propriétaire", "responsable", "société"),
        *("vendeur", "éditeur"),
    }
)
_SMALL = frozenset(
    {
        *("a", "an", "de", "des", "du", "et", "la", "le", "les", "notre", "of", "our", "service"),
        *("services", "the", "traitement", "web"),
    }
)


class Party(Strict):
    """A company or a person in a role: the controller, the DPO (GDPR 13(1)(a) and (b)).

    `name_is` says what the text gives as a name; where it is absent, the name itself shows it.
    `form` is the address of a form. `announced` are ways to reach them that the text speaks of
    without giving them, such as a form that no link leads to.
    """

    name: str
    name_is: NameIs | None = None
    email: str | None = None
    postal: str | None = None
    phone: str | None = None
    country: str | None = Field(default=None, pattern=r"^[A-Z]{2}$")
    url: str | None = None
    form: str | None = None
    announced: list[Literal["contact_details", "email", "form", "phone", "postal"]] = Field(
        default_factory=list
    )
    line: Line | None = None

    @property
    def named(self) -> NameIs:
        """What stands as the name: as the document says, or else as its words show."""
        if self.name_is is not None:
            return self.name_is
        if _SITE.fullmatch(self.name.strip()):
            return "site"
        words = set(re.findall(r"\w+", self.name.casefold())) - _SMALL
        return "role" if words <= _ROLES else "name"

    @property
    def reachable(self) -> bool:
        """Whether somebody who reads the text can write to them."""
        return bool(self.email or self.postal or self.form)


class RoleClaim(Sentence):
    """A sentence that calls the publisher controller or processor, and what it says on who decides.

    `decided_by` is whoever sets purposes and means according to the text. `data` are the
    categories that it speaks of, all where it names none. The role for what customers put into
    a service stands under `processing`.
    """

    claims: Literal["controller", "joint_controller", "processor"]
    decided_by: Literal["company", "customer", "both"] | None = None
    data: Annotated[list[str], PointsAt("categories")] = Field(default_factory=list)


ContractItem = Literal[
    "instructions", "confidentiality", "sub_processors", "rights", "end_of_contract", "register"
]
"""What customers are told about their data: that they are processed on their instructions alone
(28(3)(a)), in confidence (b), by which further processors (d), with help for the rights of
persons (e), until when (g), and under which register (30(2))."""


class Processing(Strict):
    """Data that are hosted or processed for customers, and what the text says of it.

    `role` is the one that the text claims: `processor`, none (`unsaid`), or it says that it is not one
    (`denied`). `states` are the items that the text or the contract that it names settles.
    """

    data: Annotated[list[str], PointsAt("categories")] = Field(default_factory=list)
    role: Literal["processor", "unsaid", "denied"]
    states: list[ContractItem] = Field(default_factory=list)
    line: Line | None = None


class Business(Strict):
    """What the company does that decides which duties it has; absent where nobody has said.

    Contracts with consumers of 120 euros and more are kept ten years (C. conso L213-1); who hosts what
    the public may read keeps who published it (CPCE L34-1); who processes data for customers is their
    processor (GDPR 28).
    """

    sells_to_consumers: bool | None = None
    hosts_public_content: bool | None = None
    processes_for_customers: bool | None = None


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
    selected = [audiences[name] for name in names]
    if any("consumers" in audience.persons for audience in selected):
        return True
    return False if selected and all(audience.persons for audience in selected) else None
