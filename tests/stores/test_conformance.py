"""What every SQL store must do, on real SQLite, PostgreSQL and MariaDB."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from servanda.stores.document.change import Change
from servanda.stores.selection import (
    All,
    Before,
    Condition,
    EventTime,
    GreatestTime,
    LatestTime,
    LeadsTo,
    Link,
    Missing,
    Not,
    OwnTime,
    ParentTime,
    PointedAt,
    Reaches,
    TimeColumn,
    Undone,
)
from servanda.stores.sql import where
from servanda.stores.sql.session import Session, session
from servanda.stores.sql.store import SqlStore
from servanda.stores.store import open_store
from servanda.stores.verbs import Settings

PARIS = ZoneInfo("Europe/Paris")
CUT = date(2025, 3, 30)  # its night misses an hour in Paris; that of 2025-10-26 has one twice


@contextmanager
def store_session(url: str, page: int = 100, naive: str = "UTC") -> Iterator[Session]:
    store = open_store("app", url, Settings("Europe/Paris", naive, page=page))
    assert isinstance(store, SqlStore)
    try:
        with session(store) as found:
            yield found
    finally:
        store.close()


def engine_of(url: str) -> sa.Engine:
    engine = sa.create_engine(url)
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", lambda c, _: c.execute("PRAGMA foreign_keys = ON"))
    return engine


def make(url: str, *statements: str) -> None:
    engine = engine_of(url)
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


def rows(url: str, query: str) -> list[tuple[Any, ...]]:
    engine = engine_of(url)
    with engine.connect() as connection:
        found = [tuple(r) for r in connection.exec_driver_sql(query)]
    engine.dispose()
    return found


def sweep(found: Session, table: str, condition: Condition, groups: Any = None) -> tuple[int, int]:
    """Delete, or change, page by page; the rows and the pages."""
    work = found.work(table, condition)
    found.ready(work)
    done = count = 0
    for page in found.pages(work):
        act = (
            (lambda p=page: found.delete(work, p))
            if groups is None
            else (lambda p=page: found.change(work, p, groups))
        )
        done += found.attempt(act)
        count += 1
    return done, count


# -- times ------------------------------------------------------------------------------------

KINDS_OF_TIME = {
    "aware": ("TIMESTAMP WITH TIME ZONE", None),
    "naive": ("TIMESTAMP", "UTC"),
    "local": ("TIMESTAMP", "Europe/Paris"),
    "text": ("VARCHAR(30)", "UTC"),
    "epoch": ("BIGINT", None),
    "epoch_ms": ("BIGINT", None),
    "date": ("DATE", None),
}


def typed(kind: str, dialect: str) -> str:
    name = KINDS_OF_TIME[kind][0]
    if dialect in ("mysql", "mariadb"):
        return {"TIMESTAMP WITH TIME ZONE": "TIMESTAMP NULL", "TIMESTAMP": "DATETIME(6)"}.get(name, name)
    return name


def written(kind: str, instant: datetime, dialect: str) -> Any:
    """An instant as an application writes it into a column of a kind."""
    if kind == "epoch":
        return int(instant.timestamp())
    if kind == "epoch_ms":
        return int(instant.timestamp() * 1000)
    if kind == "date":
        day = instant.astimezone(PARIS).date()
        return day.isoformat() if dialect == "sqlite" else day
    if kind == "text":
        return instant.strftime("%Y-%m-%dT%H:%M:%SZ")
    if kind == "local":
        wall = instant.astimezone(PARIS).replace(tzinfo=None, fold=0)
        return wall.isoformat(sep=" ", timespec="seconds") if dialect == "sqlite" else wall
    if dialect == "sqlite":
        return instant.strftime("%Y-%m-%d %H:%M:%S")
    return instant if kind == "aware" and dialect == "postgresql" else instant.replace(tzinfo=None)


def column_of(kind: str) -> TimeColumn:
    said = {"aware": "aware", "local": "naive"}.get(kind, kind)
    return TimeColumn("at", said, KINDS_OF_TIME[kind][1] or "UTC")


@pytest.mark.parametrize("kind", sorted(KINDS_OF_TIME))
def test_a_row_is_before_a_day_exactly_when_its_local_date_is(store_url: str, kind: str) -> None:
    dialect = sa.make_url(store_url).get_dialect().name
    make(
        store_url,
        f"CREATE TABLE t (id INTEGER PRIMARY KEY, at {typed(kind, dialect)})",
        "CREATE INDEX t_at ON t (at)",
    )
    around = [
        date(2025, 3, 30),
        date(2025, 3, 31),
        date(2025, 10, 26),
        date(2025, 10, 27),
        date(2024, 2, 29),
        CUT,
    ]
    instants = [
        datetime(d.year, d.month, d.day, tzinfo=PARIS).astimezone(UTC) + timedelta(seconds=s)
        for d in around
        for s in (-86400, -3601, -3600, -1, 0, 1, 3599, 3600, 7200, 10800, 86399)
    ]
    table = sa.table("t", sa.column("id"), sa.column("at"))
    engine = engine_of(store_url)
    with engine.begin() as connection:
        values = [{"id": i, "at": written(kind, instant, dialect)} for i, instant in enumerate(instants)]
        connection.execute(sa.insert(table), values)
    engine.dispose()
    with store_session(store_url) as found:
        found.learn_forms("t", [column_of(kind)])
        for day in sorted(set(around)):
            expected = sum(instant.astimezone(PARIS).date() < day for instant in instants)
            assert found.count("t", Before(OwnTime(column_of(kind)), day)) == expected, (kind, day)


def test_missing_open_and_zero_times_are_never_before(store_url: str) -> None:
    make(
        store_url,
        "CREATE TABLE t (id INTEGER PRIMARY KEY, at BIGINT)",
        "INSERT INTO t VALUES (1, NULL), (2, 0), (3, -5), (4, 1000000000), (5, 4000000000)",
    )
    open_zero, missing = TimeColumn("at", "epoch", "UTC", (0,)), TimeColumn("at", "epoch", "UTC")
    with store_session(store_url) as found:
        assert found.count("t", Before(OwnTime(missing), date(2026, 1, 1))) == 1
        assert found.count("t", Missing(OwnTime(missing))) == 3
        assert found.count("t", Missing(OwnTime(open_zero))) == 2
        assert found.count("t", Before(OwnTime(open_zero), date(2026, 1, 1))) == 1


def test_a_text_of_another_form_is_never_ended(store_url: str) -> None:
    make(
        store_url,
        "CREATE TABLE t (id INTEGER PRIMARY KEY, at VARCHAR(40))",
        "INSERT INTO t VALUES (1, '2024-01-01T10:00:00Z'), (2, '01/02/2024'), (3, '2024-01-01'), (4, ''), (5, NULL)",
    )
    time = TimeColumn("at", "text", "UTC")
    with store_session(store_url) as found:
        found.learn_forms("t", [TimeColumn("at", "text", "UTC")])
        assert (
            found.count("t", Missing(OwnTime(time)))
            + found.count("t", Before(OwnTime(time), date(2026, 1, 1)))
            == 5
        )
        assert sweep(found, "t", Before(OwnTime(time), date(2026, 1, 1)))[0] in (1, 2)
    assert {r[0] for r in rows(store_url, "SELECT id FROM t")} >= {2, 4, 5}


# -- pages ------------------------------------------------------------------------------------


def fill(url: str, days: list[str | None], key: str = "id INTEGER PRIMARY KEY") -> None:
    columns = f"{key}, at TIMESTAMP NULL" if "mariadb" not in url else f"{key}, at DATETIME NULL"
    make(url, f"CREATE TABLE t ({columns})", "CREATE INDEX t_at ON t (at)")
    engine = engine_of(url)
    table = sa.table("t", sa.column("id"), sa.column("at"))
    with engine.begin() as connection:
        for i, day in enumerate(days):
            value = day if "sqlite" in url or day is None else datetime.fromisoformat(day)
            connection.execute(sa.insert(table).values(id=i, at=value))
    engine.dispose()


TIME = TimeColumn("at", "naive", "UTC")


@pytest.mark.parametrize("key", ["id INTEGER PRIMARY KEY", "id INTEGER"], ids=["keyed", "keyless"])
def test_pages_end_every_row_before_the_day_and_no_other(store_url: str, key: str) -> None:
    ties = ["2024-05-01 10:00:00"] * 350
    spread = [f"2024-{1 + i % 12:02}-{1 + i % 28:02} 0{i % 9}:00:00" for i in range(300)]
    kept = ["2025-03-30 00:00:00", None, "2027-01-01 00:00:00"]
    fill(store_url, [*ties, *spread, *kept], key)
    with store_session(store_url, page=100) as found:
        found.learn_forms("t", [TIME])
        done, pages = sweep(found, "t", Before(OwnTime(TIME), CUT))
        assert done == 650
        assert pages >= 4
        assert sweep(found, "t", Before(OwnTime(TIME), CUT))[0] == 0
    assert sorted(r[0] for r in rows(store_url, "SELECT id FROM t")) == [650, 651, 652]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    days=st.lists(
        st.sampled_from(["2024-01-01", "2024-06-01", "2025-03-29", "2025-03-30", "2026-01-01"]), max_size=40
    )
)
def test_whatever_the_ties_pages_end_exactly_what_is_counted(store_url: str, days: list[str]) -> None:
    make(store_url, "DROP TABLE IF EXISTS t")
    fill(store_url, [f"{d} 12:00:00" for d in days])
    with store_session(store_url, page=100) as found:
        type(found.store).page_size = property(lambda _: 7)  # type: ignore[assignment]
        try:
            found.learn_forms("t", [TIME])
            condition = Before(OwnTime(TIME), CUT)
            counted = found.count("t", condition)
            assert sweep(found, "t", condition)[0] == counted == sum(d < "2025-03-30" for d in days)
        finally:
            del type(found.store).page_size
    assert len(rows(store_url, "SELECT id FROM t")) == len(days) - counted


# -- other rows -------------------------------------------------------------------------------

FAMILY = (
    "CREATE TABLE parent (id INTEGER PRIMARY KEY, made DATE, closed DATE)",
    "CREATE INDEX parent_closed ON parent (closed)",
    "CREATE TABLE child (a INTEGER, b INTEGER, parent_id INTEGER, at DATE, PRIMARY KEY (a, b))",
    "CREATE INDEX child_parent ON child (parent_id)",
    "INSERT INTO parent VALUES (1,'2020-01-01','2024-01-01'),(2,'2020-01-01','2026-01-01'),(3,'2020-01-01',NULL),"
    "(4,'2025-06-01','2024-01-01'),(5,'2020-01-01','2024-02-01')",
    "INSERT INTO child VALUES (1,1,1,'2024-01-01'),(1,2,1,'2025-12-01'),(2,1,2,'2024-01-01'),(2,2,5,'2023-01-01'),"
    "(3,1,NULL,'2020-01-01'),(3,2,99,'2020-01-01')",
)
CLOSED, MADE = TimeColumn("closed", "date", "UTC", (None,)), TimeColumn("made", "date", "UTC")
AT = TimeColumn("at", "date", "UTC")
LINK = Link("child", ("parent_id",), "parent", ("id",))


def learn(found: Session) -> None:
    found.learn_forms("parent", [CLOSED, MADE])
    found.learn_forms("child", [AT])


def keys(found: Session, table: str, condition: Condition) -> list[tuple[Any, ...]]:
    return sorted(found.keys(table, condition))


def test_triggers_that_read_other_rows(store_url: str) -> None:
    make(store_url, *FAMILY)
    latest = LatestTime(LINK, AT, MADE)
    with store_session(store_url) as found:
        learn(found)
        assert keys(found, "child", Before(ParentTime((LINK,), CLOSED), CUT)) == [(1, 1), (1, 2), (2, 2)]
        # 1 has a child of 2025-12, 3 has none and was made in 2020, 4 none and was made in 2025
        assert keys(found, "parent", Before(latest, CUT)) == [(2,), (3,), (5,)]
        assert keys(found, "parent", Before(GreatestTime((OwnTime(MADE), OwnTime(CLOSED))), CUT)) == [
            (1,),
            (3,),
            (5,),
        ]
        assert keys(found, "parent", PointedAt(LINK)) == [(1,), (2,), (5,)]
        assert keys(found, "parent", Not(PointedAt(LINK, Before(OwnTime(AT), CUT)))) == [(3,), (4,)]
        assert keys(found, "parent", Missing(OwnTime(CLOSED))) == []


def test_a_child_that_is_open_keeps_its_parent_fresh(store_url: str) -> None:
    make(store_url, *FAMILY, "INSERT INTO child VALUES (9, 9, 5, NULL)")
    latest = LatestTime(LINK, TimeColumn("at", "date", "UTC", (None,)), MADE)
    with store_session(store_url) as found:
        learn(found)
        assert keys(found, "parent", Before(latest, CUT)) == [(2,), (3,)]


def test_rows_end_along_the_trigger_of_their_parent(store_url: str) -> None:
    make(store_url, *FAMILY)
    with store_session(store_url) as found:
        learn(found)
        assert sweep(found, "child", Before(ParentTime((LINK,), CLOSED), CUT))[0] == 3
    assert sorted(rows(store_url, "SELECT a, b FROM child")) == [(2, 1), (3, 1), (3, 2)]


def test_parents_end_when_nothing_that_stays_points_at_them(store_url: str) -> None:
    make(store_url, *FAMILY)
    stays = Not(Before(OwnTime(AT), CUT))
    condition = All((Before(OwnTime(CLOSED), CUT), Not(PointedAt(LINK, stays))))
    with store_session(store_url) as found:
        learn(found)
        assert sweep(found, "parent", condition)[0] == 2
    assert sorted(rows(store_url, "SELECT id FROM parent")) == [(1,), (2,), (3,)]


@pytest.mark.parametrize("nested", [where.MOST_NESTED, 0], ids=["nested", "named"])
def test_rows_are_counted_however_deep_their_condition_is(
    store_url: str, nested: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite's driver does not count the rows of a statement that begins with WITH."""
    monkeypatch.setattr(where, "MOST_NESTED", nested)
    make(store_url, *FAMILY)
    old = Before(OwnTime(AT), CUT)
    condition = PointedAt(LINK, LeadsTo(LINK, PointedAt(LINK, LeadsTo(LINK, PointedAt(LINK, old)))))
    with store_session(store_url) as found:
        learn(found)
        found.make_list("deep", "parent", ["id"])
        assert found.fill_where("deep", "parent", condition) == 3
        assert found.fill_where("deep", "parent", condition) == 0
        with found.transaction():
            row: Any = found.table_of("parent")
            assert found.run(sa.delete(row).where(found.where.sql(condition, row, "parent"))) == 3
    assert sorted(rows(store_url, "SELECT id FROM parent")) == [(3,), (4,)]


