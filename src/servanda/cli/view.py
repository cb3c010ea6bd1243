"""How results look on a terminal: columns, numbers, signs; and JSON, which says the same."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import click

SIGN_COLOURS = {"-": "red", "~": "yellow", "→": "cyan", "✉": "cyan", "·": None, "‖": "magenta", "←": "cyan"}


def number(value: int) -> str:
    """A number with thin groups of three: 48 213."""
    return f"{value:,}".replace(",", " ")


def count(value: int, one: str, many: str = "") -> str:
    """A number with its noun: 1 row, 48 213 rows."""
    return f"{number(value)} {one if value == 1 else many or one + 's'}"


def sign(mark: str) -> str:
    """A sign in its colour; colour is left out where the terminal has none or NO_COLOR is set."""
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


def say_json(value: Any) -> None:
    """Print a value as JSON, for other programs."""
    click.echo(json.dumps(value, indent=1, ensure_ascii=False, default=str))


def said(text: str) -> None:
    """Print something that is not the result: to stderr."""
    click.echo(text, err=True)


def quoted_digest(digest: str) -> str:
    """A digest, short: 3f9c…b1e0."""
    return f"{digest[:4]}…{digest[-4:]}"
