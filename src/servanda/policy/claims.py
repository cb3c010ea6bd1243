"""Absolute statements of the text: never, always, all, no way to.

A claim is either true at any time, with evidence, or it should not be made. What the text
itself says against a claim stands with it, by its line. That somebody declines to answer for
others is not a claim: nothing can be true or false about it.

Law: GDPR 5(1)(a) transparency, 5(2) accountability.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from servanda.policy.pointers import PointsAt
from servanda.policy.values import Line, Sentence, Words


class Claim(Sentence):
    """One absolute statement: what it is about, and for whom or what it is taken back.

    `sharing` is that data reach nobody else, `sale` that nobody pays for them. `unless` are the
    exceptions that the same sentence makes; `against` are the lines of the text that contradict it;
    `evidence` names the probe or the dated attestation that supports it.
    """

    says: Words
    about: Literal[
        "sharing", "sale", "access", "security", "encryption", "location", "storage", "deletion", "other"
    ]
    unless: list[Literal["consent", "listed", "law", "need", "request"]] = Field(default_factory=list)
    data: Annotated[list[str], PointsAt("categories")] = Field(default_factory=list)
    against: list[Line] = Field(default_factory=list)
    evidence: str | None = None
