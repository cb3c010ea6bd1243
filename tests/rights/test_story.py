"""The story of a request, whatever happens to it and in whichever order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servanda.errors import Refused
from servanda.law.answer_deadline import MONTH
from servanda.law.period import Period
from servanda.law.working_days import calendar_of
from servanda.rights.record.request import ENDED, OPEN, Happening, Request

pytestmark = pytest.mark.unit

FRANCE = calendar_of("FR")
DAY = date(2026, 11, 2)
KINDS = (
    *("acknowledged", "asked", "supplied", "proved", "extended", "planned", "done", "told", "confirmed"),
    *("answered", "refused", "forwarded", "withdrawn", "unproved", "reopened", "linked"),
)


def request(**changed: Any) -> Request:
    received = Happening("received", DAY, "", 1)
    return replace(
        Request(1, "access", "person", "email", "fr", DAY, (received,)),
        **changed,
    )


def then(found: Request, kind: str, day: date, facts: Mapping[str, Any] | None = None) -> Request:
    """The request after something happened, or as it was, where that was refused."""
    facts = facts or ({"ground": "law"} if kind == "refused" else {"doubt": True})
    try:
        found.allow(kind, day, FRANCE, facts)
    except Refused:
        return found
    return replace(found, happenings=(*found.happenings, Happening(kind, day, "", 1, facts)))


steps = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 40)), max_size=25)


def lived(told: list[tuple[str, int]], start: Request) -> list[Request]:
    """A life of a request: its states one after the other, days growing."""
    found, day, seen = start, DAY, [start]
    for kind, later in told:
        day += timedelta(days=later)
        found = then(found, kind, day)
        seen.append(found)
    return seen


@given(steps)
def test_nothing_of_a_person_is_touched_before_proof(told: list[tuple[str, int]]) -> None:
    for found in lived(told, request()):
        kinds = [h.kind for h in found.happenings]
        for touched in ("planned", "done", "answered", "told"):
            if touched in kinds:
                assert "proved" in kinds[: kinds.index(touched)]


@given(steps)
def test_what_has_ended_stays_ended(told: list[tuple[str, int]]) -> None:
    states = [found.state for found in lived(told, request())]
    for before, after in pairwise(states):
        if before in ENDED - {"unproved"}:
            assert after == before
    assert set(states) <= ENDED | OPEN


@given(steps, st.sampled_from([None, Period(days=30), Period(months=1), Period(months=2)]))
@settings(max_examples=200)
def test_the_answer_is_never_due_later_than_the_law_says(
    told: list[tuple[str, int]], promised: Period | None
) -> None:
    for found in lived(told, request(promised=promised)):
        answer = found.answer_by(FRANCE)
        assert answer.due <= answer.law_due
        assert answer.due_strict <= answer.due
        pauses = sum((p.supplied - p.asked).days for p in found.clock.pauses if p.supplied is not None)
        most = Period(months=3) if found.last("extended") else MONTH
        assert (answer.law_due - (DAY + most)).days <= pauses + 10, "pauses and a long week-end at most"


@given(steps)
def test_more_time_is_taken_once_and_in_the_first_month(told: list[tuple[str, int]]) -> None:
    found = lived(told, request())[-1]
    extensions = [h for h in found.happenings if h.kind == "extended"]
    assert len(extensions) <= 1
    for one in extensions:
        before = replace(found, happenings=tuple(h for h in found.happenings if h is not one))
        assert one.day <= before.answer_by(FRANCE).notice_by


@given(steps)
def test_no_extension_where_less_time_was_promised(told: list[tuple[str, int]]) -> None:
    found = lived(told, request(promised=Period(days=30), more_time=False))[-1]
    assert found.last("extended") is None


def test_a_question_to_somebody_who_is_logged_in_is_refused() -> None:
    with pytest.raises(Refused, match="logged in"):
        request(channel="account").allow("asked", DAY, FRANCE, {"doubt": True, "about": "identity"})


def test_a_question_stops_the_clock_until_its_answer() -> None:
    asked = then(request(), "asked", DAY + timedelta(days=1))
    supplied = then(asked, "supplied", DAY + timedelta(days=11))
    assert asked.state == "asked"
    assert supplied.state == "received"
    assert supplied.answer_by(FRANCE).paused_days == 10
    assert supplied.answer_by(FRANCE).due == date(2026, 12, 14), "the 12th is a Saturday"
    assert supplied.answer_by(FRANCE).due_strict == date(2026, 12, 2)


def test_a_question_without_a_doubt_stops_nothing() -> None:
    asked = then(request(), "asked", DAY, {"doubt": False})
    assert then(asked, "supplied", DAY + timedelta(days=11)).answer_by(FRANCE).paused_days == 0


def test_a_refusal_needs_a_ground_of_the_law() -> None:
    with pytest.raises(Refused, match="no ground"):
        request().allow("refused", DAY, FRANCE, {"ground": "we would rather not"})


def test_who_was_not_proved_may_prove_it_later() -> None:
    closed = then(request(), "unproved", DAY + timedelta(days=30))
    assert not closed.open
    again = then(then(closed, "reopened", DAY + timedelta(days=40)), "proved", DAY + timedelta(days=40))
    assert again.state == "proved"
    assert again.late(FRANCE, DAY + timedelta(days=40))
