"""Schemas that nobody thought of: generated tables, keys and rows end as an oracle says, on every database.

A schema is a handful of tables. Each has a key of one column or two, a trigger of some
kind of time with an index or without, and may point at an earlier table, at itself or
at nothing, with every rule for deletes. The oracle walks rows, one by one: it
knows what a delete takes along, what refuses it, and nothing of Servanda.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from projects import TestProject, policy, project, retention
from servanda.persons.holds import HeldRows

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
TODAY = date(2026, 11, 22)
PARIS = ZoneInfo("Europe/Paris")
RULES = ("RESTRICT", "CASCADE", "SET NULL")
TIMES = ("date", "naive", "aware", "epoch", "text")


@dataclass(frozen=True)
class Table:
    """A generated table. `to` is the table that it points at, maybe itself."""

    name: str
    wide: bool
    time: str
    zone: str
    index: bool
    years: int
    to: str | None
    rule: str


@dataclass(frozen=True)
class Row:
    """A row: its number, when its clock began (an instant), the number of the row it points at."""

    id: int
    at: datetime | None
    to: int | None


Rows = dict[str, dict[int, Row]]


@dataclass(frozen=True)
class Generated:
    tables: tuple[Table, ...]
    rows: Rows
    held: frozenset[tuple[str, int]]


# -- what is generated ------------------------------------------------------------------------


@st.composite
def tables(draw: st.DrawFn) -> tuple[Table, ...]:
    found: list[Table] = []
    for name in [f"t{i}" for i in range(draw(st.integers(2, 4)))]:
        to = draw(st.sampled_from([None, name, *(t.name for t in found), *(t.name for t in found)]))
        found.append(
            Table(
                name,
                wide=draw(st.booleans()),
                time=draw(st.sampled_from(TIMES)),
                zone=draw(st.sampled_from(["UTC", "America/New_York", "Europe/Paris"])),
                index=draw(st.booleans()),
                years=draw(st.integers(1, 3)),
                to=to,
                rule=draw(st.sampled_from(RULES)),
            )
        )
    return tuple(found)


@st.composite
def moments(draw: st.DrawFn, years: int) -> datetime | None:
    """Instants around the edge of a period (midnight in Paris, and midnight elsewhere), ties, and none."""
    edge = datetime(TODAY.year - years, TODAY.month, TODAY.day, tzinfo=PARIS)
    hours = st.sampled_from([-24, -6, -1, 0, 0, 1, 5, 6, 24])
    near = hours.map(lambda h: edge.astimezone(UTC) + timedelta(hours=h))
    far = st.integers(-900, 300).map(lambda d: edge.astimezone(UTC) + timedelta(days=d, hours=3))
    return draw(st.one_of(st.none(), near, near, far, st.just(edge.astimezone(UTC) - timedelta(days=30))))


@st.composite
def worlds(draw: st.DrawFn) -> Generated:
    made = draw(tables())
    rows: Rows = {}
    for table in made:
        rows[table.name] = {}
        for id_ in range(1, draw(st.integers(4, 9)) + 1):
            targets = sorted(rows[table.to]) if table.to else []
            to = draw(st.sampled_from([None, *targets, *targets])) if targets else None
            rows[table.name][id_] = Row(id_, draw(moments(table.years)), to)
    every = [(t, i) for t in rows for i in rows[t]]
    held = draw(st.sets(st.sampled_from(every), max_size=2)) if every else set()
    return Generated(made, rows, frozenset(held))


# -- the oracle ------------------------------------------------------------------------------


def over(table: Table, row: Row) -> bool:
    """Whether its period has ended: counted in days of the company's calendar."""
    if row.at is None:
        return False
    local = row.at.astimezone(PARIS).date()
    if table.time == "date":
        local = row.at.astimezone(ZoneInfo(table.zone)).date()  # what the application wrote down is the day
    year = local.year + table.years
    try:
        last = local.replace(year=year)
    except (
        ValueError
    ):  # 29 February; a month without that day ends with its last one (Regulation 1182/71, art. 3)
        last = local.replace(year=year, day=28)
    return last < TODAY


