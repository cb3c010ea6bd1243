"""Personal columns that nobody declared: planted, found, waived, and found again; on every kind of database."""

from __future__ import annotations

import importlib
import json
import shutil
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import generated
import projects
from servanda.cli import main
from servanda.stores.binding.coverage import seen
from servanda.stores.sql.store import SqlStore

EXAMPLES = Path(__file__).parents[2] / "examples"
VALUES = ("+33 1 99 00 12 34", "+33 1 99 00 56 78", "+33 2 61 91 00 00")

Check = Callable[..., list[dict[str, Any]]]


def run(url: str, *statements: str) -> None:
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


@pytest.fixture
def exograd(store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    made = importlib.import_module("examples.exograd.generate")
    generated.build("exograd", store_url, date(2026, 11, 22), 1)
    made.write_logs(tmp_path, date(2026, 11, 22))
    for document in ("policy.yaml", "stores.yaml"):
        shutil.copy(EXAMPLES / "exograd" / document, tmp_path)
    monkeypatch.setenv("EXOGRAD_DATABASE_URL", store_url)
    return store_url


@pytest.fixture
def check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Check:
    """`servanda check --json` of the folder; no value of a planted column is ever printed."""

    def run_it(rule: str, as_of: str = "2026-11-22") -> list[dict[str, Any]]:
        with pytest.raises(SystemExit):
            main(["-C", str(tmp_path), "check", "--json", "--select", rule, "--as-of", as_of])
        shown = capsys.readouterr()
        for value in VALUES:
            assert value not in shown.out + shown.err
        found: list[dict[str, Any]] = json.loads(shown.out)["findings"]
        return found

    return run_it


def about(findings: list[dict[str, Any]], column: str) -> list[dict[str, Any]]:
    return [finding for finding in findings if column in finding["message"]]


def test_a_planted_column_is_found_waived_and_found_again(exograd: str, tmp_path: Path, check: Check) -> None:
    assert about(check("SV440"), "accounts") == []
    run(
        exograd,
        "ALTER TABLE accounts ADD phone_number VARCHAR(30)",
        f"UPDATE accounts SET phone_number = '{VALUES[0]}' WHERE id > 5",
    )
    (found,) = about(check("SV440"), "accounts.phone_number")
    assert (found["severity"], found["verdict"]) == ("warning", "fails")
    assert "phone numbers" in found["message"]
    assert found["file"].endswith("stores.yaml")

    waiver = (
        "{rule: SV440, where: app.accounts.phone_number, because: a trial of call-backs, until: 2026-12-31}"
    )
    with (tmp_path / "stores.yaml").open("a") as file:
        file.write(f"\nwaivers:\n  - {waiver}\n")
    assert about(check("SV440"), "phone_number") == []
    assert about(check("SV440", "2026-12-31"), "phone_number") == []
    (again,) = about(check("SV440", "2027-01-01"), "phone_number")
    assert "waived until 2026-12-31: a trial of call-backs" in again["message"]


PLANTED = {
    "x1": (VALUES[0], "phone numbers"),
    "x2": ("planted@example.org", "e-mail addresses"),
    "x3": ("192.0.2.77", "IP addresses"),
    "x4": ("FR14 2004 1010 0505 0001 3M02 606", "bank accounts"),
    "x5": ("4111 1111 1111 1111", "payment cards"),
    "x6": ("2 55 08 14 168 025 38", "identity numbers"),
}


def test_columns_whose_names_say_nothing_are_known_by_their_values(exograd: str, check: Check) -> None:
    for column, (value, _) in PLANTED.items():
        run(
            exograd,
            f"ALTER TABLE subscriptions ADD {column} VARCHAR(60)",
            f"UPDATE subscriptions SET {column} = '{value}' WHERE id > 2",
        )
    findings = check("SV440")
    for column, (_, nature) in PLANTED.items():
        (found,) = about(findings, f"subscriptions.{column}")
        assert nature in found["message"]
        assert found["verdict"] == "fails"


def test_only_the_newest_rows_have_the_new_column(exograd: str, check: Check) -> None:
    run(
        exograd,
        "ALTER TABLE visits ADD x7 VARCHAR(60)",
        f"UPDATE visits SET x7 = '{VALUES[1]}' WHERE id > (SELECT m - 20 FROM (SELECT MAX(id) AS m FROM visits) t)",
    )
    assert len(about(check("SV440"), "visits.x7")) == 1


def test_a_new_table_is_told_once_with_what_is_personal_in_it(exograd: str, check: Check) -> None:
    run(
        exograd,
        "CREATE TABLE leads (id INTEGER PRIMARY KEY, email VARCHAR(90), x7 VARCHAR(30), stage VARCHAR(9))",
        f"INSERT INTO leads VALUES (1, 'a@example.org', '{VALUES[0]}', 'new'),"
        f" (2, 'b@example.org', '{VALUES[1]}', 'new'),"
        f" (3, 'c@example.org', '{VALUES[2]}', 'old')",
    )
    (found,) = about(check("SV440"), "leads")
    assert "email: e-mail addresses; x7: phone numbers" in found["message"]
    assert "stage" not in found["message"]


def test_a_table_that_is_said_to_hold_nothing_personal_is_believed_until_it_does(
    exograd: str, tmp_path: Path, check: Check
) -> None:
    run(exograd, "CREATE TABLE countries (code VARCHAR(2) PRIMARY KEY, name VARCHAR(90), note VARCHAR(90))")
    text = (tmp_path / "stores.yaml").read_text()
    (tmp_path / "stores.yaml").write_text(
        text.replace(
            "    timezone: UTC\n",
            "    timezone: UTC\n    not_personal: {countries: a list of countries}\n",
            1,
        )
    )
    assert check("SV441") == []
    run(
        exograd,
        "INSERT INTO countries VALUES ('FR', 'France', 'fr@example.org'), ('EE', 'Eesti', 'ee@example.org')",
    )
    (found,) = check("SV441")
    assert found["severity"] == "error"
    assert "note holds e-mail addresses" in found["message"]
    assert about(check("SV440"), "countries") == [], "one fact is said once"


def test_card_codes_are_found_in_any_table(exograd: str, check: Check) -> None:
    run(exograd, "ALTER TABLE invoices ADD card_cvv VARCHAR(4)")
    assert check("SV442") == [], "an empty column holds nothing"
    run(exograd, "UPDATE invoices SET card_cvv = '123' WHERE id <= 3")
    (found,) = check("SV442")
    assert found["severity"] == "error"
    assert "in 3 rows" in found["message"]


def test_many_columns_are_looked_at_in_one_statement_a_table(store_url: str, tmp_path: Path) -> None:
    """171 columns in under five seconds; each table is asked once, however many columns it has."""
    columns = ", ".join(f"c{i} VARCHAR(40)" for i in range(56))
    row = ", ".join(f"'value {i}'" for i in range(56))
    for table in ("one", "two", "three"):
        run(store_url, f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, {columns})")
        run(store_url, *(f"INSERT INTO {table} VALUES ({i}, {row})" for i in range(300)))
    policy = projects.policy([projects.retention("T-RET-01", "one", "event", "P1Y")])
    made = projects.project(tmp_path, store_url, policy, {"one": {"data": "one", "person": "none"}})
    with made.opened() as project:
        session = project.stores.sessions["app"]
        asked: list[str] = []
        assert isinstance(session.store, SqlStore)
        sa.event.listen(session.store.engine, "before_cursor_execute", lambda *a: asked.append(str(a[2])))
        began = time.monotonic()
        for there in session.store.shape.tables.values():
            assert seen(project.stores.binding, session, "app", there).columns == {}
        assert time.monotonic() - began < 5
    assert sum("FROM one" in statement or "FROM `one`" in statement for statement in asked) == 1
    assert all("LIMIT" in statement for statement in asked if "FROM one" in statement)
