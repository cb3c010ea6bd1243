"""What a row is: its own columns and no others, not the rows of tables that inherit, and the copies of it elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from checked import findings, standing
from office import LAW, Office
from projects import TestProject, policy, project, retention
from servanda.errors import Refused

OLD, NEW = "'2020-01-01'", "NULL"
MEMBERS: dict[str, Any] = {
    "data": "account",
    "person": "self",
    "identifiers": {"email": "email"},
    "triggers": {"left": {"column": "left_on", "open": None}},
}
PROMISES = [retention("T-RET-01", "account", "left", "P3Y")]
BOTH = [(1, "ada@example.com", OLD), (2, "bo@example.com", NEW)]


def made(folder: Path, url: str, *statements: str, places: dict[str, Any] | None = None) -> TestProject:
    company = project(folder, url, policy(PROMISES), places or {"members": MEMBERS})
    company.run(*statements)
    return company


def members(*more: str, options: str = "") -> tuple[str, ...]:
    """A table of two members, one of whom left long ago."""
    columns = ", ".join(["id INTEGER PRIMARY KEY", "email VARCHAR(80)", "left_on DATE", *more])
    rows = ", ".join(f"({key}, '{mail}', {day})" for key, mail, day in BOTH)
    return (
        f"CREATE TABLE members ({columns}){options}",
        "CREATE INDEX members_left ON members (left_on)",
        f"INSERT INTO members (id, email, left_on) VALUES {rows}",
    )


def ids(company: TestProject, table: str = "members") -> list[int]:
    return [key for (key,) in company.rows(f"SELECT id FROM {table} ORDER BY id")]


def erase(company: TestProject, about: str) -> str | None:
    """Ask for erasure. Returns the letter, or None if the request was refused."""
    office = Office(company)
    number = office.ask("erasure", about, language="en")
    try:
        office.apply(number)
    except Refused:
        return None
    return office.answer(number)


# -- columns that no category names -----------------------------------------------------------


REMARKS = [retention("T-RET-01", "remarks", "written", "P1Y")]


def cards(folder: Path, url: str, at_end: dict[str, Any], data: list[str]) -> TestProject:
    place = {
        "data": {"remarks": data},
        "person": "none",
        "triggers": {"written": "written_on"},
        "at_end": at_end,
    }
    company = project(folder, url, policy(REMARKS), {"cards": place})
    company.run(
        "CREATE TABLE cards (id INTEGER PRIMARY KEY, remark VARCHAR(40), pin VARCHAR(9), written_on DATE)",
        "CREATE INDEX written ON cards (written_on)",
        "INSERT INTO cards VALUES (1, 'rude', '1234', '2020-01-01'), (2, 'kind', '5678', '2026-11-01')",
    )
    return company


def test_only_the_columns_that_a_place_names_are_emptied(tmp_path: Path, store_url: str) -> None:
    company = cards(tmp_path / "p", store_url, {"remark": None}, ["remark"])
    company.apply()
    assert company.rows("SELECT id, remark, pin FROM cards ORDER BY id") == [
        (1, None, "1234"),
        (2, "kind", "5678"),
    ]
    assert standing(company) == {"T-RET-01": "kept"}


def test_where_nothing_says_how_they_are_emptied_nothing_ends_and_check_names_the_column(
    tmp_path: Path, store_url: str
) -> None:
    company = cards(tmp_path / "p", store_url, {}, ["remark"])
    assert findings(company, "pin") == {"SV467": "error"}
    company.apply()
    assert ids(company, "cards") == [1, 2]
    assert standing(company)["T-RET-01"] != "kept"


def test_a_row_all_of_whose_columns_are_named_goes(tmp_path: Path, store_url: str) -> None:
    company = cards(tmp_path / "p", store_url, {}, ["remark", "pin"])
    company.apply()
    assert ids(company, "cards") == [2]


# -- copies that the database keeps ------------------------------------------------------------


def test_rows_of_a_table_that_inherits_stay(tmp_path: Path, fresh_url: Any) -> None:
    """They are rows of their own table, with a law of their own."""
    staff = {"data": "wages", "person": "none", "key": "id", "triggers": {"hired": "hired_on"}}
    wages = retention("T-RET-02", "wages", "hired", "P50Y", limit="min", ground=LAW)
    company = project(
        tmp_path / "p",
        fresh_url("postgres"),
        policy([*PROMISES, wages]),
        {"members": MEMBERS, "staff": staff},
    )
    company.run(
        *members(),
        "CREATE TABLE staff (hired_on DATE) INHERITS (members)",
        "INSERT INTO staff VALUES (3, 'cy@example.com', '2020-01-01', '2019-01-01')",
        "INSERT INTO staff VALUES (4, 'bo@example.com', NULL, '2019-01-01')",
    )
    plan = company.plan()
    assert {s.place: s.rows for s in plan.steps if s.rows} == {"app.members": 1}
    company.apply()
    assert ids(company, "ONLY members") == [2]
    assert ids(company, "staff") == [3, 4]
    assert erase(company, "bo@example.com") is not None
    assert ids(company, "ONLY members") == []
    assert ids(company, "staff") == [3, 4]


def test_a_table_that_inherits_and_that_nobody_named_is_told(tmp_path: Path, fresh_url: Any) -> None:
    company = made(
        tmp_path / "p", fresh_url("postgres"), *members(), "CREATE TABLE guests () INHERITS (members)"
    )
    assert findings(company, "guests").get("SV466") is not None
    assert [place for place, _ in company.plan().copies] == ["app.members"]


def test_partitions_are_no_such_tables(tmp_path: Path, fresh_url: Any) -> None:
    company = made(
        tmp_path / "p", fresh_url("postgres"),
        "CREATE TABLE members (id INTEGER, email VARCHAR(80), left_on DATE, PRIMARY KEY (id))"
        " PARTITION BY RANGE (id)",
        "CREATE TABLE members_1 PARTITION OF members FOR VALUES FROM (0) TO (100)",
        *members()[1:],
    )  # fmt: skip
    assert company.plan().copies == ()
    company.apply()
    assert ids(company) == [2]


def test_history_that_the_database_keeps_stands_against_promise_and_letter(
    tmp_path: Path, fresh_url: Any
) -> None:
    company = made(tmp_path / "p", fresh_url("mariadb"), *members(options=" WITH SYSTEM VERSIONING"))
    assert "SV466" in findings(company, "members")
    company.apply()
    assert ids(company) == [2]
    assert standing(company) == {"T-RET-01": "at_risk"}
    assert company.rows("SELECT COUNT(*) FROM members FOR SYSTEM_TIME ALL WHERE id = 1") == [(1,)]
    assert erase(company, "bo@example.com") is None
    company.run("ALTER TABLE members DROP SYSTEM VERSIONING")
    assert standing(company) == {"T-RET-01": "kept"}
    assert "ERASED" in (erase(company, "bo@example.com") or "")


def test_a_materialised_view_is_renewed_by_sweep_and_erasure(tmp_path: Path, fresh_url: Any) -> None:
    company = made(
        tmp_path / "p", fresh_url("postgres"), *members(),
        "CREATE MATERIALIZED VIEW addresses AS SELECT email FROM members",
    )  # fmt: skip
    company.apply()
    assert company.rows("SELECT email FROM addresses") == [("bo@example.com",)]
    assert standing(company) == {"T-RET-01": "kept"}
    assert erase(company, "bo@example.com") is not None
    assert company.rows("SELECT email FROM addresses") == []


def test_a_full_text_table_over_another_is_renewed(tmp_path: Path, fresh_url: Any) -> None:
    company = made(
        tmp_path / "p", fresh_url("sqlite"), *members(),
        "CREATE VIRTUAL TABLE words USING fts5(email, content='members', content_rowid='id')",
        "INSERT INTO words(words) VALUES ('rebuild')",
    )  # fmt: skip
    company.apply()
    assert company.rows("SELECT rowid FROM words WHERE words MATCH 'ada'") == []
    assert company.rows("SELECT rowid FROM words WHERE words MATCH 'bo'") == [(2,)]
    assert erase(company, "bo@example.com") is not None
    assert company.rows("SELECT rowid FROM words WHERE words MATCH 'bo'") == []


def test_bytes_in_large_objects_hold_their_rows(tmp_path: Path, fresh_url: Any) -> None:
    """Gone with the row, the way to the bytes would be lost, and the bytes not."""
    company = made(
        tmp_path / "p", fresh_url("postgres"), *members("photo OID"),
        "UPDATE members SET photo = lo_from_bytea(0, email::bytea)",
    )  # fmt: skip
    assert findings(company, "photo").get("SV466") is not None
    company.apply()
    assert standing(company)["T-RET-01"] != "kept"
    assert erase(company, "bo@example.com") is None
    assert len(company.rows("SELECT DISTINCT loid FROM pg_largeobject")) == 2
    assert ids(company) == [1, 2]


def test_a_copy_of_rows_that_a_reference_makes_somebodys_is_named(tmp_path: Path, fresh_url: Any) -> None:
    """Nothing ends them but an erasure, and no `person` says whose they are."""
    letters = {"data": "note", "references": {"of": {"via": "member", "to": "members", "ownership": "owned"}}}
    written = policy(PROMISES)
    written["categories"]["note"] = {"says": {"en": "Notes"}, "audience": "customer"}
    company = project(
        tmp_path / "p", fresh_url("postgres"), written, {"members": MEMBERS, "letters": letters}
    )
    company.run(
        *members(),
        "CREATE TABLE letters (id INTEGER PRIMARY KEY, member INTEGER, scan OID)",
        "INSERT INTO letters VALUES (1, 1, lo_from_bytea(0, 'scan'::bytea))",
    )
    assert any(place == "app.letters" for place, _ in company.plan().copies)
    assert findings(company, "letters").get("SV466") is not None


# -- rows that point at each other, and rows elsewhere that would go along ---------------------


def test_rows_that_point_at_themselves_or_in_a_circle_are_emptied(tmp_path: Path, fresh_url: Any) -> None:
    place = MEMBERS | {"skeleton": True, "at_end": {"email": None}}
    company = made(
        tmp_path / "p", fresh_url("postgres"),
        "CREATE TABLE members (id INTEGER PRIMARY KEY, email VARCHAR(80), left_on DATE,"
        " brought_by INTEGER REFERENCES members (id))",
        "CREATE INDEX members_left ON members (left_on)",
        "CREATE INDEX members_by ON members (brought_by)",
        f"INSERT INTO members VALUES (1, 'a@example.com', {OLD}, 1), (2, 'b@example.com', NULL, 3),"
        f" (3, 'c@example.com', {OLD}, NULL), (4, 'd@example.com', {OLD}, NULL), (5, 'e@example.com', {OLD}, 4)",
        "UPDATE members SET brought_by = 5 WHERE id = 4",
        places={"members": place},
    )  # fmt: skip
    company.apply()
    assert company.rows("SELECT id FROM members WHERE email IS NOT NULL") == [(2,)]
    assert erase(company, "b@example.com") is not None
    assert company.rows("SELECT id FROM members WHERE email IS NOT NULL") == []


def test_nothing_goes_along_from_another_schema(tmp_path: Path, fresh_url: Any) -> None:
    company = made(
        tmp_path / "p", fresh_url("postgres"), *members(), "CREATE SCHEMA books",
        "CREATE TABLE books.bills (id INTEGER PRIMARY KEY, member INTEGER NOT NULL REFERENCES public.members (id)"
        " ON DELETE CASCADE)",
        "INSERT INTO books.bills VALUES (1, 1), (2, 2)",
    )  # fmt: skip
    with pytest.raises(Refused):
        company.apply()
    assert erase(company, "bo@example.com") is None
    assert ids(company, "books.bills") == [1, 2]
    assert ids(company) == [1, 2]
