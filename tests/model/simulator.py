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
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from forked import die_at, fork
from model.ends import Asked, At, Key, Law, Link, Row, Stand, erased, swept, theirs
from projects import TestProject, policy, project, retention
from servanda.apply.by_person import eraser
from servanda.database import Database
from servanda.persons import remaining_rows
from servanda.persons.holds import HeldPerson, HeldRows
from servanda.persons.person import Person
from servanda.plan.due import Of
from servanda.plan.plan import Plan
from servanda.vault import Vault

PARIS = ZoneInfo("Europe/Paris")
FIRST = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
NAMES = ("people", "Order", "select", "odd name", "visits", "tbl_ü")
LAW = "FR/c-com/L123-22"
PERIODS = ("P6M", "P1Y", "P1M", "P30D", "P2Y")


@dataclass(frozen=True)
class Table:
    """A generated table; `to` is the table that it points at, maybe itself. `second` has a category of its own.

    `person`: its rows are persons. `ownership` is what the reference means, “” if none is declared. `co`: a second
    reference, without a foreign key, makes the rows those of a person, too. `time` is how the table writes a day;
    `clears`: the reference is emptied with the row.
    """

    name: str
    natural: bool
    to: str | None
    rule: str
    limits: tuple[tuple[str, str, str, str, str], ...]
    """Category, trigger column, limit, period, ground."""
    second: bool
    skeleton: bool
    opened: bool
    person: bool = False
    ownership: str = ""
    detach: bool = False
    co: bool = False
    shared: str = "last"
    time: str = "date"
    clears: bool = False


@dataclass(frozen=True)
class Act:
    """A step of a history. kind: sweep, jump, hold, lift, write, move, relink, remove, erase."""

    kind: str
    table: str = ""
    key: Key = 0
    days: int = 0
    at: date | None = None
    to: Key | None = None
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
                ground = rng.choice(["disputes", "accounts", LAW])
                limits.append((category, column, kind, rng.choice(PERIODS), ground))
        to = rng.choice([None, name, *(t.name for t in tables), *(t.name for t in tables)])
        rule = rng.choice(["RESTRICT", "CASCADE", "SET NULL"])
        flags = (rng.random() < 0.3, to, rule, tuple(limits), second, rng.random() < 0.3, rng.random() < 0.3)
        made = whose(rng, Table(name, *flags), tables)
        time = rng.choice(["date", "date", "naive", "text", "seconds", "zoned"])
        tables.append(replace(made, time=time, clears=bool(to) and rng.random() < 0.25))
    rows: list[tuple[str, Key, tuple[tuple[str, Any], ...]]] = []
    keys: dict[str, list[Key]] = {}
    for table in tables:
        keys[table.name] = []
        for number in range(1, rng.randint(2, 7)):
            rows.append((table.name, key_of(table, number), tuple(row(rng, table, keys).items())))
            keys[table.name].append(key_of(table, number))
    acts = [act(rng, tables, keys) for _ in range(rng.randint(1, 5))]
    return History(seed, tuple(tables), tuple(rows), (*acts, Act("sweep")))


def whose(rng: random.Random, table: Table, before: list[Table]) -> Table:
    """The table, with what its rows are to persons: in two of three histories the first one has a row for each."""
    if not before and rng.random() < 0.66:
        return replace(table, person=True, skeleton=True, ownership=rng.choice(["", "mentions"]))
    if not before or not before[0].person:
        return table
    ownership = rng.choice(["", "owned", "owned", "mentions", "none"])
    co, shared = rng.random() < 0.3, rng.choice(["last", "last", "any"])
    return replace(table, ownership=ownership, detach=rng.random() < 0.5, co=co, shared=shared)


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
    persons = next(iter(keys.values()))
    return {
        "at": day(rng),
        "at2": day(rng),
        "a": f"a{rng.randint(1, 99)}",
        "b": f"b{rng.randint(1, 99)}",
        "to": to,
        "co": rng.choice([None, *persons]) if table.co else None,
    }


