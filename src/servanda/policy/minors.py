"""What the text says of children: from which age they act alone, and how their parents come in.

Ages are completed years, and the word beside them decides who is meant: “over 15” begins at
sixteen, “from 15” at fifteen, “under 15” ends with fourteen.

Law: GDPR 8 and 12(1); LIL 45 (France, fifteen years).
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from servanda.policy.document import Strict
from servanda.policy.values import Line, Words


class FromAge(Strict):
    """The age from which a child acts alone: `from` includes that age, `over` does not."""

    age: int = Field(ge=0, le=25)
    bound: Literal["from", "over"]

    @property
    def youngest(self) -> int:
        """The least age in completed years that it includes."""
        return self.age + (self.bound == "over")


class UpToAge(Strict):
    """The age up to which a parent must consent: `up_to` includes that age, `under` does not."""

    age: int = Field(ge=0, le=25)
    bound: Literal["under", "up_to"]

    @property
    def oldest(self) -> int:
        """The greatest age in completed years that it includes."""
        return self.age - (self.bound == "under")


class Minors(Strict):
    """Who may use the service at which age.

    `only` says that the service is for adults, or for professionals, alone. `mechanism` is how a parent
    consents and how that is checked; `parents_write_to` where a parent asks for data to be erased.
    """

    only: Literal["adults", "professionals"] | None = None
    alone: FromAge | None = None
    with_parent: UpToAge | None = None
    mechanism: Words | None = None
    parents_write_to: str | None = None
    line: Line | None = None