def test_lists_of_keys_hold_events_and_remembered_days(store_url: str) -> None:
    make(store_url, *FAMILY)
    with store_session(store_url) as found:
        learn(found)
        found.make_list("held", "parent", ["id"])
        found.fill("held", [(1,), (5,), (5,)])
        found.make_list("ended", "parent", ["id"], dated=True)
        found.fill("ended", [(1, "2024-01-01"), (2, "2026-01-01")])
        found.make_list("seen", "parent", ["id"], dated=True)
        found.fill("seen", [(5, "2026-01-01")])
        assert keys(found, "child", Reaches((LINK,), ("id",), "held")) == [(1, 1), (1, 2), (2, 2)]
        assert keys(found, "parent", Not(Reaches((), ("id",), "held"))) == [(2,), (3,), (4,)]
        assert keys(found, "parent", Before(EventTime("ended"), CUT)) == [(1,)]
        assert keys(found, "parent", Before(LatestTime(LINK, AT, MADE, "seen"), CUT)) == [(2,), (3,)]
        found.stage_days("seen")
        found.merge_days("seen", [(5, "2020-01-01"), (3, "2026-05-05")])
        assert keys(found, "parent", Before(LatestTime(LINK, AT, MADE, "seen"), CUT)) == [(2,)]


# -- changes ----------------------------------------------------------------------------------


