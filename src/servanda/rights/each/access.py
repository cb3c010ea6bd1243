"""A copy of what is held about somebody, and how it is used (GDPR 15)."""

from __future__ import annotations

from servanda.law.rights import RIGHTS
from servanda.rights.answer.outcome import Outcome
from servanda.rights.answer.pack import counted, packed
from servanda.rights.case import Case
from servanda.rights.right import Right, register


def plan(case: Case) -> Outcome:
    """How many rows the copy would have, place by place."""
    return counted(case)


def act(case: Case) -> Outcome:
    """Make the copy; it waits, sealed, for the person to fetch it."""
    return packed(case, "access")


RIGHT = register(Right(RIGHTS["access"], plan, act, copy="access", archives=True))
