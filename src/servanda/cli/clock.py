"""`servanda clock`: until when something is due by law, and why, step by step."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from servanda.cli.clock_view import Reply, Where, show
from servanda.project import Project

if TYPE_CHECKING:
    from servanda.law.period import Period


def _day(text: str) -> date:
    """Parse a day, or an instant that is later reduced to its local day."""
    try:
        return date.fromisoformat(text) if len(text) <= 10 else datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(
            f"“{text}” is not a day; write it as 2026-01-31, or 2026-01-31T23:30+01:00"
        ) from None


def _time(text: str) -> datetime:
    """Parse an instant; without an offset it is in the company's time zone."""
    instant = _day(text)
    if not isinstance(instant, datetime):
        raise click.BadParameter(f"“{text}” has no time; write it as “2026-03-28 23:30”")
    return instant


def _zone(text: str) -> ZoneInfo:
    """Parse the IANA name of a time zone."""
    try:
        return ZoneInfo(text)
    except (ValueError, OSError, KeyError):
        raise click.BadParameter(f"there is no time zone “{text}”; write it as Europe/Paris") from None


def _period(text: str) -> Period:
    """Parse an ISO 8601 period."""
    from servanda.law.period import NotAPeriod, parse_period

    try:
        return parse_period(text)
    except NotAPeriod as error:
        raise click.BadParameter(str(error)) from None


_SHARED = (
    click.option(
        "--calendar", "place", default=None, metavar="PLACE", help="Whose public holidays: FR, FR-57, EE."
    ),
    click.option(
        "--zone", type=_zone, default=None, metavar="ZONE", help="The company's time zone: Europe/Paris."
    ),
    click.option("--lang", type=click.Choice(["fr", "en"]), default=None, help="The language of the reply."),
    click.option("--json", "as_json", is_flag=True, help="Print it as JSON."),
)


def _asks(function: Callable[..., Reply]) -> Callable[..., Any]:
    """Add the shared options (calendar, zone, language, JSON) to a command and print its reply."""

    def asked(
        project: Project,
        place: str | None,
        zone: ZoneInfo | None,
        lang: str | None,
        as_json: bool,
        **arguments: Any,
    ) -> None:
        where = Where(project, place, zone, lang)
        try:
            reply = function(where, **arguments)
        except OverflowError:
            raise click.UsageError("these dates lie outside the calendar") from None
        show(reply, where, as_json)

    functools.update_wrapper(asked, function)
    command: Callable[..., Any] = click.pass_obj(asked)
    for option in reversed(_SHARED):
        command = option(command)
    return command


@click.group("clock", short_help="Say until when something is due by law, and why")
def command() -> None:
    """Count legal time: until when, and why, step by step, with articles.

    Needs no project. In the folder of one, the policy's country, time zone and language
    count; elsewhere France and English, unless an option says otherwise.
    """


@command.command("received", short_help="Until when to answer a request")
@click.argument("day", type=_day, metavar="DAY")
@click.option("--extended", type=_day, metavar="DAY", help="When the person was told of an extension.")
@click.option(
    "--asked",
    type=_day,
    metavar="DAY",
    multiple=True,
    help="When the person was asked back. Several times, if need be.",
)
@click.option(
    "--supplied",
    type=_day,
    metavar="DAY",
    multiple=True,
    help="When the person answered that; in the order of --asked.",
)
@click.option("--ask-within", type=click.IntRange(0), default=None, help="Working days to ask back in; 3.")
@click.option("--logged-in", is_flag=True, help="The person asked from an account: no pause counts.")
@click.option("--promise", type=_period, metavar="PERIOD", help="What the policy promises, such as P30D.")
@_asks
def received(
    where: Where,
    day: date,
    extended: date | None,
    asked: tuple[date, ...],
    supplied: tuple[date, ...],
    ask_within: int | None,
    logged_in: bool,
    promise: Period | None,
) -> Reply:
    """Say until when to answer a person whose request arrived on DAY."""
    from dataclasses import replace

    from servanda.law.answer_deadline import PROMPT, Clock, Pause

    if len(supplied) > len(asked):
        raise click.UsageError("there are more --supplied than --asked; each --supplied answers one --asked")
    answers = [*(where.day(reply_day) for reply_day in supplied), *[None] * (len(asked) - len(supplied))]
    clock = Clock(
        received=where.day(day),
        pauses=tuple(Pause(where.day(a), s) for a, s in zip(asked, answers, strict=True)),
        extended_on=where.day(extended) if extended else None,
        promised=promise,
        logged_in=logged_in,
        ask_within=PROMPT if ask_within is None else ask_within,
    )
    deadline = clock.answer(where.calendar)
    notes = []
    if extended is None and promise is None:
        longer = replace(clock, extended_on=clock.received).answer(where.calendar).due
        notes = [("answer.may-extend", {"notice_by": deadline.notice_by, "extended": longer})]
    headline = "answer.headline" if deadline.due_strict == deadline.due else "answer.headline-paused"
    return Reply(deadline, headline, {"due": deadline.due, "due_strict": deadline.due_strict}, notes)


