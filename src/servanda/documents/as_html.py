"""Renders a paper as one self-contained HTML page."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from servanda.documents.paper import Heading, Link, Paper, Paragraph, Quote, Table


def render(paper: Paper) -> str:
    """Render a paper as HTML. All text is escaped."""
    return _environment().get_template("letter.html").render(paper=paper)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("servanda.documents"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    kinds = {"heading": Heading, "link": Link, "paragraph": Paragraph, "quote": Quote, "table": Table}
    for name, kind in kinds.items():
        environment.tests[name] = lambda block, kind=kind: isinstance(block, kind)
    return environment
