"""Holds and restrictions are placed and lifted around erasures, in any order, on every database.

While a hold runs, nothing of whom it is about goes. Once all are lifted, nothing is left of who asked to be
erased but what a law keeps; nobody else lost a row; nothing looks like a restored backup.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from projects import NOW, TODAY, TestProject, policy, project, retention
from servanda.apply import restore
from servanda.apply.by_person import eraser
from servanda.persons import remaining_rows as rests
from servanda.persons.holds import HeldPerson, HeldRows
from servanda.persons.person import Person
from servanda.plan.due import Of

LAW = {"limit": "min", "ground": {"law": "FR/c-com/L123-22"}}
PROMISES = [
    retention("H-RET-01", "account", "closed", "P30Y"),
    retention("H-RET-02", "visit", "seen", "P30Y"),
    retention("H-RET-03", "billing", "issued", "P10Y", **LAW),
    retention("H-RET-04", "letter", "sent", "P30Y"),
]
PLACES: dict[str, Any] = {
    "people": {
        "data": "account",
        "person": "self",
        "identifiers": {"email": "email"},
        "triggers": {"closed": {"column": "closed", "open": None}},
        "skeleton": True,
        "at_end": {"email": None, "name": None},
    },
    "visits": {
        "data": "visit",
        "person": {"via": "person", "to": "people"},
        "triggers": {"seen": "at"},
    },
    "invoices": {
        "data": "billing",
        "person": {"via": "person", "to": "people"},
        "triggers": {"issued": "on_day"},
    },
    "letters": {
        "data": "letter",
        "references": {
            "from": {"via": "sender", "to": "people", "ownership": "owned"},
            "to": {"via": "reader", "to": "people", "ownership": "owned"},
        },
        "triggers": {"sent": "on_day"},
    },
}
TABLES = (
    "CREATE TABLE people (id INTEGER PRIMARY KEY, email VARCHAR(190), name VARCHAR(80), closed DATE)",
    "CREATE TABLE visits (id INTEGER PRIMARY KEY, person INTEGER NOT NULL REFERENCES people (id), at DATE)",
    "CREATE TABLE invoices (id INTEGER PRIMARY KEY, person INTEGER NOT NULL REFERENCES people (id), on_day DATE)",
    "CREATE TABLE letters (id INTEGER PRIMARY KEY, sender INTEGER, reader INTEGER, on_day DATE)",
)
NAMES = ("letters", "invoices", "visits", "people")
PERSONS = (1, 2, 3)


@dataclass(frozen=True)
class Move:
    """One thing that somebody does: hold, restrict, lift, erase, sweep."""

    what: str
    person: int
    place: str


@st.composite
def stories(draw: st.DrawFn) -> list[Move]:
    what = st.sampled_from(["hold", "restrict", "rows", "lift", "erase", "erase", "sweep"])
    made = st.builds(Move, what, st.sampled_from(PERSONS), st.sampled_from(NAMES))
    return draw(st.lists(made, min_size=2, max_size=9))


@dataclass
class Told:
    """What has happened so far: who asked, which holds run and which rows each of them keeps."""

    erased: set[int] = field(default_factory=set)
    holds: dict[int, set[tuple[str, int]]] = field(default_factory=dict)


def built(folder: Path, url: str, kind: str, invoices: dict[int, str]) -> TestProject:
    shutil.rmtree(folder, ignore_errors=True)
    made = project(folder, url, policy(PROMISES), PLACES)
    if kind == "sqlite":
        Path(url.removeprefix("sqlite:///")).write_bytes(b"")
    rows = [
        *(f"INSERT INTO people VALUES ({i}, 'p{i}@example.com', 'P{i}', NULL)" for i in PERSONS),
        *(f"INSERT INTO visits VALUES ({10 * i + n}, {i}, '2026-01-01')" for i in PERSONS for n in (1, 2)),
        *(f"INSERT INTO invoices VALUES ({i}, {i}, '{day}')" for i, day in invoices.items()),
        "INSERT INTO letters VALUES (1, 1, 2, '2026-01-01'), (2, 2, 3, '2026-01-01'), (3, 3, NULL, '2026-01-01')",
    ]
    made.run(*(f"DROP TABLE IF EXISTS {name}" for name in NAMES), *TABLES, *rows)
    return made


def content(made: TestProject) -> dict[tuple[str, int], tuple[Any, ...]]:
    return {(name, row[0]): row for name in NAMES for row in made.rows(f"SELECT * FROM {name}")}


def of_person(rows: dict[tuple[str, int], tuple[Any, ...]], person: int) -> set[tuple[str, int]]:
    """Every row that is a person's, shared ones, too."""
    column = {"people": (0,), "visits": (1,), "invoices": (1,), "letters": (1, 2)}
    return {at for at, row in rows.items() if any(row[c] == person for c in column[at[0]])}


