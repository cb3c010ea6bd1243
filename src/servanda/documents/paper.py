"""A paper: sender, recipient and blocks of text and tables, independent of the output format.

Letter ──compose──▶ Paper ──▶ as_html · as_text · as_pdf
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of the letter's own text."""

    text: str


@dataclass(frozen=True, slots=True)
class Quote:
    """Quoted text of a person, such as a reason. Line breaks are kept."""

    text: str


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading."""

    text: str


@dataclass(frozen=True, slots=True)
class Link:
    """A link: a button in HTML, an address in text and PDF."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table with a caption; all rows have as many cells as `head`."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


Block = Paragraph | Quote | Heading | Link | Table


@dataclass(frozen=True, slots=True)
class Sender:
    """The sender: the controller, as named by the policy."""

    name: str
    postal: str = ""
    contact: str = ""


@dataclass(frozen=True, slots=True)
class Paper:
    """A composed letter, ready to be rendered."""

    language: str
    sender: Sender
    to: str
    subject: str
    dated: str
    reference: str
    blocks: tuple[Block, ...]
    closing: str
