"""`servanda check`: runs the rules on the documents and the stores."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

import click

from servanda.cli import findings, reports
from servanda.cli.view import count, note, print_json
from servanda.project import Project

if TYPE_CHECKING:
    from collections.abc import Iterable

    from servanda.persons.holds import Hold
    from servanda.policy.yamlfile import Source
    from servanda.rules import Report, View
    from servanda.rules.engine.waivers import Waived


@dataclass(slots=True)
class _Outcome:
    """The result of a check: findings, source documents, and what could not be checked."""

    waived: Waived
    sources: dict[str, Source]
    places: int = 0
    stores: int = 0
    unseen: list[str] = field(default_factory=list)


def _codes(_ctx: click.Context, _option: click.Parameter, value: tuple[str, ...]) -> list[str]:
    return [word for item in value for word in item.replace(",", " ").split()]


def _day(_ctx: click.Context, _option: click.Parameter, value: str | None) -> date | None:
    try:
        return date.fromisoformat(value) if value else None
    except ValueError:
        raise click.BadParameter(f"“{value}” is not a date; write it as 2020-08-01") from None


@click.command("check", short_help="Hold the documents against the law and the stores against the documents")
@click.option("--no-stores", is_flag=True, help="Look at the policy only; open no store.")
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning", "advice"]),
    default="error",
    show_default=True,
    help="Exit with 1 from this severity on.",
)
@click.option(
    "--select", multiple=True, callback=_codes, metavar="CODES", help="Only these: SV101, SV4, a slug."
)
@click.option("--ignore", multiple=True, callback=_codes, metavar="CODES", help="All but these.")
@click.option(
    "--as-of",
    "as_of",
    callback=_day,
    metavar="DATE",
    help="Judge with the law of this day, such as 2020-08-01; today by default.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "concise", "json", "sarif", "github"]),
    default="text",
    show_default=True,
    help="How findings are printed; concise is one line each.",
)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.pass_obj
def command(
    project: Project,
    no_stores: bool,
    fail_on: str,
    select: list[str],
    ignore: list[str],
    as_of: date | None,
    form: str,
    as_json: bool,
) -> int:
    """Run the rules on policy.yaml, stores.yaml and the stores.

    Changes nothing and prints no value of any row. Exits with 0 when no finding reaches
    --fail-on, with 1 when one does, and with 2 when a document or a store cannot be read or
    a rule raises an error: an incomplete check never passes.
    """
    outcome = _run_rules(project, select, ignore, as_of, stores=not no_stores)
    report = outcome.waived.report
    for line in outcome.unseen:
        note(click.style("not checked: ", fg="red") + line)
    for waiver in outcome.waived.unused:
        note(
            f"a waiver of {waiver.rule} hides nothing{f' at {waiver.where}' if waiver.where else ''}: remove it"
        )
    _show(project, outcome, "json" if as_json else form)
    severities = ["error", "warning", "advice"]
    failing = severities[: severities.index(fail_on) + 1]
    if report.broken:
        return 2
    if any(finding.severity in failing for finding in report.findings):
        return 1
    return 2 if outcome.unseen else 0


def _show(project: Project, outcome: _Outcome, form: str) -> None:
    report, hidden = outcome.waived.report, outcome.waived.hidden
    if form == "json":
        print_json(reports.as_json(report, hidden, outcome.unseen))
        return
    if form == "sarif":
        print_json(reports.sarif(report, hidden, outcome.unseen, project.folder))
        return
    lines: Iterable[str]
    if form == "github":
        lines = reports.github(report, outcome.unseen, project.folder)
    elif form == "concise":
        lines = findings.concise(report.findings)
    else:
        lines = findings.full(report, outcome.sources)
    for line in lines:
        click.echo(line)
    if form != "github":
        extent = f"{count(outcome.places, 'place')} in {count(outcome.stores, 'store')}"
        click.echo(findings.summary(report, hidden, extent, unseen=bool(outcome.unseen)))


# -- running the rules ------------------------------------------------------------------------


def _run_rules(
    project: Project, select: list[str], ignore: list[str], as_of: date | None, *, stores: bool
) -> _Outcome:
    from servanda.rules import run_rules, select_rules

    select_rules(select, ignore)  # raises for an unknown code before a store is opened
    _documents(project, stores=stores)
    unseen: list[str] = []
    with ExitStack() as stack:
        view = _view(project, stack, unseen, as_of, stores=stores)
        report = run_rules(view, select, ignore)
        unseen += [f"{rule.code} {rule.slug}: {error.message}" for rule, error in report.refused]
        unseen += [f"{rule.code} {rule.slug} is broken: {where}" for rule, where in report.broken]
        sources = {view.source.name: view.source}
        waived = _waive(project, report, view, sources)
        places = len(view.binding.places) if view.binding is not None else 0
        return _Outcome(waived, sources, places, len(view.sessions), unseen)


def _waive(project: Project, report: Report, view: View, sources: dict[str, Source]) -> Waived:
    """Apply the waivers of stores.yaml, if it exists, and add its source to `sources`."""
    from servanda.rules.engine.waivers import Waived, waive

    if view.binding is None and not (project.folder / "stores.yaml").exists():
        return Waived(report)
    stores = project.stores_document
    sources[stores.source.name] = stores.source
    return waive(report, stores, list(sources.values()), view.today)


def _documents(project: Project, *, stores: bool) -> None:
    """Read the documents. Raises PolicyError with the problems of both at once."""
    from servanda.errors import PolicyError, Problem

    problems: list[Problem] = []
    for name in ("policy", "stores_document") if stores else ("policy",):
        try:
            getattr(project, name)
        except PolicyError as error:
            problems += error.problems
    if problems:
        raise PolicyError(problems)


def _view(project: Project, stack: ExitStack, unseen: list[str], as_of: date | None, *, stores: bool) -> View:
    from servanda.rules import View

    today = as_of or project.today
    if not stores:
        return View(project.policy, today)
    opened = stack.enter_context(project.open_stores(tolerant=True))
    unseen += [
        error.message + (f" ({error.advice})" if error.advice else "")
        for error in opened.stores.down.values()
    ]
    holds = _holds(project, unseen)
    return View(opened.policy, today, opened.stores.binding, opened.stores.sessions, holds)


def _holds(project: Project, unseen: list[str]) -> tuple[Hold, ...] | None:
    """All holds, ended ones too, or None without keys. Does not create Servanda's own database."""
    from servanda.errors import VaultError

    if project.stores_document.own_address() is None and not (project.folder / "servanda.db").exists():
        return ()
    try:
        return tuple(project.holds.all())
    except VaultError as error:
        unseen.append(f"holds: {error.message}")
        return None
