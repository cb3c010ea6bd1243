"""A paper as one HTML page with its style inside: mail readers and browsers load nothing for it."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from servanda.documents.paper import Heading, Link, Paper, Paragraph, Quote, Table


def render(paper: Paper) -> str:
    """The HTML of a paper. What people wrote stands in it as text, never as markup."""
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
