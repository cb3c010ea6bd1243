"""How data are protected: measures, backups, and what is ready for a breach.

Law: GDPR 32 security that suits the risk; 33 and 34 breaches, with their register (33(5)); 5(1)(e) and
17 backups that end.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from servanda.policy.base import Strict
from servanda.policy.pointers import PointsAt
from servanda.policy.values import Country, Date, IsoPeriod, Line, Sentence


class Measure(Sentence):
    """A measure that the text states (GDPR 32); `data` where it is one for these categories alone."""

    kind: Literal[
        "access-control",
        "access-log",
        "backup",
        "encryption",
        "general",
        "held-elsewhere",
        "masking",
        "network",
        "physical",
        "pseudonyms",
        "short-period",
        "staff",
        "two-factor",
        "updates",
    ]
    data: Annotated[list[str], PointsAt("categories")] = Field(default_factory=list)


class Backups(Sentence):
    """What the text says of backups: after which time they expire, or where one reads it.

    `replays_erasures` is a record: whether what was erased is erased again after a restore.
    """

    expire_after: IsoPeriod | None = None
    expiry_in: str | None = None
    encrypted: bool | None = None
    countries: list[Country] = Field(default_factory=list)
    replays_erasures: bool | None = None


class Breaches(Strict):
    """What is ready for a breach of security (GDPR 33, 34), from the company's records.

    `register` says where breaches are written down (33(5)), `contact` who is called, and
    `rehearsed_on` when the 72 hours were last tried out.
    """

    contact: str | None = None
    register_at: str | None = None
    rehearsed_on: Date | None = None
    line: Line | None = None
