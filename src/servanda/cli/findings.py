"""Findings on a terminal: the line of the document, the message, and the fix."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from servanda.cli.view import columns, count

if TYPE_CHECKING:
    from servanda.policy.yamlfile import Source
    from servanda.rules import Finding, Report, Rule
    from servanda.stores.document.company import Waiver

COLOURS = {"error": "red", "warning": "yellow", "advice": "cyan"}
_WIDTH = 110


def concise(findings: Sequence[Finding]) -> list[str]:
    """One line per finding, in the format of compilers."""
    return [f"{f.at}: {f.rule} {_severity(f.severity)} {f.message}" for f in findings]


def _severity(name: str) -> str:
    return click.style(name, fg=COLOURS[name], bold=True)


def full(report: Report, sources: Mapping[str, Source]) -> list[str]:
    """Each finding with an excerpt; then rules that could not decide, and rules that do not apply."""
    rules = {rule.code: rule for rule in report.rules}
    lines: list[str] = []
    for finding in report.findings:
        rule = rules[finding.rule]
        lines.append(f"{finding.rule} {_severity(finding.severity)}  {rule.slug}")
        lines.append(f"  {finding.at}")
        lines += _excerpt(finding, sources, rule.law)
        if finding.fix:
            lines += textwrap.wrap(f"fix: {finding.fix}", _WIDTH, **_PLAIN)
        lines.append("")
    return [*lines, *_undecided(report, rules)]


def _undecided(report: Report, rules: Mapping[str, Rule]) -> Iterator[str]:
    """Rules that lack information, one per line, then the codes of rules that do not apply."""
    needing = [
        [aside.rule, rules[aside.rule].slug, aside.why] for aside in report.asides if aside.kind == "needs"
    ]
    if needing:
        yield "Not decided; it needs"
        yield from columns(needing)
        yield ""
    codes = dict.fromkeys(aside.rule for aside in report.asides if aside.kind == "not applicable")
    if codes:
        yield from textwrap.wrap(
            f"Not applicable: {', '.join(codes)}", _WIDTH, subsequent_indent="  ", break_on_hyphens=False
        )
        yield ""


_PLAIN: dict[str, Any] = {
    "initial_indent": "  ",
    "subsequent_indent": "       ",
    "break_long_words": False,
    "break_on_hyphens": False,
}


def _excerpt(finding: Finding, sources: Mapping[str, Source], law: str) -> list[str]:
    """The line of the document, with carets under the column of the finding and its message."""
    source = sources.get(finding.at.file)
    line = source.line(finding.at.line) if source is not None else ""
    text = finding.message + (f"   {law}" if law else "")
    if not line.strip():
        return textwrap.wrap(text, _WIDTH, **_PLAIN)
    margin = len(str(finding.at.line)) + 3
    carets = " " * (finding.at.column - 1) + "^" * _extent(line, finding.at.column)
    excerpt = line if len(line) <= _WIDTH else line[: _WIDTH - 1] + "…"
    lines = [f"   {finding.at.line} │ {excerpt}"]
    bar = " " * margin + " │ "
    if len(carets) + len(text) < _WIDTH:
        return [*lines, f"{bar}{carets} {text}"]
    return [
        *lines,
        f"{bar}{carets[:_WIDTH]}",
        *(f"{bar}{part}" for part in textwrap.wrap(text, _WIDTH - margin)),
    ]


def _extent(line: str, column: int) -> int:
    """The length in characters of the key or value at `column` (1-based) of a line of YAML."""
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


def summary(report: Report, hidden: Sequence[tuple[Finding, Waiver]], extent: str, *, unseen: bool) -> str:
    """The last line: counts of findings, rules and places, and the next command."""
    results = report.findings
    extent_text = f"{count(len(report.rules), 'rule')}, {extent}"
    waived = f" {count(len(hidden), 'finding')} waived." if hidden else ""
    if not results:
        after = "Look again when it answers." if unseen else "See what is due: servanda plan"
        return f"Nothing found by {extent_text}.{waived}   {after}"
    numbers = {name: sum(f.severity == name for f in results) for name in COLOURS}
    names = {"error": "error", "warning": "warning", "advice": "piece of advice"}
    plurals = {"advice": "pieces of advice"}
    parts = [count(number, names[n], plurals.get(n, "")) for n, number in numbers.items() if number]
    gravest = next(name for name in COLOURS if numbers[name])
    first = next(finding for finding in results if finding.severity == gravest)
    return f"{', '.join(parts)} by {extent_text}.{waived}   Why, with examples: servanda rule {first.rule}"
