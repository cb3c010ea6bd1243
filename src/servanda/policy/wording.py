"""The text itself: its languages, its defects, and the laws that it cites.

A defect is what a reader cannot follow: an empty slot, a link that leads nowhere, a service
that is no more, a wrong name, a statement that has long ceased to be true.

Law: GDPR 12(1), in a concise, transparent, intelligible form and in clear and plain
language; 5(1)(a), 5(1)(d).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from servanda.policy.document import Strict
from servanda.policy.pointers import PointsAt
from servanda.policy.values import Line, Words

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
