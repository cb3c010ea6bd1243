"""What of a person lies in the archives of files: copied for them, and named with its last day when they leave.

Somebody whose row is gone is known by a keyed hash of what they were known by, kept beside the archived rows and
ended with them. That something was read is an entry of the ledger.

Law: GDPR 15(1) what is archived is held, too; 17(3)(b) and (e); 5(1)(e).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from servanda.persons.copy import Held
from servanda.persons.person import Human, Person
from servanda.persons.references import all_names_of, macs_of
from servanda.persons.remaining_rows import Rest
from servanda.plan.load import key_text
from servanda.plan.retention_limits import article
from servanda.project import Project
from servanda.rights.answer.outcome import Line
from servanda.rights.case import Case
from servanda.stores.archive.archive import Archive, archives
from servanda.stores.archive.index import Archived, known_as, of_persons
from servanda.stores.binding.binding import BoundPlace
from servanda.stores.binding.identity import created_columns
from servanda.stores.discovery.secrets import secrets
from servanda.stores.sql.archive_table import database


def known(project: Project, human: Human, about: str) -> list[Archived]:
    """What is archived of a person, known by what their rows bear now and by the address that was given.

    Their key alone is enough only where nothing else was known of the person when the row was archived.
    """
    if not project.stores.binding.document.archives:
        return []
    macs = macs_of(project.vault, about) if about else []
    for person in human:
        macs += _names_now(project, person)
    with project.database.read() as connection:
        persons = [(person.place, key_text(person.key), "") for person in human]
        persons += known_as(connection, macs)
        return of_persons(connection, dict.fromkeys(persons))


def _names_now(project: Project, person: Person) -> list[str]:
    """The keyed hashes of what a row bears now; none if the row is gone."""
    place = project.stores.binding.places.get(person.place)
    if place is None or place.place.person != "self" or place.store not in project.stores.sessions:
        return []
    named, created = list(dict.fromkeys(place.place.identifiers.values())), created_columns(place)
    session = database(project.stores.session_of(place))
    row: Any = session.table_of(place.table.name)
    columns = [row.c[c] for c in (*place.table.key, *named, *created)]
    values = session.first(sa.select(*columns).where(*session.at_key(place.table.name, person.key)))
    if values is None:
        return []
    size = len(place.table.key)
    return all_names_of(
        project.vault,
        place.name,
        values[:size],
        values[size : size + len(named)],
        values[size + len(named) :],
    )


def lines(case: Case) -> Iterator[Line]:
    """How many archived rows of each place there are."""
    for place, rows in groupby(_mine(case), key=lambda row: row.place):
        yield Line((place,), "copy", len(list(rows)))


def kept(case: Case) -> list[Rest]:
    """What stays archived: of each place and promise until its last day."""
    policy = case.project.policy
    grounds = {promise.id: retention for promise, retention in policy.retentions() if retention.archive}
    found = []
    same: Any = lambda row: (row.place, row.promise, row.last_day)  # noqa: E731
    for (place, promise, last), rows in groupby(sorted(_mine(case), key=same), key=same):
        retention = grounds.get(promise)
        found.append(
            Rest(
                place,
                len(list(rows)),
                "law",
                until=date.fromisoformat(last),
                promise=promise,
                ground=str(retention.ground) if retention is not None else "",
                article=article(retention) if retention is not None else "",
            )
        )
    return found


def copies(case: Case) -> Iterator[Held]:
    """The archived rows, place by place, as they are decrypted one by one."""
    mine, project = _mine(case), case.project
    if not mine:
        return
    body = {"request": case.request.number, "rows": len(mine), "reason": case.request.right}
    project.ledger.append("archive.read", body)
    there = archives(project.stores.binding.document, project.database, project.vault)
    of_segment = {row["id"]: archive for archive in there.values() for row in archive.segments()}
    for (name, _), rows in groupby(mine, key=lambda row: (row.place, row.promise)):
        place = project.stores.binding.places.get(name)
        yield from _held(name, place, list(rows), of_segment)


def _held(
    name: str, place: BoundPlace | None, rows: list[Archived], of_segment: dict[str, Archive]
) -> Iterator[Held]:
    first = of_segment[rows[0].segment].read(rows[0])
    columns = tuple(first["values"])
    hidden = secrets(place.place, columns) if place is not None else ()
    shown = tuple(c for c in columns if c not in hidden)
    data = (
        {c: tuple(k for k in own if k in shown) for c, own in place.data.items()} if place is not None else {}
    )
    values = (_values(of_segment[row.segment].read(row), shown) for row in rows)
    fields = {c: n for n, own in place.place.fields.items() for c in own} if place is not None else {}
    zone = place.entry.timezone if place is not None else "UTC"
    mine = {category: own for category, own in data.items() if own}
    yield Held(f"{name} (archive)", name, mine, shown, hidden, values, False, fields, zone)


def _values(content: dict[str, Any], columns: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(content["values"].get(column) for column in columns)


def _mine(case: Case) -> list[Archived]:
    return known(case.project, case.human, case.secret.about)
