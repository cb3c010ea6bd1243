"""Each example from its first plan to its proof, on each of the three databases.

What must be due, and what every row must hold afterwards, the oracle tells from the same
data in SQLite; so that the databases agree with it, and with each other.
"""

from __future__ import annotations

import gzip
import importlib
import json
import re
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from examples.dates import Period, first_kept
from oracle_rules import HOLDS, PARIS, RULES, TALLINN
from test_oracle import Tables, read, swept

from generated import build
from servanda.cli import command

ROOT = Path(__file__).resolve().parents[2]
STATES = {"kept", "not_yet"}
KINDS = ("retention", "archive", "anonymise", "hold")
ARCHIVING = {"KSAAR-RET-04", "KSAAR-ARC-01", "XSIOR-RET-01", "SOCIATEX-ARC-01", "SOCIATEX-RET-02"}
"""The promises that archive; after the first sweep they are kept."""
CASES = [
    pytest.param(example, kind, marks=pytest.mark.xdist_group(f"examples-{kind}"), id=f"{example}-{kind}")
    for kind in ("sqlite", "postgres", "mariadb")
    for example in RULES
]


class Company:
    """An example in a folder, its commands, and its database of one kind."""

    def __init__(self, example: str, url: str, folder: Path) -> None:
        self.example, self.url, self.folder = example, url, folder
        for document in ("policy.yaml", "stores.yaml"):
            shutil.copy(ROOT / "examples" / example / document, folder)

    def run(self, *args: str) -> str:
        result = CliRunner().invoke(command, ["-C", str(self.folder), *args], standalone_mode=False)
        if result.exception is not None:
            raise result.exception
        told = (None, 0, 1) if args[0] == "promises" else (None, 0)  # each text breaks promises of its own
        assert result.return_value in told, result.output
        return result.stdout

    def json(self, *args: str) -> Any:
        return json.loads(self.run(*args, "--json"))

    def rows(self) -> dict[str, Counter[str]]:
        """Every row of every table, as text, as often as it occurs."""
        metadata = importlib.import_module(f"examples.{self.example}.schema").metadata
        engine = sa.create_engine(self.url)
        with engine.connect() as connection:
            found = {
                t.name: Counter(map(_text, connection.execute(t.select()).mappings()))
                for t in metadata.sorted_tables
            }
        engine.dispose()
        return found


def _text(row: Any) -> str:
    same = {c: float(v) if isinstance(v, int | float) else v for c, v in row.items()}
    return json.dumps(same, sort_keys=True, default=str)


def written(path: Path, tables: Tables) -> None:
    """Write the rows of the oracle into the SQLite file that they were read from."""
    connection = sqlite3.connect(path)
    for table, rows in tables.items():
        connection.execute(f'DELETE FROM "{table}"')
        for at, row in rows.items():
            columns = ", ".join(f'"{c}"' for c in row)
            marks = ", ".join("?" for _ in row)
            values = (at, *row.values())
            connection.execute(f'INSERT INTO "{table}" (rowid, {columns}) VALUES (?, {marks})', values)
    connection.commit()
    connection.close()


