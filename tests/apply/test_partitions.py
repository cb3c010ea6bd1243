"""Partitions that are over as a whole: dropped in one piece, with the same rows left as row by row."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from projects import TestProject, policy, project, retention
from servanda.persons.holds import HeldPerson

PROMISES = [retention("T-RET-01", "visit", "visit", "P1Y")]
PLACES: dict[str, Any] = {
    "people": {"data": "visit", "person": "self", "table": "people"},
    "visits": {
        "data": "visit",
        "person": "account",
        "references": {"account": {"via": "person", "to": "people"}},
        "triggers": {"visit": "at"},
    },
}
MONTHS = [f"2025-{m:02}" for m in range(8, 13)] + [f"2026-{m:02}" for m in (1, 2)]
SERVERS = ["postgres", "mariadb"]
PARTED = {
    "postgres": "PARTITION BY RANGE (at)",
    "mariadb": "PARTITION BY RANGE COLUMNS (at) ({parts}, PARTITION later VALUES LESS THAN (MAXVALUE))",
}


def following(month: str) -> str:
    year, number = map(int, month.split("-"))
    return f"{year + number // 12}-{number % 12 + 1:02}-01"


def days() -> list[tuple[int, int, str]]:
    """Visits 0 … of ten persons, one a day from 2025-08-01 on; the year is over before 2025-11-22."""
    first = date(2025, 8, 1).toordinal()
    return [(i, i % 10, date.fromordinal(first + i).isoformat()) for i in range(200)]


def visits(folder: Path, url: str, kind: str, column: str = "DATE", by: str | None = None) -> TestProject:
    places = {**PLACES, "people": {**PLACES["people"], "data": "person"}}
    promises = [*PROMISES, retention("T-RET-02", "person", "person", "P90Y")]
    places["people"]["triggers"] = {"person": "born"}
    found = project(folder / "p", url, policy(promises), places)
    parts = ", ".join(f"PARTITION p{m[:4]}{m[5:]} VALUES LESS THAN ('{following(m)}')" for m in MONTHS)
    parted = (by or PARTED[kind]).format(parts=parts)
    values = ", ".join(f"({i}, {person}, '{day}')" for i, person, day in days())
    found.run(
        "CREATE TABLE people (id INTEGER PRIMARY KEY, born DATE NOT NULL)",
        "INSERT INTO people VALUES " + ", ".join(f"({i}, '2020-01-01')" for i in range(10)),
        f"CREATE TABLE visits (id INTEGER NOT NULL, person INTEGER, at {column}) {parted}",
    )
    if kind == "postgres":
        for m in MONTHS:
            bounds = f"FROM ('{m}-01') TO ('{following(m)}')"
            found.run(f"CREATE TABLE p{m[:4]}{m[5:]} PARTITION OF visits FOR VALUES {bounds}")
    found.run("CREATE INDEX visits_at ON visits (at)", "CREATE INDEX visits_person ON visits (person)")
    found.run(f"INSERT INTO visits VALUES {values}")
    return found


def partitions(found: TestProject) -> list[str]:
    query = (
        "SELECT partition_name FROM information_schema.partitions WHERE table_schema = DATABASE()"
        " AND table_name = 'visits' ORDER BY 1"
        if "mariadb" in found.url
        else "SELECT CAST(inhrelid AS regclass)::text FROM pg_inherits"
        " WHERE inhparent = CAST('visits' AS regclass) ORDER BY 1"
    )
    return [str(name) for (name,) in found.rows(query)]


def left(found: TestProject) -> list[int]:
    return [i for (i,) in found.rows("SELECT id FROM visits ORDER BY id")]


def dropped(found: TestProject) -> list[str]:
    """The partitions that intents in the ledger name."""
    intents = [e.body for e in found.ledger.entries("page.intent") if e.body]
    return [name for body in intents for name in body.get("partitions", [])]


def hold(found: TestProject, person: int) -> None:
    found.holds.place(
        "litigation",
        (HeldPerson("app.people", (person,)),),
        case="1",
        reason="a case",
        author="dpo",
        review_on=date(2090, 1, 1),
    )


def ended(found: TestProject) -> int:
    return sum(e.body["rows"] for e in found.ledger.entries("page.outcome") if e.body and "rows" in e.body)


@pytest.mark.parametrize("kind", SERVERS)
def test_whole_partitions_go_and_the_same_rows_are_left(kind: str, tmp_path: Path, fresh_url: Any) -> None:
    found = visits(tmp_path, fresh_url(kind), kind)
    (step,) = [s for s in found.plan().steps if s.action == "delete" and s.place == "app.visits"]
    assert step.why == "3 partitions over"
    outcome = found.apply()
    assert outcome.whole
    assert left(found) == [i for i, _, day in days() if day >= "2025-11-22"]
    assert sorted(dropped(found)) == ["p202508", "p202509", "p202510"]
    assert not {"p202508", "p202509", "p202510"} & set(partitions(found))
    assert "p202511" in partitions(found), "its range was not over"
    assert ended(found) == outcome.done[step.id] == step.rows
    assert found.plan().due == 0
    assert found.ledger.verify().ok


@pytest.mark.parametrize("kind", SERVERS)
def test_a_held_row_keeps_its_partition(kind: str, tmp_path: Path, fresh_url: Any) -> None:
    found = visits(tmp_path, fresh_url(kind), kind)
    found.run("UPDATE visits SET person = 1 WHERE person = 3 AND at < '2025-09-01'")
    hold(found, 3)
    assert found.plan().steps[0].why == "3 partitions over, 2 of them with rows that stay"
    assert found.apply().whole
    assert dropped(found) == ["p202508"]
    assert left(found) == [
        i for i, person, day in days() if day >= "2025-11-22" or (person == 3 and day >= "2025-09-01")
    ]


LAST = "PARTITION z VALUES LESS THAN (MAXVALUE)"
FORMS = {
    "postgres timestamptz": ("TIMESTAMP WITH TIME ZONE", "PARTITION BY RANGE (at)"),
    "postgres timestamp": ("TIMESTAMP", "PARTITION BY RANGE (at)"),
    "mariadb to_days": ("DATETIME", f"PARTITION BY RANGE (TO_DAYS(at)) ({{days}}, {LAST})"),
    "mariadb unix": (
        "TIMESTAMP NOT NULL",
        f"PARTITION BY RANGE (UNIX_TIMESTAMP(at)) ({{seconds}}, {LAST})",
    ),
    "mariadb year": (
        "DATETIME",
        f"PARTITION BY RANGE (YEAR(at)) (PARTITION p2024 VALUES LESS THAN (2025), {LAST})",
    ),
    "mariadb datetime": ("DATETIME", PARTED["mariadb"]),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_each_way_of_partitioning_leaves_what_rows_one_by_one_would(
    form: str, tmp_path: Path, fresh_url: Any
) -> None:
    kind, (column, by) = form.split(maxsplit=1)[0], FORMS[form]
    spelt = {m: f"PARTITION p{m[:4]}{m[5:]} VALUES LESS THAN " for m in MONTHS}
    by = by.replace("{days}", ", ".join(f"{p} (TO_DAYS('{following(m)}'))" for m, p in spelt.items()))
    seconds = ", ".join(f"{p} (UNIX_TIMESTAMP('{following(m)} 00:00:00'))" for m, p in spelt.items())
    found = visits(tmp_path, fresh_url(kind), kind, column, by.replace("{seconds}", seconds))
    if "year" in form:
        found.run(
            "INSERT INTO visits VALUES (900, 1, '2024-12-31 23:59:59'), (901, 1, '2025-01-01 00:00:00')"
        )
    # the last hour of October in UTC is November in Paris: local days decide, and bounds are in UTC
    found.run("INSERT INTO visits VALUES (902, 1, '2025-11-21 22:59:59'), (903, 1, '2025-11-21 23:00:00')")
    assert found.apply().whole
    assert left(found) == [i for i, _, day in days() if day >= "2025-11-22"] + [903]
    assert dropped(found) == (["p2024"] if "year" in form else ["p202508", "p202509", "p202510"])


def test_seconds_since_1970(tmp_path: Path, fresh_url: Any) -> None:
    found = project(
        tmp_path / "p",
        fresh_url("postgres"),
        policy(PROMISES),
        {
            "visits": {
                "data": "visit",
                "person": "none",
                "triggers": {"visit": {"column": "at", "as": "epoch"}},
            }
        },
    )
    found.run(
        "CREATE TABLE visits (id INTEGER NOT NULL, at BIGINT) PARTITION BY RANGE (at)",
        "CREATE TABLE old PARTITION OF visits FOR VALUES FROM (MINVALUE) TO (1600000000)",
        "CREATE TABLE mid PARTITION OF visits FOR VALUES FROM (1600000000) TO (1700000000)",
        "CREATE TABLE new PARTITION OF visits FOR VALUES FROM (1700000000) TO (MAXVALUE)",
        "CREATE INDEX ON visits (at)",
        "INSERT INTO visits VALUES (0, 0), (1, 1500000000), (2, 1650000000), (3, 1790000000)",
    )
    assert found.apply(allow={"app.visits": 9}).whole
    assert dropped(found) == ["mid"], "0 means “not set”, and its partition stays for it"
    assert left(found) == [0, 3]


def test_rows_without_a_date_keep_their_partition(tmp_path: Path, fresh_url: Any) -> None:
    """MariaDB sorts NULL into the first partition; PostgreSQL takes none."""
    found = visits(tmp_path, fresh_url("mariadb"), "mariadb")
    found.run("INSERT INTO visits VALUES (900, 1, NULL)")
    assert found.apply().whole
    assert dropped(found) == ["p202509", "p202510"]
    assert left(found) == [i for i, _, day in days() if day >= "2025-11-22"] + [900]


UNFIT = {
    "it has a DEFAULT partition": ["CREATE TABLE rest PARTITION OF visits DEFAULT"],
    "a foreign key points at it": [
        "ALTER TABLE visits ADD PRIMARY KEY (id, at)",
        "CREATE TABLE clicks (visit INTEGER, at DATE, FOREIGN KEY (visit, at) REFERENCES visits)",
    ],
    "the database trigger counts would not fire": [
        "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'",
        "CREATE TRIGGER counts BEFORE DELETE ON visits FOR EACH ROW EXECUTE FUNCTION f()",
    ],
}


@pytest.mark.parametrize("why", UNFIT)
def test_what_cannot_be_dropped_is_ended_by_ranges_and_the_plan_says_why(
    why: str, tmp_path: Path, fresh_url: Any
) -> None:
    found = visits(tmp_path, fresh_url("postgres"), "postgres")
    before = partitions(found)
    found.run(*UNFIT[why])
    (step,) = [s for s in found.plan().steps if s.rows]
    assert step.why == f"by ranges, not whole partitions: {why}"
    assert found.apply().whole
    assert not dropped(found)
    assert set(before) <= set(partitions(found))
    assert left(found) == [i for i, _, day in days() if day >= "2025-11-22"]


def test_a_role_that_does_not_own_the_table_ends_its_rows_by_ranges(tmp_path: Path, fresh_url: Any) -> None:
    found = visits(tmp_path, fresh_url("postgres"), "postgres")
    name = f"writer_{os.getpid()}"
    found.run(
        f"CREATE ROLE {name} LOGIN",
        f"GRANT SELECT, DELETE ON visits, people TO {name}",
    )
    stores = (found.folder / "stores.yaml").read_text()
    url = sa.make_url(found.url).set(username=name).render_as_string(hide_password=False)
    (found.folder / "stores.yaml").write_text(stores.replace(found.url, url))
    assert found.apply().whole
    assert not dropped(found)
    assert left(found) == [i for i, _, day in days() if day >= "2025-11-22"]
    assert any("our role does not own it" in s for s in found.listener.sentences)
    found.run(f"REASSIGN OWNED BY {name} TO postgres", f"DROP OWNED BY {name}", f"DROP ROLE {name}")


def test_partitions_are_no_tables_of_their_own(tmp_path: Path, fresh_url: Any) -> None:
    found = visits(tmp_path, fresh_url("postgres"), "postgres")
    with found.opened() as project:
        assert set(project.stores.sessions["app"].store.shape.tables) == {"people", "visits"}


def test_a_partition_that_came_meanwhile_is_left_alone(tmp_path: Path, fresh_url: Any) -> None:
    found = visits(tmp_path, fresh_url("postgres"), "postgres")

    def attach(conn: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if statement.endswith("CONCURRENTLY") and "p202508" in statement:
            found.run(
                "CREATE TABLE soon PARTITION OF visits FOR VALUES FROM ('2026-11-01') TO ('2026-12-01')",
                "INSERT INTO visits VALUES (900, 1, '2026-11-05')",
            )

    listen(attach, found.apply)
    assert "soon" in partitions(found)
    assert left(found) == [i for i, _, day in days() if day >= "2025-11-22"] + [900]


# -- others at work ------------------------------------------------------------------------------


def listen(before: Any, act: Any) -> Any:
    sa.event.listen(sa.Engine, "before_cursor_execute", before)
    try:
        return act()
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", before)


def taken_out(statement: str) -> bool:
    """Whether a statement is the first that looks at a partition after it was taken out."""
    return statement.startswith("LOCK TABLE") or "FROM servanda_out_" in statement


@pytest.mark.parametrize("kind", SERVERS)
def test_a_hold_that_is_placed_after_a_partition_was_taken_out_brings_it_back(
    kind: str, tmp_path: Path, fresh_url: Any
) -> None:
    found = visits(tmp_path, fresh_url(kind), kind)
    before, once = partitions(found), list[str]()
    thread: threading.Thread | None = None

    def place(conn: Any, cursor: Any, statement: str, *rest: Any) -> None:
        nonlocal thread
        if ("DETACH" in statement or "CONVERT PARTITION" in statement) and not once:
            once.append(statement)
            thread = threading.Thread(target=hold, args=(found, 3))
            thread.start()
            while found.db.setting("hold-epoch") is None:
                time.sleep(0.01)

    assert listen(place, found.apply).whole
    assert thread is not None
    thread.join(10)
    assert not thread.is_alive(), "the hold was never confirmed"
    stay = [i for i, person, day in days() if day >= "2025-11-22" or person == 3]
    assert left(found) == stay
    if kind == "postgres":
        assert partitions(found) == before
    assert found.ledger.verify().ok


@pytest.mark.parametrize("kind", SERVERS)
def test_a_row_that_stays_and_came_meanwhile_is_not_lost(kind: str, tmp_path: Path, fresh_url: Any) -> None:
    found = visits(tmp_path, fresh_url(kind), kind)
    hold(found, 3)
    found.run("UPDATE visits SET person = 1 WHERE person = 3 AND at < '2025-10-01'")
    once: list[str] = []

    def insert(conn: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if ("DETACH" in statement or "CONVERT PARTITION" in statement) and not once:
            once.append(statement)
            found.run("INSERT INTO visits VALUES (900, 3, '2025-08-10')")

    assert listen(insert, found.apply).whole
    stay = [i for i, person, day in days() if day >= "2025-11-22" or (person == 3 and day >= "2025-10-01")]
    assert left(found) == [*stay, 900]
    outcome = [e.body for e in found.ledger.entries("page.outcome") if e.body]
    assert sum(b["rows"] for b in outcome) == len(days()) - len(stay)


def test_a_partition_that_is_out_and_looked_at_by_the_server_goes_all_the_same(
    tmp_path: Path, fresh_url: Any
) -> None:
    """InnoDB's thread that gathers statistics holds a table for a moment: it is waited for."""
    found = visits(tmp_path, fresh_url("mariadb"), "mariadb")
    old: list[threading.Thread] = []

    def look(conn: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if statement.startswith("DROP TABLE") and "servanda_out_" in statement and not old:
            old.append(reader(found, 1.0, statement.rsplit(maxsplit=1)[-1]))

    assert listen(look, found.apply).whole
    old[0].join()
    assert left(found) == [i for i, _, day in days() if day >= "2025-11-22"]


DIE = """
import os, signal, sys
import sqlalchemy as sa
sys.path[:0] = {path!r}
from test_partitions import TestProject, again

def before(conn, cursor, statement, *rest):
    if {moment!r} in statement:
        os.kill(os.getpid(), signal.SIGKILL)

def after(conn, cursor, statement, *rest):
    if {later!r} in statement:
        os.kill(os.getpid(), signal.SIGKILL)

sa.event.listen(sa.Engine, "before_cursor_execute", before)
sa.event.listen(sa.Engine, "after_cursor_execute", after)
again({folder!r}, {url!r}).apply()
"""


def again(folder: str, url: str) -> TestProject:
    """A project that is there already, opened by another process."""
    from servanda.database import Database
    from servanda.vault import Vault

    db = Database.open(None, Path(folder))
    return TestProject(Path(folder), url, db, Vault.open(db))


MOMENTS = {
    "postgres": ["COMMENT ON", "DETACH", "LOCK TABLE", "DROP TABLE"],
    "mariadb": ["CONVERT PARTITION", "DROP TABLE `servanda_out", "DROP TABLE servanda_out"],
}


def die(found: TestProject, moment: str, later: str = "nothing") -> None:
    here = Path(__file__).parent
    path = [str(here), str(here.parent)]
    code = DIE.format(path=path, moment=moment, later=later, folder=str(found.folder), url=found.url)
    ended = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], env=os.environ, check=False)
    assert ended.returncode == -signal.SIGKILL


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    ("kind", "moment"),
    [
        ("postgres", "COMMENT ON"),
        ("postgres", "DETACH"),
        ("postgres", "LOCK TABLE"),
        ("postgres", "DROP TABLE"),
        ("mariadb", "CONVERT PARTITION"),
        ("mariadb", "DROP TABLE servanda_out"),
    ],
)
def test_kill_9_at_any_moment_and_the_next_apply_knows(
    kind: str, moment: str, when: str, tmp_path: Path, fresh_url: Any
) -> None:
    found = visits(tmp_path, fresh_url(kind), kind)
    if kind == "postgres":
        found.run("COMMENT ON TABLE p202508 IS 'what they''d say'")
    before = partitions(found)
    die(found, *((moment,) if when == "before" else ("nothing", moment)))
    due = {s.id: s.rows for s in found.plan().steps}
    hold(found, 3)
    assert found.apply().whole
    gone = sum(due.values())
    stay = [i for i, person, day in days() if day >= "2025-11-22" or person == 3]
    remaining = left(found)
    if gone == 113:  # nothing had ended when it died
        assert remaining == stay
    else:  # one partition, or two, had: their rows are gone as a whole, and no other held one
        assert set(remaining) < set(stay)
        assert [i for i in stay if i not in remaining] == [i for i in stay if i < len(days()) - 87 - gone]
    if kind == "postgres" and gone == 113:
        assert partitions(found) == before
        assert found.rows("SELECT obj_description(CAST('p202508' AS regclass), 'pg_class')") == [
            ("what they'd say",)
        ]
        checks = (
            "SELECT conname FROM pg_constraint WHERE conrelid = CAST('p202508' AS regclass) AND contype = 'c'"
        )
        assert found.rows(checks) == []
    assert not found.rows(
        "SELECT table_name FROM information_schema.tables WHERE table_name LIKE 'servanda|_out%%' ESCAPE '|'"
    )
    assert not found.ledger.open_intents()
    assert found.ledger.verify().ok
    assert found.plan().due == 0