def test_changes_write_the_same_everywhere_and_are_done_once(store_url: str) -> None:
    clock = "DATETIME" if "mariadb" in store_url else "TIMESTAMP"
    make(
        store_url,
        f"CREATE TABLE t (id INTEGER PRIMARY KEY, name VARCHAR(60), ip VARCHAR(45), born DATE, at {clock} NULL,"
        " zip VARCHAR(9))",
        "INSERT INTO t VALUES (1, 'Zoé', '192.0.2.77', '1980-05-17', '2024-05-17 10:11:12', '75011'),"
        "(2, 'O''Hara', '2001:db8:1:2::9', '1979-01-01', '2024-01-01 00:00:00', '1'),"
        "(3, NULL, NULL, NULL, NULL, NULL)",
    )
    changes = (
        ("name", Change(constant="(deleted)")),
        ("ip", Change(truncate="ip")),
        ("born", Change(truncate="year")),
        ("at", Change(truncate="month")),
        ("zip", Change(generalise=2)),
    )
    with store_session(store_url) as found:
        assert sweep(found, "t", Undone(changes), [(None, changes)])[0] == 3
        assert sweep(found, "t", Undone(changes), [(None, changes)])[0] == 0
    first, second, third = sorted(rows(store_url, "SELECT id, name, ip, born, at, zip FROM t"))
    assert (first[1], first[2], str(first[3]), str(first[4])[:19], first[5]) == (
        "(deleted)", "192.0.2.0", "1980-01-01", "2024-05-01 00:00:00", "75",
    )  # fmt: skip
    assert second[2] in ("2001:db8:1::", "2001:db8::")
    assert second[5] == "1"
    assert third[1:] == ("(deleted)", None, None, None, None)


