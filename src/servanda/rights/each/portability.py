"""Portability: the data that a person provided, in a machine-readable form (GDPR 20)."""

from __future__ import annotations

from servanda.law.rights import RIGHTS
from servanda.rights.answer.outcome import Outcome
from servanda.rights.answer.pack import counted, packed
from servanda.rights.case import Case
from servanda.rights.right import Right, register


def plan(case: Case) -> Outcome:
    """The number of rows held; the copy omits what the person did not provide."""
    return counted(case)


def act(case: Case) -> Outcome:
    """Make the copy; it waits, sealed, for the person to fetch it."""
    return packed(case, "portability")


RIGHT = register(Right(RIGHTS["portability"], plan, act, copy="portability"))
