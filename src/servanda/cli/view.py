"""Output of the command line: aligned columns, numbers, signs, and JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import click

SIGN_COLOURS = {"-": "red", "~": "yellow", "→": "cyan", "✉": "cyan", "·": None, "‖": "magenta", "←": "cyan"}


def number(value: int) -> str:
    """A number with a thin space between groups of three digits: 48 213."""
    return f"{value:,}".replace(",", " ")


def count(value: int, singular: str, plural: str = "") -> str:
    """A number with its noun: 1 row, 48 213 rows."""
    return f"{number(value)} {singular if value == 1 else plural or singular + 's'}"


def sign(mark: str) -> str:
    """A sign in its colour; plain on a terminal without colour or with NO_COLOR."""
    return click.style(mark, fg=SIGN_COLOURS.get(mark), bold=True)


def columns(
    rows: Iterable[Sequence[str]], *, indent: int = 2, right: frozenset[int] = frozenset()
) -> list[str]:
    """Rows as aligned columns; the columns in `right` are aligned to the right."""
    cells = [[str(c) for c in row] for row in rows]
    if not cells:
        return []
    widths = [max(len(click.unstyle(row[i])) for row in cells) for i in range(len(cells[0]))]
    lines = []
    for row in cells:
        parts = []
        for i, cell in enumerate(row):
            pad = " " * (widths[i] - len(click.unstyle(cell)))
            parts.append(pad + cell if i in right else cell + pad)
        lines.append(" " * indent + "  ".join(parts).rstrip())
    return lines


def print_json(value: Any) -> None:
    """Print a value as indented JSON to stdout."""
    click.echo(json.dumps(value, indent=1, ensure_ascii=False, default=str))


def note(text: str) -> None:
    """Print a line to stderr; stdout is reserved for results."""
    click.echo(text, err=True)


def quoted_digest(digest: str) -> str:
    """An abbreviated digest: 3f9c…b1e0."""
    return f"{digest[:4]}…{digest[-4:]}"
