"""Which requests need nobody: what a company lets Servanda carry out by itself once it is proved who asks."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from servanda.policy.document import Strict

RightWord = Literal[
    "access",
    "portability",
    "rectification",
    "erasure",
    "restriction",
    "objection",
    "withdrawal",
    "directives",
]


class Handling(Strict):
    """`by_itself` are rights that are carried out and answered without anybody, where nothing is in doubt.

    An erasure cannot be undone: a company says itself that it wants it so. What a parent, an heir or
    somebody with a mandate asks for always waits for a person.
    """

    by_itself: list[RightWord] = Field(
        default=["access", "portability", "objection", "withdrawal", "directives"]
    )
