"""Which rows are meant: a small algebra that any store can translate.

    Before(trigger, day)     the trigger's local date lies before `day`: the period is over
    Missing(trigger)         the trigger has no usable date, and does not mean "still open"
    Equals(column, value)    a plain condition of the stores document
    PointedAt(link, kept)    a row of another table points here (and meets `kept`)
    Undone(changes)          some column does not yet hold what `changes` would write
    Reaches(links, list)     following the links, the key at the end stands in a list
    Copied(list, columns)    an archived copy of the row is known, and these columns are still what it holds
    CopiedTo(table, columns) the same, where the copy lies in another table of the store
    All · Any · Not          as in logic; Not(unknown) is true, so that doubt keeps nothing hidden

A trigger is bound to the store: its columns, their kind of time and their zone. `day`
is a date of the company's own time zone; the store converts it, once, to each column.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from servanda.stores.document.change import Change, Scalar


@dataclass(frozen=True, slots=True)
class Link:
    """Rows of `table` point at rows of `to_table`: `columns` equal `to_columns`, where `when` holds.

    Values in `nobody` point at no row. `compare` and `path` are those of the reference: how two values
    are compared, and the way to the value inside a JSON column.
    """

    table: str
    columns: tuple[str, ...]
    to_table: str
    to_columns: tuple[str, ...]
    when: tuple[tuple[str, Scalar], ...] = ()
    nobody: tuple[Scalar, ...] = ()
    compare: str = "exact"
    path: str = ""

    @property
    def plain(self) -> bool:
        """Whether columns are compared as they are."""
        return self.compare == "exact" and not self.path


@dataclass(frozen=True, slots=True)
class Identity:
    """By what a row of `table` is told from one that gets its key later: see `stores.binding.identity`.

    `created` are times of its creation, `named` identifiers, which count where a time is missing; `emptied` is what is
    written into `named` when they end: a row that holds that cannot be told apart any more.
    """

    table: str
    created: tuple[str, ...]
    named: tuple[str, ...]
    emptied: tuple[tuple[str, Change], ...] = ()


@dataclass(frozen=True, slots=True)
class TimeColumn:
    """A column that holds a time. `kind` is aware, naive, date, text, epoch or epoch_ms.

    `zone` is that of naive values; values in `open` mean "still running".
    """

    name: str
    kind: str
    zone: str
    open: tuple[Scalar, ...] = ()


@dataclass(frozen=True, slots=True)
class OwnTime:
    """A trigger in the row itself."""

    time: TimeColumn


@dataclass(frozen=True, slots=True)
class ParentTime:
    """A trigger in the row at the end of `links`."""

    links: tuple[Link, ...]
    time: TimeColumn


@dataclass(frozen=True, slots=True)
class LatestTime:
    """The latest of the rows that `link` brings here; `fallback` where there is none.

    `remembered` names the list of latest dates kept from child rows that were ended.
    """

    link: Link
    time: TimeColumn
    fallback: TimeColumn
    remembered: str | None = None


@dataclass(frozen=True, slots=True)
class GreatestTime:
    """The greatest of several triggers; parts that are NULL do not count."""

    parts: tuple[OwnTime | ParentTime | LatestTime | EventTime, ...]


@dataclass(frozen=True, slots=True)
class ParentTrigger:
    """What the row at the end of `links` counts from, whatever that is."""

    links: tuple[Link, ...]
    trigger: Bound


@dataclass(frozen=True, slots=True)
class EventTime:
    """A day recorded with `servanda event`, in a list by key."""

    list: str


Bound = OwnTime | ParentTime | LatestTime | GreatestTime | ParentTrigger | EventTime


@dataclass(frozen=True, slots=True)
class Before:
    """The trigger's local date lies before `day`; never true where the trigger is missing or open.

    `since` leaves out what lies before another day, for a trigger that is a column.
    """

    trigger: Bound
    day: date
    since: date | None = None


@dataclass(frozen=True, slots=True)
class Missing:
    """The trigger has no usable date, and this does not mean that it is still open."""

    trigger: Bound


@dataclass(frozen=True, slots=True)
class Equals:
    """A column equals a value; None means NULL."""

    column: str
    value: Scalar


@dataclass(frozen=True, slots=True)
class Compares:
    """A column compared with a value, for holds by condition: =, <, <=, > or >=."""

    column: str
    operator: str
    value: Scalar


@dataclass(frozen=True, slots=True)
class PointedAt:
    """A row that `link` brings here exists, and meets `kept` where that is given."""

    link: Link
    kept: Condition | None = None


@dataclass(frozen=True, slots=True)
class LeadsTo:
    """The row points, by `link`, at one that meets `met`."""

    link: Link
    met: Condition


@dataclass(frozen=True, slots=True)
class Gathered:
    """The row was collected for somebody: with any reason of `any_of` (-1: whatever, 0: none), none of `none_of`."""

    number: int
    any_of: int = -1
    none_of: int = 0


@dataclass(frozen=True, slots=True)
class Undone:
    """At least one column does not yet hold what its change would write."""

    changes: tuple[tuple[str, Change], ...]


@dataclass(frozen=True, slots=True)
class Reaches:
    """The key at the end of the links (the row's own key if there is none) stands in a list."""

    links: tuple[Link, ...]
    key: tuple[str, ...]
    list: str


@dataclass(frozen=True, slots=True)
class Copied:
    """The row stands in a list of archived rows with the fingerprint that these columns have now."""

    list: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CopiedTo:
    """A row of another table has the same key and the same values in these columns."""

    table: str
    key: tuple[str, ...]
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class All:
    """Every part holds."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Any:
    """At least one part holds."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold, or cannot be decided."""

    part: Condition


Condition = (
    Before
    | Missing
    | Equals
    | Compares
    | PointedAt
    | LeadsTo
    | Gathered
    | Undone
    | Reaches
    | Copied
    | CopiedTo
    | All
    | Any
    | Not
)


def walk(condition: Condition) -> Iterator[Condition]:
    """The condition and every condition inside it."""
    yield condition
    inner: tuple[Condition, ...] = ()
    if isinstance(condition, All | Any):
        inner = condition.parts
    elif isinstance(condition, Not):
        inner = (condition.part,)
    elif isinstance(condition, PointedAt) and condition.kept is not None:
        inner = (condition.kept,)
    for part in inner:
        yield from walk(part)


def reads_other_rows(condition: Condition) -> bool:
    """Whether the condition depends on rows of other tables, so that a page must lock and look again."""
    for part in walk(condition):
        if isinstance(part, PointedAt):
            return True
        if isinstance(part, Before | Missing) and not _own(part.trigger):
            return True
    return False


def decided(condition: Condition) -> bool:
    """Whether a condition is true or false and never unknown: it only asks whether rows exist."""
    match condition:
        case PointedAt() | LeadsTo() | Gathered() | Copied() | CopiedTo() | Not():
            return True
        case Reaches(links, key):
            return len(links) != 1 or links[0].to_columns != key or not links[0].when
        case All(parts) | Any(parts):
            return all(decided(part) for part in parts)
        case _:
            return False


def asks_other_rows(condition: Condition) -> bool:
    """Whether a condition asks whether rows exist that meet conditions of their own."""
    return any(isinstance(part, PointedAt | LeadsTo) for part in walk(condition))


def child_links(condition: Condition) -> Iterator[Link]:
    """The links by which other rows point at this one, where they decide whether it ends."""
    parts: tuple[Condition, ...] = (condition,)
    if isinstance(condition, All | Any):
        parts = condition.parts
    elif isinstance(condition, Not):
        parts = (condition.part,)
    elif isinstance(condition, PointedAt):
        yield condition.link
        return
    elif isinstance(condition, Before | Missing):
        trigger = condition.trigger
        for one in trigger.parts if isinstance(trigger, GreatestTime) else (trigger,):
            if isinstance(one, LatestTime):
                yield one.link
        return
    for part in parts:
        if part is not condition:
            yield from child_links(part)


def _own(trigger: Bound) -> bool:
    if isinstance(trigger, GreatestTime):
        return all(_own(part) for part in trigger.parts)
    return isinstance(trigger, OwnTime | EventTime)


def driver(condition: Condition) -> Before | None:
    """The condition to page along: a `Before` on one column that every row meant must meet.

    None where there is none: pages then follow the key.
    """
    own = [o for o in _conjuncts(condition) if isinstance(o.trigger, OwnTime)]
    return min(own, key=lambda o: o.day, default=None)


def _conjuncts(condition: Condition) -> Iterator[Before]:
    if isinstance(condition, Before):
        yield condition
    elif isinstance(condition, All):
        for part in condition.parts:
            yield from _conjuncts(part)
    elif isinstance(condition, Any) and condition.parts:
        # every branch bounds the same trigger: the latest day bounds them all
        branches = [list(_conjuncts(part)) for part in condition.parts]
        for first in branches[0]:
            days = [[b.day for b in branch if b.trigger == first.trigger] for branch in branches]
            if all(days):
                yield Before(first.trigger, max(min(d) for d in days))


def since(condition: Condition, day: date) -> Condition:
    """The same rows, but for those whose trigger, along which pages go, lies before `day`."""
    along = driver(condition)
    if along is None or not isinstance(along.trigger, OwnTime):
        return condition
    return All((condition, Before(along.trigger, along.day, day)))
