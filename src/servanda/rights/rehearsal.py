"""A rehearsal: plans every right for one person of the real stores; changes nothing.

It shows that a request could be carried out today: rows are found, nothing would be refused, the copy can be
packed. The ledger records the result and the number of rows of each right, but nothing about the person.

Law: GDPR 12(2), 24(1): to be able to; 32(1)(d) a process for regularly testing.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, BinaryIO, Literal, cast

from servanda.errors import ServandaError
from servanda.persons.copy import Copier
from servanda.persons.person import Person
from servanda.persons.subject_graph import SubjectGraph
from servanda.project import Project
from servanda.rights.answer import pack
from servanda.rights.case import Case, places_of_customers
from servanda.rights.record.request import Request
from servanda.rights.record.requests import Secret
from servanda.rights.right import Right, load

ENTRY = "rights.rehearsed"


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """The result for one right: the number of rows, and `why` it would fail (empty: it would not)."""

    right: str
    rows: int
    why: str = ""


def rehearse(project: Project) -> list[Rehearsed]:
    """Rehearse every right, and record the results; empty if the stores contain no person."""
    human = _pick_person(project)
    if human is None:
        project.ledger.append(ENTRY, {"rights": {}, "why": "the stores hold no person"})
        return []
    done = [_rehearse_right(project, found, human) for found in _rights_to_rehearse(project)]
    results = {one.right: {"rows": one.rows, "why": one.why} for one in done}
    project.ledger.append(ENTRY, {"rights": results})
    return done


def _rights_to_rehearse(project: Project) -> list[Right]:
    """The rights that persons can ask for, and those of customers if the company is a processor."""
    processes = bool(places_of_customers(project))
    return [found for found in load().values() if found.listed or (found.customers and processes)]


def _pick_person(project: Project) -> tuple[Person, ...] | None:
    """A row of a person, from the place that most other tables reference; None if there is none."""
    roots = [
        (sum(e.giver == p.table.name for e in graph.edges), p)
        for graph in SubjectGraph.of(project.stores.binding).stores.values()
        for p in graph.roots
        if p.table.key and p.store in project.stores.sessions
    ]
    for _, place in sorted(roots, key=lambda pair: (-pair[0], pair[1].name)):
        for key in _first(project, place):
            return (Person(place.name, key),)
    return None


def _first(project: Project, place: Any) -> Iterator[tuple[Any, ...]]:
    import sqlalchemy as sa

    from servanda.stores.sql.archive_table import database

    session = database(project.stores.sessions[place.store])
    row: Any = session.table_of(place.table.name)
    key = [row.c[c] for c in place.table.key]
    identified = [row.c[c].is_not(None) for c in place.place.identifiers.values()]
    query = sa.select(*key).select_from(row).where(*identified).order_by(*(c.desc() for c in key)).limit(1)
    found = session.first(query)
    if found is not None:
        yield tuple(found)


def _rehearse_right(project: Project, right: Right, human: tuple[Person, ...]) -> Rehearsed:
    request = Request(0, right.name, "person", "account", project.policy.languages[0], project.today, ())
    case = Case(request, project, "", "rehearsal", Secret("", "", "", {"wish": "keep"}), human)
    try:
        outcome = (right.rehearse or right.plan)(case)
        if right.copy:
            outcome = replace(outcome, size=_packed_size(case, right.copy))
    except ServandaError as error:
        return Rehearsed(right.name, 0, error.message)
    return Rehearsed(right.name, outcome.rows(), outcome.refused[0] if outcome.kind == "refused" else "")


def _packed_size(case: Case, copy: Literal["access", "portability"]) -> int:
    project, sink = case.project, cast("BinaryIO", _Counting())
    made = pack.PACKER.pack(
        sink, Copier(project.stores).copy(case.human), project.policy, language=case.request.language,
        right=copy,
        at=project.now, reference="0",
    )  # fmt: skip
    return made.size


class _Counting(io.RawIOBase):
    """A sink that counts bytes and discards them."""

    def __init__(self) -> None:
        self._at = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._at += len(data)
        return len(data)

    def tell(self) -> int:
        return self._at
