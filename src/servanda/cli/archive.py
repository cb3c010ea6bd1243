"""`servanda archive`: lists and verifies the encrypted archives, and reads one person's rows for a reason."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import click

from servanda.cli.view import columns, count, note, print_json
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
    """List segments: rows, persons, when the key ends, and until when a backup of the key can open it."""
    segments = [
        _segment(project, archive, row)
        for archive in _archives(project).values()
        for row in archive.segments()
        if all_ or as_json or row["ended_at"] is None
    ]
    if as_json:
        print_json({"segments": segments})
        return
    rows = [["segment", "rows", "persons", "key", "copies of the key by"]] if segments else []
    rows += [
        [s["segment"], str(s["rows"]), str(s["persons"]), s["key"], s["copies_by"] or "when the hold ends"]
        for s in segments
    ]
    for line in columns(rows, indent=0, right=frozenset({1, 2})) or ["Nothing is archived."]:
        click.echo(line)


@command.command("read")
@click.argument("place")
@click.argument("key")
@click.option("--reason", required=True, help="Why it is read, such as a case; it stands in the ledger.")
@click.pass_obj
def read(project: Project, place: str, key: str, reason: str) -> int:
    """Print the archived rows of one person or row: PLACE and KEY, such as app.users 42.

    The reading and its reason are recorded in the ledger before anything is printed.
    """
    if not reason.strip():
        raise click.BadParameter("the reason is empty", param_hint="--reason")
    archives, rows = _archives(project), _rows(project, place, key)
    if not rows:
        raise click.UsageError(f"nothing of {place} {key} is archived")
    pseudonym = project.vault.mac("identifiers", f"{place}\n{key}".encode())[:32]
    body = {"place": place, "person": pseudonym, "rows": len(rows), "reason": reason}
    entry = project.ledger.append("archive.read", body)
    archive_of = {row["id"]: a for a in archives.values() for row in a.segments()}
    unreadable = 0
    for row in rows:
        content = _read(archive_of.get(row.segment), row)
        unreadable += content is None
        if content is not None:
            print_json(content)
    note(f"{count(len(rows) - unreadable, 'row')} read, entry {entry.number}.")
    return 1 if unreadable else 0


@command.command("verify")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_obj
def verify(project: Project, as_json: bool) -> int:
    """Read every segment: the file exists, is unaltered and has its keys. Exits with 1 on a fault."""
    today = project.today
    results = [pair for archive in _archives(project).values() for pair in archive.verify(today)]
    failed = [pair for pair in results if pair[1]]
    if as_json:
        print_json({"segments": [{"segment": name, "fault": fault or None} for name, fault in results]})
        return 1 if failed else 0
    for name, fault in failed:
        click.echo(f"{click.style('✗', fg='red')} {name}: {fault}")
    click.echo(f"{count(len(results), 'segment')} read, {count(len(failed), 'fault')}.")
    return 1 if failed else 0


def _archives(project: Project) -> dict[str, Archive]:
    from servanda.stores.archive.archive import archives

    if not project.stores_document.archives:
        raise click.UsageError("stores.yaml declares no archive of files; add one under archives:")
    return archives(project.stores_document, project.database, project.vault)


def _segment(project: Project, archive: Archive, row: Any) -> dict[str, Any]:
    """A segment as a row of the list; sizes in bytes, dates in ISO 8601."""
    import sqlalchemy as sa

    from servanda.database import tables
    from servanda.law.retention import last_day
    from servanda.plan.archive.overview import month_end
    from servanda.stores.archive.archive import HELD

    table = tables.archived
    person_keys = sa.select(table.c.person_place, table.c.person_key).where(table.c.segment == row["id"])
    with project.database.read() as connection:
        rows = connection.execute(sa.select(sa.func.count()).select_from(person_keys.subquery())).scalar_one()
        persons_count = connection.execute(
            sa.select(sa.func.count()).select_from(person_keys.distinct().subquery())
        ).scalar_one()
    on_hold, destroyed_at = row["month"] == HELD, row["ended_at"]
    ends = (
        date.fromisoformat(destroyed_at[:10])
        if destroyed_at
        else None
        if on_hold
        else month_end(row["month"])
    )
    key = f"destroyed {ends}" if destroyed_at else "held" if on_hold else f"ends {ends}"
    copies = last_day(ends, archive.key_backup).isoformat() if ends else None
    return {
        "segment": row["id"],
        "archive": archive.name,
        "month": row["month"],
        "rows": rows,
        "persons": persons_count,
        "bytes": row["size"],
        "key": key,
        "copies_by": copies,
    }


def _rows(project: Project, place: str, key: str) -> Sequence[Archived]:
    """Look up the archived rows of a person, or one archived row, by primary key."""
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
        return [of_row(dict(record)) for record in connection.execute(query).mappings()]


def _read(archive: Archive | None, row: Archived) -> dict[str, Any] | None:
    from servanda.errors import ServandaError

    try:
        if archive is None:
            raise ServandaError(f"the archive of segment {row.segment} is no longer declared in stores.yaml")
        return archive.read(row)
    except ServandaError as error:
        note(f"{row.place}: {error.message}")
        return None
