"""Drops whole partitions in which every row is due, instead of deleting row by row.

    over        the range of the partition ends before the cutoff
    free        and no row in it is held, kept by another ground, or without a date
    detached    free, and no longer part of its table, so that no one writes to it
    dropped     detached, checked again, and its rows counted; otherwise attached again

The check is repeated after detaching, since rows may change in between. A partition that a crash left detached is
attached again by the next apply before it plans; until then its rows count as rows of the table. Servanda never
creates a partition.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from servanda.stores import selection as sel
from servanda.stores.selection import All, Before, Condition, Equals, Missing, Not, OwnTime, TimeColumn
from servanda.stores.verbs import Partition, Partitions, Whole

if TYPE_CHECKING:
    from servanda.stores.sql.session import Session


_LOOKED_AT = 12
"""How many partitions one statement of a plan checks."""


class CannotDropWhole(Exception):
    """The partitions of a table cannot be dropped whole, with the reason; its rows are deleted in pages."""


@dataclass(frozen=True, slots=True)
class Look:
    """The result of checking a partition: whether it has rows, and whether one of them stays."""

    filled: bool
    stays: bool


class SqlPartitions(Partitions):
    """What partitions of all databases share: which are free, and how they are checked."""

    batch_size = 1

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.store = session.store
        self._refused: set[str] = set()
        self._seen: dict[tuple[str, Condition], frozenset[str]] = {}
        self._asked: tuple[Any, sa.Select[Any], list[int]] | None = None

    # -- what a kind says differently ------------------------------------------------------

    def over(self, table: str, time: TimeColumn, cut: Any, *, act: bool) -> list[Partition]:
        """The partitions whose range ends at `cut` or before, the oldest first. Raises CannotDropWhole.

        With `act`, the rights of our role are checked too.
        """
        raise NotImplementedError

    def inside(self, part: Partition, *, out: bool = False) -> sa.FromClause:
        """A partition as a FROM clause, attached or (`out`) detached."""
        raise NotImplementedError

    # -- what they share -------------------------------------------------------------------

    def whole(self, table: str, condition: Condition) -> Iterator[Whole]:
        """The partitions of a table in which every row meets a condition."""
        try:
            found = self._over(table, condition, act=True)
        except CannotDropWhole as why:
            self.remarks.append(f"{table}: its partitions are not dropped whole: {why}")
            return
        seen = self._seen.pop((table, condition), None)
        for start in range(0, len(found), self.batch_size):
            some = [part for part in found[start : start + self.batch_size] if part.name not in self._refused]
            free = self._free(some, condition) if seen is None else [p for p in some if p.name in seen]
            if free:
                yield Whole(tuple(free), condition)

    def _free(self, parts: Sequence[Partition], condition: Condition) -> list[Partition]:
        """The partitions with rows, none of which stays."""
        looks = zip(parts, self.look(parts, condition), strict=True)
        return [part for part, look in looks if look.filled and not look.stays]

    def describe(self, table: str, condition: Condition) -> str:
        """A note for the plan. The free partitions are remembered for the next `whole`; `drop` checks rows again."""
        try:
            over = [part for part in self._over(table, condition, act=False) if part.filled]
        except CannotDropWhole as why:
            return f"by ranges, not whole partitions: {why}"
        if not over:
            return ""
        said = "1 partition over" if len(over) == 1 else f"{len(over)} partitions over"
        with suppress(CannotDropWhole):  # a role that may not drop them may not read them either
            over = [part for part in self._over(table, condition, act=True) if part.filled]
            chunks = (over[start : start + _LOOKED_AT] for start in range(0, len(over), _LOOKED_AT))
            free = frozenset(part.name for chunk in chunks for part in self._free(chunk, condition))
            self._seen[table, condition] = free
            if len(free) < len(over):
                said += f", {len(over) - len(free)} of them with rows that stay"
        return said

    def _over(self, table: str, condition: Condition, *, act: bool) -> list[Partition]:
        shape = self.store.shape.tables[table]
        if not shape.partitioned:
            return []
        along = sel.driver(condition)
        if along is None or not isinstance(along.trigger, OwnTime) or along.trigger.time.kind == "text":
            raise CannotDropWhole("the period does not count from a column of time in the table itself")
        if shape.database_triggers:
            raise CannotDropWhole(f"the database trigger {shape.database_triggers[0].name} would not fire")
        time = along.trigger.time
        with self.store.errors():
            return self.over(table, time, self.session.where.cut(table, time, along.day), act=act)

    def look(self, parts: Sequence[Partition], condition: Condition, *, out: bool = False) -> list[Look]:
        """Check partitions for rows, and for rows that stay, in one statement."""
        if not parts:
            return []
        asked = ([part.name for part in parts], condition, out)
        if self._asked is None or self._asked[0] != asked:
            self._asked = (asked, *self._questions(parts, condition, out=out))
        answers = map(bool, self.session.first(self._asked[1]))
        answers_by_partition = [list(itertools.islice(answers, size)) for size in self._asked[2]]
        return [Look(some[0], any(some[1:])) for some in answers_by_partition]

    def _questions(
        self, parts: Sequence[Partition], condition: Condition, *, out: bool
    ) -> tuple[sa.Select[Any], list[int]]:
        """The query that checks partitions, and the number of its columns for each."""
        along = sel.driver(condition)
        assert along is not None
        assert isinstance(along.trigger, OwnTime)
        questions: list[Any] = []
        sizes = []
        for part in parts:
            row = self.inside(part, out=out)
            some = sa.select(sa.literal(1)).select_from(row)
            met = [
                self.session.where.sql(reason, row, part.table)
                for reason in keep_conditions(condition, along.trigger.time.name, lowest=part.lowest)
            ]
            questions += [sa.exists(some), *(sa.exists(some.where(m)) for m in met)]
            sizes.append(1 + len(met))
        return sa.select(*questions), sizes

    def skip_whole(self, part: Partition, why: str) -> None:
        """Skip a partition for the rest of the session: its rows are deleted in pages."""
        self._refused.add(part.name)
        self.remarks.append(f"{part.table}: partition {part.name} is not dropped whole: {why}")


def keep_conditions(condition: Condition, column: str, *, lowest: bool) -> Iterator[Condition]:
    """The conditions under which a row of a partition that is over stays.

    The bounds of the partition imply the trigger on `column`, except for values that mean “open”, and for missing
    dates in the lowest partition.
    """
    match condition:
        case All(parts):
            for part in parts:
                yield from keep_conditions(part, column, lowest=lowest)
        case Before(OwnTime(time), _, None) if time.name == column:
            yield from (Equals(column, value) for value in time.open)
            if lowest:
                yield Equals(column, None)
                yield Missing(OwnTime(time))
        case Not(sel.Any(parts)):
            yield from parts
        case Not(part):
            yield part
        case _:
            yield Not(condition)
