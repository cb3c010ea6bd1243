"""Every error that a user may read.

    ServandaError            what went wrong, where, and what to try
    ├── PolicyError          a document (policy.yaml, stores.yaml) cannot be used
    ├── StoreError           a store cannot be read or written as declared
    │   └── StoreDown        … because it does not answer now
    ├── LedgerError          the evidence does not verify
    ├── VaultError           a key or secret is missing or unreadable
    └── Refused              we could, but must not: nothing was changed

An error never carries a personal value. The command line prints `message`, then
`advice` on a line of its own, and exits with 2, or with 3 for `Refused`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class ServandaError(Exception):
    """What went wrong (`message`) and what to try (`advice`), for a person to read."""

    exit_code = 2

    def __init__(self, message: str, *, advice: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in a document: lines and columns are counted from 1; 0 means the whole file."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        if not self.line:
            return self.file
        return f"{self.file}:{self.line}:{self.column}" if self.column else f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in a document, at one spot."""

    at: Spot
    message: str
    advice: str = ""


class PolicyError(ServandaError):
    """A document cannot be used; it lists every problem, each at its spot."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(f"{p.at} {p.message}" for p in problems))


class StoreError(ServandaError):
    """A store cannot be read or written as declared."""


class StoreDown(StoreError):
    """A store does not answer now; what was done before stays done and is recorded."""


class RowsCame(StoreError):
    """Rows came meanwhile that change what was decided: nothing was done, and all is to be decided anew."""


class LedgerError(ServandaError):
    """The evidence does not verify, or cannot be written."""


class VaultError(ServandaError):
    """A key or a secret is missing or unreadable."""


class Refused(ServandaError):
    """Servanda could do it, but must not; nothing was changed."""

    exit_code = 3
