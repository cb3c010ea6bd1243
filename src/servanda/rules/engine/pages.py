"""Writes the manuals as pages, for the site: `python -m servanda.rules.engine.pages FOLDER`."""

from __future__ import annotations

import sys
from itertools import groupby
from pathlib import Path

from servanda.rules.engine.manual import manual, markdown
from servanda.rules.engine.rule import Rule, all_rules

INDEX = "index.md"


def by_room() -> dict[str, list[Rule]]:
    """The rules by room; rooms are sorted by name, rules by code."""
    rules = sorted(all_rules(), key=lambda rule: (rule.room, rule.code))
    return {room: list(group) for room, group in groupby(rules, key=lambda rule: rule.room)}


def index() -> str:
    """A table of the rules for each room, with links to their pages."""
    lines = []
    for room, rules in by_room().items():
        lines += [f"## {room.capitalize()}", "", "| code | rule | severity | finds |", "|---|---|---|---|"]
        lines += [
            f"| [{rule.code}]({page_name(rule)}) | {rule.slug} | {rule.severity} | {manual(rule).finds} |"
            for rule in rules
        ]
        lines.append("")
    return "\n".join(lines)


def page_name(rule: Rule) -> str:
    """The file name of a rule's page."""
    return f"{rule.code}.md"


def pages() -> dict[str, str]:
    """All pages by file name: one per rule, and the index."""
    rule_pages = {page_name(rule): markdown(rule) for rule in all_rules()}
    return {INDEX: f"# Rules\n\n{index()}", **rule_pages}


def main(out: Path) -> None:
    """Write all pages into a folder, and delete pages of rules that no longer exist."""
    out.mkdir(parents=True, exist_ok=True)
    written = pages()
    for name, text in written.items():
        (out / name).write_text(text, encoding="utf-8")
    for path in out.glob("SV*.md"):
        if path.name not in written:
            path.unlink()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m servanda.rules.engine.pages FOLDER")
    main(Path(sys.argv[1]))
