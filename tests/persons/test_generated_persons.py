"""Schemas that nobody thought of: exactly a person's rows are copied and end, on every database.

Tables point at each other, at themselves and in circles: by foreign keys or without, by composite and natural
keys, as text, inside JSON, by an address in any letter case, under a condition, with 0 for nobody. Rows have
one owner, several or none. The oracle walks rows, one by one, and knows nothing of Servanda.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from projects import TestProject, policy, project, retention
from servanda.apply.by_person import erase
from servanda.persons.copy import copy_of
from servanda.persons.holds import HeldPerson
from servanda.persons.person import Person
from servanda.plan.due import Of
from servanda.plan.load import held, load_holds
from servanda.stores.sql.archive_table import database as sql_session

HOWS = ("fk", "fk", "plain", "text", "json", "mail", "nobody", "when")
RULES = ("RESTRICT", "CASCADE", "SET NULL", "NO ACTION")
OWNERSHIP = ("owned", "owned", "owned", "owns", "mentions", "none")


@dataclass(frozen=True)
class Ref:
    to: str
    how: str
    rule: str
    ownership: str
    detach: bool


@dataclass(frozen=True)
class Table:
    name: str
    key: str  # int, wide, text
    refs: tuple[Ref, ...]
    shared: str
    law: bool
    narrow: bool = False  # the law is about `note` alone


@dataclass(frozen=True)
class Row:
    id: int
    to: tuple[int | None, ...]
    other: tuple[bool, ...]  # of a reference under a condition: it does not hold here
    day: str | None


@dataclass(frozen=True)
class World:
    tables: tuple[Table, ...]
    rows: dict[str, dict[int, Row]]
    leaving: tuple[int, ...]

    def table(self, name: str) -> Table:
        return next(t for t in self.tables if t.name == name)


At = tuple[str, int]


@st.composite
def refs(draw: st.DrawFn, name: str, known: dict[str, str], names: list[str]) -> Ref:
    to = draw(st.sampled_from(["t0", *names, name]))
    before = to in known
    how = draw(st.sampled_from(HOWS))
    key = known.get(to, "int")
    if (how == "fk" and not before) or (how in ("text", "json", "nobody") and key != "int"):
        how = "plain"
    if how == "mail":
        to = "t0"
    detach = draw(st.booleans()) and how != "json" and key != "wide"
    return Ref(to, how, draw(st.sampled_from(RULES)), draw(st.sampled_from(OWNERSHIP)), detach)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    names = [f"t{i}" for i in range(draw(st.integers(2, 5)))]
    keys = {n: draw(st.sampled_from(["int", "int", "wide", "text"])) for n in names}
    tables: list[Table] = []
    known: dict[str, str] = {}
    for name in names:
        known[name] = keys[name]
        few = draw(st.integers(0, 1 if name == "t0" else 3))
        made = []
        for _ in range(few):
            ref = draw(refs(name, known, names))
            if ref.how in ("text", "json", "nobody") and keys[ref.to] != "int":
                ref = Ref(ref.to, "plain", ref.rule, ref.ownership, ref.detach and keys[ref.to] != "wide")
            if keys[ref.to] == "wide":
                ref = Ref(ref.to, ref.how, ref.rule, ref.ownership, ref.how == "mail" and ref.detach)
            made.append(ref)
        shared, law = draw(st.sampled_from(["last", "last", "any"])), draw(st.integers(0, 3)) == 0
        narrow = law and draw(st.booleans())
        tables.append(Table(name, keys[name], tuple(made), shared, law, narrow))
    sizes = {n: draw(st.integers(2, 6)) for n in names}
    rows: dict[str, dict[int, Row]] = {}
    for table in tables:
        rows[table.name] = {}
        for id_ in range(sizes[table.name]):
            to = tuple(draw(_target(table, id_, r, sizes)) for r in table.refs)
            other = tuple(draw(st.booleans()) if r.how == "when" else False for r in table.refs)
            day = (
                draw(st.sampled_from([None, "2020-01-01", "2000-01-01", "2000-01-01"])) if table.law else None
            )
            rows[table.name][id_] = Row(id_, to, other, day)
    leaving = draw(st.lists(st.integers(0, sizes["t0"] - 1), min_size=1, max_size=2, unique=True))
    return World(tuple(tables), rows, tuple(leaving))


def _target(table: Table, id_: int, ref: Ref, sizes: dict[str, int]) -> st.SearchStrategy[int | None]:
    most = id_ if ref.to == table.name and ref.how == "fk" else sizes[ref.to] - 1
    some = st.integers(0, most)
    return st.one_of(st.none(), some, some, some)


# -- the oracle ------------------------------------------------------------------------------------


@dataclass
class Oracle:
    world: World
    reached: set[At] = field(default_factory=set)
    named: set[tuple[str, int, int]] = field(default_factory=set)
    gone: set[At] = field(default_factory=set)
    shared: set[At] = field(default_factory=set)

    def target(self, table: Table, row: Row, i: int) -> At | None:
        ref, to = table.refs[i], row.to[i]
        if to is None or row.other[i] or (ref.how == "nobody" and to == 0):
            return None
        return (ref.to, to)

    def edges(self) -> list[tuple[At, At, Ref, int]]:
        """From the row that points to the row that it points at."""
        return [
            ((t.name, r.id), at, t.refs[i], i)
            for t in self.world.tables
            for r in self.world.rows[t.name].values()
            for i in range(len(t.refs))
            if (at := self.target(t, r, i)) is not None
        ]

    def decide(self) -> None:
        edges = self.edges()
        own = [
            (a, b) if r.ownership == "owns" else (b, a)
            for a, b, r, _ in edges
            if r.ownership in ("owned", "owns")
        ]
        roots = {("t0", i) for i in self.world.leaving}
        self.reached = _closed(roots, own)
        per_person = [_closed({root}, own) for root in roots]
        for mine in per_person:
            self.named |= {
                (*a, i) for a, b, r, i in edges if r.ownership == "mentions" and b in mine and a not in mine
            }
        self._share(own, roots)
        self._go(edges)

    def _share(self, own: list[tuple[At, At]], roots: set[At]) -> None:
        owned, able = {b for _, b in own}, self._able()
        pairs = {("t0", i) for i in self.world.rows["t0"]}
        for at in self.reached:
            if self.world.table(at[0]).shared != "any" and at in owned and at in pairs - roots:
                self.shared.add(at)
        while True:
            more = {
                b
                for a, b in own
                if b in self.reached - self.shared
                and self.world.table(b[0]).shared != "any"
                and ((a not in self.reached and a[0] in able) or a in self.shared)
            }
            if not more:
                return
            self.shared |= more

    def _able(self) -> set[str]:
        """The tables whose rows can be somebody's at all; a row of another one makes nobody an owner."""
        refs = [(t.name, r) for t in self.world.tables for r in t.refs]
        ways = [
            ((t, 0), (r.to, 0)) if r.ownership == "owns" else ((r.to, 0), (t, 0))
            for t, r in refs
            if r.ownership in ("owned", "owns")
        ]
        return {name for name, _ in _closed({("t0", 0)}, ways)}

    def _go(self, edges: list[tuple[At, At, Ref, int]]) -> None:
        self.gone = {at for at in self.reached - self.shared if not self.law(at)}
        while True:
            stay = {b for a, b, ref, i in edges if b in self.gone and not self._lets_go(a, ref, i)}
            if not stay:
                return
            self.gone -= stay

    def emptied(self, at: At) -> list[str]:
        """What of a row that stays is emptied, of what has a name to be emptied by."""
        listed = ["note", "mail"] if at[0] == "t0" else ["note"]
        narrow = self.world.table(at[0]).narrow
        return [name for name in listed if not self.law(at) or (narrow and name != "note")]

    def law(self, at: At) -> bool:
        row = self.world.rows[at[0]][at[1]]
        return self.world.table(at[0]).law and row.day != "2000-01-01"

    def _lets_go(self, a: At, ref: Ref, i: int) -> bool:
        if a in self.gone or (ref.how == "fk" and ref.rule == "SET NULL"):
            return True
        if ref.how == "mail":
            return True  # a skeleton has no address
        return self._leads_elsewhere(a, ref, i)

    def _leads_elsewhere(self, a: At, ref: Ref, i: int) -> bool:
        """Whether a reference to somebody who leaves is emptied: it says so, and no law keeps it."""
        if not ref.detach:
            return False
        if ref.ownership == "owned":
            return a in self.shared and not self.law(a)
        kept = self.law(a) and not self.world.table(a[0]).narrow
        return ref.ownership == "mentions" and not kept and (a in self.reached or (*a, i) in self.named)

    def expected(self, before: dict[At, dict[str, Any]]) -> dict[At, dict[str, Any]]:
        after: dict[At, dict[str, Any]] = {}
        for at, row in before.items():
            if at in self.gone:
                continue
            new = dict(row)
            if at in self.reached - self.shared:
                new |= dict.fromkeys(self.emptied(at))
            table, made = self.world.table(at[0]), self.world.rows[at[0]][at[1]]
            for i, ref in enumerate(table.refs):
                to = self.target(table, made, i)
                lost = ref.how == "fk" and ref.rule == "SET NULL" and to in self.gone
                leaves = to in self.reached - self.shared
                lost |= leaves and self._leads_elsewhere(at, ref, i)
                if lost:
                    new |= dict.fromkeys(columns(self.world, ref, i))
            after[at] = new
        return after


