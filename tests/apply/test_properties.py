"""Whatever the rows, the periods, the holds and the day: apply leaves exactly what was promised.

The oracle works with the calendar alone, row by row, and knows nothing of Servanda.
"""

from __future__ import annotations

import calendar
import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from projects import TestProject, policy, project, retention
from servanda.persons.holds import HeldPerson

Row = tuple[Any, ...]
Tables = dict[str, set[Row]]


# -- the oracle -------------------------------------------------------------------------------


def last_day(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def over(day: date | None, months: int, today: date) -> bool:
    return day is not None and today > last_day(day, months)


def expected(rows: Tables, p: dict[str, int], today: date, held: set[int]) -> Tables:
    closed = {a[0]: a[3] for a in rows["accounts"]}
    invoices = {
        i
        for i in rows["invoices"]
        if i[1] in held
        or not (
            over(closed[i[1]], p["account"], today)
            and i[2] is not None
            and over(date(i[2].year, 12, 31), p["books"], today)
        )
    }
    pointed = {i[1] for i in invoices}
    accounts = set()
    for id_, name, email, end, touched in rows["accounts"]:
        if id_ in held:
            accounts.add((id_, name, email, end, touched))
            continue
        gone, quiet = over(end, p["account"], today), over(end, p["mail"], today)
        if gone and quiet and id_ not in pointed:
            continue
        accounts.add((id_, "-" if gone else name, None if quiet else email, end, touched))
    visits = {v for v in rows["visits"] if v[1] in held or not over(v[2], p["visits"], today)}
    kept = {a[0] for a in accounts}
    visits = {(v[0], v[1] if v[1] in kept else None, v[2]) for v in visits}
    return {"accounts": accounts, "invoices": invoices, "visits": visits}


# -- what is tried ----------------------------------------------------------------------------

EDGES = [
    date(2024, 2, 29),
    date(2024, 2, 28),
    date(2023, 8, 31),
    date(2025, 1, 31),
    date(2025, 3, 30),
    date(2025, 10, 26),
]
days = st.one_of(st.sampled_from(EDGES), st.dates(date(2019, 1, 1), date(2026, 12, 31)))
months = st.sampled_from([1, 3, 12, 13, 24, 36])


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Tables, dict[str, int], date, set[int]]:
    periods = {name: draw(months) for name in ("account", "mail", "books", "visits")}
    periods["one_ground"] = draw(st.integers(0, 1))
    size = draw(st.integers(1, 8))
    trigger = draw(days)
    today = last_day(trigger, draw(months)) + timedelta(days=draw(st.integers(-1, 2)))
    today = min(max(today, date(2025, 1, 1)), date(2027, 6, 1))
    maybe = st.one_of(st.none(), days, st.just(trigger))
    accounts = {(i, f"n{i}", f"m{i}@example.com", draw(maybe), "2020-01-01 00:00:00") for i in range(size)}
    invoices = {(i, draw(st.integers(0, size - 1)), draw(maybe)) for i in range(draw(st.integers(0, 6)))}
    visits = {
        (i, draw(st.one_of(st.none(), st.integers(0, size - 1))), draw(maybe))
        for i in range(draw(st.integers(0, 6)))
    }
    held = draw(st.sets(st.integers(0, size - 1), max_size=2))
    return {"accounts": accounts, "invoices": invoices, "visits": visits}, periods, today, held


PLACES = {
    "accounts": {
        "data": {"account": ["id", "name", "closed", "touched"], "mail": ["email"]},
        "person": "self",
        "triggers": {"closure": {"column": "closed", "open": None}},
        "at_end": {"name": {"constant": "-"}, "email": None},
        "skeleton": True,
    },
    "invoices": {
        "data": "books",
        "person": {"via": "account_id", "to": "accounts"},
        "triggers": {"closure": {"of": "person", "column": "closed", "open": None}, "issued": "issued"},
    },
    "visits": {
        "data": "visits",
        "person": {"via": "account_id", "to": "accounts"},
        "triggers": {"visit": "at"},
    },
}


def promises(p: dict[str, int]) -> list[dict[str, Any]]:
    books = retention("T-RET-03", "books", "closure", f"P{p['account']}M")
    least = {
        "data": "books",
        "trigger": "issued",
        "end_of": "fiscal_year",
        "limit": "min",
        "active": f"P{p['books']}M",
    }
    books["enforced"].append(least | {"ground": {"law": "FR/c-com/L123-22"}})
    same = {"ground": {"choice": "one ground"}} if p["one_ground"] else {}
    return [
        retention("T-RET-01", "account", "closure", f"P{p['account']}M", **same),
        retention("T-RET-02", "mail", "closure", f"P{p['mail']}M", **same),
        books,
        retention("T-RET-04", "visits", "visit", f"P{p['visits']}M"),
    ]


