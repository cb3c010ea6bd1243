"""`servanda request`: a person's request, from the day on which it arrives to its answer."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from servanda.cli.requests import work as request_work
from servanda.cli.requests.identity import identify
from servanda.cli.requests.view import list_lines, print_state, request_json, requests_of, story_lines
from servanda.cli.view import print_json
from servanda.project import Project

if TYPE_CHECKING:
    from servanda.rights.record.requests import Secret

_DAY = click.DateTime(["%Y-%m-%d"])
_ASKERS = click.Choice(["person", "parent", "mandatary", "heir", "executor"])
_CHANNELS = click.Choice(["email", "post", "phone", "on_site", "account", "other"])
_on = click.option("--on", "day", type=_DAY, default=None, metavar="DAY", help="The day; today by default.")
_json = click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
_number = click.argument("number", type=click.IntRange(1))


@click.group("request", short_help="Work a person's request, from its receipt to the answer")
def command() -> None:
    """Work requests of persons: access, erasure, correction, objection and the others (GDPR 12, 15 to 22)."""


for _one in (identify, *request_work.COMMANDS):
    command.add_command(_one)


@command.command("open", short_help="Write down a request that arrived")
@click.argument("right")
@click.option(
    "--about", metavar="ADDRESS", help="Whom it is about: an e-mail address or number. Asked for if absent."
)
@click.option("--contact", metavar="ADDRESS", help="Where the answer goes; the same address, by default.")
@click.option(
    "--received", type=_DAY, metavar="DAY", help="When it arrived; of a registered letter, its receipt."
)
@click.option("--channel", type=_CHANNELS, default="email", show_default=True, help="How it arrived.")
@click.option("--asker", type=_ASKERS, default="person", show_default=True, help="Who asks.")
@click.option("--lang", type=click.Choice(["fr", "en"]), default=None, help="The language of the letters.")
@click.option(
    "--says", metavar="TEXT", default="", help="What the person wrote; - reads it from standard input."
)
@click.option(
    "--field",
    "fields",
    multiple=True,
    metavar="NAME=VALUE",
    help="What the right needs, such as field=email.",
)
@_json
@click.pass_obj
def open_(
    project: Project,
    /,
    right: str,
    about: str | None,
    contact: str | None,
    received: datetime | None,
    fields: tuple[str, ...],
    as_json: bool,
    says: str,
    **more: Any,
) -> None:
    """Write down a request for RIGHT: the clock runs from the day on which it arrived.

    Addresses that stand on a command line stay in the shell's history: leave --about out, and it
    is asked for.
    """
    from servanda.rights.answer import choose_letter as letters
    from servanda.rights.record.requests import Opening
    from servanda.rights.right import right_of

    chosen = right_of(right)
    field_values = _fields(fields, chosen.may_ask)
    about = about or str(click.prompt("Whom is it about", err=True))
    says = sys.stdin.read() if says == "-" else says
    requests = requests_of(project)
    opening = Opening(
        right=chosen.name,
        about=about.strip(),
        contact=(contact or about).strip(),
        received=received.date() if received else project.today,
        asker=more["asker"],
        channel=more["channel"],
        language=more["lang"] or project.policy.languages[0],
        says=says,
        fields=field_values,
    )
    request = requests.open(opening)
    letter = letters.acknowledged(request, _secret(opening), request.answer_by(requests.calendar))
    request = requests.record(request.number, "acknowledged", letters=[letter])
    print_state(project, requests, request, as_json)


def _secret(opening: Any) -> Secret:
    from servanda.rights.record.requests import Secret

    return Secret(opening.about, opening.contact, opening.says, dict(opening.fields or {}))


def _fields(words: tuple[str, ...], may_ask: tuple[str, ...]) -> dict[str, str]:
    fields = dict(word.partition("=")[::2] for word in words)
    unknown = [name for name in fields if name not in may_ask]
    if unknown:
        names = ", ".join(may_ask) or "none"
        raise click.UsageError(f"this right has no field {unknown[0]}; its fields: {names}")
    return fields


@command.command("list", short_help="List requests, the most urgent first")
@click.option("--all", "ended", is_flag=True, help="Those that have ended, too.")
@_json
@click.pass_obj
def list_(project: Project, ended: bool, as_json: bool) -> None:
    """List what is open, the most urgent first, with the days that are left."""
    requests = requests_of(project)
    matching = requests.all(ended=ended)
    if as_json:
        today = project.today
        print_json({"format": 1, "requests": [request_json(r, requests.calendar, today) for r in matching]})
        return
    for line in list_lines(matching, requests.calendar, project.today, ended):
        click.echo(line)


@command.command("show", short_help="Show what happened to a request, and until when it is to be answered")
@_number
@click.option(
    "--reveal", metavar="REASON", help="Show who asks and in which words, too; the ledger notes why."
)
@_json
@click.pass_obj
def show(project: Project, number: int, reveal: str | None, as_json: bool) -> None:
    """Show the story of a request. Who asks is sealed, and is shown only with a reason."""
    from servanda.persons.remaining_rows import of_requests

    requests = requests_of(project)
    request = requests.find(number)
    rests = of_requests(project.database).get(number, [])
    secret = requests.secret(number, reveal) if reveal else None
    if as_json:
        content = request_json(request, requests.calendar, project.today, rests)
        if secret is not None:
            content |= {"about": secret.about, "contact": secret.contact, "says": secret.says}
        print_json(content)
        return
    for line in story_lines(request, requests.calendar, project.today, secret, rests):
        click.echo(line)


@command.command("extend", short_help="Take two months more, with reasons")
@_number
@click.option(
    "--reasons", required=True, help="Why: complexity, or the number of requests; the person is told."
)
@_json
@click.pass_obj
def extend(project: Project, number: int, reasons: str, as_json: bool) -> None:
    """Take two months more, and tell the person why; within the first month only (GDPR 12(3))."""
    from servanda.rights.answer import choose_letter as letters
    from servanda.rights.record.request import Happening

    requests = requests_of(project)
    request, secret = requests.find(number), requests.secret(number, "to tell of an extension")
    longer = replace(request, happenings=(*request.happenings, Happening("extended", project.today, "", 0)))
    letter = letters.extended(request, secret, longer.answer_by(requests.calendar), reasons)
    request = requests.record(number, "extended", words=reasons, letters=[letter])
    print_state(project, requests, request, as_json)


@command.command("refuse", short_help="Refuse, with a ground that the law knows and with reasons")
@_number
@click.option("--ground", required=True, help="manifestly_unfounded, manifestly_excessive, law, …")
@click.option("--reasons", required=True, help="Why that is so here; the person is told.")
@_json
@click.pass_obj
def refuse(project: Project, number: int, ground: str, reasons: str, as_json: bool) -> None:
    """Refuse a request; the letter names the ground, the reasons, and where to complain (GDPR 12(4), (5))."""
    from servanda.errors import Refused
    from servanda.rights.answer import choose_letter as letters
    from servanda.rights.record.request import GROUNDS

    if ground not in GROUNDS:
        raise Refused(f"“{ground}” is no ground for a refusal", advice=f"one of: {', '.join(GROUNDS)}")
    requests = requests_of(project)
    request, secret = requests.find(number), requests.secret(number, "to refuse")
    letter = letters.refused(request, secret, ground, reasons)
    request = requests.record(number, "refused", facts={"ground": ground}, words=reasons, letters=[letter])
    print_state(project, requests, request, as_json)


@command.command("forward", short_help="Pass it on to the customer who decides about the data")
@_number
@click.option("--to", "controller", required=True, help="Who decides about the data: the customer's name.")
@_json
@click.pass_obj
def forward(project: Project, number: int, controller: str, as_json: bool) -> None:
    """Pass a request on to the controller whose processor we are, and tell the person (GDPR 28(3)(e))."""
    from servanda.rights.answer import choose_letter as letters

    requests = requests_of(project)
    request, secret = requests.find(number), requests.secret(number, "to forward")
    letter = letters.forwarded(request, secret, controller)
    request = requests.record(number, "forwarded", words=controller, letters=[letter])
    print_state(project, requests, request, as_json)


@command.command("close", short_help="Close a request that was withdrawn, or that nobody proved to be theirs")
@_number
@click.option("--withdrawn", "why", flag_value="withdrawn", help="The person took it back.")
@click.option(
    "--unproved", "why", flag_value="unproved", help="Nobody proved who asks; it can be opened again."
)
@_on
@_json
@click.pass_obj
def close(project: Project, number: int, why: str | None, day: datetime | None, as_json: bool) -> None:
    """Close a request without an answer; the person is told where nothing was proved."""
    from servanda.rights.answer import choose_letter as letters

    if why is None:
        raise click.UsageError("say why: --withdrawn or --unproved")
    requests = requests_of(project)
    request = requests.find(number)
    notices = []
    if why == "unproved":
        secret = requests.secret(number, "to tell that nothing was proved")
        notices = [letters.unproved(request, secret, request.answer_by(requests.calendar))]
    request = requests.record(number, why, day.date() if day else None, letters=notices)
    print_state(project, requests, request, as_json)
