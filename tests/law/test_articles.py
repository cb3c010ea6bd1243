"""Tables that rules on the text look things up in: articles, services that ended, languages."""

from __future__ import annotations

from datetime import date

import pytest

from servanda.law.articles import ARTICLES, topics
from servanda.law.languages import OFFICIAL, official
from servanda.law.services import ENDED, ended

pytestmark = pytest.mark.unit
TODAY = date(2026, 11, 22)


@pytest.mark.parametrize("written", ["32", "32(1)", "32 §1", "32(1)(a)"])
def test_paragraphs_do_not_change_what_an_article_is_about(written: str) -> None:
    assert topics("GDPR", written, TODAY) == frozenset({"security"})


def test_every_article_of_the_gdpr_is_there_and_no_other() -> None:
    assert all(topics("GDPR", str(n), TODAY) for n in range(1, 100))
    assert topics("GDPR", "100", TODAY) is None
    assert topics("GDPR", "15", date(2018, 5, 24)) is None


def test_the_french_act_handed_access_to_the_gdpr() -> None:
    before, after = (topics("LIL", "", date(2018, 5, day)) for day in (24, 25))
    assert before is not None
    assert after is not None
    assert "access" in before - after
    assert "directives" in after


def test_a_law_as_a_whole_is_about_anything_that_its_articles_are() -> None:
    whole = topics("GDPR", "", TODAY)
    assert whole is not None
    assert {"access", "transfers", "data-protection"} <= whole


def test_one_article_says_one_thing_on_a_day() -> None:
    for day in (date(2010, 1, 1), date(2018, 5, 25), TODAY):
        named = [(a.law, a.number) for a in ARTICLES if a.holds(day)]
        assert len(named) == len(set(named))


def test_a_service_ends_on_its_day() -> None:
    assert ended("google+", date(2019, 4, 1)) is None
    assert ended("Google+", date(2019, 4, 2)) is not None
    assert ended("LinkedIn", TODAY) is None
    assert all(row.source for row in ENDED)


def test_every_member_of_the_eea_has_a_language() -> None:
    assert len(OFFICIAL) == 32
    assert official("BE") == {"nl", "fr", "de"}
    assert official("US") == frozenset()
