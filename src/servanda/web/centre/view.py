"""The context of the centre's templates, in the visitor's language."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from servanda.law.authority import where_listed
from servanda.locale import LANGUAGES, Catalogue, catalogue, day_in_words
from servanda.policy.authority import competent
from servanda.policy.policy import Policy
from servanda.project import Project
from servanda.rights.record.request import Request
from servanda.rights.record.requests import Requests


def languages(project: Project) -> list[str]:
    """The languages of the pages: first those of the policy that have a catalogue, in its order."""
    translated = [language for language in project.policy.languages if language in LANGUAGES]
    return translated + [language for language in LANGUAGES if language not in translated]


@dataclass(frozen=True, slots=True)
class View:
    """The context of one page: the project and the visitor's language."""

    project: Project
    language: str

    @property
    def words(self) -> Catalogue:
        """The sentences of the centre."""
        return catalogue("centre", self.language)

    @property
    def policy(self) -> Policy:
        """The policy of the project."""
        return self.project.policy

    @property
    def other(self) -> str:
        """The other language of the pages."""
        return next(language for language in languages(self.project) if language != self.language)

    @property
    def contact(self) -> str:
        """The contact e-mail address, or the company's name if there is none."""
        parties = (self.policy.dpo, self.policy.controller)
        return next((p.email for p in parties if p is not None and p.email), self.policy.controller.name)

    @property
    def officer(self) -> str:
        """How the data protection officer is reached, where the policy declares one."""
        officer = self.policy.dpo
        return "" if officer is None else officer.email or officer.form or officer.postal or officer.name

    @property
    def authority(self) -> tuple[str, str] | None:
        """The supervisory authority’s name and address on the web, where both are known."""
        entry = competent(self.policy, self.project.today)
        return (entry.name, entry.complaints or entry.url) if entry else None

    @property
    def authorities(self) -> str:
        """Where the authorities of the policy’s country are listed."""
        return where_listed(self.policy.controller.country)

    def say(self, key: str, **facts: object) -> str:
        """A sentence of the centre."""
        return self.words.say(key, **facts)

    def day(self, day: date | str) -> str:
        """A date in words; text that is not a full date, such as 2022, is returned unchanged."""
        if isinstance(day, str):
            try:
                day = date.fromisoformat(day)
            except ValueError:
                return str(day)
        return day_in_words(day, self.language)

    def counted(self, key: str, count: int) -> str:
        """A count with its noun: “1 row”, “12 rows”."""
        singular = count == 1 or (count == 0 and self.language == "fr")
        number = f"{count:,}".replace(",", "\u202f") if self.language == "fr" else f"{count:,}"
        return self.say(f"{key}.one" if singular else f"{key}.many", count=number)

    def localized(self, words: Any) -> str:
        """A text of the policy in this language, or in its first language."""
        return str(words.say(self.language))

    # -- the front page --------------------------------------------------------------------

    @property
    def answer_within(self) -> str:
        """The promised time for an answer in words; empty without a promise of a month or less."""
        deadline = self.policy.requests.deadline
        if deadline is None or deadline.calendar.in_days()[0] > 31:
            return ""
        return self.say("home.answer", period=deadline.within.in_words(self.language))

    def periods(self) -> Iterator[tuple[str, str, str]]:
        """Yield (data, period, text of the promise) for each retention."""
        for promise in self.policy.promises:
            for retention in promise.retentions:
                names = [self.localized(self.policy.categories[name].says) for name in retention.data]
                length = " + ".join(period.in_words(self.language) for period in retention.periods)
                yield ", ".join(names), length, self.localized(promise.says)

    def recipients(self) -> Iterator[tuple[str, str, str]]:
        """Yield (name, purpose, country) for each recipient."""
        for recipient in self.policy.recipients.values():
            description, names = self.localized(recipient.says), ", ".join(recipient.names)
            yield names or description, description if names else "", self._country(recipient.country)

    def _country(self, code: str | None) -> str:
        """The name of a country, or its code if the catalogue lacks it."""
        words = catalogue("countries", self.language)
        return words.say(code) if code and words.knows(code) else code or ""

    # -- one request -----------------------------------------------------------------------

    def due(self, request: Request) -> date:
        """The last day for the answer to a request."""
        return request.answer_by(Requests(self.project).calendar).due

    def story(self, request: Request) -> list[tuple[str, str, bool]]:
        """The history of a request: (event in words, day in words, whether it is past)."""
        happenings = [h for h in request.happenings if self.words.knows(f"happened.{h.kind}")]
        lines = [(self.say(f"happened.{h.kind}"), self.day(h.day), True) for h in happenings]
        if request.open:
            lines.append((self.say("clock.due"), self.day(self.due(request)), False))
        return lines

    def page(self, template: str, /, **context: Any) -> str:
        """Render a template of the centre as HTML."""
        return _environment().get_template(f"{template}.html").render(view=self, say=self.say, **context)


@cache
def _environment() -> Environment:
    return Environment(
        loader=ChoiceLoader([PackageLoader("servanda.web.centre"), PackageLoader("servanda.documents")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
