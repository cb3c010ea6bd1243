"""Who receives data, where they go, and with which agreement.

    recipient    somebody named in the text, or a class such as “payment providers”
    members      who is behind a class today: from the company’s records, for answers to persons
    agreement    the contract with a processor, with its date and what it covers
    transfer     what the text says about data that leave the EEA

`country` is that of the company the contract is with, `group` that of the group it belongs
to: where only the group is outside the EEA, data may have to be handed over there.

Law: GDPR 13(1)(e) and (f) what people are told; 15(1)(c) and CJEU C-154/21 the names they
may ask for; 19 whom the company tells of a correction; 28(3) the agreement; 44-49 transfers.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from servanda.policy.base import Strict
from servanda.policy.pointers import PointsAt
from servanda.policy.values import Country, Date, Line, Sentence, Words


class Agreement(Strict):
    """The contract with a processor (GDPR 28(3)): its date, what it covers, when it expires."""

    date: Date
    scope: list[str] = Field(min_length=1)
    expires: Date | None = None


class Recipient(Strict):
    """Somebody who receives data (GDPR 13(1)(e)), named in the text or as a class.

    `names` are those that the text gives; where it gives none, `members` say who is behind the class,
    absent where nobody has written them down. `listed` is false where the text names it outside its
    list of recipients, and `open` is the word that leaves the list open there. `told_by` is how it learns
    of a correction or an erasure, empty where there is no way. `entity` is the company that the contract
    is with, `country` its country, `group` that of the group it belongs to.
    """

    says: Words
    kind: Literal["processor", "controller", "authority", "internal", "public"]
    names: list[str] = Field(default_factory=list)
    members: list[str] | None = None
    entity: str | None = None
    country: Country | None = None
    group: Country | None = None
    data: Annotated[list[str], PointsAt("categories")] = Field(default_factory=list)
    listed: bool = True
    open: str | None = None
    agreement: Agreement | None = None
    told_by: str | None = None
    line: Line | None = None

    @property
    def outside(self) -> bool:
        """Whether it is another company: neither staff, nor an authority, nor everybody."""
        return self.kind in ("processor", "controller")

    @property
    def called(self) -> list[str]:
        """Its names: those of the text, else those of the company's records; none for a mere class."""
        return self.names or self.members or []


Tool = Literal[
    "adequacy",
    "appropriate-safeguards",
    "bcr",
    "certification",
    "code-of-conduct",
    "consent",
    "contract",
    "dpf",
    "privacy-shield",
    "safe-harbor",
    "scc-2001",
    "scc-2010",
    "scc-2021",
]
"""What a transfer rests on (GDPR 45-49); `appropriate-safeguards` where the text names no other."""


class Transfer(Sentence):
    """What the text says about data that leave the EEA (GDPR 13(1)(f), 44-49).

    `case` is what it says of it: `made`, `possible` (“should data be transferred…”) or `none`. `copy_at`
    is where people can have the safeguards; `certified_until` is from the company's records.
    """

    case: Literal["made", "possible", "none"]
    countries: list[Country] = Field(default_factory=list)
    recipients: Annotated[list[str], PointsAt("recipients")] = Field(default_factory=list)
    data: Annotated[list[str], PointsAt("categories")] = Field(default_factory=list)
    tool: Tool | None = None
    module: Literal[1, 2, 3, 4] | None = None
    certified_until: Date | None = None
    copy_at: str | None = None
