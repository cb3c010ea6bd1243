"""`servanda archive`: what lies in the encrypted archives; read for a reason, verified, listed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import click

from servanda.cli.view import columns, count, said, say_json
from servanda.project import Project

if TYPE_CHECKING:
    from servanda.stores.archive.archive import Archive
    from servanda.stores.archive.index import Archived


@click.group("archive", short_help="List, read and verify what is archived")
def command() -> None:
    """Look into the intermediate archive: encrypted rows that daily use no longer needs."""


@command.command("list")
@click.option("--all", "all_", is_flag=True, help="Also list segments whose key was destroyed.")
@click.option("--json", "as_json", is_flag=True, help="Print the segments as JSON.")
@click.pass_obj
def list_(project: Project, all_: bool, as_json: bool) -> None:
    """List the segments: rows, persons, when their keys end, until when a copy of a key could open them."""
    found = [
        _segment(project, archive, row)
        for archive in _archives(project).values()
        for row in archive.segments()
        if all_ or as_json or row["ended_at"] is None
    ]
    if as_json:
        say_json({"segments": found})
        return
    rows = [["segment", "rows", "persons", "key", "copies of the key by"]] if found else []
    rows += [
        [s["segment"], str(s["rows"]), str(s["persons"]), s["key"], s["copies_by"] or "when the hold ends"]
        for s in found
    ]
    for line in columns(rows, indent=0, right=frozenset({1, 2})) or ["Nothing is archived."]:
        click.echo(line)


@command.command("read")
@click.argument("place")
@click.argument("key")
@click.option("--reason", required=True, help="Why it is read, such as a case; it stands in the ledger.")
@click.pass_obj
def read(project: Project, place: str, key: str, reason: str) -> int:
    """Print what is archived of one person or row: PLACE and KEY, such as app.users 42.

    That it was read, and why, is an entry of the ledger before anything is printed.
    """
    if not reason.strip():
        raise click.BadParameter("it is empty", param_hint="--reason")
    archives, rows = _archives(project), _rows(project, place, key)
    if not rows:
        raise click.UsageError(f"nothing of {place} {key} is archived")
    whose = project.vault.mac("identifiers", f"{place}\n{key}".encode())[:32]
    body = {"place": place, "person": whose, "rows": len(rows), "reason": reason}
    entry = project.ledger.append("archive.read", body)
    of_segment = {row["id"]: a for a in archives.values() for row in a.segments()}
    lost = 0
    for row in rows:
        found = _read(of_segment.get(row.segment), row)
        lost += found is None
        if found is not None:
            say_json(found)
    said(f"{count(len(rows) - lost, 'row')} read, entry {entry.number}.")
    return 1 if lost else 0


@command.command("verify")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_obj
def verify(project: Project, as_json: bool) -> int:
    """Read every segment: it is there, unaltered, and its keys are there. Exit with 1 where one is not."""
    today = project.today
    found = [pair for archive in _archives(project).values() for pair in archive.verify(today)]
    faults = [pair for pair in found if pair[1]]
    if as_json:
        say_json({"segments": [{"segment": name, "fault": fault or None} for name, fault in found]})
        return 1 if faults else 0
    for name, fault in faults:
        click.echo(f"{click.style('✗', fg='red')} {name}: {fault}")
    click.echo(f"{count(len(found), 'segment')} read, {count(len(faults), 'fault')}.")
    return 1 if faults else 0


def _archives(project: Project) -> dict[str, Archive]:
    from servanda.stores.archive.archive import archives

    if not project.stores_document.archives:
        raise click.UsageError("no archive of files is declared: archives: in stores.yaml")
    return archives(project.stores_document, project.database, project.vault)


def _segment(project: Project, archive: Archive, row: Any) -> dict[str, Any]:
    """A segment for a person to read."""
    import sqlalchemy as sa

    from servanda.database import tables
    from servanda.law.retention import last_day
    from servanda.plan.archive.overview import month_end
    from servanda.stores.archive.archive import HELD

    table = tables.archived
    persons = sa.select(table.c.person_place, table.c.person_key).where(table.c.segment == row["id"])
    with project.database.read() as connection:
        rows = connection.execute(sa.select(sa.func.count()).select_from(persons.subquery())).scalar_one()
        whose = connection.execute(
            sa.select(sa.func.count()).select_from(persons.distinct().subquery())
        ).scalar_one()
    held, over = row["month"] == HELD, row["ended_at"]
    ends = date.fromisoformat(over[:10]) if over else None if held else month_end(row["month"])
    key = f"destroyed {ends}" if over else "held" if held else f"ends {ends}"
    copies = last_day(ends, archive.key_backup).isoformat() if ends else None
    return {
        "segment": row["id"],
        "archive": archive.name,
        "month": row["month"],
        "rows": rows,
        "persons": whose,
        "bytes": row["size"],
        "key": key,
        "copies_by": copies,
    }


def _rows(project: Project, place: str, key: str) -> Sequence[Archived]:
    """What is archived of a person, or of one row, by its key."""
    import sqlalchemy as sa

    from servanda.database import tables
    from servanda.plan.load import key_text
    from servanda.stores.archive.index import of_row

    table = tables.archived
    texts = [key_text([key])] + ([key_text([int(key)])] if re.fullmatch(r"-?[0-9]+", key) else [])
    person = sa.and_(table.c.person_place == place, table.c.person_key.in_(texts))
    row = sa.and_(table.c.place == place, table.c.row_key.in_(texts))
    query = (
        sa.select(table).where(sa.or_(person, row)).order_by(table.c.place, table.c.row_key, table.c.last_day)
    )
    with project.database.read() as connection:
        return [of_row(dict(found)) for found in connection.execute(query).mappings()]


def _read(archive: Archive | None, row: Archived) -> dict[str, Any] | None:
    from servanda.errors import ServandaError

    try:
        if archive is None:
            raise ServandaError(f"the archive of segment {row.segment} is declared no more")
        return archive.read(row)
    except ServandaError as error:
        said(f"{row.place}: {error.message}")
        return None
