"""A request whose right is not known yet: recorded with its day, and assigned by an employee (GDPR 12(2), (3))."""

from __future__ import annotations

from servanda.law.rights import RIGHTS, UNSORTED
from servanda.rights.answer.outcome import Outcome
from servanda.rights.case import Case
from servanda.rights.right import Right, register


def plan(case: Case) -> Outcome:
    """Refused until an employee assigns a right."""
    why = f"nobody has said yet what it is for: servanda request sort {case.request.number} RIGHT"
    return Outcome("refused", refused=(why,))


RIGHT = register(Right(RIGHTS[UNSORTED], plan, plan, rows=False))
