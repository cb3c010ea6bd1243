"""When a line was written: its stamp as an instant, and as a local day of the company.

Known without being told: what web servers write (10/Oct/2025:13:55:36 +0200), ISO 8601
and its likes (2025-10-10 13:55:36,123), seconds or milliseconds since 1970, and syslog's
Oct 10 13:55:36, which has no year: that is taken from the day in the file's name, and
without one nothing is known. In an hour that is lived twice, a stamp without a zone is
read as the later one: such a line ends too late rather than too early.

One line of a log: its columns, and when it was written.

    line of an expression   the named groups are its columns
    line of JSON            its keys are; `time` is the first of the usual ones that is there

A line that the expression does not match, such as one of a stack trace, belongs to the
line before: it is as old as that one, and goes or stays with it. But a line that bears a
time which cannot be read, since programs write another form today, has no age: it stays,
and so do the lines that belong to it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from servanda.stores.document.log_files import FORMS, JSON_TIMES

_WEB = re.compile(r"(\d\d)/([A-Z][a-z]{2})/(\d{4}):(\d\d:\d\d:\d\d) ?([+-]\d{4})?")
_SYSLOG = re.compile(r"([A-Z][a-z]{2}) ([ \d]\d) (\d\d:\d\d:\d\d)")
_NUMBER = re.compile(r"\d{10}(?:\d{3})?(?:\.\d+)?")
_NGINX_ERROR = re.compile(r"(\d{4})/(\d\d)/(\d\d)")
_MONTHS = {
    name: i
    for i, name in enumerate("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), start=1)  # noqa: SIM905
}
_STAMP = re.compile(
    rb"(?<!\d)(?:19|20)\d\d[-/.](?:\d{1,2}|[A-Za-z]{3})[-/.]\d"  # 2026-03-01, 2026/Mar/1
    rb"|(?<!\d)\d{1,2}[-/. ](?:\d{1,2}|[A-Za-z\x80-\xff]{3,12}\.?)[-/. ](?:19|20)\d\d(?!\d)"  # 1/3/2026, 1 mars 2026
    rb"|(?<!\d)\d\d:\d\d:\d\d(?!\d)"  # a time of day
    rb"|(?<![\w.])20\d{6}T?\d{0,6}(?!\d)"  # 20260301, 20260301T101112
    rb"|(?<![\w.])1\d{9}(?:\d{3}|\d{6}|\d{9})?(?!\w)"  # seconds since 1970, and their parts
)
_TIME_KEY = re.compile(rb"""^\s+["']?@?(?:time|ts|timestamp|date|datetime|at)["']?\s*[:=]""", re.IGNORECASE)
"""A time in a record over several lines."""
FIRST_DAY = date(1900, 1, 2)
"""What lies before is no date, as in tables."""


@dataclass(frozen=True, slots=True)
class Moment:
    """When a line was written."""

    instant: datetime
    day: date


Read = Callable[[str, date | None], Moment | None]
"""Reads a stamp; the day is the latest that it can be of, for stamps without a year."""


def reader(form: str | None, naive_zone: str, zone: str) -> Read:
    """What reads the stamps of a place: in a strptime form, or in any of those that are known."""
    own, company = ZoneInfo(naive_zone), ZoneInfo(zone)

    @lru_cache(maxsize=4096)
    def read(stamp: str, latest: date | None) -> Moment | None:
        try:
            found = _in_form(stamp, form) if form else _known(stamp, latest)
            if found is None:
                return None
            instant = (found if found.tzinfo else found.replace(tzinfo=own, fold=1)).astimezone(UTC)
            day = instant.astimezone(company).date()
        except (ValueError, OverflowError, OSError):
            return None
        return Moment(instant, day) if day >= FIRST_DAY else None

    return read


def _in_form(stamp: str, form: str) -> datetime | None:
    return datetime.strptime(stamp, form)


def _known(stamp: str, latest: date | None) -> datetime | None:
    if _NUMBER.fullmatch(stamp):
        number = float(stamp)
        return datetime.fromtimestamp(number / 1000 if number >= 1e11 else number, UTC)
    web = _WEB.fullmatch(stamp)
    if web is not None:
        day, month, year, clock, offset = web.groups()
        return datetime.fromisoformat(f"{year}-{_MONTHS.get(month, 0):02}-{day}T{clock}{offset or ''}")
    short = _SYSLOG.fullmatch(stamp)
    if short is not None:
        return None if latest is None else _dated(short, latest)
    return datetime.fromisoformat(_NGINX_ERROR.sub(r"\1-\2-\3", stamp))


def _dated(stamp: re.Match[str], latest: date) -> datetime | None:
    """A stamp without a year, in the last year in which it is not later than a day."""
    for year in range(latest.year, latest.year - 9, -1):
        text = f"{year}-{_MONTHS.get(stamp[1], 0):02}-{int(stamp[2]):02}T{stamp[3]}"
        try:
            found = datetime.fromisoformat(text)
        except ValueError:  # 29 February of another year
            continue
        if found.date() <= latest:
            return found
    return None


Cells = Callable[[str], str | None]
"""The value of a column in one line; None where it has none."""

Split = Callable[[bytes], Cells | None]
"""Takes a line apart; None where it does not read as the place says."""


def bears_time(raw: bytes) -> bool:
    """Whether a line that was not read seems to bear a time; one that is indented belongs to the line before."""
    indented = raw[:1].isspace()
    return bool(_TIME_KEY.match(raw)) if indented else _STAMP.search(raw[:_HEAD]) is not None


_HEAD = 2_000
"""Bytes of a line within which its time stands."""


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
