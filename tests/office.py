"""A company under test that answers requests, and what it packs as a copy."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, BinaryIO

import sqlalchemy as sa

from projects import NOW, TestProject, retention
from servanda.database import tables
from servanda.documents import as_text
from servanda.documents.letter_text import compose
from servanda.documents.package import Packed, Packer
from servanda.post.outbox import open_letter
from servanda.project import Project
from servanda.rights import handle as carry_out
from servanda.rights.answer import pack
from servanda.rights.record.requests import Opening, Requests

ADDRESS = "lea.martin@example.org"
LAW = {"law": "FR/c-com/L123-22"}
PROMISES = [
    retention("T-RET-01", "account", "closed", "P3Y"),
    retention("T-RET-02", "visit", "seen", "P1Y"),
    retention("T-RET-03", "billing", "issued", "P10Y", limit="min", ground=LAW),
]
TABLES = (
    "CREATE TABLE people (id INTEGER PRIMARY KEY, email VARCHAR(190), name VARCHAR(80), phone VARCHAR(20),"
    " closed DATE)",
    "CREATE TABLE visits (id INTEGER PRIMARY KEY, person INTEGER NOT NULL REFERENCES people (id), at DATE)",
    "CREATE INDEX visits_person ON visits (person)",
    "CREATE TABLE invoices (id INTEGER PRIMARY KEY, person INTEGER NOT NULL REFERENCES people (id),"
    " on_day DATE NOT NULL, total INTEGER)",
)
"""The tables of the places below, but for their flags."""
PLACES: dict[str, Any] = {
    "people": {
        "data": "account",
        "person": "self",
        "identifiers": {"email": "email"},
        "triggers": {"closed": {"column": "closed", "open": None}},
        "skeleton": True,
        "at_end": {"email": None, "name": None, "phone": None},
        "flags": {
            "restriction": {"column": "locked", "on": 1, "off": 0},
            "objection": {"column": "mails", "on": 0},
        },
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
}


class Words:
    """Packs a copy as lines of JSON: what these tests look at is which rows it has."""

    def pack(self, to: BinaryIO, held: Any, policy: Any, **more: Any) -> Packed:
        lines = [json.dumps([h.place, *row], default=str) for h in held for row in h.rows]
        content = "\n".join(lines).encode()
        to.write(content)
        return Packed(len(lines), len({line.split('"')[1] for line in lines}), len(content), "0" * 64)


_OWN = pack.PACKER
_PACKING: list[Packer] = []


@dataclass
class Office:
    """A company under test: its project, and requests that are proved at once."""

    found: TestProject
    packer: Packer = field(default_factory=Words)

    @contextmanager
    def company(self, now: datetime = NOW, **how: Any) -> Iterator[Project]:
        """The project with its stores open; copies are packed as plain lines."""
        _PACKING.append(self.packer)
        pack.PACKER = self.packer
        try:
            with self.found.opened(now, **how) as project:
                yield project
        finally:
            _PACKING.remove(self.packer)  # threads end in any order: the last one puts the program's own back
            pack.PACKER = _PACKING[-1] if _PACKING else _OWN

    def ask(self, right: str, about: str = ADDRESS, **more: Any) -> int:
        with self.company() as project:
            opening = Opening(right, about, about, project.today, **{"language": "fr", **more})
            number = Requests(project).open(opening).number
            if right not in ("objection", "withdrawal"):
                Requests(project).record(number, "proved", facts={"by": "operator"})
            return number

    def apply(self, number: int) -> Any:
        with self.company() as project:
            return carry_out.apply(project, number)

    def answer(self, number: int) -> str:
        """Answer a request. Returns the letter as text."""
        with self.company() as project:
            carry_out.answer(project, number)
            with project.database.read() as connection:
                query = sa.select(tables.outbox).where(tables.outbox.c.request == number)
                row = connection.execute(query.order_by(tables.outbox.c.id.desc())).first()
            letter = open_letter(project.vault, row)
            return as_text.render(compose(letter, project.policy, "http://localhost", project.today))
