"""`servanda check`: holds the documents against the rules, and the stores against the documents."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click

from servanda.cli.project import Project
from servanda.cli.view import count, said, say_json

if TYPE_CHECKING:
    from servanda.persons.holds import Hold
    from servanda.policy.yamlfile import Source
    from servanda.rules import Finding, Looked, View

_COLOURS = {"error": "red", "warning": "yellow", "advice": "cyan"}
_WIDTH = 110


@dataclass(slots=True)
class _Seen:
    """What was looked at: the findings, the documents that they stand in, and what could not be seen."""

    looked: Looked
    sources: dict[str, Source]
    places: int = 0
    stores: int = 0
    unseen: list[str] = field(default_factory=list)


def _codes(_ctx: click.Context, _option: click.Parameter, value: tuple[str, ...]) -> list[str]:
    return [word for item in value for word in item.replace(",", " ").split()]


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
    "--format",
    "form",
    type=click.Choice(["text", "concise", "json"]),
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
    form: str,
    as_json: bool,
) -> int:
    """Hold policy.yaml and stores.yaml against the rules, and the stores against both.

    Nothing is changed, and no value of any row is printed. Exits with 0 where nothing at or
    above --fail-on was found, with 1 where something was, and with 2 where a document or a
    store could not be read, so that what nobody looked at never passes.
    """
    seen = _look(project, select, ignore, stores=not no_stores)
    for line in seen.unseen:
        said(click.style("not checked: ", fg="red") + line)
    if as_json or form == "json":
        say_json(_content(seen))
    else:
        lines = _concise(seen.looked.findings) if form == "concise" else _text(seen)
        for line in lines:
            click.echo(line)
        click.echo(_summary(seen))
    severities = ["error", "warning", "advice"]
    bad = severities[: severities.index(fail_on) + 1]
    if any(finding.severity in bad for finding in seen.looked.findings):
        return 1
    return 2 if seen.unseen else 0


# -- looking ----------------------------------------------------------------------------------


def _look(project: Project, select: list[str], ignore: list[str], *, stores: bool) -> _Seen:
    from servanda.rules import chosen, look

    chosen(select, ignore)  # a wrong code is told before any store is asked
    _documents(project, stores=stores)
    unseen: list[str] = []
    with ExitStack() as stack:
        view = _view(project, stack, unseen, stores=stores)
        looked = look(view, select, ignore)
        sources = {view.source.name: view.source}
        if view.binding is not None:
            sources[view.binding.stores.source.name] = view.binding.stores.source
        places = len(view.binding.places) if view.binding is not None else 0
        unseen += [f"{rule.code} {rule.slug}: {error.message}" for rule, error in looked.refused]
        return _Seen(looked, sources, places, len(view.sessions), unseen)


def _documents(project: Project, *, stores: bool) -> None:
    """Read the documents. Raises PolicyError with the problems of both at once."""
    from servanda.errors import PolicyError, Problem

    problems: list[Problem] = []
    for read in (project.policy, project.stores) if stores else (project.policy,):
        try:
            read()
        except PolicyError as error:
            problems += error.problems
    if problems:
        raise PolicyError(problems)


def _view(project: Project, stack: ExitStack, unseen: list[str], *, stores: bool) -> View:
    from zoneinfo import ZoneInfo

    from servanda.rules import View

    policy = project.policy()
    today = project.now.astimezone(ZoneInfo(policy.timezone)).date()
    if not stores:
        return View(policy, today)
    found = stack.enter_context(project.opened(tolerant=True))
    unseen += [
        error.message + (f" ({error.advice})" if error.advice else "") for error in found.down.values()
    ]
    holds = _holds(project, unseen)
    return View(policy, today, found.binding, found.sessions, holds)


def _holds(project: Project, unseen: list[str]) -> tuple[Hold, ...] | None:
    """The holds ever placed; Servanda's own database is not made for the question."""
    from servanda.errors import VaultError

    if project.stores().own_address() is None and not (project.folder / "servanda.db").exists():
        return ()
    try:
        return tuple(project.holds().all())
    except VaultError as error:
        unseen.append(f"holds: {error.message}")
        return None


# -- showing ----------------------------------------------------------------------------------


