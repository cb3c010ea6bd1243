"""One sweep from its first ledger entry to its last: step by step, in pages, at the pace of each store.

The ledger records an intent and an outcome for each page. Between two pages no lock is held: there a sweep
pauses, waits for replicas, is stopped, or reloads the holds.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import sqlalchemy as sa

from servanda.actions import action
from servanda.actions.action import Act
from servanda.apply import warnings
from servanda.apply.archive import Archiver
from servanda.apply.by_person import Erased, Eraser
from servanda.apply.forgetting import forget_gone
from servanda.apply.options import Listener, Options, Outcome
from servanda.apply.pages import EpochChanged, Pages, remember_latest
from servanda.apply.retry import at_once, repeat
from servanda.apply.throttle import Throttle
from servanda.database import moment, put, tables
from servanda.errors import RowsCame, StoreError
from servanda.persons import remaining_rows as rests
from servanda.plan import renewals
from servanda.plan.due import Of
from servanda.plan.make import Circumstances, make
from servanda.plan.plan import Plan, Saved, Step
from servanda.project import Project
from servanda.stores.binding.binding import BoundPlace
from servanda.stores.selection import since as from_day
from servanda.stores.verbs import Page, PageTooSlow, Session, Work

_TRIES = 20  # how often a page is retried because rows were inserted meanwhile


def exceeds_plan(now: int, planned: int) -> bool:
    """Whether a count exceeds the planned one by more than 10 % and more than 100 rows."""
    return now - planned > 100 and now > planned * 1.1


@dataclass(slots=True)
class Sweep:
    """One run of a plan. It implements `Run`, which actions are carried out with."""

    project: Project
    plan: Plan
    options: Options
    listener: Listener
    archiver: Archiver
    outcome: Outcome = field(default_factory=lambda: Outcome(secrets.token_hex(8)))
    throttles: dict[str, Throttle] = field(default_factory=dict)
    pages: Pages = field(init=False)
    _erased: dict[str, int] | None = None

    def __post_init__(self) -> None:
        self.pages = Pages(self.project.database, self.project.ledger, self.outcome.run, self.plan.pins.epoch)

    def carry_out(self, saved: Saved | None) -> Outcome:
        """Run the steps of the plan in order. Returns the rows done, and which steps stopped and why."""
        outcome, ledger = self.outcome, self.project.ledger
        begun = {
            "run": outcome.run,
            "plan": saved.digest if saved else self.plan.digest,
            "epoch": self.plan.pins.epoch,
        }
        ledger.append("apply.begun", begun | {"policy": self.plan.pins.policy})
        for step in self.plan.steps:
            if outcome.interrupted:
                break
            outcome.done[step.id] = 0
            action(step.action).carry_out(self, step)
            if outcome.done[step.id] and action(step.action).end == "row":
                forget_gone(self.project.stores, self.project.database, self._places_of_table(step))
            if step.marks is not None and step.id not in outcome.stopped and not outcome.interrupted:
                mark = {"step": step.id, "signature": step.signature, "value": step.marks.isoformat()}
                self._save_watermark(mark, full=step.since is None)
        self._renew_copies()
        self._update_unfinished()
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
        ended = {"run": outcome.run, "whole": outcome.whole, "bytes": self._residue_notes(), "steps": steps}
        for throttle in self.throttles.values():
            throttle.close()
        self.pages.settle()  # nothing is said to have ended before it is known what became of each page
        outcome.entry = ledger.append("apply.ended", ended).number
        ledger.checkpoint()
        return outcome

    def _places_of_table(self, step: Step) -> list[BoundPlace]:
        binding = self.project.stores.binding
        place = binding.places.get(step.place)
        return [] if place is None else binding.of_table(place.store, place.table.name)

    def _residue_notes(self) -> str:
        """What may remain of deleted bytes, store by store."""
        swept = {s.store for s in self.plan.steps} or set(self.project.stores.sessions)
        return "; ".join(
            sorted({self.project.stores.sessions[name].store.dialect.residue_note for name in swept})
        )

    def _save_watermark(self, mark: dict[str, str], *, full: bool) -> None:
        """Save the watermark of a step; only a full pass renews `passed_at`."""
        watermark = tables.watermark
        with self.project.database.begin() as connection:
            same = watermark.c.step == mark["step"]
            passed = connection.execute(sa.select(watermark.c.passed_at).where(same)).scalar()
            now = moment(self.plan.made_at)
            put(connection, watermark, mark | {"passed_at": now if full or passed is None else passed})

    # -- what actions ask for ------------------------------------------------------------------

    def page(self, step: Step, act: Act) -> None:
        """Run an action on the rows of a step in pages; latest dates that parents need are remembered first."""
        self._page_through(step, lambda session, work, page: self._end_page(step, act, (session, work, page)))

    def archive(self, step: Step) -> None:
        """Archive the rows of a step in pages."""
        self._page_through(step, partial(self.archiver.act, step))

    def note_events(self, step: Step) -> None:
        """Record an event for each row of a step, in pages."""
        self._page_through(step, partial(self.archiver.note, step))

    def warn(self, step: Step) -> None:
        """Delete the warnings of persons who became active again, and write to the others."""
        warnings.forget(self.project, step)
        if step.rows:
            self.outcome.done[step.id] = warnings.warn(self.project, step)

    def drop_partitions(self, step: Step) -> None:
        """Drop the partitions in which every row is due, in batches."""
        if step.rows and not step.folds:
            self._with_retry(step, self._drop_partitions)

    def end_archived(self, step: Step) -> None:
        """Destroy archived rows in batches; does not touch the store."""
        if step.rows or step.held:
            self._with_retry(step, self._end_archived)

    def erase(self, step: Step) -> None:
        """Erase the due rows of persons who asked; the first such step does it for all of them."""
        if self._erased is None and not self._stopped():
            self._erased = self._erase()
        self.outcome.done[step.id] = (self._erased or {}).get(step.place, 0)
        self.listener.moved(step, self.outcome.done[step.id])

    def _erase(self) -> dict[str, int]:
        """Erase the due persons. Returns the rows by place; a failure stops the steps of that store."""
        done: dict[str, int] = {}
        stores = {step.store for step in self.plan.steps if self._is_request(step)}
        for store in stores:
            self._throttle(store).wait()
        erased: list[Erased] = []
        for only in dict.fromkeys(one.only for one in self.plan.due_persons):
            eraser = Eraser.in_run(self.project, self.outcome.run, only)
            batch = eraser.erase([one for one in self.plan.due_persons if one.only == only])
            if only is None and any(one.has_rows for one in batch):
                eraser.scan_residue(batch)
            eraser.pages.settle()
            erased += batch
        for one in erased:
            for place, rows in one.done_rows.items():
                done[place] = done.get(place, 0) + rows
            refused = [(e.store, why) for e in one.erasures for why in e.refused]
            for store, why in (*one.stopped, *refused):
                for step in self.plan.steps:
                    if self._is_request(step) and step.store == store:
                        self.outcome.stopped[step.id] = why
                self.listener.said(f"{store}: an erasure stopped: {why}")
        return done

    def _is_request(self, step: Step) -> bool:
        return step.due is not None and isinstance(step.due.scope, Of)

    def _renew_copies(self) -> None:
        """Renew the copies that the database keeps of rows that were ended, now or by a run that was cut off."""
        for name, session in self.project.stores.sessions.items():
            for statement, copy in renewals.due(self.project.database, name).items():
                if self._stopped():
                    return
                try:
                    session.renew(statement)
                except StoreError as error:
                    steps = [s.id for s in self.plan.steps if s.store == name and action(s.action).writes]
                    self.outcome.stopped |= dict.fromkeys(
                        steps[:1], f"{copy} was not renewed: {error.message}"
                    )
                    self.listener.said(f"{name}: {copy} still holds what was ended: {error.message}")
                else:
                    renewals.done(self.project.database, name, [statement])

    def _update_unfinished(self) -> None:
        """Update what keeps the remaining rows of erasures that have nothing due."""
        if self.plan.unchanged:
            at = Circumstances.of(self.project)
            with self.project.database.begin() as connection:
                rests.settle(
                    connection, self.project.vault, self.plan.unchanged, self.project.now,
                    epoch=at.holds_version, documents=at.documents,
                )  # fmt: skip

    # -- pages ---------------------------------------------------------------------------------

    def _page_through(self, step: Step, act: Callable[[Session, Work, Page], int]) -> None:
        if step.rows and step.id not in self.outcome.stopped and not self.outcome.interrupted:
            self._with_retry(step, lambda step: self._run_pages(step, act))

    def _with_retry(self, step: Step, work: Callable[[Step], None]) -> None:
        """Run a step, with a retry under the current holds if they changed; a StoreError stops the step."""
        step = next((s for s in self.plan.steps if s.id == step.id), step)
        if action(step.action).writes:
            renewals.note(self.project.database, self.project.stores.binding.places[step.place])

        def once() -> None:
            try:
                work(step)
            finally:
                self.pages.settle()

        def reload(_: EpochChanged) -> None:
            nonlocal step
            step = self._reload(step)
            self.listener.said(f"{step.place}: a hold was placed or lifted; the holds were loaded again")

        def go_on(slow: PageTooSlow) -> None:
            self.listener.said(f"{step.place}: {slow.message}; going on with smaller pages")

        try:
            repeat(once, {EpochChanged: reload, PageTooSlow: go_on})
        except StoreError as error:
            self.outcome.stopped[step.id] = error.message
            self.listener.said(f"{step.place}: stopped: {error.message}")

    def _run_pages(self, step: Step, act: Callable[[Session, Work, Page], int]) -> None:
        session = self.project.stores.sessions[step.store]
        assert step.condition is not None
        condition = step.condition if step.since is None else from_day(step.condition, step.since)
        work = session.work(step.table, condition, step.since)
        throttle = self._throttle(step.store)
        throttle.wait()
        session.ready(work)
        for latest in step.folds:
            session.stage_days(str(latest.remembered))
        self.archiver.ready(step)
        session.aim = throttle.pace.page_seconds
        for page in self.archiver.pages(step, session, work):
            throttle.wait()
            if self._stopped():
                return
            left = max(step.rows - self.outcome.done[step.id], 0)
            done = self.pages.carry_out(step, min(left, session.size), partial(act, session, work, page))
            throttle.pace.record(done, session.took)
            if self._count_rows(step, done):
                return

    def _drop_partitions(self, step: Step) -> None:
        parts, throttle = self.project.stores.sessions[step.store].partitions, self._throttle(step.store)
        assert step.condition is not None
        for whole in parts.whole(step.table, step.condition):
            throttle.wait()
            if self._stopped():
                return
            left = max(step.rows - self.outcome.done[step.id], 0)
            drop = partial(parts.drop, whole, self.pages.check)
            done = self.pages.carry_out(step, left, drop, partitions=whole.names)
            throttle.pace.record(0, parts.took)
            if self._count_rows(step, done):
                return
        while parts.remarks:
            self.listener.said(parts.remarks.pop(0))

    def _end_archived(self, step: Step) -> None:
        for rows, act in self.archiver.due(step):
            if self._stopped():
                return
            left = max(step.rows - self.outcome.done[step.id], 0)
            self.outcome.done[step.id] += self.pages.carry_out(step, min(left, rows), act)
            self.listener.moved(step, self.outcome.done[step.id])

    def _stopped(self) -> bool:
        """Whether somebody asked to stop; sets `outcome.interrupted`."""
        self.outcome.interrupted = self.outcome.interrupted or self.options.stop()
        return self.outcome.interrupted

    def _count_rows(self, step: Step, done: int) -> bool:
        """Add the rows of a page; stop the step if they far exceed the plan. Returns whether the step stopped."""
        outcome = self.outcome
        outcome.done[step.id] += done
        self.listener.moved(step, outcome.done[step.id])
        if exceeds_plan(outcome.done[step.id], step.rows):
            outcome.stopped[step.id] = f"{outcome.done[step.id]} rows were ended, {step.rows} were planned"
        return step.id in outcome.stopped

    def _end_page(self, step: Step, act: Act, where: tuple[Session, Work, Page]) -> int:
        """Run one page in its transaction: remember dates that parents need, then act on the rows."""
        session, work, page = where
        place = self.project.stores.binding.places[step.place]

        def effect() -> int:
            kept = [
                remember_latest(self.project.database, session, place, work, page, latest)
                for latest in step.folds
            ]
            done = act(session, work, page, step.groups)
            if done > min(kept, default=done):
                message = f"{step.place}: rows kept coming with dates that are over"
                raise RowsCame(message, advice="run it again later")
            return done

        return repeat(lambda: session.attempt(effect), {RowsCame: at_once}, _TRIES)

    def _throttle(self, store: str) -> Throttle:
        if store not in self.throttles:
            policy, entry = (
                self.project.stores.binding.policy,
                self.project.stores.binding.document.stores[store],
            )
            pacing = self.project.stores.sessions[store].store.dialect.pacing
            self.throttles[store] = Throttle.of(
                store, entry, policy.timezone, pacing, self.options, self.listener, self.pages.settle
            )
        return self.throttles[store]

    def _reload(self, step: Step) -> Step:
        """The same step under the current holds."""
        fresh = make(self.project, on=self.plan.today)
        self.pages.epoch = fresh.pins.epoch
        by_id: dict[str, Step] = {s.id: s for s in fresh.steps}
        self.plan = replace(self.plan, steps=_with_current_conditions(self.plan.steps, by_id))
        return replace(by_id.get(step.id, step), rows=step.rows)  # it grew only beyond what was planned


def _with_current_conditions(steps: Sequence[Step], fresh: Mapping[str, Step]) -> tuple[Step, ...]:
    """The steps of a plan with current conditions and the counts of the plan."""
    return tuple(
        replace(s, condition=fresh[s.id].condition, groups=fresh[s.id].groups) if s.id in fresh else s
        for s in steps
    )
