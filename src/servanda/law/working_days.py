"""The working days of a place: week-ends and public holidays.

A place is a country, `FR`, or a part of it with its own holidays, `FR-57`. The dates come
from the library `holidays`; each result names its version, as calendars are corrected
from time to time.

Law: Regulation 1182/71, art. 2(1) public holidays are those of the Member State where
action is to be taken; art. 2(2) working days are all days but these, Saturdays and Sundays.
Alsace-Moselle: Code du travail, art. L3134-13: Good Friday is a holiday there in communes with a
Protestant church only. It counts for the place FR-AM, which says that the company sits in one, and not for the
departments FR-57, FR-67 and FR-68: who answers before it is in time everywhere. Nor are days off that a decree
moves, as in Hungary: they are no public holidays of the list in the Official Journal (Regulation 1182/71, art. 2(1)).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo

import holidays
from holidays import version

from servanda.errors import ServandaError

_DAY = timedelta(days=1)
_ALSACE_MOSELLE = frozenset({"57", "6AE"})
_WITH_GOOD_FRIDAY = "FR-AM"
_PARTS = {"FR-67": "6AE", "FR-68": "6AE", "FR-AM": "57"}
"""Aliases for parts of the library: both departments of Alsace, and Alsace-Moselle."""


class UnknownPlace(ServandaError):
    """The public holidays of a place, or of a year at a place, are not known."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """The working days of one place; create it with `calendar_of`."""

    place: str
    _holidays: holidays.HolidayBase = field(repr=False, compare=False)

    def __str__(self) -> str:
        return f"{self.place}, holidays {version.__version__}"

    def is_holiday(self, day: date) -> bool:
        """Return whether the day is a public holiday. Raises UnknownPlace for an unsupported year."""
        first, last = self._holidays.start_year, self._holidays.end_year
        if not first <= day.year <= last:
            raise UnknownPlace(
                f"the public holidays of {self.place} are known from {first} to {last}, not for {day.year}"
            )
        return day in self._holidays and not self._is_doubtful(day)

    def _is_doubtful(self, day: date) -> bool:
        """Whether a day off is none of those that put off a deadline for everybody at the place."""
        moved = getattr(self._holidays, "substituted_label", None)
        if moved:
            form = re.escape(self._holidays.tr(moved)).replace("%s", ".*")
            return all(re.fullmatch(form, name) for name in self._holidays.get_list(day))
        somewhere = self._holidays.subdiv in _ALSACE_MOSELLE and self.place != _WITH_GOOD_FRIDAY
        in_some_communes = somewhere and day.isoweekday() == 5
        return (
            in_some_communes
            and day + 3 * _DAY in self._holidays
            and (3, 20) <= (day.month, day.day) <= (4, 23)
        )

    def is_working_day(self, day: date) -> bool:
        """Return whether the day is neither Saturday nor Sunday nor a public holiday (art. 2(2))."""
        return day.isoweekday() < 6 and not self.is_holiday(day)

    def next_working_day(self, day: date) -> date:
        """Return the day itself if it is a working day, else the next one (art. 3(4))."""
        while not self.is_working_day(day):
            day += _DAY
        return day

    def working_days(self, after: date, until: date) -> int:
        """Count the working days after one day, up to and including another."""
        days = range(1, (until - after).days + 1)
        return sum(self.is_working_day(after + n * _DAY) for n in days)

    def name(self, day: date, language: str) -> str:
        """Return the name of a public holiday, in `language` if the library has it, else in the local one."""
        locale = {"en": "en_US"}.get(language, language)
        supported = self._holidays.supported_languages
        library = _library(self.place, locale if locale in supported else self._holidays.default_language)
        return str(library.get(day) or "")


@lru_cache(maxsize=64)
def calendar_of(place: str) -> Calendar:
    """Return the calendar of a place, such as "FR", "FR-57" or "EE"; raises UnknownPlace."""
    return Calendar(place, _library(place, None))


def zone_of(place: str) -> ZoneInfo:
    """Return the time zone of a place's country; of several, the most populous one.

    Raises UnknownPlace for an unknown country.
    """
    table = (files("tzdata") / "zoneinfo" / "zone.tab").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in table.splitlines() if not line.startswith("#"))
    zone = next((row[2] for row in rows if row[0] == place[:2]), None)
    if zone is None:
        raise UnknownPlace(f"no time zone is known for “{place}”")
    return ZoneInfo(zone)


@lru_cache(maxsize=64)
def _library(place: str, language: str | None) -> holidays.HolidayBase:
    country, _, part = place.partition("-")
    if not re.fullmatch(r"[A-Z]{2}", country):
        raise UnknownPlace(
            f"“{place}” is not a place with public holidays", advice="write a country, FR, or a part, FR-57"
        )
    make: Callable[..., holidays.HolidayBase] = holidays.country_holidays
    try:
        whole = make(country, language=language)
    except NotImplementedError:
        raise UnknownPlace(f"the public holidays of “{country}” are not known") from None
    if not part:
        return whole
    try:
        return make(country, subdiv=_PARTS.get(place, part), language=language)
    except NotImplementedError:
        parts = ", ".join(f"{country}-{name}" for name in whole.subdivisions if name.isalnum()) or "none"
        raise UnknownPlace(f"{country} has no part “{part}”", advice=f"known parts: {parts}") from None
