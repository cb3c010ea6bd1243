"""The place, zone and language of a `servanda clock` command, and the printing of its reply."""

from __future__ import annotations

import dataclasses
import textwrap
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from servanda.cli.view import print_json
from servanda.project import Project

if TYPE_CHECKING:
    from servanda.law.steps import Step
    from servanda.law.working_days import Calendar
    from servanda.policy.policy import Policy

_WIDTH = 100
_UNBROKEN = "\u00a0"
"""Keeps an article on one line."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The result of a clock, the catalogue key of its headline with its facts, and notes after the steps."""

    result: Any
    headline: str
    facts: dict[str, Any]
    notes: list[tuple[str, dict[str, Any]]] = field(default_factory=list)


class Where:
    """The place, zone and language of a question: what options say, else the policy, else France.

    The policy is read only if something is left open.
    """

    def __init__(
        self, project: Project, place: str | None, zone: ZoneInfo | None, language: str | None
    ) -> None:
        self._project = project
        self._place, self._zone, self._language = place, zone, language

    @cached_property
    def _policy(self) -> Policy | None:
        exists = (self._project.folder / "policy.yaml").exists()
        return self._project.policy if exists else None

    @cached_property
    def place(self) -> str:
        """The place whose law and public holidays count, such as FR."""
        if self._place:
            return self._place
        if self._policy is None:
            return "FR"
        countries = [self._policy.controller.country, *self._policy.jurisdictions]
        return next((c for c in countries if c and c != "EU"), "FR")

    @cached_property
    def calendar(self) -> Calendar:
        """The public holidays of the place."""
        from servanda.law.working_days import calendar_of

        return calendar_of(self.place)

    @cached_property
    def zone(self) -> ZoneInfo:
        """The company's time zone."""
        from servanda.law.working_days import zone_of

        if self._zone is not None:
            return self._zone
        if self._policy is None:
            return zone_of(self.place)
        return ZoneInfo(self._policy.timezone)

    @cached_property
    def language(self) -> str:
        """The language of the reply."""
        if self._language:
            return self._language
        return "en" if self._policy is None else self._policy.languages[0]

    @property
    def today(self) -> date:
        """The company's day."""
        return self._project.now.astimezone(self.zone).date()

    def day(self, day: date) -> date:
        """The company's day of a day or an instant."""
        return self.instant(day).date() if isinstance(day, datetime) else day

    def instant(self, at: date) -> datetime:
        """An instant in the company's zone, if it has no other; a day begins at midnight."""
        full = at if isinstance(at, datetime) else datetime(at.year, at.month, at.day)
        return full.astimezone(self.zone) if full.tzinfo else full.replace(tzinfo=self.zone)


def show(reply: Reply, where: Where, as_json: bool) -> None:
    """Print a reply: what is due, the steps that lead there, and whose calendar was used."""
    from servanda.law.sentences import in_words, render_step
    from servanda.locale import catalogue

    words = catalogue("law", where.language)

    def say(key: str, facts: dict[str, Any]) -> str:
        return words.say(key, **{name: in_words(fact, where.language) for name, fact in facts.items()})

    if as_json:
        print_json(
            {"format": 1, "says": say(reply.headline, reply.facts), **_fields(reply.result, where.language)}
        )
        return
    click.echo(click.style(say(reply.headline, reply.facts), bold=True) + "\n")
    for step in reply.result.steps:
        text = render_step(step, where.language)
        click.echo(_wrapped(text.at, f"{text.sentence} [{text.article.replace(' ', _UNBROKEN)}]"))
    calendar = getattr(reply.result, "calendar", "")
    notes = [*reply.notes, *([("calendar", {"calendar": calendar})] if calendar else [])]
    if notes:
        click.echo()
    for key, facts in notes:
        click.echo(_wrapped("", say(key, facts)))


def _wrapped(at: str, text: str) -> str:
    head = f"  {at}  " if at else ""
    lines = textwrap.wrap(text, _WIDTH, initial_indent=head, subsequent_indent=" " * len(head))
    return "\n".join(lines).replace(_UNBROKEN, " ")


def _fields(result: Any, language: str) -> dict[str, Any]:
    """The fields of a result as JSON, with its steps rendered."""
    fields = {
        f.name: _plain(getattr(result, f.name)) for f in dataclasses.fields(result) if f.name != "steps"
    }
    return {**fields, "steps": [_step(step, language) for step in result.steps]}


def _step(step: Step, language: str) -> dict[str, Any]:
    from servanda.law.sentences import render_step

    text = render_step(step, language)
    return {"at": _plain(step.at), "key": step.says, "says": text.sentence, "article": text.article}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