def _closed(start: set[At], pairs: list[tuple[At, At]]) -> set[At]:
    found = set(start)
    while more := {b for a, b in pairs if a in found} - found:
        found |= more
    return found


# -- in a database -----------------------------------------------------------------------------------


def columns(world: World, ref: Ref, i: int) -> list[str]:
    wide = world.table(ref.to).key == "wide" and ref.how != "mail"
    return [f"r{i}", f"r{i}p"] if wide else [f"r{i}"]


def mail(id_: int) -> str:
    return f"José{id_ // 2}@Example.org" if id_ % 2 == 0 else f"jose{id_ // 2}@example.org"


def key_values(table: Table, id_: int) -> list[Any]:
    found: dict[str, list[Any]] = {"int": [id_], "wide": [id_, id_ % 2], "text": [f"K{id_}"]}
    return found[table.key]


def create(world: World, table: Table) -> str:
    id_type = "VARCHAR(20)" if table.key == "text" else "INTEGER"
    parts = [f"id {id_type} NOT NULL", *(["part INTEGER NOT NULL"] if table.key == "wide" else [])]
    parts += ["note VARCHAR(20)", "mail VARCHAR(60)", "day DATE"]
    more = [f"PRIMARY KEY ({'id, part' if table.key == 'wide' else 'id'})"]
    for i, ref in enumerate(table.refs):
        there = world.table(ref.to).key
        kind = {"text": "VARCHAR(20)", "json": "VARCHAR(60)", "mail": "VARCHAR(60)"}.get(ref.how)
        kind = kind or ("VARCHAR(20)" if there == "text" else "INTEGER")
        names = columns(world, ref, i)
        parts += [f"r{i} {kind}", *([f"r{i}p INTEGER"] if len(names) > 1 else []), f"r{i}k VARCHAR(5)"]
        if ref.how == "fk":
            theirs = "id, part" if there == "wide" else "id"
            rule = "" if ref.rule == "NO ACTION" else f" ON DELETE {ref.rule}"
            more.append(f"FOREIGN KEY ({', '.join(names)}) REFERENCES {ref.to} ({theirs}){rule}")
    return f"CREATE TABLE {table.name} ({', '.join([*parts, *more])})"


