"""Ends of retention: every day of four years, fiscal years, local midnights, holds."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servanda.law.period import Period, parse_period
from servanda.law.retention import (
    Held,
    action_on,
    cutoff,
    cutoff_rounded,
    eligible_from,
    fiscal_year_end,
    last_day,
    local_midnight,
)

pytestmark = pytest.mark.unit

FOUR_YEARS = [date(2025, 1, 1) + timedelta(days=n) for n in range(1461)]
PERIODS = [
    *("P0D", "P1D", "P30D", "P90D", "P365D", "P2W"),
    *("P1M", "P2M", "P6M", "P12M", "P13M", "P15M", "P25M"),
    *("P1Y", "P3Y", "P5Y", "P10Y", "P1Y6M", "P1M1D", "P11M30D"),
]
NEAR = (-40, -31, -3, -2, -1, 0, 1, 2, 3, 31, 40)
YEAR_ENDS = ["12-31", "06-30", "02-29", "02-28", "04-30", "01-31"]


@pytest.mark.parametrize("text", PERIODS)
def test_a_row_is_due_exactly_when_its_own_first_day_has_come(text: str) -> None:
    """For each of the 1,461 days as today, against every trigger near the cutoff."""
    period = parse_period(text)
    for today in FOUR_YEARS:
        border = cutoff(today, period)
        for distance in NEAR:
            trigger = border + timedelta(days=distance)
            assert (trigger < border) == (eligible_from(trigger, period) <= today)


@pytest.mark.parametrize("text", PERIODS)
def test_a_row_becomes_due_on_its_own_day_and_not_before(text: str) -> None:
    """For each of the 1,461 days as trigger: not due on its last day, due the day after."""
    period = parse_period(text)
    for trigger in FOUR_YEARS:
        end = last_day(trigger, period)
        assert not trigger < cutoff(end, period)
        assert trigger < cutoff(end + timedelta(days=1), period)


@pytest.mark.parametrize("year_end", YEAR_ENDS)
@pytest.mark.parametrize("text", ["P1D", "P6M", "P13M", "P1Y", "P3Y", "P10Y"])
def test_the_same_with_fiscal_years(text: str, year_end: str) -> None:
    period = parse_period(text)
    for today in FOUR_YEARS:
        border = cutoff_rounded(today, period, year_end)
        for distance in (-400, -366, -365, -31, -2, -1, 0, 1, 2, 31, 364, 365, 366, 400):
            trigger = border + timedelta(days=distance)
            rounded = fiscal_year_end(trigger, year_end)
            assert (trigger < border) == (eligible_from(rounded, period) <= today)


@given(
    st.dates(date(1900, 1, 1), date(2200, 1, 1)),
    st.builds(Period, st.integers(0, 60), st.integers(0, 40), st.integers(0, 800)),
)
def test_the_cutoff_is_the_smallest_day_that_is_not_due(today: date, period: Period) -> None:
    border = cutoff(today, period)
    assert border + period >= today
    assert border - timedelta(days=1) + period < today


def test_a_period_longer_than_the_calendar_makes_nothing_due() -> None:
    assert cutoff(date(2026, 1, 1), Period(3000)) == date.min
    assert cutoff_rounded(date(2026, 1, 1), Period(3000), "06-30") == date.min
    assert eligible_from(date.max, Period(1)) == date.max
    assert fiscal_year_end(date.max, "06-30") == date.max


def test_fiscal_years_end_where_the_company_says() -> None:
    assert fiscal_year_end(date(2026, 3, 10), "12-31") == date(2026, 12, 31)
    assert fiscal_year_end(date(2025, 7, 1), "06-30") == date(2026, 6, 30)
    assert fiscal_year_end(date(2026, 6, 30), "06-30") == date(2026, 6, 30)
    assert fiscal_year_end(date(2027, 3, 1), "02-29") == date(2028, 2, 29)
    assert fiscal_year_end(date(2028, 2, 29), "02-28") == date(2028, 2, 29)
    assert fiscal_year_end(date(2025, 3, 1), "02-29") == date(2026, 2, 28)
    for wrong in ("31/12", "13-01", "04-31", "", "12-31 ", "2026-12-31", "00-10"):
        with pytest.raises(ValueError, match='"12-31"'):
            fiscal_year_end(date(2026, 1, 1), wrong)


@pytest.mark.parametrize(
    ("day", "zone", "instant"),
    [
        ("2026-11-22", "Europe/Paris", "2026-11-21T23:00:00Z"),
        ("2026-03-29", "Europe/Paris", "2026-03-28T23:00:00Z"),
        ("2026-03-30", "Europe/Paris", "2026-03-29T22:00:00Z"),
        ("2026-11-22", "UTC", "2026-11-22T00:00:00Z"),
        ("2018-11-04", "America/Sao_Paulo", "2018-11-04T03:00:00Z"),  # midnight was skipped
        ("2018-02-18", "America/Sao_Paulo", "2018-02-18T03:00:00Z"),  # 23:00 came twice
        ("2026-11-01", "America/Havana", "2026-11-01T04:00:00Z"),  # midnight comes twice
        ("2026-03-08", "America/Havana", "2026-03-08T05:00:00Z"),
        ("2011-12-30", "Pacific/Apia", "2011-12-30T10:00:00Z"),  # the whole day was skipped
        ("2011-12-31", "Pacific/Apia", "2011-12-30T10:00:00Z"),
    ],
)
def test_a_local_day_begins_when_its_calendar_first_shows_it(day: str, zone: str, instant: str) -> None:
    assert local_midnight(date.fromisoformat(day), ZoneInfo(zone)) == datetime.fromisoformat(instant)


@pytest.mark.parametrize(
    "zone", ["Europe/Paris", "America/Sao_Paulo", "America/Havana", "Africa/Cairo", "Asia/Beirut"]
)
def test_no_local_day_begins_too_early_or_too_late(zone: str) -> None:
    tz = ZoneInfo(zone)
    for day in (date(2015, 1, 1) + timedelta(days=n) for n in range(1461)):
        start = local_midnight(day, tz)
        assert start.tzinfo is UTC
        assert start.astimezone(tz).date() == day
        assert (start - timedelta(seconds=1)).astimezone(tz).date() < day


def test_a_hold_stops_the_action_and_not_the_clock() -> None:
    three = Period(3)
    trigger = date(2023, 5, 1)
    assert action_on(trigger, three) == date(2026, 5, 2)
    assert action_on(trigger, three, [Held(date(2026, 1, 10), date(2027, 9, 15))]) == date(2027, 9, 16)
    assert action_on(trigger, three, [Held(date(2026, 1, 10), date(2026, 4, 1))]) == date(2026, 5, 2)
    assert action_on(trigger, three, [Held(date(2026, 5, 3), date(2027, 1, 1))]) == date(2026, 5, 2)
    assert action_on(trigger, three, [Held(date(2026, 5, 2))]) is None
    chain = [Held(date(2026, 9, 2), date(2026, 12, 31)), Held(date(2026, 1, 1), date(2026, 9, 1))]
    assert action_on(trigger, three, chain) == date(2027, 1, 1)
    assert action_on(trigger, three, [*chain, Held(date(2027, 1, 1))]) is None
