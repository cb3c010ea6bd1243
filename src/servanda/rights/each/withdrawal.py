"""Withdrawal of consent, as easy as giving it (GDPR 7(3))."""

from __future__ import annotations

from servanda.law.rights import RIGHTS
from servanda.rights.account.flags import flag
from servanda.rights.answer.outcome import Line, Outcome
from servanda.rights.case import Case
from servanda.rights.record import suppression as suppressed
from servanda.rights.right import Right, register


def plan(case: Case) -> Outcome:
    """Which rows would be flagged."""
    places = case.project.stores.binding.places
    flagged = [p.place for p in case.human if "withdrawal" in places[p.place].place.flags]
    return Outcome(lines=tuple(Line((name,), "flag", flagged.count(name)) for name in dict.fromkeys(flagged)))


def act(case: Case) -> Outcome:
    """Suppress the address for marketing, and set the flags."""
    project = case.project
    with project.database.begin() as connection:
        suppressed.suppress(
            connection, project.vault, case.secret.about, "marketing", project.today, case.request.number
        )
    flag(project, case.human, "withdrawal", on=True)
    return plan(case)


RIGHT = register(Right(RIGHTS["withdrawal"], plan, act, proof=False, rows=False, may_ask=("purpose",)))
