"""`servanda event`: records events that start a period, and evidence, both sent by the company's application."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import click

from servanda.project import Project


@click.group("event", short_help="Record an event or evidence that the company's application sends")
def command() -> None:
    """Record what the company's application knows and no column says."""


@command.command("record")
@click.argument("name")
@click.argument("row", metavar="PLACE=KEY")
@click.option(
    "--at", default=None, metavar="TIME", help="When it happened, ISO 8601 with offset; now by default."
)
@click.option("--source", default="command line", help="Which application says so.")
@click.pass_obj
def record(project: Project, name: str, row: str, at: str | None, source: str) -> None:
    """Record the event NAME of one row, such as account_deleted app.users=42. The first record counts."""
    import sqlalchemy as sa

    from servanda.database import moment, tables
    from servanda.plan.load import key_text, mark_of
    from servanda.stores.document.triggers import AtEvent, AtGreatest

    place, _, key = row.partition("=")
    triggers = [
        t
        for full, (_, p) in project.stores_document.places().items()
        if full == place
        for t in p.triggers.values()
    ]
    parts = [p for t in triggers for p in (t.greatest if isinstance(t, AtGreatest) else [t])]
    events = {p.event for p in parts if isinstance(p, AtEvent)}
    if name in events and not key:
        raise click.UsageError(f"say which row of {place}, by its key: {place}=42")
    if name not in events:
        listing = ", ".join(sorted(events)) or "none"
        raise click.UsageError(
            f"{place or 'this'} knows no event “{name}” (it knows: {listing}); PLACE=KEY as app.users=42"
        )
    instant = _instant(at, project.now)
    text = key_text([int(key) if re.fullmatch(r"-?[0-9]+", key) else key])
    event = tables.event
    ledger = project.ledger  # opened first: a new ledger writes its origin in a separate transaction
    with project.open_stores(tolerant=True) as opened:
        mark = mark_of(opened, place, name, text)
    with project.database.begin() as connection:
        duplicate = sa.and_(event.c.name == name, event.c.place == place, event.c.parent_key == text)
        known = connection.execute(sa.select(event.c.mark).where(duplicate)).first()
        if known is not None and (known.mark is None or known.mark == mark):
            click.echo("This event of this row was recorded before; the first record counts.")
            return
        connection.execute(sa.delete(event).where(duplicate))  # of a former row with this key
        number = 1 + int(connection.execute(sa.select(sa.func.max(event.c.id))).scalar() or 0)
        values = {
            "id": number,
            "name": name,
            "place": place,
            "parent_key": text,
            "at": moment(instant),
            "source": source,
            "mark": mark,
        }
        connection.execute(sa.insert(event).values(values))
        ledger.append_in(
            connection, "event", {"event": number, "name": name, "place": place, "source": source}
        )
    click.echo(f"Recorded {name}.")


@command.command("evidence")
@click.argument("promise")
@click.option("--kind", default="kept", help="What the application did, in a word.")
@click.pass_obj
def evidence(project: Project, promise: str, kind: str) -> None:
    """Record that the company's application did what PROMISE says; it counts while it is young enough."""
    import sqlalchemy as sa

    from servanda.database import moment, tables

    declared = project.policy.promise(promise)
    if declared is None:
        raise click.UsageError(f"there is no promise “{promise}”; see: servanda promises")
    evidence_table = tables.evidence
    ledger = project.ledger
    with project.database.begin() as connection:
        entry = ledger.append_in(connection, "evidence", {"promise": declared.id, "kind": kind})
        number = 1 + int(connection.execute(sa.select(sa.func.max(evidence_table.c.id))).scalar() or 0)
        values = {"id": number, "promise": declared.id, "kind": kind, "at": moment(), "entry": entry.number}
        connection.execute(sa.insert(evidence_table).values(values))
    click.echo(f"Recorded for {declared.name}, entry {entry.number}.")


def _instant(at: str | None, now: datetime) -> datetime:
    if at is None:
        return now
    try:
        instant = datetime.fromisoformat(at)
        if instant.tzinfo is not None:
            instant = instant.astimezone(UTC)
    except (ValueError, OverflowError):
        raise click.BadParameter("write it as 2026-03-01T10:00:00+01:00", param_hint="--at") from None
    if instant.tzinfo is None:
        raise click.BadParameter("the time has no offset; write 2026-03-01T10:00:00+01:00", param_hint="--at")
    if instant > now:
        raise click.BadParameter("the time is in the future", param_hint="--at")
    return instant