def act(rng: random.Random, tables: list[Table], keys: dict[str, list[Key]]) -> Act:
    table = rng.choice(tables)
    key = rng.choice([key_of(table, rng.randint(1, 8)), *keys[table.name]])  # mostly that of a row
    kinds = ["sweep", "sweep", "sweep", "jump", "hold", "hold", "lift", "write", "move", "relink", "remove"]
    kind = rng.choice([*kinds, "erase", "erase", "erase", "erase"] if tables[0].person else kinds)
    if kind == "erase" or (kind == "hold" and rng.random() < 0.4):
        table = tables[0]
        key = rng.choice(keys[table.name]) if keys[table.name] else key
    fault = None
    if kind == "sweep" and rng.random() < 0.6:
        fault = (rng.choice(["before", "after", "commit"]), rng.randint(1, rng.choice([30, 120, 400])))
    to = rng.choice([None, *keys[table.to]]) if table.to else None
    return Act(kind, table.name, key, rng.choice([1, 2, 29, 31, 184]), day(rng), to, fault)


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
    typed = {"date": "DATE", "naive": "TIMESTAMP NULL", "text": "VARCHAR(30)", "seconds": "BIGINT"}
    if kind == "mariadb":  # its TIMESTAMP is an instant
        typed["naive"] = "DATETIME"
    typed["zoned"] = {"postgres": "TIMESTAMPTZ", "mariadb": "TIMESTAMP NULL"}.get(kind, "VARCHAR(30)")
    at = typed[table.time]
    columns = [f"k {of[table.natural]} NOT NULL PRIMARY KEY", f"at {at}", f"at2 {at}"]
    columns += ["a VARCHAR(20)", "b VARCHAR(20)", f"{quoted(kind, 'to')} {of[target.natural]}"]
    columns.append(f"co {of[history.tables[0].natural]}")
    if table.to:
        there = f"{quoted(kind, target.name)} (k)"
        columns.append(f"FOREIGN KEY ({quoted(kind, 'to')}) REFERENCES {there} ON DELETE {table.rule}")
    return f"CREATE TABLE {quoted(kind, table.name)} ({', '.join(columns)})"


def documents(history: History) -> tuple[dict[str, Any], dict[str, Any]]:
    promises, places = [], {}
    for n, table in enumerate(history.tables):
        for m, (category, column, limit, period, ground) in enumerate(table.limits):
            more = {"limit": limit, "ground": {"law" if ground == LAW else "choice": ground}}
            promises.append(retention(f"T-RET-{n}{m}", f"{category}{n}", f"{column}-of-{n}", period, **more))
        open_ = {"open": None} if table.opened else {}
        data: Any = f"first{n}"
        form = {"text": {"as": "text"}, "seconds": {"as": "epoch"}}.get(table.time, {})
        triggers: dict[str, Any] = {f"at-of-{n}": {"column": "at"} | form | open_}
        if table.second:
            data = {f"first{n}": ["at", "a", "to", "co"], f"second{n}": ["at2", "b"]}
            triggers[f"at2-of-{n}"] = {"column": "at2"} | form | open_
        places[f"place{n}"] = {
            "table": table.name,
            "data": data,
            "triggers": triggers,
            "shared": table.shared,
        }
        ends: dict[str, Any] = {"a": None, "b": {"constant": "-"}} | ({"to": None} if table.clears else {})
        places[f"place{n}"] |= {"at_end": ends, "skeleton": table.skeleton}
        places[f"place{n}"] |= belongs(history, table)
    return policy(promises), places


def belongs(history: History, table: Table) -> dict[str, Any]:
    """What a place says of whose its rows are."""
    names, said = [t.name for t in history.tables], dict[str, Any]()
    if table.to and table.ownership:
        said["to"] = {"via": "to", "to": f"place{names.index(table.to)}", "ownership": table.ownership}
        said["to"] |= {"erase": "detach"} if table.detach and table.ownership == "mentions" else {}
    if table.co:
        said["co"] = {"via": "co", "to": "place0", "ownership": "owned"}
    if table.person:
        return {"person": "self", "identifiers": {"email": "a"}, "references": said}
    return {"references": said} if said else {"person": "none"}


