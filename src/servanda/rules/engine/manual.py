"""Parses the manual of a rule from the docstring of its file, for `servanda rule`, the site and the tests.

    first line   what it finds
    text         why: the law, or the technical reason
    Bad:         an example that the rule finds
    Good:        the same, corrected; parts that it omits are taken from the bad one
    text         what to do instead

An example is an indented block of parts; each part begins with a line such as
`--- app.sql`, `--- stores.yaml` (inside one store; `archives:` before `places:` stands beside the stores) or
`--- policy.yaml`. A part may name its database: `--- app.sql of MariaDB`; the default is SQLite.
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass

from servanda.rules.engine.rule import Rule

_HEAD = re.compile(r"--- ([\w.]+)(?: of (\w+))?")
_FENCES = {"sql": "sql", "yaml": "yaml"}


@dataclass(frozen=True, slots=True)
class Example:
    """The parts of an example by file name, and the kind of its database."""

    parts: dict[str, str]
    database: str = "SQLite"

    def over(self, base: Example) -> Example:
        """This example, with omitted parts taken from `base`."""
        return Example({**base.parts, **self.parts}, base.database)


@dataclass(frozen=True, slots=True)
class Manual:
    """A parsed manual. `why` and `instead` are paragraphs of Markdown."""

    finds: str
    why: str
    bad: Example
    good: Example
    instead: str


def manual(rule: Rule) -> Manual:
    """Parse the manual of a rule. Raises ValueError if its docstring lacks a part."""
    text = textwrap.dedent(rule.text).strip()
    match = re.fullmatch(r"(.+?)\n\n(.*?)\n\nBad:\n\n(.*?)\n\nGood:\n\n(.*?)\n\n(\S.*)", text, re.DOTALL)
    if match is None:
        raise ValueError(f"{rule.code}: the docstring of {rule.slug} has no Bad: and Good: with text after")
    finds, why, bad, good, instead = match.groups()
    bad_example = _example(bad)
    return Manual(" ".join(finds.split()), why, bad_example, _example(good), instead)


def _example(block: str) -> Example:
    parts: dict[str, list[str]] = {}
    database, name = "SQLite", ""
    for line in textwrap.dedent(block).splitlines():
        match = _HEAD.fullmatch(line)
        if match:
            name, database = match[1], match[2] or database
            parts[name] = []
        elif name:
            parts[name].append(line)
    return Example({file: "\n".join(lines).strip("\n") + "\n" for file, lines in parts.items()}, database)


def markdown(rule: Rule) -> str:
    """Render the manual of a rule as a page of Markdown."""
    content = manual(rule)
    weak_severity = {"error": "warning", "warning": "advice", "advice": "advice"}[rule.severity]
    facts = [
        f"Severity: {rule.severity}"
        + (f", {weak_severity} where it is not sure" if weak_severity != rule.severity else "")
    ]
    facts += [f"Rests on: {rule.law}"] if rule.law else []
    facts.append(f"Looks at: {', '.join(sorted(rule.needs))}")
    lines = [
        f"# {rule.code} {rule.slug}",
        "",
        content.finds,
        "",
        *(f"- {fact}" for fact in facts),
        "",
        content.why,
    ]
    for title, example in (("Bad", content.bad), ("Good", content.good)):
        lines += ["", f"## {title}"]
        for file, text in example.parts.items():
            of = f" ({example.database})" if file.endswith(".sql") and example.database != "SQLite" else ""
            fence = _FENCES.get(file.rsplit(".", 1)[-1], "")
            lines += ["", f"`{file}`{of}", "", f"```{fence}", text.rstrip(), "```"]
    return "\n".join([*lines, "", "## Instead", "", content.instead, ""])
