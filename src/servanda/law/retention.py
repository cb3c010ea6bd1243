"""When a retention period ends, and which rows have reached their end today.

    trigger                      last day    first day on which the row may go
       |---- the period ---------------|     |
    2024-02-29      + P1Y       2025-02-28   2025-03-01

The day after is the answer to both questions: a maximum makes a row deletable from
that local midnight on, a legal minimum forbids to delete it before (C11). Ends are
never moved for week-ends or holidays. A hold stops the action and not the clock (C12).

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
    """The local days of one hold, both included; `released` is None while it stands."""

    placed: date
    released: date | None = None


@dataclass(frozen=True, slots=True)
class Ground:
    """One reason why data stay: at most this long (`max`), or at least (`min`)."""

    trigger: date
    period: Period
    limit: Literal["max", "min"] = "max"
    name: str = ""

    @property
    def _says(self) -> str:
        return f"retention.{self.limit}-named" if self.name else f"retention.{self.limit}"


@dataclass(frozen=True, slots=True)
class ErasureStatements:
    """When data end: the last day, the first on which they may go, and the first on which they can.

    `action_on` is None while they are held.
    """

    last_day: date
    eligible_from: date
    action_on: date | None
    steps: tuple[Step, ...]


def ending(grounds: Sequence[Ground], holds: Sequence[Held] = ()) -> ErasureStatements:
    """Say when a field ends that rests on these grounds: with the last of them.

    Raises ValueError without a ground, OutOfOrder for a hold released before it was placed.
    """
    if not grounds:
        raise ValueError("data without a ground have no end to be counted")
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
    for hold in sorted(holds, key=lambda held: held.placed):
        if hold.released is None:
            steps.append(step(hold.placed, "retention.held", "GDPR 17(3)"))
            continue
        in_order(hold.placed, hold.released, "held", "released")
        steps.append(step(hold.released, "retention.released", "GDPR 17(3)", placed=hold.placed))
    action = action_on(longest.trigger, longest.period, holds)
    if action is not None and action != first:
        steps.append(step(action, "retention.action", "GDPR 5(1)(e)"))
    return ErasureStatements(last, first, action, tuple(steps))


def last_day(trigger: date, period: Period) -> date:
    """Return the last day on which the data may (maximum) or must (minimum) be there."""
    return trigger + period


def eligible_from(trigger: date, period: Period) -> date:
    """Return the first local day on which the data may be deleted: the day after the last."""
    return _next(last_day(trigger, period))


def cutoff(today: date, period: Period) -> date:
    """Return the day before which a trigger must lie for its row to be due today.

    It is the smallest date b with `b + period >= today`, found by adding. Months are
    not even: `today - period` would come late on 27 of 1,464 days.
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
    """Round a trigger up to the end of its fiscal year; a day that ends one stays.

    `month_day` is the company's year end, such as "12-31" or "06-30". "02-28" and
    "02-29" both mean the last day of February. Raises ValueError on anything else.
    """
    end = _year_end(day.year, month_day)
    if end < day:
        return date.max if day.year == date.max.year else _year_end(day.year + 1, month_day)
    return end


def cutoff_rounded(today: date, period: Period, month_day: str) -> date:
    """Return the day before which a trigger lies whose fiscal year's end is due today.

    It is the smallest trigger whose rounded end plus the period is today or later, so
    it is always the first day of a fiscal year.
    """
    end = fiscal_year_end(cutoff(today, period), month_day)
    if end.year == date.min.year:
        return date.min
    return _next(_year_end(end.year - 1, month_day))


def local_midnight(day: date, zone: tzinfo) -> datetime:
    """Return, in UTC, the first instant at which calendars in `zone` show `day` or later.

    Where clocks jump over midnight the day begins with the jump; where midnight comes
    twice, with the first; where a whole day was skipped, with the next.
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
    """Return the first day on which the data can really be ended, or None while held (C12).

    A hold does not restart the period: what became overdue under it ends the day after
    its release.
    """
    day = eligible_from(trigger, period)
    for hold in sorted(holds, key=lambda held: held.placed):
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
    # 2000 was a leap year: it has every day that any year has.
    if not (1 <= month <= 12 and 1 <= number <= monthrange(2000, month)[1]):
        raise ValueError(f'{month_day!r} is not the end of a fiscal year; write month and day, "12-31"')
    if month == 2 and number >= 28:
        number = monthrange(year, 2)[1]
    return date(year, month, number)
