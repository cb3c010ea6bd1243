"""References within a document: names that point at its own parts, validated in one pass.

    data: Annotated[Names, PointsAt("categories")]

declares that each name is a category of the same document. A dangling reference is an error at its
spot, with a suggestion.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel

Section = Literal["audiences", "categories", "consents", "purposes", "recipients", "promises"]
Path = tuple[str | int, ...]
_ONE: dict[Section, str] = {
    "audiences": "an audience",
    "categories": "a category",
    "consents": "a consent",
    "purposes": "a purpose",
    "recipients": "a recipient",
    "promises": "a promise",
}


@dataclass(frozen=True, slots=True)
class PointsAt:
    """Marks a key that holds names of parts of a section; `also` are additional allowed words."""

    section: Section
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lost:
    """A dangling reference: its path, the message and the suggestion."""

    path: Path
    message: str
    advice: str


def lost(document: BaseModel, names_by_section: Mapping[Section, list[str]]) -> Iterator[Lost]:
    """Yield every marked name of a document that is not in `names_by_section`."""
    yield from _within(document, (), names_by_section)


def _within(value: Any, path: Path, names_by_section: Mapping[Section, list[str]]) -> Iterator[Lost]:
    if isinstance(value, BaseModel):
        for name, field in type(value).model_fields.items():
            below = getattr(value, name)
            marks = [mark for mark in field.metadata if isinstance(mark, PointsAt)]
            for mark in marks:
                yield from _unknown(below, (*path, name), mark, names_by_section[mark.section])
            if not marks:
                yield from _within(below, (*path, field.alias or name), names_by_section)
    elif isinstance(value, dict):
        for key, below in value.items():
            yield from _within(below, (*path, key), names_by_section)
    elif isinstance(value, list):
        for i, below in enumerate(value):
            yield from _within(below, (*path, i), names_by_section)


def _unknown(value: Any, path: Path, mark: PointsAt, known: list[str]) -> Iterator[Lost]:
    names = value if isinstance(value, list) else [] if value is None else [value]
    for i, name in enumerate(names):
        if name not in known and name not in mark.also:
            near = difflib.get_close_matches(name, [*known, *mark.also], n=1)
            advice = f"did you mean “{near[0]}”?" if near else f"known: {', '.join(known) or 'none'}"
            message = f"“{name}” is not {_ONE[mark.section]} of this policy"
            yield Lost((*path, i) if isinstance(value, list) else path, message, advice)
