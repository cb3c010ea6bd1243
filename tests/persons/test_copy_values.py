"""Values, keys and sessions of real databases, in copies and erasures: no single one makes a request impossible."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from office import ADDRESS, Office, Words
from projects import TestProject, policy, project, retention
from servanda.documents.packing.forms import to_json
from servanda.persons.copy import copy_of
from servanda.persons.person import Person

CLOSED = {"closed": {"column": "closed", "open": None}}
PLACES: dict[str, Any] = {
    "people": {
        "data": "account",
        "person": "self",
        "identifiers": {"email": "email"},
        "triggers": CLOSED,
    },
    "visits": {"data": "visit", "person": {"via": "person", "to": "people"}, "triggers": {"seen": "at"}},
}
PROMISES = [retention("T-RET-01", "account", "closed", "P3Y"), retention("T-RET-02", "visit", "seen", "P1Y")]


def made(folder: Path, url: str, *statements: str, key: str = "INTEGER", places: Any = None) -> TestProject:
    company = project(folder, url, policy(PROMISES), places or PLACES)
    company.run(*statements)
    if "visits" in (places or PLACES):
        company.run(
            f"CREATE TABLE visits (id INTEGER PRIMARY KEY, person {key} REFERENCES people (id), at DATE)"
        )
    return company


def copied(company: TestProject, key: Any) -> str:
    """The copy of one person as JSON."""
    with company.opened() as opened:
        rows = [row for held in copy_of(opened.stores, [Person("app.people", (key,))]) for row in held.rows]
    return " ".join(to_json(value) for row in rows for value in row)


def on(store_url: str, kind: str) -> None:
    if not store_url.startswith(kind):
        pytest.skip(f"a value of {kind}")


POSTGRES = (
    ("timestamptz", "'infinity'", '"infinity"'),
    ("timestamptz", "'-infinity'", '"-infinity"'),
    ("timestamp", "'12345-06-07 08:09:10'", '"12345-06-07 08:09:10"'),
    ("date", "'0044-03-15 BC'", '"0044-03-15 BC"'),
    ("time", "'24:00'", '"24:00:00"'),
    ("timetz", "'24:00+02'", '"24:00:00+02"'),
    ("interval", "'1 year 2 mons 3 days 04:05:06'", '"1 year 2 mons 3 days 04:05:06"'),
    ("interval", "'26 hours 4 seconds'", '"PT26H0M4S"'),
    ("daterange", "'[2020-01-01,infinity)'", '"[2020-01-01,infinity)"'),
    ("date[]", "'{infinity,2020-01-01}'", '["infinity", "2020-01-01"]'),
    ("numeric", "'NaN'", '"NaN"'),
    ("jsonb", "'{\"n\": 1e400}'", f'{{"n": 1{"0" * 400}}}'),
    ("json", "'{\"n\": 1.5e400}'", '{"n": "1.5e400"}'),
)
MARIADB = (
    ("TIME", "'26:00:04'", '"26:00:04"'),
    ("TIME", "'-838:59:59'", '"-838:59:59"'),
    ("TIME(3)", "'-00:00:01.500'", '"-00:00:01.500000"'),
    ("TIME", "'14:30:00'", '"14:30:00"'),
    ("DATE", "'2020-00-00'", '"2020-00-00"'),
    ("DATETIME", "'0000-00-00'", '"0000-00-00 00:00:00"'),
    ("INET6", "'2001:db8::1'", '"2001:db8::1"'),
    ("YEAR", "1985", "1985"),
)
SQLITE = (
    ("TEXT", "CAST(x'4cff61' AS TEXT)", '"L\udcffa"'),
    ("INTEGER", "9223372036854775807", "9223372036854775807"),
    ("REAL", "9e999", '"inf"'),
)


@pytest.mark.parametrize(
    ("kind", "type_", "value", "shown"),
    [
        (kind, *one)
        for kind, all_ in (("postgres", POSTGRES), ("mariadb", MARIADB), ("sqlite", SQLITE))
        for one in all_
    ],
)
def test_a_value_that_no_type_of_ours_holds_is_copied_as_its_text(
    tmp_path: Path, store_url: str, kind: str, type_: str, value: str, shown: str
) -> None:
    on(store_url, kind)
    company = made(
        tmp_path,
        store_url,
        f"CREATE TABLE people (id INTEGER PRIMARY KEY, email VARCHAR(60), odd {type_} NULL, closed DATE)",
        f"INSERT INTO people VALUES (1, '{ADDRESS}', {value}, NULL)",
    )
    assert shown in copied(company, 1)


_UUID = str(uuid.UUID(int=7))
KEYS = {
    "sqlite": (("TEXT", "'é-1'"), ("BLOB", "x'00ff'")),
    "postgres": (
        ("bytea", "'\\x00ff'"),
        ("uuid", f"'{_UUID}'"),
        ("date", "'2020-01-02'"),
        ("numeric(9,2)", "'4.50'"),
        ("text", "'é-1'"),
    ),
    "mariadb": (
        ("BINARY(16)", f"x'{7:032x}'"),
        ("UUID", f"'{_UUID}'"),
        ("VARCHAR(20)", "'é-1'"),
        ("DATE", "'2020-01-02'"),
        ("DECIMAL(9,2)", "'4.50'"),
    ),
}


@pytest.mark.parametrize(("kind", "type_", "key"), [(k, *one) for k, all_ in KEYS.items() for one in all_])
def test_a_request_that_was_begun_goes_on_whatever_the_type_of_the_key(
    tmp_path: Path, store_url: str, kind: str, type_: str, key: str
) -> None:
    on(store_url, kind)
    company = made(
        tmp_path,
        store_url,
        f"CREATE TABLE people (id {type_} NOT NULL PRIMARY KEY, email VARCHAR(60), closed DATE)",
        f"INSERT INTO people VALUES ({key}, '{ADDRESS}', NULL)",
        key=type_,
    )
    company.run(f"INSERT INTO visits VALUES (1, {key}, '2026-11-01')")
    office = Office(company, _FailsOnce())
    number = office.ask("access")
    with pytest.raises(RuntimeError):
        office.apply(number)
    assert office.apply(number).rows("copy") == 2
    number = office.ask("erasure")
    assert office.apply(number).rows("delete") == 2


class _FailsOnce(Words):
    """Packs a copy at the second attempt."""

    def __init__(self) -> None:
        self.failed = False

    def pack(self, to: Any, held: Any, policy: Any, **more: Any) -> Any:
        if not self.failed:
            self.failed = True
            raise RuntimeError
        return super().pack(to, held, policy, **more)


def test_a_column_of_an_enum_type_stops_no_erasure(tmp_path: Path, store_url: str) -> None:
    on(store_url, "postgres")
    company = made(
        tmp_path,
        store_url,
        "CREATE TYPE mood AS ENUM ('calm', 'cross')",
        "CREATE DOMAIN words AS text",
        "CREATE TABLE people (id INTEGER PRIMARY KEY, email VARCHAR(60), mood mood, said words, closed DATE)",
        f"INSERT INTO people VALUES (1, '{ADDRESS}', 'calm', 'a', NULL), (2, 'x@example.org', 'cross', 'b', NULL)",
    )
    office = Office(company)
    number = office.ask("erasure")
    assert office.apply(number).rows("delete") == 1
    assert "effacé" in office.answer(number)
    assert company.rows("SELECT id FROM people") == [(2,)]
    company.run("DROP TABLE visits", "DROP TABLE people", "DROP TYPE mood", "DROP DOMAIN words")


SETTINGS = {
    "postgres": (
        "datestyle = 'SQL, DMY'", "intervalstyle = 'sql_standard'", "bytea_output = 'escape'",
        "timezone = 'Asia/Tokyo'", "client_encoding = 'LATIN1'", "extra_float_digits = -5",
        "transform_null_equals = on", "quote_all_identifiers = on",
    ),
    "mariadb": (
        "sql_select_limit = 1", "sql_mode = 'ANSI_QUOTES,EMPTY_STRING_IS_NULL,PIPES_AS_CONCAT'",
        "sql_safe_updates = 1", "max_statement_time = 1",
        "sql_quote_show_create = 0", "time_zone = '+09:00'",
    ),
}  # fmt: skip


def test_what_a_server_sets_for_its_sessions_changes_nothing(tmp_path: Path, store_url: str) -> None:
    kind = "postgres" if store_url.startswith("postgres") else "mariadb"
    on(store_url, kind)
    span, raw = ("interval", "bytea") if kind == "postgres" else ("VARCHAR(20)", "BLOB")
    moment = "timestamptz" if kind == "postgres" else "TIMESTAMP NULL"
    company = made(
        tmp_path,
        store_url,
        f"CREATE TABLE people (id INTEGER PRIMARY KEY, email VARCHAR(60), f DOUBLE PRECISION, span {span}, raw {raw},"
        f" m {moment}, closed DATE)",
    )
    company.run("INSERT INTO people (id, email, closed) VALUES (2, 'old@example.org', '2020-01-01')")
    engine = company.engine()
    with engine.begin() as connection:
        insert = "INSERT INTO people VALUES (1, :a, 0.1234567890123456, '26:00:00', :raw, '2026-11-01 10:00:00', NULL)"
        connection.execute(sa.text(insert), {"a": ADDRESS, "raw": b"\x00\xff"})
    company.run("INSERT INTO visits VALUES (1, 1, '2026-11-01'), (2, 1, '2026-11-02'), (3, 1, '2019-11-02')")
    calm = copied(company, 1)
    changed = list(_changed(company, kind))
    try:
        assert copied(company, 1) == calm
        assert "0.1234567890123456" in calm
        company.apply(allow={"app.people": 5, "app.visits": 5})
    finally:
        _restore(company, kind, changed)
    assert company.rows("SELECT id FROM people") == [(1,)]
    assert sorted(company.rows("SELECT id FROM visits")) == [(1,), (2,)]


def _changed(company: TestProject, kind: str) -> Any:
    database = sa.make_url(company.url).database
    for setting in SETTINGS[kind]:
        name = setting.partition(" ")[0]
        if kind == "mariadb":
            (before,) = company.rows(f"SELECT @@global.{name}")
            company.run(f"SET GLOBAL {setting}")
            yield name, before[0]
        else:
            company.run(f'ALTER DATABASE "{database}" SET {setting}')
            yield name, None


def _restore(company: TestProject, kind: str, changed: list[tuple[str, Any]]) -> None:
    database = sa.make_url(company.url).database
    for name, before in changed:
        if kind == "mariadb":
            text = before if isinstance(before, int | float) else f"'{before}'"
            company.run(f"SET GLOBAL {name} = {text}")
        else:
            company.run(f'ALTER DATABASE "{database}" RESET {name}')
