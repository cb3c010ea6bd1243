"""Conditions said about lines, and about whole files of which only the first and last day are known.

A file answers yes, no, or nothing: then its lines are asked one by one. Of lines, a
condition that cannot be decided does not hold, and Not(unknown) is true, as in tables.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any as Anything
from zoneinfo import ZoneInfo

from servanda.errors import StoreError
from servanda.stores.document.change import Scalar
from servanda.stores.files.lines import Line, written
from servanda.stores.selection import (
    All,
    Any,
    Before,
    Bound,
    Compares,
    Condition,
    Equals,
    Missing,
    Not,
    OwnTime,
    walk,
)

_OPERATORS: dict[str, Callable[[Anything, Anything], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
Test = Callable[[Line], bool]


@dataclass(frozen=True, slots=True)
class Span:
    """The days between which the lines of a file lie; None where nothing tells. `dateless`: no line has any."""

    first: date | None = None
    last: date | None = None
    dateless: bool = False


def of_file(condition: Condition, span: Span) -> bool | None:
    """Whether every line of a file meets a condition, or none does; None: look at them.

    A watermark is not believed: lines that lay in the file being written come later.
    """
    match condition:
        case Before(_, day, _):
            if span.dateless or (span.first is not None and span.first >= day):
                return False
            return True if span.last is not None and span.last < day else None
        case Missing(trigger):
            return span.dateless and not _still(trigger)
        case Not(part):
            inner = of_file(part, span)
            return None if inner is None else not inner
        case All(parts):
            found = [of_file(part, span) for part in parts]
            return False if False in found else None if None in found else True
        case Any(parts):
            found = [of_file(part, span) for part in parts]
            return True if True in found else None if None in found else False
        case _:
            return None


def asks_without_time(condition: Condition) -> bool:
    """Whether a condition asks for lines without a time."""
    return any(isinstance(part, Missing) for part in walk(condition))


def test_of(condition: Condition, zone: str) -> Test:
    """A condition as a question to a line. Raises StoreError where lines cannot answer it."""
    match condition:
        case Before(_, day, _):
            return lambda line: line.moment is not None and line.moment.day < day
        case Missing(trigger):
            still = _still(trigger)
            return lambda line: line.moment is None and not still
        case Equals("time", None):
            return lambda line: line.moment is None
        case Equals(column, value):
            wanted = written(value)
            return lambda line: line.cells is not None and line.cells(column) == wanted
        case Compares(column, sign, value):
            return _compares(column, sign, value, zone)
        case Not(part):
            inner = test_of(part, zone)
            return lambda line: not inner(line)
        case All(parts):
            every = [test_of(part, zone) for part in parts]
            return lambda line: all(test(line) for test in every)
        case Any(parts):
            some = [test_of(part, zone) for part in parts]
            return lambda line: any(test(line) for test in some)
    raise StoreError("lines of files know nothing of other rows", advice="use the time of the line itself")


def _still(trigger: Bound) -> bool:
    """Whether no date means that the period has not begun, and not that the date is missing."""
    return isinstance(trigger, OwnTime) and None in trigger.time.open


def _compares(column: str, sign: str, value: Scalar | datetime, zone: str) -> Test:
    compare = _OPERATORS[sign]
    if column == "time":
        instant = value if isinstance(value, datetime) else _instant(str(value), zone)
        return lambda line: line.moment is not None and compare(line.moment.instant, instant)
    wanted = written(value)

    def test(line: Line) -> bool:
        found = line.cells(column) if line.cells is not None else None
        if found is None or wanted is None:
            return False
        if found.isdecimal() and wanted.isdecimal():
            return compare(int(found), int(wanted))
        return compare(found, wanted)

    return test


def _instant(text: str, zone: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise StoreError(
            "a time of lines is compared with a date that cannot be read", advice="write it as 2026-03-01"
        ) from None
    return found if found.tzinfo else found.replace(tzinfo=ZoneInfo(zone))


def held_texts(condition: Condition) -> list[bytes]:
    """The values that a hold looks for. A line that does not read, and in which one stands, is held too."""
    return list(dict.fromkeys(_held_texts(condition)))


def _held_texts(condition: Condition) -> Iterator[bytes]:
    for part in walk(condition):
        if isinstance(part, Compares) and part.operator == "=" and part.column != "time":
            text = written(part.value)
            if text:
                yield text.encode()
