"""Carries out a plan.

The laws of it:
    1. One apply at a time, and only under a ledger that verifies.
    2. Nothing is changed before everything was looked at: pins, age, sizes, rights, columns.
    3. A page is intended, done and recorded; what a process that died left open is closed first.
    4. A step that grows while it is paged is stopped.
    5. A stop asked for (Ctrl-C) ends with the page at hand; the same command goes on later.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from servanda.actions import action
from servanda.apply import preflight, warnings
from servanda.apply.pages import EpochChanged, Pages, fold, recover
from servanda.database import Database, moment, put, tables
from servanda.errors import Refused, StoreError
from servanda.ledger import Ledger
from servanda.persons.holds import Holds
from servanda.plan.make import Circumstances, make
from servanda.plan.plan import Plan, Saved, Step
from servanda.stores.opened import Opened
from servanda.stores.selection import since as from_day
from servanda.vault import Vault

LIFE = timedelta(hours=24)


class Listener(Protocol):
    """Who watches an apply: a terminal, a file, a page."""

    def said(self, sentence: str) -> None:
        """Something worth a line happened."""

    def moved(self, step: Step, done: int) -> None:
        """A page of a step was done; `done` rows of it so far."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the caller allows (rows by place), how it asks to stop, and whether watermarks are believed."""

    allow: Mapping[str, int] = field(default_factory=dict)
    stop: Callable[[], bool] = lambda: False
    quick: bool = False


@dataclass(slots=True)
class Outcome:
    """What was done: rows by step, what stopped a step, whether somebody asked to stop."""

    run: str
    done: dict[str, int] = field(default_factory=dict)
    stopped: dict[str, str] = field(default_factory=dict)
    interrupted: bool = False
    entry: int = 0

    @property
    def whole(self) -> bool:
        """Whether everything that was planned was done."""
        return not self.stopped and not self.interrupted


def record(ledger: Ledger, plan: Plan) -> int:
    """Note in the ledger what a plan counted: the closing count of the apply before it. Returns the entry's number."""
    counts = [
        {"place": s.place, "action": s.action, "promises": list(s.promises), "rows": s.rows, "held": s.held}
        for s in plan.steps
    ]
    body = {
        "plan": plan.digest,
        "today": plan.today.isoformat(),
        "policy": plan.pins.policy,
        "counts": counts,
    }
    return ledger.append("plan.made", body).number


def apply(
    found: Opened,
    db: Database,
    vault: Vault,
    *,
    saved: Saved | None,
    now: datetime,
    options: Options,
    listener: Listener,
) -> Outcome:
    """Carry out a saved plan, or what is due now. Raises Refused where it must not; nothing has changed then."""
    ledger = Ledger(db, vault)
    holds = Holds(db, vault, ledger)
    _lend_secret(found, vault)
    with db.exclusive("apply"):
        _verify(ledger)
        plan = _plan(found, db, holds, now, saved, options.quick)
        for sentence in recover(db, ledger, lambda step: _remaining(plan, step)):
            listener.said(sentence)
        preflight.check(found, plan, options.allow)
        return _Run(found, db, ledger, holds, plan, options, listener).carry_out(saved)


def _lend_secret(found: Opened, vault: Vault) -> None:
    for session in found.sessions.values():
        session.store.secret = vault.secret("pseudonym")


def _verify(ledger: Ledger) -> None:
    report = ledger.verify()
    if not report.ok:
        raise Refused(
            f"the ledger does not verify: {report.faults[0]}",
            advice="look at it with: servanda ledger verify; nothing was changed",
        )


def _plan(found: Opened, db: Database, holds: Holds, now: datetime, saved: Saved | None, quick: bool) -> Plan:
    zone = found.binding.policy.timezone
    epoch = holds.epoch()
    fresh = Circumstances.at(now, zone, [], epoch, holds.lifted())
    running = holds.running(fresh.today)
    circumstances = replace(fresh, holds=tuple(running))
    if saved is None:
        return make(found, db, circumstances, quick=quick)
    if saved.content["preview"] or saved.today > circumstances.today:
        raise Refused("this plan is a preview of another day", advice="make one of today with: servanda plan")
    if now - saved.made_at > LIFE:
        raise Refused(f"this plan is of {saved.made_at:%Y-%m-%d %H:%M}, over 24 hours old", advice=_ANEW)
    plan = make(found, db, circumstances, on=saved.today, quick=bool(saved.content["quick"]))
    difference = saved.pins.difference(plan.pins)
    if difference:
        raise Refused(f"this plan is stale: {difference}", advice=_ANEW)
    counted = saved.rows()
    if set(counted) != {s.id for s in plan.steps}:
        raise Refused("this plan is stale: its steps changed since", advice=_ANEW)
    grown = next((s for s in plan.steps if _grew(s.rows, counted[s.id])), None)
    if grown is not None:
        raise Refused(
            f"{grown.place}: {grown.rows} rows are due now, {counted[grown.id]} were planned", advice=_ANEW
        )
    return plan


