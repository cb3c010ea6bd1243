"""Facts of law have a day and a source, never contradict one another, and answer for the day that is asked."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servanda.law import facts
from servanda.law.facts import table
from servanda.law.facts.tools import tools
from servanda.law.majority import ages, majority

pytestmark = pytest.mark.unit
DAYS = st.dates(date(1995, 1, 1), date(2040, 12, 31))
COUNTRIES = sorted({row["country"] for _, _, row in facts.every() if "country" in row})


def test_every_fact_has_a_day_and_a_source() -> None:
    rows = list(facts.every())
    assert len(rows) > 80
    for name, kind, row in rows:
        assert row["source"].strip(), (name, kind, row)
        assert isinstance(row["valid_from"], date), (name, kind, row)


def test_the_tables_load_whole() -> None:
    """Loading is what finds overlaps, so each is asked once."""
    day = date(2026, 11, 22)
    assert facts.in_eea("FR", day)
    assert facts.adequacy("CH", day)
    assert facts.tool("bcr")
    assert facts.authority("CNIL", day)
    assert facts.phone_regime("FR", day)
    assert facts.minima("accounting", ["FR"], day)
    assert facts.maximum("prospect", ["FR"], day)
    assert majority("FR", day).years == 15
    assert {name for name, _, _ in facts.every()} == set(table.TABLES)


def test_the_united_states_have_had_three_decisions_and_two_gaps() -> None:
    needed = {
        day: found.needs if (found := facts.adequacy("US", day)) else None
        for day in map(
            date.fromisoformat, ("2015-10-05", "2015-10-06", "2020-06-01", "2020-08-01", "2023-07-10")
        )
    }
    assert list(needed.values()) == ["safe-harbor", None, "privacy-shield", None, "dpf"]


def test_the_united_kingdom_left_and_stayed_adequate() -> None:
    days = [date(2019, 1, 1) + timedelta(days=30 * i) for i in range(150)]
    for day in days:
        assert facts.in_eea("GB", day) != (facts.adequacy("GB", day) is not None) or day > date(2031, 12, 27)


def test_a_tool_that_a_court_ended_names_the_one_in_its_place() -> None:
    for found in tools():
        if found.valid_to is not None:
            instead = facts.tool(found.instead)
            assert instead is not None
            assert instead.holds(date(2026, 11, 22))
    old = facts.tool("2010/87/EU")
    assert old is not None
    assert old.serves(date(2022, 12, 27))
    assert not old.holds(date(2022, 12, 27))
    assert not old.serves(date(2022, 12, 28))


def test_texts_call_tools_by_many_names() -> None:
    for word in ("Privacy Shield", "privacy-shield", "PRIVACY SHIELD"):
        assert facts.tool(word) is facts.tool("privacy-shield")
    assert facts.tool("a handshake") is None


def test_phone_calls_in_france_need_consent_since_august_2026() -> None:
    before, after = (facts.phone_regime("FR", date(2026, 8, day)) for day in (10, 11))
    assert before is not None
    assert after is not None
    assert (before.regime, after.regime) == ("objection", "consent")


@given(day=DAYS, country=st.sampled_from(COUNTRIES))
def test_a_day_has_one_answer_and_it_held_on_that_day(day: date, country: str) -> None:
    for found in (
        facts.adequacy(country, day),
        facts.phone_regime(country, day),
        facts.authority(country, day),
    ):
        assert found is None or found.holds(day)
    assert sum(row.country == country and row.holds(day) for row in ages()) <= 1


@given(day=DAYS)
def test_between_two_changes_nothing_changes(day: date) -> None:
    later = day + timedelta(days=200)
    if not facts.changes(day, later):
        for country in COUNTRIES:
            assert facts.adequacy(country, day) == facts.adequacy(country, later)


def test_a_fact_without_a_source_does_not_enter(monkeypatch: pytest.MonkeyPatch) -> None:
    def asked(row: dict[str, object]) -> object:
        monkeypatch.setattr(table, "_file", lambda _: {"age": [row]})
        return table.rows(
            "ages", "age", lambda given: table.Fact(given["source"], given["valid_from"], None), id
        )

    assert asked({"source": "GDPR 8(1)", "valid_from": date(2018, 5, 25)})
    with pytest.raises(facts.BadFact, match="the source is missing"):
        asked({"valid_from": date(2018, 5, 25)})
    with pytest.raises(facts.BadFact, match="the first day is missing"):
        asked({"source": "GDPR 8(1)"})


def test_two_answers_for_one_day_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    row = {"source": "x", "valid_from": date(2018, 5, 25), "valid_to": date(2020, 1, 1)}
    meeting = row | {"valid_from": date(2020, 1, 1), "valid_to": None}
    monkeypatch.setattr(table, "_file", lambda _: {"age": [row, meeting]})
    with pytest.raises(facts.BadFact, match="two rows"):
        table.rows("ages", "age", lambda given: table.Fact(**given), lambda _: "one thing")
