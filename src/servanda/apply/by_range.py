"""One apply from its first entry to its last: step by step, page by page, at the pace of each store.

A page is intended, done and recorded. Between two pages nothing is held: this is where a
sweep rests, waits for a replica, is paused or stopped, and learns of new holds.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial

import sqlalchemy as sa

from servanda.actions import action
from servanda.apply import warnings
from servanda.apply.archive import ACTIONS, Archiver
from servanda.apply.options import Listener, Options, Outcome
from servanda.apply.pages import EpochChanged, Pages, RowsCame, fold
from servanda.apply.throttle import Between
from servanda.database import Database, moment, put, tables
from servanda.errors import StoreError
from servanda.ledger import Ledger
from servanda.persons.holds import Holds
from servanda.plan.count import Circumstances, make
from servanda.plan.plan import Plan, Saved, Step
from servanda.stores.binding.opened import Opened
from servanda.stores.selection import since as from_day
from servanda.stores.verbs import Page, PageTooSlow, Session, Work

_TRIES = 20  # how often a page is done again because rows came into it


def grew(now: int, planned: int) -> bool:
    """Over 10 % and over 100 rows more than planned."""
    return now - planned > 100 and now > planned * 1.1


@dataclass(slots=True)
class Sweep:
    """One apply, from its first entry to its last."""

    found: Opened
    db: Database
    ledger: Ledger
    holds: Holds
    plan: Plan
    options: Options
    listener: Listener
    archiver: Archiver
    between: dict[str, Between] = field(default_factory=dict)

    def carry_out(self, saved: Saved | None) -> Outcome:
        """Do the steps of the plan in their order. Returns what was done and what stopped."""
        outcome = Outcome(secrets.token_hex(8))
        begun = {
            "run": outcome.run,
            "plan": saved.digest if saved else self.plan.digest,
            "epoch": self.plan.pins.epoch,
        }
        self.ledger.append("apply.begun", begun | {"policy": self.plan.pins.policy})
        pages = Pages(self.db, self.ledger, outcome.run, self.plan.pins.epoch)
        for step in self.plan.steps:
            if outcome.interrupted:
                break
            self._step(step, pages, outcome)
        for sentence in self.archiver.close():
            self.listener.said(sentence)
        steps = [
            {
                "place": s.place,
                "action": s.action,
                "promises": list(s.promises),
                "planned": s.rows,
                "done": outcome.done.get(s.id, 0),
                "held": s.held,
            }
            for s in self.plan.steps
            if not outcome.interrupted or s.id in outcome.done
        ]
        ended = {"run": outcome.run, "whole": outcome.whole, "bytes": self._bytes(), "steps": steps}
        for between in self.between.values():
            between.close()
        outcome.entry = self.ledger.append("apply.ended", ended).number
        self.ledger.checkpoint()
        return outcome

    def _bytes(self) -> str:
        """What may remain of what was ended, store by store."""
        swept = {s.store for s in self.plan.steps} or set(self.found.sessions)
        return "; ".join(sorted({self.found.sessions[name].store.leaves for name in swept}))

    def _step(self, step: Step, pages: Pages, outcome: Outcome) -> None:
        outcome.done[step.id] = 0
        if step.action == "warn":
            warnings.forget(self.db, self.found, step)
            at = self.plan.made_at
            outcome.done[step.id] = warnings.warn(self.db, self.found, step, at) if step.rows else 0
            return
        if action(step.action).act is None and step.action not in ACTIONS:
            return
        if step.rows or (step.held and step.action == "destroy"):
            self._sweep(step, pages, outcome)
        if step.marks is not None and step.id not in outcome.stopped and not outcome.interrupted:
            mark = {"step": step.id, "signature": step.signature, "value": step.marks.isoformat()}
            full = step.since is None
            self._mark(mark, full)

    def _mark(self, mark: dict[str, str], full: bool) -> None:
        """Note how far a step has come; only a look at everything renews the date of the full pass."""
        watermark = tables.watermark
        with self.db.begin() as connection:
            same = watermark.c.step == mark["step"]
            passed = connection.execute(sa.select(watermark.c.passed_at).where(same)).scalar()
            now = moment(self.plan.made_at)
            put(connection, watermark, mark | {"passed_at": now if full or passed is None else passed})

    def _sweep(self, step: Step, pages: Pages, outcome: Outcome) -> None:
        while True:
            try:
                self._sweep_once(step, pages, outcome)
                return
            except EpochChanged:
                step = self._reload(step, pages)
                self.listener.said(f"{step.place}: a hold was placed or lifted; the holds were loaded again")
            except PageTooSlow as slow:
                self.listener.said(f"{step.place}: {slow.message}; going on with smaller pages")
            except StoreError as error:
                outcome.stopped[step.id] = error.message
                self.listener.said(f"{step.place}: stopped: {error.message}")
                return
            finally:
                pages.settle()

    def _sweep_once(self, step: Step, pages: Pages, outcome: Outcome) -> None:
        if step.action == "destroy":
            self._destroy(step, pages, outcome)
            return
        session = self.found.sessions[step.store]
        assert step.condition is not None
        condition = step.condition if step.since is None else from_day(step.condition, step.since)
        work = session.work(step.table, condition, step.since)
        between = self._between(step.store, pages)
        between.wait()
        session.ready(work)
        for latest in step.folds:
            session.stage_days(str(latest.remembered))
        self.archiver.ready(step)
        session.aim = between.pace.page_seconds
        if step.action == "delete" and not step.folds:
            self._whole(step, session, pages, outcome)
        if outcome.interrupted or step.id in outcome.stopped:
            return
        for page in self.archiver.pages(step, session, work):
            between.wait()
            if self.options.stop():
                outcome.interrupted = True
                return
            left = max(step.rows - outcome.done[step.id], 0)
            expected = min(left, session.size)
            done = pages.carry_out(step, expected, lambda: self._act(step, session, work, page))  # noqa: B023
            between.pace.spent(done, session.took)
            if self._grew(step, done, outcome):
                return

    def _whole(self, step: Step, session: Session, pages: Pages, outcome: Outcome) -> None:
        """Drop the partitions that are over as a whole; each page is as many as the store drops together."""
        parts, between = session.partitions, self._between(step.store, pages)
        assert step.condition is not None
        for whole in parts.whole(step.table, step.condition):
            between.wait()
            if self.options.stop():
                outcome.interrupted = True
                return
            left = max(step.rows - outcome.done[step.id], 0)
            drop = partial(parts.drop, whole, pages.check)
            done = pages.carry_out(step, left, drop, partitions=whole.names)
            between.pace.spent(0, parts.took)
            if self._grew(step, done, outcome):
                return
        while parts.remarks:
            self.listener.said(parts.remarks.pop(0))

    def _grew(self, step: Step, done: int, outcome: Outcome) -> bool:
        """Count what a page ended; stop the step where this is far more than was planned."""
        outcome.done[step.id] += done
        self.listener.moved(step, outcome.done[step.id])
        if grew(outcome.done[step.id], step.rows):
            outcome.stopped[step.id] = f"{outcome.done[step.id]} rows were ended, {step.rows} were planned"
        return step.id in outcome.stopped

    def _act(self, step: Step, session: Session, work: Work, page: Page) -> int:
        """Do one page in its transaction: keep the dates that parents need, then end the rows."""
        if step.action in ACTIONS:
            return self.archiver.act(step, session, work, page)
        act = action(step.action).act
        place = self.found.binding.places[step.place]
        assert act is not None

        def effect() -> int:
            kept = [fold(self.db, session, place, work, page, latest) for latest in step.folds]
            done = act(session, work, page, step.groups)
            if done > min(kept, default=done):
                raise RowsCame
            return done

        for _ in range(_TRIES):
            with suppress(RowsCame):
                return session.attempt(effect)
        raise StoreError(
            f"{step.place}: rows kept coming with dates that are over", advice="run it again later"
        )

    def _destroy(self, step: Step, pages: Pages, outcome: Outcome) -> None:
        """End archived rows, in parts; stores are not asked for it."""
        for rows, act in self.archiver.over(step):
            if self.options.stop():
                outcome.interrupted = True
                return
            left = max(step.rows - outcome.done[step.id], 0)
            outcome.done[step.id] += pages.carry_out(step, min(left, rows), act)
            self.listener.moved(step, outcome.done[step.id])

    def _between(self, store: str, pages: Pages) -> Between:
        if store not in self.between:
            policy, entry = self.found.binding.policy, self.found.binding.stores.stores[store]
            manners = self.found.sessions[store].store.manners
            self.between[store] = Between.of(
                store, entry, policy.timezone, manners, self.options, self.listener, pages.settle
            )
        return self.between[store]

    def _reload(self, step: Step, pages: Pages) -> Step:
        """The same step under the holds of now."""
        zone = self.found.binding.policy.timezone
        circumstances = Circumstances.of(self.holds, self.plan.made_at, zone)
        fresh = make(self.found, self.db, circumstances, on=self.plan.today)
        pages.epoch = fresh.pins.epoch
        by_id: dict[str, Step] = {s.id: s for s in fresh.steps}
        self.plan = replace(self.plan, steps=_later(self.plan.steps, by_id))
        return replace(by_id.get(step.id, step), rows=step.rows)  # it grew only beyond what was planned


def _later(steps: Sequence[Step], fresh: Mapping[str, Step]) -> tuple[Step, ...]:
    """The steps of a plan with the conditions of now and the counts of then."""
    return tuple(
        replace(s, condition=fresh[s.id].condition, groups=fresh[s.id].groups) if s.id in fresh else s
        for s in steps
    )
