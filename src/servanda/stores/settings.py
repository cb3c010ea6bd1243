"""How a store is used."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """How a store is used: the company's zone, its own, the size of a page, the patience for locks (s)."""

    zone: str
    naive_zone: str
    schema: str | None = None
    page: int = 10_000
    lock_timeout: int = 5
