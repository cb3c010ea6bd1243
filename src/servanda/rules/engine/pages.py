"""Writes the manuals as pages, for the site: `python -m servanda.rules.engine.pages FOLDER`."""

from __future__ import annotations

import sys
from itertools import groupby
from pathlib import Path

from servanda.rules.engine.manual import manual, markdown
from servanda.rules.engine.rule import Rule, known

INDEX = "index.md"


def by_room() -> dict[str, list[Rule]]:
    """The rules of each room, both in their order."""
    rules = sorted(known(), key=lambda rule: (rule.room, rule.code))
    return {room: list(found) for room, found in groupby(rules, key=lambda rule: rule.room)}


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
    """The name of the file that holds a rule's manual."""
    return f"{rule.code}.md"


def pages() -> dict[str, str]:
    """Every page by the name of its file: one for each rule, and the index."""
    found = {page_name(rule): markdown(rule) for rule in known()}
    return {INDEX: f"# Rules\n\n{index()}", **found}


def main(out: Path) -> None:
    """Write every page into a folder, and remove those of rules that are gone."""
    out.mkdir(parents=True, exist_ok=True)
    written = pages()
    for name, text in written.items():
        (out / name).write_text(text, encoding="utf-8")
    for old in out.glob("SV*.md"):
        if old.name not in written:
            old.unlink()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m servanda.rules.engine.pages FOLDER")
    main(Path(sys.argv[1]))
