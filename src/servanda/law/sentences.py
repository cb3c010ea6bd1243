"""Renders the steps of a deadline: a sentence and its article, in the reader's language."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from servanda.law.period import Period
from servanda.law.steps import Fact, Step
from servanda.law.working_days import calendar_of
from servanda.locale import Catalogue, catalogue, day_in_words


@dataclass(frozen=True, slots=True)
class Said:
    """A rendered step."""

    at: str
    sentence: str
    article: str


def render_step(step: Step, language: str) -> Said:
    """Render a step. Raises NoCatalogue for a language without a catalogue."""
    words = catalogue("law", language)
    facts = {name: _fact(fact, language) for name, fact in step.facts}
    values = dict(step.facts)
    if "place" in values and isinstance(day := values.get("day"), date):
        facts["holiday"] = calendar_of(str(values["place"])).name(day, language)
    return Said(_moment(step.at), words.say(step.says, **facts), _article(step.article, words))


def in_words(value: Fact, language: str) -> str:
    """Return a day with its weekday, an instant with its offset, or a period, in words."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return day_in_words(value, language, weekday=True)
    return _fact(value, language)


def _fact(fact: Fact, language: str) -> str:
    if isinstance(fact, datetime):
        day = day_in_words(fact.date(), language, weekday=True)
        return catalogue("law", language).say(
            "instant", day=day, time=f"{fact:%H:%M}", offset=fact.isoformat()[-6:]
        )
    if isinstance(fact, date):
        return day_in_words(fact, language)
    return fact.in_words(language) if isinstance(fact, Period) else str(fact)


def _moment(at: date | datetime) -> str:
    return at.isoformat(" ", "minutes") if isinstance(at, datetime) else at.isoformat()


def _article(article: str, words: Catalogue) -> str:
    """The citation of “GDPR 12(3)”; unchanged if the catalogue does not know the law."""
    law, _, place = article.partition(" ")
    return words.say(f"law.{law}", place=place) if words.knows(f"law.{law}") else article