def _content(seen: _Seen) -> dict[str, Any]:
    laws = {rule.code: (rule.slug, rule.law) for rule in seen.looked.rules}
    return {
        "format": 1,
        "findings": [
            {
                "rule": finding.rule,
                "slug": laws[finding.rule][0],
                "severity": finding.severity,
                "verdict": finding.verdict,
                "file": finding.at.file,
                "line": finding.at.line,
                "column": finding.at.column,
                "message": finding.message,
                "fix": finding.fix,
                "law": laws[finding.rule][1],
            }
            for finding in seen.looked.findings
        ],
        "rules": [rule.code for rule in seen.looked.rules],
        "not_checked": seen.unseen,
    }


def _concise(findings: tuple[Finding, ...]) -> list[str]:
    return [f"{f.at}: {f.rule} {_severity(f.severity)} {f.message}" for f in findings]


def _severity(name: str) -> str:
    return click.style(name, fg=_COLOURS[name], bold=True)


def _text(seen: _Seen) -> list[str]:
    rules = {rule.code: rule for rule in seen.looked.rules}
    lines: list[str] = []
    for finding in seen.looked.findings:
        rule = rules[finding.rule]
        lines.append(f"{finding.rule} {_severity(finding.severity)}  {rule.slug}")
        lines.append(f"  {finding.at}")
        lines += _excerpt(finding, seen.sources, rule.law)
        if finding.fix:
            lines += textwrap.wrap(f"fix: {finding.fix}", _WIDTH, **_PLAIN)
        lines.append("")
    return lines


_PLAIN: dict[str, Any] = {
    "initial_indent": "  ",
    "subsequent_indent": "       ",
    "break_long_words": False,
    "break_on_hyphens": False,
}


def _excerpt(finding: Finding, sources: Mapping[str, Source], law: str) -> list[str]:
    """The line of the document, and under it what is wrong with the part that is meant."""
    source = sources.get(finding.at.file)
    line = source.line(finding.at.line) if source is not None else ""
    text = finding.message + (f"   {law}" if law else "")
    if not line.strip():
        return textwrap.wrap(text, _WIDTH, **_PLAIN)
    margin = len(str(finding.at.line)) + 3
    carets = " " * (finding.at.column - 1) + "^" * _extent(line, finding.at.column)
    shown = line if len(line) <= _WIDTH else line[: _WIDTH - 1] + "…"
    lines = [f"   {finding.at.line} │ {shown}"]
    bar = " " * margin + " │ "
    if len(carets) + len(text) < _WIDTH:
        return [*lines, f"{bar}{carets} {text}"]
    return [
        *lines,
        f"{bar}{carets[:_WIDTH]}",
        *(f"{bar}{part}" for part in textwrap.wrap(text, _WIDTH - margin)),
    ]


def _extent(line: str, column: int) -> int:
    """How far a key or value reaches on its line: to its closing bracket, quote, comma or comment."""
    rest = line[column - 1 :].rstrip()
    first = rest[:1]
    if first in ("'", '"'):
        end = rest.find(first, 1)
        return end + 1 if end > 0 else len(rest)
    depth = 0
    for i, character in enumerate(rest):
        depth += (character in "{[") - (character in "}]")
        if depth < 0 or (depth == 0 and (character == "," or rest[i:].startswith((": ", " #")))):
            return max(i, 1)
        if depth == 0 and i and first in "{[":
            return i + 1
    return max(len(rest.rstrip(":")), 1)


def _summary(seen: _Seen) -> str:
    found = seen.looked.findings
    parts = [
        count(len(seen.looked.rules), "rule"),
        f"{count(seen.places, 'place')} in {count(seen.stores, 'store')}",
    ]
    looked = ", ".join(parts)
    if not found:
        after = "Look again when it answers." if seen.unseen else "See what is due: servanda plan"
        return f"Nothing found by {looked}.   {after}"
    numbers = {name: sum(f.severity == name for f in found) for name in _COLOURS}
    names = {"error": "error", "warning": "warning", "advice": "piece of advice"}
    many = {"advice": "pieces of advice"}
    parts = [count(number, names[n], many.get(n, "")) for n, number in numbers.items() if number]
    gravest = next(name for name in _COLOURS if numbers[name])
    first = next(finding for finding in found if finding.severity == gravest)
    return f"{', '.join(parts)} by {looked}.   Why, with examples: servanda rule {first.rule}"
