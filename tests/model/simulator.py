"""Whole histories of generated companies: rows, promises, holds, days that pass, writes, sweeps and faults.

A seed is a history. It runs through the functions that the commands call; after each
step the database is compared with what `model.ends` says. What fails is shrunk by
leaving out steps, then rows, then tables, always in the same order.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from forked import die_at, fork
from model.ends import Key, Law, Link, Row, Stand, swept
from projects import TestProject, policy, project, retention
from servanda.database import Database
from servanda.persons.holds import HeldRows
from servanda.vault import Vault

FIRST = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
NAMES = ("people", "Order", "select", "odd name", "visits", "tbl_ü")
PERIODS = ("P6M", "P1Y", "P1M", "P30D", "P2Y")


@dataclass(frozen=True)
class Table:
    """A generated table; `to` is the table that it points at, maybe itself. `second` has a category of its own."""

    name: str
    natural: bool
    to: str | None
    rule: str
    limits: tuple[tuple[str, str, str, str, str], ...]
    """Category, trigger column, limit, period, ground."""
    second: bool
    skeleton: bool
    opened: bool


@dataclass(frozen=True)
class Act:
    """A step of a history. kind: sweep, jump, hold, lift, write, move."""

    kind: str
    table: str = ""
    key: Key = 0
    days: int = 0
    at: date | None = None
    fault: tuple[str, int] | None = None


@dataclass(frozen=True)
class History:
    seed: int
    tables: tuple[Table, ...]
    rows: tuple[tuple[str, Key, tuple[tuple[str, Any], ...]], ...]
    acts: tuple[Act, ...]


EMPTIED_LESS = True
"""Known: of a table that points at itself, a plan also counts as emptied rows whose last child goes in the same
sweep; they are whole until the next one deletes them. False shows it, with seed 57."""


class Disagreement(AssertionError):
    """The engine and the model say different things."""


# -- what is generated ---------------------------------------------------------------------------


def key_of(table: Table, number: int) -> Key:
    return f"k'{number}-é" if table.natural else number


def drawn(seed: int) -> History:
    """The history of a seed."""
    rng = random.Random(seed)
    tables: list[Table] = []
    for name in rng.sample(NAMES, rng.randint(1, 4)):
        second, limits = rng.random() < 0.4, []
        for category, column in (("first", "at"), ("second", "at2"))[: 2 if second else 1]:
            for _ in range(rng.choice([1, 1, 2])):
                kind = rng.choice(["max", "max", "min"])
                ground = rng.choice(["disputes", "accounts"])
                limits.append((category, column, kind, rng.choice(PERIODS), ground))
        to = rng.choice([None, name, *(t.name for t in tables), *(t.name for t in tables)])
        rule = rng.choice(["RESTRICT", "CASCADE", "SET NULL"])
        flags = (rng.random() < 0.3, to, rule, tuple(limits), second, rng.random() < 0.3, rng.random() < 0.3)
        tables.append(Table(name, *flags))
    rows: list[tuple[str, Key, tuple[tuple[str, Any], ...]]] = []
    keys: dict[str, list[Key]] = {}
    for table in tables:
        keys[table.name] = []
        for number in range(1, rng.randint(2, 7)):
            rows.append((table.name, key_of(table, number), tuple(row(rng, table, keys).items())))
            keys[table.name].append(key_of(table, number))
    acts = [act(rng, tables, keys) for _ in range(rng.randint(1, 5))]
    return History(seed, tuple(tables), tuple(rows), (*acts, Act("sweep")))


def day(rng: random.Random) -> date | None:
    """A day about the edge of a period, any day, a leap day, the end of a month, or none."""
    near = FIRST.date() - timedelta(
        days=rng.choice([30, 31, 181, 184, 365, 366, 730, 731]) + rng.randint(-2, 2)
    )
    far = FIRST.date() - timedelta(days=rng.randint(0, 1200))
    return rng.choice([None, near, near, far, date(2024, 2, 29), date(2026, 5, 31), FIRST.date()])


def row(rng: random.Random, table: Table, keys: dict[str, list[Key]]) -> Row:
    targets = keys.get(table.to or "", [])
    to = rng.choice([None, *targets, *targets]) if targets else None
    return {
        "at": day(rng),
        "at2": day(rng),
        "a": f"a{rng.randint(1, 99)}",
        "b": f"b{rng.randint(1, 99)}",
        "to": to,
    }


def act(rng: random.Random, tables: list[Table], keys: dict[str, list[Key]]) -> Act:
    table = rng.choice(tables)
    key = rng.choice([key_of(table, rng.randint(1, 8)), *keys[table.name]])  # mostly that of a row
    kind = rng.choice(["sweep", "sweep", "sweep", "jump", "hold", "hold", "lift", "write", "move"])
    fault = None
    if kind == "sweep" and rng.random() < 0.6:
        fault = (rng.choice(["before", "after", "commit"]), rng.randint(1, rng.choice([30, 120, 400])))
    return Act(kind, table.name, key, rng.choice([1, 2, 29, 31, 184]), day(rng), fault)


# -- in a database -------------------------------------------------------------------------------


def quoted(kind: str, name: str) -> str:
    return f"`{name}`" if kind == "mariadb" else f'"{name}"'


def literal(value: Any) -> str:
    if value is None or isinstance(value, int):
        return "NULL" if value is None else str(value)
    return "'" + str(value).replace("'", "''") + "'"


def create(history: History, table: Table, kind: str) -> str:
    by_name = {t.name: t for t in history.tables}
    of = {True: "VARCHAR(20)", False: "INTEGER"}
    target = by_name.get(table.to or "", table)
    columns = [f"k {of[table.natural]} NOT NULL PRIMARY KEY", "at DATE", "at2 DATE"]
    columns += ["a VARCHAR(20)", "b VARCHAR(20)", f"{quoted(kind, 'to')} {of[target.natural]}"]
    if table.to:
        there = f"{quoted(kind, target.name)} (k)"
        columns.append(f"FOREIGN KEY ({quoted(kind, 'to')}) REFERENCES {there} ON DELETE {table.rule}")
    return f"CREATE TABLE {quoted(kind, table.name)} ({', '.join(columns)})"


def documents(history: History) -> tuple[dict[str, Any], dict[str, Any]]:
    promises, places = [], {}
    for n, table in enumerate(history.tables):
        for m, (category, column, limit, period, ground) in enumerate(table.limits):
            more = {"limit": limit, "ground": {"choice": ground}}
            promises.append(retention(f"T-RET-{n}{m}", f"{category}{n}", f"{column}-of-{n}", period, **more))
        open_ = {"open": None} if table.opened else {}
        data: Any = f"first{n}"
        triggers: dict[str, Any] = {f"at-of-{n}": {"column": "at"} | open_}
        if table.second:
            data = {f"first{n}": ["at", "a", "to"], f"second{n}": ["at2", "b"]}
            triggers[f"at2-of-{n}"] = {"column": "at2"} | open_
        places[f"place{n}"] = {"table": table.name, "data": data, "person": "none", "triggers": triggers}
        places[f"place{n}"] |= {"at_end": {"a": None, "b": {"constant": "-"}}, "skeleton": table.skeleton}
    return policy(promises), places


class Company:
    """A history that runs: a project with its database, and beside it what should stand."""

    def __init__(self, history: History, folder: Path, url: str, kind: str) -> None:
        self.history, self.kind, self.now = history, kind, FIRST
        self.file: Path | None = None
        shutil.rmtree(folder, ignore_errors=True)
        if kind == "sqlite":  # a file of its own: whoever died in an earlier history may still hold a lock
            handle, name = tempfile.mkstemp(".db", dir=folder.parent)
            os.close(handle)
            self.file, url = Path(name), f"sqlite:///{name}"
        self.company: TestProject = project(folder, url, *documents(history))
        drop = " CASCADE" if kind == "postgres" else ""
        off = ["SET FOREIGN_KEY_CHECKS = 0"] if kind == "mariadb" else []
        on = ["SET FOREIGN_KEY_CHECKS = 1"] if kind == "mariadb" else []
        gone = [] if kind == "sqlite" else [f"DROP TABLE IF EXISTS {quoted(kind, n)}{drop}" for n in NAMES]
        made = [create(history, t, kind) for t in history.tables]
        self.names = {t.name: f"place{n}" for n, t in enumerate(history.tables)}
        self.stand: Stand = {place: {} for place in self.names.values()}
        for table, key, values in history.rows:
            self.stand[self.names[table]][key] = dict(values)
        rows = [self.insert(table, key, dict(values)) for table, key, values in history.rows]
        self.company.run(*off, *gone, *on, *made, *rows)
        links = [Link(self.names[t.name], "to", self.names[t.to], t.rule) for t in history.tables if t.to]
        at = self.company.at(self.now)
        self.law = Law(at.policy, at.stores_document, tuple(links))
        self.holds: dict[tuple[str, Key], int] = {}

    def insert(self, table: str, key: Key, values: Row) -> str:
        names = ", ".join(["k", "at", "at2", "a", "b", quoted(self.kind, "to")])
        listed = ", ".join(literal(v) for v in (key, *(values[n] for n in ("at", "at2", "a", "b", "to"))))
        return f"INSERT INTO {quoted(self.kind, table)} ({names}) VALUES ({listed})"

    def content(self) -> Stand:
        read: Stand = {}
        for table, place in self.names.items():
            to = quoted(self.kind, "to")
            rows = self.company.rows(f"SELECT k, at, at2, a, b, {to} FROM {quoted(self.kind, table)}")
            read[place] = {
                k: {"at": as_day(at), "at2": as_day(at2), "a": a, "b": b, "to": to_}
                for k, at, at2, a, b, to_ in rows
            }
        return read

    def step(self, act: Act) -> None:
        place, key = self.names.get(act.table, ""), act.key
        match act.kind:
            case "sweep":
                self.sweep(act.fault)
            case "jump":
                self.now += timedelta(days=act.days)
            case "hold" if (place, key) not in self.holds:
                scope = (HeldRows(f"app.{place}", "k", "=", key),)
                later = date(2040, 1, 1)
                held = self.company.holds.place(
                    "litigation", scope, case="C", reason="r", author="a", review_on=later
                )
                self.holds[place, key] = held.id
            case "lift" if self.holds:
                self.company.holds.lift(self.holds.pop(min(self.holds, key=str)))
            case "write" if key not in self.stand[place]:
                values: Row = {"at": act.at, "at2": act.at, "a": "new", "b": "new", "to": None}
                self.company.run(self.insert(act.table, key, values))
                self.stand[place][key] = values
            case "move" if key in self.stand[place]:
                where = f"at = {literal(act.at)} WHERE k = {literal(key)}"
                self.company.run(f"UPDATE {quoted(self.kind, act.table)} SET {where}")
                self.stand[place][key]["at"] = act.at

    def sweep(self, fault: tuple[str, int] | None) -> None:
        """A sweep; with a fault, one that may die, and then others until nothing is due."""
        right = swept(self.law, self.stand, frozenset(self.holds), self.now.date())
        if fault:
            ended = fork(partial(self.killed, *fault), -1.0)
            if ended not in (0, -signal.SIGKILL):
                raise Disagreement("an apply failed that should have been killed, or have ended")
            self.between(right)
        for _ in range(9):
            planned = self.company.plan(self.now, quick=False)
            if planned.left_out:
                raise Disagreement(f"a place is left out: {planned.left_out}")
            if not planned.due:
                break
            outcome = self.company.apply(self.now, quick=False)
            if not outcome.whole:
                raise Disagreement(f"stopped: {outcome.stopped}")
            own = {t.name for t in self.history.tables if t.to == t.name}
            for step in planned.steps:
                done = outcome.done.get(step.id, 0)
                if done == step.rows or (
                    EMPTIED_LESS and step.table in own and "anonymise" in step.id and done < step.rows
                ):
                    continue
                counted = {s.id: s.rows for s in planned.steps}
                raise Disagreement(f"the plan counted {counted}, done were {outcome.done}")
            self.between(right)
        else:
            raise Disagreement("something is due for ever")
        if (now := self.content()) != right:
            raise Disagreement(difference(now, right))
        if not self.company.ledger.verify().ok:
            raise Disagreement("the ledger does not verify")
        self.stand = right

    def killed(self, how: str, number: int, ready: int) -> None:
        """In a process of its own: an apply that is killed at a statement or a commit."""
        folder, url = self.company.folder, self.company.url
        db = Database.open(None, folder)
        company = TestProject(folder, url, db, Vault.open(db))
        os.write(ready, b"r")
        die_at(how, number)
        company.apply(self.now, quick=False)
        os._exit(0)

    def between(self, right: Stand) -> None:
        """In the middle of a sweep each value is the one before or the one after, and no row is gone that stays."""
        for place, rows in self.content().items():
            if right[place].keys() - rows.keys():
                raise Disagreement(
                    f"one row too many is gone: {right[place].keys() - rows.keys()} of {place}"
                )
            for key, row in rows.items():
                after = right[place].get(key, {})
                was = self.stand[place][key]
                skeleton = {"a": None, "b": "-", "to": None}
                wrong = [
                    c for c, v in row.items() if v != was[c] and v != after.get(c, skeleton.get(c, was[c]))
                ]
                if wrong:
                    raise Disagreement(f"{place} {key}: {wrong} changed to what nobody asked for")


def as_day(value: Any) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) else value


def difference(now: Stand, right: Stand) -> str:
    differences = []
    for place in right:
        for key in sorted({*now[place], *right[place]}, key=str):
            a, b = now[place].get(key), right[place].get(key)
            if a != b:
                differences.append(f"{place} {key}: engine {a or 'gone'}, model {b or 'gone'}")
    return "; ".join(differences)


def run(history: History, folder: Path, url: str, kind: str) -> None:
    """Run a history. Raises Disagreement."""
    company = Company(history, folder, url, kind)
    try:
        for act in history.acts:
            company.step(act)
    finally:
        company.company.db.close()
        if company.file is not None:
            company.file.unlink()


# -- what fails is shrunk ------------------------------------------------------------------------


def smaller(history: History) -> Iterator[History]:
    for n in range(len(history.acts)):
        yield replace(history, acts=history.acts[:n] + history.acts[n + 1 :])
    for n, act in enumerate(history.acts):
        if act.fault:
            yield replace(history, acts=(*history.acts[:n], replace(act, fault=None), *history.acts[n + 1 :]))
    for table in history.tables:
        if not any(t.to == table.name and t is not table for t in history.tables) and len(history.tables) > 1:
            yield replace(
                history,
                tables=tuple(t for t in history.tables if t is not table),
                rows=tuple(r for r in history.rows if r[0] != table.name),
                acts=tuple(a for a in history.acts if a.table != table.name or a.kind in ("sweep", "jump")),
            )
    for n, (_, key, _) in enumerate(history.rows):
        if not any(dict(values)["to"] == key for _, _, values in history.rows):
            yield replace(history, rows=history.rows[:n] + history.rows[n + 1 :])


def fails(history: History, folder: Path, url: str, kind: str) -> str:
    """Why a history is wrong; empty if it is right."""
    try:
        run(history, folder, url, kind)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


def shrunk(history: History, folder: Path, url: str, kind: str, within: float = 20.0) -> tuple[History, str]:
    """The smallest history found that still fails in the same way, and why; `within` is in seconds."""
    why, until = fails(history, folder, url, kind), time.monotonic() + within
    found = True
    while found and time.monotonic() < until:
        found = False
        for less in smaller(history):
            if (said := fails(less, folder, url, kind)).split(":")[0] == why.split(":")[0] and said:
                history, why, found = less, said, True
                break
    return history, why
