"""What an erasure costs on a map of forty tables, apart from its statements: CPU time, on SQLite."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from measure import Sheet

NAME = "rights.wide"
TABLES, PEOPLE, ANEW, SERIES = 40, 60, 12, 20


def wide(sheet: Sheet, folder: Path) -> None:
    """A person with a row in each table, a law on every seventh, mentions in every fifth, one person under a hold."""
    from scene import scene
    from servanda.apply.by_person import erase, eraser
    from servanda.persons.holds import HeldPerson
    from servanda.persons.person import Person
    from servanda.plan.due import Of

    promises, places, statements = _forty()

    def asked(key: int) -> list[Of]:
        return [Of(f"p{key}", [Person("app.people", (key,))])]

    def anew(key: int) -> None:
        with made.found.opened() as project:
            (done,) = erase(project, asked(key))
            assert done.done

    with scene(f"sqlite:///{folder}/wide.db", promises, places) as made:
        made.found.run(*statements)
        scope = (HeldPerson("app.people", (PEOPLE,)),)
        made.found.holds.place(
            "litigation", scope, case="C", reason="R", author="A", review_on=date(2040, 1, 1)
        )
        anew(1)  # the first act of a process imports, and makes its statements
        took = [_cpu(partial(anew, key)) for key in range(2, 2 + ANEW)]
        sheet.add(NAME, took, unit="ms", command="an act that opens the stores, CPU time")
        with made.found.opened() as project, eraser(project) as ready:
            keys = range(2 + ANEW, 2 + ANEW + SERIES)
            every = [_cpu(partial(ready.erase, asked(key))) for key in keys]
        sheet.add(f"{NAME}.series", every[3:], unit="ms", command="one after the other, CPU time")


def _cpu(act: Callable[[], Any]) -> float:
    began = time.process_time()
    act()
    return (time.process_time() - began) * 1000


def _forty() -> tuple[list[dict[str, Any]], dict[str, Any], list[str]]:
    from projects import retention

    closed = {"column": "closed", "open": None}
    places: dict[str, Any] = {
        "people": {
            "data": "account",
            "person": "self",
            "identifiers": {"email": "email"},
            "triggers": {"closed": closed},
            "skeleton": True,
            "at_end": {"email": None},
        }
    }
    promises = [retention("B-RET-00", "account", "closed", "P3Y")]
    statements = ["CREATE TABLE people (id INTEGER PRIMARY KEY, email TEXT, closed DATE)"]
    everyone = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {PEOPLE})"
    statements.append(
        f"INSERT INTO people SELECT i, 'p' || i || '@example.com', NULL FROM ({everyone} SELECT i FROM n)"
    )
    for n in range(1, TABLES):
        parent = "people" if n < 25 else f"t{n - 24}"
        place: dict[str, Any] = {"data": f"c{n}", "person": {"via": "up", "to": parent}}
        place |= {"triggers": {f"made{n}": "made"}, "at_end": {"note": None}}
        if n % 5 == 0:
            naming = {"via": "named", "to": "people", "ownership": "mentions", "erase": "detach"}
            place["references"] = {"named": naming}
        places[f"t{n}"] = place
        law = {"limit": "min", "ground": {"law": "FR/c-com/L123-22"}} if n % 7 == 0 else {}
        promises.append(retention(f"B-RET-{n:02}", f"c{n}", f"made{n}", "P10Y" if law else "P1Y", **law))
        columns = f"up INTEGER REFERENCES {parent} (id), named INTEGER, made DATE, note TEXT, kind TEXT"
        statements += [
            f"CREATE TABLE t{n} (id INTEGER PRIMARY KEY, {columns})",
            f"CREATE INDEX t{n}_up ON t{n} (up)",
            f"CREATE INDEX t{n}_named ON t{n} (named)",
            f"INSERT INTO t{n} SELECT i, i, i % 7 + 1, '2026-10-01', 'x', 'k' FROM ({everyone} SELECT i FROM n)",
        ]
    return promises, places, statements