@pytest.mark.parametrize(("example", "kind"), CASES)
def test_from_plan_to_proof(
    example: str,
    kind: str,
    fresh_url: Callable[[str], str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    zone = TALLINN if example == "xmserver" else PARIS
    today = datetime.now(zone).date()
    url, twin = fresh_url(kind), tmp_path / "twin.db"
    build(example, url, today)
    build(example, f"sqlite:///{twin}", today)
    monkeypatch.setenv(f"{example.upper()}_DATABASE_URL", url)
    company = Company(example, url, tmp_path)
    before = read(twin)
    after = swept(example, before, before, today, None)
    lines, lines_left = logged(tmp_path), logged(tmp_path, first_kept(today, Period(years=1)))
    company.run("keys", "init")
    for person in HOLDS[example]:
        hold = ("--kind", "litigation", "--person", person, "--case", "T 1", "--reason", "a lawsuit")
        company.run("hold", "place", *hold, "--review", "2099-01-01")

    plan = company.json("plan")
    assert plan["left_out"] == []
    due = {table: len(rows) - len(after[table]) for table, rows in before.items()}
    planned: Counter[str] = Counter()  # a table may hold several places
    for step in plan["steps"]:
        if step["action"] == "delete" and step["store"] == "app":
            planned[step["table"]] += step["rows"]
    assert {t: n for t, n in planned.items() if n} == {t: n for t, n in due.items() if n}
    in_logs = sum(s["rows"] for s in plan["steps"] if s["store"] != "app")
    assert in_logs == sum(map(len, lines.values())) - sum(map(len, lines_left.values()))
    assert bool(in_logs) == (example in STAMPS)
    emptied = {s["table"]: s["rows"] for s in plan["steps"] if s["action"] == "anonymise" and s["rows"]}
    assert emptied == {t: n for t in before if (n := changed(before[t], after[t]))}
    assert sum(s["held"] for s in plan["steps"]) > 0

    company.run(
        "apply",
        plan["saved"],
        "--yes",
        "--pace=full",
        *(f"--allow={s['place']}=100000" for s in plan["steps"]),
    )
    written(twin, after)
    wanted, found = Company(example, f"sqlite:///{twin}", tmp_path).rows(), company.rows()
    for table in RULES[example]:
        assert list((found[table] - wanted[table]).items())[:5] == [], f"{table}: left, or changed"
        assert list((wanted[table] - found[table]).items())[:5] == [], f"{table}: gone, or changed"

    assert logged(tmp_path) == lines_left
    again = company.json("plan")
    if datetime.now(zone).date() == today:  # after midnight another day is due
        assert [s["id"] for s in again["steps"] if s["rows"]] == []
    listed = company.json("promises")["promises"]
    enforced = [p for p in listed if p["kind"] in KINDS and p["keep"] == "enforce"]
    others = {p["id"]: p for p in enforced if p["state"] not in STATES}
    assert {p["state"] for p in others.values()} <= {"at_risk"}
    # A few rows of each example have no date: nothing of theirs ends, and no promise over them is called kept
    undated = {i for i, p in others.items() if "without a date never end" in p["why"]}
    assert bool(undated) == bool(again["without_end"])
    # XSIOR warns its inactive users a month before they end: until then they are overdue, and told as such
    waiting = {i for i, p in others.items() if "until the warning is old enough" in p["why"]}
    assert set(others) == undated | waiting
    assert bool(waiting) == (example == "xsior")
    archiving = {p["id"]: p for p in enforced if p["id"] in ARCHIVING}
    assert {i for i, p in archiving.items() if p["state"] != "kept"} <= undated
    for found_ in archiving.values():
        assert " → " in found_["where"]
        assert any("next key ends" in said for said in found_["evidence"]["archived"])
    if archiving:
        company.run("archive", "verify")
    company.run("ledger", "verify")


def logged(folder: Path, first: date | None = None) -> dict[str, list[str]]:
    """The lines of each log file that is not being written, or those that lie on a day or later."""
    found = {}
    for path in sorted(folder.glob("logs/*/*.log?*")):
        text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        kept, day = [], date.min
        for line in text.decode().splitlines():
            stamp = next((read(line) for form, read in STAMPS.values() if re.match(form, line)), None)
            day = stamp.astimezone(PARIS).date() if stamp else day
            kept += [line] if first is None or day >= first else []
        if kept:
            found[path.name] = kept
    return found


STAMPS: dict[str, tuple[str, Callable[[str], datetime]]] = {
    "exograd": (r"\S+ - ", lambda line: datetime.strptime(line.split("[")[1][:26], "%d/%b/%Y:%H:%M:%S %z")),
    "xsior": (r"\{", lambda line: datetime.fromisoformat(json.loads(line)["timestamp"])),
    "sociatex": (r"\d{4}-", lambda line: datetime.fromisoformat(line.split()[0])),
}
"""How a line of each example's logs begins, and when it was written."""


def changed(before: dict[int, dict[str, Any]], after: dict[int, dict[str, Any]]) -> int:
    """How many rows stay and hold other values."""
    return sum(before[at] != row for at, row in after.items())
