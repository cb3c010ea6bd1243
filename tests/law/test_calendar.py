"""Working days of places: holidays, parts of countries, years and places that are not known."""

from __future__ import annotations

from datetime import date, timedelta
from importlib.metadata import version
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servanda.law.working_days import UnknownPlace, calendar_of, zone_of

pytestmark = pytest.mark.unit


def test_france_has_its_eleven_holidays() -> None:
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]
    found = [f"{day:%m-%d}" for day in days if calendar_of("FR").is_holiday(day)]
    assert found == [
        "01-01",
        "04-06",
        "05-01",
        "05-08",
        "05-14",
        "05-25",
        "07-14",
        "08-15",
        "11-01",
        "11-11",
        "12-25",
    ]


@pytest.mark.parametrize("place", ["FR-57", "FR-67", "FR-68", "FR-6AE"])
def test_alsace_and_moselle_have_one_more_in_all_their_communes(place: str) -> None:
    """Good Friday is a holiday where a Protestant church stands (C. trav. L3134-13), and puts off no deadline."""
    here, elsewhere = calendar_of(place), calendar_of("FR")
    days = [date(2027, 1, 1) + timedelta(days=n) for n in range(365)]
    more = [day for day in days if here.is_holiday(day) and not elsewhere.is_holiday(day)]
    assert more == [date(2027, 12, 26)]
    assert calendar_of("FR-AM").is_holiday(date(2027, 3, 26)), "whoever names it sits in such a commune"
    assert str(here) == f"{place}, holidays {version('holidays')}"


@given(st.dates(date(1990, 1, 1), date(2090, 12, 31)), st.integers(0, 60))
def test_working_days_are_counted_one_by_one(after: date, more: int) -> None:
    place, until = calendar_of("FR"), after + timedelta(days=more)
    days = [after + timedelta(days=n) for n in range(1, more + 1)]
    assert place.working_days(after, until) == len([d for d in days if place.next_working_day(d) == d])


def test_a_next_working_day_is_at_most_a_long_week_end_away() -> None:
    place = calendar_of("FR-57")
    days = [date(2024, 1, 1) + timedelta(days=n) for n in range(3000)]
    moved = [place.next_working_day(day) for day in days]
    assert all(first <= second for first, second in pairwise(moved))
    assert max((to - day).days for day, to in zip(days, moved, strict=True)) == 4


@pytest.mark.parametrize("place", ["XX", "fr", "FRA", "FR-99", "", "-57", "NYSE"])
def test_an_unknown_place_is_an_error_and_not_a_calendar_without_holidays(place: str) -> None:
    with pytest.raises(UnknownPlace):
        calendar_of(place)


@pytest.mark.parametrize("year", [1700, 2101, 9999])
def test_an_unknown_year_is_an_error_and_not_a_year_without_holidays(year: int) -> None:
    with pytest.raises(UnknownPlace, match=f"not for {year}"):
        calendar_of("FR").is_working_day(date(year, 3, 4 if year != 1700 else 5))


def test_a_holiday_has_its_name_in_the_reader_s_language() -> None:
    assert calendar_of("FR").name(date(2026, 7, 14), "fr") == "Fête nationale"
    assert calendar_of("FR").name(date(2026, 7, 14), "en") == "National Day"
    assert calendar_of("EE").name(date(2026, 2, 24), "fr") == "iseseisvuspäev"
    assert calendar_of("FR").name(date(2026, 7, 15), "fr") == ""


def test_zones_of_places() -> None:
    assert [zone_of(place).key for place in ("FR-57", "EE", "ES")] == [
        "Europe/Paris",
        "Europe/Tallinn",
        "Europe/Madrid",
    ]
    with pytest.raises(UnknownPlace):
        zone_of("XX")
