"""Apply does to the examples what the policies say, to the row: a second opinion, reached without the program.

All tables are read with plain sqlite3 before and after; what must lie there afterwards is
computed by `oracle_rules` and compared, every value of every row. The clock of the commands
is set, so that the same database is swept on two days, the second time with what the first
one left, remembered and warned.
"""

from __future__ import annotations

import shutil
import sqlite3
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from oracle_rules import HOLDS, PARIS, RULES, TALLINN, Dump, Ground, Row, Rule, World

from generated import build
from servanda.cli import command
from servanda.project import Project

ROOT = Path(__file__).resolve().parents[2]
LATER = timedelta(days=31)
Tables = dict[str, dict[int, Row]]
"""By table and rowid: a row keeps its rowid, and some tables have no other key."""


def read(path: Path) -> Tables:
    connection = sqlite3.connect(path)
    connection.row_factory = sqlite3.Row
    names = [n for (n,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    found: Tables = {}
    for name in names:
        rows = [dict(r) for r in connection.execute(f'SELECT rowid AS "#", * FROM "{name}"')]
        found[name] = {r.pop("#"): r for r in rows}
    connection.close()
    return found


def dump(tables: Tables) -> Dump:
    return Dump({name: list(rows.values()) for name, rows in tables.items()})


def over(rule: Rule, grounds: list[Ground], row: Row, world: World) -> bool:
    days = [ground(row, world) for ground in grounds]
    return bool(days) and not rule.held(row, world) and all(d is not None and d < world.today for d in days)


def pointed(rule: Rule, row: Row, left: Dump) -> bool:
    for child in rule.children:
        at, _, condition = child.partition(" if ")
        table, column = at.split(".")
        name, _, value = condition.partition(" = ")
        if any(not name or c[name] == value for c in left.by(table, column, row["id"])):
            return True
    return False


def swept(example: str, first: Tables, before: Tables, today: date, warned_on: date | None) -> Tables:
    """What must lie in the database after a sweep."""
    world = World(dump(first), dump(before), today, warned_on)
    after = {name: {at: dict(row) for at, row in rows.items()} for name, rows in before.items()}
    for table, rule in RULES[example].items():
        left = dump(after)
        for at, row in before[table].items():
            if over(rule, rule.last, row, world) and not pointed(rule, row, left):
                del after[table][at]
                for loose in rule.loosens:
                    child, column = loose.split(".")
                    for other in left.by(child, column, row["id"]):
                        other[column] = None
                continue
            for column, (value, grounds) in rule.empties.items():
                if over(rule, grounds, row, world):
                    after[table][at][column] = value
    return after


class Sweeper:
    """An example in a folder of its own, with a hold, whose clock is set by hand."""

    def __init__(self, example: str, today: date, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.zone: ZoneInfo = TALLINN if example == "xmserver" else PARIS
        self.folder, self.path, self.patch = folder, folder / f"{example}.db", monkeypatch
        for document in ("policy.yaml", "stores.yaml"):
            shutil.copy(ROOT / "examples" / example / document, folder)
        build(example, f"sqlite:///{self.path}", today)
        self.run("keys", "init")
        for person in HOLDS[example]:
            hold = (
                "hold",
                "place",
                "--kind",
                "litigation",
                "--person",
                person,
                "--case",
                "T 1",
                "--reason",
                "suit",
            )
            self.run(*hold, "--review", "2099-01-01")

    def run(self, *args: str) -> None:
        assert command.main(["-C", str(self.folder), *args], standalone_mode=False) in (None, 0)

    def sweep(self, today: date) -> Tables:
        noon = datetime.combine(today, time(12), self.zone)
        self.patch.setattr(Project, "now", property(lambda self: noon))
        self.run("apply", "--yes", "--pace=full", *(f"--allow={place}=100000" for place in self.places()))
        return read(self.path)

    def places(self) -> list[str]:
        return list(Project(self.folder).stores_document.places())


def differences(wanted: Tables, found: Tables) -> list[str]:
    said = []
    for table, rows in wanted.items():
        there = found[table]
        said += [f"{table} {at}: is gone too early: {row}" for at, row in rows.items() if at not in there]
        said += [f"{table} {at}: is left: {row}" for at, row in there.items() if at not in rows]
        said += [
            f"{table} {at}: {c} is {there[at][c]!r}, not {row[c]!r}"
            for at, row in rows.items()
            if at in there
            for c in row
            if there[at][c] != row[c] or type(there[at][c]) is not type(row[c])
        ]
    return said


@pytest.mark.parametrize("day", ["today", "2028-02-29"])
@pytest.mark.parametrize("example", RULES)
def test_apply_leaves_exactly_what_may_stay(
    example: str, day: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(f"{example.upper()}_DATABASE_URL", raising=False)
    really = datetime.now(TALLINN if example == "xmserver" else PARIS).date()
    today = really if day == "today" else date.fromisoformat(day)
    sweeper = Sweeper(example, today, tmp_path, monkeypatch)
    first = read(sweeper.path)
    assert set(first) == set(RULES[example]), "each table has a rule"

    once = sweeper.sweep(today)
    wanted = swept(example, first, first, today, None)
    assert differences(wanted, once)[:20] == []
    assert sum(map(len, once.values())) < sum(map(len, first.values())), "something ended"

    again = sweeper.sweep(today + LATER)
    assert differences(swept(example, first, once, today + LATER, today), again)[:20] == []
    if example == "xsior":
        assert len(again["users"]) < len(once["users"]), "who was warned and stayed away ended"
