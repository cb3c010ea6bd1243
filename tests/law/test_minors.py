"""Birthdays, and the ages of countries."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servanda.law.majority import UnknownAge, ages, majority
from servanda.law.minors import age_on, birthday, who_consents
from servanda.law.steps import OutOfOrder

pytestmark = pytest.mark.unit

BORN = st.dates(date(1950, 1, 1), date(2020, 12, 31)) | st.sampled_from(
    [date(year, 2, 29) for year in range(1952, 2021, 4)]
)


@given(BORN, st.integers(0, 120))
def test_an_age_is_reached_on_its_birthday_and_not_the_day_before(born: date, years: int) -> None:
    reached = birthday(born, years)
    assert age_on(born, reached) == years
    if years:
        assert age_on(born, reached - timedelta(days=1)) == years - 1
    assert (reached.month, reached.day) == (born.month, born.day) or (
        (born.month, born.day, reached.month, reached.day) == (2, 29, 3, 1)
    )


@given(BORN, st.integers(0, 30000), st.integers(13, 18))
def test_who_consents_follows_from_the_day_alone(born: date, days: int, threshold: int) -> None:
    day = born + timedelta(days=days)
    found = who_consents(born, day, threshold)
    assert (found.verdict == "own_consent") == (day >= found.reached_on) == (found.age >= threshold)


def test_nobody_has_an_age_before_birth() -> None:
    with pytest.raises(OutOfOrder):
        age_on(date(2020, 1, 2), date(2020, 1, 1))


def test_ages_by_country_change_with_the_law() -> None:
    assert majority("DK", date(2023, 12, 31)).years == 13
    assert majority("DK", date(2024, 1, 1)).years == 15
    assert majority("FR", date(2026, 1, 1)).source == "LIL 45"
    with pytest.raises(UnknownAge):
        majority("US", date(2026, 1, 1))
    with pytest.raises(UnknownAge):
        majority("FR", date(2018, 5, 24))


def test_every_age_is_one_that_the_regulation_allows_and_has_a_source() -> None:
    for row in ages():
        assert 13 <= row.years <= 16
        assert row.source
    dated = [(row.country, row.valid_from) for row in ages()]
    assert dated == sorted(set(dated))
