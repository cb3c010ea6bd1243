"""What a place archives together: the retentions that share trigger, ground and fields.

    archive: legal          a copy in an encrypted segment, known by its fingerprint
    archive: {table: …}     a copy in another table of the store, compared there
    archive: {flag: …}      no copy: the row is flagged and stays until its whole period is over

After its active stage a row is copied once. The row itself is then deleted or emptied by the ordinary steps, but
only if the copy still equals it; a row that changed is archived again first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from servanda.law.retention import fiscal_year_end, last_day
from servanda.policy.policy import Policy
from servanda.policy.promise import Promise, Retention
from servanda.stores.binding.binding import Binding, BoundPlace
from servanda.stores.document.archiving import ArchiveFlag, ArchiveTable
from servanda.stores.document.change import Change
from servanda.stores.selection import (
    All,
    Any,
    Bound,
    Condition,
    Copied,
    CopiedTo,
    Equals,
    GreatestTime,
    Not,
    OwnTime,
    Undone,
)


@dataclass(frozen=True, slots=True)
class Archiving:
    """The columns of a place that are archived by one trigger, on one ground, for these promises."""

    place: BoundPlace
    trigger: str
    columns: tuple[str, ...]
    promises: tuple[Promise, ...]
    retentions: tuple[Retention, ...]

    @property
    def promise(self) -> str:
        """The first promise: archived rows are recorded under it."""
        return self.promises[0].id

    @property
    def list(self) -> str:
        """The name of the list of archived rows in the store."""
        text = f"{self.place.name}:{self.promise}:{','.join(self.columns)}"
        return f"archived_{hashlib.sha256(text.encode()).hexdigest()[:12]}"

    @property
    def copies(self) -> bool:
        """Whether rows are copied elsewhere, so that they may be deleted here."""
        return not isinstance(self.place.place.archive, ArchiveFlag)

    @property
    def printed(self) -> tuple[str, ...]:
        """The columns of the fingerprint: the archived ones, and those of the row’s own trigger."""
        return tuple(dict.fromkeys((*self.columns, *_own(self.place.triggers[self.trigger]))))

    @property
    def archived(self) -> Condition:
        """The rows that need no archiving: an equal copy is known, or their fields are empty."""
        how = self.place.place.archive
        if isinstance(how, ArchiveFlag):
            return Not(unflagged(self.place, how))
        copied: Condition = Copied(self.list, self.printed)
        if isinstance(how, ArchiveTable):
            copied = CopiedTo(how.table, self.place.table.key, self.columns)
        changes = tuple((c, how_) for c, how_ in self.place.place.at_end.items() if c in self.columns)
        return Any((copied, Not(Undone(changes)))) if changes else copied

    @property
    def grounds(self) -> tuple[str, ...]:
        """The grounds in words, such as law FR/c-civ/2224."""
        return tuple(dict.fromkeys(str(retention.ground) for retention in self.retentions))

    def last_day(self, policy: Policy, trigger: date) -> date:
        """The last day in the archive: of several maxima the earliest, but never before a legal minimum."""
        ends: dict[str, list[date]] = {"max": [], "min": []}
        for retention in self.retentions:
            day = fiscal_year_end(trigger, policy.fiscal_year_end) if retention.end_of else trigger
            for period in retention.periods:
                day = last_day(day, period)
            ends[retention.limit].append(day)
        return max([*ends["min"], *([min(ends["max"])] if ends["max"] else [])])


def archivings(place: BoundPlace) -> list[Archiving]:
    """What a place archives; empty if it does not say how, or has no key."""
    if place.place.archive is None or not place.table.key:
        return []
    found: dict[tuple[str, ...], list[tuple[Promise, Retention]]] = {}
    for promise, retention in place.limits:
        if retention.archive is None or retention.trigger not in place.triggers:
            continue
        columns = columns_of(place, retention)
        same = (retention.trigger, str(retention.ground), str(retention.active), str(retention.end_of))
        found.setdefault((*same, *columns), []).append((promise, retention))
    return [
        Archiving(
            place,
            these[0][1].trigger,
            columns_of(place, these[0][1]),
            tuple({promise.id: promise for promise, _ in these}.values()),
            tuple(retention for _, retention in these),
        )
        for these in found.values()
    ]


def columns_of(place: BoundPlace, retention: Retention) -> tuple[str, ...]:
    """The columns of the categories that a retention is about: only what its ground needs."""
    return tuple(dict.fromkeys(c for name in retention.data for c in place.data.get(name, ())))


def archive_tables(binding: Binding, store: str) -> set[str]:
    """The tables of a store into which other places archive."""
    ways = (p.place.archive for p in binding.places.values() if p.store == store)
    return {way.table for way in ways if isinstance(way, ArchiveTable)}


def unflagged(place: BoundPlace, how: ArchiveFlag) -> Condition:
    """The rows that are not flagged: NULL, or false where the flag is a truth."""
    column = place.table.columns[how.flag]
    truth = column.number or column.type.upper().startswith("BOOL")
    options: Sequence[Condition] = [Equals(how.flag, None)] if column.nullable else []
    if truth:
        options = [*options, Equals(how.flag, False)]
    return options[0] if len(options) == 1 else Any(tuple(options)) if options else Not(All(()))


def _own(trigger: Bound) -> tuple[str, ...]:
    """The columns of the row itself that its trigger reads."""
    if isinstance(trigger, OwnTime):
        return (trigger.time.name,)
    if isinstance(trigger, GreatestTime):
        return tuple(name for part in trigger.parts for name in _own(part))
    return ()


def emptied(changes: Sequence[tuple[str, Change]]) -> Condition:
    """The rows in which these changes are done."""
    return Not(Undone(tuple(changes)))
