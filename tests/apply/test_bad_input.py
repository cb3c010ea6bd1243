"""Bad input and bad days: a clear sentence, the right exit code, and nothing changed."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import yaml
from click.testing import CliRunner

import warmed
from projects import TestProject, policy, project, retention
from servanda.cli import command
from servanda.errors import ServandaError

PROMISES = [retention("T-RET-01", "visit", "visit", "P1Y", owner="ops")]
PLACES = {"visits": {"data": "visit", "person": "none", "triggers": {"visit": "at"}}}


@pytest.fixture
def found(tmp_path: Path, fresh_url: Any) -> TestProject:
    made = project(tmp_path / "p", fresh_url("sqlite"), policy(PROMISES), PLACES)
    made.run(
        "CREATE TABLE visits (id INTEGER PRIMARY KEY, at DATE, who TEXT)",
        "CREATE INDEX visits_at ON visits (at)",
        "INSERT INTO visits VALUES (1,'2020-01-01','jean.martin'),(2,'2021-01-01','x')",
        "INSERT INTO visits VALUES (3,'2026-11-01','y'),(4,NULL,'z')",
    )
    return made


def servanda(found: TestProject, *arguments: str, **more: Any) -> subprocess.CompletedProcess[str]:
    return warmed.servanda(
        "-C", str(found.folder), *arguments, environment=os.environ | {"NO_COLOR": "1"} | more
    )


def edit(found: TestProject, name: str, change: Any) -> None:
    path = found.folder / name
    document = yaml.safe_load(path.read_text())
    change(document)
    path.write_text(yaml.safe_dump(document, sort_keys=False))


def untouched(found: TestProject) -> bool:
    return len(found.rows("SELECT id FROM visits")) == 4


def refused(result: subprocess.CompletedProcess[str], code: int, *words: str) -> None:
    said = result.stdout + result.stderr
    assert result.returncode == code, said
    assert "Traceback" not in said
    assert "jean.martin" not in said
    for word in words:
        assert re.search(word, said), f"{word!r} is not in:\n{said}"


def saved_plan(found: TestProject) -> Path:
    result = servanda(found, "plan", "--json")
    assert result.returncode == 0, result.stderr
    return Path(json.loads(result.stdout)["saved"])


def test_malformed_yaml_says_where(found: TestProject) -> None:
    (found.folder / "policy.yaml").write_text("servanda: 1\n  title: [\n")
    refused(servanda(found, "plan"), 2, r"policy\.yaml:\d+:\d+", "YAML")


def test_an_unknown_key_suggests_the_right_one(found: TestProject) -> None:
    edit(found, "policy.yaml", lambda d: d["promises"][0]["enforced"][0].update(activ="P1Y"))
    refused(servanda(found, "plan"), 2, r"policy\.yaml:\d+:\d+", "activ", "did you mean “active”")


def test_a_period_in_words_suggests_its_iso_form(found: TestProject) -> None:
    edit(found, "policy.yaml", lambda d: d["promises"][0]["enforced"][0].update(active="2 ans"))
    refused(servanda(found, "plan"), 2, "2 ans", "P2Y")


def test_an_unbound_trigger_is_an_error(found: TestProject) -> None:
    edit(found, "stores.yaml", lambda d: d["stores"]["app"]["places"]["visits"].update(triggers={}))
    refused(servanda(found, "check"), 1, "unbound-trigger", "visit", r"stores\.yaml:\d+")
    assert "app.visits" in servanda(found, "plan").stdout
    refused(servanda(found, "promises"), 1, "broken")
    assert untouched(found)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"table": "visit"}, "no table visit"),
        ({"triggers": {"visit": "seen"}}, "no column seen"),
        ({"triggers": {"visit": "who"}}, "ISO 8601"),
        ({"triggers": {"visit": "id"}}, "epoch"),
    ],
)
def test_what_is_declared_but_not_there(found: TestProject, change: dict[str, Any], words: str) -> None:
    edit(found, "stores.yaml", lambda d: d["stores"]["app"]["places"]["visits"].update(change))
    refused(servanda(found, "check"), 1, words)
    refused(servanda(found, "apply", "--yes"), 0)
    assert untouched(found)


def test_future_and_missing_dates_are_left_and_told(found: TestProject) -> None:
    found.run("INSERT INTO visits VALUES (5,'2099-01-01','f'),(6,'0000-00-00','g')")
    result = servanda(found, "plan")
    assert re.search(r"app\.visits\s+2 rows\s+no visit", result.stdout), result.stdout
    assert servanda(found, "apply", "--yes").returncode == 0
    assert sorted(r[0] for r in found.rows("SELECT id FROM visits")) == [3, 4, 5, 6]


def test_a_database_that_is_down(found: TestProject) -> None:
    Path(found.url.removeprefix("sqlite:///")).rename(found.folder / "gone")
    refused(servanda(found, "plan"), 2, "app", "no file")
    result = servanda(found, "promises", "--json")
    assert {p["state"] for p in json.loads(result.stdout)["promises"]} == {"at_risk"}


def test_a_server_that_is_down(found: TestProject) -> None:
    edit(found, "stores.yaml", lambda d: d["stores"]["app"].update(url="postgresql://nobody@127.0.0.1:1/app"))
    refused(servanda(found, "plan"), 2, "does not answer")
    edit(found, "stores.yaml", lambda d: d["stores"]["app"].update(url="mariadb://nobody@127.0.0.1:1/app"))
    refused(servanda(found, "plan"), 2, "does not answer")


def test_a_read_only_database(found: TestProject) -> None:
    path = Path(found.url.removeprefix("sqlite:///"))
    edit(
        found,
        "stores.yaml",
        lambda d: d["stores"]["app"].update(url=f"sqlite:///file:{path}?mode=ro&uri=true"),
    )
    result = servanda(found, "apply", "--yes")
    assert result.returncode in (2, 3), result.stdout + result.stderr
    assert untouched(found)


def test_a_stale_plan(found: TestProject) -> None:
    plan = saved_plan(found)
    edit(found, "policy.yaml", lambda d: d["promises"][0]["enforced"][0].update(active="P2Y"))
    refused(servanda(found, "apply", str(plan), "--yes"), 3, "stale", "the policy changed")
    assert untouched(found)


def test_a_plan_that_was_edited(found: TestProject) -> None:
    plan = saved_plan(found)
    content = json.loads(plan.read_text())
    content["steps"][0]["rows"] = 999
    plan.write_text(json.dumps(content))
    refused(servanda(found, "apply", str(plan), "--yes"), 3, "changed after it was made")
    assert untouched(found)


def test_a_plan_is_refused_after_a_day(found: TestProject) -> None:
    from projects import NOW
    from servanda.errors import Refused
    from servanda.plan.plan import load

    path = found.plan(NOW).save(found.folder / "plans")
    with pytest.raises(Refused, match="over 24 hours"):
        found.apply(NOW + timedelta(hours=25), saved=load(path))
    assert found.apply(NOW + timedelta(hours=23), saved=load(path)).whole


def test_a_hold_makes_a_plan_stale(found: TestProject) -> None:
    plan = saved_plan(found)
    arguments = ["--kind", "litigation", "--where", "app.visits.id=1", "--case", "C", "--reason", "r"]
    placed = servanda(found, "hold", "place", *arguments, "--review", "2099-01-01")
    assert placed.returncode == 0, placed.stderr
    refused(servanda(found, "apply", str(plan), "--yes"), 3, "the holds changed")
    assert untouched(found)


def test_a_table_that_was_swapped(found: TestProject) -> None:
    plan = saved_plan(found)
    found.run("ALTER TABLE visits RENAME TO old", "CREATE TABLE visits (id INTEGER PRIMARY KEY, at DATE)")
    found.run("INSERT INTO visits SELECT id, at FROM old")
    refused(servanda(found, "apply", str(plan), "--yes"), 3, "the tables of store “app” changed")
    assert untouched(found)


def test_a_tampered_ledger(found: TestProject) -> None:
    saved_plan(found)
    connection = sqlite3.connect(found.folder / "servanda.db")
    newest = "(SELECT max(number) FROM servanda_body)"
    connection.execute(f"UPDATE servanda_body SET text = text || ' ' WHERE number = {newest}")
    connection.commit()
    connection.close()
    refused(servanda(found, "apply", "--yes"), 3, "does not verify")
    assert untouched(found)


def test_a_missing_key(found: TestProject) -> None:
    shutil.rmtree(os.environ["SERVANDA_VAULT"])
    refused(servanda(found, "apply", "--yes"), 2, "keys")
    assert untouched(found)


def test_no_terminal_and_no_yes(found: TestProject) -> None:
    refused(servanda(found, "apply"), 3, "--yes")
    assert untouched(found)


def test_too_much_at_once_needs_to_be_allowed(found: TestProject) -> None:
    found.run(*[f"INSERT INTO visits VALUES ({i}, '2020-01-01', 'q')" for i in range(10, 1300)])
    refused(servanda(found, "apply", "--yes"), 3, "over half", r"--allow app\.visits=1292")
    assert len(found.rows("SELECT id FROM visits")) == 1294
    assert servanda(found, "apply", "--yes", "--allow", "app.visits=1292").returncode == 0
    assert len(found.rows("SELECT id FROM visits")) == 2


def test_a_full_disk(found: TestProject) -> None:
    """Servanda's own database cannot grow: the page that cannot be recorded is not begun."""
    servanda(found, "plan")
    found.db.close()
    connection = sqlite3.connect(found.folder / "servanda.db")
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.close()

    def small(connection: Any, _: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages}")

    sa.event.listen(sa.Engine, "connect", small)
    try:
        for _ in range(60):  # until the pages that are there are full
            result = CliRunner().invoke(command, ["-C", str(found.folder), "plan"])
            if result.exit_code:
                break
    finally:
        sa.event.remove(sa.Engine, "connect", small)
    assert result.exit_code == 1
    assert isinstance(result.exception, ServandaError)
    assert "full" in result.exception.message
    assert untouched(found)


def test_a_password_in_the_document_is_refused(found: TestProject) -> None:
    edit(found, "stores.yaml", lambda d: d["stores"]["app"].update(url="postgresql://app:s3cret@db/app"))
    result = servanda(found, "plan")
    refused(result, 2, "a password stands in this document")
    assert "s3cret" not in result.stdout + result.stderr


def test_a_variable_that_is_not_set(found: TestProject) -> None:
    edit(found, "stores.yaml", lambda d: d["stores"]["app"].update(url="${SERVANDA_TEST_UNSET}"))
    refused(servanda(found, "plan"), 2, "SERVANDA_TEST_UNSET", "export")
