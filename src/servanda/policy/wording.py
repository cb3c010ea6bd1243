"""The text itself: its languages, its defects, the laws that it cites, its absolute statements.

A defect is what a reader cannot follow: an empty slot, a link that leads nowhere, a service
that is no more, a wrong name, a statement that has long ceased to be true.

A claim says never, always, all, no way to: it is either true at any time, with evidence, or it should
not be made. What the text itself says against a claim stands with it, by its line. That somebody
declines to answer for others is not a claim: nothing can be true or false about it.

Law: GDPR 12(1), in a concise, transparent, intelligible form and in clear and plain
language; 5(1)(a) transparency, 5(1)(d) accuracy, 5(2) accountability.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from servanda.policy.base import Strict
from servanda.policy.pointers import PointsAt
from servanda.policy.values import Line, Sentence, Words

Tongue = Annotated[str, Field(pattern=r"^[a-z]{2}$")]
"""A language by its two letters in ISO 639: fr."""


class Defect(Strict):
    """Something that a reader cannot follow. `service` is the name of the service that it needs."""

    kind: Literal["placeholder", "empty", "dead_link", "service", "wrong_name", "outdated"]
    says: Words
    service: str | None = None
    promise: Annotated[str | None, PointsAt("promises")] = None
    line: Line


class Citation(Strict):
    """A law that the text cites, and what the text says it is about.

    `law` is its short name, such as GDPR or LIL; `article` is absent where the text names the law alone.
    """

    law: str
    article: str | None = None
    topic: str
    promise: Annotated[str | None, PointsAt("promises")] = None
    line: Line


class Passage(Strict):
    """Words in another language than the rest, at a line of the text."""

    language: Tongue
    line: Line


class Wording(Strict):
    """The text itself. `readers` are the languages of those whom the sites speak to, where known."""

    languages: list[Tongue] = Field(min_length=1)
    readers: list[Tongue] = Field(default_factory=list)
    elsewhere: list[Passage] = Field(default_factory=list)
    defects: list[Defect] = Field(default_factory=list)
    citations: list[Citation] = Field(default_factory=list)


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