def test_a_pseudonym_is_keyed_stable_and_written_once(store_url: str) -> None:
    make(
        store_url,
        "CREATE TABLE t (id INTEGER PRIMARY KEY, mail VARCHAR(60))",
        "INSERT INTO t VALUES (1,'a@example.com'),(2,'a@example.com'),(3,'b@example.com')",
    )
    change = (("mail", Change(pseudonym=True)),)
    with store_session(store_url) as found:
        found.store.secret = b"one secret"
        assert sweep(found, "t", Undone(change), [(None, change)])[0] == 3
        assert sweep(found, "t", Undone(change), [(None, change)])[0] == 0
    values = [r[1] for r in sorted(rows(store_url, "SELECT id, mail FROM t"))]
    assert values[0] == values[1] != values[2]
    keyed = hmac.new(b"one secret", b"a@example.com", hashlib.sha256).hexdigest()
    assert values[0][:28] == f"psn_{keyed[:24]}", "the same person has the same pseudonym in every store"
    assert all(v.startswith("psn_") and len(v) == 36 for v in values)


def test_fields_of_different_grounds_are_emptied_in_one_statement(store_url: str) -> None:
    make(
        store_url,
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a VARCHAR(9), b VARCHAR(9), at DATE)",
        "INSERT INTO t VALUES (1,'x','y','2020-01-01'),(2,'x','y','2024-06-01'),(3,'x','y','2026-01-01')",
    )
    early, late = Before(OwnTime(AT), date(2022, 1, 1)), Before(OwnTime(AT), CUT)
    a, b = (("a", Change()),), (("b", Change()),)
    with store_session(store_url) as found:
        found.learn_forms("t", [AT])
        condition = All((late, Undone(b)))
        assert sweep(found, "t", condition, [(early, a), (late, b)])[0] == 2
    assert sorted(rows(store_url, "SELECT id, a, b FROM t")) == [
        (1, None, None),
        (2, "x", None),
        (3, "x", "y"),
    ]


