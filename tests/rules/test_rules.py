"""Every rule's manual is its test: the bad example is found, at its spot, and the good one is not."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa

from database_servers import as_plain_role
from servanda.persons.holds import Hold
from servanda.policy import yamlfile
from servanda.policy.policy import load_policy
from servanda.rules import Finding, Rule, View, all_rules, findings
from servanda.rules.engine.manual import Example, manual
from servanda.stores.binding.open_stores import open_stores
from servanda.stores.document.document import load_stores

TODAY = date(2026, 11, 22)
RULES = all_rules()

GOOD = (Path(__file__).parent / "good.yaml").read_text()
"""A policy in which no rule finds anything; examples replace or add whole sections of it."""
ADDED = ("categories", "audiences")
"""Sections to which an example adds; of every other one it writes the whole."""


def sections(text: str) -> dict[str, str]:
    """The top-level sections of a document by key, each with its key."""
    found = re.split(r"^(?=[a-z_]+:)", text, flags=re.MULTILINE)
    return {part.split(":", 1)[0]: part for part in found if re.match(r"[a-z_]+:", part)}


def policy_text(fragment: str) -> str:
    """The good policy with the sections of an example in the place of its own."""
    made = sections(GOOD)
    for key, text in sections(fragment).items():
        if key in ADDED:
            made[key] += text.split("\n", 1)[1]
        elif text.split(":", 1)[1].strip() == "null":
            del made[key]
        else:
            made[key] = text
    return "".join(made.values())


def view_of(folder: Path, example: Example, url: str, stack: ExitStack) -> View:
    (folder / "policy.yaml").write_text(policy_text(example.parts.get("policy.yaml", "")))
    policy = load_policy(folder / "policy.yaml")
    holds = yamlfile.parse(example.parts.get("holds.yaml", "[]"), "holds.yaml").data
    made = tuple(hold(i, h["kind"], h["review_on"]) for i, h in enumerate(holds, 1))
    logs = [name for name in example.parts if ".log" in name]
    for name in logs:
        (folder / "logs").mkdir(exist_ok=True)
        (folder / "logs" / name).write_text(example.parts[name])
    if not logs and "app.sql" not in example.parts:
        return View(policy, TODAY, holds=made)
    if "app.sql" in example.parts:
        execute(url, example.parts["app.sql"])
        if url.startswith("postgresql"):
            as_plain_role(url)
    stores_text, archives = example.parts["stores.yaml"], ""
    if stores_text.startswith("archives:"):  # they stand beside the stores
        archives, stores_text = stores_text.split("places:\n", 1)
        stores_text = f"places:\n{stores_text}"
    places = textwrap.indent(stores_text, "    ")
    (folder / "stores.yaml").write_text(
        f"servanda: 1\n{archives}stores:\n  app:\n    url: ${{APP_URL}}\n{places}"
    )
    stores = load_stores(folder / "stores.yaml")
    opened = stack.enter_context(open_stores(policy, stores, folder))
    return View(policy, TODAY, opened.binding, opened.sessions, made)


def hold(number: int, kind: str, review_on: str) -> Hold:
    return Hold(
        number, kind, "case", "why", "me", (), "2019-01-01", date.fromisoformat(review_on), None, None, 1
    )


def execute(url: str, script: str) -> None:
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        if url.startswith("sqlite"):
            connection.connection.driver_connection.executescript(script)  # type: ignore[union-attr]
        else:
            for statement in script.split(";\n"):
                if statement.strip():
                    connection.exec_driver_sql(statement)
    engine.dispose()


@pytest.fixture
def look(
    tmp_path: Path, fresh_url: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[Example], list[Finding]]]:
    with ExitStack() as stack:

        def run(example: Example) -> list[Finding]:
            kind = {"SQLite": "sqlite", "PostgreSQL": "postgres", "MariaDB": "mariadb"}[example.database]
            url = fresh_url(kind) if "app.sql" in example.parts else "files:logs"
            monkeypatch.setenv("APP_URL", url)
            return findings(view_of(tmp_path, example, url, stack))

        yield run


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_the_bad_example_is_found_at_its_spot(rule: Rule, look: Callable[[Example], list[Finding]]) -> None:
    bad = manual(rule).bad
    found = [f for f in look(bad) if f.rule == rule.code]
    assert found, f"{rule.code} does not find its own bad example"
    for finding in found:
        assert finding.at.file in ("policy.yaml", "stores.yaml")
        assert finding.at.line > 0
        assert finding.at.column > 0
        assert finding.message
        assert len(finding.message) < 200


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_the_good_example_is_not(rule: Rule, look: Callable[[Example], list[Finding]]) -> None:
    said = manual(rule)
    found = look(said.good.over(said.bad))
    assert [f for f in found if f.rule == rule.code] == []
    assert [f for f in found if f.severity == "error"] == [], "a good example must be good in every way"