def ends(world: Generated) -> dict[str, set[int]]:
    """The rows that may be gone after one sweep: children first; no row on which one stays that it would take along."""
    gone: dict[str, set[int]] = {t.name: set() for t in world.tables}
    for table in reversed(world.tables):
        pointing = [c for c in world.tables if c.to == table.name]
        for id_, row in world.rows[table.name].items():
            if (table.name, id_) in world.held or not over(table, row):
                continue
            if not any(_stays(world, gone, child, table, id_) for child in pointing):
                gone[table.name].add(id_)
    return gone


def _stays(world: Generated, gone: dict[str, set[int]], child: Table, table: Table, id_: int) -> bool:
    """Whether a row of a child table keeps this row: it stays and points here, and NULL is not allowed to it."""
    there = [r.id for r in world.rows[child.name].values() if r.to == id_]
    if child.rule == "SET NULL":
        return any((child.name, i) in world.held for i in there)
    if child.name == table.name:
        return bool(there)  # within one table no row goes before another
    return any(i not in gone[child.name] for i in there)


# -- in a database ------------------------------------------------------------------------------

TYPES = {
    "sqlite": {"date": "DATE", "naive": "DATETIME", "aware": "DATETIME", "epoch": "INTEGER", "text": "TEXT"},
    "postgres": {
        "date": "DATE",
        "naive": "TIMESTAMP",
        "aware": "TIMESTAMPTZ",
        "epoch": "BIGINT",
        "text": "VARCHAR(40)",
    },
    "mariadb": {
        "date": "DATE",
        "naive": "DATETIME",
        "aware": "TIMESTAMP NULL",
        "epoch": "BIGINT",
        "text": "VARCHAR(40)",
    },
}


def create(table: Table, kind: str, wide: dict[str, bool]) -> list[str]:
    columns = [*(["part INTEGER NOT NULL"] if table.wide else []), "id INTEGER NOT NULL"]
    columns += [f"at {TYPES[kind][table.time]}", "note VARCHAR(20)"]
    keys = [f"PRIMARY KEY ({'part, id' if table.wide else 'id'})"]
    if table.to:
        both = wide[table.to]
        columns += [*(["to_part INTEGER"] if both else []), "to_id INTEGER"]
        ours, theirs = ("to_part, to_id", "part, id") if both else ("to_id", "id")
        keys.append(f"FOREIGN KEY ({ours}) REFERENCES {table.to} ({theirs}) ON DELETE {table.rule}")
    made = [f"CREATE TABLE {table.name} ({', '.join([*columns, *keys])})"]
    return made + ([f"CREATE INDEX {table.name}_at ON {table.name} (at)"] if table.index else [])


def value(table: Table, kind: str, at: datetime | None) -> str:
    if at is None:
        return "NULL"
    local = at.astimezone(ZoneInfo(table.zone))
    match table.time:
        case "date":
            return f"'{local.date()}'"
        case "epoch":
            return str(int(at.timestamp()))
        case "aware":
            return f"'{at:%Y-%m-%d %H:%M:%S}{'+00' if kind == 'postgres' else ''}'"
    return f"'{local:%Y-%m-%d %H:%M:%S}'"


def insert(table: Table, kind: str, row: Row, wide: dict[str, bool]) -> str:
    names = [*(["part"] if table.wide else []), "id", "at", "note"]
    values = [
        *([str(row.id % 2)] if table.wide else []),
        str(row.id),
        value(table, kind, row.at),
        f"'n{row.id}'",
    ]
    if table.to and row.to is not None:
        names += [*(["to_part"] if wide[table.to] else []), "to_id"]
        values += [*([str(row.to % 2)] if wide[table.to] else []), str(row.to)]
    return f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({', '.join(values)})"


def place(table: Table, kind: str) -> dict[str, Any]:
    zone = "UTC" if table.time in ("aware", "epoch") else table.zone
    trigger: dict[str, Any] = {"column": "at"}
    if table.time in ("epoch", "text"):
        trigger["as"] = table.time
    if table.time in ("naive", "text") or (table.time == "aware" and kind == "sqlite"):
        trigger["zone"] = zone
    return {"data": table.name, "person": "none", "triggers": {"seen": trigger}}


