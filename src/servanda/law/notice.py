"""The deadline to inform a person about data obtained from a third party.

Law: GDPR art. 14(3): (a) within one month of obtaining the data; (b) with the first
communication to the person, if the data serve for that; (c) with the first disclosure
to another recipient. The earliest of them counts; only the month moves to a working day.
"""

from __future__ import annotations

from datetime import date

from servanda.law.answer_deadline import MONTH
from servanda.law.deadline import Deadline, deadline
from servanda.law.steps import in_order, step
from servanda.law.working_days import Calendar


def inform_by(
    obtained: date,
    calendar: Calendar,
    *,
    first_contact: date | None = None,
    disclosed: date | None = None,
) -> Deadline:
    """Calculate the deadline to inform. Raises OutOfOrder if data were used before they were obtained."""
    arrived = step(obtained, "notice.obtained", "1182/71 3(1)")
    month_deadline = deadline(obtained, MONTH, calendar, arrived)
    due, steps = month_deadline.due, list(month_deadline.steps)
    uses = [("contact", first_contact, "GDPR 14(3)(b)"), ("disclosed", disclosed, "GDPR 14(3)(c)")]
    for name, day, article in uses:
        if day is None:
            continue
        in_order(obtained, day, "obtained", name)
        sentence = f"notice.{name}" if day < month_deadline.due else f"notice.{name}-later"
        steps.append(step(day, sentence, article))
        due = min(due, day)
    return Deadline(month_deadline.nominal, due, tuple(steps), month_deadline.calendar)
