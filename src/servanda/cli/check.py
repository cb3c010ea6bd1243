"""`servanda check`: holds the documents against the rules, and the stores against the documents."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

import click

from servanda.cli import findings, reports
from servanda.cli.view import count, said, say_json
from servanda.project import Project

if TYPE_CHECKING:
    from collections.abc import Iterable

    from servanda.persons.holds import Hold
    from servanda.policy.yamlfile import Source
    from servanda.rules import Report, View
    from servanda.rules.engine.waivers import Waived


@dataclass(slots=True)
class _Seen:
    """What was looked at: the findings, the documents that they stand in, and what could not be seen."""

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
        raise click.BadParameter(f"“{value}” is no date; write it as 2020-08-01") from None


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
    """Hold policy.yaml and stores.yaml against the rules, and the stores against both.

    Nothing is changed, and no value of any row is printed. Exits with 0 where nothing at or
    above --fail-on was found, with 1 where something was, and with 2 where a document or a
    store could not be read or a rule is broken, so that what nobody looked at never passes.
    """
    seen = _look(project, select, ignore, as_of, stores=not no_stores)
    looked = seen.waived.looked
    for line in seen.unseen:
        said(click.style("not checked: ", fg="red") + line)
    for waiver in seen.waived.unused:
        said(
            f"a waiver of {waiver.rule} hides nothing{f' at {waiver.where}' if waiver.where else ''}: remove it"
        )
    _show(project, seen, "json" if as_json else form)
    severities = ["error", "warning", "advice"]
    bad = severities[: severities.index(fail_on) + 1]
    if looked.broken:
        return 2
    if any(finding.severity in bad for finding in looked.findings):
        return 1
    return 2 if seen.unseen else 0


def _show(project: Project, seen: _Seen, form: str) -> None:
    looked, hidden = seen.waived.looked, seen.waived.hidden
    if form == "json":
        say_json(reports.as_json(looked, hidden, seen.unseen))
        return
    if form == "sarif":
        say_json(reports.sarif(looked, hidden, seen.unseen, project.folder))
        return
    lines: Iterable[str]
    if form == "github":
        lines = reports.github(looked, seen.unseen, project.folder)
    elif form == "concise":
        lines = findings.concise(looked.findings)
    else:
        lines = findings.full(looked, seen.sources)
    for line in lines:
        click.echo(line)
    if form != "github":
        extent = f"{count(seen.places, 'place')} in {count(seen.stores, 'store')}"
        click.echo(findings.summary(looked, hidden, extent, unseen=bool(seen.unseen)))


# -- looking ----------------------------------------------------------------------------------


def _look(
    project: Project, select: list[str], ignore: list[str], as_of: date | None, *, stores: bool
) -> _Seen:
    from servanda.rules import chosen, look

    chosen(select, ignore)  # a wrong code is told before any store is asked
    _documents(project, stores=stores)
    unseen: list[str] = []
    with ExitStack() as stack:
        view = _view(project, stack, unseen, as_of, stores=stores)
        looked = look(view, select, ignore)
        unseen += [f"{rule.code} {rule.slug}: {error.message}" for rule, error in looked.refused]
        unseen += [f"{rule.code} {rule.slug} is broken: {where}" for rule, where in looked.broken]
        sources = {view.source.name: view.source}
        waived = _waive(project, looked, view, sources)
        places = len(view.binding.places) if view.binding is not None else 0
        return _Seen(waived, sources, places, len(view.sessions), unseen)


def _waive(project: Project, looked: Report, view: View, sources: dict[str, Source]) -> Waived:
    """Leave out what stores.yaml waives, where there is such a document; its source is added."""
    from servanda.rules.engine.waivers import Waived, waive

    if view.binding is None and not (project.folder / "stores.yaml").exists():
        return Waived(looked)
    stores = project.stores_document
    sources[stores.source.name] = stores.source
    return waive(looked, stores, list(sources.values()), view.today)


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
    """The holds ever placed; Servanda's own database is not made for the question."""
    from servanda.errors import VaultError

    if project.stores_document.own_address() is None and not (project.folder / "servanda.db").exists():
        return ()
    try:
        return tuple(project.holds.all())
    except VaultError as error:
        unseen.append(f"holds: {error.message}")
        return None
