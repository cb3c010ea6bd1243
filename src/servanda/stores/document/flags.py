"""Columns by which an application learns that a right is in force: written when it begins and when it ends.

    flags:
      restriction: {column: is_locked, on: true, off: false}
      objection: {column: newsletter, on: false}

Without such a column the application asks Servanda before it uses data. Nothing else is written into
its tables for these rights.

Law: GDPR 18(1) restriction, recital 67 how it is done; 21(3) objection; 7(3) withdrawal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import model_validator

from servanda.law.rights import names
from servanda.policy.base import Strict
from servanda.stores.document.change import Scalar

if TYPE_CHECKING:
    FlagName = str
else:
    FlagName = Literal[tuple(names(flag=True))]


class Flag(Strict):
    """`column` is `on` while the right is in force, and `off` from its end on; without `off` it stays."""

    column: str
    on: Scalar
    off: Scalar = None

    @model_validator(mode="after")
    def _differ(self) -> Flag:
        if self.on == self.off:
            raise ValueError("a flag has two values that differ | on: true, off: false")
        return self
