"""The end of a retention period, and the cutoff of rows that are due.

    trigger                      last day    first day on which the row may go
       |---- the period ---------------|     |
    2024-02-29      + P1Y       2025-02-28   2025-03-01

A maximum makes a row due for deletion from the local midnight after the last day; a legal
minimum forbids deletion before it (C11). Ends are not moved for week-ends or holidays.
A hold stops the action, not the period (C12).

Law: Regulation 1182/71, art. 3(1) the day of the event is not counted; art. 3(2)(c)
how months and years end; GDPR art. 5(1)(e) no longer than necessary.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Literal

from servanda.law.period import Period
from servanda.law.steps import Step, in_order, step

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Held:
    """The local days of one hold, inclusive; `released` is None while it runs."""

    placed: date
    released: date | None = None


@dataclass(frozen=True, slots=True)
class Ground:
    """A ground for retention: at most (`max`) or at least (`min`) this period."""

    trigger: date
    period: Period
    limit: Literal["max", "min"] = "max"
    name: str = ""

    @property
    def _says(self) -> str:
        return f"retention.{self.limit}-named" if self.name else f"retention.{self.limit}"


@dataclass(frozen=True, slots=True)
class RetentionEnd:
    """The end of data: the last day, the first day for deletion, and the first day without a hold.

    `action_on` is None while a hold runs.
    """

    last_day: date
    eligible_from: date
    action_on: date | None
    steps: tuple[Step, ...]


def ending(grounds: Sequence[Ground], holds: Sequence[Held] = ()) -> RetentionEnd:
    """Calculate the end of data with these grounds: the latest one.

    Raises ValueError without a ground, and OutOfOrder for a hold released before it was placed.
    """
    if not grounds:
        raise ValueError("data without a ground have no end")
    longest = max(grounds, key=lambda ground: last_day(ground.trigger, ground.period))
    last, first = (count(longest.trigger, longest.period) for count in (last_day, eligible_from))
    steps = [
        step(
            last_day(ground.trigger, ground.period),
            ground._says,
            "1182/71 3(2)(c)" if ground.period.whole_months else "1182/71 3(1)",
            name=ground.name,
            period=ground.period,
            since=ground.trigger,
        )
        for ground in grounds
    ]
    steps.append(step(first, "retention.eligible", "GDPR 5(1)(e)"))
    for hold in sorted(holds, key=lambda item: item.placed):
        if hold.released is None:
            steps.append(step(hold.placed, "retention.held", "GDPR 17(3)"))
            continue
        in_order(hold.placed, hold.released, "held", "released")
        steps.append(step(hold.released, "retention.released", "GDPR 17(3)", placed=hold.placed))
    action = action_on(longest.trigger, longest.period, holds)
    if action is not None and action != first:
        steps.append(step(action, "retention.action", "GDPR 5(1)(e)"))
    return RetentionEnd(last, first, action, tuple(steps))


def last_day(trigger: date, period: Period) -> date:
    """Return the last day on which the data may (maximum) or must (minimum) exist."""
    return trigger + period


def eligible_from(trigger: date, period: Period) -> date:
    """Return the first local day for deletion: the day after the last day."""
    return _next(last_day(trigger, period))


def cutoff(today: date, period: Period) -> date:
    """Return the cutoff: a row is due today if its trigger is before this day.

    It is the smallest date b with `b + period >= today`, found by addition. Months differ
    in length: `today - period` would be late on 27 of 1,464 days.
    """
    newest = today.toordinal()
    oldest = max(1, newest - 31 * period.whole_months - period.days)
    newest = max(oldest, newest - 28 * period.whole_months - period.days)
    while oldest < newest:
        middle = (oldest + newest) // 2
        if date.fromordinal(middle) + period >= today:
            newest = middle
        else:
            oldest = middle + 1
    return date.fromordinal(oldest)


def fiscal_year_end(day: date, month_day: str) -> date:
    """Round a trigger up to the end of its fiscal year; the last day of one is unchanged.

    `month_day` is the company's year end, such as "12-31" or "06-30". "02-28" and
    "02-29" both mean the last day of February. Raises ValueError on anything else.
    """
    end = _year_end(day.year, month_day)
    if end < day:
        return date.max if day.year == date.max.year else _year_end(day.year + 1, month_day)
    return end


def cutoff_rounded(today: date, period: Period, month_day: str) -> date:
    """Return the cutoff for triggers rounded up to the end of their fiscal year.

    It is the smallest trigger whose rounded end plus the period is today or later, which
    is always the first day of a fiscal year.
    """
    end = fiscal_year_end(cutoff(today, period), month_day)
    if end.year == date.min.year:
        return date.min
    return _next(_year_end(end.year - 1, month_day))


def local_midnight(day: date, zone: tzinfo) -> datetime:
    """Return, in UTC, the first instant at which the local date in `zone` is `day` or later.

    If clocks jump over midnight, the day begins with the jump; if midnight occurs twice,
    with the first; if the whole day was skipped, with the next day.
    """
    wall = datetime(day.year, day.month, day.day, tzinfo=zone)
    first, second = (wall.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    if first <= second:
        return first
    # Midnight does not exist: the clocks jumped between `second` and `first`.
    earlier, later = int(second.timestamp()), int(first.timestamp())
    while earlier < later:
        middle = (earlier + later) // 2
        if datetime.fromtimestamp(middle, zone).date() >= day:
            later = middle
        else:
            earlier = middle + 1
    return datetime.fromtimestamp(later, UTC)


def action_on(trigger: date, period: Period, holds: Iterable[Held] = ()) -> date | None:
    """Return the first day on which the data can be deleted, or None while a hold runs (C12).

    A hold does not restart the period: data that became due during it are deleted from the
    day after its release.
    """
    day = eligible_from(trigger, period)
    for hold in sorted(holds, key=lambda item: item.placed):
        if hold.placed > day:
            continue
        if hold.released is None:
            return None
        if hold.released >= day:
            day = _next(hold.released)
    return day


def _next(day: date) -> date:
    return day if day == date.max else day + _DAY


def _year_end(year: int, month_day: str) -> date:
    """Return the fiscal year end that falls in one calendar year."""
    match = re.fullmatch(r"(\d\d)-(\d\d)", month_day)
    month, number = (int(match[1]), int(match[2])) if match else (0, 0)
    # 2000 is a leap year, so every month and day is valid in it
    if not (1 <= month <= 12 and 1 <= number <= monthrange(2000, month)[1]):
        raise ValueError(f'{month_day!r} is not the end of a fiscal year; write month and day, "12-31"')
    if month == 2 and number >= 28:
        number = monthrange(year, 2)[1]
    return date(year, month, number)
