"""One person, by a row of the application that stands for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """A row that is a person, or is about one: its place and its key there.

    It lives in memory only: never in a plan, the ledger, a log or a message. One human may be several
    of these, since an account, a newsletter and a contact form know each other by an address at most.
    """

    place: str
    key: tuple[str | int, ...]


Human = Sequence[Person]
"""Every row that stands for one human being."""