@command.command("aware", short_help="Until when to notify a breach: 72 hours")
@click.argument("time", type=_time, metavar="TIME")
@click.option("--processor", type=_time, metavar="TIME", help="When the processor became aware.")
@click.option(
    "--within", type=click.IntRange(1), metavar="HOURS", help="In what time its contract makes it tell."
)
@_asks
def aware(where: Where, time: datetime, processor: datetime | None, within: int | None) -> Reply:
    """Say until when to notify a breach of which the company became aware at TIME: 72 hours."""
    from servanda.law.breach import Processor, notify_by

    if within is not None and processor is None:
        raise click.UsageError("--within needs --processor")
    processor_notice = None
    if processor is not None:
        processor_notice = Processor(
            where.instant(processor), None if within is None else timedelta(hours=within)
        )
    deadline = notify_by(where.instant(time), where.zone, processor_notice)
    facts = {"target": deadline.target, "expiry": deadline.expiry}
    return Reply(deadline, "breach.headline", facts, [("zone", {"zone": where.zone.key})])


@command.command("obtained", short_help="Until when to tell of data from somebody else")
@click.argument("day", type=_day, metavar="DAY")
@click.option("--contact", type=_day, metavar="DAY", help="The first communication to the person.")
@click.option("--disclosed", type=_day, metavar="DAY", help="The first disclosure to another recipient.")
@_asks
def obtained(where: Where, day: date, contact: date | None, disclosed: date | None) -> Reply:
    """Say until when to inform a person whose data came from somebody else on DAY."""
    from servanda.law.notice import inform_by

    deadline = inform_by(
        where.day(day),
        where.calendar,
        first_contact=where.day(contact) if contact else None,
        disclosed=where.day(disclosed) if disclosed else None,
    )
    return Reply(deadline, "notice.headline", {"due": deadline.due})


@command.command("complained", short_help="Until when an authority answers")
@click.argument("day", type=_day, metavar="DAY")
@click.option(
    "--child-asked",
    type=_day,
    metavar="DAY",
    help="France: data of a minor, whose erasure was asked for on this day.",
)
@_asks
def complained(where: Where, day: date, child_asked: date | None) -> Reply:
    """Say until when an authority answers a complaint of DAY."""
    from servanda.law.authority import authority_answers_by, child_erasure

    if child_asked is None:
        deadline = authority_answers_by(where.day(day), where.calendar)
        return Reply(deadline, "authority.headline", {"due": deadline.due})
    child = child_erasure(where.day(child_asked), where.calendar, where.day(day))
    return Reply(child, "authority.child-headline", {"due": child.decides_by})


@command.command("born", short_help="Whether a young person consents alone")
@click.argument("day", type=_day, metavar="DAY")
@click.option("--country", metavar="COUNTRY", help="Whose law counts: FR, DE; by default that of the place.")
@click.option("--threshold", type=click.IntRange(0), metavar="AGE", help="Another age than the country's.")
@click.option("--on", "on", type=_day, metavar="DAY", help="The day in question; today by default.")
@_asks
def born(where: Where, day: date, country: str | None, threshold: int | None, on: date | None) -> Reply:
    """Say whether a person born on DAY consents alone to a service on the net."""
    from servanda.law.majority import majority
    from servanda.law.minors import who_consents

    day_ = where.day(on) if on else where.today
    age_limit = majority(country or where.place[:2], day_, threshold)
    consent = who_consents(where.day(day), day_, age_limit.years, age_limit.source)
    alone = "alone" if consent.verdict == "own_consent" else "with-parents"
    facts = {"day": day_, "age": consent.age, "reached_on": consent.reached_on}
    return Reply(consent, f"minor.headline-{alone}", facts)


@command.command("consent", short_help="How long a consent or a tracker lasts")
@click.argument("day", type=_day, metavar="DAY")
@click.option("--period", type=_period, metavar="PERIOD", help="How long it lasts; P13M by default.")
@click.option(
    "--max-age", type=click.IntRange(0), metavar="SECONDS", help="The lifetime of a tracker, to compare."
)
@_asks
def consent(where: Where, day: date, period: Period | None, max_age: int | None) -> Reply:
    """Say how long a consent given on DAY lasts, and whether a tracker outlives it."""
    from servanda.law.consent import TRACKER, lifetime, valid_until

    period = period or TRACKER
    if max_age is None:
        valid = valid_until(where.day(day), period)
        return Reply(valid, "consent.headline", {"last_day": valid.last_day})
    comparison = lifetime(where.instant(day), timedelta(seconds=max_age), period, where.zone)
    facts = {"allowed_until": comparison.allowed_until, "expires": comparison.expires}
    return Reply(
        comparison, "tracker.headline-too-long" if comparison.too_long else "tracker.headline-allowed", facts
    )


@command.command("retention", short_help="When data end")
@click.argument("day", type=_day, metavar="DAY")
@click.option("--period", type=_period, metavar="PERIOD", required=True, help="How long, such as P3Y.")
@click.option("--min", "minimum", is_flag=True, help="A law asks to keep at least so long.")
@click.option("--held", type=_day, metavar="DAY", help="When a hold was placed.")
@click.option("--released", type=_day, metavar="DAY", help="When it was released.")
@_asks
def retention(
    where: Where, day: date, period: Period, minimum: bool, held: date | None, released: date | None
) -> Reply:
    """Say when data end whose period began on DAY."""
    from servanda.law.retention import Ground, Held, ending

    if released and not held:
        raise click.UsageError("--released needs --held")
    holds = [Held(where.day(held), where.day(released) if released else None)] if held else []
    end = ending([Ground(where.day(day), period, "min" if minimum else "max")], holds)
    if end.action_on is None:
        return Reply(end, "retention.headline-held", {})
    headline = "retention.headline" if end.action_on == end.eligible_from else "retention.headline-released"
    return Reply(end, headline, {"eligible_from": end.eligible_from, "action_on": end.action_on})
