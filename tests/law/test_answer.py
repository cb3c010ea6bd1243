"""How long a company has to answer: what holds for every request, and what a DPO is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servanda.law.answer_deadline import Clock, Pause
from servanda.law.period import Period
from servanda.law.steps import OutOfOrder
from servanda.law.working_days import Calendar, calendar_of

pytestmark = pytest.mark.unit

DAYS = st.dates(date(2018, 5, 25), date(2060, 12, 31))
PLACES = st.sampled_from(["FR", "FR-57", "FR-67", "EE", "DE", "ES"]).map(calendar_of)
SHORT = st.integers(0, 40)


@st.composite
def clocks(draw: st.DrawFn) -> Clock:
    received = draw(DAYS)
    pauses = []
    for _ in range(draw(st.integers(0, 3))):
        asked = received + timedelta(days=draw(st.integers(0, 12)))
        supplied = asked + timedelta(days=draw(SHORT)) if draw(st.booleans()) else None
        pauses.append(Pause(asked, supplied, doubt=draw(st.booleans())))
    extended = received + timedelta(days=draw(SHORT)) if draw(st.booleans()) else None
    return Clock(received, tuple(pauses), extended, ask_within=draw(st.integers(0, 5)))


@given(clocks(), PLACES)
def test_the_last_day_is_a_working_day_of_the_place_and_never_before_the_end(
    clock: Clock, place: Calendar
) -> None:
    answer = clock.answer(place)
    for day in (answer.due, answer.due_strict, answer.notice_by, answer.refuse_by):
        assert place.is_working_day(day)
    assert answer.due >= answer.nominal
    between = (answer.nominal + timedelta(days=n) for n in range((answer.due - answer.nominal).days))
    assert not any(place.is_working_day(day) for day in between), "it moves to the very next one"


@given(DAYS, PLACES)
def test_an_extended_request_is_due_three_months_from_receipt_moved_once(
    received: date, place: Calendar
) -> None:
    told = replace(Clock(received), extended_on=received).answer(place)
    assert told.due == place.next_working_day(received + Period(months=3))
    assert told.refuse_by == told.notice_by == place.next_working_day(received + Period(months=1))


@given(clocks(), PLACES, st.integers(0, 12), SHORT)
def test_a_further_pause_never_shortens(clock: Clock, place: Calendar, after: int, lasts: int) -> None:
    asked = clock.received + timedelta(days=after)
    pause = Pause(asked, asked + timedelta(days=lasts))
    before = replace(clock, extended_on=None)
    more = replace(before, pauses=(*clock.pauses, pause))
    assert more.answer(place).due >= before.answer(place).due
    assert more.answer(place).due_strict == before.answer(place).due_strict


@given(clocks(), PLACES)
def test_what_counts_no_pause_is_never_later(clock: Clock, place: Calendar) -> None:
    answer = clock.answer(place)
    assert answer.due_strict <= answer.due
    assert answer.due_strict == replace(clock, pauses=()).answer(place).due
    assert (answer.due_strict == answer.due) or answer.paused_days > 0


@given(DAYS, SHORT, PLACES)
def test_a_later_receipt_is_never_due_earlier(received: date, later: int, place: Calendar) -> None:
    first, second = Clock(received), Clock(received + timedelta(days=later))
    assert first.answer(place).due <= second.answer(place).due


@given(clocks(), PLACES, st.integers(1, 120))
def test_a_promise_is_never_later_than_the_law_and_does_not_move(
    clock: Clock, place: Calendar, days: int
) -> None:
    answer = replace(clock, promised=Period(days=days)).answer(place)
    assert answer.due <= answer.law_due == clock.answer(place).due
    flat = clock.received + timedelta(days=days + answer.paused_days)
    assert answer.due == min(flat, answer.law_due)


@given(clocks(), PLACES)
def test_every_step_lies_at_a_day_and_the_due_day_is_among_them(clock: Clock, place: Calendar) -> None:
    answer = clock.answer(place)
    assert answer.due in {step.at for step in answer.steps}
    assert all(step.article and step.says for step in answer.steps)


def test_the_reasons_are_told_in_their_order() -> None:
    clock = Clock(
        date(2026, 1, 31),
        (Pause(date(2026, 2, 2), date(2026, 2, 10)),),
        extended_on=date(2026, 2, 20),
    )
    answer = clock.answer(calendar_of("FR"))
    assert [(step.at, step.says) for step in answer.steps] == [
        (date(2026, 1, 31), "answer.received"),
        (date(2026, 2, 10), "pause.counted"),
        (date(2026, 2, 20), "answer.extended"),
        (date(2026, 4, 30), "ends.last-day"),
        (date(2026, 5, 8), "answer.paused"),
        (date(2026, 5, 11), "moved.holiday"),
        (date(2026, 3, 9), "answer.refuse"),
        (date(2026, 4, 30), "answer.strict"),
    ]
    assert answer.calendar.startswith("FR, holidays ")


@pytest.mark.parametrize(
    ("pause", "says"),
    [
        (Pause(date(2027, 1, 5), date(2027, 1, 15)), "pause.counted"),
        (Pause(date(2027, 1, 5)), "pause.open"),
        (Pause(date(2027, 1, 12), date(2027, 1, 15)), "pause.late"),
        (Pause(date(2027, 1, 5), date(2027, 1, 15), doubt=False), "pause.no-doubt"),
    ],
)
def test_each_question_says_whether_it_counts(pause: Pause, says: str) -> None:
    steps = Clock(date(2027, 1, 4), (pause,)).answer(calendar_of("FR")).steps
    assert says in {step.says for step in steps}


@pytest.mark.parametrize(
    "clock",
    [
        Clock(date(2027, 1, 4), (Pause(date(2027, 1, 3)),)),
        Clock(date(2027, 1, 4), (Pause(date(2027, 1, 6), date(2027, 1, 5)),)),
        Clock(date(2027, 1, 4), extended_on=date(2027, 1, 3)),
    ],
)
def test_dates_that_cannot_follow_each_other_are_refused(clock: Clock) -> None:
    with pytest.raises(OutOfOrder, match="is before"):
        clock.answer(calendar_of("FR"))
