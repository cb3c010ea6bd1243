"""How much memory the export of a person with two million rows takes: a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    here = Path(__file__).parent
    sys.path[:0] = [str(here), str(here.parent / "tests")]

import sqlalchemy as sa

from measure import Sheet, most_memory

NAME = "rights.memory"
ROWS = 2_000_000
PLACES: dict[str, Any] = {
    "people": {
        "data": "visit",
        "person": "self",
        "identifiers": {"email": "email"},
        "triggers": {"seen": "born"},
    },
    "visits": {"data": "visit", "person": {"via": "person", "to": "people"}, "triggers": {"seen": "at"}},
}


def memory(sheet: Sheet, folder: Path) -> None:
    """Two million rows on SQLite, whose engine lives in the process itself."""
    path = folder / "rights.db"
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE people (id INTEGER PRIMARY KEY, email TEXT, born TEXT)")
        connection.exec_driver_sql(
            "CREATE TABLE visits (id INTEGER PRIMARY KEY, person INTEGER, at TEXT, page TEXT)"
        )
        connection.exec_driver_sql("INSERT INTO people VALUES (1, 'lea@example.org', '2026-01-01')")
        connection.exec_driver_sql(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
            " INSERT INTO visits SELECT i, 1, '2026-11-01', '/page/' || i FROM n",
            (ROWS,),
        )
        connection.exec_driver_sql("CREATE INDEX visits_person ON visits (person)")
    engine.dispose()
    ran = subprocess.run([sys.executable, __file__, str(path)], check=True, capture_output=True, text=True)
    size, seconds = map(float, ran.stdout.split()[-2:])
    sheet.add(NAME, [size], unit="MB", command=f"{ROWS} rows of one person, as a zip")
    sheet.add("rights.memory.seconds", [seconds])


def main(path: str) -> None:
    """Export once; print the greatest resident size in MB, and seconds."""
    import time

    from projects import NOW, retention
    from scene import scene
    from servanda.documents.package import Package
    from servanda.persons.copy import Copier
    from servanda.persons.person import Person

    promises = [retention("B-RET-01", "visit", "seen", "P1Y")]
    with (
        scene(f"sqlite:///{path}", promises, PLACES) as made,
        made.found.opened() as project,
        Path(os.devnull).open("wb") as sink,
    ):
        began = time.perf_counter()
        held = Copier(project.stores).copy((Person("app.people", (1,)),))
        packed = Package().pack(
            sink, held, project.stores.binding.policy, language="en", right="access", at=NOW, reference="1"
        )
        assert packed.rows == ROWS + 1
        took = time.perf_counter() - began
    print(most_memory(), took)


if __name__ == "__main__":
    main(sys.argv[1])
