"""The instants at which a database of personal data is worth testing.

A period runs from a trigger to the same date number later, clamped to the end of a
shorter month (29 February + 1 year is 28 February). The row may go from the next
local midnight. So on a given day there is one *first kept day* for each period:

    …  day before | first kept day | day after  …
        is due    |  is still kept |

`edges` gives the seconds around that midnight, the last three 29 Februaries, the nights
on which clocks change (an hour that is lived twice, an hour that never was), and two
instants in the future, as a clock that runs ahead would write them.
"""

from __future__ import annotations

import random
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")
TALLINN = ZoneInfo("Europe/Tallinn")

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
MIDNIGHT, NOON, LAST_SECOND = time(0, 0, 0), time(12, 0, 0), time(23, 59, 59)


@dataclass(frozen=True, slots=True)
class Period:
    """Calendar years, months and days, added in this order."""

    years: int = 0
    months: int = 0
    days: int = 0


def plus(day: date, period: Period) -> date:
    """The same date number `period` later, or the last day of a shorter month, plus the days."""
    months = day.year * 12 + day.month - 1 + period.years * 12 + period.months
    year, month = divmod(months, 12)
    last = monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last)) + timedelta(days=period.days)


def first_kept(today: date, period: Period) -> date:
    """The earliest trigger date that is not due on `today`; the day before it is due."""
    guess = today - timedelta(days=period.years * 366 + period.months * 31 + period.days + 3)
    while plus(guess, period) < today:
        guess += DAY
    return guess


def year_end(day: date, month: int, last: int) -> date:
    """The end of the fiscal year that `day` lies in; fiscal years end on `last`/`month`."""
    end = date(day.year, month, last)
    return end if day <= end else date(day.year + 1, month, last)


def first_kept_fiscal(today: date, period: Period, month: int, last: int) -> date:
    """The first day of the oldest fiscal year whose papers must still be kept on `today`."""
    end = date(today.year - period.years - 2, month, last)
    while plus(end, period) < today:
        end = date(end.year + 1, month, last)
    return date(end.year - 1, month, last) + DAY


def at(day: date, hour: time, zone: ZoneInfo) -> datetime:
    """That local wall-clock time, as an instant in UTC."""
    return datetime.combine(day, hour, zone).astimezone(UTC)


def leap_days(today: date, count: int = 3) -> list[date]:
    """The last `count` 29 Februaries before `today`, the latest first."""
    found: list[date] = []
    year = today.year
    while len(found) < count:
        if monthrange(year, 2)[1] == 29 and date(year, 2, 29) < today:
            found.append(date(year, 2, 29))
        year -= 1
    return found


def clock_changes(before: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The last two changes of the clock before that day, in UTC: one to winter, one to summer."""
    moment = at(before, MIDNIGHT, zone)
    changes: dict[bool, datetime] = {}
    while len(changes) < 2:
        earlier = moment - timedelta(hours=1)
        was, now = earlier.astimezone(zone).utcoffset(), moment.astimezone(zone).utcoffset()
        if was is not None and now is not None and was != now:
            changes.setdefault(was > now, moment)
        moment = earlier
    return changes[True], changes[False]


def clock_edges(before: date, zone: ZoneInfo) -> Iterator[datetime]:
    """Both passes of the doubled hour, and the seconds beside the missing one."""
    winter, summer = clock_changes(before, zone)
    for seconds in (-3600, -1800, 0, 1800, 3599):
        yield winter + timedelta(seconds=seconds)
    for seconds in (-1, 0):
        yield summer + timedelta(seconds=seconds)


def limit_edges(first: date, zone: ZoneInfo) -> Iterator[datetime]:
    """The day before the first kept day, that day, and the one after, to the second."""
    for day in (first - DAY, first, first + DAY):
        for hour in (MIDNIGHT, NOON, LAST_SECOND):
            yield at(day, hour, zone)
    yield at(first, MIDNIGHT, zone) + SECOND


def edges(today: date, period: Period, zone: ZoneInfo) -> list[datetime]:
    """Every instant worth a row for a trigger that ends `period` later, in UTC, each once."""
    first = first_kept(today, period)
    found = [*limit_edges(first, zone)]
    for day in leap_days(today):
        found += [at(day, MIDNIGHT, zone), at(day, LAST_SECOND, zone)]
    found += [*clock_edges(first, zone), *clock_edges(today, zone)]
    found += [at(today + DAY, NOON, zone), at(plus(today, Period(years=1)), MIDNIGHT, zone)]
    return list(dict.fromkeys(found))


def day_edges(today: date, first: date) -> list[date]:
    """The same for a column that holds a day: around the limit, 29 Februaries, year ends, the future."""
    found = [first - 2 * DAY, first - DAY, first, first + DAY]
    found += leap_days(today)
    found += [date(first.year - 1, 12, 31), date(first.year, 1, 1)]
    found += [today - DAY, today, today + DAY, plus(today, Period(years=1))]
    return list(dict.fromkeys(found))


def epoch(when: datetime | None) -> int:
    """Seconds since 1970; 0 where there is no date."""
    return int(when.timestamp()) if when else 0


def milliseconds(when: datetime | None) -> int:
    """Milliseconds since 1970; 0 where there is no date."""
    return round(when.timestamp() * 1000) if when else 0


def wall(when: datetime | None, zone: ZoneInfo) -> datetime | None:
    """What a clock on the wall showed then: no zone, and the doubled hour shows twice the same."""
    return when.astimezone(zone).replace(tzinfo=None) if when else None


def utc(when: datetime | None) -> datetime | None:
    """The same instant as a naive datetime in UTC, as many programs store it."""
    return when.astimezone(UTC).replace(tzinfo=None) if when else None


def between(rng: random.Random, start: datetime, end: datetime) -> datetime:
    """Some second in [start, end); `start` itself where nothing lies between."""
    seconds = int((end - start).total_seconds())
    return start + timedelta(seconds=rng.randrange(seconds)) if seconds > 0 else start


def day_between(rng: random.Random, start: date, end: date) -> date:
    """Some day in [start, end); `start` itself where nothing lies between."""
    days = (end - start).days
    return start + timedelta(days=rng.randrange(days)) if days > 0 else start
