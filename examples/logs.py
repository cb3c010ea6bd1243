"""Folders of logs as servers leave them: rotated, packed, one still being written.

The same day gives the same bytes. A file of the period that is running has no mark of
rotation; the one before it is not packed yet, as logrotate's `delaycompress` has it.
"""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy.engine import make_url

from examples import dates

Entry = tuple[datetime, str]
"""When a line was written, and what it says; it may go on over several lines."""


def beside(url: str) -> Path | None:
    """The folder of a SQLite file, beside which logs are written too; None for a server."""
    found = make_url(url)
    return Path(str(found.database)).parent if found.get_backend_name() == "sqlite" else None


def dated(age: int, monday: date) -> str:
    """The mark of logrotate's `dateext`."""
    del age
    return f"-{monday:%Y%m%d}"


def numbered(age: int, monday: date) -> str:
    """The mark of logrotate without it."""
    del monday
    return f".{age + 1}"


def write(
    folder: Path,
    name: str,
    rotated: Callable[[int, date], str],
    entries: Iterable[Entry],
    today: date,
    zone: ZoneInfo,
) -> int:
    """Write entries into a folder of weekly files; what lay there is replaced. Returns the number of lines.

    `rotated` gives the mark of a file by its age in weeks and the Monday of its rotation.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    weeks: dict[date, list[str]] = {}
    for when, text in sorted(entries, key=lambda e: e[0]):
        day = when.astimezone(zone).date()
        monday = day + timedelta(days=7 - day.weekday())
        weeks.setdefault(min(monday, today + dates.DAY), []).append(text)
    number = 0
    for monday, texts in weeks.items():
        body = "".join(f"{text}\n" for text in texts)
        number += body.count("\n")
        age = (today - monday).days // 7
        if monday > today:
            (folder / name).write_text(body, encoding="utf-8")
            continue
        path = folder / (name + rotated(age, monday))
        if age < 1:
            path.write_text(body, encoding="utf-8")
        else:
            path.with_name(path.name + ".gz").write_bytes(gzip.compress(body.encode(), mtime=0))
    return number