def test_a_column_that_updates_itself_keeps_its_value(fresh_url: Any) -> None:
    url = fresh_url("mariadb")
    make(
        url,
        "CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(9), touched TIMESTAMP DEFAULT '2020-01-01 00:00:00'"
        " ON UPDATE CURRENT_TIMESTAMP)",
        "INSERT INTO t (id, a) VALUES (1, 'x')",
    )
    before = rows(url, "SELECT touched FROM t")
    change = (("a", Change()),)
    with store_session(url) as found:
        assert found.store.shape.tables["t"].columns["touched"].on_update
        assert sweep(found, "t", Undone(change), [(None, change)])[0] == 1
    assert rows(url, "SELECT touched FROM t") == before


# -- names, shapes, rights --------------------------------------------------------------------


def test_reserved_words_and_odd_names_are_quoted(store_url: str) -> None:
    quote = "`" if "mariadb" in store_url else '"'
    name, column = f"{quote}Order Größe{quote}", f"{quote}group{quote}"
    make(
        store_url,
        f"CREATE TABLE {name} (id INTEGER PRIMARY KEY, {column} VARCHAR(9), at DATE)",
        f"INSERT INTO {name} VALUES (1, 'x', '2020-01-01'), (2, 'y', '2026-01-01')",
    )
    change = (("group", Change()),)
    with store_session(store_url) as found:
        table = "Order Größe"
        found.learn_forms(table, [AT])
        condition = All((Before(OwnTime(AT), CUT), Undone(change)))
        assert sweep(found, table, condition, [(None, change)])[0] == 1
        assert sweep(found, table, Before(OwnTime(AT), CUT))[0] == 1
        assert found.store.grants({table: frozenset({"DELETE"})}, "r", "w")
    assert len(rows(store_url, f"SELECT * FROM {name}")) == 1


