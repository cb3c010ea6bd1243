"""`servanda rule`: a rule's manual, with a bad and a good example; all rules where none is named."""

from __future__ import annotations

import difflib
import textwrap
from typing import TYPE_CHECKING

import click

from servanda.cli.view import columns, print_json

if TYPE_CHECKING:
    from servanda.rules import Rule

_COLOURS = {"error": "red", "warning": "yellow", "advice": "cyan"}


@click.command("rule", short_help="Explain a rule, with an example")
@click.argument("name", required=False, metavar="[CODE]")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def command(name: str | None, as_json: bool) -> None:
    """Print the manual of the rule with this code or slug; without one, list all rules."""
    from servanda.rules import all_rules

    rules = all_rules()
    if name is None:
        if as_json:
            print_json({"format": 1, "rules": [_content(rule) for rule in rules]})
        else:
            _list(rules)
        return
    rule = _find(rules, name)
    if as_json:
        print_json({"format": 1, **_content(rule), "manual": textwrap.dedent(rule.text).strip()})
        return
    severity = click.style(rule.severity, fg=_COLOURS[rule.severity], bold=True)
    law = f"   {rule.law}" if rule.law else ""
    click.echo(f"{rule.code} {severity}  {rule.slug}{law}\n")
    click.echo(textwrap.dedent(rule.text).strip())
    click.echo(f"\nLook for it: servanda check --select {rule.code}")


def _find(rules: list[Rule], name: str) -> Rule:
    """Look up a rule by code or slug. Raises ServandaError that suggests the nearest one."""
    from servanda.errors import ServandaError

    needle = name.lower()
    for rule in rules:
        if needle in (rule.code.lower(), rule.slug):
            return rule
    words = [word for rule in rules for word in (rule.code.lower(), rule.slug)]
    near = difflib.get_close_matches(needle, words, n=1)
    hint = near[0].upper() if near and near[0].startswith("sv") else near[0] if near else ""
    advice = f"did you mean {hint}?" if hint else "see them all with: servanda rule"
    raise ServandaError(f"there is no rule “{name}”", advice=advice)


def _content(rule: Rule) -> dict[str, str]:
    finds = textwrap.dedent(rule.text).strip().split("\n\n", 1)[0]
    facts = {"code": rule.code, "slug": rule.slug, "severity": rule.severity, "law": rule.law}
    return {**facts, "finds": " ".join(finds.split())}


def _list(rules: list[Rule]) -> None:
    rows = []
    for rule in rules:
        finds = _content(rule)["finds"]
        rows.append([rule.code, click.style(rule.severity, fg=_COLOURS[rule.severity]), rule.slug, finds])
    for line in columns(rows, indent=0):
        click.echo(line)
    click.echo(f"\n{len(rules)} rules.   Explain one: servanda rule {rules[0].code}")
