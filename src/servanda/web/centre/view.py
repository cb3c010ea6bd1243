"""From the project to what a page of the centre shows, in the visitor's language."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from servanda.law.facts import authority
from servanda.locale import LANGUAGES, Catalogue, catalogue, day_in_words
from servanda.policy.policy import Policy
from servanda.project import Project
from servanda.rights.record.request import Request
from servanda.rights.record.requests import Requests


def languages(project: Project) -> list[str]:
    """The languages of the pages: those of the policy that have sentences, its first one first."""
    known = [language for language in project.policy.languages if language in LANGUAGES]
    return known + [language for language in LANGUAGES if language not in known]


@dataclass(frozen=True, slots=True)
class View:
    """A page being made: the project, and the language of who reads it."""

    project: Project
    language: str

    @property
    def words(self) -> Catalogue:
        """The sentences of the centre."""
        return catalogue("centre", self.language)

    @property
    def policy(self) -> Policy:
        """The policy whose pages these are."""
        return self.project.policy

    @property
    def other(self) -> str:
        """The other language of the pages."""
        return next(language for language in languages(self.project) if language != self.language)

    @property
    def contact(self) -> str:
        """Where to write to."""
        parties = (self.policy.dpo, self.policy.controller)
        return next((p.email for p in parties if p is not None and p.email), self.policy.controller.name)

    @property
    def authority(self) -> tuple[str, str] | None:
        """The supervisory authority’s name and address on the web."""
        word = self.policy.authority or self.policy.controller.country or ""
        found = authority(word, self.project.today) if word else None
        return (found.name, found.complaints or found.url) if found else None

    def say(self, key: str, **facts: object) -> str:
        """A sentence of the centre."""
        return self.words.say(key, **facts)

    def day(self, day: date | str) -> str:
        """A day in words; what is no whole day, such as 2022, as it is written."""
        if isinstance(day, str):
            try:
                day = date.fromisoformat(day)
            except ValueError:
                return str(day)
        return day_in_words(day, self.language)

    def counted(self, key: str, count: int) -> str:
        """So many of something: “1 row”, “12 rows”."""
        one = count == 1 or (count == 0 and self.language == "fr")
        number = f"{count:,}".replace(",", "\u202f") if self.language == "fr" else f"{count:,}"
        return self.say(f"{key}.one" if one else f"{key}.many", count=number)

    def said(self, words: Any) -> str:
        """Words of the policy in this language, or in its first one."""
        return str(words.say(self.language))

    # -- the front page --------------------------------------------------------------------

    @property
    def answer_within(self) -> str:
        """The time within which the policy promises an answer, empty where it promises none that holds."""
        deadline = self.policy.requests.deadline
        if deadline is None or deadline.calendar.in_days()[0] > 31:
            return ""
        return self.say("home.answer", period=deadline.within.in_words(self.language))

    def periods(self) -> Iterator[tuple[str, str, str]]:
        """Of each promise on how long: the data, the periods, the promise’s own words."""
        for promise in self.policy.promises:
            for retention in promise.retentions:
                names = [self.said(self.policy.categories[name].says) for name in retention.data]
                length = " + ".join(period.in_words(self.language) for period in retention.periods)
                yield ", ".join(names), length, self.said(promise.says)

    def recipients(self) -> Iterator[tuple[str, str, str]]:
        """Whom data go to: the name, what for, the country."""
        for recipient in self.policy.recipients.values():
            said, names = self.said(recipient.says), ", ".join(recipient.names)
            yield names or said, said if names else "", self._country(recipient.country)

    def _country(self, code: str | None) -> str:
        """The name of a country, empty where nobody knows it."""
        words = catalogue("countries", self.language)
        return words.say(code) if code and words.knows(code) else code or ""

    # -- one request -----------------------------------------------------------------------

    def story(self, request: Request) -> list[tuple[str, str, bool]]:
        """What happened to a request: in words, on which day, whether it lies behind."""
        told = [h for h in request.happenings if self.words.knows(f"happened.{h.kind}")]
        done = [(self.say(f"happened.{h.kind}"), self.day(h.day), True) for h in told]
        if request.open:
            due = request.answer_by(Requests(self.project).calendar).due
            done.append((self.say("clock.due"), self.day(due), False))
        return done

    def page(self, template: str, /, **more: Any) -> str:
        """A page of the centre as HTML."""
        return _environment().get_template(f"{template}.html").render(view=self, say=self.say, **more)


@cache
def _environment() -> Environment:
    return Environment(
        loader=ChoiceLoader([PackageLoader("servanda.web.centre"), PackageLoader("servanda.documents")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
