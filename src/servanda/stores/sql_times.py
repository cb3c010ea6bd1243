"""Times between the company's calendar, the clock of a column's zone, and the texts that a column holds."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any as Anything
from zoneinfo import ZoneInfo

from servanda.stores.selection import TimeColumn


def ends_in_utc(form: str) -> bool:
    """Whether texts of this form say themselves that they are in UTC."""
    return form.endswith(("Z", "+00:00", "+00"))


def wall_clock(instant: datetime, zone: ZoneInfo) -> datetime:
    """The instant on the clock of a zone, without the zone; in the doubled hour, the earlier reading.

    The first pass of a doubled hour shows the same readings as the second: taking an hour
    less there ends a few rows a day late, and none too early.
    """
    local = instant.astimezone(zone)
    later = (instant + timedelta(hours=1)).astimezone(zone)
    if local.fold == 0 and later.fold == 1:
        return local.replace(tzinfo=None) - timedelta(hours=1)
    return local.replace(tzinfo=None, fold=0)


def written(wall: datetime, form: str) -> str:
    """A time in the form that the column's texts have."""
    text = wall.isoformat(sep="T" if "T" in form else " ", timespec="seconds")
    head = form.split(".", maxsplit=1)[0].rstrip("Z").removesuffix("+00:00").removesuffix("+00")
    return text[: len(head)]


def local_day(value: Anything, time: TimeColumn, zone: str) -> date | None:
    """The company's local date of a raw value, or None where it holds no usable date."""
    if value is None or value in time.open:
        return None
    if isinstance(value, datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=ZoneInfo(time.zone))
        return aware.astimezone(ZoneInfo(zone)).date()
    if isinstance(value, date):
        return value
    if isinstance(value, int):
        seconds = value / 1000 if time.kind == "epoch_ms" else value
        return datetime.fromtimestamp(seconds, UTC).astimezone(ZoneInfo(zone)).date() if value > 0 else None
    try:
        parsed = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    if len(str(value)) == len("2022-12-26"):
        return parsed.date()
    return local_day(parsed, time, zone)
