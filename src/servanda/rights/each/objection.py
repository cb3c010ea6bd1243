"""Objection: marketing ends at once, without a reason (GDPR 21(2) and (3)).

An objection to another purpose needs a balancing decision (21(1)): the request names the purpose and waits for it.
"""

from __future__ import annotations

from servanda.law.rights import RIGHTS
from servanda.rights.account.flags import flag
from servanda.rights.answer.outcome import Line, Outcome
from servanda.rights.case import Case
from servanda.rights.record import suppression as suppressed
from servanda.rights.right import Right, register

_WEIGH = (
    "an objection to another use than marketing is weighed first (GDPR 21(1)): refuse it, or "
    "carry it out with servanda request apply {n} --weighed REASONS"
)


def plan(case: Case) -> Outcome:
    """Which rows would be flagged; refused while a balancing decision is missing."""
    purpose = case.secret.fields.get("purpose", "")
    if purpose and purpose != "marketing" and case.request.last("weighed") is None:
        return Outcome("refused", refused=(_WEIGH.format(n=case.request.number),))
    places = case.project.stores.binding.places
    flagged = [p.place for p in case.human if "objection" in places[p.place].place.flags]
    return Outcome(lines=tuple(Line((name,), "flag", flagged.count(name)) for name in dict.fromkeys(flagged)))


def act(case: Case) -> Outcome:
    """Suppress the address for marketing, also for later imports, and set the flags."""
    project = case.project
    with project.database.begin() as connection:
        suppressed.suppress(
            connection, project.vault, case.secret.about, "marketing", project.today, case.request.number
        )
    flag(project, case.human, "objection", on=True)
    return plan(case)


RIGHT = register(Right(RIGHTS["objection"], plan, act, proof=False, rows=False, may_ask=("purpose",)))
