"""What data are used for, on which basis, and what the text promises about it.

    purpose       why data are used, and on which basis (GDPR 6(1), 13(1)(c))
    operation     a part of a purpose, with the one basis of that part
    obligation    what is done with data because a law demands it, and which law the text cites
    only for      data that the text says serve these purposes and no other (GDPR 5(1)(b))
    anonymous     data in use that the text calls anonymous (GDPR 4(1), recital 26)

Everything stands as the text has it: a purpose without a basis has none here either, and a
promise that another sentence contradicts stands beside that sentence.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from servanda.policy.base import Strict
from servanda.policy.pointers import PointsAt
from servanda.policy.values import Date, Line, Names, Words

Basis = Literal[
    "consent", "contract", "legal_obligation", "vital_interest", "public_task", "legitimate_interest"
]
"""A legal basis, in the order of GDPR 6(1)(a) to (f), contract and legal obligation being (b) and (c)."""

ALL = "all"
"""Stands for every category, or every purpose, of the document."""


class Operation(Strict):
    """A part of a purpose with its own basis: what is done, and on which basis (GDPR 6(1))."""

    says: Words
    basis: Basis
    line: Line | None = None


class Purpose(Strict):
    """Why data are used, and on which basis (GDPR 6(1), 13(1)(c)).

    Where a purpose has several bases, `operations` say which part rests on which. `interest` is
    the legitimate interest that the text names (13(1)(d)), `balanced_on` the day of the company's
    record that weighs it against persons (6(1)(f)). `laws` are the texts cited for a legal obligation
    (6(3)). `generic` marks an aim without an activity, such as “to improve our services”;
    `personalised`, that persons are addressed or shown something according to what is known of them.
    """

    says: Words
    basis: list[Basis] = Field(default_factory=list)
    operations: list[Operation] = Field(default_factory=list)
    interest: Words | None = None
    balanced_on: Date | None = None
    laws: list[str] = Field(default_factory=list)
    data: Annotated[list[str], PointsAt("categories")] = Field(default_factory=list)
    generic: bool = False
    personalised: bool = False
    line: Line | None = None

    @property
    def bases(self) -> list[Basis]:
        """Its legal bases, whether they are named for the purpose or for each of its operations."""
        return list(dict.fromkeys([*self.basis, *(operation.basis for operation in self.operations)]))


class Obligation(Strict):
    """What is done with data because a law demands it: kept, handed over, shown (GDPR 6(1)(c), 6(3)).

    `laws` are the texts that the sentence cites, such as “GDPR 15” or “C. com. L123-22”.
    """

    says: Words
    laws: list[str] = Field(default_factory=list)
    data: Annotated[list[str], PointsAt("categories")] = Field(default_factory=list)
    line: Line | None = None


class OnlyFor(Strict):
    """A promise that data serve these purposes and no other (GDPR 5(1)(b)); `all` is every category."""

    data: Annotated[Names, PointsAt("categories", also=(ALL,))]
    purposes: Annotated[Names, PointsAt("purposes")]
    promise: Annotated[str | None, PointsAt("promises")] = None
    line: Line | None = None

    def covers(self, category: str) -> bool:
        """Whether it speaks of this category."""
        return category in self.data or ALL in self.data


class Anonymous(Strict):
    """Data in use that the text calls anonymous (GDPR 4(1), recital 26).

    `joined_by` are the identifiers by which they can still be joined to a person, where known.
    Data made anonymous at the end of a period are the end of a retention, not this.
    """

    data: Annotated[Names, PointsAt("categories")]
    joined_by: list[str] = Field(default_factory=list)
    promise: Annotated[str | None, PointsAt("promises")] = None
    line: Line | None = None