def values(world: World, table: Table, row: Row) -> dict[str, Any]:
    found: dict[str, Any] = dict(zip(("id", "part"), key_values(table, row.id), strict=False))
    found |= {"note": f"n{row.id}", "mail": mail(row.id) if table.name == "t0" else None, "day": row.day}
    for i, ref in enumerate(table.refs):
        to, there = row.to[i], world.table(ref.to)
        names = columns(world, ref, i)
        if to is None:
            found |= dict.fromkeys(names, 0 if ref.how == "nobody" else None)
        elif ref.how == "mail":
            found[names[0]] = mail(to).upper() if row.id % 2 else mail(to).lower()
        elif ref.how == "json":
            found[names[0]] = json.dumps({"a": {"b": to}})
        elif ref.how == "text":
            found[names[0]] = str(to)
        else:
            found |= dict(zip(names, key_values(there, to), strict=True))
        found[f"r{i}k"] = "b" if row.other[i] else "a"
    return found


def insert(world: World, table: Table, row: Row) -> str:
    said = values(world, table, row)
    quoted = ["NULL" if v is None else str(v) if isinstance(v, int) else "'" + v + "'" for v in said.values()]
    return f"INSERT INTO {table.name} ({', '.join(said)}) VALUES ({', '.join(quoted)})"


FRAME = ("id", "part", "note")


def place(world: World, table: Table) -> dict[str, Any]:
    rest = [c for c in values(world, table, next(iter(world.rows[table.name].values()))) if c not in FRAME]
    data = {table.name: ["note"], f"{table.name}-rest": rest} if table.narrow else table.name
    found: dict[str, Any] = {"data": data, "person": "self" if table.name == "t0" else "none"}
    found |= {"skeleton": True, "shared": table.shared, "at_end": {"note": None}}
    if table.name == "t0":
        found |= {"identifiers": {"email": "mail"}, "at_end": {"note": None, "mail": None}}
    if table.law:
        found["triggers"] = {"since": "day"}
    for i, ref in enumerate(table.refs):
        said: dict[str, Any] = {"via": columns(world, ref, i), "to": ref.to, "ownership": ref.ownership}
        if world.table(ref.to).key == "wide" and ref.how != "mail":
            said["on"] = ["id", "part"]
        said |= {"erase": "detach"} if ref.detach else {}
        more: dict[str, dict[str, Any]] = {
            "mail": {"on": "mail", "compare": "folded"},
            "text": {"compare": "text"},
            "json": {"path": "a.b"},
            "nobody": {"nobody": 0},
            "when": {"when": {f"r{i}k": "a"}},
        }
        said |= more.get(ref.how, {})
        found.setdefault("references", {})[f"ref{i}"] = said
    return found


