"""The SQL of an erasure: marks reasons in the temporary tables of gathered rows, then changes and deletes rows.

    mark      set the reasons for which a gathered row stays; the application's tables are not touched
    change    empty columns of rows that stay
    delete    delete the rows without a reason to stay

A condition that may change after it was marked is evaluated again by the DELETE (`recheck`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import sqlalchemy as sa

from servanda.errors import RowsCame
from servanda.stores.document.change import Change
from servanda.stores.selection import Bound, Condition, Link, PointedAt
from servanda.stores.sql.lists import Lists
from servanda.stores.sql.person_rows import PersonRows, Reason

Bool = sa.ColumnElement[bool]
EMPTIED = Reason.LAW | Reason.POINTED | Reason.DECLARED
"""Reasons for which a row stays and its fields are emptied."""
UNTOUCHED = Reason.HELD | Reason.SHARED | Reason.APART
STAYS = EMPTIED | Reason.SHARED
"""Reasons for which a row stays and is detached from leaving persons."""


_PATIENCE = 6
"""A transaction is retried on locks for this many times `lock_timeout`."""


def transaction_with_retry(session: Lists, act: Callable[[], int]) -> int:
    """Call `act` in one transaction without a time limit, and commit; retried with a backoff on locks and deadlocks.

    Raises RowsCame if a constraint is violated, StoreError for any other error of the database.
    """
    until = time.monotonic() + session.store.settings.lock_timeout * _PATIENCE
    pause = 0.02
    while True:
        try:
            with session.long_transaction():
                return act()
        except sa.exc.IntegrityError as error:
            raise RowsCame(session.store.as_store_error(error).message, advice="try again") from None
        except sa.exc.DBAPIError as error:
            if time.monotonic() + pause > until or not session.store.is_retryable(error):
                raise session.store.as_store_error(error) from None
            time.sleep(pause)
            pause = min(pause * 2, 1.0)


@dataclass(frozen=True, slots=True)
class Emptying:
    """An update that empties columns of gathered rows of a table; each group of columns under its condition.

    It selects rows that meet `where` and `met`, with any of `reasons` (-1: all rows) and none of `unless`. `name`
    distinguishes it from other updates of the table.
    """

    table: str
    number: int
    groups: tuple[tuple[Condition | None, tuple[tuple[str, Change], ...]], ...]
    where: Condition
    name: str
    reasons: int = -1
    unless: int = 0
    met: Condition | None = None


@dataclass(slots=True)
class ErasureStatements:
    """Marks, changes and deletes the gathered rows of one session."""

    rows: PersonRows
    _proved: set[tuple[str, int, str]] = field(default_factory=set)

    # -- marks ---------------------------------------------------------------------------------

    def mark_reasons(
        self,
        table: str,
        number: int,
        reasons: Sequence[tuple[Reason, Condition]],
        name: tuple[object, ...] = (),
    ) -> bool:
        """Set the reasons of gathered rows whose conditions hold. Returns whether any row has a reason now.

        `name` tells different reasons of one table apart.
        """

        def made() -> Any:
            work, row = self.rows.work(table), self.rows.session.table_of(table).alias()
            sql = self.rows.session.where.sql
            parts = [sa.case((sql(condition, row, table), int(flag)), else_=0) for flag, condition in reasons]
            total: Any = parts[0]
            for part in parts[1:]:
                total = total + part
            found = sa.select(total).select_from(row).where(self.rows.same(table, row, work)).correlate(work)
            new = work.c.s.op("|")(sa.func.coalesce(found.scalar_subquery(), 0))
            return sa.update(work).where(work.c.n == number).values(s=new)

        self.rows.session.run(self.rows.cached(("mark", table, number, name), made))

        def stays() -> Any:
            work = self.rows.work(table)
            return sa.select(sa.literal(1)).where(work.c.n == number, work.c.s != 0).limit(1)

        return (
            self.rows.session.execute(self.rows.cached(("stays", table, number), stays)).first() is not None
        )

    def spread_reason(
        self,
        table: str,
        number: int,
        flag: int,
        condition: Condition,
        *,
        others: bool = False,
        name: str = "",
    ) -> int:
        """Set one reason where its condition holds and it is not set yet. In a cycle, call it until it returns 0.

        `others` skips the own rows of persons who are erased together.
        """

        def made() -> Any:
            work, row = self.rows.work(table), self.rows.session.table_of(table).alias()
            found = (
                sa.select(sa.literal(1))
                .select_from(row)
                .where(self.rows.same(table, row, work), self.rows.session.where.sql(condition, row, table))
            )
            root = [work.c.r >= 0, ~self._is_leaving_person(work)] if others else []
            met = [work.c.n == number, ~_has_any_reason(work, flag), *root, sa.exists(found.correlate(work))]
            return sa.update(work).where(*met).values(s=work.c.s + int(flag))

        return self.rows.session.run(self.rows.cached(("spread", table, number, flag, name), made))

    def persons_held(self, table: str, number: int, condition: Condition) -> list[int]:
        """The numbers of the persons whose own row meets the condition of a hold."""
        row, work, same = self.rows.rows(table)
        query = sa.select(work.c.p).select_from(work.join(row, same)).distinct()
        query = query.where(
            work.c.n == number, work.c.r < 0, self.rows.session.where.sql(condition, row, table)
        )
        return [int(p) for (p,) in self.rows.session.execute(query)]

    def mark_held(self, persons: Sequence[int]) -> None:
        """Mark every row of some persons as held, including shared rows."""
        for made in self.rows.made.values():
            held = (
                sa.update(made)
                .values(s=made.c.s + int(Reason.HELD))
                .where(~_has_any_reason(made, Reason.HELD))
            )
            for start in range(0, len(persons), 500):
                self.rows.session.execute(held.where(made.c.p.in_(persons[start : start + 500])))
            other, same = _self_join(made)
            found = (
                sa.select(sa.literal(1)).select_from(other).where(*same, _has_any_reason(other, Reason.HELD))
            )
            self.rows.session.execute(held.where(sa.exists(found.correlate(made))))

    def _is_leaving_person(self, work: sa.Table) -> Bool:
        """Whether a gathered row is the own row of a leaving person."""
        other, same = _self_join(work)
        return sa.exists(
            sa.select(sa.literal(1)).select_from(other).where(*same, other.c.r < 0).correlate(work)
        )

    # -- what was decided ----------------------------------------------------------------------

    def counts_by_reason(self) -> list[tuple[int, int, int, int]]:
        """The gathered rows by person, table number and reasons: (person, number, reasons, rows)."""
        found: list[tuple[int, int, int, int]] = []
        for made in self.rows.made.values():
            query = self.rows.cached(("fates", made.name), lambda made=made: _count_query(made))
            counted: Any = self.rows.session.execute(query).all()
            found += [(int(p), int(n), int(s), int(rows)) for p, n, s, rows in counted]
        return found

    def repeated_deletes(self) -> dict[int, int]:
        """How often rows to delete are gathered again for a second person, by table number."""
        repeated: dict[int, int] = {}
        for made in self.rows.made.values():
            query = self.rows.cached(("repeated", made.name), lambda made=made: _repeated_query(made))
            counted: Any = self.rows.session.execute(query).all()
            repeated |= {int(number): int(rows) for number, rows in counted}
        return repeated

    def latest(
        self, table: str, number: int, condition: Condition, trigger: Bound, *, name: str
    ) -> list[tuple[int, int, date | None]]:
        """For each person, the rows that meet a condition and the latest day of a trigger: (person, rows, day)."""
        row, work, same = self.rows.rows(table)
        day = self.rows.session.days.of(trigger, row)

        def made() -> Any:
            tops = [sa.func.max(column) for column in day.columns]
            query = sa.select(work.c.p, sa.func.count(), *tops).select_from(work.join(row, same))
            met = self.rows.session.where.sql(condition, row, table)
            return query.where(work.c.n == number, met).group_by(work.c.p)

        query = self.rows.cached(("latest", table, name), made)
        counted: Any = self.rows.session.execute(query).all()
        return [(int(p), int(rows), day.tell(values)) for p, rows, *values in counted]

    # -- the end -------------------------------------------------------------------------------

    def delete(self, table: str, number: int, recheck: Condition | None = None) -> int:
        """Delete the rows without reasons. Returns the number of rows. `recheck` is part of the DELETE."""

        def made() -> Any:
            row = self.rows.session.table_of(table)
            parts = self._selected(table, number, row, lambda work: work.c.s == 0)
            parts += [] if recheck is None else [self.rows.session.where.sql(recheck, row, table)]
            return sa.delete(row).where(*parts)  # type: ignore[arg-type]

        done = self.rows.session.run(self.rows.cached(("delete", table, number), made))
        self.require_gone(table, number, recheck)
        return done

    def require_gone(self, table: str, number: int, recheck: Condition | None = None) -> None:
        """Count what was deleted, in the store: raises StoreError if a row is still there.

        Asked only where a trigger, a rule or a policy of the database may leave rows.
        """
        if not self.rows.session.store.shape.tables[table].may_undo("DELETE"):
            return

        def made() -> Any:
            row, work, same = self.rows.rows(table)
            parts = [work.c.n == number, work.c.s == 0]
            parts += [] if recheck is None else [self.rows.session.where.sql(recheck, row, table)]
            return sa.select(sa.literal(1)).select_from(work.join(row, same)).where(*parts).limit(1)

        if self.rows.session.execute(self.rows.cached(("gone", table, number), made)).first() is not None:
            raise self.rows.session.store.not_done(table, "DELETE")

    def delete_unreferenced(
        self, table: str, number: int, links: Sequence[Link], recheck: Condition | None = None
    ) -> int:
        """Delete the rows without reasons that no row of the same table references. Returns the number of rows."""

        def made() -> Any:
            row = self.rows.session.table_of(table)
            parts = self._selected(table, number, row, lambda work: work.c.s == 0)
            parts += [~self.rows.session.where.sql(PointedAt(link), row, table) for link in links]
            parts += [] if recheck is None else [self.rows.session.where.sql(recheck, row, table)]
            return sa.delete(row).where(*parts)  # type: ignore[arg-type]

        return self.rows.session.run(self.rows.cached(("unpointed", table, number), made))

    def detach(self, table: str, number: int, columns: Sequence[str]) -> int:
        """Set references to NULL in rows that will be deleted, to break a cycle of foreign keys."""

        def made() -> Any:
            row = self.rows.session.table_of(table)
            parts = self._selected(table, number, row, lambda work: work.c.s == 0)
            return sa.update(row).where(*parts).values({c: sa.null() for c in columns})  # type: ignore[arg-type]

        return self.rows.session.run(self.rows.cached(("loosen", table, number, tuple(columns)), made))

    def change(self, emptying: Emptying) -> int:
        """Carry out an update; skips rows that are emptied already. Returns the number of rows."""

        def made() -> Any:
            row = self.rows.session.table_of(emptying.table)
            parts = self._selected(emptying.table, emptying.number, row, lambda work: _chosen(work, emptying))
            listed = [(condition, tuple(changes)) for condition, changes in emptying.groups]
            values = self.rows.session.changed(emptying.table, listed)
            return sa.update(row).where(*parts, *self._still_to_change(emptying, row)).values(values)  # type: ignore[arg-type]

        at = (emptying.table, emptying.number, emptying.name)
        done = self.rows.session.run(self.rows.cached(("change", *at), made))
        if done or self.rows.session.store.shape.tables[emptying.table].may_undo("UPDATE"):
            self._require_changed(emptying)
        return done

    def _require_changed(self, emptying: Emptying) -> None:
        """Look at what the store holds now: raises StoreError if it is not what was to be written.

        Asked once for each kind of update of a session, and each time where a trigger or a rule may put values back.
        """
        session, at = self.rows.session, (emptying.table, emptying.number, emptying.name)
        if at in self._proved and not session.store.shape.tables[emptying.table].may_undo("UPDATE"):
            return

        def made() -> Any:
            row, work, same = self.rows.rows(emptying.table)
            parts = [
                work.c.n == emptying.number,
                _chosen(work, emptying),
                *self._still_to_change(emptying, row),
            ]
            return sa.select(sa.literal(1)).select_from(work.join(row, same)).where(*parts).limit(1)

        if session.execute(self.rows.cached(("changed", *at), made)).first() is not None:
            raise session.store.not_done(emptying.table, "UPDATE")
        self._proved.add(at)

    def to_change(self, emptying: Emptying) -> dict[int, int]:
        """How many rows `change` would update, by the number of the person; changes nothing."""

        def made() -> Any:
            row, work, same = self.rows.rows(emptying.table)
            query = sa.select(work.c.p, sa.func.count()).select_from(work.join(row, same))
            met = [
                work.c.n == emptying.number,
                _chosen(work, emptying),
                *self._still_to_change(emptying, row),
            ]
            return query.where(*met).group_by(work.c.p)

        query = self.rows.cached(("to change", emptying.table, emptying.number, emptying.name), made)
        counted: Any = self.rows.session.execute(query).all()
        return {int(person): int(rows) for person, rows in counted}

    def _still_to_change(self, emptying: Emptying, row: sa.FromClause) -> list[Bool]:
        where = self.rows.session.where
        parts = [where.sql(emptying.where, row, emptying.table)]
        parts += [] if emptying.met is None else [where.sql(emptying.met, row, emptying.table)]
        undone = []
        for condition, changes in emptying.groups:
            new = [where.undone(row, emptying.table, name, change) for name, change in changes]
            due = [] if condition is None else [where.sql(condition, row, emptying.table)]
            undone.append(sa.and_(sa.or_(*new), *due))
        return [*parts, sa.or_(*undone)]

    def _selected(
        self, table: str, number: int, row: sa.FromClause, chosen: Callable[[Any], Bool]
    ) -> list[sa.ColumnElement[bool]]:
        """The conditions that restrict a statement to gathered rows: by key in SQLite, by a join elsewhere."""
        work, key = self.rows.gathered(table), self.rows.session.store.shape.tables[table].key
        if self.rows.session.store.dialect.locks_rows:
            return [work.c.n == number, chosen(work), self.rows.same(table, row, work)]
        listed = sa.select(*(work.c[f"k{i}"] for i in range(len(key)))).where(
            work.c.n == number, chosen(work)
        )
        ours = [row.c[k] for k in key]
        return [ours[0].in_(listed) if len(ours) == 1 else sa.tuple_(*ours).in_(listed)]


def _self_join(work: sa.Table) -> tuple[sa.FromClause, list[sa.ColumnElement[bool]]]:
    """An alias of the gathered rows, and the conditions for the same row, for whichever person."""
    other = work.alias()
    keys = [c.name for c in work.c if c.name == "n" or c.name.startswith("k")]
    return other, [other.c[name] == work.c[name] for name in keys]


def _has_any_reason(work: Any, flags: int) -> Bool:
    """Whether a gathered row has any of these reasons."""
    return work.c.s.op("&")(int(flags)) != 0  # type: ignore[no-any-return]


def _chosen(work: Any, emptying: Emptying) -> Bool:
    parts = [] if emptying.reasons < 0 else [_has_any_reason(work, emptying.reasons)]
    parts += [~_has_any_reason(work, emptying.unless)] if emptying.unless else []
    return sa.and_(sa.true(), *parts)


def _repeated_query(made: sa.Table) -> sa.Select[Any]:
    keys = [c for c in made.c if c.name.startswith("k")]
    each = sa.select(made.c.n, (sa.func.count() - 1).label("more")).where(made.c.s == 0)
    rows = each.group_by(made.c.n, *keys).having(sa.func.count() > 1).subquery()
    return sa.select(rows.c.n, sa.func.sum(rows.c.more)).group_by(rows.c.n)


def _count_query(made: sa.Table) -> sa.Select[Any]:
    return sa.select(made.c.p, made.c.n, made.c.s, sa.func.count()).group_by(made.c.p, made.c.n, made.c.s)
