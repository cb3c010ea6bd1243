"""Periods in calendar years, months and days, as in promises and laws.

    P3Y      three years             P1Y6M     a year and a half
    P13M     thirteen months         P2W       two weeks, the same as P14D
    P90D     ninety days             P5Y..P10Y a range, as some policies publish

Law: Regulation 1182/71, art. 3(2)(c). A period in months or years ends on the same
day number as the event; where the last month has no such day, on its last day.
So 31 January + P1M is 28 or 29 February, and a period has no fixed number of days.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from servanda.law.spelling import iso_form

_ISO = re.compile(r"P(?:(\d{1,4})Y)?(?:(\d{1,4})M)?(?:(\d{1,4})W)?(?:(\d{1,5})D)?")
_SAMPLE = range(date(2000, 1, 1).toordinal(), date(2008, 1, 1).toordinal())


class NotAPeriod(ValueError):
    """The text is not a period; `advice` suggests the ISO form if it can be guessed."""

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(f"{message}; {advice}" if advice else message)
        self.message = message
        self.advice = advice


@dataclass(frozen=True, slots=True, eq=False)
class Period:
    """A length of calendar time. `P12M` equals `P1Y`, as they always end on the same day.

    `P1M` and `P30D` differ. Addition follows the law: first years and months, clamped to
    the end of the month, then days.
    """

    years: int = 0
    months: int = 0
    days: int = 0

    def __post_init__(self) -> None:
        if min(self.years, self.months, self.days) < 0:
            raise NotAPeriod("a period cannot be negative")

    @property
    def whole_months(self) -> int:
        """Years and months together, in months."""
        return 12 * self.years + self.months

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Period):
            return NotImplemented
        return (self.whole_months, self.days) == (other.whole_months, other.days)

    def __hash__(self) -> int:
        return hash((self.whole_months, self.days))

    def __str__(self) -> str:
        parts = ((self.years, "Y"), (self.months, "M"), (self.days, "D"))
        return "P" + ("".join(f"{number}{unit}" for number, unit in parts if number) or "0D")

    def __add__(self, day: date) -> date:
        """Return the day on which this period, begun on `day`, ends.

        A result after 9999-12-31 is clamped to that day.
        """
        if not isinstance(day, date):
            return NotImplemented
        year, month = divmod(12 * day.year + day.month - 1 + self.whole_months, 12)
        if year > date.max.year:
            return date.max
        clamped = date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
        return date.fromordinal(min(clamped.toordinal() + self.days, date.max.toordinal()))

    __radd__ = __add__

    def in_days(self) -> tuple[int, int]:
        """Return the fewest and the most days that this period can last.

        A month lasts 28 to 31 days, three years 1095 or 1096.
        """
        return _days_of(self)

    def never_longer_than(self, other: Period) -> bool:
        """Return whether this period ends on or before the other's end, whatever the first day.

        `P28D` is never longer than `P1M`; between `P30D` and `P1M` it is false both ways.
        """
        if self.whole_months == other.whole_months:
            return self.days <= other.days
        (least, most), (other_least, other_most) = _about(self), _about(other)
        if most <= other_least or least > other_most:  # so far apart that no calendar is needed
            return most <= other_least
        return all(self + date.fromordinal(day) <= other + date.fromordinal(day) for day in _SAMPLE)

    def in_words(self, language: str = "en") -> str:
        """Return the period for a person to read: "1 year and 6 months", "1 an et 6 mois"."""
        french = language == "fr"
        names = (("an", "ans"), ("mois", "mois"), ("jour", "jours"))
        if not french:
            names = (("year", "years"), ("month", "months"), ("day", "days"))
        numbers = (self.years, self.months, self.days)
        # French says "0 jour" and "1 jour", English "0 days" and "1 day".
        plural_from = 2 if french else 1
        parts = [
            f"{number} {plural if number >= plural_from and number != 1 else singular}"
            for number, (singular, plural) in zip(numbers, names, strict=True)
            if number
        ]
        return (" et " if french else " and ").join(parts) or ("0 jour" if french else "0 days")


@dataclass(frozen=True, slots=True)
class PeriodRange:
    """A published range, "from five to ten years": it can be stated but not enforced."""

    low: Period
    high: Period

    def __post_init__(self) -> None:
        if self.low == self.high or not self.low.never_longer_than(self.high):
            raise NotAPeriod(
                f"{self.low}..{self.high} is not a range: the first period must be the shorter one"
            )

    def __str__(self) -> str:
        return f"{self.low}..{self.high}"

    def in_words(self, language: str = "en") -> str:
        """Return the range for a person to read: "5 years to 10 years", "5 ans à 10 ans"."""
        to = "à" if language == "fr" else "to"
        return f"{self.low.in_words(language)} {to} {self.high.in_words(language)}"


_SHORTEST = (0, 28, 59, 89, 120, 150, 181, 212, 242, 273, 303, 334)
_LONGEST = (0, 31, 62, 92, 123, 153, 184, 215, 245, 276, 306, 337)
"""The largest number of days in n consecutive months."""


def _about(period: Period) -> tuple[int, int]:
    """Return a lower and an upper bound in days for a period; not always tight."""
    years, months = divmod(12 * period.years + period.months, 12)
    leap = years // 4
    return (
        365 * years + max(leap - 2 - years // 100, 0) + _SHORTEST[months] + period.days,
        365 * years + leap + 1 + _LONGEST[months] + period.days,
    )


@lru_cache(maxsize=256)
def _days_of(period: Period) -> tuple[int, int]:
    lengths = {(period + date.fromordinal(day)).toordinal() - day for day in _SAMPLE}
    return min(lengths), max(lengths)


def parse_period(text: str) -> Period:
    """Read an ISO 8601 duration made of whole years, months, weeks and days.

    Raises NotAPeriod, a ValueError that suggests "P2Y" for "2 ans" or "two years".
    """
    text = text.strip()
    match = _ISO.fullmatch(text)
    if match and any(match.groups()):
        years, months, weeks, days = (int(group or 0) for group in match.groups())
        return Period(years, months, 7 * weeks + days)
    if ".." in text:
        raise NotAPeriod(f"{text!r} is a range of periods", "one period is needed here, such as P5Y")
    raise NotAPeriod(f"{text!r} is not a period", _advice(text))


def parse_range(text: str) -> PeriodRange:
    """Read a range such as "P5Y..P10Y"; raises NotAPeriod."""
    low, dots, high = text.partition("..")
    if not dots:
        raise NotAPeriod(f"{text!r} is not a range of periods", 'write it like "P5Y..P10Y"')
    return PeriodRange(parse_period(low), parse_period(high))


def _advice(text: str) -> str:
    """Return the advice for a text that is not a period; a guess is included only if it parses."""
    if re.search(r"PT?\d.*[HS]$|\dT\d|^PT", text):
        return "retention is counted in whole days: use Y, M, W or D, such as P1Y, P13M, P2W, P90D"
    if re.fullmatch(r"\d+", text):
        return f'say the unit: "P{text}Y" for years, "P{text}M" for months or "P{text}D" for days'
    guess = iso_form(text)
    if guess and _ISO.fullmatch(guess):
        return f'write "{guess}"'
    return 'write an ISO 8601 period such as "P1Y", "P13M", "P2W" or "P90D"'
