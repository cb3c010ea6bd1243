"""How data are collected: what persons are asked for, what comes from elsewhere, what a machine decides.

    form       a point at which persons give data themselves: a form, an order, a call
    asked      what the text says of a field: required by law or contract, or optional, and what follows
    origin     where data come from that the persons did not give (GDPR 14)

Law: GDPR 13(2)(e) what must be given, and the consequence of not giving it; 14(2)(f) the source,
14(3) when persons are told; 13(2)(f) and 22 automated decisions.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from servanda.policy.base import Strict
from servanda.policy.pointers import PointsAt
from servanda.policy.values import IsoPeriod, Line, Names, Words


class Form(Strict):
    """A point at which persons give data. `fields` are those that it asks for, all of `data` where absent."""

    says: Words
    data: Annotated[Names, PointsAt("categories")]
    fields: list[str] = Field(default_factory=list)
    line: Line | None = None


class Asked(Strict):
    """Whether data must be given (GDPR 13(2)(e)): by law, for a contract or a service, or not at all.

    `fields` are some of those of `data`, all where absent. `otherwise` is what follows if they are not given.
    """

    data: Annotated[Names, PointsAt("categories")]
    fields: list[str] = Field(default_factory=list)
    need: Literal["law", "contract", "service", "optional"]
    otherwise: Words | None = None
    line: Line | None = None


class Origin(Strict):
    """A source of data other than the person (GDPR 14(2)(f)), and when the person is told (14(3)).

    `names` are those that the text gives. `told_within` is counted from the day on which the data
    arrive; `told_at` is the occasion that the text names instead.
    """

    says: Words
    kind: Literal["database", "network", "partner", "persons", "public", "unsaid"]
    names: list[str] = Field(default_factory=list)
    data: Annotated[list[str], PointsAt("categories")] = Field(default_factory=list)
    told_within: IsoPeriod | None = None
    told_at: Literal["first_contact", "first_disclosure"] | None = None
    line: Line | None = None


class Collection(Strict):
    """How data come to the company."""

    forms: dict[str, Form] = Field(default_factory=dict)
    asked: list[Asked] = Field(default_factory=list)
    sources: dict[str, Origin] = Field(default_factory=dict)


class Decisions(Strict):
    """What the text says of decisions by a machine alone that weigh on persons (GDPR 22).

    `taken` is false where it says that there are none. Where there are, `logic` and `consequences`
    are what persons are told of them (13(2)(f)).
    """

    taken: bool
    logic: Words | None = None
    consequences: Words | None = None
    line: Line | None = None


class Profiling(Strict):
    """A use of data that the text describes and that evaluates persons (GDPR 4(4))."""

    says: Words
    purposes: Annotated[list[str], PointsAt("purposes")] = Field(default_factory=list)
    line: Line | None = None


class Automation(Strict):
    """What machines do with data: decide, evaluate, or merely process.

    `decisions` is absent where the text does not say whether there are any; `processing` is the line
    that says that data are processed by machines, where one does.
    """

    decisions: Decisions | None = None
    profiling: list[Profiling] = Field(default_factory=list)
    processing: Line | None = None
