"""Restriction: data are stored but not used while a question about them is open (GDPR 18).

A hold of kind “restriction” keeps them from ending, a sealed copy preserves their state, `decision` answers no, and
flags in the stores document inform the application.
"""

from __future__ import annotations

from datetime import date

from servanda.errors import Refused
from servanda.law.period import Period
from servanda.law.rights import RIGHTS
from servanda.persons.holds import HeldPerson, Hold
from servanda.persons.person import Person
from servanda.project import Project
from servanda.rights.account.flags import flag
from servanda.rights.answer import choose_letter as letters
from servanda.rights.answer.outcome import Line, Outcome
from servanda.rights.answer.pack import counted, packed
from servanda.rights.case import Case, from_text
from servanda.rights.record.request import Request
from servanda.rights.record.requests import Requests
from servanda.rights.right import Right, register

_REVIEW = Period(months=3)
"""When the hold must be reviewed."""


def plan(case: Case) -> Outcome:
    """The number of rows that would be restricted."""
    counts = counted(case)
    return Outcome(lines=tuple(Line(n.places, "restrict", n.rows) for n in counts.lines))


def act(case: Case) -> Outcome:
    """Place the hold, keep a sealed copy, set the flags."""
    project, number = case.project, case.request.number
    hold = running(project, number)
    if hold is None:
        hold = project.holds.place(
            "restriction",
            scope(case.human),
            case=f"request {number}",
            reason="GDPR 18",
            author="servanda",
            review_on=project.today + _REVIEW,
        )
    copy = packed(case, "access")
    flags = flag(project, case.human, "restriction", on=True)
    done = plan(case)
    more = {"hold": hold.id, "flags": flags}
    return Outcome(lines=done.lines, digest=copy.digest, size=copy.size, more=more)


def scope(human: tuple[Person, ...]) -> tuple[HeldPerson, ...]:
    """The scope of a hold on a person: each row that stands for them, and all that belongs to it."""
    return tuple(HeldPerson(person.place, person.key) for person in human)


def running(project: Project, number: int) -> Hold | None:
    """The hold of a request that is in force, if any."""
    holds = project.holds.running(project.today)
    return next((h for h in holds if h.kind == "restriction" and h.case == f"request {number}"), None)


def lift(project: Project, number: int, ends: date, reasons: str) -> Request:
    """Set the day on which a restriction ends, and notify the person before it does (GDPR 18(3)).

    Raises Refused if none is in force, or if the day is not in the future.
    """
    hold = running(project, number)
    if hold is None:
        raise Refused(f"request {number} restricts nothing now", advice="see: servanda hold list")
    if ends <= project.today:
        raise Refused("the person is told before the restriction ends", advice="choose a day in the future")
    requests = Requests(project)
    request, secret = requests.find(number), requests.secret(number, "to tell that a restriction ends")
    letter = letters.lifting(request, secret, ends, reasons)
    facts = {"hold": hold.id, "ends": ends.isoformat()}
    found = requests.record(number, "lifting", facts=facts, words=reasons, letters=[letter])
    project.holds.end_on(hold.id, ends)
    return found


def clear_ended_flags(project: Project) -> int:
    """Clear the flags of ended restrictions. Returns the number of rows."""
    rows = 0
    for request in Requests(project).all():
        lifting = request.last("lifting")
        over = lifting is not None and date.fromisoformat(lifting.facts["ends"]) < project.today
        if request.right != "restriction" or not over or request.last("lifted") is not None:
            continue
        position = next(i for i, h in enumerate(request.happenings, 1) if h.kind == "planned")
        human = from_text(Requests(project).words(request.number, position))
        rows += flag(project, human, "restriction", on=False)
        Requests(project).record(request.number, "lifted")
    return rows


RIGHT = register(Right(RIGHTS["restriction"], plan, act, keeps_copy=True, passes_on=True))
