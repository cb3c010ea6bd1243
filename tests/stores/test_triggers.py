"""What triggers of the database write, and what row-level security hides, is read from real databases."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from database_servers import as_plain_role
from projects import policy, project, retention
from servanda.stores.shape import DatabaseTrigger, Table

WRITES = "INSERT INTO audit VALUES (OLD.id, OLD.email); UPDATE totals SET n = n + 1; -- DELETE FROM other\n"
BODY = f"BEGIN {WRITES} END"
TRIGGERS = {
    "sqlite": [f"CREATE TRIGGER gone AFTER DELETE ON people {BODY}"],
    "mariadb": [f"CREATE TRIGGER gone AFTER DELETE ON people FOR EACH ROW {BODY}"],
    "postgres": [
        f"CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {WRITES} RETURN OLD; END $$",
        "CREATE TRIGGER gone AFTER DELETE ON people FOR EACH ROW EXECUTE FUNCTION f()",
    ],
}
PEOPLE = {"people": {"data": "account", "person": "self", "triggers": {"closed": "closed_on"}}}


def people(folder: Path, url: str, *script: str, plain: bool = False) -> Table:
    found = project(folder, url, policy([retention("X-RET-01", "account", "closed", "P1Y")]), PEOPLE)
    found.run(
        "CREATE TABLE people (id INTEGER PRIMARY KEY, email VARCHAR(50), closed_on DATE)",
        "CREATE TABLE audit (id INTEGER, email VARCHAR(50))",
        "CREATE TABLE totals (n INTEGER)",
        "CREATE TABLE other (n INTEGER)",
    )
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        for statement in script:
            connection.exec_driver_sql(statement)
    engine.dispose()
    if plain:
        as_plain_role(url)
    with found.opened() as opened:
        return opened.stores.binding.places["app.people"].table


@pytest.mark.parametrize("kind", ["sqlite", "postgres", "mariadb"])
def test_a_trigger_says_which_other_tables_it_writes(kind: str, tmp_path: Path, fresh_url: Any) -> None:
    table = people(tmp_path, fresh_url(kind), *TRIGGERS[kind])
    assert table.database_triggers == (DatabaseTrigger("gone", ("audit", "totals"), frozenset({"DELETE"})),)


ALL = "CREATE POLICY p ON people USING (true)"


@pytest.mark.parametrize(
    ("policies", "hidden"),
    [
        ([], True),
        (["CREATE POLICY p ON people USING (id < 5)"], True),
        ([ALL], False),
        ([ALL, "CREATE POLICY q ON people AS RESTRICTIVE USING (id < 5)"], True),
        (["CREATE POLICY p ON people FOR SELECT USING (true)"], True),
        (["CREATE POLICY p ON people TO pg_monitor USING (true)"], True),
    ],
)
def test_policies_hide_rows_unless_one_shows_them_all(
    policies: list[str], hidden: bool, tmp_path: Path, fresh_url: Any
) -> None:
    script = [*policies, "ALTER TABLE people ENABLE ROW LEVEL SECURITY"]
    assert people(tmp_path, fresh_url("postgres"), *script, plain=True).hidden is hidden
