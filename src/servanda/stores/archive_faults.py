"""Why a place cannot archive as it says: found when the stores document is bound to the stores."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from servanda.policy.promise import Promise, Retention
from servanda.stores.archiving import ArchiveFlag, ArchiveTable
from servanda.stores.document import Place, StoreEntry
from servanda.stores.shape import Shape, Table

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
