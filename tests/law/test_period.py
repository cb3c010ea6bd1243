"""Periods: what they read, how they add, and what is suggested instead of a spelled one."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servanda.law.period import NotAPeriod, Period, PeriodRange, _about, parse_period, parse_range

pytestmark = pytest.mark.unit

PERIODS = st.builds(Period, st.integers(0, 40), st.integers(0, 30), st.integers(0, 400))
DATES = st.dates(date(1990, 1, 1), date(2060, 12, 31))


@pytest.mark.parametrize(
    ("text", "period", "canonical"),
    [
        ("P1Y", Period(1), "P1Y"),
        ("P13M", Period(0, 13), "P13M"),
        ("P90D", Period(0, 0, 90), "P90D"),
        ("P2W", Period(0, 0, 14), "P14D"),
        ("P1Y6M", Period(1, 6), "P1Y6M"),
        (" P1Y2M3W4D ", Period(1, 2, 25), "P1Y2M25D"),
        ("P0D", Period(), "P0D"),
    ],
)
def test_iso_periods_are_read_and_written(text: str, period: Period, canonical: str) -> None:
    assert parse_period(text) == period
    assert str(parse_period(text)) == canonical


@pytest.mark.parametrize(
    ("spelled", "iso"),
    [
        ("2 ans", "P2Y"),
        ("un an", "P1Y"),
        ("3 years", "P3Y"),
        ("13 mois", "P13M"),
        ("90 jours", "P90D"),
        ("6 months", "P6M"),
        ("Une année", "P1Y"),
        ("one year and six months", "P1Y6M"),
        ("un an et six mois", "P1Y6M"),
        ("deux semaines", "P2W"),
        ("p3y", "P3Y"),
        ("3Y", "P3Y"),
        ("P 2 ans", "P2Y"),
        ("P2A", "P2Y"),
        ("90j", "P90D"),
        ("P1D2Y", "P2Y1D"),
    ],
)
def test_a_spelled_period_is_refused_with_its_iso_form(spelled: str, iso: str) -> None:
    with pytest.raises(ValueError, match=f'write "{iso}"') as caught:
        parse_period(spelled)
    assert isinstance(caught.value, NotAPeriod)
    assert repr(spelled) in caught.value.message
    parse_period(iso)


@pytest.mark.parametrize(
    "text", ["", "P", "P-1Y", "P1.5Y", "soon", "P1Y ans", "0 ans", "a while", "P1Y1Y", "Pun"]
)
def test_what_is_no_period_at_all_gets_the_form(text: str) -> None:
    with pytest.raises(ValueError, match='such as "P1Y"'):
        parse_period(text)


def test_a_bare_number_is_asked_for_its_unit() -> None:
    with pytest.raises(ValueError, match='"P3Y" for years, "P3M" for months'):
        parse_period("3")


@pytest.mark.parametrize("text", ["PT72H", "P1DT12H", "PT0S"])
def test_hours_are_no_retention(text: str) -> None:
    with pytest.raises(ValueError, match="whole days"):
        parse_period(text)


@pytest.mark.parametrize(
    ("start", "period", "end"),
    [
        ("2026-01-31", "P1M", "2026-02-28"),
        ("2028-01-31", "P1M", "2028-02-29"),
        ("2024-02-29", "P1Y", "2025-02-28"),
        ("2024-02-29", "P4Y", "2028-02-29"),
        ("2026-02-28", "P1M", "2026-03-28"),
        ("2026-01-31", "P1M1D", "2026-03-01"),
        ("2026-12-31", "P2M", "2027-02-28"),
        ("9999-12-31", "P1Y", "9999-12-31"),
        ("2026-01-01", "P9000Y", "9999-12-31"),
        ("9999-12-30", "P5D", "9999-12-31"),
    ],
)
def test_months_are_added_first_and_clamped(start: str, period: str, end: str) -> None:
    assert parse_period(period) + date.fromisoformat(start) == date.fromisoformat(end)
    assert date.fromisoformat(start) + parse_period(period) == date.fromisoformat(end)


@given(PERIODS)
def test_canonical_text_means_the_same_period(period: Period) -> None:
    assert parse_period(str(period)) == period
    assert str(parse_period(str(period))) == str(period)


@given(PERIODS, DATES, DATES)
def test_a_later_start_never_ends_earlier(period: Period, one: date, two: date) -> None:
    early, late = sorted((one, two))
    assert period + early <= period + late


@given(PERIODS, DATES)
def test_a_period_lasts_between_its_fewest_and_most_days(period: Period, start: date) -> None:
    fewest, most = period.in_days()
    assert fewest <= (period + start - start).days <= most


def test_a_year_is_twelve_months_and_a_month_is_not_thirty_days() -> None:
    assert Period(1) == Period(0, 12)
    assert hash(Period(1)) == hash(Period(0, 12))
    assert Period(0, 1) != Period(0, 0, 30)
    assert Period(0, 1).in_days() == (28, 31)
    assert Period(0, 0, 28).never_longer_than(Period(0, 1))
    assert not Period(0, 0, 30).never_longer_than(Period(0, 1))
    assert not Period(0, 1).never_longer_than(Period(0, 0, 30))


def test_a_range_is_read_and_its_order_checked() -> None:
    assert parse_range("P5Y..P10Y") == PeriodRange(Period(5), Period(10))
    assert str(parse_range("P5Y..P10Y")) == "P5Y..P10Y"
    for wrong in ("P10Y..P5Y", "P1Y..P12M", "P5Y", "P5Y..", "5 ans..10 ans"):
        with pytest.raises(NotAPeriod):
            parse_range(wrong)
    with pytest.raises(NotAPeriod, match="one period is needed"):
        parse_period("P5Y..P10Y")


SHORT = st.builds(Period, st.integers(0, 2), st.integers(0, 14), st.integers(0, 70))


@given(SHORT, SHORT)
@settings(max_examples=60, deadline=None)
def test_whether_one_is_never_longer_is_what_every_day_says(one: Period, other: Period) -> None:
    days = [date.fromordinal(n) for n in range(date(2000, 1, 1).toordinal(), date(2008, 1, 1).toordinal())]
    assert one.never_longer_than(other) is all(one + day <= other + day for day in days)


def test_periods_in_words() -> None:
    assert Period(1, 6).in_words() == "1 year and 6 months"
    assert Period(1, 6).in_words("fr") == "1 an et 6 mois"
    assert Period(3).in_words("fr") == "3 ans"
    assert Period(0, 0, 90).in_words() == "90 days"
    assert Period().in_words("fr") == "0 jour"


@given(st.integers(0, 450), st.integers(0, 30), st.integers(0, 400))
def test_what_is_known_of_a_length_without_a_calendar_is_never_wrong(
    years: int, months: int, days: int
) -> None:
    period = Period(years, months, days)
    (least, most), (short, long) = _about(period), period.in_days()
    assert least <= short <= long <= most
    assert most - least <= (5 if months % 12 else 2) + years // 100 + 3