def built(world: Generated, folder: Path, url: str, kind: str) -> TestProject:
    shutil.rmtree(folder, ignore_errors=True)
    promises = [
        retention(f"T-RET-{n:02}", t.name, "seen", f"P{t.years}Y") for n, t in enumerate(world.tables)
    ]
    found = project(folder, url, policy(promises), {t.name: place(t, kind) for t in world.tables})
    wide = {t.name: t.wide for t in world.tables}
    if kind == "sqlite":
        Path(url.removeprefix("sqlite:///")).write_bytes(b"")
    drops = [f"DROP TABLE IF EXISTS t{i}{' CASCADE' if kind == 'postgres' else ''}" for i in (3, 2, 1, 0)]
    rows = [insert(t, kind, r, wide) for t in world.tables for r in world.rows[t.name].values()]
    utc = ["SET SESSION time_zone = '+00:00'"] if kind == "mariadb" else []
    found.run(*utc, *drops, *(s for t in world.tables for s in create(t, kind, wide)), *rows)
    for table, id_ in sorted(world.held):
        scope = (HeldRows(f"app.{table}", "id", "=", id_),)
        found.holds.place("litigation", scope, case="C", reason="r", author="a", review_on=date(2030, 1, 1))
    return found


def content(found: TestProject, world: Generated) -> dict[str, dict[int, tuple[Any, ...]]]:
    """Every row by its number, its reference last."""
    read: dict[str, dict[int, tuple[Any, ...]]] = {}
    for table in world.tables:
        to = ", to_id" if table.to else ", NULL"
        rows = found.rows(f"SELECT id, at, note{to} FROM {table.name}")
        read[table.name] = {r[0]: tuple(r[1:]) for r in rows}
    return read


def check(world: Generated, folder: Path, url: str, kind: str) -> None:
    found = built(world, folder, url, kind)
    before, gone = content(found, world), ends(world)
    planned = found.plan(NOW, quick=False)
    assert not planned.left_out, planned.left_out
    outcome = found.apply(NOW, quick=False)
    assert outcome.whole, outcome.stopped
    assert outcome.done == {s.id: s.rows for s in planned.steps}, "the plan did not count exactly"
    after = content(found, world)
    for table in world.tables:
        was, now = before[table.name], after[table.name]
        assert was.keys() - now.keys() == gone[table.name], f"{table}"
        for id_, row in now.items():
            assert row[:-1] == was[id_][:-1], "a row that stays was changed"
            lost = table.rule == "SET NULL" and was[id_][-1] in gone[str(table.to)] if table.to else False
            assert row[-1] == (None if lost else was[id_][-1])
    assert found.ledger.verify().ok
    until_nothing_is_due(found)
    found.db.close()


def until_nothing_is_due(found: TestProject) -> None:
    """References within a table end one generation a sweep; then nothing is due, but what the plan names as stuck."""
    for _ in range(9):
        if not found.plan(NOW, quick=False).due:
            return
        assert found.apply(NOW, quick=False).whole
    pytest.fail("something is due for ever")


SLOW = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]


def try_out(kind: str, url: str, folder: Path, examples: int, *, random: bool) -> None:
    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=not random,
        database=None,
        suppress_health_check=SLOW,
    )
    @given(world=worlds())
    def run(world: Generated) -> None:
        check(world, folder, url, kind)

    run()


@pytest.mark.parametrize("kind", ["sqlite", "postgres", "mariadb"])
def test_generated_schemas_end_as_the_oracle_says(kind: str, fresh_url: Any, tmp_path: Path) -> None:
    try_out(kind, fresh_url(kind), tmp_path / "p", 10 if kind == "sqlite" else 6, random=False)


@pytest.mark.soak
@pytest.mark.parametrize("kind", ["sqlite", "postgres", "mariadb"])
def test_generated_schemas_end_as_the_oracle_says_for_long(kind: str, fresh_url: Any, tmp_path: Path) -> None:
    try_out(kind, fresh_url(kind), tmp_path / "p", 150, random=True)
