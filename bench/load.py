"""An application at work: a writer and a reader of one table, 200 transactions a second, in a process of its own.

    python load.py URL SECONDS ROWS

Each transaction has its moment; what it waits for one that came late counts as its own
(coordinated omission is not left out). Prints the latencies as JSON, in seconds.
"""

from __future__ import annotations

import json
import random
import sys
import threading
import time
from typing import Any

import sqlalchemy as sa

RATE = 100  # transactions a second, for the writer and for the reader each


class Client(threading.Thread):
    """One connection that does its transactions in time."""

    def __init__(self, url: str, seconds: float, rows: int, writes: bool) -> None:
        super().__init__()
        self.url, self.seconds, self.rows, self.writes = url, seconds, rows, writes
        self.latencies: list[float] = []
        self.errors: list[str] = []

    def run(self) -> None:
        options: dict[str, Any] = {"timeout": 5.0} if self.url.startswith("sqlite") else {}
        engine = sa.create_engine(self.url, connect_args=options)
        chance = random.Random(int(self.writes))
        begun = time.monotonic()
        with engine.connect() as connection:
            for turn in range(int(self.seconds * RATE)):
                due = begun + turn / RATE
                time.sleep(max(due - time.monotonic(), 0))
                try:
                    self.once(connection, chance, turn)
                except sa.exc.DBAPIError as error:
                    self.errors.append(type(error.orig).__name__)
                    connection.rollback()
                self.latencies.append(time.monotonic() - due)
        engine.dispose()

    def once(self, connection: sa.Connection, chance: random.Random, turn: int) -> None:
        """A log-in is written and one of any age is corrected; or an account's log-ins are read."""
        if self.writes:
            new = {
                "id": 1_000_000_000 + time.time_ns() // 1000 % 10**12,
                "account": chance.randrange(1, 200_000),
            }
            connection.execute(_INSERT, new)
            connection.execute(_UPDATE, {"id": chance.randrange(1, self.rows), "path": f"/{turn}"})
        else:
            connection.execute(_SELECT, {"id": chance.randrange(1, self.rows)}).all()
        connection.commit()


_INSERT = sa.text(
    "INSERT INTO logins (id, account_id, at, ip, agent, path)"
    " VALUES (:id, :account, '2026-11-22 01:00:00', 'x', 'x', 'x')"
)
_UPDATE = sa.text("UPDATE logins SET path = :path WHERE id = :id")
_SELECT = sa.text("SELECT id, at, path FROM logins WHERE id BETWEEN :id AND :id + 20")


def main(url: str, seconds: float, rows: int) -> None:
    """Run both clients to their end."""
    clients = [Client(url, seconds, rows, True), Client(url, seconds, rows, False)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    found = {
        "latencies": [round(x, 6) for c in clients for x in c.latencies],
        "errors": [e for c in clients for e in c.errors],
    }
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]))
