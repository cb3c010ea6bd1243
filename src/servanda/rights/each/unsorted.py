"""A request whose right nobody has told yet: recorded with its day, and sorted by a person (GDPR 12(2), (3))."""

from __future__ import annotations

from servanda.law.rights import RIGHTS, UNSORTED
from servanda.rights.answer.outcome import Outcome
from servanda.rights.case import Case
from servanda.rights.right import Right, register


def plan(case: Case) -> Outcome:
    """Nothing, until somebody says what it is for."""
    why = f"nobody has said yet what it is for: servanda request sort {case.request.number} RIGHT"
    return Outcome("refused", refused=(why,))


RIGHT = register(Right(RIGHTS[UNSORTED], plan, plan, rows=False))