def guarded(act: Any, errors: list[Exception]) -> None:
    try:
        act()
    except Exception as error:
        errors.append(error)


def reader(found: TestProject, seconds: float, table: str = "visits") -> threading.Thread:
    """The application reads a table in a transaction that it keeps open for a while."""
    ready = threading.Event()

    def read() -> None:
        engine = found.engine()
        with engine.begin() as connection:
            connection.exec_driver_sql(f"SELECT COUNT(*) FROM {table}").all()
            ready.set()
            time.sleep(seconds)
        engine.dispose()

    thread = threading.Thread(target=read)
    thread.start()
    ready.wait()
    return thread


@pytest.mark.parametrize("kind", SERVERS)
def test_a_transaction_of_the_application_is_waited_for_and_nobody_waits_long_behind_us(
    kind: str, tmp_path: Path, fresh_url: Any
) -> None:
    found = visits(tmp_path, fresh_url(kind), kind)
    old = reader(found, 3.0)
    slowest, stop = [0.0], threading.Event()

    def work() -> None:
        engine = found.engine()
        while not stop.is_set():
            began = time.monotonic()
            with engine.begin() as connection:
                connection.exec_driver_sql("SELECT COUNT(*) FROM visits WHERE at > '2025-12-01'").all()
                connection.exec_driver_sql("INSERT INTO visits VALUES (5000, 1, '2026-01-05')")
            slowest[0] = max(slowest[0], time.monotonic() - began)
            time.sleep(0.01)
        engine.dispose()

    errors: list[Exception] = []
    application = threading.Thread(target=guarded, args=(work, errors))
    application.start()
    try:
        assert found.apply().whole
    finally:
        stop.set()
        application.join()
        old.join()
    assert sorted(dropped(found)) == ["p202508", "p202509", "p202510"]
    assert not errors, "the application was refused something"
    assert slowest[0] < 1.0


