"""Writes the manuals as pages: `python -m servanda.rules.engine.pages docs/reference/rules`."""

from __future__ import annotations

import sys
from pathlib import Path

from servanda.rules.engine.manual import manual, markdown
from servanda.rules.engine.rule import known

_INDEX = """# Rules

`servanda check` holds the documents against these rules, and, unless `--no-stores` is given,
the stores too. `servanda rule CODE` prints a manual. These pages are written from the manuals
in `src/servanda/rules` by `python -m servanda.rules.engine.pages docs/reference/rules`.

The examples say only what matters. Around them stands a policy in which an account ends three
years after it is closed, a login one year after it was made, a visit one year after it was
collected, and an invoice ten years after it was issued, which the law asks for.

| code | rule | severity | finds |
|---|---|---|---|
"""


def pages() -> dict[str, str]:
    """Every page by the name of its file: one for each rule, and the index."""
    rules = known()
    found = {f"{rule.code}.md": markdown(rule) for rule in rules}
    rows = [
        f"| [{rule.code}]({rule.code}.md) | {rule.slug} | {rule.severity} | {manual(rule).finds} |"
        for rule in rules
    ]
    return {"index.md": _INDEX + "\n".join(rows) + "\n", **found}


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
