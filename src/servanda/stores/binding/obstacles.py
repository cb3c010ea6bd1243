"""What stands beside the rows of a place when they end: columns that no category names, copies that the database keeps.

unnamed_columns   the row holds what nobody promised to end: it is emptied, and never deleted by a promise
kept_copies       what was ended in the table stands on elsewhere: no promise is kept, no erasure is claimed
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from servanda.stores.binding.binding import Binding, BoundPlace, Complaint
from servanda.stores.binding.coverage import structural
from servanda.stores.document.archiving import ArchiveFlag, ArchiveTable
from servanda.stores.selection import GreatestTime, ParentTime
from servanda.stores.shape import StoredCopy


@dataclass(frozen=True, slots=True)
class KeptCopy:
    """A copy of rows that nothing ends with them: a sentence about it, and the way out."""

    copy: StoredCopy
    message: str
    advice: str

    @property
    def loses_bytes(self) -> bool:
        """Whether nobody could find the copy any more once the row has gone."""
        return self.copy.kind == "large object"


def unnamed_columns(binding: Binding, place: BoundPlace) -> tuple[str, ...]:
    """The columns of a place's rows that no category of any place names, and that hold more than the row's frame."""
    if place.place.files or "all" in place.place.data.values():
        return ()
    living = [p for p in binding.of_table(place.store, place.table.name) if not _apart(place, p)]
    if any("all" in p.place.data.values() for p in living):
        return ()
    named = {c for p in living for own in p.data.values() for c in own}
    named |= (
        structural(place.table, living) | _of_archives(binding, place, living) | _counted_from(binding, place)
    )
    return tuple(c.name for c in place.table.columns.values() if c.name not in named and not c.generated)


def _apart(one: BoundPlace, other: BoundPlace) -> bool:
    """Whether no row is in both places."""
    ours, theirs = one.place.where, other.place.where
    return any(ours[column] != theirs[column] for column in ours.keys() & theirs.keys())


def _counted_from(binding: Binding, place: BoundPlace) -> set[str]:
    """The columns of a place's rows that rows of other tables count their periods from."""
    columns: set[str] = set()
    for other in binding.places.values():
        for trigger in other.triggers.values():
            parts = trigger.parts if isinstance(trigger, GreatestTime) else (trigger,)
            for part in parts:
                if not isinstance(part, ParentTime) or other.store != place.store:
                    continue
                if part.links[-1].to_table == place.table.name:
                    columns.add(part.time.name)
    return columns


def _of_archives(binding: Binding, place: BoundPlace, living: list[BoundPlace]) -> set[str]:
    """The columns with which rows are archived, here or into this table."""
    columns: set[str] = set()
    for p in living:
        if isinstance(p.place.archive, ArchiveFlag):
            columns.add(p.place.archive.flag)
        columns |= {note.unless for note in p.place.notes.values() if note.unless is not None}
    for other in binding.places.values():
        how = other.place.archive
        if isinstance(how, ArchiveTable) and other.store == place.store and how.table == place.table.name:
            columns |= {how.trigger_day, how.last_day, how.grounds, *other.table.key}
    return columns


def unnamed_complaints(binding: Binding, place: BoundPlace) -> Iterator[Complaint]:
    """Why nothing ends at a place: its rows cannot go for what nobody named, and nothing says how they are emptied."""
    unnamed = unnamed_columns(binding, place) if place.limits else ()
    if not unnamed:
        return
    frame = structural(place.table, [place])
    goes = {name for _, r in place.limits if not r.keeps_row for name in r.data if name in place.data}
    whole = [c for name in place.data if name in goes for c in place.data[name] if c not in frame]
    missing = [c for c in dict.fromkeys(whole) if c not in place.place.at_end]
    if missing:
        columns, stay = ", ".join(unnamed), ", ".join(missing)
        verb = "is" if len(unnamed) == 1 else "are"
        yield Complaint(
            "unnamed-column",
            place.name,
            place.at,
            f"no category names {columns}, which {verb} in the same rows: the rows stay, and nothing empties {stay}",
            f"name {columns} under data:, or say at_end: how {stay} is emptied",
        )


