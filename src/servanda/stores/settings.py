"""How a store is used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from servanda.stores.document import Place


@dataclass(frozen=True, slots=True)
class Settings:
    """How a store is used: the company's zone, its own, the size of a page, the patience for locks (s).

    `places` are what the document says of it, for a kind that has no catalogue to ask.
    """

    zone: str
    naive_zone: str
    schema: str | None = None
    page: int | None = None
    lock_timeout: int = 5
    places: Mapping[str, Place] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Manners:
    """How long a page of a kind of store should take, in seconds, and how many times as long it then rests.

    `most` is the number of rows that a page never exceeds, however fast it is; `ceiling`
    the rows a second that a gentle sweep never exceeds.
    """

    gentle_page: float
    rest: float
    full_page: float
    most: int
    ceiling: int | None = None
