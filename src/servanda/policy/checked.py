"""The checks of a promise (`checked:` in policy.yaml).

    rule        a rule of law has no findings, anywhere or at the statements of this promise
    collected   the personal columns of a category's places are exactly its declared fields
    absent      no column of any store holds such data, for instance card numbers
    hashed      the passwords of a category are slow, salted hashes
    purpose     a purpose has its legal bases, and its data are in the declared places
    recipient   name, country, agreement and transfer tool of a recipient
    audiences   the data in the stores are about these audiences only
    sources     the data come from these sources only
    authority   the authority is that of the company's country today, without conditions on complaints
    version     the edition in force is the one that the text prints
    site        only the live site can show it
    document    only a document of the company can show it
    evidence    only the running application, a tool or a mailbox can show it

A promise may have several checks: it is checked when all agree, and broken when one fails. The last
three name missing evidence and always result in *not yet*. The presence of a sentence in the text is
not a check.

Law: GDPR 5(2), the company must be able to show that it keeps what it says.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from servanda.policy.base import Strict
from servanda.policy.pointers import PointsAt
from servanda.policy.purposes import Basis
from servanda.policy.values import Country, Date, Names

HERE = "here"
"""In `at`: the promise itself and every statement that names it."""


class ByRule(Strict):
    """Rules of law, by slug or code, find nothing that fails: anywhere, or `at` parts of the documents.

    `at` names parts as waivers do, such as recipients.stripe, or `here` for the statements that name
    this promise. A rule that is weak there leaves it at risk; one that needs more leaves it for later.
    """

    rule: Names
    at: Names | None = None


class ByFields(Strict):
    """The columns at the places of categories are the declared fields, and nothing else that is personal.

    With `fields`, only these are looked for: that each is really there.
    """

    collected: Annotated[Names, PointsAt("categories")]
    fields: list[str] = Field(default_factory=list)


class ByAbsence(Strict):
    """No column of any store holds such data, by name, type, or the values that were looked at."""

    absent: list[Literal["bank-account", "card", "card-code", "identity-document", "national-id"]] = Field(
        min_length=1
    )


class ByHash(Strict):
    """The columns of these categories that hold passwords hold slow, salted hashes and nothing else (GDPR 32)."""

    hashed: Annotated[Names, PointsAt("categories")]


class ByPurpose(Strict):
    """Purposes have a basis, and what a basis asks; each category that they use has a place that is there.

    `basis` are the bases that this promise states (GDPR 6(1)): the purposes must rest on these and no
    others.
    """

    purpose: Annotated[Names, PointsAt("purposes")]
    basis: list[Basis] = Field(default_factory=list)


class ByRecipient(Strict):
    """Recipients are known by name and country, their agreement and their transfer tool are valid today.

    `within` is the country, or the EEA, in which the promise says that they are (GDPR 28(3), 44-46).
    """

    recipient: Annotated[Names, PointsAt("recipients")]
    within: Literal["EEA"] | Country | None = None


class ByAudience(Strict):
    """Every category that the stores hold is about these audiences (GDPR 13, 14, 30(1)(c))."""

    audiences: Annotated[Names, PointsAt("audiences")]


class BySource(Strict):
    """Data come from these kinds of sources and from no other; `person` is whoever they are about (GDPR 14)."""

    sources: list[Literal["person", "database", "network", "partner", "persons", "public"]] = Field(
        min_length=1
    )


class ByAuthority(Strict):
    """The authority is that of the company's country on the day, and no condition is put on a complaint (GDPR 77)."""

    authority: str


class ByVersion(Strict):
    """The edition in force holds from the day that the text prints."""

    version: Date


class Wanting(Strict):
    """The missing evidence: a check of the `site`, a `document`, or `evidence` of a tool."""

    site: str | None = None
    document: str | None = None
    evidence: str | None = None

    @model_validator(mode="after")
    def _one(self) -> Wanting:
        if sum(bool(said) for said in (self.site, self.document, self.evidence)) != 1:
            raise ValueError("one thing is missing at a time | give one of site, document, evidence")
        return self


_BY_KEY: dict[str, type[Strict]] = {
    "rule": ByRule,
    "collected": ByFields,
    "absent": ByAbsence,
    "hashed": ByHash,
    "purpose": ByPurpose,
    "recipient": ByRecipient,
    "audiences": ByAudience,
    "sources": BySource,
    "authority": ByAuthority,
    "version": ByVersion,
    "site": Wanting,
    "document": Wanting,
    "evidence": Wanting,
}


def _tag(value: Any) -> str | None:
    if isinstance(value, Strict):
        return type(value).__name__
    keys = value if isinstance(value, dict) else ()
    return next((model.__name__ for key, model in _BY_KEY.items() if key in keys), None)


Check = Annotated[
    Annotated[ByRule, Tag("ByRule")]
    | Annotated[ByFields, Tag("ByFields")]
    | Annotated[ByAbsence, Tag("ByAbsence")]
    | Annotated[ByHash, Tag("ByHash")]
    | Annotated[ByPurpose, Tag("ByPurpose")]
    | Annotated[ByRecipient, Tag("ByRecipient")]
    | Annotated[ByAudience, Tag("ByAudience")]
    | Annotated[BySource, Tag("BySource")]
    | Annotated[ByAuthority, Tag("ByAuthority")]
    | Annotated[ByVersion, Tag("ByVersion")]
    | Annotated[Wanting, Tag("Wanting")],
    Discriminator(
        _tag,
        custom_error_type="unknown_check",
        custom_error_message=f"nothing says what is compared | begin with one of {', '.join(_BY_KEY)}",
    ),
]
"""A check; its key selects the model."""
