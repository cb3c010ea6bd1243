"""Supervisory authorities: where they are listed, and their deadlines for complaints and a child's request for erasure.

Law: GDPR art. 78(2): three months to tell of progress or outcome, then a court is open; in
France silence is a rejection (décret 2019-536, art. 10). Loi Informatique et Libertés,
art. 51 II: data collected from a minor are erased on request; after one month without an
answer the CNIL may be asked, which has three weeks.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from servanda.law.answer_deadline import MONTH
from servanda.law.deadline import Deadline, deadline
from servanda.law.period import Period
from servanda.law.steps import OutOfOrder, Step, step
from servanda.law.working_days import Calendar

_MEMBERS = "https://www.edpb.europa.eu/about-edpb/about-edpb/members_en"
_LISTS = {"DE": "https://www.datenschutzkonferenz-online.de/datenschutzaufsichtsbehoerden.html"}
"""Countries of several authorities, and who lists them."""
_PROGRESS = Period(months=3)
_THREE_WEEKS = Period(days=21)


@dataclass(frozen=True, slots=True)
class ChildErasure:
    """The last day for the company's answer, and for the CNIL's decision on a complaint."""

    no_answer_after: date
    decides_by: date | None
    steps: tuple[Step, ...]
    calendar: str


def where_listed(country: str | None) -> str:
    """The address at which the authorities of a country are listed; of any, those of the EEA."""
    return _LISTS.get(country or "", _MEMBERS)


def authority_answers_by(complaint: date, calendar: Calendar) -> Deadline:
    """Count three months from a complaint."""
    return deadline(complaint, _PROGRESS, calendar, step(complaint, "authority.complaint", "GDPR 78(2)"))


def child_erasure(asked: date, calendar: Calendar, complaint: date | None = None) -> ChildErasure:
    """Count the month of the company and, from a complaint on, the three weeks of the CNIL.

    Raises OutOfOrder where the complaint comes before the month is over.
    """
    month = deadline(asked, MONTH, calendar, step(asked, "answer.received", "1182/71 3(1)"))
    steps = (*month.steps, step(month.due, "authority.no-answer", "LIL 51 II"))
    if complaint is None:
        return ChildErasure(month.due, None, steps, month.calendar)
    if complaint <= month.due:
        raise OutOfOrder(
            f"a complaint of {complaint} comes too early: the month lasts until {month.due}",
            advice="name the day of the complaint, which is later than that",
        )
    complaint_step = step(complaint, "authority.child-complaint", "LIL 51 II")
    weeks = deadline(complaint, _THREE_WEEKS, calendar, complaint_step)
    return ChildErasure(month.due, weeks.due, (*steps, *weeks.steps), month.calendar)
