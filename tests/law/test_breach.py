"""72 hours, over every hour of two years and through both changes of the clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servanda.law.breach import Processor, notify_by
from servanda.law.steps import OutOfOrder

pytestmark = pytest.mark.unit

PARIS = ZoneInfo("Europe/Paris")
INSTANTS = st.datetimes(datetime(2018, 5, 25), datetime(2037, 12, 1), timezones=st.just(UTC))
ZONES = st.sampled_from(["Europe/Paris", "Europe/Tallinn", "Asia/Kolkata", "America/St_Johns", "UTC"]).map(
    ZoneInfo
)


def seconds(later: datetime, earlier: datetime) -> float:
    return later.timestamp() - earlier.timestamp()


@given(INSTANTS, ZONES)
def test_the_hour_of_awareness_is_not_counted_and_72_elapsed_hours_are(
    aware: datetime, zone: ZoneInfo
) -> None:
    found = notify_by(aware, zone)
    assert (found.start.minute, found.start.second, found.start.microsecond) == (0, 0, 0)
    assert 0 < seconds(found.start, aware) <= 3600
    assert seconds(found.expiry, found.start) == 72 * 3600


@given(INSTANTS, ZONES)
def test_the_target_is_never_later_than_the_expiry_nor_than_72_hours(aware: datetime, zone: ZoneInfo) -> None:
    found = notify_by(aware, zone)
    assert seconds(found.target, found.expiry) <= 0
    assert 71 * 3600 <= seconds(found.target, aware) <= 72 * 3600
    changes = any(step.says == "breach.clocks-change" for step in found.steps)
    assert changes or seconds(found.target, aware) == 72 * 3600


def test_clocks_that_jump_forward_take_an_hour_from_the_target() -> None:
    found = notify_by(datetime(2027, 3, 26, 10, 20, tzinfo=PARIS), PARIS)
    assert found.target.isoformat() == "2027-03-29T10:20:00+02:00"
    assert seconds(found.target, datetime(2027, 3, 26, 10, 20, tzinfo=PARIS)) == 71 * 3600


def test_a_time_that_the_clocks_jump_over_is_shown_as_it_was() -> None:
    steps = notify_by(datetime(2026, 3, 29, 2, 30, tzinfo=PARIS), PARIS).steps
    assert steps[0].at.isoformat() == "2026-03-29T03:30:00+02:00"


def test_a_processor_that_told_late_does_not_start_the_hours_earlier() -> None:
    knew, told = (datetime(2027, 6, day, 8, tzinfo=PARIS) for day in (1, 3))
    found = notify_by(told, PARIS, Processor(knew, timedelta(hours=24)))
    assert found.start == notify_by(told, PARIS).start
    assert found.processor_by == datetime(2027, 6, 2, 8, tzinfo=PARIS)
    assert [step.says for step in found.steps[:2]] == ["breach.processor-knew", "breach.processor-late"]
    with pytest.raises(OutOfOrder):
        notify_by(knew, PARIS, Processor(told))
