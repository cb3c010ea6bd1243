"""The end of a period in European law, with the steps of its calculation.

    event -- not counted --> period --> nominal end --> next working day, if it is none

Law: Regulation 1182/71. Art. 3(1) the day of the event is not counted. Art. 3(2)(c) a
period in months or years ends on the same date number, or on the last day of a month
that has none. Art. 3(3) holidays, Saturdays and Sundays inside count. Art. 3(4) a last
day that is one of them moves to the next working day: once, at the very end.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from servanda.law.period import Period
from servanda.law.steps import Step, step
from servanda.law.working_days import Calendar


@dataclass(frozen=True, slots=True)
class Deadline:
    """The last day for an act (until 24:00 local time), the nominal end, and the steps."""

    nominal: date
    due: date
    steps: tuple[Step, ...]
    calendar: str


def deadline(event: date, period: Period, calendar: Calendar, happened: Step) -> Deadline:
    """Calculate the end of a period from an event on `happened`, moved to a working day."""
    nominal = event + period
    due, moved = rolled(nominal, calendar)
    return Deadline(nominal, due, (happened, ends(event, period), *moved), str(calendar))


def ends(event: date, period: Period) -> Step:
    """Return the steps to the nominal end of a period that begins with an event."""
    end = event + period
    if not period.whole_months:
        return step(end, "ends.days", "1182/71 3(1)", period=period)
    if period.days:
        return step(end, "ends.mixed", "1182/71 3(2)(c)", period=period)
    if end.day != event.day:
        return step(end, "ends.last-day", "1182/71 3(2)(c)", period=period, number=event.day)
    return step(end, "ends.same-number", "1182/71 3(2)(c)", period=period, number=event.day)


def rolled(nominal: date, calendar: Calendar) -> tuple[date, tuple[Step, ...]]:
    """Return the first working day from a nominal end on, and the step if it moved."""
    due = calendar.next_working_day(nominal)
    if due == nominal:
        return due, ()
    if calendar.is_holiday(nominal):
        moved = step(due, "moved.holiday", "1182/71 3(4)", day=nominal, place=calendar.place)
    else:
        weekday = "saturday" if nominal.isoweekday() == 6 else "sunday"
        moved = step(due, f"moved.{weekday}", "1182/71 3(4)", day=nominal)
    return due, (moved,)
