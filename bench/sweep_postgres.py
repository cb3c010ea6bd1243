"""Sweeps on PostgreSQL. Every round begins with a copy of the same database, so all rounds find the same pages."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from foreground import told
from measure import ROUNDS, Sheet, seconds
from projects import NOW, retention
from scene import CUT, HELD, Scene, scene

LOGS = 5_000_000
OVER = 1_000_000
ACCOUNTS = 200_000


class Base:
    """A database that is built once and copied for every round."""

    def __init__(self, url: str, name: str, *statements: str) -> None:
        self.server, self.name = sa.make_url(url), name
        self._admin(f"DROP DATABASE IF EXISTS {name}", f"CREATE DATABASE {name}")
        with self.engine(name) as engine, engine.connect() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)

    @contextmanager
    def engine(self, database: str) -> Iterator[sa.Engine]:
        engine = sa.create_engine(self.server.set(database=database), isolation_level="AUTOCOMMIT")
        try:
            yield engine
        finally:
            engine.dispose()

    def _admin(self, *statements: str) -> None:
        with self.engine("postgres") as engine, engine.connect() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)

    @contextmanager
    def copy(self) -> Iterator[str]:
        """A fresh copy; yields its URL."""
        copy = f"{self.name}_copy"
        again = f"CREATE DATABASE {copy} TEMPLATE {self.name} STRATEGY FILE_COPY"
        self._admin(f"DROP DATABASE IF EXISTS {copy} WITH (FORCE)", again, "CHECKPOINT")
        yield self.server.set(database=copy).render_as_string(hide_password=False)
        self._admin(f"DROP DATABASE IF EXISTS {copy} WITH (FORCE)")

    def count(self, query: str) -> int:
        """A number of the database that is copied."""
        with self.engine(self.name) as engine, engine.connect() as connection:
            return int(connection.exec_driver_sql(query).scalar_one())

    def drop(self) -> None:
        self._admin(f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)")

    def by_hand(self, *statements: str, before: tuple[str, ...] = ()) -> float:
        """Seconds of statements written by hand, in a copy; `before` prepares and is not timed."""
        with self.copy() as url, self.engine(str(sa.make_url(url).database)) as engine:
            connection = engine.connect()
            for statement in before:
                connection.exec_driver_sql(statement)
            return seconds(lambda: [connection.exec_driver_sql(s) for s in statements])


HOLDS = (
    "CREATE TEMPORARY TABLE held (id integer PRIMARY KEY)",
    f"INSERT INTO held SELECT g * 37 FROM generate_series(1, {HELD}) g",
    "ANALYZE held",
)
"""The same 1,000 held persons for the other side."""
NOT_HELD = "NOT EXISTS (SELECT 1 FROM held h WHERE h.id = l.account_id)"


def accounts(count: int = ACCOUNTS, created: str = "2020-01-01") -> tuple[str, ...]:
    return (
        "CREATE TABLE accounts (id integer PRIMARY KEY, email text, created_on date NOT NULL, closed_on date)",
        f"INSERT INTO accounts SELECT g, 'a' || g || '@example.com', date '{created}', NULL"
        f" FROM generate_series(1, {count}) g",
    )


def logs(rows: int = LOGS, over: int = OVER, people: int = ACCOUNTS) -> tuple[str, ...]:
    """Log-ins in the order of time; the first `over` of them lie before the cut."""
    return (
        "CREATE TABLE logins (id bigint PRIMARY KEY, account_id integer NOT NULL, at timestamptz NOT NULL,"
        " ip text, agent text, path text)",
        f"INSERT INTO logins SELECT g, 1 + mod(g::bigint * 7919, {people}), timestamptz '{CUT}'"
        f" + (g - {over} - 1) * interval '7 second' + interval '1 second', '192.0.2.' || mod(g, 250),"
        " 'Mozilla/5.0 (X11; Linux x86_64)', '/account/' || mod(g, 1000)"
        f" FROM generate_series(1, {rows}) g",
        "CREATE INDEX logins_at ON logins (at)",
        "CREATE INDEX logins_account ON logins (account_id, at)",
        "VACUUM ANALYZE",
    )


PLACES: dict[str, Any] = {
    "accounts": {"data": "account", "person": "self"},
    "logins": {
        "data": "login",
        "person": {"via": "account_id", "to": "accounts"},
        "triggers": {"login": "at"},
    },
}
YEAR = retention("B-RET-01", "login", "login", "P1Y")


EMPTIED = retention("B-RET-01", "login", "login", "P1Y", end="anonymise")
EMPTYING: dict[str, Any] = PLACES | {
    "logins": PLACES["logins"] | {"at_end": {"ip": None, "agent": None, "path": None}}
}


@contextmanager
def sweeping(base: Base, promises: list[dict[str, Any]], places: dict[str, Any]) -> Iterator[Scene]:
    """A copy of a database with a project on it and its 1,000 holds."""
    with base.copy() as url, scene(url, promises, places) as made:
        made.hold("app.accounts", range(37, 37 * (HELD + 1), 37))
        yield made


def delete(sheet: Sheet, url: str) -> None:
    """1 M of 5 M rows by their own, indexed trigger; 1,000 held persons."""
    base = Base(url, "bench", *accounts(), *logs())
    command = f"DELETE FROM logins l WHERE l.at < timestamptz '{CUT}' AND {NOT_HELD}"
    held = _held(base)
    times: list[Scene] = []
    closing: list[float] = []

    def ours() -> float:
        with sweeping(base, [YEAR], PLACES) as made:
            took = made.sweep(expect=OVER - held)
            times.append(made)
            closing.append(seconds(made.plan))
            return took

    sheet.compare("sweep.pg.delete", ours, lambda: base.by_hand(command, before=HOLDS), command=command)
    _times(sheet, "sweep.pg.delete", times)
    sheet.add("sweep.pg.delete.plan", [t.planned for t in times])
    sheet.add("sweep.pg.delete.closing", closing)
    base.drop()


def _held(base: Base) -> int:
    return base.count(
        f"SELECT count(*) FROM logins l WHERE l.at < timestamptz '{CUT}' AND mod(l.account_id, 37) = 0"
        f" AND l.account_id <= {37 * HELD}"
    )


def anonymise(sheet: Sheet, url: str) -> None:
    """Three columns of 1 M of 5 M rows are emptied."""
    base = Base(url, "bench", *accounts(), *logs())
    values = "ip = NULL, agent = NULL, path = NULL"
    command = f"UPDATE logins l SET {values} WHERE l.at < timestamptz '{CUT}' AND {NOT_HELD}"
    held = _held(base)

    def ours() -> float:
        with sweeping(base, [EMPTIED], EMPTYING) as made:
            return made.sweep(expect=OVER - held)

    sheet.compare("sweep.pg.anonymise", ours, lambda: base.by_hand(command, before=HOLDS), command=command)
    base.drop()


def tied(sheet: Sheet, url: str) -> None:
    """The trigger is a date: 1 M rows share ten values, so that every page ends inside one."""
    day = "(date '2025-01-01' + (id / 100000)::integer)"
    column = f"ALTER TABLE logins ADD seen_on date GENERATED ALWAYS AS {day} STORED"
    base = Base(
        url,
        "bench",
        *accounts(),
        *logs(),
        column,
        "CREATE INDEX logins_on ON logins (seen_on)",
        "VACUUM ANALYZE",
    )
    days = {"logins": {**PLACES["logins"], "triggers": {"login": "seen_on"}}}
    cut = "DELETE FROM logins l WHERE l.seen_on < date '2025-01-11'"
    due = base.count(
        f"SELECT count(*) FROM logins WHERE id < {OVER} AND NOT (mod(account_id, 37) = 0 AND account_id <= {37 * HELD})"
    )
    rounds: list[Scene] = []
    took: list[float] = []
    for _ in range(ROUNDS):
        with sweeping(base, [YEAR], PLACES | days) as made:
            took.append(made.sweep(expect=due, now=datetime(2026, 1, 11, 12, tzinfo=UTC)))
            rounds.append(made)
    sheet.add("sweep.pg.tied", [t.percentile(0.99) for t in rounds], command=cut)
    sheet.add("sweep.pg.tied.max", [t.percentile(1) for t in rounds])
    sheet.add("sweep.pg.tied.seconds", took)
    base.drop()


CLOSED = "UPDATE accounts SET closed_on = date '2025-01-01' + mod(id, 300) WHERE mod(id, 5) = 1"
ROUTE: dict[str, Any] = {
    "accounts": {"data": "account", "person": "self"},
    "logins": {
        "data": "login",
        "person": {"via": "account_id", "to": "accounts"},
        "triggers": {"closure": {"of": "person", "column": "closed_on", "open": None}},
    },
}


def route(sheet: Sheet, url: str) -> None:
    """1 M of 5 M log-ins end a year after the account they belong to was closed."""
    base = Base(
        url, "bench", *accounts(), CLOSED,
        "CREATE INDEX accounts_closed ON accounts (closed_on)", *logs(),
    )  # fmt: skip
    command = (
        "DELETE FROM logins l WHERE NOT EXISTS (SELECT 1 FROM accounts a WHERE a.id = l.account_id"
        f" AND (a.closed_on IS NULL OR a.closed_on >= date '2025-11-22')) AND {NOT_HELD}"
    )
    due = base.count("SELECT count(*) FROM logins WHERE mod(account_id, 5) = 1"
                     f" AND NOT (mod(account_id, 37) = 0 AND account_id <= {37 * HELD})")  # fmt: skip
    promise = retention("B-RET-01", "login", "closure", "P1Y")
    rounds: list[Scene] = []

    def ours() -> float:
        with sweeping(base, [promise], ROUTE) as made:
            rounds.append(made)
            return made.sweep(expect=due)

    sheet.compare("sweep.pg.route", ours, lambda: base.by_hand(command, before=HOLDS), command=command)
    _times(sheet, "sweep.pg.route", rounds)
    base.drop()


def _times(sheet: Sheet, name: str, rounds: list[Scene]) -> None:
    sheet.add(f"{name}.p99", [t.percentile(0.99) for t in rounds])
    sheet.add(f"{name}.max", [t.percentile(1) for t in rounds])


def aggregate(sheet: Sheet, url: str) -> None:
    """100,000 of 200,000 accounts have not logged in for a year; 5 M log-ins of the others."""
    fresh = logs(people=ACCOUNTS // 2, over=0)
    key = "ALTER TABLE logins ADD FOREIGN KEY (account_id) REFERENCES accounts (id)"
    base = Base(
        url, "bench", *accounts(), "CREATE INDEX accounts_created ON accounts (created_on)", *fresh, key
    )
    command = (
        f"DELETE FROM accounts l WHERE NOT EXISTS (SELECT 1 FROM logins g WHERE g.account_id = l.id"
        f" AND g.at >= timestamptz '{CUT}') AND l.created_on < date '2025-11-22'"
        " AND NOT EXISTS (SELECT 1 FROM held h WHERE h.id = l.id)"
    )
    places: dict[str, Any] = {
        "accounts": {
            "data": "account",
            "person": "self",
            "triggers": {"last_login": {"latest": "logins.at", "else": "created_on"}},
        },
        "logins": PLACES["logins"],
    }
    promises = [
        retention("B-RET-01", "account", "last_login", "P1Y"),
        retention("B-RET-02", "login", "login", "P9Y"),
    ]
    due = ACCOUNTS - ACCOUNTS // 2
    rounds: list[Scene] = []

    def ours() -> float:
        with sweeping(base, promises, places) as made:
            rounds.append(made)
            return made.sweep(expect=due)

    sheet.compare("sweep.pg.aggregate", ours, lambda: base.by_hand(command, before=HOLDS), command=command)
    _times(sheet, "sweep.pg.aggregate", rounds)
    base.drop()


def family(sheet: Sheet, url: str) -> None:
    """One closed account has 400,000 log-ins."""
    base = Base(
        url, "bench", *accounts(2_000), "UPDATE accounts SET closed_on = date '2025-06-01' WHERE id = 1",
        "CREATE INDEX accounts_closed ON accounts (closed_on)", *logs(800_000, over=400_000, people=2_000),
        "UPDATE logins SET account_id = 1 WHERE id <= 400000",
        "UPDATE logins SET account_id = 2 WHERE id > 400000 AND account_id = 1", "VACUUM ANALYZE",
    )  # fmt: skip
    rounds: list[Scene] = []
    for _ in range(ROUNDS):
        with sweeping(base, [retention("B-RET-01", "login", "closure", "P1Y")], ROUTE) as made:
            made.sweep(expect=400_000)
            rounds.append(made)
    sheet.add("sweep.pg.family", [t.percentile(0.99) for t in rounds])
    sheet.add("sweep.pg.family.max", [t.percentile(1) for t in rounds])
    base.drop()


DUE = 100_000


def tenfold(sheet: Sheet, url: str) -> None:
    """100,000 rows are due of 5 M, and of 500,000."""
    small = Base(url, "bench_small", *accounts(), *logs(LOGS // 10, DUE))
    large = Base(url, "bench_large", *accounts(), *logs(LOGS, DUE))

    def ours(base: Base) -> float:
        with sweeping(base, [YEAR], PLACES) as made:
            return made.sweep(expect=DUE - _held(base))

    sheet.compare(
        "sweep.pg.tenfold", lambda: ours(large), lambda: ours(small), command="the same sweep of 500,000 rows"
    )
    small.drop()
    large.drop()


def tenfold_done(sheet: Sheet, url: str) -> None:
    """80,000 rows are to be emptied, beside 4 M, and 400,000, that were emptied in earlier years.

    Without the index by account: writing at random into an index grows dearer with it for any UPDATE.
    """

    def made_of(name: str, done: int) -> Base:
        emptied = f"UPDATE logins SET ip = NULL, agent = NULL, path = NULL WHERE id <= {done}"
        return Base(
            url, name, *accounts(), *logs(done + SINCE + 500_000, done + SINCE), "DROP INDEX logins_account",
            emptied, "VACUUM FULL ANALYZE",
        )  # fmt: skip

    small, large = made_of("bench_small", 400_000), made_of("bench_large", 4_000_000)
    before = NOW - timedelta(days=6, hours=23)  # the last full pass, which everything before was done by

    def ours(base: Base, done: int) -> float:
        with sweeping(base, [EMPTIED], EMPTYING) as made:
            made.found.apply(now=before, pace="full", quick=False)
            return made.sweep(expect=base.count(_LATER.format(done=done)), quick=True)

    sheet.compare(
        "sweep.pg.tenfold_done", lambda: ours(large, 4_000_000), lambda: ours(small, 400_000),
        command="the same sweep beside 400,000 rows done",
    )  # fmt: skip
    small.drop()
    large.drop()


SINCE = 80_000
"""Rows that became due since the last full pass: those of six and a half days."""

_LATER = (
    f"SELECT count(*) FROM logins WHERE id > {{done}} AND at < timestamptz '{CUT}'"
    f" AND NOT (mod(account_id, 37) = 0 AND account_id <= {37 * HELD})"
)


MONTH = 84_000
"""Rows of a partition: of 60 months the 12 oldest are over, 1 M of 5 M rows."""


def partition(sheet: Sheet, url: str) -> None:
    """Twelve of sixty monthly partitions are over as a whole; nobody in them is held."""
    first = f"timestamptz '{CUT}' - 12 * {MONTH} * interval '7 second'"
    bounds = [f"{first} + {part} * {MONTH} * interval '7 second'" for part in range(61)]
    with Base(url, "bench", "SELECT 1").engine("bench") as engine, engine.connect() as connection:
        at = [connection.exec_driver_sql(f"SELECT ({b})::text").scalar_one() for b in bounds]
    parts = [
        f"CREATE TABLE logins_{i} PARTITION OF logins FOR VALUES FROM ('{a}') TO ('{b}')"
        for i, (a, b) in enumerate(itertools.pairwise(at))
    ]
    table, fill, *indexes = logs(MONTH * 60, MONTH * 12)
    table = (
        table.replace("id bigint PRIMARY KEY", "id bigint NOT NULL")[:-1]
        + ", PRIMARY KEY (id, at)) PARTITION BY RANGE (at)"
    )
    fill = fill.replace("+ interval '1 second'", "")  # the first row of a partition lies on its bound
    base = Base(url, "bench", *accounts(), table, *parts, fill, *indexes)
    command = [
        statement
        for i in range(12)
        for statement in (
            f"ALTER TABLE logins DETACH PARTITION logins_{i} CONCURRENTLY",
            f"DROP TABLE logins_{i}",
        )
    ]
    rounds: list[tuple[float, float]] = []

    def ours() -> float:
        with base.copy() as copy, scene(copy, [YEAR], PLACES) as made:
            made.hold("app.accounts", range(10**8, 10**8 + HELD))
            rounds.append((made.sweep(expect=MONTH * 12), made.counted))
            return made.stepped - made.counted

    sheet.compare(
        "sweep.pg.partition", ours, lambda: base.by_hand(*command),
        command=f"{command[0]}; {command[1]}; … twelve times",
    )  # fmt: skip
    sheet.add("sweep.pg.partition.count", [counted for _, counted in rounds])
    sheet.add("sweep.pg.partition.apply", [whole for whole, _ in rounds])
    base.drop()


def foreground(sheet: Sheet, url: str) -> None:
    """A writer and a reader at 200 transactions a second, quiet and beside a sweep."""
    base = Base(url, "bench", *accounts(), *logs(LOGS, 4_000_000))
    with sweeping(base, [YEAR], PLACES) as made:
        waiting = sa.create_engine(made.found.url, isolation_level="AUTOCOMMIT")
        query = (
            "SELECT extract(epoch FROM max(clock_timestamp() - waitstart)) FROM pg_locks WHERE NOT granted"
        )

        def waits() -> float:
            with waiting.connect() as connection:
                return 1000 * float(connection.exec_driver_sql(query).scalar() or 0)

        told(sheet, "sweep.pg.foreground", made, LOGS, waits)
        waiting.dispose()
    base.drop()


MEASURES: dict[str, Callable[[Sheet, str], None]] = {
    "sweep.pg.delete": delete,
    "sweep.pg.anonymise": anonymise,
    "sweep.pg.tied": tied,
    "sweep.pg.family": family,
    "sweep.pg.route": route,
    "sweep.pg.aggregate": aggregate,
    "sweep.pg.tenfold": tenfold,
    "sweep.pg.tenfold_done": tenfold_done,
    "sweep.pg.partition": partition,
    "sweep.pg.foreground": foreground,
}
