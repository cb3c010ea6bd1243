"""Data from others, complaints, consent, and ends with their grounds: what the vectors do not show."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servanda.law.authority import authority_answers_by, child_erasure
from servanda.law.consent import lifetime, valid_until
from servanda.law.notice import inform_by
from servanda.law.period import Period
from servanda.law.retention import Ground, Held, eligible_from, ending
from servanda.law.steps import OutOfOrder
from servanda.law.working_days import calendar_of

pytestmark = pytest.mark.unit

FR = calendar_of("FR")
DAYS = st.dates(date(2018, 5, 25), date(2060, 12, 31))
PERIODS = st.builds(Period, st.integers(0, 10), st.integers(0, 18), st.integers(0, 90))


@given(DAYS, st.integers(0, 60), st.integers(0, 60))
def test_a_person_is_told_at_the_earliest_of_three_moments(
    obtained: date, contact: int, disclosed: int
) -> None:
    days = [obtained + timedelta(days=n) for n in (contact, disclosed)]
    month = inform_by(obtained, FR).due
    found = inform_by(obtained, FR, first_contact=days[0], disclosed=days[1])
    assert found.due == min(month, *days)
    assert FR.is_working_day(month)
    with pytest.raises(OutOfOrder):
        inform_by(obtained, FR, first_contact=obtained - timedelta(days=1))


@given(DAYS)
def test_an_authority_has_three_months(complaint: date) -> None:
    found = authority_answers_by(complaint, FR)
    assert found.due == FR.next_working_day(complaint + Period(months=3))


def test_a_complaint_waits_for_the_end_of_the_month() -> None:
    assert child_erasure(date(2027, 3, 31), FR).decides_by is None
    with pytest.raises(OutOfOrder, match="too early"):
        child_erasure(date(2027, 3, 31), FR, date(2027, 4, 30))


@given(DAYS, PERIODS)
def test_a_consent_has_expired_the_day_after_its_last(given_on: date, period: Period) -> None:
    found = valid_until(given_on, period)
    assert found.expired_from - found.last_day == timedelta(days=1)
    assert found.steps[1].at == found.last_day


@given(st.datetimes(datetime(2020, 1, 1), datetime(2050, 1, 1), timezones=st.just(UTC)), st.integers(0, 500))
def test_a_tracker_is_too_long_from_the_day_after_its_thirteen_months(set_at: datetime, days: int) -> None:
    found = lifetime(set_at, timedelta(days=days))
    assert found.too_long == (set_at.date() + timedelta(days=days) > set_at.date() + Period(months=13))


@given(st.lists(st.builds(Ground, DAYS, PERIODS, st.sampled_from(["max", "min"])), min_size=1, max_size=4))
def test_a_field_stays_while_any_ground_runs(grounds: list[Ground]) -> None:
    found = ending(grounds)
    assert found.eligible_from == max(eligible_from(g.trigger, g.period) for g in grounds)
    assert found.action_on == found.eligible_from
    assert len(found.steps) == len(grounds) + 1


@given(DAYS, PERIODS, st.integers(0, 3000), st.integers(0, 3000))
def test_a_hold_moves_the_action_and_not_the_end(
    trigger: date, period: Period, after: int, lasts: int
) -> None:
    placed = trigger + timedelta(days=after)
    released = placed + timedelta(days=lasts)
    free, held = ending([Ground(trigger, period)]), Held(placed, released)
    found = ending([Ground(trigger, period)], [held])
    assert found.eligible_from == free.eligible_from
    covers = placed <= free.eligible_from <= released
    assert found.action_on == (released + timedelta(days=1) if covers else free.eligible_from)


def test_what_cannot_be_counted_is_refused() -> None:
    with pytest.raises(ValueError, match="without a ground"):
        ending([])
    with pytest.raises(OutOfOrder):
        ending([Ground(date(2020, 1, 1), Period(1))], [Held(date(2021, 1, 2), date(2021, 1, 1))])
    standing = ending([Ground(date(2020, 1, 1), Period(1))], [Held(date(2020, 6, 1))])
    assert standing.action_on is None
    assert "retention.held" in {step.says for step in standing.steps}
