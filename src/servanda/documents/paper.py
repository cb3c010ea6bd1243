"""A paper before it has a form: who writes to whom, and blocks of words, lists and tables.

    Letter ──compose──▶ Paper ──▶ as_html · as_text · as_pdf

One structure for three forms, so that none says more than another.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Words of ours."""

    text: str


@dataclass(frozen=True, slots=True)
class Quote:
    """Words of somebody: a reason, what is asked for. Lines are kept."""

    text: str


@dataclass(frozen=True, slots=True)
class Heading:
    """The title of what follows."""

    text: str


@dataclass(frozen=True, slots=True)
class Link:
    """One thing to do: a button on a screen, an address on paper."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under headings, all of the same width. `caption` says what it shows."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


Block = Paragraph | Quote | Heading | Link | Table


@dataclass(frozen=True, slots=True)
class Sender:
    """Whoever writes: the controller, as its policy names it."""

    name: str
    postal: str = ""
    contact: str = ""


@dataclass(frozen=True, slots=True)
class Paper:
    """A letter, ready to be given a form. `dated` and `reference` stand under the addresses."""

    language: str
    sender: Sender
    to: str
    subject: str
    dated: str
    reference: str
    blocks: tuple[Block, ...]
    closing: str
