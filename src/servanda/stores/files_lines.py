"""One line of a log: its columns, and when it was written.

    line of an expression   the named groups are its columns
    line of JSON            its keys are; `time` is the first of the usual ones that is there

A line that the expression does not match, such as one of a stack trace, belongs to the
line before: it is as old as that one, and goes or stays with it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from servanda.stores.files_place import FORMS, JSON_TIMES
from servanda.stores.files_times import Moment, Read

Cells = Callable[[str], str | None]
"""The value of a column in one line; None where it has none."""

Split = Callable[[bytes], Cells | None]
"""Takes a line apart; None where it does not read as the place says."""


class Line(NamedTuple):
    """A line as conditions see it. `cells` is None for one that belongs to the line before."""

    raw: bytes
    cells: Cells | None
    moment: Moment | None

    @property
    def day(self) -> date | None:
        """Its local day, or None where nothing tells it."""
        return self.moment.day if self.moment is not None else None


@dataclass(frozen=True, slots=True)
class Form:
    """How the lines of a place are read."""

    columns: tuple[str, ...]
    split: Split
    read: Read

    def moment(self, cells: Cells, latest: date | None) -> Moment | None:
        """When a line was written that could not be written after a day."""
        stamp = cells("time")
        return None if stamp is None else self.read(stamp, latest)


def form_of(line: str, named: Iterable[str], read: Read) -> Form:
    """The form of a place's lines; `named` are the columns that the document speaks of, for JSON."""
    if line == "json":
        return Form(tuple(dict.fromkeys(("time", *named))), _split_json, read)
    pattern = re.compile(FORMS.get(line, line).encode())

    def split(raw: bytes) -> Cells | None:
        found = pattern.match(raw)
        if found is None:
            return None

        def cell(column: str) -> str | None:
            value = found[column]
            return None if value is None else value.decode("utf-8", "replace")

        return cell

    return Form(tuple(pattern.groupindex), split, read)


def _split_json(raw: bytes) -> Cells | None:
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    if "time" not in found:
        found["time"] = next((found[key] for key in JSON_TIMES if key in found), None)
    return lambda column: written(found.get(column))


def written(value: object) -> str | None:
    """A value as its text, so that 200 and "200" are the same."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else json.dumps(value, ensure_ascii=False)