def test_the_shape_tells_keys_references_indexes_and_views(store_url: str) -> None:
    make(
        store_url,
        "CREATE TABLE p (x INTEGER, y INTEGER, PRIMARY KEY (x, y))",
        "CREATE TABLE c (id INTEGER PRIMARY KEY, x INTEGER NOT NULL, y INTEGER, code VARCHAR(9) NOT NULL UNIQUE,"
        " FOREIGN KEY (x, y) REFERENCES p (x, y) ON DELETE CASCADE)",
        "CREATE TABLE u (code VARCHAR(9) NOT NULL UNIQUE, at DATE)",
        "CREATE TABLE n (at DATE)",
        "CREATE VIEW v AS SELECT id FROM c",
    )
    with store_session(store_url) as found:
        shape = found.store.shape
    assert shape.tables["p"].key == ("x", "y")
    (points,) = shape.tables["c"].points
    assert (points.columns, points.table, points.to_columns, points.on_delete) == (
        ("x", "y"),
        "p",
        ("x", "y"),
        "CASCADE",
    )
    assert shape.tables["u"].key == ("code",)
    assert shape.tables["n"].key == ()
    assert shape.tables["v"].view
    assert [t.name for t, _ in shape.pointing_at("p")] == ["c"]


def test_another_schema(fresh_url: Any) -> None:
    url = fresh_url("postgres")
    make(
        url,
        "CREATE SCHEMA crm",
        "CREATE TABLE crm.t (id INTEGER PRIMARY KEY, at DATE)",
        "INSERT INTO crm.t VALUES (1, '2020-01-01')",
    )
    store = open_store("app", url, Settings("Europe/Paris", "UTC", schema="crm"))
    assert isinstance(store, SqlStore)
    with session(store) as found:
        assert sweep(found, "t", Before(OwnTime(AT), CUT))[0] == 1
        assert "crm" in store.grants({"t": frozenset({"DELETE"})}, "r", "w")[-1]
    store.close()


@pytest.mark.parametrize("kind", ["postgres", "mariadb"])
def test_grants_are_enough_and_a_missing_right_is_seen(fresh_url: Any, kind: str) -> None:
    url = fresh_url(kind)
    make(
        url,
        "CREATE TABLE t (id INTEGER PRIMARY KEY, at DATE)",
        "INSERT INTO t VALUES (1, '2020-01-01'), (2, '2026-01-01')",
    )
    names = [f"r{sa.make_url(url).database}", f"w{sa.make_url(url).database}"]
    for name in names:
        make(
            url,
            f"CREATE ROLE {name} LOGIN"
            if kind == "postgres"
            else f"CREATE USER {name}@localhost IDENTIFIED BY 'pw'",
        )
    told = [n if kind == "postgres" else f"{n}@localhost" for n in names]
    with store_session(url) as found:
        granted = found.store.grants({"t": frozenset({"SELECT", "DELETE"})}, *told)
    make(url, *[line.rstrip(";") for line in granted])
    addresses = [
        sa.make_url(url).set(username=n, password=None if kind == "postgres" else "pw") for n in names
    ]
    reader, writer = (a.render_as_string(hide_password=False) for a in addresses)
    with store_session(reader) as found:
        assert found.count("t", Before(OwnTime(AT), CUT)) == 1
        assert found.lacking("t", frozenset({"SELECT", "DELETE"})) == {"DELETE"}
    with store_session(writer) as found:
        assert found.lacking("t", frozenset({"SELECT", "DELETE"})) == frozenset()
        assert found.lacking("t", frozenset({"UPDATE"})) == {"UPDATE"}
        assert sweep(found, "t", Before(OwnTime(AT), CUT))[0] == 1
    for name in told:
        make(url, f"DROP OWNED BY {name}" if kind == "postgres" else f"DROP USER {name}")
        if kind == "postgres":
            make(url, f"DROP ROLE {name}")