_ANEW = "make a new one with: servanda plan"


def _grew(now: int, planned: int) -> bool:
    """Over 10 % and over 100 rows more than planned."""
    return now - planned > 100 and now > planned * 1.1


def _remaining(plan: Plan, step: str) -> int | None:
    return next((s.rows for s in plan.steps if s.id == step), None)


@dataclass(slots=True)
class _Run:
    """One apply, from its first entry to its last."""

    found: Opened
    db: Database
    ledger: Ledger
    holds: Holds
    plan: Plan
    options: Options
    listener: Listener

    def carry_out(self, saved: Saved | None) -> Outcome:
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
        ended = {"run": outcome.run, "whole": outcome.whole, "bytes": _BYTES, "steps": steps}
        outcome.entry = self.ledger.append("apply.ended", ended).number
        self.ledger.checkpoint()
        return outcome

    def _step(self, step: Step, pages: Pages, outcome: Outcome) -> None:
        outcome.done[step.id] = 0
        if step.action == "warn":
            warnings.forget(self.db, self.found, step)
            outcome.done[step.id] = warnings.warn(self.db, self.found, step) if step.rows else 0
            return
        if action(step.action).act is None:
            return
        if step.rows:
            self._sweep(step, pages, outcome)
        if step.marks is not None and step.id not in outcome.stopped and not outcome.interrupted:
            mark = {"step": step.id, "signature": step.signature, "value": step.marks.isoformat()}
            full = step.since is None
            self._mark(mark, full)

    def _mark(self, mark: dict[str, str], full: bool) -> None:
        """Note how far a step has come; only a look at everything renews the date of the full pass."""
        import sqlalchemy as sa

        watermark = tables.watermark
        with self.db.begin() as connection:
            same = watermark.c.step == mark["step"]
            passed = connection.execute(sa.select(watermark.c.passed_at).where(same)).scalar()
            put(connection, watermark, mark | {"passed_at": moment() if full or passed is None else passed})

    def _sweep(self, step: Step, pages: Pages, outcome: Outcome) -> None:
        while True:
            try:
                self._sweep_once(step, pages, outcome)
                return
            except EpochChanged:
                step = self._reload(step, pages)
                self.listener.said(f"{step.place}: a hold was placed or lifted; the holds were loaded again")
            except StoreError as error:
                outcome.stopped[step.id] = error.message
                self.listener.said(f"{step.place}: stopped: {error.message}")
                return

    def _sweep_once(self, step: Step, pages: Pages, outcome: Outcome) -> None:
        session = self.found.sessions[step.store]
        place = self.found.binding.places[step.place]
        assert step.condition is not None
        condition = step.condition if step.since is None else from_day(step.condition, step.since)
        act = action(step.action).act
        assert act is not None
        work = session.work(step.table, condition, step.since)
        session.ready(work)
        for page in session.pages(work):
            if self.options.stop():
                outcome.interrupted = True
                return

            def effect(page: object = page) -> int:
                for latest in step.folds:
                    fold(self.db, session, place, work, page, latest)  # type: ignore[arg-type]
                return act(session, work, page, step.groups)  # type: ignore[arg-type]

            left = max(step.rows - outcome.done[step.id], 0)
            expected = min(left, session.store.page_size)
            outcome.done[step.id] += pages.carry_out(step, expected, lambda: session.attempt(effect))
            self.listener.moved(step, outcome.done[step.id])
            if _grew(outcome.done[step.id], step.rows):
                outcome.stopped[step.id] = (
                    f"{outcome.done[step.id]} rows were ended, {step.rows} were planned"
                )
                return

    def _reload(self, step: Step, pages: Pages) -> Step:
        """The same step under the holds of now."""
        circumstances = Circumstances.at(
            self.plan.made_at, self.found.binding.policy.timezone, [], self.holds.epoch(), self.holds.lifted()
        )
        running = tuple(self.holds.running(circumstances.today))
        fresh = make(self.found, self.db, replace(circumstances, holds=running), on=self.plan.today)
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


_BYTES = "deleted bytes may stay in the database's files until it writes over them"