@dataclass
class Looked:
    """Somebody who asked and of whom something stays; when Servanda last looked, and how many holds had changed."""

    asked: Asked
    epoch: int
    at: datetime

    def must(self, epoch: int, now: datetime) -> bool:
        """Whether the next plan has to look again."""
        why = [reason for reasons in self.asked.rests.values() for reason in reasons]
        return (
            any(reason == "shared" for reason, _ in why)
            or (any(reason == "hold" for reason, _ in why) and self.epoch != epoch)
            or any(day is not None and day < now.date() for _, day in why)
            or self.at < now - timedelta(days=7)
        )


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
        self.by_name = {t.name: t for t in history.tables}
        self.names = {t.name: f"place{n}" for n, t in enumerate(history.tables)}
        self.stand: Stand = {place: {} for place in self.names.values()}
        for table, key, values in history.rows:
            self.stand[self.names[table]][key] = dict(values)
        rows = [self.insert(table, key, dict(values)) for table, key, values in history.rows]
        self.company.run(*off, *gone, *on, *made, *rows)
        links = [Link(self.names[t.name], "to", self.names[t.to], t.rule) for t in history.tables if t.to]
        links += [Link(self.names[t.name], "co", "place0", "NO ACTION") for t in history.tables if t.co]
        at = self.company.at(self.now)
        self.law = Law(at.policy, at.stores_document, tuple(links))
        self.holds: dict[tuple[str, Key], int] = {}
        self.epoch = 0
        self.asked: dict[str, Looked] = {}
        self.numbers = 0

    def insert(self, table: str, key: Key, values: Row) -> str:
        names = ", ".join(["k", "at", "at2", "a", "b", quoted(self.kind, "to"), "co"])
        days = [written(self.by_name[table], values[n], self.kind) for n in ("at", "at2")]
        rest = [literal(values[n]) for n in ("a", "b", "to", "co")]
        listed = ", ".join([literal(key), *days, *rest])
        return f"INSERT INTO {quoted(self.kind, table)} ({names}) VALUES ({listed})"

    def content(self) -> Stand:
        read: Stand = {}
        for table, place in self.names.items():
            to = quoted(self.kind, "to")
            rows = self.company.rows(f"SELECT k, at, at2, a, b, {to}, co FROM {quoted(self.kind, table)}")
            read[place] = {
                k: {"at": as_day(at), "at2": as_day(at2), "a": a, "b": b, "to": to_, "co": co}  # local days
                for k, at, at2, a, b, to_, co in rows
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
                scope: tuple[HeldPerson | HeldRows, ...] = (HeldRows(f"app.{place}", "k", "=", key),)
                if self.history.tables[0].person and place == "place0":
                    scope = (HeldPerson("app.place0", (key,)),)
                self.epoch += 1
                later = date(2040, 1, 1)
                held = self.company.holds.place(
                    "litigation", scope, case="C", reason="r", author="a", review_on=later
                )
                self.holds[place, key] = held.id
            case "lift" if self.holds:
                self.epoch += 1
                self.company.holds.lift(self.holds.pop(min(self.holds, key=str)))
            case "write" if key not in self.stand[place]:
                values: Row = {"at": act.at, "at2": act.at, "a": "new", "b": "new", "to": None, "co": None}
                self.company.run(self.insert(act.table, key, values))
                self.stand[place][key] = values
            case "erase" if key in self.stand[place]:
                self.erase((place, key))
            case "move" if key in self.stand[place] and not self.known((place, key)):
                self.set(act.table, key, f"at = {written(self.by_name[act.table], act.at, self.kind)}")
                self.stand[place][key]["at"] = act.at
            case "relink" if key in self.stand[place] and not self.known((place, key)):
                to = (
                    act.to
                    if act.to in self.stand.get(self.names.get(self.by_name[act.table].to or "", ""), {})
                    else None
                )
                self.set(act.table, key, f"{quoted(self.kind, 'to')} = {literal(to)}")
                self.stand[place][key]["to"] = to
            case "remove" if key in self.stand[place] and not self.is_pointed_at((place, key)):
                self.company.run(f"DELETE FROM {quoted(self.kind, act.table)} WHERE k = {literal(key)}")
                del self.stand[place][key]
                self.forget_gone()

    def set(self, table: str, key: Key, change: str) -> None:
        self.company.run(f"UPDATE {quoted(self.kind, table)} SET {change} WHERE k = {literal(key)}")

    def is_pointed_at(self, at: At) -> bool:
        return any(
            link.parent == at[0] and row[link.column] == at[1]
            for link in self.law.links
            for row in self.stand[link.child].values()
        )

    def known(self, at: At) -> bool:
        """Whether a row is one that stayed of somebody who asked."""
        return any(at in one.asked.own | one.asked.known for one in self.asked.values())

    def held(self, stand: Stand) -> frozenset[At]:
        """The rows that a hold covers, themselves or as a held person's."""
        persons = {at for at in self.holds if self.history.tables[0].person and at[0] == "place0"}
        return frozenset(self.holds) | theirs(self.law, stand, persons)

    def erase(self, at: At) -> None:
        """Somebody asks to be erased, for the first time or again."""
        name = next((n for n, one in self.asked.items() if at in one.asked.own), None)
        before = self.asked[name].asked if name else Asked(set(), set(), {})
        self.numbers += 1
        name = name or f"p{self.numbers}"
        asked = Asked({at}, before.known, {})
        held = self.held(self.stand)
        right, (after,) = erased(self.law, self.stand, [asked], held, self.now.date())
        with self.company.opened(self.now) as opened, eraser(opened) as ready:
            known = remaining_rows.of_references(self.company.db, self.company.vault, [name])
            rows = tuple(row for one in known for row in one.rows)
            human = [Person(f"app.{at[0]}", (at[1],))]
            (done,) = ready.erase([Of(name, human, rows=rows, erased_before=bool(known))])
        if not done.done:
            raise Disagreement(f"an erasure was not done: {done.refused} {done.stopped}")
        if (now := self.content()) != right:
            raise Disagreement(f"erasure of {at}: {difference(now, right)}")
        self.stand = right
        self.looked(name, after)
        self.forget_gone()

    def looked(self, name: str, after: Asked) -> None:
        """Remember what stays of somebody; nobody of whom nothing stays is looked at again."""
        self.asked.pop(name, None)
        if after.rests:
            self.asked[name] = Looked(after, self.epoch, self.now)

    def forget_gone(self) -> None:
        """A row that is gone is nobody's, whoever gets its key."""
        there = {(place, key) for place, rows in self.stand.items() for key in rows}
        for one in self.asked.values():
            one.asked.own &= there
            one.asked.known &= there

    def settled(self, every: bool) -> Stand:
        """What stands once nothing is due: what is over has ended, and what is left of erasures, as far as it may.

        Of erasures those that must be looked at, or `every` one, as Servanda does at least once a week.
        """
        stand, today = self.stand, self.now.date()
        listed = [one.asked for one in self.asked.values() if every or one.must(self.epoch, self.now)]
        while True:
            after = swept(self.law, stand, self.held(stand), today)
            after, _ = erased(
                self.law, after, [gone_from(one, after) for one in listed], self.held(after), today
            )
            if after == stand:
                return stand
            stand = after

    def sweep(self, fault: tuple[str, int] | None) -> None:
        """A sweep; with a fault, one that may die, and then others until nothing is due."""
        right, most = self.settled(False), self.settled(True)
        if fault:
            ended = fork(partial(self.killed, *fault), -1.0)
            if ended not in (0, -signal.SIGKILL):
                raise Disagreement("an apply failed that should have been killed, or have ended")
            self.between(right, most)
        for _ in range(9):
            planned = self.company.plan(self.now, quick=False)
            if planned.left_out:
                raise Disagreement(f"a place is left out: {planned.left_out}")
            if not planned.due:
                break
            outcome = self.company.apply(self.now, quick=False)
            if not outcome.whole:
                raise Disagreement(f"stopped: {outcome.stopped}")
            self.counted(planned, outcome.done)
            self.between(right, most)
        else:
            raise Disagreement("something is due for ever")
        now = self.content()
        if wrong := difference(now, right, most):
            raise Disagreement(wrong)
        self.stand = now
        self.look_again()

    def look_again(self) -> None:
        """What is known of who asked, after a sweep that looked at everybody at whom it had to."""
        self.forget_gone()
        for name, one in list(self.asked.items()):
            if one.must(self.epoch, self.now):
                _, (after,) = erased(
                    self.law, self.stand, [one.asked], self.held(self.stand), self.now.date()
                )
                self.looked(name, after)

    def counted(self, planned: Plan, done: Mapping[str, int]) -> None:
        """A plan says how many rows end; those that are over and asked for, too, may be counted twice."""
        own = {t.name for t in self.history.tables if t.to == t.name}
        for step in () if planned.due_persons else planned.steps:
            ended = done.get(step.id, 0)
            if ended == step.rows or (
                EMPTIED_LESS and step.table in own and "anonymise" in step.id and ended < step.rows
            ):
                continue
            counted = {s.id: s.rows for s in planned.steps}
            raise Disagreement(f"the plan counted {counted}, done were {done}")

    def killed(self, how: str, number: int, ready: int) -> None:
        """In a process of its own: an apply that is killed at a statement or a commit."""
        folder, url = self.company.folder, self.company.url
        db = Database.open(None, folder)
        company = TestProject(folder, url, db, Vault.open(db))
        os.write(ready, b"r")
        die_at(how, number)
        company.apply(self.now, quick=False)
        os._exit(0)

    def between(self, right: Stand, most: Stand) -> None:
        """In the middle of a sweep each value is the one before or the one after, and no row is gone that stays."""
        for place, rows in self.content().items():
            if most[place].keys() - rows.keys():
                raise Disagreement(f"one row too many is gone: {most[place].keys() - rows.keys()} of {place}")
            for key, row in rows.items():
                afters, was = [right[place].get(key, {}), most[place].get(key, {})], self.stand[place][key]
                skeleton = {"a": None, "b": "-", "to": None, "co": None}
                wrong = [
                    c
                    for c, v in row.items()
                    if v != was[c] and v not in [after.get(c, skeleton.get(c, was[c])) for after in afters]
                ]
                if wrong:
                    raise Disagreement(f"{place} {key}: {wrong} changed to what nobody asked for")


def gone_from(one: Asked, stand: Stand) -> Asked:
    """Somebody who asked, without the rows that are gone."""
    there = {(place, key) for place, rows in stand.items() for key in rows}
    return Asked(one.own & there, one.known & there, one.rests)


def written(table: Table, day: date | None, kind: str) -> str:
    """A literal for an instant on a local day, near its beginning or its end; of a DATE, the day."""
    if day is None or table.time == "date":
        return literal(day)
    at = datetime(day.year, day.month, day.day, *((0, 20), (23, 40))[day.day % 2], tzinfo=PARIS).astimezone(
        UTC
    )
    if table.time == "seconds":
        return str(int(at.timestamp()))
    ends = "+00:00" if table.time == "zoned" and kind != "mariadb" else ""
    return literal(f"{at:%Y-%m-%d %H:%M:%S}{ends}")


def as_day(value: Any) -> date | None:
    """The local day of a value, as some database or driver gives it."""
    if isinstance(value, str):
        if len(value) == 10:
            return date.fromisoformat(value)
        value = datetime.fromisoformat(value)
    if isinstance(value, int):
        value = datetime.fromtimestamp(value, UTC)
    if isinstance(value, datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=UTC)
        return aware.astimezone(PARIS).date()
    day: date | None = value
    return day


def difference(now: Stand, right: Stand, most: Stand | None = None) -> str:
    """In which rows the engine is neither what it must be nor, if given, what it may be; empty if in none."""
    differences = []
    for place in right:
        for key in sorted({*now[place], *right[place]}, key=str):
            a, b = now[place].get(key), right[place].get(key)
            if a != b and (most is None or a != most[place].get(key)):
                differences.append(f"{place} {key}: engine {a or 'gone'}, model {b or 'gone'}")
    return "; ".join(differences)


def run(history: History, folder: Path, url: str, kind: str) -> None:
    """Run a history. Raises Disagreement."""
    company = Company(history, folder, url, kind)
    try:
        for act in history.acts:
            company.step(act)
        if not company.company.ledger.verify().ok:
            raise Disagreement("the ledger does not verify")
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
            if (said := fails(less, folder, url, kind)).split()[:4] == why.split()[:4] and said:
                history, why, found = less, said, True
                break
    return history, why