@dataclass(frozen=True, slots=True)
class EndlessFields:
    """Columns whose data may be over while their row stays, and of which `at_end` says nothing.

    `retentions` are those that end them, by their position among the limits of the place.
    """

    columns: tuple[str, ...]
    retentions: tuple[int, ...]


def archived_with(place: BoundPlace, column: str) -> set[str]:
    """The columns that leave daily use together with a column, because one copy in the archive has them all.

    The column itself is among them. To empty one of them alone would make the row another than its copy.
    """
    together = {column}
    for _, retention in place.limits if place.place.archive is not None else ():
        copied = {c for name in retention.data for c in place.data.get(name, ())}
        if retention.archive is not None and column in copied:
            together |= copied
    return together


def endless_fields(binding: Binding, place: BoundPlace) -> Iterator[EndlessFields]:
    """The columns of a place that nothing ends on their day: their row has data of another period, and stays for these.

    Frame and columns of a mere legal minimum are left out, as are places whose rows stay for unnamed columns.
    """
    limits = [retention for _, retention in place.limits]
    periods = [(r.trigger, r.periods, r.end_of, r.limit) for r in limits]
    ended = {name for r in limits for name in r.data}
    categories = binding.policy.categories
    always = any(name not in ended and categories[name].role == "controller" for name in place.data)
    if place.place.files or unnamed_columns(binding, place):
        return
    frame = structural(place.table, [place]) | _counted_from(binding, place)
    by_limits: dict[tuple[int, ...], list[str]] = {}
    for column in place.table.columns.values():
        together = archived_with(place, column.name)
        named = {category for category, own in place.data.items() if together & set(own)}
        own = tuple(n for n, r in enumerate(limits) if named & set(r.data))
        if (
            own
            and column.name not in frame
            and column.name not in place.place.at_end
            and not column.generated
        ):
            by_limits.setdefault(own, []).append(column.name)
    for own, columns in by_limits.items():
        outlived = always or {periods[n] for n in own} != set(periods)
        must_end = any(limits[n].limit == "max" and not limits[n].keeps_row for n in own)
        if outlived and must_end:
            yield EndlessFields(tuple(columns), own)


# -- copies ----------------------------------------------------------------------------------


def kept_copies(binding: Binding, place: BoundPlace) -> list[KeptCopy]:
    """The copies of a place's rows that the database keeps and that nothing ends with them."""
    entry = binding.document.stores[place.store]
    declared = {p.lives_in(name) for name, p in entry.places.items()} | set(entry.not_personal)
    return [
        KeptCopy(copy, *_said(place.table.name, copy))
        for copy in place.table.copies
        if not copy.renew and not (copy.kind == "child table" and copy.name in declared)
    ]


def copy_complaints(binding: Binding, place: BoundPlace) -> Iterator[Complaint]:
    """Copies that nobody could find any more once the row has gone: nothing is ended at the place."""
    for kept in kept_copies(binding, place) if place.limits else ():
        if kept.loses_bytes:
            yield Complaint("kept-copy", place.name, place.at, kept.message, kept.advice)


def _said(table: str, copy: StoredCopy) -> tuple[str, str]:
    """A sentence about a copy, and the way out."""
    match copy.kind:
        case "history":
            return (
                f"{table} is system-versioned: whatever ends there stands on in its history",
                f"ALTER TABLE {table} DROP SYSTEM VERSIONING, or keep no personal data in it",
            )
        case "large object":
            return (
                f"{table}.{copy.name} leads to large objects, which stay when the row goes",
                f"a trigger of the extension lo: BEFORE UPDATE OR DELETE … EXECUTE FUNCTION lo_manage({copy.name})",
            )
        case "materialised view":
            return (
                f"the materialised view {copy.name} holds rows of {table}, and our role may not refresh it",
                f"give the role of apply the owner of {copy.name}",
            )
        case "child table":
            return (
                f"{copy.name} inherits from {table}: its rows are rows of their own, and no place has them",
                f"make {copy.name} a place, or not_personal: with the reason",
            )
        case _:
            return (f"{copy.name} holds a copy of rows of {table}", f"end {copy.name} too")
