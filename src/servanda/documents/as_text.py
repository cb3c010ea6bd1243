"""Renders a paper as plain text."""

from __future__ import annotations

import textwrap

from servanda.documents.paper import Block, Heading, Link, Paper, Paragraph, Quote, Table

WIDTH = 72


def render(paper: Paper) -> str:
    """Render a paper as text, wrapped at 72 characters; URLs are not wrapped."""
    sender = [paper.sender.name, paper.sender.postal]
    head = [*(line for line in sender if line), "", paper.dated]
    head += [paper.reference] if paper.reference else []
    body = [_block(block) for block in paper.blocks]
    parts = [
        "\n".join(head),
        _wrapped(paper.subject.upper()),
        *body,
        _wrapped(paper.closing),
        paper.sender.name,
    ]
    return "\n\n".join(parts) + "\n"


def _block(block: Block) -> str:
    match block:
        case Paragraph(text):
            return _wrapped(text)
        case Heading(text):
            return f"{text}\n{'-' * len(text)}"
        case Quote(text):
            lines = text.strip().splitlines() or [""]
            return "\n".join(_wrapped(line, "  | ") for line in lines)
        case Link(label, url):
            return f"{label}:\n{url}"
        case Table(_, head, rows):
            return "\n\n".join(_row(head, row) for row in rows)


def _row(head: tuple[str, ...], row: tuple[str, ...]) -> str:
    """Render a table row as a list of lines, as wide tables do not fit into mail."""
    first, *rest = zip(head, row, strict=True)
    lines = [_wrapped(f"* {first[1]}", "", "  ")]
    lines += [_wrapped(f"{name}: {value}", "  ", "    ") for name, value in rest]
    return "\n".join(lines)


def _wrapped(text: str, first: str = "", after: str | None = None) -> str:
    return textwrap.fill(
        text,
        WIDTH,
        initial_indent=first,
        subsequent_indent=first if after is None else after,
        break_long_words=False,
        break_on_hyphens=False,
    )
