"""What a generator holds while it makes a database: the day, the dice, the rows so far."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import MetaData

from examples import dates
from examples.tables import Row

T = TypeVar("T")


class World:
    """One company on one day. The same name, day and scale throw the same dice."""

    def __init__(self, name: str, metadata: MetaData, today: date, scale: int, zone: ZoneInfo) -> None:
        self.today, self.scale, self.zone = today, scale, zone
        self.rng = random.Random(name)
        self.rows: dict[str, list[Row]] = {table: [] for table in metadata.tables}
        self.now = dates.at(today, time(8, 0), zone)
        self._keyed = {name for name, table in metadata.tables.items() if "id" in table.columns}

    def add(self, table: str, **values: object) -> int:
        """Append one row, under the next `id` where the table has one and none is given; its number."""
        rows = self.rows[table]
        if table in self._keyed and "id" not in values:
            values = {"id": len(rows) + 1, **values}
        rows.append(values)
        return len(rows)

    def ago(self, days: float) -> datetime:
        """At least so many days before now, and less than a day more."""
        return self.now - timedelta(days=days, seconds=self.rng.randrange(86_400))

    def within(self, start: datetime, end: datetime | None = None) -> datetime:
        """Some second from `start` to `end`, or to now, whichever comes first."""
        return dates.between(self.rng, start, min(end or self.now, self.now))

    def often(self, percent: int) -> bool:
        """True so many times in a hundred."""
        return self.rng.randrange(100) < percent

    def one_of(self, choices: Sequence[T]) -> T:
        """Any of them."""
        return self.rng.choice(choices)