def built(world: World, folder: Path, url: str, kind: str) -> TestProject:
    shutil.rmtree(folder, ignore_errors=True)
    law = {"limit": "min", "ground": {"law": "FR/c-com/L123-22"}}
    promises = [
        retention(f"T-RET-{n:02}", t.name, "since", "P10Y", **(law if t.law else {}))
        for n, t in enumerate(world.tables)
    ]
    written = policy(promises)
    more_names = [f"{t.name}-rest" for t in world.tables if t.narrow]  # nobody promises anything of these
    written["categories"] |= {n: {"says": {"en": n}, "audience": "customer"} for n in more_names}
    found = project(folder, url, written, {t.name: place(world, t) for t in world.tables})
    if kind == "sqlite":
        Path(url.removeprefix("sqlite:///")).write_bytes(b"")
    more = " CASCADE" if kind == "postgres" else ""
    drops = [f"DROP TABLE IF EXISTS t{i}{more}" for i in (4, 3, 2, 1, 0)]
    rows = [insert(world, t, r) for t in world.tables for r in world.rows[t.name].values()]
    found.run(*drops, *(create(world, t) for t in world.tables), *rows)
    return found


def content(found: TestProject, world: World) -> dict[At, dict[str, Any]]:
    read: dict[At, dict[str, Any]] = {}
    for table in world.tables:
        names = list(values(world, table, next(iter(world.rows[table.name].values()))))
        for row in found.rows(f"SELECT {', '.join(names)} FROM {table.name}"):
            said = dict(zip(names, row, strict=True))
            read[table.name, int(str(said["id"]).removeprefix("K"))] = said
    return read


def covered(found: TestProject, world: World, persons: list[Person]) -> set[At]:
    """The rows that a hold on some persons covers; it is lifted again."""
    scope = tuple(HeldPerson(p.place, p.key) for p in persons)
    later = date.today() + timedelta(days=900)
    hold = found.holds.place("litigation", scope, case="C", reason="R", author="A", review_on=later)
    rows: set[At] = set()
    with found.opened() as project:
        running = project.holds.running(project.today)
        load_holds(project.stores, running)
        for place in project.stores.binding.places.values():
            condition = held(project.stores, place, running)
            if condition is not None:
                session, name = sql_session(project.stores.session_of(place)), place.table.name
                row = session.table_of(name)
                query = sa.select(row.c.id).where(session.where.sql(condition, row, name))
                rows |= {(name, int(str(id_).removeprefix("K"))) for (id_,) in session.select(query, {})}
    found.holds.lift(hold.id)
    return rows


def check(world: World, folder: Path, url: str, kind: str) -> None:
    found = built(world, folder, url, kind)
    oracle = Oracle(world)
    oracle.decide()
    before = content(found, world)
    root = world.tables[0]
    humans = [[Person("app.t0", tuple(key_values(root, i)))] for i in world.leaving]
    if len(humans) == 1:
        with found.opened() as project:
            copied = {
                (h.table, int(str(row[h.columns.index("id")]).removeprefix("K")))
                for h in copy_of(project.stores, humans[0])
                for row in h.rows
                if not h.named
            }
        assert copied == oracle.reached
        assert content(found, world) == before
    assert covered(found, world, [person for human in humans for person in human]) == oracle.reached
    asked = [Of(f"p{i}", human) for i, human in enumerate(humans)]
    with found.opened() as project:
        erased = erase(project, asked)
    assert all(e.done for e in erased), [(e.refused, e.stopped) for e in erased]
    after = content(found, world)
    assert after == oracle.expected(before)
    with found.opened() as project:
        assert all(e.done for e in erase(project, asked))
    assert content(found, world) == after, "a second run changed something"
    assert found.ledger.verify().ok
    found.db.close()


SLOW = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]


def try_out(kind: str, url: str, folder: Path, examples: int, *, random: bool) -> None:
    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=not random,
        database=None,
        suppress_health_check=SLOW,
    )
    @given(world=worlds())
    def run(world: World) -> None:
        check(world, folder, url, kind)

    run()


@pytest.mark.parametrize("kind", ["sqlite", "postgres", "mariadb"])
def test_generated_persons_leave_as_the_oracle_says(kind: str, fresh_url: Any, tmp_path: Path) -> None:
    try_out(kind, fresh_url(kind), tmp_path / "p", int(os.environ.get("HISTORIES") or 20), random=False)


@pytest.mark.soak
@pytest.mark.parametrize("kind", ["sqlite", "postgres", "mariadb"])
def test_generated_persons_leave_as_the_oracle_says_for_long(
    kind: str, fresh_url: Any, tmp_path: Path
) -> None:
    try_out(kind, fresh_url(kind), tmp_path / "p", 200, random=True)
