"""`servanda request plan|apply|answer|correct|tell|lift`: the work on a request after identification."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from typing import TYPE_CHECKING

import click

from servanda.cli.requests.view import outcome_lines, print_state, requests_of, untold_recipients
from servanda.cli.view import columns, count, print_json
from servanda.project import Project

if TYPE_CHECKING:
    from servanda.project import Project
    from servanda.rights.answer.outcome import Outcome

_DAY = click.DateTime(["%Y-%m-%d"])
_json = click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
_number = click.argument("number", type=click.IntRange(1))


def _show(outcome: Outcome, *, planned: bool, as_json: bool) -> None:
    if as_json:
        print_json({"format": 1, **outcome.facts()})
        return
    for line in outcome_lines(outcome, planned):
        click.echo(line)


@click.command("plan", short_help="Show what is due for a request; nothing is changed")
@_number
@_json
@click.pass_obj
def plan(project: Project, number: int, as_json: bool) -> None:
    """Show what would be done, what stays, why and until when. Nothing is changed."""
    from servanda.rights.handle import plan as planned

    with project.open_stores(tolerant=True) as opened:
        _show(planned(opened, number), planned=True, as_json=as_json)
    if not as_json:
        click.echo(f"Next: carry it out, with servanda request apply {number}")


@click.command("apply", short_help="Carry a request out in every store")
@_number
@click.option("--weighed", metavar="REASONS", help="Why an objection to a use is followed (GDPR 21(1)).")
@click.option("--clock-is-right", is_flag=True, help="Go on where the clock of this machine is in doubt.")
@click.option(
    "--leave", "tables", multiple=True, metavar="STORE.TABLE[.COLUMN]",
    help="Carry it out without this table or column, which holds the address and which nobody has decided about.",
)  # fmt: skip
@_json
@click.pass_obj
def apply(
    project: Project,
    number: int,
    weighed: str | None,
    clock_is_right: bool,
    tables: tuple[str, ...],
    as_json: bool,
) -> None:
    """Carry a request out: one transaction a store, each recorded before and after. It can be run again."""
    from servanda.apply import clock
    from servanda.rights.completed import notify_completed
    from servanda.rights.handle import apply as carried_out
    from servanda.rights.handle import leave

    with project.open_stores(write=True, tolerant=True) as opened:
        clock.require(opened, trusted=clock_is_right)
        requests = requests_of(project)
        if weighed:
            requests.record(number, "weighed", words=weighed)
        if tables:
            leave(opened, number, tables)
        outcome = carried_out(opened, number)
        notify_completed(opened)
        _show(outcome, planned=False, as_json=as_json)
        if not as_json:
            print_state(project, requests, requests.find(number), as_json)
    if outcome.stopped:
        sys.exit(1)


@click.command("answer", short_help="Answer a request that was carried out")
@_number
@_json
@click.pass_obj
def answer(project: Project, number: int, as_json: bool) -> None:
    """Write the letter that says what was done, what was kept, why and until when."""
    from servanda.rights.handle import answer as answered

    with project.open_stores(tolerant=True) as opened:
        request = answered(opened, number)
        print_state(project, requests_of(project), request, as_json)


@click.command("correct", short_help="Say which column gets which value, for a rectification")
@_number
@click.argument("column", metavar="PLACE.COLUMN")
@click.option("--value", metavar="TEXT", help="The value; asked for, or read from standard input, if absent.")
@_json
@click.pass_obj
def correct(project: Project, number: int, column: str, value: str | None, as_json: bool) -> None:
    """Say what is put right. The value is sealed with the request, and written by apply.

    Values that stand on a command line stay in the shell's history: leave --value out.
    """
    if column.count(".") != 2:
        raise click.BadParameter("write it as STORE.PLACE.COLUMN, such as app.accounts.phone")
    if value is None:
        value = click.prompt("The value", err=True) if sys.stdin.isatty() else sys.stdin.read().rstrip("\n")
    requests = requests_of(project)
    words = json.dumps({column: value}, ensure_ascii=False)
    request = requests.record(number, "corrections", facts={"column": column}, words=words)
    print_state(project, requests, request, as_json)


@click.command("tell", short_help="Tell recipients what was done, or note that they confirmed it")
@_number
@click.option("--recipient", metavar="NAME", help="Who is told; all that were not told yet, by default.")
@click.option("--to", metavar="ADDRESS", help="Where a letter goes; without it, note that they were told.")
@click.option("--confirmed", is_flag=True, help="They confirmed that they did the same.")
@_json
@click.pass_obj
def tell(
    project: Project, number: int, recipient: str | None, to: str | None, confirmed: bool, as_json: bool
) -> None:
    """Tell recipients that have the data of a rectification, erasure or restriction (GDPR 19)."""
    from servanda.rights.answer import choose_letter as letters

    requests = requests_of(project)
    request = requests.find(number)
    names = [recipient] if recipient else untold_recipients(request)
    if not names:
        click.echo("Every recipient has been notified.", err=True)
    for name in names:
        kind = "confirmed" if confirmed else "told"
        sent = [letters.recipient(request, request.language, to)] if to and not confirmed else []
        request = requests.record(number, kind, facts={"recipient": name}, letters=sent)
    print_state(project, requests, request, as_json)


@click.command("lift", short_help="Say that a restriction ends, and tell the person before it does")
@_number
@click.option(
    "--on", "ends", type=_DAY, required=True, metavar="DAY", help="The last day of the restriction."
)
@click.option("--reasons", required=True, help="Why it ends; the person is told.")
@_json
@click.pass_obj
def lift(project: Project, number: int, ends: datetime, reasons: str, as_json: bool) -> None:
    """End a restriction on a day to come; the person is told first (GDPR 18(3))."""
    from servanda.rights.each.restriction import lift as lifted

    with project.open_stores(tolerant=True) as opened:
        request = lifted(opened, number, ends.date(), reasons)
        print_state(project, requests_of(project), request, as_json)


@click.command("rehearse", short_help="Try every right on one person of the stores; nothing is changed")
@_json
@click.pass_obj
def rehearse(project: Project, as_json: bool) -> None:
    """Plan every right for one person, and record that it can be done: evidence for the promises on rights."""
    from servanda.rights.rehearsal import rehearse as rehearsed

    with project.open_stores(write=True, tolerant=True) as opened:
        results = rehearsed(opened)
    if as_json:
        rights = [{"right": result.right, "rows": result.rows, "why": result.why} for result in results]
        print_json({"format": 1, "rights": rights})
    else:
        rows = [
            ["✗" if result.why else "✓", result.right, count(result.rows, "row"), result.why]
            for result in results
        ]
        for line in columns(rows) or ["The stores hold no person to rehearse with."]:
            click.echo(line)
    if not results or any(result.why for result in results):
        sys.exit(1)


@click.command("receive", short_help="Write down a request that a mail server passes on")
@click.option("--right", metavar="RIGHT", help="What it is for; read from its words, by default.")
@_json
@click.pass_obj
def receive(project: Project, right: str | None, as_json: bool) -> None:
    """Read a message on standard input, and write the request in it down: the clock runs from its arrival.

    For the mail server, as in an alias: privacy: "|servanda -C /srv/privacy request receive". What a machine
    sent is refused, and a message that comes twice opens one request.
    """
    from servanda.rights.answer import choose_letter as letters
    from servanda.rights.record.email import read
    from servanda.rights.record.requests import Secret
    from servanda.rights.right import right_of

    requests = requests_of(project)
    zone, right_name = project.policy.timezone, right_of(right).name if right else None
    mail = read(sys.stdin.buffer.read(), zone, project.today, right_name, _own_addresses(project))
    request = requests.opened_by(mail.mark)
    if request is None:
        opening = mail.opening
        request = requests.open(opening, mark=mail.mark)
        if mail.acknowledged:
            secret = Secret(opening.about, opening.contact, opening.says, {})
            letter = letters.acknowledged(request, secret, request.answer_by(requests.calendar))
            request = requests.record(request.number, "acknowledged", letters=[letter])
    print_state(project, requests, request, as_json)


def _own_addresses(project: Project) -> list[str]:
    """The addresses of the company, from which no request comes."""
    from email.utils import parseaddr

    parties = (project.policy.dpo, project.policy.controller)
    addresses = [party.email for party in parties if party is not None and party.email]
    return [*addresses, parseaddr(project.mail.sender or "")[1]]


@click.command("sort", short_help="Say which right a request is for")
@_number
@click.argument("right")
@_json
@click.pass_obj
def sort(project: Project, number: int, right: str, as_json: bool) -> None:
    """Say what a request is for, where its words did not tell."""
    from servanda.rights.right import right_of

    requests = requests_of(project)
    print_state(project, requests, requests.sort(number, right_of(right).name), as_json)


COMMANDS = (receive, sort, plan, apply, answer, correct, tell, lift, rehearse)
"""The subcommands of `servanda request` defined in this module."""