def schema(url: str) -> list[str]:
    maria = "mariadb" in url
    touched = "TIMESTAMP NOT NULL DEFAULT '2020-01-01 00:00:00'" + (
        " ON UPDATE CURRENT_TIMESTAMP" if maria else ""
    )
    return [
        "CREATE TABLE accounts (id INTEGER PRIMARY KEY, name VARCHAR(9), email VARCHAR(40), closed DATE,"
        f" touched {touched})",
        "CREATE INDEX a_closed ON accounts (closed)",
        "CREATE TABLE invoices (id INTEGER PRIMARY KEY, account_id INTEGER NOT NULL, issued DATE,"
        " FOREIGN KEY (account_id) REFERENCES accounts (id))",
        "CREATE TABLE visits (id INTEGER PRIMARY KEY, account_id INTEGER, at DATE,"
        " FOREIGN KEY (account_id) REFERENCES accounts (id) ON DELETE SET NULL)",
        "CREATE INDEX v_at ON visits (at)",
        *(
            []
            if maria
            else [
                "CREATE INDEX i_account ON invoices (account_id)",
                "CREATE INDEX v_a ON visits (account_id)",
            ]
        ),
    ]


COLUMNS = {
    "accounts": ("id", "name", "email", "closed", "touched"),
    "invoices": ("id", "account_id", "issued"),
    "visits": ("id", "account_id", "at"),
}


def write(found: TestProject, rows: Tables) -> None:
    engine = found.engine()
    plain = engine.dialect.name == "sqlite"
    with engine.begin() as connection:
        for table, columns in COLUMNS.items():
            target = sa.table(table, *(sa.column(c) for c in columns))
            values = [dict(zip(columns, row, strict=True)) for row in sorted(rows[table])]
            for value in values:
                for name, item in value.items():
                    if isinstance(item, date) and plain:
                        value[name] = item.isoformat()
                    if name == "touched" and not plain:
                        value[name] = datetime.fromisoformat(item)
            if values:
                connection.execute(sa.insert(target), values)
    engine.dispose()


def read(found: TestProject) -> Tables:
    result: Tables = {}
    for table, columns in COLUMNS.items():
        rows = found.rows(f"SELECT {', '.join(columns)} FROM {table}")
        result[table] = {tuple(_plain(c, v) for c, v in zip(columns, row, strict=True)) for row in rows}
    return result


def _plain(column: str, value: Any) -> Any:
    if value is not None and column in ("closed", "issued", "at"):
        return date.fromisoformat(str(value)[:10])
    return str(value)[:19] if column == "touched" else value


def check_world(url: str, folder: Path, world: tuple[Tables, dict[str, int], date, set[int]]) -> None:
    rows, periods, today, held = world
    shutil.rmtree(folder, ignore_errors=True)
    found = project(folder, url, policy(promises(periods)), PLACES)
    drops = [f"DROP TABLE IF EXISTS {t}" for t in ("visits", "invoices", "accounts")]
    found.run(*drops, *schema(url))
    write(found, rows)
    if held:
        scope = tuple(HeldPerson("app.accounts", (key,)) for key in sorted(held))
        found.holds.place("litigation", scope, case="C", reason="r", author="a", review_on=date(2030, 1, 1))
    now = datetime(today.year, today.month, today.day, 11, 0, tzinfo=UTC)
    planned = found.plan(now)
    outcome = found.apply(now)
    assert outcome.whole, found.listener.sentences
    assert read(found) == expected(rows, periods, today, held)
    assert outcome.done == {s.id: s.rows for s in planned.steps}, "the plan did not count exactly"
    again = found.apply(now)
    assert not any(again.done.values()), "doing it again changed something"
    assert found.plan(now, quick=False).due == 0
    assert read(found) == expected(rows, periods, today, held)
    assert found.ledger.verify().ok
    found.db.close()


SLOW = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]


@settings(max_examples=30, deadline=None, suppress_health_check=SLOW)
@given(world=worlds())
def test_apply_leaves_exactly_what_was_promised(tmp_path: Path, world: Any) -> None:
    (tmp_path / "app.db").touch()
    check_world(f"sqlite:///{tmp_path / 'app.db'}", tmp_path / "p", world)


@pytest.mark.parametrize("kind", ["postgres", "mariadb"])
def test_apply_leaves_exactly_what_was_promised_on_servers(kind: str, fresh_url: Any, tmp_path: Path) -> None:
    url = fresh_url(kind)

    @settings(max_examples=8, deadline=None, suppress_health_check=SLOW)
    @given(world=worlds())
    def run(world: Any) -> None:
        check_world(url, tmp_path / "p", world)

    run()


@pytest.mark.soak
@pytest.mark.parametrize("kind", ["sqlite", "postgres", "mariadb"])
def test_apply_leaves_exactly_what_was_promised_for_long(kind: str, fresh_url: Any, tmp_path: Path) -> None:
    url = fresh_url(kind)

    @settings(max_examples=100, deadline=None, suppress_health_check=SLOW)
    @given(world=worlds())
    def run(world: Any) -> None:
        check_world(url, tmp_path / "p", world)

    run()