def test_a_transaction_that_outlasts_our_patience_leaves_a_clear_state(
    tmp_path: Path, fresh_url: Any
) -> None:
    found = visits(tmp_path, fresh_url("postgres"), "postgres")
    stores = (found.folder / "stores.yaml").read_text()
    (found.folder / "stores.yaml").write_text(stores.replace("places:", "lock_timeout: 1\n    places:", 1))
    old = reader(found, 9.0)
    outcome = found.apply()
    assert not outcome.whole
    assert any("waits for a transaction" in s for s in found.listener.sentences)
    assert sum(s.rows for s in found.plan().steps) == 113, "rows on their way out were forgotten"
    old.join()
    assert found.apply().whole
    assert left(found) == [i for i, _, day in days() if day >= "2025-11-22"]
    assert found.plan().due == 0


@pytest.mark.parametrize("kind", SERVERS)
def test_grants_say_what_whole_partitions_need(kind: str, tmp_path: Path, fresh_url: Any) -> None:
    found = visits(tmp_path, fresh_url(kind), kind)
    with found.opened() as project:
        needs = {"visits": frozenset({"SELECT", "DELETE"}), "people": frozenset({"SELECT", "DELETE"})}
        lines = project.stores.sessions["app"].store.grants(needs, "reader", "writer")
    assert [line for line in lines if "visits may lose partitions whole" in line]
    assert not [line for line in lines if "people may lose" in line]


def test_a_connection_that_is_cut_while_it_counts_loses_nothing(tmp_path: Path, fresh_url: Any) -> None:
    found = visits(tmp_path, fresh_url("postgres"), "postgres")
    before, cut = partitions(found), list[str]()

    def end(conn: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if "count(*)" in statement and "p202508" in statement and not cut:
            cut.append(statement)
            found.run(f"SELECT pg_terminate_backend({conn.connection.driver_connection.info.backend_pid})")

    outcome = listen(end, found.apply)
    assert cut
    assert "does not answer" in next(iter(outcome.stopped.values()))
    assert partitions(found) == before, "what was taken out is back"
    assert found.apply().whole
    assert set(before) - set(partitions(found)) == {"p202508", "p202509", "p202510"}
    assert left(found) == [i for i, _, day in days() if day >= "2025-11-22"]
