"""Decides whether data of a person may be used for a purpose now; applications ask before they use it.

    no    erased · objected or withdrew, for marketing · restricted · unknown person
          in doubt: several persons match, or a store does not answer
    yes   otherwise

Law: GDPR 18(2) restriction; 21(3) objection; 7(3) withdrawal; 5(2) who asks can show that they did.
"""

from __future__ import annotations

from dataclasses import dataclass

from servanda.errors import Refused
from servanda.persons.holds import HeldPerson, Hold
from servanda.persons.person import Person
from servanda.project import Project
from servanda.rights.case import look_for, several
from servanda.rights.record import suppression as suppressed

MARKETING = "marketing"
"""A purpose that is always known, whatever the policy calls it."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer, the reason, and its article."""

    allowed: bool
    why: str
    article: str = ""


def decide(project: Project, identifier: str, purpose: str) -> Decision:
    """Decide for one person, by an identifier, and one purpose of the policy."""
    if purpose != MARKETING and purpose not in project.policy.purposes:
        return Decision(False, "unknown purpose", "GDPR 5(1)(b)")
    with project.database.read() as connection:
        kept = suppressed.suppressed(connection, project.vault, identifier, project.today)
    if "all" in kept:
        return Decision(False, "erased", "GDPR 17(1)")
    if "marketing" in kept and _canvasses(project, purpose):
        return Decision(False, "objected", "GDPR 21(3)")
    try:
        human = look_for(project.stores, identifier)
    except Refused:
        return Decision(False, "in doubt: a store does not answer")
    if not human:
        return Decision(False, "unknown person")
    if any(_covers(hold, human) for hold in project.holds.running(project.today)):
        return Decision(False, "restricted", "GDPR 18(2)")
    if several(project.stores, human):
        return Decision(False, "in doubt: several persons bear this")
    return Decision(True, "nothing stands against it")


def _canvasses(project: Project, purpose: str) -> bool:
    """Whether an objection or withdrawal ends this purpose: marketing, or a purpose based on consent."""
    return purpose == MARKETING or "consent" in project.policy.purposes[purpose].basis


def _covers(hold: Hold, human: tuple[Person, ...]) -> bool:
    if hold.kind != "restriction":
        return False
    for scope in hold.scope:
        for person in human:
            if person.place != scope.place:
                continue
            if isinstance(scope, HeldPerson):
                if tuple(map(str, scope.key)) == tuple(map(str, person.key)):
                    return True
            elif str(scope.value) == str(person.key[0]) and scope.operator == "=":
                return True
    return False