def play(made: TestProject, move: Move, told: Told, number: int) -> None:
    before = content(made)
    match move.what:
        case "hold" | "restrict":
            kind: Any = "litigation" if move.what == "hold" else "restriction"
            hold = placed(made, kind, HeldPerson("app.people", (move.person,)))
            told.holds[hold] = of_person(before, move.person)
        case "rows":
            column = "id" if move.place == "people" else {"letters": "sender"}.get(move.place, "person")
            hold = placed(made, "litigation", HeldRows(f"app.{move.place}", column, "=", move.person))
            index = 0 if move.place == "people" else 1
            told.holds[hold] = {
                at for at, row in before.items() if at[0] == move.place and row[index] == move.person
            }
        case "lift" if told.holds:
            hold = sorted(told.holds)[number % len(told.holds)]
            made.holds.lift(hold)
            del told.holds[hold]
        case "erase":
            told.erased.add(move.person)
            human = [Person("app.people", (move.person,))]
            with made.opened() as opened, eraser(opened) as ready:
                known = rests.of_references(made.db, made.vault, [f"p{move.person}"])
                rows = tuple(row for one in known for row in one.rows)
                asked = Of(f"p{move.person}", human, rows=rows, erased_before=bool(known))
                (done,) = ready.erase([asked])
            assert done.done, (done.refused, done.stopped)
        case "sweep":
            made.apply(quick=number % 2 == 0)
        case _:
            pass


def placed(made: TestProject, kind: Any, scope: Any) -> int:
    review = date.today() + timedelta(days=900)
    return made.holds.place(kind, (scope,), case="C", reason="R", author="A", review_on=review).id


def check(made: TestProject, story: list[Move], law: dict[int, str]) -> None:
    first, told = content(made), Told()
    for number, move in enumerate(story):
        play(made, move, told, number)
        now = content(made)
        for kept in told.holds.values():
            assert kept <= now.keys(), (move, "a held row went")
        for at, row in now.items():
            mine = {person for person in PERSONS if at in of_person(first, person)}
            assert row == first[at] or mine & told.erased, (move, "somebody else's row was changed")
        with made.opened() as opened:
            assert not restore.check(opened).restored, move
    for hold in sorted(told.holds):
        made.holds.lift(hold)
    made.apply()
    left = content(made)
    for person in told.erased:
        stays = {at for at in of_person(left, person) if at[0] != "letters"}
        kept = {("invoices", person)} if law.get(person, "") > "2017" else set()
        pointed = bool(kept) or _shares(first, person, told.erased)
        assert stays == kept | ({("people", person)} if pointed else set()), (story, "something is left")
        if pointed:
            assert left["people", person][1:] == (None, None, None)
    for at, row in first.items():
        owners = {person for person in PERSONS if at in of_person(first, person)}
        if at[0] == "invoices" and law[at[1]] < "2017":
            continue  # its ten years are over: a sweep may end it, whoever asks
        gone = owners <= told.erased if at[0] == "letters" else bool(owners & told.erased)
        if not gone:
            assert at in left, (at, "somebody else's row went")
            assert row == left[at]
        elif at[0] == "letters":
            assert at not in left, (at, "everybody whose row it is has left")
    assert made.ledger.verify().ok
    with made.db.read() as connection:
        open_ = rests.requests_not_over(connection)
    assert not open_
    with made.opened() as opened:
        assert not restore.check(opened).restored
        found = rests.due_for_review(
            made.db, made.vault, TODAY + timedelta(days=9), NOW + timedelta(days=9), epoch=-1, documents=""
        )
    assert {one.reference for one in found} == {f"p{i}" for i in told.erased if law.get(i, "") > "2017"} | {
        f"p{i}" for i in told.erased if _shares(first, i, told.erased)
    }


def _shares(first: dict[tuple[str, int], tuple[Any, ...]], person: int, erased: set[int]) -> bool:
    """Whether a letter of somebody is also one of somebody who stays."""
    letters = [at for at in of_person(first, person) if at[0] == "letters"]
    owners = [{p for p in PERSONS if at in of_person(first, p)} for at in letters]
    return any(not mine <= erased for mine in owners)


SLOW = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]
EXAMPLES = {"sqlite": 12, "postgres": 5, "mariadb": 5}
FOR_LONG = pytest.param(20, marks=[pytest.mark.soak, pytest.mark.timeout(3600)], id="for long")


@pytest.mark.parametrize("kind", ["sqlite", "postgres", "mariadb"])
@pytest.mark.parametrize("times", [pytest.param(1, id="some"), FOR_LONG])
def test_in_the_end_nothing_is_left_but_what_a_law_keeps(
    kind: str, times: int, fresh_url: Any, tmp_path: Path
) -> None:
    url = fresh_url(kind)

    @settings(
        max_examples=EXAMPLES[kind] * times,
        deadline=None,
        derandomize=times == 1,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=SLOW,
    )
    @given(
        story=stories(),
        law=st.dictionaries(
            st.sampled_from(PERSONS), st.sampled_from(["2010-01-01", "2020-05-05"]), max_size=3
        ),
    )
    def run(story: list[Move], law: dict[int, str]) -> None:
        made = built(tmp_path / "p", url, kind, law)
        try:
            check(made, story, law)
        finally:
            made.db.close()

    run()
