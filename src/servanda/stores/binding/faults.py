"""Checks of a place against its store, when the stores document is bound; each fault becomes a complaint.

unsupported       the place needs a verb that its store lacks
archive_faults    it cannot archive as declared
editable_faults   persons cannot change a column themselves: identifiers, keys and credentials are corrected on
                  request only, after a check (GDPR 16, 32)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from servanda.policy.promise import Promise, Retention
from servanda.stores.discovery.secrets import secrets
from servanda.stores.document.archiving import ArchiveFlag, ArchiveTable
from servanda.stores.document.document import Place, StoreEntry
from servanda.stores.shape import Shape, Table

Unsupported = tuple[str, str] | tuple[str, str, str]
"""What is asked, what to write instead, and the key of the place that asks it."""


def misplaced(can: frozenset[str], place: Place) -> Unsupported | None:
    """Whether a place speaks of files where the store has tables, or of a table where it has files."""
    if "key" not in can and not place.files:
        message = "the store is a folder of files, and the place names none"
        return message, 'files: "access.log*", and line: how a line reads'
    if "key" in can and place.files:
        return "the store has tables and no files", "table: its table", "files"
    return None


def unsupported(
    can: frozenset[str], place: Place, limits: tuple[tuple[Promise, Retention], ...]
) -> Iterator[Unsupported]:
    """Each thing that is asked of a place and that its store cannot do."""
    if "change" not in can:
        if place.at_end:
            yield "its lines end whole: no column is emptied", "", "at_end"
        for promise in (p.id for p, r in limits if r.keeps_row or r.archive is not None):
            message = f"{promise} empties or archives, and its lines can only be deleted"
            yield message, "end: delete, or move what must stay to a table"
    if "key" not in can:
        if place.person not in (None, "none") or place.identifiers:
            advice = "person: none; a hold names lines by a column: hold place --where"
            yield "its lines have no key by which a person is found", advice, "person"
        for promise in (p.id for p, r in limits if r.warn_before is not None):
            yield f"{promise} warns persons, and lines lead to none", ""


Limits = Sequence[tuple[Promise, Retention]]


def archive_faults(
    place: Place, table: Table, shape: Shape, entry: StoreEntry, limits: Limits
) -> Iterator[tuple[str, str]]:
    """What is wrong with `archive:` and `notes:` of a place, each with what to do."""
    for note in place.notes.values():
        if note.unless is not None and note.unless not in table.columns:
            yield f"table {table.name} has no column {note.unless}", "name the column under unless:"
    if place.archive is None:
        return
    if not table.key:
        yield f"{table.name} has no key, so that its rows cannot be archived", "give the table a primary key"
    elif isinstance(place.archive, ArchiveFlag):
        if place.archive.flag not in table.columns:
            yield (
                f"table {table.name} has no column {place.archive.flag}",
                "add it, as a date that may be NULL",
            )
    elif isinstance(place.archive, ArchiveTable):
        yield from _table(place, place.archive, table, shape, entry, limits)


def _table(
    place: Place, how: ArchiveTable, table: Table, shape: Shape, entry: StoreEntry, limits: Limits
) -> Iterator[tuple[str, str]]:
    """What is wrong with another table as an archive."""
    there = shape.tables.get(how.table)
    if there is None:
        yield f"there is no table {how.table}", "make it, with the archived columns and three more"
        return
    kept = {name for _, retention in limits if retention.archive is not None for name in retention.data}
    names = {c for name in kept for c in _columns(place, name, table)} | set(table.key)
    lacking = sorted((names | {how.trigger_day, how.last_day, how.grounds}) - set(there.columns))
    if lacking:
        yield f"table {how.table} lacks {', '.join(lacking)}", "add the columns"
    if set(table.key) in ({*there.key}, *({*unique} for unique in there.unique)):
        message = (
            f"the key of {table.name} is unique in {how.table}: a row that changed could not be archived anew"
        )
        yield message, "give the table a key of its own"
    living = [p for name, p in entry.places.items() if p.lives_in(name) == how.table]
    ended = {name for p in living for name in p.data}
    if kept - ended:
        message = f"{how.table} is no place of {', '.join(sorted(kept - ended))}, so that nothing ends there"
        yield message, f"declare it under places:, its trigger bound to {how.trigger_day}"


def _columns(place: Place, category: str, table: Table) -> Sequence[str]:
    named = place.data.get(category, ())
    return list(table.columns) if isinstance(named, str) else named


def editable_faults(place: Place, table: Table) -> Iterator[tuple[str, str, str]]:
    """What is wrong with `editable:` of a place: the column, why, and what to do."""
    for name in place.editable:
        column = table.columns.get(name)
        if column is None:
            yield name, f"table {table.name} has no column {name}", "name one of its columns"
        elif place.person != "self":
            yield (
                name,
                f"{name} cannot be edited: a row of {table.name} is no person",
                "let editable name columns of a place with person: self",
            )
        elif name in place.identifiers.values() or name in table.key:
            yield (
                name,
                f"{name} cannot be edited by the person: the row is known by it",
                "take it out: it is put right on request, with rectification",
            )
        elif column.generated:
            yield name, f"{name} cannot be edited: the database computes it", "take it out"
        elif secrets(place, (name,)):
            yield name, f"{name} cannot be edited: it proves who somebody is", "take it out"
        elif name in {flag.column for flag in place.flags.values()}:
            yield name, f"{name} is written by Servanda: it is a flag of the place", "take it out"
